// SPDX-License-Identifier: Apache-2.0
//
// Feeds the digest: sees all pins after every edge and hashes those that changed.
#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>

#include "model/core/digest.h"
#include "model/core/engine_pins.h"

namespace handoff {

template <class Out>
class PinWatch {
 public:
  // The digest counts changes from what reset shows: no deadline, and all else 0.
  PinWatch() { out_.wake_us = ~uint64_t{0}; }

  void See(uint64_t cycle, const EnginePins& pins, const Out& out) {
    const uint64_t out_bits = OutBits(out);
    if (out_bits != out_bits_ || !SameBits(pins, pins_)) {
      out_bits_ = out_bits;
      static_cast<EnginePinBits&>(pins_) = pins;
      digest_.Add(cycle, 0, {InBits(pins) << kOutBits | out_bits});
    }
    uint32_t pin = 1;
    const auto group = [&](const auto& now, auto& before, bool may_change = true) {
      if (may_change && !(now == before)) Change(cycle, pin, now, before);
      ++pin;
    };
    // Devices change a payload only together with its valid.
    group(pins.rx, pins_.rx, pins.rx_valid);
    group(pins.b, pins_.b, pins.b_valid);
    group(pins.r, pins_.r, pins.r_valid);
    group(pins.s_aw, pins_.s_aw, pins.s_aw_valid);
    group(pins.s_w, pins_.s_w, pins.s_w_valid);
    group(pins.s_ar, pins_.s_ar, pins.s_ar_valid);
    group(out.tx, out_.tx);
    group(out.aw, out_.aw);
    group(out.w, out_.w);
    group(out.ar, out_.ar);
    group(out.s_b, out_.s_b);
    group(out.s_r, out_.s_r);
    group(out.irq, out_.irq);
    if (out.wake_us != out_.wake_us) {
      out_.wake_us = out.wake_us;
      digest_.Add(cycle, pin, {out.wake_us});
    }
  }
  uint64_t value() const { return digest_.value(); }

 private:
  template <class T>
  void Change(uint64_t cycle, uint32_t pin, const T& now, T& before) {
    before = now;
    uint64_t words[T::kWords];
    now.Pack(words);
    digest_.Add(cycle, pin, words);
  }

  static bool SameBits(const EnginePinBits& a, const EnginePinBits& b) {
    static_assert(std::has_unique_object_representations_v<EnginePinBits>);
    return std::memcmp(&a, &b, sizeof a) == 0;
  }
  // All one-bit pins in one word, inputs above outputs, each side's first the most significant.
  static constexpr uint32_t kOutBits = 14;
  static uint64_t InBits(const EnginePinBits& p) {
    return Word(p.rx_valid, p.tx_ready, p.aw_ready, p.w_ready, p.ar_ready, p.b_valid, p.r_valid,
                p.s_aw_valid, p.s_w_valid, p.s_ar_valid, p.s_b_ready, p.s_r_ready, p.irq_ready,
                p.link_up, p.flr_req);
  }
  static uint64_t OutBits(const Out& o) {
    return Word(o.tx_valid, o.aw_valid, o.w_valid, o.ar_valid, o.b_ready, o.r_ready, o.s_aw_ready,
                o.s_w_ready, o.s_ar_ready, o.s_b_valid, o.s_r_valid, o.irq_valid, o.flr_done,
                o.quiet);
  }
  template <class... Bool>
  static uint64_t Word(Bool... bit) {
    uint64_t word = 0;
    ((word = word << 1 | uint64_t{bit}), ...);
    return word;
  }

  Digest digest_;
  uint64_t out_bits_ = 0;
  EnginePins pins_;
  Out out_;
};

}  // namespace handoff
