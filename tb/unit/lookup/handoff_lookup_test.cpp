// SPDX-License-Identifier: Apache-2.0
//
// lookup against docs/units/lookup.md: twins in lockstep, beside them a table of the test's own
// that says what each item must become.

#include <gtest/gtest.h>

#include <cstdint>
#include <deque>
#include <initializer_list>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "gen/handoff_lookup_least_rtl.h"
#include "gen/handoff_lookup_rtl.h"
#include "gen/handoff_lookup_small_rtl.h"
#include "model/handoff_lookup.h"
#include "tb/twin/channel_hits.h"
#include "tb/twin/twin_bench.h"
#include "tb/unit/lookup/table.h"

namespace handoff {
namespace {

using lookup::Hash;
using lookup::Table;

// The key that Microsoft's verification suite of RSS uses, first byte most significant.
HashKey RssKey() {
  constexpr uint8_t kBytes[40] = {0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67,
                                  0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb,
                                  0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3, 0x80, 0x30,
                                  0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa};
  HashKey key;
  for (uint32_t i = 0; i < 40; ++i) key.set_byte(39 - i, kBytes[i]);
  return key;
}

// Connection `i` as its frames name it; every fourth is of IPv6.
Key MakeKey(uint32_t i) {
  Key key;
  key.is_ip6 = i % 4 == 3;
  key.dst_mac = 0x020000000001;
  key.src_port = static_cast<U16>(1024 + i);
  key.dst_port = 80;
  key.src_ip.w[0] = 0x0a000000 + i;
  key.dst_ip.w[0] = 0xc0a80001;
  if (key.is_ip6) key.src_ip.w[1] = key.dst_ip.w[1] = 0x3ffe050102001fff;
  return key;
}

Hdr Frame(const Key& key, Reason reason = Reason::ReasonNone) {
  Hdr hdr;
  hdr.key = key;
  hdr.seg.reason = reason;
  hdr.seg.seq = key.src_port;
  return hdr;
}

CmdKey Command(CmdKind op, const Key& key, uint32_t conn = 0) {
  CmdKey cmd;
  cmd.key = key;
  cmd.cmd.op = op;
  cmd.cmd.conn = static_cast<Conn>(conn);
  return cmd;
}
CmdKey SetupOf(const Key& key, uint32_t conn) { return Command(CmdKind::CmdSetup, key, conn); }
CmdKey Undelegate(const Key& key) { return Command(CmdKind::CmdUndelegate, key, 0xffff); }

// Takes every op as it appears, says what it had to be, and whether `lookup_used` is right.
template <class Bench>
class Watch : public Agent {
 public:
  Watch(Bench& bench, const Table& table) : table(table), bench_(bench) { bench.Add(this); }

  Table table;
  std::deque<Op> ops;  // as they appeared, until a test takes them

  void Declare(std::initializer_list<const char*> names) {
    bench_.Declare(names);
    names_.insert(names.begin(), names.end());
  }
  bool empty() const { return frames_.empty() && commands_.empty(); }

  void Reset() override {
    table.Clear();
    frames_.clear();
    commands_.clear();
    ops.clear();
    standing_ = false;
  }
  void Sample(uint64_t) override {
    const auto& in = bench_.in;
    const auto& out = bench_.out();
    if (out.op_valid && !standing_) See(out.op);
    standing_ = out.op_valid && !in.op_ready;
    Check(out.lookup_used == table.used, "lookup_used");
    if (out.quiet) Check(empty(), "quiet");
    if (in.hdr_valid && out.hdr_ready) frames_.push_back(in.hdr);
    if (in.cmd_valid && out.cmd_ready) commands_.push_back(in.cmd);
  }
  void Drive() override {}

 private:
  void See(const Op& op) {
    Op expected;
    if (op.is_cmd) {
      Check(!commands_.empty(), "an op for each command");
      expected = table.Do(commands_.front(), bench_.in.cfg.hash_key);
      commands_.pop_front();
    } else {
      Check(!frames_.empty(), "an op for each frame");
      expected = table.Look(frames_.front(), bench_.in.cfg.hash_key);
      frames_.pop_front();
    }
    Check(op == expected, table.row);
    for (const char* name : {table.row, table.place}) {
      if (names_.count(name)) bench_.Hit(name);
    }
    ops.push_back(op);
  }
  void Check(bool holds, const char* what) {
    if (!holds) bench_.Fail(std::string("not as the page says: ") + what + "\n");
  }

  Bench& bench_;
  std::set<std::string_view> names_;
  std::deque<Hdr> frames_;  // taken by the unit, their ops not yet seen
  std::deque<CmdKey> commands_;
  bool standing_ = false;
};

template <class RtlClass>
class Rig {
 public:
  using Bench = TwinBench<handoff_lookup, RtlClass>;
  static constexpr uint32_t kWays = RtlClass::kWays;
  static constexpr uint32_t kSets = 2 * RtlClass::kDctEntries / RtlClass::kWays;
  static constexpr uint32_t kStash = RtlClass::kStashEntries;
  Bench bench;
  Producer<Hdr> hdr{bench, bench.to.hdr};
  Producer<CmdKey> cmd{bench, bench.to.cmd};
  Consumer<Op> op{bench, bench.from.op};
  Watch<Bench> watch{bench, Table(RtlClass::kDctEntries, kWays, kStash)};

  Rig() { UseHashKey(RssKey()); }

