// SPDX-License-Identifier: Apache-2.0
//
// From places to jobs: the user-buffer pieces of every connection (docs/units/buffers.md).
//
// A place's first job is at the output two cycles after the place was at the port of an idle unit;
// one step a cycle, at most one job a step. Never refuses a place, never reorders, never writes to
// a piece after its hand-back.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "gen/handoff_buffers_ports.h"
#include "gen/handoff_params_pkg.h"
#include "gen/handoff_pkg.h"
#include "model/flip.h"
#include "model/prim/ram.h"
#include "model/prim/skid.h"

namespace handoff {

class handoff_buffers {
 public:
  struct Params {
    uint32_t DctEntries = kDefaultDctEntries;
    uint32_t Slots = kDefaultSlots;
  };
  using In = handoff_buffers_in;
  using Out = handoff_buffers_out;

  explicit handoff_buffers(const Params& params);
  handoff_buffers() : handoff_buffers(Params()) {}

  In in;
  void Reset();
  void Tick() {
    if (!idle_ || *in.place_valid || (*in.lbuf_valid && q_.lbuf_ready)) Edge();
  }
  void Commit() {
    if (changed_) q_ = d_;
    changed_ = false;
  }
  const Out& out() const { return q_; }

  template <class F>
  void ForEachReg(F&& f) {
    f("clr", r_.clr);
    f("clr_addr", r_.clr_addr, IndexBits(uint64_t{mask_} + 1));
    f("s1_valid", r_.s1_valid);
    f("s1", r_.s1);
    f("first", r_.first);
    f("fwd", r_.fwd);
    f("told", r_.told);
    f("off", r_.off);
    f("rem", r_.rem);
    f("seq", r_.seq);
    f("w", Shown{r_.w, slots_});
    f("due", r_.due);
    f("due_conn", r_.due_conn);
    f("u_place_skid", u_place_skid_);
    f("u_lbuf_skid", u_lbuf_skid_);
    u_conn_.ForEachField([&](const char*, Word& word) { f("u_conn.rdata", Shown{word, slots_}); });
    f("job_valid", d_.job_valid);
    f("job", d_.job);
    f("room_valid", d_.room_valid);
    f("room", d_.room);
    f("legacy_return_valid", d_.legacy_return_valid);
    f("legacy_return", d_.legacy_return);
    f("back_cnt_valid", d_.back_cnt_valid);
    f("back_cnt", d_.back_cnt);
    f("back_tmr_valid", d_.back_tmr_valid);
    f("back_tmr", d_.back_tmr);
    f("quiet", d_.quiet);
  }
  bool Flip(std::string_view reg, uint32_t bit);

 private:
  void Edge();

  struct Held {  // a piece held: what is still free of it
    uint64_t addr = 0;
    uint32_t size = 0;
    uint16_t id = 0;
    bool last = false;
    bool no_push = false;

    template <class F>
    void ForEachField(F&& f) {
      f("addr", addr);
      f("size", size);
      f("id", id);
      f("last", last);
      f("no_push", no_push);
    }
  };
  // One connection; entries of `piece` at and above `count` are 0.
  struct Word {
    uint8_t epoch = 0;
    bool open = false;
    bool tmr_on = false;
    uint8_t tmr_epoch = 0;
    uint32_t nxt = 0;
    uint32_t count = 0;
    uint32_t start = 0;
    uint32_t filled = 0;
    Held piece[kMaxSlots] = {};
  };
  // A word and the pieces that this engine has of it.
  struct Shown {
    Word& w;
    uint32_t slots;

    template <class F>
    void ForEachField(F&& f) {
      f("epoch", w.epoch);
      f("nxt", w.nxt);
      f("count", w.count, IndexBits(uint64_t{slots} + 1));
      f("open", w.open);
      f("start", w.start);
      f("filled", w.filled);
      f("tmr_on", w.tmr_on);
      f("tmr_epoch", w.tmr_epoch);
      f("piece", std::span(w.piece, slots));
    }
  };
  struct Regs {
    bool clr = true;
    uint32_t clr_addr = 0;
    bool s1_valid = false;
    Place s1{};
    bool first = false;
    bool fwd = false;
    bool told = false;
    uint16_t off = 0;
    uint16_t rem = 0;
    uint32_t seq = 0;
    Word w{};
    bool due = false;
    uint16_t due_conn = 0;
  };

  void TickRoom();
  bool Take(bool done, bool touch);
  bool Step(bool* last);
  bool StepBack(bool expired);
  bool StepTell();
  bool StepUser(bool* last);
  bool StepLegacy();
  bool StepWhole();
  bool StepPost();
  bool StepAnswer();
  bool StepPayload(bool* last);
  bool StepExpire();
  void Finish(bool touch);

  const Word& Seen() const { return r_.first && !r_.fwd ? u_conn_.rdata() : r_.w; }
  Word& Touched();
  Job& NewJob(JobKind kind);
  void NewNtf(NtfKind kind, uint8_t code);
  void NewTimer(bool arm, uint8_t delay_class, uint8_t epoch);
  bool lbuf_there() const { return u_lbuf_skid_.valid(*in.lbuf_valid); }
  void CountHandBack();
  const LegacyDesc& TakeLbuf();
  static void Drop(Word& w, uint32_t m);
  static void Close(Word& w);

  const uint32_t mask_;  // of a RAM address
  const uint32_t slots_;
  Regs r_;
  prim::Skid<Place> u_place_skid_;
  prim::Skid<LegacyDesc> u_lbuf_skid_;
  prim::Ram<Word> u_conn_;
  // Of this edge only.
  bool job_free_ = false, tmr_free_ = false, lbuf_pop_ = false;
  Out d_, q_;
  bool changed_ = false;
  bool idle_ = false;  // nothing is held but legacy buffers in stock
};

}  // namespace handoff
