// SPDX-License-Identifier: Apache-2.0
//
// The endpoint's side of the engine's AXI4 and interrupt pins, in the engine's clock: write bursts,
// read requests and MSI-X messages go into one upstream queue in the order in which they were
// accepted, and leave at the PCIe link's rate as far as posted credits allow; completions come back
// as R beats. A write is answered on B when the queue has accepted it whole (PCIe 5.0, 2.4:
// posted).
#ifndef HANDOFF_TB_LOCKSTEP_DMA_PORT_H_
#define HANDOFF_TB_LOCKSTEP_DMA_PORT_H_

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "gen/handoff_pkg.h"
#include "tb/lockstep/clock.h"
#include "tb/lockstep/devices.h"
#include "tb/lockstep/engine_pins.h"

namespace handoff {

// One transaction towards the root complex.
struct Upstream {
  enum class Kind : uint8_t { kWrite, kRead, kMsix };
  Kind kind = Kind::kWrite;
  uint64_t sent_ps = 0;  // its last byte is on the link
  uint64_t addr = 0;     // kWrite, kRead: first byte
  uint8_t tag = 0;       // kRead
  uint32_t bytes = 0;    // kRead
  uint32_t vector = 0;   // kMsix
  Bytes data;            // kWrite: all bytes strobed, from addr on
};

// The answer to one read request, whole.
struct Completion {
  uint64_t cycle = 0;  // first R beat not before
  uint8_t tag = 0;
  uint64_t addr = 0;  // as requested
  bool error = false;
  Bytes data;
};

class DmaPort {
 public:
  struct Params {
    uint64_t byte_fs = 32000;         // link time of one byte, femtoseconds: 16 lanes at 16 GT/s
    uint32_t max_payload = 256;       // bytes in one write TLP
    uint32_t tlp_overhead = 24;       // header, framing, LCRC of a TLP
    uint32_t queue_bytes = 8192;      // upstream queue of posted data
    uint32_t posted_credits = 16384;  // bytes that may be on their way before credits come back
  };
  explicit DmaPort(const Params& params) : p_(params), credits_(params.posted_credits) {}
  DmaPort() : DmaPort(Params()) {}

  template <class Out>
  void Tick(const Out& out, EnginePins& pins, uint64_t cycle) {
    if (out.aw_valid && pins.aw_ready) TakeAddress(out.aw, cycle);
    if (out.w_valid && pins.w_ready) TakeBeat(out.w, cycle);
    if (out.ar_valid && pins.ar_ready) TakeRead(out.ar, cycle);
    if (out.irq_valid && pins.irq_ready) {
      queue_.push_back({.kind = Upstream::Kind::kMsix, .vector = out.irq.vector});
    }
    if (pins.b_valid && out.b_ready) pins.b_valid = false;
    if (!pins.b_valid && answers_ != 0) {
      pins.b_valid = true;
      pins.b.resp = 0;
      answers_--;
    }
    TickCompletions(out.r_ready, pins, cycle);
    Drain(cycle);
    pins.aw_ready = addresses_.size() < kMaxBursts;
    pins.w_ready = queued_bytes_ < p_.queue_bytes;
    pins.ar_ready = pins.irq_ready = queue_.size() < kMaxQueue;
  }

  // Engine is inside a transaction that only this port can move on.
  bool busy(const EnginePins& pins) const {
    return !addresses_.empty() || !beats_.empty() || !queue_.empty() || answers_ != 0 ||
           pins.b_valid || pins.r_valid || beat_ != 0;
  }
  uint64_t NextCycle() const { return completions_.empty() ? kNever : completions_.front().cycle; }
  uint64_t outstanding_reads() const { return reads_; }

  void Complete(Completion completion) { completions_.push_back(std::move(completion)); }
  void ReturnCredits(uint64_t cycle, uint32_t bytes) { returns_.push_back({cycle, bytes}); }

  std::vector<Upstream> upstream;       // for whoever runs the core to take away
  std::vector<std::string> errors;      // broken AXI rules
  uint64_t first_write_cycle = kNever;  // first AW or W beat since this was last set to kNever
  uint64_t write_beats = 0;

 private:
  static constexpr size_t kMaxBursts = 16;
  static constexpr size_t kMaxQueue = 64;
  struct Burst {
    uint64_t addr;
    uint32_t beats;
  };
  struct Return {
    uint64_t cycle;
    uint32_t bytes;
  };

  void TakeAddress(const AxiAddr& aw, uint64_t cycle);
  void TakeBeat(const AxiW& w, uint64_t cycle);
  void TakeRead(const AxiAddr& ar, uint64_t cycle);
  void FinishBursts();
  void PushRun(uint64_t addr, const Bytes& data);
  void TickCompletions(bool r_ready, EnginePins& pins, uint64_t cycle);
  void Drain(uint64_t cycle);

  Params p_;
  std::deque<Burst> addresses_;
  std::deque<AxiW> beats_;
  std::deque<Upstream> queue_;
  std::deque<Completion> completions_;
  std::deque<Return> returns_;
  size_t beat_ = 0;       // next R beat of the first completion
  uint32_t answers_ = 0;  // B responses owed
  uint64_t reads_ = 0;
  uint64_t queued_bytes_ = 0;
  uint64_t credits_;
  uint64_t link_free_fs_ = 0;
};

}  // namespace handoff

#endif  // HANDOFF_TB_LOCKSTEP_DMA_PORT_H_
