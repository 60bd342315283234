// SPDX-License-Identifier: Apache-2.0
//
// How an EngineCore clocks its engine, whatever stands for the engine: something with the face of
// docs/conventions.md section 3, and
//   Bind(pins)                its inputs are these pins
//   Check(cycle, &mismatch)   after an edge: compares, where there is something to compare
//   Flip(register, bit)       a deliberate fault; false: no such register
// and, if it wants to see every cycle before the edge that ends it,
//   Sample(cycle)
// and, if it knows what moved there before an assertion of that unit's RTL failed,
//   LastOf(unit)
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <type_traits>
#include <utility>

#include "model/clock.h"
#include "model/core/engine_core.h"
#include "model/core/pin_watch.h"

namespace handoff {

// `Params` is what the engine is made from: CoreParams, or what adds to it.
template <class Engine, class Params = CoreParams>
class Core final : public EngineCore {
  using Out = std::decay_t<decltype(std::declval<const Engine&>().out())>;
  static constexpr uint64_t kResetCycles = 4;
  // A skip ends kSettleCycles before the next thing happens.

 public:
  explicit Core(const Params& params)
      : EngineCore(params), skip_(params.idle_skip), hash_(params.digest), engine_(params) {
    engine_.Bind(pins);
    pins.link_up = true;
    for (uint64_t i = 0; i < kResetCycles; ++i) engine_.Reset();
  }

  void Run(uint64_t cycles) override {
    const uint64_t end = cycle_ + cycles;
    try {
      while (cycle_ < end && !mismatch_) {
        if (skip_ && engine_.out().quiet && Skip(end)) continue;
        Edge();
      }
    } catch (const EngineFailure& failure) {
      Failed(failure);
    }
    digest_ = watch_.value();
    if (!checker.errors.empty()) {
      dma.errors.insert(dma.errors.end(), checker.errors.begin(), checker.errors.end());
      checker.errors.clear();
    }
    if (mismatch_ && !told_) {
      told_ = true;
      Tell();
      pins.time_us = time_us_;
      // So that waves show the cycle in which the two differ. That of an assertion they have, and
      // its RTL must not be evaluated again.
      if (!mismatch_->is_assertion) Sample();
      CloseWaves();
    }
  }

  bool Flip(const std::string& field, uint32_t bit, uint64_t cycle) override {
    if (!engine_.Flip(field, bit) || !engine_.Flip(field, bit)) return false;  // there and back
    if (cycle >= cycle_) flips_.emplace(cycle, PendingFlip{field, bit});
    next_flip_ = flips_.empty() ? kNever : flips_.begin()->first;
    return true;
  }

  bool CloseWaves() override {
    if constexpr (requires { engine_.CloseWaves(); }) return engine_.CloseWaves();
    return false;
  }

  bool AllQuiet() const override { return engine_.out().quiet && !DevicesBusy(); }

  uint64_t NextCycle() const override {
    if (!AllQuiet()) return cycle_;
    uint64_t next =
        std::min({rx.NextCycle(), csr.NextCycle(), dma.NextCycle(), levels.NextCycle()});
    const uint64_t wake_us = engine_.out().wake_us;
    if (wake_us != kNever) next = std::min(next, UsToCycle(wake_us));
    return std::max(std::min(next, next_flip_), cycle_);
  }

 private:
  struct PendingFlip {
    std::string field;
    uint32_t bit = 0;
  };

  // The cycle is the one whose edge was not finished.
  void Failed(const EngineFailure& failure) {
    CoreMismatch m{.cycle = cycle_, .text = failure.what(), .is_assertion = true};
    m.units.push_back({.unit = failure.unit.empty() ? "engine" : failure.unit, .text = m.text});
    if constexpr (requires { engine_.LastOf(failure.unit); })
      m.text += engine_.LastOf(failure.unit);
    mismatch_ = std::move(m);
  }

  // Completes the mismatch with what is known here.
  void Tell() {
    CoreMismatch& m = *mismatch_;
    m.unit = m.units.at(0).unit;
    m.port = m.units.at(0).port;
    m.time_ps = CycleToPs(m.cycle);
    m.text = "  time " + PsToUsText(m.time_ps) + " us\n" + m.text +
             "last transfers at the engine's pins:\n" + checker.History();
  }

  void Sample() {
    if constexpr (requires { engine_.Sample(cycle_); }) engine_.Sample(cycle_);
  }

  void Edge() {
    pins.time_us = time_us_;
    Sample();
    engine_.Tick();
    const Out& out = engine_.out();  // still the outputs before the edge
    checker.See(cycle_, pins, out);
    if (first_wire_cycle == kNever && out.tx_valid && pins.tx_ready) first_wire_cycle = cycle_;
    tx.Tick(out, pins, cycle_);
    if (csr.Tick(out, pins, cycle_)) dma.PushRegister(csr.results.back());
    dma.Tick(out, pins, cycle_);
    rx.Tick(pins, cycle_ + 1);
    levels.Tick(out, pins, cycle_);
    engine_.Commit();
    if (cycle_ == next_flip_) FlipNow();
    ++cycle_;
    ++evaluated_;
    if (cycle_ >= next_us_cycle_) AdvanceTime();
    if (hash_) watch_.See(cycle_, pins, engine_.out());
    engine_.Check(cycle_, &mismatch_);
  }

  void FlipNow() {
    const auto end = flips_.upper_bound(cycle_);
    for (auto flip = flips_.begin(); flip != end; ++flip)
      engine_.Flip(flip->second.field, flip->second.bit);
    flips_.erase(flips_.begin(), end);
    next_flip_ = flips_.empty() ? kNever : flips_.begin()->first;
  }

  void AdvanceTime() {
    time_us_ = CycleToUs(cycle_);
    next_us_cycle_ = UsToCycle(time_us_ + 1);
  }

  bool DevicesBusy() const {
    return rx.busy(pins) || tx.busy() || tx.waiting(pins) || csr.busy() || dma.busy(pins) ||
           dma.outstanding_reads() != 0 || levels.busy(pins, cycle_);
  }

  // Jumps towards the next thing that happens; false if that is too near to be worth it.
  bool Skip(uint64_t end) {
    const uint64_t next = std::min(end + kSettleCycles, NextCycle());
    if (next <= cycle_ + kSettleCycles) return false;
    cycle_ = std::min(next - kSettleCycles, end);
    AdvanceTime();
    return true;
  }

  const bool skip_;
  const bool hash_;
  Engine engine_;
  PinWatch<Out> watch_;
  std::multimap<uint64_t, PendingFlip> flips_;  // by cycle
  uint64_t next_flip_ = kNever;
  bool told_ = false;
  uint64_t time_us_ = 0;
  uint64_t next_us_cycle_ = 0;
};

}  // namespace handoff
