// SPDX-License-Identifier: Apache-2.0
//
// The notification ring and interrupts (docs/units/notify.md).
//
// An entry for the upper half of a beat that is valid in cycle n is at notify_wr in n+1, one for
// the lower half in n+2 to n+5. Never writes over an entry the host has not consumed; an interrupt
// never comes before the writes it speaks of were answered.
#pragma once

#include <cstdint>
#include <string_view>

#include "gen/handoff_notify_ports.h"
#include "gen/handoff_params_pkg.h"
#include "gen/handoff_pkg.h"
#include "model/flip.h"
#include "model/prim/arb.h"
#include "model/prim/fifo.h"
#include "model/prim/ram.h"
#include "model/prim/ram_fifo.h"
#include "model/prim/skid.h"

namespace handoff {

class handoff_notify {
 public:
  struct Params {
    uint32_t DctEntries = kDefaultDctEntries;
  };
  using In = handoff_notify_in;
  using Out = handoff_notify_out;

  explicit handoff_notify(const Params& params);
  handoff_notify() : handoff_notify(Params()) {}

  In in;
  void Reset();
  void Tick() {
    if (!resting_ || Stirred()) TickAll();
  }
  void Commit() {
    if (changed_) Show();
  }
  const Out& out() const { return q_; }

  template <class F>
  void ForEachReg(F&& f) {
    const uint32_t conn_bits = IndexBits(dct_entries_);
    f("clear", r_.clear, conn_bits + 1);
    f("s1_valid", r_.s1_valid);
    f("s1_pop", r_.s1_pop);
    f("s1_conn", r_.s1_conn, conn_bits);
    f("s1_progress", r_.s1_progress);
    f("s1_fwd", r_.s1_fwd);
    f("last", r_.last);
    f("pg_valid", r_.pg_valid);
    f("pg_conn", r_.pg_conn, conn_bits);
    f("pg", r_.pg);
    f("active", r_.active);
    f("phase", r_.phase);
    f("wr", r_.wr);
    f("hold_valid", r_.hold_valid);
    f("hold", r_.hold);
    f("hold_age", r_.hold_age, IndexBits(kPairWait));
    f("notify_wr_valid", d_.notify_wr_valid);
    f("notify_wr", d_.notify_wr);
    f("prod", d_.ntf_prod);
    f("seen", r_.seen);
    f("halt", r_.halt);
    f("unann", r_.unann);
    f("wake", d_.wake_us);
    f("fault", d_.ntf_fault);
    f("u_progress_skid", u_progress_skid_);
    f("u_done_skid", u_done_skid_);
    f("u_sent_skid", u_sent_skid_);
    f("u_arb", u_arb_);
    f("u_bursts", u_bursts_, 1);
    f("u_queue", u_queue_, conn_bits);
    f("u_pend", u_pend_);
    f("irq_valid", d_.irq_valid);
    f("irq", d_.irq);
    f("irq_cnt_valid", d_.irq_cnt_valid);
    f("irq_cnt", d_.irq_cnt);
    f("quiet", d_.quiet);
  }
  bool Flip(std::string_view reg, uint32_t bit);

 private:
  struct Pend {
    bool queued = false;
    bool pending = false;
    Gen gen = 0;
    Seq snd_una = 0;
    U32 snd_wnd = 0;
    uint8_t dup = 0;
    U32 ts_ecr = 0;

    template <class F>
    void ForEachField(F&& f) {
      f("queued", queued);
      f("pending", pending);
      f("gen", gen);
      f("snd_una", snd_una);
      f("snd_wnd", snd_wnd);
      f("dup", dup, 4);
      f("ts_ecr", ts_ecr);
    }
  };
  struct Regs {
    uint32_t clear = 0;
    bool s1_valid = false;
    bool s1_pop = false;
    uint16_t s1_conn = 0;
    Progress s1_progress{};
    bool s1_fwd = false;
    Pend last{};
    bool pg_valid = false;
    uint16_t pg_conn = 0;
    Pend pg{};
    bool active = false;
    bool phase = true;
    uint16_t wr = 0;
    bool hold_valid = false;
    Ntf hold{};
    uint8_t hold_age = 0;
    uint16_t seen = 0;
    bool halt = false;
    uint16_t unann = 0;
  };
  // What one part of an edge tells the next; all as before the edge.
  struct Edge {
    bool run = false;
    uint16_t mask = 0;
    bool pop_done = false, pop_sent = false, pg_take = false;
    bool emit = false, pair = false;
    bool upd = false, pop = false;
    bool ret = false;
  };

  // An input that a resting unit has to look at.
  bool Stirred() const {
    return *in.done_valid || *in.notify_wr_done_valid || *in.sent_valid || *in.progress_valid ||
           *in.halt != r_.halt || *in.time_us >= q_.wake_us || *in.ntf_ring != seen_ring_ ||
           (r_.unann != 0 &&
            (in.cfg->irq_count != seen_count_ || in.cfg->irq_delay_us != seen_delay_));
  }
  void TickAll();
  void Show();
  void TickSelection(Edge& e);
  void TickAnswers(Edge& e, uint16_t wr);
  void TickProgress(Edge& e);
  static Pend PendOf(const Progress& progress);
  Ntf ProgressNtf() const;

  static constexpr uint32_t kPairWait = 4;
  static constexpr uint32_t kBursts = 32;
  static constexpr uint32_t kEntriesABeat = 2;
  static constexpr uint64_t kNoDeadline = ~uint64_t{0};

  const uint32_t dct_entries_;
  Regs r_;
  prim::Skid<Progress> u_progress_skid_;
  prim::Skid<Ntf> u_done_skid_, u_sent_skid_;
  prim::Arb<3> u_arb_;
  prim::Fifo<uint8_t> u_bursts_;
  prim::RamFifo<uint16_t> u_queue_;
  prim::Ram<Pend> u_pend_;
  Out d_, q_;
  // The levels as at the last edge that was looked at, when that left nothing to do.
  bool resting_ = false;
  Ring seen_ring_{};
  U16 seen_count_ = 0;
  U32 seen_delay_ = 0;
  bool load_notify_wr_ = false;  // Commit() has to copy notify_wr
  bool changed_ = false;
};

}  // namespace handoff
