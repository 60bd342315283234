// SPDX-License-Identifier: Apache-2.0
//
// lookup under test, and beside it a watcher with a table of its own that says what each item must
// become.
#pragma once

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
#include "tb/twin/twin_bench.h"
#include "tb/unit/lookup/table.h"

namespace handoff::lookup {

// The key that Microsoft's verification suite of RSS uses, first byte most significant.
inline HashKey RssKey() {
  constexpr uint8_t kBytes[40] = {0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67,
                                  0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb,
                                  0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3, 0x80, 0x30,
                                  0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa};
  HashKey key;
  for (uint32_t i = 0; i < 40; ++i) key.set_byte(39 - i, kBytes[i]);
  return key;
}

// Connection `i` as its frames name it; every fourth is of IPv6.
inline Key MakeKey(uint32_t i) {
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

inline Hdr Frame(const Key& key, Reason reason = Reason::ReasonNone) {
  Hdr hdr;
  hdr.key = key;
  hdr.seg.reason = reason;
  hdr.seg.seq = key.src_port;
  return hdr;
}

inline CmdKey Command(CmdKind op, const Key& key, uint32_t conn = 0) {
  CmdKey cmd;
  cmd.key = key;
  cmd.cmd.op = op;
  cmd.cmd.conn = static_cast<Conn>(conn);
  return cmd;
}
inline CmdKey SetupOf(const Key& key, uint32_t conn) {
  return Command(CmdKind::CmdSetup, key, conn);
}
inline CmdKey Undelegate(const Key& key) { return Command(CmdKind::CmdUndelegate, key, 0xffff); }

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

}  // namespace handoff::lookup
