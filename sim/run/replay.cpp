// SPDX-License-Identifier: Apache-2.0
#include "sim/run/replay.h"

#include <fmt/core.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <set>
#include <utility>

#include "gen/handoff_pkg.h"
#include "model/link/frame_port.h"
#include "sim/run/player.h"
#include "sim/run/stand_in.h"

namespace handoff::system {
namespace {

constexpr uint32_t kMtu = 9000, kForever = 1u << 30;
constexpr sw::Micros kLate = sw::Millis(1);  // in a replay, to be worth a word

Machine::Params ParamsOf(const HostRecord& record, const ReplayConfig& config) {
  Machine::Params params = config.machine;
  params.software.driver.mac = record.mac;
  params.software.driver.mtu = kMtu;
  // The recorded host did not give up before it did, however long the capture is silent.
  params.software.tcp.syn_retries = params.software.tcp.data_retries = kForever;
  return params;
}

class Run {
 public:
  Run(const HostRecord& record, const ReplayConfig& config)
      : record_(record),
        config_(config),
        machine_(config.run, ParamsOf(record, config)),
        wire_("wire", machine_.queue),
        player_(record, config.fast, machine_.queue, wire_,
                {.may_open = [this](size_t c) { return MayOpen(c); },
                 .ready = [this](size_t c, bool text) { return IsReady(c, text); },
                 .gone = [this](size_t c) { return users_[c]->closed(); },
                 .progress = [this](size_t c) { OnProgress(c); }}) {
    machine_.link.BindB(wire_);
    wire_.on_frame = [this](const std::vector<uint8_t>& frame, bool bad) {
      if (!bad) player_.Hear(frame);
    };
  }

  RunResult Go() {
    if (machine_.Start()) {
      bool prepared = false;
      machine_.RunSoftware([&] {
        Prepare();
        prepared = true;
      });
      machine_.RunUntil([&] { return prepared; }, sw::Seconds(1));
      Play();
    }
    RunResult result;
    machine_.ReadResults(&result);
    for (size_t i = 0; i < users_.size(); ++i) {
      users_[i]->Finish();
      const bool there = users_[i]->connection() != nullptr;
      if (there || !record_.connections[i].delivered.bytes().empty()) AddResult(i, &result);
    }
    Remark(&result);
    Judge(&result);
    machine_.Finish(&result);
    return result;
  }

 private:
  // To the end of what was recorded, however long causes take; then the linger.
  void Play() {
    const auto run_to = [this](sw::Micros end) {
      if (end > machine_.Now()) machine_.RunUntil([] { return false; }, end - machine_.Now());
    };
    sw::Micros quiet;  // since when nothing moved
    std::pair<size_t, size_t> before;
    while (!machine_.status.failed()) {
      run_to(player_.Due(last_));
      size_t left = 0;
      for (const auto& user : users_) {
        left += user->connection() && !user->closed() ? user->left() : 0;
      }
      if (player_.done() && left == 0) break;
      const std::pair<size_t, size_t> now{player_.played(), left};
      if (now != std::exchange(before, now)) quiet = machine_.Now();
      // A write or close whose cause does not come.
      if (player_.done() && machine_.Now() - quiet > kPatience) break;
      if (machine_.Now() >= player_.Due(last_)) {
        const bool done = player_.done();
        machine_.RunUntil([&] { return !done && player_.done(); }, kGlance);
      }
    }
    // Software is always some microseconds behind: that is no wait.
    const sw::Micros due = player_.Due(last_);
    run_to((machine_.Now() - due > kGlance * 2 ? machine_.Now() : due) + config_.linger);
  }

