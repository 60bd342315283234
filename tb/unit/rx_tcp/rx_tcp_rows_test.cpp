// SPDX-License-Identifier: Apache-2.0
//
// rx_tcp, rules by case: frames and the connection's numbers. What is expected is computed here.

#include <gtest/gtest.h>

#include <string>

#include "gen/handoff_rx_tcp_small_rtl.h"
#include "model/handoff_rx_tcp.h"
#include "tb/twin/twin_bench.h"
#include "tb/unit/rx_tcp/oracle.h"
#include "tb/unit/rx_tcp/rig.h"

namespace handoff::rx_tcp_test {
namespace {

using Small = Rig<TwinBench<handoff_rx_tcp, handoff_rx_tcp_small_rtl>>;

std::string RowName(int row) { return "F" + std::to_string(row); }
std::string OverName(int row, int later) { return RowName(row) + " before " + RowName(later); }

// Rows that cannot fit one frame together.
bool Exclude(int a, int b) {
  constexpr int kPairs[][2] = {{5, 6},  {5, 15},  {5, 16},  {6, 11},  {6, 12},
                               {8, 10}, {13, 16}, {14, 16}, {15, 16}, {16, 17}};
  for (const auto& pair : kPairs) {
    if (pair[0] == a && pair[1] == b) return true;
  }
  return false;
}

// One of these, each as likely.
template <class T>
T OneOf(Rng& rng, std::initializer_list<T> values) {
  return values.begin()[rng.Below(values.size())];
}

Cmd RandomSetup(Rng& rng, Conn conn) {
  Cmd c = SetupOf(conn);
  c.ts_on = rng.Chance(0.8);
  c.sack_on = rng.Chance(0.5);
  c.rcv_edge = kRcv + OneOf<uint32_t>(rng, {0, 1, 50, 100, 101, kWindow, kWindow});
  c.last_ack = kRcv + OneOf<uint32_t>(rng, {0, 0, 0u - 1, 0u - 100, 50});
  c.snd_nxt = kSnd + OneOf<uint32_t>(rng, {0, 1, kOut, kOut});
  c.snd_scale = static_cast<uint8_t>(OneOf(rng, {0, 0, 1, 14}));
  c.snd_wnd = OneOf<uint32_t>(rng, {0, 100, kSndWnd}) << c.snd_scale;
  c.max_wnd = OneOf<uint32_t>(rng, {100, kSndWnd, 1u << 29});
  c.wl1 = kRcv + OneOf<uint32_t>(rng, {0, 0, 0u - 1, 1, 60});
  c.wl2 = kSnd + OneOf<uint32_t>(rng, {0, 0, 0u - 1, 1});
  c.coalesce_on = rng.Chance(0.5);
  c.ack_frames = static_cast<U8>(rng.Below(256));
  c.ack_class = static_cast<uint8_t>(rng.Below(4));
  c.quick = static_cast<U8>(OneOf(rng, {0, 0, 1, 2, 16}));
  return c;
}

Op RandomFrame(Rng& rng, const State& s, Conn conn) {
  Op op = DataAt(conn, s.rcv_nxt);
  op.hit = rng.Chance(0.95);
  Seg& g = op.seg;
  if (rng.Chance(0.06)) g.reason = static_cast<Reason>(rng.Below(64));
  g.frame_bytes = static_cast<U16>(rng.Between(60, 9000));
  const uint32_t w = s.rcv_edge - s.rcv_nxt;
  g.pay_len = static_cast<U16>(OneOf<uint32_t>(rng, {0, 0, 0, 1, 50, 100, 100, 1460, w, w + 1}));
  if (rng.Chance(0.5)) {
    g.seq += OneOf<uint32_t>(rng, {0u - 1, 0u - 50, 0u - 100, 0u - g.pay_len, 1, 50, w - 1, w,
                                   w + 1, w - g.pay_len, w - g.pay_len + 1});
  }
  const uint32_t out = s.snd_nxt - s.snd_una;
  g.ack = s.snd_una;
  if (rng.Chance(0.5)) {
    g.ack += OneOf<uint32_t>(
        rng, {0u - 1, 1, 100, out, out, out + 1, 0u - s.max_wnd, 0u - s.max_wnd - 1});
  }
  g.ack_flag = rng.Chance(0.93);
  g.wnd =
      rng.Chance(0.6) ? static_cast<U16>(s.snd_wnd >> s.snd_scale) : static_cast<U16>(rng.Next());
  g.syn = rng.Chance(0.04);
  g.rst = rng.Chance(0.04);
  g.urg = rng.Chance(0.04);
  g.fin = rng.Chance(0.07);
  g.psh = rng.Chance(0.3);
  g.unknown_opt = rng.Chance(0.04);
  g.has_sack = rng.Chance(0.15);
  g.has_ts = rng.Chance(0.85);
  g.ts_val = s.ts_recent + OneOf<uint32_t>(rng, {0, 0, 1, 100, 0u - 1, 0u - 1000});
  g.ts_ecr = static_cast<uint32_t>(rng.Next());
  g.pay_off = static_cast<U16>(rng.Between(54, 140));
  return op;
}

// Tells the unit some room, and returns what it is good for.
int64_t RandomRoom(Rng& rng, Small& rig, Conn conn, const State& s) {
  constexpr uint32_t kFar = 1u << 30;
  const auto room =
      OneOf<uint32_t>(rng, {0, 1, 50, 99, 100, 101, 65535, kFar, kFar + 1, 0u - 1, 1u << 31});
  const bool fresh = rng.Chance(0.85);
  rig.SetRoomOf(conn, static_cast<U8>(fresh ? s.room_epoch : s.room_epoch - 1), s.rcv_nxt + room);
  return fresh && room <= kFar ? room : 0;
}

void ExpectAsTold(const Result& r, const Expected& x, const State& after) {
  ASSERT_TRUE(r.place.has_value());
  EXPECT_EQ(*r.place, x.place) << RowName(x.row) << "\n"
                               << r.place->ToString() << "\n"
                               << x.place.ToString();
  EXPECT_EQ(r.verdict, x.verdict) << RowName(x.row);
  ASSERT_EQ(r.ackev.has_value(), x.has_ackev) << RowName(x.row);
  if (x.has_ackev) {
    EXPECT_EQ(*r.ackev, x.ackev) << RowName(x.row);
  }
  ASSERT_EQ(r.progress.has_value(), x.has_progress) << RowName(x.row);
  if (x.has_progress) {
    EXPECT_EQ(*r.progress, x.progress) << RowName(x.row);
  }
  EXPECT_FALSE(r.blk || r.snap || r.cmd_rsp) << RowName(x.row);
  EXPECT_EQ(after, x.n) << RowName(x.row) << "\n" << after.ToString() << "\n" << x.n.ToString();
}

// Corners 2, 34 to 48, 64 to 66: the first row of the table that fits, and all that it names.
TEST(RxTcp, FirstRowWins) {
  Small rig;
  auto& bench = rig.bench;
  for (int row = 1; row < kRows; ++row) {
    bench.Declare({RowName(row).c_str()});
    for (int later = row + 1; later < kRows; ++later) {
      if (!Exclude(row, later)) bench.Declare({OverName(row, later).c_str()});
    }
  }
  Rng rng = bench.MakeRng("frames");
  for (int i = 0; i < 7000; ++i) {
    const auto conn = static_cast<Conn>(rng.Below(64));
    const Cmd setup = RandomSetup(rng, conn);
    rig.InResync(setup);
    if (rng.Chance(0.93)) rig.Do(ResumeOf(setup));
    for (int frame = 0; frame < 4; ++frame) {
      FrameInputs in;
      in.s = rig.Look(conn);
      // A frame that looks elsewhere: at an entry that was never set up, or is no more.
      if (rng.Chance(0.02)) {
        rig.Do(CommandTo(CmdKind::CmdUndelegate, conn));
        in.s.valid = in.s.live = false;
        ++in.s.room_epoch;
      }
      in.room = RandomRoom(rng, rig, conn, in.s);
      in.halt = bench.in.halt = rng.Chance(0.04);
      if (rng.Chance(0.3)) {
        bench.in.time_us += OneOf<uint64_t>(rng, {1024, 300'000, 500'000, 600'000});
      }
      if (rng.Chance(0.03)) bench.in.time_us += 1977540ull << 20;
      in.now_us = bench.in.time_us;
      in.op = RandomFrame(rng, in.s, conn);
      const Oracle oracle(in);
      const Expected& x = oracle.expected();
      const Result r = rig.Do(in.op);
      bench.in.halt = false;
      if (x.place.reserved != 0) rig.legacy_return.Push(LegacyReturn{.n = x.place.reserved});
      if (!in.s.valid) {
        ExpectAsTold(r, x, x.n);
      } else {
        ExpectAsTold(r, x, rig.Look(conn));
      }
      if (HasFailure()) bench.Fail("frame " + in.op.seg.ToString() + "\n");
      bench.Hit(RowName(x.row));
      for (int later = x.row + 1; later < kRows; ++later) {
        if (x.fits[later]) bench.Hit(OverName(x.row, later));
      }
      if (!in.s.valid) break;
    }
  }
}

// Corner 50: kept as a time.
TEST(RxTcp, LimitedAckOncePerLimit) {
  Small rig;
  auto& bench = rig.bench;
  bench.Declare({"first", "held back", "again", "data is never held back", "time went far"});
  rig.Established(SetupOf(5));
  Op probe = AckAt(5, kRcv - 1, kSnd);  // a keepalive
  const auto acked = [&](const Op& op) {
    const Result r = rig.Do(op);
    EXPECT_EQ(r.verdict, Reason::ReasonUnacceptable);
    if (r.ackev) {
      EXPECT_EQ(r.ackev->kind, Ack::AckNow);
    }
    return r.ackev.has_value();
  };
  const uint64_t limit_ms = kLimitUs / 1024 + 2;
  EXPECT_TRUE(acked(probe));
  bench.Hit("first");
  EXPECT_EQ(rig.Look(5).limit_until_ms, static_cast<uint32_t>(NowMs(kNowUs) + limit_ms));
  EXPECT_FALSE(acked(probe));
  Op beyond = DataAt(5, kRcv + kWindow);
  EXPECT_TRUE(acked(beyond));
  bench.Hit("data is never held back");
  EXPECT_FALSE(acked(probe));
  const uint64_t start = kNowUs / 1024 * 1024;
  bench.in.time_us = start + limit_ms * 1024 - 1;
  EXPECT_FALSE(acked(probe));
  bench.Hit("held back");
  bench.in.time_us = start + limit_ms * 1024;
  EXPECT_TRUE(acked(probe));
  bench.Hit("again");
  EXPECT_FALSE(acked(probe));
  // Another connection has a limit of its own.
  rig.Established(SetupOf(6));
  Op other = probe;
  other.conn = 6;
  EXPECT_TRUE(acked(other));
  // A bad ACK shares the limit; a shorter limit in force ends a longer wait.
  Op bad = AckAt(5, kRcv, kSnd + kOut + 1);
  EXPECT_FALSE(rig.Do(bad).ackev.has_value());
  bench.in.cfg.limit_us = 0;
  EXPECT_TRUE(acked(probe));
  EXPECT_FALSE(acked(probe));  // two of 1,024 us at least
  bench.in.time_us += 2 * 1024;
  EXPECT_TRUE(acked(probe));
  // Long after, the deadline lies a whole turn ahead of the clock.
  bench.in.time_us += (uint64_t{1} << 42) - 10 * 1024;
  EXPECT_TRUE(acked(probe));
  bench.Hit("time went far");
}

// Corner 63; RFC 7323, 5.5.
TEST(RxTcp, PawsPassesAfter24Days) {
  Small rig;
  auto& bench = rig.bench;
  bench.Declare({"fails", "passes once", "replaced"});
  rig.Established(SetupOf(9));
  Op low = AckAt(9, kRcv, kSnd);
  low.seg.ts_val = kTs - 1;
  EXPECT_EQ(rig.Do(low).verdict, Reason::ReasonPaws);
  const uint64_t days24 = 1977539;
  const uint64_t begin = kNowUs >> 20 << 20;
  bench.in.time_us = begin + (days24 << 20) + 0xfffff;
  EXPECT_EQ(rig.Do(low).verdict, Reason::ReasonPaws);
  bench.Hit("fails");
  bench.in.time_us = begin + ((days24 + 1) << 20);
  EXPECT_EQ(rig.Do(low).verdict, Reason::ReasonPureAck);
  bench.Hit("passes once");
  const State s = rig.Look(9);
  EXPECT_EQ(s.ts_recent, kTs - 1);
  EXPECT_EQ(s.ts_age_s, NowS(bench.in.time_us));
  bench.Hit("replaced");
  low.seg.ts_val = kTs - 2;
  EXPECT_EQ(rig.Do(low).verdict, Reason::ReasonPaws);
  // In resync the frozen value counts, whatever its age.
  bench.in.time_us += (days24 + 1) << 20;
  rig.Do(CommandTo(CmdKind::CmdResync, 9));
  EXPECT_FALSE(rig.Do(low).place->ntf.paws_ok);
  // Not replaced by a segment ahead of the last ACK sent.
  rig.Established(SetupOf(10));
  Op ahead = AckAt(10, kRcv + 1, kSnd);
  ahead.seg.ts_val = kTs + 100;
  EXPECT_EQ(rig.Do(ahead).verdict, Reason::ReasonPureAck);
  EXPECT_EQ(rig.Look(10).ts_recent, kTs);
  ahead.seg.seq = kRcv;
  rig.Do(ahead);
  EXPECT_EQ(rig.Look(10).ts_recent, kTs + 100);
}

// Corner 65; RFC 9293, 3.10.7.4.
TEST(RxTcp, WindowByWl1Wl2) {
  Small rig;
  auto& bench = rig.bench;
  bench.Declare({"newer seq", "same seq, newer ack", "older"});
  for (int dseq = -1; dseq <= 1; ++dseq) {
    for (int dack = -1; dack <= 1; ++dack) {
      Cmd setup = SetupOf(3);
      setup.snd_scale = 3;
      setup.wl1 = kRcv + 10;
      setup.wl2 = kSnd + 10;
      rig.Established(setup);
      const Seq seq = kRcv + 10 + static_cast<uint32_t>(dseq);
      const Seq ack = kSnd + 10 + static_cast<uint32_t>(dack);
      Op update = AckAt(3, seq, ack);
      update.seg.wnd = 60000;
      const Result r = rig.Do(update);
      const bool takes = dseq > 0 || (dseq == 0 && dack >= 0);
      const uint32_t wnd = takes ? 60000 << 3 : kSndWnd;
      ASSERT_TRUE(r.progress.has_value());
      EXPECT_EQ(r.progress->snd_una, ack);
      EXPECT_EQ(r.progress->snd_wnd, wnd);
      EXPECT_EQ(r.progress->ts_ecr, 0x1234u);
      const State s = rig.Look(3);
      EXPECT_EQ(s.wl1, takes ? seq : kRcv + 10);
      EXPECT_EQ(s.wl2, takes ? ack : kSnd + 10);
      EXPECT_EQ(s.max_wnd, std::max(wnd, kSndWnd));
      bench.Hit(dseq > 0 ? "newer seq" : takes ? "same seq, newer ack" : "older");
    }
  }
}

// Corner 66; RFC 5681, 2.
TEST(RxTcp, DuplicateAcksSaturate) {
  Small rig;
  auto& bench = rig.bench;
  bench.Declare({"told", "saturated: nothing to tell", "zero on advance", "not a duplicate"});
  rig.Established(SetupOf(4));
  const Op ack = AckAt(4, kRcv, kSnd);
  for (int i = 1; i <= 20; ++i) {
    const Result r = rig.Do(ack);
    EXPECT_EQ(r.progress.has_value(), i <= 15) << i;
    if (r.progress) {
      EXPECT_EQ(r.progress->dup, i);
    }
    bench.Hit(i <= 15 ? "told" : "saturated: nothing to tell");
  }
  const Result moved = rig.Do(AckAt(4, kRcv, kSnd + 1));
  EXPECT_EQ(moved.progress->dup, 0);
  bench.Hit("zero on advance");
  const auto counts = [&](Op op) {
    rig.Do(op);
    return rig.Look(4).dup != 0;
  };
  Op same = AckAt(4, kRcv, kSnd + 1);
  Op other_window = same;
  other_window.seg.wnd = kSndWnd + 1;
  EXPECT_FALSE(counts(other_window));
  EXPECT_FALSE(counts(AckAt(4, kRcv, kSnd)));
  Op data = DataAt(4, kRcv);
  data.seg.ack = kSnd + 1;
  data.seg.wnd = kSndWnd + 1;
  EXPECT_FALSE(counts(data));
  Op all = AckAt(4, kRcv + 100, kSnd + kOut);
  all.seg.wnd = kSndWnd + 1;
  EXPECT_FALSE(counts(all));
  EXPECT_FALSE(counts(all));  // nothing outstanding
  bench.Hit("not a duplicate");
}

struct RunWant {
  int64_t start, end;  // from kRcv
  int frames;
};

void ExpectRun(Small& rig, Conn conn, const RunWant& want, const char* when) {
  const State s = rig.Look(conn);
  EXPECT_EQ(s.run_start, kRcv + static_cast<uint32_t>(want.start)) << when;
  EXPECT_EQ(s.run_end, kRcv + static_cast<uint32_t>(want.end)) << when;
  EXPECT_EQ(s.run_frames, want.frames) << when;
  EXPECT_EQ(s.run_open, want.start != want.end) << when;
  EXPECT_FALSE(s.live);
  EXPECT_EQ(s.rcv_nxt, kRcv);
}

// Corners 74, 80.
TEST(RxTcp, ARunGrowsByPlainFramesAndBeginsAnewBehindAGap) {
  Small rig;
  auto& bench = rig.bench;
  bench.Declare({"extends", "keeps its start", "counts empty ones", "new behind a gap", "not plain",
                 "begins anew over 2^30", "saturates"});
  rig.InResync(SetupOf(8));
  ExpectRun(rig, 8, {0, 0, 0}, "after SETUP");
  const auto frame = [&](int64_t from, int len) {
    Op op = DataAt(8, kRcv + static_cast<uint32_t>(from));
    op.seg.pay_len = static_cast<U16>(len);
    return op;
  };
  rig.Do(frame(0, 100));
  ExpectRun(rig, 8, {0, 100, 1}, "first");
  rig.Do(frame(50, 100));
  rig.Do(frame(150, 20));
  ExpectRun(rig, 8, {0, 170, 3}, "overlaps, and touches");
  bench.Hit("extends");
  rig.Do(frame(-50, 60));
  ExpectRun(rig, 8, {0, 170, 4}, "from before the start");
  bench.Hit("keeps its start");
  Op sack = frame(900, 0);
  sack.seg.has_sack = sack.seg.psh = true;
  rig.Do(sack);
  ExpectRun(rig, 8, {0, 170, 5}, "empty, ahead");
  bench.Hit("counts empty ones");
  Op data_with_sack = frame(171, 10);
  data_with_sack.seg.has_sack = true;
  rig.Do(data_with_sack);
  ExpectRun(rig, 8, {171, 181, 1}, "behind a gap");
  bench.Hit("new behind a gap");
  for (int i = 0; i < 8; ++i) {
    rig.Do(frame(171, 10));
    Op op = frame(300 + i, 10);
    Seg& g = op.seg;
    if (i == 0) g.syn = true;
    if (i == 1) g.rst = true;
    if (i == 2) g.fin = true;
    if (i == 3) g.urg = true;
    if (i == 4) g.unknown_opt = true;
    if (i == 5) g.ack = kSnd + kOut + 1;
    if (i == 6) g.ts_val = kTs - 1;
    if (i == 7) g.has_ts = false;
    const Result r = rig.Do(op);
    EXPECT_EQ(r.verdict, Reason::ReasonResync);
    ExpectRun(rig, 8, {300 + i, 300 + i, 0}, "not plain");
    EXPECT_EQ(rig.Look(8).ts_recent, kTs);
    bench.Hit("not plain");
  }
  // Frames of 65,535 bytes up to 2^30 - 16,384; legacy buffers come back as they are used.
  const auto many = [&](int n, int len) {
    for (int i = 0; i < n; ++i) {
      rig.op.Push(frame(int64_t{i} * len, len));
      rig.legacy_return.Push(LegacyReturn{.n = 1});
    }
    bench.Until([&] { return rig.op.done() && bench.out().quiet; }, "all taken", 200000);
    rig.Forget();
  };
  rig.InResync(SetupOf(8));
  many(16384, 65535);
  const int64_t turn = int64_t{1} << 30;
  ExpectRun(rig, 8, {0, turn - 16384, 16384}, "nearly 2^30");
  rig.Do(frame(turn - 16384, 16384));
  ExpectRun(rig, 8, {0, turn, 16385}, "2^30");
  rig.Do(frame(turn - 5, 6));
  ExpectRun(rig, 8, {turn - 5, turn + 1, 1}, "over 2^30");
  bench.Hit("begins anew over 2^30");
  rig.InResync(SetupOf(8));
  many(65533, 0);
  for (const int frames : {65534, 65535, 65535, 65535}) {
    rig.Do(frames == 65535 ? frame(0, 100) : frame(0, 0));
    EXPECT_EQ(rig.Look(8).run_frames, frames);
  }
  bench.Hit("saturates");
}

// Corner 60, by SET and by the start of a segment.
TEST(RxTcp, EdgeNeverMovesBack) {
  Small rig;
  auto& bench = rig.bench;
  bench.Declare({"SET", "start", "no effect"});
  constexpr uint32_t kFar = 1u << 30;
  for (const uint32_t x : {0u, 1u, 5000u, kFar, kFar + 1, 1u << 31, 0u - 1, 0u - kWindow}) {
    const bool takes = x >= 1 && x <= kFar;
    for (const bool by_set : {true, false}) {
      rig.Established(SetupOf(2));
      if (by_set) {
        Cmd set = CommandTo(CmdKind::CmdSet, 2);
        set.set_edge = true;
        set.rcv_edge = kRcv + kWindow + x;
        EXPECT_EQ(rig.Do(set).status(), Status::StatusOk);
      } else {
        Start v = OwnAckOf(2);
        v.has_ack = true;
        v.ack = kRcv;
        v.rcv_edge = kRcv + kWindow + x;
        rig.Do(v);
      }
      EXPECT_EQ(rig.Look(2).rcv_edge, kRcv + kWindow + (takes ? x : 0));
      bench.Hit(!takes ? "no effect" : by_set ? "SET" : "start");
    }
  }
}

// Corner 61: the last window sent was under two segments and the edge moved by one, or it was zero.
TEST(RxTcp, SetOfTheEdgeReopensASmallWindow) {
  Small rig;
  auto& bench = rig.bench;
  bench.Declare(
      {"small, moved", "small, hardly moved", "large", "zero", "zero still", "in resync"});
  const auto move = [&](uint32_t window, uint32_t by, bool live) {
    Cmd setup = SetupOf(30);
    setup.rcv_edge = kRcv + window;  // as told to the peer
    setup.mss = 1000;
    live ? rig.Established(setup) : rig.InResync(setup);
    Cmd set = CommandTo(CmdKind::CmdSet, 30);
    set.set_edge = true;
    set.rcv_edge = kRcv + window + by;
    const Result r = rig.Do(set);
    if (r.ackev) {
      EXPECT_EQ(r.ackev->kind, Ack::AckNow);
    }
    return r.ackev.has_value();
  };
  EXPECT_TRUE(move(1999, 1000, true));
  bench.Hit("small, moved");
  EXPECT_FALSE(move(1999, 999, true));
  bench.Hit("small, hardly moved");
  EXPECT_FALSE(move(2000, 100000, true));
  bench.Hit("large");
  EXPECT_TRUE(move(3, 1, true));  // rounds down to 0, by a scale of 2
  EXPECT_TRUE(move(0, 4, true));
  bench.Hit("zero");
  EXPECT_FALSE(move(0, 3, true));
  bench.Hit("zero still");
  EXPECT_FALSE(move(0, 0, true));
  EXPECT_FALSE(move(0, 5000, false));
  bench.Hit("in resync");
}

}  // namespace
}  // namespace handoff::rx_tcp_test
