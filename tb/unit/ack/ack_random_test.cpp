// SPDX-License-Identifier: Apache-2.0
//
// ack in random runs: event by event against what the page's table says, and at full rate against
// what must always hold.

#include <gtest/gtest.h>

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gen/handoff_ack_small_rtl.h"
#include "model/handoff_ack.h"
#include "tb/twin/channel_hits.h"
#include "tb/twin/twin_bench.h"
#include "tb/unit/ack/acks.h"

namespace handoff {
namespace {

// What the unit must do for events far enough apart that each is done before the next.
class Reference {
 public:
  struct State {
    bool queued = false, out = false, want = false, armed = false;
    std::optional<std::pair<Seq, Seq>> block;
    U8 epoch = 0;
    uint32_t count = 0;
  };
  std::optional<Ackreq> at_output;
  std::vector<Tmr> timers;
  size_t merged = 0;
  std::map<std::string, uint64_t> rows;

  void Do(const Ackev& e) {
    State& s = states_[e.conn];
    const bool armed = s.armed;
    switch (e.kind) {
      case Ack::AckNow:
        ++rows["row 1: AckNow"];
        Settle(s, e.conn);
        Ask(s, e);
        break;
      case Ack::AckData:
        if (!e.coalesce_on) {
          ++rows["row 4: AckData, coalescing off"];
          Settle(s, e.conn);
          Ask(s, e);
        } else if (s.want) {
          Ask(s, e);
        } else if (s.count + 1 >= e.ack_frames) {
          ++rows["row 5: count reached"];
          Settle(s, e.conn);
          Ask(s, e);
        } else {
          ++s.count;
          if (s.armed) break;
          ++rows["row 6: delay armed"];
          s.armed = true;
          timers.push_back(Arm(e.conn, e.ack_class, ++s.epoch));
        }
        break;
      case Ack::AckSent:
        Settle(s, e.conn);
        s.out = false;
        if (!s.want) break;
        if (!s.block) {
          s.want = false;
          ++rows[s.queued ? "row 7: tombstone" : "row 7: waiting one served"];
        } else if (!s.queued) {
          ++rows["row 3: block leaves after AckSent"];
          Issue(s, e.conn);
        }
        break;
      case Ack::AckSetup:
        ++rows["row 10: AckSetup"];
        Settle(s, e.conn);
        s.want = false;
        s.block.reset();
        break;
      case Ack::AckFlush:
        ++rows[s.armed || s.count ? "row 8: AckFlush, delayed" : "row 8: AckFlush, nothing"];
        if (!s.armed && s.count == 0) break;
        Settle(s, e.conn);
        Ask(s, Now(e.conn));
        break;
      case Ack::AckExpire:
        if (!s.armed || e.tmr_epoch != s.epoch) {
          ++rows["row 9: old epoch or not armed"];
          break;
        }
        ++rows["row 9: expired"];
        s.armed = false;
        s.count = 0;
        Ask(s, Now(e.conn));
        break;
      default:
        ++rows["no event"];
        break;
    }
    if (armed && !s.armed && e.kind == Ack::AckNow) ++rows["row 1: delay cancelled"];
  }
  // What the output holds was taken; the queue moves up.
  void Taken() {
    at_output.reset();
    while (!at_output && !queue_.empty()) {
      const Conn conn = queue_.front();
      queue_.pop_front();
      State& s = states_[conn];
      s.queued = false;
      if (!s.want) {
        ++rows["row 12: tombstone popped"];
        continue;
      }
      Leave(s, conn);
    }
  }
  const State& state(Conn conn) { return states_[conn]; }

