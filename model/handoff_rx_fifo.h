// SPDX-License-Identifier: Apache-2.0
//
// Whole frames or nothing (docs/units/rx_fifo.md).
//
// From a frame's last beat to its record and first beat two cycles; a beat and a record a cycle.
// Never stalls the MAC, never shows a beat of a frame that is not complete, never reorders.
#pragma once

#include <cstdint>
#include <string_view>

#include "gen/handoff_params_pkg.h"
#include "gen/handoff_pkg.h"
#include "gen/handoff_rx_fifo_ports.h"
#include "model/flip.h"
#include "model/prim/ram.h"
#include "model/prim/ram_fifo.h"

namespace handoff {

class handoff_rx_fifo {
 public:
  struct Params {
    uint32_t RxFifoBeats = kDefaultRxFifoBeats;
    uint32_t RxFifoFrames = kDefaultRxFifoFrames;
  };
  using In = handoff_rx_fifo_in;
  using Out = handoff_rx_fifo_out;

  explicit handoff_rx_fifo(const Params& params);
  handoff_rx_fifo() : handoff_rx_fifo(Params()) {}

  In in;
  void Reset();
  void Tick() {
    if (!resting_ || *in.frame_valid || (q_.fdata_valid && *in.fdata_ready) ||
        (q_.hdr_valid && *in.hdr_ready)) {
      Edge();
    }
  }
  void Commit() {
    if (d_.changed) Show();
  }
  const Out& out() const { return q_; }

  template <class F>
  void ForEachReg(F&& f) {
    f("wr", r_.wr, IndexBits(beats_));
    f("start", r_.start, IndexBits(beats_));
    f("rd", r_.rd, IndexBits(beats_));
    f("cur", r_.cur, IndexBits(beats_ + 1));
    f("avail", r_.avail, IndexBits(beats_ + 1));
    f("drop", r_.drop);
    f("u_beats", u_beats_);
    f("u_hdr", u_hdr_);
    f("fdata_valid", q_.fdata_valid);
    f("rxf_cnt_valid", q_.rxf_cnt_valid);
    f("rxf_cnt", q_.rxf_cnt);
    f("rxf_drop_valid", q_.rxf_drop_valid);
    f("rxf_drop", q_.rxf_drop);
    f("quiet", q_.quiet);
  }
  bool Flip(std::string_view reg, uint32_t bit);

 private:
  struct Regs {
    uint32_t wr = 0;
    uint32_t start = 0;
    uint32_t rd = 0;
    uint32_t cur = 0;
    uint32_t avail = 0;
    bool drop = false;
  };
  // What Commit() makes visible; the payloads of hdr and fdata are the RAMs' output registers.
  struct Next {
    bool changed = false;
    bool hdr_loads = false;
    bool fdata_loads = false;
    bool hdr_valid = false;
    bool fdata_valid = false;
    bool rxf_cnt_valid = false;
    Cnt rxf_cnt{};
    bool rxf_drop_valid = false;
    Cnt rxf_drop{};
    bool quiet = false;
  };

  void Edge();
  void Show();
  uint32_t Inc(uint32_t addr) const { return addr + 1 == beats_ ? 0 : addr + 1; }

  const uint32_t beats_;
  Regs r_;
  prim::Ram<Beat> u_beats_;
  prim::RamFifo<Hdr> u_hdr_;
  Next d_;
  Out q_;
  bool resting_ = false;  // the next edge changes nothing: no beat comes, no output is taken
};

}  // namespace handoff
