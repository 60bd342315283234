// SPDX-License-Identifier: Apache-2.0
#include "sw/socket/executor.h"

#include <exception>
#include <utility>

namespace handoff::sock {

// A coroutine that runs a program to its end and notes that it ended.
struct Executor::Program {
  struct Runner {
    struct promise_type {
      Runner get_return_object() {
        return {std::coroutine_handle<promise_type>::from_promise(*this)};
      }
      std::suspend_always initial_suspend() noexcept { return {}; }
      std::suspend_always final_suspend() noexcept { return {}; }
      void return_void() {}
      void unhandled_exception() { error = std::current_exception(); }
      std::exception_ptr error;
    };
    std::coroutine_handle<promise_type> handle;
  };
  static Runner Run(Task<void> task) { co_await std::move(task); }

  explicit Program(Task<void> task) : runner(Run(std::move(task))) {}
  ~Program() { runner.handle.destroy(); }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  Runner runner;
};

Executor::Executor(sw::TimerService& timers) : timers_(timers) {}

Executor::~Executor() {
  timers_.Cancel(wake_);
  programs_.clear();
}

void Executor::Spawn(Task<void> program) {
  programs_.push_back(std::make_unique<Program>(std::move(program)));
  Post(programs_.back()->runner.handle);
}

void Executor::Post(std::coroutine_handle<> waiter) {
  ready_.push_back(waiter);
  if (wake_ == sw::kNoTimer) wake_ = timers_.After(sw::Micros(0), [this] { RunReady(); });
}

void Executor::RunReady() {
  wake_ = sw::kNoTimer;
  // What becomes ready meanwhile runs in a turn of its own.
  for (const auto waiter : std::exchange(ready_, {})) waiter.resume();
  std::exception_ptr error;
  for (auto program = programs_.begin(); program != programs_.end();) {
    const auto handle = (*program)->runner.handle;
    if (!handle.done()) {
      ++program;
      continue;
    }
    if (handle.promise().error) error = handle.promise().error;
    program = programs_.erase(program);
  }
  if (error) std::rethrow_exception(error);
}

}  // namespace handoff::sock
