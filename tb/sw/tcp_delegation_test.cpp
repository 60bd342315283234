// SPDX-License-Identifier: Apache-2.0
//
// The stack's half of docs/design.md, 9: who acknowledges, who counts, when RESUME may be issued.
#include "sw/tcp/delegation.h"

#include <gtest/gtest.h>

#include "tb/sw/connection_bench.h"

namespace handoff::tcp {
namespace {

using tb::kIrs;
using tb::kIss;

class Delegated : public testing::Test, public tb::ConnectionBench {
 protected:
  Delegated() { options.snd_buf_bytes = 100000; }

  // -- Start states --
  void SettingUp() {
    peer_window = 60000;
    Established();
    Input(Ack());
    Forget();
    c->BeginDelegation(port);
  }
  void InResync() {
    SettingUp();
    c->OnSetupAnswer(true);
    port.sent.clear();
    port.may_resume = 0;
  }
  void Live() {
    InResync();
    c->IssueResume();
    c->OnResumeAnswer(true, c->tcb().rcv_nxt);
    port.sent.clear();
  }

  // A frame the engine passed on in resync. Its tests are made as the engine makes them.
  void Legacy(const Segment& s, Hold hold = {}) {
    LegacyVerdict v;
    v.legacy_count = ++legacy_count;
    v.plain = c->delegation().judge.Judge(s);
    v.hold = std::move(hold);
    c->InputLegacy(s, v);
  }
  LegacyVerdict LiveVerdict() const {
    LegacyVerdict v;
    v.live = true;
    v.rcv_nxt = c->tcb().rcv_nxt;
    return v;
  }
  StreamPiece Piece(uint32_t seq, uint32_t len, Place place = Place::kUserBuffer) {
    return {kIrs + seq, ByteView(Stream()).subspan(seq, len), place, std::make_shared<int>(), 7};
  }
  ResyncNotice Notice(uint32_t rcv_nxt) const {
    ResyncNotice n;
    n.rcv_nxt = kIrs + rcv_nxt;
    n.snd_una = c->tcb().snd_una;
    n.snd_wnd = c->tcb().snd_wnd;
    n.ts_recent = c->tcb().ts_recent;
    n.legacy_count = legacy_count;
    return n;
  }
  std::string PortSent() {
    sink.sent.swap(port.sent);
    std::string text = TakeSent();
    sink.sent.swap(port.sent);
    return text;
  }
  void ExpectPhase(Delegation phase) const {
    EXPECT_EQ(ToString(c->delegation().phase), ToString(phase));
  }
  void ExpectBar(ResumeBar bar) const { EXPECT_EQ(ToString(c->MayResume()), ToString(bar)); }

