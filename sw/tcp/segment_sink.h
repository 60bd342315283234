// SPDX-License-Identifier: Apache-2.0
//
// The one way out of a connection. By default a segment becomes a frame (frame_sink.h); of a
// connection that has an entry in the engine it becomes a SEND descriptor.
#pragma once

#include <cstdint>
#include <vector>

#include "sw/tcp/memory.h"
#include "sw/tcp/segment.h"
#include "sw/tcp/tcb.h"

namespace handoff::tcp {

class Connection;

struct SegmentSpec {
  Seq seq;
  uint32_t len = 0;  // bytes of payload; may be several segments' worth if the sink says so
  Flags flags;
  Seq ack;
  Seq edge;         // the right edge granted; the window field is (edge - ack) >> scale
  Options options;  // of a SYN: MSS, scale, SACK permitted; else SACK blocks. Timestamps are the
                    // sink's: they are chosen when the segment leaves
  std::vector<HeldBytes> payload;  // `len` bytes in all
  bool retransmission = false;
};

class SegmentSink {
 public:
  virtual ~SegmentSink() = default;
  virtual void Transmit(Connection& connection, const SegmentSpec& spec) = 0;
  // The most payload that one Transmit may carry; at least `mss`.
  virtual uint32_t MaxPayload(uint32_t mss) const { return mss; }
};

// The segment that `spec` stands for, of a connection with this TCB, sent `now`. Ports are left 0.
// Its payload is empty: it may be in pieces.
Segment ToSegment(const Tcb& tcb, const SegmentSpec& spec, Micros now);

}  // namespace handoff::tcp
