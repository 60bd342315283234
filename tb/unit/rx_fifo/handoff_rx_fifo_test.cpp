// SPDX-License-Identifier: Apache-2.0
//
// rx_fifo against docs/units/rx_fifo.md: twins in lockstep, beside them a watcher that decides for
// each frame by itself.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <initializer_list>
#include <iterator>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gen/handoff_rx_fifo_least_rtl.h"
#include "gen/handoff_rx_fifo_odd_rtl.h"
#include "gen/handoff_rx_fifo_rtl.h"
#include "gen/handoff_rx_fifo_small_rtl.h"
#include "model/handoff_rx_fifo.h"
#include "tb/twin/twin_bench.h"

namespace handoff {
namespace {

struct Frame {
  std::vector<Beat> beats;
  Hdr hdr;  // of its last beat
};

// Frame `number` of so many beats, all of random bits but for the record's reason.
Frame MakeFrame(uint32_t number, uint32_t beats, Reason reason = Reason::ReasonNone) {
  Rng rng(number, "frame");
  Frame frame{std::vector<Beat>(beats), rng.Any<Hdr>()};
  for (Beat& beat : frame.beats) beat = {&beat == &frame.beats.back(), rng.Any<Data>()};
  frame.hdr.seg.reason = reason;
  return frame;
}

// Drives both input pulses.
template <class Bench>
class Parser : public Agent {
 public:
  double idle = 0;       // chance of a cycle without a beat
  bool garbage = false;  // random payloads while valid is 0
  double lone_record =
      0;  // chance of hdr_valid without frame_valid, a broken promise of the parser

  explicit Parser(Bench& bench) : bench_(bench) {
    bench.Add(this);
    Reset();
  }

  void Push(Frame frame) { queue_.push_back(std::move(frame)); }
  bool done() const { return queue_.empty() && !bench_.in.frame_valid; }

  void Reset() override {
    queue_.clear();
    at_ = 0;
    idle = lone_record = 0;
    garbage = false;
    rng_ = bench_.MakeRng("parser");
  }
  void Sample(uint64_t) override {}
  void Drive() override {
    auto& in = bench_.in;
    in.frame_valid = !queue_.empty() && !rng_.Chance(idle);
    in.hdr_valid = !in.frame_valid && rng_.Chance(lone_record);
    if (in.frame_valid) {
      const Frame& frame = queue_.front();
      in.frame = frame.beats[at_++];
      if (at_ == frame.beats.size()) {
        in.hdr_valid = true;
        in.hdr = frame.hdr;
        queue_.pop_front();
        at_ = 0;
        return;
      }
    } else if (garbage) {
      in.frame = rng_.Any<Beat>();
    }
    if (garbage) in.hdr = rng_.Any<Hdr>();
  }

 private:
  Bench& bench_;
  Rng rng_{0, ""};
  std::deque<Frame> queue_;
  size_t at_ = 0;  // beat of the first frame
};

// What is dropped though there is room, and the name by which it is counted.
constexpr std::pair<Reason, const char*> kBad[] = {{Reason::ReasonMacError, "MAC error dropped"},
                                                   {Reason::ReasonRunt, "runt dropped"},
                                                   {Reason::ReasonOversize, "oversize dropped"}};

// Decides for itself what is committed or dropped, and checks all that leaves.
template <class Bench>
class Watch : public Agent {
 public:
  uint64_t committed = 0, dropped = 0;

  Watch(Bench& bench, uint32_t beats, uint32_t frames)
      : bench_(bench), max_beats_(beats), max_frames_(frames) {
    bench.Add(this);
  }
  void Declare(std::initializer_list<const char*> names) {
    bench_.Declare(names);
    names_.insert(names.begin(), names.end());
  }
  bool empty() const { return beats_.empty() && records_.empty(); }  // all came out

  void Reset() override {
    committed = dropped = 0;
    beats_.clear();
    records_.clear();
    present_.clear();
    no_room_ = ended_ = dropped_ = quiet_ = room_ = false;
  }

  void Sample(uint64_t) override {
    const auto& in = bench_.in;
    const auto& out = bench_.out();
    Check(out.quiet == quiet_, "quiet");
    Check(out.rxf_cnt_valid == ended_, "rxf_cnt_valid: once for each frame that ended");
    if (ended_) {
      Check(out.rxf_cnt.index == static_cast<uint8_t>(Counter::CntFramesIn),
            "rxf_cnt: CntFramesIn");
    }
    Check(out.rxf_drop_valid == dropped_, "rxf_drop_valid: once for each frame dropped");
    if (dropped_) Check(out.rxf_drop.index == static_cast<uint8_t>(reason_), "rxf_drop: reason");

    // Held before this edge; the word that fdata shows is in the RAM no more.
    const size_t avail = beats_.size() - out.fdata_valid;
    const bool records_full = records_.size() == max_frames_;
    TakeOutputs();

    ended_ = dropped_ = false;
    if (in.hdr_valid && !in.frame_valid) Note("record without a beat");
    if (!in.frame_valid) {
      Note("no beat");
    } else {
      const bool full = avail + present_.size() == max_beats_;
      if (no_room_ && !full) room_ = true;
      if (full && !no_room_) {
        no_room_ = true;
        Note("no room for a beat");
        if (present_.size() == max_beats_) Note("frame longer than the FIFO");
        if (out.fdata_valid && in.fdata_ready) Note("no room though a beat leaves");
      }
      if (!no_room_) present_.push_back(in.frame);
      if (in.hdr_valid) End(records_full);
    }
    quiet_ = empty() && !ended_;
    if (quiet_) Note("quiet");
    if (quiet_ && !present_.empty()) Note("quiet in mid-frame");
  }
  void Drive() override {}

