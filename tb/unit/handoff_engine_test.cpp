// SPDX-License-Identifier: Apache-2.0
//
// The whole engine in lockstep, driven at its pins by a flat host: legacy frames, a connection's
// life from SETUP to UNDELEGATE, transmit, own ACKs, idle skipping; one digest for every way to
// compose it.

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "gen/handoff_pkg.h"
#include "sw/tcp/ethernet.h"
#include "sw/tcp/ipv4.h"
#include "sw/tcp/segment.h"
#include "tb/lockstep/engine_core.h"
#include "tb/lockstep/flat_host.h"
#include "tb/lockstep/rng.h"

namespace handoff {
namespace {

constexpr uint32_t kLocalIp = 0x0a4d0002, kPeerIp = 0x0a4d0001;
constexpr uint16_t kLocalPort = 5000, kPeerPort = 40000;
constexpr uint64_t kLocalMac = 0x020000000002, kPeerMac = 0x020000000001;
constexpr uint16_t kConn = 7;
constexpr uint8_t kGen = 3;
constexpr uint32_t kIrs = 0xffffff00;  // received numbers cross 2^32 soon
constexpr uint32_t kIss = 1000;
constexpr uint32_t kWindow = 60000;

tcp::MacAddr Mac(uint64_t value) {
  tcp::MacAddr mac;
  for (int i = 0; i < 6; i++) mac.octets[i] = static_cast<uint8_t>(value >> (40 - 8 * i));
  return mac;
}

tcp::IpAddr Ip(uint32_t v) {
  return tcp::IpAddr::V4(static_cast<uint8_t>(v >> 24), static_cast<uint8_t>(v >> 16),
                         static_cast<uint8_t>(v >> 8), static_cast<uint8_t>(v));
}

Bytes Pattern(uint32_t from, size_t bytes) {
  Bytes data(bytes);
  for (size_t i = 0; i < bytes; i++) {
    const uint32_t at = from + static_cast<uint32_t>(i);
    data[i] = static_cast<uint8_t>(at * 7 + (at >> 8));
  }
  return data;
}

// A segment from the peer.
struct Seg {
  uint32_t seq = kIrs + 1;
  uint32_t ack = kIss + 1;
  tcp::Flags flags{.ack = true};
  Bytes payload;
  uint16_t port = kPeerPort;
};

Bytes Frame(const Seg& seg) {
  Bytes message;
  tcp::Segment header;
  header.src_port = seg.port;
  header.dst_port = kLocalPort;
  header.seq = tcp::Seq(seg.seq);
  header.ack = tcp::Seq(seg.ack);
  header.flags = seg.flags;
  header.window = 5000;
  const tcp::ByteView payload(seg.payload);
  tcp::AppendSegment(message, Ip(kPeerIp), Ip(kLocalIp), header, std::span(&payload, 1));
  Bytes frame;
  tcp::AppendEthernet(frame, {.dst = Mac(kLocalMac), .src = Mac(kPeerMac), .ether_type = 0x0800});
  tcp::AppendIpv4(frame, {.src = Ip(kPeerIp), .dst = Ip(kLocalIp)}, message.size());
  frame.insert(frame.end(), message.begin(), message.end());
  if (frame.size() < kMinFrameBytes) frame.resize(kMinFrameBytes);
  return frame;
}

U8 Op(CmdKind op) { return static_cast<U8>(op); }
Bits<128> IpBits(uint32_t v) { return Bits<128>{{v, 0}}; }

// One engine in one form, with its host.
struct Rig {
  std::unique_ptr<EngineCore> core;
  std::unique_ptr<FlatHost> host;
  uint16_t tag = 1;

