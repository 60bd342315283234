// SPDX-License-Identifier: Apache-2.0
//
// notify in random runs: all sources at once, a slow host, write errors, halts, and a ring that is
// disabled and enabled again.

#include <gtest/gtest.h>

#include <cstdint>

#include "tb/twin/channel_hits.h"
#include "tb/unit/notify/rig.h"

namespace handoff {
namespace {

TEST(Notify, RandomRunsKeepEveryPromise) {
  Notify notify;
  auto& bench = notify.bench;
  bench.Declare({"rule 1: all at once", "rule 2: ring full",
                 "rule 4: progress waits for the reserve", "rule 5: cancel", "rule 7: ring's end",
                 "rule 8: count reached", "rule 9: deadline", "rule 10: newer entries",
                 "rule 10: nothing newer", "rule 10: a lap ahead", "rule 11: merged",
                 "rule 12: write error", "rule 13: halt", "rule 14: disabled", "rule 15: no burst",
                 "all told"});
  ChannelHits channels(bench);
  bench.Runs(1000, [&] {
    notify.Start();
    Rng rng = bench.MakeRng("stimulus");
    auto pace = [&] { return rng.Chance(0.5) ? 1 : rng.Chance(0.3) ? 0.05 : 0.4; };
    notify.progress.SetGarbage(true), notify.done.SetGarbage(true), notify.sent.SetGarbage(true);
    notify.notify_wr_done.SetGarbage(true);
    notify.notify_wr.SetPace(pace()), notify.irq.SetPace(pace());
    notify.answer_chance = pace();
    notify.error_chance = rng.Chance(0.1) ? 0.02 : 0;
    notify.consume_chance = rng.Chance(0.7) ? pace() / 4 : 0;
    notify.nonsense_chance = rng.Chance(0.3) ? 0.1 : 0;
    notify.cycles_a_us = rng.Chance(0.5) ? 1 : 20;
    auto enable = [&] { notify.Enable(static_cast<uint32_t>(rng.Between(1, 6)), rng.Next() >> 8); };
    auto& in = bench.in;
    in.cfg.irq_count = static_cast<U16>(rng.Chance(0.2) ? 0 : rng.Below(12));
    in.cfg.irq_delay_us = static_cast<U32>(rng.Chance(0.3) ? 0 : rng.Between(1, 40));
    in.cfg.ntf_reserve = static_cast<U16>(rng.Chance(0.5) ? 0 : rng.Below(20));
    if (rng.Chance(0.1)) notify.Step(100);
    if (rng.Chance(0.8)) enable();
    const double rates[] = {pace() / 2, pace() / 2, pace() / 2};
    const double disable_chance = rng.Chance(0.3) ? 0.01 : 0,
                 halt_chance = rng.Chance(0.2) ? 0.01 : 0;
    const uint64_t conns = rng.Chance(0.5) ? 2 : notify.entries;
    const uint64_t merges = notify.merges, nonsense = notify.nonsense;
    bool wrapped = false;
    for (int i = 0; i < 400; ++i) {
      if (rng.Chance(rates[0])) notify.PushDone();
      if (rng.Chance(rates[1])) notify.PushSent();
      if (rng.Chance(rates[2])) {
        const bool cancel = rng.Chance(0.2);
        if (cancel) bench.Hit("rule 5: cancel");
        notify.PushProgress(static_cast<Conn>(rng.Below(conns)), cancel);
      }
      if (!in.ntf_ring.enable) {
        if (rng.Chance(0.1)) enable();
      } else if (rng.Chance(disable_chance)) {
        notify.Disable();
        bench.Hit("rule 14: disabled");
      }
      if (rng.Chance(halt_chance)) {
        in.halt = !in.halt;
        if (in.halt) bench.Hit("rule 13: halt");
      }
      notify.Step();
      if (in.done_valid && in.sent_valid && in.progress_valid) bench.Hit("rule 1: all at once");
      if (notify.full()) bench.Hit("rule 2: ring full");
      if (notify.untold() && notify.free() != 0 && notify.free() <= in.cfg.ntf_reserve) {
        bench.Hit("rule 4: progress waits for the reserve");
      }
      wrapped |= notify.entries_written() > notify.size();
      if (bench.out().irq_valid && in.cfg.irq_count > 1) bench.Hit("rule 8: count reached");
    }
    if (wrapped) bench.Hit("rule 7: ring's end");
    if (notify.reference().dues > 0) bench.Hit("rule 9: deadline");
    if (notify.reference().again > 0) bench.Hit("rule 10: newer entries");
    if (notify.reference().nothing_newer > 0) bench.Hit("rule 10: nothing newer");
    if (notify.reference().laps_ahead > 0) bench.Hit("rule 10: a lap ahead");
    if (notify.merges > merges) bench.Hit("rule 11: merged");
    if (notify.nonsense > nonsense) bench.Hit("rule 15: no burst");
    if (!in.ntf_ring.enable) enable();
    in.cfg.ntf_reserve = 0;
    notify.consume_chance = notify.answer_chance = 1;
    notify.notify_wr.SetPace(1), notify.irq.SetPace(1);
    notify.StepUntil([&] { return notify.Done() || notify.fault(); }, "all told");
    bench.Hit(notify.fault() ? "rule 12: write error" : "all told");
  });
}

}  // namespace
}  // namespace handoff
