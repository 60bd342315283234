// SPDX-License-Identifier: Apache-2.0
#include "sim/core/composed_engine.h"

#include <algorithm>
#include <stdexcept>
#include <string_view>
#include <type_traits>

#include "gen/handoff_engine_rtl.h"

namespace handoff {
namespace {

// A unit as its model alone would have it stand in the engine.
template <class Unit>
struct ComparedUnit {
  const typename Unit::Out* shown = nullptr;
  const typename Unit::Out& out() const { return *shown; }
};

// The connection that an output names, or the payload of which it is the valid, if that is up.
template <class Rtl>
std::optional<Conn> NamedBy(const typename Rtl::Out& out, std::string_view port) {
  constexpr std::string_view kValid = "_valid";
  std::string_view payload = port;
  const bool is_valid = port.size() > kValid.size() && port.ends_with(kValid);
  if (is_valid) payload.remove_suffix(kValid.size());
  bool up = !is_valid;
  std::optional<Conn> conn;
  Rtl::ForEachOutput(out, [&](const PortInfo& info, const auto& value) {
    if constexpr (std::is_same_v<decltype(value), const bool&>) {
      if (is_valid && info.name == port) up = value;
    }
    if (info.name == payload) conn = ConnectionOf(value);
  });
  return up ? conn : std::nullopt;
}

}  // namespace

ComposedEngine::ComposedEngine(const CoreConfig& config) {
  size_t known = 0;
  bool any_both = false;
  const auto configure = [&](const char* name, auto& unit) {
    const auto it = config.units.find(name);
    known += it != config.units.end();
    unit.Configure(it == config.units.end() ? UnitForm::kModel : it->second, config.rand_reset);
    any_both |= unit.both();
  };
  shell_.ForEachUnit(configure);
  if (any_both) history_ = std::make_unique<History>();
  if (known == config.units.size()) return;
  const std::vector<std::string> names = EngineUnits();
  for (const auto& unit : config.units) {
    if (std::find(names.begin(), names.end(), unit.first) == names.end())
      throw std::invalid_argument(NoSuchUnit(unit.first));
  }
}

void ComposedEngine::Reset() {
  if (!wired_) {
    wired_ = true;
    WireEngine(shell_.parts, in_);
    shell_.ForEachUnit([this](const char* name, auto& unit) {
      using Rtl = typename std::decay_t<decltype(unit)>::Rtl;
      if (history_) history_->AddUnit<Rtl>(name, unit.in, unit.out());
    });
  }
  shell_.Reset();
}

void ComposedEngine::Tick() { shell_.Tick(in_); }

void ComposedEngine::Commit() { shell_.Commit(); }

bool ComposedEngine::Check(uint64_t cycle, std::optional<CoreMismatch>* mismatch) {
  bool same = true;
  shell_.ForEachUnit([&same](const char*, auto& unit) { same = unit.Same() && same; });
  if (!same) *mismatch = Describe(cycle);
  return same;
}

CoreMismatch ComposedEngine::Describe(uint64_t cycle) {
  CoreMismatch m{.cycle = cycle};
  std::vector<Conn> named;  // by what differs
  shell_.ForEachUnit([&](const char* name, auto& unit) {
    using Rtl = typename std::decay_t<decltype(unit)>::Rtl;
    if (unit.Same()) return;
    m.units.push_back(Differences<Rtl>(name, unit.out(), unit.compared()));
    for (const auto* out : {&unit.out(), &unit.compared()}) {
      const std::optional<Conn> conn = NamedBy<Rtl>(*out, m.units.back().port);
      if (conn && std::find(named.begin(), named.end(), *conn) == named.end())
        named.push_back(*conn);
    }
  });
  m.at_pins = PinsDiffer();
  m.text = m.units[0].text;
  for (size_t i = 1; i < m.units.size(); ++i)
    m.text += "unit " + m.units[i].unit + " differs in the same cycle:\n" + m.units[i].text;
  m.text += m.at_pins ? "the engine's pins differ in this cycle too\n"
                      : "no pin of the engine differs in this cycle: a comparison of the whole "
                        "engine does not see it yet\n";
  for (const UnitMismatch& unit : m.units) m.text += Transfers(unit.unit);
  m.text += Connections(named, m.units[0].unit);
  return m;
}

std::string ComposedEngine::LastOf(const std::string& unit) const {
  return history_ ? Transfers(unit) + Connections({}, unit) : "";
}

std::string ComposedEngine::Transfers(const std::string& unit) const {
  return "last transfers of " + unit + ":\n" + history_->OfUnit(unit);
}

// With the models' outputs in place of those that drive.
bool ComposedEngine::PinsDiffer() {
  EngineParts<ComparedUnit> models;
  std::vector<const void*> outs;
  shell_.ForEachUnit([&](const char*, auto& unit) { outs.push_back(&unit.compared()); });
  size_t index = 0;
  const auto show = [&](const char*, auto& unit) {
    unit.shown = static_cast<decltype(unit.shown)>(outs[index++]);
  };
  models.ForEach(show);
  show("csr", models.csr);
  Out pins = out();
  GatherOutputs(models, pins, false);
  return !handoff_engine_rtl::CompareOut(out(), pins, nullptr);
}

std::string ComposedEngine::Connections(const std::vector<Conn>& named,
                                        const std::string& unit) const {
  std::vector<Conn> conns = named;
  if (conns.empty()) {
    const std::optional<Conn> latest = history_->LatestConnection(unit);
    if (latest) conns.push_back(*latest);
  }
  std::string text;
  for (const Conn conn : conns) {
    text += "last transfers that name connection " + std::to_string(conn) + ":\n" +
            history_->OfConnection(conn);
  }
  return text;
}

bool ComposedEngine::Flip(const std::string& reg, uint32_t bit) { return shell_.Flip(reg, bit); }

}  // namespace handoff
