// SPDX-License-Identifier: Apache-2.0
//
// Ranges of sequence space, and RFC 9293's test of what a receiver may accept.
#pragma once

#include <cstdint>

#include "sw/types.h"

namespace handoff::tcp {

using sw::Distance;
using sw::Earlier;
using sw::Later;
using sw::Seq;

// The numbers [start, end).
struct SeqRange {
  Seq start;
  Seq end;

  bool empty() const { return start == end; }
  uint32_t size() const { return Distance(start, end); }
  bool Contains(Seq s) const { return start <= s && s < end; }
  bool Covers(const SeqRange& other) const { return start <= other.start && other.end <= end; }
  // Whether the two share a byte or meet end to end.
  bool Touches(const SeqRange& other) const { return start <= other.end && other.start <= end; }
  friend bool operator==(const SeqRange&, const SeqRange&) = default;
};

// RFC 9293, 3.4, the four cases: does a segment [seq, seq + len) fall into the receive window
// [rcv_nxt, edge)?
constexpr bool Acceptable(Seq seq, uint32_t len, Seq rcv_nxt, Seq edge) {
  const bool window_open = rcv_nxt < edge;
  if (len == 0) return window_open ? rcv_nxt <= seq && seq < edge : seq == rcv_nxt;
  if (!window_open) return false;
  const Seq last = seq + (len - 1);
  return (rcv_nxt <= seq && seq < edge) || (rcv_nxt <= last && last < edge);
}

// RFC 5961, 5.2: an acknowledgement older than the largest window ever seen, or of something never
// sent, is no acknowledgement of ours.
constexpr bool AckIsGood(Seq ack, Seq snd_una, uint32_t max_wnd, Seq snd_nxt) {
  return snd_una - max_wnd <= ack && ack <= snd_nxt;
}

}  // namespace handoff::tcp
