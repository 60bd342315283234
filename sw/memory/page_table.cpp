// SPDX-License-Identifier: Apache-2.0
#include "sw/memory/page_table.h"

namespace handoff::mem {

void PageTable::Map(VirtAddr virt, PhysAddr phys) {
  Node* node = &root_;
  for (unsigned level = kLevels - 1; level > 0; --level) {
    auto& child = node->child[Index(virt, level)];
    if (!child) child = std::make_unique<Node>();
    node = child.get();
  }
  node->page[Index(virt, 0)] = phys;
}

void PageTable::Unmap(VirtAddr virt) {
  Node* node = &root_;
  for (unsigned level = kLevels - 1; level > 0 && node != nullptr; --level) {
    node = node->child[Index(virt, level)].get();
  }
  if (node != nullptr) node->page[Index(virt, 0)].reset();
}

std::optional<PhysAddr> PageTable::Walk(VirtAddr virt) const {
  if (virt.raw() >> (12 + kBits * kLevels) != 0) return std::nullopt;
  const Node* node = &root_;
  for (unsigned level = kLevels - 1; level > 0; --level) {
    node = node->child[Index(virt, level)].get();
    if (node == nullptr) return std::nullopt;
  }
  const auto& page = node->page[Index(virt, 0)];
  if (!page) return std::nullopt;
  return *page + (virt.raw() & (kPageBytes - 1));
}

}  // namespace handoff::mem
