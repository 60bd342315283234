// SPDX-License-Identifier: Apache-2.0
#include "model/handoff_engine.h"

namespace handoff {

void handoff_engine::Reset() {
  WireEngine(shell_.parts, in);
  shell_.Reset();
}

void handoff_engine::Tick() { shell_.Tick(in); }

void handoff_engine::Commit() { shell_.Commit(); }

bool handoff_engine::Flip(std::string_view reg, uint32_t bit) { return shell_.Flip(reg, bit); }

}  // namespace handoff
