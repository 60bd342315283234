// SPDX-License-Identifier: Apache-2.0
#include "sw/app/reader.h"

namespace handoff::app {

void StreamReader::Post() {
  if (!socket_.delegated()) return;
  while (!full_ && !free_.empty()) {
    full_ = !socket_.PostUserBuffer(buffers_[free_.front()], free_.front());
    if (!full_) free_.pop_front();
  }
}

sock::Task<std::optional<tcp::StreamPiece>> StreamReader::Next(size_t max) {
  for (;;) {
    // Before the first byte, if the connection is delegated by then.
    Post();
    if (auto piece = co_await socket_.ReadPieceOrChange(max)) {
      uint64_t& bytes = piece->place == tcp::Place::kUserBuffer     ? places_.user
                        : piece->place == tcp::Place::kLegacyBuffer ? places_.legacy
                                                                    : places_.stack;
      bytes += piece->bytes.size();
      co_return piece;
    }
    if (socket_.Ready().readable) co_return std::nullopt;  // the end, or an error
    full_ = false;
  }
}

void StreamReader::Done(const tcp::StreamPiece& piece) {
  while (const auto back = socket_.TakeReturnedBuffer(piece.range().end)) {
    free_.push_back(back->id);
    full_ = false;
  }
}

}  // namespace handoff::app
