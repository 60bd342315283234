// SPDX-License-Identifier: Apache-2.0
//
// The bench of rx_tcp with an agent at every channel, builders of operations, and one operation at
// a time with all that it caused. All numbers of a connection lie close before their wrap.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <utility>

#include "gen/handoff_pkg.h"
#include "tb/twin/twin_bench.h"

namespace handoff::rx_tcp_test {

inline constexpr Seq kRcv = 0xffffff00;      // rcv_nxt at SETUP
inline constexpr Seq kSnd = 0xffffff80;      // snd_una at SETUP
inline constexpr uint32_t kTs = 0xffffffe0;  // ts_recent at SETUP
inline constexpr uint32_t kWindow = 10000;   // rcv_edge - rcv_nxt
inline constexpr uint32_t kOut = 5000;       // snd_nxt - snd_una
inline constexpr uint32_t kSndWnd = 20000;
inline constexpr uint64_t kNowUs = 0x00123456789abcde;
inline constexpr uint32_t kLimitUs = 500000;
inline constexpr uint16_t kCredits = 1000;

inline uint32_t NowMs(uint64_t us) { return static_cast<uint32_t>(us / 1024); }
inline uint32_t NowS(uint64_t us) { return static_cast<uint32_t>(us / 1048576); }
inline Gen GenOf(Conn conn) { return static_cast<Gen>(conn * 7 + 3); }

// All that one operation caused.
struct Result {
  std::optional<Place> place;
  std::optional<State> blk;
  std::optional<Ackev> ackev;
  std::optional<Progress> progress;
  std::optional<Snap> snap;
  std::optional<CmdRsp> cmd_rsp;
  std::optional<Reason> verdict;

  Status status() const { return cmd_rsp ? cmd_rsp->status : static_cast<Status>(63); }
};

// A command that names its entry as the builders make it.
inline Cmd CommandTo(CmdKind kind, Conn conn) {
  Cmd c;
  c.op = kind;
  c.conn = conn;
  c.gen = GenOf(conn);
  c.tag = static_cast<U16>(0xc000 + static_cast<int>(kind));
  return c;
}

inline Cmd SetupOf(Conn conn) {
  Cmd c = CommandTo(CmdKind::CmdSetup, conn);
  c.rcv_nxt = c.last_ack = kRcv;
  c.rcv_edge = kRcv + kWindow;
  c.snd_una = kSnd;
  c.snd_nxt = kSnd + kOut;
  c.snd_wnd = c.max_wnd = kSndWnd;
  c.wl1 = kRcv;
  c.wl2 = kSnd;
  c.ts_recent = kTs;
  c.ts_offset = 0xfffffff0;
  c.snd_scale = 0;
  c.rcv_scale = 2;
  c.ts_on = c.sack_on = true;
  c.ack_frames = 2;
  c.ack_class = 1;
  c.quick = 0;
  c.mss = 1460;
  return c;
}

// RESUME with the numbers of `setup`, when no frame has come yet.
inline Cmd ResumeOf(const Cmd& setup) {
  Cmd c = setup;
  c.op = CmdKind::CmdResume;
  c.tag = 0xc0fe;
  c.count = 0;
  return c;
}

inline Op OpOf(const Cmd& cmd) {
  Op op;
  op.is_cmd = true;
  op.cmd = cmd;
  return op;
}

// In order at rcv_nxt = `seq`, 100 bytes, everything good.
inline Op DataAt(Conn conn, Seq seq) {
  Op op;
  op.hit = true;
  op.conn = conn;
  Seg& g = op.seg;
  g.frame_bytes = 166;
  g.seq = seq;
  g.ack = kSnd;
  g.ack_flag = true;
  g.wnd = kSndWnd;
  g.has_ts = true;
  g.ts_val = kTs;
  g.ts_ecr = 0x1234;
  g.pay_off = 66;
  g.pay_len = 100;
  return op;
}

inline Op AckAt(Conn conn, Seq seq, Seq ack) {
  Op op = DataAt(conn, seq);
  op.seg.pay_len = 0;
  op.seg.frame_bytes = 66;
  op.seg.ack = ack;
  return op;
}

inline Start OwnAckOf(Conn conn) {
  Start v;
  v.conn = conn;
  v.own_ack = true;
  return v;
}

template <class B>
class Rig {
 public:
  using Bench = B;
  Bench bench;
  Producer<Op> op{bench, bench.to.op};
  Producer<Uerr> uerr{bench, bench.to.uerr};
  Producer<Expiry> expiry{bench, bench.to.expiry};
  Producer<Start> start{bench, bench.to.start};
  Producer<Room> room{bench, bench.to.room};
  Producer<LegacyReturn> legacy_return{bench, bench.to.legacy_return};
  Producer<Grant> grant{bench, bench.to.grant};
  Consumer<Place> place{bench, bench.from.place};
  Consumer<State> blk{bench, bench.from.blk};
  Consumer<Ackev> ackev{bench, bench.from.ackev};
  Consumer<Progress> progress{bench, bench.from.progress};
  Consumer<Snap> snap{bench, bench.from.snap};
  Consumer<CmdRsp> cmd_rsp{bench, bench.from.cmd_rsp};
  Consumer<Cnt> tcp_cnt{bench, bench.from.tcp_cnt};

