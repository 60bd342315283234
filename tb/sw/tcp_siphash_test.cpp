// SPDX-License-Identifier: Apache-2.0
#include "sw/tcp/siphash.h"

#include <gtest/gtest.h>

#include <bit>

namespace handoff::tcp {
namespace {

Bytes Counting(size_t count) {
  Bytes bytes(count);
  for (size_t i = 0; i < count; ++i) bytes[i] = static_cast<uint8_t>(i);
  return bytes;
}

// The key and the messages of the paper's appendix A and of the authors' test vectors.
const SipKey kKey = {0x0706050403020100u, 0x0f0e0d0c0b0a0908u};

TEST(TcpSipHash, GivesTheAuthorsValues) {
  EXPECT_EQ(SipHash(kKey, Counting(0)), 0x726fdb47dd0e0e31u);
  EXPECT_EQ(SipHash(kKey, Counting(1)), 0x74f839c593dc67fdu);
  EXPECT_EQ(SipHash(kKey, Counting(7)), 0xab0200f58b01d137u);
  EXPECT_EQ(SipHash(kKey, Counting(8)), 0x93f5f5799a932462u);
  EXPECT_EQ(SipHash(kKey, Counting(15)), 0xa129ca6149be45e5u);
}

TEST(TcpSipHash, EveryBitOfKeyAndMessageMovesAboutHalfOfIt) {
  const Bytes message = Counting(37);
  const uint64_t hash = SipHash(kKey, message);
  for (unsigned bit = 0; bit < 128; ++bit) {
    SipKey key = kKey;
    (bit < 64 ? key.k0 : key.k1) ^= uint64_t{1} << bit % 64;
    const int moved = std::popcount(hash ^ SipHash(key, message));
    EXPECT_GT(moved, 12) << bit;
    EXPECT_LT(moved, 52) << bit;
  }
  for (unsigned bit = 0; bit < 37 * 8; ++bit) {
    Bytes other = message;
    other[bit / 8] ^= static_cast<uint8_t>(1u << bit % 8);
    const int moved = std::popcount(hash ^ SipHash(kKey, other));
    EXPECT_GT(moved, 12) << bit;
    EXPECT_LT(moved, 52) << bit;
  }
}

}  // namespace
}  // namespace handoff::tcp
