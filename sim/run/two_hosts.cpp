// SPDX-License-Identifier: Apache-2.0
//
// Plays a scenario: programs at both ends of its connections, over sockets.

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "sim/run/scenario.h"
#include "sim/run/stack_peer.h"

namespace handoff::system {
namespace {

// One connection while it runs.
struct Played {
  const ConnectionSpec* spec = nullptr;
  app::Progress host, peer;
  std::shared_ptr<tcp::Connection> connection;  // the host's end

  bool done() const { return host.done && peer.done; }
  // Of the program at one end, "" if it did what it had to.
  std::string Problem() const {
    for (const auto& [where, program, mine, other] :
         {std::tuple{"host", &spec->host, &host, &peer},
          std::tuple{"peer", &spec->peer, &peer, &host}}) {
      const std::string who = fmt::format("{}: {} at the {}", spec->name, program->app, where);
      if (!mine->done) {
        return fmt::format("{} has not ended after {} bytes (the other end: {})", who, mine->bytes,
                           other->bytes);
      }
      if (mine->wrong != 0) return fmt::format("{} got {} wrong bytes", who, mine->wrong);
      if (mine->error != sock::CloseReason::kNone) {
        return fmt::format("{}: {}", who, tcp::ToString(mine->error));
      }
      const uint64_t total = Total();
      if (mine->bytes != total) {
        return fmt::format("{} moved {} of {} bytes", who, mine->bytes, total);
      }
    }
    return "";
  }
  uint64_t Total() const {
    for (const Program* program : {&spec->host, &spec->peer}) {
      if (program->app == "source") return program->bytes;
      if (program->app == "ping") return program->ping.messages * program->ping.message_bytes;
    }
    return 0;
  }
  // What the host's application read.
  uint64_t ReadAtHost() const { return spec->host.app == "source" ? 0 : host.bytes; }
};

class TwoHosts {
 public:
  TwoHosts(const Scenario& scenario, const RunConfig& config)
      : scenario_(scenario),
        machine_(config, WithPriorities(scenario, &priorities_)),
        peer_("peer", PeerParams(scenario), machine_.queue, config.seed) {
    machine_.link.BindB(peer_.port);
    machine_.host.stack().AddAddress({scenario.host.addr, scenario.host.prefix_bits, {}, {}});
    peer_.stack.AddAddress({scenario.peer.addr, scenario.peer.prefix_bits, {}, {}});
  }

  RunResult Go() {
    if (machine_.Start()) {
      machine_.RunSoftware([this] { Begin(machine_.host.network(), "host"); });
      Begin(peer_.network, "peer");
      const bool done = machine_.RunUntil([this] { return AllDone(); }, scenario_.limit);
      if (!done && !machine_.status.failed()) {
        machine_.status.Fail(fmt::format("not done after {} ms", scenario_.limit.count() / 1000));
      } else {
        machine_.RunUntil([] { return false; }, scenario_.linger);
      }
    }
    return Results();
  }

 private:
  // By the number that the priorities' function looks up: the port of whoever listens.
  using Priorities = std::map<std::pair<std::string, uint16_t>, double>;

  static Machine::Params WithPriorities(const Scenario& scenario, Priorities* priorities) {
    Machine::Params params = scenario.machine;
    for (const ConnectionSpec& c : scenario.connections) {
      (*priorities)[{c.opener, c.port}] = c.priority;
    }
    params.software.delegation.priority = [priorities](const tcp::Connection& c) {
      const auto find = [&](const char* opener, uint16_t port) {
        const auto found = priorities->find({opener, port});
        return found == priorities->end() ? 0 : found->second;
      };
      const double passive = find("peer", c.tuple().local.port);
      return passive != 0 ? passive : find("host", c.tuple().remote.port);
    };
    return params;
  }

  static StackPeer::Params PeerParams(const Scenario& scenario) {
    StackPeer::Params params;
    params.mac = scenario.peer.mac;
    params.mtu = scenario.mtu;
    return params;
  }

  bool AtHost(const sock::Network& network) { return &network == &machine_.host.network(); }

  // Starts this end of every connection.
  void Begin(sock::Network& network, const char* here) {
    for (const ConnectionSpec& spec : scenario_.connections) {
      if (spec.opener == here) {
        for (uint32_t i = 0; i < spec.copies; ++i) network.executor().Spawn(Open(network, spec));
      } else {
        network.executor().Spawn(Serve(network, spec));
      }
    }
  }

  sock::Task<> Open(sock::Network& network, const ConnectionSpec& spec) {
    if (spec.start > sw::Micros()) co_await network.executor().Sleep(spec.start);
    const tcp::IpAddr& to = AtHost(network) ? scenario_.peer.addr : scenario_.host.addr;
    sock::Socket socket = co_await network.Connect({to, spec.port}, spec.tcp);
    if (!socket.ok()) {
      machine_.status.Fail(
          fmt::format("{}: no connection: {}", spec.name, tcp::ToString(socket.error())));
      co_return;
    }
    Played& played = Of(spec, socket.connection()->tuple().local.port);
    Run(network, std::move(socket), played);
  }

