// SPDX-License-Identifier: Apache-2.0
//
// What docs/units/notify.md promises of notifications and interrupts, by counts in place of
// indices: written from the page, for the unit's test.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>

#include "gen/handoff_pkg.h"

namespace handoff {

// Which notification may be written next. Progress bears its serial number in snd_una, the others
// in tag.
class NtfReference {
 public:
  void Push(const Ntf& ntf) { QueueOf(ntf.kind).push_back(ntf); }
  void Push(const Progress& progress) {
    progress_[progress.snd_una] = progress;
    newest_[progress.conn] = progress.cancel ? 0 : progress.snd_una;
  }
  // What was selected and not written may be lost from here on.
  void MayLose() { may_lose_ = true; }
  bool may_lose() const { return may_lose_; }

  void Written(const Ntf& ntf) {
    if (ntf.kind == NtfKind::NtfProgress) {
      WrittenProgress(ntf);
      return;
    }
    ASSERT_TRUE(ntf.kind == NtfKind::NtfDone || ntf.kind == NtfKind::NtfSent);
    auto& queue = QueueOf(ntf.kind);
    while (may_lose_ && !queue.empty() && queue.front().tag != ntf.tag) queue.pop_front();
    ASSERT_FALSE(queue.empty());
    Ntf want = queue.front();
    want.phase = ntf.phase;
    EXPECT_EQ(ntf, want);
    queue.pop_front();
  }
  // Of some connection the newest progress was not written yet.
  bool untold() const {
    return std::any_of(newest_.begin(), newest_.end(), [this](const auto& x) {
      return x.second != 0 && (!told_.count(x.first) || told_.at(x.first) != x.second);
    });
  }
  bool empty() const { return dones_.empty() && sents_.empty() && !untold(); }

 private:
  std::deque<Ntf>& QueueOf(NtfKind kind) { return kind == NtfKind::NtfDone ? dones_ : sents_; }
  void WrittenProgress(const Ntf& ntf) {
    ASSERT_EQ(progress_.count(ntf.snd_una), 1u);
    const Progress& p = progress_[ntf.snd_una];
    Ntf want{.phase = ntf.phase, .kind = NtfKind::NtfProgress, .dup = p.dup, .gen = p.gen};
    want.conn = p.conn, want.count = p.ts_ecr, want.snd_una = p.snd_una, want.snd_wnd = p.snd_wnd;
    EXPECT_EQ(ntf, want);
    EXPECT_FALSE(p.cancel);
    EXPECT_GT(ntf.snd_una, told_[ntf.conn]) << "older than what was told";
    told_[ntf.conn] = ntf.snd_una;
  }

  std::deque<Ntf> dones_, sents_;  // pushed, not written yet
  std::map<Seq, Progress> progress_;
  std::map<Conn, Seq> newest_, told_;  // by connection; newest 0: cancelled
  bool may_lose_ = false;
};

// When an interrupt fires.
class IrqReference {
 public:
  struct Edge {
    bool run;           // the ring is in use
    uint32_t answered;  // entries answered at this edge
    uint64_t total;     // answered in all, since enabled, with these
    uint64_t consumed;  // by the host
    uint64_t written;   // in all; of these, some are not answered
    uint32_t size;      // of the ring
    uint16_t index;     // as the host has written it
    bool halt;
    uint64_t time_us;
  };
  uint64_t dues = 0, again = 0, nothing_newer = 0, laps_ahead = 0;  // seen

  bool Fires(const Edge& e, const Cfg& cfg) {
    const bool index_written = e.run && e.index != seen_;
    seen_ = e.index;
    // A host that consumes what is not answered yet may let the unit write a lap ahead of the
    // answers: then entries seem to be there that are not.
    const bool lap_ahead = e.written - e.total >= e.size &&
                           (e.consumed - e.total) % e.size > (e.written - e.total) % e.size;
    const bool newer = e.total > e.consumed || lap_ahead;
    unannounced_ = e.run ? unannounced_ + e.answered : 0;
    if (index_written && !newer) unannounced_ = 0;
    const bool due = unannounced_ != 0 && deadline_ != kNever && e.time_us >= deadline_;
    const bool counted = e.run && unannounced_ >= std::max<uint32_t>(cfg.irq_count, 1);
    const bool fires = (e.halt && !halted_) || (index_written && newer) || due || counted;
    halted_ = e.halt;
    if (fires) unannounced_ = 0;
    if (unannounced_ == 0 || cfg.irq_delay_us == 0) {
      deadline_ = kNever;
    } else if (deadline_ == kNever) {
      deadline_ = e.time_us + cfg.irq_delay_us;
    }
    dues += due;
    again += index_written && newer;
    nothing_newer += index_written && !newer;
    laps_ahead += index_written && lap_ahead;
    return fires;
  }
  uint64_t deadline() const { return deadline_; }

  static constexpr uint64_t kNever = ~uint64_t{0};

 private:
  uint64_t unannounced_ = 0;  // entries answered and not announced
  uint64_t deadline_ = kNever;
  uint16_t seen_ = 0;
  bool halted_ = false;
};

}  // namespace handoff
