// SPDX-License-Identifier: Apache-2.0
//
// lookup against docs/units/lookup.md: twins in lockstep, beside them a table of the test's own
// that says what each item must become.

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "tb/twin/channel_hits.h"
#include "tb/unit/lookup/rig.h"
#include "tb/unit/lookup/table.h"

namespace handoff {
namespace {

using lookup::Command;
using lookup::Frame;
using lookup::Hash;
using lookup::Least;
using lookup::MakeKey;
using lookup::RssKey;
using lookup::SetupOf;
using lookup::Small;
using lookup::Undelegate;
using lookup::Whole;

template <class U>
void Clearing() {
  U u;
  EXPECT_EQ(u.bench.out().op, Op{});
  EXPECT_FALSE(u.bench.out().quiet || u.bench.out().hdr_ready || u.bench.out().cmd_ready);
  for (uint32_t i = 0; i < 5; ++i) u.hdr.Push(Frame(MakeKey(i)));
  for (uint32_t i = 0; i < 5; ++i) u.cmd.Push(SetupOf(MakeKey(i), i));
  for (uint32_t cycle = 0; cycle < U::kSets + 3; ++cycle) {
    EXPECT_FALSE(u.bench.out().op_valid || u.bench.out().quiet) << cycle;
    if (cycle >= 4 && cycle <= U::kSets) {
      EXPECT_EQ(u.hdr.sent() + u.cmd.sent(), 4u) << "the skids hold two each";
    }
    u.bench.Cycle();
  }
  EXPECT_TRUE(u.bench.out().op_valid);
  EXPECT_TRUE(u.bench.out().op.is_cmd);
  u.Settle();
  EXPECT_EQ(u.op.items().front().cycle, U::kSets + 3);
}
TEST(Lookup, NothingTakenWhileClearing) { Clearing<Whole>(), Clearing<Small>(); }

TEST(Lookup, IsQuietAsSoonAsTheTablesAreCleared) {
  Small u;
  u.bench.Cycle(Small::kSets);
  EXPECT_TRUE(u.bench.out().quiet);
  EXPECT_EQ(u.bench.cycle(), Small::kSets);
  u.bench.Reset();
  u.bench.Cycle(Small::kSets - 1);
  EXPECT_FALSE(u.bench.out().quiet);
}

TEST(Lookup, ResetForgetsAllEntries) {
  Small u;
  u.watch.Declare({"row 7: inserted", "row 3: miss"});
  u.Cleared();
  const std::vector<Key> keys = u.Fill(1);
  EXPECT_EQ(u.bench.out().lookup_used, keys.size());
  for (uint32_t cycles = 0; cycles < 5; ++cycles) {  // in each phase
    u.hdr.Push(Frame(keys[0]));
    u.bench.Cycle(cycles);
    u.bench.Reset();
    u.UseHashKey(RssKey());
    EXPECT_EQ(u.bench.out().lookup_used, 0u);
    for (const Key& key : keys) EXPECT_FALSE(u.Hits(key));
    u.Fill(1);
  }
}

TEST(Lookup, HashesAsTheRssVectorSays) {
  Key key;
  key.is_ip6 = true;
  key.src_ip.w = {7, 0x3ffe250102001fff};
  key.dst_ip.w = {1, 0x3ffe250102000003};
  key.src_port = 2794;
  key.dst_port = 1766;
  EXPECT_EQ(Hash(key, RssKey()), 0x40207d3du);
  // The unit's set of that key is the hash's: with stash and set full there is no room for it, and
  // there is for keys whose hash differs in one bit.
  Whole u;
  u.Cleared();
  const uint32_t set = 0x40207d3d % Whole::kSets;
  u.Fill(set);
  EXPECT_EQ(u.StatusOf(SetupOf(key, 1)), Status::StatusNoRoom);
  for (uint32_t bit = 1; bit < Whole::kSets; bit *= 2) {
    uint32_t i = 5000;
    EXPECT_EQ(u.StatusOf(SetupOf(u.KeyOfSet(set ^ bit, &i), bit)), Status::StatusOk);
  }
}

TEST(Lookup, AnswersAnItemInThreeCycles) {
  Small u;
  u.Cleared();
  u.bench.Cycle(3);
  u.hdr.Push(Frame(MakeKey(1)));
  const uint64_t frame = u.bench.cycle() + 1;
  u.Settle();
  u.cmd.Push(SetupOf(MakeKey(1), 1));
  const uint64_t command = u.bench.cycle() + 1;
  u.Settle();
  EXPECT_EQ(u.op.items()[0].cycle, frame + 3);
  EXPECT_EQ(u.op.items()[1].cycle, command + 3);
}

TEST(Lookup, OneItemEveryTwoCycles) {
  Small u;
  u.watch.Declare({"row 1: no search", "row 2: hit", "row 3: miss", "row 7: inserted",
                   "row 8: removed", "row 9: passes"});
  u.Cleared();
  for (uint32_t i = 0; i < 60; ++i) {
    u.hdr.Push(Frame(MakeKey(i % 6), i % 7 == 6 ? Reason::ReasonLengths : Reason::ReasonNone));
    if (i % 3 == 0) u.cmd.Push(Command(CmdKind::CmdPost, MakeKey(i), i));
    if (i % 3 == 1) u.cmd.Push(SetupOf(MakeKey(i % 6), i));
    if (i % 3 == 2) u.cmd.Push(Undelegate(MakeKey(i % 2 == 0 ? 1 : 7)));
  }
  u.cmd.SetIdle(0.7);
  u.Settle();
  ASSERT_EQ(u.op.received(), 120u);
  for (uint32_t i = 1; i < 60; ++i) {
    EXPECT_EQ(u.op.items()[i].cycle, u.op.items()[0].cycle + 2 * i);
  }
}

TEST(Lookup, TakesACommandBeforeAFrame) {
  Small u;
  u.bench.Declare({"together", "into a stream"});
  u.Cleared();
  u.hdr.Push(Frame(MakeKey(1)));
  u.cmd.Push(SetupOf(MakeKey(1), 9));
  u.Settle();
  EXPECT_TRUE(u.watch.ops[0].is_cmd);
  EXPECT_TRUE(u.watch.ops[1].hit);
  u.bench.Hit("together");
  // Whenever a command comes into a stream of frames, it passes all but the one under way.
  for (uint32_t wait = 10; wait < 14; ++wait) {
    u.watch.ops.clear();
    for (uint32_t i = 0; i < 20; ++i) u.hdr.Push(Frame(MakeKey(i)));
    u.bench.Cycle(wait);
    const size_t before = u.watch.ops.size();
    u.cmd.Push(Command(CmdKind::CmdPost, MakeKey(1)));
    u.Settle();
    for (size_t i = 0; i < u.watch.ops.size(); ++i) {
      if (u.watch.ops[i].is_cmd) {
        EXPECT_LE(i, before + 3);
      }
    }
    u.bench.Hit("into a stream");
  }
  // And commands, as long as there are any, come first.
  u.watch.ops.clear();
  for (uint32_t i = 0; i < 10; ++i) {
    u.hdr.Push(Frame(MakeKey(i)));
    u.cmd.Push(Command(CmdKind::CmdSet, MakeKey(i), i));
  }
  u.Settle();
  for (uint32_t i = 0; i < 20; ++i) EXPECT_EQ(u.watch.ops[i].is_cmd, i < 10) << i;
}

TEST(Lookup, FrameBehindSetupHits) {
  Small u;
  u.watch.Declare({"row 2: hit", "row 3: miss", "row 7: inserted"});
  u.Cleared();
  EXPECT_FALSE(u.Hits(MakeKey(5)));
  u.cmd.Push(SetupOf(MakeKey(5), 0xbeef));
  u.hdr.Push(Frame(MakeKey(5)));
  u.Settle();
  EXPECT_TRUE(u.watch.ops.back().hit);
  EXPECT_EQ(u.watch.ops.back().conn, 0xbeef);
  EXPECT_EQ(u.bench.out().lookup_used, 1u);
}

TEST(Lookup, FrameBehindUndelegateMisses) {
  Small u;
  u.watch.Declare({"row 2: hit", "row 3: miss", "row 8: removed"});
  u.Cleared();
  u.Pass(SetupOf(MakeKey(5), 3));
  EXPECT_TRUE(u.Hits(MakeKey(5)));
  u.cmd.Push(Undelegate(MakeKey(5)));  // whatever its index
  u.hdr.Push(Frame(MakeKey(5)));
  u.Settle();
  EXPECT_FALSE(u.watch.ops.back().hit);
  EXPECT_EQ(u.watch.ops.back().conn, 0u);
  EXPECT_EQ(u.bench.out().lookup_used, 0u);
}

TEST(Lookup, SearchesWellFormedSegmentsOnly) {
  Small u;
  u.watch.Declare({"row 1: no search", "row 2: hit"});
  u.Cleared();
  u.Pass(SetupOf(MakeKey(5), 3));
  for (uint32_t reason = 0; reason < 64; ++reason) {
    EXPECT_EQ(u.Pass(Frame(MakeKey(5), static_cast<Reason>(reason))).hit, reason == 0);
  }
}

// `key` with one bit inverted of everything that it holds.
template <class F>
void ForEachOtherKey(const Key& key, F&& f) {
  for (uint32_t bit = 0; bit < Key::kWidth; ++bit) {
    uint64_t words[Key::kWords];
    key.Pack(words);
    words[bit / 64] ^= uint64_t{1} << (bit % 64);
    f(Key::Unpack(words));
  }
}

TEST(Lookup, WholeKeyOrNothing) {
  Least u;  // few sets: many other keys lie in the same, and in the stash all do
  u.watch.Declare(
      {"row 3: miss", "row 9: nothing to remove", "hit in the first way", "hit in the stash"});
  u.Cleared();
  uint32_t i = 1;
  const Key first = u.KeyOfSet(1, &i), second = u.KeyOfSet(1, &i);
  u.Pass(SetupOf(first, 1));
  u.Pass(SetupOf(second, 2));
  for (const Key& key : {first, second}) {
    ForEachOtherKey(key, [&](const Key& other) {
      EXPECT_FALSE(u.Hits(other)) << other.ToString();
      u.Pass(Undelegate(other));
    });
    EXPECT_TRUE(u.Hits(key));
  }
  EXPECT_EQ(u.bench.out().lookup_used, 2u);
}

TEST(Lookup, RefusesTupleInUseWhateverTheMac) {
  Whole u;
  u.watch.Declare({"row 5: tuple in use", "the same key", "the same but for the MAC",
                   "row 7: inserted", "row 8: removed"});
  u.Cleared();
  const Key key = MakeKey(77);
  u.Pass(SetupOf(key, 1));
  EXPECT_EQ(u.StatusOf(SetupOf(key, 2)), Status::StatusTupleInUse);
  ForEachOtherKey(key, [&](const Key& other) {
    const bool mac = other.dst_mac != key.dst_mac;
    EXPECT_EQ(u.StatusOf(SetupOf(other, 2)), mac ? Status::StatusTupleInUse : Status::StatusOk);
    if (!mac) u.Pass(Undelegate(other));
    EXPECT_EQ(u.bench.out().lookup_used, 1u);
  });
  EXPECT_EQ(u.Pass(Frame(key)).conn, 1u);
}

template <class U>
void FillAll() {
  U u;
  u.watch.Declare({"into the first way", "into the stash", "row 6: no room", "hit in the stash"});
  u.Cleared();
  const std::vector<Key> keys = u.Fill(1);
  uint32_t i = 100000;
  EXPECT_EQ(u.StatusOf(SetupOf(u.KeyOfSet(1, &i), 99)), Status::StatusNoRoom);
  EXPECT_EQ(u.StatusOf(SetupOf(u.KeyOfSet(0, &i), 99)), Status::StatusOk);
  EXPECT_EQ(u.bench.out().lookup_used, U::kWays + U::kStash + 1);
  for (uint32_t n = 0; n < keys.size(); ++n) EXPECT_EQ(u.Pass(Frame(keys[n])).conn, n);
}
TEST(Lookup, FillsWaysThenStashThenRefuses) {
  FillAll<Whole>(), FillAll<Small>(), FillAll<Least>();
}

TEST(Lookup, RemovingOneLeavesOthersFindable) {
  Small u;
  u.watch.Declare({"removed from the first way", "removed from another way",
                   "removed from the stash", "into the first way", "into another way",
                   "into the stash"});
  u.Cleared();
  const std::vector<Key> keys = u.Fill(2);
  for (size_t gone = 0; gone < keys.size(); ++gone) {
    u.Pass(Undelegate(keys[gone]));
    for (size_t n = 0; n < keys.size(); ++n) EXPECT_EQ(u.Hits(keys[n]), n != gone);
    EXPECT_EQ(u.bench.out().lookup_used, keys.size() - 1);
    EXPECT_EQ(u.StatusOf(SetupOf(keys[gone], 7)), Status::StatusOk);
  }
}

TEST(Lookup, RefusedAndOtherCommandsChangeNothing) {
  Small u;
  u.watch.Declare({"row 4: refused before", "row 9: passes", "row 2: hit"});
  u.Cleared();
  u.Pass(SetupOf(MakeKey(1), 1));
  Rng rng = u.bench.MakeRng("commands");
  for (uint32_t i = 0; i < 300; ++i) {
    CmdKey command = rng.Any<CmdKey>();
    command.key = MakeKey(1 + i % 2);
    const bool other =
        command.cmd.op != CmdKind::CmdSetup && command.cmd.op != CmdKind::CmdUndelegate;
    if (other && i % 2 == 0) command.cmd.status = Status::StatusOk;
    if (!other && command.cmd.status == Status::StatusOk) command.cmd.status = Status::StatusStale;
    EXPECT_EQ(u.Pass(command).cmd, command.cmd);
  }
  EXPECT_TRUE(u.Hits(MakeKey(1)));
  EXPECT_EQ(u.bench.out().lookup_used, 1u);
}

TEST(Lookup, HoldsWhileOpIsBlocked) {
  Small u;
  ChannelHits channel_hits(u.bench);
  u.Cleared();
  u.op.SetPace(0);
  for (uint32_t i = 0; i < 6; ++i) {
    u.hdr.Push(Frame(MakeKey(i)));
    u.cmd.Push(SetupOf(MakeKey(i), i));
  }
  u.bench.Cycle(60);
  // Two ops in the consumer's skid, one in the register, one item in PhMatch, two in the skid.
  EXPECT_EQ(u.op.received(), 2u);
  EXPECT_EQ(u.cmd.sent(), 6u);
  EXPECT_EQ(u.hdr.sent(), 2u);
  EXPECT_EQ(u.bench.out().lookup_used, 3u);
  EXPECT_FALSE(u.bench.out().hdr_ready || u.bench.out().quiet);
  u.op.SetPace(1);
  u.Settle();
  ASSERT_EQ(u.op.received(), 12u);
  EXPECT_EQ(u.op.items()[3].cycle, u.op.items()[2].cycle + 1) << "fires as the register empties";
}

TEST(Lookup, NewHashKeyLooksInTheNewSetAndTheStash) {
  Small u;
  u.watch.Declare({"hit in the stash", "row 3: miss"});
  u.Cleared();
  const std::vector<Key> keys = u.Fill(1);
  HashKey other = RssKey();
  for (uint64_t& word : other.w) word = ~word * 3;
  u.UseHashKey(other);
  uint32_t moved = 0;
  for (uint32_t n = 0; n < keys.size(); ++n) {
    const bool found = n >= Small::kWays || Hash(keys[n], other) % Small::kSets == 1;
    EXPECT_EQ(u.Hits(keys[n]), found);
    moved += !found;
  }
  EXPECT_GT(moved, 0u);
  u.UseHashKey(RssKey());
  for (const Key& key : keys) EXPECT_TRUE(u.Hits(key));
}

}  // namespace
}  // namespace handoff
