// SPDX-License-Identifier: Apache-2.0
//
// Where things lie in a recorded frame. It is apart from the stack's own parsers, so that what a
// replay expects does not depend on what it tests.
#pragma once

#include <cstdint>
#include <optional>

#include "sw/tcp/address.h"
#include "sw/tcp/bytes.h"

namespace handoff::pcap {

// An IP packet in an Ethernet frame, with up to two VLAN tags.
struct IpView {
  bool v6 = false;
  size_t tags = 0;                      // bytes of VLAN tags, at 12
  size_t ip = 0, payload = 0, end = 0;  // offsets; padding lies behind `end`
  uint8_t protocol = 0;
  bool fragment = false;
  tcp::IpAddr src, dst;
};
// A length of zero, as segmentation offload leaves it, means up to the frame's end. None if the
// frame holds no IP packet, or not all of it.
std::optional<IpView> FindIp(tcp::ByteView frame);

inline constexpr uint8_t kFin = 1, kSyn = 2, kRst = 4, kPsh = 8, kAck = 16;

// A TCP segment in it.
struct TcpView {
  IpView ip;
  size_t tcp = 0, text = 0;  // offsets; the text goes to ip.end
  uint16_t src_port = 0, dst_port = 0, window = 0;
  uint32_t seq = 0, ack = 0;
  uint8_t flags = 0;
  std::optional<uint16_t> mss;
  std::optional<uint8_t> scale;

  bool Has(uint8_t flag) const { return (flags & flag) != 0; }
  size_t text_bytes() const { return ip.end - text; }
};
std::optional<TcpView> FindTcp(tcp::ByteView frame);
// Whether its checksum is right.
bool ChecksumHolds(tcp::ByteView frame, const TcpView& view);
// Writes lengths and checksums of IP and TCP anew, from what lies in the frame up to view.ip.end.
void Seal(tcp::Bytes& frame, const TcpView& view);

}  // namespace handoff::pcap
