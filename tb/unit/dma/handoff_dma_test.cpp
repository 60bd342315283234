// SPDX-License-Identifier: Apache-2.0
//
// dma against docs/units/dma.md: twins in lockstep, and beside them what must come of each burst
// and of each read.

#include <gtest/gtest.h>

#include <cstdint>
#include <utility>

#include "tb/unit/dma/rig.h"

namespace handoff {
namespace {

TEST(Dma, IsReadyOneCycleAfterReset) {
  Dma dma;
  const auto& out = dma.bench.out();
  EXPECT_FALSE(out.upload_wr_ready || out.cmd_rd_req_ready || out.b_ready || out.r_ready ||
               out.quiet);
  dma.Step();
  EXPECT_TRUE(out.upload_wr_ready && out.notify_wr_ready && out.cmd_rd_req_ready &&
              out.legacy_rd_req_ready && out.tx_rd_req_ready && out.b_ready && out.r_ready &&
              out.drained && out.quiet);
}

TEST(Dma, KeepsItsLatencies) {
  Dma dma;
  dma.Step(3);
  const uint64_t n = dma.bench.cycle() + 1;  // what is pushed now is valid in the next cycle
  dma.Write(kUploadWr, 1);
  dma.Read(kLegacyRd, 0, 64);
  dma.StepUntil([&] { return dma.Done(); }, "all done");
  EXPECT_EQ(dma.aw_cycles.at(0), n + 1);
  EXPECT_EQ(dma.w_cycles.at(0), n + 1);
  EXPECT_EQ(dma.ar_cycles.at(0), n + 1);
  EXPECT_EQ(dma.done_cycles.at(0), dma.b_cycles.at(0) + 1);
  EXPECT_EQ(dma.rd_cycles.at(0), dma.r_cycles.at(0) + 3);
}

TEST(Dma, WritesOneBeatEveryCycle) {
  Dma dma;
  dma.Step(3);
  for (int i = 0; i < 100; ++i) dma.Write(kUploadWr, 1), dma.Write(kNotifyWr, 1);
  for (int i = 0; i < 20; ++i) dma.Write(kUploadWr, 5);
  dma.StepUntil([&] { return dma.Done(); }, "all written");
  ASSERT_EQ(dma.w_cycles.size(), 300u);
  EXPECT_EQ(dma.w_cycles.back() - dma.w_cycles.front(), 299u);
}

TEST(Dma, ReadsOneRequestAndOneBeatEveryCycle) {
  Dma dma;
  dma.Step(3);
  for (int i = 0; i < 20; ++i) {
    for (const Client client : {kCmdRd, kLegacyRd, kTxRd}) dma.Read(client, 0, 64);
  }
  dma.StepUntil([&] { return dma.Done(); }, "all read");
  EXPECT_EQ(dma.ar_cycles.back() - dma.ar_cycles.front(), 59u);
  EXPECT_EQ(dma.rd_cycles.back() - dma.rd_cycles.front(), 59u);
}

TEST(Dma, AlternatesBetweenClientsBurstByBurst) {
  Dma dma;
  for (int i = 0; i < 10; ++i) dma.Write(kUploadWr, 1 + i % 3), dma.Write(kNotifyWr, 1 + i % 2);
  dma.StepUntil([&] { return dma.Done(); }, "all written");
  for (size_t i = 0; i < 20; ++i) EXPECT_EQ(dma.aw_clients[i], i % 2 ? kNotifyWr : kUploadWr) << i;
}

TEST(Dma, SharesReadsRoundRobin) {
  Dma dma;
  for (int i = 0; i < 10; ++i) {
    for (const Client client : {kCmdRd, kLegacyRd, kTxRd}) dma.Read(client, 16, 100);
  }
  dma.StepUntil([&] { return dma.Done(); }, "all read");
  for (size_t i = 0; i < 30; ++i) EXPECT_EQ(dma.ar_clients[i], i % 3) << i;
}

TEST(Dma, KeepsABurstTogetherWhileItsClientPauses) {
  Dma dma;
  dma.bench.Declare({"rule 2: burst open, other client waits"});
  dma.upload_wr.SetIdle(0.8);
  for (int i = 0; i < 40; ++i) dma.Write(kUploadWr, 8), dma.Write(kNotifyWr, 1);
  dma.StepUntil(
      [&] {
        const auto& in = dma.bench.in;
        if (in.notify_wr_valid && !dma.bench.out().notify_wr_ready && !in.upload_wr_valid) {
          dma.bench.Hit("rule 2: burst open, other client waits");
        }
        return dma.Done();
      },
      "all written");  // that no burst was interrupted is checked beat by beat
}

TEST(Dma, OpensAtMostSixteenBurstsAndEndsTheLast) {
  Dma dma;
  dma.b_chance = 0;
  for (int i = 0; i < 15; ++i) dma.Write(kUploadWr, 1);
  dma.Write(kUploadWr, 64);
  dma.Write(kUploadWr, 1);
  dma.Step(200);
  EXPECT_EQ(dma.outstanding(), kMaxBursts);
  EXPECT_EQ(dma.w_cycles.size(), 15u + 64);
  dma.b_chance = 1;
  dma.StepUntil([&] { return dma.Done(); }, "all written");
}

TEST(Dma, GivesErrorsBackToTheirBurst) {
  Dma dma;
  dma.error_chance = 0.5;
  for (int i = 0; i < 50; ++i) dma.Write(kUploadWr, 1), dma.Write(kNotifyWr, 1);
  dma.StepUntil([&] { return dma.Done(); }, "all written");
  EXPECT_GT(dma.write_errors, 20u);
}

TEST(Dma, GivesReadErrorsBackWithTheirBeat) {
  Dma dma;
  dma.error_chance = 0.3;
  for (int i = 0; i < 30; ++i)
    dma.Read(kCmdRd, 0, 64), dma.Read(kTxRd, 0, 512), dma.Read(kLegacyRd, 32, 200);
  dma.StepUntil([&] { return dma.Done(); }, "all read");
  EXPECT_GT(dma.read_errors, 60u);
}

TEST(Dma, DeliversReadsInOrderWhateverTheCompletions) {
  Dma dma;
  dma.shuffle = true;
  dma.r_chance = 0.7;
  for (int i = 0; i < 60; ++i)
    dma.Read(kCmdRd, 0, 64), dma.Read(kTxRd, 0, 512), dma.Read(kLegacyRd, 8, 240);
  dma.StepUntil([&] { return dma.Done(); }, "all read");
  EXPECT_GT(dma.overtakes, 200u);
}

TEST(Dma, HoldsRequestsWhenAllTagsAreInUse) {
  Dma dma;
  dma.r_chance = 0;
  for (int i = 0; i < 40; ++i) dma.Read(kLegacyRd, 0, 512);
  dma.Step(200);
  EXPECT_EQ(dma.tags(), dma.rd_tags);
  EXPECT_FALSE(dma.bench.out().ar_valid);
  EXPECT_FALSE(dma.bench.out().legacy_rd_req_ready);
  dma.r_chance = 1;
  dma.StepUntil([&] { return dma.Done(); }, "all read");
}

TEST(Dma, WaitsForCredits) {
  Dma dma;
  dma.aw.SetPace(0), dma.w.SetPace(0), dma.ar.SetPace(0);
  for (int i = 0; i < 10; ++i)
    dma.Write(kUploadWr, 1), dma.Write(kNotifyWr, 1), dma.Read(kTxRd, 0, 512);
  dma.Step(2000);
  EXPECT_TRUE(dma.bench.out().aw_valid && dma.bench.out().w_valid && dma.bench.out().ar_valid);
  dma.w.SetPace(1);  // W alone goes on with what is open
  dma.Step(500);
  dma.aw.SetPace(1), dma.ar.SetPace(1);
  dma.StepUntil([&] { return dma.Done(); }, "all done");
}

TEST(Dma, BeginsNothingWhileHalted) {
  Dma dma;
  dma.Write(kUploadWr, 20);
  dma.upload_wr.SetIdle(0.5);
  dma.Step(8);
  dma.bench.in.halt = true;
  for (int i = 0; i < 5; ++i) dma.Write(kNotifyWr, 2), dma.Read(kCmdRd, 0, 64);
  dma.Step(500);
  EXPECT_EQ(dma.w_cycles.size(), 20u) << "the open burst ends, no other begins";
  EXPECT_EQ(dma.aw_clients.size(), 1u);
  EXPECT_TRUE(dma.ar_cycles.empty());
  EXPECT_TRUE(dma.bench.out().drained);
  EXPECT_FALSE(dma.bench.out().quiet) << "what is held back is work";
  dma.bench.in.halt = false;
  dma.StepUntil([&] { return dma.Done(); }, "all done");
}

TEST(Dma, StopsBetweenBurstsAndDrains) {
  Dma dma;
  dma.b_chance = dma.r_chance = 0.1;
  dma.ar.SetPace(0);
  for (int i = 0; i < 20; ++i)
    dma.Write(kUploadWr, 4), dma.Write(kNotifyWr, 1), dma.Read(kLegacyRd, 0, 512);
  dma.Step(20);
  EXPECT_TRUE(dma.bench.out().ar_valid);
  dma.bench.in.stop = true;
  dma.Step(100);
  EXPECT_TRUE(dma.bench.out().ar_valid) << "a read once offered stays";
  dma.ar.SetPace(1);
  dma.StepUntil([&] { return dma.bench.out().drained; }, "drained");
  const size_t bursts = dma.aw_cycles.size(), reads = dma.ar_cycles.size();
  for (int i = 0; i < 100; ++i) {
    dma.Step();
    EXPECT_TRUE(dma.bench.out().drained) << "drained while stop is 1 is final";
  }
  EXPECT_EQ(dma.aw_cycles.size(), bursts);
  EXPECT_EQ(dma.ar_cycles.size(), reads);
}

TEST(Dma, DropsAnswersToNothing) {
  Dma dma;
  dma.Step(3);
  for (int i = 0; i < 4; ++i) dma.b.Push({.resp = kSlverr});
  for (uint32_t id = 0; id < 256; ++id) dma.r.Push({.id = static_cast<U8>(id)});
  dma.Step(300);
  EXPECT_TRUE(dma.r.done() && dma.b.done() && dma.bench.out().quiet);
  dma.Write(kUploadWr, 1), dma.Read(kCmdRd, 0, 64);
  dma.StepUntil([&] { return dma.Done(); }, "all done as if nothing had been");

  dma.nonsense_chance = 0.5;
  dma.shuffle = true;
  for (int i = 0; i < 50; ++i) dma.Read(kTxRd, 0, 512), dma.Read(kCmdRd, 0, 64);
  dma.StepUntil([&] { return dma.Done(); }, "all read in spite of beats of other ids");
  EXPECT_GT(dma.nonsense, 100u);
}

TEST(Dma, RoundsMalformedRequests) {
  Dma dma;
  // Offset, bytes: one beat for none; no more than eight.
  for (const auto& [offset, bytes] : {std::pair{0u, 0u},
                                      {1, 0},
                                      {63, 0},
                                      {63, 1},
                                      {63, 2},
                                      {0, 65},
                                      {1, 512},
                                      {448, 512},
                                      {0, 513},
                                      {0, 65535},
                                      {63, 65535}}) {
    dma.Read(kTxRd, offset, bytes);
  }
  dma.StepUntil([&] { return dma.Done(); }, "all read");
  EXPECT_EQ(dma.rd_cycles.size(), 1u + 1 + 1 + 1 + 2 + 2 + 8 + 8 + 8 + 8 + 8);
}

}  // namespace
}  // namespace handoff
