// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

#include "model/memory/access_log.h"
#include "model/memory/interval_map.h"
#include "model/memory/iommu.h"
#include "model/memory/physical_memory.h"
#include "model/rng.h"

namespace handoff {
namespace {

TEST(IntervalMap, AgreesWithAMapOfSingleAddresses) {
  Rng rng(TestSeed(), "intervals");
  IntervalMap<int> map;
  std::map<uint64_t, int> plain;
  IntervalSet set;
  for (int step = 0; step < 5000; ++step) {
    const uint64_t begin = rng.Below(60), end = begin + rng.Below(20);
    const int value = static_cast<int>(rng.Below(5));
    switch (rng.Below(3)) {
      case 0:
        if (begin < end) map.Assign(begin, end, value);
        set.Add(begin, end);
        for (uint64_t a = begin; a < end; ++a) plain[a] = value;
        break;
      case 1:
        map.Erase(begin, end);
        set.Erase(begin, end);
        for (uint64_t a = begin; a < end; ++a) plain.erase(a);
        break;
      default:
        map.Update(begin, end, [](int& v) { return ++v, true; });
        set.Add(begin, end);
        for (uint64_t a = begin; a < end; ++a) ++plain[a];
        break;
    }
    uint64_t first_without = 80, runs = 0;
    for (uint64_t a = 0; a < 80; ++a) {
      const auto* span = map.Find(a);
      ASSERT_EQ(span != nullptr, plain.count(a) != 0) << step;
      if (span != nullptr) {
        ASSERT_EQ(span->value, plain[a]) << step;
      }
      ASSERT_EQ(set.Contains(a), plain.count(a) != 0);
      if (plain.count(a) == 0) first_without = std::min(first_without, a);
      runs += plain.count(a) != 0 && (a == 0 || plain.count(a - 1) == 0);
    }
    ASSERT_EQ(map.FirstWithout(0, 80), first_without);
    ASSERT_EQ(set.Count(0, 80), plain.size());
    ASSERT_EQ(set.intervals(), runs) << "neighbours are one interval";
  }
}

TEST(PhysicalMemory, GivesZeroedAlignedMemoryAndNoAddressTwice) {
  PhysicalMemory memory({.base = 0x1000, .bytes = 10000});
  const uint64_t a = memory.Allocate(100, 64, sw::Owner::kDriver);
  const uint64_t b = memory.Allocate(5000, 8192, sw::Owner::kApplication);
  EXPECT_EQ(a % 64, 0);
  EXPECT_EQ(b % 8192, 0);
  EXPECT_NE(a / 4096, b / 4096) << "owners do not share a page";
  memory.At(b, 5000)[4999] = 7;
  EXPECT_EQ(memory.At(b + 4999, 1)[0], 7);
  EXPECT_EQ(memory.At(b, 1)[0], 0);
  EXPECT_THROW(memory.At(b, 5001), std::out_of_range);
  EXPECT_THROW(memory.At(a + 100, 1), std::out_of_range);
  EXPECT_THROW(memory.Allocate(6000, 1, sw::Owner::kKernel), std::bad_alloc);
  memory.Free(b);
  EXPECT_THROW(memory.Free(b), std::invalid_argument);
  EXPECT_THROW(memory.At(b, 1), std::out_of_range);
  EXPECT_GT(memory.Allocate(6000, 1, sw::Owner::kKernel), b);
}

class IommuTest : public testing::Test {
 protected:
  PhysicalMemory memory_;
  Iommu iommu_{memory_};
  std::string stray_;
  std::vector<uint8_t> bytes_ = std::vector<uint8_t>(8192, 0xab);
  uint64_t base_ = memory_.Allocate(16384, 4096, sw::Owner::kApplication);

