// SPDX-License-Identifier: Apache-2.0
//
// The pin face: a unit, or the whole engine, as an sc_module with one pin a port of the RTL, of the
// same name. Behind the pins stands whatever has the face of docs/conventions.md, section 3: the
// model, or the adapter of a Verilated unit.
//
//   PinShell<handoff_rx_fifo> fifo("fifo");                          // or with its Params behind
//   handoff_rx_fifo_pins<sc_core::sc_signal, sc_core::sc_signal> w;  // a signal a pin; see PinWire
//   fifo.clk_i(clk), fifo.rst_ni(rst), fifo.BindTo(w);
//
// An edge: inputs are those before it, outputs change in the next delta cycle. So shells, and
// modules of others, may be clocked in any order. The first edges must have rst_ni low.
#pragma once

#include <string>
#include <systemc>
#include <utility>

#include "model/sc/pin_types.h"

namespace handoff {

template <class T>
using PinWire = sc_core::sc_signal<T>;

// The pins alone, by the unit's In (handoff_x_in): what the model's shell and the RTL's have in
// common, and what a module of somebody else's derives from to stand in a unit's place.
template <class In>
class PinModule : public sc_core::sc_module,
                  public In::template Pins<sc_core::sc_in, sc_core::sc_out> {
 public:
  sc_core::sc_in<bool> clk_i{"clk_i"};
  sc_core::sc_in<bool> rst_ni{"rst_ni"};

  // Every pin goes to the file, under its whole name.
  void Trace(sc_core::sc_trace_file* file) {
    const auto trace = [file](auto& pin) { sc_core::sc_trace(file, pin, pin.name()); };
    trace(clk_i);
    trace(rst_ni);
    this->ForEachPin(trace);
  }

 protected:
  explicit PinModule(const sc_core::sc_module_name& name) : sc_module(name) {}
};

template <class Unit>
class PinShell : public PinModule<typename Unit::In> {
  using In = typename Unit::In;

 public:
  // `args` are the unit's: a model's Params, an adapter's RtlOptions.
  template <class... Args>
  explicit PinShell(const sc_core::sc_module_name& name, Args&&... args)
      : PinModule<In>(name), unit_(std::forward<Args>(args)...) {
    values_.Bind(unit_.in);
    SC_METHOD(Edge);
    this->sensitive << this->clk_i.pos();
    this->dont_initialize();
  }
  SC_HAS_PROCESS(PinShell);

  Unit& unit() { return unit_; }

 private:
  void Edge() {
    this->ForEachInput(values_, [](const auto& pin, auto& value) { value = pin.read(); });
    if (!this->rst_ni.read()) {
      unit_.Reset();
      was_reset_ = true;
    } else if (was_reset_) {
      unit_.Tick();
      unit_.Commit();
    } else {
      SC_REPORT_ERROR("handoff/pins", (std::string(this->name()) +
                                       ": an edge with rst_ni high before one with rst_ni low")
                                          .c_str());
    }
    this->ForEachOutput(unit_.out(), [](auto& pin, const auto& value) { pin.write(value); });
  }

  Unit unit_;
  typename In::Values values_;
  bool was_reset_ = false;
};

}  // namespace handoff
