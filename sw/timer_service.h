// SPDX-License-Identifier: Apache-2.0
//
// Time as software sees it: a clock and one-shot timers, the same over a simulator or in a test.
#pragma once

#include <cstdint>
#include <functional>

#include "sw/types.h"

namespace handoff::sw {

// Names a timer that was set. Handle 0 names none; a handle is never given twice.
using TimerHandle = uint64_t;
inline constexpr TimerHandle kNoTimer = 0;

class TimerService {
 public:
  virtual ~TimerService() = default;
  virtual Micros Now() const = 0;
  // Calls `callback` once, at Now() + `delay` or later, never from inside After().
  // Timers due at the same time fire in the order in which they were set.
  virtual TimerHandle After(Micros delay, std::function<void()> callback) = 0;
  // A timer that fired, was cancelled or is kNoTimer: no effect.
  virtual void Cancel(TimerHandle handle) = 0;
};

}  // namespace handoff::sw
