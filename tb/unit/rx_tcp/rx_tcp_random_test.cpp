// SPDX-License-Identifier: Apache-2.0
//
// rx_tcp, random runs: everything at once, in a small world where rare cases are frequent. The
// twins agree in every cycle, and the books balance: every frame one verdict, every command one
// answer, everything in order, no legacy buffer used that was not given.

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <deque>
#include <string>

#include "gen/handoff_rx_tcp_small_rtl.h"
#include "model/handoff_rx_tcp.h"
#include "tb/twin/twin_bench.h"
#include "tb/unit/rx_tcp/rig.h"

namespace handoff::rx_tcp_test {
namespace {

using Small = Rig<TwinBench<handoff_rx_tcp, handoff_rx_tcp_small_rtl>>;

constexpr int kConns = 3;
constexpr int kOps = 120;

// Draws what a few connections might be asked, near the numbers they might be at.
class World {
 public:
  World(Rng rng, bool any_bits) : rng_(rng), any_bits_(any_bits) {}

  Op NextOp() {
    if (again_.op != CmdKind::CmdNone && rng_.Chance(0.9)) {
      const Cmd c = again_;
      again_ = Cmd{};
      return OpOf(c);
    }
    if (begun_ < kConns) return OpOf(Setup(begun_++));
    return rng_.Chance(0.75) ? Frame() : OpOf(Command());
  }
  Start NextStart() {
    Start v = any_bits_ && rng_.Chance(0.3) ? rng_.Any<Start>() : Start{};
    v.conn = AnyConn();
    v.gen = AnyGen(v.conn);
    v.own_ack = rng_.Chance(0.5);
    v.has_ack = rng_.Chance(0.5);
    if (any_bits_ && rng_.Chance(0.3)) return v;
    v.ack = Near(kRcv);
    v.rcv_edge = Near(kRcv) + 200;
    v.seq = Near(kSnd);
    v.len = static_cast<U16>(rng_.Chance(0.5) ? rng_.Below(3) * 50 : rng_.Below(240));
    v.fin = rng_.Chance(0.2);
    return v;
  }
  Expiry NextExp() {
    return {
        .conn = AnyConn(), .is_handback = rng_.Chance(0.5), .epoch = static_cast<U8>(rng_.Next())};
  }
  Uerr NextUerr() {
    const Conn conn = AnyConn();
    return {.conn = conn, .gen = AnyGen(conn)};
  }
  Room NextRoom() {
    Room room{.conn = AnyConn(),
              .room_epoch = static_cast<U8>(rng_.Below(8)),
              .room_end = Near(kRcv) + static_cast<uint32_t>(rng_.Below(4) * 100)};
    if (rng_.Chance(0.1)) room.room_end += uint32_t{1} << rng_.Between(29, 31);
    return room;
  }
  uint64_t Step() {
    if (rng_.Chance(0.003)) return uint64_t{1977539} << 20;
    return rng_.Chance(0.3) ? rng_.Below(3) * 1024 : rng_.Below(300);
  }

 private:
  Conn AnyConn() {
    const auto conn = static_cast<Conn>(rng_.Below(kConns));
    return static_cast<Conn>(rng_.Chance(0.05) ? conn + 64 * rng_.Below(1024) : conn);
  }
  Gen AnyGen(Conn conn) {
    return static_cast<Gen>(GenOf(static_cast<Conn>(conn % 64)) + rng_.Chance(0.05));
  }
  uint32_t Near(uint32_t base) {
    uint32_t x = base + static_cast<uint32_t>(rng_.Below(12) * 50) - 50;
    if (rng_.Chance(0.2)) x += static_cast<uint32_t>(rng_.Below(3)) - 1;
    if (rng_.Chance(0.02)) x += uint32_t{1} << rng_.Between(29, 31);
    return x;
  }

  Op Frame() {
    Op op;
    if (any_bits_ && rng_.Chance(0.3)) {
      op = rng_.Any<Op>();
      if (rng_.Chance(0.7)) op.seg.reason = Reason::ReasonNone;
    }
    op.is_cmd = false;
    op.hit = rng_.Chance(0.95);
    op.conn = AnyConn();
    if (any_bits_ && rng_.Chance(0.3)) return op;
    Seq& at = at_[op.conn % 64];
    Seg& g = op.seg;
    g = DataAt(op.conn, rng_.Chance(0.85) ? at : Near(at)).seg;
    g.pay_len = static_cast<U16>(rng_.Below(4) * 50);
    if (rng_.Chance(0.03)) g.pay_len = static_cast<U16>(rng_.Next());
    g.ack = rng_.Chance(0.85) ? kSnd + static_cast<uint32_t>(rng_.Below(3) * 50) : Near(kSnd);
    g.wnd = static_cast<U16>(rng_.Chance(0.8) ? 500 : rng_.Next());
    g.ts_val = kTs + static_cast<uint32_t>(rng_.Chance(0.93) ? rng_.Below(3) : rng_.Below(40) - 20);
    g.ts_ecr = static_cast<uint32_t>(rng_.Next());
    g.has_ts = rng_.Chance(0.97);
    g.ack_flag = rng_.Chance(0.98);
    g.psh = rng_.Chance(0.3);
    g.has_sack = rng_.Chance(0.04);
    switch (rng_.Below(150)) {
      case 0:
        g.syn = true;
        break;
      case 1:
        g.rst = true;
        break;
      case 2:
        g.urg = true;
        break;
      case 3:
        g.fin = true;
        break;
      case 4:
        g.unknown_opt = true;
        break;
      case 5:
        g.reason = static_cast<Reason>(rng_.Between(7, 12));
        break;
      default:
        break;
    }
    if (g.seq == at) at += g.pay_len;
    return op;
  }

