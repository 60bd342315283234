// SPDX-License-Identifier: Apache-2.0
//
// lookup in random runs: frames and commands of few or many connections, and new hash keys.

#include <gtest/gtest.h>

#include <cstdint>

#include "tb/twin/channel_hits.h"
#include "tb/unit/lookup/rig.h"

namespace handoff {
namespace {

using lookup::Least;
using lookup::MakeKey;
using lookup::Small;

Key RandomKey(Rng& rng, uint32_t connections) {
  Key key = MakeKey(static_cast<uint32_t>(rng.Below(connections)));
  if (rng.Chance(0.15)) key.dst_mac ^= uint64_t{1} << rng.Below(48);
  if (rng.Chance(0.03)) key.n_tags = static_cast<uint8_t>(rng.Below(3));
  if (rng.Chance(0.03)) key.vid0 = static_cast<uint16_t>(rng.Below(4096));
  if (rng.Chance(0.03)) key.vid1 = static_cast<uint16_t>(rng.Below(4096));
  if (rng.Chance(0.03)) key.is_ip6 = !key.is_ip6;
  if (rng.Chance(0.03)) key.src_ip.w[1] ^= uint64_t{1} << rng.Below(64);
  return key;
}

template <class U>
void RandomRuns(int64_t runs) {
  U u;
  ChannelHits channel_hits(u.bench);
  u.watch.Declare({"row 1: no search", "row 2: hit", "row 3: miss", "row 4: refused before",
                   "row 5: tuple in use", "row 6: no room", "row 7: inserted", "row 8: removed",
                   "row 9: passes", "row 9: nothing to remove", "hit in the first way",
                   "hit in the stash", "the same key", "the same but for the MAC",
                   "into the first way", "into the stash", "removed from the first way",
                   "removed from the stash"});
  if (U::kWays > 1) {
    u.watch.Declare({"hit in another way", "into another way", "removed from another way"});
  }
  u.bench.Declare({"another hash key", "reset in mid-traffic"});
  u.bench.Runs(runs, [&] {
    Rng rng = u.bench.MakeRng("items");
    u.UseHashKey(rng.Any<HashKey>());
    u.hdr.SetIdle(rng.Chance(0.4) ? 0 : 0.6);
    u.cmd.SetIdle(rng.Chance(0.3) ? 0 : 0.6);
    u.hdr.SetGarbage(rng.Chance(0.5));
    u.cmd.SetGarbage(rng.Chance(0.5));
    u.op.SetPace(rng.Chance(0.5) ? 1 : 0.3);
    const auto connections = static_cast<uint32_t>(rng.Between(2, 3 * U::kSets * U::kWays));
    const double setups = rng.Chance(0.5) ? 0.8 : 0.5;
    for (int phase = 0; phase < 3; ++phase) {
      for (int i = 0; i < 40; ++i) {
        Hdr frame = rng.Any<Hdr>();
        frame.key = RandomKey(rng, connections);
        frame.seg.reason =
            rng.Chance(0.8) ? Reason::ReasonNone : static_cast<Reason>(rng.Below(64));
        u.hdr.Push(frame);
        CmdKey command = rng.Any<CmdKey>();
        command.key = RandomKey(rng, connections);
        if (rng.Chance(0.9)) {
          command.cmd.op = rng.Chance(setups) ? CmdKind::CmdSetup : CmdKind::CmdUndelegate;
        }
        if (rng.Chance(0.9)) command.cmd.status = Status::StatusOk;
        u.cmd.Push(command);
      }
      if (rng.Chance(0.1)) {
        u.bench.Cycle(rng.Between(5, 60));
        u.bench.Reset();
        u.bench.Hit("reset in mid-traffic");
        u.UseHashKey(rng.Any<HashKey>());
      }
      u.Settle();
      if (rng.Chance(0.2)) {
        u.UseHashKey(rng.Any<HashKey>());
        u.bench.Hit("another hash key");
      }
    }
  });
}
TEST(Lookup, AThousandRandomRuns) { RandomRuns<Small>(1000); }
TEST(Lookup, RandomRunsOfTheLeastTable) { RandomRuns<Least>(300); }

}  // namespace
}  // namespace handoff
