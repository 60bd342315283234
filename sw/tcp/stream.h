// SPDX-License-Identifier: Apache-2.0
//
// Received bytes, and where they lie: in the stack's own memory, in a legacy buffer of the driver,
// or in a user buffer that the engine filled.
#pragma once

#include <cstdint>

#include "sw/tcp/memory.h"
#include "sw/tcp/seq.h"

namespace handoff::tcp {

enum class Place : uint8_t { kStack, kLegacyBuffer, kUserBuffer };

// The bytes [seq, seq + bytes.size()) of the stream. `bytes` is the memory itself, seen from the
// host; it stays what it is while `hold` lives.
struct StreamPiece {
  Seq seq;
  ByteView bytes;
  Place place = Place::kStack;
  Hold hold;
  uint16_t user_buffer = 0;  // its id, if place is kUserBuffer

  SeqRange range() const { return {seq, seq + static_cast<uint32_t>(bytes.size())}; }
  // The part of the piece in `part`, which lies inside it.
  StreamPiece Cut(SeqRange part) const {
    StreamPiece piece = *this;
    piece.seq = part.start;
    piece.bytes = bytes.subspan(Distance(seq, part.start), part.size());
    return piece;
  }
};

}  // namespace handoff::tcp
