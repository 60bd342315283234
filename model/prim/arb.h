// SPDX-License-Identifier: Apache-2.0
//
// Twin of rtl/prim/prim_arb.sv: round robin; request 0 is first after reset, i+1 after a grant of
// i. docs/units/prim.md.
#pragma once

#include <bit>
#include <cstdint>

namespace handoff::prim {

template <uint32_t N>
class Arb {
  static_assert(N >= 1 && N <= 64);

 public:
  // The pick among `req` (bit i = request i), or -1. Reads only.
  int Pick(uint64_t req) const {
    if (req == 0) return -1;
    const uint64_t upper = req & (~uint64_t{0} << next_);
    return std::countr_zero(upper != 0 ? upper : req);
  }

  // One rising edge that grants `idx`, a pick of this cycle. Without a grant there is no Tick.
  void Tick(int idx) { next_ = static_cast<uint32_t>(idx) + 1 == N ? 0 : idx + 1; }

  void Reset() { next_ = 0; }

  template <class F>
  void ForEachField(F&& f) {
    f("next", next_, N == 1 ? 1 : static_cast<uint32_t>(std::bit_width(N - 1)));
  }

 private:
  uint32_t next_ = 0;
};

}  // namespace handoff::prim
