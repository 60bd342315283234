// SPDX-License-Identifier: Apache-2.0
//
// Twin of rtl/prim/prim_fifo.sv: FIFO of registers, pushed in cycle n, valid in n+1.
// docs/units/prim.md fixes the cycles and the calling order: read, decide, Tick once.
#pragma once

#include <bit>
#include <cstdint>
#include <vector>

namespace handoff::prim {

template <class T>
class Fifo {
 public:
  explicit Fifo(uint32_t depth) : mem_(depth) {}

  bool ready() const { return count_ != mem_.size(); }
  bool valid() const { return count_ != 0; }
  // `data_o`. The reference keeps its value until the Tick after the next one.
  const T& data() const { return mem_[rd_]; }
  uint32_t count() const { return count_; }
  // Nothing is held; after Tick this is `empty_d_o`.
  bool empty() const { return count_ == 0; }
  // A Tick without push and pop changes nothing, whatever is held.
  bool settled() const { return true; }

  // One rising edge. A push while ready() is false and a pop while valid() is false change nothing.
  void Tick(bool push, const T& in, bool pop) {
    push = push && ready();
    pop = pop && count_ != 0;
    if (push) {
      mem_[wr_] = in;
      wr_ = Next(wr_);
    }
    if (pop) rd_ = Next(rd_);
    count_ = count_ + push - pop;
  }

  void Reset() {
    count_ = wr_ = rd_ = 0;
    for (T& word : mem_) word = T{};
  }

  template <class F>
  void ForEachField(F&& f) {
    const uint32_t wr = wr_, rd = rd_;
    f("count", count_, static_cast<uint32_t>(std::bit_width(mem_.size())));
    f("wr", wr_, static_cast<uint32_t>(std::bit_width(mem_.size() - 1)));
    f("rd", rd_, static_cast<uint32_t>(std::bit_width(mem_.size() - 1)));
    f("mem", mem_);
    // A depth that is no power of two: there is no word of that number.
    if (wr_ >= mem_.size()) wr_ = wr;
    if (rd_ >= mem_.size()) rd_ = rd;
  }

 private:
  uint32_t Next(uint32_t i) const { return i + 1 == mem_.size() ? 0 : i + 1; }

  std::vector<T> mem_;
  uint32_t count_ = 0;
  uint32_t wr_ = 0;
  uint32_t rd_ = 0;
};

}  // namespace handoff::prim
