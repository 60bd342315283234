// SPDX-License-Identifier: Apache-2.0
//
// The whole engine in lockstep with parameters that are not the defaults: a small one, with its
// assertions, of which a short run uses up every table, and which others than these would betray.

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "gen/handoff_engine_small_rtl.h"
#include "gen/handoff_pkg.h"
#include "gen/handoff_regs.h"
#include "model/core/core_loop.h"
#include "model/core/model_engine.h"
#include "model/rng.h"
#include "sim/core/engine_forms.h"
#include "sim/core/make_core.h"
#include "tb/rig/engine_rig.h"

namespace handoff::engine_rig {
namespace {

using Rtl = handoff_engine_small_rtl;

class SmallModel : public ModelEngine {
 public:
  explicit SmallModel(const CoreParams& params)
      : ModelEngine(params, Rtl::ModelParams<handoff_engine::Params>()) {}
};

std::unique_ptr<EngineCore> Small(EngineForm form = EngineForm::kLockstep) {
  const CoreConfig config{.form = form};
  if (form == EngineForm::kModel) return std::make_unique<Core<SmallModel>>(config);
  if (form == EngineForm::kRtl) return std::make_unique<Core<RtlEngine<Rtl>, CoreConfig>>(config);
  return std::make_unique<Core<LockstepEngine<Rtl>, CoreConfig>>(config);
}

// The table is used evenly only under a key; this is the one of docs/units/lookup.md.
void SetHashKey(Rig& rig) {
  constexpr std::array<uint32_t, 10> kKey = {0xbeac01fa, 0x6a42b73b, 0x8030f20c, 0x77cb2da3,
                                             0xae7b30b4, 0xd0ca2bcb, 0x43a38fb0, 0x4167253d,
                                             0x255b0ec2, 0x6d5a56da};
  for (size_t i = 0; i < kKey.size(); ++i)
    rig.host->WriteReg(static_cast<uint16_t>(offsetof(handoff_t, hash_key) + 4 * i), kKey[i]);
}

constexpr U8 kOk = static_cast<U8>(Status::StatusOk);

TEST(EngineSmall, TheBuildRegisterSaysWhatWasBuilt) {
  Rig rig(Small());
  handoff__build_t build;
  build.w = rig.host->ReadReg(offsetof(handoff_t, build));
  EXPECT_EQ(build.f.dct_entries, 64u);
  EXPECT_EQ(build.f.slots, 4u);
}

// Corner 69: no room for a tuple whose set and the stash are full, though entries are free; with
// all 64 entries in use there is no index for another.
TEST(EngineSmall, FillsItsTableAndRefusesTheSixtyFifthConnection) {
  Rig rig(Small());
  SetHashKey(rig);
  uint32_t no_room = 0;
  constexpr uint16_t kStride = 40503;  // odd: all differ; neighbours never meet in a set
  Which next{.conn = 0, .port = 1};
  while (next.conn < Rtl::kDctEntries) {
    const U8 code = rig.Setup(next).code;
    next.port += kStride;
    if (code == kOk) {
      ++next.conn;
    } else {
      ASSERT_EQ(code, static_cast<U8>(Status::StatusNoRoom));
      ASSERT_LT(++no_room, 1000u);
    }
  }
  EXPECT_GT(no_room, 0u);
  EXPECT_EQ(rig.Setup(next).code, static_cast<U8>(Status::StatusBadIndex));
  EXPECT_EQ(rig.host->ReadReg(offsetof(handoff_t, lookup_used)), 64u);
}

TEST(EngineSmall, HoldsFourPiecesOfAConnectionAndTakesAPrefixOfMore) {
  Rig rig(Small());
  ASSERT_EQ(rig.Setup().code, kOk);
  PostDesc post{};
  post.id = 1;
  post.n_pieces = 3;
  post.piece0 = post.piece1 = post.piece2 = Piece{.size = 100, .addr = FlatHost::kUser};
  Ntf ntf = rig.Do(post, CmdKind::CmdPost);
  EXPECT_EQ(ntf.code, kOk);
  EXPECT_EQ(ntf.count, 3u);
  ntf = rig.Do(post, CmdKind::CmdPost);
  EXPECT_EQ(ntf.code, static_cast<U8>(Status::StatusNoSlot));
  EXPECT_EQ(ntf.count, 1u);
  EXPECT_EQ(rig.Post(2, FlatHost::kUser, 100).count, 0u);
  post.startup = 5;
  EXPECT_EQ(rig.Do(post, CmdKind::CmdPost).code, static_cast<U8>(Status::StatusBadStartup));
}

// Frames of one beat come twice as fast as lookup takes them, so that they meet a full RX FIFO: by
// its frames. A longest one after others: by its beats.
TEST(EngineSmall, DropsWholeWhatItsRxFifoDoesNotHold) {
  Rig rig(Small());
  constexpr uint32_t kFrames = 200;
  for (uint32_t i = 0; i < kFrames; ++i) rig.Receive({.port = 9});
  rig.host->Run(4000);
  const uint64_t by_frames = rig.Count(Reason::ReasonRxFifoFull);
  EXPECT_GT(by_frames, 0u);
  EXPECT_EQ(rig.Count(Reason::ReasonNoEntry) + by_frames, kFrames);

  constexpr uint32_t kLong = 20;
  for (uint32_t i = 0; i < kLong; ++i) rig.Receive({.payload = Bytes(1460), .port = 9});
  rig.host->Run(8000);
  EXPECT_EQ(rig.Count(Reason::ReasonNoEntry) + rig.Count(Reason::ReasonRxFifoFull),
            kFrames + kLong);
}

// Connections that are delegated, resumed, given user buffers and segments to send, and lose
// frames, in random order; returns the digest.
uint64_t Traffic(Rig& rig, uint64_t seed) {
  Rng rng(seed, "small");
  SetHashKey(rig);
  struct Conn {
    Which which;
    bool up = false;
    uint32_t next = kIrs + 1;
    uint32_t sent = kIss + 1;
  };
  std::array<Conn, 6> conns;
  for (Conn& c : conns) {
    const auto i = static_cast<uint16_t>(&c - conns.data());
    c.which = {.conn = static_cast<uint16_t>(63 - 11 * i), .port = static_cast<uint16_t>(100 + i)};
  }
  for (int step = 0; step < 300; ++step) {
    Conn& c = conns[rng.Below(conns.size())];
    if (!c.up) {
      c.up = rig.Setup(c.which).code == kOk;
      c.next = kIrs + 1;
      c.sent = kIss + 1;
      if (!c.up) continue;
      EXPECT_EQ(rig.Resume(0, c.next, c.which).code, kOk);
      continue;
    }
    switch (rng.Below(12)) {
      case 0:
        rig.Post(static_cast<uint16_t>(step), FlatHost::kUser + rng.Below(100000), 3000, c.which);
        break;
      case 1: {
        TxDesc d{};
        d.op = static_cast<U8>(Tx::TxSend);
        d.conn = c.which.conn;
        d.gen = kGen;
        d.n_pieces = 3;
        d.seq = c.sent;
        d.piece0 = Piece{.size = 300, .addr = FlatHost::kTxData + rng.Below(1000)};
        d.piece1 = Piece{.size = 5, .addr = FlatHost::kTxData + rng.Below(1000)};
        d.piece2 = Piece{.size = 600, .addr = FlatHost::kTxData + rng.Below(1000)};
        rig.host->Transmit(d);
        c.sent += 905;
        break;
      }
      case 2: {
        PlainDesc u{};
        u.addr = FlatHost::kBlock;
        EXPECT_EQ(rig.Do(u, CmdKind::CmdUndelegate, c.which).code, kOk);
        c.up = false;
        break;
      }
      case 3:  // more at once than its RX FIFO holds
        for (int i = 0; i < 40; ++i) rig.Receive({.port = 9});
        break;
      default: {
        const size_t bytes = rng.Below(1461);
        Seg seg{.seq = c.next, .payload = Pattern(c.next, bytes), .port = c.which.port};
        seg.flags.psh = rng.Chance(0.3);
        if (rng.Chance(0.05)) seg.seq += 100;  // a gap: to resync
        if (rng.Chance(0.05)) seg.seq -= 100;  // partly old
        c.next += static_cast<uint32_t>(bytes);
        rig.Receive(seg);
        rig.host->Run(rng.Below(4) * 40);
      }
    }
  }
  rig.host->Run(20000);
  return rig.core->digest();
}

TEST(EngineSmall, HasOneDigestInRandomTraffic) {
  for (uint64_t seed = TestSeed(); seed < TestSeed() + 5; ++seed) {
    Rig both(Small());
    Rig rtl(Small(EngineForm::kRtl));
    Rig model(Small(EngineForm::kModel));
    const uint64_t digest = Traffic(both, seed);
    EXPECT_EQ(Traffic(rtl, seed), digest) << "seed " << seed;
    EXPECT_EQ(Traffic(model, seed), digest) << "seed " << seed;
    // All of it happened: what a small engine is short of, and what it is for.
    EXPECT_GT(both.Count(Reason::ReasonRxFifoFull), 0u);
    EXPECT_GT(both.Count(Reason::ReasonInOrderUser), 0u);
    EXPECT_GT(both.Count(Reason::ReasonGap), 0u);
    EXPECT_GT(both.host->sent.size(), 0u);
  }
}

}  // namespace
}  // namespace handoff::engine_rig
