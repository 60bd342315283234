// SPDX-License-Identifier: Apache-2.0
//
// Bytes to memory: the jobs of buffers as bursts and notifications (docs/units/upload.md).
//
// A job's first beat is on upload_wr two cycles after the job was at the port of an idle unit; one
// beat a cycle, no bubble between jobs. Never writes a byte that a job does not name, never crosses
// a page in a burst, never tells of bytes before their bursts are answered.
#pragma once

#include <cstdint>
#include <string_view>

#include "gen/handoff_params_pkg.h"
#include "gen/handoff_pkg.h"
#include "gen/handoff_upload_ports.h"
#include "model/flip.h"
#include "model/prim/fifo.h"
#include "model/prim/ram.h"
#include "model/prim/ram_fifo.h"
#include "model/prim/skid.h"

namespace handoff {

class handoff_upload {
 public:
  struct Params {
    uint32_t DctEntries = kDefaultDctEntries;
  };
  using In = handoff_upload_in;
  using Out = handoff_upload_out;

  explicit handoff_upload(const Params& params);
  handoff_upload() : handoff_upload(Params()) {}

  In in;
  void Reset();
  void Tick() {
    if (!resting_ || *in.job_valid || *in.upload_wr_done_valid || *in.blk_valid ||
        (*in.fdata_valid && q_.fdata_ready)) {
      Edge();
    }
  }
  void Commit() {
    if (!changed_) return;
    changed_ = false;
    q_.fdata_ready = d_.fdata_ready;
    q_.blk_ready = d_.blk_ready;
    q_.job_ready = d_.job_ready;
    q_.done_valid = d_.done_valid;
    q_.uerr_valid = d_.uerr_valid;
    q_.upload_wr_valid = d_.upload_wr_valid;
    q_.quiet = d_.quiet;
    if (load_done_) q_.done = d_.done;
    if (load_uerr_) q_.uerr = d_.uerr;
    if (load_upload_wr_) q_.upload_wr = d_.upload_wr;
    load_done_ = load_uerr_ = load_upload_wr_ = false;
  }
  const Out& out() const { return q_; }

  template <class F>
  void ForEachReg(F&& f) {
    f("clr", r_.clr);
    f("clr_addr", r_.clr_addr, IndexBits(uint64_t{mask_} + 1));
    f("job_valid", r_.job_valid);
    f("kind", r_.kind, 2);
    f("frame_end", r_.frame_end);
    f("user", r_.user);
    f("has_ntf", r_.has_ntf);
    f("ntf", r_.ntf);
    f("off", r_.off, IndexBits(kOffMask + 1));
    f("rem", r_.rem);
    f("addr", r_.addr);
    f("mid", r_.mid);
    f("beat", r_.beat);
    f("have", r_.have);
    f("idx", r_.idx, IndexBits(kMaxIdx + 1));
    f("ended", r_.ended);
    f("issued", r_.issued);
    f("retired", r_.retired);
    f("wslot", r_.wslot, IndexBits(kSlotMask + 1u));
    f("rslot", r_.rslot, IndexBits(kSlotMask + 1u));
    f("ntf_err", r_.ntf_err);
    f("d1_valid", r_.d1_valid);
    f("d1", r_.d1);
    f("u_fdata_skid", u_fdata_skid_);
    f("u_blk_skid", u_blk_skid_);
    f("u_job_skid", u_job_skid_);
    f("u_burst", u_burst_);
    f("u_ntf", u_ntf_);
    f("u_uerr", u_uerr_);
    f("u_err", u_err_);
    f("upload_wr_valid", d_.upload_wr_valid);
    f("upload_wr", d_.upload_wr);
    f("done_valid", d_.done_valid);
    f("done", d_.done);
    f("uerr_valid", d_.uerr_valid);
    f("uerr", d_.uerr);
    f("quiet", d_.quiet);
  }
  bool Flip(std::string_view reg, uint32_t bit);

 private:
  static constexpr uint32_t kBurstDepth = 32;  // places in u_burst
  static constexpr uint32_t kNtfDepth = 32;    // in u_ntf
  static constexpr uint32_t kUerrs = 256;      // in u_uerr
  static constexpr uint8_t kSlotMask = 63;     // of a notification's error bit
  static constexpr uint8_t kFar = 64;          // bursts begun since the oldest notification
  static constexpr uint32_t kPageBeats = kPageBytes / kDataBytes;
  static constexpr uint32_t kOffMask = (1u << 17) - 1;
  static constexpr uint32_t kMaxIdx = 2047;

  struct Burst {  // begun and not answered yet
    bool user = false;
    uint16_t conn = 0;
    uint8_t gen = 0;
    bool has_ntf = false;
    uint8_t slot = 0;

    template <class F>
    void ForEachField(F&& f) {
      f("user", user);
      f("conn", conn);
      f("gen", gen);
      f("has_ntf", has_ntf);
      f("slot", slot, IndexBits(kSlotMask + 1u));
    }
  };
  struct Wait {  // a notification, and the bursts begun before it
    Ntf ntf{};
    uint8_t seq = 0;

    template <class F>
    void ForEachField(F&& f) {
      f("ntf", ntf);
      f("seq", seq);
    }
  };
  struct Err {
    bool err = false;
    uint8_t gen = 0;

    template <class F>
    void ForEachField(F&& f) {
      f("err", err);
      f("gen", gen);
    }
  };
  struct Regs {
    bool clr = true;
    uint32_t clr_addr = 0;
    bool job_valid = false;
    JobKind kind{};
    bool frame_end = false;
    bool user = false;
    bool has_ntf = false;
    Ntf ntf{};
    uint32_t off = 0;
    uint16_t rem = 0;
    uint64_t addr = 0;
    bool mid = false;
    Data beat{};
    bool have = false;
    uint16_t idx = 0;
    bool ended = false;
    uint8_t issued = 0;
    uint8_t retired = 0;
    uint8_t wslot = 0;
    uint8_t rslot = 0;
    uint64_t ntf_err = 0;
    bool d1_valid = false;
    Ntf d1{};
  };

  void Edge();
  bool Rests() const;
  void TickAnswers();
  void TickStep();
  void TakeJob();
  void LoadUw(uint32_t n, bool first, bool head, uint32_t b, const Data& fdata);
  // The bursts begun before the oldest waiting notification were all answered.
  bool Retired() const { return static_cast<uint8_t>(r_.retired - u_ntf_.data().seq) < 128; }
  // Too many bursts were begun since the oldest waiting notification.
  bool Far() const {
    return u_ntf_.valid() && static_cast<uint8_t>(r_.issued - u_ntf_.data().seq) >= kFar;
  }

  const uint32_t mask_;  // of a RAM address
  Regs r_;
  prim::Skid<Beat> u_fdata_skid_;
  prim::Skid<State> u_blk_skid_;
  prim::Skid<Job> u_job_skid_;
  prim::Fifo<Burst> u_burst_;
  prim::RamFifo<Wait> u_ntf_;
  prim::RamFifo<Uerr> u_uerr_;
  prim::Ram<Err> u_err_;
  // Of this edge only.
  bool burst_pop_ = false, ntf_pop_ = false;
  Out d_, q_;
  // Which payloads Commit() has to copy.
  bool load_done_ = false, load_uerr_ = false, load_upload_wr_ = false;
  bool changed_ = false;
  bool resting_ = false;  // all that is held waits for a job, an answer, or a beat
};

}  // namespace handoff
