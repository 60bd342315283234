// SPDX-License-Identifier: Apache-2.0
//
// How a core ends that cannot go on: where RTL and model differ, or an assertion of the RTL failed.
// A core of the model alone never does.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace handoff {

struct UnitMismatch {
  std::string unit;  // "engine", or the unit that diverged, in an engine composed of units
  std::string port;  // the first that differs; empty of an assertion
  std::string text;  // all that differ: port and fields, both values decoded, XOR
};

// The first cycle in which something differs; in an engine composed of units several units may.
struct CoreMismatch {
  uint64_t cycle = 0;
  uint64_t time_ps = 0;
  std::string unit;                 // of units[0]
  std::string port;                 // of units[0]
  std::string text;                 // everything there is to say, in lines
  std::vector<UnitMismatch> units;  // in the order in which frames pass them
  bool at_pins = true;              // seen at the engine's pins in this cycle
  bool is_assertion = false;        // no difference: of the RTL, which is all `text` says
};

// What an engine throws out of Tick() when it must not be clocked again: its edge was left half
// done.
class EngineFailure : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;  // what() is lines: what failed, where, its sentence

  std::string unit;  // without prefix; of an engine composed of units, else empty
};

}  // namespace handoff