  tb::RecordingSink port{time};
  uint32_t legacy_count = 0;
};

TEST_F(Delegated, NewDataWaitsForSetupsAnswer) {
  SettingUp();
  Write(1, 500);
  EXPECT_EQ(Sent(), "");
  c->OnSetupAnswer(true);
  EXPECT_EQ(Sent(), "");
  EXPECT_EQ(PortSent(), "[P.] 1:501 ack 1");
  EXPECT_EQ(port.may_resume, 1);
}

// Corner 69, 70.
TEST_F(Delegated, RefusedSetupLeavesAPlainConnection) {
  SettingUp();
  Input(Data(1, 100));
  Write(1, 500);
  c->OnSetupAnswer(false);
  ExpectPhase(Delegation::kNone);
  EXPECT_EQ(TakeSent(), "[P.] 1:501 ack 101");
  Input(Data(101, 100));
  time.RunFor(sw::Seconds(1) / 10);
  EXPECT_EQ(Sent(), "[.] 501 ack 201");
}

TEST_F(Delegated, FramesBeforeTheAnswerAreNotOfTheRun) {
  SettingUp();
  Input(Data(1, 100));
  c->OnSetupAnswer(true);
  EXPECT_EQ(c->delegation().run.start(), kIrs + 1);
  EXPECT_EQ(c->delegation().run.frames(), 0u);
  const ResumeState r = c->IssueResume();
  EXPECT_EQ(r.legacy_count, 0u);
  EXPECT_EQ(r.rcv_nxt, kIrs + 101);
}

// Corner 54: in resync everything leaves by SEND, but for a reset.
TEST_F(Delegated, InResyncTheStackAcknowledgesThroughThePort) {
  InResync();
  Legacy(Data(1, 1000));
  Legacy(Data(1001, 1000));
  EXPECT_EQ(PortSent(), "[.] 1 ack 2001");
  EXPECT_EQ(Sent(), "");
  c->Abort();
  EXPECT_EQ(PortSent(), "");
  EXPECT_EQ(Sent(), "[R.] 1 ack 2001");
  EXPECT_EQ(port.gone, 1);
}

TEST_F(Delegated, ResumeSaysWhatWasConsumedAndGranted) {
  InResync();
  Legacy(Data(1, 1000));
  const ResumeState r = c->IssueResume();
  EXPECT_EQ(r.legacy_count, 1u);
  EXPECT_EQ(r.rcv_nxt, kIrs + 1001);
  EXPECT_EQ(r.edge, c->tcb().rcv_adv);
  EXPECT_EQ(r.snd_una, kIss + 1);
  EXPECT_EQ(r.snd_wnd, 60000u);
  EXPECT_EQ(r.max_wnd, 60000u);
  EXPECT_EQ(r.last_ack_sent, kIrs + 1);
  ExpectPhase(Delegation::kResuming);
  ExpectBar(ResumeBar::kNotResync);  // one at a time
}

// Corner 70: no acknowledgement from issue to answer, whatever comes.
TEST_F(Delegated, WhileResumingItAcceptsTheRunAndSendsNoAck) {
  InResync();
  Legacy(Data(1, 1000));
  c->IssueResume();
  port.sent.clear();
  for (uint32_t i = 1; i < 6; ++i) Legacy(Data(1 + 1000 * i, 1000));
  time.RunFor(sw::Seconds(1));
  EXPECT_EQ(PortSent(), "");
  EXPECT_EQ(c->ReadableBytes(), 6000u);
  Write(1, 10);
  EXPECT_EQ(PortSent(), "[P.] 1:11 ack 1001") << "data tells no more than RESUME did";
  c->OnResumeAnswer(true, kIrs + 6001);
  ExpectPhase(Delegation::kLive);
  EXPECT_EQ(c->tcb().last_ack_sent, kIrs + 6001);
  time.RunFor(sw::Millis(100));
  EXPECT_EQ(PortSent(), "") << "the engine acknowledges";
}

TEST_F(Delegated, RefusedResumeSendsWhatItOwes) {
  InResync();
  c->IssueResume();
  Legacy(Data(1, 1000));
  Legacy(Data(1001, 1000));
  EXPECT_EQ(PortSent(), "");
  c->OnResumeAnswer(false, {});
  EXPECT_EQ(PortSent(), "[.] 1 ack 2001");
  ExpectPhase(Delegation::kResync);
  EXPECT_GE(port.may_resume, 1);
}

TEST_F(Delegated, ResumeThatLostBytesResetsTheConnection) {
  InResync();
  c->IssueResume();
  c->OnResumeAnswer(true, kIrs + 500);
  EXPECT_EQ(reason, CloseReason::kDeviceFault);
}

// -- Bars to RESUME --

TEST_F(Delegated, HoleBarsResume) {
  InResync();
  Legacy(Data(1001, 1000));
  ExpectBar(ResumeBar::kHole);
  EXPECT_EQ(port.may_resume, 0);
  Legacy(Data(1, 1000));
  ExpectBar(ResumeBar::kNone);
  EXPECT_EQ(port.may_resume, 1);
}

TEST_F(Delegated, RcvNxtInsideTheRunBarsResume) {
  InResync();
  // The window's edge cuts the run: the stack takes part of a frame that the run holds whole.
  const uint32_t window = c->tcb().RcvWnd();
  Legacy(Data(1, window + 100));
  ExpectBar(ResumeBar::kInsideRun);
}

TEST_F(Delegated, OwnRecoveryBarsResume) {
  InResync();
  Write(1, 10000);
  for (int i = 0; i < 3; ++i) Legacy(Ack(1, 1));
  ExpectBar(ResumeBar::kRecovering);
  Legacy(Ack(1, 10001));
  ExpectBar(ResumeBar::kNone);
}

// Corner 46.
TEST_F(Delegated, FinBarsResumeForEver) {
  InResync();
  Legacy(Fin(101));
  ExpectBar(ResumeBar::kFin);
  Legacy(Data(1, 100));
  ExpectBar(ResumeBar::kFin);
  EXPECT_EQ(c->state(), State::kCloseWait);
}

TEST_F(Delegated, WhoClosedMayStillResume) {
  InResync();
  c->ShutdownWrite();
  EXPECT_EQ(PortSent(), "[F.] 1 ack 1");
  ExpectBar(ResumeBar::kNone);
}

// -- The run is judged by frozen values (corner 74) --

TEST_F(Delegated, TextOfAFrameWithAnAckThatWasGoodOnEnteringResyncCounts) {
  Established();
  c->BeginDelegation(port);
  c->OnSetupAnswer(true);
  for (uint32_t i = 0; i < 6; ++i) {
    Write(1 + 5000 * i, 5000);
    Legacy(Ack(1, 5001 + 5000 * i));
  }
  ASSERT_EQ(c->tcb().snd_una, kIss + 30001);
  ASSERT_EQ(c->tcb().max_wnd, 20000u);
  Legacy(Data(1, 100, 1));  // it was on its way for long; the engine counts it
  EXPECT_EQ(c->ReadableBytes(), 100u);
  EXPECT_EQ(c->delegation().run.end(), kIrs + 101);
}

TEST_F(Delegated, PawsIsJudgedByTheFrozenValueWhileResync) {
  options.timestamps = true;
  peer_syn.timestamps = Timestamps{0, 0};
  InResync();
  peer_time = 2000;
  Legacy(Data(1, 100));
  peer_time = 1500;  // older than ts_recent by now, not than it was on entering resync
  Legacy(Data(101, 100));
  EXPECT_EQ(c->ReadableBytes(), 200u);
  EXPECT_EQ(c->tcb().ts_recent, 2000u);
  EXPECT_EQ(c->delegation().run.end(), kIrs + 201);
  EXPECT_EQ(c->IssueResume().ts_recent, 2000u);
}

// RFC 5961, 5.2 (corner 44 is the same of the engine).
TEST_F(Delegated, ATimestampOfAForgedSegmentNeverReachesResume) {
  options.timestamps = true;
  peer_syn.timestamps = Timestamps{0, 0};
  InResync();
  peer_time = 2000000000;
  for (const Segment& forged : {Rst(2), Ack(1, 90000), Syn()}) Legacy(forged);
  EXPECT_EQ(c->tcb().ts_recent, 1000u);
  EXPECT_EQ(c->IssueResume().ts_recent, 1000u);
}

// -- Live --

TEST_F(Delegated, ProgressIsAnAcknowledgement) {
  Live();
  Write(1, 30000);
  EXPECT_EQ(c->tcb().snd_nxt, kIss + 10001);
  port.sent.clear();
  Progress p;
  p.snd_una = kIss + 2001;
  p.snd_wnd = 50000;
  c->OnProgress(p);
  EXPECT_EQ(c->tcb().snd_una, kIss + 2001);
  EXPECT_EQ(c->tcb().snd_wnd, 50000u);
  EXPECT_EQ(PortSent(), "[.] 10001:11001 ack 1; [.] 11001:12001 ack 1; [.] 12001:13001 ack 1");
  time.RunFor(sw::Seconds(2));
  EXPECT_GE(c->stats().timeouts, 1u) << "retransmission stays in the stack";
}

TEST_F(Delegated, ThirdDuplicateInProgressResends) {
  Live();
  Write(1, 10000);
  port.sent.clear();
  Progress p;
  p.snd_una = kIss + 1;
  p.snd_wnd = 60000;
  p.duplicate_acks = 2;
  c->OnProgress(p);
  EXPECT_EQ(PortSent(), "");
  p.duplicate_acks = 3;
  c->OnProgress(p);
  EXPECT_EQ(PortSent(), "[.] 1:1001 ack 1");
  c->OnProgress(p);
  EXPECT_EQ(PortSent(), "") << "told twice, counted once";
}

TEST_F(Delegated, SackFrameOfALiveEntryRepairsAndLeavesItLive) {
  options.sack = true;
  peer_syn.sack_permitted = true;
  Live();
  Write(1, 10000);
  port.sent.clear();
  LegacyVerdict v = LiveVerdict();
  v.sack = true;
  v.progress.snd_una = kIss + 1;
  v.progress.snd_wnd = 60000;
  v.progress.duplicate_acks = 1;
  Segment s = Ack(1, 1);
  s.options.sack.Add({kIss + 1001, kIss + 5001});
  c->InputLegacy(s, v);
  EXPECT_EQ(PortSent(), "[.] 1:1001 ack 1");
  ExpectPhase(Delegation::kLive);
}

TEST_F(Delegated, DelegatedBytesAreReadInOrderWhereverTheyLie) {
  Live();
  c->OnDelegatedData(Piece(101, 100));
  EXPECT_EQ(c->ReadableBytes(), 0u);
  c->OnDelegatedData(Piece(1, 100, Place::kLegacyBuffer));
  ASSERT_EQ(c->ReadableBytes(), 200u);
  const auto first = c->ReadPiece(1000);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->place, Place::kLegacyBuffer);
  EXPECT_EQ(first->bytes.data(), Stream().data() + 1) << "not copied";
  const auto second = c->ReadPiece(50);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->place, Place::kUserBuffer);
  EXPECT_EQ(second->user_buffer, 7);
  EXPECT_EQ(second->seq, kIrs + 101);
  EXPECT_EQ(second->bytes.size(), 50u);
  time.RunFor(sw::Seconds(1));
  EXPECT_EQ(PortSent(), "") << "the engine has acknowledged them";
}

