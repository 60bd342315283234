// SPDX-License-Identifier: Apache-2.0
//
// Legacy buffers: each holds a whole frame, is posted under a tag of its own, and is posted again
// as soon as nobody reads it any more.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "sw/driver/ring.h"
#include "sw/tcp/memory.h"

namespace handoff::driver {

// What a notification says lies in a legacy buffer.
struct LegacyBytes {
  PhysAddr addr;
  std::span<const uint8_t> bytes;
  tcp::Hold hold;  // the buffer is posted again when the last copy goes
};

class LegacyRing {
 public:
  // `on_posted`: the doorbell has to be rung soon.
  LegacyRing(Hw& hw, unsigned log_size, uint32_t buffers, uint32_t buffer_bytes,
             std::function<void()> on_posted);
  ~LegacyRing();
  LegacyRing(const LegacyRing&) = delete;
  LegacyRing& operator=(const LegacyRing&) = delete;

  void Configure(CheckedRegisters& registers);
  // Posts every buffer that nobody reads.
  void Enable(CheckedRegisters& registers);
  // The engine has filled this buffer. Empty: it had no such buffer.
  LegacyBytes Take(uint64_t tag, uint32_t bytes);
  void RingDoorbell();
  uint32_t buffers() const;
  uint32_t posted() const;

 private:
  struct Core;
  std::shared_ptr<Core> core_;
};

}  // namespace handoff::driver
