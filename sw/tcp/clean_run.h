// SPDX-License-Identifier: Apache-2.0
//
// The clean run: the latest stretch of the stream that plain frames alone have brought since the
// connection entered resync. The engine keeps it over the frames it has seen, the stack over those
// it has consumed; a frame the stack has not consumed is safe to leave to it exactly if it lies in
// the engine's run (docs/design.md, 9; corners 73 to 80).
//
//        start              end
//   ......|------------------|.......> stream      frames(): how many frames made it
//
// Invariant: start <= end <= start + 2^30; frames() == 0 implies an empty run.
#pragma once

#include <cstdint>

#include "sw/tcp/segment.h"
#include "sw/tcp/seq.h"

namespace handoff::tcp {

// The longest run; a frame that would make it longer begins a new one (corner 80).
inline constexpr uint32_t kMaxRunBytes = 1u << 30;
inline constexpr uint32_t kMaxRunFrames = 0xffff;

// The tests that a frame must pass to be plain, beside having no flag or option of its own.
struct PlainVerdict {
  bool ack_good = false;
  bool timestamp_good = false;
};

// Judges by what is frozen on entering resync (corner 74), but for snd_nxt.
struct PlainJudge {
  Seq snd_una;
  uint32_t max_wnd = 0;
  Seq snd_nxt;
  bool timestamps = false;  // negotiated
  uint32_t ts_recent = 0;

  PlainVerdict Judge(const Segment& segment) const;
};

// No SYN, RST, FIN, URG or unknown option, its ACK good, its timestamp not below ts_recent.
bool IsPlain(const Segment& segment, PlainVerdict verdict);

class RunTracker {
 public:
  // After SETUP, and on entering resync: empty, at rcv_nxt.
  void Reset(Seq rcv_nxt);
  // One frame consumed in resync, in the order of the legacy counts.
  void OnFrame(const Segment& segment, PlainVerdict verdict);

  Seq start() const { return run_.start; }
  Seq end() const { return run_.end; }
  uint32_t frames() const { return frames_; }  // saturates at kMaxRunFrames
  // Whether `rcv_nxt` lies in the run before its end: bytes of the run are still owed to the
  // application, so the engine must not be resumed (corner 70).
  bool CutsRun(Seq rcv_nxt) const { return run_.Contains(rcv_nxt); }

 private:
  void Begin(SeqRange run, uint32_t frames);

  SeqRange run_;
  uint32_t frames_ = 0;
};

}  // namespace handoff::tcp
