// SPDX-License-Identifier: Apache-2.0
#include "sw/tcp/options.h"

#include <gtest/gtest.h>

#include <random>

namespace handoff::tcp {
namespace {

Options RoundTrip(const Options& options) {
  Bytes bytes;
  AppendOptions(bytes, options);
  EXPECT_EQ(bytes.size() % 4, 0u);
  EXPECT_LE(bytes.size(), kMaxOptionBytes);
  EXPECT_EQ(OptionBytes(options), bytes.size());
  return ParseOptions(bytes);
}

TEST(TcpOptions, EveryMixOfSynOptionsSurvives) {
  for (int mix = 0; mix < 16; ++mix) {
    Options o;
    if ((mix & 1) != 0) o.mss = 1460;
    if ((mix & 2) != 0) o.window_scale = 7;
    if ((mix & 4) != 0) o.sack_permitted = true;
    if ((mix & 8) != 0) o.timestamps = Timestamps{0x01020304, 0x05060708};
    EXPECT_EQ(RoundTrip(o), o) << mix;
  }
}

// RFC 2018, 3: four blocks fit, three beside timestamps.
TEST(TcpOptions, Rfc2018Section3SackBlocksFitTheHeader) {
  Options o;
  for (uint32_t i = 0; i < 5; ++i) o.sack.Add({Seq(100 * i), Seq(100 * i + 50)});
  EXPECT_EQ(o.sack.size(), 4u);
  EXPECT_EQ(RoundTrip(o).sack.size(), 4u);
  o.timestamps = Timestamps{1, 2};
  const Options back = RoundTrip(o);
  EXPECT_EQ(back.sack.size(), 3u);
  EXPECT_EQ(back.sack[2], o.sack[2]);
  EXPECT_FALSE(back.unknown);
}

TEST(TcpOptions, AnyOrderAndPaddingParsesAlike) {
  const Bytes bytes = {3, 3, 9, 1, 1, 4, 2, 1, 2, 4, 0x05, 0xb4, 0, 99, 99};
  const Options o = ParseOptions(bytes);
  EXPECT_EQ(o.window_scale, 9);
  EXPECT_EQ(o.mss, 1460);
  EXPECT_TRUE(o.sack_permitted);
  EXPECT_FALSE(o.unknown) << "what follows the end of the list is padding";
}

// Corner 37: a wrong length makes the option an unknown one.
TEST(TcpOptions, WrongLengthsAreUnknownOptions) {
  const std::vector<Bytes> wrong = {
      {2, 3, 1},    {2, 4, 1}, {3, 2}, {4, 3, 0}, {5, 2},       {5, 9, 1, 2, 3, 4, 5, 6, 7},
      {8, 4, 0, 0}, {2},       {8, 0}, {2, 1},    {8, 1, 1, 1}, {253, 4, 1, 2},
      {19, 3, 0},
  };
  for (const Bytes& bytes : wrong) EXPECT_TRUE(ParseOptions(bytes).unknown);
}

TEST(TcpOptions, UnknownOptionDoesNotHideTheNext) {
  const Options o = ParseOptions(Bytes{253, 4, 1, 2, 2, 4, 0x02, 0x18});
  EXPECT_TRUE(o.unknown);
  EXPECT_EQ(o.mss, 536);
}

TEST(TcpOptions, RandomBytesNeverReadOutside) {
  std::mt19937 random(1);
  for (int i = 0; i < 20000; ++i) {
    Bytes bytes(random() % 41);
    for (uint8_t& b : bytes) b = static_cast<uint8_t>(random() % 3 == 0 ? random() : random() % 10);
    const Options o = ParseOptions(bytes);
    EXPECT_LE(o.sack.size(), SackBlocks::kMax);
  }
}

}  // namespace
}  // namespace handoff::tcp
