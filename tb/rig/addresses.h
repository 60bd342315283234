// SPDX-License-Identifier: Apache-2.0
//
// The connection of tests that drive the whole engine, as its frames and its SETUP name it.
#pragma once

#include <cstdint>

namespace handoff {

inline constexpr uint16_t kLocalPort = 5000, kPeerPort = 40000;
inline constexpr uint64_t kLocalMac = 0x020000000002, kPeerMac = 0x020000000001;
inline constexpr uint16_t kConn = 7;
inline constexpr uint8_t kGen = 3;

}  // namespace handoff
