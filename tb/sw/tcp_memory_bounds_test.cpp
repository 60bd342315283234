// SPDX-License-Identifier: Apache-2.0
//
// What a peer that sends bytes one by one, in order or not, makes a connection spend: measured.
#include <gtest/gtest.h>
#include <malloc.h>

#include <chrono>

#include "tb/sw/connection_bench.h"

namespace handoff::tcp {
namespace {

size_t HeapBytes() { return mallinfo2().uordblks; }

class MemoryBounds : public testing::Test, public tb::ConnectionBench {
 protected:
  void Open(uint32_t buffer) {
    options.rcv_buf_bytes = buffer;
    options.window_scaling = true;
    options.sack = true;
    peer_syn.window_scale = 7;
    peer_syn.sack_permitted = true;
    Established();
    Input(Data(1, 1));  // from here on the whole buffer is granted
    ReadAll();
    sink.sent.reserve(16);
    Forget();
  }
  // `count` one-byte segments, each beyond a gap.
  double MicrosForEach(uint32_t first, uint32_t count) {
    const auto start = std::chrono::steady_clock::now();
    for (uint32_t i = 0; i < count; ++i) {
      Segment s = Ack(first + 2 * i);
      s.payload = ByteView(Stream()).first(1);
      Input(s);
      sink.sent.clear();
    }
    const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - start;
    return took.count() / count;
  }
};

TEST_F(MemoryBounds, BytesBeyondGapsCostNoMoreThanTwiceTheBuffer) {
  constexpr uint32_t kBuffer = 256 * 1024;
  Open(kBuffer);
  const size_t before = HeapBytes();
  MicrosForEach(3, 60000);
  EXPECT_LE(HeapBytes() - before, 2 * kBuffer);
  EXPECT_GT(c->stats().out_of_order_dropped, 50000u);
  // Bytes in order are taken all the same, and what is dropped can be sent again.
  Input(Data(2, 1));
  EXPECT_EQ(c->ReadableBytes(), 2u);
}

TEST_F(MemoryBounds, ALossInAFullWindowOfSegmentsDropsNothing) {
  Open(150000);
  for (uint32_t at = 502; at + 500 < 150000; at += 500) Input(Data(at, 500));
  EXPECT_EQ(c->stats().out_of_order_dropped, 0u);
  Input(Data(2, 500));
  EXPECT_GT(c->ReadableBytes(), 149000u);
}

TEST_F(MemoryBounds, UnreadBytesCostLittleMoreThanTheyAre) {
  Open(256 * 1024);
  const size_t before = HeapBytes();
  for (uint32_t i = 0; i < 100000; ++i) {
    Input(Data(2 + i, 1));
    sink.sent.clear();
  }
  EXPECT_EQ(c->ReadableBytes(), 100000u);
  EXPECT_LE(HeapBytes() - before, 2 * 100000u);
}

// The pieces that wait are hardly felt: linear cost would be a hundred times as much.
TEST_F(MemoryBounds, ASegmentCostsAboutTheSameHoweverManyPiecesWait) {
  Open(16 * 1024 * 1024);
  const double few = MicrosForEach(3, 500);
  MicrosForEach(2003, 50000);
  const double many = MicrosForEach(200003, 500);
  EXPECT_LT(many, 20 * few + 20) << few << " us, then " << many << " us";
}

}  // namespace
}  // namespace handoff::tcp
