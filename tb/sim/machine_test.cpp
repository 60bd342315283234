// SPDX-License-Identifier: Apache-2.0
//
// What every run of the whole system finds out, whoever plays on it.
#include "sim/run/machine.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <functional>
#include <string>
#include <utility>

#include "gen/handoff_pkg.h"
#include "gen/handoff_regs.h"
#include "model/link/frame_port.h"
#include "tb/rig/in_child.h"

namespace handoff::system {
namespace {

// A machine with nobody at the far end, in a process of its own: what `story` tells of it.
std::string Of(const Machine::Params& params, const std::function<std::string(Machine&)>& story) {
  return InChild([&] {
    RunConfig config;
    config.core.form = EngineForm::kModel;
    Machine::Params of = params;
    of.software.driver.mac = tcp::MacAddr{{2, 0, 0, 0, 0, 2}};
    Machine machine(config, std::move(of));
    FramePort nobody("nobody", machine.queue);
    machine.link.BindB(nobody);
    return story(machine);
  });
}

std::string Failures(const Machine& machine) {
  std::string text;
  for (const std::string& failure : machine.status.failures()) text += failure + "\n";
  return text;
}

// The engine itself refuses it; the write is posted, so that only a read tells.
TEST(Machine, FailsByNameForARingThatTheEngineRefuses) {
  Machine::Params params;
  params.software.driver.log_commands = kLogSizeMax + 1;
  const auto story = [](Machine& machine) {
    const bool up = machine.Start();
    return (up ? "up: " : "down: ") + Failures(machine);
  };
  EXPECT_EQ(Of(params, story),
            fmt::format("down: the engine refused a register: register ring[0].size ({:#x}): wrote "
                        "{:#x}, read back {:#x}\n",
                        offsetof(handoff_t, ring) + offsetof(handoff_ring_t, size), kLogSizeMax + 1,
                        HANDOFF__RINGX__SIZE__LOG_SIZE_reset));
}

TEST(Machine, FailsForARegisterAccessThatWasRefused) {
  const auto story = [](bool bad) {
    return Of({}, [bad](Machine& machine) {
      machine.Start();
      if (bad) {
        machine.RunSoftware([&] { machine.hw().WriteReg(offsetof(handoff_t, ident), 1); });
      }
      RunResult result;
      machine.ReadResults(&result);
      return Failures(machine);
    });
  };
  EXPECT_EQ(story(false), "");
  EXPECT_EQ(story(true), "the engine refused 1 register accesses\n");
}

TEST(Machine, SaysThatTheEngineHasFewerEntriesThanWereAskedFor) {
  const auto notes = [](size_t max_entries) {
    Machine::Params params;
    params.software.delegation.max_entries = max_entries;
    return Of(params, [](Machine& machine) {
      machine.Start();
      RunResult result;
      machine.ReadResults(&result);
      std::string text = std::to_string(machine.host.driver().build().dct_entries) + ":";
      for (const std::string& note : result.notes) text += note;
      return text + Failures(machine);
    });
  };
  const std::string entries = notes(driver::DelegationConfig().max_entries);
  ASSERT_EQ(entries.back(), ':') << "all it has is what was asked for";
  const size_t has = std::stoul(entries);
  EXPECT_EQ(notes(has), entries);
  const std::string n = std::to_string(has);
  EXPECT_EQ(notes(has + 1), entries + "host.delegation.max_entries is " + std::to_string(has + 1) +
                                ", the engine has " + n + ": " + n + " were used at most");
}

}  // namespace
}  // namespace handoff::system
