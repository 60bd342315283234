// SPDX-License-Identifier: Apache-2.0
//
// rx_tcp, rules by case: commands, expiries and upload errors. What is expected is computed here.

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

Place PlaceFor(PlaceKind kind, Conn conn, const State& n) {
  Place p;
  p.kind = kind;
  p.conn = conn;
  p.gen = n.gen;
  p.room_epoch = n.room_epoch;
  return p;
}

// The place of a command answered so; `n`: the state after. Rows C1 to C3 tell no state.
Place AnswerTo(const Cmd& c, PlaceKind kind, Status status, const State& n,
               bool tells_state = true) {
  Place p = PlaceFor(kind, c.conn, n);
  p.ntf.kind = NtfKind::NtfDone;
  p.ntf.code = static_cast<uint8_t>(status);
  p.ntf.gen = c.gen;
  p.ntf.conn = c.conn;
  p.ntf.tag = c.tag;
  if (tells_state) {
    p.ntf.seq = n.rcv_nxt;
    p.ntf.count = n.legacy_cnt;
    p.ntf.snd_una = n.snd_una;
    p.ntf.snd_wnd = n.snd_wnd;
  }
  return p;
}

Progress CancelFor(Conn conn, const State& n) {
  Progress p;
  p.conn = conn;
  p.gen = n.gen;
  p.cancel = true;
  return p;
}

// To resync: in the state, and in the place that says so.
void ToResync(State* n, Place* p) {
  p->to_resync = true;
  p->ts_recent = n->ts_recent;
  p->seq = n->rcv_nxt;
  n->live = false;
  n->run_start = n->run_end = n->rcv_nxt;
  n->run_frames = 0;
  n->run_open = false;
  p->room_epoch = ++n->room_epoch;
}

void ExpectPlace(const Result& r, const Place& want) {
  ASSERT_TRUE(r.place.has_value());
  EXPECT_EQ(*r.place, want) << r.place->ToString() << "\n" << want.ToString();
}

// A command that is refused: it answers, and nothing else.
void ExpectRefused(const Result& r, const Cmd& c, Status status, const State& s, bool tells_state) {
  ASSERT_TRUE(r.cmd_rsp.has_value());
  EXPECT_EQ(r.cmd_rsp->status, status);
  EXPECT_EQ(r.cmd_rsp->op, c.op);
  ExpectPlace(r, AnswerTo(c, PlaceKind::PlaceAnswer, status, s, tells_state));
  EXPECT_FALSE(r.ackev || r.progress || r.blk || r.snap || r.verdict);
}

