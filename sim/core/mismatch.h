// SPDX-License-Identifier: Apache-2.0
//
// How the first difference between RTL and model is found and told at a mismatch, when time does
// not matter any more.
#pragma once

#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

#include "model/core/core_mismatch.h"
#include "sim/ports.h"

namespace handoff {

// A field of a port's value, decoded. What the code of a notification means follows from its kind:
// the reason of a verdict, a status, or why a buffer came back.
std::string FieldText(const PortInfo& port, const FieldInfo& field, const uint64_t* words);

// Where two values of a port differ, each field by its FieldText.
template <class T>
std::string DifferenceText(const PortInfo& port, const T& rtl, const T& model) {
  Mismatch mismatch;
  Differ(port, rtl, model, &mismatch);
  std::vector<uint64_t> a((port.width + 63) / 64), b(a.size());
  PackPort(rtl, a.data());
  PackPort(model, b.data());
  for (Mismatch::FieldDiff& diff : mismatch.diffs) {
    for (uint32_t i = 0; i < port.num_fields; ++i) {
      if (port.fields[i].name != diff.name) continue;
      diff.rtl = FieldText(port, port.fields[i], a.data());
      diff.model = FieldText(port, port.fields[i], b.data());
    }
  }
  return mismatch.ToString();
}

// Every output that differs; `Rtl` is the generated adapter.
template <class Rtl>
UnitMismatch Differences(const char* unit, const typename Rtl::Out& rtl,
                         const typename Rtl::Out& model) {
  UnitMismatch result{.unit = unit};
  std::vector<const void*> values;
  Rtl::ForEachOutput(model, [&](const PortInfo&, const auto& value) { values.push_back(&value); });
  size_t index = 0;
  Rtl::ForEachOutput(rtl, [&](const PortInfo& port, const auto& value) {
    const auto& other = *static_cast<const std::decay_t<decltype(value)>*>(values[index++]);
    if (value == other) return;
    if (result.port.empty()) result.port = port.name;
    result.text += DifferenceText(port, value, other);
  });
  return result;
}

}  // namespace handoff
