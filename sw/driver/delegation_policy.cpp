// SPDX-License-Identifier: Apache-2.0
//
// What the policy is told, and what becomes of what it says.
#include <algorithm>
#include <utility>

#include "sw/driver/delegation.h"

namespace handoff::driver {

DelegationStats& Delegation::StatsFor(const tcp::Connection& connection) {
  DelegationStats& stats = stats_[connection.id()];
  if (stats.name.empty()) stats.name = connection.tuple().ToString();
  return stats;
}

DelegationStats Delegation::StatsOf(sw::ConnId id) const {
  const auto found = stats_.find(id);
  if (found == stats_.end()) return {};
  DelegationStats stats = found->second;
  const auto entry = by_connection_.find(id);
  if (entry != by_connection_.end() && entry->second->phase != Entry::Phase::kSettingUp) {
    stats.delegated += hw_.Now() - entry->second->since;
    if (entry->second->live_since) stats.live += hw_.Now() - *entry->second->live_since;
  }
  return stats;
}

void Delegation::OnStateChange(tcp::Connection& connection, tcp::State /*from*/) {
  const tcp::State state = connection.state();
  if (state == tcp::State::kEstablished) {
    DecideSoon(Micros(0));
    return;
  }
  if (state == tcp::State::kClosed) {
    policy_->OnGone(connection.id());
    samples_.erase(connection.id());
    changed_.erase(connection.id());
    return;
  }
  // After the peer's FIN nothing is left for the engine (corner 46).
  if (Find(connection) != nullptr && !tcp::MayReceive(state)) DecideSoon(Micros(0));
}

void Delegation::DecideSoon(Micros delay) {
  const Micros at = hw_.Now() + delay;
  if (decide_timer_ != sw::kNoTimer) {
    if (decide_at_ <= at) return;
    hw_.Cancel(decide_timer_);
  }
  decide_at_ = at;
  decide_timer_ = hw_.After(delay, [this] {
    decide_timer_ = sw::kNoTimer;
    Decide();
  });
}

void Delegation::Decide() {
  std::vector<tcp::Connection*> ended;
  for (const auto& [id, entry] : by_connection_) {
    if (!tcp::MayReceive(entry->connection->state())) ended.push_back(entry->connection.get());
  }
  std::sort(ended.begin(), ended.end(),
            [](const auto* a, const auto* b) { return a->id() < b->id(); });
  for (tcp::Connection* const connection : ended) Undelegate(*connection);
  if (!driver_.up()) {
    DecideSoon(config_.decide_every);
    return;
  }

  const std::vector<policy::Candidate> candidates = Candidates();
  if (candidates.empty()) return;  // the next connection wakes it
  std::unordered_map<sw::ConnId, tcp::Connection*> connections;
  for (const auto& [tuple, connection] : stack_->table().all()) {
    connections[connection->id()] = connection.get();
  }
  for (policy::Decision& decision :
       policy_->Decide(hw_.Now(), candidates, {.used = used_, .capacity = Capacity()})) {
    tcp::Connection* const connection = connections[decision.id];
    if (connection == nullptr) continue;
    if (decision.change == policy::Change::kUndelegate) {
      Undelegate(*connection);
    } else if (!Delegate(*connection)) {
      decision.reason += "; not now";
    }
    decisions_.push_back(std::move(decision));
  }
  DecideSoon(config_.decide_every);
}

std::vector<policy::Candidate> Delegation::Candidates() {
  std::vector<policy::Candidate> candidates;
  const Micros now = hw_.Now();
  for (const auto& [tuple, connection] : stack_->table().all()) {
    const Entry* const entry = Find(*connection);
    if (!tcp::MayReceive(connection->state())) continue;
    if (entry != nullptr && entry->leave) continue;
    policy::Candidate c;
    c.id = connection->id();
    c.delegated = entry != nullptr;
    c.age = now - connection->stats().opened_at;
    const auto changed = changed_.find(c.id);
    c.since = changed == changed_.end() ? c.age : now - changed->second;
    c.priority = config_.priority ? config_.priority(*connection) : 0;
    c.frames_per_s = FrameRate(*connection);
    candidates.push_back(c);
  }
  std::sort(candidates.begin(), candidates.end(),
            [](const auto& a, const auto& b) { return a.id < b.id; });
  return candidates;
}

// Frames that the engine took are known by their bytes alone.
double Delegation::FrameRate(const tcp::Connection& connection) {
  const tcp::ConnectionStats& stats = connection.stats();
  const uint64_t frames =
      stats.segments_in + stats.segments_out +
      stats.delegated_bytes_in / std::max<uint32_t>(connection.tcb().rcv_mss, 1);
  const auto [found, first] = samples_.try_emplace(connection.id());
  Sample& sample = found->second;
  if (first) sample.at = stats.opened_at;
  const Micros passed = hw_.Now() - sample.at;
  // Too short a time says nothing.
  if (passed < sw::Millis(1)) return sample.rate;
  sample.rate =
      static_cast<double>(frames - sample.frames) * 1e6 / static_cast<double>(passed.count());
  sample.at = hw_.Now();
  sample.frames = frames;
  return sample.rate;
}

}  // namespace handoff::driver
