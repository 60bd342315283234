// SPDX-License-Identifier: Apache-2.0
//
// rx_fifo in random runs, at three depths: frames of every length, bad ones, broken promises of the
// parser, slow consumers.

#include <gtest/gtest.h>

#include <cstdint>
#include <iterator>

#include "tb/unit/rx_fifo/rig.h"

namespace handoff {
namespace {

using rx_fifo::Frame;
using rx_fifo::kBad;
using rx_fifo::Least;
using rx_fifo::MakeFrame;
using rx_fifo::Odd;
using rx_fifo::Small;

template <class U>
void RandomRuns(int64_t runs) {
  U u;
  u.watch.Declare({"committed", "single-beat frame committed", "committed with a legacy reason",
                   "frame as long as the FIFO", "frame longer than the FIFO",
                   "filled to the last beat", "no room for a beat", "no room though a beat leaves",
                   "MAC error dropped", "runt dropped", "oversize dropped",
                   "bad frame that had no room", "dropped: no room for its beats",
                   "dropped to its end though room appeared", "dropped behind committed ones",
                   "dropped: no room for its record", "no room though a record leaves",
                   "record without a beat"});
  u.watch.Declare({"no beat", "quiet", "quiet in mid-frame", "fdata is idle", "fdata moves",
                   "fdata is held up", "hdr is idle", "hdr moves", "hdr is held up"});
  u.bench.Declare({"reset in mid-traffic"});
  u.bench.Runs(runs, [&] {
    Rng rng = u.bench.MakeRng("frames");
    const auto pace = [&] {
      return rng.Chance(0.3) ? 1.0 : 0.2 * static_cast<double>(rng.Below(5));
    };
    u.parser.idle = rng.Chance(0.5) ? 0 : 0.5;
    u.parser.garbage = rng.Chance(0.5);
    u.parser.lone_record = rng.Chance(0.2) ? 0.3 : 0;
    const uint32_t longest = rng.Chance(0.4) ? 1 : rng.Chance(0.6) ? 4 : U::kBeats;
    const double bad = rng.Chance(0.5) ? 0.1 : 0.4;
    for (int phase = 0; phase < 4; ++phase) {
      u.hdr.SetPace(pace());
      u.fdata.SetPace(pace());
      for (int i = 0; i < 15; ++i) {
        auto beats = static_cast<uint32_t>(rng.Between(1, longest));
        if (rng.Chance(0.05)) beats = U::kBeats + static_cast<uint32_t>(rng.Below(3));
        Reason reason = rng.Chance(0.5) ? Reason::ReasonNone : static_cast<Reason>(rng.Below(64));
        if (rng.Chance(bad)) reason = kBad[rng.Below(std::size(kBad))].first;
        Frame frame = MakeFrame(static_cast<uint32_t>(rng.Next()), beats, reason);
        if (rng.Chance(0.1)) frame.beats.back().last = false;
        u.parser.Push(frame);
      }
      u.bench.Cycle(rng.Between(10, 80));
      if (rng.Chance(0.03)) {
        u.bench.Reset();
        u.bench.Hit("reset in mid-traffic");
      }
    }
    u.Drain();
    EXPECT_EQ(u.hdr.received(), u.watch.committed);
    EXPECT_EQ(u.rxf_drop.received(), u.watch.dropped);
    EXPECT_EQ(u.rxf_cnt.received(), u.watch.committed + u.watch.dropped);
  });
}

TEST(RxFifo, AThousandRandomRuns) { RandomRuns<Small>(1000); }
TEST(RxFifo, RandomRunsOfOddDepth) { RandomRuns<Odd>(400); }
TEST(RxFifo, RandomRunsOfTheLeastDepth) { RandomRuns<Least>(400); }

}  // namespace
}  // namespace handoff
