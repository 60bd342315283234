// SPDX-License-Identifier: Apache-2.0
#include "sim/pcap/layers.h"

#include <algorithm>

namespace handoff::pcap {
namespace {

using tcp::Bytes;
using tcp::ByteView;
using tcp::Load16;
using tcp::Load32;
using tcp::Store16;

constexpr size_t kMacs = 12;
constexpr uint16_t kVlan = 0x8100, kServiceVlan = 0x88a8, kIpv4 = 0x0800, kIpv6 = 0x86dd;
constexpr uint8_t kTcp = 6, kIpv6Fragment = 44;

// Of RFC 1071, over 16-bit words; the last may be half of one.
uint64_t SumOf(ByteView bytes) {
  uint64_t sum = 0;
  for (size_t i = 0; i < bytes.size(); ++i) sum += uint64_t{bytes[i]} << (i % 2 == 0 ? 8 : 0);
  return sum;
}

uint16_t Fold(uint64_t sum) {
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint16_t>(sum);
}

// With the pseudo-header of RFC 9293, 3.1.
uint16_t TcpSum(ByteView frame, const TcpView& view) {
  const size_t length = view.ip.end - view.tcp;
  return Fold(SumOf(view.ip.src.octets()) + SumOf(view.ip.dst.octets()) + kTcp + length +
              SumOf(frame.subspan(view.tcp, length)));
}

void ReadOptions(ByteView options, TcpView* view) {
  for (size_t at = 0; at < options.size();) {
    const uint8_t kind = options[at];
    if (kind == 0) return;
    if (kind == 1) {
      ++at;
      continue;
    }
    if (at + 1 >= options.size() || options[at + 1] < 2 || at + options[at + 1] > options.size()) {
      return;
    }
    const uint8_t length = options[at + 1];
    if (kind == 2 && length == 4) view->mss = Load16(options, at + 2);
    if (kind == 3 && length == 3) view->scale = options[at + 2];
    at += length;
  }
}

}  // namespace

std::optional<IpView> FindIp(ByteView frame) {
  IpView view;
  if (frame.size() < kMacs + 2) return std::nullopt;
  uint16_t type = Load16(frame, kMacs);
  while ((type == kVlan || type == kServiceVlan) && view.tags < 8) {
    view.tags += 4;
    if (frame.size() < kMacs + view.tags + 2) return std::nullopt;
    type = Load16(frame, kMacs + view.tags);
  }
  view.ip = kMacs + view.tags + 2;
  const ByteView packet = frame.subspan(view.ip);
  if (type == kIpv4) {
    if (packet.size() < 20 || packet[0] >> 4 != 4) return std::nullopt;
    const size_t header = (packet[0] & 0xfu) * 4u;
    size_t total = Load16(packet, 2);
    if (total == 0) total = packet.size();
    if (header < 20 || total < header || total > packet.size()) return std::nullopt;
    view.payload = view.ip + header;
    view.end = view.ip + total;
    view.protocol = packet[9];
    view.fragment = (Load16(packet, 6) & 0x3fff) != 0;
    view.src = tcp::IpAddr::From(packet.subspan(12, 4));
    view.dst = tcp::IpAddr::From(packet.subspan(16, 4));
    return view;
  }
  if (type != kIpv6 || packet.size() < 40 || packet[0] >> 4 != 6) return std::nullopt;
  size_t length = Load16(packet, 4);
  if (length == 0) length = packet.size() - 40;
  if (length + 40 > packet.size()) return std::nullopt;
  view.v6 = true;
  view.payload = view.ip + 40;
  view.end = view.payload + length;
  view.protocol = packet[6];
  view.fragment = view.protocol == kIpv6Fragment;
  view.src = tcp::IpAddr::From(packet.subspan(8, 16));
  view.dst = tcp::IpAddr::From(packet.subspan(24, 16));
  return view;
}

std::optional<TcpView> FindTcp(ByteView frame) {
  const auto ip = FindIp(frame);
  if (!ip || ip->protocol != kTcp || ip->fragment) return std::nullopt;
  TcpView view;
  view.ip = *ip;
  view.tcp = ip->payload;
  const ByteView segment = frame.subspan(view.tcp, ip->end - view.tcp);
  if (segment.size() < 20) return std::nullopt;
  const size_t header = (segment[12] >> 4u) * 4u;
  if (header < 20 || header > segment.size()) return std::nullopt;
  view.text = view.tcp + header;
  view.src_port = Load16(segment, 0);
  view.dst_port = Load16(segment, 2);
  view.seq = Load32(segment, 4);
  view.ack = Load32(segment, 8);
  view.flags = segment[13];
  view.window = Load16(segment, 14);
  ReadOptions(segment.subspan(20, header - 20), &view);
  return view;
}

bool ChecksumHolds(ByteView frame, const TcpView& view) { return TcpSum(frame, view) == 0xffff; }

void Seal(Bytes& frame, const TcpView& view) {
  const auto length = static_cast<uint16_t>(view.ip.end - view.ip.ip);
  if (view.ip.v6) {
    Store16(frame, view.ip.ip + 4, static_cast<uint16_t>(length - 40));
  } else {
    Store16(frame, view.ip.ip + 2, length);
    Store16(frame, view.ip.ip + 10, 0);
    const ByteView header = ByteView(frame).subspan(view.ip.ip, view.tcp - view.ip.ip);
    Store16(frame, view.ip.ip + 10, static_cast<uint16_t>(~Fold(SumOf(header))));
  }
  Store16(frame, view.tcp + 16, 0);
  Store16(frame, view.tcp + 16, static_cast<uint16_t>(~TcpSum(frame, view)));
}

}  // namespace handoff::pcap
