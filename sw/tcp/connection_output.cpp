// SPDX-License-Identifier: Apache-2.0
//
// What is sent, and when (RFC 9293, 3.7 and 3.8; RFC 5681; RFC 6298, 5).
#include <algorithm>
#include <utility>

#include "sw/tcp/connection.h"

namespace handoff::tcp {

SegmentSink& Connection::Sink() {
  return delegation_.HasEntry() ? *delegation_.port : host_.wire();
}

// Whether text, or the FIN, may leave in this state.
bool Connection::MaySend() const {
  switch (tcb_.state) {
    case State::kEstablished:
    case State::kFinWait1:
    case State::kCloseWait:
    case State::kClosing:
    case State::kLastAck:
      return true;
    default:
      return false;
  }
}

Seq Connection::SendEnd() const { return send_.end() + (fin_queued_ ? 1 : 0); }

uint32_t Connection::UnsentBytes() const {
  return tcb_.snd_nxt < send_.end() ? Distance(tcb_.snd_nxt, send_.end()) : 0;
}

uint32_t Connection::UsableWindow() const {
  const Seq edge = tcb_.snd_una + tcb_.snd_wnd;
  return tcb_.snd_nxt < edge ? Distance(tcb_.snd_nxt, edge) : 0;
}

void Connection::Output() {
  if (tcb_.state == State::kClosed || tcb_.state == State::kSynSent) return;
  // While the entry goes away nobody knows which SEND still leaves; what is owed waits.
  if (delegation_.phase == Delegation::kLeaving) return;
  if (MaySend()) {
    while (SendLost() || SendNew(false) || SendSpeculative()) {
    }
  }
  switch (ack_policy_.when()) {
    case AckPolicy::When::kNow:
      // From the issue of RESUME to its answer no ACK is sent (docs/design.md, 9).
      if (delegation_.phase != Delegation::kResuming) SendAck();
      break;
    case AckPolicy::When::kDelayed:
      if (!timers_.Running(TimerKind::kDelayedAck)) {
        timers_.Set(TimerKind::kDelayedAck, host_.config().delayed_ack);
      }
      break;
    case AckPolicy::When::kNotDue:
      break;
  }
  ArmSendTimers();
}

bool Connection::SendLost() {
  const auto lost = recovery_.NextLost(tcb_.snd_una, tcb_.snd_nxt);
  if (!lost) return false;
  recovery_.OnResent(*lost);
  SendRange(*lost, true);
  return true;
}

bool Connection::SendSpeculative() {
  const auto range = recovery_.NextSpeculative(tcb_.snd_una, tcb_.snd_nxt);
  if (!range) return false;
  recovery_.OnSpeculated(*range);
  SendRange(*range, true);
  return true;
}

// `overdue`: the override timer says that a small segment has to go.
bool Connection::SendNew(bool overdue) {
  const uint32_t unsent = UnsentBytes();
  const bool fin_waits = fin_queued_ && !fin_sent_;
  if (unsent == 0 && !fin_waits) return false;
  // The entry starts with the snd_nxt that SETUP names.
  if (delegation_.phase == Delegation::kSettingUp) return false;
  const bool in_flight = tcb_.snd_una != tcb_.snd_nxt;
  if (!in_flight && timers_.Now() - last_sent_at_ > rtt_.rto()) recovery_.OnIdle();

  const uint32_t mss = EffectiveMss();
  const uint32_t usable = UsableWindow();
  const bool wanted = SendNow({.unsent = unsent,
                               .usable = usable,
                               .mss = mss,
                               .max_wnd = tcb_.max_wnd,
                               .in_flight = in_flight,
                               .no_delay = options_.no_delay,
                               .last = fin_waits,
                               .overdue = overdue});
  if (unsent > 0 && !wanted) return false;
  uint32_t len = std::min({unsent, usable, Sink().MaxPayload(mss)});
  const uint32_t allowance = recovery_.Allowance(tcb_.snd_una, tcb_.snd_nxt);
  if (allowance < std::min(len, mss)) return false;
  if (len > allowance) len = allowance - allowance % mss;
  if (len > mss && len < unsent) len -= len % mss;
  const bool fin = fin_waits && len == unsent && usable > len;
  if (len == 0 && !fin) return false;
  SendRange({tcb_.snd_nxt, tcb_.snd_nxt + len + (fin ? 1 : 0)}, false);
  return true;
}

// Sends the numbers of `range`: bytes of the send queue, and the FIN behind its end.
void Connection::SendRange(SeqRange range, bool retransmission) {
  const SeqRange text = {range.start, Later(range.start, Earlier(range.end, send_.end()))};
  SegmentSpec spec;
  spec.seq = range.start;
  spec.len = text.size();
  spec.payload = send_.Pieces(text);
  spec.flags.ack = true;
  spec.flags.fin = range.end > send_.end();
  spec.flags.psh = spec.len > 0 && text.end == send_.end();  // RFC 9293, 3.9.1.2: nothing follows
  spec.retransmission = retransmission;
  if (retransmission) {
    ++stats_.retransmissions;
    timed_.reset();
  } else {
    tcb_.snd_nxt = range.end;
    fin_sent_ = fin_sent_ || spec.flags.fin;
    stats_.bytes_out += spec.len;
    if (!timed_) timed_ = Timed{range.end, timers_.Now()};
  }
  last_sent_at_ = timers_.Now();
  Transmit(std::move(spec));
}

void Connection::SendSyn() {
  SegmentSpec spec;
  spec.seq = tcb_.iss;
  spec.flags.syn = true;
  spec.flags.ack = tcb_.state == State::kSynReceived;
  spec.options.mss = tcb_.rcv_mss;
  const bool answers = spec.flags.ack;
  // What the peer's SYN did not ask for is not offered to it.
  if (options_.window_scaling && (!answers || peer_scales_)) {
    spec.options.window_scale = tcb_.rcv_scale;
  }
  spec.options.sack_permitted = tcb_.sack_ok;
  spec.retransmission = timed_.has_value();
  if (!timed_ && retries_ == 0) {
    timed_ = Timed{tcb_.iss + 1, timers_.Now()};
  } else {
    timed_.reset();
  }
  Transmit(std::move(spec));
}

void Connection::SendAck() {
  SegmentSpec spec;
  spec.seq = tcb_.snd_nxt;
  spec.flags.ack = true;
  Transmit(std::move(spec));
}

// A segment that the peer must answer and that tells it nothing new: of a zero window, and of a
// silent peer (RFC 9293, 3.8.4 and 3.8.6.1; corner 90).
void Connection::SendProbe() {
  SegmentSpec spec;
  spec.seq = tcb_.snd_una - 1;
  spec.flags.ack = true;
  Transmit(std::move(spec));
}

// `answers_ack`: the segment had an ACK for something not sent, and `seq` is its number; such a
// reset acknowledges nothing (RFC 9293, 3.5.2, groups 1 and 2).
void Connection::SendReset(Seq seq, bool answers_ack) {
  SegmentSpec spec;
  spec.seq = seq;
  spec.flags.rst = true;
  spec.flags.ack = !answers_ack;
  spec.ack = tcb_.rcv_nxt;
  spec.edge = tcb_.rcv_nxt;
  ++stats_.segments_out;
  host_.wire().Transmit(*this, spec);  // never by an entry (docs/design.md, 7)
}

void Connection::Transmit(SegmentSpec spec) {
  const bool resuming = delegation_.phase == Delegation::kResuming;
  if (!spec.flags.syn) GrantEdge();
  spec.ack = resuming ? delegation_.resume_ack : tcb_.rcv_nxt;
  spec.edge = tcb_.rcv_adv;
  bool told_all = true;
  if (!spec.flags.syn && tcb_.sack_ok && reassembly_.HasBlocks() && !resuming) {
    // Beside text only where there is room, and never by an entry's SEND with data.
    const uint32_t room = EffectiveMss() - std::min(EffectiveMss(), spec.len);
    if (spec.len == 0 || (!delegation_.HasEntry() && room >= kMaxOptionBytes)) {
      spec.options.sack = reassembly_.TakeBlocks(tcb_.rcv_nxt);
      spec.options.sack.Truncate(tcb_.timestamps || delegation_.HasEntry() ? 3 : 4);
    } else {
      told_all = false;
    }
  }
  if (spec.flags.ack && !resuming && told_all) {
    ack_policy_.OnAckSent();
    timers_.Cancel(TimerKind::kDelayedAck);
  }
  if (spec.flags.ack && !resuming) tcb_.last_ack_sent = spec.ack;
  ++stats_.segments_out;
  Sink().Transmit(*this, spec);
}

void Connection::ArmSendTimers() {
  if (!MaySend()) return;
  if (tcb_.FlightBytes() > 0) {
    timers_.Cancel(TimerKind::kPersist);
    if (!timers_.Running(TimerKind::kRetransmit)) {
      timers_.Set(TimerKind::kRetransmit, rtt_.rto());  // RFC 6298, 5.1
    }
    return;
  }
  timers_.Cancel(TimerKind::kRetransmit);  // RFC 6298, 5.2
  const bool blocked = tcb_.snd_nxt < SendEnd() && delegation_.phase != Delegation::kSettingUp;
  if (!blocked) {
    timers_.Cancel(TimerKind::kPersist);
  } else if (!timers_.Running(TimerKind::kPersist)) {
    // RFC 9293, 3.8.6.1: first after a timeout, then ever more rarely.
    const Micros delay = rtt_.rto() * (int64_t{1} << std::min(persist_backoff_, 10u));
    timers_.Set(TimerKind::kPersist, std::min(delay, host_.config().rtt.max_rto));
  }
}

WindowOffer Connection::CurrentWindow() const {
  return {.rcv_nxt = tcb_.rcv_nxt,
          .rcv_adv = tcb_.rcv_adv,
          .buffer = options_.rcv_buf_bytes,
          .unread = static_cast<uint32_t>(received_.charged_bytes()),
          .mss = tcb_.rcv_mss,
          .scale = tcb_.rcv_scale};
}

void Connection::GrantEdge() {
  if (!MayReceive(tcb_.state)) return;
  tcb_.rcv_adv = EdgeToGrant(CurrentWindow());
}

// The application took bytes: perhaps the peer has to hear of the room.
void Connection::AfterRead() {
  if (!MayReceive(tcb_.state)) return;
  WindowOffer offer = CurrentWindow();
  if (delegation_.phase == Delegation::kLive) {
    // The engine decides when to tell; a command for every few segments would be a waste. Without
    // window scaling the buffer may be far larger than what can be granted.
    const uint32_t most = std::min(offer.buffer, 0xffffu << offer.scale);
    offer.mss = std::max(offer.mss, most / 16);
    if (!NeedsWindowUpdate(offer)) return;
    GrantEdge();
    delegation_.port->AdvertiseEdge(*this, tcb_.rcv_adv);
    return;
  }
  if (!NeedsWindowUpdate(offer)) return;
  ack_policy_.DueNow();
  Output();
}

}  // namespace handoff::tcp
