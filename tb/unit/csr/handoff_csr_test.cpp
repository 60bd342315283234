// SPDX-License-Identifier: Apache-2.0
//
// csr in lockstep: registers, dynamic rules, counters, reset sequence (docs/units/csr.md).

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "gen/handoff_csr_rtl.h"
#include "gen/handoff_regs.h"
#include "model/handoff_csr.h"
#include "tb/twin/axi_responses.h"
#include "tb/twin/twin_bench.h"

namespace handoff {
namespace {

constexpr uint16_t kIdent = offsetof(handoff_t, ident), kCtrl = offsetof(handoff_t, ctrl),
                   kStatus = offsetof(handoff_t, status),
                   kMaxFrame = offsetof(handoff_t, max_frame),
                   kHashKey = offsetof(handoff_t, hash_key), kRing0 = offsetof(handoff_t, ring),
                   kRingStride = sizeof(handoff_ring_t), kCounter0 = offsetof(handoff_t, counter);
constexpr uint16_t kBaseLo = offsetof(handoff_ring_t, base_lo),
                   kBaseHi = offsetof(handoff_ring_t, base_hi),
                   kSize = offsetof(handoff_ring_t, size),
                   kEnable = offsetof(handoff_ring_t, enable),
                   kIndex = offsetof(handoff_ring_t, index),
                   kEngine = offsetof(handoff_ring_t, engine);

// A csr with its register master; cycles are counted by the bench.
struct Rig {
  using Bench = TwinBench<handoff_csr>;
  Bench bench;
  Producer<AxilAddr> s_aw{bench, bench.to.s_aw};
  Producer<AxilW> s_w{bench, bench.to.s_w};
  Producer<AxilAddr> s_ar{bench, bench.to.s_ar};
  Consumer<AxilB> s_b{bench, bench.from.s_b};
  Consumer<AxilR> s_r{bench, bench.from.s_r};

