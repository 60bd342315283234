// SPDX-License-Identifier: Apache-2.0
#include "sw/tcp/segment.h"

#include <gtest/gtest.h>

namespace handoff::tcp {
namespace {

const IpAddr kA = IpAddr::V4(10, 0, 0, 1);
const IpAddr kB = IpAddr::V4(10, 0, 0, 2);

Bytes Sample() {
  Segment s;
  s.src_port = 1000;
  s.dst_port = 80;
  s.seq = Seq(0xfffffffeu);
  s.ack = Seq(77);
  s.flags = {.psh = true, .ack = true};
  s.window = 501;
  s.options.timestamps = Timestamps{1, 2};
  const Bytes front = {'h', 'e', 'l'};
  const Bytes back = {'l', 'o'};
  const ByteView pieces[] = {front, back};
  Bytes out;
  AppendSegment(out, kA, kB, s, pieces);
  return out;
}

TEST(TcpSegment, SurvivesTheWireInPieces) {
  const Bytes bytes = Sample();
  const ParsedSegment parsed = ParseSegment(kA, kB, bytes);
  ASSERT_EQ(parsed.error, SegmentError::kNone);
  const Segment& s = parsed.segment;
  EXPECT_EQ(s.src_port, 1000);
  EXPECT_EQ(s.dst_port, 80);
  EXPECT_EQ(s.ack, Seq(77));
  EXPECT_EQ(s.window, 501);
  EXPECT_EQ(std::string(s.payload.begin(), s.payload.end()), "hello");
  EXPECT_EQ(s.Length(), 5u);
  EXPECT_EQ(s.End(), Seq(3));
  EXPECT_EQ(s.ToString(), "Flags [P.], seq 4294967294:3, ack 77, win 501, length 5");
}

TEST(TcpSegment, EveryFlippedBitIsSeen) {
  const Bytes good = Sample();
  for (size_t bit = 0; bit < 8 * good.size(); ++bit) {
    Bytes bad = good;
    bad[bit / 8] = static_cast<uint8_t>(bad[bit / 8] ^ 1u << bit % 8);
    EXPECT_NE(ParseSegment(kA, kB, bad).error, SegmentError::kNone) << "bit " << bit;
  }
  EXPECT_EQ(ParseSegment(kA, IpAddr::V4(10, 0, 0, 3), good).error, SegmentError::kChecksum);
}

TEST(TcpSegment, HeadersThatDoNotFitAreLengthErrors) {
  const Bytes good = Sample();
  for (size_t cut = 0; cut < 32; ++cut) {
    EXPECT_EQ(ParseSegment(kA, kB, ByteView(good).first(cut)).error, SegmentError::kLengths);
  }
  Bytes short_offset = good;
  short_offset[12] = 0x40;
  EXPECT_EQ(ParseSegment(kA, kB, short_offset).error, SegmentError::kLengths);
}

TEST(TcpSegment, FlagsKeepEveryBit) {
  for (unsigned byte = 0; byte < 256; ++byte) {
    EXPECT_EQ(Flags::FromByte(static_cast<uint8_t>(byte)).ToByte(), byte);
  }
  EXPECT_EQ((Flags{.syn = true, .ack = true}).ToString(), "S.");
}

TEST(TcpSegment, SynAndFinTakeANumberEach) {
  Segment s;
  s.flags = {.fin = true, .syn = true};
  EXPECT_EQ(s.Length(), 2u);
}

}  // namespace
}  // namespace handoff::tcp
