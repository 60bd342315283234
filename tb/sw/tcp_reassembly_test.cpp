// SPDX-License-Identifier: Apache-2.0
#include "sw/tcp/reassembly.h"

#include <gtest/gtest.h>

#include <random>

namespace handoff::tcp {
namespace {

const Seq kNxt(0xffffff80u);

class ReassemblyTest : public testing::Test {
 protected:
  ReassemblyTest() : stream_(1000) {
    for (size_t i = 0; i < stream_.size(); ++i) stream_[i] = static_cast<uint8_t>(i * 7 + (i >> 8));
  }
  StreamPiece Piece(uint32_t from, uint32_t to) {
    StreamPiece piece;
    piece.seq = kNxt + from;
    piece.bytes = ByteView(stream_).subspan(from, to - from);
    return piece;
  }
  void Insert(uint32_t from, uint32_t to) { queue_.Insert(Piece(from, to)); }
  std::string Blocks() {
    std::string text;
    for (const SeqRange& b : queue_.TakeBlocks(kNxt)) {
      text += (text.empty() ? "" : " ") + std::to_string(b.start - kNxt) + ":" +
              std::to_string(b.end - kNxt);
    }
    return text;
  }
  Bytes TakeAll(uint32_t from) {
    Bytes all;
    for (const StreamPiece& piece : queue_.Take(kNxt + from)) AppendBytes(all, piece.bytes);
    return all;
  }
  Bytes stream_;
  Reassembly queue_;
};

TEST_F(ReassemblyTest, GivesWhatFollowsOn) {
  Insert(100, 200);
  Insert(300, 400);
  EXPECT_TRUE(TakeAll(0).empty());
  Insert(0, 100);
  EXPECT_EQ(TakeAll(0), Bytes(stream_.begin(), stream_.begin() + 200));
  EXPECT_EQ(queue_.bytes(), 100u);
  EXPECT_FALSE(queue_.empty());
}

TEST_F(ReassemblyTest, KeepsEachByteOnce) {
  Insert(100, 200);
  Insert(50, 250);
  EXPECT_EQ(queue_.bytes(), 200u);
  EXPECT_EQ(Blocks(), "100:200 50:250") << "the doubled part is told first (RFC 2883)";
}

TEST_F(ReassemblyTest, TakeDropsAnOldFront) {
  Insert(100, 200);
  EXPECT_EQ(TakeAll(150), Bytes(stream_.begin() + 150, stream_.begin() + 200));
  EXPECT_TRUE(queue_.empty());
}

TEST_F(ReassemblyTest, Rfc2018Section4OrderIsOfArrival) {
  Insert(100, 200);
  Insert(300, 400);
  Insert(500, 600);
  EXPECT_EQ(Blocks(), "500:600 300:400 100:200");
  Insert(200, 210);
  EXPECT_EQ(Blocks(), "100:210 500:600 300:400");
}

TEST_F(ReassemblyTest, Rfc2883Section4DuplicateIsToldOnce) {
  queue_.NoteDuplicate({kNxt - 50, kNxt});
  EXPECT_TRUE(queue_.HasBlocks());
  EXPECT_EQ(Blocks(), "-50:0");
  EXPECT_FALSE(queue_.HasBlocks());
}

TEST_F(ReassemblyTest, RandomArrivalsGiveTheStream) {
  std::mt19937 random(9);
  for (int round = 0; round < 100; ++round) {
    queue_ = {};
    Bytes got;
    std::vector<std::pair<uint32_t, uint32_t>> parts;
    for (uint32_t at = 0; at < 1000;) {
      const uint32_t to = std::min<uint32_t>(1000, at + 1 + static_cast<uint32_t>(random() % 90));
      parts.emplace_back(at, to);
      if (random() % 3 == 0) parts.emplace_back(at / 2, to);
      at = to;
    }
    std::shuffle(parts.begin(), parts.end(), random);
    for (const auto& [from, to] : parts) {
      const auto next = static_cast<uint32_t>(got.size());
      if (to <= next) continue;
      Insert(std::max(from, next), to);
      const Bytes more = TakeAll(next);
      AppendBytes(got, more);
    }
    ASSERT_EQ(got, stream_);
    ASSERT_TRUE(queue_.empty());
    ASSERT_EQ(queue_.bytes(), 0u);
  }
}

}  // namespace
}  // namespace handoff::tcp
