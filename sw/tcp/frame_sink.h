// SPDX-License-Identifier: Apache-2.0
//
// The way out of a connection without a delegate: each segment becomes a frame.
#pragma once

#include "sw/tcp/ip.h"
#include "sw/tcp/segment_sink.h"

namespace handoff::tcp {

class FrameSink : public SegmentSink {
 public:
  FrameSink(IpLayer& ip, sw::TimerService& timers) : ip_(ip), timers_(timers) {}
  void Transmit(Connection& connection, const SegmentSpec& spec) override;
  // A segment outside any connection.
  void TransmitBare(const Tuple& tuple, const Segment& segment);

 private:
  IpLayer& ip_;
  sw::TimerService& timers_;
};

}  // namespace handoff::tcp
