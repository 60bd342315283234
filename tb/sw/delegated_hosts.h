// SPDX-License-Identifier: Apache-2.0
//
// Two hosts over an imperfect link: a plain stack, and a host whose engine is the fake one.
//
//   peer ── FaultyWire ── FakeEngine ── FakeHw ── host: driver, delegation, stack, sockets
#pragma once

#include <functional>
#include <memory>
#include <random>
#include <utility>

#include "sw/host/host.h"
#include "tb/sw/fake_engine.h"
#include "tb/sw/fake_hw.h"
#include "tb/sw/hosts.h"

namespace handoff::tb {

struct DelegatedConfig {
  WireFaults faults{.delay = Micros(200), .reorder_by = Micros(150), .bytes_per_us = 1250};
  uint32_t seed = 1;
  bool v6 = false;
  tcp::Vlans vlans;
  FakeEngineConfig engine;
  driver::DriverConfig driver;
  driver::DelegationConfig delegation;
  std::function<std::unique_ptr<policy::Policy>()> policy = policy::Always;
};

class DelegatedHosts {
 public:
  explicit DelegatedHosts(DelegatedConfig config = {})
      : to_host(time, config.faults, config.seed),
        to_peer(time, config.faults, config.seed + 1),
        hw(time),
        engine(hw, time, WithSeed(config.engine, config.seed)),
        peer_addr(config.v6 ? *tcp::IpAddr::Parse("fd00::1") : tcp::IpAddr::V4(10, 77, 0, 1)),
        host_addr(config.v6 ? *tcp::IpAddr::Parse("fd00::2") : tcp::IpAddr::V4(10, 77, 0, 2)),
        vlans(config.vlans),
        peer_netif_([this](const tcp::Bytes& frame) { to_host.Send(frame); },
                    tcp::MacAddr{{2, 0, 0, 0, 0, 1}}, config.driver.mtu),
        peer({.random = Random(config.seed + 100)}, peer_netif_, time, pool_),
        host(std::make_unique<host::Host>(hw, HostOf(config), config.policy())) {
    const unsigned prefix = config.v6 ? 64 : 24;
    peer.AddAddress({peer_addr, prefix, vlans, {}});
    host->stack().AddAddress({host_addr, prefix, vlans, {}});
    to_host.SetReceiver([this](tcp::ByteView frame) { engine.Receive(frame); });
    to_peer.SetReceiver([this](tcp::ByteView frame) { peer.Input(frame); });
    engine.SetWire([this](tcp::ByteView frame) { to_peer.Send(frame); });
    bool ready = false;
    host->Start([&](bool ok) { ready = ok; });
    time.RunUntil([&] { return ready; });
    time.RunFor(sw::Millis(1));
  }

  // The host listens, the peer connects. First the peer's end.
  using Pair = std::pair<std::shared_ptr<tcp::Connection>, std::shared_ptr<tcp::Connection>>;
  Pair Connect(const tcp::OpenOptions& options = {}, uint16_t port = 5000) {
    tcp::ListenOptions listen;
    listen.open = options;
    auto listener = host->stack().Listen({host_addr, port}, listen);
    auto client = peer.Connect({}, {host_addr, port}, options, nullptr, vlans);
    std::shared_ptr<tcp::Connection> server;
    time.RunUntil([&] { return (server = listener->Accept()) != nullptr; }, sw::Seconds(100));
    listener->Close();
    return {client, server};
  }
  bool RunUntilLive(const tcp::Connection& connection, Micros limit = sw::Seconds(5)) {
    return time.RunUntil([&] { return connection.delegation().phase == tcp::Delegation::kLive; },
                         limit);
  }
  driver::DelegationStats Stats(const tcp::Connection& connection) {
    return host->delegation().StatsOf(connection.id());
  }

 private:
  static std::function<uint32_t()> Random(uint32_t seed) {
    return [random = std::make_shared<std::mt19937>(seed)] {
      return static_cast<uint32_t>((*random)());
    };
  }
  static FakeEngineConfig WithSeed(FakeEngineConfig engine, uint32_t seed) {
    engine.seed = seed + 7;
    return engine;
  }
  static host::HostConfig HostOf(const DelegatedConfig& config) {
    host::HostConfig h;
    h.driver = config.driver;
    h.driver.mac = tcp::MacAddr{{2, 0, 0, 0, 0, 2}};
    h.delegation = config.delegation;
    h.random = Random(config.seed + 200);
    return h;
  }

  tcp::HeapPool pool_;

 public:
  VirtualTime time;
  FaultyWire to_host;
  FaultyWire to_peer;
  FakeHw hw;
  FakeEngine engine;
  tcp::IpAddr peer_addr;
  tcp::IpAddr host_addr;
  tcp::Vlans vlans;

 private:
  tcp::PaddingNetIf peer_netif_;

 public:
  tcp::Stack peer;
  std::unique_ptr<host::Host> host;
};

}  // namespace handoff::tb
