// SPDX-License-Identifier: Apache-2.0
#include "tb/lockstep/engine_core.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "gen/handoff_engine_rtl.h"
#include "model/handoff_engine.h"
#include "tb/lockstep/clock.h"
#include "tb/lockstep/composed_engine.h"
#include "tb/lockstep/pin_watch.h"

namespace handoff {
namespace {

using Out = handoff_engine::Out;

constexpr uint64_t kResetCycles = 4;
// A skip ends this many cycles before the next thing happens, so that input registers have settled.
constexpr uint64_t kSettleCycles = 8;

// RTL and model side by side: the RTL drives.
class LockstepEngine {
 public:
  explicit LockstepEngine(const CoreConfig& config) : rtl_(RtlOptions{.rand_reset = config.rand_reset}) {}
  void Bind(const EnginePins& pins) {
    pins.Bind(rtl_.in);
    pins.Bind(model_.in);
  }
  void Reset() {
    rtl_.Reset();
    model_.Reset();
  }
  void Tick() {
    rtl_.Tick();
    model_.Tick();
  }
  void Commit() {
    rtl_.Commit();
    model_.Commit();
  }
  const Out& out() const { return rtl_.out(); }
  bool Check(uint64_t cycle, std::optional<CoreMismatch>* mismatch) const {
    Mismatch m;
    if (handoff_engine_rtl::CompareOut(rtl_.out(), model_.out(), &m)) return true;
    *mismatch = CoreMismatch{cycle, "engine", m.ToString()};
    return false;
  }
  bool Flip(const std::string& field, uint32_t bit) { return model_.Flip(field, bit); }

 private:
  handoff_engine_rtl rtl_;
  handoff_engine model_;
};

class ModelEngine : public handoff_engine {
 public:
  explicit ModelEngine(const CoreConfig&) {}
  void Bind(const EnginePins& pins) { pins.Bind(in); }
  bool Check(uint64_t, std::optional<CoreMismatch>*) const { return true; }
};

class RtlEngine : public handoff_engine_rtl {
 public:
  explicit RtlEngine(const CoreConfig& config)
      : handoff_engine_rtl(RtlOptions{.rand_reset = config.rand_reset}) {}
  void Bind(const EnginePins& pins) { pins.Bind(in); }
  bool Check(uint64_t, std::optional<CoreMismatch>*) const { return true; }
  bool Flip(const std::string&, uint32_t) { return false; }
};

template <class Engine>
class Core final : public EngineCore {
 public:
  explicit Core(const CoreConfig& config)
      : EngineCore(config), skip_(config.idle_skip), hash_(config.digest), engine_(config) {
    engine_.Bind(pins);
    pins.link_up = true;
    for (uint64_t i = 0; i < kResetCycles; i++) engine_.Reset();
  }

  void Run(uint64_t cycles) override {
    const uint64_t end = cycle_ + cycles;
    while (cycle_ < end && !mismatch_) {
      if (skip_ && engine_.out().quiet && Skip(end)) continue;
      Edge();
    }
    digest_ = watch_.value();
  }

  bool Flip(const std::string& field, uint32_t bit, uint64_t cycle) override {
    flip_ = {field, bit, cycle};
    return engine_.Flip(field, bit) && engine_.Flip(field, bit);  // there and back: it exists
  }

  bool AllQuiet() const override { return engine_.out().quiet && !DevicesBusy(); }

 private:
  struct PendingFlip {
    std::string field;
    uint32_t bit = 0;
    uint64_t cycle = kNever;
  };

  void Edge() {
    pins.time_us = time_us_;
    engine_.Tick();
    const Out& out = engine_.out();  // still the outputs before the edge
    if (first_wire_cycle == kNever && out.tx_valid && pins.tx_ready) first_wire_cycle = cycle_;
    tx.Tick(out, pins, cycle_);
    csr.Tick(out, pins, cycle_);
    dma.Tick(out, pins, cycle_);
    rx.Tick(pins, cycle_ + 1);
    engine_.Commit();
    if (cycle_ == flip_.cycle) engine_.Flip(flip_.field, flip_.bit);
    cycle_++;
    evaluated_++;
    if (cycle_ >= next_us_cycle_) AdvanceTime();
    if (hash_) watch_.See(cycle_, pins, engine_.out());
    engine_.Check(cycle_, &mismatch_);
  }

  void AdvanceTime() {
    time_us_ = CycleToUs(cycle_);
    next_us_cycle_ = UsToCycle(time_us_ + 1);
  }

  bool DevicesBusy() const {
    return rx.busy(pins) || tx.busy() || tx.waiting(pins) || csr.busy() || dma.busy(pins) ||
           dma.outstanding_reads() != 0;
  }

  // Jumps towards the next thing that happens; false if that is too near to be worth it.
  bool Skip(uint64_t end) {
    if (DevicesBusy()) return false;
    uint64_t next = std::min({end + kSettleCycles, rx.NextCycle(), csr.NextCycle(), dma.NextCycle()});
    const uint64_t wake_us = engine_.out().wake_us;
    if (wake_us != kNever) next = std::min(next, UsToCycle(wake_us));
    if (flip_.cycle >= cycle_) next = std::min(next, flip_.cycle);
    if (next <= cycle_ + kSettleCycles) return false;
    cycle_ = std::min(next - kSettleCycles, end);
    AdvanceTime();
    return true;
  }

  const bool skip_;
  const bool hash_;
  Engine engine_;
  PinWatch<Out> watch_;
  PendingFlip flip_;
  uint64_t time_us_ = 0;
  uint64_t next_us_cycle_ = 0;
};

}  // namespace

std::unique_ptr<EngineCore> EngineCore::Make(const CoreConfig& config) {
  switch (config.form) {
    case EngineForm::kModel:
      return std::make_unique<Core<ModelEngine>>(config);
    case EngineForm::kRtl:
      return std::make_unique<Core<RtlEngine>>(config);
    case EngineForm::kLockstep:
      return std::make_unique<Core<LockstepEngine>>(config);
    case EngineForm::kComposed:
      return std::make_unique<Core<ComposedEngine>>(config);
  }
  throw std::invalid_argument("no such engine form");
}

}  // namespace handoff
