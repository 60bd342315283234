// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/core/dma_port.h"
#include "model/pcie/endpoint.h"
#include "model/pcie/msix.h"
#include "model/pcie/params.h"
#include "model/pcie/tlp.h"

namespace handoff {
namespace {

TEST(PcieParams, KnowTheTimeOfAByte) {
  PcieParams params;
  EXPECT_EQ(params.byte_fs(), 31738);  // 16 lanes at 16 GT/s, 128b/130b: 31.5 GB/s
  params.generation = 1;
  params.lanes = 1;
  EXPECT_EQ(params.byte_fs(), 4000000);  // 250 MB/s
  params.generation = 3;
  params.lanes = 8;
  EXPECT_EQ(params.byte_fs(), 126953);
}

TEST(PcieParams, NameWhatIsWrong) {
  EXPECT_EQ(PcieParams{}.Problem(), "");
  PcieParams params;
  params.lanes = 3;
  EXPECT_EQ(params.Problem(), "lanes must be 1, 2, 4, 8 or 16");
  params = {};
  params.generation = 6;
  EXPECT_NE(params.Problem(), "");
  params = {};
  params.max_payload = 192;
  EXPECT_NE(params.Problem(), "");
  params = {};
  params.upstream.posted_data = 15;
  EXPECT_NE(params.Problem(), "") << "one packet of 256 bytes needs 16";
  params = {};
  params.tags = 1;
  params.max_read_request = 128;
  EXPECT_NE(params.Problem(), "");
}

TEST(PcieParams, CountPackets) {
  const PcieParams params;
  EXPECT_EQ(WriteTlps(1, 256), 1);
  EXPECT_EQ(WriteTlps(256, 256), 1);
  EXPECT_EQ(WriteTlps(257, 256), 2);
  EXPECT_EQ(DataCredits(17), 2);
  EXPECT_EQ(CompletionTlps(0, 512, params), 2);
  EXPECT_EQ(CompletionTlps(0x3c, 8, params), 1) << "one completion may cross a boundary";
  // 0x20: the first ends at 0x100, since it may not end between boundaries; then 0x200, then 0x220.
  EXPECT_EQ(CompletionTlps(0x20, 512, params), 3);
  EXPECT_EQ(RequestOverhead(0x1000), 20);
  EXPECT_EQ(RequestOverhead(uint64_t{1} << 32), 24);
}

TEST(Tlp, EnablesTheBytesOfATransfer) {
  TlpExtension e;
  e.EnableBytes(0x1001, 2);
  EXPECT_EQ(e.first_be, 0x6);
  EXPECT_EQ(e.last_be, 0);
  e.EnableBytes(0x1003, 6);
  EXPECT_EQ(e.first_be, 0x8);
  EXPECT_EQ(e.last_be, 0x1);
  e.EnableBytes(0x1000, 8);
  EXPECT_EQ(e.first_be, 0xf);
  EXPECT_EQ(e.last_be, 0xf);
}

TEST(TlpPool, TakesPayloadsBackWhenTheLastHolderReleasesThem) {
  TlpPool pool;
  Tlp& a = pool.Get(tlm::TLM_WRITE_COMMAND, 0x10, std::vector<uint8_t>{1, 2, 3});
  a.acquire();
  a.release();
  EXPECT_EQ(pool.in_use(), 1);
  a.extension.poisoned = true;
  a.release();
  EXPECT_EQ(pool.in_use(), 0);
  Tlp& b = pool.Get(tlm::TLM_READ_COMMAND, 0x20, size_t{4});
  EXPECT_EQ(&a, &b);
  EXPECT_FALSE(ExtensionOf(b).poisoned);
  EXPECT_EQ(b.bytes, std::vector<uint8_t>(4));
  b.release();
}

TEST(MsixTable, IsMaskedFromResetAndKeepsAVectorPending) {
  MsixTable table;
  EXPECT_FALSE(table.Raise(3));
  EXPECT_TRUE(table.pending(3));
  uint32_t value = 0;
  EXPECT_TRUE(table.Read(MsixTable::kPendingOffset, &value));
  EXPECT_EQ(value, 1u << 3);
  std::optional<MsixTable::Message> message;
  EXPECT_TRUE(table.Write(0x30, 0xfee00000, &message));
  EXPECT_TRUE(table.Write(0x34, 1, &message));
  EXPECT_TRUE(table.Write(0x38, 42, &message));
  EXPECT_FALSE(message);
  EXPECT_TRUE(table.Write(0x3c, 0, &message));
  ASSERT_TRUE(message);
  EXPECT_EQ(message->addr, 0x1fee00000);
  EXPECT_EQ(message->data, 42);
  EXPECT_FALSE(table.pending(3));
  EXPECT_TRUE(table.Raise(3));
  EXPECT_FALSE(table.Write(MsixTable::kPendingOffset, 1, &message)) << "read-only";
  EXPECT_FALSE(table.Read(0x400, &value));
  EXPECT_TRUE(table.Read(0x38, &value));
  EXPECT_EQ(value, 42);
}

TEST(Endpoint, TellsItsBarsApart) {
  TlpPool pool;
  const auto decode = [&](uint64_t addr, size_t bytes) {
    Tlp& tlp = pool.Get(tlm::TLM_READ_COMMAND, addr, bytes);
    const BarHit hit = DecodeBar(tlp);
    tlp.release();
    return hit;
  };
  EXPECT_EQ(decode(kBar0Address + 0x123, 4).bar, Bar::kRegisters);
  EXPECT_EQ(decode(kBar0Address + 0x123, 4).offset, 0x123);
  EXPECT_EQ(decode(kBar2Address + 8, 4).bar, Bar::kMsix);
  EXPECT_EQ(decode(kBar2Address + kBar2Bytes, 4).bar, Bar::kNone);
  EXPECT_EQ(decode(kBar0Address, 8).bar, Bar::kNone) << "registers are 32 bits";
}

// The engine's side of the port, by hand.
struct PortBench {
  struct Pins {
    bool aw_valid = false;
    AxiAddr aw{};
    bool w_valid = false;
    AxiW w{};
    bool ar_valid = false;
    AxiAddr ar{};
    bool irq_valid = false;
    Irq irq{};
    bool b_ready = true, r_ready = true;
  };
  explicit PortBench(const PcieParams& pcie) : port(DmaPort::Params{.pcie = pcie}) {}
  void Tick(uint64_t cycles = 1) {
    for (uint64_t i = 0; i < cycles; ++i) port.Tick(out, pins, cycle++);
  }
  // A write of one beat, with these lanes.
  void Write(uint64_t addr, uint64_t strb) {
    out.aw_valid = out.w_valid = true;
    out.aw.addr = addr;
    out.aw.len = 0;
    out.w.strb = strb;
    out.w.last = true;
    Tick();
    out.aw_valid = out.w_valid = false;
  }
  void Read(uint8_t id, uint64_t addr) {
    out.ar_valid = true;
    out.ar.id = id;
    out.ar.addr = addr;
    out.ar.len = 7;
    Tick();
    out.ar_valid = false;
  }
  std::string Kinds() const {
    std::string text;
    for (const Upstream& u : port.upstream) text += "WRMC"[static_cast<size_t>(u.kind)];
    return text;
  }

