// SPDX-License-Identifier: Apache-2.0
//
// buffers beside a reference that does one place after another in the simplest way, and with
// everything at its channels.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <initializer_list>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "gen/handoff_buffers_rtl.h"
#include "gen/handoff_buffers_small_rtl.h"
#include "model/handoff_buffers.h"
#include "tb/twin/twin_bench.h"

namespace handoff {

// What a place must cause, channel by channel, in order.
struct BuffersOutput {
  std::vector<Job> jobs;
  std::vector<Room> rooms;
  std::vector<LegacyReturn> lrets;
  std::vector<Tmr> timers;
  size_t hand_backs = 0;
  size_t steps = 0;
};

// User buffers as a list of pieces that carry their own bytes; no steps, no stages.
class BuffersReference {
 public:
  BuffersReference(uint32_t entries, uint32_t slots) : entries_(entries), slots_(slots) {}

  uint8_t back_class = 0;
  std::function<LegacyDesc()> next_lbuf;
  std::function<void(const char*)> hit = [](const char*) {};
  BuffersOutput out;

  void Do(const Place& p) {
    Entry& e = entries_of_[p.conn % entries_];
    place_ = p;
    used_ = 0;
    const bool touch = p.to_resync || Touching(p.kind);
    if (p.to_resync) {
      HandBackAll(e, CodeOf(p.kind));
      if (p.kind != PlaceKind::PlaceResync) Tell();
    }
    Kind(e);
    if (p.reserved > used_) {
      out.lrets.push_back({static_cast<uint8_t>(p.reserved - used_)});
      hit("reserved legacy buffers returned");
    }
    if (!touch) return;
    const bool changed = p.room_epoch != e.epoch;
    e.epoch = p.room_epoch;
    if (changed || p.kind == PlaceKind::PlacePost) out.rooms.push_back(RoomOf(e));
  }

  // As they are after the places so far.
  uint32_t nxt(Conn conn) { return entries_of_[conn % entries_].nxt; }
  uint8_t tmr_epoch(Conn conn) { return entries_of_[conn % entries_].tmr_epoch; }
  uint8_t epoch(Conn conn) { return entries_of_[conn % entries_].epoch; }
  // What the first user buffer still takes.
  uint64_t left(Conn conn) {
    uint64_t sum = 0;
    for (const Held& piece : entries_of_[conn % entries_].pieces) {
      sum += piece.size;
      if (piece.last) break;
    }
    return sum;
  }
  size_t held(Conn conn) { return entries_of_[conn % entries_].pieces.size(); }

 private:
  struct Held {
    uint64_t addr;
    uint64_t size;
    uint16_t id;
    bool last, no_push;
  };
  struct Entry {
    uint8_t epoch = 0;
    uint32_t nxt = 0;
    std::deque<Held> pieces;
    bool open = false;
    uint32_t start = 0, filled = 0;
    bool armed = false;
    uint8_t tmr_epoch = 0;
  };

  static bool Touching(PlaceKind kind) {
    switch (kind) {
      case PlaceKind::PlacePayload:
      case PlaceKind::PlaceSetup:
      case PlaceKind::PlacePost:
      case PlaceKind::PlaceFlush:
      case PlaceKind::PlaceResume:
      case PlaceKind::PlaceUndelegate:
      case PlaceKind::PlaceExpire:
      case PlaceKind::PlaceResync:
        return true;
      default:
        return false;
    }
  }
  static Back CodeOf(PlaceKind kind) {
    switch (kind) {
      case PlaceKind::PlaceFlush:
        return Back::BackFlush;
      case PlaceKind::PlaceUndelegate:
        return Back::BackUndelegate;
      case PlaceKind::PlaceResync:
        return Back::BackError;
      default:
        return Back::BackResync;
    }
  }

