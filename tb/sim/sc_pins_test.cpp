// SPDX-License-Identifier: Apache-2.0
//
// The checker of the engine's pins: each rule, broken once by hand.
#include "model/core/pin_checker.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "tb/rig/copy_device.h"

namespace handoff {
namespace {

struct Bench {
  void See() { checker.See(cycle++, pins, out); }
  std::string Errors() {
    std::string text;
    for (const std::string& error : checker.errors) text += error + "; ";
    checker.errors.clear();
    return text;
  }
  PinChecker checker;
  EnginePins pins;
  CopyDevice::Out out;
  uint64_t cycle = 0;
};

TEST(PinChecker, NamesAValidThatFallsAndAPayloadThatChanges) {
  Bench bench;
  bench.out.aw_valid = true;
  bench.out.aw.addr = 64;
  bench.See();
  bench.See();
  EXPECT_EQ(bench.Errors(), "");
  bench.out.aw.addr = 128;
  bench.See();
  EXPECT_EQ(bench.Errors(), "cycle 2, aw: payload changed before it was taken; ");
  bench.out.aw_valid = false;
  bench.See();
  EXPECT_EQ(bench.Errors(), "cycle 3, aw: valid fell before it was taken; ");
  bench.out.aw_valid = bench.pins.aw_ready = true;
  bench.See();
  bench.out.aw_valid = false;
  bench.See();
  EXPECT_EQ(bench.Errors(), "");
}

TEST(PinChecker, NamesABubbleAndABeatThatIsNotFull) {
  Bench bench;
  bench.pins.tx_ready = true;
  bench.out.tx_valid = true;
  bench.out.tx.keep = ~uint64_t{0};
  bench.See();
  EXPECT_EQ(bench.checker.Leftovers().size(), 1);
  bench.out.tx_valid = false;
  bench.See();
  EXPECT_EQ(bench.Errors(), "cycle 1, tx: a bubble inside a frame; ");
  bench.out.tx_valid = true;
  bench.out.tx.keep = 0xff;
  bench.See();
  EXPECT_EQ(bench.Errors(), "cycle 2, tx: a beat before the last is not full; ");
  bench.out.tx.last = true;
  bench.out.tx.keep = 0xf0;
  bench.See();
  EXPECT_EQ(bench.Errors(), "cycle 3, tx: keep is not contiguous from lane 0; ");
  bench.out.tx.keep = 0xf;
  bench.See();
  EXPECT_EQ(bench.Errors(), "");
  EXPECT_TRUE(bench.checker.Leftovers().empty());
}

TEST(PinChecker, NamesAnIdThatIsUsedTwice) {
  Bench bench;
  bench.pins.ar_ready = bench.out.ar_valid = true;
  bench.out.ar.id = 3;
  bench.See();
  bench.See();
  EXPECT_EQ(bench.Errors(), "cycle 1, ar: the id of a read that is not answered yet; ");
  EXPECT_EQ(bench.checker.Leftovers().at(0), "ar: 1 reads were not answered");
  bench.out.ar_valid = false;
  bench.pins.r_valid = bench.out.r_ready = true;
  bench.pins.r.id = 3;
  bench.pins.r.last = true;
  bench.See();
  EXPECT_EQ(bench.Errors(), "");
  bench.See();
  EXPECT_EQ(bench.Errors(), "cycle 3, r: an answer to no read; ");
}

TEST(PinChecker, KeepsTheLastSixteenTransfersOfAChannel) {
  Bench bench;
  bench.pins.irq_ready = bench.out.irq_valid = true;
  for (uint8_t i = 0; i < 20; ++i) {
    bench.out.irq.vector = i;
    bench.See();
  }
  const std::string history = bench.checker.History();
  EXPECT_EQ(history.find("cycle 3 "), std::string::npos) << history;
  EXPECT_NE(history.find("cycle 4 irq {vector=4}"), std::string::npos) << history;
  EXPECT_NE(history.find("cycle 19 irq {vector=19}"), std::string::npos) << history;
}

}  // namespace
}  // namespace handoff
