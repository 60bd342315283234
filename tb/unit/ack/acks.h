// SPDX-License-Identifier: Apache-2.0
//
// What ack's tests share: events by name, and the unit with its neighbours.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "model/handoff_ack.h"
#include "tb/twin/twin_bench.h"

namespace handoff {

inline Ackev Event(Ack kind, Conn conn) { return {.kind = kind, .conn = conn}; }
inline Ackev Now(Conn conn) { return Event(Ack::AckNow, conn); }
inline Ackev NowBlock(Conn conn, Seq left, Seq right) {
  Ackev ev = Now(conn);
  ev.dsack = true;
  ev.dsack_left = left;
  ev.dsack_right = right;
  return ev;
}
inline Ackev Sent(Conn conn) { return Event(Ack::AckSent, conn); }
inline Ackev DataFrame(Conn conn) { return Event(Ack::AckData, conn); }
inline Ackev Coalesced(Conn conn, uint8_t frames, uint8_t ack_class = 0) {
  Ackev ev = DataFrame(conn);
  ev.coalesce_on = true;
  ev.ack_frames = frames;
  ev.ack_class = ack_class;
  return ev;
}
inline Ackev Expired(Conn conn, U8 epoch) {
  Ackev ev = Event(Ack::AckExpire, conn);
  ev.tmr_epoch = epoch;
  return ev;
}
inline Ackreq Plain(Conn conn) { return {.conn = conn}; }
inline Ackreq Block(Conn conn, Seq left, Seq right) { return {conn, true, left, right}; }
inline Tmr Arm(Conn conn, uint8_t ack_class, U8 epoch) { return {conn, true, ack_class, epoch}; }
inline Tmr Cancel(Conn conn, U8 epoch) { return {conn, false, 0, epoch}; }

template <class RtlClass>
class Acks {
 public:
  using Bench = TwinBench<handoff_ack, RtlClass>;
  Bench bench;
  Producer<Ackev> ackev{bench, bench.to.ackev};
  Consumer<Ackreq> ackreq{bench, bench.from.ackreq};
  Consumer<Tmr> ack_tmr{bench, bench.from.ack_tmr};
  Consumer<Cnt> ack_cnt{bench, bench.from.ack_cnt};
  const uint32_t entries = RtlClass::template ModelParams<handoff_ack::Params>().DctEntries;

  Acks() { Start(); }
  void Start() {
    bench.in.ackreq_ready = bench.in.ack_tmr_ready = true;
    bench.Until([&] { return bench.out().quiet; }, "cleared", entries + 4);
  }
  void Do(const Ackev& ev) {
    ackev.Push(ev);
    Settle();
  }
  void Settle() {
    bench.Cycle(2);
    bench.Until([&] { return ackev.done() && bench.out().quiet; }, "settled");
  }
  // What left since the last time; nothing else did.
  void Expect(const std::vector<Ackreq>& requests, const std::vector<Tmr>& timers = {},
              size_t merged = 0) {
    Same(ackreq, requests);
    Same(ack_tmr, timers);
    Same(ack_cnt, std::vector<Cnt>(merged, Cnt{.index = static_cast<U8>(Counter::CntAcksMerged)}));
  }

 private:
  template <class T>
  static void Same(Consumer<T>& seen, const std::vector<T>& expected) {
    std::vector<T> all;
    while (!seen.empty()) all.push_back(seen.Take());
    EXPECT_EQ(all.size(), expected.size());
    for (size_t i = 0; i < std::min(all.size(), expected.size()); ++i) {
      EXPECT_EQ(all[i], expected[i]) << all[i].ToString() << " for " << expected[i].ToString();
    }
  }
};

}  // namespace handoff
