// SPDX-License-Identifier: Apache-2.0
//
// upload with a memory behind it, and what must come of each job, computed byte by byte.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <initializer_list>
#include <string>
#include <vector>

#include "gen/handoff_upload_rtl.h"
#include "gen/handoff_upload_small_rtl.h"
#include "model/handoff_upload.h"
#include "tb/twin/twin_bench.h"

namespace handoff {

// A burst that must come, and how it is answered.
struct UploadBurst {
  size_t job;
  bool user, has_ntf, error;
  Conn conn;
  Gen gen;
};

// A notification that must come.
struct UploadNtf {
  Ntf ntf;
  size_t bursts;   // begun before it: it waits for them
  bool own_error;  // a burst of its job failed
};

inline constexpr std::initializer_list<const char*> kUploadHits = {
    "row 1: equally aligned",
    "row 2: source higher",
    "source lower",
    "row 3: page boundary",
    "row 4: not the frame's last job",
    "row 5: beats discarded",
    "beats left out before the bytes",
    "row 6: JobWrite of len 0",
    "row 6: JobNone",
    "row 6: kind 3",
    "row 7: state block",
    "row 7: state block over a page",
    "row 8: notification",
    "row 9: error on its own bytes",
    "row 10: uerr",
    "row 10: hand-back marked",
    "hand-back not marked",
    "resync notification",
    "a job beyond its frame's end",
    "an address past 2^64"};

// The unit, what feeds it, and the memory; every beat and every notification is checked as it
// leaves.
template <class RtlClass = handoff_upload_rtl>
class UploadBench : public Agent {
 public:
  using Bench = TwinBench<handoff_upload, RtlClass>;
  using Frame = std::vector<Data>;

  const uint32_t entries = RtlClass::template ModelParams<handoff_upload::Params>().DctEntries;
  Bench bench;
  Producer<Beat> fdata{bench, bench.to.fdata};
  Producer<State> blk{bench, bench.to.blk};
  Producer<Job> job{bench, bench.to.job};
  Producer<WrDone> upload_wr_done{bench, bench.to.upload_wr_done};
  Consumer<Ntf> done{bench, bench.from.done};
  Consumer<Uerr> uerr{bench, bench.from.uerr};
  Consumer<Wr> upload_wr{bench, bench.from.upload_wr};

  std::function<void(const char*)> hit = [](const char*) {};
  // Whether the next burst fails.
  std::function<bool()> fails = [] { return false; };
  // What must come.
  std::vector<Wr> beats;
  std::vector<UploadBurst> bursts;
  std::vector<UploadNtf> ntfs;
  std::vector<Uerr> uerrs;
  // The cycles in which it came, and the bursts were answered; notifications as they came.
  std::vector<uint64_t> beat_cycles, job_cycles, answer_cycles, ntf_cycles;
  std::vector<Ntf> notified;
  size_t uerrs_seen = 0;

  UploadBench() { bench.Add(this); }

  void Clear() {
    bench.Until([&] { return bench.out().quiet; }, "cleared", entries + 4);
  }
  // A frame of random bytes behind those pushed already; the first job without a frame gets it.
  void PushFrame(size_t num_beats) {
    Frame frame;
    for (size_t i = 0; i < num_beats; ++i) {
      frame.push_back(rng_.Any<Beat>().data);
      fdata.Push({.last = i + 1 == num_beats, .data = frame.back()});
    }
    frames_.push_back(frame);
  }
  void PushBlock() {
    blocks_.push_back(rng_.Any<State>());
    blk.Push(blocks_.back());
  }
  // The frame, the block that it needs must be there. Bytes to no frame come from none.
  void Push(const Job& j) {
    Do(j);
    job.Push(j);
  }
  void Settle(uint64_t limit = 100000) {
    bench.Cycle(2);
    bench.Until(
        [&] {
          return fdata.done() && blk.done() && job.done() && upload_wr_done.done() &&
                 bench.out().quiet;
        },
        "settled", limit);
    if (beat_cycles.size() != beats.size()) Missing("beats", beat_cycles.size(), beats.size());
    if (notified.size() != ntfs.size()) Missing("done", notified.size(), ntfs.size());
    if (uerrs_seen != uerrs.size()) Missing("uerr", uerrs_seen, uerrs.size());
  }
  size_t bursts_begun() const { return bursts_begun_; }

