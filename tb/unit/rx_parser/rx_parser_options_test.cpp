// SPDX-License-Identifier: Apache-2.0
//
// rx_parser against docs/units/rx_parser.md, TCP's options: in any order, at every offset, with
// lengths that are wrong.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "gen/handoff_rx_parser_rtl.h"
#include "tb/unit/rx_parser/frames.h"
#include "tb/unit/rx_parser/reference.h"
#include "tb/unit/rx_parser/rig.h"

namespace handoff {
namespace {

using rx_parser::Bytes;
using rx_parser::FrameSpec;
using Rig = rx_parser::Rig<handoff_rx_parser_rtl>;

Bytes Timestamp(uint32_t val, uint32_t ecr) {
  Bytes option = {8, 10};
  for (const uint32_t x : {val, ecr})
    rx_parser::AddWord(&option, x >> 16), rx_parser::AddWord(&option, x);
  return option;
}
Bytes Sack(uint8_t blocks) {
  Bytes option(2 + 8 * blocks, 0x55);
  option[0] = 5;
  option[1] = static_cast<uint8_t>(option.size());
  return option;
}
// One behind the other, filled up with `fill` to a multiple of four.
Bytes Join(const std::vector<Bytes>& parts, uint8_t fill = 1) {
  Bytes all;
  for (const Bytes& part : parts) all.insert(all.end(), part.begin(), part.end());
  while (all.size() % 4 != 0) all.push_back(fill);
  return all;
}

TEST(RxParser, ReadsOptionsInAnyOrder) {
  Rig u;
  u.watch.Declare({"timestamp", "timestamp, late", "SACK", "SACK, late", "option over byte 20",
                   "end of list", "end of list, late", "no operation", "no operation, late",
                   "second timestamp", "option of SYNs", "option of SYNs, late"});
  const auto seg = [&](const std::vector<Bytes>& parts, uint8_t fill = 1) {
    FrameSpec spec;
    spec.options = Join(parts, fill);
    const Seg s = u.Record(spec).seg;
    EXPECT_EQ(s.reason, Reason::ReasonNone);
    return s;
  };
  const Bytes nop = {1}, end = {0}, mss = {2, 4, 5, 0xb4}, scale = {3, 3, 7}, permitted = {4, 2};
  const Bytes ts = Timestamp(0x01020304, 0xA0B0C0D0);
  for (uint32_t before = 0; before <= 30; ++before) {  // behind so many NOPs
    const Seg s = seg({Bytes(before, 1), ts}, 0);
    EXPECT_TRUE(s.has_ts && !s.unknown_opt && !s.has_sack);
    EXPECT_EQ(s.ts_val, 0x01020304u);
    EXPECT_EQ(s.ts_ecr, 0xA0B0C0D0u);
  }
  std::vector<Bytes> order = {mss, scale, permitted, ts, Sack(1)};
  std::sort(order.begin(), order.end());
  do {
    const Seg s = seg(order);
    EXPECT_TRUE(s.has_ts && s.has_sack && !s.unknown_opt);
    EXPECT_EQ(s.ts_ecr, 0xA0B0C0D0u);
  } while (std::next_permutation(order.begin(), order.end()));
  for (uint8_t blocks = 1; blocks <= 4; ++blocks) {
    for (uint32_t before = 0; before + 2u + 8u * blocks <= 40; ++before) {
      EXPECT_TRUE(seg({Bytes(before, 1), Sack(blocks)}).has_sack);
    }
  }
  for (uint32_t before = 0; before < 30; ++before) {  // nothing behind an end of list counts
    EXPECT_FALSE(seg({Bytes(before, 1), end, ts.size() + before + 1 <= 40 ? ts : nop}).has_ts);
  }
  EXPECT_EQ(seg({ts, Timestamp(9, 8), nop, nop}).ts_val, 9u);  // the last one wins
  EXPECT_EQ(seg({ts, ts, Timestamp(7, 6)}).ts_ecr, 6u);
}

TEST(RxParser, BadOptionLengthIsUnknown) {
  Rig u;
  u.watch.Declare({"bad length", "bad length, late", "no length", "length under 2", "length over",
                   "unknown option", "unknown option, late", "timestamp behind an unknown option"});
  const auto seg = [&](const std::vector<Bytes>& parts) {
    FrameSpec spec;
    spec.options = Join(parts);
    return u.Record(spec).seg;
  };
  const Bytes ts = Timestamp(1, 2);
  for (uint32_t before = 0; before < 40; ++before) {
    for (uint32_t kind = 2; kind < 256; kind += before % 4 == 3 ? 1 : 37) {
      const uint32_t room = (before + 4) / 4 * 4 - before;  // to the end of the list
      for (const uint32_t len : {0u, 1u, room + 1, 255u}) {
        Bytes option = {static_cast<uint8_t>(kind), static_cast<uint8_t>(len)};
        option.resize(room);
        const Seg s = seg({Bytes(before, 1), option});
        EXPECT_TRUE(s.unknown_opt);
        EXPECT_FALSE(s.has_ts || s.has_sack);
      }
    }
  }
  for (const uint8_t len : {0, 1, 41, 255}) {  // nothing behind it counts
    const Seg s = seg({{9, len}, ts});
    EXPECT_TRUE(s.unknown_opt && !s.has_ts);
  }
  for (uint32_t len = 2; len <= 30; ++len) {  // a known kind of another length
    for (const uint8_t kind :
         {uint8_t{2}, uint8_t{3}, uint8_t{4}, uint8_t{5}, uint8_t{8}, uint8_t{9}}) {
      Bytes option(len, 0);
      option[0] = kind;
      option[1] = static_cast<uint8_t>(len);
      const bool known = (kind == 2 && len == 4) || (kind == 3 && len == 3) ||
                         (kind == 4 && len == 2) || (kind == 8 && len == 10) ||
                         (kind == 5 && (len == 10 || len == 18 || len == 26));
      const Seg s = seg({option, ts});
      EXPECT_EQ(s.unknown_opt, !known) << int{kind} << " " << len;
      EXPECT_TRUE(s.has_ts);  // goes on behind it
      EXPECT_EQ(s.ts_ecr, 2u);
      if (len <= 20) {
        EXPECT_EQ(seg({ts, ts, option}).unknown_opt, !known);
      }
    }
  }
}

}  // namespace
}  // namespace handoff
