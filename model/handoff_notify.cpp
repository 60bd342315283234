// SPDX-License-Identifier: Apache-2.0
#include "model/handoff_notify.h"

#include "model/flip.h"

namespace handoff {
namespace {

constexpr uint64_t kPhaseBit = uint64_t{1} << 63;  // of a notification's last word

}  // namespace

handoff_notify::handoff_notify(const Params& params)
    : dct_entries_(params.DctEntries),
      u_bursts_(kBursts),
      u_queue_(params.DctEntries),
      u_pend_(params.DctEntries) {}

void handoff_notify::Reset() {
  r_ = Regs{};
  u_progress_skid_.Reset();
  u_done_skid_.Reset();
  u_sent_skid_.Reset();
  u_arb_.Reset();
  u_bursts_.Reset();
  u_queue_.Reset();
  u_pend_.Reset();
  d_ = Out{};
  d_.wake_us = kNoDeadline;
  q_ = d_;
  resting_ = load_notify_wr_ = changed_ = false;
}

void handoff_notify::TickAll() {
  const Ring& ring = *in.ntf_ring;
  if (seen_ring_ != ring) seen_ring_ = ring;
  seen_count_ = in.cfg->irq_count;
  seen_delay_ = in.cfg->irq_delay_us;
  changed_ = true;

  const bool cleared = r_.clear >= dct_entries_;
  const bool waits_active = ring.enable && !r_.active;
  const bool active_d =
      ring.enable && (r_.active || (!r_.hold_valid && !q_.notify_wr_valid && !u_bursts_.valid()));
  Edge e;
  e.run = r_.active && ring.enable;
  e.mask = static_cast<uint16_t>((uint32_t{1} << ring.log_size) - 1);
  const uint16_t wr = r_.wr;
  TickSelection(e);  // it takes the progress that s1 then replaces
  TickAnswers(e, wr);
  TickProgress(e);
  r_.active = active_d;

  if (e.emit || e.ret) u_bursts_.Tick(e.emit, static_cast<uint8_t>(e.pair), e.ret);
  u_progress_skid_.Tick(*in.progress_valid, *in.progress, e.upd);
  u_done_skid_.Tick(*in.done_valid, *in.done, e.pop_done);
  u_sent_skid_.Tick(*in.sent_valid, *in.sent, e.pop_sent);
  d_.progress_ready = u_progress_skid_.ready();
  d_.done_ready = u_done_skid_.ready();
  d_.sent_ready = u_sent_skid_.ready();

  resting_ = cleared && u_progress_skid_.empty() && u_done_skid_.empty() && u_sent_skid_.empty() &&
             u_queue_.empty() && !e.pop && !e.upd && !r_.pg_valid && !r_.hold_valid &&
             !d_.notify_wr_valid && !d_.irq_valid && !d_.irq_cnt_valid && !waits_active;
  d_.quiet = resting_ && u_bursts_.empty();
}

// -------------------------------------------------------------------------------------------------
// Clearing of u_pend after reset.
void handoff_notify::TickProgress(Edge& e) {
  const bool clearing = r_.clear < dct_entries_;
  const uint32_t clear_at = r_.clear;
  if (clearing) ++r_.clear;

  // -----------------------------------------------------------------------------------------------
  // s0: one operation a cycle on u_pend: the next in the queue, or an update.

  e.pop =
      !clearing && u_queue_.valid() && !(r_.s1_valid && r_.s1_pop) && (!r_.pg_valid || e.pg_take);
  e.upd = !clearing && !e.pop && u_progress_skid_.valid(*in.progress_valid);
  const auto c = static_cast<uint16_t>(
      (e.pop ? u_queue_.data() : u_progress_skid_.data(*in.progress).conn) & (dct_entries_ - 1));

  // -----------------------------------------------------------------------------------------------
  // s1: the word is here; what it becomes.

  bool write = false, push = false;
  bool pg_valid = r_.pg_valid && !e.pg_take;
  Pend next;
  const uint16_t s1_conn = r_.s1_conn;
  if (r_.s1_valid) {
    const Pend& word = r_.s1_fwd ? r_.last : u_pend_.rdata();
    const bool in_pg = pg_valid && r_.pg_conn == s1_conn;
    if (r_.s1_pop) {
      write = true;
      if (word.pending) {
        pg_valid = true;
        r_.pg_conn = s1_conn;
        r_.pg = word;
      }
    } else if (r_.s1_progress.cancel) {
      write = true;
      next.queued = word.queued;
      if (in_pg) pg_valid = false;
    } else if (in_pg) {
      r_.pg = PendOf(r_.s1_progress);
    } else {
      write = true;
      next = PendOf(r_.s1_progress);
      push = !word.queued;
    }
  }
  r_.pg_valid = pg_valid;

  // Into s1.
  r_.s1_valid = e.pop || e.upd;
  if (r_.s1_valid) {
    r_.s1_fwd = write && s1_conn == c;
    r_.s1_pop = e.pop;
    r_.s1_conn = c;
    if (e.upd) r_.s1_progress = u_progress_skid_.data(*in.progress);
    u_pend_.TickRead(c);
  }
  if (write) {
    r_.last = next;
    u_pend_.TickWrite(s1_conn, next);
  } else if (clearing) {
    u_pend_.TickWrite(clear_at, Pend{});
  }
  if (push || e.pop || !u_queue_.settled()) u_queue_.Tick(push, s1_conn, e.pop);
}

handoff_notify::Pend handoff_notify::PendOf(const Progress& progress) {
  return {true,         true,           progress.gen, progress.snd_una, progress.snd_wnd,
          progress.dup, progress.ts_ecr};
}

// -------------------------------------------------------------------------------------------------
// Selection: one source a cycle, when the ring and the way there have room.
void handoff_notify::TickSelection(Edge& e) {
  const Ring& ring = *in.ntf_ring;
  const bool notify_wr_free = !q_.notify_wr_valid || *in.notify_wr_ready;
  const int32_t free =
      static_cast<int32_t>((ring.index - r_.wr - 1) & e.mask) - (r_.hold_valid ? 1 : 0);
  const bool room = notify_wr_free && u_bursts_.ready() && !q_.ntf_fault;
  const bool odd = (r_.wr & 1) != 0;
  const bool lone = !r_.hold_valid && !odd;
  const bool can = e.run && free >= 1 && !q_.ntf_fault && (lone || room);
  uint64_t req = 0;
  if (can) {
    req = uint64_t{u_done_skid_.valid(*in.done_valid)} |
          uint64_t{u_sent_skid_.valid(*in.sent_valid)} << 1 |
          uint64_t{r_.pg_valid && free > in.cfg->ntf_reserve} << 2;
  }
  const int pick = u_arb_.Pick(req);
  const bool sel = pick >= 0;
  Ntf progress;
  const Ntf* x = &progress;  // the picked one, its phase not replaced yet
  if (sel) {
    u_arb_.Tick(pick);
    e.pop_done = pick == 0;
    e.pop_sent = pick == 1;
    e.pg_take = pick == 2;
    if (e.pop_done) x = &u_done_skid_.data(*in.done);
    if (e.pop_sent) x = &u_sent_skid_.data(*in.sent);
    if (e.pg_take) progress = ProgressNtf();
  }

  e.pair = sel && r_.hold_valid;
  const bool upper = sel && !r_.hold_valid && odd;
  const bool keep = sel && lone;
  const bool alone = e.run && r_.hold_valid && !sel && room && r_.hold_age == kPairWait - 1;
  e.emit = e.pair || upper || alone;
  if (e.emit) {
    load_notify_wr_ = true;
    Wr& notify_wr = d_.notify_wr;
    notify_wr.first = notify_wr.last = true;
    notify_wr.addr =
        (ring.base & ~uint64_t{kDataBytes - 1}) + uint64_t{kDataBytes} * (r_.wr / kEntriesABeat);
    notify_wr.beats = 1;
    notify_wr.strb = (e.pair || alone ? uint64_t{0xffffffff} : 0) |
                     (e.pair || upper ? uint64_t{0xffffffff} << 32 : 0);
    if (!e.pair) notify_wr.data = Data{};
    if (e.pair || alone) r_.hold.Pack(&notify_wr.data.w[0]);
    if (e.pair || upper) {
      uint64_t* words = &notify_wr.data.w[Ntf::kWords];
      x->Pack(words);
      words[Ntf::kWords - 1] &= ~kPhaseBit;
      if (r_.phase) words[Ntf::kWords - 1] |= kPhaseBit;
    }
  }
  d_.notify_wr_valid = e.emit || (q_.notify_wr_valid && !*in.notify_wr_ready);

  if (keep) {
    r_.hold = *x;
    r_.hold.phase = r_.phase;
    r_.hold_age = 0;
  } else if (r_.hold_valid && r_.hold_age != kPairWait - 1) {
    ++r_.hold_age;
  }
  r_.hold_valid = e.run && (keep || (r_.hold_valid && !e.emit));
  if (!e.run) {
    r_.wr = 0;
    r_.phase = true;
  } else if (e.emit) {
    r_.wr = static_cast<uint16_t>((r_.wr + (e.pair ? 2 : 1)) & e.mask);
    if (r_.wr == 0) r_.phase = !r_.phase;
  }
}

// The progress next in line, as a notification.
Ntf handoff_notify::ProgressNtf() const {
  Ntf x;
  x.kind = NtfKind::NtfProgress;
  x.conn = r_.pg_conn;
  x.gen = r_.pg.gen;
  x.snd_una = r_.pg.snd_una;
  x.snd_wnd = r_.pg.snd_wnd;
  x.dup = r_.pg.dup;
  x.count = r_.pg.ts_ecr;
  return x;
}

// -------------------------------------------------------------------------------------------------
// Answers, interrupts.

// `wr` is wr_q before the edge.
void handoff_notify::TickAnswers(Edge& e, uint16_t wr) {
  const Ring& ring = *in.ntf_ring;
  const Cfg& cfg = *in.cfg;
  e.ret = *in.notify_wr_done_valid && u_bursts_.valid();
  const bool err = e.ret && in.notify_wr_done->err;
  const bool good = e.ret && e.run && !q_.ntf_fault && !err;
  const uint32_t n = !good ? 0 : u_bursts_.data() != 0 ? 2 : 1;
  d_.ntf_fault = q_.ntf_fault || err;
  const auto prod = static_cast<uint16_t>(e.run ? (q_.ntf_prod + n) & e.mask : 0);
  d_.ntf_prod = prod;

  const bool seen = e.run && ring.index != r_.seen;
  const bool newer = ((ring.index - prod) & e.mask) > ((wr - prod) & e.mask);
  const uint32_t u = !e.run || (seen && !newer) ? 0 : r_.unann + n;
  const uint32_t limit = cfg.irq_count == 0 ? 1 : cfg.irq_count;
  const bool due = u != 0 && q_.wake_us != kNoDeadline && *in.time_us >= q_.wake_us;
  const bool fire = (*in.halt && !r_.halt) || (e.run && ((seen && newer) || u >= limit || due));
  r_.unann = fire ? 0 : static_cast<uint16_t>(u);
  if (fire || u == 0 || cfg.irq_delay_us == 0) {
    d_.wake_us = kNoDeadline;
  } else if (q_.wake_us == kNoDeadline) {
    d_.wake_us = *in.time_us + cfg.irq_delay_us;
  }
  d_.irq_valid = fire || (q_.irq_valid && !*in.irq_ready);
  d_.irq_cnt_valid = q_.irq_valid && *in.irq_ready;
  if (d_.irq_cnt_valid) d_.irq_cnt.index = static_cast<uint8_t>(Counter::CntIrqs);
  r_.seen = ring.index;
  r_.halt = *in.halt;
}

// -------------------------------------------------------------------------------------------------
// Registers.
void handoff_notify::Show() {
  changed_ = false;
  q_.progress_ready = d_.progress_ready;
  q_.done_ready = d_.done_ready;
  q_.wake_us = d_.wake_us;
  q_.sent_ready = d_.sent_ready;
  q_.notify_wr_valid = d_.notify_wr_valid;
  if (load_notify_wr_) q_.notify_wr = d_.notify_wr;
  load_notify_wr_ = false;
  q_.irq_valid = d_.irq_valid;
  q_.irq = d_.irq;
  q_.irq_cnt_valid = d_.irq_cnt_valid;
  q_.irq_cnt = d_.irq_cnt;
  q_.ntf_prod = d_.ntf_prod;
  q_.ntf_fault = d_.ntf_fault;
  q_.quiet = d_.quiet;
}

bool handoff_notify::Flip(std::string_view reg, uint32_t bit) {
  const bool done = FlipRegister(*this, reg, bit);
  d_.progress_ready = u_progress_skid_.ready();
  d_.done_ready = u_done_skid_.ready();
  d_.sent_ready = u_sent_skid_.ready();
  q_ = d_;
  resting_ = false;
  return done;
}

}  // namespace handoff
