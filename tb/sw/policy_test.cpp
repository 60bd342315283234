// SPDX-License-Identifier: Apache-2.0
#include "sw/policy/policy.h"

#include <gtest/gtest.h>

#include "sw/policy/weighted.h"

namespace handoff::policy {
namespace {

constexpr Table kRoom{.used = 0, .capacity = 10};

Candidate Of(uint32_t id, double priority, double seconds, double rate) {
  Candidate c;
  c.id = ConnId(id);
  c.priority = priority;
  c.age = Micros(static_cast<int64_t>(seconds * 1e6));
  c.since = c.age;
  c.frames_per_s = rate;
  return c;
}
Candidate In(Candidate c, Micros since = sw::Seconds(10)) {
  c.delegated = true;
  c.since = since;
  return c;
}
Weights Simple() {
  Weights w;
  w.priority = {1, 2};
  w.duration = {1, 1};
  w.frame_rate = {1000, 1};
  w.delegate_at = 2;
  w.keep_at = 1;
  return w;
}
std::vector<Decision> Decide(Policy& policy, std::vector<Candidate> candidates, Table table = kRoom,
                             Micros now = sw::Seconds(100)) {
  return policy.Decide(now, candidates, table);
}

TEST(Policy, AlwaysTakesAllThatFitInTheirOrder) {
  const auto policy = Always();
  const auto d = Decide(*policy, {Of(1, 0, 0, 0), In(Of(2, 0, 0, 0)), Of(3, 0, 0, 0)},
                        {.used = 1, .capacity = 2});
  ASSERT_EQ(d.size(), 1u);
  EXPECT_EQ(d[0].id, ConnId(1));
  EXPECT_EQ(d[0].reason, "always");
}

TEST(Policy, NeverTakesNone) { EXPECT_TRUE(Decide(*Never(), {Of(1, 9, 9, 1e9)}).empty()); }

TEST(Policy, EachCriterionEarnsItsWeightAtItsThreshold) {
  const auto policy = Weighted(Simple());
  EXPECT_TRUE(Decide(*policy, {Of(1, 0.9, 0.9, 999)}).empty());
  EXPECT_TRUE(Decide(*policy, {Of(1, 0, 1, 0)}).empty()) << "one of two points";
  EXPECT_TRUE(Decide(*policy, {Of(1, 0, 0, 1000)}).empty());
  EXPECT_EQ(Decide(*policy, {Of(1, 1, 0, 0)}).size(), 1u) << "priority alone is worth two";
  EXPECT_EQ(Decide(*policy, {Of(1, 0, 1, 1000)}).size(), 1u);
}

TEST(Policy, WeightZeroIsNotLookedAt) {
  Weights w = Simple();
  w.priority.weight = 0;
  EXPECT_TRUE(Decide(*Weighted(w), {Of(1, 100, 0, 0)}).empty());
}

TEST(Policy, ReasonNamesEveryNumber) {
  const auto d = Decide(*Weighted(Simple()), {Of(1, 0, 2.5, 4000)});
  ASSERT_EQ(d.size(), 1u);
  EXPECT_EQ(d[0].reason,
            "priority 0 < 1, duration 2.5 >= 1, frame rate 4000 >= 1000; worth 2 >= 2");
  EXPECT_EQ(ToString(d[0]), "100000000 us: connection 1 delegated: " + d[0].reason);
}

TEST(Policy, BetweenTheTwoMarksNothingChanges) {
  const auto policy = Weighted(Simple());
  EXPECT_TRUE(Decide(*policy, {Of(1, 0, 1, 600)}).empty()) << "not enough to come";
  EXPECT_TRUE(Decide(*policy, {In(Of(1, 0, 0.1, 600))}).empty()) << "enough to stay: 600 >= 500";
  const auto d = Decide(*policy, {In(Of(1, 0, 0.1, 400))});
  ASSERT_EQ(d.size(), 1u);
  EXPECT_EQ(d[0].change, Change::kUndelegate);
}

// Corner 86.
TEST(Policy, NobodyGoesWithinTheHoldTime) {
  const auto policy = Weighted(Simple());
  EXPECT_TRUE(Decide(*policy, {In(Of(1, 0, 0, 0), sw::Millis(499))}).empty());
  EXPECT_EQ(Decide(*policy, {In(Of(1, 0, 0, 0), sw::Millis(500))}).size(), 1u);
  EXPECT_TRUE(Decide(*policy, {In(Of(1, 0, 1, 0), sw::Millis(499)), Of(2, 5, 5, 5000)},
                     {.used = 1, .capacity = 1})
                  .empty());
}

TEST(Policy, TakenBackPausesBeforeItComesAgain) {
  const auto policy = Weighted(Simple());
  Decide(*policy, {In(Of(1, 0, 0, 0))});
  Candidate c = Of(1, 5, 5, 5000);
  c.since = sw::Millis(499);
  EXPECT_TRUE(Decide(*policy, {c}).empty());
  c.since = sw::Millis(500);
  EXPECT_EQ(Decide(*policy, {c}).size(), 1u);
}

TEST(Policy, FullTableGivesTheLeastWorthyPlaceAway) {
  const auto policy = Weighted(Simple());
  const auto d = Decide(
      *policy, {In(Of(1, 1, 5, 0)), In(Of(2, 0, 5, 600)), In(Of(3, 1, 5, 900)), Of(4, 3, 5, 5000)},
      {.used = 3, .capacity = 3});
  ASSERT_EQ(d.size(), 1u);
  EXPECT_EQ(d[0].id, ConnId(2));
  EXPECT_EQ(d[0].change, Change::kUndelegate);
  EXPECT_NE(d[0].reason.find("table full, connection 4 is worth 4"), std::string::npos);
}

TEST(Policy, EqualsKeepTheirPlace) {
  const auto policy = Weighted(Simple());
  EXPECT_TRUE(
      Decide(*policy, {In(Of(1, 1, 5, 5000)), Of(2, 1, 5, 5000)}, {.used = 1, .capacity = 1})
          .empty());
  EXPECT_TRUE(
      Decide(*policy, {In(Of(1, 1, 5, 5000)), Of(2, 9, 50, 99999)}, {.used = 1, .capacity = 1})
          .empty())
      << "worth the same four points";
}

TEST(Policy, WorthiestComesFirst) {
  const auto policy = Weighted(Simple());
  const auto d = Decide(*policy, {Of(1, 0, 1, 1000), Of(2, 1, 1, 1000), Of(3, 0, 1, 9000)},
                        {.used = 8, .capacity = 10});
  ASSERT_EQ(d.size(), 2u);
  EXPECT_EQ(d[0].id, ConnId(2));
  EXPECT_EQ(d[1].id, ConnId(3));
}

TEST(Policy, RefusalBacksOffEverLonger) {
  for (const auto& policy :
       {std::shared_ptr<Policy>(Always()), std::shared_ptr<Policy>(Weighted(Simple()))}) {
    const Candidate c = Of(1, 5, 5, 5000);
    const auto at = [&](int64_t ms) {
      return !Decide(*policy, {c}, kRoom, sw::Seconds(100) + sw::Millis(ms)).empty();
    };
    EXPECT_TRUE(at(0));
    policy->OnRefused(ConnId(1), sw::Seconds(100), "no room");
    EXPECT_FALSE(at(99));
    EXPECT_TRUE(at(100));
    policy->OnRefused(ConnId(1), sw::Seconds(100) + sw::Millis(100), "no room");
    EXPECT_FALSE(at(299));
    EXPECT_TRUE(at(300));
    policy->OnGone(ConnId(1));
    EXPECT_TRUE(at(0));
  }
}

}  // namespace
}  // namespace handoff::policy
