// SPDX-License-Identifier: Apache-2.0
//
// ICMP (RFC 792) and ICMPv6 (RFC 4443): echo, and the errors that concern a connection.
#pragma once

#include <cstdint>
#include <optional>

#include "sw/tcp/address.h"
#include "sw/tcp/bytes.h"
#include "sw/tcp/seq.h"

namespace handoff::tcp {

struct IcmpMessage {
  bool v6 = false;
  uint8_t type = 0;
  uint8_t code = 0;
  ByteView rest;  // from byte 4 on: what follows type, code and checksum
};

// What an ICMP error says of a TCP segment that this host had sent.
struct IcmpError {
  Endpoint local;
  Endpoint remote;
  Seq seq;
  std::optional<uint32_t> path_mtu;  // the packet was too big
  bool hard = false;                 // RFC 9293, 3.9.2.2: nothing there takes TCP, or this port
};

// Nothing if it is cut short or its checksum is wrong.
std::optional<IcmpMessage> ParseIcmp(const IpAddr& src, const IpAddr& dst, bool v6,
                                     ByteView message);
// A message to send, with its checksum.
Bytes BuildIcmp(const IpAddr& src, const IpAddr& dst, const IcmpMessage& message);
// The answer to an echo request; nothing if it is none.
std::optional<IcmpMessage> EchoReplyTo(const IcmpMessage& message);
// What the error is about; nothing if the message is no error, or quotes no TCP segment.
std::optional<IcmpError> ReadIcmpError(const IcmpMessage& message);

}  // namespace handoff::tcp
