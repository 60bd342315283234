// SPDX-License-Identifier: Apache-2.0
//
// A posted write is not answered, so the driver reads back what has to hold: an engine that refuses
// a register does not come up, and the driver names the register, what was written and what was
// read.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "gen/handoff_pkg.h"
#include "gen/handoff_regs.h"
#include "sw/driver/driver.h"
#include "tb/sw/fake_hw.h"

namespace handoff::driver {
namespace {

constexpr uint32_t RingRegister(RingId id, size_t offset) {
  return static_cast<uint32_t>(offsetof(handoff_t, ring) +
                               static_cast<size_t>(id) * sizeof(handoff_ring_t) + offset);
}
constexpr size_t kSize = offsetof(handoff_ring_t, size);
constexpr size_t kEnable = offsetof(handoff_ring_t, enable);

// An engine that has registers, and nothing behind them.
class DriverRegisters : public testing::Test {
 protected:
  DriverRegisters() {
    hw_.SetDevice({.write = [this](uint32_t o, uint32_t v) { Write(o, v); },
                   .read = [this](uint32_t o) { return Read(o); }});
    Reset();
  }
  void Reset() {
    held_.clear();
    held_[offsetof(handoff_t, ident)] = HANDOFF__IDENT__VALUE_reset;
    held_[offsetof(handoff_t, build)] = entries_;
    held_[offsetof(handoff_t, status)] = HANDOFF__STATUS__RESET_DONE_bm;
    for (uint32_t ring = 0; ring < 4; ++ring) {
      held_[RingRegister(RingId(ring), kSize)] = HANDOFF__RINGX__SIZE__LOG_SIZE_reset;
    }
  }
  // Of docs/units/csr.md, row 5; a refused write changes nothing.
  void Write(uint32_t offset, uint32_t value) {
    writes_.push_back(offset);
    if (offset == offsetof(handoff_t, ctrl)) Reset();
    if (offset == refused_) return;
    for (uint32_t ring = 0; ring < 4; ++ring) {
      if (offset == RingRegister(RingId(ring), kSize) && (value == 0 || value > kLogSizeMax)) {
        return;
      }
    }
    held_[offset] = value;
  }
  sw::ReadResult Read(uint32_t offset) {
    if (offset == unreadable_) return {};
    return {held_.contains(offset), held_[offset]};
  }

  void Start(const DriverConfig& config) {
    driver_.emplace(hw_, config);
    driver_->SetErrorHandler([this](const std::string& why) { errors_.push_back(why); });
    driver_->Start([this](bool ok) { ready_ = ok; });
    time_.RunFor(sw::Millis(1));
  }
  uint64_t Writes(uint32_t offset) const {
    return static_cast<uint64_t>(std::count(writes_.begin(), writes_.end(), offset));
  }

