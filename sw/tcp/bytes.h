// SPDX-License-Identifier: Apache-2.0
//
// Byte strings and network byte order. The callers check lengths; nothing here reads past a view.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace handoff::tcp {

using Bytes = std::vector<uint8_t>;
using ByteView = std::span<const uint8_t>;

inline uint16_t Load16(ByteView b, size_t at) {
  return static_cast<uint16_t>(b[at] << 8 | b[at + 1]);
}
inline uint32_t Load32(ByteView b, size_t at) {
  return static_cast<uint32_t>(Load16(b, at)) << 16 | Load16(b, at + 2);
}
inline void Store16(std::span<uint8_t> b, size_t at, uint16_t v) {
  b[at] = static_cast<uint8_t>(v >> 8);
  b[at + 1] = static_cast<uint8_t>(v);
}
inline void Append16(Bytes& b, uint16_t v) {
  b.push_back(static_cast<uint8_t>(v >> 8));
  b.push_back(static_cast<uint8_t>(v));
}
inline void Append32(Bytes& b, uint32_t v) {
  Append16(b, static_cast<uint16_t>(v >> 16));
  Append16(b, static_cast<uint16_t>(v));
}
inline void AppendBytes(Bytes& b, ByteView v) { b.insert(b.end(), v.begin(), v.end()); }

}  // namespace handoff::tcp
