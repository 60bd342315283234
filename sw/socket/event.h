// SPDX-License-Identifier: Apache-2.0
//
// Something coroutines wait for, again and again: Notify() wakes all that wait, and each looks for
// itself whether what it wants is there.
#pragma once

#include <algorithm>
#include <coroutine>
#include <utility>
#include <vector>

#include "sw/socket/executor.h"

namespace handoff::sock {

class Event {
 public:
  explicit Event(Executor& executor) : executor_(executor) {}
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  void Notify() {
    for (const auto waiter : std::exchange(waiters_, {})) executor_.Post(waiter);
  }
  // co_await event.Next(): the next Notify().
  auto Next() {
    struct Awaitable {
      Event& event;
      bool await_ready() const { return false; }
      void await_suspend(std::coroutine_handle<> waiter) { event.waiters_.push_back(waiter); }
      void await_resume() const {}
    };
    return Awaitable{*this};
  }

 private:
  Executor& executor_;
  std::vector<std::coroutine_handle<>> waiters_;
};

}  // namespace handoff::sock
