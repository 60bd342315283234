// SPDX-License-Identifier: Apache-2.0
//
// How an AXI or AXI4-Lite access may be answered (AXI4, A3.4.4).
#pragma once

#include <cstdint>

namespace handoff {

inline constexpr uint8_t kOkay = 0, kSlverr = 2, kDecerr = 3;

}  // namespace handoff
