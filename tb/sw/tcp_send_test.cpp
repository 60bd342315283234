// SPDX-License-Identifier: Apache-2.0
#include "sw/tcp/send.h"

#include <gtest/gtest.h>

namespace handoff::tcp {
namespace {

const Seq kFirst(0xffffc000u);

class SendQueueTest : public testing::Test {
 protected:
  SendQueueTest() : stream_(60000) {
    for (size_t i = 0; i < stream_.size(); ++i) stream_[i] = static_cast<uint8_t>(i * 7 + (i >> 8));
    queue_.Start(kFirst);
  }
  Bytes Get(uint32_t from, uint32_t to) {
    Bytes all;
    for (const HeldBytes& piece : queue_.Pieces({kFirst + from, kFirst + to})) {
      AppendBytes(all, piece.bytes);
    }
    return all;
  }
  Bytes Want(uint32_t from, uint32_t to) { return {stream_.begin() + from, stream_.begin() + to}; }
  HeapPool pool_;
  SendQueue queue_{pool_, 50000};
  Bytes stream_;
};

TEST_F(SendQueueTest, KeepsWhatFits) {
  EXPECT_EQ(queue_.Write(stream_), 50000u);
  EXPECT_EQ(queue_.free(), 0u);
  EXPECT_EQ(Get(0, 50000), Want(0, 50000));
  EXPECT_EQ(Get(16000, 33000), Want(16000, 33000)) << "across chunks";
  queue_.Acknowledge(kFirst + 20000);
  EXPECT_EQ(queue_.first(), kFirst + 20000);
  EXPECT_EQ(queue_.Write(ByteView(stream_).subspan(50000)), 10000u);
  EXPECT_EQ(Get(20000, 60000), Want(20000, 60000));
}

TEST_F(SendQueueTest, SmallWritesAreGathered) {
  for (uint32_t i = 0; i < 1000; i += 10) queue_.Write(ByteView(stream_).subspan(i, 10));
  EXPECT_EQ(queue_.Pieces({kFirst, kFirst + 1000}).size(), 1u);
  EXPECT_EQ(Get(5, 995), Want(5, 995));
}

TEST_F(SendQueueTest, AcknowledgedBeyondItsEndItIsEmpty) {
  queue_.Write(ByteView(stream_).first(100));
  queue_.Acknowledge(kFirst + 101);  // a FIN
  EXPECT_TRUE(queue_.empty());
  EXPECT_EQ(queue_.first(), kFirst + 100);
}

TEST_F(SendQueueTest, PiecesOutliveTheirAcknowledgement) {
  queue_.Write(ByteView(stream_).first(100));
  const auto pieces = queue_.Pieces({kFirst, kFirst + 100});
  queue_.Acknowledge(kFirst + 100);
  queue_.Write(stream_);
  EXPECT_TRUE(std::equal(pieces[0].bytes.begin(), pieces[0].bytes.end(), stream_.begin()));
}

// RFC 9293, 3.8.6.2.1, its four cases.
TEST(SendNowTest, Rfc9293Section3_8_6_2_1) {
  const SendOffer full = {
      .unsent = 5000, .usable = 5000, .mss = 1000, .max_wnd = 8000, .in_flight = true};
  EXPECT_TRUE(SendNow(full));

  SendOffer small = full;
  small.unsent = 999;
  EXPECT_FALSE(SendNow(small)) << "Nagle";
  small.in_flight = false;
  EXPECT_TRUE(SendNow(small));
  small.in_flight = true;
  small.no_delay = true;
  EXPECT_TRUE(SendNow(small));
  small.no_delay = false;
  small.last = true;
  EXPECT_TRUE(SendNow(small)) << "nothing can be added";

  SendOffer cut = full;
  cut.usable = 999;
  cut.in_flight = false;
  EXPECT_FALSE(SendNow(cut)) << "a small window, more than it holds";
  cut.max_wnd = 1998;
  EXPECT_TRUE(SendNow(cut)) << "half the largest window";
  cut.max_wnd = 8000;
  cut.overdue = true;
  EXPECT_TRUE(SendNow(cut));
  cut.usable = 0;
  EXPECT_FALSE(SendNow(cut));
}

}  // namespace
}  // namespace handoff::tcp
