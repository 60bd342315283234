// SPDX-License-Identifier: Apache-2.0
//
// The host's processor, over a small device in place of the engine.
#include "model/sc/host_module.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "model/link/frame_port.h"
#include "model/sc/engine_host.h"
#include "tb/rig/copy_device.h"

namespace handoff {
namespace {

using sw::Cost;
using sw::Micros;
using sw::Owner;

struct Bench {
  Bench() {
    host.link_out.bind(port.in);
    port.out.bind(host.link_in);
  }
  HostModule& hw() { return host.host; }
  void Run(uint64_t us) { sc_core::sc_start(static_cast<double>(us), sc_core::SC_US); }
  // The engine writes its pattern there; `then` runs with the interrupt.
  void EngineWrites(sw::PhysAddr dst, uint32_t bytes, std::function<void()> then) {
    hw().Run([this, dst, bytes, then] {
      hw().OnInterrupt(1, then);
      hw().WriteReg(CopyDevice::kDst, static_cast<uint32_t>(dst.raw()));
      hw().WriteReg(CopyDevice::kDst + 4, static_cast<uint32_t>(dst.raw() >> 32));
      hw().WriteReg(CopyDevice::kBytes, bytes);
      hw().WriteReg(CopyDevice::kStart, CopyDevice::kPattern | 1 << 8);
    });
  }

  OrderedQueue queue{"queue"};
  RunStatus status;
  EngineHost host{"host", CopyDevice::Make({}), {}, queue, status, 1};
  FramePort port{"port", queue};
};

TEST(HostModule, FiresTimersOfOneMicrosecondInTheOrderTheyWereSet) {
  Bench bench;
  std::string seen;
  HostModule& hw = bench.hw();
  hw.After(Micros(10), [&] {
    seen += "a";
    hw.After(Micros(0), [&] { seen += "0"; });
    hw.After(Micros(2), [&] { seen += "c"; });
    hw.Charge(Cost::kCopyByte, 15000);  // 1.5 us
    EXPECT_EQ(hw.Now().count(), 11);
    hw.After(Micros(1), [&] { seen += "d"; });
    EXPECT_EQ(seen, "a");
  });
  const auto never = hw.After(Micros(11), [&] { seen += "x"; });
  hw.After(Micros(10), [&] {
    seen += "b";
    EXPECT_EQ(hw.Now().count(), 11) << "the processor was busy";
    hw.Cancel(never);  // due, and waiting for the processor
  });
  bench.Run(30);
  EXPECT_EQ(seen, "ab0cd");
}

TEST(HostModule, RunsOnePieceOfSoftwareAtATime) {
  Bench bench;
  HostModule& hw = bench.hw();
  std::vector<uint64_t> starts;
  for (int i = 0; i < 3; ++i) {
    hw.Run([&] {
      starts.push_back(hw.now_ps());
      hw.Charge(Cost::kSegment, 2);
      hw.Charge(Cost::kSyscall);
    });
  }
  bench.Run(20);
  const CostModel costs;
  const uint64_t each = 2 * costs.segment_ps + costs.syscall_ps;
  EXPECT_EQ(starts, (std::vector<uint64_t>{0, each, 2 * each}));
  EXPECT_EQ(hw.busy_ps(), 3 * each);
  EXPECT_EQ(hw.costs().at(static_cast<size_t>(Cost::kSegment)).count, 6);
  EXPECT_EQ(hw.costs().at(static_cast<size_t>(Cost::kSegment)).ps, 6 * costs.segment_ps);
}

TEST(HostModule, SendsARegisterWriteWhenTheProcessorHasComeToIt) {
  Bench bench;
  HostModule& hw = bench.hw();
  uint64_t answered_ps = 0;
  hw.Run([&] {
    hw.Charge(Cost::kCopyByte, 100000);  // 10 us
    hw.ReadReg(0, [&](sw::ReadResult r) {
      EXPECT_TRUE(r.ok);
      answered_ps = hw.now_ps();
    });
    hw.Charge(Cost::kCopyByte, 50000);  // 5 us: the answer waits for the processor
  });
  bench.Run(30);
  EXPECT_EQ(answered_ps, 15'000'000u);
}

TEST(HostModule, CountsWhatTheApplicationReadByWhereItCameFrom) {
  Bench bench;
  HostModule& hw = bench.hw();
  const sw::PhysAddr user = hw.Allocate(4096, 4096, Owner::kApplication);
  const sw::PhysAddr plain = hw.Allocate(4096, 4096, Owner::kApplication);
  hw.Grant(user, 4096, true);
  bench.EngineWrites(user, 1000, [&] {
    hw.NoteRead(user, 600, "c");
    hw.NoteRead(user + 600, 400, "c");
    hw.NoteRead(plain, 50, "c");
    hw.NoteRead(user, 10, "c");
  });
  bench.Run(30);
  EXPECT_FALSE(bench.status.failed());
  const HostModule::Reads& reads = hw.reads().at("c");
  EXPECT_EQ(reads.user, 1010);
  EXPECT_EQ(reads.copied, 50);
  EXPECT_EQ(reads.legacy, 0);
  EXPECT_EQ(reads.again, 10);
}

TEST(HostModule, FailsTheRunWhenAnApplicationReadsWhatNoDmaWrote) {
  Bench bench;
  HostModule& hw = bench.hw();
  const sw::PhysAddr user = hw.Allocate(4096, 4096, Owner::kApplication);
  hw.Grant(user, 4096, true);
  bench.EngineWrites(user, 1000, [&] { hw.NoteRead(user + 500, 501, "conn 7"); });
  bench.Run(30);
  ASSERT_EQ(bench.status.failures().size(), 1);
  EXPECT_NE(bench.status.failures()[0].find(
                "connection conn 7 read 0x1000001f4-0x1000003e8 (application"),
            std::string::npos)
      << bench.status.failures()[0];
  EXPECT_NE(bench.status.failures()[0].find("wrote byte 0x1000003e8"), std::string::npos);
}

TEST(HostModule, KeepsMemoryThatTheEngineMayReach) {
  Bench bench;
  HostModule& hw = bench.hw();
  const sw::PhysAddr addr = hw.Allocate(100, 1, Owner::kDriver);
  hw.Grant(addr, 100, false);
  hw.Free(addr);
  EXPECT_TRUE(bench.status.failed());
  EXPECT_EQ(hw.Memory(addr, 100).size(), 100);
  hw.Revoke(addr, 100);
  hw.Free(addr);
  EXPECT_THROW(hw.Memory(addr, 1), std::out_of_range);
}

}  // namespace
}  // namespace handoff
