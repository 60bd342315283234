// SPDX-License-Identifier: Apache-2.0
//
// Replays what a recorded host received: the frames come over a link into the engine's rx pins, and
// our host - application, sockets' connections, TCP stack, driver, memory, PCIe - stands in for the
// recorded one.
#pragma once

#include <string>

#include "sim/run/capture.h"
#include "sim/run/machine.h"
#include "sim/run/run.h"
#include "sw/tcp/address.h"

namespace handoff::system {

struct ReplayConfig {
  RunConfig run;
  Machine::Params machine;  // its own MAC address and MTU go before these
  tcp::IpAddr host;
  bool fast = false;  // frames follow each other as the link allows
  // Simulated time after the last frame: delayed ACKs, retransmissions and FINs come to rest.
  sw::Micros linger = sw::Millis(1500);
};

// Elaborates SystemC: once a process. Throws std::invalid_argument for a flip of a register that
// does not exist.
RunResult Replay(const HostRecord& record, const ReplayConfig& config);

}  // namespace handoff::system
