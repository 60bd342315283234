// SPDX-License-Identifier: Apache-2.0
//
// What Core<> clocks: the engine as its model.
#pragma once

#include <cstdint>
#include <optional>

#include "model/core/core_mismatch.h"
#include "model/core/engine_core.h"
#include "model/core/engine_pins.h"
#include "model/handoff_engine.h"

namespace handoff {

class ModelEngine : public handoff_engine {
 public:
  explicit ModelEngine(const CoreParams&, const Params& params = {}) : handoff_engine(params) {}
  void Bind(const EnginePins& pins) { pins.Bind(in); }
  bool Check(uint64_t, std::optional<CoreMismatch>*) const { return true; }
  handoff_engine& model() { return *this; }
};

}  // namespace handoff
