// SPDX-License-Identifier: Apache-2.0
//
// Access to a twin's registers by name: for a deliberate fault, and for tracing.
#ifndef HANDOFF_MODEL_FLIP_H_
#define HANDOFF_MODEL_FLIP_H_

#include <cstdint>
#include <string_view>
#include <type_traits>

#include "gen/handoff_pkg.h"

namespace handoff {

template <class T>
concept PackedStruct = requires(T t, uint64_t* w) {
  t.Pack(w);
  T::kWidth;
  { T::Unpack(w) } -> std::same_as<T>;
};

// Inverts one bit of a value; false if it has no such bit.
template <class T>
bool FlipBit(T& value, uint32_t bit) {
  if constexpr (PackedStruct<T>) {
    if (bit >= T::kWidth) return false;
    uint64_t words[(T::kWidth + 63) / 64] = {};
    value.Pack(words);
    words[bit / 64] ^= uint64_t{1} << (bit % 64);
    value = T::Unpack(words);
  } else if constexpr (std::is_same_v<T, bool>) {
    if (bit != 0) return false;
    value = !value;
  } else if constexpr (std::is_enum_v<T> || std::is_integral_v<T>) {
    if (bit >= 8 * sizeof(T)) return false;
    value = static_cast<T>(static_cast<uint64_t>(value) ^ uint64_t{1} << bit);
  } else {
    return false;
  }
  return true;
}

// `each` is a unit's ForEachReg: calls its argument with every register's name and a reference to
// it. Inverts `bit` of register `name`; false if there is none of that name or no such bit.
template <class Each>
bool FlipRegister(Each&& each, std::string_view name, uint32_t bit) {
  bool done = false;
  each([&](std::string_view reg, auto& value) {
    if (reg == name) done = FlipBit(value, bit);
  });
  return done;
}

}  // namespace handoff

#endif  // HANDOFF_MODEL_FLIP_H_
