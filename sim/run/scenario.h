// SPDX-License-Identifier: Apache-2.0
//
// A scenario: a host with an engine and a peer, both with our stack, a link between them, and
// connections with a program at each end. `handoff run --keys` lists all that can be set.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/run/machine.h"
#include "sim/settings/settings.h"
#include "sw/app/bulk.h"
#include "sw/tcp/config.h"

namespace handoff::system {

// What one end of a connection runs.
struct Program {
  std::string app = "sink";  // source, sink, ping or echo
  uint64_t bytes = 1000000;  // of a source
  app::PingOptions ping;
  // Buffers for the engine; only at the host. None: everything comes through legacy buffers.
  uint32_t user_buffers = 0;
  uint32_t user_buffer_bytes = 65536;
  uint32_t user_buffer_offset = 0;  // of the first byte within a page
};

struct ConnectionSpec {
  std::string name;
  std::string opener = "peer";  // or host
  uint16_t port = 5000;         // where the other one listens
  uint32_t copies = 1;
  sw::Micros start;
  double priority = 0;
  Program host, peer;
  tcp::OpenOptions tcp;
};

struct StationSpec {
  tcp::IpAddr addr;
  unsigned prefix_bits = 24;
  tcp::MacAddr mac;
};

struct Expectations {
  uint64_t delegated = 0;  // at least so many connections
  double user_part = 0;    // of the bytes the host's applications read: least part
};

struct Scenario {
  std::string name;
  uint64_t seed = 1;
  std::string engine = "lockstep";
  std::vector<std::string> units;  // NAME=FORM
  uint64_t quantum = 64;
  Machine::Params machine;
  uint32_t mtu = 1500;
  StationSpec host, peer;
  std::vector<ConnectionSpec> connections;
  sw::Micros limit = sw::Seconds(1);
  sw::Micros linger = sw::Millis(2);
  Expectations expect;
};

// Declares and reads every key. Throws SettingsError.
Scenario ReadScenario(Settings& settings);
// Those alone that concern the machine, not who is there and what they do: link, PCIe, driver,
// delegation, costs. Throws SettingsError.
void ReadMachine(Settings& settings, Machine::Params* machine);

// Throws what Machine's constructor throws.
RunResult RunScenario(const Scenario& scenario, const RunConfig& config);

}  // namespace handoff::system
