// SPDX-License-Identifier: Apache-2.0
//
// Twin of rtl/prim/prim_ram_fifo.sv: FIFO in a RAM whose output register is filled ahead; pushed
// into an empty one in cycle n, valid in n+2. docs/units/prim.md fixes the cycles and the calling
// order: read, decide, Tick once.
#pragma once

#include <bit>
#include <cstdint>

#include "model/prim/ram.h"

namespace handoff::prim {

template <class T>
class RamFifo {
 public:
  explicit RamFifo(uint32_t depth) : ram_(depth), depth_(depth) {}

  bool ready() const { return count_ != depth_; }
  bool valid() const { return out_valid_; }
  // `data_o`, the RAM's output register: overwritten by Tick.
  const T& data() const { return ram_.rdata(); }
  // Words held, the output register's included.
  uint32_t count() const { return count_; }
  // Nothing is held; after Tick this is `empty_d_o`.
  bool empty() const { return count_ == 0; }
  // A Tick without push and pop would change nothing.
  bool settled() const { return count_ == 0 || out_valid_; }

  // One rising edge. A push while ready() is false and a pop while valid() is false change nothing.
  void Tick(bool push, const T& in, bool pop) {
    push = push && ready();
    pop = pop && out_valid_;
    const bool read = count_ != uint32_t{out_valid_} && (!out_valid_ || pop);
    if (read) {
      ram_.TickRead(rd_);
      rd_ = Next(rd_);
    }
    if (push) {
      ram_.TickWrite(wr_, in);
      wr_ = Next(wr_);
    }
    count_ = count_ + push - pop;
    out_valid_ = read || (out_valid_ && !pop);
  }

  void Reset() {
    ram_.Reset();
    count_ = wr_ = rd_ = 0;
    out_valid_ = false;
  }

  template <class F>
  void ForEachField(F&& f) {
    const uint32_t wr = wr_, rd = rd_;
    f("count", count_, static_cast<uint32_t>(std::bit_width(depth_)));
    f("out_valid", out_valid_);
    f("wr", wr_, static_cast<uint32_t>(std::bit_width(depth_ - 1)));
    f("rd", rd_, static_cast<uint32_t>(std::bit_width(depth_ - 1)));
    f("u_ram", ram_);
    // A depth that is no power of two: there is no word of that number.
    if (wr_ >= depth_) wr_ = wr;
    if (rd_ >= depth_) rd_ = rd;
  }

 private:
  uint32_t Next(uint32_t i) const { return i + 1 == depth_ ? 0 : i + 1; }

  Ram<T> ram_;
  uint32_t depth_;
  uint32_t count_ = 0;
  uint32_t wr_ = 0;
  uint32_t rd_ = 0;
  bool out_valid_ = false;
};

}  // namespace handoff::prim
