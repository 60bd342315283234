// SPDX-License-Identifier: Apache-2.0
#include "sw/tcp/scoreboard.h"

#include <algorithm>

namespace handoff::tcp {

uint32_t Scoreboard::Update(const SackBlocks& blocks, Seq una, Seq nxt) {
  uint32_t fresh = 0;
  for (SeqRange block : blocks) {
    if (!(una < block.start && block.start < block.end && block.end <= nxt)) continue;
    fresh += MissingBytes(block.start, block.end);
    auto first = sacked_.begin();
    while (first != sacked_.end() && first->end < block.start) ++first;
    auto last = first;
    for (; last != sacked_.end() && last->start <= block.end; ++last) {
      block = {Earlier(block.start, last->start), Later(block.end, last->end)};
    }
    sacked_.insert(sacked_.erase(first, last), block);
  }
  return fresh;
}

void Scoreboard::Advance(Seq una) {
  while (!sacked_.empty() && sacked_.front().end <= una) sacked_.erase(sacked_.begin());
  if (!sacked_.empty()) sacked_.front().start = Later(sacked_.front().start, una);
}

Seq Scoreboard::LostEdge(Seq una, uint32_t mss) const {
  uint32_t ranges = 0;
  uint32_t bytes = 0;
  for (auto range = sacked_.rbegin(); range != sacked_.rend(); ++range) {
    ++ranges;
    bytes += range->size();
    if (ranges >= kDupThresh || bytes > (kDupThresh - 1) * mss) return range->start;
  }
  return una;
}

uint32_t Scoreboard::MissingBytes(Seq from, Seq to) const {
  if (to <= from) return 0;
  uint32_t missing = Distance(from, to);
  for (const SeqRange& range : sacked_) {
    const Seq start = Later(range.start, from);
    const Seq end = Earlier(range.end, to);
    if (start < end) missing -= Distance(start, end);
  }
  return missing;
}

std::optional<SeqRange> Scoreboard::FirstMissing(Seq from, Seq to, uint32_t max) const {
  for (const SeqRange& range : sacked_) {
    if (range.end <= from) continue;
    if (from < range.start) {
      to = Earlier(to, range.start);
      break;
    }
    from = range.end;
  }
  if (to <= from) return std::nullopt;
  return SeqRange{from, from + std::min(max, Distance(from, to))};
}

}  // namespace handoff::tcp