  void Reset() override {
    rng_ = bench.MakeRng("bytes");
    beats.clear();
    bursts.clear();
    ntfs.clear();
    uerrs.clear();
    beat_cycles.clear();
    job_cycles.clear();
    answer_cycles.clear();
    ntf_cycles.clear();
    notified.clear();
    frames_.clear();
    blocks_.clear();
    resyncs_.clear();
    uerrs_seen = jobs_ = bursts_begun_ = bursts_ended_ = 0;
  }
  void Sample(uint64_t cycle) override {
    const auto& in = bench.in;
    const auto& out = bench.out();
    if (in.job_valid && out.job_ready) job_cycles.push_back(cycle);
    if (in.upload_wr_done_valid && answer_cycles.size() < bursts_begun_)
      answer_cycles.push_back(cycle);
    if (out.upload_wr_valid && in.upload_wr_ready) SeeBeat(out.upload_wr, cycle);
    if (out.done_valid && in.done_ready) SeeNtf(out.done, cycle);
    if (out.uerr_valid && in.uerr_ready) SeeUerr(out.uerr);
  }
  void Drive() override {}

 private:
  struct Resync {
    size_t ntf, bursts;
    Conn slot;
  };

  Conn SlotOf(Conn conn) const { return conn % entries; }

  void Missing(const char* what, size_t seen, size_t want) {
    bench.Fail(std::to_string(seen) + " times " + what + ", must be " + std::to_string(want) +
               "\n");
  }

  void Do(const Job& j) {
    const size_t first_burst = bursts.size();
    std::vector<uint8_t> bytes;
    uint64_t addr = j.addr;
    switch (j.kind) {
      case JobKind::JobWrite:
        Slice(j, &bytes);
        break;
      case JobKind::JobBlock: {
        uint64_t words[32] = {};
        blocks_.front().Pack(words);
        blocks_.pop_front();
        const auto* from = reinterpret_cast<const uint8_t*>(words);
        bytes.assign(from, from + sizeof words);
        addr &= ~uint64_t{63};
        hit("row 7: state block");
        if (addr % kPageBytes > kPageBytes - kStateBlockBytes)
          hit("row 7: state block over a page");
        break;
      }
      default:
        hit(j.kind == JobKind::JobNone ? "row 6: JobNone" : "row 6: kind 3");
        break;
    }
    Write(j, addr, bytes);
    if (j.frame_end) {
      if (j.kind != JobKind::JobWrite || frames_.front().size() * 64 > j.off + j.len + 63u) {
        hit("row 5: beats discarded");
      }
      frames_.pop_front();
    } else if (j.kind == JobKind::JobWrite) {
      hit("row 4: not the frame's last job");
    }
    if (j.has_ntf) {
      const bool own_error = std::any_of(bursts.begin() + static_cast<std::ptrdiff_t>(first_burst),
                                         bursts.end(), [](const auto& b) { return b.error; });
      if (j.ntf.kind == NtfKind::NtfResync) {
        resyncs_.push_back({ntfs.size(), bursts.size(), SlotOf(j.ntf.conn)});
      }
      ntfs.push_back({j.ntf, bursts.size(), own_error});
    }
    ++jobs_;
  }

  // Bytes [off, off + len) of the frame; past its end those of its last beat.
  void Slice(const Job& j, std::vector<uint8_t>* bytes) {
    if (j.len == 0) {
      hit("row 6: JobWrite of len 0");
      return;
    }
    const Frame& frame = frames_.front();
    for (uint32_t k = j.off; k < uint32_t{j.off} + j.len; ++k) {
      const size_t beat = std::min<size_t>(k / 64, frame.size() - 1);
      bytes->push_back(frame[beat].byte(k % 64));
    }
    if ((j.off + j.len - 1u) / 64 >= frame.size()) hit("a job beyond its frame's end");
    if (j.off >= 64) hit("beats left out before the bytes");
    const uint32_t lane = j.addr % 64, so = j.off % 64;
    hit(so == lane  ? "row 1: equally aligned"
        : so > lane ? "row 2: source higher"
                    : "source lower");
  }

  void Write(const Job& j, uint64_t addr, const std::vector<uint8_t>& bytes) {
    size_t first_of_burst = 0;
    for (size_t i = 0; i < bytes.size();) {
      const uint64_t at = addr + i;
      Wr wr;
      wr.first = i == 0 || at % 4096 == 0;
      while (i < bytes.size()) {
        const uint32_t lane = (addr + i) % 64;
        wr.strb |= uint64_t{1} << lane;
        wr.data.set_byte(lane, bytes[i]);
        ++i;
        if ((addr + i) % 64 == 0) break;
      }
      wr.last = i == bytes.size() || (addr + i) % 4096 == 0;
      if (wr.first) {
        wr.addr = at & ~uint64_t{63};
        first_of_burst = beats.size();
        if (at < addr) hit("an address past 2^64");
        if (i != bytes.size() && at != addr) hit("row 3: page boundary");
        bursts.push_back({jobs_, j.user, j.has_ntf, fails(), j.ntf.conn, j.ntf.gen});
        if (bursts.back().error && j.user) uerrs.push_back({j.ntf.conn, j.ntf.gen});
      }
      beats.push_back(wr);
      if (wr.last) beats[first_of_burst].beats = static_cast<U8>(beats.size() - first_of_burst);
    }
  }

