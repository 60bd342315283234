// SPDX-License-Identifier: Apache-2.0
#include "model/memory/physical_memory.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <new>
#include <stdexcept>
#include <utility>

namespace handoff {
namespace {

std::string Hex(const char* what, uint64_t addr, uint64_t bytes) {
  char text[128];
  std::snprintf(text, sizeof text, "%s: %" PRIu64 " bytes at 0x%" PRIx64, what, bytes, addr);
  return text;
}

}  // namespace

uint64_t PhysicalMemory::Allocate(size_t bytes, size_t align, sw::Owner owner) {
  if (bytes == 0 || align == 0 || (align & (align - 1)) != 0) {
    throw std::invalid_argument(Hex("bad size or alignment of an allocation", align, bytes));
  }
  if (bytes > params_.bytes - allocated_) throw std::bad_alloc();
  const uint64_t begin = (next_ + align - 1) & ~(uint64_t{align} - 1);
  // calloc takes large blocks from fresh pages: what nobody touches costs nothing.
  auto* data = static_cast<uint8_t*>(std::calloc(bytes, 1));
  if (data == nullptr) throw std::bad_alloc();
  Block block{{begin, begin + bytes, owner}, std::unique_ptr<uint8_t, FreeBytes>(data)};
  blocks_.emplace(begin, std::move(block));
  // The next region begins in a page of its own: owners do not share one (docs/corners.md 26).
  next_ = (begin + bytes + kPageBytes - 1) & ~(kPageBytes - 1);
  allocated_ += bytes;
  return begin;
}

void PhysicalMemory::Free(uint64_t addr) {
  const auto it = blocks_.find(addr);
  if (it == blocks_.end()) throw std::invalid_argument(Hex("no allocation to free", addr, 0));
  allocated_ -= it->second.region.end - it->second.region.begin;
  last_ = nullptr;
  blocks_.erase(it);
}

const PhysicalMemory::Block* PhysicalMemory::BlockOf(uint64_t addr) const {
  if (last_ != nullptr && last_->region.begin <= addr && addr < last_->region.end) return last_;
  auto it = blocks_.upper_bound(addr);
  if (it == blocks_.begin()) return nullptr;
  --it;
  if (it->second.region.end <= addr) return nullptr;
  last_ = &it->second;
  return last_;
}

std::span<uint8_t> PhysicalMemory::Find(uint64_t addr, size_t bytes) {
  const Block* block = BlockOf(addr);
  if (block == nullptr || bytes > block->region.end - addr) return {};
  return {block->bytes.get() + (addr - block->region.begin), bytes};
}

std::span<uint8_t> PhysicalMemory::At(uint64_t addr, size_t bytes) {
  const std::span<uint8_t> found = Find(addr, bytes);
  if (found.data() == nullptr) throw std::out_of_range(Hex("no such memory", addr, bytes));
  return found;
}

const PhysicalMemory::Region* PhysicalMemory::RegionOf(uint64_t addr) const {
  const Block* block = BlockOf(addr);
  return block == nullptr ? nullptr : &block->region;
}

const char* ToString(sw::Owner owner) {
  switch (owner) {
    case sw::Owner::kKernel:
      return "kernel";
    case sw::Owner::kDriver:
      return "driver";
    case sw::Owner::kApplication:
      return "application";
  }
  return "?";
}

}  // namespace handoff
