// SPDX-License-Identifier: Apache-2.0
#include "sw/tcp/ipv6.h"

namespace handoff::tcp {

std::optional<Ipv6Packet> ParseIpv6(ByteView packet) {
  if (packet.size() < kIpv6HeaderBytes || packet[0] >> 4 != 6) return std::nullopt;
  const size_t payload_bytes = Load16(packet, 4);
  if (kIpv6HeaderBytes + payload_bytes > packet.size()) return std::nullopt;

  Ipv6Packet parsed;
  Ipv6Header& h = parsed.header;
  const uint32_t first = Load32(packet, 0);
  h.traffic_class = static_cast<uint8_t>(first >> 20);
  h.flow_label = first & 0xfffff;
  h.next_header = packet[6];
  h.hop_limit = packet[7];
  h.src = IpAddr::From(packet.subspan(8, 16));
  h.dst = IpAddr::From(packet.subspan(24, 16));
  parsed.payload = packet.subspan(kIpv6HeaderBytes, payload_bytes);
  return parsed;
}

void AppendIpv6(Bytes& out, const Ipv6Header& header, size_t payload_bytes) {
  Append32(out, 6u << 28 | static_cast<uint32_t>(header.traffic_class) << 20 | header.flow_label);
  Append16(out, static_cast<uint16_t>(payload_bytes));
  out.push_back(header.next_header);
  out.push_back(header.hop_limit);
  AppendBytes(out, header.src.octets());
  AppendBytes(out, header.dst.octets());
}

}  // namespace handoff::tcp
