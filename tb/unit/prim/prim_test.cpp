// SPDX-License-Identifier: Apache-2.0
//
// Each prim against its twin, cycle by cycle, on random inputs with random resets
// (docs/units/prim.md).

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <string>
#include <type_traits>

#include "Vhandoff_prim_test.h"
#include "model/prim/arb.h"
#include "model/prim/delay.h"
#include "model/prim/fifo.h"
#include "model/prim/ram.h"
#include "model/prim/ram_fifo.h"
#include "model/prim/skid.h"
#include "model/rng.h"
#include "tb/twin/hits.h"

namespace handoff {
namespace {

constexpr uint32_t kRamDepth = 12;

struct Inputs {
  bool push = false;
  uint64_t data = 0;
  bool pop = false;
  bool re = false;
  uint8_t raddr = 0;
  bool we = false;
  uint8_t waddr = 0;
  uint8_t req = 0;
  bool take = false;
};

// Random inputs in phases, each with its own density, so that FIFOs run full and empty.
class Stimulus {
 public:
  explicit Stimulus(const char* stream) : rng_(TestSeed(), stream) {}

  Inputs Next() {
    if (rng_.Chance(0.01)) {
      for (double& p : density_) p = static_cast<double>(rng_.Below(5)) / 4;
    }
    Inputs x;
    x.push = rng_.Chance(density_[0]);
    x.data = rng_.Next();
    x.pop = rng_.Chance(density_[1]);
    x.we = rng_.Chance(density_[2]);
    x.waddr = static_cast<uint8_t>(rng_.Below(kRamDepth));
    x.raddr = rng_.Chance(0.3) ? x.waddr : static_cast<uint8_t>(rng_.Below(kRamDepth));
    x.re = rng_.Chance(density_[3]) && written_[x.raddr];  // never a word not yet written
    if (x.we) written_[x.waddr] = true;
    x.req = static_cast<uint8_t>(rng_.Next() & rng_.Next());
    x.take = rng_.Chance(density_[4]);
    return x;
  }
  bool Reset() { return rng_.Chance(0.002); }

 private:
  Rng rng_;
  std::array<double, 5> density_ = {0.5, 0.5, 0.5, 0.5, 0.5};
  std::array<bool, kRamDepth> written_{};
};

// The Verilated prims, with random contents at power-up.
class Prims {
 public:
  Prims() {
    context_->randReset(2);
    context_->randSeed(static_cast<int>(TestSeed() & 0x7fffffff));
    top_ = std::make_unique<Vhandoff_prim_test>(context_.get());
    top_->clk_i = 0;
    top_->rst_ni = 0;
    top_->eval();
    Edge();
  }
  ~Prims() { top_->final(); }

  void Set(const Inputs& x, bool reset) {
    top_->rst_ni = !reset;
    top_->push_i = x.push;
    top_->data_i = x.data;
    top_->pop_i = x.pop;
    top_->re_i = x.re;
    top_->raddr_i = x.raddr;
    top_->we_i = x.we;
    top_->waddr_i = x.waddr;
    top_->req_i = x.req;
    top_->take_i = x.take;
  }
  void Settle() { top_->eval(); }
  void Edge() {
    top_->clk_i = 1;
    top_->eval();
    top_->clk_i = 0;
    top_->eval();
  }
  Vhandoff_prim_test& top() { return *top_; }

