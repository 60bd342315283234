// SPDX-License-Identifier: Apache-2.0
//
// What stands under every run of the whole system: a host with its engine, a link whose far end
// somebody else binds, the capture of the engine's port, and the checks at the end.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "model/link/link.h"
#include "model/rng.h"
#include "model/sc/engine_host.h"
#include "sim/pcap/writer.h"
#include "sim/run/run.h"
#include "sw/host/host.h"
#include "sw/policy/weighted.h"

namespace handoff::system {

class Machine {
 public:
  struct Params {
    EngineHost::Params host;
    LinkParams to_host, to_peer;
    host::HostConfig software;  // `random` is the machine's own
    std::string policy = "weighted";
    policy::Weights weights;                                        // of the weighted one
    std::function<std::unique_ptr<policy::Policy>()> other_policy;  // instead, if there is one
  };

  // Elaborates SystemC: once a process. Throws std::invalid_argument for parameters that no machine
  // can have, and for a flip of a register that does not exist.
  Machine(const RunConfig& config, Params params);

  // Brings the driver up. False: it could not.
  bool Start();
  // Runs until it is done, at most so long; false: it is not done.
  template <class F>
  bool RunUntil(F&& done, sw::Micros limit) {
    const sw::Micros end = Now() + limit;
    while (!done() && Now() < end && !status.failed()) Advance(std::min(NextStep(), end - Now()));
    return done();
  }
  // Counters, what is left in the engine, and everything that is the same for all runs. The
  // connections' results follow by AddConnection().
  void ReadResults(RunResult* result);
  // Completes what is known of it, from delegation and wire; checks that the application read only
  // what DMA wrote.
  void AddConnection(ConnectionResult connection, sw::ConnId id, RunResult* result);
  // After the last connection.
  void Finish(RunResult* result);

  // What is left in some queue; empty if nothing is.
  std::string Leftover() const;

  EngineHost& engine_host() { return machine_; }
  sw::Micros Now() const { return machine_.host.Now(); }
  sw::Hw& hw() { return machine_.host; }
  void RunSoftware(std::function<void()> software) { machine_.host.Run(std::move(software)); }

  OrderedQueue queue{"queue"};
  RunStatus status;

 private:
  static constexpr int64_t kStepUs = 100, kMostUs = 1000000000;
  static Params Checked(Params params);
  static EngineHost::Params HostParams(const RunConfig& config, const Params& params);
  // Until it is worth looking again: nothing changes before the next event.
  static sw::Micros NextStep();
  void Advance(sw::Micros time);
  // `at_rest`: each frame that came in has its verdict.
  void ReadCounters(bool at_rest, RunResult* result);
  void CheckReads(const ConnectionResult& c);
  void CheckAcks(const RunResult& result);
  void Observe(uint64_t ps, bool out, const std::vector<uint8_t>& frame, bool bad);

  const RunConfig config_;
  const Params params_;
  const EngineHost::Params host_params_;
  Rng random_;
  EngineHost machine_;
  std::unique_ptr<pcap::Writer> capture_;
  // Segments from the host without data: of the wire, and of those the stack's own RAW ones.
  std::map<tcp::Tuple, uint64_t> pure_acks_, raw_acks_;
  std::set<tcp::Tuple> counted_;  // whose ACKs some result has

 public:
  Link link;
  host::Host host;
};

}  // namespace handoff::system
