// SPDX-License-Identifier: Apache-2.0
//
// The IP layer of a host with one interface: which addresses are its own, which frame holds what,
// where a packet goes next. ARP, NDP and echo are answered here.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "sw/tcp/address.h"
#include "sw/tcp/ethernet.h"
#include "sw/tcp/icmp.h"
#include "sw/tcp/neighbors.h"
#include "sw/tcp/netif.h"
#include "sw/timer_service.h"

namespace handoff::tcp {

struct ArpMessage;
struct Ipv4Packet;
struct Ipv6Packet;

struct LocalAddress {
  IpAddr addr;
  unsigned prefix_bits = 24;
  Vlans vlans;
  std::optional<IpAddr> gateway;  // for what lies outside the prefix
};

// A TCP segment out of a packet for this host.
struct IpInput {
  IpAddr src;
  IpAddr dst;
  Vlans vlans;
  ByteView message;
};

struct IpOutput {
  IpAddr src;
  IpAddr dst;
  Vlans vlans;
  uint8_t protocol = 0;
  uint8_t ttl = 64;
  uint8_t tos = 0;
};

// How frames of a connection are addressed.
struct LinkPath {
  MacAddr local_mac;
  std::optional<MacAddr> next_hop_mac;  // not resolved yet: nothing
  Vlans vlans;
};

struct IpCounters {
  uint64_t not_for_us = 0;
  uint64_t malformed = 0;
  uint64_t fragments = 0;
  uint64_t other_protocol = 0;
  uint64_t no_route = 0;
};

class IpLayer {
 public:
  struct Handlers {
    std::function<void(const IpInput&)> tcp;
    std::function<void(const IcmpError&, const Vlans&)> error;
  };
  IpLayer(NetIf& netif, sw::TimerService& timers, Handlers handlers);

  void AddAddress(const LocalAddress& address);
  bool IsLocal(const IpAddr& addr, const Vlans& vlans) const;
  // Of the same family and VLAN, in the subnet of `remote` if there is one.
  std::optional<LocalAddress> ChooseLocal(const IpAddr& remote, const Vlans& vlans) const;

  // Any frame that arrived.
  void Input(ByteView frame);

  // A frame up to and with its IP header, for `payload_bytes` to be appended; then Send() it.
  Bytes BeginPacket(const IpOutput& how, size_t payload_bytes) const;
  void Send(const IpOutput& how, Bytes frame);

  LinkPath PathOf(const Tuple& tuple) const;
  Neighbors& neighbors() { return neighbors_; }
  const IpCounters& counters() const { return counters_; }

 private:
  void InputArp(ByteView message, const Vlans& vlans);
  void InputIpv4(ByteView bytes, const Vlans& vlans);
  void InputIpv6(ByteView bytes, const Vlans& vlans);
  void InputIcmp(const IpAddr& src, const IpAddr& dst, const Vlans& vlans, uint8_t hop_limit,
                 ByteView message);
  bool InputNdp(const IpAddr& src, const Vlans& vlans, uint8_t hop_limit, const IcmpMessage& icmp);
  void Ask(const Neighbor& neighbor);
  std::optional<IpAddr> NextHop(const IpAddr& src, const IpAddr& dst, const Vlans& vlans) const;

  NetIf& netif_;
  Handlers handlers_;
  std::vector<LocalAddress> addresses_;
  Neighbors neighbors_;
  IpCounters counters_;
  bool link_multicast_ = false;  // the frame being taken in is for many
};

}  // namespace handoff::tcp
