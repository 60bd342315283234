// SPDX-License-Identifier: Apache-2.0
//
// Legacy buffers, fetched ahead (docs/units/legacy.md).
//
// A descriptor is granted in the cycle in which it enters u_beats, and is at lbuf two cycles later
// at the earliest, one a cycle. Never passes the host's index, never reads on after an error, never
// asks for more than there is room for.
#pragma once

#include <cstdint>
#include <string_view>

#include "gen/handoff_legacy_ports.h"
#include "gen/handoff_params_pkg.h"
#include "gen/handoff_pkg.h"
#include "model/flip.h"
#include "model/prim/fifo.h"
#include "model/prim/ram_fifo.h"

namespace handoff {

class handoff_legacy {
 public:
  struct Params {
    uint32_t LegacyDepth = kDefaultLegacyDepth;
  };
  using In = handoff_legacy_in;
  using Out = handoff_legacy_out;

  explicit handoff_legacy(const Params& params);
  handoff_legacy() : handoff_legacy(Params()) {}

  In in;
  void Reset();
  void Tick() {
    // At rest nothing moved at the last edge, and lbuf stands at a full skid, if at all.
    if (!idle_ || *in.legacy_rd_valid || (q_.lbuf_valid && *in.lbuf_ready) ||
        *in.legacy_ring != seen_ring_) {
      Edge();
    }
  }
  void Commit() {
    if (changed_) q_ = d_;
    changed_ = false;
  }
  const Out& out() const { return q_; }

  template <class F>
  void ForEachReg(F&& f) {
    f("active", r_.active);
    f("fetch", r_.fetch);
    f("cons", r_.cons);
    f("used", r_.used, IndexBits(uint64_t{beats_} + 1));
    f("a_done", r_.a_done, IndexBits(kBlockDescs + 1));
    f("o_done", r_.o_done, IndexBits(kBeatDescs));
    f("fault", r_.fault);
    f("u_reads", u_reads_);
    f("u_beats", u_beats_);
    f("legacy_rd_req_valid", d_.legacy_rd_req_valid);
    f("legacy_rd_req", d_.legacy_rd_req);
    f("grant_valid", d_.grant_valid);
    f("grant", d_.grant);
    f("lbuf_valid", d_.lbuf_valid);
    f("lbuf", d_.lbuf);
    f("more", d_.legacy_more);
    f("quiet", d_.quiet);
  }
  bool Flip(std::string_view reg, uint32_t bit);

 private:
  void Edge();
  struct Read {  // a read under way
    uint8_t lane = 0;
    uint8_t n = 0;

    template <class F>
    void ForEachField(F&& f) {
      f("lane", lane, IndexBits(kBeatDescs));
      f("n", n, IndexBits(kBlockDescs + 1));
    }
  };
  struct Beat {  // descriptors cnt, from lane on
    uint8_t cnt = 0;
    uint8_t lane = 0;
    Data data{};

    template <class F>
    void ForEachField(F&& f) {
      f("cnt", cnt, IndexBits(kBeatDescs + 1));
      f("lane", lane, IndexBits(kBeatDescs));
      f("data", data);
    }
  };
  struct Regs {
    bool active = false;
    uint16_t fetch = 0;
    uint16_t cons = 0;
    uint32_t used = 0;
    uint8_t a_done = 0;
    uint8_t o_done = 0;
    bool fault = false;
  };

  static constexpr uint32_t kReads = 8;
  static constexpr uint32_t kBlockDescs = kMaxReadBytes / kLegacyDescBytes;
  static constexpr uint32_t kBeatDescs = kDataBytes / kLegacyDescBytes;

  const uint32_t beats_;
  Regs r_;
  prim::Fifo<Read> u_reads_;
  prim::RamFifo<Beat> u_beats_;
  Out d_, q_;
  bool changed_ = false;
  bool idle_ = false;  // the last edge changed nothing
  Ring seen_ring_{};   // as at the last edge that was looked at
};

}  // namespace handoff
