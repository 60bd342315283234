// SPDX-License-Identifier: Apache-2.0
#include "sw/tcp/send.h"

#include <cstring>

namespace handoff::tcp {
namespace {

constexpr uint32_t kChunkBytes = 16 * 1024;

}  // namespace

void SendQueue::Start(Seq first) {
  chunks_.clear();
  first_ = end_ = first;
}

size_t SendQueue::Write(ByteView bytes) {
  const size_t accepted = std::min(bytes.size(), free());
  bytes = bytes.first(accepted);
  while (!bytes.empty()) {
    if (chunks_.empty() || chunks_.back().used == kChunkBytes) {
      chunks_.push_back({end_, pool_.Allocate(kChunkBytes), 0});
    }
    Chunk& chunk = chunks_.back();
    const size_t part = std::min<size_t>(bytes.size(), kChunkBytes - chunk.used);
    std::memcpy(chunk.memory.get() + chunk.used, bytes.data(), part);
    chunk.used += static_cast<uint32_t>(part);
    end_ += static_cast<uint32_t>(part);
    bytes = bytes.subspan(part);
  }
  return accepted;
}

void SendQueue::Acknowledge(Seq una) {
  first_ = Later(first_, Earlier(una, end_));
  while (!chunks_.empty() && chunks_.front().end() <= first_) chunks_.pop_front();
}

std::vector<HeldBytes> SendQueue::Pieces(SeqRange range) const {
  std::vector<HeldBytes> pieces;
  for (const Chunk& chunk : chunks_) {
    const Seq start = Later(chunk.seq, range.start);
    const Seq end = Earlier(chunk.end(), range.end);
    if (end <= start) continue;
    pieces.push_back(
        {ByteView(chunk.memory.get() + Distance(chunk.seq, start), Distance(start, end)),
         chunk.memory});
  }
  return pieces;
}

bool SendNow(const SendOffer& offer) {
  const uint32_t sendable = std::min(offer.unsent, offer.usable);
  if (sendable == 0) return false;
  if (sendable >= offer.mss) return true;  // (1)
  const bool nagle_allows = !offer.in_flight || offer.no_delay;
  if (offer.unsent <= offer.usable && (nagle_allows || offer.last)) return true;  // (2)
  if (nagle_allows && sendable >= offer.max_wnd / 2) return true;                 // (3)
  return offer.overdue;                                                           // (4)
}

}  // namespace handoff::tcp
