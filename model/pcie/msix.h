// SPDX-License-Identifier: Apache-2.0
//
// The MSI-X capability of the endpoint: BAR2 with its table and its pending bits
// (PCIe 5.0, 6.1.4.2; table 7.7.2.5 on).
#pragma once

#include <array>
#include <cstdint>
#include <optional>

namespace handoff {

class MsixTable {
 public:
  static constexpr uint32_t kVectors = 32;
  static constexpr uint64_t kEntryBytes = 16;
  static constexpr uint64_t kPendingOffset = 0x800;  // of the pending bits in BAR2
  // Offsets in an entry.
  static constexpr uint64_t kAddressLow = 0, kAddressHigh = 4, kData = 8, kControl = 12;
  static constexpr uint32_t kMasked = 1;  // in kControl

  struct Message {
    uint64_t addr = 0;
    uint32_t data = 0;
  };

  // The engine raises this vector: the message to send, or none as it is masked; then it is
  // pending.
  std::optional<Message> Raise(uint32_t vector);
  // A 32-bit write to BAR2; a message that waited for it comes back. False: no such register, or
  // read-only.
  bool Write(uint64_t offset, uint32_t value, std::optional<Message>* message);
  bool Read(uint64_t offset, uint32_t* value) const;

  bool pending(uint32_t vector) const { return (pending_ >> vector & 1) != 0; }
  bool masked(uint32_t vector) const { return (entries_.at(vector).control & kMasked) != 0; }

 private:
  struct Entry {
    uint32_t address_low = 0, address_high = 0, data = 0;
    uint32_t control = kMasked;  // masked from reset on (7.7.2.8)
  };
  Message MessageOf(const Entry& entry) const {
    return {uint64_t{entry.address_high} << 32 | entry.address_low, entry.data};
  }

  std::array<Entry, kVectors> entries_;
  uint32_t pending_ = 0;
};

}  // namespace handoff
