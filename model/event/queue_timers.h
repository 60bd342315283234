// SPDX-License-Identifier: Apache-2.0
//
// Time and timers for software whose processor costs nothing, such as a peer's: straight from the
// queue.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>
#include <unordered_map>
#include <utility>

#include "model/clock.h"
#include "model/event/ordered_queue.h"
#include "sw/timer_service.h"

namespace handoff {

class QueueTimers : public sw::TimerService {
 public:
  QueueTimers(OrderedQueue& queue, const std::string& name)
      : queue_(queue), component_(queue.AddComponent(name)) {}

  sw::Micros Now() const override {
    return sw::Micros(static_cast<int64_t>(queue_.now_ps() / kPsPerUs));
  }
  sw::TimerHandle After(sw::Micros delay, std::function<void()> callback) override {
    const auto wait = static_cast<uint64_t>(std::max<int64_t>(delay.count(), 0));
    const uint64_t due_ps = (static_cast<uint64_t>(Now().count()) + wait) * kPsPerUs;
    const sw::TimerHandle handle = ++last_;
    events_[handle] = queue_.Post(std::max(due_ps, queue_.now_ps()), component_,
                                  [this, handle, callback = std::move(callback)] {
                                    events_.erase(handle);
                                    callback();
                                  });
    return handle;
  }
  void Cancel(sw::TimerHandle handle) override {
    const auto node = events_.extract(handle);
    if (!node.empty()) queue_.Cancel(node.mapped());
  }

 private:
  OrderedQueue& queue_;
  OrderedQueue::Component component_;
  std::unordered_map<sw::TimerHandle, OrderedQueue::Handle> events_;
  sw::TimerHandle last_ = sw::kNoTimer;
};

}  // namespace handoff
