// SPDX-License-Identifier: Apache-2.0
#include "sw/tcp/reassembly.h"

#include <iterator>
#include <utility>

namespace handoff::tcp {

void Reassembly::Keep(const StreamPiece& piece, SeqRange part) {
  if (part.empty()) return;
  bytes_ += part.size();
  pieces_.emplace(part.start, piece.Cut(part));
}

void Reassembly::Insert(StreamPiece piece) {
  const SeqRange all = piece.range();
  if (all.empty()) return;
  ++arrivals_;
  Seq from = all.start;  // bytes before it are kept, or were before
  auto next = pieces_.upper_bound(from);
  if (next != pieces_.begin() && std::prev(next)->second.range().end > from) --next;
  while (next != pieces_.end() && next->first < all.end) {
    const SeqRange have = next->second.range();
    NoteDuplicate({Later(all.start, have.start), Earlier(all.end, have.end)});
    // One that the new piece covers goes: else small ones would be met again by each that comes.
    // Where a device put bytes they stay.
    if (from <= have.start && have.end <= all.end && next->second.place == Place::kStack &&
        piece.place == Place::kStack) {
      bytes_ -= have.size();
      next = pieces_.erase(next);
      continue;
    }
    if (from < have.start) Keep(piece, {from, have.start});
    from = Later(from, have.end);
    ++next;
  }
  if (from < all.end) Keep(piece, {from, all.end});
  Join(all);
}

// `range` is without a gap now.
void Reassembly::Join(SeqRange range) {
  auto run = runs_.upper_bound(range.start);
  if (run != runs_.begin() && std::prev(run)->second.end >= range.start) --run;
  while (run != runs_.end() && run->first <= range.end) {
    range = {Earlier(range.start, run->first), Later(range.end, run->second.end)};
    run_by_arrival_.erase(run->second.arrival);
    run = runs_.erase(run);
  }
  runs_.emplace(range.start, Run{range.end, arrivals_});
  run_by_arrival_.emplace(arrivals_, range.start);
}

std::vector<StreamPiece> Reassembly::Take(Seq rcv_nxt) {
  std::vector<StreamPiece> taken;
  while (!pieces_.empty() && pieces_.begin()->first <= rcv_nxt) {
    StreamPiece front = std::move(pieces_.begin()->second);
    pieces_.erase(pieces_.begin());
    const SeqRange range = front.range();
    bytes_ -= range.size();
    if (rcv_nxt < range.end) {
      taken.push_back(front.Cut({rcv_nxt, range.end}));
      rcv_nxt = range.end;
    }
  }
  while (!runs_.empty() && runs_.begin()->second.end <= rcv_nxt) {
    run_by_arrival_.erase(runs_.begin()->second.arrival);
    runs_.erase(runs_.begin());
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
  SackBlocks told;
  if (duplicate_) told.Add(*duplicate_);
  duplicate_.reset();
  for (auto run = run_by_arrival_.rbegin();
       run != run_by_arrival_.rend() && told.size() < SackBlocks::kMax; ++run) {
    const SeqRange range = {run->second, runs_.find(run->second)->second.end};
    if (range.end > rcv_nxt) told.Add(range);
  }
  return told;
}

}  // namespace handoff::tcp
