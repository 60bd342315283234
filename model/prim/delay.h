// SPDX-License-Identifier: Apache-2.0
//
// Twin of rtl/prim/prim_delay.sv: what enters in cycle n is at the output in n+N.
// docs/units/prim.md fixes the cycles and the calling order: read, decide, Tick once.
//
// Words do not move: a ring holds those on their way (at most N) and the one shown last.
#pragma once

#include <cstdint>

namespace handoff::prim {

template <class T, uint32_t N>
class Delay {
  static_assert(N >= 1 && N <= 64);

 public:
  bool valid() const { return (valid_ >> (N - 1)) & 1; }
  // `data_o`: the last valid word that came out. The reference keeps its value until the Tick after
  // the next one.
  const T& data() const { return ring_[out_]; }
  // Nothing is on its way; after Tick this is `empty_d_o`.
  bool empty() const { return valid_ == 0; }
  // A Tick without in_valid would change nothing.
  bool settled() const { return valid_ == 0; }

  // One rising edge.
  void Tick(bool in_valid, const T& in) {
    if (in_valid) {
      ring_[in_] = in;
      in_ = Next(in_);
    }
    valid_ = ((valid_ << 1) | uint64_t{in_valid}) & kMask;
    if (valid()) out_ = Next(out_);
  }

  void Reset() { *this = Delay{}; }

 private:
  static constexpr uint64_t kMask = ~uint64_t{0} >> (64 - N);
  static constexpr uint32_t kSlots = N + 2;  // on their way, shown, and one being written
  static uint32_t Next(uint32_t i) { return i + 1 == kSlots ? 0 : i + 1; }

  T ring_[kSlots] = {};
  uint64_t valid_ = 0;  // bit i: stage i holds a valid word
  uint32_t in_ = 0;
  uint32_t out_ = kSlots - 1;
};

}  // namespace handoff::prim