  DmaPort port;
  EnginePins pins;
  Pins out;
  uint64_t cycle = 0;
};

TEST(DmaPort, CutsABeatIntoRunsOfStrobedBytes) {
  PortBench bench(PcieParams{});
  bench.Tick();
  bench.Write(0x1000, 0xff00'0000'0000'00f0);
  bench.Tick(10);
  ASSERT_EQ(bench.port.upstream.size(), 2);
  EXPECT_EQ(bench.port.upstream[0].addr, 0x1004);
  EXPECT_EQ(bench.port.upstream[0].data.size(), 4);
  EXPECT_EQ(bench.port.upstream[1].addr, 0x1038);
  EXPECT_EQ(bench.port.upstream[1].data.size(), 8);
  EXPECT_EQ(bench.port.link_bytes, 4 + 8 + 2 * 20);
  EXPECT_TRUE(bench.port.errors.empty());
}

TEST(DmaPort, LetsWritesPassAReadWithoutCreditsAndNothingPassAWrite) {
  PcieParams pcie;
  pcie.upstream = {1, 16, 1};
  PortBench bench(pcie);
  bench.Tick();
  bench.Read(0, 0x2000);
  bench.Read(1, 0x2200);
  bench.Write(0x1000, ~uint64_t{0});
  bench.Tick(20);
  EXPECT_EQ(bench.Kinds(), "RW");
  bench.port.ReturnCredits(bench.cycle, {0, 0, 1});
  bench.Tick(20);
  EXPECT_EQ(bench.Kinds(), "RWR");
  bench.Write(0x1000, ~uint64_t{0});
  bench.Read(2, 0x2400);
  bench.out.irq_valid = true;
  bench.Tick();
  bench.out.irq_valid = false;
  bench.port.PushRegister({});
  bench.port.ReturnCredits(bench.cycle, {0, 0, 1});
  bench.Tick(20);
  EXPECT_EQ(bench.Kinds(), "RWR") << "read, message and answer wait behind the write";
  bench.port.ReturnCredits(bench.cycle, {1, 16, 0});
  bench.Tick(20);
  EXPECT_EQ(bench.Kinds(), "RWRWR") << "the message lacks a credit, the answer waits for it";
  bench.port.ReturnCredits(bench.cycle, {1, 16, 0});
  bench.Tick(20);
  EXPECT_EQ(bench.Kinds(), "RWRWRMC");
}

TEST(DmaPort, IssuesNoMoreReadsThanThereAreTags) {
  PcieParams pcie;
  pcie.tags = 4;
  pcie.max_read_request = 256;  // two packets a read
  PortBench bench(pcie);
  bench.Tick();
  for (uint8_t i = 0; i < 3; ++i) bench.Read(i, 0x2000 + 0x200 * i);
  bench.Tick(20);
  EXPECT_EQ(bench.Kinds(), "RR");
  bench.port.Complete({bench.cycle, 1, 0x2200, false, Bytes(512)});
  bench.Tick(20);
  EXPECT_EQ(bench.Kinds(), "RRR");
  EXPECT_EQ(bench.port.outstanding_reads(), 2);
}

TEST(DmaPort, SendsALongWriteAsFarAsCreditsGo) {
  PcieParams pcie;
  pcie.max_payload = 128;
  pcie.upstream = {2, 16, 1};
  PortBench bench(pcie);
  bench.Tick();
  bench.out.aw_valid = bench.out.w_valid = true;
  bench.out.aw.addr = 0x1000;
  bench.out.aw.len = 4;
  bench.out.w.strb = ~uint64_t{0};
  for (int beat = 0; beat < 5; ++beat) {
    bench.out.w.last = beat == 4;
    bench.Tick();
    bench.out.aw_valid = false;
  }
  bench.out.w_valid = false;
  bench.Tick(20);
  ASSERT_EQ(bench.port.upstream.size(), 1);
  EXPECT_EQ(bench.port.upstream[0].data.size(), 256);
  bench.port.ReturnCredits(bench.cycle, bench.port.upstream[0].credits);
  bench.Tick(20);
  ASSERT_EQ(bench.port.upstream.size(), 2);
  EXPECT_EQ(bench.port.upstream[1].addr, 0x1100);
  EXPECT_EQ(bench.port.upstream[1].data.size(), 64);
  EXPECT_TRUE(bench.port.errors.empty());
}

TEST(DmaPort, NamesABurstThatCrossesAPage) {
  PortBench bench(PcieParams{});
  bench.Tick();
  bench.out.aw_valid = true;
  bench.out.aw.addr = 0xfc0;
  bench.out.aw.len = 1;
  bench.Tick();
  ASSERT_EQ(bench.port.errors.size(), 1);
  EXPECT_NE(bench.port.errors[0].find("crosses a page"), std::string::npos);
}

}  // namespace
}  // namespace handoff
