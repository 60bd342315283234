// SPDX-License-Identifier: Apache-2.0
//
// Twin of rtl/prim/prim_skid.sv: two entries behind a registered ready, pass-through when empty.
// docs/units/prim.md fixes the cycles and the calling order: read, decide, Tick once.
#pragma once

#include <cstdint>

namespace handoff::prim {

template <class T>
class Skid {
 public:
  // The register `ready_o`.
  bool ready() const { return ready_; }
  // `valid_o`: a word is there, held or passing through.
  bool valid(bool in_valid) const { return count_ != 0 || (in_valid && ready_); }
  // `data_o`. The reference keeps its value until the Tick after the next one.
  const T& data(const T& in) const { return count_ == 0 ? in : entry_[head_]; }
  // Nothing is held; after Tick this is `empty_d_o`.
  bool empty() const { return count_ == 0; }
  // A Tick without in_valid would change nothing.
  bool settled() const { return count_ == 0 && ready_; }

  // One rising edge. `pop`: the unit takes data(); ignored while valid() is false.
  void Tick(bool in_valid, const T& in, bool pop) {
    if (settled() && (pop || !in_valid)) return;  // empty and stays so: passes through
    Move(in_valid, in, pop);
  }

  void Reset() { *this = Skid{}; }

  template <class F>
  void ForEachField(F&& f) {
    f("ready", ready_);
    f("count", count_, 2);
    f("head", head_, 1);
    f("entry0", entry_[0]);
    f("entry1", entry_[1]);
  }

 private:
  void Move(bool in_valid, const T& in, bool pop) {
    const bool take = in_valid && ready_;
    if (count_ == 0) {
      if (take && !pop) {
        entry_[head_] = in;
        count_ = 1;
      }
    } else {
      if (take) {  // ready_ implies count_ == 1
        entry_[head_ ^ 1] = in;
        ++count_;
      }
      if (pop) {
        head_ ^= 1;
        --count_;
      }
    }
    ready_ = count_ <= 1;
  }

  T entry_[2] = {};
  uint8_t count_ = 0;
  uint8_t head_ = 0;
  bool ready_ = false;
};

}  // namespace handoff::prim
