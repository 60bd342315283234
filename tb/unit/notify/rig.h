// SPDX-License-Identifier: Apache-2.0
//
// notify with a host that counts entries, and the check of what must come of each notification
// and of each interrupt.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "gen/handoff_notify_small_rtl.h"
#include "model/handoff_notify.h"
#include "tb/twin/twin_bench.h"
#include "tb/unit/notify/reference.h"

namespace handoff {

constexpr uint32_t kPairWait = 4, kEntryWords = 4;
constexpr uint64_t kNever = IrqReference::kNever;
constexpr uint64_t kLowHalf = 0xffffffff, kHighHalf = kLowHalf << 32;

template <class RtlClass = handoff_notify_small_rtl>
class Notify {
 public:
  using Bench = TwinBench<handoff_notify, RtlClass>;
  struct Written {
    Ntf ntf;
    uint64_t cycle;
  };
  Bench bench;
  Producer<Progress> progress{bench, bench.to.progress};
  Producer<Ntf> done{bench, bench.to.done}, sent{bench, bench.to.sent};
  Producer<WrDone> notify_wr_done{bench, bench.to.notify_wr_done};
  Consumer<Wr> notify_wr{bench, bench.from.notify_wr};
  Consumer<Irq> irq{bench, bench.from.irq};
  Consumer<Cnt> irq_cnt{bench, bench.from.irq_cnt};
  const uint32_t entries = RtlClass::template ModelParams<handoff_notify::Params>().DctEntries;
  double answer_chance = 1, error_chance = 0, nonsense_chance = 0;
  double consume_chance = 0;     // the host consumes some of what is written
  uint64_t cycles_a_us = 16;     // 0: the test sets the time
  std::vector<Written> written;  // as seen at notify_wr
  uint64_t beats = 0, irqs = 0, merges = 0, nonsense = 0;

