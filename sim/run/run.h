// SPDX-License-Identifier: Apache-2.0
//
// What every run of the whole system is told, and what it answers, whether a capture is replayed or
// a scenario played.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "model/link/link.h"
#include "model/sc/cost_model.h"
#include "sim/core/make_core.h"
#include "sw/driver/entry.h"
#include "sw/tcp/address.h"
#include "sw/tcp/bytes.h"

namespace handoff::system {

// A deliberate fault in the model.
struct FlipRequest {
  std::string reg;  // UNIT.FIELD
  uint32_t bit = 0;
  uint64_t cycle = 0;
};

struct RunConfig {
  CoreConfig core;
  uint64_t quantum = 64;  // cycles
  uint64_t seed = 1;
  std::optional<FlipRequest> flip;
  std::string capture;                        // pcapng of the engine's port; empty: none
  std::function<void()> started;              // all was accepted, nothing has run yet
  std::function<void(uint64_t us)> progress;  // called now and then with the simulated time
};

struct ConnectionResult {
  std::string name;  // empty in a replay
  tcp::Tuple tuple;
  std::string state, why;
  bool delegated = false;
  tcp::Bytes stream;                       // what the application read; of a replay
  uint64_t bytes_read = 0;                 // by the application of the engine's host
  std::optional<uint64_t> bytes_recorded;  // delivered to it in the capture; of a replay
  uint64_t bytes_user = 0, bytes_legacy = 0, bytes_host = 0;
  uint64_t acks_engine = 0;  // without data, made by the engine itself
  driver::DelegationStats stats;
};

struct RunResult {
  std::string result;  // "pass", "mismatch", "error" or "interrupted"
  std::vector<std::string> failures;
  uint64_t digest = 0, cycles = 0, cycles_evaluated = 0, quantum = 0;
  uint64_t frames_out = 0;
  // The engine's counters; not counted if the run was stopped before they could be read.
  bool counted = false;
  uint64_t frames_in = 0, acks_engine = 0;
  std::map<std::string, uint64_t> verdicts;
  std::optional<CoreMismatch> mismatch;
  std::vector<ConnectionResult> connections;
  std::vector<std::string> decisions;
  std::vector<std::string> notes;  // what was asked for and done otherwise
  LinkDirection::Counts to_host, to_peer;
  uint64_t interrupts = 0, cpu_busy_ps = 0;
  CostCounts costs{};
};

}  // namespace handoff::system
