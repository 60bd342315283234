// SPDX-License-Identifier: Apache-2.0
//
// The engine with every unit in a shell of its own and sc_signals between them: the wiring is that
// of model/engine/wiring.h, read from there. For who looks at the signals between units, or puts
// something else in a unit's place; PinShell<handoff_engine> has the same pins and is much faster.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "model/engine/wiring.h"
#include "model/handoff_engine.h"
#include "model/sc/pin_shell.h"

namespace handoff {

// Makes every unit a model.
struct ModelShells {
  EngineParams params;

  template <class Unit>
  std::unique_ptr<PinModule<typename Unit::In>> Make(const char* name) const {
    if constexpr (requires { typename Unit::Params; }) {
      return std::make_unique<PinShell<Unit>>(name, params.Of<typename Unit::Params>());
    } else {
      return std::make_unique<PinShell<Unit>>(name);
    }
  }
};

class PinEngine : public PinModule<handoff_engine_in> {
 public:
  // `shells.Make<Unit>(name)` makes what stands for each unit.
  template <class Shells = ModelShells>
  explicit PinEngine(const sc_core::sc_module_name& name, Shells&& shells = Shells{})
      : PinModule(name) {
    ForEachUnit([&]<class Unit>(const char* unit, Slot<Unit>& slot) {
      slot.shell = shells.template Make<Unit>(unit);
    });
    Wire();
    SC_METHOD(Edge);
    sensitive << clk_i.pos();
    dont_initialize();
  }
  SC_HAS_PROCESS(PinEngine);

 private:
  // Stands for a unit in WireEngine(), which makes `in` point at the `shown` of others.
  template <class Unit>
  struct Slot {
    typename Unit::In in;
    typename Unit::Out shown;
    std::unique_ptr<PinModule<typename Unit::In>> shell;
    const typename Unit::Out& out() const { return shown; }
  };

  template <class F>
  void ForEachUnit(F&& f) {
    parts_.ForEach(f);
    f("csr", parts_.csr);
  }

  static bool IsOwn(std::string_view pin) { return pin == "quiet_o" || pin == "wake_us_o"; }

  void Wire() {
    handoff_engine_values values;
    handoff_engine_in in;
    values.Bind(in);
    WireEngine(parts_, in);
    ForEachInput(values, [this](auto& pin, auto& value) { drivers_[&value] = &pin; });
    OutputsOfUnits();
    ForEachUnit([this](const char* unit, auto& slot) {
      slot.shell->clk_i.bind(clk_i);
      slot.shell->ForEachInput(slot.in, [this](auto& pin, auto* from) { Bind(pin, from); });
      if (std::string_view(unit) == "csr") {
        slot.shell->rst_ni.bind(rst_ni);
      } else {
        Bind(slot.shell->rst_ni, &parts_.csr.shown.unit_rst_n);
      }
    });
  }

  // An output that has the name of one of the engine's is that pin; any other is a signal.
  void OutputsOfUnits() {
    std::map<std::string, sc_core::sc_object*> pins;
    const handoff_engine_out shown{};
    ForEachOutput(shown, [&](auto& pin, const auto&) {
      if (!IsOwn(pin.basename())) pins[pin.basename()] = &pin;
    });
    ForEachUnit([&](const char* unit, auto& slot) {
      slot.shell->ForEachOutput(slot.shown, [&]<class T>(sc_core::sc_out<T>& pin, const T& value) {
        const auto found = pins.find(pin.basename());
        if (found != pins.end()) {
          pin.bind(dynamic_cast<sc_core::sc_out<T>&>(*found->second));
          pins.erase(found);
          return;
        }
        const std::string name = std::string(unit) + "_" + pin.basename();
        auto signal = std::make_shared<sc_core::sc_signal<T>>(name.c_str());
        pin.bind(*signal);
        drivers_[&value] = signal.get();
        Remember(pin.basename(), *signal);
        signals_.push_back(std::move(signal));
      });
    });
    if (!pins.empty()) {
      SC_REPORT_ERROR("handoff/pins", ("no unit drives " + pins.begin()->first).c_str());
    }
  }

  // What the engine's own registers are made of.
  template <class T>
  void Remember(std::string_view pin, const sc_core::sc_signal<T>& signal) {
    if constexpr (std::is_same_v<T, bool>) {
      if (pin == "quiet_o") quiets_.push_back(&signal);
    } else if constexpr (std::is_same_v<T, U64>) {
      if (pin == "wake_us_o") wakes_.push_back(&signal);
    }
  }

  template <class T>
  void Bind(sc_core::sc_in<T>& pin, const T* from) {
    sc_core::sc_object* driver = drivers_.at(from);
    if (auto* parent = dynamic_cast<sc_core::sc_in<T>*>(driver)) {
      pin.bind(*parent);
    } else {
      pin.bind(dynamic_cast<sc_core::sc_signal<T>&>(*driver));
    }
  }

  // The engine's two registers: see model/engine/shell.h.
  void Edge() {
    bool quiet = rst_ni.read();
    U64 wake_us = ~U64{0};
    for (const auto* unit : quiets_) quiet = quiet && unit->read();
    quiet = quiet && !rx_valid_i.read() && !b_valid_i.read() && !r_valid_i.read() &&
            !s_aw_valid_i.read() && !s_w_valid_i.read() && !s_ar_valid_i.read();
    if (rst_ni.read()) {
      for (const auto* unit : wakes_) wake_us = std::min(wake_us, unit->read());
    }
    quiet_o.write(quiet);
    wake_us_o.write(wake_us);
  }

  // By what WireEngine() points at: one of the engine's own pins, or a unit's signal.
  std::map<const void*, sc_core::sc_object*> drivers_;
  std::vector<std::shared_ptr<void>> signals_;
  std::vector<const sc_core::sc_signal<bool>*> quiets_;
  std::vector<const sc_core::sc_signal<U64>*> wakes_;
  EngineParts<Slot> parts_;
};

}  // namespace handoff
