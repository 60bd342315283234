// SPDX-License-Identifier: Apache-2.0
//
// The reset that answers a segment for which there is no connection.
#ifndef HANDOFF_SW_TCP_RST_H_
#define HANDOFF_SW_TCP_RST_H_

#include <optional>

#include "sw/tcp/segment.h"

namespace handoff::tcp {

// RFC 9293, 3.10.7.1. Nothing if the segment is itself a reset.
std::optional<Segment> ResetFor(const Segment& segment);

}  // namespace handoff::tcp

#endif  // HANDOFF_SW_TCP_RST_H_