  void SeeBeat(const Wr& wr, uint64_t cycle) {
    const size_t i = beat_cycles.size();
    beat_cycles.push_back(cycle);
    if (i >= beats.size()) bench.Fail("a beat too many: " + wr.ToString() + "\n");
    if (!(wr == beats[i])) {
      bench.Fail("beat " + std::to_string(i) + " is\n  " + wr.ToString() + "\nbut must be\n  " +
                 beats[i].ToString() + "\n");
    }
    bursts_begun_ += wr.first;
    if (wr.last) upload_wr_done.Push({bursts[bursts_ended_++].error});
  }

  void SeeUerr(const Uerr& seen) {
    if (uerrs_seen >= uerrs.size() || !(seen == uerrs[uerrs_seen])) {
      bench.Fail("uerr " + std::to_string(uerrs_seen) + " is wrong: " + seen.ToString() + "\n");
    }
    ++uerrs_seen;
    hit("row 10: uerr");
  }

  void SeeNtf(const Ntf& seen, uint64_t cycle) {
    const size_t i = notified.size();
    notified.push_back(seen);
    ntf_cycles.push_back(cycle);
    if (i >= ntfs.size()) bench.Fail("a notification too many: " + seen.ToString() + "\n");
    const UploadNtf& must = ntfs[i];
    // It never passes its data: the last answer was at least three cycles before.
    if (must.bursts != 0 &&
        (answer_cycles.size() < must.bursts || answer_cycles[must.bursts - 1] + 3 > cycle)) {
      bench.Fail("notification " + std::to_string(i) + " passed its data\n");
    }
    hit("row 8: notification");
    if (must.own_error) hit("row 9: error on its own bytes");
    Ntf want = must.ntf;
    want.error |= must.own_error;
    if (want.kind == NtfKind::NtfResync) hit("resync notification");
    if (want.kind == NtfKind::NtfHandBack && want.count != 0) {
      bool racy = false;
      const bool marked = Marked(i, &racy);
      if (racy) {
        want.error = seen.error;
      } else {
        want.error |= marked;
        hit(marked ? "row 10: hand-back marked" : "hand-back not marked");
      }
    }
    if (!(seen == want)) {
      bench.Fail("notification " + std::to_string(i) + " is\n  " + seen.ToString() +
                 "\nbut must be\n  " + want.ToString() + "\n");
    }
  }

  // Whether the error RAM marks a hand-back. `racy`: an answer that came before it or before a
  // resync notification left, but need not have; both are right.
  bool Marked(size_t i, bool* racy) const {
    const Conn slot = SlotOf(ntfs[i].ntf.conn);
    bool err = false;
    Gen gen = 0;
    size_t resync = 0;
    for (size_t b = 0; b < answer_cycles.size(); ++b) {
      for (; resync < resyncs_.size() && resyncs_[resync].ntf < i && resyncs_[resync].bursts <= b;
           ++resync) {
        if (resyncs_[resync].slot == slot) err = false;
      }
      if (!bursts[b].error || !bursts[b].user || SlotOf(bursts[b].conn) != slot) continue;
      if (b >= ntfs[i].bursts) {
        *racy = true;
        return false;
      }
      err = true;
      gen = bursts[b].gen;
    }
    for (const Resync& s : resyncs_) {
      if (s.slot != slot || s.ntf >= i) continue;
      if (s.ntf + 1 == i) *racy = true;  // its clearing is not seen yet
      if (s.bursts >= ntfs[i].bursts) err = false;
      for (size_t b = s.bursts; b < answer_cycles.size(); ++b) {
        *racy |= bursts[b].error && bursts[b].user && SlotOf(bursts[b].conn) == slot &&
                 answer_cycles[b] <= ntf_cycles[s.ntf];
      }
    }
    return err && gen == ntfs[i].ntf.gen;
  }

  Rng rng_{0, ""};
  std::deque<Frame> frames_;
  std::deque<State> blocks_;
  std::vector<Resync> resyncs_;
  size_t jobs_ = 0, bursts_begun_ = 0, bursts_ended_ = 0;
};

}  // namespace handoff
