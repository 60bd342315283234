// SPDX-License-Identifier: Apache-2.0
#include "sw/tcp/segment_sink.h"

#include <algorithm>

#include "sw/tcp/paws.h"

namespace handoff::tcp {

Segment ToSegment(const Tcb& tcb, const SegmentSpec& spec, Micros now) {
  Segment segment;
  segment.seq = spec.seq;
  segment.flags = spec.flags;
  segment.ack = spec.flags.ack ? spec.ack : Seq();
  segment.options = spec.options;
  // RFC 7323, 2.2: the window of a SYN is never scaled.
  const uint8_t scale = spec.flags.syn ? 0 : tcb.rcv_scale;
  const uint32_t window = spec.edge > spec.ack ? Distance(spec.ack, spec.edge) : 0;
  segment.window = static_cast<uint16_t>(std::min(window >> scale, 0xffffu));
  // In SYN-SENT they are offered by the SYN, and nothing is negotiated yet (RFC 7323, 3.2).
  if (tcb.timestamps && (tcb.state != State::kSynSent || spec.flags.syn)) {
    // RFC 7323, 3.2: the echo is zero where there is nothing to echo.
    segment.options.timestamps =
        Timestamps{TimestampAt(tcb, now), spec.flags.ack ? tcb.ts_recent : 0};
  }
  return segment;
}

}  // namespace handoff::tcp