// Corner 30: even when the connection is gone each comes back.
TEST_F(Delegated, UserBuffersAreTakenAndComeBack) {
  Bytes buffer(100);
  Established();
  EXPECT_FALSE(c->PostUserBuffer(buffer, 7)) << "nobody to give it to";
  Live();
  EXPECT_TRUE(c->PostUserBuffer(buffer, 7));
  c->Abort();
  UserBufferReturn back;
  back.id = 7;
  c->OnUserBufferReturned(back);
  EXPECT_EQ(returned, 7);
  EXPECT_FALSE(c->PostUserBuffer(buffer, 7));
}

// Else the first bytes came before the first buffer.
TEST_F(Delegated, TheUserMayPostBuffersBeforeTheFirstResume) {
  Bytes buffer(100);
  SettingUp();
  EXPECT_FALSE(c->PostUserBuffer(buffer, 7));
  bool posted = false;
  on_delegated = [&] { posted = port.may_resume == 0 && c->PostUserBuffer(buffer, 7); };
  c->OnSetupAnswer(true);
  EXPECT_TRUE(posted);
  EXPECT_EQ(delegated, 1);
  EXPECT_EQ(port.may_resume, 1);
}

TEST_F(Delegated, TheUserHearsNothingOfARefusedSetup) {
  SettingUp();
  c->OnSetupAnswer(false);
  EXPECT_EQ(delegated, 0);
}

