// SPDX-License-Identifier: Apache-2.0
//
// The Internet checksum (RFC 1071), and the pseudo-header of RFC 9293, 3.1 and RFC 8200, 8.1.
#pragma once

#include <cstdint>

#include "sw/tcp/address.h"
#include "sw/tcp/bytes.h"

namespace handoff::tcp {

// A running sum. Every part but the last has an even length.
class Checksum {
 public:
  void Add(ByteView bytes);
  void AddPseudoHeader(const IpAddr& src, const IpAddr& dst, uint8_t protocol, uint32_t length);
  // The value for the header field; over bytes that hold a right checksum it is 0.
  uint16_t Finish() const;

 private:
  uint64_t sum_ = 0;
};

uint16_t ChecksumOf(ByteView bytes);
// Over a TCP or ICMPv6 message; 0 if the message holds a right checksum.
uint16_t ChecksumWithPseudoHeader(const IpAddr& src, const IpAddr& dst, uint8_t protocol,
                                  ByteView message);

}  // namespace handoff::tcp
