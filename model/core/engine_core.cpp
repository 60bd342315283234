// SPDX-License-Identifier: Apache-2.0
#include "model/core/engine_core.h"

#include <algorithm>
#include <utility>

#include "model/core/core_loop.h"
#include "model/core/model_engine.h"
#include "model/flip.h"
#include "model/handoff_engine.h"

namespace handoff {
namespace {

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
  const auto engine = std::make_unique<handoff_engine>();
  engine->ForEachUnit([&](std::string_view name, auto& model) {
    if (unit == name) registers = ListRegisters(model);
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
    const std::string which =
        "bit " + std::to_string(bit) + " of register '" + reg + "' of " + unit;
    if (bit >= width) return "no " + which + ": it has " + std::to_string(width);
    return which +
           " cannot be flipped: the model of this unit does not run here, or has no memory "
           "at the address that this would make";
  }
  std::string text = "no register '" + reg + "' of " + unit + "; its registers and their bits are:";
  for (const auto& [name, width] : registers)
    text += " " + name + "[" + std::to_string(width) + "]";
  return text;
}

std::unique_ptr<EngineCore> MakeModelCore(const CoreParams& params) {
  return std::make_unique<Core<ModelEngine>>(params);
}

}  // namespace handoff
