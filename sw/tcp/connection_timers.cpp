// SPDX-License-Identifier: Apache-2.0
//
// Timeouts (RFC 9293, 3.10.8; RFC 6298, 5).
#include <algorithm>

#include "sw/tcp/connection.h"

namespace handoff::tcp {

void Connection::OnTimer(TimerKind kind) {
  const auto self = shared_from_this();
  switch (kind) {
    case TimerKind::kRetransmit:
      OnRetransmitTimer();
      break;
    case TimerKind::kPersist:
      OnPersistTimer();
      break;
    case TimerKind::kDelayedAck:
      ack_policy_.OnDelayExpired();
      Output();
      break;
    case TimerKind::kKeepalive:
      OnKeepaliveTimer();
      break;
    case TimerKind::kTimeWait:
      Die(CloseReason::kDone);
      break;
  }
}

void Connection::OnRetransmitTimer() {
  const bool opening = tcb_.state == State::kSynSent || tcb_.state == State::kSynReceived;
  if (delegation_.phase == Delegation::kLeaving) {
    timers_.Set(TimerKind::kRetransmit, rtt_.rto());
    return;
  }
  ++retries_;
  ++stats_.timeouts;
  // RFC 9293, 3.8.3: R2.
  if (retries_ > (opening ? host_.config().syn_retries : host_.config().data_retries)) {
    Die(CloseReason::kTimedOut);
    return;
  }
  rtt_.BackOff();  // RFC 6298, 5.5; RFC 9293, 3.8.2
  if (opening) {
    syn_sent_again_ = true;
    SendSyn();
    timers_.Set(TimerKind::kRetransmit, rtt_.rto());
    return;
  }
  timed_.reset();
  recovery_.OnTimeout(tcb_.snd_una, tcb_.snd_nxt, timers_.Now());
  Output();  // RFC 6298, 5.4: the earliest segment; 5.6 with it
}

void Connection::OnPersistTimer() {
  if (delegation_.phase == Delegation::kLeaving) {
    timers_.Set(TimerKind::kPersist, rtt_.rto());
    return;
  }
  if (UsableWindow() > 0) {
    SendNew(true);
  } else {
    ++persist_backoff_;
    if (++retries_ > host_.config().data_retries) {
      Die(CloseReason::kTimedOut);
      return;
    }
    SendProbe();
  }
  ArmSendTimers();
}

void Connection::StartKeepalive() {
  if (options_.keepalive) timers_.Set(TimerKind::kKeepalive, host_.config().keepalive_idle);
}

void Connection::OnKeepaliveTimer() {
  const TcpConfig& config = host_.config();
  const Micros silent = timers_.Now() - last_heard_;
  if (keepalive_sent_ == 0 && silent < config.keepalive_idle) {
    timers_.Set(TimerKind::kKeepalive, config.keepalive_idle - silent);
    return;
  }
  // RFC 9293, 3.8.4: not while sent data is outstanding. The retransmission timer sees to that
  // peer.
  if (tcb_.FlightBytes() > 0) {
    timers_.Set(TimerKind::kKeepalive, config.keepalive_interval);
    return;
  }
  if (keepalive_sent_ >= config.keepalive_probes) {
    Abort(CloseReason::kTimedOut);
    return;
  }
  ++keepalive_sent_;
  if (delegation_.phase != Delegation::kLeaving) SendProbe();
  timers_.Set(TimerKind::kKeepalive, config.keepalive_interval);
}

}  // namespace handoff::tcp
