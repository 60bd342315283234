// SPDX-License-Identifier: Apache-2.0
//
// RFC 9293, 3.8.2: slow start and congestion avoidance, by RFC 5681.
#include "sw/tcp/newreno.h"

#include <gtest/gtest.h>

namespace handoff::tcp {
namespace {

constexpr uint32_t kMss = 1000;

class NewRenoTest : public testing::Test {
 protected:
  NewRenoTest() { reno_.SetMss(kMss); }
  void Ack(uint32_t bytes, bool full = true) {
    reno_.OnAck({.acked_bytes = bytes, .window_was_full = full});
  }
  NewReno reno_;
};

TEST_F(NewRenoTest, Rfc6928Section2InitialWindow) {
  EXPECT_EQ(reno_.cwnd(), 10000u);
  EXPECT_EQ(InitialWindow(1460), 14600u);
  EXPECT_EQ(InitialWindow(9000), 18000u);
  EXPECT_EQ(InitialWindow(100), 1000u);
}

TEST_F(NewRenoTest, Rfc5681Section3_1SlowStartGrowsByWhatIsAcknowledged) {
  Ack(500);
  EXPECT_EQ(reno_.cwnd(), 10500u);
  Ack(5000);
  EXPECT_EQ(reno_.cwnd(), 11500u) << "at most a segment an acknowledgement";
}

TEST_F(NewRenoTest, WindowThatWasNotUsedDoesNotGrow) {
  Ack(1000, false);
  EXPECT_EQ(reno_.cwnd(), 10000u);
}

TEST_F(NewRenoTest, Rfc5681Section3_1LossHalves) {
  reno_.OnLoss(20000, {});
  EXPECT_EQ(reno_.ssthresh(), 10000u);
  EXPECT_EQ(reno_.cwnd(), 10000u);
  reno_.OnLoss(1000, {});
  EXPECT_EQ(reno_.ssthresh(), 2000u) << "never below two segments";
}

TEST_F(NewRenoTest, Rfc5681Section3_1AvoidanceGrowsASegmentAWindow) {
  reno_.OnLoss(10000, {});
  for (int i = 0; i < 4; ++i) Ack(1000);
  EXPECT_EQ(reno_.cwnd(), 5000u);
  Ack(1000);
  EXPECT_EQ(reno_.cwnd(), 6000u);
}

TEST_F(NewRenoTest, Rfc5681Section3_1TimeoutFallsToOneSegment) {
  reno_.OnTimeout(8000, true, {});
  EXPECT_EQ(reno_.cwnd(), kMss);
  EXPECT_EQ(reno_.ssthresh(), 4000u);
  reno_.OnTimeout(1000, false, {});
  EXPECT_EQ(reno_.ssthresh(), 4000u) << "the same segment again";
}

TEST_F(NewRenoTest, Rfc5681Section4_1IdleRestartsFromTheInitialWindow) {
  for (int i = 0; i < 20; ++i) Ack(1000);
  EXPECT_EQ(reno_.cwnd(), 30000u);
  reno_.OnIdle();
  EXPECT_EQ(reno_.cwnd(), 10000u);
}

}  // namespace
}  // namespace handoff::tcp
