// SPDX-License-Identifier: Apache-2.0
#include "sw/tcp/ip.h"

#include <algorithm>
#include <utility>

#include "sw/tcp/arp.h"
#include "sw/tcp/ipv4.h"
#include "sw/tcp/ipv6.h"
#include "sw/tcp/ndp.h"

namespace handoff::tcp {

IpLayer::IpLayer(NetIf& netif, sw::TimerService& timers, Handlers handlers)
    : netif_(netif),
      handlers_(std::move(handlers)),
      neighbors_(netif, timers, [this](const Neighbor& n) { Ask(n); }) {}

void IpLayer::AddAddress(const LocalAddress& address) { addresses_.push_back(address); }

bool IpLayer::IsLocal(const IpAddr& addr, const Vlans& vlans) const {
  return std::any_of(addresses_.begin(), addresses_.end(),
                     [&](const LocalAddress& a) { return a.addr == addr && a.vlans == vlans; });
}

std::optional<LocalAddress> IpLayer::ChooseLocal(const IpAddr& remote, const Vlans& vlans) const {
  std::optional<LocalAddress> chosen;
  for (const LocalAddress& a : addresses_) {
    if (a.addr.is_v6() != remote.is_v6() || a.vlans != vlans) continue;
    if (a.addr.SamePrefix(remote, a.prefix_bits)) return a;
    if (!chosen || (a.gateway && !chosen->gateway)) chosen = a;
  }
  return chosen;
}

void IpLayer::Input(ByteView frame) {
  const auto eth = ParseEthernet(frame);
  if (!eth) {
    ++counters_.malformed;
    return;
  }
  const EthernetHeader& h = eth->header;
  if (h.dst != netif_.mac() && !h.dst.IsMulticast()) {
    ++counters_.not_for_us;
    return;
  }
  const Vlans vlans = h.tags.Key();
  link_multicast_ = h.dst.IsMulticast();
  switch (h.ether_type) {
    case kEtherTypeArp:
      InputArp(eth->payload, vlans);
      break;
    case kEtherTypeIpv4:
      InputIpv4(eth->payload, vlans);
      break;
    case kEtherTypeIpv6:
      InputIpv6(eth->payload, vlans);
      break;
    default:
      ++counters_.other_protocol;
      break;
  }
}

void IpLayer::InputArp(ByteView bytes, const Vlans& vlans) {
  const auto message = ParseArp(bytes);
  if (!message) {
    ++counters_.malformed;
    return;
  }
  // RFC 826: the sender is learnt if it is known, or if the message is for us.
  const bool for_us = IsLocal(message->target, vlans);
  neighbors_.Learn({message->sender, vlans}, message->sender_mac, for_us);
  if (!for_us || message->operation != ArpMessage::Operation::kRequest) return;
  netif_.SendFrame(ArpFrame({.operation = ArpMessage::Operation::kReply,
                             .sender_mac = netif_.mac(),
                             .sender = message->target,
                             .target_mac = message->sender_mac,
                             .target = message->sender},
                            VlanTags::For(vlans)));
}

void IpLayer::InputIpv4(ByteView bytes, const Vlans& vlans) {
  const auto packet = ParseIpv4(bytes);
  if (!packet) {
    ++counters_.malformed;
    return;
  }
  const Ipv4Header& h = packet->header;
  // RFC 9293, 3.9.2.3: a segment to a broadcast or multicast address is discarded without a word.
  // No such address is a local one.
  if (!IsLocal(h.dst, vlans)) {
    ++counters_.not_for_us;
    return;
  }
  if (h.IsFragment()) {
    ++counters_.fragments;
    return;
  }
  if (h.protocol == kProtocolTcp) {
    // RFC 1122, 3.3.6: a datagram for one host in a frame for many is discarded.
    if (link_multicast_) {
      ++counters_.not_for_us;
      return;
    }
    handlers_.tcp({h.src, h.dst, vlans, packet->payload});
  } else if (h.protocol == kProtocolIcmp) {
    InputIcmp(h.src, h.dst, vlans, h.ttl, packet->payload);
  } else {
    ++counters_.other_protocol;
  }
}

void IpLayer::InputIpv6(ByteView bytes, const Vlans& vlans) {
  const auto packet = ParseIpv6(bytes);
  if (!packet) {
    ++counters_.malformed;
    return;
  }
  const Ipv6Header& h = packet->header;
  if (!IsLocal(h.dst, vlans) && !h.dst.IsMulticast()) {
    ++counters_.not_for_us;
    return;
  }
  // RFC 9293, 3.9.2.3: no TCP to a multicast address.
  if (h.next_header == kProtocolTcp && !h.dst.IsMulticast() && !link_multicast_) {
    handlers_.tcp({h.src, h.dst, vlans, packet->payload});
  } else if (h.next_header == kProtocolIcmpv6) {
    InputIcmp(h.src, h.dst, vlans, h.hop_limit, packet->payload);
  } else {
    ++counters_.other_protocol;
  }
}

void IpLayer::InputIcmp(const IpAddr& src, const IpAddr& dst, const Vlans& vlans, uint8_t hop_limit,
                        ByteView message) {
  const auto icmp = ParseIcmp(src, dst, dst.is_v6(), message);
  if (!icmp) {
    ++counters_.malformed;
    return;
  }
  if (InputNdp(src, vlans, hop_limit, *icmp)) return;
  if (const auto error = ReadIcmpError(*icmp)) {
    handlers_.error(*error, vlans);
    return;
  }
  const auto reply = EchoReplyTo(*icmp);
  if (!reply || dst.IsMulticast()) return;
  const IpOutput how = {.src = dst,
                        .dst = src,
                        .vlans = vlans,
                        .protocol = dst.is_v6() ? kProtocolIcmpv6 : kProtocolIcmp};
  const Bytes answer = BuildIcmp(dst, src, *reply);
  Bytes frame = BeginPacket(how, answer.size());
  AppendBytes(frame, answer);
  Send(how, std::move(frame));
}

bool IpLayer::InputNdp(const IpAddr& src, const Vlans& vlans, uint8_t hop_limit,
                       const IcmpMessage& icmp) {
  const auto ndp = ReadNdp(icmp, hop_limit);
  if (!ndp) return false;
  if (ndp->advertisement) {
    if (ndp->link_address) neighbors_.Learn({ndp->target, vlans}, *ndp->link_address, false);
    return true;
  }
  if (!IsLocal(ndp->target, vlans)) return true;
  // RFC 4861, 7.2.3 and 7.2.4. A host that asks without an address of its own (duplicate address
  // detection) is answered to all nodes.
  const bool anonymous = src.IsUnspecified();
  if (!anonymous && ndp->link_address) {
    neighbors_.Learn({src, vlans}, *ndp->link_address, true);
  }
  const IpAddr to = anonymous ? *IpAddr::Parse("ff02::1") : src;
  const auto mac = anonymous ? MulticastMac(to) : neighbors_.Find({src, vlans});
  if (!mac) return true;
  NdpMessage answer;
  answer.advertisement = true;
  answer.solicited = !anonymous;
  answer.target = ndp->target;
  answer.link_address = netif_.mac();
  netif_.SendFrame(NdpFrame(answer, netif_.mac(), ndp->target, *mac, to, VlanTags::For(vlans)));
  return true;
}

void IpLayer::Ask(const Neighbor& neighbor) {
  const auto local = ChooseLocal(neighbor.addr, neighbor.vlans);
  if (!local) return;
  const VlanTags tags = VlanTags::For(neighbor.vlans);
  if (!neighbor.addr.is_v6()) {
    netif_.SendFrame(ArpFrame({.operation = ArpMessage::Operation::kRequest,
                               .sender_mac = netif_.mac(),
                               .sender = local->addr,
                               .target_mac = {},
                               .target = neighbor.addr},
                              tags));
    return;
  }
  NdpMessage question;
  question.target = neighbor.addr;
  question.link_address = netif_.mac();
  const IpAddr group = SolicitedNode(neighbor.addr);
  netif_.SendFrame(NdpFrame(question, netif_.mac(), local->addr, MulticastMac(group), group, tags));
}

std::optional<IpAddr> IpLayer::NextHop(const IpAddr& src, const IpAddr& dst,
                                       const Vlans& vlans) const {
  for (const LocalAddress& a : addresses_) {
    if (a.addr != src || a.vlans != vlans) continue;
    return a.addr.SamePrefix(dst, a.prefix_bits) ? dst : a.gateway;
  }
  return std::nullopt;
}

Bytes IpLayer::BeginPacket(const IpOutput& how, size_t payload_bytes) const {
  Bytes frame;
  frame.reserve(14 + 8 + kIpv6HeaderBytes + payload_bytes);
  const bool v6 = how.dst.is_v6();
  // The destination MAC is filled in when the next hop is known.
  AppendEthernet(frame, {.dst = {},
                         .src = netif_.mac(),
                         .tags = VlanTags::For(how.vlans),
                         .ether_type = v6 ? kEtherTypeIpv6 : kEtherTypeIpv4});
  if (v6) {
    Ipv6Header h;
    h.traffic_class = how.tos;
    h.next_header = how.protocol;
    h.hop_limit = how.ttl;
    h.src = how.src;
    h.dst = how.dst;
    AppendIpv6(frame, h, payload_bytes);
  } else {
    Ipv4Header h;
    h.tos = how.tos;
    h.ttl = how.ttl;
    h.protocol = how.protocol;
    h.src = how.src;
    h.dst = how.dst;
    AppendIpv4(frame, h, payload_bytes);
  }
  return frame;
}

void IpLayer::Send(const IpOutput& how, Bytes frame) {
  const auto next = NextHop(how.src, how.dst, how.vlans);
  if (!next) {
    ++counters_.no_route;
    return;
  }
  neighbors_.Send({*next, how.vlans}, std::move(frame));
}

LinkPath IpLayer::PathOf(const Tuple& tuple) const {
  LinkPath path;
  path.local_mac = netif_.mac();
  path.vlans = tuple.vlans;
  if (const auto next = NextHop(tuple.local.addr, tuple.remote.addr, tuple.vlans)) {
    path.next_hop_mac = neighbors_.Find({*next, tuple.vlans});
  }
  return path;
}

}  // namespace handoff::tcp
