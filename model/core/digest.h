// SPDX-License-Identifier: Apache-2.0
//
// A hash over every change of every engine pin: (cycle, pin, value). Two runs whose pins agree in
// every cycle have the same digest, however many idle cycles were jumped over.
#pragma once

#include <cstddef>
#include <cstdint>

namespace handoff {

class Digest {
 public:
  // Multiply-and-fold of two 64-bit words: each word passes once through a 64x64 multiplication.
  void Add(uint64_t word) {
    const auto product = static_cast<unsigned __int128>(state_ ^ word) * kMultiplier;
    state_ = static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64) ^ kAdd;
  }
  template <size_t N>
  void Add(uint64_t cycle, uint32_t pin, const uint64_t (&words)[N]) {
    Add(cycle * 64 + pin);
    for (const uint64_t word : words) Add(word);
  }
  uint64_t value() const { return state_; }

 private:
  static constexpr uint64_t kMultiplier = 0x9E3779B97F4A7C15;  // 2^64 / golden ratio, odd
  static constexpr uint64_t kAdd = 0xD1B54A32D192ED03;
  uint64_t state_ = 0x243F6A8885A308D3;
};

}  // namespace handoff
