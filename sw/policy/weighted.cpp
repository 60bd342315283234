// SPDX-License-Identifier: Apache-2.0
#include "sw/policy/weighted.h"

#include <algorithm>
#include <cstdio>
#include <unordered_set>

#include "sw/policy/back_off.h"

namespace handoff::policy {
namespace {

std::string Number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", value);
  return text;
}

struct Judgement {
  const Candidate* candidate = nullptr;
  double worth = 0;
  // Breaks ties between two that reach the same thresholds.
  double excess = 0;
  std::string why;
};

class WeightedPolicy : public Policy {
 public:
  explicit WeightedPolicy(const Weights& weights)
      : w_(weights), back_off_(weights.first_back_off, weights.longest_back_off) {}

  std::string_view name() const override { return "weighted"; }
  std::vector<Decision> Decide(Micros now, std::span<const Candidate> candidates,
                               Table table) override;
  void OnRefused(ConnId id, Micros now, std::string_view /*why*/) override {
    back_off_.OnRefused(id, now);
  }
  void OnGone(ConnId id) override {
    back_off_.Forget(id);
    been_.erase(id);
  }

 private:
  Judgement Judge(const Candidate& candidate) const;
  bool MayGo(const Candidate& c) const { return c.since >= w_.hold; }
  bool MayCome(const Candidate& c, Micros now) const {
    return !back_off_.Holds(c.id, now) && (!been_.contains(c.id) || c.since >= w_.pause);
  }

  Weights w_;
  BackOff back_off_;
  std::unordered_set<ConnId> been_;  // were delegated once
};

Judgement WeightedPolicy::Judge(const Candidate& c) const {
  Judgement j;
  j.candidate = &c;
  const auto count = [&](const char* what, double value, const Criterion& criterion) {
    if (criterion.weight == 0) return;
    const double threshold = criterion.threshold * (c.delegated ? w_.keep_part : 1);
    const bool met = value >= threshold;
    if (met) j.worth += criterion.weight;
    if (criterion.threshold > 0) {
      j.excess += criterion.weight * std::min(value / criterion.threshold, 100.0);
    }
    j.why += (j.why.empty() ? "" : ", ") + std::string(what) + " " + Number(value) +
             (met ? " >= " : " < ") + Number(threshold);
  };
  count("priority", c.priority, w_.priority);
  count("duration", static_cast<double>(c.age.count()) / 1e6, w_.duration);
  count("frame rate", c.frames_per_s, w_.frame_rate);
  j.why += "; worth " + Number(j.worth);
  return j;
}

std::vector<Decision> WeightedPolicy::Decide(Micros now, std::span<const Candidate> candidates,
                                             Table table) {
  std::vector<Decision> decisions;
  std::vector<Judgement> wanted;
  std::vector<Judgement> held;  // could make room
  size_t free = table.capacity - std::min(table.capacity, table.used);
  for (const Candidate& c : candidates) {
    Judgement j = Judge(c);
    if (c.delegated) {
      been_.insert(c.id);
      if (!MayGo(c)) continue;
      if (j.worth < w_.keep_at) {
        decisions.push_back(
            {now, c.id, Change::kUndelegate, j.worth, j.why + " < " + Number(w_.keep_at)});
      } else {
        held.push_back(std::move(j));
      }
    } else if (j.worth >= w_.delegate_at && MayCome(c, now)) {
      wanted.push_back(std::move(j));
    }
  }
  // The worthiest first; of equals the older.
  std::stable_sort(wanted.begin(), wanted.end(), [](const Judgement& a, const Judgement& b) {
    return a.worth != b.worth ? a.worth > b.worth : a.excess > b.excess;
  });
  // The least worthy first; of equals the younger.
  std::stable_sort(held.begin(), held.end(), [](const Judgement& a, const Judgement& b) {
    if (a.worth != b.worth) return a.worth < b.worth;
    if (a.excess != b.excess) return a.excess < b.excess;
    return a.candidate->id > b.candidate->id;
  });
  size_t victim = 0;
  for (const Judgement& j : wanted) {
    const ConnId id = j.candidate->id;
    if (free > 0) {
      --free;
      decisions.push_back(
          {now, id, Change::kDelegate, j.worth, j.why + " >= " + Number(w_.delegate_at)});
      continue;
    }
    if (victim == held.size()) break;
    const Judgement& least = held[victim];
    const bool worth_more = j.worth > least.worth + w_.margin;
    if (!worth_more) break;
    ++victim;
    // The place is free when its entry has gone; the next round gives it away.
    decisions.push_back({now, least.candidate->id, Change::kUndelegate, least.worth,
                         "table full, connection " + std::to_string(id.raw()) + " is worth " +
                             Number(j.worth) + "; " + least.why});
  }
  return decisions;
}

}  // namespace

std::unique_ptr<Policy> Weighted(const Weights& weights) {
  return std::make_unique<WeightedPolicy>(weights);
}

}  // namespace handoff::policy
