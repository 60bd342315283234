// SPDX-License-Identifier: Apache-2.0
//
// The memory of one application: virtual addresses over a page table, and the pins that keep pages
// where they are, open to the engine, while it may write to them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "sw/hw.h"
#include "sw/memory/page_table.h"

namespace handoff::mem {

// Physically contiguous bytes, and what the host sees of them.
struct PhysPiece {
  PhysAddr addr;
  std::span<uint8_t> view;
  uint64_t bytes() const { return view.size(); }
};

// A range of an address space that the engine may write to. When it goes, the engine may no more;
// the memory itself stays for as long as somebody has the pin's `memory()`.
class Pin {
 public:
  ~Pin();
  Pin(const Pin&) = delete;
  Pin& operator=(const Pin&) = delete;

  const std::vector<PhysPiece>& pieces() const { return pieces_; }
  size_t bytes() const { return bytes_; }
  // Keeps the pages allocated, the engine shut out or not, mapped or not.
  std::shared_ptr<const void> memory() const { return memory_; }

 private:
  friend class AddressSpace;
  struct Core;
  Pin() = default;

  std::shared_ptr<Core> core_;
  VirtAddr virt_;
  size_t bytes_ = 0;
  std::vector<PhysPiece> pieces_;
  std::shared_ptr<const void> memory_;
};

class AddressSpace {
 public:
  explicit AddressSpace(sw::Hw& hw);
  // Pages that are pinned stay until they are not (corner 30).
  ~AddressSpace();
  AddressSpace(const AddressSpace&) = delete;
  AddressSpace& operator=(const AddressSpace&) = delete;

  // New memory at a page boundary, zeroed. Physically it comes in stretches of `stretch_bytes`,
  // rounded up to pages; 0: in one.
  VirtAddr Map(size_t bytes, size_t stretch_bytes = 0);
  // What Map() gave, whole.
  void Unmap(VirtAddr virt);

  // Where the bytes lie, contiguous ones merged, no piece over `max_piece_bytes`. Throws
  // std::out_of_range where nothing is mapped.
  std::vector<PhysPiece> Translate(VirtAddr virt, size_t bytes,
                                   size_t max_piece_bytes = SIZE_MAX) const;
  // What the host sees of memory that is physically in one piece; throws std::out_of_range else.
  std::span<uint8_t> View(VirtAddr virt, size_t bytes) const;
  // The address of bytes seen through a view; nothing: they are not of this space.
  std::optional<VirtAddr> Find(std::span<const uint8_t> view) const;

  // Opens the range to the engine. Nothing if it is not mapped, empty, or shares a byte with
  // another pin (corner 26).
  std::shared_ptr<Pin> TryPin(VirtAddr virt, size_t bytes, size_t max_piece_bytes = SIZE_MAX);
  size_t pinned_bytes() const;

 private:
  std::shared_ptr<Pin::Core> core_;
};

}  // namespace handoff::mem