  Notify() { Start(); }
  void Start() {
    rng_ = bench.MakeRng("host");
    answer_chance = 1;
    error_chance = nonsense_chance = consume_chance = 0;
    cycles_a_us = 16;
    written.clear(), beats = irqs = 0;
    ntfs_ = NtfReference(), irqs_ = IrqReference();
    bursts_.clear(), answers_.clear();
    lap_written_ = lap_answered_ = lap_consumed_ = 0;
    active_ = fault_ = dead_notify_wr_ = false;
  }
  void Enable(uint32_t log_size = 6, uint64_t base = 0x10000) {
    log_size_ = log_size;
    lap_written_ = lap_answered_ = lap_consumed_ = 0;
    bench.in.ntf_ring = {.enable = true, .base = base, .log_size = static_cast<uint8_t>(log_size)};
  }
  void Disable() {
    bench.in.ntf_ring.enable = false;
    bench.in.ntf_ring.index = 0;
    for (Burst& burst : bursts_) burst.dead = true;
    for (Answer& answer : answers_) answer.dead = true;
    dead_notify_wr_ = bench.out().notify_wr_valid;
    ntfs_.MayLose();  // what stands in hold
  }
  void PushDone() { PushTo(done, NtfKind::NtfDone); }
  void PushSent() { PushTo(sent, NtfKind::NtfSent); }
  void PushProgress(Conn conn, bool cancel = false) {
    Progress p = rng_.Any<Progress>();
    p.conn = conn, p.cancel = cancel, p.snd_una = static_cast<Seq>(++serial_);
    progress.Push(p);
    ntfs_.Push(p);
  }
  void Consume(uint64_t n) {
    lap_consumed_ += std::min(n, lap_written_ - lap_consumed_);
    bench.in.ntf_ring.index = static_cast<U16>(lap_consumed_ % size());
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
  // Until clearing is over, and then some.
  void Settle() { Step(entries + 4); }
  uint32_t size() const { return uint32_t{1} << log_size_; }
  uint64_t entries_written() const { return lap_written_; }
  bool full() const { return lap_written_ - lap_consumed_ == size() - 1; }
  uint64_t free() const { return size() - 1 - (lap_written_ - lap_consumed_); }
  bool untold() const { return ntfs_.untold(); }
  bool fault() const { return fault_; }
  const IrqReference& reference() const { return irqs_; }
  size_t bursts() const { return bursts_.size(); }
  // Nothing is on its way, and of each connection the newest progress was told.
  bool Done() const {
    if (ntfs_.may_lose()) return progress.done() && done.done() && sent.done() && bench.out().quiet;
    return ntfs_.empty() && progress.done() && bursts_.empty() && answers_.empty();
  }

 private:
  struct Burst {
    uint32_t n;
    bool dead;
  };
  struct Answer {
    uint32_t n;
    bool dead, err, asked;
  };

  void PushTo(Producer<Ntf>& producer, NtfKind kind) {
    Ntf ntf = rng_.Any<Ntf>();
    ntf.kind = kind;
    ntf.tag = ++serial_;
    producer.Push(ntf);
    ntfs_.Push(ntf);
  }

  void OneStep() {
    if (consume_chance != 0 && rng_.Chance(consume_chance)) {
      Consume(rng_.Chance(0.3) ? size() : rng_.Between(1, 4));
    }
    auto& in = bench.in;
    if (cycles_a_us != 0) in.time_us = bench.cycle() / cycles_a_us;
    const bool run = active_ && in.ntf_ring.enable;
    const bool outstanding = bench.out().notify_wr_valid || !bursts_.empty() ||
                             (!answers_.empty() && answers_.front().asked);
    uint32_t n = 0;
    bool fault = fault_;
    if (in.notify_wr_done_valid) {
      const Answer answer = answers_.front();
      answers_.pop_front();
      nonsense += !answer.asked;
      if (run && answer.asked && !answer.dead && !answer.err && !fault_) n = answer.n;
      fault |= answer.asked && answer.err;
    }
    lap_answered_ += n;
    const Wr& beat = bench.out().notify_wr;
    const uint64_t at_notify_wr = !bench.out().notify_wr_valid || dead_notify_wr_ ? 0
                                  : beat.strb == ~uint64_t{0}                     ? 2
                                                                                  : 1;
    const bool fire =
        irqs_.Fires({run, n, lap_answered_, lap_consumed_, lap_written_ + at_notify_wr, size(),
                     in.ntf_ring.index, in.halt, in.time_us},
                    in.cfg);
    const bool irq_before = bench.out().irq_valid, irq_taken = irq_before && in.irq_ready;
    merges += fire && irq_before && !irq_taken;
    fault_ = fault;
    active_ = in.ntf_ring.enable && (active_ || !outstanding);

    bench.Cycle();
    const auto& out = bench.out();
    EXPECT_EQ(out.irq_valid, fire || (irq_before && !irq_taken));
    EXPECT_EQ(out.irq_cnt_valid, irq_taken) << "one count a transfer";
    if (irq_taken) {
      EXPECT_EQ(out.irq_cnt.index, static_cast<uint8_t>(Counter::CntIrqs));
      ++irqs;
    }
    EXPECT_EQ(out.wake_us, irqs_.deadline());
    EXPECT_EQ(out.ntf_fault, fault_);
    EXPECT_EQ(out.ntf_prod, run ? lap_answered_ % size() : 0);
    SeeWrites();
    AnswerWrites();
  }

  void SeeWrites() {
    while (!notify_wr.empty()) {
      const uint64_t cycle = notify_wr.items().front().cycle;
      const Wr beat = notify_wr.Take();
      ++beats;
      const bool low = beat.strb & kLowHalf, high = beat.strb & kHighHalf;
      EXPECT_EQ(beat.strb, (low ? kLowHalf : 0) | (high ? kHighHalf : 0));
      EXPECT_TRUE(beat.first && beat.last && beat.beats == 1);
      bursts_.push_back({static_cast<uint32_t>(low + high), dead_notify_wr_});
      const bool dead = dead_notify_wr_;
      dead_notify_wr_ = false;
      const uint64_t base = bench.in.ntf_ring.base & ~uint64_t{63};
      if (!dead) {
        EXPECT_EQ(beat.addr, base + 64 * (lap_written_ % size() / 2));
        EXPECT_EQ(low, lap_written_ % 2 == 0) << "the lower half first";
      }
      for (const bool upper : {false, true}) {
        const Ntf ntf = Ntf::Unpack(&beat.data.w[upper ? kEntryWords : 0]);
        if (!(upper ? high : low)) {
          EXPECT_EQ(ntf, Ntf{});
          continue;
        }
        ntfs_.Written(ntf);
        if (dead) continue;
        EXPECT_EQ(ntf.phase, lap_written_ / size() % 2 == 0) << "first lap 1";
        ++lap_written_;
        EXPECT_LT(lap_written_ - lap_consumed_, size()) << "over an unconsumed entry";
        written.push_back({ntf, cycle});
      }
    }
    while (!irq.empty()) irq.Take();
    while (!irq_cnt.empty()) irq_cnt.Take();
  }

  void AnswerWrites() {
    if (notify_wr_done.queued() != 0) return;
    if (bursts_.empty()) {
      // An answer to nothing must meet nothing: only when nothing can be written.
      if (bench.out().quiet && !bench.in.ntf_ring.enable && rng_.Chance(nonsense_chance)) {
        notify_wr_done.Push({.err = true});
        answers_.push_back({.n = 0, .dead = false, .err = true, .asked = false});
      }
      return;
    }
    if (!rng_.Chance(answer_chance)) return;
    const bool err = rng_.Chance(error_chance);
    answers_.push_back(
        {.n = bursts_.front().n, .dead = bursts_.front().dead, .err = err, .asked = true});
    bursts_.pop_front();
    notify_wr_done.Push({.err = err});
  }

  Rng rng_ = bench.MakeRng("host");
  uint32_t log_size_ = 6;
  uint64_t serial_ = 0;
  NtfReference ntfs_;
  IrqReference irqs_;
  std::deque<Burst> bursts_;                                        // written, not answered
  std::deque<Answer> answers_;                                      // on their way to the unit
  uint64_t lap_written_ = 0, lap_answered_ = 0, lap_consumed_ = 0;  // entries since enabled
  bool active_ = false, fault_ = false, dead_notify_wr_ = false;
};

}  // namespace handoff
