// SPDX-License-Identifier: Apache-2.0
#include "sw/tcp/receive.h"

#include <algorithm>
#include <cstring>

#include "sw/tcp/options.h"

namespace handoff::tcp {

namespace {

constexpr size_t kSmallPiece = 256;
constexpr size_t kChunkBytes = 512;

}  // namespace

bool ReceiveQueue::PushSmall(const StreamPiece& piece) {
  if (piece.place != Place::kStack || piece.bytes.size() > kSmallPiece) return false;
  if (pieces_.empty() || pieces_.back().place != Place::kStack) return false;
  StreamPiece& last = pieces_.back();
  const bool is_chunk = chunk_ && last.hold == chunk_;
  if (is_chunk && chunk_->size() + piece.bytes.size() <= kChunkBytes) {
    AppendBytes(*chunk_, piece.bytes);  // has the room, so nothing moves
    last.bytes = ByteView(last.bytes.data(), last.bytes.size() + piece.bytes.size());
    return true;
  }
  if (!is_chunk && last.bytes.size() > kSmallPiece) return false;
  chunk_ = std::make_shared<Bytes>();
  chunk_->reserve(kChunkBytes);
  AppendBytes(*chunk_, piece.bytes);
  pieces_.push_back({.seq = piece.seq, .bytes = *chunk_, .place = Place::kStack, .hold = chunk_});
  return true;
}

void ReceiveQueue::Push(StreamPiece piece) {
  if (piece.bytes.empty()) return;
  bytes_ += piece.bytes.size();
  if (piece.place != Place::kUserBuffer) charged_ += piece.bytes.size();
  if (!PushSmall(piece)) pieces_.push_back(std::move(piece));
}

void ReceiveQueue::Drop(size_t count) {
  StreamPiece& front = pieces_.front();
  bytes_ -= count;
  if (front.place != Place::kUserBuffer) charged_ -= count;
  if (count == front.bytes.size()) {
    pieces_.pop_front();
    if (pieces_.empty()) chunk_.reset();
    return;
  }
  front.bytes = front.bytes.subspan(count);
  front.seq += static_cast<uint32_t>(count);
}

size_t ReceiveQueue::Read(std::span<uint8_t> out) {
  size_t read = 0;
  while (read < out.size() && !pieces_.empty()) {
    const ByteView from = pieces_.front().bytes;
    const size_t part = std::min(from.size(), out.size() - read);
    if (from.data() != out.data() + read) std::memmove(out.data() + read, from.data(), part);
    Drop(part);
    read += part;
  }
  return read;
}

std::optional<StreamPiece> ReceiveQueue::Take(size_t max) {
  if (pieces_.empty() || max == 0) return std::nullopt;
  StreamPiece piece = pieces_.front();
  piece.bytes = piece.bytes.first(std::min(max, piece.bytes.size()));
  Drop(piece.bytes.size());
  return piece;
}

namespace {

constexpr uint32_t kMaxUnscaledWindow = 0xffff;

Seq WantedEdge(const WindowOffer& o) {
  const uint32_t room = o.buffer - std::min(o.buffer, o.unread);
  return o.rcv_nxt + std::min(room, 0xffffu << o.scale);
}

}  // namespace

uint8_t WindowScaleFor(uint32_t buffer) {
  uint8_t scale = 0;
  while (scale < kMaxWindowScale && buffer >> scale > kMaxUnscaledWindow) ++scale;
  return scale;
}

uint32_t WindowOfSyn(uint32_t buffer) { return std::min(buffer, kMaxUnscaledWindow); }

Seq EdgeToGrant(const WindowOffer& o) {
  const Seq wanted = WantedEdge(o);
  const auto step = static_cast<int32_t>(std::min(o.buffer / 2, o.mss));
  return wanted - o.rcv_adv >= step ? wanted : o.rcv_adv;
}

bool NeedsWindowUpdate(const WindowOffer& o) {
  const int32_t step = WantedEdge(o) - o.rcv_adv;
  const uint32_t window = o.rcv_nxt < o.rcv_adv ? Distance(o.rcv_nxt, o.rcv_adv) : 0;
  const uint32_t least = window < o.mss ? o.mss : 2 * o.mss;
  return step >= static_cast<int32_t>(std::min(o.buffer / 2, least));
}

void AckPolicy::OnData(uint32_t bytes) {
  full_segment_ = std::max(full_segment_, bytes);
  unacked_bytes_ += bytes;
  if (unacked_bytes_ >= 2 * full_segment_) {
    when_ = When::kNow;
  } else if (when_ == When::kNotDue) {
    when_ = When::kDelayed;
  }
}

}  // namespace handoff::tcp
