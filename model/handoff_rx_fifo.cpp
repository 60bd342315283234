// SPDX-License-Identifier: Apache-2.0
#include "model/handoff_rx_fifo.h"

#include "model/flip.h"

namespace handoff {

handoff_rx_fifo::handoff_rx_fifo(const Params& params)
    : beats_(params.RxFifoBeats), u_beats_(params.RxFifoBeats), u_hdr_(params.RxFifoFrames) {}

void handoff_rx_fifo::Reset() {
  r_ = Regs{};
  u_beats_.Reset();
  u_hdr_.Reset();
  d_ = Next{};
  q_ = Out{};
  resting_ = false;
}

void handoff_rx_fifo::Edge() {
  const bool frame_valid = *in.frame_valid;
  d_.changed = true;

  // -----------------------------------------------------------------------------------------------
  // In: a frame is stored beat by beat, and committed or dropped with its last.

  const bool full = r_.avail + r_.cur == beats_;
  const bool store = frame_valid && !r_.drop && !full;
  const bool ended = frame_valid && *in.hdr_valid;
  bool bad = false;
  bool commit = false;
  if (ended) {
    const Reason reason = in.hdr->seg.reason;
    bad = reason == Reason::ReasonMacError || reason == Reason::ReasonRunt ||
          reason == Reason::ReasonOversize;
    commit = store && !bad && u_hdr_.ready();
    d_.rxf_cnt.index = static_cast<uint8_t>(Counter::CntFramesIn);
    if (!commit) {
      d_.rxf_drop.index = static_cast<uint8_t>(bad ? reason : Reason::ReasonRxFifoFull);
    }
  }

  // -----------------------------------------------------------------------------------------------
  // Out: the RAMs' output registers are the channels' output registers.

  const bool read = r_.avail != 0 && (!q_.fdata_valid || *in.fdata_ready);

  if (read) {
    u_beats_.TickRead(r_.rd);
    r_.rd = Inc(r_.rd);
  }
  if (store) u_beats_.TickWrite(r_.wr, *in.frame);
  const uint32_t after = Inc(r_.wr);
  if (ended && !commit) {
    r_.wr = r_.start;
  } else if (store) {
    r_.wr = after;
  }
  if (commit) r_.start = after;
  r_.avail = r_.avail + (commit ? r_.cur + 1 : 0) - read;
  r_.cur = ended ? 0 : r_.cur + store;
  r_.drop = !ended && (r_.drop || (frame_valid && !store));

  const bool hdr_was_valid = u_hdr_.valid();
  const bool pop = hdr_was_valid && *in.hdr_ready;
  if (commit || pop || !u_hdr_.settled()) u_hdr_.Tick(commit, *in.hdr, pop);

  d_.hdr_valid = u_hdr_.valid();
  d_.hdr_loads = d_.hdr_valid && (!hdr_was_valid || pop);
  d_.fdata_valid = read || (q_.fdata_valid && !*in.fdata_ready);
  d_.fdata_loads = read;
  d_.rxf_cnt_valid = ended;
  d_.rxf_drop_valid = ended && !commit;
  d_.quiet = u_hdr_.empty() && r_.avail == 0 && !d_.fdata_valid && !ended;
  resting_ = !ended && u_hdr_.settled() && (r_.avail == 0 || d_.fdata_valid);
}

void handoff_rx_fifo::Show() {
  d_.changed = false;
  if (d_.hdr_loads) q_.hdr = u_hdr_.data();
  if (d_.fdata_loads) q_.fdata = u_beats_.rdata();
  q_.hdr_valid = d_.hdr_valid;
  q_.fdata_valid = d_.fdata_valid;
  q_.rxf_cnt_valid = d_.rxf_cnt_valid;
  q_.rxf_cnt = d_.rxf_cnt;
  q_.rxf_drop_valid = d_.rxf_drop_valid;
  q_.rxf_drop = d_.rxf_drop;
  q_.quiet = d_.quiet;
}

bool handoff_rx_fifo::Flip(std::string_view reg, uint32_t bit) {
  const bool done = FlipRegister(*this, reg, bit);
  // With a depth that is no power of two: there is no beat of that number.
  if (r_.wr >= beats_ || r_.start >= beats_ || r_.rd >= beats_) {
    FlipRegister(*this, reg, bit);
    return false;
  }
  q_.hdr_valid = u_hdr_.valid();
  q_.hdr = u_hdr_.data();
  q_.fdata = u_beats_.rdata();
  resting_ = false;
  return done;
}

}  // namespace handoff
