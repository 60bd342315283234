// SPDX-License-Identifier: Apache-2.0
//
// The host's software alone, on machines of one's own: stack, driver and sockets above sw/hw.h,
// twice, with a cable between them. One serves, the other connects and sends; the server checks
// every byte.

#include "sw/host/host.h"

#include <cstdint>
#include <cstdio>
#include <memory>
#include <random>
#include <utility>
#include <vector>

#include "machine.h"
#include "sw/app/bulk.h"
#include "sw/policy/policy.h"

using namespace handoff;

namespace {

constexpr uint64_t kBytes = 300000;
constexpr uint16_t kServerPort = 5000;
constexpr Micros kCable{50};

struct Computer {
  Computer(Clock& clock, uint8_t number)
      : machine(clock), random(number), addr(tcp::IpAddr::V4(10, 0, 0, number)) {
    host::HostConfig config;
    config.driver.mac = tcp::MacAddr{{2, 0, 0, 0, 0, number}};
    config.random = [this] { return static_cast<uint32_t>(random()); };
    host = std::make_unique<host::Host>(machine, std::move(config), policy::Never());
    host->stack().AddAddress({addr, 24, {}, {}});
    host->Start([this](bool ok) { ready = ok; });
  }

  Machine machine;
  std::mt19937 random;
  tcp::IpAddr addr;
  bool ready = false;
  std::unique_ptr<host::Host> host;
};

void Plug(Clock& clock, Computer& from, Computer& to) {
  from.machine.on_send = [&clock, &to](std::vector<uint8_t> frame) {
    clock.After(kCable, [&to, frame = std::move(frame)] { to.machine.Receive(frame); });
  };
}

}  // namespace

int main() {
  Clock clock;
  Computer server(clock, 1), client(clock, 2);
  Plug(clock, server, client);
  Plug(clock, client, server);
  while (!(server.ready && client.ready) && clock.Step()) {
  }

  app::Progress received, sent;
  server.host->executor().Spawn([](sock::ListenSocket listener, app::Progress& p) -> sock::Task<> {
    co_await app::Sink(co_await listener.Accept(), p);
  }(server.host->network().Listen({server.addr, kServerPort}), received));
  client.host->executor().Spawn(
      [](sock::Network& network, sock::Endpoint to, app::Progress& p) -> sock::Task<> {
        co_await app::Source(co_await network.Connect(to), kBytes, p);
      }(client.host->network(), {server.addr, kServerPort}, sent));
  while (!(received.done && sent.done) && clock.Step()) {
  }

  std::printf("%llu bytes received, %llu of them wrong\n",
              static_cast<unsigned long long>(received.bytes),
              static_cast<unsigned long long>(received.wrong));
  return received.done && received.bytes == kBytes && received.wrong == 0 ? 0 : 1;
}
