// SPDX-License-Identifier: Apache-2.0
//
// Deadlines of delayed ACKs and hand-backs, in four lists of constant delay
// (docs/units/timers.md).
//
// A request takes two cycles, three when it arms an armed timer; a deadline reached in cycle n is
// at expiry in n+2. Never fires a timer that was cancelled or armed anew; never counts.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "gen/handoff_params_pkg.h"
#include "gen/handoff_pkg.h"
#include "gen/handoff_timers_ports.h"
#include "model/flip.h"
#include "model/prim/arb.h"
#include "model/prim/ram.h"
#include "model/prim/skid.h"

namespace handoff {

class handoff_timers {
 public:
  struct Params {
    uint32_t DctEntries = kDefaultDctEntries;
  };
  using In = handoff_timers_in;
  using Out = handoff_timers_out;

  explicit handoff_timers(const Params& params);
  handoff_timers() : handoff_timers(Params()) {}

  In in;
  void Reset();
  void Tick() {
    // Quiet, wake_us is exact: before it nothing happens by itself.
    if (!idle_ || *in.ack_tmr_valid || *in.back_tmr_valid || *in.time_us >= q_.wake_us) Edge();
  }
  void Commit() {
    if (changed_) q_ = d_;
    changed_ = false;
  }
  const Out& out() const { return q_; }

  template <class F>
  void ForEachReg(F&& f) {
    const uint32_t node_bits = IndexBits(uint64_t{2} * dct_entries_);
    f("state", r_.state, 3);
    f("clr", r_.clr, node_bits);
    f("op_node", r_.op_node, node_bits);
    f("op_arm", r_.op_arm);
    f("op_class", r_.op_class, 2);
    f("op_epoch", r_.op_epoch);
    f("head", r_.head, node_bits);
    f("tail", r_.tail, node_bits);
    f("nonempty", r_.nonempty);
    f("head_due", r_.head_due);
    f("last_due", r_.last_due);
    f("refill", r_.refill);
    f("refill_class", r_.refill_class, 2);
    f("u_ack_tmr_skid", u_ack_tmr_skid_);
    f("u_back_tmr_skid", u_back_tmr_skid_);
    f("u_arb", u_arb_);
    f("u_info", u_info_);
    f("u_next", u_next_, node_bits);
    f("u_prev", u_prev_, node_bits);
    f("u_due", u_due_);
    f("expiry_valid", d_.expiry_valid);
    f("expiry", d_.expiry);
    f("wake_us", d_.wake_us);
    f("quiet", d_.quiet);
  }
  bool Flip(std::string_view reg, uint32_t bit);

 private:
  static constexpr uint32_t kClasses = 4;

  enum class St : uint8_t { kClear, kIdle, kExec, kLink, kFire };
  struct Info {
    bool armed = false;
    uint8_t delay_class = 0;
    uint8_t epoch = 0;

    template <class F>
    void ForEachField(F&& f) {
      f("armed", armed);
      f("delay_class", delay_class, 2);
      f("epoch", epoch);
    }
  };
  struct Regs {
    St state = St::kClear;
    uint32_t clr = 0;
    uint32_t op_node = 0;
    bool op_arm = false;
    uint8_t op_class = 0;
    uint8_t op_epoch = 0;
    std::array<uint32_t, kClasses> head{};
    std::array<uint32_t, kClasses> tail{};
    std::array<bool, kClasses> nonempty{};
    std::array<uint64_t, kClasses> head_due{};
    std::array<uint64_t, kClasses> last_due{};
    bool refill = false;
    uint8_t refill_class = 0;
  };

  void Edge();
  void TakeRequest(bool ack_valid, bool back_valid);
  void Idle(bool heads_known, bool ack_valid, bool back_valid);
  void Exec();
  void Fire();
  void Unlink(uint32_t c);
  void Link();
  // A class whose head is due, the one that goes first; -1: none.
  int DueClass() const;
  uint64_t Wake() const;
  uint64_t Delay(uint32_t c) const;
  void Begin(uint32_t node);

  const uint32_t dct_entries_;
  Regs r_;
  prim::Skid<Tmr> u_ack_tmr_skid_;
  prim::Skid<Tmr> u_back_tmr_skid_;
  prim::Arb<2> u_arb_;
  prim::Ram<Info> u_info_;
  prim::Ram<uint32_t> u_next_;
  prim::Ram<uint32_t> u_prev_;
  prim::Ram<uint64_t> u_due_;
  Out d_, q_;
  int pick_ = -1;      // of this edge: the request taken
  bool idle_ = false;  // the last edge left nothing to do
  bool changed_ = false;
};

}  // namespace handoff
