// SPDX-License-Identifier: Apache-2.0
//
// Time that passes only when a test says so.
#pragma once

#include <functional>
#include <map>
#include <unordered_map>
#include <utility>

#include "sw/timer_service.h"

namespace handoff::tb {

using sw::Micros;

class VirtualTime : public sw::TimerService {
 public:
  explicit VirtualTime(Micros start = sw::Seconds(1000)) : now_(start) {}

  Micros Now() const override { return now_; }
  sw::TimerHandle After(Micros delay, std::function<void()> callback) override {
    const Key key = {now_ + std::max(delay, Micros(0)), ++last_};
    pending_.emplace(key, std::move(callback));
    when_.emplace(key.second, key.first);
    return key.second;
  }
  void Cancel(sw::TimerHandle handle) override {
    const auto found = when_.find(handle);
    if (found == when_.end()) return;
    pending_.erase({found->second, handle});
    when_.erase(found);
  }

  bool idle() const { return pending_.empty(); }
  size_t pending() const { return pending_.size(); }
  // Fires the next timer; false if there is none.
  bool Step() {
    if (pending_.empty()) return false;
    auto node = pending_.extract(pending_.begin());
    now_ = node.key().first;
    when_.erase(node.key().second);
    node.mapped()();
    return true;
  }
  void RunFor(Micros duration) {
    const Micros end = now_ + duration;
    while (!pending_.empty() && pending_.begin()->first.first <= end) Step();
    now_ = end;
  }
  // Until `done`, at most `limit`; whether it was done.
  bool RunUntil(const std::function<bool()>& done, Micros limit = sw::Seconds(600)) {
    const Micros end = now_ + limit;
    while (!done()) {
      if (pending_.empty() || pending_.begin()->first.first > end) return false;
      Step();
    }
    return true;
  }

 private:
  using Key = std::pair<Micros, sw::TimerHandle>;
  Micros now_;
  sw::TimerHandle last_ = 0;
  std::map<Key, std::function<void()>> pending_;
  std::unordered_map<sw::TimerHandle, Micros> when_;
};

}  // namespace handoff::tb
