// SPDX-License-Identifier: Apache-2.0
//
// rx_fifo with the parser before it, and a watcher that decides for each frame by itself.
#pragma once

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

namespace handoff::rx_fifo {

struct Frame {
  std::vector<Beat> beats;
  Hdr hdr;  // of its last beat
};

// Frame `number` of so many beats, all of random bits but for the record's reason.
inline Frame MakeFrame(uint32_t number, uint32_t beats, Reason reason = Reason::ReasonNone) {
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

}  // namespace handoff::rx_fifo
