// SPDX-License-Identifier: Apache-2.0
//
// tx in random runs: descriptors of every kind, ACK requests, bad memory, slow neighbours, a link
// that goes and comes, and at the end perhaps stop.

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <string>

#include "gen/handoff_tx_small_rtl.h"
#include "model/handoff_tx.h"
#include "tb/twin/channel_hits.h"
#include "tb/unit/tx/rig.h"

namespace handoff {
namespace {

using Rig = TxRig<handoff_tx_small_rtl>;

// Sizes from which each boundary is met often.
uint32_t RandomSize(Rng& rng, uint32_t most) {
  switch (rng.Below(5)) {
    case 0:
      return static_cast<uint32_t>(rng.Between(1, 70));
    case 1:
      return static_cast<uint32_t>(64 * rng.Between(1, 10) + rng.Below(3) - 1);
    case 2:
      return static_cast<uint32_t>(rng.Between(1, most));
    default:
      return static_cast<uint32_t>(rng.Between(1, 600));
  }
}

uint64_t RandomAddress(Rng& rng) {
  switch (rng.Below(4)) {
    case 0:
      return 0x40000000 + rng.Below(1024);
    case 1:
      return 0x40000000 + 512 * rng.Below(64) + rng.Below(3) - 1;
    case 2:
      return (rng.Chance(0.5) ? HostMemory::kZeros : HostMemory::kOnes) + rng.Below(1 << 20);
    default:
      return rng.Next();
  }
}

TxDesc RandomDescriptor(Rng& rng, const Rig& t) {
  TxDesc d = rng.Any<TxDesc>();  // reserved fields are not looked at
  d.op = static_cast<U8>(rng.Chance(0.4) ? Tx::TxRaw : Tx::TxSend);
  if (rng.Chance(0.02)) d.op = static_cast<U8>(rng.Next());
  d.conn = static_cast<Conn>(rng.Below(t.entries + (rng.Chance(0.1) ? 4 : 0)));
  d.n_pieces = static_cast<U8>(rng.Below(4));
  if (rng.Chance(0.03)) d.n_pieces = static_cast<U8>(rng.Next());
  d.n_sacks = static_cast<U8>(rng.Chance(d.n_pieces == 0 ? 0.5 : 0.03) ? rng.Below(4) : 0);
  if (rng.Chance(0.02)) d.n_sacks = static_cast<U8>(rng.Next());
  const uint32_t most = rng.Chance(0.05) ? 16384 : 1600;
  for (Piece* piece : {&d.piece0, &d.piece1, &d.piece2}) {
    piece->size = rng.Chance(0.05) ? 0 : RandomSize(rng, most);
    if (rng.Chance(0.01)) piece->size = static_cast<U32>(rng.Next());
    piece->addr = RandomAddress(rng);
  }
  return d;
}

struct Mix {
  double tx, sent, start, dma, gap, link, asks;
};

Mix RandomMix(Rng& rng) {
  const auto pace = [&](double slow) { return rng.Chance(0.6) ? 1 : slow; };
  return {.tx = pace(0.3),
          .sent = pace(0.05),
          .start = pace(0.3),
          .dma = pace(0.3),
          .gap = rng.Chance(0.6) ? 0 : 0.6,
          .link = rng.Chance(0.3) ? 0.02 : 0,
          .asks = rng.Chance(0.5) ? 0.02 : 0.2};
}

void Apply(Rig& t, const Mix& mix) {
  t.tx.SetPace(mix.tx);
  t.sent.SetPace(mix.sent);
  t.rx_tcp.pace = mix.start;
  t.dma.pace = mix.dma;
  t.dma.gap = mix.gap;
}

// Notes in which of the page's rows a status is found.
void HitStatus(Rig& t, const TxDesc& d) {
  static const std::map<Status, const char*> kNames = {
      {Status::StatusOk, ""},
      {Status::StatusBadOp, "unknown op"},
      {Status::StatusBadIndex, "row 7: conn out of range"},
      {Status::StatusBadPiece, "row 2: bad pieces"},
      {Status::StatusBadSize, "row 7: a piece of size 0"},
      {Status::StatusBadLength, "row 2: bad length"},
      {Status::StatusReadError, "row 8: read error"}};
  Bytes data;
  const Status status = t.StatusOf(d, &data);
  if (status != Status::StatusOk) {
    t.bench.Hit(kNames.at(status));
  } else if (d.op == 1) {
    t.bench.Hit("row 1: RAW");
  } else {
    t.bench.Hit(d.n_pieces != 0 ? "row 3: SEND with data" : "row 5: SEND without data");
  }
}

TEST(TxRandom, EverythingLeavesAsAskedFor) {
  Rig t;
  auto& bench = t.bench;
  ChannelHits channel_hits(bench, {"tmpl"});  // held up only while the RAM is cleared
  bench.Declare({"row 1: RAW",
                 "row 2: bad pieces",
                 "row 2: bad length",
                 "row 3: SEND with data",
                 "row 4: over the MSS",
                 "row 5: SEND without data",
                 "row 6: refused by rx_tcp",
                 "row 7: conn out of range",
                 "row 7: a piece of size 0",
                 "row 8: read error",
                 "row 9: read error in a descriptor",
                 "row 10: own ACKs",
                 "row 11: own ACK refused",
                 "row 12: ring wrapped",
                 "row 13: link down",
                 "row 14: stop, frame abandoned",
                 "row 14: stop, none under way",
                 "unknown op",
                 "quiet at the end",
                 "ring disabled"});
  bench.Runs(1000, [&] {
    t.Ready();
    Rng rng = bench.MakeRng("tx");
    for (uint32_t i = rng.Below(6); i > 0; --i) {
      t.SetTemplate(t.RandomTemplate(static_cast<Conn>(rng.Below(t.entries)), rng));
    }
    if (rng.Chance(0.3)) bench.in.cfg.max_frame = static_cast<U16>(rng.Between(1518, 65535));
    if (rng.Chance(0.3)) t.memory.SetBad(0x40000000 + 64 * rng.Below(20));
    t.rx_tcp.ts_on = rng.Chance(0.5);
    t.rx_tcp.mss = rng.Chance(0.5) ? 1460 : static_cast<U16>(rng.Below(2000));
    t.rx_tcp.latency = static_cast<uint32_t>(rng.Between(1, rng.Chance(0.2) ? 30 : 4));
    t.dma.latency = static_cast<uint32_t>(rng.Between(1, rng.Chance(0.3) ? 200 : 20));
    const double stale = rng.Chance(0.3) ? 0.3 : 0;
    Rng answers = bench.MakeRng("answers");
    t.rx_tcp.alter = [&](const Start& start, Snap& snap) {
      if (!answers.Chance(stale)) return;
      snap.status = answers.Chance(0.5) ? Status::StatusStale : Status::StatusBadLength;
      bench.Hit(start.own_ack ? "row 11: own ACK refused" : "row 6: refused by rx_tcp");
    };
    const bool bad_ring = rng.Chance(0.03);
    for (int phase = 0; phase < 2; ++phase) {
      const uint64_t base = 0x2000 + 64 * rng.Below(16);
      t.SetRing(base, static_cast<uint8_t>(rng.Between(1, 5)));
      if (bad_ring) t.memory.SetBad(base + 64 * rng.Below(t.ring_size()));
      const Mix mix = RandomMix(rng);
      Apply(t, mix);
      const uint32_t rounds = static_cast<uint32_t>(rng.Between(20, 200));
      for (uint32_t i = 0; i < rounds; ++i) {
        if (rng.Chance(0.15) && !t.RingFull()) {
          const TxDesc d = RandomDescriptor(rng, t);
          HitStatus(t, d);
          t.Post(d);
          if (bench.in.tx_ring.index == 0) bench.Hit("row 12: ring wrapped");
        }
        if (rng.Chance(mix.asks)) {
          Ackreq ask = rng.Any<Ackreq>();
          if (rng.Chance(0.8)) ask.conn &= 7;
          t.Ask(ask);
        }
        if (rng.Chance(mix.link)) {
          bench.in.link_up = !bench.in.link_up;
          if (!bench.in.link_up) bench.Hit("row 13: link down");
        }
        bench.Cycle(rng.Chance(0.05) ? 100 : 1);
      }
      if (phase == 1 && rng.Chance(0.3)) {  // reset is coming
        bench.in.stop = true;
        const uint64_t counted = t.tx_cnt.received();
        Apply(t, {1, 1, 1, 1, 0, 0, 0});
        bench.Cycle(20);
        EXPECT_TRUE(bench.out().tx_idle);
        EXPECT_LE(t.tx_cnt.received(), counted + 1);
        t.Check(false);
        const bool user = !t.frames.empty() && t.frames.back().user;
        bench.Hit(user ? "row 14: stop, frame abandoned" : "row 14: stop, none under way");
        return;
      }
      bench.in.link_up = true;
      t.Settle();
      for (const auto& [start, snap] : t.rx_tcp.starts) {
        if (start.own_ack) {
          bench.Hit("row 10: own ACKs");
        } else if (snap.status == Status::StatusOk && start.len > snap.mss) {
          bench.Hit("row 4: over the MSS");
        }
      }
      if (bench.out().tx_fault) {
        bench.Hit("row 9: read error in a descriptor");
        t.Check(false);
        return;
      }
      t.Check();
      bench.Hit("quiet at the end");
      bench.in.tx_ring.enable = false;
      bench.Cycle(3);
      ASSERT_EQ(bench.out().tx_cons, 0);
      bench.Hit("ring disabled");
    }
  });
}

}  // namespace
}  // namespace handoff
