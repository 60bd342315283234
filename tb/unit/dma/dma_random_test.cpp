// SPDX-License-Identifier: Apache-2.0
//
// dma in random runs: bursts and reads of every client, slow and wrong answers, halt and stop.

#include <gtest/gtest.h>

#include <cstdint>

#include "gen/handoff_dma_rtl.h"
#include "gen/handoff_dma_two_tags_rtl.h"
#include "tb/twin/channel_hits.h"
#include "tb/unit/dma/rig.h"

namespace handoff {
namespace {

template <class RtlClass>
void RandomRuns() {
  Dma<RtlClass> dma;
  auto& bench = dma.bench;
  bench.Declare({"rule 1: both clients have a burst", "rule 3: sixteen bursts",
                 "rule 4: write error", "rule 5: read error", "rule 6: overtaking",
                 "rule 7: all tags in use", "rule 8: halted or stopped in the middle",
                 "rule 9: beats of nothing", "rule 10: malformed request", "quiet at the end"});
  ChannelHits channels(bench, {"b", "r"});
  bench.Runs(1000, [&] {
    dma.Start();
    Rng rng = bench.MakeRng("stimulus");
    auto pace = [&] { return rng.Chance(0.5) ? 1 : rng.Chance(0.3) ? 0.05 : 0.5; };
    for (auto* p : {&dma.upload_wr, &dma.notify_wr})
      p->SetIdle(1 - pace()), p->SetGarbage(rng.Chance(0.5));
    for (auto* p : {&dma.cmd_rd_req, &dma.legacy_rd_req, &dma.tx_rd_req}) {
      p->SetIdle(1 - pace()), p->SetGarbage(rng.Chance(0.5));
    }
    dma.b.SetGarbage(true), dma.r.SetGarbage(true);
    dma.aw.SetPace(pace()), dma.w.SetPace(pace()), dma.ar.SetPace(pace());
    dma.b_chance = pace(), dma.r_chance = pace();
    dma.shuffle = rng.Chance(0.7);
    dma.error_chance = rng.Chance(0.5) ? 0.1 : 0;
    dma.nonsense_chance = rng.Chance(0.3) ? 0.2 : 0;
    const uint64_t errors[3] = {dma.write_errors, dma.read_errors, dma.nonsense};
    const uint64_t overtakes = dma.overtakes;
    const uint64_t bursts = rng.Below(30), reads = rng.Below(60);
    for (uint64_t i = 0; i < bursts; ++i) {
      dma.Write(rng.Chance(0.5) ? kUploadWr : kNotifyWr, rng.Chance(0.6) ? 1 : rng.Between(1, 9));
    }
    for (uint64_t i = 0; i < reads; ++i) {
      const bool odd = rng.Chance(0.1);
      if (odd) bench.Hit("rule 10: malformed request");
      const uint64_t offset = rng.Below(512);
      dma.Read(static_cast<Client>(rng.Below(3)), offset,
               odd ? rng.Below(1200) * rng.Below(2) : rng.Between(1, 512 - offset));
    }
    bool sixteen = false, full = false;
    const bool stops = rng.Chance(0.3);
    dma.StepUntil(
        [&] {
          if (stops && rng.Chance(0.05)) bench.in.halt = !bench.in.halt;
          if (stops && rng.Chance(0.05)) bench.in.stop = !bench.in.stop;
          if ((bench.in.halt || bench.in.stop) && !bench.out().drained) {
            bench.Hit("rule 8: halted or stopped in the middle");
          }
          if (bench.in.upload_wr_valid && bench.in.notify_wr_valid)
            bench.Hit("rule 1: both clients have a burst");
          sixteen |= dma.outstanding() == kMaxBursts;
          full |= dma.tags() == dma.rd_tags;
          return dma.Done();
        },
        "all done");
    bench.in.halt = bench.in.stop = false;
    if (sixteen) bench.Hit("rule 3: sixteen bursts");
    if (full) bench.Hit("rule 7: all tags in use");
    if (dma.write_errors > errors[0]) bench.Hit("rule 4: write error");
    if (dma.read_errors > errors[1]) bench.Hit("rule 5: read error");
    if (dma.nonsense > errors[2]) bench.Hit("rule 9: beats of nothing");
    if (dma.overtakes > overtakes) bench.Hit("rule 6: overtaking");
    dma.nonsense_chance = 0;
    dma.StepUntil([&] { return bench.out().quiet; }, "quiet", 10);
    bench.Hit("quiet at the end");
  });
}

TEST(Dma, RandomRunsKeepEveryPromise) { RandomRuns<handoff_dma_rtl>(); }

TEST(Dma, RandomRunsWithTwoTagsKeepEveryPromise) { RandomRuns<handoff_dma_two_tags_rtl>(); }

}  // namespace
}  // namespace handoff
