// SPDX-License-Identifier: Apache-2.0
//
// Everything at once: applications, stacks, driver, PCIe, the engine, the link. A peer's stream
// into user buffers of a delegated connection, over a link with and without losses.
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "model/link/link.h"
#include "model/rng.h"
#include "model/sc/engine_host.h"
#include "sim/core/make_core.h"
#include "sim/run/stack_peer.h"
#include "sw/app/bulk.h"
#include "sw/host/host.h"
#include "sw/policy/policy.h"
#include "tb/rig/in_child.h"

namespace handoff {
namespace {

struct Setting {
  EngineForm form = EngineForm::kModel;
  uint64_t quantum = 64;
  bool idle_skip = true;
  double loss = 0;
  uint64_t total = 1 << 20;
};

const tcp::IpAddr kPeerAddr = tcp::IpAddr::V4(10, 0, 0, 1);
const tcp::IpAddr kHostAddr = tcp::IpAddr::V4(10, 0, 0, 2);

LinkParams WireOf(const Setting& setting) {
  LinkParams wire;
  wire.rate_gbps = 10;
  wire.loss = wire.reorder = wire.duplicate = wire.corrupt_past_fcs = setting.loss;
  return wire;
}

CoreConfig CoreOf(const Setting& setting) {
  CoreConfig core{.form = setting.form};
  core.idle_skip = setting.idle_skip;
  return core;
}

EngineHost::Params ParamsOf(const Setting& setting) {
  EngineHost::Params params;
  params.engine.quantum = setting.quantum;
  params.engine.link_delay_ps = WireOf(setting).delay_ns * 1000;
  return params;
}

struct World {
  explicit World(const Setting& setting)
      : params(ParamsOf(setting)),
        machine("machine", MakeCore(EngineHost::CoreFor(CoreOf(setting), params)), params, queue,
                status, 1),
        link("link", WireOf(setting), WireOf(setting), queue, 1),
        peer("peer", {}, queue, 1) {
    link.BindA(machine);
    link.BindB(peer.port);
    host::HostConfig config;
    config.driver.mac = tcp::MacAddr{{2, 0, 0, 0, 0, 2}};
    config.random = [this] { return static_cast<uint32_t>(random.Next()); };
    host = std::make_unique<host::Host>(machine.host, std::move(config), policy::Always());
    host->stack().AddAddress({kHostAddr, 24, {}, {}});
    peer.stack.AddAddress({kPeerAddr, 24, {}, {}});
  }
  // Until it is done, at most so long.
  template <class F>
  bool Until(F&& done, int ms) {
    for (int i = 0; i < 10 * ms && !done() && !status.failed(); ++i)
      sc_core::sc_start(100, sc_core::SC_US);
    return done();
  }

  OrderedQueue queue{"queue"};
  RunStatus status;
  EngineHost::Params params;
  Rng random{1, "host"};
  EngineHost machine;
  Link link;
  StackPeer peer;
  std::unique_ptr<host::Host> host;
};

sock::Task<> Receive(World& world, app::Progress& progress) {
  tcp::ListenOptions options;
  auto listener = world.host->network().Listen({kHostAddr, 5000}, options);
  sock::Socket socket = co_await listener.Accept();
  std::vector<std::span<uint8_t>> buffers(4);
  for (auto& buffer : buffers) buffer = world.host->AllocateBuffer(64 << 10);
  co_await app::PostingSink(std::move(socket), progress, std::move(buffers));
}

sock::Task<> Send(World& world, uint64_t total, app::Progress& progress) {
  sock::Socket socket = co_await world.peer.network.Connect({kHostAddr, 5000});
  co_await app::Source(std::move(socket), total, progress);
}

std::string Transfer(const Setting& setting) {
  World world(setting);
  bool ready = false;
  world.machine.host.Run([&] { world.host->Start([&](bool ok) { ready = ok; }); });
  if (!world.Until([&] { return ready; }, 10)) return "the engine did not come up";
  app::Progress in, out;
  world.machine.host.Run([&] { world.host->executor().Spawn(Receive(world, in)); });
  world.peer.executor.Spawn(Send(world, setting.total, out));
  const bool done =
      world.Until([&] { return in.done && out.done; }, setting.loss > 0 ? 20000 : 200);
  sc_core::sc_start(2, sc_core::SC_MS);
  world.machine.engine.CatchUp();
  std::string text;
  for (const std::string& failure : world.status.failures()) text += failure + "\n";
  if (!done) text += "not done\n";
  uint64_t user = 0, legacy = 0, again = 0;
  for (const auto& [name, reads] : world.machine.host.reads()) {
    user += reads.user;
    legacy += reads.legacy;
    again += reads.again;
  }
  text += "read " + std::to_string(in.bytes) + " wrong " + std::to_string(in.wrong) + " of " +
          std::to_string(setting.total);
  // In memory that DMA wrote: what the engine placed; what it did not lies in legacy buffers.
  text += in.places.user > setting.total / 2 ? " placed most"
                                             : " placed " + std::to_string(in.places.user);
  text += user >= in.places.user ? "" : " (but noted " + std::to_string(user) + ")";
  text += " again " + std::to_string(again);
  text += "\n" + std::to_string(user) + " " + std::to_string(legacy) + " interrupts " +
          std::to_string(world.machine.host.interrupts_taken());
  text += " busy " + std::to_string(world.machine.host.busy_ps()) + " digest " +
          std::to_string(world.machine.engine.core().digest());
  return text;
}

std::string FirstLine(const std::string& text) { return text.substr(0, text.find('\n')); }

TEST(StackSystem, PlacesAStreamInUserBuffers) {
  EXPECT_EQ(FirstLine(Transfer({})), "read 1048576 wrong 0 of 1048576 placed most again 0");
}

TEST(StackSystem, LosesNothingOnABadLink) {
  const std::string text = InChild([] { return Transfer({.loss = 0.003, .total = 400000}); });
  EXPECT_EQ(text.find("read 400000 wrong 0 of 400000"), 0) << text;
}

TEST(StackSystem, GivesTheSameForEveryQuantum) {
  const Setting base{.loss = 0.003, .total = 200000};
  const std::string text = InChild([&] { return Transfer(base); });
  for (const uint64_t quantum : {1, 7}) {
    Setting other = base;
    other.quantum = quantum;
    EXPECT_EQ(InChild([&] { return Transfer(other); }), text) << "quantum " << quantum;
  }
}

TEST(StackSystem, GivesTheSameInLockstepAndWithoutSkipping) {
  const Setting base{.loss = 0.002, .total = 100000};
  const std::string text = InChild([&] { return Transfer(base); });
  Setting other = base;
  other.form = EngineForm::kLockstep;
  EXPECT_EQ(InChild([&] { return Transfer(other); }), text);
  const Setting clean{.total = 100000};
  Setting unskipped = clean;
  unskipped.idle_skip = false;
  EXPECT_EQ(InChild([&] { return Transfer(unskipped); }), InChild([&] { return Transfer(clean); }));
}

}  // namespace
}  // namespace handoff
