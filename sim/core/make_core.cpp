// SPDX-License-Identifier: Apache-2.0
#include "sim/core/make_core.h"

#include <stdexcept>

#include "gen/handoff_engine_rtl.h"
#include "gen/handoff_engine_trace_rtl.h"
#include "model/core/core_loop.h"
#include "model/core/model_engine.h"
#include "sim/core/composed_engine.h"
#include "sim/core/engine_forms.h"

namespace handoff {
namespace {

// An engine that is shown in waves. Types of their own, so that without waves there is nothing to
// ask in a cycle.
template <class Engine>
class Traced : public Engine {
  static constexpr bool kHasRtl = requires(Engine & e) { e.rtl(); };
  static constexpr bool kHasModel = requires(Engine & e) { e.model(); };

 public:
  explicit Traced(const CoreConfig& config) : Engine(config), waves_(*config.waves) {
    if constexpr (kHasRtl) {
      this->rtl().context().traceEverOn(true);
      waves_.AddRtl(this->rtl().top());
    }
    if constexpr (kHasModel) waves_.AddModel(this->model());
  }

  // The inputs of this cycle come to the RTL's pins only with the edge that ends it. They are put
  // there before, with the clock still low, and the clock is shown high without being evaluated.
  // An evaluation makes the RTL look for changes; with the clock low there is no edge in it.
  void Sample(uint64_t cycle) {
    // What Verilator's own line of a failed assertion begins with.
    if constexpr (kHasRtl) this->rtl().context().time(cycle);
    if (!waves_.Wants(cycle)) return;
    if constexpr (kHasRtl) {
      auto& top = this->rtl().top();
      this->rtl().SetPins(false);
      top.eval();
      top.clk_i = 1;
      waves_.Rise(cycle);
      top.clk_i = 0;
      top.eval();
    } else {
      waves_.Rise(cycle);
    }
    waves_.Fall(cycle);
  }
  bool CloseWaves() { return waves_.Close(); }

 private:
  Waves waves_;
};

template <class Plain, class WithTracing>
std::unique_ptr<EngineCore> Choose(const CoreConfig& config) {
  if (config.waves) return std::make_unique<Core<Traced<WithTracing>, CoreConfig>>(config);
  return std::make_unique<Core<Plain, CoreConfig>>(config);
}

}  // namespace

std::unique_ptr<EngineCore> MakeCore(const CoreConfig& config) {
  switch (config.form) {
    case EngineForm::kModel:
      return Choose<ModelEngine, ModelEngine>(config);
    case EngineForm::kRtl:
      return Choose<RtlEngine<handoff_engine_rtl>, RtlEngine<handoff_engine_trace_rtl>>(config);
    case EngineForm::kLockstep:
      return Choose<LockstepEngine<handoff_engine_rtl>, LockstepEngine<handoff_engine_trace_rtl>>(
          config);
    case EngineForm::kComposed:
      if (config.waves) {
        throw std::invalid_argument(
            "no waves of an engine composed of units: take them of the engine in lockstep");
      }
      return std::make_unique<Core<ComposedEngine, CoreConfig>>(config);
  }
  throw std::invalid_argument("no such engine form");
}

}  // namespace handoff
