// SPDX-License-Identifier: Apache-2.0
//
// One connection without a network: a test hands it segments and sees what it transmits.
// Numbers are relative: ours to the ISS, the peer's to the IRS.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sw/tcp/connection.h"
#include "sw/tcp/newreno.h"
#include "tb/sw/virtual_time.h"

namespace handoff::tb {

inline const sw::Seq kIss(0xfffff000u);  // both streams cross 2^32
inline const sw::Seq kIrs(0xffffe000u);

class RecordingSink : public tcp::DelegatePort {
 public:
  struct Sent {
    tcp::SegmentSpec spec;
    tcp::Segment segment;  // as the wire would see it
    tcp::Bytes payload;
  };
  explicit RecordingSink(VirtualTime& time) : time_(time) {}

  void Transmit(tcp::Connection& connection, const tcp::SegmentSpec& spec) override {
    Sent s{spec, tcp::ToSegment(connection.tcb(), spec, time_.Now()), {}};
    for (const auto& piece : spec.payload) tcp::AppendBytes(s.payload, piece.bytes);
    sent.push_back(std::move(s));
  }
  uint32_t MaxPayload(uint32_t mss) const override { return std::max(mss, max_payload); }
  void AdvertiseEdge(tcp::Connection&, sw::Seq edge) override { edges.push_back(edge); }
  void RequestResync(tcp::Connection&) override { ++resync_requests; }
  void OnConnectionGone(tcp::Connection&) override { ++gone; }
  void OnMayResume(tcp::Connection&) override { ++may_resume; }
  bool PostUserBuffer(tcp::Connection&, std::span<uint8_t>, uint16_t) override { return true; }

  std::vector<Sent> sent;
  std::vector<sw::Seq> edges;
  uint32_t max_payload = 0;
  int resync_requests = 0;
  int gone = 0;
  int may_resume = 0;

 private:
  VirtualTime& time_;
};

class BenchHost : public tcp::ConnectionHost {
 public:
  BenchHost(VirtualTime& time, RecordingSink& sink) : time_(time), sink_(sink) {}
  sw::TimerService& timers() override { return time_; }
  const tcp::TcpConfig& config() const override { return tcp_config; }
  tcp::MemoryPool& pool() override { return pool_; }
  tcp::SegmentSink& wire() override { return sink_; }
  uint32_t mtu() const override { return 1500; }
  sw::Seq ChooseIss(const tcp::Tuple&) override { return kIss; }
  uint32_t ChooseTimestampOffset(const tcp::Tuple&) override { return 0xffff0000u; }
  std::unique_ptr<tcp::CongestionControl> MakeCongestionControl() override {
    return std::make_unique<tcp::NewReno>();
  }
  void OnStateChange(tcp::Connection& c, tcp::State) override {
    states += std::string(states.empty() ? "" : " ") + std::string(tcp::ToString(c.state()));
  }
  void OnGone(tcp::Connection&) override { ++gone; }

  tcp::TcpConfig tcp_config;
  std::string states;
  int gone = 0;

 private:
  VirtualTime& time_;
  RecordingSink& sink_;
  tcp::HeapPool pool_;
};

class ConnectionBench : public tcp::ConnectionObserver {
 public:
  ConnectionBench() = default;
  ~ConnectionBench() override {
    if (c) c->SetObserver(nullptr);
  }
  ConnectionBench(const ConnectionBench&) = delete;
  ConnectionBench& operator=(const ConnectionBench&) = delete;

  // Options of the connection and of the peer's SYN; to be changed before a builder is called.
  tcp::OpenOptions options = Plain();
  tcp::Options peer_syn = PlainSyn();
  uint16_t peer_window = 20000;
  bool v6 = false;  // both addresses

  static tcp::OpenOptions Plain() {
    tcp::OpenOptions o;
    o.timestamps = false;
    o.window_scaling = false;
    o.sack = false;
    o.rcv_buf_bytes = 20000;
    return o;
  }
  static tcp::Options PlainSyn() {
    tcp::Options o;
    o.mss = 1000;
    return o;
  }

