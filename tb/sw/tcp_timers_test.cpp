// SPDX-License-Identifier: Apache-2.0
#include "sw/tcp/timers.h"

#include <gtest/gtest.h>

#include <vector>

#include "tb/sw/virtual_time.h"

namespace handoff::tcp {
namespace {

TEST(TcpTimers, OneOfAKindAndOnceOnly) {
  tb::VirtualTime time;
  std::vector<TimerKind> fired;
  ConnectionTimers timers(time, [&](TimerKind kind) { fired.push_back(kind); });
  timers.Set(TimerKind::kRetransmit, Micros(100));
  timers.Set(TimerKind::kRetransmit, Micros(300));
  timers.Set(TimerKind::kDelayedAck, Micros(200));
  time.RunFor(Micros(250));
  EXPECT_EQ(fired, (std::vector{TimerKind::kDelayedAck})) << "set anew: not at the old time";
  EXPECT_FALSE(timers.Running(TimerKind::kDelayedAck));
  EXPECT_TRUE(timers.Running(TimerKind::kRetransmit));
  time.RunFor(Micros(1000));
  EXPECT_EQ(fired.size(), 2u);
}

TEST(TcpTimers, CancelledOnesAreGone) {
  tb::VirtualTime time;
  int fired = 0;
  {
    ConnectionTimers timers(time, [&](TimerKind) { ++fired; });
    timers.Set(TimerKind::kPersist, Micros(10));
    timers.Cancel(TimerKind::kPersist);
    timers.Cancel(TimerKind::kPersist);
    timers.Set(TimerKind::kKeepalive, Micros(10));
  }
  EXPECT_TRUE(time.idle()) << "the owner went";
  time.RunFor(Micros(100));
  EXPECT_EQ(fired, 0);
}

TEST(TcpTimers, MayBeSetFromItsOwnExpiry) {
  tb::VirtualTime time;
  int fired = 0;
  ConnectionTimers* self = nullptr;
  ConnectionTimers timers(time, [&](TimerKind kind) {
    if (++fired < 3) self->Set(kind, Micros(10));
  });
  self = &timers;
  timers.Set(TimerKind::kPersist, Micros(10));
  time.RunFor(Micros(1000));
  EXPECT_EQ(fired, 3);
}

}  // namespace
}  // namespace handoff::tcp
