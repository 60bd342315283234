// SPDX-License-Identifier: Apache-2.0
#include "sw/driver/user_buffers.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace handoff::driver {
namespace {

constexpr uint8_t kPostLast = 1;  // post_desc_t.flags, bit 0

uint32_t Slots(const UserBuffers::Buffer& buffer) {
  return static_cast<uint32_t>(buffer.pin->pieces().size());
}

}  // namespace

std::deque<UserBuffers::Buffer>::iterator UserBuffers::Find(uint16_t id) {
  return std::find_if(buffers_.begin(), buffers_.end(),
                      [id](const Buffer& b) { return b.id == id; });
}

bool UserBuffers::Add(uint16_t id, std::shared_ptr<mem::Pin> pin) {
  if (Find(id) != buffers_.end() || pin->pieces().size() > slots_) return false;
  buffers_.push_back({.id = id, .pin = std::move(pin)});
  return true;
}

void UserBuffers::Post(const std::function<void(PostDesc)>& issue) {
  for (Buffer& buffer : buffers_) {
    if (buffer.posted) continue;
    if (used_slots_ + Slots(buffer) > slots_) return;
    used_slots_ += Slots(buffer);
    buffer.posted = true;
    buffer.accepted = 0;
    const auto& pieces = buffer.pin->pieces();
    for (size_t at = 0; at < pieces.size(); at += kMaxPieces) {
      PostDesc desc;
      desc.op = static_cast<uint8_t>(CmdKind::CmdPost);
      desc.id = buffer.id;
      desc.n_pieces = static_cast<uint8_t>(std::min<size_t>(kMaxPieces, pieces.size() - at));
      if (at + desc.n_pieces == pieces.size()) desc.flags = kPostLast;
      handoff::Piece* const places[kMaxPieces] = {&desc.piece0, &desc.piece1, &desc.piece2};
      for (size_t i = 0; i < desc.n_pieces; ++i) {
        *places[i] = {.size = static_cast<uint32_t>(pieces[at + i].bytes()),
                      .addr = pieces[at + i].addr.raw()};
      }
      issue(desc);
    }
  }
}

bool UserBuffers::OnAnswer(uint16_t id, const Ntf& ntf) {
  const auto found = Find(id);
  if (found == buffers_.end() || !found->posted) return true;
  found->accepted += ntf.count;
  return ntf.code == static_cast<uint8_t>(Status::StatusOk) || found->accepted > 0;
}

std::optional<UserBuffers::Buffer> UserBuffers::TakeBack(uint16_t id) {
  const auto found = Find(id);
  if (found == buffers_.end() || !found->posted) return std::nullopt;
  Buffer buffer = std::move(*found);
  buffers_.erase(found);
  used_slots_ -= Slots(buffer);
  return buffer;
}

void UserBuffers::Retry(Buffer buffer) {
  buffer.posted = false;
  // Behind those that came back before it, ahead of those that were never posted.
  const auto place = std::find_if(buffers_.begin(), buffers_.end(),
                                  [](const Buffer& b) { return !b.posted && b.accepted == 0; });
  buffers_.insert(place, std::move(buffer));
}

std::vector<UserBuffers::Buffer> UserBuffers::TakeAll() {
  used_slots_ = 0;
  std::vector<Buffer> all(std::make_move_iterator(buffers_.begin()),
                          std::make_move_iterator(buffers_.end()));
  buffers_.clear();
  return all;
}

std::vector<tcp::StreamPiece> StreamOf(const UserBuffers::Buffer& buffer, sw::Seq seq,
                                       uint32_t bytes) {
  std::vector<tcp::StreamPiece> stream;
  for (const mem::PhysPiece& piece : buffer.pin->pieces()) {
    const auto part = static_cast<uint32_t>(std::min<uint64_t>(bytes, piece.bytes()));
    if (part == 0) break;
    stream.push_back({.seq = seq,
                      .bytes = piece.view.first(part),
                      .place = tcp::Place::kUserBuffer,
                      .hold = buffer.pin->memory(),
                      .user_buffer = buffer.id});
    seq += part;
    bytes -= part;
  }
  return stream;
}

}  // namespace handoff::driver
