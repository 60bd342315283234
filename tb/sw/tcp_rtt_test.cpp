// SPDX-License-Identifier: Apache-2.0
//
// RFC 9293, 3.8.1: the timeout is RFC 6298's. Karn's algorithm: tcp_connection_output_test.
#include "sw/tcp/rtt.h"

#include <gtest/gtest.h>

namespace handoff::tcp {
namespace {

using sw::Millis;
using sw::Seconds;

TEST(TcpRtt, Rfc6298Section2_1StartsAtOneSecond) { EXPECT_EQ(RttEstimator().rto(), Seconds(1)); }

TEST(TcpRtt, Rfc6298Section2_2FirstSample) {
  RttEstimator rtt;
  rtt.AddSample(Millis(400));
  EXPECT_EQ(rtt.srtt(), Millis(400));
  EXPECT_EQ(rtt.rttvar(), Millis(200));
  EXPECT_EQ(rtt.rto(), Millis(1200));
}

TEST(TcpRtt, Rfc6298Section2_3LaterSamples) {
  RttEstimator rtt;
  rtt.AddSample(Millis(400));
  rtt.AddSample(Millis(480));
  EXPECT_EQ(rtt.rttvar(), Millis(170));  // 3/4 * 200 + 1/4 * 80
  EXPECT_EQ(rtt.srtt(), Millis(410));    // 7/8 * 400 + 1/8 * 480
  EXPECT_EQ(rtt.rto(), Millis(410 + 4 * 170));
}

TEST(TcpRtt, Rfc7323AppendixGManySamplesWeighLess) {
  RttEstimator rtt;
  rtt.AddSample(Millis(400));
  rtt.AddSample(Millis(480), 10);
  EXPECT_EQ(rtt.srtt(), Millis(401));
}

TEST(TcpRtt, StaysWithinItsLimits) {
  RttEstimator rtt;
  for (int i = 0; i < 50; ++i) rtt.AddSample(Micros(10));
  EXPECT_EQ(rtt.rto(), Millis(200));
  rtt.AddSample(Seconds(500));
  EXPECT_EQ(rtt.rto(), Seconds(60));
}

// RFC 9293, 3.8.2: exponential back-off.
TEST(TcpRtt, Rfc6298Section5_5BacksOffToTheLimitAndASampleEndsIt) {
  RttEstimator rtt;
  rtt.BackOff();
  EXPECT_EQ(rtt.rto(), Seconds(2));
  for (int i = 0; i < 10; ++i) rtt.BackOff();
  EXPECT_EQ(rtt.rto(), Seconds(60));
  rtt.AddSample(Millis(100));
  EXPECT_EQ(rtt.rto(), Millis(300));
  EXPECT_EQ(rtt.backoffs(), 0u);
}

TEST(TcpRtt, Rfc6298Section5_7LostSynStartsAtThreeSeconds) {
  RttEstimator rtt;
  rtt.BackOff();
  rtt.AfterLostSyn();
  EXPECT_EQ(rtt.rto(), Seconds(3));
}

}  // namespace
}  // namespace handoff::tcp
