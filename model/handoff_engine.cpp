// SPDX-License-Identifier: Apache-2.0
#include "model/handoff_engine.h"

#include <string_view>

namespace handoff {

void handoff_engine::Reset() {
  WireEngine(parts_, in);
  parts_.ForEach([](const char*, auto& unit) { unit.Reset(); });
  parts_.csr.Reset();
  d_quiet_ = false;
  d_wake_us_ = ~uint64_t{0};
  GatherOutputs(parts_, q_, true);
  q_.quiet = d_quiet_;
  q_.wake_us = d_wake_us_;
}

void handoff_engine::Tick() {
  d_quiet_ = QuietNext(parts_, in);
  d_wake_us_ = WakeNext(parts_);
  // csr first: a unit in reset shows its reset outputs at once.
  units_reset_ = !parts_.csr.out().unit_rst_n;
  parts_.csr.Tick();
  if (units_reset_) {
    parts_.ForEach([](const char*, auto& unit) { unit.Reset(); });
  } else {
    parts_.ForEach([](const char*, auto& unit) { unit.Tick(); });
  }
}

void handoff_engine::Commit() {
  parts_.csr.Commit();
  if (!units_reset_) parts_.ForEach([](const char*, auto& unit) { unit.Commit(); });
  GatherOutputs(parts_, q_, units_reset_);
  q_.quiet = d_quiet_;
  q_.wake_us = d_wake_us_;
}

bool handoff_engine::Flip(std::string_view reg, uint32_t bit) {
  const size_t dot = reg.find('.');
  if (dot == std::string_view::npos) return false;
  const std::string_view unit_name = reg.substr(0, dot), name = reg.substr(dot + 1);
  bool done = false;
  const auto flip = [&](std::string_view each, auto& unit) {
    if (each == unit_name) done = unit.Flip(name, bit);
  };
  parts_.ForEach(flip);
  flip("csr", parts_.csr);
  if (done) GatherOutputs(parts_, q_, true);
  return done;
}

}  // namespace handoff
