// SPDX-License-Identifier: Apache-2.0
#include "sw/driver/dma_pool.h"

#include <map>
#include <vector>

namespace handoff::driver {
namespace {

constexpr size_t kAlign = 64;

}  // namespace

struct DmaPool::Core {
  struct Block {
    sw::PhysAddr addr;
    std::span<uint8_t> bytes;
  };

  explicit Core(sw::Hw& h) : hw(h) {}
  ~Core() {
    for (const auto& [first, block] : blocks) {
      hw.Revoke(block.addr, block.bytes.size());
      hw.Free(block.addr);
    }
  }
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  uint8_t* Take(size_t bytes) {
    auto& idle = free[bytes];
    if (!idle.empty()) {
      uint8_t* const first = idle.back();
      idle.pop_back();
      return first;
    }
    const sw::PhysAddr addr = hw.Allocate(bytes, kAlign, sw::Owner::kDriver);
    const std::span<uint8_t> view = hw.Memory(addr, bytes);
    hw.Grant(addr, bytes, false);
    blocks.emplace(view.data(), Block{addr, view});
    return view.data();
  }

  sw::Hw& hw;
  std::map<const uint8_t*, Block> blocks;  // by first byte
  std::map<size_t, std::vector<uint8_t*>> free;
};

DmaPool::DmaPool(sw::Hw& hw) : core_(std::make_shared<Core>(hw)) {}
DmaPool::~DmaPool() = default;

std::shared_ptr<uint8_t> DmaPool::Allocate(size_t bytes) {
  bytes = (bytes + kAlign - 1) & ~(kAlign - 1);
  return {core_->Take(bytes),
          [core = core_, bytes](uint8_t* first) { core->free[bytes].push_back(first); }};
}

std::optional<sw::PhysAddr> DmaPool::Find(tcp::ByteView bytes) const {
  auto found = core_->blocks.upper_bound(bytes.data());
  if (found == core_->blocks.begin()) return std::nullopt;
  const Core::Block& block = std::prev(found)->second;
  const auto offset = static_cast<size_t>(bytes.data() - block.bytes.data());
  if (offset > block.bytes.size() || bytes.size() > block.bytes.size() - offset) {
    return std::nullopt;
  }
  return block.addr + offset;
}

}  // namespace handoff::driver