TEST_F(Delegated, TheUserMayAbortWhenItIsDelegated) {
  SettingUp();
  on_delegated = [&] { c->Abort(); };
  c->OnSetupAnswer(true);
  EXPECT_EQ(c->state(), State::kClosed);
  EXPECT_EQ(port.may_resume, 0);
}

TEST_F(Delegated, NoByteTwice) {
  Live();
  c->OnDelegatedData(Piece(1, 100));
  c->OnDelegatedData(Piece(51, 100));
  EXPECT_EQ(ReadAll(), Bytes(Stream().begin() + 1, Stream().begin() + 151));
}

TEST_F(Delegated, ReadingWhileLiveMovesTheEdgeBySet) {
  Live();
  for (uint32_t i = 0; i < 10; ++i) {
    c->OnDelegatedData(Piece(1 + 1000 * i, 1000, Place::kLegacyBuffer));
  }
  EXPECT_TRUE(port.edges.empty());
  ReadAll();
  ASSERT_FALSE(port.edges.empty());
  EXPECT_EQ(port.edges.back(), c->tcb().rcv_adv);
  EXPECT_GT(c->tcb().rcv_adv - c->tcb().rcv_nxt, 15000);
  EXPECT_EQ(PortSent(), "");
}

// A window of 64 KiB at most is a small part of the buffer, and still has to move.
TEST_F(Delegated, ReadingMovesTheEdgeWithoutWindowScalingToo) {
  options.rcv_buf_bytes = 4 << 20;
  Live();
  const Seq edge = c->tcb().rcv_adv;
  EXPECT_EQ(edge - c->tcb().rcv_nxt, 65535);
  for (uint32_t i = 0; i < 10; ++i) c->OnDelegatedData(Piece(1 + 1000 * i, 1000));
  ReadAll();
  ASSERT_FALSE(port.edges.empty());
  EXPECT_LE(port.edges.size(), 2u) << "a command for every few segments is a waste";
  EXPECT_GT(port.edges.back() - edge, 8000);
}

