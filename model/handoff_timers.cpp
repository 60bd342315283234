// SPDX-License-Identifier: Apache-2.0
#include "model/handoff_timers.h"

#include <algorithm>

#include "model/flip.h"

namespace handoff {

handoff_timers::handoff_timers(const Params& params)
    : dct_entries_(params.DctEntries),
      u_info_(2 * params.DctEntries),
      u_next_(2 * params.DctEntries),
      u_prev_(2 * params.DctEntries),
      u_due_(2 * params.DctEntries) {}

void handoff_timers::Reset() {
  r_ = Regs{};
  u_ack_tmr_skid_.Reset();
  u_back_tmr_skid_.Reset();
  u_arb_.Reset();
  u_info_.Reset();
  u_next_.Reset();
  u_prev_.Reset();
  u_due_.Reset();
  d_ = Out{};
  d_.wake_us = ~U64{0};
  q_ = d_;
  idle_ = changed_ = false;
}

void handoff_timers::Edge() {
  changed_ = true;
  const bool ack_valid = u_ack_tmr_skid_.valid(*in.ack_tmr_valid);
  const bool back_valid = u_back_tmr_skid_.valid(*in.back_tmr_valid);
  d_.quiet = r_.state == St::kIdle && !r_.refill && !ack_valid && !back_valid && !q_.expiry_valid &&
             DueClass() < 0;
  idle_ = d_.quiet;
  if (!r_.refill) d_.wake_us = Wake();
  d_.expiry_valid = q_.expiry_valid && !*in.expiry_ready;

  // A list whose head is being read again is not empty, so that nothing else loads its head_due.
  const bool refill = r_.refill;
  r_.refill = false;
  const uint8_t refill_class = r_.refill_class;
  const uint64_t refill_due = u_due_.rdata();
  pick_ = -1;
  switch (r_.state) {
    case St::kClear:
      u_info_.TickWrite(r_.clr, Info{});
      if (++r_.clr == 2 * dct_entries_) {
        r_.clr = 0;
        r_.state = St::kIdle;
      }
      break;
    case St::kIdle:
      Idle(!refill, ack_valid, back_valid);
      break;
    case St::kExec:
      Exec();
      break;
    case St::kLink:
      Link();
      r_.state = St::kIdle;
      break;
    case St::kFire:
      Fire();
      break;
  }
  if (refill) r_.head_due[refill_class] = refill_due;
  u_ack_tmr_skid_.Tick(*in.ack_tmr_valid, *in.ack_tmr, pick_ == 0);
  u_back_tmr_skid_.Tick(*in.back_tmr_valid, *in.back_tmr, pick_ == 1);
  d_.ack_tmr_ready = u_ack_tmr_skid_.ready();
  d_.back_tmr_ready = u_back_tmr_skid_.ready();
}

// -------------------------------------------------------------------------------------------------
// Requests: a skid each, round robin.
void handoff_timers::TakeRequest(bool ack_valid, bool back_valid) {
  pick_ = u_arb_.Pick((ack_valid ? 1u : 0u) | (back_valid ? 2u : 0u));
  if (pick_ < 0) return;
  u_arb_.Tick(pick_);
  const Tmr& tmr =
      pick_ == 0 ? u_ack_tmr_skid_.data(*in.ack_tmr) : u_back_tmr_skid_.data(*in.back_tmr);
  Begin((pick_ == 1 ? dct_entries_ : 0) + (tmr.conn & (dct_entries_ - 1)));
  r_.op_arm = tmr.arm;
  r_.op_class = tmr.delay_class;
  r_.op_epoch = tmr.epoch;
  r_.state = St::kExec;
}

// -------------------------------------------------------------------------------------------------
// Nodes and lists. `next` of a tail and `prev` of a head mean nothing.
void handoff_timers::Begin(uint32_t node) {
  r_.op_node = node;
  u_info_.TickRead(node);
  u_next_.TickRead(node);
  u_prev_.TickRead(node);
}

// -------------------------------------------------------------------------------------------------
// The least deadline, and whether a head is due.
int handoff_timers::DueClass() const {
  int best = -1;
  uint64_t least = 0;
  for (uint32_t c = 0; c < kClasses; ++c) {
    if (!r_.nonempty[c] || *in.time_us < r_.head_due[c]) continue;
    if (best < 0 || r_.head_due[c] < least) {
      best = static_cast<int>(c);
      least = r_.head_due[c];
    }
  }
  return best;
}

uint64_t handoff_timers::Wake() const {
  uint64_t least = ~uint64_t{0};
  for (uint32_t c = 0; c < kClasses; ++c) {
    if (r_.nonempty[c]) least = std::min(least, r_.head_due[c]);
  }
  return least;
}

// -------------------------------------------------------------------------------------------------
// The pick: a head that is due, else a request.
void handoff_timers::Idle(bool heads_known, bool ack_valid, bool back_valid) {
  if (heads_known && !d_.expiry_valid) {
    if (const int c = DueClass(); c >= 0) {
      Begin(r_.head[static_cast<uint32_t>(c)]);
      r_.state = St::kFire;
      return;
    }
  }
  TakeRequest(ack_valid, back_valid);
}

// -------------------------------------------------------------------------------------------------
// Leaving a list and joining one.
void handoff_timers::Exec() {
  const Info& info = u_info_.rdata();
  if (info.armed) {
    Unlink(info.delay_class);
    if (r_.op_arm) {
      r_.state = St::kLink;
      return;
    }
    u_info_.TickWrite(r_.op_node, Info{});
  } else if (r_.op_arm) {
    Link();
  }
  r_.state = St::kIdle;
}

void handoff_timers::Fire() {
  const Info& info = u_info_.rdata();
  Unlink(info.delay_class);
  u_info_.TickWrite(r_.op_node, Info{});
  d_.expiry_valid = true;
  d_.expiry.conn = static_cast<Conn>(r_.op_node & (dct_entries_ - 1));
  d_.expiry.is_handback = r_.op_node >= dct_entries_;
  d_.expiry.epoch = info.epoch;
  r_.state = St::kIdle;
}

void handoff_timers::Unlink(uint32_t c) {
  const uint32_t next = u_next_.rdata(), prev = u_prev_.rdata();
  const bool is_head = r_.op_node == r_.head[c], is_tail = r_.op_node == r_.tail[c];
  if (is_head && is_tail) {
    r_.nonempty[c] = false;
  } else if (is_head) {
    r_.head[c] = next;
    u_due_.TickRead(next);
    r_.refill = true;
    r_.refill_class = static_cast<uint8_t>(c);
  } else if (is_tail) {
    r_.tail[c] = prev;
  } else {
    u_next_.TickWrite(prev, next);
    u_prev_.TickWrite(next, prev);
  }
}

void handoff_timers::Link() {
  const uint32_t k = r_.op_class;
  uint64_t due = *in.time_us + Delay(k);
  if (r_.nonempty[k]) {
    due = std::max(due, r_.last_due[k]);
    u_next_.TickWrite(r_.tail[k], r_.op_node);
    u_prev_.TickWrite(r_.op_node, r_.tail[k]);
  } else {
    r_.head[k] = r_.op_node;
    r_.head_due[k] = due;
    r_.nonempty[k] = true;
  }
  r_.tail[k] = r_.op_node;
  r_.last_due[k] = due;
  u_due_.TickWrite(r_.op_node, due);
  u_info_.TickWrite(r_.op_node, Info{true, r_.op_class, r_.op_epoch});
}

uint64_t handoff_timers::Delay(uint32_t c) const {
  return c == 0   ? in.cfg->delay0_us
         : c == 1 ? in.cfg->delay1_us
         : c == 2 ? in.cfg->delay2_us
                  : in.cfg->delay3_us;
}

// -------------------------------------------------------------------------------------------------
// Registers.
bool handoff_timers::Flip(std::string_view reg, uint32_t bit) {
  const bool done = FlipRegister(*this, reg, bit);
  d_.ack_tmr_ready = u_ack_tmr_skid_.ready();
  d_.back_tmr_ready = u_back_tmr_skid_.ready();
  q_ = d_;
  idle_ = false;
  return done;
}

}  // namespace handoff