// Corners 51, 52, 68, 72, 77, 81 to 83.
TEST(RxTcp, AnswersEachCommandByItsFirstRow) {
  Small rig;
  auto& bench = rig.bench;
  bench.Declare({"C1", "C2", "C3 none", "C3 generation", "C4", "C5", "C9", "C10", "C11", "C12",
                 "C13", "C14", "C15"});
  const Conn conn = 17;
  State none;
  // C1: refused before.
  for (int status = 1; status < 64; ++status) {
    Cmd c = SetupOf(conn);
    c.status = static_cast<Status>(status);
    ExpectRefused(rig.Do(c), c, c.status, none, false);
    bench.Hit("C1");
  }
  // C2, C3 at no entry.
  for (int op = 0; op < 16; ++op) {
    const auto kind = static_cast<CmdKind>(op);
    if (kind == CmdKind::CmdSetup) continue;
    const Cmd c = CommandTo(kind, conn);
    const bool known = op >= 1 && op < static_cast<int>(kCmdKindCount);
    ExpectRefused(rig.Do(c), c, known ? Status::StatusStale : Status::StatusBadOp, none, false);
    bench.Hit(known ? "C3 none" : "C2");
  }
  // C4. What no field of the command gives is 0.
  Cmd setup = SetupOf(conn);
  setup.coalesce_on = true;
  setup.snd_scale = 7;
  setup.quick = 9;
  State n;
  n.valid = true;
  n.gen = setup.gen;
  n.rcv_nxt = n.run_start = n.run_end = n.last_ack = kRcv;
  n.rcv_edge = n.told_edge = kRcv + kWindow;
  n.snd_una = n.wl2 = kSnd;
  n.snd_nxt = kSnd + kOut;
  n.snd_wnd = n.max_wnd = kSndWnd;
  n.wl1 = kRcv;
  n.ts_recent = kTs;
  n.ts_offset = setup.ts_offset;
  n.ts_sent = setup.ts_offset + NowMs(kNowUs);
  n.ts_age_s = NowS(kNowUs);
  n.snd_scale = 7;
  n.rcv_scale = setup.rcv_scale;
  n.ts_on = n.sack_on = n.coalesce_on = true;
  n.ack_class = setup.ack_class;
  n.ack_frames = setup.ack_frames;
  n.quick = 9;
  n.mss = setup.mss;
  n.room_epoch = 1;
  {
    const Result r = rig.Do(setup);
    EXPECT_EQ(r.status(), Status::StatusOk);
    ExpectPlace(r, AnswerTo(setup, PlaceKind::PlaceSetup, Status::StatusOk, n));
    ExpectAck(r, AckFor(Ack::AckSetup, conn, n));
    EXPECT_FALSE(r.progress || r.blk || r.snap || r.verdict);
    ExpectState(rig, conn, n);
    bench.Hit("C4");
  }
  // C3: another generation.
  for (int op = 2; op <= 8; ++op) {
    Cmd c = CommandTo(static_cast<CmdKind>(op), conn);
    ++c.gen;
    ExpectRefused(rig.Do(c), c, Status::StatusStale, n, false);
    bench.Hit("C3 generation");
  }
  // C9: in resync already.
  const Cmd resync = CommandTo(CmdKind::CmdResync, conn);
  ExpectRefused(rig.Do(resync), resync, Status::StatusAlready, n, true);
  bench.Hit("C9");
  // Live, with a legacy count.
  rig.Do(DataAt(conn, kRcv));
  Cmd resume = ResumeOf(setup);
  resume.count = 1;
  EXPECT_EQ(rig.Do(resume).status(), Status::StatusOk);
  n = rig.Look(conn);
  EXPECT_EQ(n.legacy_cnt, 1u);
  EXPECT_EQ(n.quick_left, 9);
  ExpectRefused(rig.Do(resume), resume, Status::StatusLive, n, true);
  bench.Hit("C5");
  // C10.
  {
    State after = n;
    Place place;
    ToResync(&after, &place);
    Place want = AnswerTo(resync, PlaceKind::PlaceAnswer, Status::StatusOk, after);
    want.to_resync = true;
    want.ts_recent = place.ts_recent;
    want.seq = place.seq;
    const Result r = rig.Do(resync);
    ExpectPlace(r, want);
    ExpectAck(r, AckFor(Ack::AckFlush, conn, after));
    ASSERT_TRUE(r.progress.has_value());
    EXPECT_EQ(*r.progress, CancelFor(conn, n));
    ExpectState(rig, conn, after);
    n = after;
    bench.Hit("C10");
  }
  // C11, live or not.
  Cmd post = CommandTo(CmdKind::CmdPost, conn);
  post.post_id = 0xbeef;
  post.post_cnt = 3;
  post.post_last = true;
  post.post_no_push = true;
  post.piece0 = {.size = 1, .addr = 0x100};
  post.piece1 = {.size = 2, .addr = 0x200};
  post.piece2 = {.size = 3, .addr = 0x300};
  {
    Place want = AnswerTo(post, PlaceKind::PlacePost, Status::StatusOk, n);
    want.ntf.count = 0;
    want.post_id = 0xbeef;
    want.post_cnt = 3;
    want.post_last = want.post_no_push = true;
    want.piece0 = post.piece0;
    want.piece1 = post.piece1;
    want.piece2 = post.piece2;
    const Result r = rig.Do(post);
    ExpectPlace(r, want);
    EXPECT_FALSE(r.ackev || r.progress || r.blk);
    ExpectState(rig, conn, n);
    bench.Hit("C11");
  }
  // C12: only what its mask names.
  Cmd set = CommandTo(CmdKind::CmdSet, conn);
  set.mss = 536;
  set.ack_frames = 77;
  set.ack_class = 3;
  set.rcv_edge = kRcv + kWindow + 500;
  for (int mask = 0; mask < 16; ++mask) {
    set.set_edge = (mask & 1) != 0;
    set.set_mss = (mask & 2) != 0;
    set.set_coalesce = (mask & 4) != 0;
    set.set_header = (mask & 8) != 0;
    const bool was_on = n.coalesce_on;
    if (set.set_edge) n.rcv_edge = set.rcv_edge;
    if (set.set_mss) n.mss = 536;
    if (set.set_coalesce) {
      n.coalesce_on = false;
      n.ack_frames = 77;
      n.ack_class = 3;
    }
    const Result r = rig.Do(set);
    ExpectPlace(r, AnswerTo(set, PlaceKind::PlaceAnswer, Status::StatusOk, n));
    EXPECT_EQ(r.ackev.has_value(), was_on && set.set_coalesce);
    if (r.ackev) ExpectAck(r, AckFor(Ack::AckFlush, conn, n));
    ExpectState(rig, conn, n);
    bench.Hit("C12");
  }
  // C13.
  Cmd query = CommandTo(CmdKind::CmdQuery, conn);
  query.addr = 0x123456789abcdc0;
  {
    Place want = AnswerTo(query, PlaceKind::PlaceBlock, Status::StatusOk, n);
    want.addr = query.addr;
    const Result r = rig.Do(query);
    ExpectPlace(r, want);
    EXPECT_EQ(*r.blk, n);
    EXPECT_FALSE(r.ackev || r.progress);
    bench.Hit("C13");
  }
  // C14.
  const Cmd flush = CommandTo(CmdKind::CmdFlush, conn);
  {
    ++n.room_epoch;
    const Result r = rig.Do(flush);
    ExpectPlace(r, AnswerTo(flush, PlaceKind::PlaceFlush, Status::StatusOk, n));
    EXPECT_FALSE(r.ackev || r.progress || r.blk);
    ExpectState(rig, conn, n);
    bench.Hit("C14");
  }
  // C15; halted, commands are answered as ever.
  Cmd undelegate = CommandTo(CmdKind::CmdUndelegate, conn);
  undelegate.addr = 0xfff0;
  {
    resume.count = n.legacy_cnt;
    resume.rcv_edge = n.rcv_edge;
    rig.Do(resume);
    n = rig.Look(conn);
    EXPECT_TRUE(n.live);
    State after = n;
    after.valid = after.live = false;
    ++after.room_epoch;
    Place want = AnswerTo(undelegate, PlaceKind::PlaceUndelegate, Status::StatusOk, after);
    want.addr = undelegate.addr;
    bench.in.halt = true;
    const Result r = rig.Do(undelegate);
    ExpectPlace(r, want);
    EXPECT_EQ(*r.blk, n);
    ExpectAck(r, AckFor(Ack::AckFlush, conn, after));
    EXPECT_EQ(*r.progress, CancelFor(conn, after));
    ExpectRefused(rig.Do(query), query, Status::StatusStale, after, false);
    bench.Hit("C15");
    // The next tenant of the index goes on with the epoch.
    setup.gen = 200;
    rig.Do(setup);
    EXPECT_EQ(rig.Look(conn, Gen{200}).room_epoch, static_cast<U8>(after.room_epoch + 1));
  }
}

