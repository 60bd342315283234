// SPDX-License-Identifier: Apache-2.0
//
// Reads a stream where its bytes lie, and keeps user buffers posted whenever the connection is
// delegated. Without buffers it only reads.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "sw/socket/socket.h"

namespace handoff::app {

// Bytes of a stream by where they lay when they were read.
struct Places {
  uint64_t user = 0;    // in user buffers: the engine put them there
  uint64_t legacy = 0;  // in the driver's legacy buffers
  uint64_t stack = 0;   // in the stack's own memory: copied out of frames
};

class StreamReader {
 public:
  // Counts in `places`.
  StreamReader(sock::Socket& socket, std::vector<std::span<uint8_t>> buffers, Places& places)
      : socket_(socket), buffers_(std::move(buffers)), places_(places) {
    for (size_t i = 0; i < buffers_.size(); ++i) free_.push_back(static_cast<uint16_t>(i));
  }

  // The next bytes, at most `max`; none at the stream's end, or an error. They stay what they are
  // until Done(), which gives their user buffer back to the engine once it is all read.
  sock::Task<std::optional<tcp::StreamPiece>> Next(size_t max = SIZE_MAX);
  void Done(const tcp::StreamPiece& piece);

 private:
  void Post();

  sock::Socket& socket_;
  const std::vector<std::span<uint8_t>> buffers_;
  bool full_ = false;          // no more were taken; of no use to ask before something changes
  std::deque<uint16_t> free_;  // indices of buffers that are ours, in the order of their return
  Places& places_;
};

}  // namespace handoff::app
