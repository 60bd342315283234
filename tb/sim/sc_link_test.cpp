// SPDX-License-Identifier: Apache-2.0
#include "model/link/link.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "model/link/frame_port.h"
#include "tb/rig/in_child.h"

namespace handoff {
namespace {

struct Arrival {
  uint64_t ps;
  std::vector<uint8_t> frame;
  bool bad;
};

struct Bench {
  explicit Bench(const LinkParams& params) : link("link", params, params, queue, 1) {
    link.BindA(a);
    link.BindB(b);
    b.on_frame = [this](std::vector<uint8_t> frame, bool bad) {
      at_b.push_back({queue.now_ps(), std::move(frame), bad});
    };
  }
  // Frames of these many bytes; the first four are the frame's number.
  void Send(uint32_t frames, size_t bytes, uint64_t every_ps) {
    for (uint32_t i = 0; i < frames; ++i) {
      std::vector<uint8_t> frame(bytes);
      for (size_t k = 0; k < 4; ++k) frame[k] = static_cast<uint8_t>(i >> 8 * k);
      queue.Post(i * every_ps, clock, [this, frame] { a.Send(frame); });
    }
    sc_core::sc_start(1, sc_core::SC_SEC);
  }
  static uint32_t Number(const std::vector<uint8_t>& frame) {
    return frame[0] | frame[1] << 8 | frame[2] << 16;
  }
  std::string Numbers() const {
    std::string text;
    for (const Arrival& arrival : at_b) text += std::to_string(Number(arrival.frame)) + " ";
    return text;
  }

  OrderedQueue queue{"queue"};
  OrderedQueue::Component clock = queue.AddComponent("clock");
  FramePort a{"a", queue}, b{"b", queue};
  std::vector<Arrival> at_b;
  Link link;
};

TEST(Link, TakesRateAndDelayIntoAccount) {
  LinkParams params;
  params.rate_gbps = 10;
  params.delay_ns = 5000;
  Bench bench(params);
  bench.Send(3, 1514, 0);
  ASSERT_EQ(bench.at_b.size(), 3);
  // 8 + 1514 + 4 bytes of 0.8 ns, then 12 bytes of gap.
  EXPECT_EQ(bench.at_b[0].ps, 1526 * 800 + 5'000'000);
  EXPECT_EQ(bench.at_b[2].ps, 1526 * 800 + 2 * 1538 * 800 + 5'000'000);
}

TEST(Link, LosesTheFramesThatAScenarioNames) {
  LinkParams params;
  params.drop = {0, 3};
  Bench bench(params);
  bench.Send(6, 60, 1000000);
  EXPECT_EQ(bench.Numbers(), "1 2 4 5 ");
  EXPECT_EQ(bench.link.a_to_b.counts().lost, 2);
}

TEST(Link, OverflowsAQueueThatIsFull) {
  LinkParams params;
  params.queue_bytes = 3100;
  Bench bench(params);
  bench.Send(10, 1514, 0);
  EXPECT_EQ(bench.Numbers(), "0 1 2 ");
  EXPECT_EQ(bench.link.a_to_b.counts().overflowed, 7);
}

TEST(Link, ReordersDuplicatesAndCorruptsAboutAsOftenAsAsked) {
  LinkParams params;
  params.reorder = 0.2;
  params.duplicate = 0.1;
  params.corrupt = 0.1;
  params.corrupt_past_fcs = 0.1;
  params.loss = 0.3;
  params.reorder_ns = 3000;
  Bench bench(params);
  bench.Send(2000, 100, 1000000);
  const LinkDirection::Counts& counts = bench.link.a_to_b.counts();
  EXPECT_EQ(counts.frames, 2000);
  EXPECT_NEAR(static_cast<double>(counts.lost), 600, 80);
  EXPECT_NEAR(static_cast<double>(counts.reordered), 280, 60);
  EXPECT_NEAR(static_cast<double>(counts.duplicated), 140, 45);
  EXPECT_NEAR(static_cast<double>(counts.corrupted), 266, 60);
  EXPECT_EQ(bench.at_b.size(), 2000 - counts.lost + counts.duplicated);
  uint64_t bad = 0, wrong = 0, late = 0;
  uint32_t highest = 0;
  for (const Arrival& arrival : bench.at_b) {
    std::vector<uint8_t> rest(arrival.frame.begin() + 4, arrival.frame.end());
    const bool changed = rest != std::vector<uint8_t>(96);
    bad += arrival.bad;
    wrong += changed && !arrival.bad;
    if (arrival.bad || changed || Bench::Number(arrival.frame) > 2000) continue;
    late += Bench::Number(arrival.frame) < highest;
    highest = std::max(highest, Bench::Number(arrival.frame));
  }
  EXPECT_GT(bad, 100);
  EXPECT_GT(wrong, 100);
  EXPECT_GT(late, 100);
}

std::string Lost(double duplicate, double corrupt) {
  LinkParams params;
  params.loss = 0.2;
  params.duplicate = duplicate;
  params.corrupt_past_fcs = corrupt;
  Bench bench(params);
  bench.Send(300, 100, 1000000);
  std::set<uint32_t> seen;
  for (const Arrival& arrival : bench.at_b) {
    seen.insert(static_cast<uint32_t>(arrival.ps / 1000000));
  }
  std::string text;
  for (const uint32_t us : seen) text += std::to_string(us) + " ";
  return text;
}

TEST(Link, LosesTheSameFramesWhateverElseHappens) {
  const std::string base = InChild([] { return Lost(0, 0); });
  EXPECT_EQ(InChild([] { return Lost(0.5, 0); }), base);
  EXPECT_EQ(InChild([] { return Lost(0, 0.5); }), base);
}

TEST(Link, TellsItsObserverInOrderOfTime) {
  LinkParams params;
  params.drop = {1};
  Bench bench(params);
  std::string seen;
  uint64_t last = 0;
  bench.link.a_to_b.observer = [&](uint64_t ps, LinkDirection::Fate fate,
                                   const std::vector<uint8_t>& frame, bool) {
    EXPECT_GE(ps, last);
    EXPECT_EQ(ps, bench.queue.now_ps());
    last = ps;
    seen += "slA"[static_cast<size_t>(fate)] + std::to_string(Bench::Number(frame)) + " ";
  };
  bench.Send(3, 60, 100000);
  EXPECT_EQ(seen, "s0 s1 l1 s2 A0 A2 ");
}

TEST(Link, LosesEverythingWhileItIsDown) {
  Bench bench(LinkParams{});
  bench.queue.Post(2500000, bench.clock, [&] { bench.link.SetUp(false); });
  bench.queue.Post(5500000, bench.clock, [&] { bench.link.SetUp(true); });
  bench.Send(8, 60, 1000000);
  EXPECT_EQ(bench.Numbers(), "0 1 2 6 7 ");
}

TEST(Link, NamesWhatIsWrongWithItsParameters) {
  EXPECT_EQ(LinkParams{}.Problem(), "");
  LinkParams params;
  params.loss = 1.5;
  EXPECT_EQ(params.Problem(), "a chance must be 0 to 1");
  params = {};
  params.rate_gbps = 0;
  EXPECT_NE(params.Problem(), "");
}

}  // namespace
}  // namespace handoff
