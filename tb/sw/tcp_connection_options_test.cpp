// SPDX-License-Identifier: Apache-2.0
//
// Timestamps and selective acknowledgements as a connection uses them.
#include <gtest/gtest.h>

#include "tb/sw/connection_bench.h"

namespace handoff::tcp {
namespace {

// -- RFC 7323 --

class Timestamped : public testing::Test, public tb::ConnectionBench {
 protected:
  Timestamped() {
    options.timestamps = true;
    peer_syn.timestamps = Timestamps{0, 0};
  }
};

TEST_F(Timestamped, Rfc7323Section5_3OlderTimestampIsAcknowledgedAndDropped) {
  Established();
  peer_time = 999;
  Input(Data(1, 10));
  EXPECT_EQ(TakeSent(), "[.] 1 ack 1");
  EXPECT_EQ(c->ReadableBytes(), 0u);
  peer_time = 1000;
  Input(Data(1, 10));
  EXPECT_EQ(c->ReadableBytes(), 10u);
}

TEST_F(Timestamped, Rfc7323Section5_5After24DaysPawsPassesOnce) {
  Established();
  time.RunFor(sw::Seconds(24 * 24 * 3600 + 1));
  peer_time = 500;
  Input(Data(1, 10));
  EXPECT_EQ(c->ReadableBytes(), 10u);
  EXPECT_EQ(c->tcb().ts_recent, 500u);
}

TEST_F(Timestamped, Rfc7323Section3_2MissingTimestampIsDropped) {
  Established();
  Segment s = Data(1, 10);
  s.options.timestamps.reset();
  Input(s);
  EXPECT_EQ(c->ReadableBytes(), 0u);
  s = Rst(1);
  s.options.timestamps.reset();
  Input(s);
  EXPECT_EQ(c->state(), State::kClosed);  // a reset needs none
}

TEST_F(Timestamped, Rfc7323Section4_3EchoIsOfTheSegmentThatTheLastAckCovers) {
  Established();
  peer_time = 1010;
  Input(Data(1, 1000));  // its acknowledgement is delayed
  peer_time = 1020;
  Input(Data(1001, 1000));
  EXPECT_EQ(sink.sent.back().segment.options.timestamps->echo, 1010u);
  peer_time = 1030;
  Input(Data(3001, 1000));  // beyond a gap: not kept
  EXPECT_EQ(c->tcb().ts_recent, 1010u);
  peer_time = 1040;
  Input(Data(2001, 1000));
  EXPECT_EQ(c->tcb().ts_recent, 1040u);
}

TEST_F(Timestamped, TimestampsSentFollowTheClockByItsOffset) {
  Established();
  Write(1, 10);
  EXPECT_EQ(sink.sent.back().segment.options.timestamps->value,
            0xffff0000u + static_cast<uint32_t>(time.Now().count() >> 10));
}

// -- RFC 2018, 2883 --

class OwnControl : public testing::Test, public tb::ConnectionBench {};

TEST_F(OwnControl, AConnectionMayBringItsCongestionControl) {
  class TwoSegments : public NewReno {
    uint32_t cwnd() const override { return 2000; }
  };
  options.congestion_control = [] { return std::make_unique<TwoSegments>(); };
  options.no_delay = true;
  Established();
  Forget();
  c->Write(Bytes(5000));
  EXPECT_EQ(TakeSent(), "[.] 1:1001 ack 1; [.] 1001:2001 ack 1");
}

class Sacked : public testing::Test, public tb::ConnectionBench {
 protected:
  Sacked() {
    options.sack = true;
    peer_syn.sack_permitted = true;
  }
};

TEST_F(Sacked, Rfc2018Section4LatestBlockComesFirst) {
  Established();
  Input(Data(101, 100));
  EXPECT_EQ(TakeSent(), "[.] 1 ack 1 sack 101:201");
  Input(Data(301, 100));
  EXPECT_EQ(TakeSent(), "[.] 1 ack 1 sack 301:401 sack 101:201");
  Input(Data(201, 100));
  EXPECT_EQ(TakeSent(), "[.] 1 ack 1 sack 101:401");
}

TEST_F(Sacked, Rfc2883Section4_1DuplicateIsToldFirstAndOnce) {
  Established();
  Input(Data(1, 100));
  Input(Data(201, 100));
  Forget();
  Input(Data(1, 100));
  EXPECT_EQ(TakeSent(), "[.] 1 ack 101 sack 1:101 sack 201:301");
  Input(Data(201, 100));
  EXPECT_EQ(TakeSent(), "[.] 1 ack 101 sack 201:301 sack 201:301") << "above the hole, 4.2";
  Input(Data(401, 100));
  EXPECT_EQ(TakeSent(), "[.] 1 ack 101 sack 401:501 sack 201:301");
}

}  // namespace
}  // namespace handoff::tcp
