// SPDX-License-Identifier: Apache-2.0
#include "tb/system/replay.h"

#include <algorithm>
#include <memory>
#include <set>
#include <stdexcept>
#include <utility>

#include "gen/handoff_pkg.h"
#include "model/link/frame_port.h"
#include "model/link/link.h"
#include "model/sc/engine_host.h"
#include "sw/host/host.h"
#include "sw/policy/policy.h"
#include "sw/policy/weighted.h"
#include "tb/lockstep/rng.h"
#include "tb/system/stand_in.h"

namespace handoff::system {
namespace {

constexpr uint32_t kMtu = 9000;
constexpr uint32_t kCounterAt = 0x800, kCounterBytes = 8;
constexpr uint64_t kPsPerUs = 1000000;

std::unique_ptr<policy::Policy> PolicyOf(const std::string& name) {
  if (name == "always") return policy::Always();
  if (name == "never") return policy::Never();
  return policy::Weighted();
}

host::HostConfig ConfigOf(const HostRecord& record, Rng& random) {
  host::HostConfig config;
  config.driver.mac = record.mac;
  config.driver.mtu = kMtu;
  config.random = [&random] { return static_cast<uint32_t>(random.Next()); };
  return config;
}

class Run {
 public:
  Run(const HostRecord& record, const ReplayConfig& config)
      : record_(record),
        config_(config),
        params_(ParamsOf(config)),
        random_(config.seed, "host"),
        queue_("queue"),
        machine_("machine", EngineCore::Make(EngineHost::CoreParams(config.core, params_)), params_,
                 queue_, status_, config.seed),
        link_("link", LinkParams(), LinkParams(), queue_, config.seed),
        wire_("wire", queue_),
        host_(machine_.host, ConfigOf(record, random_), PolicyOf(config.delegate)) {
    link_.BindA(machine_);
    link_.BindB(wire_);
    wire_.on_frame = [this](std::vector<uint8_t>, bool) { result_.frames_out++; };
  }

  ReplayResult Go() {
    EngineCore& core = machine_.engine.core();
    if (config_.flip && !core.Flip(config_.flip->reg, config_.flip->bit, config_.flip->cycle)) {
      throw std::invalid_argument("--flip: no register '" + config_.flip->reg + "' with bit " +
                                  std::to_string(config_.flip->bit) +
                                  " where the model runs (expected UNIT.FIELD[BIT]@CYCLE)");
    }
    machine_.host.Run([this] {
      host_.Start([this](bool ok) {
        if (ok) {
          Prepare();
        } else {
          status_.Fail("the driver could not start the engine");
        }
      });
    });
    RunUntil([this] { return ready_; }, sw::Seconds(1));
    if (ready_) RunUntil([] { return false; }, end_ - machine_.host.Now());
    if (!status_.failed()) ReadCounters();
    Finish();
    return std::move(result_);
  }

 private:
  static EngineHost::Params ParamsOf(const ReplayConfig& config) {
    EngineHost::Params params;
    params.engine.quantum = config.quantum;
    return params;
  }

  // Steps of simulated time, so that nobody has to call back.
  template <class F>
  void RunUntil(F&& done, sw::Micros limit) {
    const sw::Micros step = sw::Millis(1);
    for (sw::Micros used; !done() && used < limit && !status_.failed(); used += step) {
      const sw::Micros now = std::min(step, limit - used);
      sc_core::sc_start(static_cast<double>(now.count()), sc_core::SC_US);
    }
  }

  void Prepare() {
    ready_ = true;
    start_ = machine_.host.Now() + sw::Micros(20);
    sw::Micros last;
    std::set<tcp::Vlans> vlans;
    std::set<tcp::Endpoint> servers;
    for (const auto& [tuple, recorded] : record_.connections) {
      if (!recorded.has_syn && !recorded.events.empty()) continue;
      if (vlans.insert(tuple.vlans).second) {
        host_.stack().AddAddress(
            {config_.host, tuple.local.addr.is_v6() ? 64U : 24U, tuple.vlans, {}});
      }
      if (!recorded.has_syn) continue;
      users_[tuple] = std::make_unique<StandIn>(
          recorded, machine_.host, start_, [this](size_t n) { return host_.AllocateBuffer(n); });
      for (const UserEvent& event : recorded.events) last = std::max(last, event.time);
      if (recorded.active) {
        const sw::Micros wait = recorded.opened + start_ - machine_.host.Now();
        machine_.host.After(wait, [this, t = tuple, &r = recorded] {
          auto connection =
              host_.stack().Connect(t.local, t.remote, r.options, users_[t].get(), t.vlans);
          if (connection) users_[t]->Attach(connection);
        });
      } else if (servers.insert(tuple.local).second) {
        Listen(tuple.local);
      }
    }
    for (const CapturedFrame& frame : record_.arrivals) {
      // Captured before the sender's MAC padded it; a wire carries no frame under 60 bytes.
      tcp::Bytes bytes = frame.bytes;
      bytes.resize(std::max<size_t>(bytes.size(), kMinFrameBytes));
      const sw::Micros at = config_.fast ? start_ : start_ + frame.time;
      wire_.Send(std::move(bytes), static_cast<uint64_t>(at.count()) * kPsPerUs);
      last = std::max(last, frame.time);
    }
    end_ = start_ + (config_.fast ? sw::Micros() : last) + config_.linger;
  }