  explicit Rig(CoreConfig config = {}, uint32_t legacy = 512) {
    core = EngineCore::Make(config);
    host = std::make_unique<FlatHost>(*core);
    host->Start(legacy);
  }
  void Receive(const Seg& seg) { core->rx.Push({.cycle = core->cycle(), .bytes = Frame(seg)}); }
  Ntf Next() {
    host->Until([&] { return !host->notifications.empty(); }, "a notification");
    const Ntf ntf = host->notifications.front();
    host->notifications.pop_front();
    return ntf;
  }
  // Sends a command of one slot and returns its answer.
  template <class Desc>
  Ntf Do(Desc desc, CmdKind op) {
    desc.op = Op(op);
    desc.tag = tag++;
    desc.conn = kConn;
    desc.gen = kGen;
    host->Command(desc);
    host->CommandsReady();
    return Answer();
  }
  Ntf Answer() {
    while (true) {
      const Ntf ntf = Next();
      if (ntf.kind == NtfKind::NtfDone) return ntf;
    }
  }
  Ntf Setup() {
    Setup0Desc a{};
    a.op = Op(CmdKind::CmdSetup);
    a.tag = tag++;
    a.conn = kConn;
    a.gen = kGen;
    a.local_ip = IpBits(kLocalIp);
    a.peer_ip = IpBits(kPeerIp);
    a.local_port = kLocalPort;
    a.peer_port = kPeerPort;
    a.local_mac = kLocalMac;
    a.peer_mac = kPeerMac;
    a.ttl = 64;
    a.flags = 4;  // SACK
    Setup1Desc b{};
    b.rcv_nxt = b.last_ack = kIrs + 1;
    b.rcv_edge = kIrs + 1 + kWindow;
    b.snd_una = b.snd_nxt = kIss + 1;
    b.snd_wnd = b.max_wnd = 5000;
    b.wl1 = kIrs;
    b.wl2 = kIss + 1;
    b.mss = 1460;
    b.ack_frames = 2;
    host->Command(a);
    host->Command(b);
    host->CommandsReady();
    return Answer();
  }
  Ntf Resume(uint32_t count, uint32_t rcv_nxt) {
    ResumeDesc r{};
    r.count = count;
    r.rcv_nxt = r.last_ack = rcv_nxt;
    r.rcv_edge = kIrs + 1 + kWindow;
    r.snd_una = kIss + 1;
    r.snd_wnd = r.max_wnd = 5000;
    r.wl1 = kIrs;
    r.wl2 = kIss + 1;
    return Do(r, CmdKind::CmdResume);
  }
  Ntf Post(uint16_t id, uint64_t addr, uint32_t size) {
    PostDesc p{};
    p.id = id;
    p.n_pieces = 1;
    p.flags = 1;  // last
    p.piece0 = Piece{.size = size, .addr = addr};
    return Do(p, CmdKind::CmdPost);
  }
  void Live() {
    ASSERT_EQ(Setup().code, static_cast<U8>(Status::StatusOk));
    ASSERT_EQ(Resume(0, kIrs + 1).code, static_cast<U8>(Status::StatusOk));
  }
  uint64_t Count(Reason reason) { return host->Counter(static_cast<uint32_t>(reason)); }
};

TEST(Engine, TakesAFrameUpAsALegacyFrame) {
  Rig rig;
  const Bytes frame = Frame({.payload = Pattern(0, 700)});
  rig.Receive({.payload = Pattern(0, 700)});
  const Ntf ntf = rig.Next();
  EXPECT_EQ(ntf.kind, NtfKind::NtfLegacyFrame);
  EXPECT_EQ(ntf.code, static_cast<U8>(Reason::ReasonNoEntry));
  ASSERT_EQ(ntf.len, frame.size());
  EXPECT_EQ(rig.host->Load(rig.host->LegacyAddr(ntf.tag), ntf.len), frame);
  EXPECT_EQ(rig.Count(Reason::ReasonNoEntry), 1U);
  EXPECT_GE(rig.host->interrupts, 1U);
}

// Corner 105.
TEST(Engine, DropsFramesBeforeRingsAreEnabled) {
  auto core = EngineCore::Make({});
  FlatHost host(*core);
  for (int i = 0; i < 3; i++) core->rx.Push({.cycle = 5000, .bytes = Frame({})});
  host.Run(8000);
  EXPECT_EQ(host.Counter(static_cast<uint32_t>(Reason::ReasonNoLegacyBuffer)), 3U);
  EXPECT_EQ(host.Counter(static_cast<uint32_t>(Counter::CntFramesIn)), 3U);
}

TEST(Engine, CarriesAConnectionFromSetupToUndelegate) {
  Rig rig;
  ASSERT_EQ(rig.Setup().code, static_cast<U8>(Status::StatusOk));

  // In sync: whole frames, counted.
  rig.Receive({.payload = Pattern(0, 100)});
  Ntf ntf = rig.Next();
  EXPECT_EQ(ntf.code, static_cast<U8>(Reason::ReasonInSync));
  EXPECT_EQ(ntf.count, 1U);

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
  EXPECT_EQ(ntf.count, 1U);
  rig.host->Run(200);
  rig.Receive({.seq = kIrs + 101, .payload = Pattern(100, 1000)});
  rig.Receive(
      {.seq = kIrs + 1101, .flags = {.psh = true, .ack = true}, .payload = Pattern(1100, 333)});
  ntf = rig.Next();
  ASSERT_EQ(ntf.kind, NtfKind::NtfHandBack);
  EXPECT_EQ(ntf.tag, 42U);
  EXPECT_EQ(ntf.seq, kIrs + 101);
  EXPECT_EQ(ntf.count, 1333U);
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

  // A gap: in sync, frame up whole.
  rig.Receive({.seq = kIrs + 2000, .payload = Pattern(1999, 10)});
  ntf = rig.Next();
  EXPECT_EQ(ntf.kind, NtfKind::NtfSync);
  ntf = rig.Next();
  EXPECT_EQ(ntf.kind, NtfKind::NtfLegacyFrame);
  EXPECT_EQ(ntf.code, static_cast<U8>(Reason::ReasonGap));
  EXPECT_TRUE(ntf.to_sync);

  // UNDELEGATE writes the final state; frames are no entry's then.
  PlainDesc u{};
  u.addr = FlatHost::kBlock;
  ntf = rig.Do(u, CmdKind::CmdUndelegate);
  EXPECT_EQ(ntf.code, static_cast<U8>(Status::StatusOk));
  uint64_t words[16];
  std::memcpy(words, rig.host->Memory(FlatHost::kBlock, sizeof words), sizeof words);
  const State state = State::Unpack(words);
  EXPECT_EQ(state.rcv_nxt, kIrs + 1484);
  EXPECT_EQ(state.legacy_cnt, 2U);
  rig.Receive({.seq = kIrs + 1484, .payload = Pattern(0, 10)});
  EXPECT_EQ(rig.Next().code, static_cast<U8>(Reason::ReasonNoEntry));
}

TEST(Engine, SendsASegmentWithTheEntrysAcknowledgement) {
  Rig rig;
  rig.Live();
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
  EXPECT_EQ(ntf.tag, 99U);
  EXPECT_EQ(ntf.seq, kIss + 778);
  ASSERT_EQ(rig.host->sent.size(), 1U);
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
  Rng rng(seed, "workload");
  EXPECT_EQ(rig.Setup().code, 0);
  EXPECT_EQ(rig.Resume(0, kIrs + 1).code, 0);
  uint32_t next = kIrs + 1;
  for (int i = 0; i < 60; i++) {
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
  if (evaluated != nullptr) *evaluated = rig.core->evaluated();
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
  for (int i = 0; i < 4; i++) {
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
    EngineCore::Make(config);
    FAIL() << "accepted";
  } catch (const std::invalid_argument& e) {
    EXPECT_NE(std::string(e.what()).find("no unit 'rx_parse'"), std::string::npos);
  }
}

// A seeded fault: one flipped bit of a model's register is a mismatch that names its port.
TEST(Engine, CatchesAFlippedBit) {
  auto core = EngineCore::Make({});
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
}  // namespace handoff
