// SPDX-License-Identifier: Apache-2.0
//
// The whole engine as a model: all units, wired, and the two registers of its own
// (docs/units/engine.md).
//
// No cycle is added between units. Never stalls rx, never begins a DMA access while it is halted,
// never breaks off a DMA access by a reset of csr's.
#pragma once

#include <cstdint>
#include <string_view>

#include "gen/handoff_engine_params.h"
#include "gen/handoff_engine_ports.h"
#include "gen/handoff_pkg.h"
#include "model/engine/shell.h"

namespace handoff {

class handoff_engine {
 public:
  using Params = EngineParams;  // with the build's values: HANDOFF_PARAMS
  using In = handoff_engine_in;
  using Out = handoff_engine_out;

  explicit handoff_engine(const Params& params) : shell_(params) {}
  handoff_engine() : handoff_engine(Params()) {}

  In in;
  void Reset();
  void Tick();
  void Commit();
  const Out& out() const { return shell_.out(); }

  // `reg` is UNIT.REGISTER.
  bool Flip(std::string_view reg, uint32_t bit);
  // Calls f(name, unit) for every unit: for who shows their registers.
  template <class F>
  void ForEachUnit(F&& f) {
    shell_.ForEachUnit(f);
  }

 private:
  template <class U>
  using Itself = U;

  EngineShell<Itself, Out> shell_;
};

}  // namespace handoff