  // Reset zeroes the inputs.
  void UseHashKey(const HashKey& key) { bench.in.cfg.hash_key = key; }
  void Cleared() {
    bench.Until([&] { return bench.out().quiet; }, "the tables are cleared");
  }
  void Settle() {
    bench.Until([&] { return hdr.done() && cmd.done() && watch.empty() && bench.out().quiet; },
                "all passed");
  }
  Op Pass(const Hdr& frame) {
    hdr.Push(frame);
    Settle();
    return watch.ops.back();
  }
  Op Pass(const CmdKey& command) {
    cmd.Push(command);
    Settle();
    return watch.ops.back();
  }
  Status StatusOf(const CmdKey& command) { return Pass(command).cmd.status; }
  bool Hits(const Key& key) { return Pass(Frame(key)).hit; }

  // The next key from `i` on that lies in a set.
  Key KeyOfSet(uint32_t set, uint32_t* i) {
    while (Hash(MakeKey(*i), bench.in.cfg.hash_key) % kSets != set) ++*i;
    return MakeKey((*i)++);
  }
  // Fills the ways of a set, and the stash with more of the same set.
  std::vector<Key> Fill(uint32_t set) {
    std::vector<Key> keys;
    for (uint32_t n = 0, i = 1; n < kWays + kStash; ++n) {
      keys.push_back(KeyOfSet(set, &i));
      EXPECT_EQ(StatusOf(SetupOf(keys.back(), n)), Status::StatusOk);
    }
    return keys;
  }
};
using Whole = Rig<handoff_lookup_rtl>;
using Small = Rig<handoff_lookup_small_rtl>;
using Least = Rig<handoff_lookup_least_rtl>;

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

Key RandomKey(Rng& rng, uint32_t connections) {
  Key key = MakeKey(static_cast<uint32_t>(rng.Below(connections)));
  if (rng.Chance(0.15)) key.dst_mac ^= uint64_t{1} << rng.Below(48);
  if (rng.Chance(0.03)) key.n_tags = static_cast<uint8_t>(rng.Below(3));
  if (rng.Chance(0.03)) key.vid0 = static_cast<uint16_t>(rng.Below(4096));
  if (rng.Chance(0.03)) key.vid1 = static_cast<uint16_t>(rng.Below(4096));
  if (rng.Chance(0.03)) key.is_ip6 = !key.is_ip6;
  if (rng.Chance(0.03)) key.src_ip.w[1] ^= uint64_t{1} << rng.Below(64);
  return key;
}

template <class U>
void RandomRuns(int64_t runs) {
  U u;
  ChannelHits channel_hits(u.bench);
  u.watch.Declare({"row 1: no search", "row 2: hit", "row 3: miss", "row 4: refused before",
                   "row 5: tuple in use", "row 6: no room", "row 7: inserted", "row 8: removed",
                   "row 9: passes", "row 9: nothing to remove", "hit in the first way",
                   "hit in the stash", "the same key", "the same but for the MAC",
                   "into the first way", "into the stash", "removed from the first way",
                   "removed from the stash"});
  if (U::kWays > 1) {
    u.watch.Declare({"hit in another way", "into another way", "removed from another way"});
  }
  u.bench.Declare({"another hash key", "reset in mid-traffic"});
  u.bench.Runs(runs, [&] {
    Rng rng = u.bench.MakeRng("items");
    u.UseHashKey(rng.Any<HashKey>());
    u.hdr.SetIdle(rng.Chance(0.4) ? 0 : 0.6);
    u.cmd.SetIdle(rng.Chance(0.3) ? 0 : 0.6);
    u.hdr.SetGarbage(rng.Chance(0.5));
    u.cmd.SetGarbage(rng.Chance(0.5));
    u.op.SetPace(rng.Chance(0.5) ? 1 : 0.3);
    const auto connections = static_cast<uint32_t>(rng.Between(2, 3 * U::kSets * U::kWays));
    const double setups = rng.Chance(0.5) ? 0.8 : 0.5;
    for (int phase = 0; phase < 3; ++phase) {
      for (int i = 0; i < 40; ++i) {
        Hdr frame = rng.Any<Hdr>();
        frame.key = RandomKey(rng, connections);
        frame.seg.reason =
            rng.Chance(0.8) ? Reason::ReasonNone : static_cast<Reason>(rng.Below(64));
        u.hdr.Push(frame);
        CmdKey command = rng.Any<CmdKey>();
        command.key = RandomKey(rng, connections);
        if (rng.Chance(0.9)) {
          command.cmd.op = rng.Chance(setups) ? CmdKind::CmdSetup : CmdKind::CmdUndelegate;
        }
        if (rng.Chance(0.9)) command.cmd.status = Status::StatusOk;
        u.cmd.Push(command);
      }
      if (rng.Chance(0.1)) {
        u.bench.Cycle(rng.Between(5, 60));
        u.bench.Reset();
        u.bench.Hit("reset in mid-traffic");
        u.UseHashKey(rng.Any<HashKey>());
      }
      u.Settle();
      if (rng.Chance(0.2)) {
        u.UseHashKey(rng.Any<HashKey>());
        u.bench.Hit("another hash key");
      }
    }
  });
}
TEST(Lookup, AThousandRandomRuns) { RandomRuns<Small>(1000); }
TEST(Lookup, RandomRunsOfTheLeastTable) { RandomRuns<Least>(300); }

}  // namespace
}  // namespace handoff
