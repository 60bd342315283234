// SPDX-License-Identifier: Apache-2.0
//
// timers under test, and beside it lists kept in the simplest way, which say what must leave, in
// which order, and what the next deadline is.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <utility>
#include <vector>

#include "gen/handoff_timers_rtl.h"
#include "model/handoff_timers.h"
#include "tb/twin/twin_bench.h"

namespace handoff {

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

inline Expiry Ack(Conn conn, U8 epoch) {
  return {.conn = conn, .is_handback = false, .epoch = epoch};
}
inline Expiry Back(Conn conn, U8 epoch) {
  return {.conn = conn, .is_handback = true, .epoch = epoch};
}

}  // namespace handoff