// Corners 70, 73, 75 to 80.
TEST(RxTcp, ResumesOnlyWithinTheRun) {
  Small rig;
  auto& bench = rig.bench;
  bench.Declare({"count", "range", "edge", "at the run's end", "beyond the run", "run ahead",
                 "run empty", "new bytes", "new edge", "nothing new"});
  Rng rng = bench.MakeRng("resume");
  const Conn conn = 21;
  for (int i = 0; i < 1500; ++i) {
    // A run [begin, begin + bytes) of some frames, behind `before` frames that are not in it.
    Cmd setup = SetupOf(conn);
    setup.quick = 3;
    rig.InResync(setup);
    const int before = static_cast<int>(rng.Below(3));
    const int frames = static_cast<int>(rng.Below(4));
    const int64_t begin = rng.Chance(0.3) ? 500 : 0;
    for (int f = 0; f < before; ++f) {
      Op fin = DataAt(conn, kRcv + static_cast<uint32_t>(begin));
      fin.seg.fin = true;
      rig.Do(fin);
    }
    if (before == 0 && begin != 0) continue;
    int64_t bytes = 0;
    for (int f = 0; f < frames; ++f, bytes += 100) {
      rig.Do(DataAt(conn, kRcv + static_cast<uint32_t>(begin + bytes)));
    }
    const State s = rig.Look(conn);
    ASSERT_EQ(s.run_start, kRcv + static_cast<uint32_t>(begin));
    ASSERT_EQ(s.run_end, kRcv + static_cast<uint32_t>(begin + bytes));
    ASSERT_EQ(s.run_frames, frames);
    for (int k = 0; k < before + frames; ++k) rig.legacy_return.Push(LegacyReturn{.n = 1});

    const int behind = static_cast<int>(rng.Between(0, 5)) - 1;  // frames after count
    const int64_t at = begin + static_cast<int64_t>(rng.Below(5)) * 100 - 100 +
                       static_cast<int64_t>(rng.Below(3)) - 1;
    const bool in_run = begin <= at && at <= begin + bytes;
    int64_t live_at = begin + bytes;
    if (behind == 0) {
      live_at = bytes == 0 || at < begin ? at : std::max(at, begin + bytes);
    }
    Cmd c = ResumeOf(setup);
    c.count = s.legacy_cnt - static_cast<uint32_t>(behind);
    c.rcv_nxt = kRcv + static_cast<uint32_t>(at);
    const int64_t edge = rng.Chance(0.3)
                             ? live_at + static_cast<int64_t>(rng.Below(3)) - 1
                             : int64_t{kWindow} + static_cast<int64_t>(rng.Below(13)) - 6;
    c.rcv_edge = kRcv + static_cast<uint32_t>(edge);
    const int64_t last_ack = rng.Chance(0.5) ? live_at : at - static_cast<int64_t>(rng.Below(2));
    c.last_ack = kRcv + static_cast<uint32_t>(last_ack);
    c.snd_una = kSnd + 5;
    c.snd_wnd = 333;
    c.max_wnd = 444;
    c.wl1 = kRcv - 7;
    c.wl2 = kSnd + 4;
    c.ts_recent = kTs + 50;

    const Result r = rig.Do(c);
    // -1: a count beyond the engine's is as far from it as can be.
    if (behind < 0 || behind > frames) {
      ExpectRefused(r, c, Status::StatusCount, s, true);
      ExpectState(rig, conn, s);
      bench.Hit("count");
    } else if ((behind > 0 && !in_run) || live_at > edge) {
      ExpectRefused(r, c, Status::StatusRange, s, true);
      ExpectState(rig, conn, s);
      bench.Hit(behind > 0 && !in_run ? "range" : "edge");
    } else {
      State n = s;
      n.live = true;
      n.rcv_nxt = n.run_start = n.run_end = kRcv + static_cast<uint32_t>(live_at);
      n.run_frames = 0;
      n.run_open = false;
      n.rcv_edge = kRcv + static_cast<uint32_t>(std::max<int64_t>(edge, kWindow));
      n.last_ack = c.last_ack;
      n.snd_una = c.snd_una;
      n.snd_wnd = 333;
      n.max_wnd = 444;
      n.wl1 = c.wl1;
      n.wl2 = c.wl2;
      n.ts_recent = c.ts_recent;
      n.ts_age_s = NowS(kNowUs);
      n.dup = 0;
      n.quick_left = 3;
      ++n.room_epoch;
      Place want = AnswerTo(c, PlaceKind::PlaceResume, Status::StatusOk, n);
      want.seq = n.rcv_nxt;
      ExpectPlace(r, want);
      ExpectState(rig, conn, n);
      // The scale is 2: an edge is told in steps of 4 bytes.
      const int64_t told = live_at + (std::max<int64_t>(edge, kWindow) - live_at) / 4 * 4;
      const bool new_bytes = last_ack<live_at, new_edge = told> int64_t{kWindow};
      EXPECT_EQ(r.ackev.has_value(), new_bytes || new_edge);
      if (r.ackev) ExpectAck(r, AckFor(Ack::AckNow, conn, n));
      bench.Hit(new_bytes ? "new bytes" : new_edge ? "new edge" : "nothing new");
      if (behind > 0 || (bytes > 0 && begin <= at && at <= begin + bytes)) {
        bench.Hit("at the run's end");
      } else {
        bench.Hit(bytes == 0 ? "run empty" : at < begin ? "run ahead" : "beyond the run");
      }
    }
    if (HasFailure()) bench.Fail(c.ToString() + "\n");
  }
}

