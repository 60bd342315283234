// SPDX-License-Identifier: Apache-2.0
//
// rx_parser between a MAC and a watcher that expects every beat five cycles later, and with the
// last one the record that the reference finds.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <initializer_list>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "model/handoff_rx_parser.h"
#include "tb/twin/twin_bench.h"
#include "tb/unit/rx_parser/frames.h"
#include "tb/unit/rx_parser/reference.h"

namespace handoff {
namespace rx_parser {

template <class Bench>
class Watch : public Agent {
 public:
  explicit Watch(Bench& bench) : bench_(bench) { bench.Add(this); }

  void Declare(std::initializer_list<const char*> names) {
    bench_.Declare(names);
    names_.insert(names.begin(), names.end());
  }

  void Reset() override {
    line_ = {};
    frame_.clear();
    records_.clear();
    held_frame_ = {};
    held_hdr_ = {};
    quiet_ = false;
  }
  void Sample(uint64_t) override {
    const auto& in = bench_.in;
    const auto& out = bench_.out();
    const Stage& due = line_[kLatency - 1];
    Check(out.frame_valid == due.valid, "frame_valid: each beat five cycles later");
    if (due.valid) held_frame_ = {due.beat.last, due.beat.data};
    Check(out.frame == held_frame_, "frame: unchanged, held between beats");
    Check(out.hdr_valid == (due.valid && due.beat.last), "hdr_valid: with the last beat");
    if (out.hdr_valid) {
      held_hdr_ = records_.front().hdr;
      Check(out.hdr == held_hdr_, records_.front().cases.front());
      for (const char* name : records_.front().cases) Note(name);
      records_.pop_front();
    }
    Check(out.hdr == held_hdr_, "hdr: held between frames");
    Check(out.quiet == quiet_, "quiet: no beat inside");

    // The record is decided, by max_frame of that cycle, three cycles after the last beat.
    if (line_[kDecided - 1].valid && line_[kDecided - 1].beat.last) {
      size_t n = 0;
      while (!frame_[n].last) ++n;
      const auto end = frame_.begin() + static_cast<ptrdiff_t>(n) + 1;
      records_.emplace_back(Beats(frame_.begin(), end), in.cfg.max_frame);
      frame_.erase(frame_.begin(), end);
    }
    quiet_ = !in.rx_valid;
    for (uint32_t i = 0; i + 1 < kLatency; ++i) quiet_ = quiet_ && !line_[i].valid;
    if (quiet_) Note(frame_.empty() ? "quiet" : "quiet in mid-frame");
    if (in.rx_valid && line_[0].valid && line_[0].beat.last) Note("frames back to back");
    if (in.rx_valid) frame_.push_back(in.rx);
    for (uint32_t i = kLatency - 1; i > 0; --i) line_[i] = line_[i - 1];
    line_[0] = {in.rx_valid, in.rx};
  }
  void Drive() override {}

 private:
  static constexpr uint32_t kLatency = 5, kDecided = 3;
  struct Stage {
    bool valid = false;
    Axis beat{};
  };
  void Check(bool holds, const char* what) {
    if (!holds) bench_.Fail(std::string("not as the page says: ") + what + "\n");
  }
  void Note(const char* name) {
    if (names_.count(name)) bench_.Hit(name);
  }

  Bench& bench_;
  std::set<std::string_view> names_;
  std::array<Stage, kLatency> line_{};  // what came in, the youngest first
  std::deque<Axis> frame_;              // beats whose frame is not decided
  std::deque<Reference> records_;       // decided, not yet seen
  Beat held_frame_{};
  Hdr held_hdr_{};
  bool quiet_ = false;
};

template <class RtlClass>
class Rig {
 public:
  using Bench = TwinBench<handoff_rx_parser, RtlClass>;
  Bench bench;
  Producer<Axis> rx{bench, bench.to.rx};
  Consumer<Beat> frame{bench, bench.from.frame};
  Consumer<Hdr> hdr{bench, bench.from.hdr};
  Watch<Bench> watch{bench};

  Rig() { SetMaxFrame(1518); }
  void SetMaxFrame(uint32_t bytes) { bench.in.cfg.max_frame = static_cast<U16>(bytes); }

  void Push(const Beats& beats) {
    for (const Axis& beat : beats) rx.Push(beat);
  }
  void Settle() {
    bench.Until([&] { return rx.done() && bench.out().quiet; }, "all passed", 100000);
  }
  // The record of one frame.
  Hdr Record(const Beats& beats) {
    Push(beats);
    bench.Until([&] { return rx.done(); }, "all went in");
    bench.Cycle(6);
    while (hdr.items().size() > 1) hdr.Take();
    return hdr.Take();
  }
  Hdr Record(const FrameSpec& spec) { return Record(ToBeats(Build(spec), spec.seed)); }
  Reason ReasonOf(const FrameSpec& spec) { return Record(spec).seg.reason; }
};

}  // namespace rx_parser
}  // namespace handoff
