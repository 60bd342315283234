// SPDX-License-Identifier: Apache-2.0
//
// tx: latencies and rates that docs/units/tx.md promises, back-pressure, link and stop.

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "gen/handoff_tx_rtl.h"
#include "model/handoff_tx.h"
#include "tb/twin/channel_hits.h"
#include "tb/unit/tx/rig.h"

namespace handoff {
namespace {

// The cycles in which something was first to be seen.
template <class Rig>
class Watch : public Agent {
 public:
  explicit Watch(Rig& rig) : rig_(rig) { rig.bench.Add(this); }
  std::vector<uint64_t> tx_rd_req, tx_rd, start, snap, tx;

  void Reset() override {
    tx_rd_req.clear(), tx_rd.clear(), start.clear(), snap.clear(), tx.clear();
  }
  void Sample(uint64_t cycle) override {
    const auto& out = rig_.bench.out();
    const auto& in = rig_.bench.in;
    if (out.tx_rd_req_valid && in.tx_rd_req_ready) tx_rd_req.push_back(cycle);
    if (in.tx_rd_valid) tx_rd.push_back(cycle);
    if (out.start_valid && in.start_ready) start.push_back(cycle);
    if (in.snap_valid) snap.push_back(cycle);
    if (out.tx_valid && in.tx_ready) tx.push_back(cycle);
  }
  void Drive() override {}

