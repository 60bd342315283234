// SPDX-License-Identifier: Apache-2.0
//
// What sc_signal<T> asks of a type, for every type of gen/handoff_pkg.h: to be printed and to be
// traced. (They can be compared by themselves.) A struct is traced as one variable a field.
#pragma once

#include <cstdint>
#include <ostream>
#include <string>
#include <systemc>
#include <type_traits>

#include "gen/handoff_pkg.h"
#include "gen/handoff_pkg_members.h"

namespace handoff {

template <class T>
concept PackageEnum = std::is_enum_v<T> && requires(const T& value) {
  ToString(value);
};
// A struct, or Bits<N>.
template <class T>
concept PackageClass = requires(const T& value) {
  T::kWidth;
  value.ToString();
};
template <class T>
concept PackageStruct = PackageClass<T> && requires {
  T::kFields;
};

template <PackageEnum T>
std::ostream& operator<<(std::ostream& os, const T& value) {
  return os << ToString(value);
}
template <PackageClass T>
std::ostream& operator<<(std::ostream& os, const T& value) {
  return os << value.ToString();
}

// One variable a word: name_w0 is the least significant.
template <uint32_t N>
void sc_trace(sc_core::sc_trace_file* file, const Bits<N>& value, const std::string& name) {
  for (uint32_t i = 0; i < Bits<N>::kWords; ++i) {
    const int width = i + 1 == Bits<N>::kWords ? static_cast<int>(N - 64 * i) : 64;
    sc_core::sc_trace(file, value.w[i], name + "_w" + std::to_string(i), width);
  }
}

// As a number. SystemC looks at the object itself, so it is shown as the integer that it is.
template <PackageEnum T>
void sc_trace(sc_core::sc_trace_file* file, const T& value, const std::string& name,
              uint32_t width = 8 * sizeof(T)) {
  static_assert(sizeof(T) == 1, "only a byte may be looked at in place of another type");
  sc_core::sc_trace(file, reinterpret_cast<const unsigned char&>(value), name,
                    static_cast<int>(width));
}

template <PackageStruct T>
void sc_trace(sc_core::sc_trace_file* file, const T& value, const std::string& name) {
  ForEachMember(value, [&](const char* field, const auto& member, uint32_t width) {
    using Member = std::decay_t<decltype(member)>;
    const std::string path = name + "." + field;
    if constexpr (std::is_same_v<Member, bool> || PackageClass<Member>) {
      sc_trace(file, member, path);
    } else if constexpr (PackageEnum<Member>) {
      sc_trace(file, member, path, width);
    } else {
      sc_core::sc_trace(file, member, path, static_cast<int>(width));
    }
  });
}

}  // namespace handoff
