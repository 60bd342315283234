// SPDX-License-Identifier: Apache-2.0
#include "sw/tcp/scoreboard.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace handoff::tcp {
namespace {

const Seq kUna(0xffffff00u);
constexpr uint32_t kMss = 100;

SackBlocks Blocks(std::initializer_list<std::pair<uint32_t, uint32_t>> blocks) {
  SackBlocks s;
  for (const auto& [from, to] : blocks) s.Add({kUna + from, kUna + to});
  return s;
}

TEST(TcpScoreboard, MergesWhatTouches) {
  Scoreboard board;
  EXPECT_EQ(board.Update(Blocks({{100, 200}, {300, 400}}), kUna, kUna + 1000), 200u);
  EXPECT_EQ(board.Update(Blocks({{200, 300}}), kUna, kUna + 1000), 100u);
  EXPECT_EQ(board.MissingBytes(kUna, kUna + 1000), 700u);
  EXPECT_EQ(board.HighestSacked(kUna), kUna + 400);
  EXPECT_EQ(board.Update(Blocks({{150, 350}}), kUna, kUna + 1000), 0u);
}

TEST(TcpScoreboard, PassesOverBlocksOutsideTheFlight) {
  Scoreboard board;
  EXPECT_EQ(
      board.Update(Blocks({{0, 100}, {900, 1100}, {500, 400}, {500, 500}}), kUna, kUna + 1000), 0u);
  SackBlocks old;
  old.Add({kUna - 200, kUna - 100});
  EXPECT_EQ(board.Update(old, kUna, kUna + 1000), 0u);
  EXPECT_TRUE(board.empty());
}

TEST(TcpScoreboard, AdvanceForgets) {
  Scoreboard board;
  board.Update(Blocks({{100, 200}, {300, 400}}), kUna, kUna + 1000);
  board.Advance(kUna + 350);
  EXPECT_EQ(board.MissingBytes(kUna + 350, kUna + 1000), 600u);
  board.Advance(kUna + 400);
  EXPECT_TRUE(board.empty());
}

TEST(TcpScoreboard, Rfc6675Section4ThreeRangesOrMoreThanTwoSegmentsMeanLost) {
  Scoreboard board;
  board.Update(Blocks({{100, 200}, {300, 400}}), kUna, kUna + 1000);
  EXPECT_EQ(board.LostEdge(kUna, kMss), kUna) << "two segments above";
  board.Update(Blocks({{400, 401}}), kUna, kUna + 1000);
  EXPECT_EQ(board.LostEdge(kUna, kMss), kUna + 100) << "more than two segments above";
  board.Clear();
  board.Update(Blocks({{100, 110}, {200, 210}, {300, 310}}), kUna, kUna + 1000);
  EXPECT_EQ(board.LostEdge(kUna, kMss), kUna + 100) << "three ranges above";
}

TEST(TcpScoreboard, FirstMissingSkipsWhatArrived) {
  Scoreboard board;
  board.Update(Blocks({{100, 200}, {250, 400}}), kUna, kUna + 1000);
  EXPECT_EQ(board.FirstMissing(kUna, kUna + 1000, 60), (SeqRange{kUna, kUna + 60}));
  EXPECT_EQ(board.FirstMissing(kUna + 60, kUna + 1000, 60), (SeqRange{kUna + 60, kUna + 100}));
  EXPECT_EQ(board.FirstMissing(kUna + 100, kUna + 1000, 60), (SeqRange{kUna + 200, kUna + 250}));
  EXPECT_EQ(board.FirstMissing(kUna + 250, kUna + 400, 60), std::nullopt);
}

TEST(TcpScoreboard, RandomBlocksAgreeWithABitmap) {
  std::mt19937 random(5);
  for (int round = 0; round < 200; ++round) {
    Scoreboard board;
    std::vector<bool> have(500);
    for (int i = 0; i < 20; ++i) {
      const uint32_t from = 1 + static_cast<uint32_t>(random() % 480);
      const uint32_t to = from + 1 + static_cast<uint32_t>(random() % 19);
      uint32_t fresh = 0;
      for (uint32_t b = from; b < to; ++b) {
        fresh += have[b] ? 0 : 1;
        have[b] = true;
      }
      ASSERT_EQ(board.Update(Blocks({{from, to}}), kUna, kUna + 500), fresh);
    }
    const auto from = static_cast<uint32_t>(random() % 500);
    uint32_t missing = 0;
    for (uint32_t b = from; b < 500; ++b) missing += have[b] ? 0 : 1;
    ASSERT_EQ(board.MissingBytes(kUna + from, kUna + 500), missing);
  }
}

}  // namespace
}  // namespace handoff::tcp