  Job& Emit(JobKind kind) {
    Job job;
    job.kind = kind;
    job.ntf.conn = place_.conn;
    job.ntf.gen = place_.gen;
    out.jobs.push_back(job);
    return out.jobs.back();
  }
  void Answer(JobKind kind, uint64_t addr = 0) {
    Job& job = Emit(kind);
    job.addr = addr;
    job.has_ntf = true;
    job.ntf = place_.ntf;
  }

  // One user buffer, finished or not, with one notification.
  void HandBack(Entry& e, Job& job, Back code, bool psh, bool full, uint32_t seq, uint32_t count) {
    job.has_ntf = true;
    job.ntf.kind = NtfKind::NtfHandBack;
    job.ntf.code = static_cast<uint8_t>(code);
    job.ntf.psh = psh;
    job.ntf.full = full;
    job.ntf.seq = seq;
    job.ntf.count = count;
    job.ntf.tag = e.pieces.front().id;
    ++out.hand_backs;
    bool last = false;
    while (!last && !e.pieces.empty()) {
      last = e.pieces.front().last;
      e.pieces.pop_front();
    }
    if (!last) hit("a buffer without its last piece back");
    if (e.armed && code != Back::BackDelay) {
      out.timers.push_back({.conn = place_.conn, .arm = false, .epoch = e.tmr_epoch});
      hit("delay cancelled");
    }
    e.open = e.armed = false;
    e.start = e.filled = 0;
    static const std::map<Back, const char*> kNames = {
        {Back::BackFull, "back: full"},   {Back::BackPush, "back: push"},
        {Back::BackDelay, "back: delay"}, {Back::BackResync, "back: resync"},
        {Back::BackFlush, "back: flush"}, {Back::BackUndelegate, "back: undelegate"},
        {Back::BackError, "back: error"}};
    hit(kNames.at(code));
  }
  void HandBackAll(Entry& e, Back code) {
    while (!e.pieces.empty()) {
      const uint32_t seq = e.open ? e.start : e.nxt;
      ++out.steps;
      HandBack(e, Emit(JobKind::JobNone), code, false, false, seq, e.filled);
    }
  }
  void Tell() {
    const Place& p = place_;
    const bool whole = p.kind == PlaceKind::PlaceWhole;
    Job& job = Emit(JobKind::JobNone);
    job.has_ntf = true;
    job.ntf.kind = NtfKind::NtfResync;
    job.ntf.code = whole ? p.ntf.code : static_cast<uint8_t>(Reason::ReasonHost);
    job.ntf.seq = p.seq;
    job.ntf.count = whole ? p.ntf.count - 1 : p.ntf.count;
    job.ntf.snd_una = p.ntf.snd_una;
    job.ntf.snd_wnd = p.ntf.snd_wnd;
    job.ntf.tag = p.ts_recent;
    ++out.steps;
    hit(whole ? "resync by a frame" : "resync by the host");
  }

