// SPDX-License-Identifier: Apache-2.0
#include "sim/run/replay.h"

#include <fmt/core.h>

#include <algorithm>
#include <memory>
#include <set>
#include <utility>

#include "model/clock.h"
#include "model/link/frame_port.h"
#include "sim/run/stand_in.h"

namespace handoff::system {
namespace {

constexpr uint32_t kMtu = 9000;
constexpr sw::Micros kLate = sw::Millis(1);  // in a replay, to be worth a word

Machine::Params ParamsOf(const HostRecord& record, const ReplayConfig& config) {
  Machine::Params params = config.machine;
  params.software.driver.mac = record.mac;
  params.software.driver.mtu = kMtu;
  return params;
}

class Run {
 public:
  Run(const HostRecord& record, const ReplayConfig& config)
      : record_(record),
        config_(config),
        machine_(config.run, ParamsOf(record, config)),
        wire_("wire", machine_.queue) {
    machine_.link.BindB(wire_);
    wire_.on_frame = [](const std::vector<uint8_t>&, bool) {};  // the recording hears nothing
  }

  RunResult Go() {
    if (machine_.Start()) {
      bool prepared = false;
      machine_.RunSoftware([&] {
        Prepare();
        prepared = true;
      });
      machine_.RunUntil([&] { return prepared; }, sw::Seconds(1));
      machine_.RunUntil([] { return false; }, end_ - machine_.Now());
    }
    RunResult result;
    machine_.ReadResults(&result);
    for (auto& [tuple, user] : users_) {
      user->Finish();
      if (user->connection()) AddResult(tuple, *user, &result);
    }
    Remark(&result);
    machine_.Finish(&result);
    return result;
  }

 private:
  // What of the capture could not be stood in for.
  void Remark(RunResult* result) {
    const auto note = [result](auto count, const char* text) {
      if (count != 0) result->notes.push_back(fmt::format(fmt::runtime(text), count));
    };
    const auto connections_that = [this](auto&& are) {
      return std::count_if(record_.connections.begin(), record_.connections.end(), are);
    };
    note(connections_that([](const auto& each) { return !each.second.has_syn; }),
         "of {} connections the capture has no SYN from the host: nobody stood in for it there");
    note(
        record_.reopened.size(),
        "{} connections were opened again from the same port: only the first of each was replayed");
    const size_t longest = machine_.host.driver().max_frame();
    note(
        std::count_if(record_.arrivals.begin(), record_.arrivals.end(),
                      [longest](const pcap::Frame& frame) { return frame.bytes.size() > longest; }),
        "{} frames are longer than a link carries (captured after receive offload?): dropped");
    size_t left = 0;
    sw::Micros lag;
    for (const auto& [tuple, user] : users_) {
      left += user->left();
      lag = std::max(lag, user->lag());
    }
    note(left,
         "the host did not get to do {} of the writes and closes that it does in the capture");
    if (lag > kLate) {
      result->notes.push_back(
          fmt::format("the host was {} us behind the capture at worst: what its software takes is "
                      "set by host.costs",
                      lag.count()));
    }
  }

  void Prepare() {
    start_ = machine_.Now() + sw::Micros(20);
    for (const auto& [neighbor, mac] : record_.neighbors) {
      machine_.host.stack().ip().neighbors().Learn(neighbor, mac, true);
    }
    sw::Micros last;
    std::set<tcp::Vlans> vlans;
    std::set<tcp::Endpoint> servers;
    for (const auto& [tuple, recorded] : record_.connections) {
      if (!recorded.has_syn && !recorded.events.empty()) continue;
      if (vlans.insert(tuple.vlans).second) {
        machine_.host.stack().AddAddress(
            {config_.host, tuple.local.addr.is_v6() ? 64u : 24u, tuple.vlans, {}});
      }
      if (!recorded.has_syn) continue;
      users_[tuple] = std::make_unique<StandIn>(
          recorded, machine_.hw(), start_,
          [this](size_t n) { return machine_.host.AllocateBuffer(n); },
          [this] { machine_.hw().Charge(sw::Cost::kSyscall); });
      for (const UserEvent& event : recorded.events) last = std::max(last, event.time);
      if (recorded.active) {
        const sw::Micros wait = recorded.opened + start_ - machine_.Now();
        machine_.hw().After(wait, [this, t = tuple, &r = recorded] {
          auto connection =
              machine_.host.stack().Connect(t.local, t.remote, r.options, users_[t].get(), t.vlans);
          if (connection) users_[t]->Attach(connection);
        });
      } else if (servers.insert(tuple.local).second) {
        Listen(tuple.local);
      }
    }
    for (const pcap::Frame& frame : record_.arrivals) {
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
    auto listener = machine_.host.stack().Listen(local, options);
    if (!listener) return;
    listener->SetOnAcceptable([this, raw = listener.get()] {
      while (auto connection = raw->Accept()) {
        const auto user = users_.find(connection->tuple());
        if (user != users_.end()) user->second->Attach(connection);
      }
    });
    listeners_.push_back(std::move(listener));
  }

  void AddResult(const tcp::Tuple& tuple, const StandIn& user, RunResult* result) {
    ConnectionResult c;
    c.tuple = tuple;
    c.state = user.state();
    c.stream = user.stream();
    c.bytes_read = c.stream.size();
    c.bytes_user = user.bytes(tcp::Place::kUserBuffer);
    c.bytes_legacy = user.bytes(tcp::Place::kLegacyBuffer);
    machine_.AddConnection(std::move(c), user.connection()->id(), result);
  }

  const HostRecord& record_;
  const ReplayConfig& config_;
  Machine machine_;
  FramePort wire_;
  // They hold connections, which have to go before the host.
  std::map<tcp::Tuple, std::unique_ptr<StandIn>> users_;
  std::vector<std::shared_ptr<tcp::Listener>> listeners_;
  sw::Micros start_, end_;
};

}  // namespace

RunResult Replay(const HostRecord& record, const ReplayConfig& config) {
  return Run(record, config).Go();
}

}  // namespace handoff::system
