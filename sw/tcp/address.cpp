// SPDX-License-Identifier: Apache-2.0
#include "sw/tcp/address.h"

#include <algorithm>
#include <cstdio>

namespace handoff::tcp {
namespace {

std::string Hex(unsigned value) {
  char text[12];
  std::snprintf(text, sizeof text, "%x", value);
  return text;
}

std::optional<unsigned> ParseNumber(std::string_view text, unsigned base, unsigned max) {
  if (text.empty() || text.size() > 4) return std::nullopt;
  unsigned value = 0;
  for (char c : text) {
    unsigned digit = 0;
    if (c >= '0' && c <= '9') {
      digit = static_cast<unsigned>(c - '0');
    } else if (c >= 'a' && c <= 'f') {
      digit = static_cast<unsigned>(c - 'a') + 10;
    } else if (c >= 'A' && c <= 'F') {
      digit = static_cast<unsigned>(c - 'A') + 10;
    } else {
      return std::nullopt;
    }
    if (digit >= base) return std::nullopt;
    value = value * base + digit;
  }
  return value <= max ? std::optional(value) : std::nullopt;
}

// Splits at every `separator`; an empty text has no parts.
std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  if (text.empty()) return parts;
  for (;;) {
    const size_t at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

std::optional<Bytes> ParseGroups(std::string_view text) {
  Bytes octets;
  for (std::string_view part : Split(text, ':')) {
    const auto group = ParseNumber(part, 16, 0xffff);
    if (!group) return std::nullopt;
    Append16(octets, static_cast<uint16_t>(*group));
  }
  return octets;
}

std::optional<IpAddr> ParseV6(std::string_view text) {
  const size_t gap = text.find("::");
  if (gap == std::string_view::npos) {
    const auto octets = ParseGroups(text);
    return octets && octets->size() == 16 ? std::optional(IpAddr::From(*octets)) : std::nullopt;
  }
  const auto front = ParseGroups(text.substr(0, gap));
  const auto back = ParseGroups(text.substr(gap + 2));
  if (!front || !back || front->size() + back->size() > 14) return std::nullopt;
  Bytes octets = *front;
  octets.resize(16 - back->size());
  AppendBytes(octets, *back);
  return IpAddr::From(octets);
}

}  // namespace

std::string MacAddr::ToString() const {
  char text[18];
  std::snprintf(text, sizeof text, "%02x:%02x:%02x:%02x:%02x:%02x", octets[0], octets[1], octets[2],
                octets[3], octets[4], octets[5]);
  return text;
}

IpAddr IpAddr::V4(uint8_t a, uint8_t b, uint8_t c, uint8_t d) {
  const std::array<uint8_t, 4> octets = {a, b, c, d};
  return From(octets);
}

IpAddr IpAddr::From(ByteView b) {
  IpAddr addr;
  addr.v6_ = b.size() == 16;
  std::copy(b.begin(), b.end(), addr.octets_.begin());
  return addr;
}

std::optional<IpAddr> IpAddr::Parse(std::string_view text) {
  if (text.find(':') != std::string_view::npos) return ParseV6(text);
  const auto parts = Split(text, '.');
  if (parts.size() != 4) return std::nullopt;
  Bytes octets;
  for (std::string_view part : parts) {
    const auto octet = ParseNumber(part, 10, 255);
    if (!octet) return std::nullopt;
    octets.push_back(static_cast<uint8_t>(*octet));
  }
  return From(octets);
}

bool IpAddr::IsUnspecified() const {
  return std::all_of(octets_.begin(), octets_.end(), [](uint8_t o) { return o == 0; });
}

bool IpAddr::IsMulticast() const {
  if (v6_) return octets_[0] == 0xff;
  return (octets_[0] & 0xf0) == 0xe0 || *this == V4(255, 255, 255, 255);
}

bool IpAddr::IsHosts() const {
  if (IsUnspecified() || IsMulticast()) return false;
  if (!v6_) {
    // RFC 6890, 2.2.2: "this network", loopback, and what is reserved for future use.
    return octets_[0] != 0 && octets_[0] != 127 && octets_[0] < 240;
  }
  // RFC 4291, 2.5.3: the loopback address; 2.5.5: addresses that hold an IPv4 address.
  const auto zeros = [this](size_t count) {
    return std::all_of(octets_.begin(), octets_.begin() + static_cast<std::ptrdiff_t>(count),
                       [](uint8_t o) { return o == 0; });
  };
  const bool mapped = zeros(10) && octets_[10] == 0xff && octets_[11] == 0xff;
  return !zeros(12) && !mapped;
}

bool IpAddr::SamePrefix(const IpAddr& other, unsigned prefix_bits) const {
  if (v6_ != other.v6_) return false;
  for (unsigned bit = 0; bit < prefix_bits; bit += 8) {
    const unsigned left = std::min(8u, prefix_bits - bit);
    const auto mask = static_cast<uint8_t>(0xff00u >> left);
    if (((octets_[bit / 8] ^ other.octets_[bit / 8]) & mask) != 0) return false;
  }
  return true;
}

std::string IpAddr::ToString() const {
  std::string text;
  if (!v6_) {
    for (size_t i = 0; i < 4; ++i) text += (i == 0 ? "" : ".") + std::to_string(octets_[i]);
    return text;
  }
  // RFC 5952: the longest run of two or more zero groups is left out, the first of equal ones.
  size_t gap = 8;
  size_t gap_length = 1;
  for (size_t i = 0; i < 8; ++i) {
    size_t length = 0;
    while (i + length < 8 && Load16(octets_, 2 * (i + length)) == 0) ++length;
    if (length > gap_length) {
      gap = i;
      gap_length = length;
    }
  }
  for (size_t i = 0; i < 8; ++i) {
    if (i == gap) {
      text += "::";
      i += gap_length - 1;
      continue;
    }
    if (!text.empty() && text.back() != ':') text += ":";
    text += Hex(Load16(octets_, 2 * i));
  }
  return text;
}

std::string Endpoint::ToString() const { return addr.ToString() + "." + std::to_string(port); }

std::string Tuple::ToString() const { return local.ToString() + " > " + remote.ToString(); }

uint64_t HashOf(const SipKey& key, HashUse use, const Tuple& tuple) {
  std::array<uint8_t, 48> message{};
  auto at = message.begin();
  const auto put16 = [&at](uint16_t v) {
    *at++ = static_cast<uint8_t>(v >> 8);
    *at++ = static_cast<uint8_t>(v);
  };
  *at++ = static_cast<uint8_t>(use);
  for (const Endpoint* end : {&tuple.local, &tuple.remote}) {
    *at++ = static_cast<uint8_t>(end->addr.octets().size());
    at = std::copy(end->addr.octets().begin(), end->addr.octets().end(), at);
    put16(end->port);
  }
  put16(tuple.vlans.outer);
  put16(tuple.vlans.inner);
  return SipHash(key, message);
}

}  // namespace handoff::tcp
