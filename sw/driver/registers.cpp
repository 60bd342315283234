// SPDX-License-Identifier: Apache-2.0
#include "sw/driver/registers.h"

#include <cstdio>
#include <memory>
#include <utility>

namespace handoff::driver {
namespace {

std::string Hex(uint32_t value) {
  char text[16];
  std::snprintf(text, sizeof text, "0x%x", value);
  return text;
}

}  // namespace

std::string ToString(const RegisterFault& fault) {
  return "register " + fault.name + " (" + Hex(fault.offset) + "): wrote " + Hex(fault.written) +
         ", read back " + (fault.read.ok ? Hex(fault.read.value) : "an error");
}

void CheckedRegisters::Write(std::string name, uint32_t offset, uint32_t value) {
  hw_.Charge(sw::Cost::kMmioWrite);
  hw_.WriteReg(offset, value);
  written_.push_back({std::move(name), offset, value});
}

void CheckedRegisters::Check(Done done) {
  struct Pass {
    std::vector<Written> written;
    size_t answers = 0;
    size_t first = SIZE_MAX;  // of those that differ
    std::optional<RegisterFault> fault;
    Done done;
  };
  const auto pass = std::make_shared<Pass>();
  pass->written = std::exchange(written_, {});
  pass->done = std::move(done);
  if (pass->written.empty()) pass->done(std::nullopt);
  for (size_t i = 0; i < pass->written.size(); ++i) {
    hw_.ReadReg(pass->written[i].offset, [pass, i](sw::ReadResult read) {
      const Written& w = pass->written[i];
      if ((!read.ok || read.value != w.value) && i < pass->first) {
        pass->first = i;
        pass->fault = {w.name, w.offset, w.value, read};
      }
      if (++pass->answers == pass->written.size()) pass->done(pass->fault);
    });
  }
}

}  // namespace handoff::driver