  void Create() {
    const auto address = [this](uint8_t last) {
      return v6 ? *tcp::IpAddr::Parse("fd00::" + std::to_string(last))
                : tcp::IpAddr::V4(10, 0, 0, last);
    };
    const tcp::Tuple tuple = {{address(1), 1000}, {address(2), 80}, {}};
    c = std::make_shared<tcp::Connection>(sw::ConnId(1), tuple, options, host);
    c->SetObserver(this);
  }
  // -- Start states, one line in a test --
  void SynSent() {
    Create();
    c->OpenActive();
  }
  void SynReceived() {
    Create();
    c->OpenPassive(Syn());
  }
  void Established() {
    SynSent();
    tcp::Segment s = Syn();
    s.flags.ack = true;
    s.ack = kIss + 1;
    Input(s);
    Forget();
  }
  void CloseWait() {
    Established();
    Input(Fin(1));
    Forget();
  }
  void FinWait1() {
    Established();
    c->ShutdownWrite();
    Forget();
  }
  void FinWait2() {
    FinWait1();
    Input(Ack(1, 2));
    Forget();
  }
  void Closing() {
    FinWait1();
    Input(Fin(1));
    Forget();
  }
  void LastAck() {
    CloseWait();
    c->ShutdownWrite();
    Forget();
  }
  void TimeWait() {
    FinWait2();
    Input(Fin(1, 2));
    Forget();
  }

  // -- The peer's segments. `seq` counts from its SYN (first byte: 1), `ack` from ours. --
  tcp::Segment Syn() const {
    tcp::Segment s;
    s.seq = kIrs;
    s.flags.syn = true;
    s.window = peer_window;
    s.options = peer_syn;
    if (s.options.timestamps) s.options.timestamps->value = peer_time;
    return s;
  }
  tcp::Segment Ack(uint32_t seq = 1, uint32_t ack = 1) const {
    tcp::Segment s;
    s.seq = kIrs + seq;
    s.ack = kIss + ack;
    s.flags.ack = true;
    s.window = peer_window;
    if (peer_syn.timestamps) s.options.timestamps = tcp::Timestamps{peer_time, 0};
    return s;
  }
  tcp::Segment Data(uint32_t seq, size_t len, uint32_t ack = 1) const {
    tcp::Segment s = Ack(seq, ack);
    s.payload = tcp::ByteView(Stream()).subspan(seq, len);
    return s;
  }
  tcp::Segment Fin(uint32_t seq, uint32_t ack = 1) const {
    tcp::Segment s = Ack(seq, ack);
    s.flags.fin = true;
    return s;
  }
  tcp::Segment Rst(uint32_t seq) const {
    tcp::Segment s = Ack(seq);
    s.flags = {.rst = true};
    return s;
  }
  // Byte i of either stream; index 1 is the first.
  static const tcp::Bytes& Stream() {
    static const tcp::Bytes bytes = [] {
      tcp::Bytes b(200000);
      for (size_t i = 0; i < b.size(); ++i) b[i] = static_cast<uint8_t>(i * 7 + (i >> 8));
      return b;
    }();
    return bytes;
  }

  void Input(const tcp::Segment& s) { c->Input(s); }
  size_t Write(size_t from, size_t len) {
    return c->Write(tcp::ByteView(Stream()).subspan(from, len));
  }
  tcp::Bytes ReadAll() {
    tcp::Bytes all;
    uint8_t buffer[1000];
    while (const size_t n = c->Read(buffer)) all.insert(all.end(), buffer, buffer + n);
    return all;
  }
  void Forget() {
    sink.sent.clear();
    host.states.clear();
  }
  // What was transmitted since Forget(), in tcpdump's manner, numbers relative:
  // "[S] 0", "[P.] 1:101 ack 1".
  std::string Sent() const {
    std::string text;
    for (const auto& s : sink.sent) {
      if (!text.empty()) text += "; ";
      text += "[" + s.segment.flags.ToString() + "] " + std::to_string(s.segment.seq - kIss);
      if (s.spec.len > 0) {
        text += ":" + std::to_string(s.segment.seq + s.spec.len - kIss);
      }
      if (s.segment.flags.ack) text += " ack " + std::to_string(s.segment.ack - kIrs);
      for (const auto& block : s.segment.options.sack) {
        text +=
            " sack " + std::to_string(block.start - kIrs) + ":" + std::to_string(block.end - kIrs);
      }
    }
    return text;
  }
  std::string TakeSent() {
    std::string text = Sent();
    sink.sent.clear();
    return text;
  }

  void OnConnected(tcp::Connection&) override { connected = true; }
  void OnDelegated(tcp::Connection&) override {
    ++delegated;
    if (on_delegated) on_delegated();
  }
  void OnUserBufferReturned(tcp::Connection&, const tcp::UserBufferReturn& back) override {
    returned = back.id;
  }
  void OnClosed(tcp::Connection&, tcp::CloseReason why) override {
    ++closed;
    reason = why;
  }

  VirtualTime time;
  RecordingSink sink{time};
  BenchHost host{time, sink};
  std::shared_ptr<tcp::Connection> c;
  bool connected = false;
  int delegated = 0;
  std::function<void()> on_delegated;
  int closed = 0;
  int returned = -1;
  tcp::CloseReason reason = tcp::CloseReason::kNone;
  uint32_t peer_time = 1000;
};

}  // namespace handoff::tb
