// SPDX-License-Identifier: Apache-2.0
//
// An assertion of the RTL that fails while the engine runs: the run ends in that cycle and says
// which. The engine's own RTL keeps its promises, so others stand in for it: the unit on which the
// bench is tested, and an engine that throws as Verilated code does.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "gen/handoff_toy_rtl.h"
#include "model/clock.h"
#include "model/core/core_loop.h"
#include "model/core/model_engine.h"
#include "sim/core/composed_engine.h"
#include "sim/rtl_failure.h"
#include "tb/rig/flat_host.h"
#include "tb/twin/toy/handoff_toy.h"

namespace handoff {

template <>
struct EngineRtlOf<handoff_toy> {
  using type = handoff_toy_rtl;
};

namespace {

bool Has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

constexpr uint64_t kFails = 777;

// The model, which at the edge that ends cycle kFails throws.
class FailingEngine : public ModelEngine {
 public:
  explicit FailingEngine(const CoreParams& params) : ModelEngine(params) {}
  void Sample(uint64_t cycle) {
    cycle_ = cycle;
    samples.push_back(cycle);
  }
  void Tick() {
    ModelEngine::Tick();
    if (cycle_ != kFails) return;
    RtlFailure failure("an assertion of the RTL failed: rtl/handoff_dma.sv:493\n  A sentence.\n");
    failure.unit = "dma";
    throw failure;
  }
  static std::string LastOf(const std::string& unit) {
    return "last transfers of " + unit + ":\n  none\n";
  }
  static bool CloseWaves() {
    ++closed;
    return true;
  }

  inline static std::vector<uint64_t> samples;
  inline static int closed;

 private:
  uint64_t cycle_ = 0;
};

TEST(RtlFailure, EndsARunInItsCycleWithUnitFileAndSentence) {
  FailingEngine::samples.clear();
  FailingEngine::closed = 0;
  Core<FailingEngine> core({.idle_skip = false});
  core.Run(1000);
  core.Run(1000);  // does nothing more
  ASSERT_TRUE(core.mismatch());
  const CoreMismatch& m = *core.mismatch();
  EXPECT_TRUE(m.is_assertion);
  EXPECT_EQ(m.cycle, kFails);
  EXPECT_EQ(core.cycle(), kFails);
  EXPECT_EQ(m.time_ps, CycleToPs(kFails));
  EXPECT_EQ(m.unit, "dma");
  EXPECT_EQ(m.port, "");
  EXPECT_EQ(
      m.text.rfind("  time " + PsToUsText(m.time_ps) +
                       " us\nan assertion of the RTL failed: "
                       "rtl/handoff_dma.sv:493\n  A sentence.\nlast transfers of dma:\n  none\n"
                       "last transfers at the engine's pins:\n",
                   0),
      0u)
      << m.text;
  // Waves end with that cycle, which they have once.
  EXPECT_EQ(FailingEngine::closed, 1);
  EXPECT_EQ(std::count(FailingEngine::samples.begin(), FailingEngine::samples.end(), kFails), 1);
}

TEST(RtlFailure, IsWhatAHostWithoutSystemCThrows) {
  Core<FailingEngine> core({.idle_skip = false});
  FlatHost host(core);
  try {
    host.Run(2000);
    FAIL() << "nothing was thrown";
  } catch (const std::runtime_error& error) {
    EXPECT_TRUE(Has(error.what(), "cycle 777, unit dma:\n")) << error.what();
    EXPECT_TRUE(Has(error.what(), "an assertion of the RTL failed: ")) << error.what();
  }
}

// Verilated code throws, and its slot in the engine says whose it is.
TEST(RtlFailure, NamesTheUnitInAnEngineComposedOfUnits) {
  UnitSlot<handoff_toy> slot;
  slot.Configure(UnitForm::kBoth, 0);
  handoff_toy_rtl::Pins pins{};
  handoff_toy_rtl::Bind(slot.in, pins);
  slot.Reset();
  for (int i = 0; i < 10; ++i) {
    slot.Tick();
    slot.Commit();
  }
  pins.cfg.limit_us = ~uint32_t{0};
  try {
    slot.Tick();
    FAIL() << "nothing was thrown";
  } catch (const RtlFailure& failure) {
    EXPECT_EQ(failure.unit, "toy");
    EXPECT_TRUE(Has(failure.what(), "tb/twin/toy/handoff_toy.sv:")) << failure.what();
    EXPECT_TRUE(Has(failure.what(), "\n  The limit is never all ones:\n")) << failure.what();
  }
}

}  // namespace
}  // namespace handoff
