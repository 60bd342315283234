// SPDX-License-Identifier: Apache-2.0
//
// Timestamps and protection against wrapped sequence numbers (RFC 7323).
#pragma once

#include <cstdint>

#include "sw/tcp/segment.h"
#include "sw/tcp/tcb.h"

namespace handoff::tcp {

// RFC 7323, 5.5: after this long without traffic ts_recent says nothing any more.
inline constexpr Micros kTsRecentLifetime = sw::Seconds(24ll * 24 * 3600);
inline constexpr unsigned kTimestampShift = 10;  // one tick is 1,024 microseconds

constexpr uint32_t TimestampAt(uint32_t offset, Micros now) {
  return offset + static_cast<uint32_t>(now.count() >> kTimestampShift);
}
constexpr uint32_t TimestampAt(const Tcb& tcb, Micros now) {
  return TimestampAt(tcb.ts_offset, now);
}
constexpr bool TimestampBefore(uint32_t a, uint32_t b) { return static_cast<int32_t>(a - b) < 0; }

// RFC 7323, 5.3, R1: an older timestamp than the one kept fails, but not on a RST, and not when the
// one kept has outlived its meaning. `ts_recent` is the value to judge by.
inline bool FailsPaws(const Tcb& tcb, const Segment& segment, uint32_t ts_recent, Micros now) {
  if (!tcb.timestamps || segment.flags.rst || !segment.options.timestamps) return false;
  return TimestampBefore(segment.options.timestamps->value, ts_recent) &&
         now - tcb.ts_recent_at <= kTsRecentLifetime;
}

// RFC 7323, 3.2: a segment of a connection with timestamps must bear one, unless it is a RST.
inline bool LacksTimestamp(const Tcb& tcb, const Segment& segment) {
  return tcb.timestamps && !segment.flags.rst && !segment.options.timestamps;
}

// RFC 7323, 4.3: the value is kept from the segment that covers the last acknowledgement sent.
inline void KeepTimestamp(Tcb& tcb, const Segment& segment, Micros now) {
  if (!tcb.timestamps || !segment.options.timestamps) return;
  const uint32_t value = segment.options.timestamps->value;
  const bool newer =
      !TimestampBefore(value, tcb.ts_recent) || now - tcb.ts_recent_at > kTsRecentLifetime;
  if (newer && segment.seq <= tcb.last_ack_sent) {
    tcb.ts_recent = value;
    tcb.ts_recent_at = now;
  }
}

}  // namespace handoff::tcp