  void Kind(Entry& e) {
    const Place& p = place_;
    switch (p.kind) {
      case PlaceKind::PlaceFlush:
      case PlaceKind::PlaceUndelegate:
      case PlaceKind::PlaceResync:
        HandBackAll(e, CodeOf(p.kind));
        break;
      default:
        break;
    }
    if (p.kind != PlaceKind::PlacePayload) ++out.steps;
    switch (p.kind) {
      case PlaceKind::PlaceDrop:
        Emit(JobKind::JobNone).frame_end = true;
        hit("row 3: drop");
        break;
      case PlaceKind::PlaceWhole: {
        const LegacyDesc lbuf = TakeLbuf();
        Job& job = Emit(JobKind::JobWrite);
        job.frame_end = true;
        job.off = p.off;
        job.len = p.len;
        job.addr = lbuf.addr;
        job.has_ntf = true;
        job.ntf = p.ntf;
        job.ntf.tag = lbuf.tag;
        job.ntf.len = p.len;
        hit("row 4: whole frame");
        break;
      }
      case PlaceKind::PlacePayload:
        Payload(e);
        break;
      case PlaceKind::PlaceSetup: {
        const uint8_t epoch = e.epoch, tmr_epoch = e.tmr_epoch;
        e = Entry{};
        e.epoch = epoch;
        e.tmr_epoch = tmr_epoch;
        e.nxt = p.seq;
        Answer(JobKind::JobNone);
        hit("row 8: setup");
        break;
      }
      case PlaceKind::PlacePost:
        Post(e);
        break;
      case PlaceKind::PlaceAnswer:
      case PlaceKind::PlaceFlush:
      case PlaceKind::PlaceResync:
        Answer(JobKind::JobNone);
        hit("row 10: answer");
        break;
      case PlaceKind::PlaceResume:
        e.nxt = p.seq;
        Answer(JobKind::JobNone);
        hit("row 11: resume");
        break;
      case PlaceKind::PlaceBlock:
      case PlaceKind::PlaceUndelegate:
        Answer(JobKind::JobBlock, p.addr);
        hit("row 12: block");
        break;
      case PlaceKind::PlaceExpire:
        if (e.armed && e.tmr_epoch == p.tmr_epoch && !e.pieces.empty()) {
          HandBack(e, Emit(JobKind::JobNone), Back::BackDelay, false, false, e.start, e.filled);
          hit("row 13: delay");
        } else {
          hit("row 14: old expiry");
        }
        break;
      default:
        hit("row 15: kind without a name");
        break;
    }
  }

  LegacyDesc TakeLbuf() {
    ++used_;
    return next_lbuf();
  }

  void Payload(Entry& e) {
    const Place& p = place_;
    uint16_t off = p.off, rem = p.len;
    uint32_t seq = p.seq;
    if (rem == 0) {
      Emit(JobKind::JobNone).frame_end = true;
      ++out.steps;
      hit("row 5: no payload");
      return;
    }
    uint32_t parts = 0;
    while (rem != 0) {
      ++out.steps;
      const bool ready = std::any_of(e.pieces.begin(), e.pieces.end(),
                                     [](const Held& piece) { return piece.last; });
      if (!ready) {
        const LegacyDesc lbuf = TakeLbuf();
        Job& job = Emit(JobKind::JobWrite);
        job.frame_end = job.user = true;
        job.off = off;
        job.len = rem;
        job.addr = lbuf.addr;
        job.has_ntf = true;
        job.ntf.kind = NtfKind::NtfLegacyPayload;
        job.ntf.psh = p.psh;
        job.ntf.seq = seq;
        job.ntf.len = rem;
        job.ntf.tag = lbuf.tag;
        e.nxt = seq + rem;
        hit(parts == 0         ? "row 7: all to legacy"
            : e.pieces.empty() ? "row 7: the rest to legacy"
                               : "row 7: the rest to legacy, an unfinished buffer held");
        return;
      }
      ++parts;
      Held& piece = e.pieces.front();
      const bool no_push = piece.no_push;
      const auto n = static_cast<uint16_t>(std::min<uint64_t>(rem, piece.size));
      Job& job = Emit(JobKind::JobWrite);
      job.user = true;
      job.off = off;
      job.len = n;
      job.addr = piece.addr;
      job.frame_end = n == rem;
      const bool end = n == rem, was_open = e.open;
      if (n != 0 && !e.open) {
        e.open = true;
        e.start = seq;
      }
      const uint32_t begin = e.open ? e.start : seq;
      e.filled += n;
      piece.addr += n;
      piece.size -= n;
      off += n;
      rem -= n;
      seq += n;
      e.nxt = seq;
      const bool full = piece.size == 0 && piece.last;
      const bool push = end && p.psh && !no_push;
      if (end && p.psh && no_push && !full) hit("push on a no_push piece");
      if (n == 0) hit("piece of size 0");
      if (full || push) {
        hit(full && push ? "row 6: full and push" : full ? "row 6: full" : "row 6: push");
        HandBack(e, job, full ? Back::BackFull : Back::BackPush, end && p.psh, full, begin,
                 e.filled);
      } else {
        if (!was_open && n != 0 && !no_push) {
          e.armed = true;
          ++e.tmr_epoch;
          out.timers.push_back(
              {.conn = p.conn, .arm = true, .delay_class = back_class, .epoch = e.tmr_epoch});
          hit("delay armed");
        }
        hit(piece.size == 0 ? "row 6: piece used up" : "row 6: piece goes on");
        if (piece.size == 0) e.pieces.pop_front();
      }
    }
    if (parts == 1) hit("frame to one piece");
    if (parts > 1) hit("frame over pieces");
  }

