// SPDX-License-Identifier: Apache-2.0
#include "sw/tcp/receive.h"

#include <gtest/gtest.h>

namespace handoff::tcp {
namespace {

StreamPiece Piece(const Bytes& bytes, Place place = Place::kStack) {
  StreamPiece piece;
  piece.bytes = bytes;
  piece.place = place;
  return piece;
}

TEST(TcpReceiveQueue, ReadsAcrossPieces) {
  const Bytes a = {1, 2, 3};
  const Bytes b = {4, 5};
  ReceiveQueue queue;
  queue.Push(Piece(a));
  queue.Push(Piece({}));
  queue.Push(Piece(b));
  EXPECT_EQ(queue.bytes(), 5u);
  Bytes out(4);
  EXPECT_EQ(queue.Read(out), 4u);
  EXPECT_EQ(out, (Bytes{1, 2, 3, 4}));
  EXPECT_EQ(queue.Read(out), 1u);
  EXPECT_EQ(queue.Read(out), 0u);
}

TEST(TcpReceiveQueue, ByteInItsPlaceIsLeftThere) {
  Bytes buffer = {1, 2, 3, 4};
  ReceiveQueue queue;
  queue.Push(Piece(buffer, Place::kUserBuffer));
  EXPECT_EQ(queue.charged_bytes(), 0u) << "the application's own memory";
  EXPECT_EQ(queue.Read(buffer), 4u);
  EXPECT_EQ(buffer, (Bytes{1, 2, 3, 4}));
}

TEST(TcpReceiveQueue, SmallPiecesAreCopiedTogether) {
  Bytes bytes(5000);
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<uint8_t>(i * 7 + (i >> 8));
  ReceiveQueue queue;
  Bytes got;
  size_t pushed = 0;
  for (size_t i = 0; pushed < bytes.size(); ++i) {
    // Now and then a large one between, and a read in the middle of a chunk.
    const size_t n = std::min<size_t>(i % 50 == 0 ? 300 : 1 + i % 3, bytes.size() - pushed);
    StreamPiece piece;
    piece.seq = Seq(static_cast<uint32_t>(pushed));
    piece.bytes = ByteView(bytes).subspan(pushed, n);
    queue.Push(piece);
    pushed += n;
    if (i % 70 == 69) {
      Bytes part(150);
      part.resize(queue.Read(part));
      AppendBytes(got, part);
    }
  }
  int pieces = 0;
  while (const auto piece = queue.Take(100000)) {
    EXPECT_EQ(piece->seq, Seq(static_cast<uint32_t>(got.size())));
    AppendBytes(got, piece->bytes);
    ++pieces;
  }
  EXPECT_EQ(got, bytes);
  EXPECT_LT(pieces, 60);
  EXPECT_EQ(queue.bytes() + queue.charged_bytes(), 0u);
}

TEST(TcpReceiveQueue, TakeGivesNoMoreThanAsked) {
  const Bytes a = {1, 2, 3};
  ReceiveQueue queue;
  queue.Push(Piece(a));
  EXPECT_EQ(queue.Take(0), std::nullopt);
  const auto first = queue.Take(2);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->bytes.size(), 2u);
  const auto second = queue.Take(9);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->seq, Seq(2));
  EXPECT_EQ(second->bytes[0], 3);
}

WindowOffer Offer(uint32_t unread, uint32_t granted) {
  return {.rcv_nxt = Seq(0xfffffff0u),
          .rcv_adv = Seq(0xfffffff0u) + granted,
          .buffer = 10000,
          .unread = unread,
          .mss = 1000,
          .scale = 0};
}

TEST(TcpWindow, Rfc9293Section3_8_6_2_2EdgeMovesByWorthwhileStepsOnly) {
  EXPECT_EQ(EdgeToGrant(Offer(0, 9001)), Seq(0xfffffff0u) + 9001);
  EXPECT_EQ(EdgeToGrant(Offer(0, 9000)), Seq(0xfffffff0u) + 10000);
  EXPECT_EQ(EdgeToGrant(Offer(9000, 5000)), Seq(0xfffffff0u) + 5000) << "never back";
}

TEST(TcpWindow, NeverFartherThanTheFieldCanSay) {
  WindowOffer offer = Offer(0, 0);
  offer.buffer = 1 << 20;
  EXPECT_EQ(EdgeToGrant(offer) - offer.rcv_nxt, 65535);
  offer.scale = 3;
  EXPECT_EQ(EdgeToGrant(offer) - offer.rcv_nxt, 65535 << 3);
}

TEST(TcpWindow, UpdateIsSentForTwoSegmentsOrOutOfAClosedWindow) {
  EXPECT_FALSE(NeedsWindowUpdate(Offer(5000, 3001)));
  EXPECT_TRUE(NeedsWindowUpdate(Offer(5000, 3000)));
  EXPECT_FALSE(NeedsWindowUpdate(Offer(9001, 0)));
  EXPECT_TRUE(NeedsWindowUpdate(Offer(9000, 0)));
}

TEST(TcpAckPolicy, Rfc5681Section4_2EverySecondFullSegment) {
  AckPolicy policy;
  policy.SetFloor(500);
  policy.OnData(1000);
  EXPECT_EQ(policy.when(), AckPolicy::When::kDelayed);
  policy.OnData(1000);
  EXPECT_EQ(policy.when(), AckPolicy::When::kNow);
  policy.OnAckSent();
  EXPECT_EQ(policy.when(), AckPolicy::When::kNotDue);
  for (int i = 0; i < 10; ++i) policy.OnData(10);
  EXPECT_EQ(policy.when(), AckPolicy::When::kDelayed) << "small ones are not full";
  policy.OnDelayExpired();
  EXPECT_EQ(policy.when(), AckPolicy::When::kNow);
}

TEST(TcpAckPolicy, ExpiryWithNothingDueIsNothing) {
  AckPolicy policy;
  policy.OnDelayExpired();
  EXPECT_EQ(policy.when(), AckPolicy::When::kNotDue);
}

}  // namespace
}  // namespace handoff::tcp