// Corner 15 and channels: an expiry of a hand-back goes to buffers, of an ACK to ack.
TEST(RxTcp, ExpiriesGoOn) {
  Small rig;
  auto& bench = rig.bench;
  bench.Declare({"X1", "X2", "X3"});
  rig.InResync(SetupOf(1));
  State n = rig.Look(1);
  ++n.room_epoch;
  Place want = PlaceFor(PlaceKind::PlaceExpire, 1, n);
  want.tmr_epoch = 0xa5;
  const Result back = rig.Do(Expiry{.conn = 1, .is_handback = true, .epoch = 0xa5});
  ExpectPlace(back, want);
  EXPECT_FALSE(back.ackev || back.progress || back.snap || back.verdict);
  ExpectState(rig, 1, n);
  bench.Hit("X1");
  for (const Conn conn : {Conn{1}, Conn{2}}) {  // an entry or none: ack knows
    Ackev ack = AckFor(Ack::AckExpire, conn, conn == 1 ? n : State{});
    ack.tmr_epoch = 0x5a;
    const Result r = rig.Do(Expiry{.conn = conn, .is_handback = false, .epoch = 0x5a});
    ExpectAck(r, ack);
    EXPECT_FALSE(r.place || r.progress || r.snap || r.verdict);
    bench.Hit("X2");
  }
  ExpectState(rig, 1, n);
  const Result none = rig.Do(Expiry{.conn = 2, .is_handback = true, .epoch = 1});
  EXPECT_FALSE(none.place || none.ackev || none.progress || none.snap || none.verdict);
  bench.Hit("X3");
}

