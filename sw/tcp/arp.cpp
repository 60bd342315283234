// SPDX-License-Identifier: Apache-2.0
#include "sw/tcp/arp.h"

#include <algorithm>

namespace handoff::tcp {
namespace {

constexpr size_t kArpBytes = 28;
constexpr uint32_t kEthernetIpv4 = 0x00010800;  // hardware and protocol type
constexpr uint16_t kAddressSizes = 0x0604;

MacAddr MacAt(ByteView b, size_t at) {
  MacAddr mac;
  std::copy_n(b.begin() + static_cast<std::ptrdiff_t>(at), 6, mac.octets.begin());
  return mac;
}

}  // namespace

std::optional<ArpMessage> ParseArp(ByteView message) {
  if (message.size() < kArpBytes || Load32(message, 0) != kEthernetIpv4 ||
      Load16(message, 4) != kAddressSizes) {
    return std::nullopt;
  }
  const uint16_t operation = Load16(message, 6);
  if (operation != 1 && operation != 2) return std::nullopt;
  return ArpMessage{.operation = static_cast<ArpMessage::Operation>(operation),
                    .sender_mac = MacAt(message, 8),
                    .sender = IpAddr::From(message.subspan(14, 4)),
                    .target_mac = MacAt(message, 18),
                    .target = IpAddr::From(message.subspan(24, 4))};
}

Bytes ArpFrame(const ArpMessage& message, const VlanTags& tags) {
  const bool asks = message.operation == ArpMessage::Operation::kRequest;
  Bytes frame;
  AppendEthernet(frame, {.dst = asks ? kBroadcastMac : message.target_mac,
                         .src = message.sender_mac,
                         .tags = tags,
                         .ether_type = kEtherTypeArp});
  Append32(frame, kEthernetIpv4);
  Append16(frame, kAddressSizes);
  Append16(frame, static_cast<uint16_t>(message.operation));
  AppendBytes(frame, message.sender_mac.octets);
  AppendBytes(frame, message.sender.octets());
  AppendBytes(frame, message.target_mac.octets);
  AppendBytes(frame, message.target.octets());
  return frame;
}

}  // namespace handoff::tcp
