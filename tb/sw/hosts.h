// SPDX-License-Identifier: Apache-2.0
//
// Two hosts, each with a whole stack, and a faulty wire in each direction between them.
#pragma once

#include <functional>
#include <memory>
#include <random>
#include <utility>

#include "sw/tcp/padding_netif.h"
#include "sw/tcp/stack.h"
#include "tb/sw/faulty_wire.h"
#include "tb/sw/virtual_time.h"

namespace handoff::tb {

struct HostsConfig {
  WireFaults faults;
  uint32_t seed = 1;
  uint32_t mtu = 1500;
  tcp::Vlans vlans;
  bool v6 = false;
  tcp::TcpConfig tcp;
};

class Hosts {
 public:
  explicit Hosts(const HostsConfig& config = {})
      : a_to_b(time, config.faults, config.seed),
        b_to_a(time, config.faults, config.seed + 1),
        netif_a_([this](const tcp::Bytes& frame) { a_to_b.Send(frame); },
                 tcp::MacAddr{{2, 0, 0, 0, 0, 1}}, config.mtu),
        netif_b_([this](const tcp::Bytes& frame) { b_to_a.Send(frame); },
                 tcp::MacAddr{{2, 0, 0, 0, 0, 2}}, config.mtu),
        addr_a(config.v6 ? *tcp::IpAddr::Parse("fd00::1") : tcp::IpAddr::V4(10, 77, 0, 1)),
        addr_b(config.v6 ? *tcp::IpAddr::Parse("fd00::2") : tcp::IpAddr::V4(10, 77, 0, 2)),
        vlans(config.vlans),
        a(Config(config, 100), netif_a_, time, pool_),
        b(Config(config, 200), netif_b_, time, pool_) {
    const unsigned prefix = config.v6 ? 64 : 24;
    a.AddAddress({addr_a, prefix, config.vlans, {}});
    b.AddAddress({addr_b, prefix, config.vlans, {}});
    a_to_b.SetReceiver([this](tcp::ByteView frame) { b.Input(frame); });
    b_to_a.SetReceiver([this](tcp::ByteView frame) { a.Input(frame); });
  }

  // b listens, a connects; both ends established.
  using Pair = std::pair<std::shared_ptr<tcp::Connection>, std::shared_ptr<tcp::Connection>>;
  Pair Connect(const tcp::OpenOptions& of_a = {}, const tcp::OpenOptions& of_b = {},
               tcp::ConnectionObserver* observer = nullptr) {
    tcp::ListenOptions listen;
    listen.open = of_b;
    auto listener = b.Listen({addr_b, 5000}, listen);
    auto client = a.Connect({}, {addr_b, 5000}, of_a, observer, vlans);
    std::shared_ptr<tcp::Connection> server;
    time.RunUntil([&] { return (server = listener->Accept()) != nullptr; }, sw::Seconds(100));
    listener->Close();
    return {client, server};
  }

 private:
  static tcp::StackConfig Config(const HostsConfig& config, uint32_t salt) {
    tcp::StackConfig stack;
    stack.tcp = config.tcp;
    stack.random = [random = std::make_shared<std::mt19937>(config.seed + salt)] {
      return static_cast<uint32_t>((*random)());
    };
    return stack;
  }

 public:
  VirtualTime time;
  FaultyWire a_to_b;
  FaultyWire b_to_a;

 private:
  tcp::HeapPool pool_;
  tcp::PaddingNetIf netif_a_;
  tcp::PaddingNetIf netif_b_;

 public:
  tcp::IpAddr addr_a;
  tcp::IpAddr addr_b;
  tcp::Vlans vlans;
  tcp::Stack a;
  tcp::Stack b;
};

// The project's byte pattern.
inline uint8_t PatternByte(uint64_t i) { return static_cast<uint8_t>(i * 7 + (i >> 8)); }

// Writes `total` bytes of the pattern as fast as the connection takes them, then ends the stream;
// reads and checks what comes.
class PatternUser : public tcp::ConnectionObserver {
 public:
  PatternUser(std::shared_ptr<tcp::Connection> connection, uint64_t total, bool end = true)
      : connection_(std::move(connection)), total_(total), end_(end) {
    connection_->SetObserver(this);
    Pump(*connection_);
    OnReadable(*connection_);
  }
  ~PatternUser() override { connection_->SetObserver(nullptr); }
  PatternUser(const PatternUser&) = delete;
  PatternUser& operator=(const PatternUser&) = delete;

  void OnConnected(tcp::Connection& c) override { Pump(c); }
  void OnWritable(tcp::Connection& c) override { Pump(c); }
  void OnReadable(tcp::Connection& c) override {
    if (hold_reading) return;
    uint8_t buffer[4096];
    while (const size_t n = c.Read(buffer)) {
      for (size_t i = 0; i < n; ++i) wrong += buffer[i] != PatternByte(received + i) ? 1 : 0;
      received += n;
    }
    ended = ended || c.AtEnd();
  }
  void OnClosed(tcp::Connection&, tcp::CloseReason why) override {
    closed = true;
    reason = why;
  }
  bool hold_reading = false;
  uint64_t received = 0;
  uint64_t written = 0;
  uint64_t wrong = 0;
  bool ended = false;
  bool closed = false;
  tcp::CloseReason reason = tcp::CloseReason::kNone;

 private:
  void Pump(tcp::Connection& c) {
    while (written < total_) {
      tcp::Bytes bytes(std::min<uint64_t>(total_ - written, 8192));
      for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = PatternByte(written + i);
      const size_t n = c.Write(bytes);
      written += n;
      if (n < bytes.size()) return;
    }
    if (end_) c.ShutdownWrite();
  }

  std::shared_ptr<tcp::Connection> connection_;
  uint64_t total_;
  bool end_;
};

}  // namespace handoff::tb
