// SPDX-License-Identifier: Apache-2.0
//
// The congestion window of RFC 5681, as RFC 6582 (NewReno) and RFC 6675 use it: the slow start and
// the congestion avoidance that RFC 9293, 3.8.2 demands. ECN, which it asks for, is not negotiated.
#pragma once

#include "sw/tcp/congestion.h"

namespace handoff::tcp {

class NewReno : public CongestionControl {
 public:
  void SetMss(uint32_t mss) override;
  void OnLostSyn() override;
  void OnAck(const AckSample& sample) override;
  void OnLoss(uint32_t flight_bytes, Micros now) override;
  void OnTimeout(uint32_t flight_bytes, bool first, Micros now) override;
  void OnIdle() override;

  uint32_t cwnd() const override { return cwnd_; }
  uint32_t ssthresh() const override { return ssthresh_; }

 private:
  uint32_t mss_ = 536;
  uint32_t cwnd_ = InitialWindow(536);
  uint32_t ssthresh_ = UINT32_MAX;  // RFC 5681, 3.1: arbitrarily high at first
  uint32_t acked_ = 0;              // bytes acknowledged towards the next step of avoidance
};

}  // namespace handoff::tcp
