// SPDX-License-Identifier: Apache-2.0
//
// What a Verilated class throws out of eval() when an assertion of the RTL fails, in place of
// ending the process. The class must not be clocked again: its edge was left half done.
#pragma once

#include <stdexcept>
#include <string>

namespace handoff {

class RtlFailure : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;  // what() is lines: what failed, where, its sentence

  std::string unit;  // without prefix; of an engine composed of units, else empty
};

}  // namespace handoff