  // What of the capture could not be stood in for.
  void Remark(RunResult* result) {
    const auto note = [result](auto count, const char* text) {
      if (count != 0) result->notes.push_back(fmt::format(fmt::runtime(text), count));
    };
    result->notes.insert(result->notes.begin(), record_.notes.begin(), record_.notes.end());
    const size_t longest = machine_.host.driver().max_frame();
    note(std::count_if(
             record_.arrivals.begin(), record_.arrivals.end(),
             [longest](const Arrival& arrival) { return arrival.frame.bytes.size() > longest; }),
         "{} frames are longer than a link carries (captured after receive offload?): dropped");
    size_t left = 0;
    sw::Micros lag;
    for (const auto& user : users_) {
      left += user->connection() ? user->left() : 0;
      if (user->connection()) lag = std::max(lag, user->lag());
    }
    note(left,
         "the host did not get to do {} of the writes and closes that it does in the capture");
    if (lag > kLate && !config_.fast) {
      result->notes.push_back(
          fmt::format("the host was {} us behind the capture at worst: what its software takes is "
                      "set by host.costs",
                      lag.count()));
    }
    if (player_.shift() > kLate) {
      result->notes.push_back(
          fmt::format("frames waited for {} us in all until our host had sent what they "
                      "acknowledge, or had room for them",
                      player_.shift().count()));
    }
  }

  // Whether it replayed.
  void Judge(RunResult* result) {
    if (machine_.status.failed()) return;
    const auto fail = [&](const std::string& name, const std::string& text) {
      if (config_.allowed.contains(name)) {
        result->notes.push_back(fmt::format("allowed: {} ({})", text, name));
      } else {
        machine_.status.Fail(fmt::format("{} ({})", text, name));
      }
    };
    if (record_.connections.empty()) {
      fail("no-connection",
           fmt::format("the capture has no TCP connection of {}", config_.host.ToString()));
    } else if (result->frames_out == 0) {
      fail("nothing-sent", "our host sent nothing");
    }
    size_t to_delegate = 0;  // established, and nothing about them that the engine refuses
    for (size_t i = 0; i < users_.size(); ++i) {
      const Recorded& recorded = record_.connections[i];
      const StandIn& user = *users_[i];
      const std::string name = recorded.tuple.ToString() + ": ";
      if (user.connection() && user.was_established()) {
        const uint32_t mss = user.connection()->tcb().snd_mss;
        if (mss >= kMinMss) {
          ++to_delegate;
        } else if (config_.machine.policy == "always") {
          result->notes.push_back(
              fmt::format("{}the peer takes segments of {} bytes, and the engine delegates from an "
                          "MSS of {} on",
                          name, mss, kMinMss));
        }
      }
      if (const std::string lacks = recorded.delivered.Lacks(); !lacks.empty()) {
        fail("capture-lacks", name + lacks);
      }
      if (const auto difference = recorded.delivered.Compare(user.stream())) {
        fail(difference->name, name + difference->text + Why(i, *result));
      }
    }
    const bool delegated = std::any_of(result->connections.begin(), result->connections.end(),
                                       [](const ConnectionResult& c) { return c.delegated; });
    if (config_.machine.policy == "always" && to_delegate != 0 && !delegated) {
      fail("nothing-delegated", "no connection was delegated, though each should be");
    }
  }

  // What is known of why a stream came out otherwise.
  std::string Why(size_t i, const RunResult& result) {
    const StandIn& user = *users_[i];
    std::string why = user.connection() ? fmt::format("; our end of it is {}", user.state())
                                        : "; it was not opened";
    if (!player_.GaveUp(i).empty()) why += "; " + player_.GaveUp(i);
    const auto lost = result.to_host.lost + result.to_host.overflowed;
    if (lost != 0) why += fmt::format("; the link lost {} frames", lost);
    constexpr const char* kDrops[] = {"ReasonBadAck",   "ReasonBadChecksum", "ReasonNoLegacyBuffer",
                                      "ReasonOversize", "ReasonFifoFull",    "ReasonNotForUs"};
    for (const char* drop : kDrops) {
      const auto found = result.verdicts.find(drop);
      if (found != result.verdicts.end()) {
        why += fmt::format("; {} frames were never taken: {}", found->second, drop + 6);
      }
    }
    const tcp::StackCounters& stack = machine_.host.stack().counters();
    if (stack.bad_checksums != 0) {
      why += fmt::format("; {} segments had wrong checksums", stack.bad_checksums);
    }
    return why;
  }

