// SPDX-License-Identifier: Apache-2.0
//
// What an acknowledgement changes on the send side (RFC 9293, 3.10.7.4, fifth; RFC 5681).
#include "sw/tcp/connection_ack.h"

#include <algorithm>

#include "sw/tcp/paws.h"

namespace handoff::tcp {

void Connection::ProcessAck(const AckEvent& event) {
  const Micros now = timers_.Now();
  const Seq una = tcb_.snd_una;
  const uint32_t flight = tcb_.FlightBytes();
  // RFC 5681, 2: data outstanding, nothing carried, nothing moved, the window as it was.
  const bool duplicate =
      event.may_be_duplicate && flight > 0 && event.ack == una && event.window == tcb_.snd_wnd;
  const bool advanced = event.ack > una;
  if (advanced) {
    tcb_.snd_una = event.ack;
    send_.Acknowledge(event.ack);
    TakeRttSample(event);
    recovery_.OnNewAck(una, event.ack,
                       {.acked_bytes = Distance(una, event.ack),
                        .now = now,
                        .srtt = rtt_.srtt(),
                        .window_was_full = 2 * uint64_t{flight} >= recovery_.control().cwnd()});
    retries_ = 0;
    timers_.Cancel(TimerKind::kRetransmit);  // RFC 6298, 5.3: it starts again with what is left
    if (wants_room_ && send_.free() > 0) {
      wants_room_ = false;
      events_.writable = true;
    }
  }
  if (event.ack >= una) {
    if (duplicate && !tcb_.sack_ok) recovery_.OnDuplicateAck(una, tcb_.snd_nxt, now);
    while (event.duplicates && !tcb_.sack_ok && tcb_.FlightBytes() > 0 &&
           recovery_.duplicate_acks() < *event.duplicates) {
      recovery_.OnDuplicateAck(tcb_.snd_una, tcb_.snd_nxt, now);
    }
    if (event.updates_window) {
      tcb_.snd_wnd = event.window;
      tcb_.max_wnd = std::max(tcb_.max_wnd, event.window);
      if (event.seq) tcb_.wl1 = *event.seq;
      tcb_.wl2 = event.ack;
    }
  }
  if (!event.sack.empty()) {
    recovery_.OnSack(event.sack, tcb_.snd_una, tcb_.snd_nxt, advanced, now);
  }
  // RFC 9293, 3.8.6.1: a peer that answers is not given up, however long its window is zero.
  if (tcb_.snd_wnd == 0) retries_ = 0;
  if (UsableWindow() > 0) persist_backoff_ = 0;
  if (fin_sent_ && tcb_.snd_una == send_.end() + 1) AfterFinAcked();
}

void Connection::TakeRttSample(const AckEvent& event) {
  const Micros now = timers_.Now();
  if (tcb_.timestamps && !options_.ignore_echoed_times) {
    // RFC 7323, 3.2: zero where there is no echo. One of a time to come cannot be ours.
    timed_.reset();
    if (!event.ts_echo || *event.ts_echo == 0) return;
    const auto ticks = static_cast<int32_t>(TimestampAt(tcb_, now) - *event.ts_echo);
    if (ticks < 0) return;
    const uint32_t mss = std::max<uint32_t>(EffectiveMss(), 1);
    rtt_.AddSample(Micros(int64_t{ticks} << kTimestampShift), tcb_.FlightBytes() / (2 * mss) + 1);
    return;
  }
  // RFC 9293, 3.8.1 and RFC 6298, 3 (Karn): only a segment that was sent once is timed.
  if (timed_ && event.ack >= timed_->end) {
    rtt_.AddSample(now - timed_->sent_at);
    timed_.reset();
  }
}

void Connection::AfterFinAcked() {
  switch (tcb_.state) {
    case State::kFinWait1:
      SetState(State::kFinWait2);
      if (discard_text_) timers_.Set(TimerKind::kTimeWait, host_.config().fin_wait_2);
      return;
    case State::kClosing:
      EnterTimeWait();
      return;
    case State::kLastAck:
      Die(CloseReason::kDone);
      return;
    default:
      return;
  }
}

}  // namespace handoff::tcp