  Rig() { Begin(); }

  // From reset to idle, with legacy buffers.
  void Begin(uint16_t credits = kCredits) {
    bench.Reset();
    Levels();
    AddCredits(credits);
    bench.Until([&] { return bench.out().quiet; }, "cleared");
  }
  void Levels() {
    bench.in.cfg.limit_us = kLimitUs;
    bench.in.time_us = kNowUs;
  }
  void AddCredits(uint32_t credits) {
    for (; credits > 255; credits -= 255) grant.Push(Grant{.n = 255});
    grant.Push(Grant{.n = static_cast<U8>(credits)});
    bench.Cycle(2);
    bench.Until([&] { return grant.done(); }, "credits given");
  }

  void Quiet() {
    bench.Cycle(2);
    bench.Until([&] { return bench.out().quiet; }, "quiet", 500);
  }
  Result Do(const Op& x) {
    op.Push(x);
    return Finish();
  }
  Result Do(const Cmd& x) { return Do(OpOf(x)); }
  Result Do(const Uerr& x) {
    uerr.Push(x);
    return Finish();
  }
  Result Do(const Expiry& x) {
    expiry.Push(x);
    return Finish();
  }
  Result Do(const Start& x) {
    start.Push(x);
    return Finish();
  }
  Result Finish() {
    Quiet();
    Result r;
    Get(place, &r.place);
    Get(blk, &r.blk);
    Get(ackev, &r.ackev);
    Get(progress, &r.progress);
    Get(snap, &r.snap);
    Get(cmd_rsp, &r.cmd_rsp);
    std::optional<Cnt> cnt;
    Get(tcp_cnt, &cnt);
    if (cnt) r.verdict = static_cast<Reason>(cnt->index);
    return r;
  }
  // QUERY: the whole state.
  State Look(Conn conn, std::optional<Gen> gen = {}) {
    Cmd c = CommandTo(CmdKind::CmdQuery, conn);
    if (gen) c.gen = *gen;
    const Result r = Do(c);
    if (!r.blk) bench.Fail("QUERY brought no state\n");
    return *r.blk;
  }

  void InResync(const Cmd& setup) {
    if (Do(setup).status() != Status::StatusOk) bench.Fail("SETUP refused\n");
  }
  void Established(const Cmd& setup) {
    InResync(setup);
    if (Do(ResumeOf(setup)).status() != Status::StatusOk) bench.Fail("RESUME refused\n");
  }
  // Bytes before `end` are sure to go to user buffers, told under the epoch in force.
  void SetRoom(Conn conn, Seq end) { SetRoomOf(conn, Look(conn).room_epoch, end); }
  void SetRoomOf(Conn conn, U8 epoch, Seq end) {
    room.Push(Room{.conn = conn, .room_epoch = epoch, .room_end = end});
    bench.Cycle(2);
  }
  // Everything that was transferred is forgotten.
  void Forget() {
    while (!place.empty()) place.Take();
    while (!blk.empty()) blk.Take();
    while (!ackev.empty()) ackev.Take();
    while (!progress.empty()) progress.Take();
    while (!snap.empty()) snap.Take();
    while (!cmd_rsp.empty()) cmd_rsp.Take();
    while (!tcp_cnt.empty()) tcp_cnt.Take();
  }

 private:
  template <class T>
  void Get(Consumer<T>& from, std::optional<T>* to) {
    if (from.items().size() > 1) bench.Fail("one operation, two of the same output\n");
    if (!from.empty()) *to = from.Take();
  }
};

}  // namespace handoff::rx_tcp_test
