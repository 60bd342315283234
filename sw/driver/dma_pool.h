// SPDX-License-Identifier: Apache-2.0
//
// Memory of the driver that the engine may read: what connections have to send lies here, so that
// it goes out without a copy.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>

#include "sw/hw.h"
#include "sw/tcp/memory.h"

namespace handoff::driver {

class DmaPool : public tcp::MemoryPool {
 public:
  explicit DmaPool(sw::Hw& hw);
  // Memory that somebody still holds is freed when they let go.
  ~DmaPool() override;
  DmaPool(const DmaPool&) = delete;
  DmaPool& operator=(const DmaPool&) = delete;

  std::shared_ptr<uint8_t> Allocate(size_t bytes) override;
  // The address of bytes in the pool; nothing: they are not, or not in one piece.
  std::optional<sw::PhysAddr> Find(tcp::ByteView bytes) const;

 private:
  struct Core;
  std::shared_ptr<Core> core_;
};

}  // namespace handoff::driver
