// SPDX-License-Identifier: Apache-2.0
//
// Which connections owe an ACK, and when it leaves (docs/units/ack.md).
//
// An event in cycle n gives its ackreq, timer request or count in n+2; one operation a cycle. Never
// has two requests of one connection on their way; knows no sequence numbers but those of a D-SACK
// block.
#pragma once

#include <cstdint>
#include <string_view>

#include "gen/handoff_ack_ports.h"
#include "gen/handoff_params_pkg.h"
#include "gen/handoff_pkg.h"
#include "model/flip.h"
#include "model/prim/ram.h"
#include "model/prim/ram_fifo.h"
#include "model/prim/skid.h"

namespace handoff {

class handoff_ack {
 public:
  struct Params {
    uint32_t DctEntries = kDefaultDctEntries;
  };
  using In = handoff_ack_in;
  using Out = handoff_ack_out;

  explicit handoff_ack(const Params& params);
  handoff_ack() : handoff_ack(Params()) {}

  In in;
  void Reset();
  void Tick() {
    if (!idle_ || *in.ackev_valid) Edge();
  }
  void Commit() {
    if (changed_) q_ = d_;
    changed_ = false;
  }
  const Out& out() const { return q_; }

  template <class F>
  void ForEachReg(F&& f) {
    f("clear", r_.clear);
    f("clr", r_.clr, IndexBits(dct_entries_));
    f("s1_valid", r_.s1_valid);
    f("s1_pop", r_.s1_pop);
    f("s1_ev", r_.s1_ev);
    f("s1_conn", r_.s1_conn, IndexBits(dct_entries_));
    f("s1_fwd", r_.s1_fwd);
    f("s1_word", r_.s1_word);
    f("u_ackev_skid", u_ackev_skid_);
    f("u_queue", u_queue_, IndexBits(dct_entries_));
    f("u_state", u_state_);
    f("ackreq_valid", d_.ackreq_valid);
    f("ackreq", d_.ackreq);
    f("ack_tmr_valid", d_.ack_tmr_valid);
    f("ack_tmr", d_.ack_tmr);
    f("ack_cnt_valid", d_.ack_cnt_valid);
    f("ack_cnt", d_.ack_cnt);
    f("quiet", d_.quiet);
  }
  bool Flip(std::string_view reg, uint32_t bit);

 private:
  void Edge();
  // What is kept of a connection.
  struct Word {
    bool queued = false;  // in the queue; with want 0 a tombstone
    bool out = false;     // its ackreq has left, no AckSent has come since
    bool want = false;    // an ACK is wanted that has not left
    bool dsack = false;
    Seq dsack_left = 0;
    Seq dsack_right = 0;
    bool armed = false;  // a delay runs, with epoch
    uint8_t epoch = 0;
    uint8_t count = 0;  // data frames not yet acknowledged

    template <class F>
    void ForEachField(F&& f) {
      f("queued", queued);
      f("out", out);
      f("want", want);
      f("dsack", dsack);
      f("dsack_left", dsack_left);
      f("dsack_right", dsack_right);
      f("armed", armed);
      f("epoch", epoch);
      f("count", count);
    }
  };
  struct Regs {
    bool clear = true;
    uint16_t clr = 0;
    bool s1_valid = false;
    bool s1_pop = false;
    Ackev s1_ev{};
    uint16_t s1_conn = 0;
    bool s1_fwd = false;
    Word s1_word{};
  };

  bool NeedsTimer(const Word& w) const;
  void Decide(const Word& w, Word& n);
  void Settle(const Word& w, Word& n);
  void Arm(const Word& w, Word& n);
  void Ask(const Word& w, Word& n, bool dsack, Seq left, Seq right);
  void Issue(Word& n);
  void LoadRequest(const Word& w);
  static void Forget(Word& n);

  const uint32_t dct_entries_;
  Regs r_;
  prim::Skid<Ackev> u_ackev_skid_;
  prim::RamFifo<uint16_t> u_queue_;
  prim::Ram<Word> u_state_;
  Out d_, q_;
  bool push_ = false;  // of this edge: s1_conn goes to the queue
  bool idle_ = false;  // the last edge left nothing to do
  bool changed_ = false;
};

}  // namespace handoff
