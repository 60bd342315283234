// SPDX-License-Identifier: Apache-2.0
//
// upload with random jobs, frames, errors and paces against docs/units/upload.md.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "model/handoff_upload.h"
#include "tb/twin/channel_hits.h"
#include "tb/unit/upload/bench.h"

namespace handoff {
namespace {

// Jobs as buffers might send them, the rare ones often.
template <class T>
class Jobs {
 public:
  Jobs(Rng rng, T& t) : rng_(rng), t_(t), conns_(rng.Chance(0.5) ? 1 : 4) {}

  // All the jobs of one frame, or one without a frame.
  void PushSome() {
    switch (rng_.Below(8)) {
      case 0:
        PushBlock();
        return;
      case 1:
      case 2:
        t_.Push(Plain(static_cast<JobKind>(rng_.Chance(0.8) ? 0 : 3), false));
        return;
      case 3:
        t_.PushFrame(rng_.Between(1, 6));
        t_.Push(Plain(static_cast<JobKind>(rng_.Chance(0.8) ? 0 : 3), true));
        return;
      default:
        PushFrame();
        return;
    }
  }

 private:
  Ntf AnyNtf() {
    Ntf ntf = rng_.Any<Ntf>();
    constexpr std::array<NtfKind, 4> kKinds = {NtfKind::NtfHandBack, NtfKind::NtfHandBack,
                                               NtfKind::NtfLegacyPayload, NtfKind::NtfResync};
    ntf.kind = kKinds[rng_.Below(rng_.Chance(0.2) ? 4 : 3)];
    ntf.conn = static_cast<Conn>(rng_.Below(conns_) + 16 * rng_.Below(2));
    ntf.gen = static_cast<Gen>(rng_.Below(8) == 0);
    ntf.count = static_cast<U32>(rng_.Below(3));
    ntf.error = rng_.Chance(0.1);
    return ntf;
  }
  Job Plain(JobKind kind, bool frame_end) {
    Job job = rng_.Any<Job>();
    job.kind = kind;
    job.frame_end = frame_end;
    job.has_ntf = rng_.Chance(0.7);
    job.ntf = AnyNtf();
    return job;
  }
  uint64_t Addr() {
    uint64_t addr = rng_.Next();
    switch (rng_.Below(4)) {
      case 0:  // near a page's end
        return (addr | 4095) - rng_.Below(300);
      case 1:
        return addr & ~uint64_t{63};
      case 2:
        return rng_.Chance(0.2) ? 0 - rng_.Below(300) : addr;
      default:
        return addr;
    }
  }
  void PushBlock() {
    Job job = Plain(JobKind::JobBlock, false);
    job.addr = Addr();
    t_.PushBlock();
    t_.Push(job);
  }
  void PushFrame() {
    const uint64_t beats = rng_.Chance(0.1) ? rng_.Between(1, 200) : rng_.Between(1, 6);
    t_.PushFrame(beats);
    uint64_t off = rng_.Chance(0.5) ? rng_.Below(80) : 0;
    const uint64_t pieces = rng_.Chance(0.6) ? 1 : rng_.Between(2, 5);
    for (uint64_t i = 0; i < pieces; ++i) {
      Job job = Plain(JobKind::JobWrite, i + 1 == pieces);
      job.off = static_cast<U16>(off);
      job.len = static_cast<U16>(rng_.Below(100));
      if (job.frame_end && 64 * beats > off && rng_.Chance(0.8)) {  // all that is left
        job.len = static_cast<U16>(64 * beats - off -
                                   rng_.Below(std::min<uint64_t>(64, 64 * beats - off)));
      }
      if (job.frame_end && rng_.Chance(0.02)) job.len = static_cast<U16>(rng_.Below(3000));
      job.addr = Addr();
      t_.Push(job);
      off += job.len;
    }
  }

  Rng rng_;
  T& t_;
  uint64_t conns_;
};

template <class T>
void RandomRuns(T& t, int64_t runs, uint64_t low, uint64_t high, double uerr_pace) {
  auto& bench = t.bench;
  bench.Declare(kUploadHits);
  bench.Declare({"runs", "a run that began while clearing", "a run that was cut off by reset"});
  ChannelHits channels(bench);
  constexpr std::array<double, 4> kPaces = {1, 1, 0.5, 0.1};
  t.hit = [&](const char* name) { bench.Hit(name); };
  bench.Runs(runs, [&] {
    Rng rng = bench.MakeRng("run");
    const auto pace = [&] { return kPaces[rng.Below(kPaces.size())]; };
    t.upload_wr.SetPace(pace());
    t.done.SetPace(pace());
    t.uerr.SetPace(rng.Chance(0.3) ? uerr_pace : 1);
    t.upload_wr_done.SetIdle(1 - pace());
    t.fdata.SetIdle(1 - pace());
    t.blk.SetIdle(1 - pace());
    t.job.SetIdle(1 - pace());
    const bool garbage = rng.Chance(0.5);
    t.fdata.SetGarbage(garbage);
    t.blk.SetGarbage(garbage);
    t.job.SetGarbage(garbage);
    t.upload_wr_done.SetGarbage(garbage);
    Rng errors = bench.MakeRng("errors");
    const double chance = rng.Chance(0.3) ? 0 : rng.Chance(0.5) ? 0.05 : 0.3;
    t.fails = [&errors, chance] { return errors.Chance(chance); };
    if (rng.Chance(0.8)) {
      t.Clear();
    } else {
      bench.Hit("a run that began while clearing");
    }
    Jobs<T> jobs(bench.MakeRng("jobs"), t);
    const uint64_t count = rng.Between(low, high);
    for (uint64_t i = 0; i < count; ++i) jobs.PushSome();
    bench.Hit("runs");
    if (rng.Below(8) == 0) {
      bench.Cycle(rng.Below(100));
      bench.Hit("a run that was cut off by reset");
      return;
    }
    t.Settle(1000000);
  });
}

TEST(Upload, AThousandShortRandomRuns) {
  UploadBench<handoff_upload_small_rtl> t;
  RandomRuns(t, 1000, 5, 40, 0.01);
}

TEST(Upload, RandomRunsWithAllEntries) {
  UploadBench<> t;
  RandomRuns(t, 50, 300, 600, 0.02);
}

}  // namespace
}  // namespace handoff
