// SPDX-License-Identifier: Apache-2.0
//
// What a device may reach of physical memory. Every access is checked: reads by page, as hardware
// does, writes by the byte, so that one byte too far beside a buffer is seen as well. A stray
// access does not happen, is answered as an unsupported request, and is reported to whoever asked
// to be told.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "model/memory/access_log.h"
#include "model/memory/interval_map.h"
#include "model/memory/physical_memory.h"

namespace handoff {

class Iommu {
 public:
  explicit Iommu(PhysicalMemory& memory) : memory_(memory) {}
  Iommu(const Iommu&) = delete;
  Iommu& operator=(const Iommu&) = delete;

  // Grants add up: what two grants cover stays reachable until both are revoked.
  void Grant(uint64_t addr, size_t bytes, bool writable);
  // Takes back one earlier grant of exactly these bytes; throws std::invalid_argument without one.
  void Revoke(uint64_t addr, size_t bytes);

  // DMA. False: a stray, nothing was done; a write that is good happens, a read gives the bytes.
  bool Write(uint16_t requester, uint64_t addr, const uint8_t* data, size_t bytes, uint64_t ps);
  bool Read(uint16_t requester, uint64_t addr, uint8_t* data, size_t bytes, uint64_t ps);

  // The first byte that the device may not write (or read); addr + bytes if it may all.
  uint64_t FirstRefused(AccessKind kind, uint64_t addr, size_t bytes) const;
  // The device may reach some of these bytes.
  bool AnyGranted(uint64_t addr, size_t bytes) const;
  // Some of these bytes were granted for writing at some time.
  bool AnyEverWritable(uint64_t addr, size_t bytes) const {
    return ever_writable_.Count(addr, addr + bytes) != 0;
  }
  // The memory is freed: what was done to it concerns nobody any more.
  void Forget(uint64_t addr, size_t bytes) {
    log_.Forget(addr, bytes);
    ever_writable_.Erase(addr, addr + bytes);
  }

  AccessLog& log() { return log_; }
  const AccessLog& log() const { return log_; }
  uint64_t strays() const { return strays_; }

  std::function<void(const std::string&)> on_stray;              // with a text that says all
  std::function<void(const Access&, const uint8_t*)> on_access;  // each good one, with its bytes

 private:
  struct Grants {
    uint32_t readable = 0, writable = 0;  // how many grants allow it
  };

  bool Check(const Access& access);
  std::string Describe(const Access& access, uint64_t bad) const;

  PhysicalMemory& memory_;
  IntervalMap<Grants> bytes_;  // as granted
  IntervalMap<Grants> pages_;  // rounded to pages
  IntervalSet ever_writable_;
  std::map<std::pair<uint64_t, uint64_t>, std::vector<bool>> grants_;  // (addr, bytes): writable
  AccessLog log_;
  uint64_t strays_ = 0;
};

}  // namespace handoff
