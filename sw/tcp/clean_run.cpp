// SPDX-License-Identifier: Apache-2.0
#include "sw/tcp/clean_run.h"

namespace handoff::tcp {
PlainVerdict PlainJudge::Judge(const Segment& segment) const {
  const auto& ts = segment.options.timestamps;
  return {
      .ack_good = AckIsGood(segment.ack, snd_una, max_wnd, snd_nxt),
      .timestamp_good = !timestamps || (ts && static_cast<int32_t>(ts->value - ts_recent) >= 0)};
}

bool IsPlain(const Segment& segment, PlainVerdict verdict) {
  const Flags& f = segment.flags;
  // ECE, CWR and reserved bits are ignored (corner 37).
  const bool ordinary = f.ack && !f.syn && !f.rst && !f.fin && !f.urg && !segment.options.unknown;
  return ordinary && verdict.ack_good && verdict.timestamp_good;
}

void RunTracker::Reset(Seq rcv_nxt) { Begin({rcv_nxt, rcv_nxt}, 0); }

void RunTracker::Begin(SeqRange run, uint32_t frames) {
  run_ = run;
  frames_ = frames;
}

void RunTracker::OnFrame(const Segment& segment, PlainVerdict verdict) {
  const SeqRange data = {segment.seq, segment.seq + static_cast<uint32_t>(segment.payload.size())};
  if (!IsPlain(segment, verdict)) {
    // To count it would lose a byte that the stack drops.
    Begin({data.start, data.start}, 0);
    return;
  }
  if (data.empty()) {
    // Else a peer's pure ACKs would keep the stack out for ever.
    if (frames_ < kMaxRunFrames) ++frames_;
    return;
  }
  const Seq end = Later(run_.end, data.end);
  if (data.start > run_.end || Distance(run_.start, end) > kMaxRunBytes) {
    Begin(data, 1);
    return;
  }
  run_.end = end;
  if (frames_ < kMaxRunFrames) ++frames_;
}

}  // namespace handoff::tcp
