// SPDX-License-Identifier: Apache-2.0
//
// A wire in virtual time that delays, loses, reorders, duplicates and damages frames by a seed. The
// stack's tests link neither SystemC nor the model, so they cannot use model/link/link.h.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <ostream>
#include <random>
#include <utility>

#include "sw/tcp/bytes.h"
#include "tb/sw/virtual_time.h"

namespace handoff::tb {

struct WireFaults {
  Micros delay = sw::Millis(5);
  double loss = 0;
  double duplicate = 0;
  double reorder = 0;  // held back by `reorder_by`
  Micros reorder_by = sw::Millis(3);
  double damage = 0;          // one bit flipped
  double bytes_per_us = 125;  // 1 Gb/s; 0: no limit
};

// One wire of a test, and its name.
struct WireCase {
  const char* name;
  WireFaults faults;
  friend void PrintTo(const WireCase& c, std::ostream* out) { *out << c.name; }
};

// One direction.
class FaultyWire {
 public:
  FaultyWire(VirtualTime& time, WireFaults faults, uint32_t seed)
      : time_(time), faults_(faults), random_(seed) {}
  void SetReceiver(std::function<void(tcp::ByteView)> receiver) { receiver_ = std::move(receiver); }
  // Sees each frame sent; returns false to lose it.
  void SetFilter(std::function<bool(tcp::ByteView)> filter) { filter_ = std::move(filter); }
  WireFaults& faults() { return faults_; }

  void Send(tcp::ByteView frame) {
    ++frames;
    if (filter_ && !filter_(frame)) return;
    free_at_ = std::max(free_at_, time_.Now());
    if (faults_.bytes_per_us > 0) {
      free_at_ += Micros(
          static_cast<int64_t>(static_cast<double>(frame.size() + 24) / faults_.bytes_per_us));
    }
    if (Chance(faults_.loss)) return;
    const int copies = Chance(faults_.duplicate) ? 2 : 1;
    for (int i = 0; i < copies; ++i) {
      Micros delay = free_at_ - time_.Now() + faults_.delay;
      if (Chance(faults_.reorder)) delay += faults_.reorder_by;
      tcp::Bytes bytes(frame.begin(), frame.end());
      if (Chance(faults_.damage))
        bytes[random_() % bytes.size()] ^= static_cast<uint8_t>(1u << random_() % 8);
      time_.After(delay, [this, bytes = std::move(bytes)] { receiver_(bytes); });
    }
  }
  uint64_t frames = 0;

 private:
  bool Chance(double p) { return p > 0 && std::uniform_real_distribution<>(0, 1)(random_) < p; }

  VirtualTime& time_;
  WireFaults faults_;
  std::mt19937 random_;
  std::function<void(tcp::ByteView)> receiver_;
  std::function<bool(tcp::ByteView)> filter_;
  Micros free_at_;
};

}  // namespace handoff::tb
