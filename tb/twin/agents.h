// SPDX-License-Identifier: Apache-2.0
//
// What stands at the channels of a unit under test. Each is a registered unit of its own: at an
// edge it reads pins as they were before, and what it drives changes after it.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <type_traits>

#include "model/rng.h"
#include "sim/ports.h"

namespace handoff {

class Agent {
 public:
  virtual ~Agent() = default;
  virtual void Reset() = 0;                 // the pins are 0; `run` changed
  virtual void Sample(uint64_t cycle) = 0;  // before the edge: read pins
  virtual void Drive() = 0;                 // after the edge: write pins
};

// Drives an input channel, valid/ready or pulse, from a queue.
template <class T>
class Producer : public Agent {
 public:
  template <class Bench>
  Producer(Bench& bench, const ToUnit<T>& channel)
      : channel_(channel), rng_([&bench, name = std::string("producer.") + channel.name] {
          return bench.MakeRng(name);
        }) {
    bench.Add(this);
    Reset();
  }

  void Push(const T& value) { queue_.push_back(value); }
  // Chance of an idle cycle when something could be offered.
  void SetIdle(double chance) { idle_ = chance; }
  // Random payload while valid is 0, instead of the last one.
  void SetGarbage(bool garbage) { garbage_ = garbage; }
  // Everything pushed has been taken.
  bool done() const { return queue_.empty() && !*channel_.valid; }
  size_t queued() const { return queue_.size(); }
  uint64_t sent() const { return sent_; }

  void Reset() override {
    queue_.clear();
    sent_ = 0;
    taken_ = false;
    stream_ = rng_();
  }
  void Sample(uint64_t) override {
    taken_ = *channel_.valid && (channel_.ready == nullptr || *channel_.ready);
    sent_ += taken_;
  }
  void Drive() override {
    if (*channel_.valid && !taken_) return;
    const bool offer = !queue_.empty() && !stream_.Chance(idle_);
    *channel_.valid = offer;
    if (offer) {
      *channel_.payload = queue_.front();
      queue_.pop_front();
    } else if (garbage_) {
      if constexpr (std::is_class_v<T>) {
        *channel_.payload = stream_.template Any<T>();
      }
    }
  }

 private:
  ToUnit<T> channel_;
  std::function<Rng()> rng_;
  Rng stream_{0, ""};
  std::deque<T> queue_;
  double idle_ = 0;
  bool garbage_ = false;
  bool taken_ = false;
  uint64_t sent_ = 0;
};

// Takes an output channel: behind a skid, as a unit would, from which it pops at random; or records
// a pulse channel.
template <class T>
class Consumer : public Agent {
 public:
  struct Item {
    uint64_t cycle;  // whose ending edge transferred it
    T value;
  };

  template <class Bench>
  Consumer(Bench& bench, const FromUnit<T>& channel)
      : channel_(channel), rng_([&bench, name = std::string("consumer.") + channel.name] {
          return bench.MakeRng(name);
        }) {
    bench.Add(this);
    Reset();
  }

  // Chance of a pop in each cycle: 1 never holds the unit up, 0 stops it after two transfers.
  void SetPace(double chance) { pace_ = chance; }
  // What was transferred and not yet taken out by Take().
  const std::deque<Item>& items() const { return items_; }
  bool empty() const { return items_.empty(); }
  T Take() {
    T value = items_.front().value;
    items_.pop_front();
    return value;
  }
  uint64_t received() const { return received_; }

  void Reset() override {
    items_.clear();
    held_ = 0;
    received_ = 0;
    taken_ = false;
    stream_ = rng_();
  }
  void Sample(uint64_t cycle) override {
    taken_ = *channel_.valid && (channel_.ready == nullptr || *channel_.ready);
    if (!taken_) return;
    items_.push_back({cycle, *channel_.payload});
    ++received_;
  }
  void Drive() override {
    if (channel_.ready == nullptr) return;
    held_ += taken_;
    if (held_ > 0 && stream_.Chance(pace_)) --held_;
    *channel_.ready = held_ <= 1;
  }

 private:
  FromUnit<T> channel_;
  std::function<Rng()> rng_;
  Rng stream_{0, ""};
  std::deque<Item> items_;
  double pace_ = 1;
  uint32_t held_ = 0;  // entries of the skid
  bool taken_ = false;
  uint64_t received_ = 0;
};

}  // namespace handoff
