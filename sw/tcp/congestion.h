// SPDX-License-Identifier: Apache-2.0
//
// What loss recovery asks of a congestion control: how much may be in flight. When something is
// lost is found elsewhere (recovery.h); how the window answers is decided here. RFC 9293, 3.8.2
// lets several algorithms do that (its MAY-18).
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>

#include "sw/types.h"

namespace handoff::tcp {

using sw::Micros;

struct AckSample {
  uint32_t acked_bytes = 0;
  Micros now;
  Micros srtt;
  bool window_was_full = true;  // else the window has not been tried and does not grow
};

class CongestionControl {
 public:
  virtual ~CongestionControl() = default;
  // At establishment, and when the path's MTU changed.
  virtual void SetMss(uint32_t mss) = 0;
  // At establishment, if a SYN of ours had to be sent again.
  virtual void OnLostSyn() = 0;
  // New data acknowledged outside fast recovery.
  virtual void OnAck(const AckSample& sample) = 0;
  // Loss found by duplicate or selective acknowledgements; once a window.
  virtual void OnLoss(uint32_t flight_bytes, Micros now) = 0;
  // Retransmission timeout. `first`: not again for the same segment.
  virtual void OnTimeout(uint32_t flight_bytes, bool first, Micros now) = 0;
  // Nothing sent for longer than the timeout (RFC 5681, 4.1).
  virtual void OnIdle() = 0;

  virtual uint32_t cwnd() const = 0;
  virtual uint32_t ssthresh() const = 0;
};

// RFC 6928, 2.
constexpr uint32_t InitialWindow(uint32_t mss) {
  return std::min(10 * mss, std::max<uint32_t>(2 * mss, 14600));
}

}  // namespace handoff::tcp
