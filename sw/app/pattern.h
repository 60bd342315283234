// SPDX-License-Identifier: Apache-2.0
//
// The byte stream that every bulk program sends and checks, so that a byte lost, doubled or moved
// is seen at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace handoff::app {

constexpr uint8_t PatternByte(uint64_t i) { return static_cast<uint8_t>(i * 7 + (i >> 8)); }

// The stream's bytes from `offset` on.
inline void FillPattern(uint64_t offset, std::span<uint8_t> out) {
  for (size_t i = 0; i < out.size(); ++i) out[i] = PatternByte(offset + i);
}

// How many of `bytes` are not the stream's from `offset` on.
inline uint64_t CountWrong(uint64_t offset, std::span<const uint8_t> bytes) {
  uint64_t wrong = 0;
  for (size_t i = 0; i < bytes.size(); ++i) wrong += bytes[i] != PatternByte(offset + i) ? 1 : 0;
  return wrong;
}

}  // namespace handoff::app
