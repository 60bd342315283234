// SPDX-License-Identifier: Apache-2.0
//
// command in random runs: any slots, a slow memory, refusals behind, and a ring that is disabled
// and enabled again.

#include <gtest/gtest.h>

#include <cstdint>

#include "tb/twin/channel_hits.h"
#include "tb/unit/command/rig.h"
#include "tb/unit/command/slots.h"

namespace handoff {
namespace {

TEST(Command, RandomRunsKeepEveryPromise) {
  Command command;
  auto& bench = command.bench;
  bench.Declare({"rule 15: refused behind", "rule 16: second slot late", "rule 18: read error",
                 "rule 19: disabled with reads under way", "quiet at the end"});
  for (uint32_t i = 0; i <= static_cast<uint32_t>(Status::StatusUnsupported); ++i) {
    const auto status = static_cast<Status>(i);
    if (status >= Status::StatusLive && status <= Status::StatusRange) continue;         // rx_tcp's
    if (status == Status::StatusTupleInUse || status == Status::StatusNoRoom) continue;  // lookup's
    if (status == Status::StatusNoSlot) continue;                                        // buffers'
    bench.Declare({StatusName(i)});
  }
  for (uint32_t i = 1; i < kCmdKindCount; ++i) bench.Declare({CmdKindName(i)});
  ChannelHits channels(bench);
  bench.Runs(1000, [&] {
    command.Start();
    Rng rng = bench.MakeRng("stimulus");
    auto pace = [&] { return rng.Chance(0.6) ? 1 : rng.Chance(0.3) ? 0.05 : 0.4; };
    command.cmd_rd.SetGarbage(true), command.rsp.SetGarbage(true);
    command.cmd.SetPace(pace()), command.tmpl.SetPace(pace()), command.cmd_rd_req.SetPace(pace());
    command.read_chance = pace(), command.rsp_chance = pace();
    command.refuse_chance = rng.Chance(0.3) ? 0.2 : 0;
    command.nonsense_chance = rng.Chance(0.3) ? 0.2 : 0;
    command.error_chance = rng.Chance(0.1) ? 0.05 : 0;
    auto enable = [&] {
      command.Enable(static_cast<uint32_t>(rng.Between(1, 8)), rng.Next() >> 8);
    };
    enable();
    const bool slow = rng.Chance(0.3), disables = rng.Chance(0.2);
    const uint64_t refused = command.refused_behind;
    for (int i = 0; i < 80; ++i) {
      for (const Data& slot : AnySlots(rng)) command.Push(slot);
      command.Step(slow ? rng.Below(60) : rng.Below(6));
      if (command.words() == 1 && command.reads() == 0 && !bench.out().quiet && slow) {
        bench.Hit("rule 16: second slot late");
      }
      if (!disables || !rng.Chance(0.1)) continue;
      if (command.reads() != 0) bench.Hit("rule 19: disabled with reads under way");
      command.Disable();
      command.Step(rng.Between(1, 5));
      enable();
    }
    command.Push(Data{});  // ends a SETUP that lost its second slot
    command.error_chance = 0;
    command.nonsense_chance = 0;
    command.StepUntil([&] { return command.Done() || command.fault(); }, "all done");
    if (command.fault()) {
      bench.Hit("rule 18: read error");
      command.Step(500);
    } else {
      command.StepUntil([&] { return bench.out().quiet; }, "quiet", 20);
      bench.Hit("quiet at the end");
    }
    if (command.refused_behind > refused) bench.Hit("rule 15: refused behind");
    for (const CmdKey& cmd : command.cmds) {
      bench.Hit(StatusName(static_cast<uint32_t>(cmd.cmd.status)));
      if (cmd.cmd.status == Status::StatusOk) {
        bench.Hit(CmdKindName(static_cast<uint32_t>(cmd.cmd.op)));
      }
    }
  });
}

}  // namespace
}  // namespace handoff
