// SPDX-License-Identifier: Apache-2.0
//
// Where the stack keeps the bytes of a stream. A driver that reads them by DMA hands in a pool of
// memory that its device can reach.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "sw/tcp/bytes.h"

namespace handoff::tcp {

// Keeps memory alive for as long as somebody may still read it.
using Hold = std::shared_ptr<const void>;

class MemoryPool {
 public:
  virtual ~MemoryPool() = default;
  // The memory goes back when the last copy of the pointer does.
  virtual std::shared_ptr<uint8_t> Allocate(size_t bytes) = 0;
};

class HeapPool : public MemoryPool {
 public:
  std::shared_ptr<uint8_t> Allocate(size_t bytes) override {
    return {new uint8_t[bytes], std::default_delete<uint8_t[]>()};
  }
};

// A stretch of bytes and what keeps it alive.
struct HeldBytes {
  ByteView bytes;
  Hold hold;
};

}  // namespace handoff::tcp
