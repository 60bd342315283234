// SPDX-License-Identifier: Apache-2.0
//
// ack against docs/units/ack.md, rule by rule: twins in lockstep, and what must leave.

#include <gtest/gtest.h>

#include <cstdint>
#include <initializer_list>

#include "gen/handoff_ack_rtl.h"
#include "model/handoff_ack.h"
#include "tb/unit/ack/acks.h"

namespace handoff {
namespace {

TEST(Ack, ClearsFirst) {
  Acks<handoff_ack_rtl> a;
  a.bench.Reset();
  a.bench.in.ackreq_ready = true;
  a.bench.in.ackev_valid = true;
  a.bench.in.ackev = Now(7);
  a.bench.Cycle(a.entries);
  EXPECT_FALSE(a.bench.out().quiet);
  EXPECT_FALSE(a.bench.out().ackreq_valid);
  a.Settle();
  a.Expect({Plain(7)});
}

TEST(Ack, LeavesTwoCyclesAfterItsEvent) {
  Acks<handoff_ack_rtl> a;
  a.bench.in.ackev_valid = true;
  a.bench.in.ackev = NowBlock(5, 10, 20);
  a.bench.Cycle();
  EXPECT_FALSE(a.bench.out().ackreq_valid);
  a.bench.Cycle();
  EXPECT_TRUE(a.bench.out().ackreq_valid);
  EXPECT_EQ(a.bench.out().ackreq, Block(5, 10, 20));
  a.bench.in.ackev_valid = true;
  a.bench.in.ackev = Coalesced(6, 2, 3);
  a.bench.Cycle(2);
  EXPECT_TRUE(a.bench.out().ack_tmr_valid);
  EXPECT_EQ(a.bench.out().ack_tmr, Arm(6, 3, 1));
  a.Do(Now(5));  // merges into nothing: it waits for AckSent
  a.bench.in.ackev_valid = true;
  a.bench.in.ackev = Now(5);
  a.bench.Cycle(2);
  EXPECT_TRUE(a.bench.out().ack_cnt_valid);
  EXPECT_EQ(a.bench.out().ack_cnt.index, 43);
  a.bench.Cycle();
  EXPECT_FALSE(a.bench.out().ack_cnt_valid);
}

TEST(Ack, OneEventACycle) {
  Acks<handoff_ack_rtl> a;
  const uint64_t before = a.bench.cycle();
  for (Conn conn = 0; conn < 100; ++conn) a.ackev.Push(Now(conn));
  a.bench.Until([&] { return a.ackev.done(); }, "taken");
  EXPECT_LE(a.bench.cycle() - before, 103u);
  a.Settle();
  ASSERT_EQ(a.ackreq.received(), 100u);
  EXPECT_EQ(a.ackreq.items()[99].cycle - a.ackreq.items()[0].cycle, 99u);
}

TEST(Ack, MergesWhileWaiting) {
  Acks<handoff_ack_rtl> a;
  a.Do(Now(1));
  a.Expect({Plain(1)});
  a.Do(Now(1));
  a.Expect({});
  a.Do(Now(1)), a.Do(DataFrame(1));
  a.Expect({}, {}, 2);
  a.Do(Sent(1));  // it told everything
  a.Expect({});
  a.Do(Now(1));
  a.Expect({Plain(1)});
}

TEST(Ack, NewestBlockWins) {
  Acks<handoff_ack_rtl> a;
  a.Do(Now(1));
  a.Do(NowBlock(1, 10, 11)), a.Do(NowBlock(1, 20, 21)), a.Do(Now(1));
  a.Expect({Plain(1)}, {}, 2);
  a.Do(Sent(1));
  a.Expect({Block(1, 20, 21)});
  a.Do(Sent(1));
  a.Expect({});
}

// Without its flag a block's edges say nothing: none is kept, and a block that waits stays.
TEST(Ack, EdgesWithoutTheirFlagAreNoBlock) {
  Acks<handoff_ack_rtl> a;
  for (Ackev ev : {Now(1), DataFrame(1), Coalesced(1, 1)}) {
    ev.dsack_left = 10;
    ev.dsack_right = 11;
    a.Do(ev);
    a.Expect({Plain(1)});  // at once
    a.Do(ev);
    a.Do(Event(Ack::AckFlush, 1));  // nothing is delayed
    a.Expect({});
    a.Do(NowBlock(1, 20, 21)), a.Do(ev);
    a.Expect({}, {}, 2);
    a.Do(Sent(1));
    a.Expect({Block(1, 20, 21)});  // merged
    a.Do(Sent(1));
  }
}

TEST(Ack, EveryDataFrameWithoutCoalescing) {
  Acks<handoff_ack_rtl> a;
  for (int i = 0; i < 3; ++i) {
    a.Do(DataFrame(2));
    a.Expect({Plain(2)});
    a.Do(Sent(2));
  }
}

TEST(Ack, EverySecondFrame) {
  Acks<handoff_ack_rtl> a;
  for (U8 group = 1; group < 4; ++group) {
    a.Do(Coalesced(3, 2, 1));
    a.Expect({}, {Arm(3, 1, group)});
    a.Do(Coalesced(3, 2, 1));
    a.Expect({Plain(3)}, {Cancel(3, group)});
    a.Do(Sent(3));
    a.Expect({});
  }
}

TEST(Ack, DelayRunsFromTheFirstFrameOfAGroup) {
  Acks<handoff_ack_rtl> a;
  a.Do(Coalesced(3, 4, 2));
  a.Expect({}, {Arm(3, 2, 1)});
  a.Do(Coalesced(3, 4, 1)), a.Do(Coalesced(3, 4, 1));
  a.Expect({}, {});
  a.Do(Expired(3, 1));
  a.Expect({Plain(3)}, {});
  a.Do(Sent(3));
  for (int i = 0; i < 3; ++i) a.Do(Coalesced(3, 4, 0));  // counted from 0 again
  a.Expect({}, {Arm(3, 0, 2)});
}

TEST(Ack, CountOfOneIsAtOnce) {
  Acks<handoff_ack_rtl> a;
  a.Do(Coalesced(3, 1));
  a.Expect({Plain(3)});
  a.Do(Sent(3));
  a.Do(Coalesced(3, 0));  // refused by command; here as 1
  a.Expect({Plain(3)});
}

TEST(Ack, CountsTo255) {
  Acks<handoff_ack_rtl> a;
  for (int i = 0; i < 254; ++i) a.Do(Coalesced(3, 255));
  a.Expect({}, {Arm(3, 0, 1)});
  a.Do(Coalesced(3, 255));
  a.Expect({Plain(3)}, {Cancel(3, 1)});
}

TEST(Ack, FlushSendsWhatIsDelayed) {
  Acks<handoff_ack_rtl> a;
  a.Do(Event(Ack::AckFlush, 4));
  a.Expect({});
  a.Do(Coalesced(4, 8, 1));
  a.Do(Event(Ack::AckFlush, 4));
  a.Expect({Plain(4)}, {Arm(4, 1, 1), Cancel(4, 1)});
  a.Do(Event(Ack::AckFlush, 4));
  a.Expect({});
}

TEST(Ack, OldEpochDoesNothing) {
  Acks<handoff_ack_rtl> a;
  a.Do(Coalesced(4, 8, 1));
  a.Do(Now(4)), a.Do(Sent(4));
  a.Do(Coalesced(4, 8, 1));
  a.Expect({Plain(4)}, {Arm(4, 1, 1), Cancel(4, 1), Arm(4, 1, 2)});
  a.Do(Expired(4, 1));
  a.Expect({});
  a.Do(Expired(4, 2));
  a.Expect({Plain(4)});
  a.Do(Sent(4));
  a.Do(Expired(4, 2));  // no longer armed
  a.Expect({});
}

TEST(Ack, SentResetsCountAndDelay) {
  Acks<handoff_ack_rtl> a;
  a.Do(Coalesced(4, 2, 1)), a.Do(Sent(4));
  a.Expect({}, {Arm(4, 1, 1), Cancel(4, 1)});
  a.Do(Coalesced(4, 2, 1));
  a.Expect({}, {Arm(4, 1, 2)});
}

TEST(Ack, SetupForgetsAllButWhatIsOnItsWay) {
  Acks<handoff_ack_rtl> a;
  a.Do(Now(5));
  a.Do(NowBlock(5, 1, 2));
  a.Do(Coalesced(6, 3, 1));
  a.Expect({Plain(5)}, {Arm(6, 1, 1)});
  a.Do(Event(Ack::AckSetup, 5)), a.Do(Event(Ack::AckSetup, 6));
  a.Expect({}, {Cancel(6, 1)});
  a.Do(Now(5));
  a.Expect({});  // the one before is still in tx
  a.Do(Sent(5));
  a.Expect({});
  a.Do(Coalesced(6, 2, 1));
  a.Expect({}, {Arm(6, 1, 2)});
}

TEST(Ack, WaitsForSent) {
  Acks<handoff_ack_rtl> a;
  a.Do(Now(1)), a.Do(Now(2)), a.Do(Now(1));
  a.Expect({Plain(1), Plain(2)});
  a.Do(Sent(2)), a.Do(Now(2));
  a.Expect({Plain(2)});
}

// Four requests: three fill the way out, the rest queue.
template <class A>
void HoldUp(A& a, std::initializer_list<Conn> conns) {
  a.ackreq.SetPace(0);
  for (const Conn conn : conns) a.ackev.Push(Now(conn));
  a.bench.Cycle(conns.size() + 8);
}

TEST(Ack, RequestBlockedQueues) {
  Acks<handoff_ack_rtl> a;
  HoldUp(a, {1, 2, 3, 4, 5});
  EXPECT_EQ(a.bench.out().ackreq, Plain(3));
  a.ackev.Push(NowBlock(4, 7, 8));  // merges in the queue
  a.bench.Cycle(5);
  EXPECT_EQ(a.ack_cnt.received(), 1u);
  a.ackreq.SetPace(1);
  a.Settle();
  a.Expect({Plain(1), Plain(2), Plain(3), Block(4, 7, 8), Plain(5)}, {}, 1);
}

TEST(Ack, SentLeavesATombstone) {
  Acks<handoff_ack_rtl> a;
  HoldUp(a, {1, 2, 3, 4, 5, 6});
  a.ackev.Push(Sent(4));                        // a segment told it
  a.ackev.Push(Sent(5)), a.ackev.Push(Now(5));  // wanted again: keeps its place, not counted
  a.bench.Cycle(8);
  a.ackreq.SetPace(1);
  a.Settle();
  a.Expect({Plain(1), Plain(2), Plain(3), Plain(5), Plain(6)});
  a.Do(Now(4));  // its tombstone is gone, and nothing of it is on its way
  a.Expect({Plain(4)});
}

TEST(Ack, SentKeepsABlock) {
  Acks<handoff_ack_rtl> a;
  HoldUp(a, {1, 2, 3});
  a.ackev.Push(NowBlock(4, 30, 40));
  a.ackev.Push(Sent(4));
  a.bench.Cycle(8);
  a.ackreq.SetPace(1);
  a.Settle();
  a.Expect({Plain(1), Plain(2), Plain(3), Block(4, 30, 40)});
}

TEST(Ack, ThroughTheQueueInFourCycles) {
  Acks<handoff_ack_rtl> a;
  HoldUp(a, {1, 2, 3});
  a.bench.in.ackev_valid = true;
  a.bench.in.ackev = Now(4);
  a.bench.Cycle(2);  // s0, and s1 in cycle m: the way is not free, so it queues
  a.bench.in.ackreq_ready = true;
  a.bench.Cycle(2);  // m + 1, m + 2
  EXPECT_FALSE(a.bench.out().ackreq_valid);
  a.bench.Cycle();  // m + 3
  EXPECT_TRUE(a.bench.out().ackreq_valid);
  EXPECT_EQ(a.bench.out().ackreq, Plain(4));
}

TEST(Ack, TimerBlockedStalls) {
  Acks<handoff_ack_rtl> a;
  a.ack_tmr.SetPace(0);
  for (Conn conn = 1; conn < 6; ++conn) a.ackev.Push(Coalesced(conn, 2));
  a.ackev.Push(Now(9));
  a.bench.Cycle(20);
  EXPECT_TRUE(a.bench.out().ack_tmr_valid);
  EXPECT_EQ(a.bench.out().ack_tmr, Arm(3, 0, 1));
  EXPECT_FALSE(a.bench.out().ackev_ready);
  EXPECT_TRUE(a.ackreq.empty());
  a.ack_tmr.SetPace(1);
  a.Settle();
  a.Expect({Plain(9)}, {Arm(1, 0, 1), Arm(2, 0, 1), Arm(3, 0, 1), Arm(4, 0, 1), Arm(5, 0, 1)});
}

TEST(Ack, BackToBackSeesTheWordBefore) {
  Acks<handoff_ack_rtl> a;
  for (const Ackev& ev : {Coalesced(1, 3), Coalesced(1, 3), Coalesced(1, 3), Sent(1), Now(1),
                          NowBlock(1, 5, 6), NowBlock(1, 7, 8), Sent(1), Sent(1), Now(1)}) {
    a.ackev.Push(ev);
  }
  a.Settle();
  a.Expect({Plain(1), Plain(1), Block(1, 7, 8), Plain(1)}, {Arm(1, 0, 1), Cancel(1, 1)}, 1);
}

TEST(Ack, ConnIsItsLowBits) {
  Acks<handoff_ack_rtl> a;
  a.Do(Now(static_cast<Conn>(0x8000 + a.entries + 3)));
  a.Expect({Plain(3)});
}

}  // namespace
}  // namespace handoff