  void Listen(const tcp::Endpoint& local) {
    tcp::ListenOptions options;
    options.open_for = [this](const tcp::Tuple& tuple) {
      const auto found = record_.connections.find(tuple);
      return found == record_.connections.end() ? tcp::OpenOptions() : found->second.options;
    };
    auto listener = host_.stack().Listen(local, options);
    if (!listener) return;
    listener->SetOnAcceptable([this, raw = listener.get()] {
      while (auto connection = raw->Accept()) {
        const auto user = users_.find(connection->tuple());
        if (user != users_.end()) user->second->Attach(connection);
      }
    });
    listeners_.push_back(std::move(listener));
  }

  // The counters' low words: no run counts to 2^32.
  void ReadCounters() {
    const uint32_t indices = static_cast<uint32_t>(Counter::CntIrqs) + 1;
    std::vector<uint32_t> values(indices);
    uint32_t answered = 0;
    machine_.host.Run([&] {
      for (uint32_t i = 0; i < indices; i++) {
        machine_.host.ReadReg(kCounterAt + i * kCounterBytes, [&, i](sw::ReadResult r) {
          if (!r.ok) status_.Fail("a counter could not be read");
          values[i] = r.value;
          answered++;
        });
      }
    });
    RunUntil([&] { return answered == indices; }, sw::Seconds(1));
    result_.frames_in = values[static_cast<size_t>(Counter::CntFramesIn)];
    result_.acks_engine = values[static_cast<size_t>(Counter::CntTxAcks)];
    uint64_t sum = 0;
    for (uint32_t i = 0; i < kReasonCount; i++) {
      if (values[i] != 0)
        result_.verdicts[std::string(ToString(static_cast<Reason>(i)))] = values[i];
      sum += values[i];
    }
    if (sum != result_.frames_in) {
      status_.Fail("verdicts add up to " + std::to_string(sum) + " of " +
                   std::to_string(result_.frames_in) + " frames");
    }
  }

  void Finish() {
    machine_.engine.CatchUp();
    const EngineCore& core = machine_.engine.core();
    if (!status_.failed() && !core.AllQuiet()) status_.Fail("the engine is not quiet at the end");
    result_.mismatch = core.mismatch();
    result_.result = result_.mismatch ? "mismatch" : status_.failed() ? "error" : "pass";
    if (status_.failed()) result_.reason = status_.failures().front();
    result_.digest = core.digest();
    result_.cycles = core.cycle();
    result_.cycles_evaluated = core.evaluated();
    for (auto& [tuple, user] : users_) {
      user->Finish();
      if (user->connection()) result_.connections.push_back(ResultOf(tuple, *user));
    }
  }

  ConnectionResult ResultOf(const tcp::Tuple& tuple, const StandIn& user) {
    const sw::ConnId id = user.connection()->id();
    ConnectionResult c;
    c.tuple = tuple;
    c.state = user.state();
    c.stream = user.stream();
    const auto& all = host_.delegation().all_stats();
    if (all.contains(id)) c.stats = host_.delegation().StatsOf(id);
    c.delegated = c.stats.setups != 0;
    for (const policy::Decision& decision : host_.delegation().decisions()) {
      if (decision.id == id && c.why.empty()) c.why = decision.reason;
    }
    if (c.why.empty()) c.why = "policy " + std::string(host_.delegation().policy_name());
    c.bytes_user = user.bytes(tcp::Place::kUserBuffer);
    // Whole frames of a connection with an entry lie in legacy buffers too; what came twice counts
    // once.
    const uint64_t rest = c.stream.size() - c.bytes_user;
    c.bytes_legacy = std::min(rest, user.bytes(tcp::Place::kLegacyBuffer) + c.stats.bytes_host);
    c.bytes_host = rest - c.bytes_legacy;
    return c;
  }

  const HostRecord& record_;
  const ReplayConfig& config_;
  const EngineHost::Params params_;
  Rng random_;
  OrderedQueue queue_;
  RunStatus status_;
  EngineHost machine_;
  Link link_;
  FramePort wire_;
  std::map<tcp::Tuple, std::unique_ptr<StandIn>> users_;
  host::Host host_;
  std::vector<std::shared_ptr<tcp::Listener>> listeners_;
  bool ready_ = false;
  sw::Micros start_, end_;
  ReplayResult result_;
};

}  // namespace

ReplayResult Replay(const HostRecord& record, const ReplayConfig& config) {
  return Run(record, config).Go();
}

}  // namespace handoff::system
