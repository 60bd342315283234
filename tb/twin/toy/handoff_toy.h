// SPDX-License-Identifier: Apache-2.0
//
// Twin of handoff_toy.sv, on which the lockstep bench itself is tested; it can be made wrong.
#pragma once

#include <cstdint>

#include "gen/handoff_pkg.h"
#include "gen/handoff_toy_ports.h"
#include "model/prim/ram_fifo.h"
#include "model/prim/skid.h"

namespace handoff {

class handoff_toy {
 public:
  struct Params {
    uint32_t depth = 4;
  };
  using In = handoff_toy_in;
  using Out = handoff_toy_out;

  // What Tick does wrong, if anything.
  enum class Bug { kNone, kField, kEnum, kLate, kQuiet };

  explicit handoff_toy(const Params& params) : fifo_(params.depth) {}

  In in;
  Bug bug = Bug::kNone;

  void Reset() {
    skid_.Reset();
    fifo_.Reset();
    q_ = d_ = Out{};
  }

  void Tick() {
    const bool skid_valid = skid_.valid(*in.frame_valid);
    const Hdr& skid_data = skid_.data(*in.frame);
    const bool skid_pop = fifo_.ready();
    const bool fifo_pop = !q_.hdr_valid || *in.hdr_ready;
    if (fifo_pop) {
      if (fifo_.valid()) {
        d_.hdr = fifo_.data();
        if (bug == Bug::kField && d_.hdr.seg.seq == 7) d_.hdr.seg.seq = 3;
      }
      d_.hdr_valid = fifo_.valid();
    }
    d_.reason = d_.hdr.seg.reason;
    if (bug == Bug::kEnum && d_.reason == Reason::ReasonGap) d_.reason = Reason::ReasonOld;
    d_.tcp_cnt_valid = *in.grant_valid;
    if (*in.grant_valid) {
      d_.tcp_cnt.index = in.grant->n & 63;
      d_.sum += in.cfg->limit_us + (in.grant->n >> 6);
    }
    fifo_.Tick(skid_valid, skid_data, fifo_pop && bug != Bug::kLate);
    skid_.Tick(*in.frame_valid, *in.frame, skid_pop);
    d_.frame_ready = skid_.ready();
    d_.quiet = skid_.empty() && fifo_.empty() && !d_.hdr_valid && !d_.tcp_cnt_valid;
    if (bug == Bug::kQuiet) d_.quiet = false;
  }

  void Commit() { q_ = d_; }
  const Out& out() const { return q_; }

 private:
  prim::Skid<Hdr> skid_;
  prim::RamFifo<Hdr> fifo_;
  Out d_, q_;
};

}  // namespace handoff
