// SPDX-License-Identifier: Apache-2.0
#include "sw/tcp/reassembly.h"

#include <algorithm>

namespace handoff::tcp {

void Reassembly::Keep(std::deque<Kept>::iterator before, const StreamPiece& piece, SeqRange part) {
  bytes_ += part.size();
  pieces_.insert(before, Kept{piece.Cut(part), arrivals_});
}

void Reassembly::Insert(StreamPiece piece) {
  ++arrivals_;
  SeqRange left = piece.range();
  for (size_t i = 0; i < pieces_.size() && !left.empty(); ++i) {
    const SeqRange have = pieces_[i].piece.range();
    if (have.end <= left.start) continue;
    if (left.end <= have.start) break;
    if (left.start < have.start) {
      Keep(pieces_.begin() + static_cast<std::ptrdiff_t>(i), piece, {left.start, have.start});
      left.start = have.start;
      continue;  // the next turn meets the new piece, then `have` again
    }
    const SeqRange again = {left.start, Earlier(left.end, have.end)};
    NoteDuplicate(again);
    pieces_[i].arrival = arrivals_;
    left.start = again.end;
  }
  if (!left.empty()) {
    auto before = pieces_.begin();
    while (before != pieces_.end() && before->piece.seq < left.start) ++before;
    Keep(before, piece, left);
  }
}

std::vector<StreamPiece> Reassembly::Take(Seq rcv_nxt) {
  std::vector<StreamPiece> taken;
  while (!pieces_.empty() && pieces_.front().piece.seq <= rcv_nxt) {
    const StreamPiece& front = pieces_.front().piece;
    const SeqRange range = front.range();
    bytes_ -= range.size();
    if (rcv_nxt < range.end) {
      taken.push_back(front.Cut({rcv_nxt, range.end}));
      rcv_nxt = range.end;
    }
    pieces_.pop_front();
  }
  return taken;
}

void Reassembly::NoteDuplicate(SeqRange range) {
  if (range.empty()) return;
  if (!duplicate_) {
    duplicate_ = range;
  } else if (duplicate_->end == range.start) {
    duplicate_->end = range.end;
  }
}

SackBlocks Reassembly::TakeBlocks(Seq rcv_nxt) {
  struct Block {
    SeqRange range;
    uint64_t arrival;
  };
  std::vector<Block> blocks;
  for (const Kept& kept : pieces_) {
    const SeqRange range = kept.piece.range();
    if (range.end <= rcv_nxt) continue;
    if (!blocks.empty() && blocks.back().range.end == range.start) {
      blocks.back().range.end = range.end;
      blocks.back().arrival = std::max(blocks.back().arrival, kept.arrival);
    } else {
      blocks.push_back({range, kept.arrival});
    }
  }
  std::stable_sort(blocks.begin(), blocks.end(),
                   [](const Block& a, const Block& b) { return a.arrival > b.arrival; });
  SackBlocks told;
  if (duplicate_) told.Add(*duplicate_);
  duplicate_.reset();
  for (const Block& block : blocks) told.Add(block.range);
  return told;
}

}  // namespace handoff::tcp
