// SPDX-License-Identifier: Apache-2.0
#include "model/handoff_buffers.h"

#include <algorithm>
#include <stdexcept>

#include "model/flip.h"

namespace handoff {
namespace {

constexpr uint64_t kMaxRoom = uint64_t{1} << 30;

// Whether a place reads and writes its connection's word.
bool Touches(const Place& p) {
  constexpr auto kBit = [](PlaceKind kind) { return 1u << static_cast<uint32_t>(kind); };
  constexpr uint32_t kKinds = kBit(PlaceKind::PlacePayload) | kBit(PlaceKind::PlaceSetup) |
                              kBit(PlaceKind::PlacePost) | kBit(PlaceKind::PlaceFlush) |
                              kBit(PlaceKind::PlaceResume) | kBit(PlaceKind::PlaceUndelegate) |
                              kBit(PlaceKind::PlaceExpire) | kBit(PlaceKind::PlaceResync);
  return p.to_resync || ((kKinds >> static_cast<uint32_t>(p.kind)) & 1) != 0;
}

// Pieces of the first user buffer held, finished or not.
template <class Word>
uint32_t BufferPieces(const Word& w) {
  for (uint32_t i = 0; i < w.count; ++i) {
    if (w.piece[i].last) return i + 1;
  }
  return w.count;
}

template <class Word>
bool ReadyAny(const Word& w) {
  return std::any_of(w.piece, w.piece + w.count, [](const auto& piece) { return piece.last; });
}

}  // namespace

handoff_buffers::handoff_buffers(const Params& params)
    : mask_(params.DctEntries - 1), slots_(params.Slots), u_conn_(params.DctEntries) {
  if (slots_ < kMaxPieces || slots_ > kMaxSlots) throw std::invalid_argument("Slots: 3 to 32");
}

void handoff_buffers::Reset() {
  r_ = Regs{};
  u_place_skid_.Reset();
  u_lbuf_skid_.Reset();
  u_conn_.Reset();
  d_ = q_ = Out{};
  changed_ = idle_ = false;
}

void handoff_buffers::Edge() {
  changed_ = true;

  job_free_ = !q_.job_valid || *in.job_ready;
  tmr_free_ = !q_.back_tmr_valid || *in.back_tmr_ready;
  lbuf_pop_ = false;
  d_.job_valid = !job_free_;
  d_.back_tmr_valid = !tmr_free_;
  d_.legacy_return_valid = d_.back_cnt_valid = false;

  TickRoom();  // before the step, which makes another word of r_.w
  bool last = false;
  const bool step = r_.s1_valid && Step(&last);
  const bool done = step && last;
  const bool touch = done && Touches(r_.s1);
  const uint32_t conn = r_.s1.conn & mask_;
  r_.due = false;
  if (done) Finish(touch);
  if (step) r_.first = false;
  const bool take = Take(done, touch);
  if (touch) u_conn_.TickWrite(conn, r_.w);

  // Clearing.
  if (r_.clr) {
    r_.clr_addr &= mask_;
    u_conn_.TickWrite(r_.clr_addr, Word{});
    r_.clr = r_.clr_addr != mask_;
    r_.clr_addr = (r_.clr_addr + 1) & mask_;
  }

  const bool stocked = *in.lbuf_valid && q_.lbuf_ready;
  u_place_skid_.Tick(*in.place_valid, *in.place, take);
  u_lbuf_skid_.Tick(*in.lbuf_valid, *in.lbuf, lbuf_pop_);
  d_.place_ready = u_place_skid_.ready();
  d_.lbuf_ready = u_lbuf_skid_.ready();
  d_.quiet = !r_.clr && !r_.s1_valid && !r_.due && u_place_skid_.empty() && !d_.room_valid &&
             !d_.legacy_return_valid && !d_.job_valid && !d_.back_cnt_valid && !d_.back_tmr_valid &&
             !stocked;
  idle_ = d_.quiet;
}

// -------------------------------------------------------------------------------------------------
// Take: the connection's word is read while the place moves to s1.

// `done`: the last step of the place before it is made in this cycle, `touch`: of one with a word.
bool handoff_buffers::Take(bool done, bool touch) {
  const Place& place = u_place_skid_.data(*in.place);
  const bool take = u_place_skid_.valid(*in.place_valid) && !r_.clr && (!r_.s1_valid || done);
  if (take) {
    const uint32_t conn = r_.s1.conn & mask_;
    r_.s1 = place;
    r_.fwd = touch && conn == (place.conn & mask_);
    r_.first = true;
    r_.told = false;
    r_.off = place.off;
    r_.rem = place.len;
    r_.seq = place.seq;
    // A place that does not touch its word does not look at it either.
    if (!r_.fwd && Touches(place)) u_conn_.TickRead(place.conn & mask_);
  }
  r_.s1_valid = take || (r_.s1_valid && !done);
  return take;
}

// -------------------------------------------------------------------------------------------------
// Choice of the step.

// The first row that fits; false if something that it needs is not there.
bool handoff_buffers::Step(bool* last) {
  const Place& p = r_.s1;
  *last = false;
  const bool resync = p.to_resync && !r_.told;
  if ((resync || p.kind == PlaceKind::PlaceFlush || p.kind == PlaceKind::PlaceUndelegate ||
       p.kind == PlaceKind::PlaceResync) &&
      Seen().count != 0) {
    return StepBack(false);
  }
  if (resync && p.kind != PlaceKind::PlaceResync) return StepTell();
  if (p.kind == PlaceKind::PlacePayload) return StepPayload(last);
  *last = true;
  switch (p.kind) {
    case PlaceKind::PlaceDrop:
      if (!job_free_) return false;
      NewJob(JobKind::JobNone).frame_end = true;
      return true;
    case PlaceKind::PlaceWhole:
      return StepWhole();
    case PlaceKind::PlaceExpire:
      return StepExpire();
    case PlaceKind::PlacePost:
      return StepPost();
    case PlaceKind::PlaceSetup:
    case PlaceKind::PlaceAnswer:
    case PlaceKind::PlaceFlush:
    case PlaceKind::PlaceResync:
    case PlaceKind::PlaceResume:
    case PlaceKind::PlaceBlock:
    case PlaceKind::PlaceUndelegate:
      return StepAnswer();
    default:  // 12 to 15
      return true;
  }
}

// Row 1, and row 13: the first user buffer goes back.
bool handoff_buffers::StepBack(bool expired) {
  const Place& p = r_.s1;
  const bool cancel = !expired && Seen().tmr_on;
  if (!job_free_ || (cancel && !tmr_free_)) return false;
  Word& w = Touched();
  const Back code = expired                                ? Back::BackDelay
                    : p.kind == PlaceKind::PlaceFlush      ? Back::BackFlush
                    : p.kind == PlaceKind::PlaceUndelegate ? Back::BackUndelegate
                    : p.kind == PlaceKind::PlaceResync     ? Back::BackError
                                                           : Back::BackResync;
  NewJob(JobKind::JobNone);
  NewNtf(NtfKind::NtfHandBack, static_cast<uint8_t>(code));
  d_.job.ntf.seq = expired || w.open ? w.start : w.nxt;
  d_.job.ntf.count = w.filled;
  d_.job.ntf.tag = w.piece[0].id;
  CountHandBack();
  if (cancel) NewTimer(false, 0, w.tmr_epoch);
  Drop(w, BufferPieces(w));
  Close(w);
  return true;
}

// Row 2: the resync notification.
bool handoff_buffers::StepTell() {
  const Place& p = r_.s1;
  if (!job_free_) return false;
  const bool whole = p.kind == PlaceKind::PlaceWhole;
  Touched();
  NewJob(JobKind::JobNone);
  NewNtf(NtfKind::NtfResync, whole ? p.ntf.code : static_cast<uint8_t>(Reason::ReasonHost));
  Ntf& ntf = d_.job.ntf;
  ntf.seq = p.seq;
  ntf.count = p.ntf.count - (whole ? 1 : 0);
  ntf.snd_una = p.ntf.snd_una;
  ntf.snd_wnd = p.ntf.snd_wnd;
  ntf.tag = p.ts_recent;
  r_.told = true;
  return true;
}

// Row 4: a whole frame to a legacy buffer.
bool handoff_buffers::StepWhole() {
  const Place& p = r_.s1;
  if (!job_free_ || !lbuf_there()) return false;
  if (p.to_resync) Touched();
  const LegacyDesc& lbuf = TakeLbuf();
  Job& job = NewJob(JobKind::JobWrite);
  job.frame_end = true;
  job.off = p.off;
  job.len = p.len;
  job.addr = lbuf.addr;
  job.has_ntf = true;
  job.ntf = p.ntf;
  job.ntf.tag = lbuf.tag;
  job.ntf.len = p.len;
  return true;
}

// Rows 5 to 7.
bool handoff_buffers::StepPayload(bool* last) {
  if (r_.rem == 0) {
    if (!job_free_) return false;
    Touched();
    NewJob(JobKind::JobNone).frame_end = true;
    *last = true;
    return true;
  }
  if (ReadyAny(Seen())) return StepUser(last);
  *last = true;
  return StepLegacy();
}

// Row 6: payload to the first piece.
bool handoff_buffers::StepUser(bool* last) {
  const Place& p = r_.s1;
  const Word& seen = Seen();
  const Held q = seen.piece[0];
  const auto n = static_cast<uint16_t>(std::min<uint32_t>(r_.rem, q.size));
  const bool end = n == r_.rem, fills = n == q.size;
  const bool full = fills && q.last, push = end && p.psh && !q.no_push;
  const bool back = full || push;
  const bool arm = !back && !seen.open && n != 0 && !q.no_push;
  const bool cancel = back && seen.tmr_on;
  if (!job_free_ || ((arm || cancel) && !tmr_free_)) return false;

  Word& w = Touched();
  const uint32_t begin = w.open ? w.start : r_.seq;
  const uint32_t total = w.filled + n;
  Job& job = NewJob(JobKind::JobWrite);
  job.frame_end = end;
  job.user = true;
  job.off = r_.off;
  job.len = n;
  job.addr = q.addr;
  w.nxt = r_.seq + n;
  r_.off += n;
  r_.rem -= n;
  r_.seq += n;
  *last = end;
  if (back) {  // one hand-back, in the same job, after its bytes
    NewNtf(NtfKind::NtfHandBack, static_cast<uint8_t>(full ? Back::BackFull : Back::BackPush));
    job.ntf.psh = end && p.psh;
    job.ntf.full = full;
    job.ntf.seq = begin;
    job.ntf.count = total;
    job.ntf.tag = q.id;
    CountHandBack();
    if (cancel) NewTimer(false, 0, w.tmr_epoch);
    Drop(w, BufferPieces(w));
    Close(w);
    return true;
  }
  if (arm) {
    ++w.tmr_epoch;
    w.tmr_on = true;
    NewTimer(true, in.cfg->back_class, w.tmr_epoch);
  }
  if (n != 0) {
    w.open = true;
    w.start = begin;
    w.filled = total;
  }
  if (fills) {
    Drop(w, 1);
  } else {
    w.piece[0].addr += n;
    w.piece[0].size -= n;
  }
  return true;
}

// Row 7: the legacy remainder, always the last of a frame.
bool handoff_buffers::StepLegacy() {
  const Place& p = r_.s1;
  if (!job_free_ || !lbuf_there()) return false;
  Word& w = Touched();
  const LegacyDesc& lbuf = TakeLbuf();
  Job& job = NewJob(JobKind::JobWrite);
  job.frame_end = true;
  job.user = true;
  job.off = r_.off;
  job.len = r_.rem;
  job.addr = lbuf.addr;
  NewNtf(NtfKind::NtfLegacyPayload, 0);
  job.ntf.psh = p.psh;
  job.ntf.seq = r_.seq;
  job.ntf.len = r_.rem;
  job.ntf.tag = lbuf.tag;
  w.nxt = r_.seq + r_.rem;
  return true;
}

// Row 9: as many pieces as there are slots.
bool handoff_buffers::StepPost() {
  const Place& p = r_.s1;
  if (!job_free_) return false;
  Word& w = Touched();
  const Piece* const given[kMaxPieces] = {&p.piece0, &p.piece1, &p.piece2};
  const uint32_t m = std::min<uint32_t>(p.post_cnt, slots_ - w.count);
  for (uint32_t i = 0; i < m; ++i) {
    w.piece[w.count + i] = Held{.addr = given[i]->addr,
                                .size = given[i]->size,
                                .id = p.post_id,
                                .last = p.post_last && i + 1 == p.post_cnt,
                                .no_push = p.post_no_push};
  }
  w.count += m;
  Job& job = NewJob(JobKind::JobNone);
  job.has_ntf = true;
  job.ntf = p.ntf;
  job.ntf.count = m;
  if (m < p.post_cnt) job.ntf.code = static_cast<uint8_t>(Status::StatusNoSlot);
  return true;
}

// Rows 8, 10, 11, 12: an answer, with the state block for two kinds.
bool handoff_buffers::StepAnswer() {
  const Place& p = r_.s1;
  if (!job_free_) return false;
  if (Touches(p)) {
    Word& w = Touched();
    if (p.kind == PlaceKind::PlaceSetup) {
      const uint8_t epoch = w.epoch, tmr_epoch = w.tmr_epoch;
      w = Word{};
      w.epoch = epoch;  // the one told last: Finish() compares it
      w.tmr_epoch = tmr_epoch;
      w.nxt = p.seq;
    } else if (p.kind == PlaceKind::PlaceResume) {
      w.nxt = p.seq;
    }
  }
  const bool block = p.kind == PlaceKind::PlaceBlock || p.kind == PlaceKind::PlaceUndelegate;
  Job& job = NewJob(block ? JobKind::JobBlock : JobKind::JobNone);
  if (block) job.addr = p.addr;
  job.has_ntf = true;
  job.ntf = p.ntf;
  return true;
}

// Rows 13 and 14.
bool handoff_buffers::StepExpire() {
  const Word& w = Seen();
  if (w.tmr_on && w.tmr_epoch == r_.s1.tmr_epoch && w.count != 0) return StepBack(true);
  Touched();
  return true;
}

// -------------------------------------------------------------------------------------------------
// The connection's word after the step.

// w_q in the step that is made: a place's first one gets it from the RAM.
handoff_buffers::Word& handoff_buffers::Touched() {
  if (r_.first && !r_.fwd) {
    r_.w = u_conn_.rdata();
    r_.first = false;
  }
  return r_.w;
}

void handoff_buffers::Drop(Word& w, uint32_t m) {
  for (uint32_t i = m; i < w.count; ++i) w.piece[i - m] = w.piece[i];
  for (uint32_t i = w.count - m; i < w.count; ++i) w.piece[i] = Held{};
  w.count -= m;
}

void handoff_buffers::Close(Word& w) {
  w.open = w.tmr_on = false;
  w.start = w.filled = 0;
}

// -------------------------------------------------------------------------------------------------
// What the step emits.
Job& handoff_buffers::NewJob(JobKind kind) {
  d_.job_valid = true;
  d_.job = Job{};
  d_.job.kind = kind;
  d_.job.ntf.conn = r_.s1.conn;
  d_.job.ntf.gen = r_.s1.gen;
  return d_.job;
}

void handoff_buffers::NewNtf(NtfKind kind, uint8_t code) {
  d_.job.has_ntf = true;
  d_.job.ntf.kind = kind;
  d_.job.ntf.code = code;
}

void handoff_buffers::NewTimer(bool arm, uint8_t delay_class, uint8_t epoch) {
  d_.back_tmr_valid = true;
  d_.back_tmr = Tmr{.conn = r_.s1.conn, .arm = arm, .delay_class = delay_class, .epoch = epoch};
}

void handoff_buffers::CountHandBack() {
  d_.back_cnt_valid = true;
  d_.back_cnt.index = static_cast<uint8_t>(Counter::CntHandBacks);
}

const LegacyDesc& handoff_buffers::TakeLbuf() {
  lbuf_pop_ = true;
  return u_lbuf_skid_.data(*in.lbuf);
}

// -------------------------------------------------------------------------------------------------
// Outputs: what follows a last step.
void handoff_buffers::Finish(bool touch) {
  const Place& p = r_.s1;
  const uint8_t used = lbuf_pop_ ? 1 : 0;
  d_.legacy_return_valid = p.reserved > used;
  if (d_.legacy_return_valid) d_.legacy_return.n = static_cast<uint8_t>(p.reserved - used);
  if (!touch) return;
  r_.due = p.kind == PlaceKind::PlacePost || p.room_epoch != r_.w.epoch;
  if (r_.due) r_.due_conn = p.conn;
  r_.w.epoch = p.room_epoch;
}

// In the cycle after a last step: r_.w is that place's word still.
void handoff_buffers::TickRoom() {
  d_.room_valid = r_.due;
  if (!r_.due) return;
  const Word& w = r_.w;
  uint64_t avail = 0, sum = 0;
  for (uint32_t i = 0; i < w.count; ++i) {
    sum += w.piece[i].size;
    if (w.piece[i].last) avail = sum;
  }
  d_.room = Room{.conn = r_.due_conn,
                 .room_epoch = w.epoch,
                 .room_end = w.nxt + static_cast<uint32_t>(std::min(avail, kMaxRoom))};
}

// -------------------------------------------------------------------------------------------------
// Registers.
bool handoff_buffers::Flip(std::string_view reg, uint32_t bit) {
  const bool done = FlipRegister(*this, reg, bit);
  if (r_.w.count > slots_ || u_conn_.rdata().count > slots_) {  // there are no such pieces
    FlipRegister(*this, reg, bit);
    return false;
  }
  d_.place_ready = u_place_skid_.ready();
  d_.lbuf_ready = u_lbuf_skid_.ready();
  q_ = d_;
  idle_ = false;
  return done;
}

}  // namespace handoff
