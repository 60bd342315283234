// SPDX-License-Identifier: Apache-2.0
//
// Handing the data path to a delegate and taking it back (docs/design.md, 9). Retransmission and
// congestion control stay here throughout.
#include <algorithm>
#include <utility>

#include "sw/tcp/connection.h"
#include "sw/tcp/connection_ack.h"

namespace handoff::tcp {

std::string_view ToString(Delegation delegation) {
  constexpr std::string_view kNames[] = {"none",     "setting up", "in resync",
                                         "resuming", "live",       "leaving"};
  return kNames[static_cast<size_t>(delegation)];
}

std::string_view ToString(ResumeBar bar) {
  constexpr std::string_view kNames[] = {
      "may resume",       "not in resync",     "no state for data", "hole before the next byte",
      "inside clean run", "recovering a loss", "FIN received"};
  return kNames[static_cast<size_t>(bar)];
}

void Connection::BeginDelegation(DelegatePort& port) {
  delegation_ = {};
  delegation_.phase = Delegation::kSettingUp;
  delegation_.port = &port;
  delegation_.run.Reset(tcb_.rcv_nxt);
  FreezeJudge();
}

void Connection::FreezeJudge() {
  delegation_.judge = {.snd_una = tcb_.snd_una,
                       .max_wnd = tcb_.max_wnd,
                       .snd_nxt = tcb_.snd_nxt,
                       .timestamps = tcb_.timestamps,
                       .ts_recent = tcb_.ts_recent};
  delegation_.frozen = true;
}

void Connection::OnSetupAnswer(bool accepted) {
  const auto self = shared_from_this();
  if (delegation_.phase != Delegation::kSettingUp) return;
  if (accepted) {
    delegation_.phase = Delegation::kResync;
  } else {
    delegation_ = {};
  }
  Output();
  if (accepted && observer_ != nullptr) observer_->OnDelegated(*this);
  TellResumable();
}

void Connection::InputLegacy(const Segment& segment, const LegacyVerdict& verdict) {
  const auto self = shared_from_this();
  if (verdict.live) {
    InputLive(segment, verdict);
    return;
  }
  delegation_.run.OnFrame(segment, verdict.plain);
  delegation_.legacy_count = verdict.legacy_count;
  InputSegment(segment, verdict.hold);
  TellResumable();
}

// A frame that a live entry passed on without leaving the connection to us. Its tests were made
// against the engine's numbers, which are ahead of the ones here (corner 48).
void Connection::InputLive(const Segment& segment, const LegacyVerdict& verdict) {
  ++stats_.segments_in;
  last_heard_ = timers_.Now();
  if (verdict.sack) {
    AckEvent event = ProgressEvent(verdict.progress);
    event.sack = segment.options.sack;
    ProcessAck(event);
    TellUser();
    Output();
    return;
  }
  // An acceptable RST would have come with a resync; no ACK flag is no segment of an open
  // connection.
  if (segment.flags.rst || !segment.flags.ack) return;
  AnswerStranger(segment);
  Output();
}

Connection::AckEvent Connection::ProgressEvent(const Progress& progress) {
  AckEvent event;
  event.ack = progress.snd_una;
  event.window = progress.snd_wnd;
  event.updates_window = true;  // the engine has compared WL1 and WL2
  event.duplicates = progress.duplicate_acks;
  event.ts_echo = progress.ts_echo;
  return event;
}

void Connection::OnProgress(const Progress& progress) {
  const auto self = shared_from_this();
  if (!delegation_.HasEntry() || progress.snd_una > tcb_.snd_nxt) return;
  last_heard_ = timers_.Now();
  keepalive_sent_ = 0;
  ProcessAck(ProgressEvent(progress));
  TellUser();
  Output();
}

void Connection::OnDelegatedData(StreamPiece piece) {
  const auto self = shared_from_this();
  if (!delegation_.HasEntry()) return;
  const SeqRange range = piece.range();
  last_heard_ = timers_.Now();
  stats_.delegated_bytes_in += range.size();
  if (range.end <= tcb_.rcv_nxt || !MayReceive(tcb_.state)) return;
  if (discard_text_) {
    Abort();
    return;
  }
  reassembly_.Insert(piece.Cut({Later(range.start, tcb_.rcv_nxt), range.end}));
  for (StreamPiece& next : reassembly_.Take(tcb_.rcv_nxt)) Deliver(std::move(next));
  tcb_.rcv_adv = Later(tcb_.rcv_adv, tcb_.rcv_nxt);
  TellUser();
  Output();
}

bool Connection::PostUserBuffer(std::span<uint8_t> buffer, uint16_t id) {
  return delegation_.HasEntry() && delegation_.phase != Delegation::kLeaving &&
         delegation_.port->PostUserBuffer(*this, buffer, id);
}

// Also of a connection that is gone: the pages are pinned until then (corner 30).
void Connection::OnUserBufferReturned(const UserBufferReturn& back) {
  const auto self = shared_from_this();
  if (observer_ != nullptr) observer_->OnUserBufferReturned(*this, back);
}

void Connection::OnDelegatedResync(const ResyncNotice& notice) {
  const auto self = shared_from_this();
  if (!delegation_.HasEntry()) return;
  Progress progress;
  progress.snd_una = notice.snd_una;
  progress.snd_wnd = notice.snd_wnd;
  if (notice.snd_una <= tcb_.snd_nxt) ProcessAck(ProgressEvent(progress));
  if (!delegation_.HasEntry()) return;
  if (delegation_.phase != Delegation::kLeaving) delegation_.phase = Delegation::kResync;
  if (tcb_.rcv_nxt != notice.rcv_nxt) {
    OnDelegateFault();  // bytes that were acknowledged never came here
    return;
  }
  tcb_.ts_recent = notice.ts_recent;
  tcb_.ts_recent_at = timers_.Now();
  tcb_.last_ack_sent = notice.rcv_nxt;  // the engine flushed its pending ACK
  // The engine's WL1 and WL2 are not told; nothing older than rcv_nxt may set the window.
  tcb_.wl1 = Later(tcb_.wl1, notice.rcv_nxt);
  tcb_.wl2 = tcb_.snd_una;
  delegation_.run.Reset(notice.rcv_nxt);
  delegation_.legacy_count = notice.legacy_count;
  FreezeJudge();
  InputKept();
  TellUser();
  Output();
  TellResumable();
}

ResumeBar Connection::MayResume() const {
  if (delegation_.phase != Delegation::kResync) return ResumeBar::kNotResync;
  if (fin_received_ || fin_at_) return ResumeBar::kFin;
  if (!MayReceive(tcb_.state)) return ResumeBar::kState;
  if (!reassembly_.empty()) return ResumeBar::kHole;
  if (delegation_.run.CutsRun(tcb_.rcv_nxt)) return ResumeBar::kInsideRun;
  if (recovery_.phase() != Recovery::Phase::kOpen) return ResumeBar::kRecovering;
  return ResumeBar::kNone;
}

void Connection::TellResumable() {
  if (MayResume() == ResumeBar::kNone) delegation_.port->OnMayResume(*this);
}

ResumeState Connection::IssueResume() {
  GrantEdge();
  delegation_.phase = Delegation::kResuming;
  delegation_.resume_ack = tcb_.rcv_nxt;
  return {.legacy_count = delegation_.legacy_count,
          .rcv_nxt = tcb_.rcv_nxt,
          .edge = tcb_.rcv_adv,
          .snd_una = tcb_.snd_una,
          .snd_wnd = tcb_.snd_wnd,
          .max_wnd = tcb_.max_wnd,
          .wl1 = tcb_.wl1,
          .wl2 = tcb_.wl2,
          .ts_recent = tcb_.ts_recent,
          .last_ack_sent = tcb_.last_ack_sent};
}

void Connection::OnResumeAnswer(bool accepted, Seq live_at) {
  const auto self = shared_from_this();
  if (delegation_.phase != Delegation::kResuming) return;
  if (!accepted) {
    delegation_.phase = Delegation::kResync;
    InputKept();
    Output();  // what it owes
    TellResumable();
    return;
  }
  delegation_.phase = Delegation::kLive;
  delegation_.frozen = false;
  if (tcb_.rcv_nxt != live_at) {
    OnDelegateFault();  // the run held a frame that did not come here
    return;
  }
  // The engine acknowledges what there is.
  ack_policy_.OnAckSent();
  timers_.Cancel(TimerKind::kDelayedAck);
  tcb_.last_ack_sent = live_at;
  recovery_.ForgetDuplicates();  // the engine counts from zero
  if (!delegation_.kept.empty()) delegation_.port->RequestResync(*this);
  AfterRead();
  Output();
}

void Connection::BeginUndelegation() {
  if (delegation_.HasEntry()) delegation_.phase = Delegation::kLeaving;
}

void Connection::OnUndelegated(const FinalState& f) {
  const auto self = shared_from_this();
  if (delegation_.phase != Delegation::kLeaving) return;
  const bool was_live = !delegation_.frozen;
  auto kept = std::move(delegation_.kept);
  delegation_ = {};
  delegation_.kept = std::move(kept);
  tcb_.rcv_adv = Later(tcb_.rcv_adv, f.edge);
  // SENDs still queued became stale: their numbers never went out.
  const Seq sent = Earlier(tcb_.snd_nxt, send_.end());
  tcb_.snd_nxt = Later(Earlier(tcb_.snd_nxt, f.snd_nxt), tcb_.snd_una);
  if (tcb_.snd_nxt < sent) stats_.bytes_out -= Distance(tcb_.snd_nxt, sent);
  fin_sent_ = fin_sent_ && tcb_.snd_nxt > send_.end();
  if (was_live) {
    if (tcb_.rcv_nxt != f.rcv_nxt) {
      Abort(CloseReason::kDeviceFault);
      return;
    }
    // In resync the stack's own are the newer ones.
    tcb_.ts_recent = f.ts_recent;
    tcb_.ts_recent_at = timers_.Now();
    tcb_.wl1 = f.wl1;
    tcb_.wl2 = f.wl2;
    tcb_.max_wnd = std::max(tcb_.max_wnd, f.max_wnd);
    Progress last;
    last.snd_una = f.snd_una;
    last.snd_wnd = f.snd_wnd;
    ProcessAck(ProgressEvent(last));
  }
  tcb_.last_ack_sent = f.last_ack_sent;
  if (tcb_.rcv_nxt > tcb_.last_ack_sent) ack_policy_.DueNow();
  InputKept();
  TellUser();
  AfterRead();
  Output();
}

void Connection::OnDelegateFault() { Abort(CloseReason::kDeviceFault); }

}  // namespace handoff::tcp
