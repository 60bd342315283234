// SPDX-License-Identifier: Apache-2.0
#include "sw/tcp/rtt.h"

#include <algorithm>

namespace handoff::tcp {
namespace {

constexpr Micros kGranularity{1000};  // G of RFC 6298: a timestamp's tick, rounded

Micros Blend(Micros old, Micros sample, int64_t divisor) { return old + (sample - old) / divisor; }

}  // namespace

void RttEstimator::AddSample(Micros rtt, uint32_t samples_per_rtt) {
  const int64_t samples = std::max<int64_t>(samples_per_rtt, 1);
  if (!has_sample_) {
    // RFC 6298, 2.2.
    srtt_ = rtt;
    rttvar_ = rtt / 2;
    has_sample_ = true;
  } else {
    // RFC 6298, 2.3: beta = 1/4, alpha = 1/8; the variance first, with the old mean.
    const Micros deviation = srtt_ > rtt ? srtt_ - rtt : rtt - srtt_;
    rttvar_ = Blend(rttvar_, deviation, 4 * samples);
    srtt_ = Blend(srtt_, rtt, 8 * samples);
  }
  backoffs_ = 0;
  Recompute();
}

void RttEstimator::Recompute() {
  rto_ = std::clamp(srtt_ + std::max(kGranularity, rttvar_ * 4), limits_.min_rto, limits_.max_rto);
}

void RttEstimator::BackOff() {
  ++backoffs_;
  rto_ = std::min(rto_ * 2, limits_.max_rto);
}

void RttEstimator::AfterLostSyn() {
  if (!has_sample_) rto_ = sw::Seconds(3);
  backoffs_ = 0;
}

}  // namespace handoff::tcp