 private:
  std::unique_ptr<VerilatedContext> context_ = std::make_unique<VerilatedContext>();
  std::unique_ptr<Vhandoff_prim_test> top_;
};

// What an instance shows, as handoff_prim_test packs it.
struct View {
  uint64_t data = 0;
  bool ready = false;
  bool valid = false;
  bool empty_d = false;
  uint32_t count = 0;
};

template <class Wide>
View ViewOf(const Wide& pins, uint32_t index) {
  uint64_t words[2];
  std::memcpy(words, pins.data() + 4 * index, sizeof words);
  return {words[0], (words[1] & 1) != 0, (words[1] & 2) != 0, (words[1] & 4) != 0,
          static_cast<uint32_t>(words[1] >> 8)};
}

constexpr int kCycles = 200000;

TEST(Prim, SkidsAreTwins) {
  Stimulus stimulus("skid");
  Prims rtl;
  prim::Skid<uint64_t> model;
  Hits hits;
  hits.Declare({"passed through", "stored one", "stored two", "reset while it held something"});
  for (int cycle = 0; cycle < kCycles; ++cycle) {
    const Inputs x = stimulus.Next();
    const bool reset = stimulus.Reset();
    rtl.Set(x, reset);
    rtl.Settle();
    const View before = ViewOf(rtl.top().skid_o, 0);
    ASSERT_EQ(before.ready, model.ready()) << cycle;
    ASSERT_EQ(before.valid, model.valid(x.push)) << cycle;
    ASSERT_EQ(before.data, before.valid ? model.data(x.data) : 0) << cycle;
    if (model.empty() && before.valid && x.pop) hits.Hit("passed through");
    if (reset && !model.empty()) hits.Hit("reset while it held something");
    const bool settled = model.settled() && !x.push && !reset;
    rtl.Edge();
    if (reset) {
      model.Reset();
    } else {
      model.Tick(x.push, x.data, x.pop);
      ASSERT_EQ(before.empty_d, model.empty()) << cycle;
    }
    ASSERT_TRUE(!settled || model.settled()) << cycle;
    if (!model.empty()) hits.Hit(model.ready() ? "stored one" : "stored two");
  }
  hits.Report(true);
}

// The instances of a FIFO kind, in the depths of handoff_prim_test.
template <class Fifo, class Pins>
void CompareFifos(const char* name, std::initializer_list<uint32_t> depths, Pins pins) {
  Hits hits;
  hits.Declare({"full", "empty", "push and pop", "push while full", "pop while empty", "reset"});
  // Only a FIFO in a RAM takes a cycle to show a word.
  const bool in_ram = std::is_same_v<Fifo, prim::RamFifo<uint64_t>>;
  if (in_ram) hits.Declare({"words held, none shown"});
  for (uint32_t i = 0; i < depths.size(); ++i) {
    const uint32_t depth = depths.begin()[i];
    SCOPED_TRACE("depth " + std::to_string(depth));
    Stimulus stimulus(name);
    Prims rtl;
    Fifo model(depth);
    for (int cycle = 0; cycle < kCycles; ++cycle) {
      const Inputs x = stimulus.Next();
      const bool reset = stimulus.Reset();
      rtl.Set(x, reset);
      rtl.Settle();
      const View before = ViewOf(pins(rtl.top()), i);
      ASSERT_EQ(before.ready, model.ready()) << cycle;
      ASSERT_EQ(before.valid, model.valid()) << cycle;
      ASSERT_EQ(before.count, model.count()) << cycle;
      ASSERT_EQ(before.data, model.data()) << cycle;
      if (x.push && x.pop && model.ready() && model.valid()) hits.Hit("push and pop");
      if (x.push && !model.ready()) hits.Hit("push while full");
      if (x.pop && !model.valid()) hits.Hit("pop while empty");
      if (model.count() == depth) hits.Hit("full");
      if (model.empty()) hits.Hit("empty");
      if (!model.empty() && !model.valid()) hits.Hit("words held, none shown");
      rtl.Edge();
      if (reset) {
        hits.Hit("reset");
        model.Reset();
      } else {
        model.Tick(x.push, x.data, x.pop);
        ASSERT_EQ(before.empty_d, model.empty()) << cycle;
      }
    }
  }
  hits.Report(true);
}

TEST(Prim, FifosAreTwins) {
  CompareFifos<prim::Fifo<uint64_t>>(
      "fifo", {1, 2, 5, 16}, [](auto& top) -> auto& { return top.fifo_o; });
}

TEST(Prim, RamFifosAreTwins) {
  CompareFifos<prim::RamFifo<uint64_t>>(
      "ram_fifo", {2, 7, 16}, [](auto& top) -> auto& { return top.ram_fifo_o; });
}

TEST(Prim, RamFifoShowsAWordTwoCyclesAfterItsPushAndThenOneEachCycle) {
  prim::RamFifo<uint64_t> fifo(8);
  fifo.Tick(true, 1, true);  // cycle 0
  EXPECT_FALSE(fifo.valid());
  fifo.Tick(true, 2, true);  // cycle 1
  for (uint64_t i = 1; i < 100; ++i) {
    ASSERT_TRUE(fifo.valid());
    ASSERT_EQ(fifo.data(), i);
    fifo.Tick(true, i + 2, true);
  }
}

TEST(Prim, RamsAreTwins) {
  Stimulus stimulus("ram");
  Prims rtl;
  prim::Ram<uint64_t> model(kRamDepth);
  Hits hits;
  hits.Declare({"read of the word being written", "held without a read", "reset"});
  for (int cycle = 0; cycle < kCycles; ++cycle) {
    const Inputs x = stimulus.Next();
    // At an edge in reset nothing is written: then the stimulus does not write either.
    const bool reset = stimulus.Reset() && !x.we;
    rtl.Set(x, reset);
    rtl.Settle();
    ASSERT_EQ(rtl.top().ram_o, model.rdata()) << cycle;
    if (x.re && x.we && x.raddr == x.waddr) hits.Hit("read of the word being written");
    if (!x.re && model.rdata() != 0) hits.Hit("held without a read");
    rtl.Edge();
    if (reset) {
      hits.Hit("reset");
      model.Reset();
    } else {
      model.Tick(x.re, x.raddr, x.we, x.waddr, x.data);
    }
  }
  hits.Report(true);
}

TEST(Prim, RamsKeepTheirWordsInReset) {
  Prims rtl;
  const auto edge = [&](bool reset, bool re, bool we, uint64_t data) {
    rtl.Set({.data = data, .re = re, .raddr = 3, .we = we, .waddr = 3}, reset);
    rtl.Edge();
  };
  edge(false, false, true, 77);
  edge(true, true, true, 88);
  EXPECT_EQ(rtl.top().ram_o, 0u);
  edge(false, true, false, 0);
  EXPECT_EQ(rtl.top().ram_o, 77u);
}

template <uint32_t N>
void CompareDelay(uint32_t index) {
  SCOPED_TRACE("stages " + std::to_string(N));
  Stimulus stimulus("delay");
  Prims rtl;
  prim::Delay<uint64_t, N> model;
  uint64_t seen = 0;
  for (int cycle = 0; cycle < kCycles; ++cycle) {
    const Inputs x = stimulus.Next();
    const bool reset = stimulus.Reset();
    rtl.Set(x, reset);
    rtl.Settle();
    const View before = ViewOf(rtl.top().delay_o, index);
    ASSERT_EQ(before.valid, model.valid()) << cycle;
    ASSERT_EQ(before.data, model.data()) << cycle;
    seen += before.valid;
    rtl.Edge();
    if (reset) {
      model.Reset();
    } else {
      model.Tick(x.push, x.data);
      ASSERT_EQ(before.empty_d, model.empty()) << cycle;
    }
  }
  EXPECT_GT(seen, 0u);
}

TEST(Prim, DelaysAreTwins) {
  CompareDelay<1>(0);
  CompareDelay<5>(1);
}

template <uint32_t N>
void CompareArb(uint32_t index) {
  SCOPED_TRACE("requests " + std::to_string(N));
  Stimulus stimulus("arb");
  Prims rtl;
  prim::Arb<N> model;
  std::array<uint64_t, N> grants{};
  for (int cycle = 0; cycle < kCycles; ++cycle) {
    const Inputs x = stimulus.Next();
    const bool reset = stimulus.Reset();
    rtl.Set(x, reset);
    rtl.Settle();
    const uint8_t shown = static_cast<uint8_t>(rtl.top().arb_o >> (8 * index));
    const int pick = model.Pick(x.req & ((1u << N) - 1));
    ASSERT_EQ((shown & 0x80) != 0, pick >= 0) << cycle;
    ASSERT_EQ(shown & 0x7f, pick >= 0 ? pick : 0) << cycle;
    rtl.Edge();
    if (reset) {
      model.Reset();
    } else if (pick >= 0 && x.take) {
      ++grants[pick];
      model.Tick(pick);
    }
  }
  for (const uint64_t count : grants) EXPECT_GT(count, 0u);
}

TEST(Prim, ArbitersAreTwins) {
  CompareArb<1>(0);
  CompareArb<2>(1);
  CompareArb<5>(2);
  CompareArb<8>(3);
}

TEST(Prim, ArbiterServesAllInTurn) {
  prim::Arb<3> arb;
  std::string order;
  for (int i = 0; i < 6; ++i) {
    const int pick = arb.Pick(0b111);
    order += static_cast<char>('0' + pick);
    arb.Tick(pick);
  }
  EXPECT_EQ(order, "012012");
  EXPECT_EQ(arb.Pick(0), -1);
}

// What the generated adapters rely on: inputs and the rising clock in one evaluation give what
// inputs that settled before the edge give.
TEST(Prim, InputsSetWithTheRisingClockAreSeenAsSetBeforeIt) {
  Stimulus stimulus("edge");
  Prims settled, at_once;
  for (int cycle = 0; cycle < kCycles; ++cycle) {
    const Inputs x = stimulus.Next();
    const bool reset = stimulus.Reset();
    settled.Set(x, reset);
    settled.Settle();
    settled.Edge();
    at_once.Set(x, reset);
    at_once.Edge();
    Vhandoff_prim_test& a = settled.top();
    Vhandoff_prim_test& b = at_once.top();
    ASSERT_EQ(std::memcmp(&a.skid_o, &b.skid_o, sizeof a.skid_o), 0) << cycle;
    ASSERT_EQ(std::memcmp(&a.fifo_o, &b.fifo_o, sizeof a.fifo_o), 0) << cycle;
    ASSERT_EQ(std::memcmp(&a.ram_fifo_o, &b.ram_fifo_o, sizeof a.ram_fifo_o), 0) << cycle;
    ASSERT_EQ(std::memcmp(&a.delay_o, &b.delay_o, sizeof a.delay_o), 0) << cycle;
    ASSERT_EQ(a.ram_o, b.ram_o) << cycle;
    ASSERT_EQ(a.arb_o, b.arb_o) << cycle;
  }
}

}  // namespace
}  // namespace handoff
