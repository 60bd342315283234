// SPDX-License-Identifier: Apache-2.0
//
// The same load as LegacyFrames, with the whole SystemC system around the engine in place of the
// flat host: link, PCIe, IOMMU, processor.
#pragma once

#include <cstdint>

#include "sim/core/make_core.h"
#include "tb/bench/workload.h"

namespace handoff::bench {

// In a process of its own: SystemC elaborates once.
Timed LegacyFramesInSystemC(const CoreConfig& config, uint32_t frames, uint32_t bytes,
                            double gap_cycles);

}  // namespace handoff::bench
