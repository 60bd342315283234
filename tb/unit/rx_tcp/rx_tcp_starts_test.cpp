// SPDX-License-Identifier: Apache-2.0
//
// rx_tcp, rules by case: starts. What is expected is computed here.

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "gen/handoff_rx_tcp_small_rtl.h"
#include "model/handoff_rx_tcp.h"
#include "tb/twin/twin_bench.h"
#include "tb/unit/rx_tcp/expect.h"
#include "tb/unit/rx_tcp/rig.h"

namespace handoff::rx_tcp_test {
namespace {

using Small = Rig<TwinBench<handoff_rx_tcp, handoff_rx_tcp_small_rtl>>;

// A SEND that would move all that a segment moves: snd_nxt, the edge, the acknowledgement.
Start SendOf(Conn conn, uint32_t len) {
  Start v;
  v.conn = conn;
  v.gen = GenOf(conn);
  v.has_ack = true;
  v.ack = kRcv + 40;
  v.rcv_edge = kRcv + kWindow + 3000;
  v.seq = kSnd + kOut;
  v.len = static_cast<U16>(len);
  v.fin = true;
  return v;
}

// Refused: told so, and nothing else in the world has changed.
void ExpectTooLong(Small& rig, const Start& v, Status status = Status::StatusBadLength) {
  rig.bench.in.time_us += 4096;  // ts_sent would show it
  const State s = rig.Look(v.conn);
  const Result r = rig.Do(v);
  EXPECT_FALSE(r.place || r.blk || r.ackev || r.progress || r.cmd_rsp || r.verdict);
  ASSERT_TRUE(r.snap.has_value());
  EXPECT_EQ(*r.snap, Snap{.status = status}) << r.snap->ToString();
  ExpectState(rig, v.conn, s);
}

void ExpectSent(Small& rig, const Start& v) {
  const State s = rig.Look(v.conn);
  const Result r = rig.Do(v);
  ASSERT_TRUE(r.snap && r.ackev);
  EXPECT_EQ(r.snap->status, Status::StatusOk);
  EXPECT_EQ(r.snap->mss, s.mss);
  EXPECT_EQ(r.snap->snd_nxt, v.own_ack ? s.snd_nxt : v.seq + v.len + v.fin);
  EXPECT_EQ(r.ackev->kind, Ack::AckSent);
}

// Corners 54, 55, 59, 62, 89, 90: what a segment carries is chosen where it starts.
TEST(RxTcp, StartChoosesInWireOrder) {
  Small rig;
  auto& bench = rig.bench;
  bench.Declare({"entry's ack", "descriptor's ack", "last ack sent", "own ACK", "stale", "too long",
                 "own ACK of none", "snd_nxt moves", "snd_nxt stays", "window capped",
                 "window shut"});
  Rng rng = bench.MakeRng("starts");
  for (int i = 0; i < 1500; ++i) {
    const Conn conn = 11;
    const int64_t last_ack = static_cast<int64_t>(rng.Below(3)) * 50 - 50;
    const int64_t edge = rng.Chance(0.2)   ? static_cast<int64_t>(rng.Below(200))
                         : rng.Chance(0.2) ? int64_t{1} << 29
                                           : int64_t{kWindow};
    Cmd setup = SetupOf(conn);
    setup.ts_on = rng.Chance(0.5);
    setup.mss = static_cast<U16>(rng.Chance(0.5) ? 1460 : rng.Between(690, 730));
    setup.last_ack = kRcv + static_cast<uint32_t>(last_ack);
    setup.rcv_edge = kRcv + static_cast<uint32_t>(edge);
    setup.rcv_scale = static_cast<uint8_t>(rng.Below(15));
    rng.Chance(0.5) ? rig.Established(setup) : rig.InResync(setup);
    const bool gone = rng.Chance(0.1);
    State s = rig.Look(conn);
    if (gone) {
      rig.Do(CommandTo(CmdKind::CmdUndelegate, conn));
      s.valid = s.live = false;
      ++s.room_epoch;
    }
    Start v;
    v.conn = conn;
    v.gen = static_cast<Gen>(GenOf(conn) + rng.Chance(0.1));
    v.own_ack = rng.Chance(0.3);
    v.has_ack = rng.Chance(0.5);
    const int64_t ack = static_cast<int64_t>(rng.Below(5)) * 40 - 80;
    v.ack = kRcv + static_cast<uint32_t>(ack);
    const int64_t moved = rng.Chance(0.5) ? 0 : static_cast<int64_t>(rng.Below(3000));
    v.rcv_edge = setup.rcv_edge + static_cast<uint32_t>(moved);
    const int64_t at = static_cast<int64_t>(rng.Below(3)) * 2500 + 10;
    v.seq = kSnd + static_cast<uint32_t>(at);
    v.len = static_cast<U16>(rng.Below(3) * 700);
    v.fin = rng.Chance(0.3);
    bench.in.time_us += rng.Below(5000);
    const Result r = rig.Do(v);
    EXPECT_FALSE(r.place || r.progress || r.blk || r.cmd_rsp || r.verdict);
    ASSERT_TRUE(r.snap.has_value());

    State n = s;
    Snap want;
    if (!v.own_ack && (gone || v.gen != GenOf(conn))) {
      want.status = Status::StatusStale;
      EXPECT_FALSE(r.ackev.has_value());
      bench.Hit("stale");
    } else if (!v.own_ack && v.len > setup.mss - (setup.ts_on ? 12 : 0)) {
      want.status = Status::StatusBadLength;
      EXPECT_FALSE(r.ackev.has_value());
      bench.Hit("too long");
    } else {
      const int64_t mine = std::max<int64_t>(0, last_ack);
      const int64_t a = v.has_ack ? std::max(mine, ack) : mine;
      const int64_t granted = edge + (v.has_ack ? moved : 0);
      const int64_t field =
          std::min<int64_t>(std::max<int64_t>(granted - a, 0) >> setup.rcv_scale, 65535);
      const int64_t after = v.own_ack ? 0 : at + v.len + v.fin;
      n.rcv_edge = kRcv + static_cast<uint32_t>(granted);
      n.last_ack = kRcv + static_cast<uint32_t>(a);
      n.told_edge = n.last_ack + static_cast<uint32_t>(field << setup.rcv_scale);
      n.ts_sent = setup.ts_offset + NowMs(bench.in.time_us);
      n.snd_nxt = kSnd + static_cast<uint32_t>(std::max<int64_t>(kOut, after));
      want.seq = v.own_ack ? kSnd + kOut : v.seq;
      want.ack = n.last_ack;
      want.wnd = static_cast<U16>(field);
      want.ts_on = setup.ts_on;
      want.ts_val = n.ts_sent;
      want.ts_ecr = kTs;
      want.snd_nxt = n.snd_nxt;
      want.mss = setup.mss;
      ExpectAck(r, AckFor(Ack::AckSent, conn, n));
      bench.Hit(a == 0 && mine == 0 ? "entry's ack"
                : a > mine          ? "descriptor's ack"
                                    : "last ack sent");
      if (v.own_ack) bench.Hit(gone ? "own ACK of none" : "own ACK");
      bench.Hit(after > kOut ? "snd_nxt moves" : "snd_nxt stays");
      if (field == 65535) bench.Hit("window capped");
      if (granted <= a) bench.Hit("window shut");
    }
    EXPECT_EQ(*r.snap, want) << r.snap->ToString() << "\n" << want.ToString();
    if (!gone) ExpectState(rig, conn, n);
    if (HasFailure()) bench.Fail(v.ToString() + "\n");
  }
}

// Corner 87.
TEST(RxTcp, SendOverTheMssIsRefused) {
  Small rig;
  auto& bench = rig.bench;
  bench.Declare({"the most, without timestamps", "the most, with timestamps",
                 "one over, without timestamps", "one over, with timestamps", "without data",
                 "own ACK of any length", "stale goes first", "in resync", "ack blocked"});
  const Conn conn = 21;
  for (const bool live : {true, false}) {
    for (const bool ts_on : {false, true}) {
      for (const U16 mss : {0, 11, 12, 13, 64, 536, 1460, 65535}) {
        Cmd setup = SetupOf(conn);
        setup.ts_on = ts_on;
        setup.mss = mss;
        live ? rig.Established(setup) : rig.InResync(setup);
        const uint32_t most = !ts_on ? mss : mss > 12 ? mss - 12u : 0;
        if (most < 65535) {
          ExpectTooLong(rig, SendOf(conn, most + 1));
          ExpectTooLong(rig, SendOf(conn, 65535));
          bench.Hit(ts_on ? "one over, with timestamps" : "one over, without timestamps");
          if (!live) bench.Hit("in resync");
          Start stale = SendOf(conn, most + 1);
          ++stale.gen;
          ExpectTooLong(rig, stale, Status::StatusStale);
          bench.Hit("stale goes first");
          Start own = SendOf(conn, most + 1);
          own.own_ack = true;
          ExpectSent(rig, own);
          bench.Hit("own ACK of any length");
        }
        ExpectSent(rig, SendOf(conn, most));
        bench.Hit(ts_on ? "the most, with timestamps" : "the most, without timestamps");
        Start bare = SendOf(conn, 0);
        bare.seq += most + 1;  // behind the FIN of the segment before
        ExpectSent(rig, bare);
        bench.Hit("without data");
        if (HasFailure()) bench.Fail("mss " + std::to_string(mss) + "\n");
      }
    }
  }

  // It needs no ackev, so it does not wait for one to go.
  rig.Established(SetupOf(conn));
  rig.Forget();
  rig.ackev.SetPace(0);
  for (int i = 0; i < 3; ++i) rig.start.Push(OwnAckOf(conn));  // ack's skid holds two
  bench.Cycle(20);
  ASSERT_TRUE(bench.out().ackev_valid && !bench.in.ackev_ready);
  rig.Forget();
  rig.start.Push(SendOf(conn, 1449));
  rig.start.Push(SendOf(conn, 1448));
  bench.Cycle();
  const uint64_t n = bench.cycle();
  bench.Cycle(20);
  ASSERT_EQ(rig.snap.items().size(), 1u);
  EXPECT_EQ(rig.snap.items().front().cycle, n + 3);
  EXPECT_EQ(rig.snap.Take().status, Status::StatusBadLength);
  bench.Hit("ack blocked");
  rig.ackev.SetPace(1);
  rig.Quiet();
  ASSERT_EQ(rig.snap.items().size(), 1u);
  EXPECT_EQ(rig.snap.Take().status, Status::StatusOk);
}

// Corner 88: the MSS in force is that of the last SET taken before, back to back, too.
TEST(RxTcp, SendsByTheMssOfTheSetBefore) {
  Small rig;
  auto& bench = rig.bench;
  bench.Declare({"lowered before", "lowered behind", "raised before", "raised behind"});
  const Conn conn = 22;
  for (const bool lowered : {true, false}) {
    for (const bool before : {true, false}) {
      Cmd setup = SetupOf(conn);
      setup.mss = lowered ? 1000 : 500;
      rig.Established(setup);
      Cmd set = CommandTo(CmdKind::CmdSet, conn);
      set.set_mss = true;
      set.mss = lowered ? 500 : 1000;
      // At one edge the command goes first, and the start is taken two cycles later.
      if (before) rig.op.Push(OpOf(set));
      rig.start.Push(SendOf(conn, 600));
      bench.Cycle();
      if (!before) rig.op.Push(OpOf(set));
      rig.Quiet();
      const bool sent = lowered != before;
      ASSERT_EQ(rig.snap.items().size(), 1u);
      EXPECT_EQ(rig.snap.Take().status, sent ? Status::StatusOk : Status::StatusBadLength);
      bench.Hit(lowered ? (before ? "lowered before" : "lowered behind")
                        : (before ? "raised before" : "raised behind"));
      rig.Forget();
    }
  }
}

}  // namespace
}  // namespace handoff::rx_tcp_test
