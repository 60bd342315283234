// SPDX-License-Identifier: Apache-2.0
//
// Bulk transfer: a source that writes the pattern, a sink that reads and checks it, an echo.
#ifndef HANDOFF_SW_APP_BULK_H_
#define HANDOFF_SW_APP_BULK_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "sw/socket/socket.h"

namespace handoff::app {

struct Progress {
  uint64_t bytes = 0;
  uint64_t wrong = 0;   // bytes that are not the pattern's
  uint64_t placed = 0;  // bytes that the engine put in user buffers
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
sock::Task<> Echo(sock::Socket socket, Progress& progress, size_t buffer_bytes = 16 * 1024);

}  // namespace handoff::app

#endif  // HANDOFF_SW_APP_BULK_H_