 private:
  void Settle(State& s, Conn conn) {
    s.count = 0;
    if (s.armed) timers.push_back(Cancel(conn, s.epoch));
    s.armed = false;
  }
  void Ask(State& s, const Ackev& e) {
    if (e.dsack) s.block = {e.dsack_left, e.dsack_right};
    if (s.want) {
      ++merged;
      ++rows["row 2: merged"];
      return;
    }
    s.want = true;
    if (s.out) ++rows["row 3: waits for AckSent"];
    if (s.queued) ++rows["row 11: tombstone wanted again"];
    if (!s.queued && !s.out) Issue(s, e.conn);
  }
  void Issue(State& s, Conn conn) {
    if (queue_.empty() && !at_output) {
      Leave(s, conn);
    } else {
      queue_.push_back(conn);
      s.queued = true;
    }
  }
  void Leave(State& s, Conn conn) {
    at_output = s.block ? Block(conn, s.block->first, s.block->second) : Plain(conn);
    s.out = true;
    s.want = false;
    s.block.reset();
  }
  std::map<Conn, State> states_;
  std::deque<Conn> queue_;
};

Ackev RandomEvent(Rng& rng, Conn conn, U8 epoch) {
  constexpr Ack kKinds[] = {Ack::AckData,   Ack::AckData,  Ack::AckData,  Ack::AckData,
                            Ack::AckNow,    Ack::AckNow,   Ack::AckSent,  Ack::AckSent,
                            Ack::AckSent,   Ack::AckSetup, Ack::AckFlush, Ack::AckExpire,
                            Ack::AckExpire, Ack::AckNone,  Ack{7}};
  Ackev ev = rng.Any<Ackev>();
  ev.kind = kKinds[rng.Below(std::size(kKinds))];
  ev.conn = conn;
  if (ev.kind == Ack::AckSetup && rng.Chance(0.7)) ev.kind = Ack::AckData;
  ev.dsack = rng.Chance(0.2);
  ev.coalesce_on = rng.Chance(0.7);
  ev.ack_frames = static_cast<uint8_t>(rng.Between(1, rng.Chance(0.5) ? 2 : 5));
  if (rng.Chance(0.8)) ev.tmr_epoch = epoch;
  return ev;
}

TEST(AckRandom, EventByEventAsTheTableSays) {
  Acks<handoff_ack_small_rtl> a;
  auto& bench = a.bench;
  const char* const rows[] = {"row 1: AckNow",
                              "row 1: delay cancelled",
                              "row 2: merged",
                              "row 3: waits for AckSent",
                              "row 3: block leaves after AckSent",
                              "row 4: AckData, coalescing off",
                              "row 5: count reached",
                              "row 6: delay armed",
                              "row 7: tombstone",
                              "row 7: waiting one served",
                              "row 8: AckFlush, delayed",
                              "row 8: AckFlush, nothing",
                              "row 9: expired",
                              "row 9: old epoch or not armed",
                              "row 10: AckSetup",
                              "row 11: tombstone wanted again",
                              "row 12: tombstone popped",
                              "no event"};
  for (const char* row : rows) bench.Declare({row});
  bench.Runs(1000, [&] {
    a.Start();
    Rng rng = bench.MakeRng("events");
    Reference reference;
    a.ackreq.SetPace(0);
    a.bench.in.ackreq_ready = false;
    // The consumer takes two and then holds the unit up.
    std::vector<Ackreq> expected;
    size_t room = 2;
    const auto take = [&] {
      while (reference.at_output && room > 0) {
        expected.push_back(*reference.at_output);
        reference.Taken();
        --room;
      }
    };
    const auto conns = static_cast<uint32_t>(rng.Between(1, 6));
    for (Conn conn = 60; rng.Chance(0.8) && conn < 63; ++conn) {  // the way out is blocked soon
      a.ackev.Push(Now(conn));
      bench.Cycle(14);
      reference.Do(Now(conn));
      take();
    }
    for (int i = 0; i < 25; ++i) {
      if (rng.Chance(0.2)) {  // one place more
        a.ackreq.SetPace(1);
        bench.Cycle(1);
        a.ackreq.SetPace(0);
        // A place is made only if the skid held something.
        if (room < 2) ++room;
        bench.Cycle(12);
        take();
      }
      const Conn conn = static_cast<Conn>(rng.Below(conns));
      const Ackev ev = RandomEvent(rng, conn, reference.state(conn).epoch);
      a.ackev.Push(ev);
      bench.Cycle(14);
      reference.Do(ev);
      take();
      ASSERT_EQ(bench.out().ackreq_valid, reference.at_output.has_value());
      if (reference.at_output) {
        ASSERT_EQ(bench.out().ackreq, *reference.at_output);
      }
    }
    a.Expect(expected, reference.timers, reference.merged);
    for (const auto& [row, times] : reference.rows) bench.hits.Hit(row, times);
  });
}

// Events as fast as they come: what must hold whatever is still on its way.
TEST(AckRandom, AtFullRateNothingIsLostOrSentTwice) {
  Acks<handoff_ack_small_rtl> a;
  auto& bench = a.bench;
  ChannelHits channel_hits(bench);
  bench.Declare({"ACK left", "with a block", "merged", "armed", "cancelled", "every wish was told",
                 "same connection back to back"});
  bench.Runs(1000, [&] {
    a.Start();
    Rng rng = bench.MakeRng("events");
    a.ackreq.SetPace(rng.Chance(0.4) ? 1 : 0.15);
    a.ack_tmr.SetPace(rng.Chance(0.5) ? 1 : 0.2);
    a.ackev.SetIdle(rng.Chance(0.5) ? 0 : 0.5);
    a.ackev.SetGarbage(rng.Chance(0.5));
    const auto conns = static_cast<uint32_t>(rng.Between(1, rng.Chance(0.5) ? 4 : 64));
    std::map<Conn, int> out;                  // ackreqs without an AckSent
    std::map<Conn, std::optional<U8>> armed;  // the epoch
    std::map<Conn, U8> epoch;
    std::deque<Conn> in_tx;
    uint64_t asks = 0;
    const auto see = [&] {
      while (!a.ackreq.empty()) {
        const Ackreq req = a.ackreq.Take();
        EXPECT_EQ(out[req.conn]++, 0) << "two on their way";
        in_tx.push_back(req.conn);
        bench.Hit("ACK left");
        if (req.dsack) bench.Hit("with a block");
      }
      while (!a.ack_tmr.empty()) {
        const Tmr tmr = a.ack_tmr.Take();
        if (tmr.arm) {
          EXPECT_EQ(tmr.epoch, static_cast<U8>(epoch[tmr.conn] + 1));
          epoch[tmr.conn] = tmr.epoch;
          armed[tmr.conn] = tmr.epoch;
          bench.Hit("armed");
        } else {
          EXPECT_EQ(armed[tmr.conn], tmr.epoch);
          armed[tmr.conn].reset();
          bench.Hit("cancelled");
        }
      }
      for (; !a.ack_cnt.empty(); a.ack_cnt.Take()) bench.Hit("merged");
    };
    const auto sent = [&] {  // tx sends the oldest, rx_tcp says so
      const Conn conn = in_tx.front();
      in_tx.pop_front();
      out[conn] = 0;
      a.ackev.Push(Sent(conn));
    };
    Conn last = 0;
    for (int i = 0; i < 120; ++i) {
      if (a.ackev.queued() < 3) {
        const Conn conn = rng.Chance(0.4) ? last : static_cast<Conn>(rng.Below(conns));
        if (conn == last) bench.Hit("same connection back to back");
        last = conn;
        Ackev ev = RandomEvent(rng, conn, epoch[conn]);
        // Only those on their way are told of; an expiry is of the past.
        if (ev.kind == Ack::AckSent) ev.kind = Ack::AckData;
        if (ev.kind == Ack::AckExpire) ev.kind = Ack::AckFlush;
        if (ev.kind == Ack::AckNow) ++asks;
        a.ackev.Push(ev);
        if (!in_tx.empty() && rng.Chance(0.5)) sent();
      }
      bench.Cycle();
      see();
    }
    a.ackreq.SetPace(1), a.ack_tmr.SetPace(1);
    for (uint32_t conn = 0; conn < conns; ++conn) {
      a.ackev.Push(NowBlock(static_cast<Conn>(conn), conn, 77));
    }
    // With every ACK sent, the last block of every connection is told, and nothing is left.
    std::map<Conn, int> told;
    for (int idle = 0; idle < 2; idle = in_tx.empty() ? idle + 1 : 0) {
      while (!in_tx.empty()) sent();
      a.bench.Cycle(2);
      a.bench.Until([&] { return a.ackev.done() && bench.out().quiet; }, "settled");
      for (const auto& item : a.ackreq.items()) {
        if (item.value.dsack_right == 77) ++told[item.value.conn];
      }
      see();
    }
    EXPECT_EQ(told.size(), conns);
    if (asks > 0) bench.Hit("every wish was told");
  });
}

}  // namespace
}  // namespace handoff
