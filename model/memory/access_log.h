// SPDX-License-Identifier: Apache-2.0
//
// Which bytes devices wrote and read by DMA, who and when: what an application says that it read is
// checked against it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "model/memory/interval_map.h"

namespace handoff {

enum class AccessKind : uint8_t { kWrite, kRead };
inline constexpr size_t kAccessKinds = 2;

struct Access {
  AccessKind kind = AccessKind::kWrite;
  uint16_t requester = 0;  // PCIe requester id: bus, device, function
  uint64_t addr = 0;
  uint64_t bytes = 0;
  uint64_t ps = 0;
  std::string ToString() const;
};

class AccessLog {
 public:
  // The latest accesses to an interval, all by one requester.
  struct Entry {
    uint16_t requester = 0;
    uint64_t first_ps = 0, last_ps = 0;
  };

  void Add(const Access& access);
  // Forgets what was done to these bytes: the memory is freed.
  void Forget(uint64_t addr, uint64_t bytes);
  // Somebody read these bytes: how many of them were written since that last happened.
  uint64_t TakeUnread(uint64_t addr, uint64_t bytes);

  // The first byte of the interval that was not accessed in this way; addr + bytes if all were.
  uint64_t FirstWithout(AccessKind kind, uint64_t addr, uint64_t bytes) const {
    return Of(kind).FirstWithout(addr, addr + bytes);
  }
  const IntervalMap<Entry>& Of(AccessKind kind) const { return maps_[static_cast<size_t>(kind)]; }
  uint64_t bytes(AccessKind kind) const { return bytes_[static_cast<size_t>(kind)]; }
  uint64_t count(AccessKind kind) const { return counts_[static_cast<size_t>(kind)]; }
  // The latest accesses of all kinds, oldest first: for messages.
  std::vector<Access> Recent() const;

 private:
  static constexpr size_t kRecent = 64;
  static constexpr uint64_t kMostMerged = 65536;  // an entry's times should say something

  std::array<IntervalMap<Entry>, kAccessKinds> maps_;
  IntervalSet unread_;
  std::array<uint64_t, kAccessKinds> bytes_{}, counts_{};
  std::array<Access, kRecent> recent_;
  size_t total_ = 0;
};

}  // namespace handoff
