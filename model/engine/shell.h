// SPDX-License-Identifier: Apache-2.0
//
// The engine around its units, the same for every way to compose it: how they are reset, clocked
// and shown, and the two registers of its own (docs/units/engine.md). `Slot<Unit>` is a unit in
// some form, `Out` the engine's outputs.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "model/engine/wiring.h"

namespace handoff {

template <template <class> class Slot, class Out>
class EngineShell {
 public:
  EngineParts<Slot> parts;

  EngineShell() = default;
  explicit EngineShell(const EngineParams& params) : parts(params) {}

  // Calls f(name, slot) for every unit.
  template <class F>
  void ForEachUnit(F&& f) {
    parts.ForEach(f);
    f("csr", parts.csr);
  }

  void Reset() {
    ForEachUnit([](const char*, auto& unit) { unit.Reset(); });
    units_reset_ = true;
    d_quiet_ = false;
    d_wake_us_ = ~uint64_t{0};
    Show(true);
  }
  // `in` is the engine's, bound.
  template <class In>
  void Tick(const In& in) {
    d_quiet_ = AllQuiet() && !AnyValid(in);
    d_wake_us_ = std::min(parts.timers.out().wake_us, parts.notify.out().wake_us);
    units_reset_ = !parts.csr.out().unit_rst_n;
    parts.csr.Tick();
    if (!units_reset_) parts.ForEach([](const char*, auto& unit) { unit.Tick(); });
  }
  void Commit() {
    parts.csr.Commit();
    if (units_reset_) {
      parts.ForEach([](const char*, auto& unit) { unit.Reset(); });
    } else {
      parts.ForEach([](const char*, auto& unit) { unit.Commit(); });
    }
    Show(units_reset_);
  }
  // Takes over what units show; `all`: also what they have not changed.
  void Show(bool all) {
    GatherOutputs(parts, q_, all);
    q_.quiet = d_quiet_;
    q_.wake_us = d_wake_us_;
  }
  const Out& out() const { return q_; }

  // `reg` is UNIT.REGISTER: inverts a bit of it; false if there is none of that name, or no such
  // bit.
  bool Flip(std::string_view reg, uint32_t bit) {
    const size_t dot = reg.find('.');
    if (dot == std::string_view::npos) return false;
    bool done = false;
    ForEachUnit([&](std::string_view name, auto& unit) {
      if (name == reg.substr(0, dot)) done = unit.Flip(reg.substr(dot + 1), bit);
    });
    if (done) Show(true);
    return done;
  }

 private:
  // -----------------------------------------------------------------------------------------------
  // The stopped clock.
  bool AllQuiet() const {
    return parts.csr.out().quiet && parts.dma.out().quiet && parts.rx_parser.out().quiet &&
           parts.rx_fifo.out().quiet && parts.lookup.out().quiet && parts.rx_tcp.out().quiet &&
           parts.buffers.out().quiet && parts.upload.out().quiet && parts.ack.out().quiet &&
           parts.timers.out().quiet && parts.tx.out().quiet && parts.command.out().quiet &&
           parts.notify.out().quiet && parts.legacy.out().quiet;
  }
  template <class In>
  static bool AnyValid(const In& in) {
    return *in.rx_valid || *in.b_valid || *in.r_valid || *in.s_aw_valid || *in.s_w_valid ||
           *in.s_ar_valid;
  }

  bool units_reset_ = true;
  bool d_quiet_ = false;
  uint64_t d_wake_us_ = ~uint64_t{0};
  Out q_;
};

}  // namespace handoff
