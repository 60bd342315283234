// SPDX-License-Identifier: Apache-2.0
//
// buffers with random places, sizes and paces against docs/units/buffers.md.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "gen/handoff_buffers_most_rtl.h"
#include "model/handoff_buffers.h"
#include "tb/twin/channel_hits.h"
#include "tb/unit/buffers/bench.h"

namespace handoff {
namespace {

// Places as rx_tcp might send them, the rare ones often; some of any bits at all.
class Places {
 public:
  Places(Rng rng, BuffersReference& reference) : rng_(rng), reference_(reference) {
    for (Conn& conn : conns_) conn = static_cast<Conn>(rng_.Next());
    if (rng_.Chance(0.3)) conns_[1] = conns_[0] + 16;  // the same entry where there are 16
  }

  Place Next() {
    if (rng_.Chance(0.03)) {
      Place p = rng_.Any<Place>();
      p.conn = conns_[rng_.Below(conns_.size())];
      return p;
    }
    Place p = rng_.Any<Place>();
    p.kind = Kind();
    p.conn = rng_.Chance(0.6) ? conns_[0] : conns_[rng_.Below(conns_.size())];
    p.room_epoch = reference_.epoch(p.conn) + (rng_.Chance(0.2) ? 1 : 0);
    p.to_resync = rng_.Chance(p.kind == PlaceKind::PlacePayload ? 0.01 : 0.05);
    p.seq = rng_.Chance(0.95) ? reference_.nxt(p.conn) : static_cast<uint32_t>(rng_.Next());
    if (p.kind == PlaceKind::PlaceSetup || p.kind == PlaceKind::PlaceResume) {
      p.seq = rng_.Chance(0.5) ? 0u - static_cast<uint32_t>(rng_.Below(3000))
                               : static_cast<uint32_t>(rng_.Next());
    }
    p.off = static_cast<U16>(rng_.Below(200));
    p.len = static_cast<U16>(Size());
    if (rng_.Chance(0.1)) p.len = static_cast<U16>(reference_.left(p.conn) + rng_.Below(2));
    p.psh = rng_.Chance(0.2);
    p.reserved = static_cast<uint8_t>(rng_.Below(3));
    p.tmr_epoch = reference_.tmr_epoch(p.conn) - (rng_.Chance(0.2) ? 1 : 0);
    p.post_cnt = static_cast<uint8_t>(rng_.Below(4));
    p.post_last = rng_.Chance(0.8);
    p.post_no_push = rng_.Chance(0.2);
    p.piece0.size = PieceSize();
    p.piece1.size = PieceSize();
    p.piece2.size = PieceSize();
    return p;
  }

 private:
  PlaceKind Kind() {
    const double x = static_cast<double>(rng_.Below(1000)) / 1000;
    if (x < 0.4) return PlaceKind::PlacePayload;
    if (x < 0.7) return PlaceKind::PlacePost;
    if (x < 0.8) return PlaceKind::PlaceExpire;
    return static_cast<PlaceKind>(rng_.Below(16));
  }
  uint32_t Size() {
    switch (rng_.Below(8)) {
      case 0:
        return static_cast<uint32_t>(rng_.Below(3));
      case 1:
        return 1460;
      case 2:
        return static_cast<uint32_t>(rng_.Below(65536));
      default:
        return static_cast<uint32_t>(rng_.Between(1, 100));
    }
  }
  uint32_t PieceSize() { return rng_.Chance(0.05) ? static_cast<uint32_t>(rng_.Next()) : Size(); }

  Rng rng_;
  BuffersReference& reference_;
  std::array<Conn, 3> conns_{};
};

template <class T>
void RandomRuns(T& t, int64_t runs, uint64_t places_low, uint64_t places_high) {
  auto& bench = t.bench;
  bench.Declare(kBuffersHits);
  bench.Declare({"runs", "a run that began while clearing", "a run that was cut off by reset"});
  ChannelHits channels(bench);
  constexpr std::array<double, 4> kPaces = {1, 1, 0.5, 0.1};
  t.reference.hit = [&](const char* name) { bench.Hit(name); };
  bench.Runs(runs, [&] {
    t.Begin();
    Rng rng = bench.MakeRng("run");
    const auto pace = [&] { return kPaces[rng.Below(kPaces.size())]; };
    t.job.SetPace(pace());
    t.tmr.SetPace(pace());
    t.place.SetIdle(1 - pace());
    t.lbuf.SetIdle(1 - pace());
    t.place.SetGarbage(rng.Chance(0.5));
    t.lbuf.SetGarbage(rng.Chance(0.5));
    t.SetBackClass(static_cast<uint8_t>(rng.Below(4)));
    if (rng.Chance(0.8)) {
      t.Clear();
    } else {
      bench.Hit("a run that began while clearing");
    }
    Places places(bench.MakeRng("places"), t.reference);
    const uint64_t count = rng.Between(places_low, places_high);
    for (uint64_t i = 0; i < count; ++i) t.Push(places.Next());
    bench.Hit("runs");
    if (rng.Below(8) == 0) {
      bench.Cycle(rng.Below(100));
      bench.Hit("a run that was cut off by reset");
      return;
    }
    t.Settle();
  });
}

TEST(Buffers, AThousandShortRandomRuns) {
  BuffersBench<handoff_buffers_small_rtl> t;
  RandomRuns(t, 1000, 10, 60);
}

TEST(Buffers, RandomRunsWithAllEntriesAndSlots) {
  BuffersBench<> t;
  RandomRuns(t, 100, 500, 1500);
}

TEST(Buffers, RandomRunsWithTheMostSlots) {
  BuffersBench<handoff_buffers_most_rtl> t;
  RandomRuns(t, 50, 500, 1500);
}

}  // namespace
}  // namespace handoff
