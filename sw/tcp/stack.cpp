// SPDX-License-Identifier: Apache-2.0
#include "sw/tcp/stack.h"

#include <utility>
#include <vector>

#include "sw/tcp/newreno.h"
#include "sw/tcp/paws.h"
#include "sw/tcp/receive.h"
#include "sw/tcp/rst.h"
#include "sw/tcp/syn_cookie.h"

namespace handoff::tcp {
namespace {

constexpr uint16_t kFirstEphemeralPort = 49152;  // RFC 6335, 6
constexpr uint32_t kEphemeralPorts = 65536 - kFirstEphemeralPort;

SipKey DrawKey(const std::function<uint32_t()>& random) {
  const auto word = [&random] {
    const uint64_t high = random();
    return high << 32 | random();
  };
  const uint64_t k0 = word();
  return {k0, word()};
}

}  // namespace

Stack::Stack(StackConfig config, NetIf& netif, sw::TimerService& timers, MemoryPool& pool)
    : config_(std::move(config)),
      netif_(netif),
      timers_(timers),
      pool_(pool),
      ip_(netif, timers,
          {.tcp = [this](const IpInput& input) { InputTcp(input); },
           .error = [this](const IcmpError& e, const Vlans& vlans) { InputError(e, vlans); }}),
      sink_(ip_, timers),
      key_(DrawKey(config_.random)),
      table_(key_) {}

Stack::~Stack() {
  // A connection that somebody still holds must not call back into what is gone.
  std::vector<std::shared_ptr<Connection>> left;
  for (const auto& [tuple, connection] : table_.all()) left.push_back(connection);
  observer_ = nullptr;
  for (const auto& connection : left) {
    connection->SetObserver(nullptr);
    connection->Drop();
  }
}

std::shared_ptr<Connection> Stack::Make(const Tuple& tuple, const OpenOptions& options,
                                        ConnectionObserver* observer) {
  ConnectionHost& host = *this;
  auto connection = std::make_shared<Connection>(sw::ConnId(next_id_++), tuple, options, host);
  connection->SetObserver(observer);
  return table_.Add(connection) ? connection : nullptr;
}

std::shared_ptr<Connection> Stack::Connect(const Endpoint& local, const Endpoint& remote,
                                           const OpenOptions& options, ConnectionObserver* observer,
                                           const Vlans& vlans) {
  // RFC 9293, 3.9.1.1: such an OPEN is an error. One to ourselves is too: frames go to the wire
  // alone.
  if (!ip_.MayBePeer(remote.addr, vlans)) return nullptr;
  Tuple tuple = {local, remote, vlans};
  if (tuple.local.addr.IsUnspecified()) {
    const auto chosen = ip_.ChooseLocal(remote.addr, vlans);
    if (!chosen) return nullptr;
    tuple.local.addr = chosen->addr;
  }
  if (!ip_.IsLocal(tuple.local.addr, vlans)) return nullptr;
  if (tuple.local.port == 0) tuple.local.port = ChoosePort(tuple);
  if (tuple.local.port == 0) return nullptr;
  auto connection = Make(tuple, options, observer);
  if (connection) connection->OpenActive();
  return connection;
}

std::shared_ptr<Connection> Stack::Adopt(const Tuple& tuple, const Tcb& tcb,
                                         const OpenOptions& options, ConnectionObserver* observer) {
  auto connection = Make(tuple, options, observer);
  if (connection) connection->Adopt(tcb);
  return connection;
}

std::shared_ptr<Listener> Stack::Listen(const Endpoint& local, ListenOptions options) {
  const IpAddr addr = local.addr.IsUnspecified() ? IpAddr() : local.addr;
  auto listener = std::make_shared<Listener>(Endpoint{addr, local.port}, std::move(options));
  return table_.AddListener(listener) ? listener : nullptr;
}

// 0 if all are in use.
uint16_t Stack::ChoosePort(Tuple tuple) {
  const uint32_t first = config_.random() % kEphemeralPorts;
  for (uint32_t i = 0; i < kEphemeralPorts; ++i) {
    tuple.local.port = static_cast<uint16_t>(kFirstEphemeralPort + (first + i) % kEphemeralPorts);
    if (!table_.Find(tuple) && !table_.FindListener(tuple.local)) return tuple.local.port;
  }
  return 0;
}

Seq Stack::ChooseIss(const Tuple& tuple) {
  // RFC 9293, 3.4.1 and RFC 6528, 3: a clock of 4 microseconds and a secret of the tuple's.
  const auto clock = static_cast<uint32_t>(timers_.Now().count() >> 2);
  return Seq(clock + static_cast<uint32_t>(HashOf(key_, HashUse::kSequence, tuple)));
}

// RFC 7323, 5.4 wants the timestamps of a tuple to go on from one connection to the next: a peer in
// TIME-WAIT takes the new one's SYN by them (RFC 6191).
uint32_t Stack::ChooseTimestampOffset(const Tuple& tuple) {
  return static_cast<uint32_t>(HashOf(key_, HashUse::kTimestamp, tuple));
}

std::unique_ptr<CongestionControl> Stack::MakeCongestionControl() {
  if (config_.congestion_control) return config_.congestion_control();
  return std::make_unique<NewReno>();
}

void Stack::InputLegacy(ByteView frame, const LegacyVerdict& verdict) {
  verdict_ = &verdict;
  ip_.Input(frame);
  verdict_ = nullptr;
}

void Stack::InputTcp(const IpInput& input) {
  ++counters_.segments_in;
  const ParsedSegment parsed = ParseSegment(input.src, input.dst, input.message);
  if (parsed.error == SegmentError::kLengths) {
    ++counters_.bad_lengths;
    return;
  }
  if (parsed.error == SegmentError::kChecksum) {
    ++counters_.bad_checksums;
    return;
  }
  // RFC 9293, 3.9.2.3: no other host has this address, so no segment from it makes a connection or
  // an answer. What is sent to such an address never comes here (ip.cpp).
  if (!ip_.MayBePeer(input.src, input.vlans)) {
    ++counters_.bad_sources;
    return;
  }
  const Segment& segment = parsed.segment;
  const Tuple tuple = {{input.dst, segment.dst_port}, {input.src, segment.src_port}, input.vlans};
  auto connection = table_.Find(tuple);
  const auto listener = table_.FindListener(tuple.local);
  std::optional<Seq> above;
  // TIME-WAIT yields only to a SYN that opens something; another is challenged by it (RFC 9293,
  // 3.10.7.4, fourth).
  if (connection && listener && listener->HasRoom() && connection->YieldsTo(segment)) {
    above = connection->tcb().snd_nxt;
    connection->Drop();
    connection = nullptr;
  }
  if (connection) {
    if (verdict_ != nullptr && connection->delegation().HasEntry()) {
      connection->InputLegacy(segment, *verdict_);
    } else {
      connection->Input(segment);
    }
    return;
  }
  if (listener) {
    InputListen(*listener, tuple, segment, above);
    return;
  }
  ++counters_.no_connection;
  AnswerWithReset(tuple, segment);
}

// RFC 9293, 3.10.7.2.
void Stack::InputListen(Listener& listener, const Tuple& tuple, const Segment& segment,
                        std::optional<Seq> above) {
  if (segment.flags.rst) return;  // RFC 9293, 3.5.3: LISTEN ignores it
  if (segment.flags.ack) {
    if (!InputCookie(listener, tuple, segment)) AnswerWithReset(tuple, segment);
    return;
  }
  if (!segment.flags.syn || segment.flags.fin) return;
  if (!listener.MayAccept()) {
    ++counters_.listen_overflows;  // the peer asks again
    return;
  }
  if (!listener.HasRoom()) {
    AnswerWithCookie(listener, tuple, segment);
    return;
  }
  OpenOptions options = listener.OptionsFor(tuple);
  if (above && !options.iss) {
    // RFC 9293, 3.6.1: larger than any number of the connection before, which may have been faster
    // than the clock.
    constexpr uint32_t kWell = 0x10000;
    options.iss = Later(ChooseIss(tuple), *above + kWell);
  }
  MakeHalfOpen(listener, tuple, options)->OpenPassive(segment);
}

std::shared_ptr<Connection> Stack::MakeHalfOpen(Listener& listener, const Tuple& tuple,
                                                const OpenOptions& options) {
  auto connection = Make(tuple, options, nullptr);
  half_open_[connection->id()] = table_.FindListener(tuple.local);
  listener.OnHalfOpen();
  return connection;
}

// What the connection would answer, but for what a cookie cannot hold.
void Stack::AnswerWithCookie(const Listener& listener, const Tuple& tuple, const Segment& syn) {
  const OpenOptions open = listener.OptionsFor(tuple);
  Options agreed = syn.options;
  if (!open.timestamps) agreed.timestamps.reset();
  if (!open.sack) agreed.sack_permitted = false;
  if (!open.window_scaling) agreed.window_scale.reset();
  const uint32_t offset = open.ts_offset.value_or(ChooseTimestampOffset(tuple));
  const Micros now = timers_.Now();
  const auto cookie =
      open.iss ? std::nullopt
               : MakeSynCookie(key_, tuple, syn.seq, agreed, TimestampAt(offset, now), now);
  if (!cookie) {
    ++counters_.listen_overflows;
    return;
  }
  Segment answer;
  answer.src_port = tuple.local.port;
  answer.dst_port = tuple.remote.port;
  answer.seq = cookie->iss;
  answer.ack = syn.seq + 1;
  answer.flags = {.syn = true, .ack = true};
  answer.window = static_cast<uint16_t>(WindowOfSyn(open.rcv_buf_bytes));
  answer.options.mss = open.mss.value_or(static_cast<uint16_t>(mtu() - HeaderBytes(tuple)));
  if (agreed.timestamps) {
    answer.options.timestamps = Timestamps{cookie->timestamp, agreed.timestamps->value};
    answer.options.sack_permitted = agreed.sack_permitted;
    if (agreed.window_scale) {
      answer.options.window_scale = open.window_scale.value_or(WindowScaleFor(open.rcv_buf_bytes));
    }
  }
  cookie_sent_at_ = now;
  ++counters_.cookies_sent;
  sink_.TransmitBare(tuple, answer);
}

// Whether it is the ACK of a cookie.
bool Stack::InputCookie(Listener& listener, const Tuple& tuple, const Segment& segment) {
  const Micros now = timers_.Now();
  if (!cookie_sent_at_ || now - *cookie_sent_at_ > kSynCookiePeriod * 2) return false;
  if (segment.flags.syn || segment.flags.rst) return false;
  Segment syn;
  syn.seq = segment.seq - 1;
  syn.flags.syn = true;
  syn.window = segment.window;
  std::optional<uint32_t> echo;
  if (segment.options.timestamps) echo = segment.options.timestamps->echo;
  const auto options = ReadSynCookie(key_, tuple, syn.seq, segment.ack - 1, echo, now);
  if (!options) return false;
  if (!listener.MayAccept()) {
    ++counters_.listen_overflows;
    return true;
  }
  syn.options = *options;
  if (syn.options.timestamps) syn.options.timestamps->value = segment.options.timestamps->value;
  OpenOptions open = listener.OptionsFor(tuple);
  open.iss = segment.ack - 1;
  ++counters_.cookies_taken;
  const auto connection = MakeHalfOpen(listener, tuple, open);
  connection->OpenByCookie(syn);
  connection->Input(segment);
  return true;
}

void Stack::AnswerWithReset(const Tuple& tuple, const Segment& segment) {
  const auto reset = ResetFor(segment);
  if (!reset) return;
  ++counters_.resets_sent;
  sink_.TransmitBare(tuple, *reset);
}

void Stack::InputError(const IcmpError& error, const Vlans& vlans) {
  const auto connection = table_.Find({error.local, error.remote, vlans});
  if (connection) connection->OnIcmpError(error);
}

void Stack::OnStateChange(Connection& connection, State from) {
  if (from == State::kSynReceived && connection.state() == State::kEstablished) {
    const auto found = half_open_.find(connection.id());
    if (found != half_open_.end()) {
      const auto listener = found->second.lock();
      half_open_.erase(found);
      if (listener) listener->OnEstablished(connection.shared_from_this());
    }
  }
  if (observer_ != nullptr) observer_->OnStateChange(connection, from);
}

void Stack::OnGone(Connection& connection) {
  const auto found = half_open_.find(connection.id());
  if (found != half_open_.end()) {
    if (const auto listener = found->second.lock()) listener->OnHalfOpenGone();
    half_open_.erase(found);
  }
  table_.Remove(connection);
}

}  // namespace handoff::tcp