// Corner 48.
TEST_F(Delegated, LiveFramesAreJudgedByTheEngine) {
  Live();
  c->InputLegacy(Rst(1), LiveVerdict());
  EXPECT_EQ(c->state(), State::kEstablished) << "an acceptable one had come with resync";
  EXPECT_EQ(PortSent(), "");
  Segment syn = Syn();
  syn.flags.ack = true;
  c->InputLegacy(syn, LiveVerdict());
  EXPECT_EQ(PortSent(), "[.] 1 ack 1");
}

// Corner 81. It is judged by the numbers that resync brings, not dropped: resent, it could meet a
// live entry each time.
TEST_F(Delegated, SegmentPastALiveEntryAsksForResyncAndIsTakenThen) {
  Live();
  Input(Data(501, 100));
  EXPECT_EQ(port.resync_requests, 1);
  EXPECT_EQ(c->ReadableBytes(), 0u);
  c->OnDelegatedData(Piece(1, 500));
  c->OnDelegatedResync(Notice(501));
  EXPECT_EQ(c->ReadableBytes(), 600u);
  EXPECT_EQ(c->tcb().rcv_nxt, kIrs + 601);
  EXPECT_EQ(c->MayResume(), ResumeBar::kNone);
  EXPECT_EQ(c->IssueResume().rcv_nxt, kIrs + 601);
}

// Corner 81. Taken at once it would lie beyond the run at whose end the engine goes live.
TEST_F(Delegated, SegmentPastAnEntryThatIsResumingWaitsForTheAnswer) {
  Live();
  c->OnDelegatedResync(Notice(1));
  c->IssueResume();
  Input(Data(1, 100));
  EXPECT_EQ(c->tcb().rcv_nxt, kIrs + 1);
  c->OnResumeAnswer(true, kIrs + 1);
  ExpectPhase(Delegation::kLive);
  EXPECT_EQ(port.resync_requests, 1);
  c->OnDelegatedResync(Notice(1));
  EXPECT_EQ(c->ReadableBytes(), 100u);

  c->IssueResume();
  Input(Data(101, 50));
  c->OnResumeAnswer(false, {});
  EXPECT_EQ(c->ReadableBytes(), 150u);
}

// It is nothing that a peer could fill memory with.
TEST_F(Delegated, SegmentsPastALiveEntryAreKeptInASmallNumber) {
  Live();
  for (uint32_t i = 0; i < 1000; ++i) Input(Data(1 + 10 * i, 10));
  EXPECT_LE(c->delegation().kept.size(), 16u);
}

TEST_F(Delegated, ResyncBringsTheConnectionBackWithItsNumbers) {
  Live();
  Write(1, 3000);
  c->OnDelegatedData(Piece(1, 500));
  port.sent.clear();
  ResyncNotice n = Notice(501);
  n.snd_una = kIss + 1001;  // progress that had not been told
  n.snd_wnd = 40000;
  c->OnDelegatedResync(n);
  ExpectPhase(Delegation::kResync);
  EXPECT_EQ(c->tcb().snd_una, kIss + 1001);
  EXPECT_EQ(c->tcb().snd_wnd, 40000u);
  EXPECT_EQ(c->tcb().last_ack_sent, kIrs + 501);
  EXPECT_EQ(c->delegation().run.start(), kIrs + 501);
  Legacy(Data(1501, 100, 3001));  // the frame that caused it
  EXPECT_EQ(PortSent(), "[.] 3001 ack 501");
  ExpectBar(ResumeBar::kHole);
  Legacy(Data(501, 1000, 3001));
  ExpectBar(ResumeBar::kNone);
  EXPECT_EQ(c->delegation().run.start(), kIrs + 1501) << "its start is never lowered";
}

