// SPDX-License-Identifier: Apache-2.0
//
// notify against docs/units/notify.md: twins in lockstep, and beside them a host that counts
// entries, and what must come of each notification and of each interrupt.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "gen/handoff_notify_rtl.h"
#include "gen/handoff_notify_small_rtl.h"
#include "model/handoff_notify.h"
#include "tb/twin/channel_hits.h"
#include "tb/twin/twin_bench.h"
#include "tb/unit/notify/reference.h"

namespace handoff {
namespace {

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

TEST(Notify, ClearsBeforeItTakesProgress) {
  Notify<handoff_notify_rtl> notify;
  notify.Enable();
  notify.PushProgress(3);
  notify.PushDone();
  notify.Step(1024);
  EXPECT_EQ(notify.written.size(), 1u) << "done is taken meanwhile";
  notify.StepUntil([&] { return notify.Done(); }, "progress", 40);
  EXPECT_EQ(notify.written.size(), 2u);
}

TEST(Notify, KeepsItsLatencies) {
  Notify notify;
  notify.Enable();
  notify.Settle();
  auto cycle_of_next = [&](auto&& push) {
    push();
    const uint64_t n = notify.bench.cycle() + 1;  // valid in the next cycle
    const size_t before = notify.written.size();
    notify.StepUntil([&] { return notify.written.size() > before; }, "an entry");
    const uint64_t took = notify.written.back().cycle - n;
    notify.StepUntil([&] { return notify.bench.out().quiet; }, "quiet");
    return took;
  };
  EXPECT_EQ(cycle_of_next([&] { notify.PushDone(); }), 1 + kPairWait) << "lower half, alone";
  EXPECT_EQ(cycle_of_next([&] { notify.PushDone(); }), 1u) << "upper half";
  EXPECT_EQ(cycle_of_next([&] { notify.PushDone(), notify.PushDone(); }), 2u) << "both";
  EXPECT_EQ(cycle_of_next([&] { notify.PushDone(); }), 1 + kPairWait);
  EXPECT_EQ(cycle_of_next([&] { notify.PushProgress(1); }), 6u) << "selected after five";
}

TEST(Notify, PairsEntriesInOneBeat) {
  Notify notify;
  notify.Enable(10);
  for (int i = 0; i < 100; ++i) notify.PushDone(), notify.PushSent();
  notify.StepUntil([&] { return notify.Done(); }, "all");
  EXPECT_EQ(notify.beats, 100u);
  EXPECT_EQ(notify.written.back().cycle - notify.written.front().cycle, 198u);
}

TEST(Notify, TellsProgressEveryTwoCycles) {
  Notify notify;
  notify.Enable(10);
  notify.Settle();
  for (Conn conn = 0; conn < 60; ++conn) notify.PushProgress(conn);
  notify.StepUntil([&] { return notify.Done(); }, "all");
  ASSERT_EQ(notify.written.size(), 60u);
  EXPECT_EQ(notify.written.back().cycle - notify.written.front().cycle, 2 * (60u - 2));
}

TEST(Notify, TakesDoneSentAndProgressInTurn) {
  Notify notify;
  notify.Settle();
  for (Conn conn = 0; conn < 20; ++conn)
    notify.PushDone(), notify.PushSent(), notify.PushProgress(conn);
  notify.Step(60);  // all three wait
  notify.Enable(10);
  notify.StepUntil([&] { return notify.Done(); }, "all");
  const NtfKind turns[] = {NtfKind::NtfDone, NtfKind::NtfSent, NtfKind::NtfProgress};
  for (size_t i = 0; i < 30; ++i) EXPECT_EQ(notify.written[i].ntf.kind, turns[i % 3]) << i;
}

TEST(Notify, NeverWritesOverUnconsumedEntries) {
  Notify notify;
  notify.Enable(3);
  for (int i = 0; i < 40; ++i) notify.PushDone();
  notify.Step(100);
  EXPECT_EQ(notify.written.size(), 7u);
  for (size_t n = 7; n < 30; ++n) {
    EXPECT_EQ(notify.written.size(), n);
    notify.Consume(1);
    notify.Step(20);
  }
  notify.consume_chance = 1;
  notify.StepUntil([&] { return notify.Done(); }, "all");
}

TEST(Notify, FlipsThePhaseAtTheRingsEnd) {
  for (const uint32_t log_size : {1u, 2u, 16u}) {
    Notify notify;  // every entry's phase is checked
    notify.Enable(log_size);
    notify.consume_chance = 0.5;
    const uint32_t n = log_size == 16 ? 70000 : 50;
    for (uint32_t i = 0; i < n; ++i) notify.PushDone();
    notify.StepUntil([&] { return notify.Done(); }, "all", 200000);
    EXPECT_GT(notify.entries_written(), notify.size());
  }
}

TEST(Notify, HoldsProgressBackForTheReserve) {
  Notify notify;
  notify.bench.in.cfg.ntf_reserve = 60;
  notify.Enable(6);
  notify.Settle();
  for (int i = 0; i < 3; ++i) notify.PushDone();  // 60 entries are free
  notify.Step(20);
  for (int i = 0; i < 10; ++i) notify.PushProgress(5), notify.PushProgress(6);
  notify.PushSent();
  notify.Step(100);
  EXPECT_EQ(notify.written.size(), 4u) << "sent goes on, progress waits";
  notify.Consume(1);
  notify.Step(20);
  EXPECT_EQ(notify.written.size(), 4u) << "60 are not more than 60";
  notify.Consume(1);
  notify.Step(20);
  EXPECT_EQ(notify.written.size(), 5u) << "61 are";
  notify.Consume(64);
  notify.StepUntil([&] { return notify.Done(); }, "the newest of both");
  EXPECT_EQ(notify.written.size(), 6u);
}

TEST(Notify, ForgetsCancelledProgress) {
  Notify notify;
  notify.Settle();
  for (const Conn conn : {1, 2, 3, 4}) notify.PushProgress(conn);
  notify.Step(40);  // 1 is next in line, the others stand in the queue
  for (const Conn conn : {1, 2, 4}) notify.PushProgress(conn, true);
  notify.PushProgress(4);
  notify.Step(40);
  notify.Enable();
  notify.StepUntil([&] { return notify.Done(); }, "the others");
  notify.Step(40);
  ASSERT_EQ(notify.written.size(), 2u);
  EXPECT_EQ(notify.written[0].ntf.conn, 3);
  EXPECT_EQ(notify.written[1].ntf.conn, 4);
}

TEST(Notify, TellsSelectedProgressAndThenNewer) {
  Notify notify;
  notify.Enable();
  notify.Settle();
  notify.PushProgress(9);
  notify.Step(8);  // selected: it waits for its pair
  notify.PushProgress(9, true);
  notify.PushProgress(9);
  notify.StepUntil([&] { return notify.Done(); }, "both");
  EXPECT_EQ(notify.written.size(), 2u);
}

TEST(Notify, WaitsForThirtyTwoAnswers) {
  Notify notify;
  notify.Enable(10);
  notify.answer_chance = 0;
  for (int i = 0; i < 100; ++i) notify.PushDone();
  notify.Step(300);
  EXPECT_EQ(notify.beats, 32u);
  notify.answer_chance = 1;
  notify.StepUntil([&] { return notify.Done(); }, "all");
}

TEST(Notify, FiresAtTheCount) {
  for (const uint16_t count : {0, 1, 2, 5}) {
    Notify notify;
    notify.bench.in.cfg.irq_count = count;
    notify.Enable();
    for (uint64_t i = 1; i < count; ++i) notify.PushDone(), notify.Step(30);
    EXPECT_EQ(notify.irqs, 0u);
    notify.PushDone();
    notify.Step(30);
    EXPECT_EQ(notify.irqs, 1u);
  }
}

TEST(Notify, WakesAtTheDeadline) {
  Notify notify;
  auto& in = notify.bench.in;
  in.cfg.irq_count = 100, in.cfg.irq_delay_us = 50;
  notify.cycles_a_us = 0;
  in.time_us = 1000;
  notify.Enable();
  notify.PushDone();
  notify.Step(20);
  EXPECT_EQ(notify.bench.out().wake_us, 1050u);
  in.time_us = 1030;
  notify.PushDone();  // does not move the deadline
  notify.Settle();
  EXPECT_EQ(notify.bench.out().wake_us, 1050u);
  EXPECT_TRUE(notify.bench.out().quiet) << "an armed deadline is no work";
  in.time_us = 1049;
  notify.Step(50);
  EXPECT_EQ(notify.irqs, 0u);
  in.time_us = 1050;
  notify.Step(5);
  EXPECT_EQ(notify.irqs, 1u);
  EXPECT_EQ(notify.bench.out().wake_us, kNever);
}

TEST(Notify, FiresAgainForNewerEntries) {
  Notify notify;
  auto& in = notify.bench.in;
  notify.Enable();
  for (int i = 0; i < 3; ++i) notify.PushDone();
  notify.Step(30);
  const uint64_t irqs = notify.irqs;
  notify.Consume(1);
  notify.Step(5);
  EXPECT_EQ(notify.irqs, irqs + 1) << "two are there still";
  notify.Consume(2);
  notify.Step(5);
  EXPECT_EQ(notify.irqs, irqs + 1) << "none is";
  in.cfg.irq_count = 100, in.cfg.irq_delay_us = 1000;
  notify.PushDone();
  notify.Step(30);
  EXPECT_NE(notify.bench.out().wake_us, kNever);
  notify.Consume(1);
  notify.Step(2);
  EXPECT_EQ(notify.bench.out().wake_us, kNever) << "nothing is left to announce";
}

TEST(Notify, MergesInterrupts) {
  Notify notify;
  notify.Enable();
  notify.irq.SetPace(0);
  for (int i = 0; i < 20; ++i) notify.PushDone(), notify.Step(10);
  EXPECT_EQ(notify.irqs, 2u);
  EXPECT_TRUE(notify.bench.out().irq_valid);
  notify.irq.SetPace(1);
  notify.Step(20);
  EXPECT_EQ(notify.irqs, 3u);
}

TEST(Notify, StopsAtAWriteError) {
  Notify notify;
  notify.Enable();
  notify.error_chance = 1;
  notify.PushDone();
  notify.StepUntil([&] { return notify.fault(); }, "an error");
  notify.error_chance = 0;
  for (int i = 0; i < 10; ++i) notify.PushDone(), notify.PushSent();
  const uint64_t beats = notify.beats;
  notify.Step(200);
  EXPECT_EQ(notify.beats, beats);
  EXPECT_EQ(notify.bench.out().ntf_prod, 0);
}

TEST(Notify, TellsAHaltOnce) {
  Notify notify;  // without a ring
  notify.Settle();
  for (const bool halt : {true, false}) {
    notify.bench.in.halt = halt;
    notify.Step(50);
    EXPECT_EQ(notify.irqs, 1u);
  }
}

TEST(Notify, StartsOverWhenTheRingIsEnabledAgain) {
  Notify notify;
  notify.Enable(2);
  notify.answer_chance = 0;
  notify.consume_chance = 1;
  for (int i = 0; i < 6; ++i) notify.PushDone();
  notify.Step(40);
  notify.PushSent();
  notify.Step(3);  // it stands in hold
  notify.Disable();
  notify.Step(3);
  notify.Enable(3, 0x20000);
  notify.PushDone();
  const uint64_t beats = notify.beats;
  notify.Step(50);
  EXPECT_EQ(notify.beats, beats) << "waits for what is under way";
  notify.answer_chance = 1;
  notify.Step(50);
  EXPECT_EQ(notify.beats, beats + 1);
  EXPECT_EQ(notify.written.back().ntf.kind, NtfKind::NtfDone) << "what was held is forgotten";
  EXPECT_EQ(notify.bench.out().ntf_prod, 1);
}

TEST(Notify, IgnoresAnswersToNothing) {
  Notify notify;
  notify.Settle();
  notify.nonsense_chance = 1;
  notify.Step(20);
  EXPECT_FALSE(notify.bench.out().ntf_fault);
  notify.nonsense_chance = 0;
  notify.Enable();
  notify.PushDone();
  notify.StepUntil([&] { return notify.Done(); }, "the entry");
}

TEST(Notify, RandomRunsKeepEveryPromise) {
  Notify notify;
  auto& bench = notify.bench;
  bench.Declare({"rule 1: all at once", "rule 2: ring full",
                 "rule 4: progress waits for the reserve", "rule 5: cancel", "rule 7: ring's end",
                 "rule 8: count reached", "rule 9: deadline", "rule 10: newer entries",
                 "rule 10: nothing newer", "rule 10: a lap ahead", "rule 11: merged",
                 "rule 12: write error", "rule 13: halt", "rule 14: disabled", "rule 15: no burst",
                 "all told"});
  ChannelHits channels(bench);
  bench.Runs(1000, [&] {
    notify.Start();
    Rng rng = bench.MakeRng("stimulus");
    auto pace = [&] { return rng.Chance(0.5) ? 1 : rng.Chance(0.3) ? 0.05 : 0.4; };
    notify.progress.SetGarbage(true), notify.done.SetGarbage(true), notify.sent.SetGarbage(true);
    notify.notify_wr_done.SetGarbage(true);
    notify.notify_wr.SetPace(pace()), notify.irq.SetPace(pace());
    notify.answer_chance = pace();
    notify.error_chance = rng.Chance(0.1) ? 0.02 : 0;
    notify.consume_chance = rng.Chance(0.7) ? pace() / 4 : 0;
    notify.nonsense_chance = rng.Chance(0.3) ? 0.1 : 0;
    notify.cycles_a_us = rng.Chance(0.5) ? 1 : 20;
    auto enable = [&] { notify.Enable(static_cast<uint32_t>(rng.Between(1, 6)), rng.Next() >> 8); };
    auto& in = bench.in;
    in.cfg.irq_count = static_cast<U16>(rng.Chance(0.2) ? 0 : rng.Below(12));
    in.cfg.irq_delay_us = static_cast<U32>(rng.Chance(0.3) ? 0 : rng.Between(1, 40));
    in.cfg.ntf_reserve = static_cast<U16>(rng.Chance(0.5) ? 0 : rng.Below(20));
    if (rng.Chance(0.1)) notify.Step(100);
    if (rng.Chance(0.8)) enable();
    const double rates[] = {pace() / 2, pace() / 2, pace() / 2};
    const double disable_chance = rng.Chance(0.3) ? 0.01 : 0,
                 halt_chance = rng.Chance(0.2) ? 0.01 : 0;
    const uint64_t conns = rng.Chance(0.5) ? 2 : notify.entries;
    const uint64_t merges = notify.merges, nonsense = notify.nonsense;
    bool wrapped = false;
    for (int i = 0; i < 400; ++i) {
      if (rng.Chance(rates[0])) notify.PushDone();
      if (rng.Chance(rates[1])) notify.PushSent();
      if (rng.Chance(rates[2])) {
        const bool cancel = rng.Chance(0.2);
        if (cancel) bench.Hit("rule 5: cancel");
        notify.PushProgress(static_cast<Conn>(rng.Below(conns)), cancel);
      }
      if (!in.ntf_ring.enable) {
        if (rng.Chance(0.1)) enable();
      } else if (rng.Chance(disable_chance)) {
        notify.Disable();
        bench.Hit("rule 14: disabled");
      }
      if (rng.Chance(halt_chance)) {
        in.halt = !in.halt;
        if (in.halt) bench.Hit("rule 13: halt");
      }
      notify.Step();
      if (in.done_valid && in.sent_valid && in.progress_valid) bench.Hit("rule 1: all at once");
      if (notify.full()) bench.Hit("rule 2: ring full");
      if (notify.untold() && notify.free() != 0 && notify.free() <= in.cfg.ntf_reserve) {
        bench.Hit("rule 4: progress waits for the reserve");
      }
      wrapped |= notify.entries_written() > notify.size();
      if (bench.out().irq_valid && in.cfg.irq_count > 1) bench.Hit("rule 8: count reached");
    }
    if (wrapped) bench.Hit("rule 7: ring's end");
    if (notify.reference().dues > 0) bench.Hit("rule 9: deadline");
    if (notify.reference().again > 0) bench.Hit("rule 10: newer entries");
    if (notify.reference().nothing_newer > 0) bench.Hit("rule 10: nothing newer");
    if (notify.reference().laps_ahead > 0) bench.Hit("rule 10: a lap ahead");
    if (notify.merges > merges) bench.Hit("rule 11: merged");
    if (notify.nonsense > nonsense) bench.Hit("rule 15: no burst");
    if (!in.ntf_ring.enable) enable();
    in.cfg.ntf_reserve = 0;
    notify.consume_chance = notify.answer_chance = 1;
    notify.notify_wr.SetPace(1), notify.irq.SetPace(1);
    notify.StepUntil([&] { return notify.Done() || notify.fault(); }, "all told");
    bench.Hit(notify.fault() ? "rule 12: write error" : "all told");
  });
}

}  // namespace
}  // namespace handoff
