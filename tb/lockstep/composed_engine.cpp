// SPDX-License-Identifier: Apache-2.0
#include "tb/lockstep/composed_engine.h"

#include <set>
#include <stdexcept>

namespace handoff {

ComposedEngine::ComposedEngine(const CoreConfig& config) {
  size_t known = 0;
  const auto configure = [&](const char* name, auto& unit) {
    const auto it = config.units.find(name);
    known += it != config.units.end();
    unit.Configure(it == config.units.end() ? UnitForm::kModel : it->second, config.rand_reset);
  };
  parts_.ForEach(configure);
  configure("csr", parts_.csr);
  if (known == config.units.size()) return;
  std::set<std::string> names = {"csr"};
  parts_.ForEach([&](const char* each, auto&) { names.insert(each); });
  for (const auto& unit : config.units) {
    if (names.contains(unit.first)) continue;
    std::string text = "no unit '" + unit.first + "'; units are:";
    for (const std::string& name : names) text += ' ' + name;
    throw std::invalid_argument(text);
  }
}

void ComposedEngine::Reset() {
  WireEngine(parts_, in_);
  parts_.ForEach([](const char*, auto& unit) { unit.Reset(); });
  parts_.csr.Reset();
  d_quiet_ = false;
  d_wake_us_ = ~uint64_t{0};
  GatherOutputs(parts_, q_, true);
  q_.quiet = d_quiet_;
  q_.wake_us = d_wake_us_;
}

void ComposedEngine::Tick() {
  d_quiet_ = QuietNext(parts_, in_);
  d_wake_us_ = WakeNext(parts_);
  units_reset_ = !parts_.csr.out().unit_rst_n;
  parts_.csr.Tick();
  if (!units_reset_) parts_.ForEach([](const char*, auto& unit) { unit.Tick(); });
}

void ComposedEngine::Commit() {
  parts_.csr.Commit();
  if (units_reset_) {
    parts_.ForEach([](const char*, auto& unit) { unit.Reset(); });
  } else {
    parts_.ForEach([](const char*, auto& unit) { unit.Commit(); });
  }
  GatherOutputs(parts_, q_, units_reset_);
  q_.quiet = d_quiet_;
  q_.wake_us = d_wake_us_;
}

bool ComposedEngine::Check(uint64_t cycle, std::optional<CoreMismatch>* mismatch) {
  const auto check = [&](const char* name, auto& unit) {
    Mismatch m;
    if (!*mismatch && !unit.Same(&m)) *mismatch = CoreMismatch{cycle, name, m.ToString()};
  };
  parts_.ForEach(check);
  check("csr", parts_.csr);
  return !*mismatch;
}

bool ComposedEngine::Flip(const std::string& reg, uint32_t bit) {
  const size_t dot = reg.find('.');
  if (dot == std::string::npos) return false;
  bool done = false;
  const auto flip = [&](const char* name, auto& unit) {
    if (reg.substr(0, dot) == name) done = unit.Flip(reg.substr(dot + 1), bit);
  };
  parts_.ForEach(flip);
  flip("csr", parts_.csr);
  return done;
}

}  // namespace handoff
