// SPDX-License-Identifier: Apache-2.0
//
// The application of one recorded connection: writes what was recorded when it was, but not before
// it has read what that answers, reads all that comes, and gives the engine user buffers while the
// connection is delegated.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "sim/run/capture.h"
#include "sw/tcp/connection.h"

namespace handoff::system {

class StandIn : public tcp::ConnectionObserver {
 public:
  using Allocate = std::function<std::span<uint8_t>(size_t)>;

  // When the cause of what the application does has come, but for what it reads.
  struct Clock {
    std::function<sw::Micros(sw::Micros recorded)> due;
    std::function<Offset()> acked;  // what the host has acknowledged on the wire
    std::function<bool()> ready;    // delegation, if it was begun, is live
  };

  // `called`: once a call of the stack that an application would make, for what it costs.
  StandIn(
      const Recorded& recorded, sw::TimerService& time, Clock clock, Allocate allocate,
      std::function<void()> called = [] {});
  ~StandIn() override { time_.Cancel(timer_); }
  StandIn(const StandIn&) = delete;
  StandIn& operator=(const StandIn&) = delete;

  void Attach(std::shared_ptr<tcp::Connection> connection);
  void OnConnected(tcp::Connection&) override {
    established_ = time_.Now();
    Act();
  }
  void OnReadable(tcp::Connection&) override {
    Drain();
    Act();
  }
  void OnWritable(tcp::Connection&) override { Act(); }
  void OnDelegated(tcp::Connection&) override { PostBuffers(); }
  void OnUserBufferReturned(tcp::Connection&, const tcp::UserBufferReturn& back) override;
  void OnClosed(tcp::Connection&, tcp::CloseReason reason) override;
  // Does what may be done by now.
  void Act();
  // Whether Act() would do something that it did not before.
  bool MayAct() const;
  bool was_established() const { return established_.has_value(); }
  sw::Micros established_at() const { return *established_; }
  bool closed() const { return !state_.empty(); }
  // Reads what is left and lets go.
  void Finish();

  const std::shared_ptr<tcp::Connection>& connection() const { return connection_; }
  const tcp::Bytes& stream() const { return stream_; }
  const std::string& state() const { return state_; }
  // What the recorded application did and this one did not get to do.
  size_t left() const { return recorded_.events.size() - next_; }
  // The most that anything was later than recorded.
  sw::Micros lag() const { return lag_; }
  uint64_t bytes(tcp::Place place) const { return bytes_[static_cast<size_t>(place)]; }

 private:
  static constexpr size_t kBuffers = 4;
  static constexpr size_t kBufferBytes = 64 << 10;

  void Drain();
  void WakeIn(sw::Micros delay);
  bool CauseHasCome(const UserEvent& event) const;
  void PostBuffers();

  const Recorded& recorded_;
  sw::TimerService& time_;
  const Clock clock_;
  sw::TimerHandle timer_ = sw::kNoTimer;
  std::optional<sw::Micros> established_;
  Allocate allocate_;
  std::function<void()> called_;
  std::shared_ptr<tcp::Connection> connection_;
  std::vector<std::span<uint8_t>> buffers_;
  std::set<uint16_t> free_;  // user buffers that are the application's
  tcp::Bytes stream_;
  std::string state_;
  uint64_t bytes_[3] = {};
  size_t next_ = 0, written_ = 0;
  sw::Micros lag_;
};

}  // namespace handoff::system
