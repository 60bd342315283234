// SPDX-License-Identifier: Apache-2.0
//
// What passes between a connection and the delegate that handles its data path (docs/design.md, 9).
//
//           BeginDelegation        OnSetupAnswer          IssueResume        OnResumeAnswer
//   kNone ------------------> kSettingUp --------> kResync ---------> kResuming ---------> kLive
//     ^                            | refused          ^                   | refused           |
//     |<---------------------------+                  +<------------------+                   |
//     |                                               +<------- OnDelegatedResync -------------+
//     +<---- OnUndelegated ---- kLeaving <------- BeginUndelegation from any of them
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "sw/tcp/bytes.h"
#include "sw/tcp/clean_run.h"
#include "sw/tcp/memory.h"
#include "sw/tcp/segment.h"
#include "sw/tcp/segment_sink.h"
#include "sw/tcp/seq.h"
#include "sw/types.h"

namespace handoff::tcp {

enum class Delegation : uint8_t { kNone, kSettingUp, kResync, kResuming, kLive, kLeaving };
std::string_view ToString(Delegation delegation);

// The send state of an entry, as progress tells it: equal to an acknowledgement's.
struct Progress {
  Seq snd_una;
  uint32_t snd_wnd = 0;         // bytes
  uint32_t duplicate_acks = 0;  // RFC 5681's running count, zero after an advance
  std::optional<uint32_t> ts_echo;
};

// What a notification says of a whole frame on a connection that has an entry.
struct LegacyVerdict {
  bool live = false;  // and stayed so; else the entry was, or is by this frame, in resync
  uint32_t legacy_count = 0;
  Seq rcv_nxt;              // the engine's
  bool acceptable = false;  // its tests' results
  PlainVerdict plain;
  // Verdict legacy, reason `sack`: a live entry that took the acknowledgement; `progress` holds.
  bool sack = false;
  Progress progress;
  Hold hold;  // keeps the legacy buffer while its bytes are read; empty: the bytes are copied
};

// A live entry met what it must not handle, or was told to stop. The frame that caused it follows,
// as one that came in resync.
struct ResyncNotice {
  Seq rcv_nxt;
  Seq snd_una;  // with the window: progress that was not told before
  uint32_t snd_wnd = 0;
  uint32_t ts_recent = 0;
  uint32_t legacy_count = 0;
};

// What RESUME carries.
struct ResumeState {
  uint32_t legacy_count = 0;
  Seq rcv_nxt;
  Seq edge;
  Seq snd_una;
  uint32_t snd_wnd = 0;
  uint32_t max_wnd = 0;
  Seq wl1;
  Seq wl2;
  uint32_t ts_recent = 0;
  Seq last_ack_sent;
};

// The state an entry leaves behind.
struct FinalState {
  Seq rcv_nxt;
  Seq edge;
  Seq snd_una;
  Seq snd_nxt;  // one past the last number that went on the wire
  uint32_t snd_wnd = 0;
  uint32_t max_wnd = 0;
  Seq wl1;
  Seq wl2;
  uint32_t ts_recent = 0;
  Seq last_ack_sent;
};

// Why a connection must not be resumed yet.
enum class ResumeBar : uint8_t {
  kNone,        // it may
  kNotResync,   // not delegated, or a RESUME is under way
  kState,       // not a state in which data flows
  kHole,        // the reassembly queue is not empty
  kInsideRun,   // rcv_nxt lies in the clean run short of its end
  kRecovering,  // the stack's own loss recovery is open
  kFin,         // the peer's FIN has come
};
std::string_view ToString(ResumeBar bar);

// The sink of a connection with an entry, by whoever drives the engine.
class DelegatePort : public SegmentSink {
 public:
  // SET of the advertised edge: used while live; in resync a segment without data tells it.
  virtual void AdvertiseEdge(Connection& connection, Seq edge) = 0;
  // The stack met what the engine must not be live for: a fragment, IP options, a close.
  virtual void RequestResync(Connection& connection) = 0;
  // RST was sent or received: the connection is gone, its entry has to go.
  virtual void OnConnectionGone(Connection& connection) = 0;
  // After each event that might have made MayResume() true.
  virtual void OnMayResume(Connection& connection) = 0;
  // An application's buffer for bytes to come. True: it belongs to the engine until
  // Connection::OnUserBufferReturned() names it. False: refused, nothing is kept.
  virtual bool PostUserBuffer(Connection& connection, std::span<uint8_t> buffer, uint16_t id) = 0;
};

// A segment that waits until it can be judged.
struct KeptSegment {
  explicit KeptSegment(const Segment& arrived)
      : segment(arrived), payload(arrived.payload.begin(), arrived.payload.end()) {
    segment.payload = {};
  }

  Segment segment;  // without its payload
  Bytes payload;
};

// The stack's half of the protocol: where it stands, and the clean run of what it has consumed.
struct DelegationState {
  Delegation phase = Delegation::kNone;
  DelegatePort* port = nullptr;
  RunTracker run;
  PlainJudge judge;               // frozen on entering resync
  uint32_t legacy_count = 0;      // frames consumed
  bool frozen = false;            // the judge holds: not live
  Seq resume_ack;                 // kResuming: what RESUME named
  std::vector<KeptSegment> kept;  // came past the entry while live or kResuming

  bool HasEntry() const { return phase >= Delegation::kResync; }
  bool InResync() const { return phase == Delegation::kResync || phase == Delegation::kResuming; }
};

}  // namespace handoff::tcp
