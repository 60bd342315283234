// SPDX-License-Identifier: Apache-2.0
//
// legacy against docs/units/legacy.md: twins in lockstep, and beside them a host with its ring and
// the count of every descriptor.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "gen/handoff_legacy_rtl.h"
#include "gen/handoff_legacy_shallow_rtl.h"
#include "model/handoff_legacy.h"
#include "tb/twin/channel_hits.h"
#include "tb/twin/twin_bench.h"

namespace handoff {
namespace {

constexpr uint32_t kDescBytes = 16, kBeatDescs = 4, kBlockBytes = 512, kMaxReads = 8;

// The unit, a host that posts descriptors, and a memory that answers reads in order.
template <class RtlClass = handoff_legacy_rtl>
class Legacy {
 public:
  using Bench = TwinBench<handoff_legacy, RtlClass>;
  struct Request {
    uint32_t first, n;
    uint64_t cycle;
  };
  Bench bench;
  Producer<Rd> legacy_rd{bench, bench.to.legacy_rd};
  Consumer<RdReq> legacy_rd_req{bench, bench.from.legacy_rd_req};
  Consumer<LegacyDesc> lbuf{bench, bench.from.lbuf};
  Consumer<Grant> grant{bench, bench.from.grant};
  const uint32_t depth = RtlClass::template ModelParams<handoff_legacy::Params>().LegacyDepth;
  double answer_chance = 1, error_chance = 0, nonsense_chance = 0;
  uint64_t latency = 0;           // of the memory
  std::vector<Request> requests;  // as seen
  uint32_t most_reads = 0;        // under way at once

  Legacy() { bench.may_rest = "lbuf"; }

  void Start() {
    rng_ = bench.MakeRng("host");
    answer_chance = 1;
    error_chance = nonsense_chance = 0;
    requests.clear();
    reads_.clear();
    granted_.clear();
    beat_.clear();
    held_.clear();
    lap_granted_ = lap_posted_ = lap_fetched_ = 0;
    issued_ = dead_ = 0;
    granted_total_ = given_total_ = 0;
    fault_ = false;
  }

