// SPDX-License-Identifier: Apache-2.0
#include "sw/tcp/connection.h"

#include <algorithm>
#include <utility>

#include "sw/tcp/paws.h"

namespace handoff::tcp {
namespace {

// No message makes the path MTU less than this, or a forged one would leave segments of nothing but
// headers. Of IPv6 it is the least that a link may have (RFC 8200, 5). Of IPv4 that would be 68
// (RFC 1191, 3); this is Linux's limit, net.ipv4.route.min_pmtu.
constexpr uint32_t kLeastPathMtuV4 = 552;
constexpr uint32_t kLeastPathMtuV6 = 1280;

}  // namespace

std::string_view ToString(CloseReason reason) {
  constexpr std::string_view kNames[] = {"open",      "done",    "reset",       "refused",
                                         "timed out", "aborted", "device fault"};
  return kNames[static_cast<size_t>(reason)];
}

Connection::Connection(sw::ConnId id, const Tuple& tuple, const OpenOptions& options,
                       ConnectionHost& host)
    : id_(id),
      tuple_(tuple),
      options_(options),
      host_(host),
      send_(host.pool(), options.snd_buf_bytes),
      rtt_(host.config().rtt),
      recovery_(options.congestion_control ? options.congestion_control()
                                           : host.MakeCongestionControl()),
      timers_(host.timers(), [this](TimerKind kind) { OnTimer(kind); }),
      challenge_acks_(1, host.config().challenge_ack_interval),
      old_text_acks_(host.config().old_text_acks, host.config().old_text_ack_interval) {
  tcb_.iss = options.iss ? *options.iss : host.ChooseIss(tuple);
  tcb_.snd_una = tcb_.iss;
  tcb_.snd_nxt = tcb_.iss;
  tcb_.ts_offset = options.ts_offset ? *options.ts_offset : host.ChooseTimestampOffset(tuple);
  tcb_.rcv_mss = options.mss.value_or(static_cast<uint16_t>(host.mtu() - HeaderBytes(tuple)));
  tcb_.rcv_scale = options.window_scale.value_or(WindowScaleFor(options.rcv_buf_bytes));
  tcb_.timestamps = options.timestamps;
  tcb_.sack_ok = options.sack;
  tcb_.rcv_adv = tcb_.rcv_nxt + WindowOfSyn(options.rcv_buf_bytes);
  send_.Start(tcb_.iss + 1);
  stats_.opened_at = timers_.Now();
  last_heard_ = timers_.Now();
}

void Connection::OpenActive() {
  tcb_.snd_nxt = tcb_.iss + 1;
  SetState(State::kSynSent);
  SendSyn();
  timers_.Set(TimerKind::kRetransmit, rtt_.rto());
}

void Connection::OpenPassive(const Segment& syn) {
  // RFC 9293, 3.10.7.2, third: the SYN opens the connection. Text it may carry is left to be sent
  // again.
  passive_ = true;
  tcb_.snd_nxt = tcb_.iss + 1;
  TakeSyn(syn);
  SetState(State::kSynReceived);
  SendSyn();
  timers_.Set(TimerKind::kRetransmit, rtt_.rto());
}

void Connection::OpenByCookie(const Segment& syn) {
  passive_ = true;
  tcb_.snd_nxt = tcb_.iss + 1;
  TakeSyn(syn);
  SetState(State::kSynReceived);
}

void Connection::Adopt(const Tcb& tcb) {
  tcb_ = tcb;
  tcb_.state = State::kClosed;
  send_.Start(tcb_.snd_nxt);
  SetState(tcb.state);
  recovery_.Start(tcb_.snd_una, EffectiveMss(), tcb_.sack_ok);
  ack_policy_.SetFloor(FullSegmentFloor());
  StartKeepalive();
}

// What a SYN says of the peer, whichever side opened (RFC 9293, 3.10.7.2 and 3.10.7.3).
void Connection::TakeSyn(const Segment& syn) {
  tcb_.irs = syn.seq;
  tcb_.rcv_nxt = syn.seq + 1;
  tcb_.rcv_adv = tcb_.rcv_nxt + WindowOfSyn(options_.rcv_buf_bytes);
  tcb_.last_ack_sent = tcb_.rcv_nxt;
  tcb_.snd_wnd = syn.window;  // never scaled
  tcb_.max_wnd = syn.window;
  tcb_.wl1 = syn.seq;
  tcb_.wl2 = tcb_.iss;

  const Options& o = syn.options;
  // RFC 9293, 3.7.1: without the option the MSS is 536, or 1,220 over IPv6.
  const bool v6 = tuple_.local.addr.is_v6();
  const uint32_t carried = host_.mtu() - HeaderBytes(tuple_);
  // So it is with an MSS of zero, in which nothing could be sent. Any other holds, however small
  // (MUST-16).
  const uint32_t announced = o.mss.value_or(0) > 0 ? *o.mss : v6 ? 1220 : 536;
  tcb_.snd_mss = static_cast<uint16_t>(std::min(announced, carried));
  peer_scales_ = o.window_scale.has_value();
  // RFC 7323, 2.2: scaling is on only if both SYNs asked for it.
  if (options_.window_scaling && peer_scales_) {
    tcb_.snd_scale = std::min(*o.window_scale, kMaxWindowScale);
  } else {
    tcb_.snd_scale = tcb_.rcv_scale = 0;
  }
  tcb_.sack_ok = options_.sack && o.sack_permitted;
  tcb_.timestamps = options_.timestamps && o.timestamps.has_value();
  // Where timestamps would leave no room for text they are not agreed to. Of a peer that answers
  // so, they are: a byte a segment is the least that can be sent.
  if (passive_ && tcb_.snd_mss <= kTimestampOptionBytes) tcb_.timestamps = false;
  if (tcb_.timestamps) {
    tcb_.ts_recent = o.timestamps->value;
    tcb_.ts_recent_at = timers_.Now();
  }
}

uint32_t Connection::EffectiveMss() const {
  const uint32_t options = tcb_.timestamps ? kTimestampOptionBytes : 0;
  return tcb_.snd_mss > options ? tcb_.snd_mss - options : 1;
}

uint32_t Connection::FullSegmentFloor() const {
  return std::min<uint32_t>(tcb_.rcv_mss, 536) - kTimestampOptionBytes;
}

void Connection::Establish() {
  // RFC 6298, 5.7: the timeout starts higher if the SYN had to be sent again.
  if (retries_ > 0) rtt_.AfterLostSyn();
  retries_ = 0;
  recovery_.Start(tcb_.snd_una, EffectiveMss(), tcb_.sack_ok);
  if (syn_sent_again_) recovery_.OnLostSyn();
  ack_policy_.SetFloor(FullSegmentFloor());
  timers_.Cancel(TimerKind::kRetransmit);
  StartKeepalive();
  SetState(State::kEstablished);
  // RFC 9293, 3.10.4: a CLOSE that came earlier takes effect now.
  if (fin_queued_) SetState(State::kFinWait1);
  events_.connected = true;
}

size_t Connection::WritableBytes() const {
  const State s = tcb_.state;
  const bool open = s == State::kSynSent || s == State::kSynReceived || s == State::kEstablished ||
                    s == State::kCloseWait;
  return open && !fin_queued_ ? send_.free() : 0;
}

size_t Connection::Write(ByteView bytes) {
  const size_t accepted = send_.Write(bytes.first(std::min(bytes.size(), WritableBytes())));
  wants_room_ = accepted < bytes.size();
  if (accepted == 0) return 0;
  Output();
  return accepted;
}

size_t Connection::Read(std::span<uint8_t> out) {
  const size_t read = received_.Read(out);
  if (read > 0) AfterRead();
  return read;
}

std::optional<StreamPiece> Connection::ReadPiece(size_t max) {
  auto piece = received_.Take(max);
  if (piece) AfterRead();
  return piece;
}

void Connection::ShutdownWrite() {
  if (fin_queued_) return;
  const auto self = shared_from_this();
  switch (tcb_.state) {
    case State::kSynSent:
      // The connection is still wanted, for what is queued or for what the peer will say; the FIN
      // goes when it is open, as in SYN-RECEIVED.
    case State::kSynReceived:
      fin_queued_ = true;
      return;
    case State::kEstablished:
      fin_queued_ = true;
      SetState(State::kFinWait1);
      break;
    case State::kCloseWait:
      fin_queued_ = true;
      SetState(State::kLastAck);
      break;
    default:
      return;
  }
  Output();
}

void Connection::Close() {
  // RFC 9293, 3.6.1, SHLD-3: what was acknowledged and nobody will read is lost, and the peer is to
  // know. Once our own FIN is out after its FIN, all has been said.
  if (received_.bytes() > 0 && (MayReceive(tcb_.state) || tcb_.state == State::kCloseWait)) {
    Abort();
    return;
  }
  discard_text_ = true;
  if (tcb_.state == State::kSynSent) {
    // RFC 9293, 3.10.4: the TCB goes, and with it what was queued; that was not done.
    Die(send_.empty() ? CloseReason::kDone : CloseReason::kAborted);
    return;
  }
  if (tcb_.state == State::kFinWait2) {
    timers_.Set(TimerKind::kTimeWait, host_.config().fin_wait_2);
  }
  ShutdownWrite();
}

void Connection::Abort(CloseReason reason) {
  const auto self = shared_from_this();
  // RFC 9293, 3.10.5: everywhere but in SYN-SENT and after both FINs the peer is told.
  switch (tcb_.state) {
    case State::kSynReceived:
    case State::kEstablished:
    case State::kFinWait1:
    case State::kFinWait2:
    case State::kCloseWait:
      SendReset(tcb_.snd_nxt, false);
      break;
    default:
      break;
  }
  Die(reason);
}

void Connection::SetState(State state) {
  const State from = tcb_.state;
  if (from == state) return;
  tcb_.state = state;
  host_.OnStateChange(*this, from);
}

void Connection::EnterTimeWait() {
  timers_.CancelAll();
  RestartTimeWait();
  SetState(State::kTimeWait);
  close_reason_ = CloseReason::kDone;
  events_.closed = true;
}

void Connection::RestartTimeWait() { timers_.Set(TimerKind::kTimeWait, host_.config().msl * 2); }

void Connection::Die(CloseReason reason) {
  if (tcb_.state == State::kClosed) return;
  const auto self = shared_from_this();
  timers_.CancelAll();
  if (close_reason_ == CloseReason::kNone) {
    close_reason_ = reason;
    events_.closed = true;
  }
  if (delegation_.port != nullptr) delegation_.port->OnConnectionGone(*this);
  delegation_.port = nullptr;
  delegation_.phase = Delegation::kNone;
  // Whoever still holds the connection may read what came; nobody will ever send again. What the
  // engine is sending is held by its descriptors.
  send_.Start(send_.end());
  SetState(State::kClosed);
  TellUser();
  host_.OnGone(*this);
}

void Connection::TellUser() {
  const auto self = shared_from_this();
  // Taken out first: the user may call back in.
  const Events events = std::exchange(events_, {});
  if (events.connected && observer_ != nullptr) observer_->OnConnected(*this);
  if (events.readable && observer_ != nullptr) observer_->OnReadable(*this);
  if (events.writable && observer_ != nullptr) observer_->OnWritable(*this);
  if (events.closed && observer_ != nullptr) observer_->OnClosed(*this, close_reason_);
}

bool Connection::YieldsTo(const Segment& syn) const {
  if (tcb_.state != State::kTimeWait || !syn.flags.syn || syn.flags.ack || syn.flags.rst) {
    return false;
  }
  // RFC 9293, 3.10.7.4 and RFC 6191: what is left of the old connection must not be taken for the
  // new one's.
  if (tcb_.timestamps && syn.options.timestamps) {
    const uint32_t value = syn.options.timestamps->value;
    return TimestampBefore(tcb_.ts_recent, value) ||
           (value == tcb_.ts_recent && syn.seq > tcb_.rcv_nxt);
  }
  return syn.seq > tcb_.rcv_nxt;
}

void Connection::OnIcmpError(const IcmpError& error) {
  // RFC 5927, 4.1: only about something in flight.
  if (error.seq < tcb_.snd_una || error.seq >= tcb_.snd_nxt) return;
  if (error.path_mtu) OnPathMtu(*error.path_mtu);
  // RFC 5927, 5.2: a hard error ends a connection only while it opens.
  if (error.hard && tcb_.state == State::kSynSent) Die(CloseReason::kRefused);
}

void Connection::OnPathMtu(uint32_t mtu) {
  // RFC 9293, 3.7.2: RFC 1191 for IPv4, RFC 8201 for IPv6; by 4 of the latter a message that names
  // less than every link carries is discarded.
  const bool v6 = tuple_.local.addr.is_v6();
  if (v6 && mtu < kLeastPathMtuV6) return;
  const uint32_t mss = std::max(mtu, v6 ? kLeastPathMtuV6 : kLeastPathMtuV4) - HeaderBytes(tuple_);
  if (mss >= tcb_.snd_mss) return;
  tcb_.snd_mss = static_cast<uint16_t>(mss);
  if (!IsSynchronized(tcb_.state)) return;
  recovery_.SetMss(EffectiveMss());
  if (tcb_.FlightBytes() > 0) recovery_.OnPathMtu(tcb_.snd_una, tcb_.snd_nxt);
  Output();
}

}  // namespace handoff::tcp
