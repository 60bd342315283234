// SPDX-License-Identifier: Apache-2.0
#include "sw/memory/address_space.h"

#include <algorithm>
#include <map>
#include <stdexcept>

namespace handoff::mem {
namespace {

constexpr VirtAddr kFirst(0x10000000);
constexpr uint64_t kGuardBytes = 16 * kPageBytes;  // unmapped, between two mappings

size_t RoundUp(size_t bytes) { return (bytes + kPageBytes - 1) & ~(kPageBytes - 1); }

}  // namespace

// Outlives the space while there are pins.
struct Pin::Core {
  explicit Core(sw::Hw& h) : hw(h) {}

  // One physically contiguous allocation.
  struct Stretch {
    Stretch(sw::Hw& h, size_t bytes)
        : hw(h),
          addr(h.Allocate(bytes, kPageBytes, sw::Owner::kApplication)),
          view(h.Memory(addr, bytes)) {}
    ~Stretch() { hw.Free(addr); }
    Stretch(const Stretch&) = delete;
    Stretch& operator=(const Stretch&) = delete;

    sw::Hw& hw;
    PhysAddr addr;
    std::span<uint8_t> view;
  };
  struct Mapping {
    size_t bytes = 0;
    std::map<VirtAddr, std::shared_ptr<Stretch>> stretches;
  };

  // The mapping that covers all the bytes, else nullptr.
  const std::pair<const VirtAddr, Mapping>* Covering(VirtAddr virt, size_t bytes) const {
    auto found = mappings.upper_bound(virt);
    if (found == mappings.begin()) return nullptr;
    --found;
    const uint64_t offset = virt - found->first;
    if (offset > found->second.bytes || bytes > found->second.bytes - offset) return nullptr;
    return &*found;
  }

  sw::Hw& hw;
  PageTable table;
  VirtAddr next = kFirst;
  std::map<VirtAddr, Mapping> mappings;  // by first address
  std::map<VirtAddr, size_t> pinned;     // disjoint ranges
};

Pin::~Pin() {
  for (const PhysPiece& piece : pieces_) core_->hw.Revoke(piece.addr, piece.bytes());
  core_->pinned.erase(virt_);
}

AddressSpace::AddressSpace(sw::Hw& hw) : core_(std::make_shared<Pin::Core>(hw)) {}

AddressSpace::~AddressSpace() {
  while (!core_->mappings.empty()) Unmap(core_->mappings.begin()->first);
}

VirtAddr AddressSpace::Map(size_t bytes, size_t stretch_bytes) {
  bytes = RoundUp(std::max<size_t>(bytes, 1));
  stretch_bytes = stretch_bytes == 0 ? bytes : RoundUp(stretch_bytes);
  const VirtAddr first = core_->next;
  Pin::Core::Mapping mapping;
  mapping.bytes = bytes;
  for (size_t at = 0; at < bytes; at += stretch_bytes) {
    const size_t size = std::min(stretch_bytes, bytes - at);
    auto stretch = std::make_shared<Pin::Core::Stretch>(core_->hw, size);
    for (size_t page = 0; page < size; page += kPageBytes) {
      core_->table.Map(first + at + page, stretch->addr + page);
    }
    mapping.stretches.emplace(first + at, std::move(stretch));
  }
  core_->next = first + bytes + kGuardBytes;
  core_->mappings.emplace(first, std::move(mapping));
  return first;
}

void AddressSpace::Unmap(VirtAddr virt) {
  const auto found = core_->mappings.find(virt);
  if (found == core_->mappings.end()) throw std::out_of_range("nothing is mapped there");
  for (size_t page = 0; page < found->second.bytes; page += kPageBytes) {
    core_->table.Unmap(virt + page);
  }
  core_->mappings.erase(found);
}

std::vector<PhysPiece> AddressSpace::Translate(VirtAddr virt, size_t bytes,
                                               size_t max_piece_bytes) const {
  struct Range {
    PhysAddr addr;
    size_t bytes;
  };
  std::vector<Range> ranges;
  const auto* covering = core_->Covering(virt, bytes);
  if (covering == nullptr) throw std::out_of_range("page fault");
  for (size_t done = 0; done < bytes;) {
    const VirtAddr at = virt + done;
    const auto phys = core_->table.Walk(at);
    if (!phys) throw std::out_of_range("page fault");
    // Allocations stay apart even if one happens to lie behind the other.
    const bool begins = covering->second.stretches.contains(at);
    size_t left = std::min<size_t>(bytes - done, kPageBytes - (at.raw() & (kPageBytes - 1)));
    done += left;
    for (PhysAddr from = *phys; left > 0;) {
      const bool follows = !ranges.empty() && !begins &&
                           ranges.back().addr + ranges.back().bytes == from &&
                           ranges.back().bytes < max_piece_bytes;
      if (!follows) ranges.push_back({from, 0});
      const size_t part = std::min(left, max_piece_bytes - ranges.back().bytes);
      ranges.back().bytes += part;
      from = from + part;
      left -= part;
    }
  }
  std::vector<PhysPiece> pieces;
  pieces.reserve(ranges.size());
  for (const Range& r : ranges) pieces.push_back({r.addr, core_->hw.Memory(r.addr, r.bytes)});
  return pieces;
}

std::span<uint8_t> AddressSpace::View(VirtAddr virt, size_t bytes) const {
  const auto pieces = Translate(virt, bytes);
  if (pieces.size() != 1) throw std::out_of_range("not in one piece");
  return pieces[0].view;
}

std::optional<VirtAddr> AddressSpace::Find(std::span<const uint8_t> view) const {
  const auto first = reinterpret_cast<uintptr_t>(view.data());
  for (const auto& [virt, mapping] : core_->mappings) {
    for (const auto& [at, stretch] : mapping.stretches) {
      const auto begin = reinterpret_cast<uintptr_t>(stretch->view.data());
      if (first < begin || first - begin > stretch->view.size()) continue;
      if (view.size() > stretch->view.size() - (first - begin)) continue;
      return at + (first - begin);
    }
  }
  return std::nullopt;
}

std::shared_ptr<Pin> AddressSpace::TryPin(VirtAddr virt, size_t bytes, size_t max_piece_bytes) {
  const auto* covering = core_->Covering(virt, bytes);
  if (bytes == 0 || covering == nullptr) return nullptr;
  const auto after = core_->pinned.lower_bound(virt);
  if (after != core_->pinned.end() && after->first - virt < bytes) return nullptr;
  if (after != core_->pinned.begin()) {
    const auto before = std::prev(after);
    if (virt - before->first < before->second) return nullptr;
  }
  std::shared_ptr<Pin> pin(new Pin);
  pin->core_ = core_;
  pin->virt_ = virt;
  pin->bytes_ = bytes;
  core_->pinned.emplace(virt, bytes);
  for (const PhysPiece& piece : Translate(virt, bytes, max_piece_bytes)) {
    core_->hw.Grant(piece.addr, piece.bytes(), true);
    pin->pieces_.push_back(piece);
  }
  pin->memory_ = std::make_shared<Pin::Core::Mapping>(covering->second);
  return pin;
}

size_t AddressSpace::pinned_bytes() const {
  size_t bytes = 0;
  for (const auto& [virt, size] : core_->pinned) bytes += size;
  return bytes;
}

}  // namespace handoff::mem
