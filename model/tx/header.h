// SPDX-License-Identifier: Apache-2.0
//
// Part of handoff_tx: what stands for one frame between its stages, and the header of a segment.
#pragma once

#include <array>
#include <cstdint>

#include "gen/handoff_pkg.h"
#include "model/flip.h"

namespace handoff::tx {

using Header = Bits<1024>;  // byte i of the frame at [8i +: 8]

inline constexpr uint32_t kMaxLen = kMaxFrameBytes;  // bytes of one descriptor's data
inline constexpr uint32_t kLenBits = IndexBits(kMaxLen + 1);

// One frame's descriptor, decoded.
struct Item {
  bool raw = false;
  Status status = Status::StatusOk;
  Conn conn = 0;
  Gen gen = 0;
  U16 tag = 0;
  bool psh = false;
  bool fin = false;
  bool has_ack = false;
  uint8_t n_sacks = 0;
  Seq seq = 0;
  Seq ack = 0;
  Seq rcv_edge = 0;
  uint16_t len = 0;
  std::array<uint64_t, kMaxPieces> sack{};  // {left, right}

  template <class F>
  void ForEachField(F&& f) {
    f("raw", raw);
    f("status", status, 6);
    f("conn", conn);
    f("gen", gen);
    f("tag", tag);
    f("psh", psh);
    f("fin", fin);
    f("has_ack", has_ack);
    f("n_sacks", n_sacks, 2);
    f("seq", seq);
    f("ack", ack);
    f("rcv_edge", rcv_edge);
    f("len", len, kLenBits);
    f("sack", sack);
  }
};

// What send keeps of the item that it sends.
struct Sent {
  bool own = false;  // an ACK of the engine's own making
  Seq seq = 0;
  Conn conn = 0;
  Gen gen = 0;
  U16 tag = 0;
  uint16_t len = 0;

  template <class F>
  void ForEachField(F&& f) {
    f("own", own);
    f("seq", seq);
    f("conn", conn);
    f("gen", gen);
    f("tag", tag);
    f("len", len, kLenBits);
  }
};

// The sums of the header's 16-bit words: addresses, which are in both checksums; of the rest those
// of TCP, payload and pseudo-header included, and those of IPv4.
struct Sums {
  uint32_t addr = 0;
  uint32_t tcp = 0;
  uint32_t ip = 0;
};

// Ones' complement sum of what was added up (RFC 1071).
constexpr uint16_t Fold(uint64_t sum) {
  return sum == 0 ? 0 : static_cast<uint16_t>((sum - 1) % 65535 + 1);
}

// The sum of a word's little-endian 16-bit words.
inline uint32_t WordSum(const Data& word) {
  constexpr uint64_t kEven = 0x0000ffff0000ffff;
  uint64_t lanes = 0;
  for (const uint64_t w : word.w) lanes += (w & kEven) + ((w >> 16) & kEven);
  return static_cast<uint32_t>((lanes & 0xffffffff) + (lanes >> 32));
}

Sums SumHeader(const Tmpl& t, const Snap& snap, const Item& item, uint16_t payload_sum);

// Writes the header with its checksums, zeros above it; returns its length.
uint8_t BuildHeader(const Tmpl& t, const Snap& snap, const Item& item, const Sums& sums,
                    Header* header);

}  // namespace handoff::tx
