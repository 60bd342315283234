// SPDX-License-Identifier: Apache-2.0
//
// Loads for benchmarks of the engine alone, over the flat host: full-rate legacy frames, sparse
// ones, and one delegated connection.
#pragma once

#include <cstdint>

#include "sim/core/make_core.h"
#include "tb/rig/flat_host.h"

namespace handoff::bench {

inline constexpr double kLinkGbps = 100.0;
inline constexpr uint32_t kWireOverhead = 24;  // preamble, FCS, inter-frame gap (IEEE 802.3)
inline constexpr uint32_t kMtuFrame = 1514;    // MTU 1500, without FCS

struct Timed {
  double seconds = 0;  // of the processor
  uint64_t cycles = 0;
  uint64_t digest = 0;
};

// `frames` whole legacy frames of `bytes`, `gap_cycles` from start to start, timed.
Timed LegacyFrames(const CoreConfig& config, uint32_t frames, uint32_t bytes, double gap_cycles);

// The frame that it sends: TCP, to no connection.
Bytes LegacyFrame(uint32_t bytes);

// Processor time of this process: what others do on the machine moves it little.
double ProcessorSeconds();

// Start-to-start distance of frames of this length on the link, in cycles.
double WireCycles(uint32_t frame_bytes);

// Cycles, exact, of an idle engine with descriptors prefetched.
struct Latencies {
  uint64_t first_dma_cycles = 0;  // last beat in to first DMA beat, whole legacy frame
  uint64_t ack_cycles = 0;        // last beat in to the ACK's first beat on the wire
};
Latencies Measure();

// Cycles between minimum frames whose legacy upload is sustained.
double MinFrameInterval(uint32_t frames);

// Payload rate of one delegated connection at MTU 1500 into 64 KiB user buffers at an odd address.
double PayloadGbps(uint32_t frames);

}  // namespace handoff::bench