 private:
  void Check(bool holds, const char* what) {
    if (!holds) bench_.Fail(std::string("not as the page says: ") + what + "\n");
  }
  void Note(const char* name) {
    if (names_.count(name)) bench_.Hit(name);
  }

  void TakeOutputs() {
    const auto& in = bench_.in;
    const auto& out = bench_.out();
    Note(!out.fdata_valid ? "fdata is idle" : in.fdata_ready ? "fdata moves" : "fdata is held up");
    Note(!out.hdr_valid ? "hdr is idle" : in.hdr_ready ? "hdr moves" : "hdr is held up");
    if (out.fdata_valid) {
      Check(!beats_.empty() && out.fdata == beats_.front(), "fdata: committed beats, in order");
      if (in.fdata_ready) beats_.pop_front();
    }
    popped_ = false;
    if (out.hdr_valid) {
      Check(!records_.empty() && out.hdr == records_.front(), "hdr: committed records, in order");
      popped_ = in.hdr_ready;
      if (popped_) records_.pop_front();
    }
  }

  void End(bool records_full) {
    const Reason reason = bench_.in.hdr.seg.reason;
    ended_ = true;
    const auto* found = std::find_if(std::begin(kBad), std::end(kBad),
                                     [&](const auto& entry) { return entry.first == reason; });
    const bool bad = found != std::end(kBad);
    dropped_ = bad || no_room_ || records_full;
    if (dropped_) {
      reason_ = bad ? reason : Reason::ReasonRxFifoFull;
      ++dropped;
      if (bad) Note(found->second);
      if (bad && no_room_) Note("bad frame that had no room");
      if (!bad)
        Note(no_room_ ? "dropped: no room for its beats" : "dropped: no room for its record");
      if (!bad && room_) Note("dropped to its end though room appeared");
      if (!bad && !no_room_ && popped_) Note("no room though a record leaves");
      if (!beats_.empty()) Note("dropped behind committed ones");
    } else {
      beats_.insert(beats_.end(), present_.begin(), present_.end());
      records_.push_back(bench_.in.hdr);
      ++committed;
      Note("committed");
      if (present_.size() == 1) Note("single-beat frame committed");
      if (present_.size() == max_beats_) Note("frame as long as the FIFO");
      if (reason != Reason::ReasonNone) Note("committed with a legacy reason");
      if (beats_.size() == max_beats_ + 1) Note("filled to the last beat");
    }
    present_.clear();
    no_room_ = room_ = false;
  }

  Bench& bench_;
  const uint32_t max_beats_, max_frames_;
  std::set<std::string_view> names_;
  std::deque<Beat> beats_;     // committed, not yet taken
  std::deque<Hdr> records_;    // the same
  std::vector<Beat> present_;  // of the frame that is coming in
  bool no_room_ = false;       // the present frame met a full RAM
  bool room_ = false;          // and then room appeared
  bool popped_ = false;        // a record leaves in this cycle
  bool ended_ = false;         // in the cycle before
  bool dropped_ = false;
  Reason reason_ = Reason::ReasonNone;
  bool quiet_ = false;
};

template <class RtlClass>
class Rig {
 public:
  using Bench = TwinBench<handoff_rx_fifo, RtlClass>;
  static constexpr uint32_t kBeats = RtlClass::kRxFifoBeats;
  static constexpr uint32_t kFrames = RtlClass::kRxFifoFrames;
  Bench bench;
  Parser<Bench> parser{bench};
  Consumer<Hdr> hdr{bench, bench.from.hdr};
  Consumer<Beat> fdata{bench, bench.from.fdata};
  Consumer<Cnt> rxf_cnt{bench, bench.from.rxf_cnt};
  Consumer<Cnt> rxf_drop{bench, bench.from.rxf_drop};
  Watch<Bench> watch{bench, kBeats, kFrames};

  // Frames, numbered through.
  void Push(uint32_t beats, Reason reason = Reason::ReasonNone) {
    parser.Push(MakeFrame(number_++, beats, reason));
  }
  void PushMany(uint32_t frames, uint32_t beats) {
    for (uint32_t i = 0; i < frames; ++i) Push(beats);
  }
  // Takes nothing more but what two skid entries hold.
  void Block() { SetPace(0); }
  void SetPace(double pace) { hdr.SetPace(pace), fdata.SetPace(pace); }
  // All frames went in.
  void Enter() {
    bench.Until([&] { return parser.done(); }, "all frames went in", 100000);
    bench.Cycle(2);
  }
  // And everything came out.
  void Drain() {
    Enter();
    SetPace(1);
    bench.Until([&] { return watch.empty() && bench.out().quiet; }, "all came out", 100000);
  }

 private:
  uint32_t number_ = 1;
};

using Small = Rig<handoff_rx_fifo_small_rtl>;
using Odd = Rig<handoff_rx_fifo_odd_rtl>;
using Least = Rig<handoff_rx_fifo_least_rtl>;
using Whole = Rig<handoff_rx_fifo_rtl>;

constexpr uint32_t kSkid = 2;  // what a consumer that never pops takes

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
