// SPDX-License-Identifier: Apache-2.0
//
// ARP messages for IPv4 over Ethernet (RFC 826).
#pragma once

#include <optional>

#include "sw/tcp/address.h"
#include "sw/tcp/bytes.h"
#include "sw/tcp/ethernet.h"

namespace handoff::tcp {

struct ArpMessage {
  enum class Operation : uint16_t { kRequest = 1, kReply = 2 };
  Operation operation = Operation::kRequest;
  MacAddr sender_mac;
  IpAddr sender;
  MacAddr target_mac;  // unknown, so zero, in a request
  IpAddr target;
};

// Nothing if it is cut short, for other networks, or neither request nor reply.
std::optional<ArpMessage> ParseArp(ByteView message);
// A whole frame: a request goes to everybody, a reply to its target.
Bytes ArpFrame(const ArpMessage& message, const VlanTags& tags);

}  // namespace handoff::tcp
