// SPDX-License-Identifier: Apache-2.0
//
// IPv4 headers (RFC 791).
#pragma once

#include <cstdint>
#include <optional>

#include "sw/tcp/address.h"
#include "sw/tcp/bytes.h"

namespace handoff::tcp {

inline constexpr uint8_t kProtocolIcmp = 1;
inline constexpr uint8_t kProtocolTcp = 6;
inline constexpr uint8_t kProtocolIcmpv6 = 58;
inline constexpr size_t kIpv4HeaderBytes = 20;

struct Ipv4Header {
  uint8_t tos = 0;  // DSCP and ECN
  uint16_t id = 0;
  bool dont_fragment = true;
  bool more_fragments = false;
  uint16_t fragment_offset = 0;  // in units of 8 bytes
  uint8_t ttl = 64;
  uint8_t protocol = kProtocolTcp;
  IpAddr src;
  IpAddr dst;
  bool has_options = false;  // read, never built

  bool IsFragment() const { return more_fragments || fragment_offset != 0; }
};

struct Ipv4Packet {
  Ipv4Header header;
  ByteView payload;  // what total length says, without padding
};

// Nothing if version, lengths or header checksum are wrong.
std::optional<Ipv4Packet> ParseIpv4(ByteView packet);
void AppendIpv4(Bytes& out, const Ipv4Header& header, size_t payload_bytes);

}  // namespace handoff::tcp
