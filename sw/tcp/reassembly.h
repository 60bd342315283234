// SPDX-License-Identifier: Apache-2.0
//
// Bytes that arrived ahead of a gap, and what SACK tells the peer of them (RFC 2018, RFC 2883).
//
// Invariant: the pieces are disjoint, ascend, and lie beyond rcv_nxt.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "sw/tcp/options.h"
#include "sw/tcp/seq.h"
#include "sw/tcp/stream.h"

namespace handoff::tcp {

class Reassembly {
 public:
  // Keeps what is new of `piece`; what is not is noted as a duplicate.
  void Insert(StreamPiece piece);
  // The pieces that follow on from `rcv_nxt`, in order; they leave the queue.
  std::vector<StreamPiece> Take(Seq rcv_nxt);
  // Bytes that arrived more than once; told to the peer once. One block must not hold bytes that
  // came once: of several stretches the first is told (RFC 2883, 4, (3) and 4.1.3).
  void NoteDuplicate(SeqRange range);

  bool empty() const { return pieces_.empty(); }
  uint32_t bytes() const { return bytes_; }
  // RFC 2018, 4: the block with the latest arrival first; a D-SACK block before all. Reports the
  // duplicate, and forgets it.
  SackBlocks TakeBlocks(Seq rcv_nxt);
  bool HasBlocks() const { return duplicate_.has_value() || !pieces_.empty(); }

 private:
  struct Kept {
    StreamPiece piece;
    uint64_t arrival = 0;  // counts insertions: greater is later
  };
  void Keep(std::deque<Kept>::iterator before, const StreamPiece& piece, SeqRange part);

  std::deque<Kept> pieces_;
  uint64_t arrivals_ = 0;
  uint32_t bytes_ = 0;
  std::optional<SeqRange> duplicate_;
};

}  // namespace handoff::tcp
