// SPDX-License-Identifier: Apache-2.0
#include "sim/core/engine_core.h"

#include <fmt/core.h>

#include <algorithm>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "gen/handoff_engine_rtl.h"
#include "gen/handoff_engine_trace_rtl.h"
#include "model/flip.h"
#include "model/handoff_engine.h"
#include "sim/core/composed_engine.h"
#include "sim/core/core_loop.h"
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
  if (config.waves) return std::make_unique<Core<Traced<WithTracing>>>(config);
  return std::make_unique<Core<Plain>>(config);
}

// A unit as a type alone: those of the model hold memories, and few of them are wanted here.
template <class Unit>
struct TypeAlone {
  using type = Unit;
};

// Calls f(name, TypeAlone<Unit>) for every unit.
template <class F>
void ForEachUnitType(F&& f) {
  EngineParts<TypeAlone> parts;
  parts.ForEach(f);
  f("csr", parts.csr);
}

}  // namespace

std::map<std::string, uint32_t> EngineParameters() {
  std::map<std::string, uint32_t> parameters;
  EngineParams().ForEach([&](const char* name, uint32_t value) { parameters[name] = value; });
  return parameters;
}

std::vector<std::string> EngineUnits() {
  std::vector<std::string> names;
  ForEachUnitType([&](const char* name, auto&) { names.emplace_back(name); });
  return names;
}

std::vector<std::pair<std::string, uint32_t>> RegisterNames(std::string_view unit) {
  std::vector<std::pair<std::string, uint32_t>> registers;
  ForEachUnitType([&](const char* name, auto& type) {
    if (unit != name) return;
    const auto model = UnitSlot<typename std::decay_t<decltype(type)>::type>::MakeModel();
    registers = ListRegisters(*model);
  });
  return registers;
}

std::string NoSuchUnit(std::string_view unit) {
  std::string text = "no unit '" + std::string(unit) + "'; units are:";
  for (const std::string& each : EngineUnits()) text += ' ' + each;
  return text;
}

std::string WhyNoFlip(std::string_view unit_field, uint32_t bit) {
  const size_t dot = std::min(unit_field.find('.'), unit_field.size());
  const std::string unit(unit_field.substr(0, dot));
  const std::string reg(unit_field.substr(std::min(dot + 1, unit_field.size())));
  const auto registers = RegisterNames(unit);
  if (registers.empty()) return NoSuchUnit(unit);
  for (const auto& [name, width] : registers) {
    if (name != reg) continue;
    const std::string which = fmt::format("bit {} of register '{}' of {}", bit, reg, unit);
    if (bit >= width) return fmt::format("no {}: it has {}", which, width);
    return which +
           " cannot be flipped: the model of this unit does not run here, or has no memory "
           "at the address that this would make";
  }
  std::string text = "no register '" + reg + "' of " + unit + "; its registers and their bits are:";
  for (const auto& [name, width] : registers) text += fmt::format(" {}[{}]", name, width);
  return text;
}

std::unique_ptr<EngineCore> EngineCore::Make(const CoreConfig& config) {
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
      return std::make_unique<Core<ComposedEngine>>(config);
  }
  throw std::invalid_argument("no such engine form");
}

}  // namespace handoff
