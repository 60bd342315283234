// SPDX-License-Identifier: Apache-2.0
#include "sw/app/bulk.h"

#include <algorithm>
#include <utility>

#include "sw/app/pattern.h"

namespace handoff::app {
namespace {

// An orderly end is not an error.
sock::CloseReason ErrorOf(const sock::Socket& socket) {
  return socket.error() == sock::CloseReason::kDone ? sock::CloseReason::kNone : socket.error();
}

}  // namespace

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
  StreamReader reader(socket, std::move(buffers), progress.places);
  while (const auto piece = co_await reader.Next()) {
    progress.wrong += CountWrong(progress.bytes, piece->bytes);
    progress.bytes += piece->bytes.size();
    reader.Done(*piece);
  }
  progress.error = ErrorOf(socket);
  progress.done = true;
}

sock::Task<> Echo(sock::Socket socket, Progress& progress,
                  std::vector<std::span<uint8_t>> buffers) {
  StreamReader reader(socket, std::move(buffers), progress.places);
  while (const auto piece = co_await reader.Next()) {
    const sock::IoResult put = co_await socket.WriteAll(piece->bytes);
    progress.bytes += put.bytes;
    reader.Done(*piece);
    if (!put.ok()) break;
  }
  progress.error = ErrorOf(socket);
  socket.ShutdownWrite();
  progress.done = true;
}

sock::Task<> Ping(sock::Executor& executor, sock::Socket socket, PingOptions options,
                  Progress& progress, std::vector<std::span<uint8_t>> buffers) {
  StreamReader reader(socket, std::move(buffers), progress.places);
  std::vector<uint8_t> message(options.message_bytes);
  bool open = true;
  for (uint64_t sent = 0; open && sent < options.messages; ++sent) {
    if (sent != 0 && options.pause > sw::Micros()) co_await executor.Sleep(options.pause);
    FillPattern(progress.bytes, message);
    open = (co_await socket.WriteAll(message)).ok();
    for (size_t left = message.size(); open && left != 0;) {
      const auto piece = co_await reader.Next(left);
      open = piece.has_value();
      if (!open) break;
      progress.wrong += CountWrong(progress.bytes, piece->bytes);
      progress.bytes += piece->bytes.size();
      left -= piece->bytes.size();
      reader.Done(*piece);
    }
  }
  progress.error = ErrorOf(socket);
  socket.ShutdownWrite();
  progress.done = true;
}

}  // namespace handoff::app
