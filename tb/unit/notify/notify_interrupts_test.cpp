// SPDX-License-Identifier: Apache-2.0
//
// notify against docs/units/notify.md, the interrupts: by count, by deadline, merged, and at a
// halt.

#include <gtest/gtest.h>

#include <cstdint>

#include "tb/unit/notify/rig.h"

namespace handoff {
namespace {

TEST(Notify, FiresAtTheCount) {
  for (const uint16_t count : {0, 1, 2, 5}) {
    Notify notify;
    notify.bench.in.cfg.irq_count = count;
    notify.Enable();
    for (uint64_t i = 1; i < count; ++i) notify.PushDone(), notify.Step(30);
    EXPECT_EQ(notify.irqs, 0u);
    notify.PushDone();
    notify.Step(30);
    EXPECT_EQ(notify.irqs, 1u);
  }
}

TEST(Notify, WakesAtTheDeadline) {
  Notify notify;
  auto& in = notify.bench.in;
  in.cfg.irq_count = 100, in.cfg.irq_delay_us = 50;
  notify.cycles_a_us = 0;
  in.time_us = 1000;
  notify.Enable();
  notify.PushDone();
  notify.Step(20);
  EXPECT_EQ(notify.bench.out().wake_us, 1050u);
  in.time_us = 1030;
  notify.PushDone();  // does not move the deadline
  notify.Settle();
  EXPECT_EQ(notify.bench.out().wake_us, 1050u);
  EXPECT_TRUE(notify.bench.out().quiet) << "an armed deadline is no work";
  in.time_us = 1049;
  notify.Step(50);
  EXPECT_EQ(notify.irqs, 0u);
  in.time_us = 1050;
  notify.Step(5);
  EXPECT_EQ(notify.irqs, 1u);
  EXPECT_EQ(notify.bench.out().wake_us, kNever);
}

TEST(Notify, FiresAgainForNewerEntries) {
  Notify notify;
  auto& in = notify.bench.in;
  notify.Enable();
  for (int i = 0; i < 3; ++i) notify.PushDone();
  notify.Step(30);
  const uint64_t irqs = notify.irqs;
  notify.Consume(1);
  notify.Step(5);
  EXPECT_EQ(notify.irqs, irqs + 1) << "two are there still";
  notify.Consume(2);
  notify.Step(5);
  EXPECT_EQ(notify.irqs, irqs + 1) << "none is";
  in.cfg.irq_count = 100, in.cfg.irq_delay_us = 1000;
  notify.PushDone();
  notify.Step(30);
  EXPECT_NE(notify.bench.out().wake_us, kNever);
  notify.Consume(1);
  notify.Step(2);
  EXPECT_EQ(notify.bench.out().wake_us, kNever) << "nothing is left to announce";
}

TEST(Notify, MergesInterrupts) {
  Notify notify;
  notify.Enable();
  notify.irq.SetPace(0);
  for (int i = 0; i < 20; ++i) notify.PushDone(), notify.Step(10);
  EXPECT_EQ(notify.irqs, 2u);
  EXPECT_TRUE(notify.bench.out().irq_valid);
  notify.irq.SetPace(1);
  notify.Step(20);
  EXPECT_EQ(notify.irqs, 3u);
}

TEST(Notify, TellsAHaltOnce) {
  Notify notify;  // without a ring
  notify.Settle();
  for (const bool halt : {true, false}) {
    notify.bench.in.halt = halt;
    notify.Step(50);
    EXPECT_EQ(notify.irqs, 1u);
  }
}

}  // namespace
}  // namespace handoff
