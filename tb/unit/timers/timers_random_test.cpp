// SPDX-License-Identifier: Apache-2.0
//
// timers in random runs: while time stands still everything is known exactly; while it runs, what
// each request leads to.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "gen/handoff_timers_small_rtl.h"
#include "tb/twin/channel_hits.h"
#include "tb/unit/timers/rig.h"

namespace handoff {
namespace {

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
