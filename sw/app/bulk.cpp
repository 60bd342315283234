// SPDX-License-Identifier: Apache-2.0
#include "sw/app/bulk.h"

#include <algorithm>
#include <deque>

#include "sw/app/pattern.h"

namespace handoff::app {

sock::Task<> Source(sock::Socket socket, uint64_t total, Progress& progress, size_t chunk_bytes) {
  std::vector<uint8_t> chunk(chunk_bytes);
  while (progress.bytes < total && progress.error == sock::CloseReason::kNone) {
    const std::span part(chunk.data(), std::min<uint64_t>(chunk.size(), total - progress.bytes));
    FillPattern(progress.bytes, part);
    const sock::IoResult result = co_await socket.WriteAll(part);
    progress.bytes += result.bytes;
    progress.error = result.error;
  }
  socket.ShutdownWrite();
  progress.done = true;
}

sock::Task<> Sink(sock::Socket socket, Progress& progress, size_t buffer_bytes) {
  std::vector<uint8_t> buffer(buffer_bytes);
  for (;;) {
    const sock::IoResult result = co_await socket.Read(buffer);
    if (result.bytes == 0) {
      progress.error = result.error;
      break;
    }
    progress.wrong += CountWrong(progress.bytes, std::span(buffer).first(result.bytes));
    progress.bytes += result.bytes;
  }
  progress.done = true;
}

sock::Task<> PostingSink(sock::Socket socket, Progress& progress,
                         std::vector<std::span<uint8_t>> buffers) {
  std::deque<uint16_t> free;  // indices of buffers that are ours, in the order of their return
  for (size_t i = 0; i < buffers.size(); ++i) free.push_back(static_cast<uint16_t>(i));
  for (;;) {
    while (!free.empty() && socket.PostUserBuffer(buffers[free.front()], free.front())) {
      free.pop_front();
    }
    const auto piece = co_await socket.ReadPiece(SIZE_MAX);
    if (!piece) break;
    progress.wrong += CountWrong(progress.bytes, piece->bytes);
    progress.bytes += piece->bytes.size();
    if (piece->place == tcp::Place::kUserBuffer) progress.placed += piece->bytes.size();
    while (const auto back = socket.TakeReturnedBuffer(piece->range().end)) {
      free.push_back(back->id);
    }
  }
  progress.error =
      socket.error() == sock::CloseReason::kDone ? sock::CloseReason::kNone : socket.error();
  progress.done = true;
}

sock::Task<> Echo(sock::Socket socket, Progress& progress, size_t buffer_bytes) {
  std::vector<uint8_t> buffer(buffer_bytes);
  for (;;) {
    const sock::IoResult got = co_await socket.Read(buffer);
    if (got.bytes == 0) {
      progress.error = got.error;
      break;
    }
    const sock::IoResult put = co_await socket.WriteAll(std::span(buffer).first(got.bytes));
    progress.bytes += put.bytes;
    if (!put.ok()) {
      progress.error = put.error;
      break;
    }
  }
  socket.ShutdownWrite();
  progress.done = true;
}

}  // namespace handoff::app
