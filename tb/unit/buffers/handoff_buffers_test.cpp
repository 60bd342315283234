// SPDX-License-Identifier: Apache-2.0
//
// buffers against docs/units/buffers.md: twins in lockstep, every output of every test compared
// with a reference, and what each rule says beside it.

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "model/handoff_buffers.h"
#include "tb/unit/buffers/bench.h"
#include "tb/unit/buffers/places.h"

namespace handoff {
namespace {

using Small = BuffersBench<handoff_buffers_small_rtl>;
using Full = BuffersBench<>;

// The jobs since the last call.
template <class T>
std::vector<std::string> Jobs(T& t) {
  t.Settle();
  std::vector<std::string> lines;
  for (; t.jobs_seen < t.jobs.size(); ++t.jobs_seen) {
    lines.push_back(Text(t.jobs[t.jobs_seen].value));
  }
  return lines;
}
using Lines = std::vector<std::string>;

// A connection set up and pieces posted, cleared and settled.
template <class T>
void Established(T& t, std::vector<Place> posts = {}) {
  t.Clear();
  t.Push(SetupAt());
  for (const Place& post : posts) t.Push(post);
  Jobs(t);
}

TEST(Buffers, NothingTakenWhileClearing) {
  Full t;
  ASSERT_EQ(t.params.DctEntries, 1024u);
  for (int i = 0; i < 4; ++i) t.Push(Answered(PlaceKind::PlaceAnswer));
  t.bench.Cycle(1024);            // the last of these edges clears the last word
  EXPECT_EQ(t.place.sent(), 2u);  // the skid's two
  EXPECT_FALSE(t.bench.out().quiet);
  EXPECT_FALSE(t.bench.out().job_valid);
  t.bench.Cycle(1);  // taken
  EXPECT_FALSE(t.bench.out().job_valid);
  t.bench.Cycle(1);  // first step
  EXPECT_TRUE(t.bench.out().job_valid);
  t.Settle();
}

TEST(Buffers, IsQuietOnceCleared) {
  Small t;
  t.bench.Cycle(15);
  EXPECT_FALSE(t.bench.out().quiet);
  t.bench.Cycle(1);
  EXPECT_TRUE(t.bench.out().quiet);
}

TEST(Buffers, ForgetsEverythingInReset) {
  Small t;
  Established(t, {Post(1, {100, 100})});
  t.Push(Payload(kSeq, 50));
  t.bench.Cycle(4);
  t.Begin();
  t.Clear();
  t.Push(Payload(3, 50));  // no piece is held any more
  EXPECT_EQ(Jobs(t), (Lines{"write 66+50 7000000 user end; NtfLegacyPayload 3+50 #176"}));
}

TEST(Buffers, GivesAJobTwoCyclesAfterAPlace) {
  Small t;
  Established(t, {Post(1, {100})});
  const auto& out = t.bench.out();
  t.Push(Payload(kSeq, 40));
  t.Settle();
  Place p = Payload(kSeq + 40, 60);
  p.room_epoch = 2;
  p.reserved = 2;
  t.Push(p);
  t.bench.Until([&] { return t.bench.in.place_valid; }, "valid");  // in cycle n
  EXPECT_TRUE(out.place_ready);
  t.bench.Cycle(1);  // n + 1: taken, its step
  EXPECT_FALSE(out.job_valid);
  t.bench.Cycle(1);  // n + 2
  EXPECT_TRUE(out.job_valid);
  EXPECT_TRUE(out.back_cnt_valid);
  EXPECT_TRUE(out.back_tmr_valid);
  EXPECT_TRUE(out.legacy_return_valid);
  EXPECT_FALSE(out.room_valid);
  t.bench.Cycle(1);  // n + 3
  EXPECT_FALSE(out.job_valid);
  EXPECT_FALSE(out.back_cnt_valid);
  EXPECT_FALSE(out.legacy_return_valid);
  EXPECT_TRUE(out.room_valid);
  EXPECT_FALSE(out.quiet);
  t.bench.Cycle(1);  // n + 4
  EXPECT_TRUE(out.quiet);
  t.Settle();
}

TEST(Buffers, OnePieceFramesCostACycleEach) {
  Small t;
  Established(t, {Post(1, {60000})});
  const size_t before = t.jobs.size();
  for (uint32_t i = 0; i < 200; ++i) t.Push(Payload(kSeq + 100 * i, 100));
  t.Settle();
  ASSERT_EQ(t.jobs.size(), before + 200);
  EXPECT_EQ(t.jobs.back().cycle - t.jobs[before].cycle, 199u);
}

TEST(Buffers, EachFurtherPieceCostsACycle) {
  Small t;
  Established(t, {Post(1, {10, 10, 10})});
  const size_t before = t.jobs.size();
  t.Push(Payload(kSeq, 50));  // three pieces and legacy
  t.Push(Answered(PlaceKind::PlaceAnswer));
  t.Settle();
  ASSERT_EQ(t.jobs.size(), before + 5);
  EXPECT_EQ(t.jobs.back().cycle - t.jobs[before].cycle, 4u);
}

TEST(Buffers, FrameOverAllPieces) {
  Small t;
  Established(t, {Post(1, {100}), Post(2, {1}), Post(3, {300})});
  t.Push(Payload(kSeq, 401));
  EXPECT_EQ(Jobs(t), (Lines{"write 66+100 110000 user; NtfHandBack BackFull full 4294963200+100 #1",
                            "write 166+1 120000 user; NtfHandBack BackFull full 4294963300+1 #2",
                            "write 167+300 130000 user end; NtfHandBack BackFull full "
                            "4294963301+300 #3"}));
}

TEST(Buffers, FrameOverTheLastPieceAndLegacy) {
  Small t;
  Established(t, {Post(1, {100, 50})});
  t.Push(Payload(kSeq, 1000, true));
  EXPECT_EQ(Jobs(t), (Lines{"write 66+100 110000 user",
                            "write 166+50 114000 user; NtfHandBack BackFull full 4294963200+150 #1",
                            "write 216+850 7000000 user end; NtfLegacyPayload psh 4294963350+850 "
                            "#176"}));
  EXPECT_EQ(t.reference.nxt(kConn), kSeq + 1000);
}

TEST(Buffers, FrameOverTwoFramesFillsOneBuffer) {
  Small t;
  Established(t, {Post(1, {1, 1, 1})});
  t.Push(Payload(kSeq, 2));
  t.Push(Payload(kSeq + 2, 1));
  EXPECT_EQ(Jobs(t),
            (Lines{"write 66+1 110000 user", "write 67+1 114000 user end",
                   "write 66+1 118000 user end; NtfHandBack BackFull full 4294963200+3 #1"}));
}

TEST(Buffers, PushHandsBackOnce) {
  Small t;
  Established(t, {Post(1, {100}), Post(2, {80, 20})});
  // On the buffer's last byte: full and psh at once, and nothing for the next one (12).
  t.Push(Payload(kSeq, 100, true));
  EXPECT_EQ(Jobs(t), (Lines{"write 66+100 110000 user end; NtfHandBack BackFull psh full "
                            "4294963200+100 #1"}));
  // Nothing partial, no payload: nothing (13).
  t.Push(Payload(kSeq + 100, 0, true));
  EXPECT_EQ(Jobs(t), (Lines{"none end"}));
  // In mid-buffer: its unused pieces go with it (14).
  t.Push(Payload(kSeq + 100, 30, true));
  EXPECT_EQ(Jobs(t),
            (Lines{"write 66+30 120000 user end; NtfHandBack BackPush psh 4294963300+30 #2"}));
  t.Push(Payload(kSeq + 130, 5, true));
  EXPECT_EQ(Jobs(t), (Lines{"write 66+5 7000000 user end; NtfLegacyPayload psh 4294963330+5 "
                            "#176"}));
  // A buffer that begins and ends in one step neither arms nor cancels.
  EXPECT_TRUE(t.timers.empty());
}

TEST(Buffers, PushEndsOnlyTheLastBufferOfAFrame) {
  Small t;
  Established(t, {Post(1, {100}), Post(2, {100})});
  t.Push(Payload(kSeq, 150, true));
  EXPECT_EQ(Jobs(t), (Lines{"write 66+100 110000 user; NtfHandBack BackFull full 4294963200+100 #1",
                            "write 166+50 120000 user end; NtfHandBack BackPush psh 4294963300+50 "
                            "#2"}));
}

TEST(Buffers, NoPushSuspendsPushAndDelay) {
  Small t;
  Established(t, {Post(1, {100}, true, true)});
  t.Push(Payload(kSeq, 60, true));
  EXPECT_EQ(Jobs(t), (Lines{"write 66+60 110000 user end"}));
  EXPECT_TRUE(t.timers.empty());
  t.Push(Payload(kSeq + 60, 40, true));
  EXPECT_EQ(Jobs(t), (Lines{"write 66+40 11003c user end; NtfHandBack BackFull psh full "
                            "4294963200+100 #1"}));
}

TEST(Buffers, DelayRunsFromTheFirstByte) {
  Small t;
  t.SetBackClass(3);
  Established(t, {Post(1, {100}), Post(2, {100})});
  t.Push(Payload(kSeq, 10));
  t.Push(Payload(kSeq + 10, 10));  // never restarted (16)
  t.Settle();
  ASSERT_EQ(t.timers.size(), 1u);
  EXPECT_EQ(t.timers[0].value, (Tmr{.conn = kConn, .arm = true, .delay_class = 3, .epoch = 1}));
  t.Push(Payload(kSeq + 20, 90));  // full: cancelled; the next one's delay begins
  t.Settle();
  ASSERT_EQ(t.timers.size(), 3u);
  EXPECT_EQ(t.timers[1].value, (Tmr{.conn = kConn, .arm = false, .delay_class = 0, .epoch = 1}));
  EXPECT_EQ(t.timers[2].value, (Tmr{.conn = kConn, .arm = true, .delay_class = 3, .epoch = 2}));
}

TEST(Buffers, ExpiryOfAnOldEpochDoesNothing) {
  Small t;
  Established(t, {Post(1, {100}), Post(2, {100}), Post(3, {100})});
  t.Push(Payload(kSeq, 10));
  t.Push(Expire(0));
  t.Push(Expire(2));
  EXPECT_EQ(Jobs(t), (Lines{"write 66+10 110000 user end"}));
  t.Push(Expire(1));
  EXPECT_EQ(Jobs(t), (Lines{"none; NtfHandBack BackDelay 4294963200+10 #1"}));
  t.Push(Expire(1));  // exactly one hand-back (15)
  EXPECT_EQ(Jobs(t), Lines{});
  EXPECT_EQ(t.timers.size(), 1u);  // it has fired: nothing to cancel
  // Full, PSH, FLUSH before it: the expiry comes too late.
  t.Push(Payload(kSeq + 10, 10));
  t.Push(Payload(kSeq + 20, 90));
  t.Push(Expire(2));
  t.Push(Payload(kSeq + 110, 10));
  t.Push(Payload(kSeq + 120, 10, true));
  t.Push(Expire(3));
  EXPECT_EQ(Jobs(t).size(), 4u);
  t.Push(Post(4, {100}));
  t.Push(Payload(kSeq + 130, 10));
  t.Push(Answered(PlaceKind::PlaceFlush));
  t.Push(Expire(4));
  EXPECT_EQ(Jobs(t),
            (Lines{"none; NtfDone 0+1 #77", "write 66+10 140000 user end",
                   "none; NtfHandBack BackFlush 4294963330+10 #4", "none; NtfDone 0+0 #77"}));
}

TEST(Buffers, FillsOnlyFinishedBuffers) {
  Small t;
  Established(t, {Post(1, {100}, false)});
  t.Push(Payload(kSeq, 10));
  EXPECT_EQ(Jobs(t), (Lines{"write 66+10 7000000 user end; NtfLegacyPayload 4294963200+10 #176"}));
  EXPECT_EQ(t.rooms.back().value.room_end, kSeq);  // the POST's
  t.Push(Post(1, {50}));
  t.Push(Payload(kSeq + 10, 120));
  EXPECT_EQ(Jobs(t), (Lines{"none; NtfDone 0+1 #77", "write 66+100 110000 user",
                            "write 166+20 110000 user end"}));
  EXPECT_EQ(t.rooms.back().value.room_end, kSeq + 10 + 150);
}

TEST(Buffers, PostAcceptsAPrefix) {
  Small t;
  Established(t, {Post(1, {100, 100})});
  const auto answer = [&](const Place& post) {
    t.Push(post);
    t.Settle();
    const Ntf& ntf = t.jobs.back().value.ntf;
    return std::pair(ntf.count, static_cast<Status>(ntf.code));
  };
  // The slot that is free takes the first piece; what has no last piece is never filled (17, 25).
  EXPECT_EQ(answer(Post(2, {100, 100})), std::pair(1u, Status::StatusNoSlot));
  EXPECT_EQ(answer(Post(3, {100})), std::pair(0u, Status::StatusNoSlot));
  EXPECT_EQ(t.rooms.back().value.room_end, kSeq + 200);
  EXPECT_EQ(answer(Post(4, {})), std::pair(0u, Status::StatusOk));
  t.Push(Payload(kSeq, 250));
  Jobs(t);
  EXPECT_EQ(answer(Post(5, {100, 100})), std::pair(2u, Status::StatusOk));
  EXPECT_EQ(t.reference.held(kConn), 3u);
}

TEST(Buffers, HandsBackThenTellsResyncThenPlacesTheFrame) {
  Small t;
  Established(t, {Post(1, {100}), Post(2, {100, 100})});
  t.Push(Payload(kSeq, 30));
  Jobs(t);
  Place whole = Whole(700);
  whole.to_resync = true;
  whole.seq = kSeq + 30;
  whole.ts_recent = 0x12345;
  whole.ntf.snd_una = 11;
  whole.ntf.snd_wnd = 22;
  t.Push(whole);
  // The partial one back, the unused one back, the resync notification, then the frame (46, 82).
  EXPECT_EQ(Jobs(t), (Lines{"none; NtfHandBack BackResync 4294963200+30 #1",
                            "none; NtfHandBack BackResync 4294963230+0 #2",
                            "none; NtfResync 4294963230+3 #74565",
                            "write 0+700 7000000 end; NtfLegacyFrame 0+4 #176"}));
  const Ntf& resync = t.jobs[t.jobs.size() - 2].value.ntf;
  EXPECT_EQ(static_cast<Reason>(resync.code), Reason::ReasonGap);
  EXPECT_EQ(resync.snd_una, 11u);
  EXPECT_EQ(resync.snd_wnd, 22u);
  ASSERT_EQ(t.timers.size(), 2u);
  EXPECT_FALSE(t.timers[1].value.arm);
}

TEST(Buffers, ResyncByTheHostTellsAndAnswers) {
  Small t;
  Established(t, {Post(1, {100})});
  Place p = Answered(PlaceKind::PlaceAnswer);
  p.to_resync = true;
  p.seq = kSeq;
  p.ntf.count = 4;
  t.Push(p);
  EXPECT_EQ(Jobs(t), (Lines{"none; NtfHandBack BackResync 4294963200+0 #1",
                            "none; NtfResync 4294963200+4 #0", "none; NtfDone 0+4 #77"}));
  EXPECT_EQ(static_cast<Reason>(t.jobs[t.jobs.size() - 2].value.ntf.code), Reason::ReasonHost);
}

TEST(Buffers, UploadErrorTellsResyncOnce) {
  Small t;
  Established(t, {Post(1, {100})});
  Place p = Make(PlaceKind::PlaceResync);
  p.to_resync = true;
  p.ntf.kind = NtfKind::NtfResync;
  t.Push(p);
  EXPECT_EQ(Jobs(t),
            (Lines{"none; NtfHandBack BackError 4294963200+0 #1", "none; NtfResync 0+0 #0"}));
}

TEST(Buffers, FlushAnswersLast) {
  Small t;
  Established(t, {Post(1, {100}), Post(2, {100}, false)});
  t.Push(Answered(PlaceKind::PlaceFlush, 70));
  EXPECT_EQ(Jobs(t),
            (Lines{"none; NtfHandBack BackFlush 4294963200+0 #1",
                   "none; NtfHandBack BackFlush 4294963200+0 #2", "none; NtfDone 0+0 #70"}));
  t.Push(Answered(PlaceKind::PlaceFlush, 71));  // none held: it just answers (31)
  EXPECT_EQ(Jobs(t), (Lines{"none; NtfDone 0+0 #71"}));
}

TEST(Buffers, UndelegateWritesTheBlockLast) {
  Small t;
  Established(t, {Post(1, {100})});
  t.Push(Payload(kSeq, 60));
  Place p = Answered(PlaceKind::PlaceUndelegate);
  p.addr = 0xabc00;
  t.Push(p);
  EXPECT_EQ(Jobs(t), (Lines{"write 66+60 110000 user end",
                            "none; NtfHandBack BackUndelegate 4294963200+60 #1",
                            "block abc00; NtfDone 0+0 #77"}));
  Place query = Answered(PlaceKind::PlaceBlock, 78);
  query.addr = 0xdef40;
  t.Push(query);
  EXPECT_EQ(Jobs(t), (Lines{"block def40; NtfDone 0+0 #78"}));
}

TEST(Buffers, SetupEmptiesTheListAndKeepsTheTimersEpoch) {
  Small t;
  Established(t, {Post(1, {100})});
  t.Push(Payload(kSeq, 10));
  t.Settle();
  const size_t rooms = t.rooms.size();
  t.Push(SetupAt(500));
  t.Push(Expire(1));
  t.Settle();
  EXPECT_EQ(t.rooms.size(), rooms);  // its epoch has been told
  t.Push(Post(2, {100}));
  t.Push(Payload(500, 10));
  EXPECT_EQ(Jobs(t), (Lines{"write 66+10 110000 user end", "none; NtfDone 0+0 #77",
                            "none; NtfDone 0+1 #77", "write 66+10 120000 user end"}));
  EXPECT_EQ(t.timers.back().value.epoch, 2u);
  EXPECT_EQ(t.rooms.back().value.room_end, 600u);
}

TEST(Buffers, ResumeMovesTheNextByte) {
  Small t;
  Established(t, {Post(1, {100})});
  Place p = Resume(kSeq + 5000);
  p.room_epoch = 7;
  t.Push(p);
  EXPECT_EQ(Jobs(t), (Lines{"none; NtfDone 0+0 #77"}));  // floating pieces stay (79)
  EXPECT_EQ(t.rooms.back().value, (Room{.conn = kConn, .room_epoch = 7, .room_end = kSeq + 5100}));
}

TEST(Buffers, FramesWithoutAnEntryTouchNothing) {
  Small t;
  Established(t, {Post(1, {100})});
  const size_t rooms = t.rooms.size();
  Place drop = Make(PlaceKind::PlaceDrop);
  drop.room_epoch = 99;
  Place whole = Whole(60);
  whole.room_epoch = 99;
  Place answer = Answered(PlaceKind::PlaceAnswer);
  answer.room_epoch = 99;
  t.Push(drop);
  t.Push(whole);
  t.Push(answer);
  t.Push(Payload(kSeq, 10));  // same epoch as before: no room
  EXPECT_EQ(Jobs(t), (Lines{"none end", "write 0+60 7000000 end; NtfLegacyFrame 0+4 #176",
                            "none; NtfDone 0+0 #77", "write 66+10 110000 user end"}));
  EXPECT_EQ(t.rooms.size(), rooms);
}

TEST(Buffers, RoomFollowsEachNewEpochAndEachPost) {
  Small t;
  Established(t);
  const size_t rooms = t.rooms.size();
  t.Push(Post(1, {0xffffffff, 0xffffffff}));
  t.Settle();
  ASSERT_EQ(t.rooms.size(), rooms + 1);
  EXPECT_EQ(t.rooms.back().value.room_end, kSeq + (1u << 30));  // at most 2^30
  Place p = Payload(kSeq, 10);
  t.Push(p);
  t.Settle();
  EXPECT_EQ(t.rooms.size(), rooms + 1);
  p.seq += 10;
  p.room_epoch = 2;
  t.Push(p);
  t.Settle();
  ASSERT_EQ(t.rooms.size(), rooms + 2);
  EXPECT_EQ(t.rooms.back().value.room_end, kSeq + 20 + (1u << 30));
}

TEST(Buffers, RoomIsTheWordOfItsOwnPlace) {
  Small t;
  Established(t, {Post(1, {100})});
  for (uint8_t i = 0; i < 20; ++i) {  // each changes the word while the one before is summed
    Place p = Payload(kSeq + i, 1);
    p.room_epoch = static_cast<uint8_t>(2 + i);
    t.Push(p);
  }
  t.Push(Answered(PlaceKind::PlaceFlush));
  t.Settle();
  EXPECT_EQ(t.rooms.back().value.room_end, kSeq + 20);
  EXPECT_EQ(t.rooms[t.rooms.size() - 2].value.room_end, kSeq + 100);
}

TEST(Buffers, ReturnsUnusedLegacyBuffers) {
  Small t;
  Established(t, {Post(1, {100})});
  const auto returned = [&](Place p, uint8_t reserved) {
    p.reserved = reserved;
    t.lrets.clear();
    t.reference.out.lrets.clear();
    t.Push(p);
    t.Settle();
    return t.lrets.empty() ? 0 : t.lrets[0].value.n;
  };
  EXPECT_EQ(returned(Payload(kSeq, 60), 2), 2);
  EXPECT_EQ(returned(Payload(kSeq + 60, 60), 2), 1);  // its end went to legacy
  EXPECT_EQ(returned(Payload(kSeq + 120, 60), 1), 0);
  EXPECT_EQ(returned(Payload(kSeq + 180, 0), 1), 1);
  EXPECT_EQ(returned(Whole(60), 1), 0);
  EXPECT_EQ(returned(Whole(60), 3), 2);
  EXPECT_EQ(returned(Make(PlaceKind::PlaceDrop), 1), 1);
  EXPECT_EQ(returned(Answered(PlaceKind::PlaceAnswer), 0), 0);
}

TEST(Buffers, KindsWithoutANameDoNothing) {
  Small t;
  Established(t, {Post(1, {100})});
  for (uint32_t kind = 12; kind < 16; ++kind) t.Push(Make(static_cast<PlaceKind>(kind)));
  EXPECT_EQ(Jobs(t), Lines{});
  EXPECT_EQ(t.reference.held(kConn), 1u);
}

TEST(Buffers, PieceOfSizeZeroIsFullAtOnce) {
  Small t;
  Established(t, {Post(1, {0, 10}), Post(2, {0})});
  t.Push(Payload(kSeq, 15));
  EXPECT_EQ(Jobs(t), (Lines{"write 66+0 110000 user",
                            "write 66+10 114000 user; NtfHandBack BackFull full 4294963200+10 #1",
                            "write 76+0 120000 user; NtfHandBack BackFull full 4294963210+0 #2",
                            "write 76+5 7000000 user end; NtfLegacyPayload 4294963210+5 #176"}));
}

TEST(Buffers, ConnectionsAreApart) {
  Full t;
  t.Clear();
  for (const Conn conn : {0, 1, 511, 512, 1023}) {
    Place setup = SetupAt(1000u * conn), post = Post(conn, {10});
    setup.conn = post.conn = conn;
    t.Push(setup);
    t.Push(post);
  }
  for (const Conn conn : {1023, 512, 0, 511, 1}) {
    Place p = Payload(1000u * conn, 20);
    p.conn = conn;
    t.Push(p);
  }
  t.Settle();
  const size_t n = t.jobs.size();
  ASSERT_EQ(n, 20u);
  EXPECT_EQ(t.jobs[10].value.ntf.tag, 1023u);
  EXPECT_EQ(t.jobs[18].value.ntf.tag, 1u);
}

TEST(Buffers, EveryOutputBlocked) {
  Small t;
  Established(t, {Post(1, {100}), Post(2, {100})});
  const auto& out = t.bench.out();
  // Jobs: one in the output register and two at the consumer, then all stands.
  t.job.SetPace(0);
  for (int i = 0; i < 8; ++i) t.Push(Answered(PlaceKind::PlaceAnswer));
  t.bench.Cycle(50);
  EXPECT_TRUE(out.job_valid);
  EXPECT_FALSE(out.place_ready);
  // Three before; one stands at job, two behind it, one in the step, two in the skid.
  EXPECT_EQ(t.place.sent(), 3u + 6u);
  t.job.SetPace(1);
  t.Settle();
  // Timers: a payload waits until the one before is taken, and does nothing in part.
  t.tmr.SetPace(0);
  for (uint32_t i = 0; i < 5; ++i) {
    t.Push(Payload(t.reference.nxt(kConn), 10));  // arms
    t.Push(Answered(PlaceKind::PlaceFlush));      // cancels
    t.Push(Post(3, {50}));
  }
  t.bench.Cycle(100);
  EXPECT_TRUE(out.back_tmr_valid);
  EXPECT_FALSE(out.job_valid);
  EXPECT_FALSE(out.place_ready);
  t.tmr.SetPace(1);
  t.Settle();
  // Legacy buffers.
  t.lbuf.SetIdle(1);
  t.Push(Whole(100));
  t.bench.Cycle(50);
  EXPECT_FALSE(out.job_valid);
  EXPECT_FALSE(out.quiet);
  t.lbuf.SetIdle(0);
  t.Settle();
}

TEST(Buffers, WaitingLegacyBuffersAreStock) {
  Small t;
  Established(t);
  for (uint32_t i = 0; i < 4; ++i) t.lbuf.Push(Small::LbufAt(50 + i));
  t.bench.Cycle(20);
  EXPECT_EQ(t.lbuf.sent(), 2u);
  EXPECT_FALSE(t.bench.out().lbuf_ready);
  EXPECT_TRUE(t.bench.out().quiet);
}

}  // namespace
}  // namespace handoff
