// SPDX-License-Identifier: Apache-2.0
//
// Frames to order, right or wrong in whatever way, as bytes and as the MAC's beats.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "gen/handoff_pkg.h"
#include "model/rng.h"

namespace handoff {
namespace rx_parser {

using Bytes = std::vector<uint8_t>;
using Beats = std::vector<Axis>;

inline uint32_t WordAt(const Bytes& bytes, size_t at) {
  const uint32_t low = at + 1 < bytes.size() ? bytes[at + 1] : 0;  // an odd end is padded
  return uint32_t{bytes[at]} << 8 | low;
}
inline void SetWord(Bytes* bytes, size_t at, uint32_t word) {
  (*bytes)[at] = static_cast<uint8_t>(word >> 8);
  (*bytes)[at + 1] = static_cast<uint8_t>(word);
}
inline void AddWord(Bytes* bytes, uint32_t word) {
  bytes->push_back(static_cast<uint8_t>(word >> 8));
  bytes->push_back(static_cast<uint8_t>(word));
}

// RFC 1071: the one's complement sum of the words of [from, to), added to `sum`.
inline uint32_t OnesSum(const Bytes& bytes, size_t from, size_t to, uint32_t sum = 0) {
  const Bytes part(bytes.begin() + static_cast<ptrdiff_t>(from),
                   bytes.begin() + static_cast<ptrdiff_t>(to));
  for (size_t i = 0; i < part.size(); i += 2) {
    sum += WordAt(part, i);
    sum = (sum & 0xFFFF) + (sum >> 16);
  }
  return sum;
}

// What a frame holds; the defaults are a well-formed segment without options.
struct FrameSpec {
  uint64_t seed = 1;           // of everything not named here
  std::vector<uint32_t> tags;  // TPID << 16 | TCI, outer first
  bool ip6 = false;
  uint32_t type = 0;     // EtherType, if not the version's
  uint32_t version = 0;  // IP version, if not that of `ip6`
  uint32_t ihl = 5;      // IPv4 header length in words; more: options of 0x01
  uint32_t frag = 0;     // IPv4 flags and offset
  uint32_t proto = 6;
  int32_t ip_len_more = 0;  // than is right
  int32_t doff_more = 0;    // than is right
  Bytes options;            // a multiple of 4 bytes
  uint32_t payload = 10;
  uint32_t flags = 0x10;  // of TCP
  bool ip_sum_ok = true;
  bool tcp_sum_ok = true;
  bool tcp_sum_zero = false;  // payload (2 bytes at least) such that the checksum field is 0
  uint32_t least_bytes = 60;  // padded to

