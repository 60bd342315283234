// SPDX-License-Identifier: Apache-2.0
#include "sw/tcp/clean_run.h"

#include <gtest/gtest.h>

namespace handoff::tcp {
namespace {

const Seq kNxt(0xffffff00u);  // runs cross 2^32 (corner 38)
const Seq kUna(5000);

class CleanRun : public testing::Test {
 protected:
  CleanRun() {
    judge_ = {.snd_una = kUna, .max_wnd = 1000, .snd_nxt = kUna + 100};
    run_.Reset(kNxt);
  }
  Segment Data(uint32_t offset, size_t len) {
    Segment s;
    s.seq = kNxt + offset;
    s.ack = kUna;
    s.flags.ack = true;
    s.payload = ByteView(bytes_).first(len);
    return s;
  }
  void Feed(const Segment& s) { run_.OnFrame(s, judge_.Judge(s)); }
  void Expect(uint32_t start, uint32_t end, uint32_t frames) {
    EXPECT_EQ(run_.start() - kNxt, static_cast<int32_t>(start));
    EXPECT_EQ(run_.end() - kNxt, static_cast<int32_t>(end));
    EXPECT_EQ(run_.frames(), frames);
  }

  Bytes bytes_ = Bytes(2000);
  PlainJudge judge_;
  RunTracker run_;
};

TEST_F(CleanRun, IsEmptyAtRcvNxtAfterSetupAndOnEnteringResync) { Expect(0, 0, 0); }

TEST_F(CleanRun, GrowsWithWhatStartsAtOrBeforeItsEnd) {
  Feed(Data(0, 1000));
  Expect(0, 1000, 1);
  Feed(Data(500, 1000));
  Expect(0, 1500, 2);
  Feed(Data(200, 100));  // wholly inside: counts, changes nothing
  Expect(0, 1500, 3);
}

TEST_F(CleanRun, NeverLowersItsStart) {
  Feed(Data(300, 100));
  Expect(300, 400, 1);
  Feed(Data(0, 350));
  Expect(300, 400, 2);
  Feed(Data(100, 900));
  Expect(300, 1000, 3);
}

TEST_F(CleanRun, BeginsAnewBeyondAGap) {
  Feed(Data(0, 100));
  Feed(Data(101, 100));
  Expect(101, 201, 1);
}

TEST_F(CleanRun, FrameThatIsNotPlainLeavesAnEmptyRunAtItsStart) {
  const auto each = [this](auto change) {
    run_.Reset(kNxt);
    Feed(Data(0, 100));
    Segment s = Data(100, 50);
    change(s);
    Feed(s);
    Expect(100, 100, 0);
  };
  each([](Segment& s) { s.flags.fin = true; });
  each([](Segment& s) { s.flags.syn = true; });
  each([](Segment& s) { s.flags.rst = true; });
  each([](Segment& s) { s.flags.urg = true; });
  each([](Segment& s) { s.flags.ack = false; });
  each([](Segment& s) { s.options.unknown = true; });
  each([](Segment& s) { s.ack = kUna + 101; });
  each([](Segment& s) { s.ack = kUna - 1001; });
}

TEST_F(CleanRun, EmptyFinOrSynIsNotPlainEither) {
  Feed(Data(0, 100));
  Segment fin = Data(100, 0);
  fin.flags.fin = true;
  Feed(fin);
  Expect(100, 100, 0);
}

TEST_F(CleanRun, AckAtTheEdgesOfItsRangeIsGood) {
  Segment s = Data(0, 10);
  s.ack = kUna + 100;
  Feed(s);
  s = Data(10, 10);
  s.ack = kUna - 1000;
  Feed(s);
  Expect(0, 20, 2);
}

TEST_F(CleanRun, PshEceCwrAndSackWithDataArePlain) {
  Segment s = Data(0, 10);
  s.flags.psh = s.flags.ece = s.flags.cwr = true;
  s.options.sack.Add({kUna, kUna + 10});
  Feed(s);
  Expect(0, 10, 1);
}

// Corner 74: zero-length segments count and leave start and end.
TEST_F(CleanRun, ZeroLengthSegmentsCount) {
  Feed(Data(0, 100));
  Segment ack = Data(700, 0);
  ack.options.sack.Add({kUna, kUna + 10});
  Feed(ack);
  ack.flags.psh = true;
  Feed(ack);
  Expect(0, 100, 3);
}

TEST_F(CleanRun, ZeroLengthSegmentThatIsNotPlainBreaksTheRun) {
  Feed(Data(0, 100));
  Segment ack = Data(700, 0);
  ack.ack = kUna + 5000;
  Feed(ack);
  Expect(700, 700, 0);
}

TEST_F(CleanRun, ZeroLengthSegmentsCountInAnEmptyRun) {
  Feed(Data(9, 0));
  Expect(0, 0, 1);
  Feed(Data(0, 5));
  Expect(0, 5, 2);
}

TEST_F(CleanRun, TimestampIsJudgedByTheFrozenValue) {
  judge_.timestamps = true;
  judge_.ts_recent = 0xfffffff0u;
  Segment s = Data(0, 10);
  s.options.timestamps = Timestamps{0x10, 0};  // later, across the wrap
  Feed(s);
  Expect(0, 10, 1);
  s = Data(10, 10);
  s.options.timestamps = Timestamps{0xfffffff0u, 0};  // older than the one before, equal to ours
  Feed(s);
  Expect(0, 20, 2);
  s = Data(20, 10);
  s.options.timestamps = Timestamps{0xffffffefu, 0};
  Feed(s);
  Expect(20, 20, 0);
  Feed(Data(20, 10));  // the negotiated timestamp is absent
  Expect(20, 20, 0);
}

TEST_F(CleanRun, TimestampNotNegotiatedIsIgnored) {
  Segment s = Data(0, 10);
  s.options.timestamps = Timestamps{0, 0};
  Feed(s);
  Expect(0, 10, 1);
}

// Corner 80: a run of more than 2^30 bytes begins anew. 65,536-byte strides stand for a long
// stream.
TEST_F(CleanRun, Over2To30BytesBeginsANewRun) {
  bytes_.resize(65536);
  const uint32_t strides = kMaxRunBytes / 65536;
  for (uint32_t i = 0; i < strides; ++i) Feed(Data(i * 65536, 65536));
  Expect(0, kMaxRunBytes, strides);
  Feed(Data(kMaxRunBytes, 1));
  Expect(kMaxRunBytes, kMaxRunBytes + 1, 1);
}

// Corner 73.
TEST_F(CleanRun, FrameCountSaturates) {
  for (uint32_t i = 0; i < kMaxRunFrames + 10; ++i) Feed(Data(0, 0));
  EXPECT_EQ(run_.frames(), kMaxRunFrames);
}

// Corner 70: RESUME would leave the bytes [rcv_nxt, end) to nobody.
TEST_F(CleanRun, CutsRunOnlyShortOfItsEnd) {
  Feed(Data(10, 10));
  EXPECT_FALSE(run_.CutsRun(kNxt + 9));
  EXPECT_TRUE(run_.CutsRun(kNxt + 10));
  EXPECT_TRUE(run_.CutsRun(kNxt + 19));
  EXPECT_FALSE(run_.CutsRun(kNxt + 20));
}

}  // namespace
}  // namespace handoff::tcp
