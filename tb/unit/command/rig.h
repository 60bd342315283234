// SPDX-License-Identifier: Apache-2.0
//
// command with a host that posts slots, a memory, and lookup and rx_tcp, which answer; beside them
// what must become of each slot.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "gen/handoff_command_small_rtl.h"
#include "model/handoff_command.h"
#include "tb/twin/twin_bench.h"
#include "tb/unit/command/reference.h"
#include "tb/unit/command/slots.h"

namespace handoff {

constexpr uint32_t kAhead = 4, kLastCmd = kCmdKindCount - 1;
constexpr uint16_t kMaxFrame = kSlotsMaxFrame;

// The unit with a host that posts slots, a memory, and lookup and rx_tcp, which answer.
template <class RtlClass = handoff_command_small_rtl>
class Command {
 public:
  using Bench = TwinBench<handoff_command, RtlClass>;
  Bench bench;
  Producer<Rd> cmd_rd{bench, bench.to.cmd_rd};
  Producer<CmdRsp> rsp{bench, bench.to.cmd_rsp};
  Consumer<RdReq> cmd_rd_req{bench, bench.from.cmd_rd_req};
  Consumer<CmdKey> cmd{bench, bench.from.cmd};
  Consumer<Tmpl> tmpl{bench, bench.from.tmpl};
  const uint32_t entries = RtlClass::template ModelParams<handoff_command::Params>().DctEntries;
  double read_chance = 1, rsp_chance = 1, refuse_chance = 0, error_chance = 0, nonsense_chance = 0;
  // Seen.
  std::vector<CmdKey> cmds;
  std::vector<Tmpl> tmpls;
  std::vector<uint64_t> cmd_cycles, req_cycles, cmd_rd_cycles, rsp_cycles;
  uint64_t refused_behind = 0;

  Command() { Start(); }
  void Start() {
    rng_ = bench.MakeRng("host");
    reference_ = CommandReference(entries);
    read_chance = rsp_chance = 1;
    refuse_chance = error_chance = nonsense_chance = 0;
    cmds.clear(), tmpls.clear();
    cmd_cycles.clear(), req_cycles.clear(), cmd_rd_cycles.clear(), rsp_cycles.clear();
    pending_tmpl_.reset(), waits_rsp_ = false, fault_ = false;
    reads_.clear(), beats_.clear(), words_.clear(), todo_.clear();
    posted_ = fetched_ = arrived_ = issued_ = dead_ = 0;
    Cfg& cfg = bench.in.cfg;
    cfg.max_frame = kMaxFrame;
    cfg.delay0_us = 1000, cfg.delay1_us = 0, cfg.delay2_us = 499999, cfg.delay3_us = 500000;
  }
  void Enable(uint32_t log_size = 5, uint64_t base = 0x10000) {
    ring_.assign(size_t{1} << log_size, Data{});
    posted_ = fetched_ = arrived_ = 0;
    bench.in.cmd_ring = {.enable = true, .base = base, .log_size = static_cast<uint8_t>(log_size)};
  }
  void Disable() {
    bench.in.cmd_ring.enable = false;
    bench.in.cmd_ring.index = 0;
    dead_ = issued_ + bench.out().cmd_rd_req_valid;
    for (Beat& beat : beats_) beat.dead = true;
    todo_.clear();
  }
  // Posted as the ring has room.
  void Push(const Data& slot) { todo_.push_back(slot); }
  template <class Desc>
  void Push(const Desc& desc) {
    Push(Slot(desc));
  }
  void Push(const GoodSetup& setup) { Push(setup.d0), Push(setup.d1); }

  // Posts one command and runs until it was answered.
  template <class Desc>
  Status Run(const Desc& desc) {
    const size_t n = cmds.size();
    Push(desc);
    StepUntil([&] { return cmds.size() > n && Done(); }, "the command");
    return cmds.back().cmd.status;
  }
  Status RunSetup(const std::function<void(GoodSetup&)>& change) {
    GoodSetup setup;
    change(setup);
    return Run(setup);
  }
  Status RunPost(uint8_t pieces, const std::function<void(PostDesc&)>& change) {
    PostDesc post = GoodPost(pieces);
    change(post);
    return Run(post);
  }

  void Step(uint64_t cycles = 1) {
    for (uint64_t i = 0; i < cycles; ++i) OneStep();
  }
  template <class F>
  void StepUntil(F&& condition, const char* what, uint64_t limit = 20000) {
    for (uint64_t i = 0; !condition(); ++i) {
      if (i == limit) bench.Fail(std::string("did not happen: ") + what + "\n");
      Step();
    }
  }
  bool Done() const {
    return !waits_rsp_ && words_.empty() && reads_.empty() && beats_.empty() && todo_.empty() &&
           (fault_ || arrived_ == posted_) && rsp.done();
  }
  bool fault() const { return fault_; }
  size_t reads() const { return reads_.size(); }
  size_t words() const { return words_.size(); }

 private:
  struct Read {
    uint64_t serial;
    Data data;
  };
  struct Beat {
    bool dead, err, asked;
    Data data;
  };

