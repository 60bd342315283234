// SPDX-License-Identifier: Apache-2.0
//
// The frames that tx must send, written from the RFCs: bytes of headers, and their checksums.
#pragma once

#include <cstdint>
#include <vector>

#include "gen/handoff_pkg.h"

namespace handoff {

using Bytes = std::vector<uint8_t>;

inline void PutBig(Bytes& to, uint64_t value, uint32_t count) {
  for (uint32_t i = count; i-- > 0;) to.push_back(static_cast<uint8_t>(value >> (8 * i)));
}
inline void PutAddress(Bytes& to, const Bits<128>& ip, bool is_ip6) {
  if (is_ip6) PutBig(to, ip.w[1], 8), PutBig(to, ip.w[0], 8);
  if (!is_ip6) PutBig(to, ip.w[0] & 0xffffffff, 4);
}
inline void Append(Bytes& to, const Bytes& from) { to.insert(to.end(), from.begin(), from.end()); }

// RFC 1071: ones' complement sum of 16-bit words, an odd last byte padded with 0.
inline uint16_t OnesSum(const Bytes& bytes) {
  uint32_t sum = 0;
  for (size_t i = 0; i < bytes.size(); ++i) {
    sum += i % 2 == 0 ? uint32_t{bytes[i]} << 8 : uint32_t{bytes[i]};
    sum = (sum & 0xffff) + (sum >> 16);
  }
  return static_cast<uint16_t>(sum);
}

struct Segment {
  bool psh = false;
  bool fin = false;
  std::vector<uint64_t> sacks;  // {left, right}
  Bytes payload;
};

// RFC 9293, 3.1; RFC 7323, 3.2; RFC 2018, 3. The options are padded in front, as in appendix A.
inline Bytes TcpBytes(const Tmpl& t, const Snap& snap, const Segment& segment) {
  Bytes options;
  if (snap.ts_on) {
    PutBig(options, 0x0101080a, 4);
    PutBig(options, snap.ts_val, 4);
    PutBig(options, snap.ts_ecr, 4);
  }
  if (!segment.sacks.empty()) {
    PutBig(options, 0x010105, 3);
    PutBig(options, 2 + 8 * segment.sacks.size(), 1);
    for (const uint64_t block : segment.sacks) PutBig(options, block, 8);
  }
  Bytes tcp;
  PutBig(tcp, t.local_port, 2);
  PutBig(tcp, t.peer_port, 2);
  PutBig(tcp, snap.seq, 4);
  PutBig(tcp, snap.ack, 4);
  PutBig(tcp, (20 + options.size()) / 4 << 4, 1);
  PutBig(tcp, 0x10 + (segment.psh ? 8 : 0) + (segment.fin ? 1 : 0), 1);
  PutBig(tcp, snap.wnd, 2);
  PutBig(tcp, 0, 4);
  Append(tcp, options);
  Append(tcp, segment.payload);

  Bytes pseudo;
  PutAddress(pseudo, t.local_ip, t.is_ip6);
  PutAddress(pseudo, t.peer_ip, t.is_ip6);
  PutBig(pseudo, tcp.size(), 4);  // below 64 KiB: the sum is IPv4's, too
  PutBig(pseudo, 6, 4);
  Append(pseudo, tcp);
  const auto checksum = static_cast<uint16_t>(~OnesSum(pseudo));
  tcp[16] = static_cast<uint8_t>(checksum >> 8);
  tcp[17] = static_cast<uint8_t>(checksum);
  return tcp;
}

// The whole frame, padded to 60 bytes.
inline Bytes FrameOf(const Tmpl& t, const Snap& snap, const Segment& segment) {
  const Bytes tcp = TcpBytes(t, snap, segment);
  Bytes frame;
  PutBig(frame, t.peer_mac, 6);
  PutBig(frame, t.local_mac, 6);
  if (t.n_tags >= 2) PutBig(frame, 0x88a8, 2), PutBig(frame, t.tci0, 2);
  if (t.n_tags != 0) PutBig(frame, 0x8100, 2), PutBig(frame, t.n_tags == 1 ? t.tci0 : t.tci1, 2);
  PutBig(frame, t.is_ip6 ? 0x86dd : 0x0800, 2);
  Bytes ip;
  const uint32_t dscp = t.tos & 0xfc;
  if (t.is_ip6) {  // RFC 8200, 3
    PutBig(ip, 0x60000000 | dscp << 20, 4);
    PutBig(ip, tcp.size(), 2);
    PutBig(ip, 6, 1);
    PutBig(ip, t.ttl, 1);
  } else {  // RFC 791, 3.1
    PutBig(ip, 0x4500 | dscp, 2);
    PutBig(ip, 20 + tcp.size(), 2);
    PutBig(ip, 0x00004000, 4);
    PutBig(ip, t.ttl, 1);
    PutBig(ip, 6, 1);
    PutBig(ip, 0, 2);
  }
  PutAddress(ip, t.local_ip, t.is_ip6);
  PutAddress(ip, t.peer_ip, t.is_ip6);
  if (!t.is_ip6) {
    const auto checksum = static_cast<uint16_t>(~OnesSum(ip));
    ip[10] = static_cast<uint8_t>(checksum >> 8);
    ip[11] = static_cast<uint8_t>(checksum);
  }
  Append(frame, ip);
  Append(frame, tcp);
  if (frame.size() < kMinFrameBytes) frame.resize(kMinFrameBytes);
  return frame;
}

}  // namespace handoff
