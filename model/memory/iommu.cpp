// SPDX-License-Identifier: Apache-2.0
#include "model/memory/iommu.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <iterator>
#include <stdexcept>

namespace handoff {
namespace {

constexpr uint64_t kPage = PhysicalMemory::kPageBytes;

uint64_t PageOf(uint64_t addr) { return addr & ~(kPage - 1); }
uint64_t PageEnd(uint64_t end) { return PageOf(end + kPage - 1); }

std::string Format(const char* format, uint64_t a, uint64_t b) {
  char text[160];
  std::snprintf(text, sizeof text, format, a, b);
  return text;
}

}  // namespace

void Iommu::Grant(uint64_t addr, size_t bytes, bool writable) {
  if (memory_.Find(addr, bytes).data() == nullptr) {
    throw std::out_of_range(Format(
        "grant of memory that does not exist: 0x%" PRIx64 ", %" PRIu64 " bytes", addr, bytes));
  }
  const auto add = [writable](Grants& g) {
    ++g.readable;
    g.writable += writable;
    return true;
  };
  bytes_.Update(addr, addr + bytes, add);
  pages_.Update(PageOf(addr), PageEnd(addr + bytes), add);
  if (writable) ever_writable_.Add(addr, addr + bytes);
  grants_[{addr, bytes}].push_back(writable);
}

void Iommu::Revoke(uint64_t addr, size_t bytes) {
  const auto it = grants_.find({addr, bytes});
  if (it == grants_.end()) {
    throw std::invalid_argument(
        Format("nothing to revoke: no grant of 0x%" PRIx64 ", %" PRIu64 " bytes", addr, bytes));
  }
  const bool writable = it->second.back();
  it->second.pop_back();
  if (it->second.empty()) grants_.erase(it);
  const auto take = [writable](Grants& g) {
    --g.readable;
    g.writable -= writable;
    return g.readable != 0;
  };
  bytes_.Update(addr, addr + bytes, take);
  pages_.Update(PageOf(addr), PageEnd(addr + bytes), take);
}

uint64_t Iommu::FirstRefused(AccessKind kind, uint64_t addr, size_t bytes) const {
  if (kind == AccessKind::kWrite) {
    return bytes_.FirstNot(addr, addr + bytes, [](const Grants& g) { return g.writable != 0; });
  }
  return pages_.FirstWithout(addr, addr + bytes);
}

bool Iommu::AnyGranted(uint64_t addr, size_t bytes) const {
  auto it = bytes_.map().lower_bound(addr);
  return bytes_.Find(addr) != nullptr || (it != bytes_.map().end() && it->first < addr + bytes);
}

bool Iommu::Check(const Access& access) {
  uint64_t bad = FirstRefused(access.kind, access.addr, access.bytes);
  if (bad == access.addr + access.bytes) return true;
  ++strays_;
  if (on_stray) on_stray(Describe(access, bad));
  return false;
}

bool Iommu::Write(uint16_t requester, uint64_t addr, const uint8_t* data, size_t bytes,
                  uint64_t ps) {
  const Access access{AccessKind::kWrite, requester, addr, bytes, ps};
  if (!Check(access)) return false;
  // Granted bytes may lie in neighbouring regions.
  for (uint64_t at = addr; at < addr + bytes;) {
    const PhysicalMemory::Region* region = memory_.RegionOf(at);
    if (region == nullptr) throw std::logic_error("granted memory was freed");
    const uint64_t end = std::min(region->end, addr + bytes);
    std::memcpy(memory_.At(at, end - at).data(), data + (at - addr), end - at);
    at = end;
  }
  log_.Add(access);
  if (on_access) on_access(access, data);
  return true;
}

bool Iommu::Read(uint16_t requester, uint64_t addr, uint8_t* data, size_t bytes, uint64_t ps) {
  const Access access{AccessKind::kRead, requester, addr, bytes, ps};
  if (!Check(access)) return false;
  for (uint64_t at = addr; at < addr + bytes;) {
    const PhysicalMemory::Region* region = memory_.RegionOf(at);
    // A page is granted as a whole, though a region may end inside it: zeros, as unused memory.
    const uint64_t end = region != nullptr ? std::min(region->end, addr + bytes) : at + 1;
    if (region != nullptr) {
      std::memcpy(data + (at - addr), memory_.At(at, end - at).data(), end - at);
    } else {
      data[at - addr] = 0;
    }
    at = end;
  }
  log_.Add(access);
  if (on_access) on_access(access, data);
  return true;
}

std::string Iommu::Describe(const Access& access, uint64_t bad) const {
  std::string text = "stray DMA: " + access.ToString();
  text += Format("\n  byte 0x%" PRIx64 " (its byte %" PRIu64 ") was not granted", bad,
                 bad - access.addr);
  if (access.kind == AccessKind::kWrite && bytes_.Find(bad) != nullptr) text += " for writing";
  const PhysicalMemory::Region* region = memory_.RegionOf(bad);
  if (region == nullptr) {
    text += "; no memory is allocated there";
  } else {
    text += Format("; it is memory of 0x%" PRIx64 "-0x%" PRIx64, region->begin, region->end - 1);
    text += std::string(", owner ") + ToString(region->owner);
  }
  auto it = grants_.upper_bound({bad, ~uint64_t{0}});
  if (it != grants_.begin()) {
    const auto below = std::prev(it)->first;
    text += Format("\n  nearest grant below: 0x%" PRIx64 "-0x%" PRIx64, below.first,
                   below.first + below.second - 1);
  }
  if (it != grants_.end()) {
    text += Format("\n  nearest grant above: 0x%" PRIx64 "-0x%" PRIx64, it->first.first,
                   it->first.first + it->first.second - 1);
  }
  text += "\n  DMA before it:";
  const std::vector<Access> recent = log_.Recent();
  const size_t shown = std::min<size_t>(recent.size(), 8);
  for (size_t i = recent.size() - shown; i < recent.size(); ++i)
    text += "\n    " + recent[i].ToString();
  return text;
}

}  // namespace handoff
