// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "sw/driver/dma_pool.h"
#include "sw/memory/address_space.h"
#include "tb/sw/fake_hw.h"

namespace handoff::mem {
namespace {

class Memory : public testing::Test {
 protected:
  tb::VirtualTime time_;
  tb::FakeHw hw_{time_};
};

TEST_F(Memory, TranslatesAcrossPagesOfOneStretchToOnePiece) {
  AddressSpace space(hw_);
  const VirtAddr virt = space.Map(3 * kPageBytes);
  const auto pieces = space.Translate(virt + 100, 2 * kPageBytes);
  ASSERT_EQ(pieces.size(), 1u);
  EXPECT_EQ(pieces[0].bytes(), 2 * kPageBytes);
  EXPECT_EQ(pieces[0].view.data(), space.View(virt, 200).data() + 100);
}

TEST_F(Memory, ScatteredPagesMakeAPieceEach) {
  AddressSpace space(hw_);
  const VirtAddr virt = space.Map(4 * kPageBytes, kPageBytes);
  const auto pieces = space.Translate(virt + 4000, 5000);
  ASSERT_EQ(pieces.size(), 3u);
  EXPECT_EQ(pieces[0].bytes(), 96u);
  EXPECT_EQ(pieces[1].bytes(), kPageBytes);
  EXPECT_EQ(pieces[2].bytes(), 5000 - 96 - kPageBytes);
  EXPECT_THROW(space.View(virt, 5000), std::out_of_range);
}

TEST_F(Memory, PiecesAreCutAtTheLimit) {
  AddressSpace space(hw_);
  const VirtAddr virt = space.Map(200000);
  const auto pieces = space.Translate(virt + 1, 150000, 65536);
  ASSERT_EQ(pieces.size(), 3u);
  EXPECT_EQ(pieces[0].bytes(), 65536u);
  EXPECT_EQ(pieces[1].addr - pieces[0].addr, 65536u);
  EXPECT_EQ(pieces[2].bytes(), 150000u - 2 * 65536);
}

TEST_F(Memory, UnmappedIsAPageFault) {
  AddressSpace space(hw_);
  const VirtAddr virt = space.Map(kPageBytes);
  EXPECT_THROW(space.Translate(virt + 1, kPageBytes), std::out_of_range);
  EXPECT_THROW(space.Translate(VirtAddr(0), 1), std::out_of_range);
  space.Unmap(virt);
  EXPECT_THROW(space.Translate(virt, 1), std::out_of_range);
  EXPECT_EQ(hw_.blocks(), 0u);
}

TEST_F(Memory, ViewsAreFoundAgain) {
  AddressSpace space(hw_);
  AddressSpace other(hw_);
  const VirtAddr virt = space.Map(2 * kPageBytes);
  const auto view = space.View(virt + 50, 100);
  EXPECT_EQ(space.Find(view), virt + 50);
  EXPECT_EQ(other.Find(view), std::nullopt);
}

TEST_F(Memory, PinOpensExactlyItsBytesToTheEngine) {
  AddressSpace space(hw_);
  const VirtAddr virt = space.Map(2 * kPageBytes);
  auto pin = space.TryPin(virt + 10, 5000);
  ASSERT_NE(pin, nullptr);
  const uint64_t addr = pin->pieces()[0].addr.raw();
  EXPECT_NO_THROW(hw_.Dma(addr, 5000, true));
  EXPECT_THROW(hw_.Dma(addr - 1, 2, true), std::logic_error);
  EXPECT_THROW(hw_.Dma(addr + 4999, 2, true), std::logic_error);
  EXPECT_EQ(space.pinned_bytes(), 5000u);
  pin.reset();
  EXPECT_EQ(space.pinned_bytes(), 0u);
  EXPECT_THROW(hw_.Dma(addr, 1, true), std::logic_error);
}

// Corner 26.
TEST_F(Memory, OverlappingPinsAreRefused) {
  AddressSpace space(hw_);
  const VirtAddr virt = space.Map(2 * kPageBytes);
  const auto pin = space.TryPin(virt + 100, 100);
  EXPECT_EQ(space.TryPin(virt + 199, 1), nullptr);
  EXPECT_EQ(space.TryPin(virt + 50, 51), nullptr);
  EXPECT_EQ(space.TryPin(virt, 1000), nullptr);
  EXPECT_NE(space.TryPin(virt + 200, 1), nullptr);
  EXPECT_NE(space.TryPin(virt + 50, 50), nullptr);
  EXPECT_EQ(space.TryPin(virt + 300, 0), nullptr);
}

// Corner 30.
TEST_F(Memory, PinnedPagesOutliveTheirApplication) {
  std::shared_ptr<Pin> pin;
  std::shared_ptr<const void> memory;
  {
    AddressSpace space(hw_);
    pin = space.TryPin(space.Map(kPageBytes), 100);
  }
  EXPECT_NO_THROW(hw_.Dma(pin->pieces()[0].addr.raw(), 100, true));
  memory = pin->memory();
  pin.reset();
  EXPECT_EQ(hw_.grants(), 0u);
  EXPECT_EQ(hw_.blocks(), 1u) << "somebody still reads it";
  memory.reset();
  EXPECT_EQ(hw_.blocks(), 0u);
  EXPECT_EQ(hw_.freed_while_granted, 0u);
}

TEST_F(Memory, DmaPoolKnowsWhereItsBytesLie) {
  std::shared_ptr<uint8_t> kept;
  {
    driver::DmaPool pool(hw_);
    kept = pool.Allocate(1000);
    const auto again = pool.Allocate(1000);
    const auto addr = pool.Find({kept.get(), 1000});
    ASSERT_TRUE(addr);
    EXPECT_EQ(*pool.Find({kept.get() + 7, 3}), *addr + 7);
    EXPECT_NO_THROW(hw_.Dma(addr->raw(), 1000, false));
    EXPECT_THROW(hw_.Dma(addr->raw(), 1, true), std::logic_error) << "it is only read";
    uint8_t elsewhere[4];
    EXPECT_EQ(pool.Find(elsewhere), std::nullopt);
  }
  kept.reset();
  EXPECT_EQ(hw_.blocks(), 0u);
  EXPECT_EQ(hw_.grants(), 0u);
}

TEST_F(Memory, DmaPoolUsesMemoryAgain) {
  driver::DmaPool pool(hw_);
  const uint8_t* const first = pool.Allocate(16384).get();
  EXPECT_EQ(pool.Allocate(16384).get(), first);
}

}  // namespace
}  // namespace handoff::mem
