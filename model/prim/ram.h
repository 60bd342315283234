// SPDX-License-Identifier: Apache-2.0
//
// Twin of rtl/prim/prim_ram.sv: an address read in cycle n shows its word in n+1; read during write
// of one address returns the old word; contents survive Reset().
// docs/units/prim.md fixes the cycles and the calling order: read, decide, Tick once.
#pragma once

#include <cstdint>
#include <vector>

namespace handoff::prim {

template <class T>
class Ram {
 public:
  explicit Ram(uint32_t depth) : mem_(depth) {}

  // The output register `rdata_o`: overwritten by a Tick with `re`.
  const T& rdata() const { return rdata_; }

  // One rising edge.
  void Tick(bool re, uint32_t raddr, bool we, uint32_t waddr, const T& wdata) {
    if (re) rdata_ = mem_[raddr];
    if (we) mem_[waddr] = wdata;
  }
  // The same without a write, and without a read.
  void TickRead(uint32_t raddr) { rdata_ = mem_[raddr]; }
  void TickWrite(uint32_t waddr, const T& wdata) { mem_[waddr] = wdata; }

  void Reset() { rdata_ = T{}; }

  // The register alone: the words are no registers.
  template <class F>
  void ForEachField(F&& f) {
    f("rdata", rdata_);
  }

 private:
  std::vector<T> mem_;
  T rdata_{};
};

}  // namespace handoff::prim
