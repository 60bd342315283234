// SPDX-License-Identifier: Apache-2.0
//
// The reset that answers a segment for which there is no connection.
#pragma once

#include <optional>

#include "sw/tcp/segment.h"

namespace handoff::tcp {

// RFC 9293, 3.10.7.1. Nothing if the segment is itself a reset. It is how a peer learns that its
// connection is half-open (RFC 9293, 3.5.1, figures 10 and 11).
std::optional<Segment> ResetFor(const Segment& segment);

}  // namespace handoff::tcp
