// SPDX-License-Identifier: Apache-2.0
//
// The engine's SystemC module with all that stands around it, over a small device in place of the
// engine. What happens, and when, must not depend on the quantum nor on skipping.
#include "model/sc/engine_module.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "model/event/ordered_queue.h"
#include "model/event/run_status.h"
#include "model/link/frame_port.h"
#include "model/link/link.h"
#include "model/sc/engine_host.h"
#include "tb/rig/copy_device.h"
#include "tb/rig/in_child.h"

namespace handoff {
namespace {

struct Bench {
  explicit Bench(EngineHost::Params params = {}, bool idle_skip = true, LinkParams link = {})
      : link_params(std::move(link)),
        host("host",
             CopyDevice::Make(EngineHost::CoreFor(CoreParams{.idle_skip = idle_skip}, params)),
             params, queue, status, 1),
        wire("wire", link_params, link_params, queue, 1) {
    wire.BindA(host);
    wire.BindB(peer);
  }
  sw::Hw& hw() { return host.host; }
  uint64_t Allocate(size_t bytes, sw::Owner owner = sw::Owner::kDriver) {
    const uint64_t addr = hw().Allocate(bytes, 64, owner).raw();
    hw().Grant(sw::PhysAddr(addr), bytes, true);
    return addr;
  }
  void Start(uint32_t kind, uint32_t vector, uint64_t src, uint64_t dst, uint32_t bytes) {
    hw().WriteReg(CopyDevice::kSrc, static_cast<uint32_t>(src));
    hw().WriteReg(CopyDevice::kSrc + 4, static_cast<uint32_t>(src >> 32));
    hw().WriteReg(CopyDevice::kDst, static_cast<uint32_t>(dst));
    hw().WriteReg(CopyDevice::kDst + 4, static_cast<uint32_t>(dst >> 32));
    hw().WriteReg(CopyDevice::kBytes, bytes);
    hw().WriteReg(CopyDevice::kStart, kind | vector << 8);
  }
  void Run(uint64_t us) {
    sc_core::sc_start(static_cast<double>(us), sc_core::SC_US);
    for (const std::string& text : status.failures()) ADD_FAILURE() << text;
  }

