// SPDX-License-Identifier: Apache-2.0
//
// tx against docs/units/tx.md, rule by rule: twins in lockstep, every frame byte by byte, every
// answer, every read.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "gen/handoff_tx_rtl.h"
#include "model/handoff_tx.h"
#include "tb/unit/tx/rig.h"

namespace handoff {
namespace {

TEST(Tx, RawTouchesNoState) {
  TxRig<handoff_tx_rtl> t;
  t.Post(Raw({{.size = 1514, .addr = kAt + 7}}));
  t.Post(Raw({{.size = 64, .addr = kAt}, {.size = 64, .addr = kAt}}));
  t.Post(Raw({{.size = 9018, .addr = kAt + 63}}));
  t.Settle();
  t.Check();
  EXPECT_EQ(t.frames.size(), 3u);
  EXPECT_TRUE(t.rx_tcp.starts.empty());
}

TEST(Tx, PadsToSixty) {
  TxRig<handoff_tx_rtl> t;
  for (uint32_t size = 1; size <= 130; ++size) t.Post(Raw({{.size = size, .addr = kAt + size}}));
  for (uint32_t size = 0; size < 8; ++size) {  // an IPv4 header without tags has 54 bytes
    t.Post(size == 0 ? Send(1) : Send(1, {{.size = size, .addr = kAt}}));
  }
  t.Settle();
  t.Check();
  ASSERT_EQ(t.frames.size(), 138u);
  for (uint32_t size = 1; size <= 60; ++size) EXPECT_EQ(t.frames[size - 1].bytes.size(), 60u);
  EXPECT_EQ(t.frames[60].bytes.size(), 61u);
  EXPECT_EQ(t.frames[130].bytes.size(), 60u);
  EXPECT_EQ(t.frames[136].bytes.size(), 60u);
  EXPECT_EQ(t.frames[137].bytes.size(), 61u);
}

TEST(Tx, RefusesBadDescriptors) {
  TxRig<handoff_tx_rtl> t;
  const Piece one{.size = 100, .addr = kAt}, none{.size = 0, .addr = kAt};
  const Piece big{.size = 8000, .addr = kAt}, huge{.size = 0xffffffff, .addr = kAt};
  std::vector<std::pair<TxDesc, Status>> cases = {
      {Raw({}), Status::StatusBadLength},
      {Raw({none, none, none}), Status::StatusBadLength},
      {Raw({one, none, one}), Status::StatusOk},
      {Raw({none, none, one}), Status::StatusOk},
      {Raw({big, big}), Status::StatusBadLength},
      {Raw({huge, huge, huge}), Status::StatusBadLength},
      {Raw({{.size = 9018, .addr = kAt}}), Status::StatusOk},
      {Raw({{.size = 9019, .addr = kAt}}), Status::StatusBadLength},
      {Send(1, {one, none}), Status::StatusBadSize},
      {Send(1, {none}), Status::StatusBadSize},
      {Send(static_cast<Conn>(t.entries), {one}), Status::StatusBadIndex},
      {Send(0xffff), Status::StatusBadIndex},
      {Send(static_cast<Conn>(t.entries - 1), {one}), Status::StatusOk},
      {Send(1, {huge, one}), Status::StatusBadLength}};
  for (const U8 n : {U8{4}, U8{255}}) {
    TxDesc raw = Raw({one, one, one}), send = Send(1, {one, one, one}), sacks = Send(1);
    raw.n_pieces = send.n_pieces = sacks.n_sacks = n;
    cases.push_back({raw, Status::StatusBadPiece});
    cases.push_back({send, Status::StatusBadPiece});
    cases.push_back({sacks, Status::StatusBadPiece});
  }
  TxDesc both = Send(1, {one});
  both.n_sacks = 1;
  cases.push_back({both, Status::StatusBadPiece});
  for (const U8 op : {U8{0}, U8{3}, U8{0x81}, U8{0xff}}) {
    TxDesc d = Send(1, {one});
    d.op = op;
    cases.push_back({d, Status::StatusBadOp});
  }
  uint32_t good = 0;
  for (const auto& [d, status] : cases) {
    t.Post(d);
    t.Settle();
    ASSERT_EQ(t.sent.items().size(), 1u);
    EXPECT_EQ(t.sent.items()[0].value.code, static_cast<uint8_t>(status)) << d.ToString();
    t.Check();
    EXPECT_EQ(t.frames.size(), status == Status::StatusOk ? 1u : 0u);
    good += status == Status::StatusOk;
  }
  EXPECT_EQ(good, 4u);
  // 16 KiB is the most, whatever max_frame says.
  t.bench.in.cfg.max_frame = 0xffff;
  t.Post(Raw({{.size = 16384, .addr = kAt}}));
  t.Post(Raw({{.size = 16385, .addr = kAt}}));
  t.Settle();
  t.Check();
  EXPECT_EQ(t.frames.size(), 1u);
}

TEST(Tx, SegmentOverMssIsRefused) {
  TxRig<handoff_tx_rtl> t;
  for (const bool ts_on : {false, true}) {
    for (const U16 mss : {U16{536}, U16{12}, U16{11}, U16{0}}) {
      t.rx_tcp.ts_on = ts_on;
      t.rx_tcp.mss = mss;
      const uint32_t room = ts_on ? (mss > 12 ? mss - 12u : 0) : mss;
      t.Post(Send(1));
      if (room > 0) t.Post(Send(1, {{.size = room, .addr = kAt}}));
      t.Post(Send(1, {{.size = room + 1, .addr = kAt}}));
      t.Post(Send(1));
      t.Settle();
      ASSERT_EQ(t.sent.items().size(), room > 0 ? 4u : 3u);
      EXPECT_EQ(t.sent.items()[t.sent.items().size() - 2].value.code,
                static_cast<uint8_t>(Status::StatusBadLength));
      t.Check();
      EXPECT_EQ(t.frames.size(), room > 0 ? 3u : 2u);
    }
  }
}

TEST(Tx, SendWithoutData) {
  TxRig<handoff_tx_rtl> t;
  Rng rng(TestSeed(), "blocks");
  for (const bool ts_on : {false, true}) {
    t.rx_tcp.ts_on = ts_on;
    for (U8 n_sacks = 0; n_sacks <= 3; ++n_sacks) {
      for (U8 flags = 0; flags < 8; ++flags) {
        TxDesc d = rng.Any<TxDesc>();
        d.op = 2;
        d.conn = 5;
        d.n_pieces = 0;
        d.n_sacks = n_sacks;
        d.flags = flags;
        t.Post(d);
      }
    }
    t.Settle();
    t.Check();
    EXPECT_EQ(t.frames.size(), 32u);
  }
}

TEST(Tx, StaleSendLeavesNothing) {
  TxRig<handoff_tx_rtl> t;
  Status answer = Status::StatusStale;
  t.rx_tcp.alter = [&](const Start& start, Snap& snap) {
    if (start.conn == 9) snap = Snap{.status = answer};
  };
  // Whatever rx_tcp answers is passed on: it refuses a segment over the MSS, too.
  for (const Status status : {Status::StatusStale, Status::StatusBadLength, Status::StatusInUse}) {
    answer = status;
    t.Post(Send(9, {{.size = 700, .addr = kAt}}));
    t.Post(Send(8, {{.size = 300, .addr = kAt + 5000}}));  // its data is found where it should be
    t.Post(Send(9));
    t.Settle();
    ASSERT_EQ(t.sent.items().size(), 3u);
    EXPECT_EQ(t.sent.items()[0].value.code, static_cast<uint8_t>(status));
    t.Check();
    EXPECT_EQ(t.frames.size(), 1u);
  }
}

TEST(Tx, OwnAckRefusedVanishes) {
  TxRig<handoff_tx_rtl> t;
  t.rx_tcp.alter = [](const Start& start, Snap& snap) {
    if (start.conn == 9) snap.status = Status::StatusStale;
  };
  t.Ask({.conn = 9}), t.Ask({.conn = 8}), t.Ask({.conn = 9});
  t.Settle();
  t.Check();
  EXPECT_EQ(t.frames.size(), 1u);
}

TEST(Tx, AcksGoBetweenFrames) {
  TxRig<handoff_tx_rtl> t;
  t.bench.in.link_up = false;  // so that all wait
  for (Conn conn = 0; conn < 8; ++conn) {
    t.Post(Send(conn, {{.size = 1000, .addr = kAt}}));
    t.Ask({.conn = static_cast<Conn>(100 + conn),
           .dsack = conn % 2 != 0,
           .dsack_left = 0x11223344,
           .dsack_right = 0x55667788});
  }
  t.bench.Cycle(400);
  t.bench.in.link_up = true;
  t.Settle();
  t.Check();
  ASSERT_EQ(t.rx_tcp.starts.size(), 16u);
  for (size_t i = 0; i < 16; ++i) EXPECT_EQ(t.rx_tcp.starts[i].first.own_ack, i % 2 == 0);
}

// Headers parse back by their own lengths, and every checksum adds up to all ones.
TEST(Tx, HeadersParseBack) {
  TxRig<handoff_tx_rtl> t;
  Rng rng(TestSeed(), "headers");
  for (uint32_t i = 0; i < 2 * 4 * 2 * 4; ++i) {
    const auto conn = static_cast<Conn>(i);
    Tmpl tmpl = t.RandomTemplate(conn, rng);
    tmpl.is_ip6 = i % 2 != 0;
    tmpl.n_tags = i / 2 % 4;
    t.SetTemplate(tmpl);
    t.rx_tcp.ts_on = i / 8 % 2 != 0;
    const uint32_t len = static_cast<uint32_t>(rng.Between(1, 200));
    const U8 n_sacks = i / 16 % 4;
    TxDesc d = n_sacks != 0 ? Send(conn) : Send(conn, {{.size = len, .addr = rng.Next()}});
    d.n_sacks = n_sacks;
    d.piece0.addr = rng.Next(), d.piece1.addr = rng.Next(), d.piece2.addr = rng.Next();
    d.flags = static_cast<U8>(rng.Below(8));
    t.Post(d);
    t.Settle();
    t.Check();
    ASSERT_EQ(t.frames.size(), 1u);
    const Bytes& f = t.frames[0].bytes;
    const auto big = [&](size_t at) { return uint32_t{f[at]} << 8 | f[at + 1]; };
    size_t at = 12;
    uint32_t tags = 0;
    for (; big(at) == 0x88a8 || big(at) == 0x8100; at += 4) ++tags;
    EXPECT_EQ(tags, std::min<uint32_t>(tmpl.n_tags, 2));
    ASSERT_EQ(big(at), tmpl.is_ip6 ? 0x86ddu : 0x0800u);
    at += 2;
    const size_t ip_bytes = tmpl.is_ip6 ? 40 : 20;
    const size_t tcp_bytes = tmpl.is_ip6 ? big(at + 4) : big(at + 2) - 20;
    EXPECT_EQ(std::max<size_t>(60, at + ip_bytes + tcp_bytes), f.size());
    const auto ip = f.begin() + static_cast<std::ptrdiff_t>(at);
    if (!tmpl.is_ip6) {
      EXPECT_EQ(OnesSum(Bytes(ip, ip + 20)), 0xffff);
    }
    Bytes pseudo(ip + (tmpl.is_ip6 ? 8 : 12), ip + static_cast<std::ptrdiff_t>(ip_bytes));
    PutBig(pseudo, tcp_bytes, 4);
    PutBig(pseudo, 6, 4);
    const auto tcp = ip + static_cast<std::ptrdiff_t>(ip_bytes);
    pseudo.insert(pseudo.end(), tcp, tcp + static_cast<std::ptrdiff_t>(tcp_bytes));
    EXPECT_EQ(OnesSum(pseudo), 0xffff);
    const size_t olen = (t.rx_tcp.ts_on ? 12u : 0) + (n_sacks != 0 ? 4 + 8u * n_sacks : 0);
    EXPECT_EQ(tcp[12] >> 4, static_cast<int>(5 + olen / 4));
    EXPECT_EQ(tcp_bytes, 20 + olen + (n_sacks != 0 ? 0 : len));
  }
}

TEST(Tx, ChecksumsZerosAndOnesRight) {
  TxRig<handoff_tx_rtl> t;
  for (const uint64_t at : {HostMemory::kZeros, HostMemory::kOnes}) {
    for (const uint32_t size : {1u, 2u, 63u, 64u, 65u, 1460u}) {
      t.Post(Send(0, {{.size = size, .addr = at}}));  // conn 0: a template of zeros
    }
  }
  t.rx_tcp.alter = [](const Start&, Snap& snap) { snap = Snap{.mss = 1460}; };
  t.Settle();
  t.Check();
  EXPECT_EQ(t.frames.size(), 12u);
}

TEST(Tx, NewTemplateCountsFromTheNextSegment) {
  TxRig<handoff_tx_rtl> t;
  Rng rng(TestSeed(), "templates");
  for (int i = 0; i < 4; ++i) {
    t.SetTemplate(t.RandomTemplate(3, rng));
    t.Post(Send(3, {{.size = 10, .addr = kAt}}));
    t.Ask({.conn = 3});
    t.Settle();
    t.Check();
  }
  // Own ACKs use the low bits of conn for the template, and say it as given.
  t.Ask({.conn = static_cast<Conn>(0x8000 + 3)});
  t.Settle();
  t.Check();
}

TEST(Tx, AReadErrorOfDataRefusesItsDescriptorAlone) {
  TxRig<handoff_tx_rtl> t;
  t.memory.SetBad(kAt + 640);
  t.Post(Raw({{.size = 600, .addr = kAt}}));
  t.Post(Raw({{.size = 641, .addr = kAt}}));
  t.Post(Send(1, {{.size = 100, .addr = kAt}, {.size = 1, .addr = kAt + 640}}));
  t.Post(Send(1, {{.size = 1000, .addr = kAt + 64}}));
  t.Post(Send(1, {{.size = 64, .addr = kAt + 704}}));
  t.Settle();
  ASSERT_EQ(t.sent.items().size(), 5u);
  const Status expected[] = {Status::StatusOk, Status::StatusReadError, Status::StatusReadError,
                             Status::StatusReadError, Status::StatusOk};
  for (size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(t.sent.items()[i].value.code, static_cast<uint8_t>(expected[i]));
    EXPECT_TRUE(i == 4 || t.sent.items()[i].value.seq == 0);
  }
  t.Check();
  EXPECT_EQ(t.frames.size(), 2u);
  EXPECT_EQ(t.rx_tcp.starts.size(), 1u);
  EXPECT_FALSE(t.bench.out().tx_fault);
}

TEST(Tx, AReadErrorOfADescriptorStopsTheRing) {
  TxRig<handoff_tx_rtl> t;
  t.memory.SetBad(0x1000 + 3 * 64);
  for (int i = 0; i < 3; ++i) t.Post(Raw({{.size = 100, .addr = kAt}}));
  t.bench.Cycle(1);
  t.Settle();
  t.Check();
  EXPECT_EQ(t.frames.size(), 3u);
  EXPECT_FALSE(t.bench.out().tx_fault);
  for (int i = 0; i < 3; ++i) t.Post(Raw({{.size = 100, .addr = kAt}}));
  t.Settle();
  EXPECT_TRUE(t.bench.out().tx_fault);
  EXPECT_EQ(t.bench.out().tx_cons, 3);
  const size_t reads = t.dma.requests.size();
  for (int i = 0; i < 3; ++i) t.Post(Raw({{.size = 100, .addr = kAt}}));
  t.Ask({.conn = 4});  // ACKs go on
  t.Settle();
  EXPECT_EQ(t.dma.requests.size(), reads);
  t.Check(false);
  EXPECT_EQ(t.frames.size(), 1u);
  EXPECT_TRUE(t.sent.empty());
}

TEST(Tx, RefusedFramesLeaveTheFrameRam) {
  TxRig<handoff_tx_rtl> t;
  t.bench.in.cfg.max_frame = 0xffff;
  t.memory.SetBad(kAt);
  t.rx_tcp.mss = 100;
  for (uint32_t i = 0; i < 5; ++i) {
    t.Post(Raw({{.size = 16384, .addr = kAt}}));
    t.Post(Send(1, {{.size = 16384, .addr = kAt + 64}}));
  }
  t.Post(Raw({{.size = 16384, .addr = kAt + 64}, {.size = 0, .addr = 0}}));
  t.Settle();
  t.Check();
  EXPECT_EQ(t.frames.size(), 1u);
}

TEST(Tx, RingWrapsAndSplits) {
  for (const uint8_t log_size : {uint8_t{1}, uint8_t{3}, uint8_t{4}, uint8_t{6}}) {
    for (const uint64_t base : {uint64_t{0x1000}, uint64_t{0x10c0}, uint64_t{0x1fc0}}) {
      TxRig<handoff_tx_rtl> t;
      t.SetRing(base, log_size);
      for (uint32_t i = 0; i < 3 * t.ring_size() + 5; ++i) {
        TxDesc d = Raw({{.size = 60, .addr = kAt + i}});
        d.tag = static_cast<U16>(i);
        t.Post(d);
      }
      t.Settle();
      t.Check();
      const uint64_t end = base + uint64_t{64} * t.ring_size();
      uint64_t next = base;
      for (const RdReq& request : t.dma.requests) {
        if (request.addr >= kAt) continue;
        EXPECT_EQ(request.addr, next);
        EXPECT_LE(request.addr + request.bytes, end);
        next = request.addr + request.bytes == end ? base : request.addr + request.bytes;
      }
      EXPECT_EQ(next, base + uint64_t{64} * t.bench.in.tx_ring.index);
      EXPECT_EQ(t.bench.out().tx_cons, t.bench.in.tx_ring.index);
    }
  }
}

TEST(Tx, RingOfTheLargestSizeWraps) {
  TxRig<handoff_tx_rtl> t;
  t.SetRing(0x10000040, 16);
  for (uint32_t i = 0; i < 65536 + 20; ++i) {
    t.Post(Raw({}));  // refused: nothing but the ring moves
    if (i % 64 == 0) t.bench.Cycle(300);
    if (i % 1024 == 0) t.Check(false);
  }
  t.Settle();
  t.Check();
  EXPECT_EQ(t.bench.out().tx_cons, 20);
}

TEST(Tx, DisabledRingBeginsAtZeroAgain) {
  TxRig<handoff_tx_rtl> t;
  t.dma.latency = 40;
  t.dma.gap = 0.6;
  for (int i = 0; i < 5; ++i) t.Post(Raw({{.size = 60, .addr = kAt}}));
  t.bench.Cycle(10);
  t.bench.in.tx_ring.enable = false;  // what is on its way still arrives
  t.Settle();
  t.Check();
  EXPECT_EQ(t.frames.size(), 5u);
  EXPECT_EQ(t.bench.out().tx_cons, 0);
  t.SetRing(0x8000, 4);
  t.Post(Raw({{.size = 61, .addr = kAt}}));
  t.Settle();
  t.Check();
  EXPECT_EQ(t.bench.out().tx_cons, 1);
}

TEST(Tx, PiecesAreJoined) {
  TxRig<handoff_tx_rtl> t;
  for (uint32_t a = 0; a < 64; a += 3) {
    for (const uint32_t size : {1u, 60u, 64u, 65u, 129u, 511u, 513u}) {
      t.Post(Raw({{.size = size, .addr = kAt + a},
                  {.size = 1 + a, .addr = kAt + 4096 - 2 * a - 1},
                  {.size = 700, .addr = kAt + 8192 - a}}));
      t.Post(Send(1, {{.size = 1 + a, .addr = kAt + a}, {.size = size, .addr = kAt + 500 + a}}));
    }
  }
  // Addresses run through 2^64.
  t.Post(Raw({{.size = 1000, .addr = ~uint64_t{0} - 500}}));
  t.Settle();
  t.Check();
  EXPECT_EQ(t.frames.size(), 22u * 14 + 1);
}

TEST(Tx, IgnoresWhatNobodyAskedFor) {
  TxRig<handoff_tx_rtl> t;
  for (int i = 0; i < 5; ++i) {
    t.bench.in.snap_valid = t.bench.in.tx_rd_valid = true;
    t.bench.in.snap.mss = 99;
    t.bench.in.tx_rd.err = true;
    t.bench.Cycle();
  }
  t.Post(Send(1, {{.size = 500, .addr = kAt}}));
  t.Settle();
  t.Check();
  EXPECT_EQ(t.frames.size(), 1u);
  EXPECT_FALSE(t.bench.out().tx_fault);
}

TEST(Tx, ClearsFirst) {
  TxRig<handoff_tx_rtl> t;
  Rng rng(TestSeed(), "templates");
  for (Conn conn = 0; conn < t.entries; ++conn) t.tmpl.Push(t.RandomTemplate(conn, rng));
  t.bench.Until([&] { return t.tmpl.done(); }, "templates taken");
  t.bench.Reset();
  t.bench.in.sent_ready = t.bench.in.tx_ready = true;
  t.bench.in.link_up = true;
  t.bench.in.ackreq_valid = true;
  t.bench.in.ackreq.conn = 7;
  for (uint32_t i = 0; i < t.entries; ++i) {
    t.bench.Cycle();
    EXPECT_FALSE(t.bench.out().start_valid);
    EXPECT_FALSE(t.bench.out().quiet);
  }
  // Nothing of the old templates is left.
  t.Ready();
  t.sent.Reset(), t.tx.Reset(), t.tx_cnt.Reset(), t.txa_cnt.Reset();
  t.Settle();
  t.tx.Reset(), t.tx_cnt.Reset(), t.txa_cnt.Reset();
  t.rx_tcp.starts.clear();
  for (Conn conn = 0; conn < 20; ++conn) t.Post(Send(conn));
  t.Settle();
  t.Check();
}

}  // namespace
}  // namespace handoff
