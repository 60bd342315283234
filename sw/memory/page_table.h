// SPDX-License-Identifier: Apache-2.0
//
// A page table: four levels of 512 entries, 4 KiB pages, 48-bit virtual addresses.
//
//   47      39 38      30 29      21 20      12 11           0
//   | level 3 | level 2  | level 1  | level 0  | offset       |
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>

#include "sw/types.h"

namespace handoff::mem {

using sw::PhysAddr;
using sw::VirtAddr;

inline constexpr uint64_t kPageBytes = 4096;

class PageTable {
 public:
  // `virt` and `phys` are page-aligned; a mapping that is there is replaced.
  void Map(VirtAddr virt, PhysAddr phys);
  void Unmap(VirtAddr virt);
  // Of any address; nothing: a page fault.
  std::optional<PhysAddr> Walk(VirtAddr virt) const;

 private:
  static constexpr unsigned kBits = 9;
  static constexpr unsigned kLevels = 4;
  struct Node {
    std::array<std::unique_ptr<Node>, 1u << kBits> child;   // levels 3 to 1
    std::array<std::optional<PhysAddr>, 1u << kBits> page;  // level 0
  };
  static unsigned Index(VirtAddr virt, unsigned level) {
    return virt.raw() >> (12 + kBits * level) & ((1u << kBits) - 1);
  }

  Node root_;
};

}  // namespace handoff::mem