  // SETUP of each connection, for a beginning.
  Cmd Setup(Conn conn) {
    Cmd c;
    do {
      c = Command();
    } while (c.op != CmdKind::CmdSetup || c.conn != conn);
    return c;
  }
  Cmd Command() {
    const Conn conn = AnyConn();
    constexpr CmdKind kKinds[] = {CmdKind::CmdSetup,  CmdKind::CmdSetup,  CmdKind::CmdSetup,
                                  CmdKind::CmdResume, CmdKind::CmdResume, CmdKind::CmdPost,
                                  CmdKind::CmdSet,    CmdKind::CmdSet,    CmdKind::CmdUndelegate,
                                  CmdKind::CmdResync, CmdKind::CmdQuery,  CmdKind::CmdFlush};
    Cmd c = any_bits_ && rng_.Chance(0.3) ? rng_.Any<Cmd>() : Cmd{};
    c.op = rng_.Chance(0.03) ? static_cast<CmdKind>(rng_.Below(16)) : kKinds[rng_.Below(12)];
    c.conn = conn;
    c.gen = AnyGen(conn);
    c.status = rng_.Chance(0.03) ? static_cast<Status>(rng_.Below(64)) : Status::StatusOk;
    c.tag = static_cast<U16>(rng_.Next());
    if (any_bits_ && rng_.Chance(0.3)) return c;
    Seq& at = at_[conn % 64];
    const bool setup = c.op == CmdKind::CmdSetup;
    if (setup) {
      at = Near(kRcv);
      if (rng_.Chance(0.4)) at = kRcv;
    }
    c.addr = rng_.Next();
    c.rcv_nxt = setup || rng_.Chance(0.5) ? at : Near(kRcv);
    c.rcv_edge = at + static_cast<uint32_t>(rng_.Chance(0.7) ? 1000 + rng_.Below(4) * 50
                                                             : rng_.Below(5) * 50);
    c.last_ack = rng_.Chance(0.7) ? at : Near(kRcv);
    c.snd_una = kSnd;
    c.snd_nxt = kSnd + static_cast<uint32_t>(rng_.Chance(0.8) ? 150 : rng_.Below(3) * 50);
    c.snd_wnd = 500;
    c.max_wnd = rng_.Chance(0.5) ? 50 : 500;
    c.wl1 = rng_.Chance(0.7) ? at : Near(kRcv);
    c.wl2 = kSnd;
    c.ts_recent = kTs;
    c.ts_offset = static_cast<uint32_t>(rng_.Next());
    c.count = static_cast<uint32_t>(rng_.Below(4));
    c.snd_scale = static_cast<uint8_t>(rng_.Chance(0.8) ? 0 : rng_.Below(16));
    c.rcv_scale = static_cast<uint8_t>(rng_.Chance(0.8) ? rng_.Below(3) : rng_.Below(16));
    c.ts_on = rng_.Chance(0.8);
    c.sack_on = rng_.Chance(0.5);
    c.coalesce_on = rng_.Chance(0.5);
    c.ack_frames = static_cast<U8>(rng_.Next());
    c.ack_class = static_cast<uint8_t>(rng_.Below(4));
    c.quick = static_cast<U8>(rng_.Below(3));
    c.mss = static_cast<U16>(rng_.Between(40, 200));
    c.set_edge = rng_.Chance(0.7);
    c.set_mss = rng_.Chance(0.3);
    c.set_coalesce = rng_.Chance(0.4);
    c.post_id = static_cast<U16>(rng_.Next());
    c.post_cnt = static_cast<uint8_t>(rng_.Below(4));
    // A QUERY is mostly followed by another, a SETUP by the RESUME that holds.
    if (c.op == CmdKind::CmdQuery) again_ = c;
    if (setup && c.status == Status::StatusOk) {
      again_ = c;
      again_.op = CmdKind::CmdResume;
      again_.count = 0;
    }
    return c;
  }

