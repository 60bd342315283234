// SPDX-License-Identifier: Apache-2.0
//
// The whole engine in lockstep, driven at its pins by a flat host: legacy frames, a connection's
// life from SETUP to UNDELEGATE, transmit, own ACKs, idle skipping; one digest for every way to
// compose it.

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "gen/handoff_pkg.h"
#include "model/rng.h"
#include "sim/core/make_core.h"
#include "sw/tcp/ipv4.h"
#include "sw/tcp/segment.h"
#include "tb/rig/engine_rig.h"
#include "tb/rig/flat_host.h"

namespace handoff::engine_rig {
namespace {

void Live(Rig& rig) {
  ASSERT_EQ(rig.Setup().code, static_cast<U8>(Status::StatusOk));
  ASSERT_EQ(rig.Resume(0, kIrs + 1).code, static_cast<U8>(Status::StatusOk));
}

TEST(Engine, TakesAFrameUpAsALegacyFrame) {
  Rig rig;
  const Bytes frame = Frame({.payload = Pattern(0, 700)});
  rig.Receive({.payload = Pattern(0, 700)});
  const Ntf ntf = rig.Next();
  EXPECT_EQ(ntf.kind, NtfKind::NtfLegacyFrame);
  EXPECT_EQ(ntf.code, static_cast<U8>(Reason::ReasonNoEntry));
  ASSERT_EQ(ntf.len, frame.size());
  EXPECT_EQ(rig.host->Load(rig.host->LegacyAddr(ntf.tag), ntf.len), frame);
  EXPECT_EQ(rig.Count(Reason::ReasonNoEntry), 1u);
  EXPECT_GE(rig.host->interrupts, 1u);
}

// Corner 105.
TEST(Engine, DropsFramesBeforeRingsAreEnabled) {
  auto core = MakeCore({});
  FlatHost host(*core);
  for (int i = 0; i < 3; ++i) core->rx.Push({.cycle = 5000, .bytes = Frame({})});
  host.Run(8000);
  host.Until([&] { return core->AllQuiet(); }, "tables are cleared");
  EXPECT_EQ(host.Counter(static_cast<uint32_t>(Reason::ReasonNoLegacyBuffer)), 3u);
  EXPECT_EQ(host.Counter(static_cast<uint32_t>(Counter::CntFramesIn)), 3u);
}

TEST(Engine, CarriesAConnectionFromSetupToUndelegate) {
  Rig rig;
  ASSERT_EQ(rig.Setup().code, static_cast<U8>(Status::StatusOk));

  // In resync: whole frames, counted.
  rig.Receive({.payload = Pattern(0, 100)});
  Ntf ntf = rig.Next();
  EXPECT_EQ(ntf.code, static_cast<U8>(Reason::ReasonResync));
  EXPECT_EQ(ntf.count, 1u);

  // RESUME with the frame still unread: live at the run's end, acknowledged.
  ntf = rig.Resume(0, kIrs + 1);
  EXPECT_EQ(ntf.code, static_cast<U8>(Status::StatusOk));
  EXPECT_EQ(ntf.seq, kIrs + 101);
  rig.host->Until([&] { return !rig.host->sent.empty(); }, "RESUME's ACK");
  rig.host->sent.clear();

  // A user buffer at an odd address: filled, acknowledged, handed back on PSH.
  const uint64_t at = FlatHost::kUser + 13;
  ntf = rig.Post(42, at, 4096);
  EXPECT_EQ(ntf.code, static_cast<U8>(Status::StatusOk));
  EXPECT_EQ(ntf.count, 1u);
  rig.host->Run(200);
  rig.Receive({.seq = kIrs + 101, .payload = Pattern(100, 1000)});
  rig.Receive(
      {.seq = kIrs + 1101, .flags = {.psh = true, .ack = true}, .payload = Pattern(1100, 333)});
  ntf = rig.Next();
  ASSERT_EQ(ntf.kind, NtfKind::NtfHandBack);
  EXPECT_EQ(ntf.tag, 42u);
  EXPECT_EQ(ntf.seq, kIrs + 101);
  EXPECT_EQ(ntf.count, 1333u);
  EXPECT_TRUE(ntf.psh);
  EXPECT_EQ(rig.host->Load(at, 1333), Pattern(100, 1333));
  EXPECT_EQ(*rig.host->Memory(at - 1, 1), 0);
  EXPECT_EQ(*rig.host->Memory(at + 1333, 1), 0);
  rig.host->Run(2000);
  ASSERT_FALSE(rig.host->sent.empty());
  const auto ip = tcp::ParseIpv4(tcp::ByteView(rig.host->sent.back().bytes).subspan(14));
  ASSERT_TRUE(ip);
  const auto ack = tcp::ParseSegment(ip->header.src, ip->header.dst, ip->payload);
  EXPECT_EQ(ack.error, tcp::SegmentError::kNone);
  EXPECT_EQ(ack.segment.ack.raw(), kIrs + 1434);
  EXPECT_EQ(ack.segment.seq.raw(), kIss + 1);
  EXPECT_EQ(ack.segment.window, kWindow - 1433);

  // No user buffer: payload to a legacy buffer.
  rig.Receive({.seq = kIrs + 1434, .payload = Pattern(1433, 50)});
  ntf = rig.Next();
  ASSERT_EQ(ntf.kind, NtfKind::NtfLegacyPayload);
  EXPECT_EQ(ntf.len, 50);
  EXPECT_EQ(rig.host->Load(rig.host->LegacyAddr(ntf.tag), 50), Pattern(1433, 50));

  // A gap: in resync, frame up whole.
  rig.Receive({.seq = kIrs + 2000, .payload = Pattern(1999, 10)});
  ntf = rig.Next();
  EXPECT_EQ(ntf.kind, NtfKind::NtfResync);
  ntf = rig.Next();
  EXPECT_EQ(ntf.kind, NtfKind::NtfLegacyFrame);
  EXPECT_EQ(ntf.code, static_cast<U8>(Reason::ReasonGap));
  EXPECT_TRUE(ntf.to_resync);

  // UNDELEGATE writes the final state; frames are no entry's then.
  PlainDesc u{};
  u.addr = FlatHost::kBlock;
  ntf = rig.Do(u, CmdKind::CmdUndelegate);
  EXPECT_EQ(ntf.code, static_cast<U8>(Status::StatusOk));
  uint64_t words[16];
  std::memcpy(words, rig.host->Memory(FlatHost::kBlock, sizeof words), sizeof words);
  const State state = State::Unpack(words);
  EXPECT_EQ(state.rcv_nxt, kIrs + 1484);
  EXPECT_EQ(state.legacy_cnt, 2u);
  rig.Receive({.seq = kIrs + 1484, .payload = Pattern(0, 10)});
  EXPECT_EQ(rig.Next().code, static_cast<U8>(Reason::ReasonNoEntry));
}

TEST(Engine, SendsASegmentWithTheEntrysAcknowledgement) {
  Rig rig;
  Live(rig);
  rig.host->Run(500);
  rig.host->sent.clear();
  rig.host->Store(FlatHost::kTxData + 5, Pattern(0, 777));
  TxDesc d{};
  d.op = static_cast<U8>(Tx::TxSend);
  d.tag = 99;
  d.conn = kConn;
  d.gen = kGen;
  d.flags = 1;  // PSH
  d.n_pieces = 1;
  d.seq = kIss + 1;
  d.piece0 = Piece{.size = 777, .addr = FlatHost::kTxData + 5};
  rig.host->Transmit(d);
  const Ntf ntf = rig.Next();
  EXPECT_EQ(ntf.kind, NtfKind::NtfSent);
  EXPECT_EQ(ntf.tag, 99u);
  EXPECT_EQ(ntf.seq, kIss + 778);
  ASSERT_EQ(rig.host->sent.size(), 1u);
  const auto ip = tcp::ParseIpv4(tcp::ByteView(rig.host->sent[0].bytes).subspan(14));
  ASSERT_TRUE(ip);
  const auto segment = tcp::ParseSegment(ip->header.src, ip->header.dst, ip->payload);
  EXPECT_EQ(segment.error, tcp::SegmentError::kNone);
  EXPECT_EQ(Bytes(segment.segment.payload.begin(), segment.segment.payload.end()), Pattern(0, 777));
  EXPECT_TRUE(segment.segment.flags.psh);
  EXPECT_EQ(segment.segment.ack.raw(), kIrs + 1);
}

// A workload that touches every unit; returns the digest and, through `evaluated`, the work done.
uint64_t Workload(const CoreConfig& config, uint64_t seed, uint64_t* evaluated = nullptr) {
  Rig rig(config);
  const uint64_t cleared = rig.core->evaluated();
  Rng rng(seed, "workload");
  EXPECT_EQ(rig.Setup().code, 0);
  EXPECT_EQ(rig.Resume(0, kIrs + 1).code, 0);
  uint32_t next = kIrs + 1;
  for (int i = 0; i < 60; ++i) {
    if (i % 7 == 3) rig.Post(static_cast<uint16_t>(i), FlatHost::kUser + rng.Below(100000), 3000);
    const size_t len = rng.Below(1400);
    Seg seg{.seq = next, .payload = Pattern(next, len)};
    seg.flags.psh = rng.Chance(0.3);
    if (rng.Chance(0.1)) seg.port = 1;     // nobody's
    if (rng.Chance(0.05)) seg.seq -= 100;  // partly old
    if (seg.port == kPeerPort) next = seg.seq + static_cast<uint32_t>(len);
    rig.Receive(seg);
    rig.host->Run(rng.Below(4) * 300);
  }
  rig.host->Run(20000);
  if (evaluated != nullptr) *evaluated = rig.core->evaluated() - cleared;
  return rig.core->digest();
}

// Corner 58.
TEST(Engine, StoppedClockChangesNothing) {
  uint64_t skipped = 0, all = 0;
  CoreConfig config{.form = EngineForm::kModel};
  const uint64_t with = Workload(config, 1, &skipped);
  config.idle_skip = false;
  EXPECT_EQ(Workload(config, 1, &all), with);
  EXPECT_LT(skipped, all / 2);
}

TEST(Engine, HasOneDigestWhateverRuns) {
  const uint64_t digest = Workload({.form = EngineForm::kLockstep}, 2);
  EXPECT_EQ(Workload({.form = EngineForm::kRtl}, 2), digest);
  EXPECT_EQ(Workload({.form = EngineForm::kModel}, 2), digest);
  EXPECT_EQ(Workload({.form = EngineForm::kRtl, .rand_reset = 2}, 2), digest);
}

TEST(Engine, HasOneDigestForEveryMixOfUnits) {
  const uint64_t digest = Workload({.form = EngineForm::kModel}, 3);
  Rng rng(TestSeed(), "mixes");
  for (int i = 0; i < 4; ++i) {
    CoreConfig config{.form = EngineForm::kComposed};
    std::string text;
    for (const char* unit : {"rx_parser", "rx_fifo", "lookup", "rx_tcp", "buffers", "upload", "ack",
                             "timers", "tx", "command", "notify", "legacy", "dma", "csr"}) {
      const auto form = static_cast<UnitForm>(rng.Below(3));
      config.units[unit] = form;
      text += std::string(unit) + "=" + std::to_string(static_cast<int>(form)) + " ";
    }
    EXPECT_EQ(Workload(config, 3), digest) << text;
  }
}

TEST(Engine, NamesAUnitThatDoesNotExist) {
  CoreConfig config{.form = EngineForm::kComposed};
  config.units["rx_parse"] = UnitForm::kRtl;
  try {
    MakeCore(config);
    FAIL() << "accepted";
  } catch (const std::invalid_argument& e) {
    EXPECT_NE(std::string(e.what()).find("no unit 'rx_parse'"), std::string::npos);
  }
}

// A seeded fault: one flipped bit of a model's register is a mismatch that names its port.
TEST(Engine, CatchesAFlippedBit) {
  auto core = MakeCore({});
  FlatHost host(*core);
  host.Start(64);
  ASSERT_TRUE(core->Flip("csr.s_r", 0, core->cycle() + 50));
  try {
    host.Run(400);
    FAIL() << "not caught";
  } catch (const std::runtime_error& e) {
    EXPECT_NE(std::string(e.what()).find("port s_r, field data"), std::string::npos) << e.what();
  }
  EXPECT_FALSE(core->Flip("csr.nothing", 0, 1));
}

}  // namespace
}  // namespace handoff::engine_rig