  void Post(Entry& e) {
    const Place& p = place_;
    const std::array<Piece, 3> given = {p.piece0, p.piece1, p.piece2};
    uint32_t m = 0;
    while (m < p.post_cnt && e.pieces.size() < slots_) {
      e.pieces.push_back({given[m].addr, given[m].size, p.post_id,
                          p.post_last && m + 1u == p.post_cnt, p.post_no_push});
      ++m;
    }
    Answer(JobKind::JobNone);
    out.jobs.back().ntf.count = m;
    if (m < p.post_cnt) out.jobs.back().ntf.code = static_cast<uint8_t>(Status::StatusNoSlot);
    hit(m == p.post_cnt ? "row 9: post" : m == 0 ? "row 9: none accepted" : "row 9: a prefix");
  }

  Room RoomOf(const Entry& e) {
    uint64_t finished = 0, all = 0;
    for (const Held& piece : e.pieces) {
      all += piece.size;
      if (piece.last) finished = all;
    }
    if (finished == 0) hit("room: none");
    if (finished != all) hit("room: an unfinished buffer left out");
    if (finished > (uint64_t{1} << 30)) hit("room: cut to 2^30");
    finished = std::min(finished, uint64_t{1} << 30);
    const auto end = static_cast<uint32_t>(e.nxt + finished);
    if (end < e.nxt) hit("room: across 2^32");
    return {.conn = place_.conn, .room_epoch = e.epoch, .room_end = end};
  }

  uint32_t entries_, slots_;
  std::map<uint32_t, Entry> entries_of_;
  Place place_;
  uint32_t used_ = 0;
};

// The hits that the reference reports.
inline constexpr std::initializer_list<const char*> kBuffersHits = {
    "back: full",
    "back: push",
    "back: delay",
    "back: resync",
    "back: flush",
    "back: undelegate",
    "back: error",
    "a buffer without its last piece back",
    "delay cancelled",
    "delay armed",
    "resync by a frame",
    "resync by the host",
    "row 3: drop",
    "row 4: whole frame",
    "row 5: no payload",
    "row 6: full and push",
    "row 6: full",
    "row 6: push",
    "row 6: piece used up",
    "row 6: piece goes on",
    "row 7: all to legacy",
    "row 7: the rest to legacy",
    "row 7: the rest to legacy, an unfinished buffer held",
    "row 8: setup",
    "row 9: post",
    "row 9: none accepted",
    "row 9: a prefix",
    "row 10: answer",
    "row 11: resume",
    "row 12: block",
    "row 13: delay",
    "row 14: old expiry",
    "row 15: kind without a name",
    "push on a no_push piece",
    "piece of size 0",
    "frame to one piece",
    "frame over pieces",
    "room: none",
    "room: an unfinished buffer left out",
    "room: cut to 2^30",
    "room: across 2^32",
    "reserved legacy buffers returned"};

// The unit and what stands at its channels. Every place goes to the reference too, and Settle()
// compares all that came out with what the reference says.
template <class RtlClass = handoff_buffers_rtl>
class BuffersBench {
 public:
  using Bench = TwinBench<handoff_buffers, RtlClass>;
  using Params = handoff_buffers::Params;
  static constexpr uint64_t kLbufBase = 0x7000000;