  uint32_t l2() const { return 14 + 4 * static_cast<uint32_t>(tags.size()); }
  uint32_t l4() const { return l2() + (ip6 ? 40 : 4 * ihl); }
  uint32_t pay_off() const { return l4() + 20 + static_cast<uint32_t>(options.size()); }
};

inline void AddIp(const FrameSpec& s, Rng& rng, Bytes* f) {
  const uint32_t l4_len = 20 + static_cast<uint32_t>(s.options.size()) + s.payload;
  const uint32_t version = s.version != 0 ? s.version : s.ip6 ? 6 : 4;
  const auto any = [&] { return static_cast<uint32_t>(rng.Next()) & 0xFFFF; };
  if (s.ip6) {
    AddWord(f, version << 12 | (any() & 0xFFF));
    AddWord(f, any());
    AddWord(f, l4_len + static_cast<uint32_t>(s.ip_len_more));
    AddWord(f, s.proto << 8 | (any() & 0xFF));
    for (int i = 0; i < 16; ++i) AddWord(f, any());
    return;
  }
  AddWord(f, version << 12 | s.ihl << 8 | (any() & 0xFF));
  AddWord(f, 4 * s.ihl + l4_len + static_cast<uint32_t>(s.ip_len_more));
  AddWord(f, any());
  AddWord(f, s.frag);
  AddWord(f, (any() & 0xFF00) | s.proto);
  AddWord(f, 0);
  for (int i = 0; i < 4; ++i) AddWord(f, any());
  for (uint32_t i = 5; i < s.ihl; ++i) AddWord(f, 0x0101), AddWord(f, 0x0101);
  const uint32_t sum = 0xFFFF ^ OnesSum(*f, s.l2(), s.l2() + 20);
  SetWord(f, s.l2() + 10, s.ip_sum_ok ? sum : sum ^ 1u << rng.Below(16));
}

// The TCP checksum of what the IP length covers, as it should be.
inline uint32_t TcpSum(const FrameSpec& s, const Bytes& f, uint32_t l4, uint32_t end) {
  const uint32_t hl = s.ip6 ? 40 : 20;
  const uint32_t addresses = l4 - (s.ip6 ? 32 : 8);
  const auto stop = std::min<size_t>(end, f.size());
  return 0xFFFF ^ OnesSum(f, std::min<size_t>(addresses, stop), stop, 6 + end - s.l2() - hl);
}

inline Bytes Build(const FrameSpec& s) {
  Rng rng(s.seed, "frame");
  const auto any = [&] { return static_cast<uint32_t>(rng.Next()) & 0xFFFF; };
  Bytes f;
  for (int i = 0; i < 6; ++i) AddWord(&f, any());
  for (const uint32_t tag : s.tags) AddWord(&f, tag >> 16), AddWord(&f, tag);
  AddWord(&f, s.type != 0 ? s.type : s.ip6 ? 0x86DD : 0x0800);
  AddIp(s, rng, &f);
  const auto l4 = static_cast<uint32_t>(f.size());
  const auto doff =
      (20 + static_cast<uint32_t>(s.options.size())) / 4 + static_cast<uint32_t>(s.doff_more);
  for (int i = 0; i < 6; ++i) AddWord(&f, any());
  AddWord(&f, doff << 12 | (any() & 0xF00) | s.flags);
  AddWord(&f, any());
  AddWord(&f, 0);
  AddWord(&f, any());
  f.insert(f.end(), s.options.begin(), s.options.end());
  for (uint32_t i = 0; i < s.payload; ++i) f.push_back(static_cast<uint8_t>(any()));
  // Where the checksum of IPv4 frames that the parser looks at begins: HL is 20 for it.
  const auto end = static_cast<uint32_t>(static_cast<int32_t>(f.size()) + s.ip_len_more);
  while (f.size() < s.least_bytes) f.push_back(static_cast<uint8_t>(any()));
  const uint32_t seen = s.ip6 ? l4 : s.l2() + 20;
  uint32_t sum = TcpSum(s, f, seen, end);
  if (s.tcp_sum_zero) {
    const size_t at = (s.pay_off() - l4) % 2 == 0 ? s.pay_off() : s.pay_off() + 1;
    SetWord(&f, at, 0);
    SetWord(&f, at, TcpSum(s, f, seen, end));
    sum = 0;
  }
  SetWord(&f, l4 + 16, s.tcp_sum_ok ? sum : sum ^ 1u << rng.Below(16));
  return f;
}

// As the MAC gives them: lanes behind the end hold anything.
inline Beats ToBeats(const Bytes& bytes, uint64_t seed = 1) {
  Rng rng(seed, "lanes");
  Beats beats;
  for (size_t at = 0; at < bytes.size(); at += kDataBytes) {
    const size_t n = std::min<size_t>(kDataBytes, bytes.size() - at);
    Axis beat;
    beat.data = rng.Any<Data>();
    for (uint32_t i = 0; i < n; ++i) beat.data.set_byte(i, bytes[at + i]);
    beat.keep = ~Strb{0} >> (kDataBytes - n);
    beat.last = at + n == bytes.size();
    beats.push_back(beat);
  }
  return beats;
}

}  // namespace rx_parser
}  // namespace handoff
