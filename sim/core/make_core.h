// SPDX-License-Identifier: Apache-2.0
//
// An EngineCore in any of the engine's forms: model/core has the interface and the model alone.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "model/core/engine_core.h"
#include "sim/waves/waves.h"

namespace handoff {

enum class EngineForm : uint8_t {
  kModel,     // class handoff_engine
  kRtl,       // handoff_engine, verilated whole
  kLockstep,  // both, compared every cycle
  kComposed   // each unit by itself: rtl, model or both
};
enum class UnitForm : uint8_t { kModel, kRtl, kBoth };

struct CoreConfig : CoreParams {
  EngineForm form = EngineForm::kLockstep;
  std::map<std::string, UnitForm> units;  // kComposed: by name without prefix; absent: model
  int rand_reset = 0;                     // X-initialisation of the RTL: 0 zeros, 1 ones, 2 random
  // A window of waves. The RTL is then the build with tracing and assertions; not with kComposed,
  // whose units are verilated without.
  std::optional<WaveRequest> waves;
};

// Throws std::invalid_argument for a unit that does not exist, or for waves of kComposed;
// std::runtime_error for waves that cannot be written.
std::unique_ptr<EngineCore> MakeCore(const CoreConfig& config);

}  // namespace handoff