// Corner 98.
TEST(RxTcp, UploadErrorForgetsAcks) {
  Small rig;
  auto& bench = rig.bench;
  bench.Declare({"U1", "U2 in resync", "U2 generation", "U2 none"});
  Cmd setup = SetupOf(40);
  setup.coalesce_on = true;
  rig.Established(setup);
  Op fin = DataAt(40, kRcv + 200000);  // not acceptable: counts as a legacy frame
  fin.seg.fin = true;
  rig.Do(fin);
  const auto nothing = [&](const Uerr& uerr, const char* row) {
    const Result r = rig.Do(uerr);
    EXPECT_FALSE(r.place || r.ackev || r.progress || r.snap || r.verdict || r.blk) << row;
    bench.Hit(row);
  };
  State n = rig.Look(40);
  EXPECT_EQ(n.legacy_cnt, 1u);
  nothing(Uerr{.conn = 40, .gen = static_cast<Gen>(n.gen + 1)}, "U2 generation");
  nothing(Uerr{.conn = 41, .gen = 0}, "U2 none");
  ExpectState(rig, 40, n);
  Place want = PlaceFor(PlaceKind::PlaceResync, 40, n);
  ToResync(&n, &want);
  want.ntf.kind = NtfKind::NtfResync;
  want.ntf.code = static_cast<uint8_t>(Reason::ReasonDma);
  want.ntf.gen = n.gen;
  want.ntf.conn = 40;
  want.ntf.seq = kRcv;
  want.ntf.count = 1;
  want.ntf.snd_una = kSnd;
  want.ntf.snd_wnd = kSndWnd;
  want.ntf.tag = kTs;
  const Result r = rig.Do(Uerr{.conn = 40, .gen = n.gen});
  ExpectPlace(r, want);
  ExpectAck(r, AckFor(Ack::AckSetup, 40, n));
  ASSERT_TRUE(r.progress.has_value());
  EXPECT_EQ(*r.progress, CancelFor(40, n));
  ExpectState(rig, 40, n);
  bench.Hit("U1");
  nothing(Uerr{.conn = 40, .gen = n.gen}, "U2 in resync");
}

}  // namespace
}  // namespace handoff::rx_tcp_test