  void Prepare() {
    start_ = machine_.Now() + sw::Micros(20);
    for (const auto& [neighbor, mac] : record_.neighbors) {
      machine_.host.stack().ip().neighbors().Learn(neighbor, mac, true);
    }
    std::set<tcp::Vlans> vlans;
    std::set<tcp::Endpoint> servers;
    for (size_t i = 0; i < record_.connections.size(); ++i) {
      const Recorded& recorded = record_.connections[i];
      const tcp::Tuple& tuple = recorded.tuple;
      users_.push_back(std::make_unique<StandIn>(
          recorded, machine_.hw(),
          StandIn::Clock{.due = [this](sw::Micros at) { return player_.Due(at); },
                         .acked = [this, i] { return player_.Acked(i); },
                         .ready = [this, i] { return !config_.fast || IsReady(i, true); }},
          [this](size_t n) { return machine_.host.AllocateBuffer(n); },
          [this] { machine_.hw().Charge(sw::Cost::kSyscall); }));
      // Every peer is on the link: whence its frames come is known, and through which router does
      // not matter.
      if (vlans.insert(tuple.vlans).second) {
        machine_.host.stack().AddAddress({config_.host, 0, tuple.vlans, {}});
      }
      for (const UserEvent& event : recorded.events) last_ = std::max(last_, event.time);
      if (recorded.midstream) {
        player_.Begin(i);
        auto connection =
            machine_.host.stack().Adopt(tuple, recorded.tcb, recorded.options, users_[i].get());
        if (connection) users_[i]->Attach(connection);
      } else if (recorded.has_syn && recorded.active) {
        opens_.push_back(i);
      } else if (recorded.has_syn && servers.insert(tuple.local).second) {
        Listen(tuple.local);
      }
    }
    if (!record_.arrivals.empty()) last_ = std::max(last_, record_.arrivals.back().frame.time);
    player_.Start(start_);
    OpenNext();
  }

  // The host opens connections in the capture's order, each when its time has come and what came
  // before it.
  void OpenNext() {
    while (!opens_.empty()) {
      const size_t i = opens_.front();
      const Recorded& recorded = record_.connections[i];
      const sw::Micros wait = player_.Due(recorded.opened) - machine_.hw().Now();
      if (wait > sw::Micros(0)) {
        machine_.hw().Cancel(open_timer_);
        open_timer_ = machine_.hw().After(wait, [this] {
          open_timer_ = sw::kNoTimer;
          OpenNext();
        });
        return;
      }
      const bool cause = player_.played() >= recorded.opened_after || player_.WaitsFor(i);
      const size_t before = player_.Current(recorded.tuple);
      if (!cause || (before != Arrival::kNone && before != i && !IsOver(before))) return;
      opens_.pop_front();
      if (const auto old = machine_.host.stack().Find(recorded.tuple)) old->Drop();
      player_.Begin(i);
      auto connection =
          machine_.host.stack().Connect(recorded.tuple.local, recorded.tuple.remote,
                                        recorded.options, users_[i].get(), recorded.tuple.vlans);
      if (connection) users_[i]->Attach(connection);
    }
  }

  // The recorded host took the SYN of a connection that it had had before: that one is done with.
  bool MayOpen(size_t connection) {
    const tcp::Tuple& tuple = record_.connections[connection].tuple;
    const size_t before = player_.Current(tuple);
    const auto old = machine_.host.stack().Find(tuple);
    if (!old || before == Arrival::kNone || before == connection) return true;
    if (IsOver(before) && !dropping_) {
      dropping_ = true;
      machine_.RunSoftware([this, old] {
        dropping_ = false;
        old->Drop();
      });
    }
    return false;
  }

