// SPDX-License-Identifier: Apache-2.0
//
// Access to a twin's registers by name: for a deliberate fault, and for tracing.
#ifndef HANDOFF_MODEL_FLIP_H_
#define HANDOFF_MODEL_FLIP_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "gen/handoff_pkg.h"

namespace handoff {

template <class T>
concept PackedStruct = requires(T t, uint64_t* w) {
  t.Pack(w);
  T::kWidth;
  { T::Unpack(w) } -> std::same_as<T>;
};

// The bits of a register as the model holds it; a number's are those of its C++ type.
template <class T>
constexpr uint32_t RegisterWidth() {
  if constexpr (std::is_same_v<T, bool>) {
    return 1;
  } else if constexpr (PackedStruct<T>) {
    return T::kWidth;
  } else {
    static_assert(std::is_integral_v<T> || std::is_enum_v<T>, "a register without bits");
    return 8 * sizeof(T);
  }
}

// Inverts one bit of a value; false if it has no such bit.
template <class T>
bool FlipBit(T& value, uint32_t bit) {
  if (bit >= RegisterWidth<T>()) return false;
  if constexpr (PackedStruct<T>) {
    uint64_t words[(T::kWidth + 63) / 64] = {};
    value.Pack(words);
    words[bit / 64] ^= uint64_t{1} << (bit % 64);
    value = T::Unpack(words);
  } else if constexpr (std::is_same_v<T, bool>) {
    value = !value;
  } else {
    value = static_cast<T>(static_cast<uint64_t>(value) ^ uint64_t{1} << bit);
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

// The names that FlipRegister knows, with their widths, in the order of `each`.
template <class Each>
std::vector<std::pair<std::string, uint32_t>> ListRegisters(Each&& each) {
  std::vector<std::pair<std::string, uint32_t>> registers;
  each([&](std::string_view reg, auto& value) {
    registers.emplace_back(reg, RegisterWidth<std::decay_t<decltype(value)>>());
  });
  return registers;
}

}  // namespace handoff

#endif  // HANDOFF_MODEL_FLIP_H_
