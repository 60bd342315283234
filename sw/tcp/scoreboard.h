// SPDX-License-Identifier: Apache-2.0
//
// What the peer has and has not got of the bytes in flight (RFC 6675, 3 and 4).
//
//   snd_una      lost_edge            snd_nxt
//     |--xx---xx----|-----XX----XX-------|      X, x: selectively acknowledged
//     | lost unless |  still in flight   |
//     | sent again  |                    |
//
// Invariant: the ranges are disjoint, do not touch, ascend, and lie in [snd_una, snd_nxt).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "sw/tcp/options.h"
#include "sw/tcp/seq.h"

namespace handoff::tcp {

inline constexpr uint32_t kDupThresh = 3;

class Scoreboard {
 public:
  // Records the blocks of an acknowledgement of [una, nxt). Blocks outside (D-SACK) are passed
  // over. Returns how many bytes were not known before.
  uint32_t Update(const SackBlocks& blocks, Seq una, Seq nxt);
  void Advance(Seq una);  // bytes before `una` are acknowledged
  void Clear() { sacked_.clear(); }

  bool empty() const { return sacked_.empty(); }
  // One past the highest byte known to have arrived; `una` if none is.
  Seq HighestSacked(Seq una) const { return sacked_.empty() ? una : sacked_.back().end; }
  // IsLost() of RFC 6675, 4: unacknowledged bytes before the result count as lost.
  Seq LostEdge(Seq una, uint32_t mss) const;
  // Bytes of [from, to) that are not selectively acknowledged.
  uint32_t MissingBytes(Seq from, Seq to) const;
  // The first missing stretch of [from, to), at most `max` bytes.
  std::optional<SeqRange> FirstMissing(Seq from, Seq to, uint32_t max) const;

 private:
  std::vector<SeqRange> sacked_;
};

}  // namespace handoff::tcp
