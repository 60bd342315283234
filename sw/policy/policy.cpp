// SPDX-License-Identifier: Apache-2.0
#include "sw/policy/policy.h"

#include <algorithm>

#include "sw/policy/back_off.h"

namespace handoff::policy {
namespace {

class AlwaysPolicy : public Policy {
 public:
  std::string_view name() const override { return "always"; }
  std::vector<Decision> Decide(Micros now, std::span<const Candidate> candidates,
                               Table table) override {
    std::vector<Decision> decisions;
    size_t free = table.capacity - std::min(table.capacity, table.used);
    for (const Candidate& c : candidates) {
      if (c.delegated || free == 0 || back_off_.Holds(c.id, now)) continue;
      --free;
      decisions.push_back({now, c.id, Change::kDelegate, 1, "always"});
    }
    return decisions;
  }
  void OnRefused(ConnId id, Micros now, std::string_view /*why*/) override {
    back_off_.OnRefused(id, now);
  }
  void OnGone(ConnId id) override { back_off_.Forget(id); }

 private:
  BackOff back_off_;
};

class NeverPolicy : public Policy {
 public:
  std::string_view name() const override { return "never"; }
  std::vector<Decision> Decide(Micros /*now*/, std::span<const Candidate> /*candidates*/,
                               Table /*table*/) override {
    return {};
  }
};

}  // namespace

std::string ToString(const Decision& d) {
  return std::to_string(d.at.count()) + " us: connection " + std::to_string(d.id.raw()) +
         (d.change == Change::kDelegate ? " delegated: " : " taken back: ") + d.reason;
}

std::unique_ptr<Policy> Always() { return std::make_unique<AlwaysPolicy>(); }
std::unique_ptr<Policy> Never() { return std::make_unique<NeverPolicy>(); }

}  // namespace handoff::policy
