// SPDX-License-Identifier: Apache-2.0
#include "sim/run/machine.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstddef>
#include <stdexcept>
#include <utility>

#include "gen/handoff_pkg.h"
#include "gen/handoff_regs.h"
#include "model/clock.h"
#include "sim/run/dissect.h"
#include "sim/run/interrupt.h"
#include "sw/policy/policy.h"

namespace handoff::system {
namespace {

constexpr int64_t kSettleMs = 5;

std::unique_ptr<policy::Policy> PolicyOf(const Machine::Params& params) {
  if (params.other_policy) return params.other_policy();
  if (params.policy == "always") return policy::Always();
  if (params.policy == "never") return policy::Never();
  return policy::Weighted(params.weights);
}

host::HostConfig WithRandom(host::HostConfig config, Rng& random) {
  config.random = [&random] { return static_cast<uint32_t>(random.Next()); };
  return config;
}

}  // namespace

Machine::Params Machine::Checked(Params params) {
  for (const std::string& problem :
       {params.to_host.Problem(), params.to_peer.Problem(), params.host.engine.pcie.Problem()}) {
    if (!problem.empty()) throw std::invalid_argument(problem);
  }
  return params;
}

EngineHost::Params Machine::HostParams(const RunConfig& config, const Params& params) {
  EngineHost::Params host = params.host;
  host.engine.quantum = config.quantum;
  host.engine.link_delay_ps = params.to_host.delay_ns * 1000;
  return host;
}

Machine::Machine(const RunConfig& config, Params params)
    : config_(config),
      params_(Checked(std::move(params))),
      host_params_(HostParams(config, params_)),
      random_(config.seed, "host"),
      machine_("machine", MakeCore(EngineHost::CoreFor(config.core, host_params_)), host_params_,
               queue, status, config.seed),
      link("link", params_.to_peer, params_.to_host, queue, config.seed),
      host(machine_.host, WithRandom(params_.software, random_), PolicyOf(params_)) {
  // A run that stops early says itself why.
  sc_core::sc_report_handler::set_actions("/OSCI/SystemC", sc_core::SC_DO_NOTHING);
  link.BindA(machine_);
  const auto& flip = config.flip;
  if (flip && !machine_.engine.core().Flip(flip->reg, flip->bit, flip->cycle)) {
    throw std::invalid_argument("--flip: " + WhyNoFlip(flip->reg, flip->bit));
  }
  if (!config.capture.empty()) {
    capture_ = std::make_unique<pcap::Writer>(config.capture, "engine");
  }
  using Fate = LinkDirection::Fate;
  link.a_to_b.observer = [this](uint64_t ps, Fate fate, const std::vector<uint8_t>& frame,
                                bool bad) {
    if (fate == Fate::kSent) Observe(ps, true, frame, bad);
  };
  link.b_to_a.observer = [this](uint64_t ps, Fate fate, const std::vector<uint8_t>& frame,
                                bool bad) {
    if (fate == Fate::kArrived) Observe(ps, false, frame, bad);
  };
  host.driver().SetErrorHandler([this](const std::string& why) { status.Fail(why); });
  host.driver().SetRawSentHandler([this](tcp::ByteView frame) {
    if (const auto found = FindSegment(frame); found && found->IsPureAck()) {
      ++raw_acks_[found->SentOn()];
    }
  });
}

void Machine::Observe(uint64_t ps, bool out, const std::vector<uint8_t>& frame, bool bad) {
  if (capture_) capture_->Write(ps, out, bad, frame);
  if (!out) return;
  if (const auto found = FindSegment(frame); found && found->IsPureAck()) {
    ++pure_acks_[found->SentOn()];
  }
}

bool Machine::Start() {
  if (config_.started) config_.started();
  bool up = false, answered = false;
  RunSoftware([&] {
    host.Start([&](bool ok) {
      up = ok;
      answered = true;
    });
  });
  RunUntil([&] { return answered; }, sw::Seconds(1));
  if (!up && !status.failed()) status.Fail("the driver could not start the engine");
  return up;
}

// In whole steps, so that a run is looked at, and ends, at the times at which it would have if each
// step had been made.
sw::Micros Machine::NextStep() {
  if (!sc_core::sc_pending_activity()) return sw::Micros(kStepUs);  // before the first as well
  const uint64_t us = sc_core::sc_time_to_pending_activity().value() / kPsPerUs;
  const uint64_t steps = std::min(us, static_cast<uint64_t>(kMostUs)) / kStepUs;
  return sw::Micros(static_cast<int64_t>(steps + 1) * kStepUs);
}

void Machine::Advance(sw::Micros time) {
  sc_core::sc_start(static_cast<double>(time.count()), sc_core::SC_US);
  if (Interrupted() && !status.failed()) status.Fail("interrupted by a signal");
  if (config_.progress) config_.progress(static_cast<uint64_t>(Now().count()));
}

std::string Machine::Leftover() const {
  for (const LinkDirection* direction : {&link.a_to_b, &link.b_to_a}) {
    const LinkDirection::Counts& c = direction->counts();
    const uint64_t due = c.frames + c.duplicated - c.lost - c.overflowed;
    if (due != c.delivered) {
      return fmt::format("{} frames on the link ({})", due - c.delivered, direction->name());
    }
  }
  const driver::Driver& driver = host.driver();
  if (driver.transmit().outstanding() != 0) {
    return fmt::format("{} descriptors in the transmit ring", driver.transmit().outstanding());
  }
  if (driver.commands().outstanding() != 0) {
    return fmt::format("{} commands without an answer", driver.commands().outstanding());
  }
  for (const TlmChecker* checker : {&machine_.dma_checker, &machine_.register_checker}) {
    if (checker->outstanding() != 0) {
      return fmt::format("{} packets on the PCIe link ({})", checker->outstanding(),
                         checker->name());
    }
  }
  return machine_.engine.core().AllQuiet() ? "" : "work in the engine";
}

// The counters' low words: no run counts to 2^32.
void Machine::ReadCounters(bool at_rest, RunResult* result) {
  const uint32_t indices = static_cast<uint32_t>(Counter::CntIrqs) + 1;
  std::vector<uint32_t> values(indices);
  uint32_t answered = 0;
  // Also of a run that has failed, but one that was stopped goes no further.
  const auto stopped = [] { return (sc_core::sc_get_status() & sc_core::SC_STOPPED) != 0; };
  const sw::Micros limit = Now() + sw::Seconds(1);
  if (!stopped()) {
    RunSoftware([&] {
      for (uint32_t i = 0; i < indices; ++i) {
        hw().ReadReg(
            static_cast<uint32_t>(offsetof(handoff_t, counter[0]) + i * sizeof(handoff_counter_t)),
            [&, i](sw::ReadResult r) {
              if (!r.ok) status.Fail("a counter could not be read");
              values[i] = r.value;
              ++answered;
            });
      }
    });
    while (answered < indices && !stopped() && Now() < limit) Advance(sw::Micros(kStepUs));
  }
  result->counted = answered == indices;
  result->frames_in = values[static_cast<size_t>(Counter::CntFramesIn)];
  result->acks_engine = values[static_cast<size_t>(Counter::CntTxAcks)];
  uint64_t sum = 0;
  for (uint32_t i = 0; i < kReasonCount; ++i) {
    if (values[i] != 0) result->verdicts[std::string(ToString(static_cast<Reason>(i)))] = values[i];
    sum += values[i];
  }
  if (at_rest && sum != result->frames_in) {
    status.Fail(fmt::format("verdicts add up to {} of {} frames", sum, result->frames_in));
  }
  // None of the driver's is wrong; a write that was refused is answered to nobody.
  const uint32_t refused = values[static_cast<size_t>(Counter::CntBadAccess)];
  if (refused != 0) status.Fail(fmt::format("the engine refused {} register accesses", refused));
}

void Machine::ReadResults(RunResult* result) {
  // Whatever is under way comes to rest in some microseconds, if nothing has lost it.
  const bool at_rest = RunUntil([this] { return Leftover().empty(); }, sw::Millis(kSettleMs));
  ReadCounters(at_rest, result);
  machine_.engine.CatchUp();
  EngineCore& core = machine_.engine.core();
  if (config_.core.waves && !core.CloseWaves()) {
    result->notes.push_back(fmt::format(
        "no waves: none of the cycles asked for was clocked (the run has {}; --no-skip clocks idle "
        "ones too)",
        core.cycle()));
  }
  if (config_.flip && config_.flip->cycle >= core.cycle()) {
    result->notes.push_back(fmt::format("nothing was flipped: the run ended at cycle {}, before {}",
                                        core.cycle(), config_.flip->cycle));
  }
  const std::string leftover = status.failed() ? "" : Leftover();
  if (!leftover.empty()) status.Fail("left at the end: " + leftover);
  result->mismatch = core.mismatch();
  result->digest = core.digest();
  result->cycles = core.cycle();
  result->cycles_evaluated = core.evaluated();
  result->quantum = machine_.engine.quantum();
  result->to_host = link.b_to_a.counts();
  result->to_peer = link.a_to_b.counts();
  result->frames_out = result->to_peer.frames;
  const size_t wanted = host.delegation().config().max_entries;
  const uint32_t entries = host.driver().build().dct_entries;
  if (wanted != driver::DelegationConfig().max_entries && wanted > entries && entries != 0) {
    result->notes.push_back(
        fmt::format("host.delegation.max_entries is {}, the engine has {}: {} were used at most",
                    wanted, entries, entries));
  }
  result->interrupts = machine_.host.interrupts_taken();
  result->cpu_busy_ps = machine_.host.busy_ps();
  result->costs = machine_.host.costs();
  for (const policy::Decision& decision : host.delegation().decisions()) {
    result->decisions.push_back(policy::ToString(decision));
  }
}

void Machine::AddConnection(ConnectionResult c, sw::ConnId id, RunResult* result) {
  const driver::Delegation& delegation = host.delegation();
  if (delegation.all_stats().contains(id)) c.stats = delegation.StatsOf(id);
  c.delegated = c.stats.setups != 0;
  for (const policy::Decision& decision : delegation.decisions()) {
    if (decision.id == id && c.why.empty()) c.why = decision.reason;
  }
  CheckReads(c);
  const auto count = [&c](const std::map<tcp::Tuple, uint64_t>& acks) {
    const auto found = acks.find(c.tuple);
    return found == acks.end() ? 0 : found->second;
  };
  // A tuple may have been opened again: the first has the ACKs of all.
  if (counted_.insert(c.tuple).second) {
    c.acks_engine = count(pure_acks_) - count(raw_acks_);
    for (const auto& [other, stats] : delegation.all_stats()) {
      if (stats.name == c.tuple.ToString()) c.acks_engine -= stats.pure_acks_sent;
    }
  }
  // What came in whole frames while there was an entry lies in legacy buffers too; what came twice
  // counts once.
  const uint64_t rest = c.bytes_read - c.bytes_user;
  c.bytes_legacy = std::min(rest, c.bytes_legacy + c.stats.bytes_host);
  c.bytes_host = rest - c.bytes_legacy;
  if (c.why.empty()) c.why = "not chosen (" + std::string(delegation.policy_name()) + ")";
  result->connections.push_back(std::move(c));
}

// The IOMMU's log has to cover every byte that the application read of what the engine brought.
void Machine::CheckReads(const ConnectionResult& c) {
  const auto& all = machine_.host.reads();
  const auto found = all.find(c.stats.name);
  const HostModule::Reads reads = found == all.end() ? HostModule::Reads() : found->second;
  if (reads.user < c.bytes_user ||
      reads.user + reads.legacy + reads.copied < c.bytes_user + c.bytes_legacy) {
    status.Fail(fmt::format(
        "connection {}: the application read {} bytes out of user and {} out of legacy buffers, of "
        "which DMA wrote {} and {}",
        c.tuple.ToString(), c.bytes_user, c.bytes_legacy, reads.user, reads.legacy));
  }
}

// Each ACK that the engine made is some connection's.
void Machine::CheckAcks(const RunResult& result) {
  uint64_t acks = 0;
  for (const auto& [tuple, count] : pure_acks_) acks += count;
  for (const auto& [tuple, count] : raw_acks_) acks -= count;
  for (const auto& [id, stats] : host.delegation().all_stats()) acks -= stats.pure_acks_sent;
  if (acks != result.acks_engine) {
    status.Fail(fmt::format("the engine counts {} own ACKs, {} were on the wire",
                            result.acks_engine, acks));
  }
}

void Machine::Finish(RunResult* result) {
  if (!status.failed()) CheckAcks(*result);
  result->failures = status.failures();
  result->result = result->mismatch  ? "mismatch"
                   : Interrupted()   ? "interrupted"
                   : status.failed() ? "error"
                                     : "pass";
  try {
    if (capture_) capture_->Close();
  } catch (const std::runtime_error& e) {  // the other results are worth having
    result->failures.emplace_back(e.what());
    if (result->result == "pass") result->result = "error";
  }
}

}  // namespace handoff::system
