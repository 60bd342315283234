// SPDX-License-Identifier: Apache-2.0
//
// Round-trip time and retransmission timeout: RFC 9293, 3.8.1, which is RFC 6298 with Karn's
// algorithm (who takes no sample of a segment sent twice is the connection).
#pragma once

#include <cstdint>

#include "sw/types.h"

namespace handoff::tcp {

using sw::Micros;

struct RttLimits {
  Micros initial_rto = sw::Seconds(1);  // RFC 6298, 2.1
  // RFC 6298, 2.4 asks for one second, and expects that research will allow less; this is Linux's
  // value.
  Micros min_rto = sw::Millis(200);
  Micros max_rto = sw::Seconds(60);  // RFC 6298, 2.5
};

class RttEstimator {
 public:
  explicit RttEstimator(const RttLimits& limits = {}) : limits_(limits), rto_(limits.initial_rto) {}

  // `samples_per_rtt` is how many samples a round trip is expected to give; more of them weigh less
  // each (RFC 7323, appendix G). A sample ends any back-off.
  void AddSample(Micros rtt, uint32_t samples_per_rtt = 1);
  // RFC 6298, 5.5 and RFC 9293, 3.8.2: doubled at every expiry, up to the limit.
  void BackOff();
  // RFC 6298, 5.7: the timeout after a handshake whose SYN was sent again.
  void AfterLostSyn();

  bool has_sample() const { return has_sample_; }
  Micros srtt() const { return srtt_; }
  Micros rttvar() const { return rttvar_; }
  Micros rto() const { return rto_; }
  uint32_t backoffs() const { return backoffs_; }

 private:
  void Recompute();

  RttLimits limits_;
  bool has_sample_ = false;
  Micros srtt_;
  Micros rttvar_;
  Micros rto_;
  uint32_t backoffs_ = 0;
};

}  // namespace handoff::tcp
