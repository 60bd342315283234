// SPDX-License-Identifier: Apache-2.0
//
// Programs of both ends: a source that writes the pattern and a sink that reads and checks it; a
// ping that sends messages one at a time and an echo that answers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "sw/app/reader.h"
#include "sw/socket/socket.h"

namespace handoff::app {

struct Progress {
  uint64_t bytes = 0;
  uint64_t wrong = 0;  // bytes that are not the pattern's
  Places places;       // bytes read, by where they lay; only of programs with a StreamReader
  bool done = false;
  sock::CloseReason error = sock::CloseReason::kNone;
};

// Writes `total` bytes of the pattern, then ends its direction.
sock::Task<> Source(sock::Socket socket, uint64_t total, Progress& progress,
                    size_t chunk_bytes = 16 * 1024);
// Reads to the end of the stream and checks every byte.
sock::Task<> Sink(sock::Socket socket, Progress& progress, size_t buffer_bytes = 64 * 1024);
// The same, without a copy: keeps `buffers` posted whenever the connection is delegated.
sock::Task<> PostingSink(sock::Socket socket, Progress& progress,
                         std::vector<std::span<uint8_t>> buffers);
// Writes back what it reads; ends when the peer does.
sock::Task<> Echo(sock::Socket socket, Progress& progress,
                  std::vector<std::span<uint8_t>> buffers = {});

struct PingOptions {
  uint64_t messages = 1;
  uint64_t message_bytes = 1;
  sw::Micros pause;  // from an answer to the next message
};
// Sends a message, waits for as many bytes, checks them, sends the next. `bytes` are those read.
sock::Task<> Ping(sock::Executor& executor, sock::Socket socket, PingOptions options,
                  Progress& progress, std::vector<std::span<uint8_t>> buffers = {});

}  // namespace handoff::app
