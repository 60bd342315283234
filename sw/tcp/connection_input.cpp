// SPDX-License-Identifier: Apache-2.0
//
// SEGMENT ARRIVES, RFC 9293, 3.10.7: the steps in its order, with RFC 5961 and RFC 7323 where they
// come in.
#include <algorithm>
#include <utility>

#include "sw/tcp/connection.h"
#include "sw/tcp/connection_ack.h"
#include "sw/tcp/paws.h"

namespace handoff::tcp {

void Connection::Input(const Segment& segment) {
  const auto self = shared_from_this();
  // It came past the entry (IP options). While that is live the numbers here lag behind the
  // engine's, so it cannot be judged; while a RESUME is under way they must not move beyond the
  // run.
  if (delegation_.HasEntry() &&
      (!delegation_.frozen || delegation_.phase == Delegation::kResuming)) {
    constexpr size_t kMostKept = 16;  // of more the peer sends the rest again
    if (delegation_.kept.size() < kMostKept) delegation_.kept.emplace_back(segment);
    if (delegation_.phase == Delegation::kLive) delegation_.port->RequestResync(*this);
    return;
  }
  InputSegment(segment, {});
}

// The connection is in resync again, or has no entry any more: what could not be judged now can.
// Were it only dropped, it might never get through: the connection could be live again each time
// that the peer resends it.
void Connection::InputKept() {
  for (const KeptSegment& each : std::exchange(delegation_.kept, {})) {
    Segment segment = each.segment;
    segment.payload = each.payload;
    InputSegment(segment, {});
  }
}

void Connection::InputSegment(const Segment& segment, const Hold& hold) {
  ++stats_.segments_in;
  last_heard_ = timers_.Now();
  keepalive_sent_ = 0;
  switch (tcb_.state) {
    case State::kClosed:
      return;
    case State::kSynSent:
      InputSynSent(segment, hold);
      break;
    default:
      InputSynchronized(segment, hold);
      break;
  }
  TellUser();
  Output();
}

// 3.10.7.3.
void Connection::InputSynSent(const Segment& segment, const Hold& hold) {
  const Flags& f = segment.flags;
  // First: an ACK of what was never sent is answered by a reset; so a peer that still has a
  // connection which this host forgot learns of it (RFC 9293, 3.5.1, figure 9).
  if (f.ack && (segment.ack <= tcb_.iss || segment.ack > tcb_.snd_nxt)) {
    if (!f.rst) SendReset(segment.ack, true);
    return;
  }
  // Second: a reset counts only with an acceptable ACK.
  if (f.rst) {
    if (f.ack) Die(CloseReason::kRefused);
    return;
  }
  // Fourth (third is security, not in use).
  if (!f.syn) return;  // fifth
  TakeSyn(segment);
  if (!f.ack) {
    // Simultaneous open.
    SetState(State::kSynReceived);
    SendSyn();
    timers_.Set(TimerKind::kRetransmit, rtt_.rto());
    return;
  }
  AckEvent event = AckEvent::Of(segment, tcb_);
  event.window = segment.window;  // a SYN's is not scaled
  tcb_.snd_una = segment.ack;
  TakeRttSample(event);
  Establish();
  ack_policy_.DueNow();
  // The rest is as from the sixth step on: URG, text, FIN.
  Segment rest = segment;
  rest.seq += 1;
  rest.flags.syn = false;
  InputText(rest, hold);
  InputFin();
}

// 3.10.7.4, of SYN-RECEIVED and all states after it.
void Connection::InputSynchronized(const Segment& arrived, const Hold& hold) {
  Segment segment = arrived;
  if (tcb_.state == State::kSynReceived && segment.flags.syn && segment.seq == tcb_.irs) {
    // The SYN once more. Without ACK ours was lost; with one both sides opened at once (3.5,
    // figure 7), and the number of the SYN is already counted.
    if (!segment.flags.ack) {
      if (!challenge_acks_.Spend(timers_.Now())) return;
      syn_sent_again_ = true;
      SendSyn();
      return;
    }
    segment.flags.syn = false;
    segment.seq += 1;
  }

  // First: sequence number. RFC 7323, 5.3, R1 puts the timestamp before it.
  if (!PassesTimestamps(segment)) return;
  if (!Acceptable(segment.seq, segment.Length(), tcb_.rcv_nxt, tcb_.rcv_adv)) {
    AnswerUnacceptable(segment);
    return;
  }
  // Second: RST. Third is security. Fourth: SYN. Fifth: ACK.
  if (segment.flags.rst) {
    InputReset(segment);
    return;
  }
  if (segment.flags.syn) {
    InputSyn(segment);
    return;
  }
  if (!PassesAck(segment)) return;
  // Whoever guesses a number in the window has come as far as the tests above; what such a segment
  // says of the time must not be kept, or PAWS refuses the true peer from then on (RFC 5961, 5.2).
  KeepTimestamp(tcb_, segment, timers_.Now());
  InputAck(segment);
  if (tcb_.state == State::kClosed) return;
  if (tcb_.state == State::kTimeWait) {
    // What takes a number is acknowledged, and a FIN begins the wait again.
    if (segment.flags.fin) RestartTimeWait();
    if (segment.Length() > 0) AnswerStranger(segment);
    return;
  }
  // Sixth: URG. The urgent pointer is not passed on; urgent bytes are read in line (3.8.5).
  // Seventh: text. Eighth: FIN.
  InputText(segment, hold);
  InputFin();
}

bool Connection::PassesTimestamps(const Segment& segment) {
  if (LacksTimestamp(tcb_, segment)) return false;
  if (!FailsPaws(tcb_, segment, PawsFloor(), timers_.Now())) return true;
  AnswerStranger(segment);
  return false;
}

// While in resync the engine counts frames as plain by the values it froze; a frame it counted must
// not be refused here by newer ones (docs/design.md, 9).
uint32_t Connection::PawsFloor() const {
  return delegation_.frozen ? delegation_.judge.ts_recent : tcb_.ts_recent;
}

Seq Connection::AckFloor() const {
  const Seq floor = tcb_.snd_una - tcb_.max_wnd;
  const PlainJudge& judge = delegation_.judge;
  return delegation_.frozen ? Earlier(floor, judge.snd_una - judge.max_wnd) : floor;
}

void Connection::AnswerUnacceptable(const Segment& segment) {
  // 3.10.7.4, first: answered by an ACK unless it is a RST.
  if (segment.flags.rst) return;
  if (tcb_.RcvWnd() == 0 && segment.seq == tcb_.rcv_nxt && segment.flags.ack) {
    // "If the RCV.WND is zero, ... special allowance should be made to accept valid ACKs".
    if (!PassesAck(segment)) return;
    InputAck(segment);
    if (tcb_.state == State::kClosed) return;
  }
  // Fifth, eighth: the peer's FIN once more. One with another number is not it.
  if (tcb_.state == State::kTimeWait && segment.flags.fin && segment.End() == tcb_.rcv_nxt) {
    RestartTimeWait();
  }
  if (segment.Length() > 0) {
    // Of text alone: a SYN or a FIN that comes again is no duplicate of bytes (RFC 2883, 4).
    const Seq first = segment.seq + (segment.flags.syn ? 1 : 0);
    const SeqRange old = {
        first, Earlier(first + static_cast<uint32_t>(segment.payload.size()), tcb_.rcv_nxt)};
    if (old.start < old.end) {
      stats_.duplicate_bytes_in += old.size();
      if (tcb_.sack_ok) reassembly_.NoteDuplicate(old);
    }
  }
  AnswerStranger(segment);
}

// An ACK that anybody who knows the tuple can ask for; one not on the path does not see it.
void Connection::AnswerStranger(const Segment& segment) {
  const bool text = segment.Length() > 0 && !segment.flags.syn && !segment.flags.rst;
  if ((text ? old_text_acks_ : challenge_acks_).Spend(timers_.Now())) ack_policy_.DueNow();
}

// RFC 9293, 3.5.3, of all states but LISTEN and SYN-SENT. Text that it carries is no part of the
// stream.
void Connection::InputReset(const Segment& segment) {
  // RFC 5961, 3.2: only the exact number resets; another in the window is challenged.
  if (segment.seq != tcb_.rcv_nxt) {
    AnswerStranger(segment);
    return;
  }
  const bool refused = tcb_.state == State::kSynReceived && !passive_;
  const bool over = tcb_.state == State::kTimeWait || tcb_.state == State::kLastAck ||
                    tcb_.state == State::kClosing;
  Die(refused ? CloseReason::kRefused : over ? CloseReason::kDone : CloseReason::kReset);
}

void Connection::InputSyn(const Segment& segment) {
  if (tcb_.state == State::kSynReceived && passive_) {
    Die(CloseReason::kReset);  // back to LISTEN, which the listener never left
    return;
  }
  AnswerStranger(segment);  // RFC 5961, 4.2
}

// Fifth, first half: whether the acknowledgement is one that this peer can have sent.
bool Connection::PassesAck(const Segment& segment) {
  if (!segment.flags.ack) return false;
  if (tcb_.state == State::kSynReceived) {
    if (tcb_.snd_una < segment.ack && segment.ack <= tcb_.snd_nxt) return true;
    SendReset(segment.ack, true);
    return false;
  }
  // RFC 5961, 5.2: neither of something not yet sent nor older than any window.
  if (segment.ack <= tcb_.snd_nxt && AckFloor() <= segment.ack) return true;
  AnswerStranger(segment);
  return false;
}

// Fifth, second half.
void Connection::InputAck(const Segment& segment) {
  if (tcb_.state == State::kSynReceived) {
    const AckEvent event = AckEvent::Of(segment, tcb_);
    tcb_.snd_una = segment.ack;
    TakeRttSample(event);
    // The window and WL1, WL2 are set by the ACK's ordinary processing, which follows.
    Establish();
  }
  ProcessAck(AckEvent::Of(segment, tcb_));
}

void Connection::InputText(const Segment& segment, const Hold& hold) {
  if (!MayReceive(tcb_.state)) return;  // after the peer's FIN there is none
  const auto length = static_cast<uint32_t>(segment.payload.size());
  if (segment.flags.fin) {
    const Seq fin = segment.seq + length;
    if (tcb_.rcv_nxt <= fin && fin <= tcb_.rcv_adv) fin_at_ = fin;
    // RFC 5681, 4.2: ahead of a gap it is acknowledged at once, as text is.
    if (segment.seq > tcb_.rcv_nxt) ack_policy_.DueNow();
  }
  if (length == 0) return;
  if (discard_text_) {
    Abort();  // RFC 1122, 4.2.2.13: text for a user who has closed
    return;
  }
  const SeqRange text = {Later(segment.seq, tcb_.rcv_nxt),
                         Earlier(segment.seq + length, tcb_.rcv_adv)};
  if (segment.seq < text.start) {
    const SeqRange old = {segment.seq, Earlier(segment.seq + length, text.start)};
    stats_.duplicate_bytes_in += old.size();
    if (tcb_.sack_ok) reassembly_.NoteDuplicate(old);
    ack_policy_.DueNow();
  }
  if (text.end <= text.start) {
    ack_policy_.DueNow();
    return;
  }
  Accept({text.start, segment.payload.subspan(Distance(segment.seq, text.start), text.size()),
          hold ? Place::kLegacyBuffer : Place::kStack, hold});
}

// Text inside the window, in order or not. Bytes without a hold are copied.
void Connection::Accept(StreamPiece piece) {
  // The window bounds the bytes; what many small pieces cost beside them has a bound too. They are
  // dropped, and told of to nobody, so that the peer sends them again.
  if (piece.seq > tcb_.rcv_nxt &&
      reassembly_.charged_bytes() + piece.bytes.size() + Reassembly::kPieceOverheadBytes >
          2 * uint64_t{options_.rcv_buf_bytes}) {
    ++stats_.out_of_order_dropped;
    ack_policy_.DueNow();
    return;
  }
  if (!piece.hold) {
    auto copy = std::make_shared<Bytes>(piece.bytes.begin(), piece.bytes.end());
    piece.bytes = *copy;
    piece.hold = std::move(copy);
  }
  const uint32_t length = piece.range().size();
  if (piece.seq == tcb_.rcv_nxt && reassembly_.empty()) {
    Deliver(std::move(piece));
    ack_policy_.OnData(length);
    return;
  }
  // RFC 5681, 4.2: ahead of a gap, or filling one, it is acknowledged at once.
  if (piece.seq > tcb_.rcv_nxt) ++stats_.out_of_order_in;
  ack_policy_.DueNow();
  reassembly_.Insert(std::move(piece));
  for (StreamPiece& next : reassembly_.Take(tcb_.rcv_nxt)) Deliver(std::move(next));
}

void Connection::Deliver(StreamPiece piece) {
  const uint32_t length = piece.range().size();
  tcb_.rcv_nxt += length;
  stats_.bytes_in += length;
  received_.Push(std::move(piece));
  events_.readable = true;
}

// Eighth: the FIN, once all before it is here.
void Connection::InputFin() {
  if (!fin_at_ || tcb_.rcv_nxt != *fin_at_ || fin_received_ || !MayReceive(tcb_.state)) return;
  tcb_.rcv_nxt += 1;
  fin_received_ = true;
  events_.readable = true;
  ack_policy_.DueNow();
  switch (tcb_.state) {
    case State::kEstablished:
      SetState(State::kCloseWait);
      break;
    case State::kFinWait1:
      SetState(State::kClosing);  // our FIN, if it were acknowledged, had made it FIN-WAIT-2
      break;
    case State::kFinWait2:
      EnterTimeWait();
      break;
    default:
      break;
  }
}

}  // namespace handoff::tcp