  const Params params = RtlClass::template ModelParams<Params>();
  Bench bench;
  Producer<Place> place{bench, bench.to.place};
  Producer<LegacyDesc> lbuf{bench, bench.to.lbuf};
  Consumer<Job> job{bench, bench.from.job};
  Consumer<Tmr> tmr{bench, bench.from.back_tmr};
  Consumer<Room> room{bench, bench.from.room};
  Consumer<LegacyReturn> legacy_return{bench, bench.from.legacy_return};
  Consumer<Cnt> cnt{bench, bench.from.back_cnt};
  BuffersReference reference{params.DctEntries, params.Slots};
  // All that has left so far, with the cycles.
  std::vector<Consumer<Job>::Item> jobs;
  size_t jobs_seen = 0;
  std::vector<Consumer<Tmr>::Item> timers;
  std::vector<Consumer<Room>::Item> rooms;
  std::vector<Consumer<LegacyReturn>::Item> lrets;
  std::vector<Consumer<Cnt>::Item> counts;

  BuffersBench() { Begin(); }

  // From reset, before clearing is over.
  void Begin() {
    bench.Reset();
    auto hit = reference.hit;
    reference = BuffersReference(params.DctEntries, params.Slots);
    reference.hit = hit;
    lbufs_ = 0;
    reference.next_lbuf = [this] {
      const LegacyDesc lbuf_desc = LbufAt(lbufs_++);
      lbuf.Push(lbuf_desc);
      return lbuf_desc;
    };
    jobs.clear();
    jobs_seen = 0;
    timers.clear();
    rooms.clear();
    lrets.clear();
    counts.clear();
    SetBackClass(2);
  }
  void SetBackClass(uint8_t back_class) {
    bench.in.cfg.back_class = back_class;
    reference.back_class = back_class;
  }
  // Until the tables are cleared.
  void Clear() {
    bench.Until([&] { return bench.out().quiet; }, "cleared", params.DctEntries + 4);
  }

  static LegacyDesc LbufAt(uint32_t i) {
    return {.tag = 0xb0 + i, .addr = kLbufBase + 0x4000 * uint64_t{i}};
  }

  void Push(const Place& p) {
    reference.Do(p);
    place.Push(p);
  }
  // Takes what the consumers have.
  void Collect() {
    Move(job, jobs);
    Move(tmr, timers);
    Move(room, rooms);
    Move(legacy_return, lrets);
    Move(cnt, counts);
  }
  // Until all is done; then everything is as the reference says.
  void Settle() {
    const BuffersOutput& want = reference.out;
    bench.Cycle(2);
    bench.Until([&] { return place.done() && lbuf.done() && bench.out().quiet; }, "settled",
                100000);
    Collect();
    Compare("job", jobs, want.jobs);
    Compare("back_tmr", timers, want.timers);
    Compare("room", rooms, want.rooms);
    Compare("legacy_return", lrets, want.lrets);
    const Cnt hand_back{static_cast<uint8_t>(Counter::CntHandBacks)};
    Compare("back_cnt", counts, std::vector<Cnt>(want.hand_backs, hand_back));
  }

 private:
  template <class T>
  static void Move(Consumer<T>& from, std::vector<typename Consumer<T>::Item>& to) {
    while (!from.empty()) {
      to.push_back(from.items().front());
      from.Take();
    }
  }
  template <class T>
  void Compare(const char* what, const std::vector<typename Consumer<T>::Item>& seen,
               const std::vector<T>& want) {
    for (size_t i = 0; i < std::min(seen.size(), want.size()); ++i) {
      if (seen[i].value == want[i]) continue;
      bench.Fail(std::string(what) + " " + std::to_string(i) + " of cycle " +
                 std::to_string(seen[i].cycle) + " is\n  " + seen[i].value.ToString() +
                 "\nbut must be\n  " + want[i].ToString() + "\n");
    }
    if (seen.size() != want.size()) {
      bench.Fail(std::to_string(seen.size()) + " times " + what + ", must be " +
                 std::to_string(want.size()) + "\n");
    }
  }

  uint32_t lbufs_ = 0;
};

}  // namespace handoff
