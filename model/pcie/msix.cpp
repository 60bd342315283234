// SPDX-License-Identifier: Apache-2.0
#include "model/pcie/msix.h"

namespace handoff {

std::optional<MsixTable::Message> MsixTable::Raise(uint32_t vector) {
  const Entry& entry = entries_.at(vector);
  if ((entry.control & kMasked) != 0) {
    pending_ |= uint32_t{1} << vector;
    return std::nullopt;
  }
  return MessageOf(entry);
}

bool MsixTable::Write(uint64_t offset, uint32_t value, std::optional<Message>* message) {
  if (offset % 4 != 0 || offset >= kVectors * kEntryBytes) return false;
  const auto vector = static_cast<uint32_t>(offset / kEntryBytes);
  Entry& entry = entries_.at(vector);
  switch (offset % kEntryBytes) {
    case kAddressLow:
      entry.address_low = value;
      break;
    case kAddressHigh:
      entry.address_high = value;
      break;
    case kData:
      entry.data = value;
      break;
    default:
      entry.control = value & kMasked;
      if (entry.control == 0 && pending(vector)) {
        pending_ &= ~(uint32_t{1} << vector);
        *message = MessageOf(entry);
      }
      break;
  }
  return true;
}

bool MsixTable::Read(uint64_t offset, uint32_t* value) const {
  if (offset == kPendingOffset) {
    *value = pending_;
    return true;
  }
  if (offset == kPendingOffset + 4) {  // pending bits come in 64-bit words
    *value = 0;
    return true;
  }
  if (offset % 4 != 0 || offset >= kVectors * kEntryBytes) return false;
  const Entry& entry = entries_.at(offset / kEntryBytes);
  switch (offset % kEntryBytes) {
    case kAddressLow:
      *value = entry.address_low;
      break;
    case kAddressHigh:
      *value = entry.address_high;
      break;
    case kData:
      *value = entry.data;
      break;
    default:
      *value = entry.control;
      break;
  }
  return true;
}

}  // namespace handoff
