// SPDX-License-Identifier: Apache-2.0
#include "sw/tcp/seq.h"

#include <gtest/gtest.h>

namespace handoff::tcp {
namespace {

TEST(TcpSeq, ComparesSeriallyAcrossTheWrap) {
  const Seq before(0xfffffff0u);
  const Seq after = before + 0x20;
  EXPECT_EQ(after.raw(), 0x10u);
  EXPECT_LT(before, after);
  EXPECT_GE(after, before);
  EXPECT_EQ(after - before, 0x20);
  EXPECT_EQ(before - after, -0x20);
  EXPECT_EQ(Later(before, after), after);
  EXPECT_EQ(Earlier(before, after), before);
  EXPECT_EQ(Distance(before, after), 0x20u);
}

// RFC 9293, 3.4, the table of four cases, on a window that crosses 2^32.
TEST(TcpSeq, Rfc9293Section3_4AcceptanceHasFourCases) {
  const Seq nxt(0xffffff00u);
  const Seq edge = nxt + 0x200;
  // No length, no window.
  EXPECT_TRUE(Acceptable(nxt, 0, nxt, nxt));
  EXPECT_FALSE(Acceptable(nxt + 1, 0, nxt, nxt));
  EXPECT_FALSE(Acceptable(nxt - 1, 0, nxt, nxt));
  // No length, some window.
  EXPECT_TRUE(Acceptable(nxt, 0, nxt, edge));
  EXPECT_TRUE(Acceptable(edge - 1, 0, nxt, edge));
  EXPECT_FALSE(Acceptable(edge, 0, nxt, edge));
  EXPECT_FALSE(Acceptable(nxt - 1, 0, nxt, edge));
  // Some length, no window.
  EXPECT_FALSE(Acceptable(nxt, 1, nxt, nxt));
  // Some length, some window: the first or the last byte inside is enough.
  EXPECT_TRUE(Acceptable(nxt - 10, 11, nxt, edge));
  EXPECT_FALSE(Acceptable(nxt - 10, 10, nxt, edge));
  EXPECT_TRUE(Acceptable(edge - 1, 100, nxt, edge));
  EXPECT_FALSE(Acceptable(edge, 100, nxt, edge));
}

TEST(TcpSeq, Rfc5961Section5_2AckRange) {
  const Seq una(100);
  EXPECT_TRUE(AckIsGood(una, una, 50, una + 10));
  EXPECT_TRUE(AckIsGood(una - 50, una, 50, una + 10));
  EXPECT_FALSE(AckIsGood(una - 51, una, 50, una + 10));
  EXPECT_TRUE(AckIsGood(una + 10, una, 50, una + 10));
  EXPECT_FALSE(AckIsGood(una + 11, una, 50, una + 10));
}

TEST(TcpSeq, RangesTouchWhenTheyMeet) {
  const SeqRange a{Seq(10), Seq(20)};
  EXPECT_TRUE(a.Touches({Seq(20), Seq(30)}));
  EXPECT_FALSE(a.Touches({Seq(21), Seq(30)}));
  EXPECT_TRUE(a.Covers({Seq(12), Seq(20)}));
  EXPECT_FALSE(a.Covers({Seq(12), Seq(21)}));
  EXPECT_TRUE(a.Contains(Seq(10)));
  EXPECT_FALSE(a.Contains(Seq(20)));
}

}  // namespace
}  // namespace handoff::tcp