  bool IsOver(size_t connection) const {
    const StandIn& user = *users_[connection];
    return user.connection() && (user.closed() || user.left() == 0);
  }

  bool IsReady(size_t connection, bool text) const {
    const StandIn& user = *users_[connection];
    if (!user.connection()) return !text || !record_.connections[connection].has_syn;
    if (user.closed() || !user.was_established()) return true;
    const tcp::Delegation phase = user.connection()->delegation().phase;
    return machine_.Now() - user.established_at() > kSettling &&
           phase != tcp::Delegation::kSettingUp && phase != tcp::Delegation::kResuming;
  }

  // Out of the player's, or the link's, event: what the host does is software's.
  void OnProgress(size_t connection) {
    if (!opens_.empty() && !asked_) {
      asked_ = true;
      machine_.RunSoftware([this] {
        asked_ = false;
        OpenNext();
      });
    }
    if (connection == Arrival::kNone || !users_[connection]->MayAct()) return;
    machine_.RunSoftware([user = users_[connection].get()] { user->Act(); });
  }

  void Listen(const tcp::Endpoint& local) {
    tcp::ListenOptions options;
    options.backlog = static_cast<uint32_t>(record_.connections.size()) + options.backlog;
    options.open_for = [this](const tcp::Tuple& tuple) {
      const size_t i = player_.Current(tuple);
      return i == Arrival::kNone ? tcp::OpenOptions() : record_.connections[i].options;
    };
    auto listener = machine_.host.stack().Listen(local, options);
    if (!listener) return;
    listener->SetOnAcceptable([this, raw = listener.get()] {
      while (auto connection = raw->Accept()) {
        const size_t i = player_.Current(connection->tuple());
        if (i != Arrival::kNone && !users_[i]->connection()) users_[i]->Attach(connection);
      }
    });
    listeners_.push_back(std::move(listener));
  }

  void AddResult(size_t i, RunResult* result) {
    const StandIn& user = *users_[i];
    ConnectionResult c;
    c.tuple = record_.connections[i].tuple;
    c.state = user.connection() ? user.state() : "not opened";
    c.stream = user.stream();
    c.bytes_read = c.stream.size();
    c.bytes_recorded = record_.connections[i].delivered.bytes().size();
    c.bytes_user = user.bytes(tcp::Place::kUserBuffer);
    c.bytes_legacy = user.bytes(tcp::Place::kLegacyBuffer);
    const sw::ConnId id = user.connection() ? user.connection()->id() : sw::ConnId();
    machine_.AddConnection(std::move(c), id, result);
  }

  static constexpr sw::Micros kPatience = sw::Seconds(2), kGlance = sw::Millis(1);
  // A connection that was accepted is offered to the policy at once.
  static constexpr sw::Micros kSettling = sw::Micros(10);

  const HostRecord& record_;
  const ReplayConfig& config_;
  Machine machine_;
  FramePort wire_;
  Player player_;
  // They hold connections, which have to go before the host.
  std::vector<std::unique_ptr<StandIn>> users_;  // one for each of record_.connections
  std::vector<std::shared_ptr<tcp::Listener>> listeners_;
  std::deque<size_t> opens_;
  sw::TimerHandle open_timer_ = sw::kNoTimer;
  bool asked_ = false, dropping_ = false;
  sw::Micros start_, last_;
};

}  // namespace

const std::vector<std::string>& ReplayFailures() {
  static const std::vector<std::string> kNames = {
      "read-less",    "read-more",         "read-other",   "capture-lacks",
      "nothing-sent", "nothing-delegated", "no-connection"};
  return kNames;
}

RunResult Replay(const HostRecord& record, const ReplayConfig& config) {
  return Run(record, config).Go();
}

}  // namespace handoff::system
