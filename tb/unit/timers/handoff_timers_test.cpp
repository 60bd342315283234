// SPDX-License-Identifier: Apache-2.0
//
// timers against docs/units/timers.md: twins in lockstep, and beside them lists kept in the
// simplest way, which say what must leave, in which order, and what the next deadline is.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "gen/handoff_timers_rtl.h"
#include "gen/handoff_timers_small_rtl.h"
#include "model/handoff_timers.h"
#include "tb/twin/channel_hits.h"
#include "tb/twin/twin_bench.h"

namespace handoff {
namespace {

constexpr uint64_t kNever = ~uint64_t{0};
constexpr uint32_t kClasses = 4;

// A timer: connection and kind.
using Node = std::pair<Conn, bool>;

// What the unit must do, for requests in a known order at known times.
class Lists {
 public:
  enum Place { kOnly, kHead, kTail, kMiddle, kNone };

  Place Request(bool is_handback, const Tmr& tmr, uint64_t now, uint64_t delay) {
    const Node node{tmr.conn, is_handback};
    const Place place = Remove(node);
    if (!tmr.arm) return place;
    auto& list = lists_[tmr.delay_class];
    uint64_t due = now + delay;
    // The last deadline given counts, even of a timer that has been cancelled since.
    uint64_t& last = last_due_[tmr.delay_class];
    kept_order = !list.empty() && last > due;
    if (kept_order) due = last;
    last = due;
    list.push_back({node, due, tmr.epoch});
    return place;
  }
  uint64_t Wake() const {
    uint64_t wake = kNever;
    for (const auto& list : lists_) {
      if (!list.empty()) wake = std::min(wake, list.front().due);
    }
    return wake;
  }
  // What leaves at `now`, first to last.
  std::vector<Expiry> Expire(uint64_t now) {
    std::vector<Expiry> expired;
    while (Wake() <= now && Wake() != kNever) {
      for (auto& list : lists_) {
        if (list.empty() || list.front().due != Wake()) continue;
        const Entry& entry = list.front();
        expired.push_back({entry.node.first, entry.node.second, entry.epoch});
        list.pop_front();
        break;
      }
    }
    return expired;
  }
  bool kept_order = false;  // the last arm would have been due before its list's last

 private:
  struct Entry {
    Node node;
    uint64_t due;
    U8 epoch;
  };
  Place Remove(const Node& node) {
    for (auto& list : lists_) {
      for (size_t i = 0; i < list.size(); ++i) {
        if (list[i].node != node) continue;
        const Place place = list.size() == 1       ? kOnly
                            : i == 0               ? kHead
                            : i + 1 == list.size() ? kTail
                                                   : kMiddle;
        list.erase(list.begin() + static_cast<std::ptrdiff_t>(i));
        return place;
      }
    }
    return kNone;
  }
  std::array<std::deque<Entry>, kClasses> lists_;
  std::array<uint64_t, kClasses> last_due_{};
};

template <class RtlClass = handoff_timers_rtl>
class Timers {
 public:
  using Bench = TwinBench<handoff_timers, RtlClass>;
  Bench bench;
  Producer<Tmr> ack{bench, bench.to.ack_tmr}, back{bench, bench.to.back_tmr};
  Consumer<Expiry> expiry{bench, bench.from.expiry};
  const uint32_t entries = RtlClass::template ModelParams<handoff_timers::Params>().DctEntries;

  Timers() { Start(); }

  // Out of reset, cleared, time 1000, delays 10, 20, 30, 40.
  void Start() {
    bench.in.time_us = 1000;
    SetDelays({10, 20, 30, 40});
    bench.in.expiry_ready = true;
    bench.Until([&] { return bench.out().quiet; }, "cleared", 2 * entries + 4);
  }
  void SetDelays(const std::array<uint32_t, kClasses>& delay) {
    bench.in.cfg.delay0_us = delay[0];
    bench.in.cfg.delay1_us = delay[1];
    bench.in.cfg.delay2_us = delay[2];
    bench.in.cfg.delay3_us = delay[3];
    delays_ = delay;
  }
  uint32_t delay(uint32_t c) const { return delays_[c]; }
  uint64_t& now() { return bench.in.time_us; }

