// SPDX-License-Identifier: Apache-2.0
//
// The types that scripts/gen_pkg writes: every struct packs and unpacks without loss, and as its
// field table says.

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "gen/handoff_pkg.h"
#include "model/rng.h"

namespace handoff {
namespace {

TEST(GenPkg, EveryStructSurvivesPackingAndUnpacking) {
  Rng rng(TestSeed(), "gen_pkg");
  int structs = 0;
  ForEachStruct([&]<class T>() {
    ++structs;
    for (int i = 0; i < 100; ++i) {
      uint64_t words[T::kWords], again[T::kWords];
      for (uint64_t& word : words) word = rng.Next();
      if (T::kWidth % 64 != 0) words[T::kWords - 1] &= (uint64_t{1} << (T::kWidth % 64)) - 1;
      const T value = T::Unpack(words);
      value.Pack(again);
      for (uint32_t w = 0; w < T::kWords; ++w) ASSERT_EQ(again[w], words[w]) << value.ToString();
      ASSERT_EQ(T::Unpack(again), value);
    }
  });
  EXPECT_GT(structs, 10);
}

TEST(GenPkg, FieldsCoverEveryStructOnceFromTheTop) {
  ForEachStruct([]<class T>() {
    uint32_t top = T::kWidth;
    T::ForEachField([&](const char* name, uint32_t lsb, uint32_t width) {
      EXPECT_EQ(lsb + width, top) << name;
      top = lsb;
    });
    EXPECT_EQ(top, 0u);
  });
}

TEST(GenPkg, FirstMemberIsMostSignificant) {
  Piece piece;
  piece.size = 0x11223344;
  piece.addr = 0x5566778899aabbcc;
  uint64_t words[Piece::kWords];
  piece.Pack(words);
  EXPECT_EQ(words[0], 0x5566778899aabbccu);
  EXPECT_EQ(words[1], 0x11223344u);
}

TEST(GenPkg, LaneZeroIsLeastSignificant) {
  Data data;
  for (uint32_t i = 0; i < 64; ++i) data.set_byte(i, static_cast<uint8_t>(i));
  EXPECT_EQ(data.w[0], 0x0706050403020100u);
  EXPECT_EQ(data.byte(63), 63);
  EXPECT_EQ(data.bytes()[9], 9);
  EXPECT_TRUE(data.bit(8));
}

TEST(GenPkg, ValuesAreReadable) {
  Hdr hdr;
  hdr.seg.reason = Reason::ReasonGap;
  hdr.seg.seq = 77;
  hdr.key.dst_mac = 0x0102030405ff;
  const std::string text = hdr.ToString();
  for (const char* part : {"seg.reason=ReasonGap", "seg.seq=77", "key.dst_mac=0x102030405ff"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << " in " << text;
  }
  EXPECT_EQ(ToString(Reason::ReasonGap), "ReasonGap");
  EXPECT_EQ(ToString(static_cast<Reason>(63)), "Reason(63)");
  EXPECT_EQ(kReasonCount, static_cast<uint32_t>(Reason::ReasonHost) + 1);
}

}  // namespace
}  // namespace handoff
