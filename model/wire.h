// SPDX-License-Identifier: Apache-2.0
//
// What the standards fix about the bytes of a frame, as far as the twins look at it: the numbers,
// each once. They are not made from the RTL's handoff_wire_pkg, so that a wrong one in either twin
// is found.
#pragma once

#include <cstdint>

namespace handoff::wire {

// Ethernet (IEEE 802.3, 3.1.1) and VLAN tags (IEEE 802.1Q, 9.6).
inline constexpr uint32_t kEthBytes = 14;
inline constexpr uint32_t kTagBytes = 4;
inline constexpr uint16_t kTypeIp4 = 0x0800;       // RFC 894
inline constexpr uint16_t kTypeIp6 = 0x86dd;       // RFC 2464, 3
inline constexpr uint16_t kTpidCustomer = 0x8100;  // C-TAG
inline constexpr uint16_t kTpidService = 0x88a8;   // S-TAG

// IPv4 (RFC 791, 3.1), without options, and IPv6 (RFC 8200, 3).
inline constexpr uint32_t kIp4Bytes = 20;
inline constexpr uint32_t kIp6Bytes = 40;
inline constexpr uint32_t kDontFragment = 0x4000;
inline constexpr uint32_t kDscpMask = 0xfc;  // of TOS or traffic class; the rest is ECN
inline constexpr uint32_t kProtoTcp = 6;

// TCP (RFC 9293, 3.1), without options and with as many as Data Offset can say.
inline constexpr uint32_t kTcpBytes = 20;
inline constexpr uint32_t kTcpMaxBytes = 60;

// The timestamps option behind two NOPs (RFC 7323, A): its length, and its first four bytes.
inline constexpr uint32_t kPaddedTsBytes = 12;
inline constexpr uint32_t kPaddedTsHead = 0x0101080a;

}  // namespace handoff::wire
