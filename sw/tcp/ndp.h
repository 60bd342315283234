// SPDX-License-Identifier: Apache-2.0
//
// Neighbor discovery (RFC 4861): solicitations and advertisements, the part that finds a MAC
// address.
#pragma once

#include <optional>

#include "sw/tcp/address.h"
#include "sw/tcp/bytes.h"
#include "sw/tcp/ethernet.h"
#include "sw/tcp/icmp.h"

namespace handoff::tcp {

struct NdpMessage {
  bool advertisement = false;  // else a solicitation
  bool solicited = false;      // of an advertisement: it answers
  IpAddr target;
  std::optional<MacAddr> link_address;  // of the sender (solicitation) or the target
};

// Nothing if it is another message or breaks 7.1. `hop_limit` is the packet's.
std::optional<NdpMessage> ReadNdp(const IcmpMessage& icmp, uint8_t hop_limit);
// A whole frame from `src`; to `dst`, or for a solicitation without one to the solicited-node
// address of its target.
Bytes NdpFrame(const NdpMessage& message, const MacAddr& src_mac, const IpAddr& src,
               const MacAddr& dst_mac, const IpAddr& dst, const VlanTags& tags);

// RFC 4291, 2.7.1, and RFC 2464, 7.
IpAddr SolicitedNode(const IpAddr& addr);
MacAddr MulticastMac(const IpAddr& addr);

}  // namespace handoff::tcp
