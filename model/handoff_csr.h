// SPDX-License-Identifier: Apache-2.0
//
// Registers, counters, rings' indices, reset (docs/units/csr.md).
//
// One access at a time, answered four cycles after it was accepted by an idle unit. Bad accesses
// answer SLVERR and change nothing. Never back-pressures a count, never resets the other units
// before the DMA is drained and tx is idle.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "gen/handoff_csr_ports.h"
#include "gen/handoff_params_pkg.h"
#include "gen/handoff_pkg.h"
#include "model/flip.h"
#include "model/prim/skid.h"

namespace handoff {

class handoff_csr {
 public:
  struct Params {
    uint32_t DctEntries = kDefaultDctEntries;
    uint32_t Slots = kDefaultSlots;
  };
  using In = handoff_csr_in;
  using Out = handoff_csr_out;

  explicit handoff_csr(const Params& params);
  handoff_csr() : handoff_csr(Params()) {}

  In in;
  void Reset();
  void Tick();
  void Commit() {
    if (moved_) {
      q_ = d_;
    } else {
      q_.quiet = d_.quiet;
    }
  }
  const Out& out() const { return q_; }

  template <class F>
  void ForEachReg(F&& f) {
    f("state", r_.state, 3);
    f("is_wr", r_.is_wr);
    f("addr", r_.addr);
    f("wdata", r_.wdata);
    f("wstrb", r_.wstrb, 4);
    f("err", r_.err);
    f("rdata", r_.rdata);
    f("hi", r_.hi);
    f("s_b_valid", d_.s_b_valid);
    f("s_b", d_.s_b);
    f("s_r_valid", d_.s_r_valid);
    f("s_r", d_.s_r);
    f("cnt", r_.cnt);
    f("bad", r_.bad);
    f("halted", d_.halt);
    f("faults", r_.faults, 4);
    f("rst_state", r_.rst_state, 2);
    f("rst_cnt", r_.rst_cnt, 5);
    f("reset_done", r_.reset_done);
    f("by_flr", r_.by_flr);
    f("stop", d_.stop);
    f("unit_rst_n", d_.unit_rst_n);
    f("flr_done", d_.flr_done);
    f("link_up", r_.link_up);
    f("u_s_aw", u_s_aw_);
    f("u_s_w", u_s_w_);
    f("u_s_ar", u_s_ar_);
    f("ctrl_reset", r_.ctrl_reset);
    f("cfg", d_.cfg);
    f("cmd_ring", d_.cmd_ring);
    f("tx_ring", d_.tx_ring);
    f("legacy_ring", d_.legacy_ring);
    f("ntf_ring", d_.ntf_ring);
    f("quiet", d_.quiet);
  }
  bool Flip(std::string_view reg, uint32_t bit);

 private:
  enum class St : uint8_t { kIdle, kCheck, kAccess, kRespond, kWait };
  enum class RstSt : uint8_t { kIdle, kStop, kHold };
  // The block's registers are in d_: cfg and the rings, each in the output that shows it.
  struct Regs {
    St state = St::kIdle;
    bool is_wr = false;
    uint16_t addr = 0;
    uint32_t wdata = 0;
    uint8_t wstrb = 0;
    bool err = false;
    uint32_t rdata = 0;
    uint32_t hi = 0;
    std::array<uint64_t, 64> cnt{};
    bool bad = false;
    uint8_t faults = 0;
    RstSt rst_state = RstSt::kIdle;
    uint8_t rst_cnt = 0;
    bool reset_done = false;
    bool by_flr = false;
    bool link_up = false;
    bool ctrl_reset = false;  // the block's pulse
  };

  void ResetBlock();
  bool Stirred() const;
  uint8_t Faults() const;
  void Idle(bool* pop_write, bool* pop_read);
  void TickAccess();
  bool Refused() const;
  bool RefusedByRing(uint32_t offset) const;
  uint32_t StatusBits() const;
  bool Block();
  bool BlockRing(uint32_t offset);
  bool BlockCounter(uint32_t offset);
  bool TickCounters(bool bad);
  void TickFaults();
  void TickReset(bool request);
  // One register of the block: what it takes and shows; false: refused.
  bool ReadOnly(uint32_t value);
  template <class T>
  bool Word(T& value, uint32_t mask);
  bool Half(uint64_t& value, bool high);

  static constexpr uint8_t kHoldCycles = 16;

  const uint32_t build_;
  Regs r_;
  prim::Skid<AxilAddr> u_s_aw_;
  prim::Skid<AxilW> u_s_w_;
  prim::Skid<AxilAddr> u_s_ar_;
  Out d_, q_;
  bool rest_ = false;   // only counting until some input stirs it
  bool moved_ = false;  // this edge was looked at whole
};

}  // namespace handoff