 private:
  Rig& rig_;
};

TEST(Tx, KeepsItsLatencies) {
  TxRig<handoff_tx_rtl> t;
  Watch watch(t);
  for (const uint32_t r : {2u, 3u, 10u}) {
    t.rx_tcp.latency = r;
    for (const uint32_t size : {1u, 64u, 500u, 1448u}) {
      for (const bool raw : {false, true}) {
        watch.Reset();
        const uint64_t bell = t.bench.cycle();
        const Piece piece{.size = size, .addr = kAt};
        t.Post(raw ? Raw({piece}) : Send(1, {piece}));
        t.Settle();
        t.Check();
        EXPECT_EQ(watch.tx_rd_req[0], bell + 1);
        EXPECT_EQ(watch.tx_rd_req[1], watch.tx_rd[0] + 5);
        const uint64_t y = watch.tx_rd.back();
        if (raw) {
          EXPECT_EQ(watch.tx[0], y + 6);
        } else {
          EXPECT_EQ(watch.start[0], y + 4);
          EXPECT_EQ(watch.snap[0], y + 4 + r);
          EXPECT_EQ(watch.tx[0], y + 9 + r);
        }
      }
    }
    watch.Reset();
    t.Ask({.conn = 3});
    t.bench.Cycle();  // the producer offers it after this edge
    const uint64_t visible = t.bench.cycle();
    t.Settle();
    t.Check();
    EXPECT_EQ(watch.start[0], visible + 1);
    EXPECT_EQ(watch.tx[0], visible + 6 + r);
  }
}

TEST(Tx, SendsAFrameWithoutBubbles) {
  TxRig<handoff_tx_rtl> t;
  t.dma.gap = 0.5;  // slow reads do not show: a frame begins when all of it is here
  for (uint32_t i = 0; i < 40; ++i) {
    t.Post(Raw({{.size = 300 + 100 * (i % 20), .addr = kAt + i}}));
    t.Post(Send(1, {{.size = 100 + 50 * (i % 20), .addr = kAt + i}}));
  }
  t.Settle();
  t.Check();
  for (const auto& frame : t.frames) {
    EXPECT_EQ(frame.last_cycle - frame.first_cycle + 1, (frame.bytes.size() + 63) / 64);
  }
}

TEST(Tx, SendsFullFramesAtLineRate) {
  TxRig<handoff_tx_rtl> t;
  t.dma.latency = 300;
  constexpr uint32_t kFrames = 400;
  for (uint32_t i = 0; i < kFrames; ++i) {
    t.Post(Send(1, {{.size = 1460, .addr = kAt + i * 1461}}));
  }
  t.Settle();
  t.Check();
  ASSERT_EQ(t.frames.size(), kFrames);
  // From one in the steady state to the last: 1514 bytes, FCS, preamble and gap take 39.7 cycles.
  const uint64_t cycles = t.frames[kFrames - 1].first_cycle - t.frames[50].first_cycle;
  EXPECT_LE(static_cast<double>(cycles), 39.7 * (kFrames - 51));
}

TEST(Tx, FramesFollowWithOneIdleCycle) {
  TxRig<handoff_tx_rtl> t;
  t.bench.in.link_up = false;
  for (uint32_t i = 0; i < 6; ++i) t.Post(Raw({{.size = 640, .addr = kAt}}));
  t.bench.Cycle(400);
  t.bench.in.link_up = true;
  t.Settle();
  t.Check();
  for (size_t i = 1; i < 6; ++i) {
    EXPECT_EQ(t.frames[i].first_cycle - t.frames[i - 1].last_cycle, 2u);
  }
}

TEST(Tx, EveryOutputBlocked) {
  TxRig<handoff_tx_rtl> t;
  ChannelHits channel_hits(t.bench);
  t.bench.Declare({"tx blocked", "sent blocked", "tx_rd_req blocked", "start blocked"});
  const auto post = [&] {
    for (uint32_t i = 0; i < 10; ++i) {
      t.Post(Raw({{.size = 200 + i, .addr = kAt}}));
      t.Post(Send(1, {{.size = 900 + i, .addr = kAt}}));
      t.Post(Send(2, {{.size = 0, .addr = kAt}}));
      t.Ask({.conn = static_cast<Conn>(i)});
    }
  };
  const auto blocked = [&](const char* name, bool is) {
    if (is) t.bench.Hit(name);
    EXPECT_TRUE(is);
  };
  Rng rng(TestSeed(), "templates");
  t.tx.SetPace(0);
  post();
  t.bench.Cycle(300);
  for (Conn conn = 0; conn < 5; ++conn) t.tmpl.Push(Tmpl{.conn = static_cast<Conn>(40 + conn)});
  blocked("tx blocked", t.bench.out().tx_valid);
  t.tx.SetPace(1);
  t.Settle();
  t.Check();

  t.sent.SetPace(0);
  post();
  t.bench.Cycle(600);
  blocked("sent blocked", t.bench.out().sent_valid);
  t.sent.SetPace(1);
  t.Settle();
  t.Check();

  t.dma.pace = 0;
  post();
  t.bench.Cycle(300);
  blocked("tx_rd_req blocked", t.bench.out().tx_rd_req_valid);
  t.dma.pace = 0.3;
  t.Settle();
  t.dma.pace = 1;
  t.Check();

  t.rx_tcp.pace = 0;
  post();
  t.bench.Cycle(300);
  blocked("start blocked", t.bench.out().start_valid);
  t.rx_tcp.pace = 0.3;
  t.Settle();
  t.Check();

  // A template waits only while the RAM is cleared.
  t.bench.Reset();
  for (int i = 0; i < 3; ++i) t.tmpl.Push(Tmpl{.conn = 1});
  t.bench.Cycle(20);
  EXPECT_FALSE(t.bench.out().tmpl_ready);
}

// A template written while it is read: a frame has the old one or the new one, never a mixture.
TEST(Tx, TemplateMayChangeUnderTraffic) {
  TxRig<handoff_tx_rtl> t;
  t.bench.Declare({"first", "second"});
  Rng rng(TestSeed(), "templates");
  Tmpl templates[2] = {t.RandomTemplate(3, rng), t.RandomTemplate(3, rng)};
  t.SetTemplate(templates[0]);
  for (int i = 0; i < 400; ++i) t.tmpl.Push(templates[i / 7 % 2]);
  for (int i = 0; i < 20; ++i) t.Ask({.conn = 3});
  t.Settle();
  ASSERT_EQ(t.rx_tcp.starts.size(), 20u);
  t.CollectFrames();
  ASSERT_EQ(t.frames.size(), 20u);
  for (size_t i = 0; i < 20; ++i) {
    const Snap& snap = t.rx_tcp.starts[i].second;
    const bool first = t.frames[i].bytes == FrameOf(templates[0], snap, {});
    EXPECT_TRUE(first || t.frames[i].bytes == FrameOf(templates[1], snap, {}));
    t.bench.Hit(first ? "first" : "second");
  }
}

TEST(Tx, SentBlockedLetsAcksGo) {
  TxRig<handoff_tx_rtl> t;
  t.sent.SetPace(0);
  for (uint32_t i = 0; i < 3; ++i) t.Post(Raw({}));  // two in the skid, one at the output
  t.bench.Cycle(60);
  ASSERT_TRUE(t.bench.out().sent_valid);
  for (Conn conn = 0; conn < 3; ++conn) t.Ask({.conn = conn});
  t.bench.Cycle(100);
  EXPECT_EQ(t.txa_cnt.received(), 3u);
  t.Post(Raw({{.size = 100, .addr = kAt}}));  // prepared: waits, and all behind it
  t.bench.Cycle(60);
  t.Ask({.conn = 7});
  t.bench.Cycle(60);
  EXPECT_EQ(t.txa_cnt.received(), 3u);
  t.sent.SetPace(1);
  t.Settle();
  t.Check();
}

TEST(Tx, FrameRamFullWaits) {
  TxRig<handoff_tx_rtl> t;
  t.bench.in.cfg.max_frame = 0xffff;
  t.tx.SetPace(0);
  for (uint32_t i = 0; i < 3; ++i) t.Post(Raw({{.size = 16384, .addr = kAt + i}}));
  t.Post(Raw({{.size = 64, .addr = kAt}}));
  t.bench.Cycle(1500);
  EXPECT_EQ(t.dma.requests.size(), 1u + 32 + 33);  // two of them fill the RAM
  t.tx.SetPace(1);
  t.Settle();
  t.Check();
  EXPECT_EQ(t.frames.size(), 4u);
}

TEST(Tx, ReadsAheadWithinItsLimits) {
  TxRig<handoff_tx_rtl> t;
  t.tx.SetPace(0);
  for (uint32_t i = 0; i < 60; ++i) t.Post(Raw({{.size = 60, .addr = kAt}}));
  t.bench.Cycle(1000);
  // 16 decoded, one being decoded, two in send and prepare, up to 16 held.
  EXPECT_LE(t.bench.out().tx_cons, 16 + 1 + 2 + 16);
  EXPECT_GE(t.bench.out().tx_cons, 16);
  t.tx.SetPace(1);
  t.Settle();
  t.Check();
}

TEST(Tx, LinkDownWaits) {
  TxRig<handoff_tx_rtl> t;
  t.Post(Send(1, {{.size = 1400, .addr = kAt}}));
  t.Post(Send(1, {{.size = 100, .addr = kAt}}));
  t.bench.Until([&] { return t.bench.out().tx_valid; }, "first beat");
  t.bench.in.link_up = false;  // the frame that began ends, the prepared one waits
  t.bench.Cycle(200);
  EXPECT_EQ(t.tx_cnt.received(), 1u);
  EXPECT_TRUE(t.bench.out().tx_idle);
  EXPECT_FALSE(t.bench.out().quiet);
  const size_t starts = t.rx_tcp.starts.size();
  t.Ask({.conn = 2});
  t.Post(Send(1));
  t.bench.Cycle(200);
  EXPECT_EQ(t.rx_tcp.starts.size(), starts);
  t.bench.in.link_up = true;
  t.Settle();
  t.Check();
  EXPECT_EQ(t.frames.size(), 4u);
}

TEST(Tx, RefusedOnesAreAnsweredWithPreparedLinkDown) {
  TxRig<handoff_tx_rtl> t;
  t.rx_tcp.alter = [&](const Start&, Snap& snap) {
    snap.status = Status::StatusStale;
    t.bench.in.link_up = false;  // after the start
  };
  t.Post(Send(1));
  t.bench.Cycle(60);
  EXPECT_EQ(t.sent.received(), 1u);  // nothing of it needs the link
  t.Check();
}

TEST(Tx, StopEndsTheFrame) {
  TxRig<handoff_tx_rtl> t;
  t.bench.Declare({"abandoned", "ended by itself", "before it began"});
  const uint32_t sizes[] = {60, 64, 65, 128, 1514};
  for (uint32_t after = 0; after < 60; ++after) {
    t.bench.Reset();
    t.Ready();
    for (const uint32_t size : sizes) t.Post(Raw({{.size = size, .addr = kAt}}));
    t.Post(Send(1, {{.size = 1000, .addr = kAt}}));
    t.bench.Until([&] { return t.tx_cnt.received() > 0; }, "first frame");
    t.bench.Cycle(after);
    t.Ask({.conn = 1});
    t.bench.in.stop = true;
    const uint64_t begun = t.tx.received();
    t.bench.Cycle(2);
    const size_t reads = t.dma.requests.size();
    const size_t starts = t.rx_tcp.starts.size();
    t.bench.Cycle(5);
    EXPECT_TRUE(t.bench.out().tx_idle);
    EXPECT_LE(t.tx.received(), begun + 2);
    t.bench.Cycle(100);
    EXPECT_EQ(t.dma.requests.size(), reads);
    EXPECT_EQ(t.rx_tcp.starts.size(), starts);
    const uint64_t counted = t.tx_cnt.received();
    t.Check(false);
    EXPECT_GE(t.frames.size(), counted);
    EXPECT_LE(t.frames.size(), counted + 1);
    const bool user = t.frames.back().user;
    EXPECT_EQ(user, t.frames.size() == counted + 1);
    t.bench.Hit(user                      ? "abandoned"
                : t.tx.received() > begun ? "ended by itself"
                                          : "before it began");
  }
}

// Nobody takes stop back without a reset; if so, the frame RAM is still whole.
TEST(Tx, AbandonedFramesLeaveTheFrameRam) {
  TxRig<handoff_tx_rtl> t;
  t.bench.in.cfg.max_frame = 0xffff;
  for (uint32_t i = 0; i < 5; ++i) {
    const uint64_t begun = t.tx.received();
    t.Post(Raw({{.size = 16384, .addr = kAt}}));
    t.bench.Until([&] { return t.tx.received() > begun + 5; }, "a frame began");
    t.bench.in.stop = true;
    t.bench.Cycle(5);
    t.bench.in.stop = false;
    t.Settle();
  }
  EXPECT_EQ(t.sent.received(), 0u);
  EXPECT_EQ(t.tx_cnt.received(), 0u);
  t.Post(Raw({{.size = 16384, .addr = kAt}}));
  t.Settle();
  EXPECT_EQ(t.sent.received(), 1u);
}

}  // namespace
}  // namespace handoff
