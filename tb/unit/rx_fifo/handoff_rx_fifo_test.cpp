// SPDX-License-Identifier: Apache-2.0
//
// rx_fifo against docs/units/rx_fifo.md: twins in lockstep, beside them a watcher that decides for
// each frame by itself.

#include <gtest/gtest.h>

#include <cstdint>

#include "model/handoff_rx_fifo.h"
#include "tb/unit/rx_fifo/rig.h"

namespace handoff {
namespace {

using rx_fifo::Frame;
using rx_fifo::kBad;
using rx_fifo::kSkid;
using rx_fifo::Least;
using rx_fifo::MakeFrame;
using rx_fifo::Odd;
using rx_fifo::Small;
using rx_fifo::Whole;

TEST(RxFifo, IsQuietAndEmptyAfterReset) {
  Whole u;
  const handoff_rx_fifo::Out& out = u.bench.out();
  EXPECT_EQ(out.fdata, Beat{});
  EXPECT_EQ(out.hdr, Hdr{});
  EXPECT_FALSE(out.quiet || out.rxf_cnt_valid || out.rxf_drop_valid);
  u.bench.Cycle();
  EXPECT_TRUE(out.quiet);
  EXPECT_FALSE(out.hdr_valid || out.fdata_valid);
}

TEST(RxFifo, ResetForgetsWhatItHeld) {
  Small u;
  u.watch.Declare({"dropped: no room for its beats"});
  u.Block();
  u.PushMany(3, 2);
  u.Push(7);
  u.Push(3);
  u.bench.Cycle(15);  // in mid-frame
  u.bench.Reset();
  u.Push(8);
  u.Drain();
  EXPECT_EQ(u.watch.committed, 1u);
  EXPECT_EQ(u.fdata.received(), 8u);
}

TEST(RxFifo, ShowsAFrameTwoCyclesAfterItsLastBeat) {
  Whole u;
  for (const uint32_t beats : {1u, 2u, 24u}) {
    u.bench.Reset();
    u.bench.Cycle(3);
    u.Push(beats);
    u.Drain();
    const uint64_t last = 4 + beats - 1;  // driven after cycle 3's edge
    EXPECT_EQ(u.hdr.items().front().cycle, last + 2);
    EXPECT_EQ(u.fdata.items().front().cycle, last + 2);
    EXPECT_EQ(u.rxf_cnt.items().front().cycle, last + 1);
    u.bench.Cycle(3);
    u.Push(beats, Reason::ReasonRunt);
    const uint64_t again = u.bench.cycle() + beats;
    u.Drain();
    EXPECT_EQ(u.rxf_drop.items().front().cycle, again + 1);
  }
}

TEST(RxFifo, CommitsEveryReasonButThree) {
  Whole u;
  u.watch.Declare(
      {"committed with a legacy reason", "MAC error dropped", "runt dropped", "oversize dropped"});
  for (uint32_t reason = 0; reason < 64; ++reason) u.Push(2, static_cast<Reason>(reason));
  u.Drain();
  EXPECT_EQ(u.watch.committed, 61u);
  EXPECT_EQ(u.hdr.received(), 61u);
  EXPECT_EQ(u.fdata.received(), 122u);
  EXPECT_EQ(u.rxf_cnt.received(), 64u);
}

TEST(RxFifo, DropsBadFramesWhole) {
  Small u;
  u.watch.Declare({"MAC error dropped", "runt dropped", "oversize dropped",
                   "bad frame that had no room", "dropped behind committed ones"});
  for (const auto& [reason, note] : kBad) {
    for (const uint32_t beats : {1u, 5u, 20u}) {
      u.bench.Reset();
      u.Block();
      u.Push(4);
      u.Push(beats, reason);
      u.Push(2);
      u.Drain();
      EXPECT_EQ(u.hdr.received(), 2u);
      EXPECT_EQ(u.fdata.received(), 6u);
      ASSERT_EQ(u.rxf_drop.received(), 1u);
      EXPECT_EQ(u.rxf_drop.items().front().value.index, static_cast<uint8_t>(reason));
    }
  }
}

TEST(RxFifo, DropsWholeWhenFull) {
  Small u;
  u.watch.Declare({"no room for a beat", "dropped: no room for its beats"});
  u.Block();
  u.Push(6);
  u.Enter();  // 3 in the RAM: skid and output register took the others
  u.Push(6);  // one too many
  u.Push(5);  // fits
  u.Enter();
  EXPECT_EQ(u.watch.committed, 2u);
  ASSERT_EQ(u.rxf_drop.received(), 1u);
  EXPECT_EQ(u.rxf_drop.items().front().value.index, static_cast<uint8_t>(Reason::ReasonRxFifoFull));
  u.Drain();
  EXPECT_EQ(u.fdata.received(), 11u);
}

TEST(RxFifo, DroppedToItsEndThoughRoomAppears) {
  Small u;
  u.watch.Declare({"dropped to its end though room appeared"});
  u.Block();
  u.Push(8);
  u.Enter();
  u.Push(12);
  u.bench.Cycle(8);
  u.SetPace(1);  // all the room there is, in mid-frame
  u.Push(8);
  u.Drain();
  EXPECT_EQ(u.watch.committed, 2u);
  EXPECT_EQ(u.fdata.received(), 16u);
}

template <class U>
void TooManyRecords() {
  U u;
  u.watch.Declare({"dropped: no room for its record"});
  u.Block();
  u.PushMany(U::kFrames + kSkid + 3, 1);
  u.Enter();
  EXPECT_EQ(u.watch.committed, U::kFrames + kSkid);
  EXPECT_EQ(u.rxf_drop.received(), 3u);
  u.Drain();
  EXPECT_EQ(u.hdr.received(), U::kFrames + kSkid);
}
TEST(RxFifo, DropsWhenNoRecordFits) { TooManyRecords<Small>(), TooManyRecords<Whole>(); }

// A frame of Beats beats fits an empty RAM to the last one, one beat more does not.
template <class U>
void LongestFrame() {
  U u;
  u.watch.Declare({"frame as long as the FIFO", "frame longer than the FIFO",
                   "dropped: no room for its beats"});
  u.Push(U::kBeats);
  u.Push(1);
  u.Drain();
  u.Push(U::kBeats + 1);
  u.Push(U::kBeats);
  u.Push(3 * U::kBeats);
  u.Drain();
  EXPECT_GE(u.watch.committed, 2u);
  EXPECT_EQ(u.watch.dropped, 5 - u.watch.committed);
}
TEST(RxFifo, TakesAFrameAsLongAsItselfAndNoLonger) {
  LongestFrame<Small>(), LongestFrame<Odd>(), LongestFrame<Least>(), LongestFrame<Whole>();
}

// Blocked, it holds Beats in its RAM and one in its output register.
template <class U>
void FillToTheLast() {
  U u;
  u.watch.Declare({"filled to the last beat", "no room for a beat"});
  u.hdr.SetPace(1);
  u.fdata.SetPace(0);
  for (uint32_t i = 0; i < U::kBeats + 1 + kSkid + 3; ++i) {  // one by one, with time to leave
    u.Push(1);
    u.Enter();
  }
  EXPECT_EQ(u.watch.committed, U::kBeats + 1 + kSkid);
  u.Drain();
  EXPECT_EQ(u.fdata.received(), U::kBeats + 1 + kSkid);
}
TEST(RxFifo, FillsToTheLastBeat) {
  FillToTheLast<Small>(), FillToTheLast<Odd>(), FillToTheLast<Least>(), FillToTheLast<Whole>();
}

TEST(RxFifo, RollsBackAndGoesOn) {
  Small u;
  u.watch.Declare(
      {"runt dropped", "dropped: no room for its beats", "dropped behind committed ones"});
  for (uint32_t i = 0; i < 40; ++i) {
    u.Push(1 + i % 4);
    u.Push(1 + i % 7, Reason::ReasonRunt);
    u.Push(20);  // longer than the FIFO
    u.Drain();
  }
  EXPECT_EQ(u.watch.committed, 40u);
  EXPECT_EQ(u.watch.dropped, 80u);
}

template <class C>
void ExpectNoGaps(const C& consumer, size_t first) {
  for (size_t i = first + 1; i < consumer.items().size(); ++i) {
    ASSERT_EQ(consumer.items()[i].cycle, consumer.items()[i - 1].cycle + 1) << i;
  }
}

TEST(RxFifo, TakesAFrameEveryCycle) {
  Whole u;
  u.watch.Declare({"single-beat frame committed", "hdr moves", "fdata moves"});
  u.PushMany(300, 1);
  u.Drain();
  ASSERT_EQ(u.hdr.received(), 300u);
  ExpectNoGaps(u.hdr, 0);
  ExpectNoGaps(u.fdata, 0);
  ExpectNoGaps(u.rxf_cnt, 0);
}

TEST(RxFifo, BeatsLeaveWithoutGaps) {
  Whole u;
  u.watch.Declare({"fdata is held up", "fdata moves"});
  u.fdata.SetPace(0);
  for (uint32_t i = 0; i < 20; ++i) u.Push(1 + i % 24);
  u.Enter();
  const size_t first = u.fdata.received();
  u.Drain();
  ExpectNoGaps(u.fdata, first);
}

TEST(RxFifo, EveryOutputBlocked) {
  Small u;
  u.watch.Declare({"hdr is held up", "fdata is held up", "hdr moves", "fdata moves", "hdr is idle",
                   "fdata is idle", "no beat", "quiet"});
  for (const bool block_hdr : {false, true}) {
    for (const bool block_fdata : {false, true}) {
      u.bench.Reset();
      u.hdr.SetPace(block_hdr ? 0 : 1);
      u.fdata.SetPace(block_fdata ? 0 : 1);
      u.PushMany(3, 2);
      u.Enter();
      u.bench.Cycle(20);
      EXPECT_EQ(u.hdr.received(), block_hdr ? kSkid : 3u);
      EXPECT_EQ(u.fdata.received(), block_fdata ? kSkid : 6u);
      EXPECT_EQ(u.bench.out().quiet, !block_hdr && !block_fdata);
      u.Drain();
      EXPECT_EQ(u.hdr.received(), 3u);
      EXPECT_EQ(u.fdata.received(), 6u);
    }
  }
}

TEST(RxFifo, OddDepthsWrap) {
  Odd u;
  u.watch.Declare({"dropped behind committed ones"});
  for (uint32_t i = 0; i < 200; ++i) {
    u.Push(1 + i % 5, i % 3 == 1 ? Reason::ReasonMacError : Reason::ReasonNone);
    u.Enter();
  }
  u.Drain();
  EXPECT_EQ(u.watch.committed, 133u);
}

TEST(RxFifo, RecordWithoutABeatDoesNothing) {
  Small u;
  u.watch.Declare({"record without a beat", "quiet in mid-frame"});
  u.parser.lone_record = 0.5;
  u.parser.idle = 0.5;
  u.parser.garbage = true;
  for (uint32_t i = 0; i < 20; ++i) {
    u.Push(4);
    u.Drain();
  }
  EXPECT_EQ(u.watch.committed, 20u);
}

TEST(RxFifo, LastIsStoredAndNotLookedAt) {
  Small u;
  Frame frame = MakeFrame(1, 4);
  for (uint32_t i = 0; i < 4; ++i) frame.beats[i].last = i % 2 == 0;
  u.parser.Push(frame);
  u.Drain();
  ASSERT_EQ(u.fdata.received(), 4u);
  for (const Beat& beat : frame.beats) EXPECT_EQ(u.fdata.Take(), beat);
}

}  // namespace
}  // namespace handoff
