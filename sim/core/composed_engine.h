// SPDX-License-Identifier: Apache-2.0
//
// The engine composed in C++ of units that are each RTL (verilated alone), model, or both: then the
// RTL drives, and the model runs beside it on the same inputs with its own state and is compared.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gen/handoff_engine_units.h"
#include "model/engine/shell.h"
#include "model/handoff_engine.h"
#include "sim/core/history.h"
#include "sim/core/make_core.h"
#include "sim/core/mismatch.h"
#include "sim/ports.h"
#include "sim/rtl_failure.h"

namespace handoff {

// One unit in one of its forms.
template <class Unit>
class UnitSlot {
 public:
  using Rtl = typename EngineRtlOf<Unit>::type;
  typename Unit::In in;

  // The model with the parameters that the RTL was verilated with.
  static std::unique_ptr<Unit> MakeModel() {
    if constexpr (requires { typename Unit::Params; }) {
      return std::make_unique<Unit>(Rtl::template ModelParams<typename Unit::Params>());
    } else {
      return std::make_unique<Unit>();
    }
  }

  void Configure(UnitForm form, int rand_reset) {
    if (form != UnitForm::kModel)
      rtl_ = std::make_unique<Rtl>(RtlOptions{.rand_reset = rand_reset});
    if (form != UnitForm::kRtl) model_ = MakeModel();
    out_ = rtl_ ? &rtl_->out() : &model_->out();
  }
  void Reset() {
    if (rtl_) rtl_->in = in, rtl_->Reset();
    if (model_) model_->in = in, model_->Reset();
  }
  void Tick() {
    if (rtl_) TickRtl();
    if (model_) model_->Tick();
  }
  // What Verilator's own line of a failed assertion begins with.
  void SetTime(uint64_t cycle) {
    if (rtl_) rtl_->context().time(cycle);
  }
  void Commit() {
    if (rtl_) rtl_->Commit();
    if (model_) model_->Commit();
  }
  const typename Unit::Out& out() const { return *out_; }
  bool both() const { return rtl_ && model_; }
  bool Same() const { return !both() || Rtl::CompareOut(rtl_->out(), model_->out(), nullptr); }
  // What drives, and what is compared with it: the model, where there are both.
  const typename Unit::Out& compared() const { return model_ ? model_->out() : *out_; }
  bool Flip(std::string_view reg, uint32_t bit) { return model_ && model_->Flip(reg, bit); }

 private:
  void TickRtl() {
    try {
      rtl_->Tick();
    } catch (RtlFailure& failure) {
      failure.unit = std::string_view(Rtl::kName).substr(kPrefix.size());
      throw;
    }
  }

  static constexpr std::string_view kPrefix = "handoff_";
  std::unique_ptr<Rtl> rtl_;
  std::unique_ptr<Unit> model_;
  const typename Unit::Out* out_ = nullptr;
};

class ComposedEngine {
 public:
  using Out = handoff_engine::Out;

  // Throws std::invalid_argument for a unit that does not exist.
  explicit ComposedEngine(const CoreConfig& config);
  void Bind(const EnginePins& pins) { pins.Bind(in_); }
  void Reset();
  void Tick();
  void Commit();
  const Out& out() const { return shell_.out(); }
  bool Check(uint64_t cycle, std::optional<CoreMismatch>* mismatch);
  void Sample(uint64_t cycle) {
    shell_.ForEachUnit([cycle](const char*, auto& unit) { unit.SetTime(cycle); });
    if (history_) history_->Sample(cycle);
  }
  // Lines of a report: what moved last at this unit, and where its latest connection is named.
  std::string LastOf(const std::string& unit) const;
  bool Flip(const std::string& reg, uint32_t bit);

 private:
  CoreMismatch Describe(uint64_t cycle);
  bool PinsDiffer();
  std::string Transfers(const std::string& unit) const;
  std::string Connections(const std::vector<Conn>& named, const std::string& unit) const;

  EngineShell<UnitSlot, Out> shell_;
  std::unique_ptr<History> history_;  // where some unit is both
  handoff_engine::In in_;
  bool wired_ = false;
};

}  // namespace handoff