  void OneStep() {
    const bool enable = bench.in.cmd_ring.enable;
    // Nothing is posted while a beat comes that must meet no read.
    const bool posts = enable && (beats_.empty() || beats_.back().asked);
    for (; posts && !todo_.empty() && posted_ - arrived_ < ring_.size() - 1; ++posted_) {
      ring_[posted_ % ring_.size()] = todo_.front();
      todo_.pop_front();
    }
    if (enable) bench.in.cmd_ring.index = static_cast<U16>(posted_ % ring_.size());
    if (bench.in.cmd_rd_valid) {
      cmd_rd_cycles.push_back(bench.cycle());
      const Beat& beat = beats_.front();
      if (beat.asked && !beat.dead && enable && !fault_ && !beat.err) {
        words_.push_back(beat.data);
        ++arrived_;
      }
      fault_ |= beat.asked && beat.err;
      beats_.pop_front();
    }
    if (bench.in.cmd_rsp_valid) rsp_cycles.push_back(bench.cycle());
    bench.Cycle();
    EXPECT_EQ(bench.out().cmd_fault, fault_);
    if (enable) {
      EXPECT_EQ(bench.out().cmd_cons, arrived_ % ring_.size());
    }
    if (bench.out().quiet) {
      EXPECT_TRUE(words_.empty() && reads_.empty() && !waits_rsp_) << "quiet at work";
    }
    SeeRequest();
    SeeCommand();
    Answer();
  }
  void SeeRequest() {
    while (!cmd_rd_req.empty()) {
      req_cycles.push_back(cmd_rd_req.items().front().cycle);
      const RdReq request = cmd_rd_req.Take();
      const uint64_t base = bench.in.cmd_ring.base & ~uint64_t{63};
      Read read{.serial = issued_++, .data = {}};
      EXPECT_EQ(request.bytes, kSlotBytes);
      if (read.serial >= dead_) {
        EXPECT_EQ(request.addr, base + kSlotBytes * (fetched_ % ring_.size()));
        EXPECT_LT(fetched_, posted_) << "past the host's index";
        read.data = ring_[fetched_++ % ring_.size()];
      }
      reads_.push_back(read);
      EXPECT_LE(reads_.size() + beats_.size(), kAhead);
    }
  }
  void SeeCommand() {
    while (!tmpl.empty()) {
      ASSERT_FALSE(pending_tmpl_.has_value());
      pending_tmpl_ = tmpl.Take();
      tmpls.push_back(*pending_tmpl_);
    }
    if (cmd.empty()) return;
    ASSERT_FALSE(waits_rsp_) << "one at a time";
    ASSERT_FALSE(words_.empty()) << "a command from nowhere";
    cmd_cycles.push_back(cmd.items().front().cycle);
    w0_ = words_.front();
    words_.pop_front();
    Data w1;
    if (As<PlainDesc>(w0_).op == static_cast<U8>(CmdKind::CmdSetup)) {
      ASSERT_FALSE(words_.empty()) << "half a SETUP";
      w1 = words_.front();
      words_.pop_front();
    }
    const CommandReference::Result want = reference_.Decode(w0_, w1, bench.in.cfg);
    cmds.push_back(cmd.Take());
    EXPECT_EQ(cmds.back(), want.cmd) << cmds.back().ToString() << "\n" << want.cmd.ToString();
    ASSERT_EQ(pending_tmpl_.has_value(), want.tmpl.has_value()) << "template before its command";
    if (want.tmpl) {
      EXPECT_EQ(*pending_tmpl_, *want.tmpl) << want.tmpl->ToString();
    }
    pending_tmpl_.reset();
    waits_rsp_ = true;
  }
  void Answer() {
    if (waits_rsp_ && rsp.queued() == 0 && rng_.Chance(rsp_chance)) {
      Status status = cmds.back().cmd.status;
      if (status == Status::StatusOk && rng_.Chance(refuse_chance)) {
        status = Status::StatusTupleInUse;
        ++refused_behind;
      }
      if (status == Status::StatusOk) reference_.Done(w0_);
      rsp.Push({.status = status, .op = static_cast<CmdKind>(rng_.Below(16))});
      waits_rsp_ = false;
    } else if (!waits_rsp_ && words_.empty() && beats_.empty() && cmd_rd.done() &&
               rng_.Chance(nonsense_chance)) {
      rsp.Push({.status = Status::StatusOk, .op = CmdKind::CmdSetup});  // nobody waits for it
      if (reads_.empty() && !bench.out().cmd_rd_req_valid && fetched_ == posted_ && todo_.empty()) {
        beats_.push_back({.dead = false, .err = rng_.Chance(0.5), .asked = false, .data = {}});
        cmd_rd.Push({.err = beats_.back().err, .data = {}});
        return;
      }
    }
    if (cmd_rd.queued() != 0 || reads_.empty() || !rng_.Chance(read_chance)) return;
    const Read& read = reads_.front();
    const bool err = rng_.Chance(error_chance);
    beats_.push_back({.dead = read.serial < dead_, .err = err, .asked = true, .data = read.data});
    cmd_rd.Push({.last = rng_.Chance(0.5), .err = err, .data = read.data});
    reads_.pop_front();
  }

  Rng rng_ = bench.MakeRng("host");
  CommandReference reference_{entries};
  std::vector<Data> ring_{2};
  std::deque<Data> todo_;
  uint64_t posted_ = 0, fetched_ = 0, arrived_ = 0;  // slots since enabled
  uint64_t issued_ = 0, dead_ = 0;  // requests; those below dead_ were there when disabled
  std::deque<Read> reads_;
  std::deque<Beat> beats_;
  std::deque<Data> words_;  // read, not seen as commands yet
  Data w0_;
  std::optional<Tmpl> pending_tmpl_;
  bool waits_rsp_ = false;
  bool fault_ = false;
};

}  // namespace handoff