  void Arm(Conn conn, uint8_t delay_class, U8 epoch) {
    ack.Push({.conn = conn, .arm = true, .delay_class = delay_class, .epoch = epoch});
  }
  void Cancel(Conn conn) { ack.Push({.conn = conn}); }
  // Until nothing moves any more.
  void Settle() {
    bench.Cycle(2);
    bench.Until([&] { return ack.done() && back.done() && bench.out().quiet; }, "settled", 100000);
  }
  // Everything that left, in order, and nothing else waits at this time.
  void ExpectExpired(const std::vector<Expiry>& expected) {
    Settle();
    std::vector<Expiry> seen;
    while (!expiry.empty()) seen.push_back(expiry.Take());
    ASSERT_EQ(seen.size(), expected.size());
    for (size_t i = 0; i < seen.size(); ++i) {
      EXPECT_EQ(seen[i], expected[i])
          << i << ": " << seen[i].ToString() << " for " << expected[i].ToString();
    }
  }

 private:
  std::array<uint32_t, kClasses> delays_{};
};

Expiry Ack(Conn conn, U8 epoch) { return {.conn = conn, .is_handback = false, .epoch = epoch}; }
Expiry Back(Conn conn, U8 epoch) { return {.conn = conn, .is_handback = true, .epoch = epoch}; }

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

// Requests of one channel at a time while time stands still: everything is known exactly.
TEST(Timers, RandomRunsAsTheListsSay) {
  Timers<handoff_timers_small_rtl> t;
  auto& bench = t.bench;
  ChannelHits channel_hits(bench);
  bench.Declare({"row 1: armed", "row 2: armed anew", "row 3: cancelled",
                 "row 4: nothing to cancel", "row 5: expired", "row 6: several due",
                 "row 9: kept order", "row 11: none armed", "unlinked the only one",
                 "unlinked a head", "unlinked a tail", "unlinked a middle", "expiry held up",
                 "reset with timers armed"});
  bench.Runs(1000, [&] {
    t.Start();
    Rng rng = bench.MakeRng("requests");
    Lists lists;
    t.now() = rng.Chance(0.1) ? (uint64_t{1} << 32) - rng.Below(100) : rng.Below(1 << 20);
    const uint32_t conns = rng.Chance(0.5) ? 4 : t.entries;
    for (int round = 0; round < 8; ++round) {
      if (rng.Chance(0.3)) {
        std::array<uint32_t, kClasses> delay;
        for (uint32_t& d : delay)
          d = static_cast<uint32_t>(rng.Between(1, rng.Chance(0.5) ? 6 : 90));
        t.SetDelays(delay);
      }
      const bool handback = rng.Chance(0.5);
      auto& channel = handback ? t.back : t.ack;
      channel.SetIdle(rng.Chance(0.5) ? 0 : 0.5);
      channel.SetGarbage(rng.Chance(0.5));
      for (uint64_t i = rng.Below(12); i > 0; --i) {
        const Tmr tmr{.conn = static_cast<Conn>(rng.Below(conns)),
                      .arm = rng.Chance(0.7),
                      .delay_class = static_cast<uint8_t>(rng.Below(rng.Chance(0.5) ? 1 : 4)),
                      .epoch = static_cast<U8>(rng.Next())};
        channel.Push(tmr);
        const Lists::Place place = lists.Request(handback, tmr, t.now(), t.delay(tmr.delay_class));
        const bool armed = place != Lists::kNone;
        bench.Hit(tmr.arm ? armed ? "row 2: armed anew" : "row 1: armed"
                  : armed ? "row 3: cancelled"
                          : "row 4: nothing to cancel");
        if (place == Lists::kOnly) bench.Hit("unlinked the only one");
        if (place == Lists::kHead) bench.Hit("unlinked a head");
        if (place == Lists::kTail) bench.Hit("unlinked a tail");
        if (place == Lists::kMiddle) bench.Hit("unlinked a middle");
        if (tmr.arm && lists.kept_order) bench.Hit("row 9: kept order");
      }
      t.ExpectExpired({});
      ASSERT_EQ(bench.out().wake_us, lists.Wake());
      if (lists.Wake() == kNever) bench.Hit("row 11: none armed");
      t.now() += rng.Below(40);
      if (rng.Chance(0.2) && lists.Wake() != kNever) t.now() = std::max(t.now(), lists.Wake());
      t.expiry.SetPace(rng.Chance(0.5) ? 1 : 0.2);
      const std::vector<Expiry> expected = lists.Expire(t.now());
      for (int i = 0; i < 4; ++i) {
        bench.Cycle();
        if (bench.out().expiry_valid && !bench.in.expiry_ready) bench.Hit("expiry held up");
      }
      t.ExpectExpired(expected);
      ASSERT_EQ(bench.out().wake_us, lists.Wake());
      if (!expected.empty()) bench.Hit("row 5: expired");
      if (expected.size() > 1) bench.Hit("row 6: several due");
    }
    if (lists.Wake() != kNever) bench.Hit("reset with timers armed");
  });
}

// Both channels at once while time runs: what each request leads to, whatever their order.
TEST(Timers, RandomRunsWhileTimeRuns) {
  Timers<handoff_timers_small_rtl> t;
  auto& bench = t.bench;
  ChannelHits channel_hits(bench);
  bench.Declare({"row 7: expired with a request there", "row 8: request while an expiry waits",
                 "delay of 0", "expired", "older arming expired first", "cancelled in time"});
  bench.Runs(500, [&] {
    t.Start();
    Rng rng = bench.MakeRng("requests");
    struct Armed {
      bool arm;
      U8 epoch;
      uint64_t from;  // time when it was pushed
      uint8_t delay_class;
    };
    std::map<Node, std::vector<Armed>> requests;
    std::map<Node, U8> epochs;
    std::map<Node, std::set<U8>> fired;
    t.SetDelays({rng.Chance(0.3) ? 0 : static_cast<uint32_t>(rng.Below(5)),
                 static_cast<uint32_t>(rng.Below(20)), static_cast<uint32_t>(rng.Below(60)), 50});
    if (t.delay(0) == 0) bench.Hit("delay of 0");
    t.expiry.SetPace(rng.Chance(0.5) ? 1 : 0.1);
    t.ack.SetIdle(rng.Chance(0.5) ? 0 : 0.7);
    t.back.SetIdle(rng.Chance(0.5) ? 0 : 0.7);
    const uint32_t conns = rng.Chance(0.5) ? 3 : 40;
    const auto see = [&] {
      while (!t.expiry.empty()) {
        const Expiry expiry = t.expiry.Take();
        const Node node{expiry.conn, expiry.is_handback};
        EXPECT_TRUE(fired[node].insert(expiry.epoch).second) << "fired twice";
        const auto& list = requests[node];
        const auto it = std::find_if(list.begin(), list.end(), [&](const Armed& a) {
          return a.arm && a.epoch == expiry.epoch;
        });
        if (it == list.end()) bench.Fail("expired without an arming\n");
        EXPECT_GE(t.now(), it->from + t.delay(it->delay_class));
        bench.Hit(it + 1 == list.end() ? "expired" : "older arming expired first");
      }
    };
    for (int i = 0; i < 150; ++i) {
      if (rng.Chance(0.4)) {
        const Node node{static_cast<Conn>(rng.Below(conns)), rng.Chance(0.5)};
        const bool arm = rng.Chance(0.7);
        const U8 epoch = arm ? ++epochs[node] : U8{0};
        const auto delay_class = static_cast<uint8_t>(rng.Below(4));
        (node.second ? t.back : t.ack)
            .Push({.conn = node.first, .arm = arm, .delay_class = delay_class, .epoch = epoch});
        requests[node].push_back({arm, epoch, t.now(), delay_class});
      }
      const bool request = bench.in.ack_tmr_valid || bench.in.back_tmr_valid;
      const bool waits = bench.out().expiry_valid && !bench.in.expiry_ready;
      if (request && t.now() >= bench.out().wake_us) {
        bench.Hit("row 7: expired with a request there");
      }
      if (waits && bench.in.ack_tmr_valid && bench.out().ack_tmr_ready) {
        bench.Hit("row 8: request while an expiry waits");
      }
      bench.Cycle();
      see();
      if (rng.Chance(0.6)) ++t.now();
    }
    t.expiry.SetPace(1);
    t.Settle();
    t.now() += 100;
    t.Settle();
    see();
    EXPECT_EQ(bench.out().wake_us, kNever);
    for (const auto& [node, list] : requests) {
      if (list.back().arm) {
        EXPECT_TRUE(fired[node].count(list.back().epoch)) << "an arming was lost";
      } else if (list.size() > 1 && !fired[node].count(list[list.size() - 2].epoch)) {
        bench.Hit("cancelled in time");
      }
    }
  });
}

}  // namespace
}  // namespace handoff
