// SPDX-License-Identifier: Apache-2.0
//
// What a connection sends and when: windows, Nagle's algorithm, timeouts, recovery, the user's
// calls.
#include <gtest/gtest.h>

#include <string_view>
#include <utility>

#include "tb/sw/connection_bench.h"

namespace handoff::tcp {
namespace {

using tb::kIss;

class Output : public testing::Test, public tb::ConnectionBench {
 protected:
  Output() { options.snd_buf_bytes = 100000; }
  // The window and the congestion window are open, nothing is in flight.
  void Open() {
    peer_window = 60000;
    Established();
    Input(Ack());
    Forget();
  }
  Segment DupAck(uint32_t ack) const { return Ack(1, ack); }
  void ExpectState(State state) const { EXPECT_EQ(ToString(c->state()), ToString(state)); }
};

// RFC 9293, 3.10.1: <SEQ=ISS><CTL=SYN>, SND.UNA is ISS, SND.NXT the number after it.
TEST_F(Output, Rfc9293Section3_10_1ActiveOpenSendsASyn) {
  SynSent();
  EXPECT_EQ(Sent(), "[S] 0");
  EXPECT_EQ(c->tcb().snd_una, kIss);
  EXPECT_EQ(c->tcb().snd_nxt, kIss + 1);
  ExpectState(State::kSynSent);
}

TEST_F(Output, SynOffersWhatTheOptionsSay) {
  options = {};
  options.rcv_buf_bytes = 1 << 20;
  SynSent();
  const Options& o = sink.sent.at(0).segment.options;
  EXPECT_EQ(o.mss, 1460);
  EXPECT_EQ(o.window_scale, 5);
  EXPECT_TRUE(o.sack_permitted);
  EXPECT_TRUE(o.timestamps);
  EXPECT_EQ(sink.sent.at(0).segment.window, 65535);
}

TEST_F(Output, StandInOpensAsPrescribed) {
  options = {};
  options.iss = Seq(12345);
  options.mss = 1234;
  options.window_scale = 9;
  options.sack = false;
  options.timestamps = false;
  options.rcv_buf_bytes = 70000;
  SynSent();
  const Segment& syn = sink.sent.at(0).segment;
  EXPECT_EQ(syn.seq, Seq(12345));
  EXPECT_EQ(syn.options.mss, 1234);
  EXPECT_EQ(syn.options.window_scale, 9);
  EXPECT_FALSE(syn.options.sack_permitted);
  EXPECT_FALSE(syn.options.timestamps);
}

// RFC 9293, 3.9.1.2: without PUSH flags on SENDs, PSH is set when nothing more is queued.
TEST_F(Output, CutsAtTheMssAndPushesTheLast) {
  Open();
  Write(1, 2500);
  EXPECT_EQ(Sent(), "[.] 1:1001 ack 1; [.] 1001:2001 ack 1");
  Input(Ack(1, 2001));
  EXPECT_EQ(sink.sent.back().segment.flags.ToString(), "P.");
  EXPECT_EQ(sink.sent.back().payload, Bytes(Stream().begin() + 2001, Stream().begin() + 2501));
}

TEST_F(Output, MssLeavesRoomForTimestamps) {
  options.timestamps = true;
  peer_syn.timestamps = Timestamps{0, 0};
  Open();
  Write(1, 2000);
  EXPECT_EQ(sink.sent.at(0).spec.len, 988u);
}

// RFC 9293, 3.7.1.
TEST_F(Output, Rfc9293Section3_7_1MssHasADefaultAndIsCutToTheMtu) {
  for (const bool of_v6 : {false, true}) {
    v6 = of_v6;
    peer_syn.mss.reset();
    Established();
    EXPECT_EQ(c->tcb().snd_mss, v6 ? 1220 : 536);
    peer_syn.mss = 9000;
    Established();
    EXPECT_EQ(c->tcb().snd_mss, v6 ? 1440 : 1460);
    EXPECT_EQ(c->tcb().rcv_mss, v6 ? 1440 : 1460) << "what our SYN announces";
  }
  peer_syn.mss = 1;
  Established();
  EXPECT_EQ(c->tcb().snd_mss, 1);
}

// RFC 9293, 3.7.4.
TEST_F(Output, Rfc9293Section3_7_4NagleHoldsSmallSegments) {
  Open();
  Write(1, 10);
  Write(11, 10);
  Write(21, 10);
  EXPECT_EQ(TakeSent(), "[P.] 1:11 ack 1");
  Input(Ack(1, 11));
  EXPECT_EQ(TakeSent(), "[P.] 11:31 ack 1");
}

TEST_F(Output, NoDelaySendsThemAtOnce) {
  options.no_delay = true;
  Open();
  Write(1, 10);
  Write(11, 10);
  EXPECT_EQ(Sent(), "[P.] 1:11 ack 1; [P.] 11:21 ack 1");
}

TEST_F(Output, NeverBeyondThePeersWindow) {
  peer_window = 2500;
  Established();
  Write(1, 10000);
  EXPECT_EQ(TakeSent(), "[.] 1:1001 ack 1; [.] 1001:2001 ack 1");
  peer_window = 1500;
  Input(Ack(1, 1001));
  EXPECT_EQ(TakeSent(), "") << "the rest of the window is too small to bother";
  Input(Ack(1, 2001));
  EXPECT_EQ(TakeSent(), "[.] 2001:3001 ack 1");
}

TEST_F(Output, Rfc6928InitialWindowIsTenSegments) {
  Open();
  Write(1, 50000);
  EXPECT_EQ(sink.sent.size(), 10u);
  Forget();
  Input(Ack(1, 2001));
  EXPECT_EQ(sink.sent.size(), 3u) << "slow start: two acknowledged, one more by growth";
}

// -- windows: RFC 9293, 3.8.6.1, 3.8.6.2.1 and 3.8.6.2.2 --

TEST_F(Output, Rfc9293Section3_8_6_1ZeroWindowIsProbed) {
  Open();
  peer_window = 0;
  Input(Ack(1, 1));
  Write(1, 5000);
  EXPECT_EQ(TakeSent(), "");
  time.RunFor(c->rtt().rto());
  EXPECT_EQ(TakeSent(), "[.] 0 ack 1");
  time.RunFor(sw::Seconds(600));
  EXPECT_GE(sink.sent.size(), 5u) << "ever more rarely, but on and on";
  EXPECT_LE(sink.sent.size(), 20u);
}

TEST_F(Output, Rfc9293Section3_8_6_1AnsweredProbesNeverGiveUp) {
  Open();
  peer_window = 0;
  Input(Ack(1, 1));
  Write(1, 5000);
  for (int i = 0; i < 100; ++i) {
    time.RunFor(sw::Seconds(70));
    Input(Ack(1, 1));
  }
  ExpectState(State::kEstablished);
  peer_window = 60000;
  Forget();
  Input(Ack(1, 1));
  EXPECT_EQ(sink.sent.size(), 5u);
}

TEST_F(Output, UnansweredProbesGiveUp) {
  Open();
  peer_window = 0;
  Input(Ack(1, 1));
  Write(1, 5000);
  time.RunFor(sw::Seconds(3600));
  ExpectState(State::kClosed);
  EXPECT_EQ(reason, CloseReason::kTimedOut);
}

TEST_F(Output, Rfc9293Section3_8_6_2_1OverrideSendsIntoASmallWindow) {
  Open();
  peer_window = 300;
  Input(Ack(1, 1));
  Write(1, 5000);
  EXPECT_EQ(TakeSent(), "");
  time.RunFor(c->rtt().rto());
  EXPECT_EQ(TakeSent(), "[.] 1:301 ack 1");
}

TEST_F(Output, Rfc9293Section3_8_6_2_2WindowReopensByAWorthwhileStep) {
  Open();
  Input(Data(1, 20000));
  EXPECT_EQ(c->tcb().RcvWnd(), 0u);
  Forget();
  uint8_t buffer[1400];
  c->Read(buffer);
  EXPECT_EQ(TakeSent(), "") << "less than a segment: silly";
  c->Read(buffer);
  EXPECT_EQ(TakeSent(), "[.] 1 ack 20001");
  EXPECT_EQ(c->tcb().RcvWnd(), 2800u);
}

TEST_F(Output, EdgeNeverMovesBack) {
  Open();
  const Seq edge = c->tcb().rcv_adv;
  Input(Data(1, 5000));
  time.RunFor(sw::Seconds(1));
  EXPECT_EQ(c->tcb().rcv_adv, edge);
  EXPECT_EQ(sink.sent.back().segment.window, 15000);
}

// -- timeouts: RFC 9293, 3.10.8 (TIME-WAIT's: tcp_connection_input_test) --

// RFC 9293, 3.8.1 and 3.8.2.
TEST_F(Output, Rfc6298Section5TimeoutResendsTheFirstAndBacksOff) {
  Open();
  Write(1, 3000);
  Forget();
  const Micros rto = c->rtt().rto();
  time.RunFor(rto);
  EXPECT_EQ(TakeSent(), "[.] 1:1001 ack 1");
  time.RunFor(rto * 2 - Micros(1));
  EXPECT_EQ(TakeSent(), "");
  time.RunFor(Micros(1));
  EXPECT_EQ(TakeSent(), "[.] 1:1001 ack 1");
  Input(Ack(1, 1001));
  EXPECT_EQ(TakeSent(), "[.] 1001:2001 ack 1; [P.] 2001:3001 ack 1");
  EXPECT_EQ(c->recovery().phase(), Recovery::Phase::kTimeout);
  Input(Ack(1, 3001));
  EXPECT_EQ(c->recovery().phase(), Recovery::Phase::kOpen);
  time.RunFor(sw::Seconds(100));
  EXPECT_EQ(TakeSent(), "");
}

TEST_F(Output, Rfc9293Section3_8_3GivesUpAfterR2) {
  Open();
  Write(1, 1000);
  time.RunFor(sw::Seconds(99));
  ExpectState(State::kEstablished);
  time.RunFor(sw::Seconds(1200));
  ExpectState(State::kClosed);
  EXPECT_EQ(reason, CloseReason::kTimedOut);
}

// RFC 9293, 3.8.3: not before three minutes have passed.
TEST_F(Output, SynIsSentAgainAndGivenUp) {
  SynSent();
  time.RunFor(sw::Seconds(1));
  EXPECT_EQ(TakeSent(), "[S] 0; [S] 0");
  time.RunFor(sw::Seconds(178));
  ExpectState(State::kSynSent);
  time.RunFor(sw::Seconds(60));
  ExpectState(State::kClosed);
  EXPECT_EQ(reason, CloseReason::kTimedOut);
}

// RFC 9293, 3.8.1: Karn's algorithm.
TEST_F(Output, Rfc6298Section3KarnTimesNoSegmentSentTwice) {
  Open();
  const Micros before = c->rtt().srtt();
  Write(1, 1000);
  time.RunFor(c->rtt().rto());
  time.RunFor(sw::Millis(50));
  Input(Ack(1, 1001));
  EXPECT_EQ(c->rtt().srtt(), before);
}

TEST_F(Output, EchoedTimesMayBeIgnored) {
  for (const bool ignore : {false, true}) {
    options.timestamps = true;
    options.ignore_echoed_times = ignore;
    peer_syn.timestamps = Timestamps{0, 0};
    Open();
    Write(1, 100);
    const uint32_t long_ago = sink.sent.back().segment.options.timestamps->value - 5000;
    time.RunFor(sw::Millis(20));
    Segment s = Ack(1, 101);
    s.options.timestamps->echo = long_ago;
    Input(s);
    EXPECT_EQ(c->rtt().srtt() < sw::Millis(100), ignore);
  }
}

// -- recovery --

TEST_F(Output, Rfc5681Section3_2ThirdDuplicateResends) {
  Open();
  Write(1, 10000);
  Forget();
  Input(DupAck(1));
  Input(DupAck(1));
  EXPECT_EQ(TakeSent(), "");
  Input(DupAck(1));
  EXPECT_EQ(TakeSent(), "[.] 1:1001 ack 1");
  EXPECT_EQ(c->recovery().control().ssthresh(), 5000u);
}

TEST_F(Output, Rfc3042TwoDuplicatesLetNewDataOut) {
  Open();
  Write(1, 30000);
  Forget();
  Input(DupAck(1));
  EXPECT_EQ(TakeSent(), "[.] 10001:11001 ack 1");
  Input(DupAck(1));
  EXPECT_EQ(TakeSent(), "[.] 11001:12001 ack 1");
}

TEST_F(Output, Rfc6582Section3_2PartialAckResendsTheNextHole) {
  Open();
  Write(1, 10000);
  for (int i = 0; i < 3; ++i) Input(DupAck(1));
  Forget();
  Input(Ack(1, 3001));
  EXPECT_EQ(TakeSent(), "[.] 3001:4001 ack 1");
  Input(Ack(1, 10001));
  EXPECT_EQ(c->recovery().phase(), Recovery::Phase::kOpen);
  EXPECT_EQ(c->recovery().control().cwnd(), 5000u);
}

TEST_F(Output, Rfc5681Section2WindowUpdateIsNoDuplicate) {
  Open();
  Write(1, 10000);
  Forget();
  for (int i = 0; i < 5; ++i) {
    peer_window = static_cast<uint16_t>(peer_window - 1);
    Input(DupAck(1));
  }
  EXPECT_EQ(c->recovery().duplicate_acks(), 0u);
}

TEST_F(Output, Rfc6675Section5SackResendsEachHoleOnce) {
  options.sack = true;
  peer_syn.sack_permitted = true;
  Open();
  Write(1, 10000);
  Forget();
  const auto sack = [this](std::initializer_list<std::pair<uint32_t, uint32_t>> blocks) {
    Segment s = Ack(1, 1);
    for (const auto& [from, to] : blocks) s.options.sack.Add({kIss + from, kIss + to});
    Input(s);
  };
  sack({{1001, 2001}});
  sack({{1001, 2001}, {3001, 4001}});
  EXPECT_EQ(TakeSent(), "");
  sack({{1001, 2001}, {3001, 6001}});
  EXPECT_EQ(TakeSent(), "[.] 1:1001 ack 1") << "half the window is still in flight";
  sack({{1001, 2001}, {3001, 7001}});
  EXPECT_EQ(TakeSent(), "[.] 2001:3001 ack 1");
  sack({{1001, 2001}, {3001, 8001}});
  EXPECT_EQ(TakeSent(), "[P.] 9001:10001 ack 1") << "rule 4: the rescue";
  sack({{1001, 2001}, {3001, 9001}});
  EXPECT_EQ(TakeSent(), "");
  Input(Ack(1, 10001));
  EXPECT_EQ(c->recovery().phase(), Recovery::Phase::kOpen);
}

TEST_F(Output, Rfc2883DuplicateReportIsNoSignOfLoss) {
  options.sack = true;
  peer_syn.sack_permitted = true;
  Open();
  Write(1, 10000);
  Input(Ack(1, 5001));
  Forget();
  for (int i = 0; i < 4; ++i) {
    Segment s = Ack(1, 5001);
    s.options.sack.Add({kIss + 1001, kIss + 2001});
    Input(s);
  }
  EXPECT_EQ(Sent(), "");
  EXPECT_EQ(c->recovery().phase(), Recovery::Phase::kOpen);
}

// -- the user's calls: RFC 9293, 3.10.2, 3.10.3, 3.10.4, 3.10.5, 3.10.6 (3.10.1: above) --

TEST_F(Output, Rfc9293Section3_10_2WritesBeforeTheHandshakeAreKept) {
  SynSent();
  EXPECT_EQ(Write(1, 100), 100u);
  Forget();
  Segment s = Syn();
  s.flags.ack = true;
  s.ack = kIss + 1;
  Input(s);
  EXPECT_EQ(Sent(), "[P.] 1:101 ack 1");
}

TEST_F(Output, WriteTakesWhatTheBufferHolds) {
  options.snd_buf_bytes = 1500;
  Open();
  EXPECT_EQ(Write(1, 2000), 1500u);
  EXPECT_EQ(Write(1501, 10), 0u);
  Input(Ack(1, 1001));
  EXPECT_EQ(c->WritableBytes(), 1000u);
}

// RFC 9293, 3.10.3: what is on hand is received in every state, and the end after it.
TEST_F(Output, Rfc9293Section3_10_3ReceiveTakesWhatIsOnHandThenTheEnd) {
  uint8_t buffer[200];
  SynSent();
  EXPECT_EQ(c->Read(buffer), 0u);
  Open();
  EXPECT_EQ(c->Read(buffer), 0u);
  Input(Data(1, 300));
  EXPECT_EQ(c->Read(buffer), 200u);
  EXPECT_EQ(Bytes(buffer, buffer + 200), Bytes(Stream().begin() + 1, Stream().begin() + 201));
  Input(Fin(301));
  ExpectState(State::kCloseWait);
  EXPECT_FALSE(c->AtEnd());
  EXPECT_EQ(c->Read(buffer), 100u);
  EXPECT_EQ(Bytes(buffer, buffer + 100), Bytes(Stream().begin() + 201, Stream().begin() + 301));
  EXPECT_TRUE(c->AtEnd());
  EXPECT_EQ(c->Read(buffer), 0u);
}

TEST_F(Output, Rfc9293Section3_10_4CloseSendsWhatIsQueuedFirst) {
  peer_window = 1500;
  Established();
  Write(1, 2000);
  c->ShutdownWrite();
  ExpectState(State::kFinWait1);
  EXPECT_EQ(TakeSent(), "[.] 1:1001 ack 1");
  EXPECT_EQ(Write(1, 10), 0u);
  Input(Ack(1, 1001));
  EXPECT_EQ(TakeSent(), "[FP.] 1001:2001 ack 1");
  Input(Ack(1, 2001));
  ExpectState(State::kFinWait1);
  Input(Ack(1, 2002));
  ExpectState(State::kFinWait2);
}

TEST_F(Output, FinTakesANumberOfTheWindowToo) {
  peer_window = 1000;
  Established();
  Write(1, 1000);
  c->ShutdownWrite();
  EXPECT_EQ(TakeSent(), "[P.] 1:1001 ack 1");
  Input(Ack(1, 1001));
  EXPECT_EQ(TakeSent(), "[F.] 1001 ack 1");
}

TEST_F(Output, LostFinIsSentAgain) {
  FinWait1();
  time.RunFor(c->rtt().rto());
  EXPECT_EQ(TakeSent(), "[F.] 1 ack 1");
}

TEST_F(Output, Rfc9293Section3_10_4CloseInSynSentJustEnds) {
  SynSent();
  Forget();
  c->Close();
  ExpectState(State::kClosed);
  EXPECT_EQ(Sent(), "");
  EXPECT_EQ(reason, CloseReason::kDone);
}

TEST_F(Output, Rfc9293Section3_10_4CloseInSynSentWithTextQueuedIsNotDone) {
  SynSent();
  Write(1, 10);
  c->Close();
  ExpectState(State::kClosed);
  EXPECT_EQ(reason, CloseReason::kAborted);
}

TEST_F(Output, Rfc9293Section3_10_4CloseInSynReceivedWaits) {
  SynReceived();
  c->Close();
  ExpectState(State::kSynReceived);
  Forget();
  Input(Ack());
  ExpectState(State::kFinWait1);
  EXPECT_EQ(Sent(), "[F.] 1 ack 1");
}

TEST_F(Output, AConnectionThatIsGoneKeepsNothingToSend) {
  Established();
  c->Write(Bytes(500));
  const std::weak_ptr<const void> memory = sink.sent.back().spec.payload.front().hold;
  Forget();
  EXPECT_FALSE(memory.expired());
  c->Abort();
  EXPECT_TRUE(memory.expired());
}

TEST_F(Output, Rfc9293Section3_10_5AbortResets) {
  Open();
  Write(1, 100);
  Forget();
  c->Abort();
  EXPECT_EQ(Sent(), "[R.] 101 ack 1");
  ExpectState(State::kClosed);
  EXPECT_EQ(reason, CloseReason::kAborted);
  EXPECT_TRUE(time.idle());
}

// RFC 9293, 3.10.6: STATUS tells the state and shows the TCB, in every state; LISTEN's is the
// listener's.
TEST_F(Output, Rfc9293Section3_10_6StatusTellsTheStateAndTheTcb) {
  const std::pair<void (Output::*)(), std::string_view> kStates[] = {
      {&Output::SynSent, "SYN-SENT"},        {&Output::SynReceived, "SYN-RECEIVED"},
      {&Output::Established, "ESTABLISHED"}, {&Output::FinWait1, "FIN-WAIT-1"},
      {&Output::FinWait2, "FIN-WAIT-2"},     {&Output::CloseWait, "CLOSE-WAIT"},
      {&Output::Closing, "CLOSING"},         {&Output::LastAck, "LAST-ACK"},
      {&Output::TimeWait, "TIME-WAIT"},
  };
  for (const auto& [build, name] : kStates) {
    (this->*build)();
    EXPECT_EQ(ToString(c->state()), name);
    EXPECT_EQ(c->tcb().state, c->state()) << name;
    EXPECT_EQ(c->tcb().iss, kIss) << name;
    const bool fin_sent = name.starts_with("FIN-WAIT") || name == "CLOSING" || name == "LAST-ACK" ||
                          name == "TIME-WAIT";
    EXPECT_EQ(c->tcb().snd_nxt, kIss + (fin_sent ? 2 : 1)) << name;
    EXPECT_EQ(c->tcb().irs, name == "SYN-SENT" ? Seq() : tb::kIrs) << name;
    c->Abort();
    EXPECT_EQ(ToString(c->state()), "CLOSED") << "after " << name;
  }
}

TEST_F(Output, Rfc1122Section4_2_2_13CloseWithUnreadBytesResets) {
  Open();
  Input(Data(1, 10));
  Forget();
  c->Close();
  EXPECT_EQ(Sent(), "[R.] 1 ack 11");
}

TEST_F(Output, OrphanedFinWait2Ends) {
  Open();
  c->Close();
  Input(Ack(1, 2));
  ExpectState(State::kFinWait2);
  time.RunFor(host.tcp_config.fin_wait_2);
  ExpectState(State::kClosed);
}

// -- keepalive: RFC 9293, 3.8.4 --

TEST_F(Output, Rfc9293Section3_8_4KeepaliveIsOffByDefault) {
  Open();
  time.RunFor(sw::Seconds(100000));
  EXPECT_EQ(Sent(), "");
}

TEST_F(Output, Rfc9293Section3_8_4KeepaliveProbesASilentPeer) {
  options.keepalive = true;
  Open();
  time.RunFor(host.tcp_config.keepalive_idle);
  EXPECT_EQ(TakeSent(), "[.] 0 ack 1");
  Input(Ack());
  time.RunFor(host.tcp_config.keepalive_idle - sw::Seconds(100));
  EXPECT_EQ(TakeSent(), "") << "it answered";
  time.RunFor(sw::Seconds(2000));
  ExpectState(State::kClosed);
  EXPECT_EQ(reason, CloseReason::kTimedOut);
}

TEST_F(Output, Rfc9293Section3_8_4NoProbesWhileDataIsOutstanding) {
  host.tcp_config.keepalive_idle = sw::Seconds(10);
  host.tcp_config.keepalive_interval = sw::Seconds(1);
  options.keepalive = true;
  Open();
  Write(1, 100);
  time.RunFor(sw::Seconds(100));
  ExpectState(State::kEstablished);
  for (const auto& s : sink.sent) EXPECT_EQ(s.spec.len, 100u) << "a retransmission";
  Input(Ack(1, 101));
  Forget();
  time.RunFor(host.tcp_config.keepalive_idle);
  EXPECT_EQ(TakeSent(), "[.] 100 ack 1") << "idle again";
}

}  // namespace
}  // namespace handoff::tcp