  void SetUp() override {
    iommu_.on_stray = [this](const std::string& text) { stray_ = text; };
  }
  bool Write(uint64_t addr, size_t n) { return iommu_.Write(0x100, addr, bytes_.data(), n, 1000); }
  bool Read(uint64_t addr, size_t n) { return iommu_.Read(0x100, addr, bytes_.data(), n, 1000); }
};

TEST_F(IommuTest, LetsWritesToGrantedBytesOnlyAndReadsToTheirPages) {
  iommu_.Grant(base_ + 100, 200, true);
  EXPECT_TRUE(Write(base_ + 100, 200));
  EXPECT_TRUE(Read(base_ + 64, 64)) << "a whole beat at a time";
  EXPECT_EQ(stray_, "");
  EXPECT_FALSE(Write(base_ + 99, 2));
  EXPECT_FALSE(Write(base_ + 299, 2));
  EXPECT_NE(stray_.find("was not granted"), std::string::npos) << stray_;
  EXPECT_NE(stray_.find("owner application"), std::string::npos) << stray_;
  EXPECT_FALSE(Read(base_ + 4090, 10));
  EXPECT_EQ(memory_.At(base_ + 299, 2)[1], 0) << "a stray write does not happen";
  EXPECT_EQ(iommu_.strays(), 3);
}

TEST_F(IommuTest, TellsAReadOnlyPageFromAForeignOne) {
  iommu_.Grant(base_, 4096, false);
  EXPECT_TRUE(Read(base_, 4096));
  EXPECT_FALSE(Write(base_ + 8, 8));
  EXPECT_NE(stray_.find("for writing"), std::string::npos) << stray_;
  EXPECT_FALSE(Write(base_ + 1000000, 8));
  EXPECT_NE(stray_.find("no memory is allocated there"), std::string::npos) << stray_;
}

TEST_F(IommuTest, KeepsWhatTwoGrantsCoverUntilBothAreRevoked) {
  iommu_.Grant(base_, 8192, true);
  iommu_.Grant(base_ + 4096, 8192, true);
  EXPECT_TRUE(Write(base_ + 4000, 8192)) << "across neighbouring grants";
  iommu_.Revoke(base_, 8192);
  EXPECT_TRUE(Write(base_ + 4096, 4096));
  EXPECT_FALSE(Write(base_, 1));
  EXPECT_FALSE(Read(base_, 1));
  iommu_.Revoke(base_ + 4096, 8192);
  EXPECT_FALSE(Write(base_ + 4096, 1));
  EXPECT_FALSE(iommu_.AnyGranted(base_, 16384));
  EXPECT_THROW(iommu_.Revoke(base_, 8192), std::invalid_argument);
  EXPECT_THROW(iommu_.Grant(base_ + 16000, 1000, true), std::out_of_range);
}

TEST_F(IommuTest, LogsWhoWroteWhichBytesWhen) {
  iommu_.Grant(base_, 16384, true);
  for (uint64_t i = 0; i < 8; ++i) {
    ASSERT_TRUE(iommu_.Write(0x100, base_ + 100 * i, bytes_.data(), 100, 1000 * (i + 1)));
  }
  const AccessLog& log = iommu_.log();
  EXPECT_EQ(log.FirstWithout(AccessKind::kWrite, base_, 800), base_ + 800);
  EXPECT_EQ(log.FirstWithout(AccessKind::kWrite, base_, 801), base_ + 800);
  EXPECT_EQ(log.FirstWithout(AccessKind::kRead, base_, 1), base_);
  ASSERT_EQ(log.Of(AccessKind::kWrite).map().size(), 1) << "a stream is one entry";
  const auto* entry = log.Of(AccessKind::kWrite).Find(base_ + 5);
  EXPECT_EQ(entry->value.first_ps, 1000);
  EXPECT_EQ(entry->value.last_ps, 8000);
  EXPECT_EQ(entry->value.requester, 0x100);
  ASSERT_TRUE(iommu_.Write(0x200, base_ + 50, bytes_.data(), 10, 9000));
  EXPECT_EQ(log.Of(AccessKind::kWrite).Find(base_ + 55)->value.requester, 0x200);
  EXPECT_EQ(log.Recent().back().ToString(),
            "0.009000 us: 02:00.0 writes 0x100000032-0x10000003b (10 bytes)");
}

TEST_F(IommuTest, KnowsWhatWasReadTwice) {
  iommu_.Grant(base_, 4096, true);
  ASSERT_TRUE(Write(base_, 1000));
  EXPECT_EQ(iommu_.log().TakeUnread(base_ + 10, 100), 100);
  EXPECT_EQ(iommu_.log().TakeUnread(base_, 200), 100);
  ASSERT_TRUE(Write(base_, 50));
  EXPECT_EQ(iommu_.log().TakeUnread(base_, 200), 50);
}

}  // namespace
}  // namespace handoff
