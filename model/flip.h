// SPDX-License-Identifier: Apache-2.0
//
// Access to a twin's registers by name: for a deliberate fault, and for tracing.
//
// A unit's ForEachReg calls f(name, register), or f(name, register, bits) where the register has
// fewer bits than the C++ type that holds it. What is no packed struct is shown by its parts: those
// of a struct of the unit's own, or of a prim, which its ForEachField names in the same way, as
// register.part; the elements of an array as register0, register1 ...
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
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

// What is shown and flipped as one.
template <class T>
concept WholeRegister = PackedStruct<T> || std::is_integral_v<T> || std::is_enum_v<T>;

// The bits of what holds a register.
template <WholeRegister T>
constexpr uint32_t RegisterWidth() {
  if constexpr (std::is_same_v<T, bool>) {
    return 1;
  } else if constexpr (PackedStruct<T>) {
    return T::kWidth;
  } else {
    return 8 * sizeof(T);
  }
}

// The bits of a register that counts from 0 to n - 1.
constexpr uint32_t IndexBits(uint64_t n) { return static_cast<uint32_t>(std::bit_width(n - 1)); }

// One member of each element of an array: an array of its own.
template <class Array, class Member>
struct MembersOf {
  Array& array;
  Member member;

  size_t size() const { return array.size(); }
  auto& operator[](size_t i) { return array[i].*member; }
};
template <class Array, class Member>
MembersOf(Array&, Member) -> MembersOf<Array, Member>;

// Calls f(name, value, bits) for a register, or for each of its parts. `name` is the register's,
// and again when this returns; bits 0: all that its type has. Parts have no more than `bits` unless
// they say so.
template <class T, class F>
void ForEachPart(std::string& name, T& value, uint32_t bits, F& f) {
  const size_t length = name.size();
  if constexpr (WholeRegister<T>) {
    constexpr uint32_t kAll = RegisterWidth<T>();
    f(std::string_view(name), value, bits == 0 ? kAll : std::min(bits, kAll));
  } else if constexpr (requires { std::size(value); }) {
    for (size_t i = 0; i < std::size(value); ++i) {
      name += std::to_string(i);
      ForEachPart(name, value[i], bits, f);
      name.resize(length);
    }
  } else {
    value.ForEachField([&](std::string_view part, auto&& field, uint32_t part_bits = 0) {
      name += '.';
      name += part;
      ForEachPart(name, field, part_bits == 0 ? bits : part_bits, f);
      name.resize(length);
    });
  }
}

// Calls f(name, value, bits) for every register of a unit, or for each of its parts.
template <class Unit, class F>
void ForEachRegister(Unit& unit, F&& f) {
  std::string name;
  unit.ForEachReg([&](std::string_view reg, auto&& value, uint32_t bits = 0) {
    name = reg;
    ForEachPart(name, value, bits, f);
  });
}

template <class T>
void InvertBit(T& value, uint32_t bit) {
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
}

// Inverts `bit` of register `name`; false if there is none of that name or no such bit.
template <class Unit>
bool FlipRegister(Unit& unit, std::string_view name, uint32_t bit) {
  bool done = false;
  ForEachRegister(unit, [&](std::string_view reg, auto& value, uint32_t bits) {
    if (reg != name || bit >= bits) return;
    InvertBit(value, bit);
    done = true;
  });
  return done;
}

// The names that FlipRegister knows, with their widths.
template <class Unit>
std::vector<std::pair<std::string, uint32_t>> ListRegisters(Unit& unit) {
  std::vector<std::pair<std::string, uint32_t>> registers;
  ForEachRegister(
      unit, [&](std::string_view reg, auto&, uint32_t bits) { registers.emplace_back(reg, bits); });
  return registers;
}

}  // namespace handoff