  Rng rng_;
  bool any_bits_;
  std::array<Seq, 64> at_ = {kRcv, kRcv, kRcv};
  Cmd again_;  // what mostly follows
  Conn begun_ = 0;
};

template <class T>
void Settle(Rng& rng, Producer<T>& producer) {
  producer.SetIdle(rng.Chance(0.4) ? 0 : rng.Chance(0.5) ? 0.5 : 0.95);
  producer.SetGarbage(rng.Chance(0.5));
}

template <class T>
void Settle(Rng& rng, Consumer<T>& consumer) {
  consumer.SetPace(rng.Chance(0.5) ? 1 : rng.Chance(0.5) ? 0.4 : 0.1);
}

// What is to come out, and what may be used.
struct Books {
  std::deque<Op> ops;
  uint64_t frames = 0, commands = 0, starts = 0;
  uint64_t given = 0;
};

// Names what was seen, and checks it against the books.
void Balance(Small& rig, Books& books) {
  auto& bench = rig.bench;
  EXPECT_EQ(rig.tcp_cnt.received(), books.frames);
  EXPECT_EQ(rig.cmd_rsp.received(), books.commands);
  EXPECT_EQ(rig.snap.received(), books.starts);
  uint64_t blocks = 0, reserved = 0, others = 0;
  while (!rig.place.empty()) {
    const Place p = rig.place.Take();
    bench.Hit(PlaceKindName(static_cast<uint64_t>(p.kind)));
    reserved += p.reserved;
    if (p.kind == PlaceKind::PlaceBlock || p.kind == PlaceKind::PlaceUndelegate) ++blocks;
    if (p.kind == PlaceKind::PlaceExpire || p.kind == PlaceKind::PlaceResync) {
      ++others;
      continue;
    }
    ASSERT_FALSE(books.ops.empty());
    const Op& op = books.ops.front();
    EXPECT_EQ(p.conn, op.is_cmd ? op.cmd.conn : op.conn);
    if (op.is_cmd) {
      EXPECT_EQ(p.ntf.kind, NtfKind::NtfDone);
      EXPECT_EQ(p.ntf.tag, op.cmd.tag);
      const CmdRsp rsp = rig.cmd_rsp.Take();
      EXPECT_EQ(rsp.op, op.cmd.op);
      EXPECT_EQ(static_cast<uint8_t>(rsp.status), p.ntf.code);
      const char* status = StatusName(static_cast<uint64_t>(rsp.status));
      if (op.cmd.status == Status::StatusOk) bench.Hit(status);
    } else {
      const auto verdict = static_cast<Reason>(rig.tcp_cnt.Take().index);
      const bool whole = p.kind == PlaceKind::PlaceWhole;
      EXPECT_EQ(p.len, whole ? op.seg.frame_bytes : p.len);
      EXPECT_EQ(p.ntf.code, whole ? static_cast<uint8_t>(verdict) : 0);
      if (whole && p.ntf.hit && verdict >= Reason::ReasonSyn &&
          verdict <= Reason::ReasonDataWithSack) {
        bench.Hit(p.to_resync ? "special, to resync" : "special, stays");
      }
      if (op.seg.reason == Reason::ReasonNone) {
        bench.Hit(ReasonName(static_cast<uint64_t>(verdict)));
      }
    }
    books.ops.pop_front();
  }
  EXPECT_TRUE(books.ops.empty());
  EXPECT_EQ(rig.blk.received(), blocks);
  EXPECT_LE(reserved, books.given);
  bench.hits.Hit("expiry or upload error placed", others);
  while (!rig.ackev.empty()) {
    bench.Hit(AckName(static_cast<uint64_t>(rig.ackev.Take().kind)));
  }
  while (!rig.progress.empty())
    bench.Hit(rig.progress.Take().cancel ? "progress cancelled" : "progress");
  while (!rig.snap.empty()) {
    const Status status = rig.snap.Take().status;
    bench.Hit(status == Status::StatusOk ? "S3" : status == Status::StatusStale ? "S1" : "S2");
  }
}

TEST(RxTcp, RandomRunsFollowEveryRow) {
  Small rig;
  auto& bench = rig.bench;
  for (const Reason r : {Reason::ReasonNoLegacyBuffer,
                         Reason::ReasonHalted,
                         Reason::ReasonNoEntry,
                         Reason::ReasonResync,
                         Reason::ReasonSyn,
                         Reason::ReasonRst,
                         Reason::ReasonUrg,
                         Reason::ReasonFin,
                         Reason::ReasonUnknownOption,
                         Reason::ReasonDataWithSack,
                         Reason::ReasonPaws,
                         Reason::ReasonNoAck,
                         Reason::ReasonNoTimestamp,
                         Reason::ReasonSack,
                         Reason::ReasonGap,
                         Reason::ReasonBeyondWindow,
                         Reason::ReasonOld,
                         Reason::ReasonUnacceptable,
                         Reason::ReasonBadAck,
                         Reason::ReasonPureAck,
                         Reason::ReasonPartlyOld,
                         Reason::ReasonInOrderUser,
                         Reason::ReasonInOrderLegacy}) {
    bench.Declare({ReasonName(static_cast<uint64_t>(r))});
  }
  for (const Status s :
       {Status::StatusOk, Status::StatusBadOp, Status::StatusStale, Status::StatusLive,
        Status::StatusAlready, Status::StatusCount, Status::StatusRange}) {
    bench.Declare({StatusName(static_cast<uint64_t>(s))});
  }
  for (uint64_t kind = 0; kind < kPlaceKindCount; ++kind) bench.Declare({PlaceKindName(kind)});
  for (uint64_t kind = 1; kind < kAckCount; ++kind) bench.Declare({AckName(kind)});
  bench.Declare({"special, to resync", "special, stays", "expiry or upload error placed",
                 "progress", "progress cancelled", "S1", "S2", "S3", "place stalls", "blk stalls",
                 "ackev stalls", "progress stalls", "op stalls", "start stalls", "expiry stalls",
                 "uerr stalls", "quiet"});

  bench.Runs(1000, [&] {
    Rng rng = bench.MakeRng("run");
    World world(bench.MakeRng("world"), rng.Chance(0.3));
    rig.Levels();
    bench.in.cfg.limit_us = static_cast<uint32_t>(rng.Below(4) * 1024);
    Settle(rng, rig.op);
    Settle(rng, rig.start);
    Settle(rng, rig.expiry);
    Settle(rng, rig.uerr);
    Settle(rng, rig.room);
    Settle(rng, rig.legacy_return);
    Settle(rng, rig.grant);
    Settle(rng, rig.place);
    rig.blk.SetPace(rng.Chance(0.5) ? 1 : 0.03);
    Settle(rng, rig.ackev);
    Settle(rng, rig.progress);
    Books books;
    for (int i = 0; i < kOps; ++i) {
      const Op op = world.NextOp();
      rig.op.Push(op);
      books.ops.push_back(op);
      ++(op.is_cmd ? books.commands : books.frames);
    }
    for (uint64_t i = rng.Below(kOps); i > 0; --i, ++books.starts) {
      rig.start.Push(world.NextStart());
    }
    for (uint64_t i = rng.Below(kOps / 4); i > 0; --i) rig.expiry.Push(world.NextExp());
    for (uint64_t i = rng.Below(8); i > 0; --i) rig.uerr.Push(world.NextUerr());
    for (int i = 0; i < kOps; ++i) rig.room.Push(world.NextRoom());
    for (uint64_t i = rng.Below(kOps); i > 0; --i) {
      const auto n = static_cast<U8>(rng.Below(4));
      rig.grant.Push(Grant{.n = n});
      rig.legacy_return.Push(LegacyReturn{.n = n});
      books.given += 2 * n;
    }
    const double halts = rng.Chance(0.2) ? 0.05 : 0, more = rng.Chance(0.5) ? 0.9 : 0.2;
    const auto done = [&] {
      return rig.op.done() && rig.start.done() && rig.expiry.done() && rig.uerr.done() &&
             bench.out().quiet;
    };
    const uint64_t cycle = bench.cycle();
    for (bool finish = false; !done(); bench.Cycle()) {
      finish = bench.cycle() - cycle > 4000;
      bench.in.time_us += world.Step();
      bench.in.halt = rng.Chance(halts);
      bench.in.legacy_more = !finish && rng.Chance(more);
      if (bench.out().place_valid && !bench.in.place_ready) bench.Hit("place stalls");
      if (bench.out().blk_valid && !bench.in.blk_ready) bench.Hit("blk stalls");
      if (bench.out().ackev_valid && !bench.in.ackev_ready) bench.Hit("ackev stalls");
      if (bench.out().progress_valid && !bench.in.progress_ready) bench.Hit("progress stalls");
      if (bench.in.op_valid && !bench.out().op_ready) bench.Hit("op stalls");
      if (bench.in.start_valid && !bench.out().start_ready) bench.Hit("start stalls");
      if (bench.in.expiry_valid && !bench.out().expiry_ready) bench.Hit("expiry stalls");
      if (bench.in.uerr_valid && !bench.out().uerr_ready) bench.Hit("uerr stalls");
      if (bench.cycle() - cycle > 20000) bench.Fail("it does not come to an end\n");
    }
    bench.Hit("quiet");
    Balance(rig, books);
  });
}

}  // namespace
}  // namespace handoff::rx_tcp_test