  Rig() { Start(); }
  void Start() {
    bench.in.drained = bench.in.tx_idle = true;
    bench.Cycle(3);
  }
  uint8_t Write(uint16_t addr, uint32_t data, uint8_t strb = 0xf) {
    s_aw.Push(AxilAddr{.addr = addr});
    s_w.Push(AxilW{.strb = strb, .data = data});
    const uint64_t want = s_b.received() + 1;
    bench.Until([&] { return s_b.received() == want; }, "the write is answered", 100);
    return s_b.Take().resp;
  }
  AxilR Read(uint16_t addr) {
    s_ar.Push(AxilAddr{.addr = addr});
    const uint64_t want = s_r.received() + 1;
    bench.Until([&] { return s_r.received() == want; }, "the read is answered", 100);
    return s_r.Take();
  }
  static constexpr uint16_t Ring(uint16_t ring, uint16_t reg) {
    return kRing0 + ring * kRingStride + reg;
  }
};

TEST(Csr, AnswersFourCyclesAfterAnAccessIsAccepted) {
  Rig rig;
  rig.s_ar.Push(AxilAddr{.addr = kIdent});
  rig.bench.Until([&] { return rig.bench.in.s_ar_valid; }, "the request is up", 10);
  const uint64_t asked = rig.bench.cycle();
  rig.bench.Until([&] { return rig.bench.out().s_r_valid; }, "the answer is up", 10);
  EXPECT_EQ(rig.bench.cycle() - asked, 4u);
  rig.bench.Until([&] { return rig.s_r.received() == 1; }, "the answer is taken", 10);
  EXPECT_EQ(rig.s_r.Take().data, 0x48444F46u);
}

TEST(Csr, RefusesUnmappedMisalignedReadOnlyAndPartialAccesses) {
  Rig rig;
  EXPECT_EQ(rig.Read(0x7fc).resp, kSlverr);
  EXPECT_EQ(rig.Read(0x1000).resp, kSlverr);
  EXPECT_EQ(rig.Read(0x021).resp, kSlverr);
  EXPECT_EQ(rig.Write(kIdent, 1), kSlverr);
  EXPECT_EQ(rig.Write(Rig::Ring(0, kEngine), 1), kSlverr);
  EXPECT_EQ(rig.Write(kMaxFrame, 1518, 0x7), kSlverr);
  EXPECT_EQ(rig.Write(kMaxFrame, 0x10000 | 1518), kSlverr);
  EXPECT_EQ(rig.Read(kMaxFrame).data, 9018u);
  EXPECT_EQ(rig.Read(kCounter0 + 8 * static_cast<int>(Counter::CntBadAccess)).data, 7u);
}

TEST(Csr, ShowsWhatWasWrittenAsLevels) {
  Rig rig;
  EXPECT_EQ(rig.Write(kMaxFrame, 1518), kOkay);
  EXPECT_EQ(rig.bench.out().cfg.max_frame, 1518);
  for (uint16_t i = 0; i < 10; ++i) EXPECT_EQ(rig.Write(kHashKey + 4 * i, 0x1111 * (i + 1)), kOkay);
  EXPECT_EQ(rig.bench.out().cfg.hash_key.w[0], 0x0000222200001111u);
  EXPECT_EQ(rig.bench.out().cfg.hash_key.w[4], 0x0000aaaa00009999u);
  EXPECT_EQ(rig.Write(Rig::Ring(2, kBaseLo), 0x1000), kOkay);
  EXPECT_EQ(rig.Write(Rig::Ring(2, kBaseHi), 0x7), kOkay);
  EXPECT_EQ(rig.bench.out().legacy_ring.base, 0x700001000u);
}

// Row 7. The least and the largest are legal, and the bits beyond the register count.
TEST(Csr, TakesMaxFramesFromSixtyTo16383) {
  Rig rig;
  for (const uint32_t legal : {60u, 61u, 16382u, 16383u}) {
    EXPECT_EQ(rig.Write(kMaxFrame, legal), kOkay) << legal;
    EXPECT_EQ(rig.bench.out().cfg.max_frame, legal);
  }
  for (const uint32_t refused : {59u, 16384u, 0x10000u | 1518u}) {
    EXPECT_EQ(rig.Write(kMaxFrame, refused), kSlverr) << refused;
    EXPECT_EQ(rig.bench.out().cfg.max_frame, 16383);
  }
}

// Row 1 and row 2, bit by bit; row 3, each byte left out.
TEST(Csr, RefusesEachBitOfAWrongAddressAndEachMissingByte) {
  Rig rig;
  for (const int bit : {0, 1, 12, 13, 14, 15}) {
    const auto wrong = static_cast<uint16_t>(kMaxFrame | 1u << bit);
    EXPECT_EQ(rig.Write(wrong, 1518), kSlverr) << bit;
    EXPECT_EQ(rig.Read(wrong).resp, kSlverr) << bit;
  }
  for (int byte = 0; byte < 4; ++byte) {
    EXPECT_EQ(rig.Write(kMaxFrame, 1518, 0xf & ~(1u << byte)), kSlverr) << byte;
  }
  EXPECT_EQ(rig.Read(kMaxFrame).data, 9018u);
}

// Row 5, of a ring that is not enabled: alignment and size, on both sides of each bound.
TEST(Csr, TakesEverySizeFromOneToFifteenAndEveryAlignedBase) {
  Rig rig;
  for (uint16_t ring = 0; ring < 4; ++ring) {
    for (uint32_t log_size = 1; log_size <= 15; ++log_size) {
      EXPECT_EQ(rig.Write(Rig::Ring(ring, kSize), log_size), kOkay) << log_size;
      EXPECT_EQ(rig.Read(Rig::Ring(ring, kSize)).data, log_size);
    }
    for (const uint32_t refused : {0u, 16u, 0x10001u}) {
      EXPECT_EQ(rig.Write(Rig::Ring(ring, kSize), refused), kSlverr) << refused;
    }
    for (int bit = 0; bit < 6; ++bit) {
      EXPECT_EQ(rig.Write(Rig::Ring(ring, kBaseLo), 1u << bit), kSlverr) << bit;
    }
    for (const uint32_t aligned : {0u, 0x40u, 0xffffffc0u}) {
      EXPECT_EQ(rig.Write(Rig::Ring(ring, kBaseLo), aligned), kOkay) << aligned;
      EXPECT_EQ(rig.Read(Rig::Ring(ring, kBaseLo)).data, aligned);
    }
    EXPECT_EQ(rig.Write(Rig::Ring(ring, kBaseHi), 0xffffffffu), kOkay);
  }
}

// Corner 69.
TEST(Csr, RefusesHashKeyWhileEntriesExist) {
  Rig rig;
  rig.bench.in.lookup_used = 1;
  for (uint16_t i = 0; i < 10; ++i) EXPECT_EQ(rig.Write(kHashKey + 4 * i, 5), kSlverr) << i;
  EXPECT_EQ(rig.Read(kHashKey).data, 0u);
  rig.bench.in.lookup_used = 0x80000000u;
  EXPECT_EQ(rig.Write(kHashKey, 5), kSlverr);
  EXPECT_EQ(rig.Write(kMaxFrame, 1518), kOkay);  // the key alone
  rig.bench.in.lookup_used = 0;
  EXPECT_EQ(rig.Write(kHashKey, 5), kOkay);
}

// Corner 95.
TEST(Csr, RefusesIndexBeyondTheRing) {
  Rig rig;
  EXPECT_EQ(rig.Write(Rig::Ring(1, kIndex), 0), kSlverr);  // not enabled
  EXPECT_EQ(rig.Write(Rig::Ring(1, kSize), 4), kOkay);
  EXPECT_EQ(rig.Write(Rig::Ring(1, kEnable), 1), kOkay);
  EXPECT_EQ(rig.Write(Rig::Ring(1, kIndex), 16), kSlverr);
  EXPECT_EQ(rig.Write(Rig::Ring(1, kIndex), 0x10000), kSlverr);
  EXPECT_EQ(rig.Write(Rig::Ring(1, kIndex), 15), kOkay);
  EXPECT_EQ(rig.bench.out().tx_ring.index, 15);
  EXPECT_EQ(rig.Write(Rig::Ring(1, kIndex), 0), kOkay);
  EXPECT_EQ(rig.bench.out().tx_ring.index, 0);
  // The least ring and the largest: the last entry, and what would be the next.
  for (const uint32_t log_size : {1u, 15u}) {
    const uint32_t size = 1u << log_size;
    EXPECT_EQ(rig.Write(Rig::Ring(1, kEnable), 0), kOkay);
    EXPECT_EQ(rig.Write(Rig::Ring(1, kSize), log_size), kOkay);
    EXPECT_EQ(rig.Write(Rig::Ring(1, kEnable), 1), kOkay);
    EXPECT_EQ(rig.Write(Rig::Ring(1, kIndex), size), kSlverr) << size;
    EXPECT_EQ(rig.Write(Rig::Ring(1, kIndex), size - 1), kOkay) << size;
    EXPECT_EQ(rig.bench.out().tx_ring.index, size - 1);
  }
}

// Corner 96.
TEST(Csr, RefusesRingChangesWhileEnabled) {
  Rig rig;
  EXPECT_EQ(rig.Write(Rig::Ring(3, kSize), 0), kSlverr);
  EXPECT_EQ(rig.Write(Rig::Ring(3, kSize), 16), kSlverr);
  EXPECT_EQ(rig.Write(Rig::Ring(3, kBaseLo), 0x20), kSlverr);
  EXPECT_EQ(rig.Write(Rig::Ring(3, kEnable), 1), kOkay);
  for (const uint16_t reg : {kBaseLo, kBaseHi, kSize}) {
    EXPECT_EQ(rig.Write(Rig::Ring(3, reg), 4), kSlverr);
  }
  EXPECT_EQ(rig.Write(Rig::Ring(3, kEnable), 0), kOkay);
  EXPECT_EQ(rig.Write(Rig::Ring(3, kSize), 4), kOkay);
}

// Corner 103.
TEST(Csr, LatchesTheHighWord) {
  Rig rig;
  Producer tcp_cnt(rig.bench, rig.bench.to.tcp_cnt);
  for (int i = 0; i < 5; ++i) tcp_cnt.Push(Cnt{.index = 7});
  rig.bench.Cycle(10);
  EXPECT_EQ(rig.Read(kCounter0 + 8 * 7).data, 5u);
  EXPECT_EQ(rig.Read(kCounter0 + 8 * 7 + 4).data, 0u);
  EXPECT_EQ(rig.Write(kCounter0 + 8 * 7, 0), kSlverr);
}

TEST(Csr, CountsSeveralPulsesOfOneEdge) {
  Rig rig;
  auto& in = rig.bench.in;
  in.rxf_cnt_valid = in.rxf_drop_valid = in.tcp_cnt_valid = in.back_cnt_valid = true;
  in.ack_cnt_valid = in.tx_cnt_valid = in.txa_cnt_valid = in.irq_cnt_valid = true;
  in.rxf_cnt.index = in.rxf_drop.index = in.tcp_cnt.index = in.back_cnt.index = 9;
  in.ack_cnt.index = in.tx_cnt.index = in.txa_cnt.index = in.irq_cnt.index = 9;
  rig.bench.Cycle();
  in.rxf_cnt_valid = in.rxf_drop_valid = in.tcp_cnt_valid = in.back_cnt_valid = false;
  in.ack_cnt_valid = in.tx_cnt_valid = in.txa_cnt_valid = in.irq_cnt_valid = false;
  EXPECT_EQ(rig.Read(kCounter0 + 8 * 9).data, 8u);
}

TEST(Csr, AFaultHaltsUntilReset) {
  Rig rig;
  rig.bench.in.tx_fault = true;
  rig.bench.Cycle();
  rig.bench.in.tx_fault = false;
  rig.bench.Cycle(2);
  EXPECT_TRUE(rig.bench.out().halt);
  EXPECT_EQ(rig.Read(kStatus).data & 0xf1, 0x21u);
  EXPECT_EQ(rig.Write(kCtrl, 1), kOkay);
  rig.bench.Cycle(40);
  EXPECT_FALSE(rig.bench.out().halt);
  EXPECT_EQ(rig.Read(kStatus).data & 0xfb, 0x02u);
}

// Corners 105, 106.
TEST(Csr, ResetWaitsForDrain) {
  Rig rig;
  rig.bench.in.drained = false;
  rig.Write(kMaxFrame, 100);
  EXPECT_EQ(rig.Write(kCtrl, 1), kOkay);
  rig.bench.Cycle(50);
  EXPECT_TRUE(rig.bench.out().stop);
  EXPECT_TRUE(rig.bench.out().unit_rst_n);
  EXPECT_EQ(rig.Write(kMaxFrame, 200), kSlverr);  // row 8
  rig.bench.in.drained = true;
  rig.bench.Cycle(2);
  uint64_t cycles = 0;
  while (!rig.bench.out().unit_rst_n) {
    rig.bench.Cycle();
    ++cycles;
  }
  EXPECT_EQ(cycles, 15u);  // the sixteenth was seen above
  EXPECT_EQ(rig.Read(kMaxFrame).data, 9018u);
}

TEST(Csr, FunctionLevelResetHandShakes) {
  Rig rig;
  rig.bench.in.flr_req = true;
  rig.bench.Until([&] { return rig.bench.out().flr_done; }, "flr_done rises", 100);
  rig.bench.Cycle(20);
  EXPECT_TRUE(rig.bench.out().unit_rst_n);  // one request, one reset
  rig.bench.in.flr_req = false;
  rig.bench.Until([&] { return !rig.bench.out().flr_done; }, "flr_done falls", 10);
  rig.bench.Until([&] { return rig.bench.out().quiet; }, "quiet again", 10);
}

TEST(Csr, AThousandRandomRuns) {
  Rig rig;
  auto& bench = rig.bench;
  bench.Declare(
      {"write answered", "read answered", "slverr", "reset", "halt", "flr", "both at once"});
  bench.Runs(1000, [&] {
    Rng rng = bench.MakeRng("csr");
    const bool troubled = rng.Chance(0.3);  // faults and resets on top of each other
    const bool calm = rng.Chance(0.3);      // few pulses: quiet between the accesses
    const double fault = troubled ? 0.03 : 0.0005;
    rig.Start();
    rig.s_b.SetPace(rng.Chance(0.5) ? 1.0 : 0.4);
    rig.s_r.SetPace(rng.Chance(0.5) ? 1.0 : 0.4);
    rig.s_aw.SetIdle(rng.Chance(0.5) ? 0.0 : 0.4);
    for (int i = 0; i < 12; ++i) {
      const auto any_addr = [&] {
        static constexpr uint16_t kBases[] = {kIdent,          kMaxFrame,       kHashKey,
                                              Rig::Ring(0, 0), Rig::Ring(2, 0), kCounter0};
        uint16_t a = kBases[rng.Below(6)] + 4 * rng.Below(12);
        if (rng.Chance(0.05)) a |= rng.Below(4);
        if (rng.Chance(0.03)) a |= 0x1000;
        return a;
      };
      if (rng.Chance(0.7)) {
        const uint32_t small = rng.Below(20);
        rig.s_aw.Push(AxilAddr{.addr = any_addr()});
        rig.s_w.Push(AxilW{.strb = static_cast<uint8_t>(rng.Chance(0.9) ? 15 : rng.Below(16)),
                           .data = rng.Chance(0.7) ? small : static_cast<uint32_t>(rng.Next())});
      }
      if (rng.Chance(0.5)) rig.s_ar.Push(AxilAddr{.addr = any_addr()});
    }
    if (rng.Chance(troubled ? 0.7 : 0.05)) {
      rig.s_aw.Push(AxilAddr{.addr = kCtrl});
      rig.s_w.Push(AxilW{.strb = 15, .data = 1});
    }
    for (int i = 0; i < 150; ++i) {
      auto& in = bench.in;
      const auto pulse = [&](bool& valid, Cnt& cnt) {
        valid = rng.Chance(calm ? 0.005 : 0.2);
        if (valid) cnt.index = static_cast<uint8_t>(rng.Below(64));
      };
      pulse(in.rxf_cnt_valid, in.rxf_cnt);
      pulse(in.rxf_drop_valid, in.rxf_drop);
      pulse(in.tcp_cnt_valid, in.tcp_cnt);
      pulse(in.back_cnt_valid, in.back_cnt);
      pulse(in.ack_cnt_valid, in.ack_cnt);
      pulse(in.tx_cnt_valid, in.tx_cnt);
      pulse(in.txa_cnt_valid, in.txa_cnt);
      pulse(in.irq_cnt_valid, in.irq_cnt);
      in.lookup_used = rng.Chance(0.9) ? in.lookup_used : static_cast<uint32_t>(rng.Below(2));
      in.drained = rng.Chance(0.5);
      in.tx_idle = rng.Chance(0.8);
      for (bool* level : {&in.cmd_fault, &in.tx_fault, &in.legacy_fault, &in.ntf_fault}) {
        *level = rng.Chance(fault);
      }
      for (uint16_t* index : {&in.cmd_cons, &in.tx_cons, &in.legacy_cons, &in.ntf_prod}) {
        *index = static_cast<uint16_t>(rng.Below(65536));
      }
      if (rng.Chance(0.02)) in.link_up = !in.link_up;
      if (rng.Chance(troubled ? 0.05 : 0.002)) in.flr_req = true;
      if (in.flr_req && bench.out().flr_done && rng.Chance(0.3)) in.flr_req = false;
      if (in.s_aw_valid && in.s_ar_valid) bench.Hit("both at once");
      if (bench.out().halt) bench.Hit("halt");
      if (!bench.out().unit_rst_n) bench.Hit("reset");
      if (bench.out().flr_done) bench.Hit("flr");
      bench.Cycle();
    }
    while (!rig.s_b.empty()) {
      bench.Hit("write answered");
      if (rig.s_b.Take().resp != 0) bench.Hit("slverr");
    }
    while (!rig.s_r.empty()) {
      bench.Hit("read answered");
      rig.s_r.Take();
    }
  });
}

}  // namespace
}  // namespace handoff
