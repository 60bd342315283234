// SPDX-License-Identifier: Apache-2.0
//
// The timers of one connection: at most one of each kind runs.
#pragma once

#include <array>
#include <cstdint>
#include <functional>

#include "sw/timer_service.h"

namespace handoff::tcp {

using sw::Micros;
using sw::TimerService;

enum class TimerKind : uint8_t {
  kRetransmit,  // RFC 6298
  kPersist,     // zero-window probes and the sender's override, RFC 9293, 3.8.6
  kDelayedAck,
  kKeepalive,
  kTimeWait,  // also the end of an orphaned FIN-WAIT-2
};
inline constexpr size_t kTimerKinds = 5;

class ConnectionTimers {
 public:
  ConnectionTimers(TimerService& service, std::function<void(TimerKind)> on_expiry)
      : service_(service), on_expiry_(std::move(on_expiry)) {}
  ~ConnectionTimers() { CancelAll(); }
  ConnectionTimers(const ConnectionTimers&) = delete;
  ConnectionTimers& operator=(const ConnectionTimers&) = delete;

  Micros Now() const { return service_.Now(); }
  // Sets the timer anew if it runs.
  void Set(TimerKind kind, Micros delay);
  void Cancel(TimerKind kind);
  void CancelAll();
  bool Running(TimerKind kind) const { return handle_[Index(kind)] != sw::kNoTimer; }

 private:
  static constexpr size_t Index(TimerKind kind) { return static_cast<size_t>(kind); }

  TimerService& service_;
  std::function<void(TimerKind)> on_expiry_;
  std::array<sw::TimerHandle, kTimerKinds> handle_{};
};

}  // namespace handoff::tcp