  sock::Task<> Serve(sock::Network& network, const ConnectionSpec& spec) {
    tcp::ListenOptions options;
    options.open = spec.tcp;
    options.backlog = std::max(options.backlog, spec.copies);
    auto listener = network.Listen(
        {AtHost(network) ? scenario_.host.addr : scenario_.peer.addr, spec.port}, options);
    for (uint32_t i = 0; i < spec.copies; ++i) {
      sock::Socket socket = co_await listener.Accept();
      Played& played = Of(spec, socket.connection()->tuple().remote.port);
      Run(network, std::move(socket), played);
    }
  }

  // Both ends of a connection know the port of whoever opened it.
  Played& Of(const ConnectionSpec& spec, uint16_t opener_port) {
    const auto [at, fresh] = played_.try_emplace({&spec, opener_port});
    if (fresh) at->second.spec = &spec;
    return at->second;
  }

  void Run(sock::Network& network, sock::Socket socket, Played& played) {
    const bool at_host = AtHost(network);
    const Program& program = at_host ? played.spec->host : played.spec->peer;
    app::Progress& progress = at_host ? played.host : played.peer;
    std::vector<std::span<uint8_t>> buffers;
    if (at_host) {
      played.connection = socket.connection();
      for (uint32_t i = 0; i < program.user_buffers; ++i) {
        buffers.push_back(
            machine_.host.AllocateBuffer(program.user_buffer_offset + program.user_buffer_bytes)
                .subspan(program.user_buffer_offset));
      }
    }
    sock::Executor& executor = network.executor();
    if (program.app == "source") {
      executor.Spawn(app::Source(std::move(socket), program.bytes, progress));
    } else if (program.app == "sink") {
      executor.Spawn(app::PostingSink(std::move(socket), progress, std::move(buffers)));
    } else if (program.app == "ping") {
      executor.Spawn(
          app::Ping(executor, std::move(socket), program.ping, progress, std::move(buffers)));
    } else {
      executor.Spawn(app::Echo(std::move(socket), progress, std::move(buffers)));
    }
  }

  bool AllDone() const {
    size_t wanted = 0;
    for (const ConnectionSpec& spec : scenario_.connections) wanted += spec.copies;
    if (played_.size() < wanted) return false;
    for (const auto& [key, played] : played_) {
      if (!played.done()) return false;
    }
    return true;
  }

  RunResult Results() {
    RunResult result;
    machine_.ReadResults(&result);
    for (const auto& [key, played] : played_) {
      const std::string problem = played.Problem();
      if (!problem.empty()) machine_.status.Fail(problem);
      if (!played.connection) continue;
      ConnectionResult c;
      c.name = played.spec->name;
      c.tuple = played.connection->tuple();
      c.state = played.connection->close_reason() == tcp::CloseReason::kNone
                    ? std::string(tcp::ToString(played.connection->state()))
                    : "closed: " + std::string(tcp::ToString(played.connection->close_reason()));
      c.bytes_read = played.ReadAtHost();
      c.bytes_user = played.host.places.user;
      c.bytes_legacy = played.host.places.legacy;
      machine_.AddConnection(std::move(c), played.connection->id(), &result);
    }
    CheckOpened();
    CheckExpectations(result);
    machine_.Finish(&result);
    return result;
  }

  // Of a run that failed: which connections were not there at all.
  void CheckOpened() {
    if (!machine_.status.failed()) return;
    for (const ConnectionSpec& spec : scenario_.connections) {
      const auto opened =
          std::count_if(played_.begin(), played_.end(),
                        [&spec](const auto& played) { return played.first.first == &spec; });
      if (opened < spec.copies) {
        machine_.status.Fail(
            fmt::format("{}: {} of {} connections were opened", spec.name, opened, spec.copies));
      }
    }
  }

  void CheckExpectations(const RunResult& result) {
    const Expectations& expect = scenario_.expect;
    if (machine_.status.failed()) return;
    uint64_t delegated = 0, read = 0, user = 0;
    for (const ConnectionResult& c : result.connections) {
      delegated += c.delegated ? 1 : 0;
      read += c.bytes_read;
      user += c.bytes_user;
    }
    if (delegated < expect.delegated) {
      machine_.status.Fail(fmt::format("{} connections were delegated, expect.delegated is {}",
                                       delegated, expect.delegated));
    }
    if (static_cast<double>(user) < expect.user_part * static_cast<double>(read)) {
      machine_.status.Fail(
          fmt::format("{} of {} bytes lay in user buffers, expect.user_part is {:g}", user, read,
                      expect.user_part));
    }
  }

  const Scenario& scenario_;
  Priorities priorities_;
  Machine machine_;
  StackPeer peer_;
  std::map<std::pair<const ConnectionSpec*, uint16_t>, Played> played_;
};

}  // namespace

RunResult RunScenario(const Scenario& scenario, const RunConfig& config) {
  return TwoHosts(scenario, config).Go();
}

}  // namespace handoff::system
