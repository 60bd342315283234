// SPDX-License-Identifier: Apache-2.0
//
// notify against docs/units/notify.md, the ring: twins in lockstep, and beside them what must come
// of each notification.

#include <gtest/gtest.h>

#include <cstdint>

#include "gen/handoff_notify_rtl.h"
#include "tb/unit/notify/rig.h"

namespace handoff {
namespace {

TEST(Notify, ClearsBeforeItTakesProgress) {
  Notify<handoff_notify_rtl> notify;
  notify.Enable();
  notify.PushProgress(3);
  notify.PushDone();
  notify.Step(1024);
  EXPECT_EQ(notify.written.size(), 1u) << "done is taken meanwhile";
  notify.StepUntil([&] { return notify.Done(); }, "progress", 40);
  EXPECT_EQ(notify.written.size(), 2u);
}

TEST(Notify, KeepsItsLatencies) {
  Notify notify;
  notify.Enable();
  notify.Settle();
  auto cycle_of_next = [&](auto&& push) {
    push();
    const uint64_t n = notify.bench.cycle() + 1;  // valid in the next cycle
    const size_t before = notify.written.size();
    notify.StepUntil([&] { return notify.written.size() > before; }, "an entry");
    const uint64_t took = notify.written.back().cycle - n;
    notify.StepUntil([&] { return notify.bench.out().quiet; }, "quiet");
    return took;
  };
  EXPECT_EQ(cycle_of_next([&] { notify.PushDone(); }), 1 + kPairWait) << "lower half, alone";
  EXPECT_EQ(cycle_of_next([&] { notify.PushDone(); }), 1u) << "upper half";
  EXPECT_EQ(cycle_of_next([&] { notify.PushDone(), notify.PushDone(); }), 2u) << "both";
  EXPECT_EQ(cycle_of_next([&] { notify.PushDone(); }), 1 + kPairWait);
  EXPECT_EQ(cycle_of_next([&] { notify.PushProgress(1); }), 6u) << "selected after five";
}

TEST(Notify, PairsEntriesInOneBeat) {
  Notify notify;
  notify.Enable(10);
  for (int i = 0; i < 100; ++i) notify.PushDone(), notify.PushSent();
  notify.StepUntil([&] { return notify.Done(); }, "all");
  EXPECT_EQ(notify.beats, 100u);
  EXPECT_EQ(notify.written.back().cycle - notify.written.front().cycle, 198u);
}

TEST(Notify, TellsProgressEveryTwoCycles) {
  Notify notify;
  notify.Enable(10);
  notify.Settle();
  for (Conn conn = 0; conn < 60; ++conn) notify.PushProgress(conn);
  notify.StepUntil([&] { return notify.Done(); }, "all");
  ASSERT_EQ(notify.written.size(), 60u);
  EXPECT_EQ(notify.written.back().cycle - notify.written.front().cycle, 2 * (60u - 2));
}

TEST(Notify, TakesDoneSentAndProgressInTurn) {
  Notify notify;
  notify.Settle();
  for (Conn conn = 0; conn < 20; ++conn)
    notify.PushDone(), notify.PushSent(), notify.PushProgress(conn);
  notify.Step(60);  // all three wait
  notify.Enable(10);
  notify.StepUntil([&] { return notify.Done(); }, "all");
  const NtfKind turns[] = {NtfKind::NtfDone, NtfKind::NtfSent, NtfKind::NtfProgress};
  for (size_t i = 0; i < 30; ++i) EXPECT_EQ(notify.written[i].ntf.kind, turns[i % 3]) << i;
}

TEST(Notify, NeverWritesOverUnconsumedEntries) {
  Notify notify;
  notify.Enable(3);
  for (int i = 0; i < 40; ++i) notify.PushDone();
  notify.Step(100);
  EXPECT_EQ(notify.written.size(), 7u);
  for (size_t n = 7; n < 30; ++n) {
    EXPECT_EQ(notify.written.size(), n);
    notify.Consume(1);
    notify.Step(20);
  }
  notify.consume_chance = 1;
  notify.StepUntil([&] { return notify.Done(); }, "all");
}

TEST(Notify, FlipsThePhaseAtTheRingsEnd) {
  for (const uint32_t log_size : {1u, 2u, 16u}) {
    Notify notify;  // every entry's phase is checked
    notify.Enable(log_size);
    notify.consume_chance = 0.5;
    const uint32_t n = log_size == 16 ? 70000 : 50;
    for (uint32_t i = 0; i < n; ++i) notify.PushDone();
    notify.StepUntil([&] { return notify.Done(); }, "all", 200000);
    EXPECT_GT(notify.entries_written(), notify.size());
  }
}

TEST(Notify, HoldsProgressBackForTheReserve) {
  Notify notify;
  notify.bench.in.cfg.ntf_reserve = 60;
  notify.Enable(6);
  notify.Settle();
  for (int i = 0; i < 3; ++i) notify.PushDone();  // 60 entries are free
  notify.Step(20);
  for (int i = 0; i < 10; ++i) notify.PushProgress(5), notify.PushProgress(6);
  notify.PushSent();
  notify.Step(100);
  EXPECT_EQ(notify.written.size(), 4u) << "sent goes on, progress waits";
  notify.Consume(1);
  notify.Step(20);
  EXPECT_EQ(notify.written.size(), 4u) << "60 are not more than 60";
  notify.Consume(1);
  notify.Step(20);
  EXPECT_EQ(notify.written.size(), 5u) << "61 are";
  notify.Consume(64);
  notify.StepUntil([&] { return notify.Done(); }, "the newest of both");
  EXPECT_EQ(notify.written.size(), 6u);
}

TEST(Notify, ForgetsCancelledProgress) {
  Notify notify;
  notify.Settle();
  for (const Conn conn : {1, 2, 3, 4}) notify.PushProgress(conn);
  notify.Step(40);  // 1 is next in line, the others stand in the queue
  for (const Conn conn : {1, 2, 4}) notify.PushProgress(conn, true);
  notify.PushProgress(4);
  notify.Step(40);
  notify.Enable();
  notify.StepUntil([&] { return notify.Done(); }, "the others");
  notify.Step(40);
  ASSERT_EQ(notify.written.size(), 2u);
  EXPECT_EQ(notify.written[0].ntf.conn, 3);
  EXPECT_EQ(notify.written[1].ntf.conn, 4);
}

TEST(Notify, TellsSelectedProgressAndThenNewer) {
  Notify notify;
  notify.Enable();
  notify.Settle();
  notify.PushProgress(9);
  notify.Step(8);  // selected: it waits for its pair
  notify.PushProgress(9, true);
  notify.PushProgress(9);
  notify.StepUntil([&] { return notify.Done(); }, "both");
  EXPECT_EQ(notify.written.size(), 2u);
}

TEST(Notify, WaitsForThirtyTwoAnswers) {
  Notify notify;
  notify.Enable(10);
  notify.answer_chance = 0;
  for (int i = 0; i < 100; ++i) notify.PushDone();
  notify.Step(300);
  EXPECT_EQ(notify.beats, 32u);
  notify.answer_chance = 1;
  notify.StepUntil([&] { return notify.Done(); }, "all");
}

TEST(Notify, StopsAtAWriteError) {
  Notify notify;
  notify.Enable();
  notify.error_chance = 1;
  notify.PushDone();
  notify.StepUntil([&] { return notify.fault(); }, "an error");
  notify.error_chance = 0;
  for (int i = 0; i < 10; ++i) notify.PushDone(), notify.PushSent();
  const uint64_t beats = notify.beats;
  notify.Step(200);
  EXPECT_EQ(notify.beats, beats);
  EXPECT_EQ(notify.bench.out().ntf_prod, 0);
}

TEST(Notify, StartsOverWhenTheRingIsEnabledAgain) {
  Notify notify;
  notify.Enable(2);
  notify.answer_chance = 0;
  notify.consume_chance = 1;
  for (int i = 0; i < 6; ++i) notify.PushDone();
  notify.Step(40);
  notify.PushSent();
  notify.Step(3);  // it stands in hold
  notify.Disable();
  notify.Step(3);
  notify.Enable(3, 0x20000);
  notify.PushDone();
  const uint64_t beats = notify.beats;
  notify.Step(50);
  EXPECT_EQ(notify.beats, beats) << "waits for what is under way";
  notify.answer_chance = 1;
  notify.Step(50);
  EXPECT_EQ(notify.beats, beats + 1);
  EXPECT_EQ(notify.written.back().ntf.kind, NtfKind::NtfDone) << "what was held is forgotten";
  EXPECT_EQ(notify.bench.out().ntf_prod, 1);
}

TEST(Notify, IgnoresAnswersToNothing) {
  Notify notify;
  notify.Settle();
  notify.nonsense_chance = 1;
  notify.Step(20);
  EXPECT_FALSE(notify.bench.out().ntf_fault);
  notify.nonsense_chance = 0;
  notify.Enable();
  notify.PushDone();
  notify.StepUntil([&] { return notify.Done(); }, "the entry");
}

}  // namespace
}  // namespace handoff
