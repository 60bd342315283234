// SPDX-License-Identifier: Apache-2.0
//
// Bytes that arrived ahead of a gap, and what SACK tells the peer of them (RFC 2018, RFC 2883).
// A segment costs O(log n) of the pieces that wait, whatever order a stranger sends them in.
//
// Invariants: the pieces are disjoint and lie beyond rcv_nxt, less than 2^31 from each other, so
// that serial comparison orders them. A run is a longest stretch without a gap; the pieces of all
// runs are all pieces.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "sw/tcp/options.h"
#include "sw/tcp/seq.h"
#include "sw/tcp/stream.h"

namespace handoff::tcp {

class Reassembly {
 public:
  // At least what a piece costs beside its bytes: the nodes, the copy's header, the allocator's.
  static constexpr uint32_t kPieceOverheadBytes = 384;

  // Keeps what is new of `piece`; what is not is noted as a duplicate.
  void Insert(StreamPiece piece);
  // The pieces that follow on from `rcv_nxt`, in order; they leave the queue.
  std::vector<StreamPiece> Take(Seq rcv_nxt);
  // Bytes that arrived more than once; told to the peer once. One block must not hold bytes that
  // came once: of several stretches the first is told (RFC 2883, 4, (3) and 4.1.3).
  void NoteDuplicate(SeqRange range);

  bool empty() const { return pieces_.empty(); }
  uint32_t bytes() const { return bytes_; }
  // What all of it costs in memory, at most.
  uint64_t charged_bytes() const {
    return bytes_ + static_cast<uint64_t>(pieces_.size()) * kPieceOverheadBytes;
  }
  // RFC 2018, 4: the block with the latest arrival first; a D-SACK block before all. Reports the
  // duplicate, and forgets it.
  SackBlocks TakeBlocks(Seq rcv_nxt);
  bool HasBlocks() const { return duplicate_.has_value() || !pieces_.empty(); }

 private:
  struct Serial {
    bool operator()(Seq a, Seq b) const { return a < b; }
  };
  struct Run {
    Seq end;
    uint64_t arrival = 0;  // of the latest piece: greater is later
  };
  using Pieces = std::map<Seq, StreamPiece, Serial>;

  void Keep(const StreamPiece& piece, SeqRange part);
  void Join(SeqRange range);

  Pieces pieces_;                           // by their first number
  std::map<Seq, Run, Serial> runs_;         // by their first number
  std::map<uint64_t, Seq> run_by_arrival_;  // the first number of each run
  uint64_t arrivals_ = 0;
  uint32_t bytes_ = 0;
  std::optional<SeqRange> duplicate_;
};

}  // namespace handoff::tcp
