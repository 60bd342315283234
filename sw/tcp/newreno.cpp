// SPDX-License-Identifier: Apache-2.0
#include "sw/tcp/newreno.h"

namespace handoff::tcp {
namespace {

constexpr uint32_t kMaxWindow = 1u << 30;  // what window scaling can address

}  // namespace

void NewReno::SetMss(uint32_t mss) {
  const bool untouched = cwnd_ == InitialWindow(mss_);
  mss_ = mss;
  cwnd_ = untouched ? InitialWindow(mss) : std::max(cwnd_, mss);
}

// RFC 5681, 3.1: after a lost SYN or SYN,ACK the initial window is one segment.
void NewReno::OnLostSyn() { cwnd_ = mss_; }

void NewReno::OnAck(const AckSample& sample) {
  if (!sample.window_was_full) return;
  if (cwnd_ < ssthresh_) {
    // RFC 5681, 3.1, (2): slow start.
    cwnd_ = std::min(cwnd_ + std::min(sample.acked_bytes, mss_), kMaxWindow);
    return;
  }
  // RFC 5681, 3.1: congestion avoidance, one segment a window of acknowledged bytes.
  acked_ += sample.acked_bytes;
  if (acked_ >= cwnd_) {
    acked_ -= cwnd_;
    cwnd_ = std::min(cwnd_ + mss_, kMaxWindow);
  }
}

void NewReno::OnLoss(uint32_t flight_bytes, Micros /*now*/) {
  // RFC 5681, 3.1, (4).
  ssthresh_ = std::max(flight_bytes / 2, 2 * mss_);
  cwnd_ = ssthresh_;
  acked_ = 0;
}

void NewReno::OnTimeout(uint32_t flight_bytes, bool first, Micros /*now*/) {
  if (first) ssthresh_ = std::max(flight_bytes / 2, 2 * mss_);
  cwnd_ = mss_;  // RFC 5681, 3.1: the loss window
  acked_ = 0;
}

void NewReno::OnIdle() { cwnd_ = std::min(cwnd_, InitialWindow(mss_)); }

}  // namespace handoff::tcp
