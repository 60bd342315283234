// SPDX-License-Identifier: Apache-2.0
#include "sw/host/host.h"

#include <utility>

namespace handoff::host {
namespace {

driver::DriverConfig WithKey(driver::DriverConfig config, const std::function<uint32_t()>& random) {
  for (uint32_t& word : config.hash_key) word = random();
  return config;
}

}  // namespace

Host::Host(sw::Hw& hw, HostConfig config, std::unique_ptr<policy::Policy> policy)
    : memory_(hw),
      driver_(hw, WithKey(config.driver, config.random)),
      delegation_(driver_, std::move(policy), std::move(config.delegation)),
      stack_({.tcp = config.tcp,
              .random = config.random,
              .congestion_control = std::move(config.congestion_control)},
             driver_, hw, driver_.pool()),
      executor_(hw),
      network_(stack_, executor_, &hw) {
  delegation_.Attach(stack_);
  delegation_.AddMemory(memory_);
  driver_.SetFrameHandler([this](tcp::ByteView frame) { stack_.Input(frame); });
}

}  // namespace handoff::host
