// SPDX-License-Identifier: Apache-2.0
//
// Ethernet II with up to two VLAN tags.
//
//   0            6            12           (per tag: 4)     12 + 4n   14 + 4n
//   | dst        | src        | tpid | tci |  ...           | type    | payload, padding
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "sw/tcp/address.h"
#include "sw/tcp/bytes.h"

namespace handoff::tcp {

inline constexpr uint16_t kEtherTypeIpv4 = 0x0800;
inline constexpr uint16_t kEtherTypeArp = 0x0806;
inline constexpr uint16_t kEtherTypeIpv6 = 0x86dd;
inline constexpr uint16_t kTpid8021Q = 0x8100;
inline constexpr uint16_t kTpidQinQ = 0x88a8;
inline constexpr size_t kMinFrameBytes = 60;  // without FCS

struct VlanTag {
  uint16_t tpid = kTpid8021Q;
  uint16_t tci = 0;
  uint16_t vid() const { return tci & 0xfff; }
  friend bool operator==(const VlanTag&, const VlanTag&) = default;
};

// Outermost tag first.
struct VlanTags {
  std::array<VlanTag, 2> tag{};
  uint8_t count = 0;

  Vlans Key() const;
  // The tags for frames of a connection: 802.1Q, or 802.1ad outside 802.1Q.
  static VlanTags For(const Vlans& vlans);
  friend bool operator==(const VlanTags&, const VlanTags&) = default;
};

struct EthernetHeader {
  MacAddr dst;
  MacAddr src;
  VlanTags tags;
  uint16_t ether_type = 0;
};

struct EthernetFrame {
  EthernetHeader header;
  ByteView payload;  // padding included
};

// Nothing if the frame ends inside the header. A third tag is left as the EtherType.
std::optional<EthernetFrame> ParseEthernet(ByteView frame);
void AppendEthernet(Bytes& frame, const EthernetHeader& header);

}  // namespace handoff::tcp
