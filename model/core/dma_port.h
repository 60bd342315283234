// SPDX-License-Identifier: Apache-2.0
//
// The endpoint's side of the engine's AXI4 and interrupt pins, in the engine's clock: write bursts,
// read requests, MSI-X messages and the answers to register reads go into one upstream queue in the
// order in which they were accepted, and leave at the PCIe link's rate as far as credits and tags
// allow; completions come back as R beats. A write is answered on B when the queue has accepted it
// whole (PCIe 5.0, 2.4: posted).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "gen/handoff_pkg.h"
#include "model/clock.h"
#include "model/core/devices.h"
#include "model/core/engine_pins.h"
#include "model/core/ring_queue.h"
#include "model/pcie/params.h"

namespace handoff {

// One transaction towards the root complex: one packet, or several in a row.
struct Upstream {
  enum class Kind : uint8_t { kWrite, kRead, kMsix, kRegister };
  Kind kind = Kind::kWrite;
  uint64_t sent_ps = 0;            // its last byte is on the link
  uint64_t addr = 0;               // kWrite, kRead: first byte
  uint8_t tag = 0;                 // kRead
  uint32_t bytes = 0;              // kRead
  uint32_t vector = 0;             // kMsix
  AxiLiteMaster::Result result{};  // kRegister: of a read
  PcieCredits credits{0, 0, 0};    // to be returned when the receiver is through with it
  Bytes data;                      // kWrite: all bytes strobed, from addr on
};

// The answer to one read request, whole.
struct Completion {
  uint64_t cycle = 0;  // first R beat not before
  uint8_t tag = 0;
  uint64_t addr = 0;  // as requested
  bool error = false;
  Bytes data;  // as many as requested, with an error too
};

class DmaPort {
 public:
  struct Params {
    PcieParams pcie;
    uint32_t queue_bytes = 8192;  // upstream queue of posted data
  };
  explicit DmaPort(const Params& params)
      : p_(params), credits_(params.pcie.upstream), byte_fs_(params.pcie.byte_fs()) {}
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
      --answers_;
    }
    if (pins.r_valid && out.r_ready) pins.r_valid = false;
    if (!pins.r_valid && !completions_.empty()) LoadCompletion(pins, cycle);
    if (!queue_.empty()) Drain(cycle);
    pins.aw_ready = addresses_.size() < kMaxAddresses;
    pins.w_ready = queued_bytes_ < p_.queue_bytes;
    pins.ar_ready = pins.irq_ready = queue_.size() < kMaxQueue;
  }
  // The answer to a register read follows what the engine wrote before it (PCIe 5.0, 2.4.1).
  void PushRegister(const AxiLiteMaster::Result& result) {
    queue_.push_back({.kind = Upstream::Kind::kRegister, .result = result});
  }

  // Engine is inside a transaction that only this port can move on.
  bool busy(const EnginePins& pins) const {
    return !addresses_.empty() || !beats_.empty() || !queue_.empty() || answers_ != 0 ||
           pins.b_valid || pins.r_valid || beat_ != 0;
  }
  uint64_t NextCycle() const { return completions_.empty() ? kNever : completions_.front().cycle; }
  uint64_t outstanding_reads() const { return reads_; }

  // In order of their cycles.
  void Complete(Completion completion) { completions_.push_back(std::move(completion)); }
  void ReturnCredits(uint64_t cycle, const PcieCredits& credits) {
    returns_.push_back({cycle, credits});
  }

  std::vector<Upstream> upstream;       // for whoever runs the core to take away
  std::vector<std::string> errors;      // broken AXI rules
  uint64_t first_write_cycle = kNever;  // first AW or W beat since this was last set to kNever
  uint64_t last_write_cycle = 0;        // the last W beat so far
  uint64_t write_beats = 0;
  uint64_t link_bytes = 0;  // sent upstream, overheads included

 private:
  static constexpr size_t kMaxAddresses = 16;
  static constexpr size_t kMaxQueue = 64;
  struct Burst {
    uint64_t addr;
    uint32_t beats;
  };
  struct Return {
    uint64_t cycle;
    PcieCredits credits;
  };

  void TakeAddress(const AxiAddr& aw, uint64_t cycle);
  void TakeBeat(const AxiW& w, uint64_t cycle);
  void TakeRead(const AxiAddr& ar, uint64_t cycle);
  void FinishBursts();
  void PushRun(uint64_t addr, Bytes data);
  void LoadCompletion(EnginePins& pins, uint64_t cycle);
  void Drain(uint64_t cycle);
  // What may leave of a queued transaction now: false if nothing.
  bool Cut(Upstream& queued, Upstream* leaves);

  Params p_;
  RingQueue<Burst> addresses_;
  RingQueue<AxiW> beats_;
  RingQueue<Upstream> queue_;
  RingQueue<Completion> completions_;
  RingQueue<Return> returns_;
  size_t beat_ = 0;       // next R beat of the first completion
  uint32_t answers_ = 0;  // B responses owed
  uint64_t reads_ = 0;
  uint64_t queued_bytes_ = 0;
  PcieCredits credits_;                    // left
  uint32_t tags_used_ = 0;                 // packets of reads not yet answered
  std::array<uint32_t, 256> read_tlps_{};  // by the read's AXI id
  uint64_t byte_fs_;
  Femtoseconds link_free_fs_ = 0;
};

}  // namespace handoff
