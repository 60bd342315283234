// SPDX-License-Identifier: Apache-2.0
//
// Physical memory of one host: regions that somebody allocated, and nothing between them. An
// address is never given twice, so that an access to freed memory is seen for what it is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <memory>
#include <span>
#include <string>

#include "sw/hw.h"

namespace handoff {

class PhysicalMemory {
 public:
  static constexpr uint64_t kPageBytes = 4096;

  struct Params {
    uint64_t base = uint64_t{1} << 32;   // first address given
    uint64_t bytes = uint64_t{4} << 30;  // how much may be allocated at a time
  };
  struct Region {
    uint64_t begin = 0, end = 0;
    sw::Owner owner = sw::Owner::kKernel;
  };

  explicit PhysicalMemory(const Params& params) : params_(params), next_(params.base) {}
  PhysicalMemory() : PhysicalMemory(Params()) {}
  PhysicalMemory(const PhysicalMemory&) = delete;
  PhysicalMemory& operator=(const PhysicalMemory&) = delete;

  // Zeroed; `align` is a power of two. Throws std::bad_alloc when `bytes` are not left.
  uint64_t Allocate(size_t bytes, size_t align, sw::Owner owner);
  // Throws std::invalid_argument for an address that Allocate() did not give.
  void Free(uint64_t addr);

  // The bytes, within one region; throws std::out_of_range where there are none.
  std::span<uint8_t> At(uint64_t addr, size_t bytes);
  // The same, empty instead of throwing.
  std::span<uint8_t> Find(uint64_t addr, size_t bytes);
  // The region of an address, or nullptr.
  const Region* RegionOf(uint64_t addr) const;
  uint64_t allocated_bytes() const { return allocated_; }

 private:
  struct FreeBytes {
    void operator()(uint8_t* bytes) const { std::free(bytes); }
  };
  struct Block {
    Region region;
    std::unique_ptr<uint8_t, FreeBytes> bytes;
  };

  const Block* BlockOf(uint64_t addr) const;

  Params params_;
  uint64_t next_;  // nothing was ever given from here on
  uint64_t allocated_ = 0;
  std::map<uint64_t, Block> blocks_;     // by first address
  mutable const Block* last_ = nullptr;  // where the access before this one was
};

const char* ToString(sw::Owner owner);

}  // namespace handoff