TEST_F(Delegated, ResyncThatLostBytesResetsTheConnection) {
  Live();
  c->OnDelegatedResync(Notice(100));
  EXPECT_EQ(reason, CloseReason::kDeviceFault);
  EXPECT_EQ(port.gone, 1);
}

// -- Taking it back --

TEST_F(Delegated, UndelegatedFromLiveItGoesOnByItself) {
  Live();
  Write(1, 3000);
  c->OnDelegatedData(Piece(1, 500));
  c->BeginUndelegation();
  port.sent.clear();
  Forget();
  Write(3001, 1000);
  EXPECT_EQ(PortSent() + Sent(), "") << "until the answer nothing leaves";
  FinalState f;
  f.rcv_nxt = kIrs + 501;
  f.edge = c->tcb().rcv_adv;
  f.snd_una = kIss + 1001;
  f.snd_nxt = kIss + 2001;  // the last SEND never left
  f.snd_wnd = f.max_wnd = 60000;
  f.wl1 = kIrs + 501;
  f.wl2 = kIss + 1001;
  f.last_ack_sent = kIrs + 501;
  c->OnUndelegated(f);
  ExpectPhase(Delegation::kNone);
  EXPECT_EQ(TakeSent(), "[.] 2001:3001 ack 501; [P.] 3001:4001 ack 501");
  Input(Data(501, 100, 4001));
  EXPECT_EQ(c->ReadableBytes(), 600u);
}

TEST_F(Delegated, UndelegatedFromResyncTheStacksNumbersStand) {
  InResync();
  Legacy(Data(1, 100));
  c->BeginUndelegation();
  Legacy(Data(101, 100));
  FinalState f;
  f.rcv_nxt = kIrs + 1;
  f.snd_una = f.snd_nxt = kIss + 1;
  f.last_ack_sent = kIrs + 1;
  f.edge = c->tcb().rcv_adv;
  c->OnUndelegated(f);
  EXPECT_EQ(c->tcb().rcv_nxt, kIrs + 201);
  EXPECT_EQ(TakeSent(), "[.] 1 ack 201") << "what was owed";
}

TEST_F(Delegated, FaultResetsVisibly) {
  Live();
  c->OnDelegateFault();
  EXPECT_EQ(Sent().substr(0, 4), "[R.]");
  EXPECT_EQ(reason, CloseReason::kDeviceFault);
}

TEST_F(Delegated, NotificationsForADeadConnectionAreHarmless) {
  Live();
  c->Abort();
  c->OnProgress({});
  c->OnDelegatedData(Piece(1, 100));
  c->OnDelegatedResync(Notice(1));
  c->OnResumeAnswer(true, {});
  c->OnSetupAnswer(true);
  c->OnUndelegated({});
  Legacy(Data(1, 100));
  EXPECT_EQ(c->state(), State::kClosed);
}

TEST_F(Delegated, OneSendMayCarryManySegments) {
  port.max_payload = 64 * 1024;
  Live();
  Write(1, 9500);
  EXPECT_EQ(PortSent(), "[P.] 1:9501 ack 1");
  Write(9501, 30000);
  EXPECT_EQ(PortSent(), "") << "less than a segment of the congestion window is left";
}

TEST_F(Delegated, LegacyBufferIsHeldNotCopied) {
  InResync();
  const auto hold = std::make_shared<Bytes>(100);
  Segment s = Data(1, 100);
  s.payload = *hold;
  Legacy(s, hold);
  EXPECT_EQ(hold.use_count(), 2);
  EXPECT_EQ(c->ReadPiece(100)->bytes.data(), hold->data());
  EXPECT_EQ(hold.use_count(), 1);
}

}  // namespace
}  // namespace handoff::tcp
