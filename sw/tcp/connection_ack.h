// SPDX-License-Identifier: Apache-2.0
//
// An acknowledgement, wherever it came from: a segment, or a delegate's progress.
#pragma once

#include <cstdint>
#include <optional>

#include "sw/tcp/connection.h"

namespace handoff::tcp {

struct Connection::AckEvent {
  Seq ack;
  uint32_t window = 0;                 // bytes
  bool updates_window = false;         // it is newer than the last update (WL1, WL2)
  std::optional<Seq> seq;              // SEG.SEQ, if a segment brought it
  bool may_be_duplicate = false;       // no data, SYN or FIN
  std::optional<uint32_t> duplicates;  // a delegate has counted them
  SackBlocks sack;
  std::optional<uint32_t> ts_echo;

  static AckEvent Of(const Segment& segment, const Tcb& tcb) {
    AckEvent event;
    event.ack = segment.ack;
    event.window = static_cast<uint32_t>(segment.window) << tcb.snd_scale;
    // RFC 9293, 3.10.7.4, fifth: not by a segment older than the last that set the window.
    event.updates_window =
        tcb.wl1 < segment.seq || (tcb.wl1 == segment.seq && tcb.wl2 <= segment.ack);
    event.seq = segment.seq;
    event.may_be_duplicate = segment.Length() == 0;
    event.sack = segment.options.sack;
    if (segment.options.timestamps) event.ts_echo = segment.options.timestamps->echo;
    return event;
  }
};

}  // namespace handoff::tcp
