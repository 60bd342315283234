// SPDX-License-Identifier: Apache-2.0
//
// What Core<> clocks: the engine as RTL, or as RTL and model both. `Rtl` is the adapter of one of
// the RTL's builds, and the model beside it has the parameters which that was verilated with.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "model/core/engine_pins.h"
#include "model/handoff_engine.h"
#include "sim/core/make_core.h"
#include "sim/core/mismatch.h"
#include "sim/ports.h"

namespace handoff {

// RTL and model side by side: the RTL drives.
template <class Rtl>
class LockstepEngine {
 public:
  explicit LockstepEngine(const CoreConfig& config)
      : rtl_(RtlOptions{.rand_reset = config.rand_reset}),
        model_(Rtl::template ModelParams<handoff_engine::Params>()) {}
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
  const handoff_engine::Out& out() const { return rtl_.out(); }
  bool Check(uint64_t cycle, std::optional<CoreMismatch>* mismatch) const {
    if (Rtl::CompareOut(rtl_.out(), model_.out(), nullptr)) return true;
    CoreMismatch m{.cycle = cycle};
    m.units.push_back(Differences<Rtl>("engine", rtl_.out(), model_.out()));
    m.text = m.units[0].text;
    *mismatch = std::move(m);
    return false;
  }
  bool Flip(const std::string& field, uint32_t bit) { return model_.Flip(field, bit); }
  Rtl& rtl() { return rtl_; }
  handoff_engine& model() { return model_; }

 private:
  Rtl rtl_;
  handoff_engine model_;
};

template <class Rtl>
class RtlEngine : public Rtl {
 public:
  explicit RtlEngine(const CoreConfig& config) : Rtl(RtlOptions{.rand_reset = config.rand_reset}) {}
  void Bind(const EnginePins& pins) { pins.Bind(this->in); }
  bool Check(uint64_t, std::optional<CoreMismatch>*) const { return true; }
  bool Flip(const std::string&, uint32_t) { return false; }
  Rtl& rtl() { return *this; }
};

}  // namespace handoff
