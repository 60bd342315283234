// SPDX-License-Identifier: Apache-2.0
#include "model/handoff_ack.h"

#include "model/flip.h"

namespace handoff {

handoff_ack::handoff_ack(const Params& params)
    : dct_entries_(params.DctEntries), u_queue_(params.DctEntries), u_state_(params.DctEntries) {}

void handoff_ack::Reset() {
  r_ = Regs{};
  u_ackev_skid_.Reset();
  u_queue_.Reset();
  u_state_.Reset();
  d_ = q_ = Out{};
  push_ = idle_ = changed_ = false;
}

void handoff_ack::Edge() {
  changed_ = true;
  const bool was_clear = r_.clear;
  const bool ackreq_free = !q_.ackreq_valid || *in.ackreq_ready;
  const bool ack_tmr_free = !q_.ack_tmr_valid || *in.ack_tmr_ready;
  d_.ackreq_valid = !ackreq_free;
  d_.ack_tmr_valid = !ack_tmr_free;
  d_.ack_cnt_valid = false;
  push_ = false;

  const Word w = r_.s1_fwd ? r_.s1_word : u_state_.rdata();
  const bool stall = r_.s1_valid && !ack_tmr_free && NeedsTimer(w);
  const bool go = !r_.clear && !stall;

  // -----------------------------------------------------------------------------------------------
  // s0: pick a queue entry, else an event; read its word.

  const bool pop = go && u_queue_.valid() && ackreq_free && !(r_.s1_valid && r_.s1_pop);
  const bool event = go && !pop && u_ackev_skid_.valid(*in.ackev_valid);
  const Ackev& ev = u_ackev_skid_.data(*in.ackev);
  const auto s0_conn = static_cast<uint16_t>(pop ? u_queue_.data() : ev.conn & (dct_entries_ - 1));

  // -----------------------------------------------------------------------------------------------
  // s1: decide and write back.

  const bool write = r_.s1_valid && !stall;
  const uint16_t push_conn = r_.s1_conn;
  Word n;
  if (write) {
    n = w;
    Decide(w, n);
  }
  if (pop || event) u_state_.TickRead(s0_conn);
  if (r_.clear) {
    u_state_.TickWrite(r_.clr, Word{});
    r_.clr = static_cast<uint16_t>((r_.clr + 1) & (dct_entries_ - 1));
    r_.clear = r_.clr != 0;
  } else if (write) {
    u_state_.TickWrite(r_.s1_conn, n);
  }

  if (!stall) r_.s1_valid = pop || event;
  if (pop || event) {
    r_.s1_pop = pop;
    r_.s1_fwd = write && s0_conn == r_.s1_conn;
    if (r_.s1_fwd) r_.s1_word = n;
    if (event) r_.s1_ev = ev;
    r_.s1_conn = s0_conn;
  }
  u_queue_.Tick(push_, push_conn, pop);
  u_ackev_skid_.Tick(*in.ackev_valid, *in.ackev, event);
  d_.ackev_ready = u_ackev_skid_.ready();
  d_.quiet = !was_clear && !r_.s1_valid && !d_.ackreq_valid && !d_.ack_tmr_valid &&
             !d_.ack_cnt_valid && u_queue_.empty() && u_ackev_skid_.empty();
  idle_ = d_.quiet;
}

// s1 will arm or cancel.
bool handoff_ack::NeedsTimer(const Word& w) const {
  if (r_.s1_pop) return false;
  const Ackev& e = r_.s1_ev;
  switch (e.kind) {
    case Ack::AckData:
      if (!e.coalesce_on) return w.armed;
      if (w.want) return false;
      return w.count + 1 >= e.ack_frames ? w.armed : !w.armed;
    case Ack::AckNow:
    case Ack::AckSent:
    case Ack::AckSetup:
    case Ack::AckFlush:
      return w.armed;
    default:
      return false;
  }
}

void handoff_ack::Decide(const Word& w, Word& n) {
  if (r_.s1_pop) {
    n.queued = false;
    if (w.want) LoadRequest(n);
    if (w.want) n.out = true;
    Forget(n);
    return;
  }
  const Ackev& e = r_.s1_ev;
  switch (e.kind) {
    case Ack::AckData:
      if (e.coalesce_on) {
        if (w.want) {
          Ask(w, n, e.dsack, e.dsack_left, e.dsack_right);
        } else if (w.count + 1 >= e.ack_frames) {
          Settle(w, n);
          Ask(w, n, e.dsack, e.dsack_left, e.dsack_right);
        } else {
          n.count = static_cast<uint8_t>(w.count + 1);
          if (!w.armed) Arm(w, n);
        }
        break;
      }
      [[fallthrough]];
    case Ack::AckNow:
      Settle(w, n);
      Ask(w, n, e.dsack, e.dsack_left, e.dsack_right);
      break;
    case Ack::AckSent:
      Settle(w, n);
      n.out = false;
      if (w.want && !w.dsack) {
        n.want = false;
      } else if (w.want && !w.queued) {
        Issue(n);
      }
      break;
    case Ack::AckSetup:
      Settle(w, n);
      Forget(n);
      break;
    case Ack::AckFlush:
      if (w.armed || w.count != 0) {
        Settle(w, n);
        Ask(w, n, false, 0, 0);
      }
      break;
    case Ack::AckExpire:
      if (w.armed && e.tmr_epoch == w.epoch) {
        n.armed = false;
        n.count = 0;
        Ask(w, n, false, 0, 0);
      }
      break;
    default:
      break;
  }
}

void handoff_ack::Settle(const Word& w, Word& n) {
  n.count = 0;
  if (!w.armed) return;
  n.armed = false;
  d_.ack_tmr_valid = true;
  d_.ack_tmr = Tmr{.conn = r_.s1_conn, .arm = false, .delay_class = 0, .epoch = w.epoch};
}

void handoff_ack::Arm(const Word& w, Word& n) {
  n.armed = true;
  n.epoch = static_cast<uint8_t>(w.epoch + 1);
  d_.ack_tmr_valid = true;
  d_.ack_tmr =
      Tmr{.conn = r_.s1_conn, .arm = true, .delay_class = r_.s1_ev.ack_class, .epoch = n.epoch};
}

void handoff_ack::Ask(const Word& w, Word& n, bool dsack, Seq left, Seq right) {
  if (w.want) {
    d_.ack_cnt_valid = true;
    d_.ack_cnt.index = static_cast<uint8_t>(Counter::CntAcksMerged);
    if (!dsack) return;
    n.dsack = true;
    n.dsack_left = left;
    n.dsack_right = right;
    return;
  }
  n.want = true;
  n.dsack = dsack;
  n.dsack_left = dsack ? left : 0;
  n.dsack_right = dsack ? right : 0;
  if (!w.queued && !w.out) Issue(n);
}

// d_.ackreq_valid is still what the transfer of this edge leaves: one operation issues once.
void handoff_ack::Issue(Word& n) {
  if (u_queue_.count() == 0 && !d_.ackreq_valid) {
    LoadRequest(n);
    n.out = true;
    Forget(n);
  } else {
    push_ = true;
    n.queued = true;
  }
}

void handoff_ack::LoadRequest(const Word& w) {
  d_.ackreq_valid = true;
  d_.ackreq = Ackreq{.conn = r_.s1_conn,
                     .dsack = w.dsack,
                     .dsack_left = w.dsack_left,
                     .dsack_right = w.dsack_right};
}

void handoff_ack::Forget(Word& n) {
  n.want = n.dsack = false;
  n.dsack_left = n.dsack_right = 0;
}

bool handoff_ack::Flip(std::string_view reg, uint32_t bit) {
  const bool done = FlipRegister(*this, reg, bit);
  d_.ackev_ready = u_ackev_skid_.ready();
  q_ = d_;
  idle_ = false;
  return done;
}

}  // namespace handoff
