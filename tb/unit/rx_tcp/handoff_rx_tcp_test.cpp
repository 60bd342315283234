// SPDX-License-Identifier: Apache-2.0
//
// rx_tcp: its cycles, its arbitration, its stalls. The rules by case are in rx_tcp_rows_test.cpp
// and rx_tcp_commands_test.cpp, random runs in rx_tcp_random_test.cpp.

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "gen/handoff_rx_tcp_rtl.h"
#include "gen/handoff_rx_tcp_small_rtl.h"
#include "model/handoff_rx_tcp.h"
#include "tb/twin/twin_bench.h"
#include "tb/unit/rx_tcp/rig.h"

namespace handoff::rx_tcp_test {
namespace {

using Small = Rig<TwinBench<handoff_rx_tcp, handoff_rx_tcp_small_rtl>>;
using Whole = Rig<TwinBench<handoff_rx_tcp>>;

// The cycle in which what was pushed now is at its port.
template <class R>
uint64_t PortCycle(R& rig) {
  rig.bench.Cycle();
  return rig.bench.cycle();
}

template <class R>
void ExpectClearing(R& rig, uint64_t entries) {
  auto& bench = rig.bench;
  bench.Declare({"taken when cleared", "room while clearing is ignored", "credits are not",
                 "no entry survives", "quiet when cleared", "awake with something in a skid"});
  // Entries and credits from before a reset.
  rig.Established(SetupOf(5));
  bench.Reset();
  rig.Levels();
  EXPECT_FALSE(bench.out().op_ready || bench.out().quiet);
  rig.op.Push(OpOf(CommandTo(CmdKind::CmdQuery, 5)));
  rig.op.Push(OpOf(SetupOf(6)));
  rig.op.Push(OpOf(ResumeOf(SetupOf(6))));
  rig.op.Push(DataAt(6, kRcv));
  for (int i = 0; i < 20; ++i) {
    for (int epoch = 0; epoch < 3; ++epoch) {
      rig.room.Push(Room{.conn = 6, .room_epoch = static_cast<U8>(epoch), .room_end = kRcv + 1000});
    }
  }
  rig.grant.Push(Grant{.n = 2});
  bench.Until([&] { return rig.place.received() == 4; }, "four places", entries + 100);
  // One after the other, an entry each cycle from cycle 0 on.
  EXPECT_EQ(rig.place.items()[0].cycle, entries + 3);
  bench.Hit("taken when cleared");
  EXPECT_EQ(rig.cmd_rsp.Take().status, Status::StatusStale);
  bench.Hit("no entry survives");
  EXPECT_EQ(static_cast<Reason>(rig.tcp_cnt.Take().index), Reason::ReasonInOrderLegacy);
  bench.Hit("room while clearing is ignored");
  bench.Hit("credits are not");
  bench.Reset();
  bench.Cycle(entries - 1);
  EXPECT_FALSE(bench.out().quiet);
  bench.Cycle();
  EXPECT_TRUE(bench.out().quiet);
  bench.Hit("quiet when cleared");
  // What came to a skid meanwhile keeps it awake.
  for (int i = 0; i < 4; ++i) {
    bench.Reset();
    if (i == 0) rig.op.Push(OpOf(CommandTo(CmdKind::CmdQuery, 5)));
    if (i == 1) rig.uerr.Push(Uerr{});
    if (i == 2) rig.expiry.Push(Expiry{});
    if (i == 3) rig.start.Push(Start{});
    for (uint64_t cycle = 0; cycle < entries + 3; ++cycle) {
      EXPECT_FALSE(bench.out().quiet) << i;
      bench.Cycle();
    }
    bench.Hit("awake with something in a skid");
  }
}

// Corner 105.
TEST(RxTcp, NothingTakenWhileClearing) {
  Small rig;
  ExpectClearing(rig, 64);
}

TEST(RxTcp, ClearsADefaultTableToo) {
  Whole rig;
  ExpectClearing(rig, 1024);
}

TEST(RxTcp, AllOutputsAreZeroAfterReset) {
  Small rig;
  rig.Established(SetupOf(1));
  rig.Do(DataAt(1, kRcv));
  rig.bench.Reset();
  const auto& out = rig.bench.out();
  EXPECT_FALSE(out.op_ready || out.place_valid || out.blk_valid || out.ackev_valid ||
               out.progress_valid || out.snap_valid || out.cmd_rsp_valid || out.tcp_cnt_valid ||
               out.uerr_ready || out.expiry_ready || out.start_ready || out.quiet);
  EXPECT_EQ(out.place, Place{});
  EXPECT_EQ(out.blk, State{});
  EXPECT_EQ(out.ackev, Ackev{});
  EXPECT_EQ(out.progress, Progress{});
  EXPECT_EQ(out.snap, Snap{});
  EXPECT_EQ(out.cmd_rsp, CmdRsp{});
  EXPECT_EQ(out.tcp_cnt, Cnt{});
  rig.bench.Cycle();
  EXPECT_TRUE(out.op_ready && out.uerr_ready && out.expiry_ready && out.start_ready);
}

TEST(RxTcp, ShowsThreeCyclesAfterItsPort) {
  Small rig;
  rig.bench.Declare({"frame", "command", "expiry", "upload error", "start"});
  rig.Established(SetupOf(1));
  rig.Forget();
  rig.op.Push(DataAt(1, kRcv));
  uint64_t n = PortCycle(rig);
  rig.Quiet();
  EXPECT_EQ(rig.place.items().front().cycle, n + 3);
  EXPECT_EQ(rig.ackev.items().front().cycle, n + 3);
  EXPECT_EQ(rig.tcp_cnt.items().front().cycle, n + 3);
  rig.bench.Hit("frame");
  rig.Forget();
  rig.op.Push(OpOf(CommandTo(CmdKind::CmdQuery, 1)));
  n = PortCycle(rig);
  rig.Quiet();
  EXPECT_EQ(rig.place.items().front().cycle, n + 3);
  EXPECT_EQ(rig.blk.items().front().cycle, n + 3);
  EXPECT_EQ(rig.cmd_rsp.items().front().cycle, n + 3);
  rig.bench.Hit("command");
  rig.Forget();
  rig.expiry.Push(Expiry{.conn = 1});
  n = PortCycle(rig);
  rig.Quiet();
  EXPECT_EQ(rig.ackev.items().front().cycle, n + 3);
  rig.bench.Hit("expiry");
  rig.Forget();
  rig.start.Push(OwnAckOf(1));
  n = PortCycle(rig);
  rig.Quiet();
  EXPECT_EQ(rig.snap.items().front().cycle, n + 3);
  EXPECT_EQ(rig.ackev.items().front().cycle, n + 3);
  rig.bench.Hit("start");
  rig.Forget();
  rig.uerr.Push(Uerr{.conn = 1, .gen = GenOf(1)});
  n = PortCycle(rig);
  rig.Quiet();
  EXPECT_EQ(rig.place.items().front().cycle, n + 3);
  EXPECT_EQ(rig.progress.items().front().cycle, n + 3);
  rig.bench.Hit("upload error");
}

// Corners 1, 49, 71: one order, every two cycles, each sees what the one before left.
TEST(RxTcp, BackToBackSeesTheStateBefore) {
  Small rig;
  auto& bench = rig.bench;
  bench.Declare({"frames on one connection", "index with the same low bits",
                 "first of all to resync", "SETUP, frame, UNDELEGATE, frame"});
  rig.Established(SetupOf(7));
  rig.SetRoom(7, kRcv + 700);
  rig.Forget();
  for (uint32_t i = 0; i < 10; ++i) {
    Op op = DataAt(7, kRcv + 100 * i);
    if (i % 2 != 0) op.conn = 7 + 64 * 3;
    rig.op.Push(op);
  }
  const uint64_t n = PortCycle(rig);
  rig.Quiet();
  ASSERT_EQ(rig.place.items().size(), 10u);
  for (uint32_t i = 0; i < 10; ++i) {
    EXPECT_EQ(rig.place.items().front().cycle, n + 3 + 2 * i);
    const Place p = rig.place.Take();
    EXPECT_EQ(p.seq, kRcv + 100 * i);
    EXPECT_EQ(p.conn, i % 2 != 0 ? 7 + 64 * 3 : 7);
    // The room ends behind seven frames; a frame beyond it needs a new epoch.
    EXPECT_EQ(p.reserved, i < 7 ? 0 : 2);
    EXPECT_EQ(static_cast<Reason>(rig.tcp_cnt.Take().index),
              i < 7 ? Reason::ReasonInOrderUser : Reason::ReasonInOrderLegacy);
  }
  bench.Hit("frames on one connection");
  bench.Hit("index with the same low bits");

  // The gap's frame puts it in resync; those behind it see resync, with counts in a row.
  rig.Forget();
  rig.op.Push(DataAt(7, kRcv + 1100));
  for (uint32_t i = 0; i < 5; ++i) rig.op.Push(DataAt(7, kRcv + 1000 + 100 * i));
  rig.Quiet();
  for (uint32_t i = 0; i < 6; ++i) {
    const Place p = rig.place.Take();
    EXPECT_EQ(p.to_resync, i == 0);
    EXPECT_EQ(p.ntf.count, i + 1);
    EXPECT_EQ(p.ntf.live, i == 0);
    EXPECT_EQ(static_cast<Reason>(rig.tcp_cnt.Take().index),
              i == 0 ? Reason::ReasonGap : Reason::ReasonResync);
  }
  bench.Hit("first of all to resync");

  rig.Forget();
  rig.op.Push(DataAt(8, kRcv));
  rig.op.Push(OpOf(SetupOf(8)));
  rig.op.Push(DataAt(8, kRcv));
  rig.op.Push(OpOf(CommandTo(CmdKind::CmdUndelegate, 8)));
  rig.op.Push(DataAt(8, kRcv));
  rig.Quiet();
  for (const Reason want : {Reason::ReasonNoEntry, Reason::ReasonResync, Reason::ReasonNoEntry}) {
    EXPECT_EQ(static_cast<Reason>(rig.tcp_cnt.Take().index), want);
  }
  bench.Hit("SETUP, frame, UNDELEGATE, frame");
}

// Corner 1.
TEST(RxTcp, ExpiryThenOpThenStart) {
  Small rig;
  rig.Established(SetupOf(3));
  rig.Forget();
  rig.start.Push(OwnAckOf(3));
  rig.op.Push(DataAt(3, kRcv));
  rig.expiry.Push(Expiry{.conn = 3, .is_handback = true});
  rig.uerr.Push(Uerr{.conn = 3, .gen = GenOf(3)});
  const uint64_t n = PortCycle(rig);
  rig.Quiet();
  ASSERT_EQ(rig.place.items().size(), 3u);
  const PlaceKind kinds[] = {PlaceKind::PlaceResync, PlaceKind::PlaceExpire, PlaceKind::PlaceWhole};
  for (uint64_t i = 0; i < 3; ++i) {
    EXPECT_EQ(rig.place.items()[i].cycle, n + 3 + 2 * i);
    EXPECT_EQ(rig.place.items()[i].value.kind, kinds[i]);
  }
  EXPECT_EQ(rig.snap.items().front().cycle, n + 9);
}

TEST(RxTcp, StartWaitsAtMostFifteenSlots) {
  Small rig;
  auto& bench = rig.bench;
  bench.Declare({"start after fifteen", "expiry before a start that waited"});
  rig.Established(SetupOf(3));
  rig.Forget();
  for (int i = 0; i < 60; ++i) rig.op.Push(AckAt(3, kRcv, kSnd));
  for (int i = 0; i < 3; ++i) rig.start.Push(OwnAckOf(3));
  const uint64_t n = PortCycle(rig);
  // An expiry at its port when the second start's turn has come.
  bench.Cycle(2 * 31 - 1);
  rig.expiry.Push(Expiry{.conn = 3});
  rig.Quiet();
  ASSERT_EQ(rig.snap.items().size(), 3u);
  EXPECT_EQ(rig.snap.items()[0].cycle, n + 3 + 2 * 15);
  bench.Hit("start after fifteen");
  EXPECT_EQ(rig.snap.items()[1].cycle, n + 3 + 2 * (15 + 16 + 1));
  bench.Hit("expiry before a start that waited");
  EXPECT_EQ(rig.snap.items()[2].cycle, n + 3 + 2 * (15 + 16 + 1 + 16));
  EXPECT_EQ(rig.tcp_cnt.items().size(), 60u);
}

TEST(RxTcp, RoomIsAPromiseUnderItsEpoch) {
  Small rig;
  auto& bench = rig.bench;
  bench.Declare({"holds it", "one byte short", "other epoch", "behind", "up to 2^30", "farther",
                 "used up", "PSH ends it", "more than the room ends it"});
  constexpr uint32_t kFar = 1u << 30;
  struct Row {
    const char* name;
    uint32_t room;
    int epoch;
    bool user;
  };
  const Row rows[] = {{"holds it", 100, 0, true},     {"one byte short", 99, 0, false},
                      {"other epoch", 100, 1, false}, {"other epoch", 100, -1, false},
                      {"behind", 0u - 1, 0, false},   {"up to 2^30", kFar, 0, true},
                      {"farther", kFar + 1, 0, false}};
  for (const Row& row : rows) {
    rig.Established(SetupOf(12));
    const State s = rig.Look(12);
    rig.SetRoomOf(12, static_cast<U8>(s.room_epoch + row.epoch), kRcv + row.room);
    EXPECT_EQ(rig.Do(DataAt(12, kRcv)).verdict,
              row.user ? Reason::ReasonInOrderUser : Reason::ReasonInOrderLegacy)
        << row.name;
    EXPECT_EQ(rig.Look(12).room_epoch, static_cast<U8>(s.room_epoch + !row.user)) << row.name;
    bench.Hit(row.name);
  }
  rig.Established(SetupOf(12));
  rig.SetRoom(12, kRcv + 250);
  EXPECT_EQ(rig.Do(DataAt(12, kRcv)).verdict, Reason::ReasonInOrderUser);
  EXPECT_EQ(rig.Do(DataAt(12, kRcv + 100)).verdict, Reason::ReasonInOrderUser);
  EXPECT_EQ(rig.Do(DataAt(12, kRcv + 200)).verdict, Reason::ReasonInOrderLegacy);
  bench.Hit("used up");
  rig.SetRoomOf(12, static_cast<U8>(rig.Look(12).room_epoch - 1), kRcv + 5000);
  EXPECT_EQ(rig.Do(DataAt(12, kRcv + 300)).verdict, Reason::ReasonInOrderLegacy);
  bench.Hit("more than the room ends it");
  rig.SetRoom(12, kRcv + 5000);
  Op push = DataAt(12, kRcv + 400);
  push.seg.psh = true;
  EXPECT_EQ(rig.Do(push).verdict, Reason::ReasonInOrderUser);
  EXPECT_EQ(rig.Do(DataAt(12, kRcv + 500)).verdict, Reason::ReasonInOrderLegacy);
  bench.Hit("PSH ends it");
}

// The room RAM is read at the take's edge: a word written there is seen by the next operation.
TEST(RxTcp, RoomIsSeenFromTheNextEdge) {
  for (const int early : {0, 1, 2}) {
    Small rig;
    rig.Established(SetupOf(12));
    const Room room{.conn = 12, .room_epoch = rig.Look(12).room_epoch, .room_end = kRcv + 100};
    rig.Forget();
    // Both producers put on their port at the next edge; the operation is taken one edge later.
    if (early > 0) {
      rig.room.Push(room);
      rig.bench.Cycle(static_cast<uint64_t>(early));
    }
    rig.op.Push(DataAt(12, kRcv));
    if (early == 0) rig.room.Push(room);
    rig.Quiet();
    EXPECT_EQ(static_cast<Reason>(rig.tcp_cnt.Take().index),
              early > 0 ? Reason::ReasonInOrderUser : Reason::ReasonInOrderLegacy);
  }
}

// Corners 3, 4.
TEST(RxTcp, WaitsWhileMoreMayCome) {
  Small rig;
  auto& bench = rig.bench;
  bench.Declare({"a grant ends the wait", "a return ends the wait", "one is not enough of two",
                 "no more may come", "a grant as the last fetch ends", "an empty grant as it ends",
                 "halted while it waits", "user payload does not wait", "behind it all wait"});
  rig.Begin(0);  // commands need no buffer
  rig.Established(SetupOf(2));
  rig.SetRoom(2, kRcv + 100);
  bench.in.legacy_more = true;
  const auto verdict = [&] {
    EXPECT_FALSE(rig.tcp_cnt.empty());
    return rig.tcp_cnt.empty() ? Reason::ReasonNone : static_cast<Reason>(rig.tcp_cnt.Take().index);
  };
  EXPECT_EQ(rig.Do(DataAt(2, kRcv)).verdict, Reason::ReasonInOrderUser);
  bench.Hit("user payload does not wait");

  Op other = DataAt(0, 0);
  other.hit = false;
  rig.op.Push(other);
  rig.op.Push(OpOf(CommandTo(CmdKind::CmdQuery, 2)));
  bench.Cycle(50);
  EXPECT_TRUE(rig.tcp_cnt.empty() && rig.cmd_rsp.empty());
  bench.Hit("behind it all wait");
  rig.grant.Push(Grant{.n = 1});
  uint64_t n = PortCycle(rig);
  rig.Quiet();
  EXPECT_EQ(rig.tcp_cnt.items().front().cycle, n + 2);
  EXPECT_EQ(verdict(), Reason::ReasonNoEntry);
  bench.Hit("a grant ends the wait");

  rig.op.Push(DataAt(2, kRcv + 100));
  bench.Cycle(20);
  rig.grant.Push(Grant{.n = 1});
  bench.Cycle(20);
  EXPECT_TRUE(rig.tcp_cnt.empty());
  bench.Hit("one is not enough of two");
  rig.legacy_return.Push(LegacyReturn{.n = 1});
  n = PortCycle(rig);
  rig.Quiet();
  EXPECT_EQ(rig.tcp_cnt.items().front().cycle, n + 2);
  EXPECT_EQ(verdict(), Reason::ReasonInOrderLegacy);
  bench.Hit("a return ends the wait");

  rig.op.Push(other);
  bench.Cycle(20);
  bench.in.legacy_more = false;
  n = bench.cycle();
  rig.Quiet();
  EXPECT_EQ(rig.tcp_cnt.items().front().cycle, n + 1);
  EXPECT_EQ(verdict(), Reason::ReasonNoLegacyBuffer);
  bench.Hit("no more may come");

  for (const int grants : {1, 0}) {
    bench.in.legacy_more = true;
    rig.op.Push(other);
    bench.Cycle(20);
    rig.grant.Push(Grant{.n = static_cast<U8>(grants)});
    n = PortCycle(rig);
    bench.in.legacy_more = false;
    rig.Quiet();
    EXPECT_EQ(rig.tcp_cnt.items().front().cycle, n + 2);
    EXPECT_EQ(verdict(), grants != 0 ? Reason::ReasonNoEntry : Reason::ReasonNoLegacyBuffer);
    bench.Hit(grants != 0 ? "a grant as the last fetch ends" : "an empty grant as it ends");
  }

  bench.in.legacy_more = true;
  rig.op.Push(other);
  bench.Cycle(20);
  bench.in.halt = true;
  n = bench.cycle();
  rig.Quiet();
  EXPECT_EQ(rig.tcp_cnt.items().front().cycle, n + 1);
  EXPECT_EQ(verdict(), Reason::ReasonHalted);
  bench.Hit("halted while it waits");
}

// Corners 3, 6: a drop changes nothing, tells nobody else; each row that needs buffers.
TEST(RxTcp, DropsWholeBeforeAnyChange) {
  Small rig;
  auto& bench = rig.bench;
  bench.Declare({"dropped", "taken with just enough"});
  struct Row {
    void (*change)(Op&);
    Reason reason;
    uint8_t needs;
  };
  const Row rows[] = {
      {[](Op& o) { o.seg.reason = Reason::ReasonNotTcp; }, Reason::ReasonNotTcp, 1},
      {[](Op& o) { o.hit = false; }, Reason::ReasonNoEntry, 1},
      {[](Op& o) { o.seg.fin = true; }, Reason::ReasonFin, 1},
      {[](Op& o) { o.seg.fin = o.seg.syn = true, o.seg.seq -= 999; }, Reason::ReasonSyn, 1},
      {[](Op& o) { o.seg.ts_val -= 1; }, Reason::ReasonPaws, 1},
      {[](Op& o) { o.seg.ack_flag = false; }, Reason::ReasonNoAck, 1},
      {[](Op& o) { o.seg.has_ts = false; }, Reason::ReasonNoTimestamp, 1},
      {[](Op& o) { o.seg.has_sack = true, o.seg.pay_len = 0; }, Reason::ReasonSack, 1},
      {[](Op& o) { o.seg.seq += 1; }, Reason::ReasonGap, 1},
      {[](Op& o) { o.seg.pay_len = kWindow + 1; }, Reason::ReasonBeyondWindow, 1},
      {[](Op& o) { o.seg.seq -= 1, o.seg.psh = true; }, Reason::ReasonPartlyOld, 2},
      {[](Op& o) { o.seg.psh = true; }, Reason::ReasonInOrderLegacy, 2},
  };
  for (const Row& row : rows) {
    for (const uint8_t credits : {uint8_t{0}, static_cast<uint8_t>(row.needs - 1), row.needs}) {
      rig.Begin(credits);
      rig.Established(SetupOf(19));
      const State s = rig.Look(19);
      Op op = DataAt(19, kRcv);
      op.seg.ack += 5;
      row.change(op);
      const Result r = rig.Do(op);
      if (credits == row.needs) {
        EXPECT_EQ(r.verdict, row.reason);
        EXPECT_EQ(r.place->reserved, row.needs);
        bench.Hit("taken with just enough");
        continue;
      }
      EXPECT_EQ(r.verdict, Reason::ReasonNoLegacyBuffer);
      Place want;
      want.conn = 19;
      want.gen = s.gen;
      want.room_epoch = s.room_epoch;
      EXPECT_EQ(*r.place, want) << r.place->ToString();
      EXPECT_FALSE(r.ackev || r.progress);
      EXPECT_EQ(rig.Look(19), s);
      bench.Hit("dropped");
    }
  }
}

// Corner 100: frames only; commands, expiries and starts go on.
TEST(RxTcp, HaltDrops) {
  Small rig;
  auto& bench = rig.bench;
  bench.Declare({"dropped", "commands go on", "starts go on", "back to work"});
  rig.Established(SetupOf(1));
  const State s = rig.Look(1);
  bench.in.halt = true;
  for (int i = 0; i < 3; ++i) {
    Op op = DataAt(1, kRcv);
    op.seg.reason = i == 1 ? Reason::ReasonBadTcpChecksum : Reason::ReasonNone;
    op.hit = i != 2;
    const Result r = rig.Do(op);
    EXPECT_EQ(r.verdict, Reason::ReasonHalted);
    EXPECT_EQ(r.place->kind, PlaceKind::PlaceDrop);
    EXPECT_FALSE(r.ackev || r.progress);
    bench.Hit("dropped");
  }
  EXPECT_EQ(rig.Look(1), s);
  bench.Hit("commands go on");
  EXPECT_EQ(rig.Do(OwnAckOf(1)).snap->status, Status::StatusOk);
  bench.Hit("starts go on");
  bench.in.halt = false;
  EXPECT_EQ(rig.Do(DataAt(1, kRcv)).verdict, Reason::ReasonInOrderLegacy);
  bench.Hit("back to work");
}

// An output that is not taken: two in its consumer, one in its register, one operation in PhDecide,
// two in the skid. Nothing is lost, what does not need it goes on.
template <class In, class T, class Count>
void ExpectBlocked(Small& rig, const char* name, Producer<In>& from, Consumer<T>& to,
                   const std::vector<In>& ops, Count&& fired) {
  rig.Forget();
  const uint64_t fired_before = fired(), sent_before = from.sent(), received = to.received();
  to.SetPace(0);
  for (const In& op : ops) from.Push(op);
  rig.bench.Cycle(100);
  EXPECT_EQ(fired() - fired_before, 3u) << name;
  EXPECT_EQ(from.sent() - sent_before, 6u) << name;
  EXPECT_FALSE(rig.bench.out().quiet);
  to.SetPace(1);
  rig.bench.Until([&] { return from.done() && rig.bench.out().quiet; }, "all through");
  EXPECT_EQ(fired() - fired_before, ops.size()) << name;
  EXPECT_EQ(to.received() - received, ops.size()) << name;
  rig.bench.Hit(name);
}

// Corner 97.
TEST(RxTcp, EveryOutputBlocked) {
  Small rig;
  auto& bench = rig.bench;
  bench.Declare(
      {"place", "blk", "ackev", "ackev by starts", "progress", "ackev passes a blocked place"});
  rig.Established(SetupOf(1));
  std::vector<Op> frames, queries, data, acks;
  for (uint32_t i = 0; i < 8; ++i) {
    frames.push_back(AckAt(1, kRcv, kSnd));
    queries.push_back(OpOf(CommandTo(CmdKind::CmdQuery, 1)));
    data.push_back(DataAt(1, kRcv + 100 * i));
    acks.push_back(AckAt(1, kRcv + 800, kSnd + 1 + i));
  }
  const auto verdicts = [&] { return rig.tcp_cnt.received(); };
  const auto answers = [&] { return rig.cmd_rsp.received(); };
  const auto snaps = [&] { return rig.snap.received(); };
  ExpectBlocked(rig, "place", rig.op, rig.place, frames, verdicts);
  ExpectBlocked(rig, "blk", rig.op, rig.blk, queries, answers);
  ExpectBlocked(rig, "ackev", rig.op, rig.ackev, data, verdicts);
  for (uint32_t i = 0; i < 8; ++i) EXPECT_EQ(rig.place.Take().seq, kRcv + 100 * i);
  ExpectBlocked(rig, "ackev by starts", rig.start, rig.ackev, std::vector<Start>(8, OwnAckOf(1)),
                snaps);
  ExpectBlocked(rig, "progress", rig.op, rig.progress, acks, verdicts);
  for (uint32_t i = 0; i < 8; ++i) EXPECT_EQ(rig.progress.Take().snd_una, kSnd + 1 + i);

  rig.place.SetPace(0);
  for (int i = 0; i < 3; ++i) rig.op.Push(acks.back());
  bench.Cycle(20);
  EXPECT_TRUE(bench.out().place_valid && !bench.in.place_ready);
  const uint64_t before = rig.ackev.received();
  rig.expiry.Push(Expiry{.conn = 1});
  bench.Cycle(10);
  EXPECT_EQ(rig.ackev.received(), before + 1);
  bench.Hit("ackev passes a blocked place");
}

}  // namespace
}  // namespace handoff::rx_tcp_test
