// SPDX-License-Identifier: Apache-2.0
//
// Registers that have to hold what was written to them. A posted write has no completion (PCIe 5.0,
// 2.4.1), so that an engine which refuses one cannot say so: whoever wants to know reads back.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sw/hw.h"

namespace handoff::driver {

using sw::Hw;

// A register that does not hold what was written to it.
struct RegisterFault {
  std::string name;
  uint32_t offset = 0;
  uint32_t written = 0;
  sw::ReadResult read;
};
std::string ToString(const RegisterFault& fault);

class CheckedRegisters {
 public:
  using Done = std::function<void(const std::optional<RegisterFault>&)>;

  explicit CheckedRegisters(Hw& hw) : hw_(hw) {}

  // `name` is for people: "ring[2].size".
  void Write(std::string name, uint32_t offset, uint32_t value);
  // Reads all that was written since the last Check(). `done` runs when every answer is there, with
  // the first register, in the order of the writes, that differs; none: all hold.
  void Check(Done done);

 private:
  struct Written {
    std::string name;
    uint32_t offset = 0;
    uint32_t value = 0;
  };
  Hw& hw_;
  std::vector<Written> written_;
};

}  // namespace handoff::driver
