// SPDX-License-Identifier: Apache-2.0
//
// Who talks to whom: MAC and IP addresses, VLANs, and the tuple that names a connection.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "sw/tcp/bytes.h"
#include "sw/tcp/siphash.h"

namespace handoff::tcp {

struct MacAddr {
  std::array<uint8_t, 6> octets{};

  bool IsMulticast() const { return (octets[0] & 1) != 0; }  // broadcast included
  std::string ToString() const;
  friend auto operator<=>(const MacAddr&, const MacAddr&) = default;
};
inline constexpr MacAddr kBroadcastMac{{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};

// An IPv4 or an IPv6 address. An IPv4 address fills the first four octets, the rest are zero.
class IpAddr {
 public:
  IpAddr() = default;
  static IpAddr V4(uint8_t a, uint8_t b, uint8_t c, uint8_t d);
  // `b` holds 4 or 16 octets in network order.
  static IpAddr From(ByteView b);
  static std::optional<IpAddr> Parse(std::string_view text);

  bool is_v6() const { return v6_; }
  ByteView octets() const { return ByteView(octets_).first(v6_ ? 16 : 4); }
  bool IsUnspecified() const;
  bool IsMulticast() const;  // for IPv4 the limited broadcast address too
  // Whether it may stand in a packet on a wire as one host's: no group's, no loopback address, none
  // that is reserved. The broadcast address of a subnet is not known here.
  bool IsHosts() const;
  // Whether both lie in one subnet of `prefix_bits`.
  bool SamePrefix(const IpAddr& other, unsigned prefix_bits) const;
  std::string ToString() const;
  friend auto operator<=>(const IpAddr&, const IpAddr&) = default;

 private:
  std::array<uint8_t, 16> octets_{};
  bool v6_ = false;
};

// The VLANs of a frame, outermost first; 0 stands for "no tag". A lone tag with id 0 carries only
// a priority and counts as untagged (corner 33).
struct Vlans {
  uint16_t outer = 0;
  uint16_t inner = 0;
  friend auto operator<=>(const Vlans&, const Vlans&) = default;
};

struct Endpoint {
  IpAddr addr;
  uint16_t port = 0;
  std::string ToString() const;
  friend auto operator<=>(const Endpoint&, const Endpoint&) = default;
};

// Names a connection: both endpoints, and the VLAN it lives on.
struct Tuple {
  Endpoint local;
  Endpoint remote;
  Vlans vlans;
  std::string ToString() const;
  friend auto operator<=>(const Tuple&, const Tuple&) = default;
};

// Of IP and TCP without options.
inline uint32_t HeaderBytes(const Tuple& tuple) { return tuple.local.addr.is_v6() ? 60 : 40; }

// What a keyed hash of a tuple is for: of one use nothing is learnt for another.
enum class HashUse : uint8_t { kTable, kSequence, kTimestamp, kCookie };
uint64_t HashOf(const SipKey& key, HashUse use, const Tuple& tuple);

// Places in a table. Strangers choose addresses and ports; with the key they cannot choose places.
struct TupleHash {
  SipKey key;
  size_t operator()(const Tuple& t) const noexcept { return HashOf(key, HashUse::kTable, t); }
};

}  // namespace handoff::tcp
