// SPDX-License-Identifier: Apache-2.0
//
// The lockstep bench on a unit in small: equal twins pass, and each fault is found and told.

#include "tb/twin/twin_bench.h"

#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "gen/handoff_toy_deep_rtl.h"
#include "gen/handoff_toy_rtl.h"
#include "tb/twin/toy/handoff_toy.h"

namespace handoff {
namespace {

using Bench = TwinBench<handoff_toy>;
using Bug = handoff_toy::Bug;

// What `body` reports as failures.
std::string FailuresOf(const std::function<void()>& body) {
  testing::TestPartResultArray results;
  {
    testing::ScopedFakeTestPartResultReporter reporter(
        testing::ScopedFakeTestPartResultReporter::INTERCEPT_ONLY_CURRENT_THREAD, &results);
    try {
      body();
    } catch (const testing::AssertionException&) {
    }
  }
  std::string text;
  for (int i = 0; i < results.size(); ++i) text += results.GetTestPartResult(i).message();
  return text;
}

void ExpectFind(const std::string& text, const std::string& part) {
  EXPECT_NE(text.find(part), std::string::npos) << "no '" << part << "' in:\n" << text;
}

// Words with all reasons and rising sequence numbers, grants beside them.
std::string RunWithBug(Bug bug) {
  return FailuresOf([&] {
    Bench bench;
    bench.model().bug = bug;
    Producer frame(bench, bench.to.frame);
    Consumer hdr(bench, bench.from.hdr);
    for (uint32_t i = 0; i < kReasonCount; ++i) {
      Hdr word;
      word.seg.seq = i;
      word.seg.reason = static_cast<Reason>(i);
      frame.Push(word);
    }
    bench.Cycle(100);
  });
}

template <class B>
void RandomRuns(B& bench) {
  bench.Declare({"all came out in order", "quiet", "stopped by its consumer"});
  Producer frame(bench, bench.to.frame);
  Consumer hdr(bench, bench.from.hdr);
  Producer grant(bench, bench.to.grant);
  Consumer cnt(bench, bench.from.tcp_cnt);
  bench.Runs(200, [&] {
    Rng rng = bench.MakeRng("words");
    frame.SetIdle(rng.Chance(0.5) ? 0.5 : 0);
    frame.SetGarbage(rng.Chance(0.5));
    hdr.SetPace(rng.Chance(0.5) ? 0.5 : 1);
    bench.in.cfg.limit_us = static_cast<uint32_t>(rng.Next());
    std::vector<Hdr> words;
    for (int i = 0; i < 50; ++i) {
      words.push_back(rng.Any<Hdr>());
      frame.Push(words.back());
      grant.Push(rng.Any<Grant>());
    }
    bench.Until([&] { return hdr.received() == 50 && cnt.received() == 50; }, "all words came out");
    for (const Hdr& word : words) EXPECT_EQ(hdr.Take(), word);
    bench.Hit("all came out in order");
    if (bench.cycle() > 80) bench.Hit("stopped by its consumer");
    bench.Until([&] { return bench.out().quiet; }, "the unit is quiet", 5);
    bench.Hit("quiet");
  });
}

TEST(TwinBench, PassesEqualTwins) {
  Bench bench;
  RandomRuns(bench);
}

TEST(TwinBench, GivesTheModelTheParametersOfTheRtl) {
  TwinBench<handoff_toy, handoff_toy_deep_rtl> bench;
  RandomRuns(bench);
}

TEST(TwinBench, TellsFieldValuesAndCommand) {
  const std::string text = RunWithBug(Bug::kField);
  ExpectFind(text, "port hdr, field seg.seq: rtl 7, model 3, xor 0x4\n");
  ExpectFind(text, " -> frame {seg.reason=ReasonNotTcp seg.seq=7}\n");
  ExpectFind(text, " <- hdr {seg.reason=ReasonHalted seg.seq=6}\n");
  const size_t last = text.rfind('\n');
  EXPECT_EQ(text.substr(last + 1).rfind("HANDOFF_SEED=" + std::to_string(TestSeed()) + " ", 0), 0u);
  ExpectFind(text.substr(last), "--gtest_filter=TwinBench.TellsFieldValuesAndCommand");
}

TEST(TwinBench, TellsEnumsByName) {
  ExpectFind(RunWithBug(Bug::kEnum), "port reason: rtl ReasonGap, model ReasonOld, xor 0x2\n");
}

TEST(TwinBench, FindsAWordInTheWrongCycle) { ExpectFind(RunWithBug(Bug::kLate), "port hdr"); }

TEST(TwinBench, FindsAWrongLevel) {
  ExpectFind(RunWithBug(Bug::kQuiet), "port quiet: rtl 1, model 0, xor 0x1\n");
}

TEST(TwinBench, EqualTwinsSayNothing) { EXPECT_EQ(RunWithBug(Bug::kNone), ""); }

TEST(TwinBench, FindsATestThatBreaksAChannel) {
  const std::string text = FailuresOf([] {
    Bench bench;
    bench.in.frame_valid = true;  // ready is still 0
    bench.Cycle();
    bench.in.frame_valid = false;
    bench.Cycle();
  });
  ExpectFind(text, "the test broke channel frame: valid fell before it was taken\n");
}

// The RTL's own assertion comes before any output differs.
TEST(TwinBench, TellsWhichAssertionOfTheRtlFailedInWhichCycle) {
  const auto break_the_limit = [] {
    Bench bench;
    bench.Reset();
    bench.Cycle(41);
    bench.in.cfg.limit_us = ~uint32_t{0};
    bench.Cycle(100);
  };
  // Twice: the first did not end the process, nor does it stay in the way of another bench.
  for (int i = 0; i < 2; ++i) {
    const std::string text = FailuresOf(break_the_limit);
    ExpectFind(text, "handoff_toy, cycle 41\nan assertion of the RTL failed: ");
    ExpectFind(text, "tb/twin/toy/handoff_toy.sv:");
    ExpectFind(text, "\n  The limit is never all ones:\n  a promise that a test of the bench ");
    const std::string last = text.substr(text.rfind('\n') + 1);
    EXPECT_EQ(last.rfind("HANDOFF_SEED=", 0), 0u) << last;
    ExpectFind(last, "--gtest_filter=TwinBench.TellsWhichAssertionOfTheRtlFailedInWhichCycle");
  }
  EXPECT_EQ(RunWithBug(Bug::kNone), "");
}

TEST(TwinBench, FailsWhenWhatWasDeclaredIsNeverSeen) {
  const std::string text = FailuresOf([] {
    Bench bench;
    bench.Declare({"seen", "unseen"});
    bench.Hit("seen");
  });
  EXPECT_EQ(text, "Failed\nnever seen: unseen");
}

TEST(TwinBench, TellsWhatDidNotHappen) {
  const std::string text = FailuresOf([] {
    Bench bench;
    bench.Until([] { return false; }, "the impossible", 10);
  });
  ExpectFind(text, "did not happen in 10 cycles: the impossible\n");
}

TEST(Rng, StreamsDependOnSeedAndNameOnly) {
  Rng a(1, "a"), again(1, "a"), b(1, "b"), other(2, "a");
  const uint64_t first = a.Next();
  EXPECT_EQ(again.Next(), first);
  EXPECT_NE(b.Next(), first);
  EXPECT_NE(other.Next(), first);
  for (int i = 0; i < 1000; ++i) {
    EXPECT_LT(a.Below(3), 3u);
    const uint64_t x = a.Between(5, 6);
    EXPECT_TRUE(x == 5 || x == 6);
  }
}

}  // namespace
}  // namespace handoff