  LinkParams link_params;
  OrderedQueue queue{"queue"};
  RunStatus status;
  EngineHost host;
  Link wire;
  FramePort peer{"peer", queue};
};

bool IsPattern(std::span<const uint8_t> bytes) {
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (bytes[i] != CopyDevice::PatternByte(i)) return false;
  }
  return true;
}

// A run with something of everything: copies, frames both ways, register reads, timers, wake-ups.
// Its history says when software saw what.
std::string History(uint64_t quantum, bool idle_skip) {
  EngineHost::Params params;
  params.engine.quantum = quantum;
  params.engine.pcie.memory_jitter_ns = 400;
  params.engine.pcie.upstream.posted_data = 64;
  LinkParams link;
  link.loss = 0.1;
  link.reorder = 0.1;
  link.duplicate = 0.1;
  link.corrupt = 0.05;
  Bench bench(params, idle_skip, link);
  std::string history;
  const auto note = [&](const std::string& what) {
    history += std::to_string(bench.host.host.now_ps()) + " " + what + "\n";
  };
  const uint64_t ring = bench.Allocate(size_t{CopyDevice::kSlots} * CopyDevice::kSlotBytes);
  const uint64_t src = bench.Allocate(65536), dst = bench.Allocate(65536);
  for (size_t i = 0; i < 65536; ++i) {
    bench.hw().Memory(sw::PhysAddr(src), 65536)[i] = static_cast<uint8_t>(i * i >> 3);
  }
  uint32_t copies = 0;
  std::function<void()> copy = [&] {
    note("copied");
    if (++copies < 20)
      bench.Start(CopyDevice::kCopy, 1, src, dst + 64 * copies + copies, 100 + 1500 * copies);
  };
  bench.host.host.Run([&] {
    bench.hw().OnInterrupt(1, copy);
    bench.hw().OnInterrupt(CopyDevice::kRxVector, [&] {
      note("frame");
      bench.hw().ReadReg(CopyDevice::kFrames,
                         [&](sw::ReadResult r) { note("frames " + std::to_string(r.value)); });
    });
    bench.hw().OnInterrupt(CopyDevice::kWakeVector, [&] { note("wake"); });
    bench.hw().WriteReg(CopyDevice::kRing, static_cast<uint32_t>(ring));
    bench.hw().WriteReg(CopyDevice::kRing + 4, static_cast<uint32_t>(ring >> 32));
    bench.Start(CopyDevice::kPattern, 1, 0, dst, 5000);
    bench.hw().WriteReg(CopyDevice::kWake, 777);
  });
  std::function<void(int)> tick = [&](int left) {
    note("timer");
    bench.peer.Send(
        std::vector<uint8_t>(static_cast<size_t>(60 + 40 * left), static_cast<uint8_t>(left)));
    if (left > 0) bench.hw().After(sw::Micros(9), [&, left] { tick(left - 1); });
  };
  bench.hw().After(sw::Micros(3), [&] { tick(30); });
  bench.peer.on_frame = [&](std::vector<uint8_t> frame, bool bad) {
    history += std::to_string(bench.queue.now_ps()) + " peer " + std::to_string(frame.size()) +
               (bad ? " bad\n" : "\n");
  };
  bench.Run(1000);
  bench.host.engine.CatchUp();
  EXPECT_EQ(copies, 20);
  return history + "digest " + std::to_string(bench.host.engine.core().digest());
}

TEST(EngineModule, GivesTheSameForEveryQuantum) {
  const std::string base = InChild([] { return History(64, true); });
  EXPECT_GT(base.size(), 2000);
  for (const uint64_t quantum : {1, 7, 63}) {
    EXPECT_EQ(InChild([&] { return History(quantum, true); }), base) << "quantum " << quantum;
  }
}

TEST(EngineModule, GivesTheSameWithoutSkipping) {
  const std::string base = InChild([] { return History(64, true); });
  EXPECT_EQ(InChild([] { return History(64, false); }), base);
  EXPECT_EQ(InChild([] { return History(5, false); }), base);
}

TEST(EngineModule, ShowsMemoryBeforeTheInterrupt) {
  Bench bench;
  const uint64_t dst = bench.Allocate(32768);
  int seen = 0;
  bench.host.host.Run([&] {
    bench.hw().OnInterrupt(5, [&] {
      EXPECT_TRUE(IsPattern(bench.hw().Memory(sw::PhysAddr(dst + 3), 30000)));
      EXPECT_EQ(bench.hw().Memory(sw::PhysAddr(dst), 3)[2], 0);
      ++seen;
    });
    bench.Start(CopyDevice::kPattern, 5, 0, dst + 3, 30000);
    EXPECT_FALSE(IsPattern(bench.hw().Memory(sw::PhysAddr(dst + 3), 30000)));
  });
  bench.Run(100);
  EXPECT_EQ(seen, 1);
}

TEST(EngineModule, ReadsRightWhateverTheOrderOfCompletions) {
  EngineHost::Params params;
  params.engine.pcie.memory_jitter_ns = 2000;
  Bench bench(params);
  const uint64_t src = bench.Allocate(40000), dst = bench.Allocate(40000);
  const auto from = bench.hw().Memory(sw::PhysAddr(src), 40000);
  for (size_t i = 0; i < from.size(); ++i) from[i] = CopyDevice::PatternByte(i);
  int seen = 0;
  bench.host.host.Run([&] {
    bench.hw().OnInterrupt(1, [&] { ++seen; });
    bench.Start(CopyDevice::kCopy, 1, src, dst, 40000);
  });
  bench.Run(200);
  EXPECT_EQ(seen, 1);
  EXPECT_TRUE(IsPattern(bench.hw().Memory(sw::PhysAddr(dst), 40000)));
}

TEST(EngineModule, WaitsForCreditsAndLosesNothing) {
  EngineHost::Params params;
  params.engine.pcie.upstream = {2, 32, 1};
  params.engine.pcie.credit_latency_ns = 700;
  Bench bench(params);
  const uint64_t dst = bench.Allocate(40000);
  uint64_t done_ps = 0;
  bench.host.host.Run([&] {
    bench.hw().OnInterrupt(1, [&] { done_ps = bench.host.host.now_ps(); });
    bench.Start(CopyDevice::kPattern, 1, 0, dst, 40000);
  });
  bench.Run(300);
  EXPECT_TRUE(IsPattern(bench.hw().Memory(sw::PhysAddr(dst), 40000)));
  // 512 bytes in each 1.2 us of 2 x 250 + 700 ns: 40000 bytes take 94 us.
  EXPECT_GT(done_ps, 90'000'000u);
  EXPECT_LT(done_ps, 110'000'000u);
}

TEST(EngineModule, SleepsWhileNothingIsDue) {
  Bench bench;
  int seen = 0;
  bench.host.host.Run([&] {
    bench.hw().OnInterrupt(CopyDevice::kWakeVector, [&] {
      EXPECT_GE(bench.host.host.Now().count(), 50000);
      EXPECT_LE(bench.host.host.Now().count(), 50003);
      ++seen;
    });
    bench.hw().WriteReg(CopyDevice::kWake, 50000);
  });
  bench.Run(200000);
  bench.host.engine.CatchUp();
  EXPECT_EQ(seen, 1);
  EXPECT_LT(bench.host.engine.activations(), 100);
  EXPECT_LT(bench.host.engine.core().evaluated(), 2000);
  EXPECT_NEAR(static_cast<double>(bench.host.engine.core().cycle()), 0.2 * 322.265625e6, 2);
}

TEST(EngineModule, ClampsTheQuantumToTheLeastLatency) {
  EXPECT_EQ(LargestQuantum(0), 0);
  EXPECT_EQ(LargestQuantum(9309), 0);  // 3 cycles are 9309.1 ps
  EXPECT_EQ(LargestQuantum(9310), 1);
  EXPECT_EQ(LargestQuantum(250000), 78);
  EngineHost::Params params;
  params.engine.pcie.latency_ns = 100;
  params.engine.quantum = 64;
  Bench bench(params);
  EXPECT_EQ(bench.host.engine.quantum(), 30);
  EXPECT_TRUE(bench.host.engine.quantum_clamped());
}

TEST(EngineModule, AnswersRegisterReadsBehindTheWritesBeforeThem) {
  Bench bench;
  std::vector<sw::ReadResult> results;
  const auto keep = [&](sw::ReadResult r) { results.push_back(r); };
  bench.host.host.Run([&] {
    bench.hw().WriteReg(0, 0x12345678);
    bench.hw().ReadReg(0, keep);
    bench.hw().WriteReg(0, 7);
    bench.hw().ReadReg(0, keep);
    bench.hw().ReadReg(0x800, keep);    // no such register
    bench.hw().ReadReg(0x20000, keep);  // outside every BAR
    EXPECT_TRUE(results.empty());
  });
  bench.Run(20);
  ASSERT_EQ(results.size(), 4);
  // What no BAR holds is answered at the root complex, before the others come back.
  EXPECT_FALSE(results[0].ok);
  EXPECT_TRUE(results[1].ok);
  EXPECT_EQ(results[1].value, 0x12345678);
  EXPECT_EQ(results[2].value, 7);
  EXPECT_FALSE(results[3].ok);
}

TEST(EngineModule, KeepsAnInterruptWhileItIsMasked) {
  Bench bench;
  const uint64_t dst = bench.Allocate(4096);
  uint64_t seen_ps = 0;
  bench.host.host.Run([&] {
    bench.hw().OnInterrupt(4, [&] { seen_ps = bench.host.host.now_ps(); });
    bench.hw().MaskInterrupt(4, true);
    bench.Start(CopyDevice::kPattern, 4, 0, dst, 100);
    bench.Start(CopyDevice::kPattern, 4, 0, dst, 100);
  });
  bench.hw().After(sw::Micros(40), [&] {
    EXPECT_TRUE(bench.host.engine.msix().pending(4));
    bench.hw().MaskInterrupt(4, false);
  });
  bench.Run(100);
  EXPECT_GT(seen_ps, 40'000'000u);
  EXPECT_FALSE(bench.host.engine.msix().pending(4));
  EXPECT_EQ(bench.host.host.interrupts_taken(), 1);
}

TEST(EngineModule, FailsTheRunAtAStrayWrite) {
  Bench bench;
  const uint64_t dst = bench.Allocate(4096);
  bench.host.host.Run([&] { bench.Start(CopyDevice::kPattern, 1, 0, dst + 4000, 100); });
  sc_core::sc_start(100, sc_core::SC_US);
  ASSERT_EQ(bench.status.failures().size(), 1);
  const std::string& text = bench.status.failures()[0];
  EXPECT_NE(text.find("stray DMA"), std::string::npos) << text;
  EXPECT_NE(text.find("01:00.0 writes"), std::string::npos) << text;
}

TEST(EngineModule, PlaysFramesAndResets) {
  Bench bench;
  int back = 0, resets = 0;
  bench.peer.on_frame = [&](std::vector<uint8_t> frame, bool bad) {
    EXPECT_EQ(frame, std::vector<uint8_t>(1514, 9));
    EXPECT_FALSE(bad);
    ++back;
  };
  bench.host.host.Run([&] {
    for (int i = 0; i < 10; ++i) bench.peer.Send(std::vector<uint8_t>(1514, 9));
    bench.host.engine.ResetFunction([&] { ++resets; });
    bench.host.engine.SetLinkUp(false);
  });
  bench.Run(100);
  EXPECT_EQ(back, 10);
  EXPECT_EQ(resets, 1);
  EXPECT_FALSE(bench.host.engine.core().pins.link_up);
  EXPECT_TRUE(bench.host.engine.core().AllQuiet());
}

}  // namespace
}  // namespace handoff