  // Ring registers. `base` may have low bits, which mean nothing.
  void Enable(uint32_t log_size, uint64_t base) {
    log_size_ = log_size;
    ring_.assign(size_t{1} << log_size, LegacyDesc{});
    lap_granted_ = lap_posted_ = lap_fetched_ = 0;
    Ring& ring = bench.in.legacy_ring;
    ring = Ring{.enable = true, .base = base, .log_size = static_cast<uint8_t>(log_size)};
  }
  void Disable() {
    bench.in.legacy_ring.enable = false;
    bench.in.legacy_ring.index = 0;
    dead_ = issued_ + bench.out().legacy_rd_req_valid;
    for (Beat& beat : beat_) beat.dead = true;
  }
  // Posts up to n entries; returns how many the ring had room for. None while a beat comes that
  // must meet no read.
  uint32_t Post(uint32_t n) {
    if (!beat_.empty() && !beat_.back().asked) return 0;
    n = std::min<uint32_t>(n, size() - 1 - static_cast<uint32_t>(lap_posted_ - lap_granted_));
    for (uint32_t i = 0; i < n; ++i) {
      ring_[lap_posted_++ % size()] = {.tag = ++serial_, .addr = Rng::Mix(serial_)};
    }
    bench.in.legacy_ring.index = static_cast<U16>(lap_posted_ % size());
    return n;
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
  uint32_t size() const { return uint32_t{1} << log_size_; }
  bool all_granted() const { return lap_granted_ == lap_posted_; }
  // Every granted descriptor has left for buffers.
  bool all_given() const { return granted_.empty(); }
  uint64_t granted() const { return granted_total_; }
  uint64_t given() const { return given_total_; }
  size_t reads() const { return reads_.size(); }
  bool fault() const { return fault_; }

 private:
  struct Read {
    uint64_t addr;
    uint32_t first, n;
    uint32_t done = 0;  // descriptors that were sent
    uint64_t serial, due;
  };
  struct Beat {  // on its way to the unit
    uint32_t cnt;
    bool dead, err, asked;
    std::vector<LegacyDesc> descs;
  };

  void OneStep() {
    // What this edge does with the beat at the pins.
    const bool enable = bench.in.legacy_ring.enable;
    const bool beat_now = bench.in.legacy_rd_valid;
    const uint64_t granted_before = lap_granted_, posted_before = lap_posted_;
    const bool dead_under_way =
        issued_ < dead_ || (!reads_.empty() && reads_.front().serial < dead_) ||
        std::any_of(beat_.begin(), beat_.end(), [](const Beat& beat) { return beat.dead; });
    bool store = false;
    uint32_t cnt = 0;
    if (beat_now) {
      const Beat& beat = beat_.front();
      store = beat.asked && !beat.dead && enable && !fault_ && !beat.err;
      fault_ |= beat.asked && beat.err;
      cnt = beat.cnt;
      if (store) {
        granted_.insert(granted_.end(), beat.descs.begin(), beat.descs.end());
        held_.push_back(cnt);
        lap_granted_ += cnt;
        granted_total_ += cnt;
      }
      beat_.pop_front();
    }
    bench.Cycle();
    const auto& out = bench.out();
    // Rule 3: granted in the cycle in which it enters u_beats.
    EXPECT_EQ(out.grant_valid, store) << "cycle " << bench.cycle();
    if (store) {
      EXPECT_EQ(out.grant.n, cnt);
    }
    EXPECT_EQ(out.legacy_fault, fault_);
    if (enable) {
      EXPECT_EQ(out.legacy_cons, lap_granted_ % size());
    }
    // Rule 5: 1 until rx_tcp has been told all; 0 with a fault.
    if (fault_) {
      EXPECT_FALSE(out.legacy_more);
    } else if (enable && !dead_under_way) {
      EXPECT_EQ(out.legacy_more, granted_before < posted_before);
    }
    SeeRequest();
    SeeDescriptors();
    Answer();
  }

  void SeeRequest() {
    while (!legacy_rd_req.empty()) {
      const uint64_t cycle = legacy_rd_req.items().front().cycle;
      const RdReq request = legacy_rd_req.Take();
      const uint64_t base = bench.in.legacy_ring.base & ~uint64_t{63};
      const bool dead = issued_ < dead_;
      const auto first = static_cast<uint32_t>((request.addr - base) / kDescBytes);
      const uint32_t n = request.bytes / kDescBytes;
      if (!dead) {
        ASSERT_EQ(first, lap_fetched_ % size()) << "each entry once, in order";
        EXPECT_EQ(request.addr, base + uint64_t{first} * kDescBytes);
        EXPECT_LE(lap_fetched_ + n, lap_posted_) << "past the host's index";
        EXPECT_LE(first + n, size()) << "past the ring's end";
        lap_fetched_ += n;
      }
      EXPECT_EQ(request.bytes % kDescBytes, 0);
      EXPECT_GE(n, 1u);
      EXPECT_EQ(request.addr / kBlockBytes, (request.addr + request.bytes - 1) / kBlockBytes);
      reads_.push_back({.addr = request.addr,
                        .first = first,
                        .n = n,
                        .serial = issued_++,
                        .due = cycle + latency});
      requests.push_back({first, n, cycle});
      most_reads = std::max(most_reads, static_cast<uint32_t>(reads_.size()));
      EXPECT_LE(reads_.size(), kMaxReads);
      EXPECT_LE(Reserved(), depth / kBeatDescs + 1) << "more than there is room for";
    }
  }

  // Beats asked for or held, those included whose last descriptor stands at lbuf.
  uint32_t Reserved() const {
    auto beats = static_cast<uint32_t>(held_.size());
    for (const Read& read : reads_) {
      const uint64_t from = (read.addr + uint64_t{read.done} * kDescBytes) / kDataBytes;
      const uint64_t to = (read.addr + uint64_t{read.n} * kDescBytes - 1) / kDataBytes;
      beats += static_cast<uint32_t>(to - from + 1);
    }
    return beats;
  }

  void SeeDescriptors() {
    while (!lbuf.empty()) {
      ASSERT_FALSE(granted_.empty()) << "a descriptor that was not granted";
      EXPECT_EQ(lbuf.Take(), granted_.front());
      granted_.pop_front();
      ++given_total_;
      if (--held_.front() == 0) held_.pop_front();
    }
    while (!grant.empty()) grant.Take();
  }

  // One beat at most; lanes that nobody asked for hold anything.
  void Answer() {
    if (legacy_rd.queued() != 0) return;
    if (reads_.empty() && !bench.out().legacy_rd_req_valid && rng_.Chance(nonsense_chance) &&
        Asleep()) {
      legacy_rd.Push(rng_.Any<Rd>());
      beat_.push_back({.cnt = 0, .dead = false, .err = false, .asked = false, .descs = {}});
      return;
    }
    if (reads_.empty() || bench.cycle() < reads_.front().due || !rng_.Chance(answer_chance)) return;
    Read& read = reads_.front();
    Rd data = rng_.Any<Rd>();
    data.err = rng_.Chance(error_chance);
    Beat beat{.cnt = 0, .dead = read.serial < dead_, .err = data.err, .asked = true, .descs = {}};
    uint32_t lane = read.addr / kDescBytes % kBeatDescs;
    if (read.done != 0) lane = 0;
    for (; lane < kBeatDescs && read.done < read.n; ++lane, ++read.done, ++beat.cnt) {
      const LegacyDesc& desc = ring_[(read.first + read.done) % size()];
      data.data.w[2 * lane] = desc.addr;
      data.data.w[2 * lane + 1] = desc.tag;
      beat.descs.push_back(desc);
    }
    data.last = read.done == read.n;
    legacy_rd.Push(data);
    beat_.push_back(beat);
    if (read.done == read.n) reads_.pop_front();
  }
  // Nothing can be asked for before the beat that is pushed now arrives.
  bool Asleep() const {
    return lap_fetched_ == lap_posted_ && !bench.in.legacy_rd_valid && bench.in.legacy_ring.enable;
  }

  Rng rng_ = bench.MakeRng("host");
  uint32_t log_size_ = 1;
  std::vector<LegacyDesc> ring_;
  uint64_t serial_ = 0;
  uint64_t lap_posted_ = 0, lap_fetched_ = 0, lap_granted_ = 0;  // entries since enabled
  uint64_t issued_ = 0, dead_ = 0;  // requests; those below dead_ were there when disabled
  std::deque<Read> reads_;          // not answered whole
  std::deque<Beat> beat_;
  std::deque<LegacyDesc> granted_;  // granted, not at buffers yet
  std::deque<uint32_t> held_;       // descriptors left of each beat held
  uint64_t granted_total_ = 0, given_total_ = 0;
  bool fault_ = false;
};

TEST(Legacy, IsSilentAfterReset) {
  Legacy legacy;
  EXPECT_FALSE(legacy.bench.out().quiet);
  legacy.Step(5);
  EXPECT_TRUE(legacy.bench.out().quiet);
  EXPECT_FALSE(legacy.bench.out().legacy_more);
  EXPECT_TRUE(legacy.requests.empty());
}

TEST(Legacy, KeepsItsLatencies) {
  Legacy legacy;
  legacy.Enable(6, 0x10000);
  legacy.Step(3);
  legacy.answer_chance = 0;
  legacy.Post(8);
  legacy.bench.Cycle();  // cycle n, in which the doorbell changed
  EXPECT_TRUE(legacy.bench.out().legacy_rd_req_valid);
  EXPECT_TRUE(legacy.bench.out().legacy_more);
  legacy.Step(5);
  legacy.answer_chance = 1;
  legacy.StepUntil([&] { return legacy.bench.in.legacy_rd_valid; }, "a beat");
  EXPECT_FALSE(legacy.bench.out().grant_valid);
  legacy.Step();
  EXPECT_TRUE(legacy.bench.out().grant_valid);
  EXPECT_EQ(legacy.bench.out().legacy_cons, 4);
  EXPECT_FALSE(legacy.bench.out().lbuf_valid);
  legacy.Step(2);
  EXPECT_TRUE(legacy.bench.out().lbuf_valid);
  legacy.Step(8);  // the transfers of eight cycles
  EXPECT_EQ(legacy.given(), 8u) << "one descriptor a cycle";
}

TEST(Legacy, StartsAtEntryZero) {
  Legacy legacy;
  legacy.bench.in.legacy_ring.index = 0;
  for (int lap = 0; lap < 3; ++lap) {
    legacy.requests.clear();
    legacy.Enable(5, 0x4000);
    legacy.Post(20);
    legacy.StepUntil([&] { return legacy.all_granted(); }, "granted");
    ASSERT_FALSE(legacy.requests.empty());
    EXPECT_EQ(legacy.requests[0].first, 0u);
    legacy.Disable();
    legacy.Step(3);
    EXPECT_EQ(legacy.bench.out().legacy_cons, 0);
  }
  legacy.StepUntil([&] { return legacy.all_given(); }, "what was granted stays usable");
}

TEST(Legacy, ReadsWholeBlocks) {
  Legacy legacy;
  legacy.Enable(8, 0x10000 + 3 * 64 + 17);  // the low bits of the base mean nothing
  legacy.Post(100);
  legacy.StepUntil([&] { return legacy.all_granted(); }, "granted");
  // Entry 0 is the thirteenth of its block.
  const std::vector<std::pair<uint32_t, uint32_t>> want = {{0, 20}, {20, 32}, {52, 32}, {84, 16}};
  ASSERT_EQ(legacy.requests.size(), want.size());
  for (size_t i = 0; i < want.size(); ++i) {
    EXPECT_EQ(legacy.requests[i].first, want[i].first);
    EXPECT_EQ(legacy.requests[i].n, want[i].second);
  }
}

TEST(Legacy, KeepsEightReadsUnderWay) {
  Legacy legacy;
  legacy.answer_chance = 0;
  legacy.Enable(10, 0x10000);
  for (int i = 0; i < 20; ++i) legacy.Post(1), legacy.Step(2);
  EXPECT_EQ(legacy.reads(), kMaxReads);
  legacy.answer_chance = 1;
  legacy.StepUntil([&] { return legacy.all_granted() && legacy.all_given(); }, "given");
}

TEST(Legacy, ReadsEachEntryOnce) {
  Legacy legacy;
  legacy.answer_chance = 0.1;
  legacy.Enable(7, 0x20000);
  for (int i = 0; i < 200; ++i) {
    legacy.Post(i % 3 == 0 ? 5 : 0);  // the doorbell again, unchanged
    legacy.Step(3);
  }
  legacy.answer_chance = 1;
  legacy.StepUntil([&] { return legacy.all_granted() && legacy.all_given(); }, "given");
  EXPECT_GT(legacy.given(), 127u);
}

TEST(Legacy, TellsMoreUntilGrantsAreTold) {
  Legacy legacy;  // OneStep() compares legacy_more with the count in every cycle
  legacy.bench.Declare({"more falls", "more stays over a doorbell"});
  legacy.answer_chance = 0.15;
  legacy.Enable(4, 0x8000);
  bool more = false;
  for (int i = 0; i < 2000; ++i) {
    if (i % 17 == 0 && legacy.Post(1 + i % 3) != 0 && more) {
      legacy.bench.Hit("more stays over a doorbell");
    }
    legacy.Step();
    if (more && !legacy.bench.out().legacy_more) legacy.bench.Hit("more falls");
    more = legacy.bench.out().legacy_more;
  }
}

TEST(Legacy, SplitsAtTheRingsEnd) {
  Legacy legacy;
  legacy.Enable(4, 0x8000);
  uint64_t posted = 0;
  while (posted < 200) posted += legacy.Post(15), legacy.Step(20);
  legacy.StepUntil([&] { return legacy.all_granted() && legacy.all_given(); }, "given");
  EXPECT_EQ(legacy.given(), posted);
}

TEST(Legacy, WorksWithTheSmallestAndLargestRings) {
  for (const uint32_t log_size : {1u, 16u}) {
    Legacy legacy;
    legacy.Enable(log_size, 0x100000);
    const uint64_t entries = log_size == 1 ? 100 : 70000;
    for (uint64_t posted = 0; posted < entries;) posted += legacy.Post(1000), legacy.Step(4);
    legacy.StepUntil([&] { return legacy.all_granted() && legacy.all_given(); }, "given", 100000);
    EXPECT_GE(legacy.given(), entries);
  }
}

TEST(Legacy, StopsAtAReadError) {
  Legacy legacy;
  legacy.Enable(8, 0x20000);
  legacy.lbuf.SetPace(0);
  legacy.Post(40);
  legacy.StepUntil([&] { return legacy.all_granted(); }, "granted");
  legacy.Post(160);
  legacy.error_chance = 1;
  legacy.StepUntil([&] { return legacy.fault(); }, "an error");
  legacy.error_chance = 0;
  legacy.StepUntil([&] { return legacy.reads() == 0; }, "late beats arrive");
  const size_t requests = legacy.requests.size();
  legacy.Post(20);
  legacy.Step(50);
  EXPECT_EQ(legacy.requests.size(), requests) << "no further read";
  EXPECT_EQ(legacy.granted(), 40u);
  EXPECT_FALSE(legacy.bench.out().legacy_more);
  legacy.lbuf.SetPace(1);
  legacy.StepUntil([&] { return legacy.all_given(); }, "what was granted stays usable");
  EXPECT_EQ(legacy.given(), 40u);
}

TEST(Legacy, DropsReadsUnderWayWhenDisabled) {
  Legacy legacy;
  legacy.answer_chance = 0;
  legacy.Enable(8, 0x20000);
  legacy.Post(100);
  legacy.Step(10);
  EXPECT_GT(legacy.reads(), 2u);
  legacy.Disable();
  legacy.Step(5);
  legacy.Enable(6, 0x40000);
  legacy.Post(10);
  const size_t requests = legacy.requests.size();
  legacy.Step(20);
  EXPECT_EQ(legacy.requests.size(), requests) << "waits for what is under way";
  legacy.answer_chance = 1;
  legacy.StepUntil([&] { return legacy.all_granted() && legacy.all_given(); }, "given");
  EXPECT_EQ(legacy.given(), 10u);
}

TEST(Legacy, IgnoresBeatsThatNobodyAskedFor) {
  Legacy legacy;
  legacy.nonsense_chance = 0.5;
  legacy.Enable(6, 0x20000);
  uint64_t posted = 0;
  for (int i = 0; i < 400; ++i) posted += legacy.Post(2), legacy.Step(5);
  legacy.nonsense_chance = 0;
  legacy.Step(50);
  EXPECT_GT(posted, 50u);
  EXPECT_EQ(legacy.given(), posted);
}

TEST(Legacy, IsQuietWhileDescriptorsWait) {
  Legacy legacy;
  legacy.Enable(8, 0x20000);
  legacy.lbuf.SetPace(0);
  legacy.Post(60);
  legacy.StepUntil([&] { return legacy.all_granted(); }, "granted");
  legacy.Step(10);
  EXPECT_TRUE(legacy.bench.out().quiet);
  EXPECT_TRUE(legacy.bench.out().lbuf_valid);
  legacy.lbuf.SetPace(0.2);
  legacy.StepUntil([&] { return legacy.all_given(); }, "given");
}

// Descriptors that leave in 5,000 cycles, of 2,500 that frames could take, when memory answers
// after 161 cycles: 250 ns each way.
template <class RtlClass>
uint64_t GivenAtFullRate() {
  Legacy<RtlClass> legacy;
  legacy.Enable(12, 0x100000);
  legacy.lbuf.SetPace(0.5);
  legacy.latency = 161;
  uint64_t from = 0;
  for (int cycle = 0; cycle < 6000; ++cycle) {
    legacy.Post(4000);
    legacy.Step();
    if (cycle == 999) from = legacy.given();
  }
  return legacy.given() - from;
}

TEST(Legacy, KeepsUpWithAFrameEveryTwoCycles) {
  EXPECT_GT(GivenAtFullRate<handoff_legacy_rtl>(), 2400u);
  EXPECT_LT(GivenAtFullRate<handoff_legacy_shallow_rtl>(), 2000u) << "a depth of 64 does not";
}

template <class RtlClass>
void RandomRuns() {
  Legacy<RtlClass> legacy;
  auto& bench = legacy.bench;
  bench.Declare({"rule 1: part of a block", "rule 2: eight reads under way", "rule 5: more is 0",
                 "rule 6: read error", "rule 7: disabled with reads under way",
                 "rule 7: disabled at rest", "rule 8: ring of two", "full",
                 "quiet with descriptors"});
  ChannelHits channels(bench);
  bench.Runs(1000, [&] {
    legacy.Start();
    Rng rng = bench.MakeRng("stimulus");
    auto pace = [&] { return rng.Chance(0.4) ? 1 : rng.Chance(0.4) ? 0.05 : 0.4; };
    legacy.lbuf.SetPace(rng.Chance(0.1) ? 0 : pace());
    legacy.legacy_rd_req.SetPace(pace());
    legacy.legacy_rd.SetGarbage(true);
    legacy.answer_chance = pace();
    legacy.error_chance = rng.Chance(0.15) ? 0.02 : 0;
    legacy.nonsense_chance = rng.Chance(0.3) ? 0.1 : 0;
    auto enable = [&] {
      const auto log_size = static_cast<uint32_t>(rng.Chance(0.2) ? 1 : rng.Between(2, 9));
      if (log_size == 1) bench.Hit("rule 8: ring of two");
      legacy.Enable(log_size, rng.Next() >> 8);
    };
    enable();
    const double post_chance = pace(), disable_chance = rng.Chance(0.3) ? 0.01 : 0;
    const uint64_t most = rng.Chance(0.5) ? 3 : 300;
    legacy.most_reads = 0;
    for (uint64_t i = 0; i < 400; ++i) {
      if (!bench.in.legacy_ring.enable) {
        if (rng.Chance(0.2)) enable();
      } else if (rng.Chance(disable_chance)) {
        bench.Hit(legacy.reads() != 0 ? "rule 7: disabled with reads under way"
                                      : "rule 7: disabled at rest");
        legacy.Disable();
      } else if (rng.Chance(post_chance)) {
        legacy.Post(static_cast<uint32_t>(rng.Between(1, most)));
      }
      legacy.Step();
      if (!bench.out().legacy_more) bench.Hit("rule 5: more is 0");
      if (bench.out().quiet && bench.out().lbuf_valid) bench.Hit("quiet with descriptors");
      if (legacy.granted() - legacy.given() + 8 > legacy.depth) bench.Hit("full");
    }
    if (legacy.most_reads == kMaxReads) bench.Hit("rule 2: eight reads under way");
    for (const auto& request : legacy.requests) {
      if (request.n < 32) bench.Hit("rule 1: part of a block");
    }
    if (legacy.fault()) bench.Hit("rule 6: read error");
    legacy.answer_chance = 1, legacy.lbuf.SetPace(1), legacy.legacy_rd_req.SetPace(1);
    legacy.nonsense_chance = 0;
    legacy.StepUntil([&] { return legacy.all_given() && bench.out().quiet; },
                     "all given and quiet");
    if (!legacy.fault() && bench.in.legacy_ring.enable) {
      EXPECT_TRUE(legacy.all_granted());
    }
  });
}

TEST(Legacy, RandomRunsKeepEveryPromise) { RandomRuns<handoff_legacy_rtl>(); }

TEST(Legacy, RandomRunsAtTheLeastDepthKeepEveryPromise) {
  RandomRuns<handoff_legacy_shallow_rtl>();
}

}  // namespace
}  // namespace handoff
