// SPDX-License-Identifier: Apache-2.0
#include "tb/lockstep/engine_core.h"

#include <stdexcept>

#include "gen/handoff_engine_rtl.h"
#include "model/handoff_engine.h"
#include "tb/lockstep/composed_engine.h"
#include "tb/lockstep/core_loop.h"

namespace handoff {
namespace {

// RTL and model side by side: the RTL drives.
class LockstepEngine {
 public:
  explicit LockstepEngine(const CoreConfig& config)
      : rtl_(RtlOptions{.rand_reset = config.rand_reset}) {}
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
