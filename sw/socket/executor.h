// SPDX-License-Identifier: Apache-2.0
//
// Runs coroutines, one at a time, in the order in which they became ready. Nothing is resumed from
// inside the stack: what becomes ready runs at a time of its own, so a program never sees a
// connection half-way through a segment.
#pragma once

#include <coroutine>
#include <cstddef>
#include <deque>
#include <list>
#include <memory>

#include "sw/socket/task.h"
#include "sw/timer_service.h"

namespace handoff::sock {

class Executor {
 public:
  explicit Executor(sw::TimerService& timers);
  ~Executor();
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  // Starts a program. An exception that leaves it is rethrown from the timer that ran it.
  void Spawn(Task<void> program);
  size_t running() const { return programs_.size(); }
  sw::TimerService& timers() { return timers_; }

  // For awaitables: resumes `waiter` soon. It must still be there then.
  void Post(std::coroutine_handle<> waiter);

  // co_await executor.Sleep(...)
  auto Sleep(sw::Micros delay) {
    struct Awaitable {
      Executor& executor;
      sw::Micros delay;
      sw::TimerHandle timer = sw::kNoTimer;
      bool await_ready() const { return false; }
      void await_suspend(std::coroutine_handle<> waiter) {
        timer = executor.timers_.After(delay, [this, waiter] {
          timer = sw::kNoTimer;
          executor.Post(waiter);
        });
      }
      void await_resume() const {}
      ~Awaitable() { executor.timers_.Cancel(timer); }
    };
    return Awaitable{*this, delay};
  }

 private:
  struct Program;
  void RunReady();

  sw::TimerService& timers_;
  std::deque<std::coroutine_handle<>> ready_;
  sw::TimerHandle wake_ = sw::kNoTimer;
  std::list<std::unique_ptr<Program>> programs_;
};

}  // namespace handoff::sock
