// SPDX-License-Identifier: Apache-2.0
//
// What a Verilated class throws out of eval() when an assertion of the RTL fails, in place of
// ending the process. The class must not be clocked again.
#pragma once

#include "model/core/core_mismatch.h"

namespace handoff {

class RtlFailure : public EngineFailure {
 public:
  using EngineFailure::EngineFailure;
};

}  // namespace handoff
