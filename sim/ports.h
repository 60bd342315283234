// SPDX-License-Identifier: Apache-2.0
//
// What the generated adapters (gen/handoff_<unit>_rtl.h) and their users share: the description of
// a port, decoding and comparing values, and the channels of a unit as seen from outside.
#pragma once

#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

#include "gen/handoff_pkg.h"

namespace handoff {

// The latest transfers of a channel that a report shows.
inline constexpr uint64_t kKeptTransfers = 16;

struct PortInfo {
  const char* name;  // without _i or _o
  bool is_input;
  uint32_t width;
  const char* type;  // SystemVerilog type
  bool hex;
  const char* (*enum_name)(uint64_t);  // of an enum port
  const FieldInfo* fields;             // of a struct port
  uint32_t num_fields;
};

// A channel of a unit. Without ready it is a pulse channel.
struct ChannelInfo {
  const char* name;
  bool is_input;
  bool has_ready;
  uint32_t payload_port;  // index in the unit's kPorts
};

// Input channel of a unit, for a test that drives it: `ready` is null for a pulse channel.
template <class T>
struct ToUnit {
  const char* name;
  bool* valid;
  T* payload;
  const bool* ready;
};

// Output channel of a unit, for a test that takes it: `ready` is null for a pulse channel.
template <class T>
struct FromUnit {
  const char* name;
  const bool* valid;
  const T* payload;
  bool* ready;
};

struct RtlOptions {
  int rand_reset = 0;         // Verilator's +verilator+rand+reset+: 0 zeros, 1 ones, 2 random
  int rand_seed = 1;          // for rand_reset 2
  bool every_payload = true;  // pins follow payloads that are not valid, too; false is faster
};

// RtlOf<handoff_x>::type is the generated handoff_x_rtl.
template <class Unit>
struct RtlOf;

// Any value of a port as words, least significant first; `words` has room for its width.
template <class T>
void PackPort(const T& value, uint64_t* words) {
  if constexpr (std::is_class_v<T>) {
    value.Pack(words);
  } else {
    words[0] = static_cast<uint64_t>(value);
  }
}

// A port's value, decoded; of a struct only the fields that are not 0.
inline std::string PortText(const PortInfo& port, const uint64_t* words) {
  if (port.num_fields == 0) {
    return pkg_detail::Value({port.name, 0, port.width, port.hex, port.enum_name}, words);
  }
  std::string text = "{";
  for (uint32_t i = 0; i < port.num_fields; ++i) {
    const FieldInfo& field = port.fields[i];
    if (pkg_detail::Hex(words, field.lsb, field.width) == "0x0") continue;
    text += (text.size() > 1 ? " " : "") + std::string(field.name) + "=";
    text += pkg_detail::Value(field, words);
  }
  return text + "}";
}

template <class T>
std::string PortText(const PortInfo& port, const T& value) {
  std::vector<uint64_t> words((port.width + 63) / 64);
  PackPort(value, words.data());
  return PortText(port, words.data());
}

// Where RTL and model differ: one port, and of it each field that differs.
struct Mismatch {
  struct FieldDiff {
    std::string name;  // empty: the port itself
    std::string rtl;
    std::string model;
    std::string bits;  // XOR
  };
  const PortInfo* port = nullptr;
  std::vector<FieldDiff> diffs;

  std::string ToString() const {
    std::string text;
    for (const FieldDiff& diff : diffs) {
      text +=
          std::string("  port ") + port->name + (diff.name.empty() ? "" : ", field ") + diff.name;
      text += ": rtl " + diff.rtl + ", model " + diff.model + ", xor " + diff.bits + "\n";
    }
    if (diffs.empty()) {
      text = std::string("  port ") + port->name +
             ": the model's value has bits above a field's width\n";
    }
    return text;
  }
};

// Describes the difference of two values of a port; always false, as the comparison's result.
template <class T>
bool Differ(const PortInfo& port, const T& rtl, const T& model, Mismatch* mismatch) {
  if (mismatch == nullptr) return false;
  const uint32_t num_words = (port.width + 63) / 64;
  std::vector<uint64_t> a(num_words), b(num_words), x(num_words);
  PackPort(rtl, a.data());
  PackPort(model, b.data());
  for (uint32_t i = 0; i < num_words; ++i) x[i] = a[i] ^ b[i];
  mismatch->port = &port;
  mismatch->diffs.clear();
  const FieldInfo whole{"", 0, port.width, port.hex, port.enum_name};
  const FieldInfo* fields = port.num_fields ? port.fields : &whole;
  for (uint32_t i = 0; i < (port.num_fields ? port.num_fields : 1); ++i) {
    const FieldInfo& field = fields[i];
    const std::string bits = pkg_detail::Hex(x.data(), field.lsb, field.width);
    if (bits == "0x0") continue;
    mismatch->diffs.push_back(
        {field.name, pkg_detail::Value(field, a.data()), pkg_detail::Value(field, b.data()), bits});
  }
  return false;
}

}  // namespace handoff
