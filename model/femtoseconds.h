// SPDX-License-Identifier: Apache-2.0
//
// Times on a wire. A byte takes some hundred femtoseconds or more, and 64 bits of them last for
// five hours; these last longer than any run.
#pragma once

#include <cstdint>

#include "model/clock.h"

namespace handoff {

__extension__ using Femtoseconds = unsigned __int128;

constexpr Femtoseconds PsToFs(uint64_t ps) { return Femtoseconds{ps} * kFsPerPs; }
// The first picosecond at or after it.
constexpr uint64_t FsToPs(Femtoseconds fs) {
  return static_cast<uint64_t>((fs + kFsPerPs - 1) / kFsPerPs);
}

}  // namespace handoff
