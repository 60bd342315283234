// SPDX-License-Identifier: Apache-2.0
#include "sw/tcp/ipv4.h"

#include "sw/tcp/checksum.h"

namespace handoff::tcp {
namespace {

constexpr uint16_t kDontFragment = 0x4000;
constexpr uint16_t kMoreFragments = 0x2000;
constexpr uint16_t kOffsetMask = 0x1fff;

}  // namespace

std::optional<Ipv4Packet> ParseIpv4(ByteView packet) {
  if (packet.size() < kIpv4HeaderBytes || packet[0] >> 4 != 4) return std::nullopt;
  const size_t header_bytes = (packet[0] & 0xfu) * 4;
  const size_t total = Load16(packet, 2);
  if (header_bytes < kIpv4HeaderBytes || total < header_bytes || total > packet.size()) {
    return std::nullopt;
  }
  if (ChecksumOf(packet.first(header_bytes)) != 0) return std::nullopt;

  Ipv4Packet parsed;
  Ipv4Header& h = parsed.header;
  const uint16_t fragment = Load16(packet, 6);
  h.tos = packet[1];
  h.id = Load16(packet, 4);
  h.dont_fragment = (fragment & kDontFragment) != 0;
  h.more_fragments = (fragment & kMoreFragments) != 0;
  h.fragment_offset = fragment & kOffsetMask;
  h.ttl = packet[8];
  h.protocol = packet[9];
  h.src = IpAddr::From(packet.subspan(12, 4));
  h.dst = IpAddr::From(packet.subspan(16, 4));
  h.has_options = header_bytes > kIpv4HeaderBytes;
  parsed.payload = packet.subspan(header_bytes, total - header_bytes);
  return parsed;
}

void AppendIpv4(Bytes& out, const Ipv4Header& header, size_t payload_bytes) {
  const size_t start = out.size();
  out.push_back(0x45);
  out.push_back(header.tos);
  Append16(out, static_cast<uint16_t>(kIpv4HeaderBytes + payload_bytes));
  Append16(out, header.id);
  Append16(out, static_cast<uint16_t>((header.dont_fragment ? kDontFragment : 0) |
                                      (header.more_fragments ? kMoreFragments : 0) |
                                      header.fragment_offset));
  out.push_back(header.ttl);
  out.push_back(header.protocol);
  Append16(out, 0);
  AppendBytes(out, header.src.octets());
  AppendBytes(out, header.dst.octets());
  Store16(out, start + 10, ChecksumOf(ByteView(out).subspan(start, kIpv4HeaderBytes)));
}

}  // namespace handoff::tcp
