// SPDX-License-Identifier: Apache-2.0
#include "sw/tcp/ndp.h"

#include <algorithm>

#include "sw/tcp/ipv4.h"
#include "sw/tcp/ipv6.h"

namespace handoff::tcp {
namespace {

constexpr uint8_t kSolicitation = 135;
constexpr uint8_t kAdvertisement = 136;
constexpr uint8_t kSourceLinkAddress = 1;
constexpr uint8_t kTargetLinkAddress = 2;
constexpr uint32_t kSolicitedFlag = 1u << 30;
constexpr uint32_t kOverrideFlag = 1u << 29;
constexpr uint8_t kOnLinkHopLimit = 255;  // nobody off the link can make it
constexpr size_t kTargetAt = 4;           // in IcmpMessage::rest
constexpr size_t kOptionsAt = 20;

}  // namespace

std::optional<NdpMessage> ReadNdp(const IcmpMessage& icmp, uint8_t hop_limit) {
  if (!icmp.v6 || icmp.code != 0 || hop_limit != kOnLinkHopLimit) return std::nullopt;
  if (icmp.type != kSolicitation && icmp.type != kAdvertisement) return std::nullopt;
  if (icmp.rest.size() < kOptionsAt) return std::nullopt;
  NdpMessage message;
  message.advertisement = icmp.type == kAdvertisement;
  message.solicited = message.advertisement && (Load32(icmp.rest, 0) & kSolicitedFlag) != 0;
  message.target = IpAddr::From(icmp.rest.subspan(kTargetAt, 16));
  if (message.target.IsMulticast()) return std::nullopt;
  const uint8_t wanted = message.advertisement ? kTargetLinkAddress : kSourceLinkAddress;
  for (size_t at = kOptionsAt; at < icmp.rest.size();) {
    const size_t length = at + 1 < icmp.rest.size() ? icmp.rest[at + 1] * 8u : 0;
    if (length == 0 || at + length > icmp.rest.size()) return std::nullopt;
    if (icmp.rest[at] == wanted) {
      message.link_address.emplace();
      std::copy_n(icmp.rest.begin() + static_cast<std::ptrdiff_t>(at + 2), 6,
                  message.link_address->octets.begin());
    }
    at += length;
  }
  return message;
}

Bytes NdpFrame(const NdpMessage& message, const MacAddr& src_mac, const IpAddr& src,
               const MacAddr& dst_mac, const IpAddr& dst, const VlanTags& tags) {
  Bytes rest;
  Append32(rest,
           message.advertisement ? kOverrideFlag | (message.solicited ? kSolicitedFlag : 0) : 0);
  AppendBytes(rest, message.target.octets());
  if (message.link_address) {
    rest.push_back(message.advertisement ? kTargetLinkAddress : kSourceLinkAddress);
    rest.push_back(1);
    AppendBytes(rest, message.link_address->octets);
  }
  const uint8_t type = message.advertisement ? kAdvertisement : kSolicitation;
  const Bytes icmp = BuildIcmp(src, dst, {.v6 = true, .type = type, .code = 0, .rest = rest});

  Bytes frame;
  AppendEthernet(frame,
                 {.dst = dst_mac, .src = src_mac, .tags = tags, .ether_type = kEtherTypeIpv6});
  Ipv6Header ip;
  ip.next_header = kProtocolIcmpv6;
  ip.hop_limit = kOnLinkHopLimit;
  ip.src = src;
  ip.dst = dst;
  AppendIpv6(frame, ip, icmp.size());
  AppendBytes(frame, icmp);
  return frame;
}

IpAddr SolicitedNode(const IpAddr& addr) {
  Bytes octets = {0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff};
  AppendBytes(octets, addr.octets().last(3));
  return IpAddr::From(octets);
}

MacAddr MulticastMac(const IpAddr& addr) {
  MacAddr mac{{0x33, 0x33}};
  const ByteView last = addr.octets().last(4);
  std::copy(last.begin(), last.end(), mac.octets.begin() + 2);
  return mac;
}

}  // namespace handoff::tcp
