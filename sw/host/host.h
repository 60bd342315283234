// SPDX-License-Identifier: Apache-2.0
//
// A host: stack, driver, delegation and sockets over one Hw.
//
//   Host host(hw, config, policy::Weighted());
//   host.stack().AddAddress({addr, 24});
//   host.Start([&](bool ok) { host.executor().Spawn(Program(host.network())); });
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "sw/driver/delegation.h"
#include "sw/driver/driver.h"
#include "sw/memory/address_space.h"
#include "sw/policy/policy.h"
#include "sw/socket/executor.h"
#include "sw/socket/socket.h"
#include "sw/tcp/stack.h"

namespace handoff::host {

struct HostConfig {
  driver::DriverConfig driver;  // the hash key is drawn
  driver::DelegationConfig delegation;
  tcp::TcpConfig tcp;
  std::function<uint32_t()> random;  // the host's own stream
  std::function<std::unique_ptr<tcp::CongestionControl>()> congestion_control;  // else NewReno
};

class Host {
 public:
  Host(sw::Hw& hw, HostConfig config, std::unique_ptr<policy::Policy> policy);

  // Brings the engine up; nothing is sent or received before. Once.
  void Start(std::function<void(bool)> ready) { driver_.Start(std::move(ready)); }

  // The applications' memory: what is mapped here may be posted as a user buffer.
  mem::AddressSpace& memory() { return memory_; }
  std::span<uint8_t> AllocateBuffer(size_t bytes) {
    return memory_.View(memory_.Map(bytes), bytes);
  }
  driver::Driver& driver() { return driver_; }
  const driver::Driver& driver() const { return driver_; }
  driver::Delegation& delegation() { return delegation_; }
  tcp::Stack& stack() { return stack_; }
  sock::Executor& executor() { return executor_; }
  sock::Network& network() { return network_; }

 private:
  // Each may use those above it until it is gone.
  mem::AddressSpace memory_;
  driver::Driver driver_;
  driver::Delegation delegation_;
  tcp::Stack stack_;
  sock::Executor executor_;
  sock::Network network_;
};

}  // namespace handoff::host
