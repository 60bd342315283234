// SPDX-License-Identifier: Apache-2.0
//
// The engine in its system, with the least driver: frames up and down. Same history and same digest
// for every form of the engine, every quantum, with skipping and without.
#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "model/link/frame_port.h"
#include "model/link/link.h"
#include "model/rng.h"
#include "model/sc/engine_host.h"
#include "sim/core/make_core.h"
#include "tb/rig/in_child.h"
#include "tb/rig/raw_driver.h"

namespace handoff {
namespace {

struct Setting {
  EngineForm form = EngineForm::kModel;
  uint64_t quantum = 64;
  bool idle_skip = true;
  std::map<std::string, UnitForm> units;
};

// Frames of random lengths both ways, in bursts, with pauses; some lost and some corrupted on the
// link.
std::string History(const Setting& setting) {
  EngineHost::Params params;
  params.engine.quantum = setting.quantum;
  params.engine.pcie.memory_jitter_ns = 300;
  LinkParams wire;
  wire.loss = 0.02;
  wire.corrupt = 0.02;
  wire.reorder = 0.02;
  OrderedQueue queue("queue");
  RunStatus status;
  CoreConfig core{.form = setting.form, .units = setting.units};
  core.idle_skip = setting.idle_skip;
  EngineHost host("host", MakeCore(EngineHost::CoreFor(core, params)), params, queue, status, 1);
  Link link("link", wire, wire, queue, 1);
  FramePort peer("peer", queue);
  link.BindA(host);
  link.BindB(peer);
  RawDriver driver(host.host);
  std::string history;
  uint32_t up = 0, down = 0;
  driver.on_frame = [&](const Ntf& ntf, std::span<const uint8_t> frame) {
    uint64_t sum = 0;
    for (const uint8_t byte : frame) sum = sum * 31 + byte;
    history += std::to_string(host.host.now_ps()) + " up " + ntf.ToString() + " " +
               std::to_string(sum) + "\n";
    ++up;
    if (up % 3 == 0) driver.Send(frame);
  };
  peer.on_frame = [&](std::vector<uint8_t> frame, bool bad) {
    history += std::to_string(queue.now_ps()) + " down " + std::to_string(frame.size()) +
               (bad ? " bad\n" : "\n");
    ++down;
  };
  Rng rng(TestSeed(), "frames");
  host.host.Run([&] { driver.Start(); });
  std::function<void(int)> burst = [&](int left) {
    for (uint64_t i = rng.Below(20); i > 0; --i) {
      std::vector<uint8_t> frame(rng.Between(55, 1600));
      for (uint8_t& byte : frame) byte = static_cast<uint8_t>(rng.Next());
      peer.Send(frame);
    }
    if (left > 0) {
      host.host.After(sw::Micros(static_cast<int64_t>(rng.Below(60))),
                      [&, left] { burst(left - 1); });
    }
  };
  host.host.After(sw::Micros(50), [&] { burst(30); });
  // Pins that change between frames: the link goes down and up, and in the end the function is
  // reset.
  host.host.After(sw::Micros(400), [&] { host.engine.SetLinkUp(false); });
  host.host.After(sw::Micros(500), [&] { host.engine.SetLinkUp(true); });
  host.host.After(sw::Micros(2500), [&] {
    host.engine.ResetFunction([&] { history += std::to_string(queue.now_ps()) + " reset\n"; });
  });
  host.host.After(sw::Micros(2600), [&] { burst(0); });
  sc_core::sc_start(3, sc_core::SC_MS);
  host.engine.CatchUp();
  for (const std::string& text : status.failures()) history += text + "\n";
  if (history.find("reset") == std::string::npos) history += "no reset\n";
  if (up < 200 || down < 60 || !host.engine.core().AllQuiet()) history += "too little happened\n";
  return history + "digest " + std::to_string(host.engine.core().digest());
}

class RawSystem : public testing::Test {
 protected:
  static void Same(const Setting& a, const Setting& b) {
    const std::string first = InChild([&] { return History(a); });
    EXPECT_EQ(first.find("too little"), std::string::npos) << first.substr(first.size() - 2000);
    EXPECT_EQ(first.find("no reset"), std::string::npos) << first.substr(first.size() - 2000);
    EXPECT_EQ(first, InChild([&] { return History(b); }));
  }
};

TEST_F(RawSystem, GivesTheSameForEveryQuantum) {
  Same({.quantum = 64}, {.quantum = 1});
  Same({.quantum = 64}, {.quantum = 7});
}
TEST_F(RawSystem, GivesTheSameWithoutSkipping) { Same({}, {.idle_skip = false}); }
TEST_F(RawSystem, GivesTheSameForRtlAndModel) { Same({}, {.form = EngineForm::kRtl}); }
TEST_F(RawSystem, GivesTheSameInLockstep) { Same({}, {.form = EngineForm::kLockstep}); }
TEST_F(RawSystem, GivesTheSameComposed) {
  Same({}, {.form = EngineForm::kComposed,
            .units = {{"rx_parser", UnitForm::kBoth},
                      {"upload", UnitForm::kRtl},
                      {"dma", UnitForm::kBoth},
                      {"csr", UnitForm::kRtl}}});
}

}  // namespace
}  // namespace handoff
