// SPDX-License-Identifier: Apache-2.0
#include "sw/tcp/rst.h"

namespace handoff::tcp {

std::optional<Segment> ResetFor(const Segment& segment) {
  if (segment.flags.rst) return std::nullopt;
  Segment reset;
  reset.src_port = segment.dst_port;
  reset.dst_port = segment.src_port;
  reset.flags.rst = true;
  if (segment.flags.ack) {
    reset.seq = segment.ack;
  } else {
    reset.flags.ack = true;
    reset.ack = segment.End();
  }
  return reset;
}

}  // namespace handoff::tcp
