// SPDX-License-Identifier: Apache-2.0
//
// timers against docs/units/timers.md: twins in lockstep, and beside them lists kept in the
// simplest way.

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "tb/unit/timers/rig.h"

namespace handoff {
namespace {

TEST(Timers, ClearsFirst) {
  Timers<> t;
  t.bench.Reset();
  t.bench.in.ack_tmr_valid = true;
  t.bench.in.ack_tmr = {.conn = 3, .arm = true, .delay_class = 1, .epoch = 9};
  EXPECT_EQ(t.bench.out().wake_us, kNever);
  EXPECT_FALSE(t.bench.out().quiet);
  for (uint32_t i = 0; i < 2 * t.entries; ++i) {
    t.bench.Cycle();
    EXPECT_EQ(t.bench.out().wake_us, kNever);
    EXPECT_FALSE(t.bench.out().quiet);
  }
  // The skid took it in the first cycles; it is looked at after the walk, with its time.
  t.bench.in.time_us = 500;
  t.bench.in.cfg.delay1_us = 7;
  t.bench.Cycle(3);
  EXPECT_EQ(t.bench.out().wake_us, 507u);
}

TEST(Timers, RequestTakesTwoCyclesAndArmingAnewThree) {
  Timers<> t;
  const auto cycles = [&](auto&& push) {
    const uint64_t before = t.bench.cycle();
    for (Conn conn = 0; conn < 200; ++conn) push(conn);
    t.bench.Until([&] { return t.ack.done(); }, "taken");
    return t.bench.cycle() - before;
  };
  EXPECT_NEAR(static_cast<double>(cycles([&](Conn conn) { t.Arm(conn, conn % 4, 1); })), 400, 6);
  EXPECT_NEAR(static_cast<double>(cycles([&](Conn conn) { t.Arm(conn, conn % 4, 2); })), 600, 6);
  EXPECT_NEAR(static_cast<double>(cycles([&](Conn conn) { t.Cancel(conn); })), 400, 6);
  EXPECT_NEAR(static_cast<double>(cycles([&](Conn conn) { t.Cancel(conn); })), 400, 6);
  t.ExpectExpired({});
}

TEST(Timers, ExpiresTwoCyclesAfterItsDeadline) {
  Timers<> t;
  t.Arm(77, 2, 5);
  t.Settle();
  EXPECT_EQ(t.bench.out().wake_us, 1030u);
  t.now() = 1029;
  t.bench.Cycle(10);
  EXPECT_TRUE(t.expiry.empty());
  t.now() = 1030;  // cycle n
  t.bench.Cycle(1);
  EXPECT_FALSE(t.bench.out().expiry_valid);
  t.bench.Cycle(1);
  EXPECT_TRUE(t.bench.out().expiry_valid);
  EXPECT_EQ(t.bench.out().expiry, Ack(77, 5));
  t.bench.Cycle(2);
  EXPECT_EQ(t.bench.out().wake_us, kNever);
  t.ExpectExpired({Ack(77, 5)});
}

TEST(Timers, TakesAnExpiryBeforeARequest) {
  Timers<> t;
  t.Arm(1, 0, 8);
  t.Settle();
  // The deadline is reached in the very cycle in which its cancellation arrives.
  t.now() = 1010;
  t.bench.in.ack_tmr_valid = true;
  t.bench.in.ack_tmr = {.conn = 1};
  t.bench.Cycle();
  t.ExpectExpired({Ack(1, 8)});
  // One cycle earlier, the cancellation is first.
  t.Arm(1, 0, 9);
  t.Settle();
  t.bench.in.ack_tmr_valid = true;
  t.bench.in.ack_tmr = {.conn = 1};
  t.bench.Cycle();
  t.now() = 1020;
  t.ExpectExpired({});
}

TEST(Timers, CancelledNeverFires) {
  Timers<> t;
  for (Conn conn = 0; conn < 12; ++conn) t.Arm(conn, conn % 4, static_cast<U8>(conn));
  for (Conn conn = 0; conn < 12; ++conn) t.Cancel(conn);
  t.Cancel(3);  // not armed: nothing
  t.Settle();
  EXPECT_EQ(t.bench.out().wake_us, kNever);
  t.now() = 5000;
  t.ExpectExpired({});
}

TEST(Timers, ArmedAnewFiresOnceLater) {
  Timers<> t;
  t.Arm(4, 0, 1);
  t.Settle();
  t.now() = 1009;
  t.Arm(4, 0, 2);
  t.ExpectExpired({});
  t.now() = 1018;
  t.ExpectExpired({});
  EXPECT_EQ(t.bench.out().wake_us, 1019u);
  t.Arm(4, 3, 3);  // into another class
  t.ExpectExpired({});
  t.now() = 1057;
  t.ExpectExpired({});
  t.now() = 1058;
  t.ExpectExpired({Ack(4, 3)});
  t.now() = 9999;
  t.ExpectExpired({});
}

TEST(Timers, DelayChangeKeepsOrder) {
  Timers<> t;
  t.Arm(1, 2, 1);  // due 1030
  t.Settle();
  t.SetDelays({10, 20, 5, 40});
  t.Arm(2, 2, 2);  // not before the one before it
  t.Settle();
  t.now() = 1029;
  t.ExpectExpired({});
  t.Arm(3, 2, 3);  // 1034
  t.Settle();
  t.now() = 1030;
  t.ExpectExpired({Ack(1, 1), Ack(2, 2)});
  EXPECT_EQ(t.bench.out().wake_us, 1034u);
  t.now() = 1034;
  t.ExpectExpired({Ack(3, 3)});
  // A cancelled last one still counts.
  t.Arm(6, 3, 1), t.Arm(7, 3, 2);
  t.Settle();
  t.now() = 1035;
  t.Arm(7, 3, 3);  // 1075
  t.Cancel(7);
  t.Settle();
  t.SetDelays({10, 20, 1, 2});
  t.Arm(8, 3, 4);
  t.Cancel(6);
  t.Settle();
  EXPECT_EQ(t.bench.out().wake_us, 1075u);
  t.Arm(5, 2, 4);  // the list is empty: its last deadline is forgotten
  t.Settle();
  EXPECT_EQ(t.bench.out().wake_us, 1036u);
}

TEST(Timers, WakeIsTheNextDeadline) {
  Timers<> t;
  // Two cycles after the StExec of a new head.
  t.bench.in.ack_tmr_valid = true;
  t.bench.in.ack_tmr = {.conn = 1, .arm = true, .delay_class = 3, .epoch = 1};
  t.bench.Cycle(2);
  EXPECT_EQ(t.bench.out().wake_us, kNever);
  t.bench.Cycle(1);
  EXPECT_EQ(t.bench.out().wake_us, 1040u);
  t.Arm(2, 1, 1);
  t.Settle();
  EXPECT_EQ(t.bench.out().wake_us, 1020u);
  t.now() = 1001;
  t.Arm(3, 1, 1);
  t.Settle();
  EXPECT_EQ(t.bench.out().wake_us, 1020u);
  // One more when a follower becomes the head.
  t.bench.in.ack_tmr_valid = true;
  t.bench.in.ack_tmr = {.conn = 2};
  t.bench.Cycle(3);
  EXPECT_EQ(t.bench.out().wake_us, 1020u);
  t.bench.Cycle(1);
  EXPECT_EQ(t.bench.out().wake_us, 1021u);
  t.Cancel(3);
  t.Settle();
  EXPECT_EQ(t.bench.out().wake_us, 1040u);
  t.Cancel(1);
  t.Settle();
  EXPECT_EQ(t.bench.out().wake_us, kNever);
}

TEST(Timers, UnlinksEveryPlace) {
  Timers<> t;
  for (uint32_t gone = 0; gone < 5; ++gone) {
    for (Conn conn = 0; conn < 5; ++conn) t.Arm(conn, 1, static_cast<U8>(conn));
    t.Cancel(static_cast<Conn>(gone));
    std::vector<Expiry> expected;
    for (Conn conn = 0; conn < 5; ++conn) {
      if (conn != gone) expected.push_back(Ack(conn, static_cast<U8>(conn)));
    }
    t.Settle();
    t.now() += 20;
    t.ExpectExpired(expected);
  }
  // To the tail from every place.
  for (uint32_t again = 0; again < 5; ++again) {
    for (Conn conn = 0; conn < 5; ++conn) t.Arm(conn, 1, static_cast<U8>(conn));
    t.Arm(static_cast<Conn>(again), 1, 99);
    std::vector<Expiry> expected;
    for (Conn conn = 0; conn < 5; ++conn) {
      if (conn != again) expected.push_back(Ack(conn, static_cast<U8>(conn)));
    }
    expected.push_back(Ack(static_cast<Conn>(again), 99));
    t.Settle();
    t.now() += 20;
    t.ExpectExpired(expected);
  }
}

TEST(Timers, RequestsPassABlockedExpiry) {
  Timers<> t;
  t.expiry.SetPace(0);
  for (Conn conn = 0; conn < 6; ++conn) t.Arm(conn, 0, static_cast<U8>(conn));
  t.bench.Cycle(20);
  t.now() = 1010;
  t.bench.Cycle(20);  // two in the consumer's skid, one at the output
  EXPECT_TRUE(t.bench.out().expiry_valid);
  EXPECT_EQ(t.bench.out().expiry, Ack(2, 2));
  t.Cancel(3);
  t.Arm(4, 3, 40);
  t.bench.Cycle(20);
  EXPECT_TRUE(t.ack.done());
  EXPECT_EQ(t.bench.out().expiry, Ack(2, 2));
  t.expiry.SetPace(1);
  t.ExpectExpired({Ack(0, 0), Ack(1, 1), Ack(2, 2), Ack(5, 5)});
  t.now() = 1050;
  t.ExpectExpired({Ack(4, 40)});
}

TEST(Timers, SeveralDueLeaveByDeadlineThenClass) {
  Timers<> t;
  t.SetDelays({100, 100, 50, 70});
  t.Arm(1, 1, 1), t.Arm(2, 0, 2), t.Arm(3, 2, 3), t.Arm(4, 3, 4), t.Arm(5, 2, 5);
  t.Settle();
  t.now() = 1100;
  t.bench.Cycle(40);
  std::vector<uint64_t> cycles;
  for (const auto& item : t.expiry.items()) cycles.push_back(item.cycle);
  ASSERT_EQ(cycles.size(), 5u);
  EXPECT_EQ(cycles[1] - cycles[0], 3u);  // a follower must be read
  EXPECT_EQ(cycles[2] - cycles[1], 2u);
  EXPECT_EQ(cycles[3] - cycles[2], 2u);
  t.ExpectExpired({Ack(3, 3), Ack(5, 5), Ack(4, 4), Ack(2, 2), Ack(1, 1)});
}

TEST(Timers, AcksAndHandBacksKnowNothingOfEachOther) {
  Timers<> t;
  t.Arm(9, 0, 1);
  t.back.Push({.conn = 9, .arm = true, .delay_class = 0, .epoch = 2});
  t.Settle();
  t.Cancel(9);
  t.Settle();
  EXPECT_EQ(t.bench.out().wake_us, 1010u);
  t.now() = 1010;
  t.ExpectExpired({Back(9, 2)});
}

TEST(Timers, ChannelsTakeTurns) {
  Timers<> t;
  for (Conn conn = 0; conn < 50; ++conn) {
    t.Arm(conn, 0, 1);
    t.back.Push({.conn = conn, .arm = true, .delay_class = 1, .epoch = 2});
  }
  for (int i = 0; i < 180; ++i) {
    t.bench.Cycle();
    if (t.ack.done() || t.back.done()) break;
    EXPECT_LE(
        t.ack.sent() > t.back.sent() ? t.ack.sent() - t.back.sent() : t.back.sent() - t.ack.sent(),
        1u);
  }
  t.Settle();
}

TEST(Timers, ConnIsItsLowBits) {
  Timers<> t;
  t.Arm(static_cast<Conn>(0x8000 + t.entries + 5), 0, 7);
  t.Settle();
  t.now() = 1010;
  t.ExpectExpired({Ack(5, 7)});
}

TEST(Timers, TimeIsComparedUnsigned) {
  Timers<> t;
  t.now() = kNever - 15;
  t.Arm(1, 0, 1);  // all ones less 5
  t.Arm(2, 1, 2);  // wraps to 4: at once
  t.ExpectExpired({Ack(2, 2)});
  EXPECT_EQ(t.bench.out().wake_us, kNever - 5);
  t.now() = kNever - 5;
  t.ExpectExpired({Ack(1, 1)});
}

}  // namespace
}  // namespace handoff
