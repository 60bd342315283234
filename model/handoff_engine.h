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
#include "gen/handoff_pkg.h"
#include "model/engine/shell.h"

namespace handoff {

class handoff_engine {
 public:
  using Params = EngineParams;  // with the build's values: HANDOFF_PARAMS
  struct In {
    const bool* rx_valid = nullptr;
    const Axis* rx = nullptr;
    const bool* tx_ready = nullptr;
    const bool* aw_ready = nullptr;
    const bool* w_ready = nullptr;
    const bool* ar_ready = nullptr;
    const bool* b_valid = nullptr;
    const AxiB* b = nullptr;
    const bool* r_valid = nullptr;
    const AxiR* r = nullptr;
    const bool* s_aw_valid = nullptr;
    const AxilAddr* s_aw = nullptr;
    const bool* s_w_valid = nullptr;
    const AxilW* s_w = nullptr;
    const bool* s_ar_valid = nullptr;
    const AxilAddr* s_ar = nullptr;
    const bool* s_b_ready = nullptr;
    const bool* s_r_ready = nullptr;
    const bool* irq_ready = nullptr;
    const bool* link_up = nullptr;
    const bool* flr_req = nullptr;
    const U64* time_us = nullptr;
  };
  // In the order of the ports, whatever padding that costs:
  // NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding)
  struct Out {
    bool tx_valid = false;
    Axis tx{};
    bool aw_valid = false;
    AxiAddr aw{};
    bool w_valid = false;
    AxiW w{};
    bool ar_valid = false;
    AxiAddr ar{};
    bool b_ready = false;
    bool r_ready = false;
    bool s_aw_ready = false;
    bool s_w_ready = false;
    bool s_ar_ready = false;
    bool s_b_valid = false;
    AxilB s_b{};
    bool s_r_valid = false;
    AxilR s_r{};
    bool irq_valid = false;
    Irq irq{};
    bool flr_done = false;
    U64 wake_us = ~uint64_t{0};
    bool quiet = false;
  };

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
