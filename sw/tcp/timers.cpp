// SPDX-License-Identifier: Apache-2.0
#include "sw/tcp/timers.h"

namespace handoff::tcp {

void ConnectionTimers::Set(TimerKind kind, Micros delay) {
  Cancel(kind);
  handle_[Index(kind)] = service_.After(delay, [this, kind] {
    handle_[Index(kind)] = sw::kNoTimer;
    on_expiry_(kind);
  });
}

void ConnectionTimers::Cancel(TimerKind kind) {
  sw::TimerHandle& handle = handle_[Index(kind)];
  if (handle != sw::kNoTimer) service_.Cancel(handle);
  handle = sw::kNoTimer;
}

void ConnectionTimers::CancelAll() {
  for (size_t i = 0; i < kTimerKinds; ++i) Cancel(static_cast<TimerKind>(i));
}

}  // namespace handoff::tcp