  uint32_t entries_ = 64;  // of its table
  tb::VirtualTime time_;
  tb::FakeHw hw_{time_};
  std::map<uint32_t, uint32_t> held_;
  std::optional<uint32_t> refused_, unreadable_;
  std::vector<uint32_t> writes_;
  std::optional<Driver> driver_;
  std::optional<bool> ready_;
  std::vector<std::string> errors_;
};

TEST_F(DriverRegisters, AreAllReadBackBeforeTheEngineIsUp) {
  Start({.log_commands = kLogSizeMax});
  EXPECT_EQ(ready_, true);
  EXPECT_TRUE(driver_->up());
  EXPECT_TRUE(errors_.empty());
  EXPECT_EQ(held_[RingRegister(RingId::kCommand, kSize)], kLogSizeMax);
}

// Rings of 2^8 commands and as many segments, 512 notifications of 256 legacy buffers, a reserve of
// 16, and one resync an entry.
TEST_F(DriverRegisters, HaveANotificationRingForAResyncOfEachEntry) {
  const DriverConfig config{.log_commands = 8,
                            .log_transmit = 8,
                            .log_legacy = 8,
                            .legacy_buffers = 256,
                            .ntf_reserve = 16};
  for (const auto& [entries, log_size] : {std::pair{64u, 11u}, {1024u, 12u}, {8192u, 14u}}) {
    entries_ = entries;
    Reset();
    Start(config);
    EXPECT_EQ(ready_, true);
    EXPECT_EQ(held_[RingRegister(RingId::kNotification, kSize)], log_size) << entries;
    EXPECT_GT(1u << log_size, 256u + 256u + 512u + 16u + entries);
  }
}

TEST_F(DriverRegisters, ARingThatIsTooLargeIsNamedAndNeverEnabled) {
  Start({.log_legacy = kLogSizeMax + 1});
  EXPECT_EQ(ready_, false);
  EXPECT_FALSE(driver_->up());
  EXPECT_EQ(errors_, std::vector<std::string>{fmt::format(
                         "the engine refused a register: register ring[2].size ({:#x}): wrote "
                         "{:#x}, read back {:#x}",
                         RingRegister(RingId::kLegacy, kSize), kLogSizeMax + 1,
                         HANDOFF__RINGX__SIZE__LOG_SIZE_reset)});
  for (uint32_t ring = 0; ring < 4; ++ring) {
    EXPECT_EQ(Writes(RingRegister(RingId(ring), kEnable)), 0u) << ring;
  }
}

// One after the other of all that are written is refused: whichever it is, it is found.
TEST_F(DriverRegisters, AnyThatIsRefusedIsFound) {
  DriverConfig config;
  config.mtu = 9000;
  config.limit_us = 7;
  config.delay_us = {11, 12, 13, 14};
  config.back_class = 2;
  config.ntf_reserve = 17;
  config.irq_count = 3;
  config.irq_delay_us = 5;
  config.log_commands = config.log_transmit = config.log_legacy = 9;
  for (uint32_t& word : config.hash_key) word = 0x1234;
  Start(config);
  ASSERT_EQ(ready_, true);
  const std::set<uint32_t> all(writes_.begin(), writes_.end());
  std::map<uint32_t, uint32_t> held = held_;
  uint32_t checked = 0;
  for (const uint32_t offset : all) {
    const bool index = offset >= RingRegister(RingId::kCommand, 0) &&
                       offset % sizeof(handoff_ring_t) == offsetof(handoff_ring_t, index);
    // What it holds after a reset is what is written.
    const bool same = held[offset] == 0;
    if (index || same) continue;
    driver_.reset();
    Reset();
    refused_ = offset;
    ready_.reset();
    errors_.clear();
    Start(config);
    EXPECT_EQ(ready_, false) << offset;
    EXPECT_EQ(errors_.size(), 1u) << offset;
    ++checked;
  }
  // 20 of the engine, and of each of 4 rings both halves of the base, size and enable; the low half
  // of the first one is 0.
  EXPECT_EQ(checked, 20u + 4 * 4 - 1);
}

TEST_F(DriverRegisters, OneThatCannotBeReadBackIsFound) {
  unreadable_ = offsetof(handoff_t, irq_delay_us);
  Start({});
  EXPECT_EQ(ready_, false);
  EXPECT_EQ(errors_, std::vector<std::string>{fmt::format(
                         "the engine refused a register: register irq_delay_us ({:#x}): wrote "
                         "0x0, read back an error",
                         offsetof(handoff_t, irq_delay_us))});
}

TEST_F(DriverRegisters, TheyAreReadBackAfterAResetToo) {
  Start({});
  ASSERT_EQ(ready_, true);
  refused_ = offsetof(handoff_t, limit_us);
  driver_->Reset();
  time_.RunFor(sw::Millis(1));
  EXPECT_FALSE(driver_->up());
  ASSERT_EQ(errors_.size(), 1u);
  EXPECT_NE(errors_[0].find("register limit_us (0x24): wrote 0x7a120"), std::string::npos)
      << errors_[0];
}

TEST_F(DriverRegisters, AnEngineThatIsNoneIsRefused) {
  held_[offsetof(handoff_t, ident)] = 1;
  Start({});
  EXPECT_EQ(ready_, false);
  EXPECT_EQ(errors_.size(), 1u);
  EXPECT_EQ(hw_.writes, 0u);
}

}  // namespace
}  // namespace handoff::driver
