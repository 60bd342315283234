// SPDX-License-Identifier: Apache-2.0
//
// Replays what a recorded host received: the frames come over a link into the engine's rx pins, and
// our host - application, sockets' connections, TCP stack, driver, memory, PCIe - stands in for the
// recorded one.
#ifndef HANDOFF_TB_SYSTEM_REPLAY_H_
#define HANDOFF_TB_SYSTEM_REPLAY_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sw/driver/delegation.h"
#include "sw/tcp/address.h"
#include "sw/tcp/bytes.h"
#include "tb/lockstep/engine_core.h"
#include "tb/system/capture.h"

namespace handoff::system {

// A deliberate fault in the model.
struct FlipRequest {
  std::string reg;  // UNIT.FIELD
  uint32_t bit = 0;
  uint64_t cycle = 0;
};

struct ReplayConfig {
  CoreConfig core;
  uint64_t quantum = 64;  // cycles
  uint64_t seed = 1;
  tcp::IpAddr host;
  std::string delegate = "policy";  // always, never, policy
  bool fast = false;                // frames follow each other as the link allows
  // Simulated time after the last frame: delayed ACKs, retransmissions and FINs come to rest.
  sw::Micros linger = sw::Millis(1500);
  std::optional<FlipRequest> flip;
};

struct ConnectionResult {
  tcp::Tuple tuple;
  std::string state, why;
  bool delegated = false;
  tcp::Bytes stream;  // what the application read
  uint64_t bytes_user = 0, bytes_legacy = 0, bytes_host = 0;
  driver::DelegationStats stats;
};

struct ReplayResult {
  std::string result;  // "pass", "mismatch" or "error"
  std::string reason;
  uint64_t digest = 0, cycles = 0, cycles_evaluated = 0, frames_in = 0, frames_out = 0;
  uint64_t acks_engine = 0;
  std::map<std::string, uint64_t> verdicts;
  std::optional<CoreMismatch> mismatch;
  std::vector<ConnectionResult> connections;
};

// Elaborates SystemC: once a process. Throws std::invalid_argument for a flip of a register that
// does not exist.
ReplayResult Replay(const HostRecord& record, const ReplayConfig& config);

}  // namespace handoff::system

#endif  // HANDOFF_TB_SYSTEM_REPLAY_H_
