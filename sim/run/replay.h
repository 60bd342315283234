// SPDX-License-Identifier: Apache-2.0
//
// Replays what a recorded host received: the frames come over a link into the engine's rx pins, and
// our host - application, sockets' connections, TCP stack, driver, memory, PCIe - stands in for the
// recorded one.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "sim/run/capture.h"
#include "sim/run/machine.h"
#include "sim/run/run.h"
#include "sw/tcp/address.h"

namespace handoff::system {

struct ReplayConfig {
  RunConfig run;
  Machine::Params machine;  // its own MAC address and MTU go before these
  tcp::IpAddr host;
  bool fast = false;              // as fast as cause and link allow, not at the recorded times
  std::set<std::string> allowed;  // of ReplayFailures(): a note instead
  // Simulated time after the last frame: delayed ACKs, retransmissions and FINs come to rest.
  sw::Micros linger = sw::Millis(1500);
};

// What can be wrong with a replay that ran, by the names that `allowed` takes.
const std::vector<std::string>& ReplayFailures();

// Elaborates SystemC: once a process. Throws std::invalid_argument for a flip of a register that
// does not exist.
RunResult Replay(const HostRecord& record, const ReplayConfig& config);

}  // namespace handoff::system
