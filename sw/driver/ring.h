// SPDX-License-Identifier: Apache-2.0
//
// A ring in host memory and its registers. Indices are entry numbers; equal ones mean empty, so a
// ring holds one entry less than its size (docs/channels.md, "Rings").
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "sw/driver/registers.h"
#include "sw/hw.h"

namespace handoff::driver {

using sw::Micros;
using sw::PhysAddr;

// In the order of the registers.
enum class RingId : uint8_t { kCommand, kTransmit, kLegacy, kNotification };

class Ring {
 public:
  // The engine may write to the ring if `writable`, else only read it.
  Ring(Hw& hw, RingId id, unsigned log_size, uint32_t entry_bytes, bool writable);
  ~Ring();
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;

  uint32_t size() const { return 1u << log_size_; }
  uint32_t Next(uint32_t index) const { return (index + 1) & (size() - 1); }
  std::span<uint64_t> Entry(uint32_t index) const {
    return words_.subspan(size_t{index} * entry_words_, entry_words_);
  }
  // Base and size, of a ring that is not enabled.
  void Configure(CheckedRegisters& registers);
  // The engine starts at entry 0. All entries are zeroed.
  void Enable(CheckedRegisters& registers);
  // The host's index: producer; of the notification ring the consumer.
  void WriteIndex(uint32_t index);

 private:
  uint32_t Register(uint32_t offset) const;
  std::string Name(const char* reg) const;

  Hw& hw_;
  const RingId id_;
  const unsigned log_size_;
  const uint32_t entry_words_;
  const size_t bytes_;
  PhysAddr base_;
  std::span<uint64_t> words_;
};

// Where the host puts descriptors. The doorbell is rung once for all that were put since.
class ProducerRing {
 public:
  ProducerRing(Hw& hw, RingId id, unsigned log_size, uint32_t entry_bytes)
      : ring_(hw, id, log_size, entry_bytes, false) {}

  void Configure(CheckedRegisters& registers) { ring_.Configure(registers); }
  void Enable(CheckedRegisters& registers);
  uint32_t free() const { return ring_.size() - 1 - used_; }
  // There is room.
  void Put(std::span<const uint64_t> entry);
  // So many of the oldest are consumed.
  void Consumed(uint32_t count) { used_ -= count; }
  void RingDoorbell();

 private:
  Ring ring_;
  uint32_t producer_ = 0;
  uint32_t told_ = 0;
  uint32_t used_ = 0;
};

}  // namespace handoff::driver
