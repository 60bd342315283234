// SPDX-License-Identifier: Apache-2.0
//
// SEGMENT ARRIVES: RFC 9293, 3.10.7, rule by rule.
#include <gtest/gtest.h>

#include <random>
#include <utility>

#include "tb/sw/connection_bench.h"

namespace handoff::tcp {
namespace {

using tb::kIrs;
using tb::kIss;

class SegmentArrives : public testing::Test, public tb::ConnectionBench {
 protected:
  void ExpectState(State state) const { EXPECT_EQ(ToString(c->state()), ToString(state)); }
};

// -- 3.10.7.3 SYN-SENT --

// RFC 9293, 3.5, figure 6.
TEST_F(SegmentArrives, Rfc9293Section3_5HandshakeActive) {
  SynSent();
  EXPECT_EQ(TakeSent(), "[S] 0");
  Segment s = Syn();
  s.flags.ack = true;
  s.ack = kIss + 1;
  Input(s);
  EXPECT_EQ(TakeSent(), "[.] 1 ack 1");
  ExpectState(State::kEstablished);
  EXPECT_TRUE(connected);
  EXPECT_EQ(c->tcb().snd_wnd, 20000u);
  EXPECT_EQ(c->tcb().snd_mss, 1000u);
}

TEST_F(SegmentArrives, Rfc9293Section3_10_7_3BadAckInSynSentIsReset) {
  SynSent();
  Forget();
  for (const uint32_t ack : {0u, 2u}) {
    Segment s = Syn();
    s.flags.ack = true;
    s.ack = kIss + ack;
    Input(s);
    EXPECT_EQ(TakeSent(), "[R] " + std::to_string(ack));
    ExpectState(State::kSynSent);
    s.flags = {.rst = true, .ack = true};
    Input(s);
    EXPECT_EQ(TakeSent(), "") << "a reset is not answered";
    ExpectState(State::kSynSent);
  }
}

TEST_F(SegmentArrives, Rfc9293Section3_10_7_3ResetInSynSentNeedsItsAck) {
  SynSent();
  Input(Rst(0));
  ExpectState(State::kSynSent);
  Segment s = Rst(0);
  s.flags.ack = true;
  s.ack = kIss + 1;
  Input(s);
  ExpectState(State::kClosed);
  EXPECT_EQ(reason, CloseReason::kRefused);
}

TEST_F(SegmentArrives, Rfc9293Section3_10_7_3NeitherSynNorRstIsDropped) {
  SynSent();
  Forget();
  Input(Ack(1, 1));
  EXPECT_EQ(Sent(), "");
  ExpectState(State::kSynSent);
}

// RFC 9293, 3.5, figure 7.
TEST_F(SegmentArrives, Rfc9293Section3_5SimultaneousOpenBySynAck) {
  SynSent();
  Forget();
  Input(Syn());
  EXPECT_EQ(TakeSent(), "[S.] 0 ack 1");
  ExpectState(State::kSynReceived);
  Segment s = Syn();
  s.flags.ack = true;
  s.ack = kIss + 1;
  Input(s);
  ExpectState(State::kEstablished);
}

TEST_F(SegmentArrives, Rfc9293Section3_5SimultaneousOpenByAck) {
  SynSent();
  Input(Syn());
  Input(Ack(1, 1));
  ExpectState(State::kEstablished);
}

TEST_F(SegmentArrives, Rfc9293Section3_10_7_3TextOfTheSynAckIsTaken) {
  SynSent();
  Segment s = Syn();
  s.flags.ack = true;
  s.ack = kIss + 1;
  s.payload = ByteView(Stream()).subspan(1, 10);
  Input(s);
  EXPECT_EQ(c->ReadableBytes(), 10u);
  EXPECT_EQ(c->tcb().rcv_nxt, kIrs + 11);
}

// -- SYN-RECEIVED --

TEST_F(SegmentArrives, Rfc9293Section3_5HandshakePassive) {
  SynReceived();
  EXPECT_EQ(TakeSent(), "[S.] 0 ack 1");
  Input(Ack(1, 1));
  EXPECT_EQ(TakeSent(), "");
  ExpectState(State::kEstablished);
  EXPECT_EQ(c->tcb().snd_wnd, 20000u);
}

TEST_F(SegmentArrives, Rfc9293Section3_10_7_4BadAckInSynReceivedIsReset) {
  SynReceived();
  Forget();
  Input(Ack(1, 2));
  EXPECT_EQ(TakeSent(), "[R] 2");
  Input(Ack(1, 0));
  EXPECT_EQ(TakeSent(), "[R] 0");
  ExpectState(State::kSynReceived);
}

TEST_F(SegmentArrives, Rfc9293Section3_10_7_4ResetInSynReceivedPassive) {
  SynReceived();
  Input(Rst(1));
  ExpectState(State::kClosed);
  EXPECT_EQ(reason, CloseReason::kReset);
}

TEST_F(SegmentArrives, Rfc9293Section3_10_7_4ResetInSynReceivedActiveRefuses) {
  SynSent();
  Input(Syn());
  Input(Rst(1));
  ExpectState(State::kClosed);
  EXPECT_EQ(reason, CloseReason::kRefused);
}

TEST_F(SegmentArrives, SynOnceMoreIsAnsweredOnceMore) {
  SynReceived();
  Forget();
  Input(Syn());
  EXPECT_EQ(Sent(), "[S.] 0 ack 1");
}

TEST_F(SegmentArrives, Rfc9293Section3_10_7_4SynInTheWindowReturnsToListen) {
  SynReceived();
  Segment s = Syn();
  s.seq += 5;
  Input(s);
  ExpectState(State::kClosed);
}

// -- 3.10.7.4, first: sequence numbers --

TEST_F(SegmentArrives, Rfc9293Section3_10_7_4UnacceptableIsAcknowledgedAndDropped) {
  Established();
  Input(Data(1, 100));
  Forget();
  Input(Data(1, 100));
  EXPECT_EQ(TakeSent(), "[.] 1 ack 101") << "wholly old";
  Input(Data(20001 + 100, 10));
  EXPECT_EQ(TakeSent(), "[.] 1 ack 101") << "beyond the window";
  Segment rst = Rst(20101);
  Input(rst);
  EXPECT_EQ(TakeSent(), "") << "a reset is not answered";
  ExpectState(State::kEstablished);
  EXPECT_EQ(c->ReadableBytes(), 100u);
}

TEST_F(SegmentArrives, KeepaliveProbesAreAnsweredAtALimitedRate) {
  Established();
  Input(Ack(0));
  EXPECT_EQ(TakeSent(), "[.] 1 ack 1");
  Input(Ack(0));
  EXPECT_EQ(TakeSent(), "");
  time.RunFor(sw::Millis(500));
  Input(Ack(0));
  EXPECT_EQ(TakeSent(), "[.] 1 ack 1");
}

TEST_F(SegmentArrives, Rfc9293Section3_10_7_4PartlyOldIsTrimmed) {
  Established();
  Input(Data(1, 100));
  Input(Data(51, 100));
  EXPECT_EQ(c->tcb().rcv_nxt, kIrs + 151);
  EXPECT_EQ(ReadAll(), Bytes(Stream().begin() + 1, Stream().begin() + 151));
}

TEST_F(SegmentArrives, Rfc9293Section3_10_7_4BeyondTheWindowIsTrimmed) {
  Established();
  const uint32_t window = c->tcb().RcvWnd();
  Input(Data(1, window + 500));
  EXPECT_EQ(c->tcb().rcv_nxt, kIrs + 1 + window);
}

TEST_F(SegmentArrives, Rfc9293Section3_10_7_4ZeroWindowStillTakesAcks) {
  Established();
  Write(1, 500);
  Input(Data(1, 20000, 1));  // fills the window; nobody reads
  ASSERT_EQ(c->tcb().RcvWnd(), 0u);
  Forget();
  Input(Data(20001, 1, 501));
  EXPECT_EQ(c->tcb().snd_una, kIss + 501);
  EXPECT_EQ(c->tcb().rcv_nxt, kIrs + 20001);
  EXPECT_EQ(Sent(), "[.] 501 ack 20001");
}

// -- second: RST; RFC 9293, 3.5.3 (LISTEN: tcp_listen_test; SYN-SENT, SYN-RECEIVED: above) --

// A reset counts if its number is in the window, whatever else it carries (SHLD-2), and the user is
// told.
TEST_F(SegmentArrives, Rfc9293Section3_5_3ResetEndsTheConnectionAndTellsTheUser) {
  const std::pair<void (SegmentArrives::*)(), uint32_t> kStates[] = {
      {&SegmentArrives::Established, 1},
      {&SegmentArrives::FinWait1, 1},
      {&SegmentArrives::FinWait2, 1},
      {&SegmentArrives::CloseWait, 2},
  };
  for (const auto& [build, next] : kStates) {
    (this->*build)();
    closed = 0;
    const State before = c->state();
    for (const uint32_t outside : {next - 1, next + 20000}) {
      Input(Rst(outside));
      ExpectState(before);
      EXPECT_EQ(TakeSent(), "") << "number " << outside;
    }
    Segment s = Rst(next);
    s.payload = ByteView(Stream()).subspan(1, 10);
    Input(s);
    ExpectState(State::kClosed);
    EXPECT_EQ(TakeSent(), "") << "a reset is not answered";
    EXPECT_EQ(c->ReadableBytes(), 0u) << "its text is not the stream's";
    EXPECT_EQ(closed, 1);
    EXPECT_EQ(reason, CloseReason::kReset);
  }
}

TEST_F(SegmentArrives, Rfc5961Section3_2OnlyTheExactResetCounts) {
  Established();
  Input(Rst(2));
  EXPECT_EQ(TakeSent(), "[.] 1 ack 1") << "challenge";
  ExpectState(State::kEstablished);
  Input(Rst(1));
  ExpectState(State::kClosed);
  EXPECT_EQ(reason, CloseReason::kReset);
  EXPECT_EQ(closed, 1);
  EXPECT_EQ(host.gone, 1);
}

TEST_F(SegmentArrives, Rfc5961Section7ChallengesAreLimited) {
  Established();
  Segment old_ack = Ack(1, 0);
  old_ack.ack = kIss - 100000;
  for (const Segment& stranger : {Rst(2), Syn(), Ack(1, 2), old_ack, Ack(50000, 1)}) {
    for (int i = 0; i < 100; ++i) Input(stranger);
    EXPECT_EQ(TakeSent(), "[.] 1 ack 1") << stranger.ToString();
    time.RunFor(host.tcp_config.challenge_ack_interval);
  }
}

// What bears text is more often a peer that sends again; it has a bound all the same.
TEST_F(SegmentArrives, Rfc5961Section7AnswersToOldTextAreLimited) {
  Established();
  for (int i = 0; i < 100000; ++i) Input(Data(50000, 10));
  EXPECT_EQ(sink.sent.size(), host.tcp_config.old_text_acks);
  Forget();
  time.RunFor(sw::Millis(10));
  for (int i = 0; i < 100; ++i) Input(Data(50000, 10));
  EXPECT_EQ(sink.sent.size(), 10u);
}

// CVE-2016-5696: what one connection answers is no matter of another's.
TEST_F(SegmentArrives, Rfc5961Section7TheLimitIsEachConnectionsOwn) {
  Established();
  Input(Rst(2));
  Forget();
  const auto first = std::exchange(c, nullptr);
  Established();
  Input(Rst(2));
  EXPECT_EQ(TakeSent(), "[.] 1 ack 1");
}

TEST_F(SegmentArrives, Rfc9293Section3_10_7_4ResetWhileClosingEndsInOrder) {
  for (const auto build : {&SegmentArrives::Closing, &SegmentArrives::LastAck}) {
    (this->*build)();
    Input(Rst(2));
    ExpectState(State::kClosed);
    EXPECT_EQ(reason, CloseReason::kDone);
  }
}

// -- fourth: SYN --

TEST_F(SegmentArrives, Rfc5961Section4_2SynIsChallenged) {
  Established();
  Segment s = Syn();
  s.seq += 5;
  Input(s);
  EXPECT_EQ(Sent(), "[.] 1 ack 1");
  ExpectState(State::kEstablished);
}

// -- fifth: ACK --

TEST_F(SegmentArrives, Rfc9293Section3_10_7_4NoAckFlagIsDropped) {
  Established();
  Segment s = Data(1, 10);
  s.flags.ack = false;
  Input(s);
  EXPECT_EQ(Sent(), "");
  EXPECT_EQ(c->ReadableBytes(), 0u);
}

TEST_F(SegmentArrives, Rfc5961Section5_2AckOutsideItsRangeIsChallenged) {
  Established();
  Write(1, 500);
  Forget();
  Input(Data(1, 10, 502));  // of something not yet sent
  EXPECT_EQ(TakeSent(), "[.] 501 ack 1");
  Segment s = Data(1, 10, 0);
  s.ack = kIss + 1 - 20001;  // older than any window
  Input(s);
  EXPECT_EQ(TakeSent(), "[.] 501 ack 1");
  EXPECT_EQ(c->ReadableBytes(), 0u);
  s.ack = kIss + 1 - 20000;
  Input(s);
  EXPECT_EQ(c->ReadableBytes(), 10u) << "old but possible: the text counts";
  EXPECT_EQ(c->tcb().snd_una, kIss + 1);
}

TEST_F(SegmentArrives, Rfc9293Section3_10_7_4WindowIsUpdatedByWl1AndWl2) {
  Established();
  Write(1, 500);
  peer_window = 5000;
  Input(Ack(1, 501));
  EXPECT_EQ(c->tcb().snd_wnd, 5000u);
  peer_window = 6000;
  Input(Ack(11, 501));  // ahead of rcv_nxt, in the window (corner 42)
  EXPECT_EQ(c->tcb().snd_wnd, 6000u);
  peer_window = 7000;
  Input(Ack(1, 501));  // older than the last that set it
  EXPECT_EQ(c->tcb().snd_wnd, 6000u);
  EXPECT_EQ(c->tcb().max_wnd, 20000u);
}

TEST_F(SegmentArrives, Rfc7323Section2_2WindowIsScaledButForSyns) {
  options.window_scaling = true;
  options.rcv_buf_bytes = 1 << 20;
  peer_syn.window_scale = 3;
  Established();
  EXPECT_EQ(c->tcb().snd_wnd, 20000u);
  EXPECT_EQ(c->tcb().snd_scale, 3);
  EXPECT_EQ(c->tcb().rcv_scale, 5);
  Input(Data(1, 1000));
  Input(Data(1001, 1000));
  EXPECT_EQ(c->tcb().snd_wnd, 160000u);
  EXPECT_EQ(sink.sent.back().segment.window, (c->tcb().rcv_adv - c->tcb().rcv_nxt) >> 5);
}

TEST_F(SegmentArrives, Rfc7323Section2_2ScaleNeedsBothSides) {
  options.window_scaling = true;
  options.rcv_buf_bytes = 1 << 20;
  SynReceived();
  EXPECT_FALSE(sink.sent.back().segment.options.window_scale);
  EXPECT_EQ(c->tcb().rcv_scale, 0);
}

TEST_F(SegmentArrives, Rfc7323Section2_3ScaleOver14CountsAs14) {
  options.window_scaling = true;
  peer_syn.window_scale = 200;
  Established();
  EXPECT_EQ(c->tcb().snd_scale, 14);
}

// -- seventh: text --

TEST_F(SegmentArrives, TextAfterAGapWaitsForIt) {
  Established();
  Input(Data(101, 100));
  EXPECT_EQ(TakeSent(), "[.] 1 ack 1") << "RFC 5681, 4.2: at once";
  EXPECT_EQ(c->ReadableBytes(), 0u);
  Input(Data(1, 100));
  EXPECT_EQ(TakeSent(), "[.] 1 ack 201") << "a filled gap is acknowledged at once";
  EXPECT_EQ(ReadAll(), Bytes(Stream().begin() + 1, Stream().begin() + 201));
}

// RFC 9293, 3.8.6.3.
TEST_F(SegmentArrives, Rfc9293Section3_8_6_3AckIsDelayedAndForEverySecondSegment) {
  Established();
  Input(Data(1, 1000));
  EXPECT_EQ(TakeSent(), "");
  time.RunFor(host.tcp_config.delayed_ack);
  EXPECT_EQ(TakeSent(), "[.] 1 ack 1001");
  Input(Data(1001, 1000));
  EXPECT_EQ(TakeSent(), "");
  Input(Data(2001, 1000));
  EXPECT_EQ(TakeSent(), "[.] 1 ack 3001");
  time.RunFor(sw::Seconds(1));
  EXPECT_EQ(TakeSent(), "") << "nothing is left to acknowledge";
}

TEST_F(SegmentArrives, AckRidesOnData) {
  Established();
  Input(Data(1, 100));
  Write(1, 50);
  EXPECT_EQ(TakeSent(), "[P.] 1:51 ack 101");
  time.RunFor(sw::Millis(100));
  EXPECT_EQ(TakeSent(), "");
}

// RFC 9293, 3.8.5.
TEST_F(SegmentArrives, Rfc9293Section3_8_5UrgentBytesAreReadInLine) {
  Established();
  Segment s = Data(1, 10);
  s.flags.urg = true;
  s.urgent = 5;
  Input(s);
  EXPECT_EQ(c->ReadableBytes(), 10u);
}

TEST_F(SegmentArrives, Rfc1122Section4_2_2_13TextAfterCloseIsReset) {
  Established();
  c->Close();
  Forget();
  Input(Data(1, 10, 1));
  EXPECT_EQ(Sent(), "[R.] 2 ack 1");
  ExpectState(State::kClosed);
}

// -- eighth: FIN --

TEST_F(SegmentArrives, Rfc9293Section3_10_7_4FinInEstablished) {
  Established();
  Segment s = Fin(1);
  s.payload = ByteView(Stream()).subspan(1, 10);
  Input(s);
  ExpectState(State::kCloseWait);
  EXPECT_EQ(Sent(), "[.] 1 ack 12");
  EXPECT_FALSE(c->AtEnd());
  ReadAll();
  EXPECT_TRUE(c->AtEnd());
}

TEST_F(SegmentArrives, FinBehindAGapWaitsForIt) {
  Established();
  Input(Fin(101));
  ExpectState(State::kEstablished);
  Input(Data(1, 100));
  ExpectState(State::kCloseWait);
  EXPECT_EQ(c->tcb().rcv_nxt, kIrs + 102);
}

// RFC 9293, 3.6.
TEST_F(SegmentArrives, Rfc9293Section3_6NormalCloseByUs) {
  FinWait1();
  Input(Ack(1, 2));
  ExpectState(State::kFinWait2);
  Input(Fin(1, 2));
  ExpectState(State::kTimeWait);
  EXPECT_EQ(Sent(), "[.] 2 ack 2");
  EXPECT_EQ(reason, CloseReason::kDone);
  time.RunFor(host.tcp_config.msl * 2);
  ExpectState(State::kClosed);
  EXPECT_EQ(closed, 1);
  EXPECT_TRUE(time.idle());
}

TEST_F(SegmentArrives, Rfc9293Section3_6NormalCloseByThePeer) {
  CloseWait();
  c->ShutdownWrite();
  EXPECT_EQ(Sent(), "[F.] 1 ack 2");
  ExpectState(State::kLastAck);
  Input(Ack(2, 2));
  ExpectState(State::kClosed);
  EXPECT_EQ(reason, CloseReason::kDone);
}

TEST_F(SegmentArrives, Rfc9293Section3_6SimultaneousClose) {
  FinWait1();
  Input(Fin(1, 1));
  ExpectState(State::kClosing);
  EXPECT_EQ(TakeSent(), "[.] 2 ack 2");
  Input(Ack(2, 2));
  ExpectState(State::kTimeWait);
}

TEST_F(SegmentArrives, Rfc9293Section3_6FinWithTheAckOfOurs) {
  FinWait1();
  Input(Fin(1, 2));
  ExpectState(State::kTimeWait);
}

TEST_F(SegmentArrives, Rfc9293Section3_6HalfCloseStillReceives) {
  FinWait2();
  Input(Data(1, 1000, 2));
  Input(Data(1001, 1000, 2));
  EXPECT_EQ(c->ReadableBytes(), 2000u);
  EXPECT_EQ(Sent(), "[.] 2 ack 2001");
}

// The end of it is RFC 9293, 3.10.8's TIME-WAIT TIMEOUT.
TEST_F(SegmentArrives, Rfc9293Section3_10_7_4FinInTimeWaitRestartsIt) {
  TimeWait();
  time.RunFor(host.tcp_config.msl);
  Input(Fin(1, 2));
  EXPECT_EQ(TakeSent(), "[.] 2 ack 2");
  time.RunFor(host.tcp_config.msl + sw::Seconds(1));
  ExpectState(State::kTimeWait);
  time.RunFor(host.tcp_config.msl);
  ExpectState(State::kClosed);
}

TEST_F(SegmentArrives, Rfc6191TimeWaitYieldsToANewSyn) {
  TimeWait();
  Segment syn = Syn();
  syn.seq = kIrs + 2;
  EXPECT_FALSE(c->YieldsTo(syn)) << "not beyond what was received";
  syn.seq = kIrs + 3;
  EXPECT_TRUE(c->YieldsTo(syn));
  syn.flags.ack = true;
  EXPECT_FALSE(c->YieldsTo(syn));
}

// -- anything at all --

TEST_F(SegmentArrives, RandomSegmentsInEveryStateNeverBreakIt) {
  std::mt19937 random(3);
  const auto builders = {
      &SegmentArrives::SynSent,  &SegmentArrives::SynReceived, &SegmentArrives::Established,
      &SegmentArrives::FinWait1, &SegmentArrives::FinWait2,    &SegmentArrives::CloseWait,
      &SegmentArrives::Closing,  &SegmentArrives::LastAck,     &SegmentArrives::TimeWait};
  options.timestamps = true;
  options.sack = true;
  peer_syn.timestamps = Timestamps{0, 0};
  peer_syn.sack_permitted = true;
  for (int round = 0; round < 300; ++round) {
    for (const auto build : builders) {
      (this->*build)();
      if (random() % 2 == 0) Write(1, random() % 5000);
      for (int i = 0; i < 20; ++i) {
        Segment s = Data(random() % 50, random() % 3 == 0 ? random() % 3000 : 0, random() % 40);
        if (random() % 8 == 0) s.seq = Seq(random());
        if (random() % 8 == 0) s.ack = Seq(random());
        s.flags = Flags::FromByte(static_cast<uint8_t>(random() % 4 == 0 ? random() : 0x10));
        s.window = static_cast<uint16_t>(random());
        if (random() % 4 == 0) s.options.timestamps.reset();
        if (random() % 4 == 0) s.options.sack.Add({Seq(random()), Seq(random())});
        if (random() % 4 == 0) s.options.sack.Add({kIss + random() % 900, kIss + random() % 900});
        Input(s);
        if (random() % 4 == 0) time.RunFor(Micros(random() % 2000000));
        const Tcb& t = c->tcb();
        ASSERT_LE(t.snd_una, t.snd_nxt);
        ASSERT_LE(t.rcv_nxt, t.rcv_adv + 1);
      }
      sink.sent.clear();
    }
  }
}

}  // namespace
}  // namespace handoff::tcp
