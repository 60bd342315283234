// SPDX-License-Identifier: Apache-2.0
#include "sw/tcp/rst.h"

#include <gtest/gtest.h>

namespace handoff::tcp {
namespace {

// RFC 9293, 3.10.7.1, and 3.5.2, first.
TEST(TcpRst, Rfc9293Section3_10_7_1WithAckItsNumberIsUsed) {
  Segment s;
  s.src_port = 1;
  s.dst_port = 2;
  s.ack = Seq(77);
  s.flags.ack = true;
  const auto reset = ResetFor(s);
  ASSERT_TRUE(reset);
  EXPECT_EQ(reset->flags.ToString(), "R");
  EXPECT_EQ(reset->seq, Seq(77));
  EXPECT_EQ(reset->src_port, 2);
  EXPECT_EQ(reset->dst_port, 1);
}

TEST(TcpRst, Rfc9293Section3_10_7_1WithoutAckItAcknowledges) {
  Segment s;
  s.seq = Seq(0xffffffffu);
  s.flags.syn = true;
  const auto reset = ResetFor(s);
  ASSERT_TRUE(reset);
  EXPECT_EQ(reset->flags.ToString(), "R.");
  EXPECT_EQ(reset->seq, Seq(0));
  EXPECT_EQ(reset->ack, Seq(0)) << "the SYN counts";
}

TEST(TcpRst, Rfc9293Section3_10_7_1ResetsAreNotAnswered) {
  Segment s;
  s.flags.rst = true;
  EXPECT_FALSE(ResetFor(s));
}

}  // namespace
}  // namespace handoff::tcp
