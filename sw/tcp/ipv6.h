// SPDX-License-Identifier: Apache-2.0
//
// IPv6 headers (RFC 8200). Extension headers are told by next_header and left in the payload.
#pragma once

#include <cstdint>
#include <optional>

#include "sw/tcp/address.h"
#include "sw/tcp/bytes.h"

namespace handoff::tcp {

inline constexpr size_t kIpv6HeaderBytes = 40;

struct Ipv6Header {
  uint8_t traffic_class = 0;
  uint32_t flow_label = 0;
  uint8_t next_header = 0;
  uint8_t hop_limit = 64;
  IpAddr src;
  IpAddr dst;
};

struct Ipv6Packet {
  Ipv6Header header;
  ByteView payload;  // what payload length says, without padding
};

// Nothing if version or lengths are wrong.
std::optional<Ipv6Packet> ParseIpv6(ByteView packet);
void AppendIpv6(Bytes& out, const Ipv6Header& header, size_t payload_bytes);

}  // namespace handoff::tcp
