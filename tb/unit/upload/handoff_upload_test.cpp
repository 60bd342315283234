// SPDX-License-Identifier: Apache-2.0
//
// upload against docs/units/upload.md: twins in lockstep; every beat, notification and error is
// compared with what the jobs name, byte by byte.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "model/handoff_upload.h"
#include "tb/twin/channel_hits.h"
#include "tb/unit/upload/bench.h"

namespace handoff {
namespace {

using Small = UploadBench<handoff_upload_small_rtl>;
using Full = UploadBench<>;

constexpr uint64_t kAddr = 0x12340000;

Ntf Notify(uint64_t tag, NtfKind kind = NtfKind::NtfLegacyPayload) {
  return {.kind = kind, .gen = 9, .conn = 5, .count = 1, .tag = tag};
}
Job WriteJob(uint16_t off, uint16_t len, uint64_t addr, bool frame_end = true) {
  Job job{.kind = JobKind::JobWrite, .frame_end = frame_end, .off = off, .len = len, .addr = addr};
  job.ntf = Notify(0);
  return job;
}
Job With(Job job, const Ntf& ntf) {
  job.has_ntf = true;
  job.ntf = ntf;
  return job;
}
Job Only(const Ntf& ntf) { return With(Job{}, ntf); }
Job User(Job job) {
  job.user = true;
  return job;
}

TEST(Upload, NothingTakenWhileClearing) {
  Full t;
  ASSERT_EQ(t.entries, 1024u);
  t.PushFrame(1);
  t.Push(With(WriteJob(0, 64, kAddr), Notify(1)));
  for (uint64_t i = 0; i < 3; ++i) t.Push(Only(Notify(2 + i)));
  t.bench.Cycle(1024);  // the last of these edges clears the last word
  EXPECT_FALSE(t.bench.out().quiet);
  EXPECT_EQ(t.job.sent(), 2u);  // the skid's two
  t.bench.Cycle(1);             // taken
  EXPECT_FALSE(t.bench.out().upload_wr_valid);
  t.bench.Cycle(1);  // first step
  EXPECT_TRUE(t.bench.out().upload_wr_valid);
  t.Settle();
}

TEST(Upload, IsQuietOnceCleared) {
  Small t;
  t.bench.Cycle(15);
  EXPECT_FALSE(t.bench.out().quiet);
  t.bench.Cycle(1);
  EXPECT_TRUE(t.bench.out().quiet);
}

TEST(Upload, WritesTwoCyclesAfterAJobAndOneMoreForEachBeatBefore) {
  Small t;
  t.Clear();
  for (const uint32_t before : {0u, 1u, 2u, 7u}) {
    t.PushFrame(before + 1);
    t.Push(WriteJob(static_cast<uint16_t>(64 * before), 64, kAddr));
    const size_t i = t.beat_cycles.size();
    t.Settle();
    // Valid at the port in the cycle that transfers it; a cycle more for each beat before it.
    EXPECT_EQ(t.beat_cycles[i], t.job_cycles.back() + 2 + before);
  }
}

TEST(Upload, NotifiesThreeCyclesAfterTheLastAnswer) {
  Small t;
  t.Clear();
  t.Push(Only(Notify(1)));  // step in the cycle after it was taken
  t.Settle();
  EXPECT_EQ(t.ntf_cycles[0], t.job_cycles[0] + 1 + 4);
  t.PushFrame(1);
  t.upload_wr_done.SetIdle(1);
  t.Push(With(WriteJob(0, 64, kAddr), Notify(2)));
  t.bench.Cycle(50);
  EXPECT_EQ(t.ntf_cycles.size(), 1u);
  t.upload_wr_done.SetIdle(0);
  t.Settle();
  EXPECT_EQ(t.ntf_cycles[1], t.answer_cycles[0] + 3);
}

TEST(Upload, OneAlignedFrameEveryCycle) {
  Small t;
  t.Clear();
  constexpr uint64_t kFrames = 500;
  for (uint64_t i = 0; i < kFrames; ++i) {
    t.PushFrame(1);
    t.Push(With(WriteJob(0, 64, kAddr + 64 * i), Notify(i)));
  }
  t.Settle();
  EXPECT_EQ(t.beat_cycles.back() - t.beat_cycles[0], kFrames - 1);
  EXPECT_EQ(t.ntf_cycles.back() - t.ntf_cycles[0], kFrames - 1);
}

TEST(Upload, JobsWithoutBytesCostACycleEach) {
  Small t;
  t.Clear();
  for (uint64_t i = 0; i < 100; ++i) t.Push(Only(Notify(i)));
  t.Settle();
  EXPECT_EQ(t.ntf_cycles.back() - t.ntf_cycles[0], 99u);
}

// Cycles of a job as its page says: the frame has exactly the beats in which the bytes lie.
struct Cost {
  uint32_t alone, followed;
};
Cost CostOf(uint32_t so, uint32_t lane, uint32_t len) {
  const uint32_t pops = (so + len + 63) / 64, writes = (lane + len + 63) / 64;
  const uint32_t most = std::max(pops, writes);
  return {most + (pops == writes && pops > 1 && lane < so), most};
}

TEST(Upload, CostsAsManyCyclesAsItHasBeats) {
  Small t;
  t.Clear();
  t.bench.Declare({"a cycle more", "given back by the next frame", "more beats to write"});
  for (uint32_t so = 0; so < 64; so += 7) {
    for (uint32_t lane = 0; lane < 64; lane += 9) {
      for (const uint32_t len : {1, 50, 64, 65, 100, 128, 190, 256, 1460}) {
        SCOPED_TRACE("off " + std::to_string(so) + " lane " + std::to_string(lane) + " len " +
                     std::to_string(len));
        const size_t beats = (so + len + 63) / 64;
        const Cost cost = CostOf(so, lane, len);
        const Job job =
            WriteJob(static_cast<uint16_t>(so), static_cast<uint16_t>(len), kAddr + lane);
        // Alone: the notification of the job behind it tells when that one had its step.
        t.PushFrame(beats);
        t.bench.Cycle(3);
        t.Push(job);
        t.Push(Only(Notify(1)));
        t.Settle();
        const uint64_t step = t.job_cycles[t.job_cycles.size() - 2] + 1;
        ASSERT_EQ(t.ntf_cycles.back() - 4 - step, cost.alone);
        if (cost.alone > cost.followed) t.bench.Hit("a cycle more");
        if ((lane + len + 63) / 64 > beats) t.bench.Hit("more beats to write");
        // Followed by others like it.
        constexpr uint32_t kMany = 12;
        const size_t seen = t.beat_cycles.size();
        for (uint32_t i = 0; i < kMany; ++i) {
          t.PushFrame(beats);
          t.Push(job);
        }
        t.Settle();
        const size_t writes = (lane + len + 63) / 64;
        const uint64_t cycles =
            t.beat_cycles[seen + (kMany - 1) * writes] - t.beat_cycles[seen + 2 * writes];
        ASSERT_EQ(cycles, uint64_t{cost.followed} * (kMany - 3));
        if (cost.alone > cost.followed) t.bench.Hit("given back by the next frame");
      }
    }
  }
}

TEST(Upload, WritesAtEveryAlignment) {
  Small t;
  t.Clear();
  t.bench.Declare({"jobs"});
  Rng rng = t.bench.MakeRng("lengths");
  for (uint32_t so = 0; so < 64; ++so) {
    for (uint32_t lane = 0; lane < 64; ++lane) {
      for (int i = 0; i < 4; ++i) {
        const auto len = static_cast<uint16_t>(i == 0   ? rng.Between(1, 4)
                                               : i == 1 ? rng.Between(60, 68)
                                                        : rng.Between(1, 300));
        t.PushFrame((so + len + 63) / 64);
        t.Push(WriteJob(static_cast<uint16_t>(so), len, kAddr + 0x1000 * rng.Below(9) + lane));
        t.bench.Hit("jobs");
      }
    }
    t.Settle();
  }
}

TEST(Upload, OneByteIsWrittenAlone) {
  Small t;
  t.Clear();
  t.PushFrame(1);
  t.Push(WriteJob(17, 1, kAddr + 63));
  t.Settle();
  ASSERT_EQ(t.beats.size(), 1u);
  EXPECT_EQ(t.upload_wr.items().back().value.strb, uint64_t{1} << 63);
}

TEST(Upload, SplitsAtFourKibibytes) {
  Small t;
  t.Clear();
  t.PushFrame(100);
  t.Push(WriteJob(0, 6400, kAddr + 4096 - 100));  // 100 bytes, 4096, the rest
  t.Settle();
  ASSERT_EQ(t.bursts.size(), 3u);
  std::vector<Wr> firsts;
  for (const auto& item : t.upload_wr.items()) {
    if (item.value.first) firsts.push_back(item.value);
  }
  ASSERT_EQ(firsts.size(), 3u);
  EXPECT_EQ(firsts[0].addr, kAddr + 4096 - 128);
  EXPECT_EQ(firsts[0].beats, 2);
  EXPECT_EQ(firsts[1].addr, kAddr + 4096);
  EXPECT_EQ(firsts[1].beats, 64);
  EXPECT_EQ(firsts[2].addr, kAddr + 8192);
  EXPECT_EQ(firsts[2].beats, 35);
  // No bubble at the boundary, nor anywhere.
  EXPECT_EQ(t.beat_cycles.back() - t.beat_cycles[0], t.beats.size() - 1);
}

TEST(Upload, EndsExactlyAtAPage) {
  Small t;
  t.Clear();
  t.PushFrame(2);
  t.Push(WriteJob(0, 100, kAddr + 4096 - 100));
  t.PushFrame(2);
  t.Push(WriteJob(0, 100, 0 - uint64_t{50}));  // past 2^64
  t.Settle();
  EXPECT_EQ(t.bursts.size(), 3u);
  EXPECT_EQ(t.upload_wr.items().back().value.addr, 0u);
}

TEST(Upload, PiecesShareAFrame) {
  Small t;
  t.Clear();
  for (const uint16_t size : {1, 3, 64, 100}) {
    constexpr uint16_t kBytes = 640;
    t.PushFrame(kBytes / 64);
    for (uint16_t off = 66; off < kBytes; off += size) {
      const auto n = std::min<uint16_t>(size, kBytes - off);
      t.Push(With(WriteJob(off, n, kAddr + 5 * off, off + n == kBytes), Notify(off)));
    }
    t.Settle();
  }
}

TEST(Upload, DiscardsTheRestOfTheFrame) {
  Small t;
  t.Clear();
  t.PushFrame(30);
  t.Push(WriteJob(66, 10, kAddr));
  t.PushFrame(20);
  t.Push(With(Job{.frame_end = true}, Notify(1)));  // nothing of it (29)
  t.PushFrame(1);
  t.Push(WriteJob(0, 64, kAddr + 64));
  t.Settle();
  EXPECT_EQ(t.beats.size(), 2u);
  // Drained one a cycle: 30 and 20 beats, the notification waits for none of this.
  EXPECT_EQ(t.beat_cycles[1] - t.beat_cycles[0], 30u + 20u - 1);
}

TEST(Upload, JobBeyondItsFramesEndStillEnds) {
  Small t;
  t.Clear();
  t.PushFrame(2);
  t.Push(With(WriteJob(100, 1000, kAddr + 3), Notify(1)));
  t.PushFrame(1);
  t.Push(With(WriteJob(65000, 65535, kAddr), Notify(2)));
  t.PushFrame(1);
  t.Push(With(WriteJob(0, 64, kAddr), Notify(3)));
  t.Settle();
  EXPECT_EQ(t.notified.size(), 3u);
}

TEST(Upload, EndsAFrameOfMoreBeatsThanAreCounted) {
  Small t;
  t.Clear();
  t.PushFrame(2100);  // more beats than are counted
  t.Push(WriteJob(65535, 65535, kAddr + 1));
  t.PushFrame(1);
  t.Push(WriteJob(0, 1, kAddr));
  t.Settle();
}

TEST(Upload, JobsWithoutBytesOnlyNotify) {
  Small t;
  t.Clear();
  t.PushFrame(2);
  t.Push(With(WriteJob(10, 0, kAddr, false), Notify(1)));
  t.Push(With(WriteJob(10, 0, kAddr), Notify(2)));
  t.PushFrame(2);
  Job odd{.kind = static_cast<JobKind>(3), .frame_end = true, .off = 3, .len = 77, .addr = kAddr};
  t.Push(With(odd, Notify(3)));
  t.Push(odd = Job{.kind = static_cast<JobKind>(3), .len = 77});  // not even that
  t.Settle();
  EXPECT_TRUE(t.beats.empty());
  EXPECT_EQ(t.notified.size(), 3u);
}

TEST(Upload, WritesTheStateBlock) {
  Small t;
  t.Clear();
  Job job{.kind = JobKind::JobBlock, .addr = kAddr + 4096 - 128 + 17};  // its low bits are not used
  t.PushBlock();
  t.Push(With(job, Notify(1)));
  t.Settle();
  ASSERT_EQ(t.beats.size(), 4u);
  EXPECT_EQ(t.bursts.size(), 2u);
  EXPECT_EQ(t.upload_wr.items()[0].value.addr, kAddr + 4096 - 128);
  EXPECT_EQ(t.upload_wr.items()[3].value.data, Data{});
  EXPECT_EQ(t.upload_wr.items()[3].value.strb, ~uint64_t{0});
  // It waits for its block, and leaves the frame's beats alone.
  t.PushFrame(3);
  t.blk.SetIdle(1);
  t.PushBlock();
  t.Push(With(job, Notify(2)));
  t.Push(With(WriteJob(0, 190, kAddr), Notify(3)));
  t.bench.Cycle(40);
  EXPECT_EQ(t.beat_cycles.size(), 4u);
  t.blk.SetIdle(0);
  t.Settle();
}

TEST(Upload, NotificationWaitsForItsBursts) {
  Small t;
  t.Clear();
  t.upload_wr_done.SetIdle(1);
  t.PushFrame(2);
  t.Push(WriteJob(0, 50, kAddr, false));
  t.Push(WriteJob(50, 50, kAddr + 0x1000, false));
  t.Push(With(WriteJob(100, 20, kAddr + 0x2000), Notify(1)));
  t.Push(Only(Notify(2)));
  t.PushFrame(1);
  t.Push(WriteJob(0, 50, kAddr));
  t.bench.Cycle(50);
  EXPECT_EQ(t.bursts_begun(), 4u);
  for (int answered = 1; answered <= 3; ++answered) {
    EXPECT_TRUE(t.notified.empty());
    t.upload_wr_done.SetIdle(0);
    t.bench.Until([&] { return t.bench.in.upload_wr_done_valid; }, "an answer");
    t.upload_wr_done.SetIdle(1);
    t.bench.Cycle(20);
  }
  EXPECT_EQ(t.notified.size(), 2u);  // the fourth burst was begun after both
  t.upload_wr_done.SetIdle(0);
  t.Settle();
}

TEST(Upload, ErrorMarksTheFrameOnly) {
  Small t;
  t.Clear();
  int burst = 0;
  t.fails = [&] { return burst++ == 1; };  // the second burst of the first frame
  for (uint64_t i = 0; i < 3; ++i) {
    t.PushFrame(40);
    t.Push(With(WriteJob(0, 2500, kAddr + 4000), Notify(i, NtfKind::NtfLegacyFrame)));
  }
  t.Settle();
  EXPECT_TRUE(t.notified[0].error);
  EXPECT_FALSE(t.notified[1].error);
  EXPECT_FALSE(t.notified[2].error);
  EXPECT_TRUE(t.uerrs.empty());
}

TEST(Upload, ErrorOfOneFramesPieceMarksOnlyItsNotification) {
  Small t;
  t.Clear();
  int burst = 0;
  t.fails = [&] { return burst++ == 1; };
  t.PushFrame(3);
  t.Push(With(WriteJob(0, 64, kAddr, false), Notify(1)));
  t.Push(WriteJob(64, 64, kAddr, false));  // it has none
  t.Push(With(WriteJob(128, 64, kAddr), Notify(2)));
  t.Settle();
  EXPECT_FALSE(t.notified[0].error);
  EXPECT_FALSE(t.notified[1].error);
}

TEST(Upload, ErrorMarksItsOwnNotificationBehindAFullQueue) {
  Small t;
  t.Clear();
  t.done.SetPace(0);
  constexpr uint64_t kNtfs = 32 + 1 + 1 + 2;  // u_ntf, d1, done, and the consumer's two
  for (uint64_t i = 0; i < kNtfs; ++i) t.Push(Only(Notify(i)));
  t.fails = [] { return true; };
  t.PushFrame(1);
  t.Push(With(WriteJob(0, 64, kAddr), Notify(99)));
  t.bench.Cycle(100);
  EXPECT_EQ(t.answer_cycles.size(), 1u);  // answered, and no room for its notification
  t.done.SetPace(1);
  t.Settle();
  for (uint64_t i = 0; i < kNtfs; ++i) EXPECT_FALSE(t.notified[i].error) << i;
  EXPECT_TRUE(t.notified.back().error);
}

TEST(Upload, ErrorMarksHandBacksUntilResync) {
  Small t;
  t.Clear();
  const auto hand_back = [](uint64_t tag, Conn conn = 5, Gen gen = 9, uint32_t count = 1) {
    Ntf ntf = Notify(tag, NtfKind::NtfHandBack);
    ntf.conn = conn;
    ntf.gen = gen;
    ntf.count = count;
    return ntf;
  };
  bool error = true;
  t.fails = [&] { return error; };
  t.PushFrame(2);
  t.Push(User(WriteJob(0, 64, kAddr, false)));
  error = false;
  t.Push(With(User(WriteJob(64, 64, kAddr + 64)), hand_back(0)));  // its own bytes came through
  t.Push(Only(hand_back(1)));
  t.Push(Only(hand_back(2, 5, 9, 0)));  // no bytes
  t.Push(Only(hand_back(3, 5, 8)));     // another generation
  t.Push(Only(hand_back(4, 6)));        // another connection
  t.Push(Only(Notify(5)));
  t.Push(Only(hand_back(6)));
  t.Push(Only(Notify(7, NtfKind::NtfResync)));
  t.Push(Only(Notify(8, NtfKind::NtfDone)));
  t.Push(Only(hand_back(9)));
  t.Settle();
  std::string marks;
  for (const Ntf& ntf : t.notified) marks += ntf.error ? 'e' : '-';
  EXPECT_EQ(marks, "ee----e---");
  ASSERT_EQ(t.uerrs_seen, 1u);
  EXPECT_EQ(t.uerr.items().front().value, (Uerr{.conn = 5, .gen = 9}));
}

TEST(Upload, EveryFailedUserBurstIsTold) {
  Small t;
  t.Clear();
  t.uerr.SetPace(0);
  t.fails = [] { return true; };
  for (uint64_t i = 0; i < 200; ++i) {
    t.PushFrame(1);
    Job job = User(WriteJob(0, 64, kAddr + 64 * i));
    job.ntf.conn = static_cast<Conn>(i);
    job.user = i % 4 != 3;
    t.Push(job);
  }
  t.bench.Cycle(400);
  EXPECT_EQ(t.answer_cycles.size(), 200u);  // they wait; nothing else does
  EXPECT_EQ(t.uerrs_seen, 2u);
  t.uerr.SetPace(1);
  t.Settle();
  EXPECT_EQ(t.uerrs_seen, 150u);
}

TEST(Upload, AnswerWithoutABurstIsIgnored) {
  Small t;
  t.Clear();
  for (int i = 0; i < 5; ++i) t.upload_wr_done.Push({.err = true});
  t.Settle();
  t.upload_wr_done.SetIdle(1);
  t.PushFrame(1);
  t.Push(With(WriteJob(0, 64, kAddr), Notify(1)));
  t.bench.Cycle(30);
  EXPECT_TRUE(t.notified.empty());
  t.upload_wr_done.SetIdle(0);
  t.Settle();
  EXPECT_FALSE(t.notified[0].error);
}

TEST(Upload, BurstsGoOnWhileNotificationsAreBlocked) {
  Small t;
  t.Clear();
  t.done.SetPace(0);
  for (uint64_t i = 0; i < 5; ++i) t.Push(Only(Notify(i)));  // two, done, d1, and one that waits
  for (uint64_t i = 0; i < 100; ++i) {
    t.PushFrame(1);
    t.Push(WriteJob(0, 64, kAddr + 64 * i));
  }
  t.bench.Cycle(300);
  EXPECT_EQ(t.bursts_begun(), 64u);
  t.done.SetPace(1);
  t.Settle();
}

TEST(Upload, ThirtyTwoBurstsWaitForAnswers) {
  Small t;
  t.Clear();
  t.upload_wr_done.SetIdle(1);
  for (uint64_t i = 0; i < 40; ++i) {
    t.PushFrame(1);
    t.Push(WriteJob(0, 64, kAddr + 64 * i));
  }
  t.bench.Cycle(100);
  EXPECT_EQ(t.bursts_begun(), 32u);
  t.upload_wr_done.SetIdle(0);
  t.Settle();
}

TEST(Upload, EveryOutputBlocked) {
  Small t;
  t.Clear();
  const auto& out = t.bench.out();
  t.upload_wr.SetPace(0);
  t.PushFrame(20);
  t.Push(With(WriteJob(0, 1280, kAddr), Notify(1)));
  for (uint64_t i = 0; i < 4; ++i) t.Push(Only(Notify(2 + i)));
  t.bench.Cycle(50);
  EXPECT_EQ(t.beat_cycles.size(), 2u);  // the consumer's two
  EXPECT_TRUE(out.upload_wr_valid);
  EXPECT_FALSE(out.fdata_ready);
  EXPECT_FALSE(out.job_ready);
  t.upload_wr.SetPace(1);
  t.Settle();
  t.done.SetPace(0);
  for (uint64_t i = 0; i < 60; ++i) t.Push(Only(Notify(i)));
  t.bench.Cycle(150);
  EXPECT_TRUE(out.done_valid);
  EXPECT_FALSE(out.job_ready);
  EXPECT_EQ(t.notified.size(), 5u + 2u);
  t.done.SetPace(1);
  t.Settle();
  t.PushBlock();
  t.PushBlock();
  t.blk.Push(State{});  // a third waits at the port
  t.bench.Cycle(10);
  EXPECT_FALSE(out.blk_ready);
  EXPECT_FALSE(out.quiet);
}

TEST(Upload, BeatMovedUpIsNoWork) {
  Small t;
  t.Clear();
  // The bytes end in the frame's first beat, and its second is popped while it is written; so the
  // next frame's beat moves up, and without a job the unit is quiet over it.
  t.PushFrame(2);
  t.PushFrame(1);
  t.bench.Cycle(5);
  t.Push(WriteJob(40, 80, kAddr + 60));
  t.bench.Cycle(30);
  EXPECT_TRUE(t.fdata.done());
  EXPECT_TRUE(t.bench.out().quiet);
  t.Push(WriteJob(0, 64, kAddr));
  t.Settle();
}

TEST(Upload, ForgetsEverythingInReset) {
  Small t;
  t.Clear();
  t.PushFrame(5);
  t.Push(With(WriteJob(0, 300, kAddr), Notify(1)));
  t.bench.Cycle(4);
  t.bench.Reset();
  t.Clear();
  t.PushFrame(1);
  t.Push(With(WriteJob(0, 64, kAddr), Notify(2)));
  t.Settle();
}

}  // namespace
}  // namespace handoff
