// SPDX-License-Identifier: Apache-2.0
//
// What the endpoint decides about a register access: which BAR it hits, and whether it is one that
// a BAR takes. (How DMA leaves is model/core/dma_port.h's: that part runs in the engine's clock.)
#pragma once

#include <cstdint>

#include "model/pcie/msix.h"
#include "model/pcie/params.h"
#include "model/pcie/tlp.h"

namespace handoff {

enum class Bar : uint8_t { kRegisters, kMsix, kNone };

struct BarHit {
  Bar bar = Bar::kNone;  // kNone: answered as an unsupported request (PCIe 5.0, 2.3.1)
  uint16_t offset = 0;
};

// Registers are accessed one at a time, 32 bits; anything else is no access that the endpoint
// knows.
inline BarHit DecodeBar(const tlm::tlm_generic_payload& tlp) {
  const uint64_t addr = tlp.get_address();
  if (tlp.get_data_length() != 4) return {};
  if (addr >= kBar0Address && addr < kBar0Address + kBar0Bytes) {
    return {Bar::kRegisters, static_cast<uint16_t>(addr - kBar0Address)};
  }
  if (addr >= kBar2Address && addr < kBar2Address + kBar2Bytes) {
    return {Bar::kMsix, static_cast<uint16_t>(addr - kBar2Address)};
  }
  return {};
}

}  // namespace handoff
