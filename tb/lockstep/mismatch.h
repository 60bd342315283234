// SPDX-License-Identifier: Apache-2.0
//
// The first difference between RTL and model, and how it is found at a mismatch, when time does not
// matter any more.
#ifndef HANDOFF_TB_LOCKSTEP_MISMATCH_H_
#define HANDOFF_TB_LOCKSTEP_MISMATCH_H_

#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

#include "tb/lockstep/ports.h"

namespace handoff {

struct UnitMismatch {
  std::string unit;  // "engine", or the unit that diverged (kComposed)
  std::string port;  // the first that differs
  std::string text;  // all that differ: port and fields, both values decoded, XOR
};

// The first cycle in which something differs; in kComposed several units may.
struct CoreMismatch {
  uint64_t cycle = 0;
  uint64_t time_ps = 0;
  std::string unit;                 // of units[0]
  std::string port;                 // of units[0]
  std::string text;                 // everything there is to say, in lines
  std::vector<UnitMismatch> units;  // in the order in which frames pass them
  bool at_pins = true;              // seen at the engine's pins in this cycle
};

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
    Mismatch mismatch;
    Differ(port, value, other, &mismatch);
    if (result.port.empty()) result.port = port.name;
    result.text += mismatch.ToString();
  });
  return result;
}

}  // namespace handoff

#endif  // HANDOFF_TB_LOCKSTEP_MISMATCH_H_
