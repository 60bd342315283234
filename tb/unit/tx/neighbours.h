// SPDX-License-Identifier: Apache-2.0
//
// What stands around tx: host memory behind the DMA unit, and rx_tcp, which answers starts.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "tb/twin/agents.h"
#include "tb/unit/tx/frames.h"

namespace handoff {

// Any bytes, but those written. Two regions are made for checksums.
class HostMemory {
 public:
  static constexpr uint64_t kZeros = uint64_t{0xa0} << 56, kOnes = uint64_t{0xa1} << 56;

  Data Beat(uint64_t addr) const {
    addr &= ~uint64_t{kDataBytes - 1};
    if (const auto it = written_.find(addr); it != written_.end()) return it->second;
    Data data;
    for (uint32_t i = 0; i < Data::kWords; ++i) {
      data.w[i] = addr >> 56 == kZeros >> 56  ? 0
                  : addr >> 56 == kOnes >> 56 ? ~uint64_t{0}
                                              : Rng::Mix(addr + i);
    }
    return data;
  }
  void Write(uint64_t addr, const Data& data) { written_[addr] = data; }
  // A read of any of these bytes' beats is answered with err.
  void SetBad(uint64_t addr) { bad_.insert(addr / kDataBytes); }
  bool Bad(uint64_t addr) const { return bad_.count(addr / kDataBytes) != 0; }
  void Clear() { written_.clear(), bad_.clear(); }

  // Appends `size` bytes from `addr`; true if one of them cannot be read.
  bool Read(uint64_t addr, uint32_t size, Bytes* to) const {
    bool bad = false;
    for (uint32_t i = 0; i < size;) {
      const Data beat = Beat(addr + i);
      bad |= Bad(addr + i);
      for (uint32_t lane = (addr + i) % kDataBytes; lane < kDataBytes && i < size; ++lane, ++i) {
        to->push_back(beat.byte(lane));
      }
    }
    return bad;
  }

 private:
  std::map<uint64_t, Data> written_;
  std::set<uint64_t> bad_;
};

// The DMA unit: requests in order, beats in order, one a cycle at most.
class DmaReads : public Agent {
 public:
  template <class Bench>
  DmaReads(Bench& bench, HostMemory& memory)
      : from_(bench.from.tx_rd_req),
        to_(bench.to.tx_rd),
        memory_(memory),
        rng_([&bench] { return bench.MakeRng("dma"); }) {
    bench.Add(this);
    Reset();
  }

  uint32_t latency = 4;  // from tx_rd_req visible to its first beat visible
  double pace = 1;       // chance of tx_rd_req_ready
  double gap = 0;        // chance of no beat though there is one
  std::vector<RdReq> requests;

  void Reset() override {
    latency = 4;
    pace = 1;
    gap = 0;
    requests.clear();
    beats_.clear();
    stream_ = rng_();
  }
  void Sample(uint64_t cycle) override {
    cycle_ = cycle;
    if (!*from_.valid || !*from_.ready) return;
    const RdReq& request = *from_.payload;
    requests.push_back(request);
    EXPECT_GE(request.bytes, 1u);
    EXPECT_LE(request.addr % kMaxReadBytes + request.bytes, kMaxReadBytes);
    const uint64_t first = request.addr / kDataBytes;
    const uint64_t last = (request.addr + request.bytes - 1) / kDataBytes;
    for (uint64_t beat = first; beat <= last; ++beat) {
      beats_.push_back({cycle + latency,
                        {.last = beat == last,
                         .err = memory_.Bad(beat * kDataBytes),
                         .data = memory_.Beat(beat * kDataBytes)}});
    }
  }
  void Drive() override {
    *from_.ready = stream_.Chance(pace);
    *to_.valid = !beats_.empty() && beats_.front().first <= cycle_ + 1 && !stream_.Chance(gap);
    if (!*to_.valid) return;
    *to_.payload = beats_.front().second;
    beats_.pop_front();
  }

 private:
  FromUnit<RdReq> from_;
  ToUnit<Rd> to_;
  HostMemory& memory_;
  std::function<Rng()> rng_;
  Rng stream_{0, ""};
  std::deque<std::pair<uint64_t, Rd>> beats_;  // and the first cycle in which it may be seen
  uint64_t cycle_ = 0;
};

using Answered = std::pair<Start, Snap>;

// rx_tcp: one snap a start, `latency` cycles after the start is visible.
class Snapshots : public Agent {
 public:
  template <class Bench>
  explicit Snapshots(Bench& bench)
      : from_(bench.from.start),
        to_(bench.to.snap),
        rng_([&bench] { return bench.MakeRng("rx_tcp"); }) {
    bench.Add(this);
    Reset();
  }

  uint32_t latency = 3;
  double pace = 1;
  bool ts_on = false;
  U16 mss = 1460;
  std::function<void(const Start&, Snap&)> alter;  // last word on an answer
  std::vector<Answered> starts;

  void Reset() override {
    latency = 3;
    pace = 1;
    ts_on = false;
    mss = 1460;
    alter = nullptr;
    starts.clear();
    answers_.clear();
    stream_ = rng_();
  }
  void Sample(uint64_t cycle) override {
    cycle_ = cycle;
    if (!*from_.valid || !*from_.ready) return;
    const Start& start = *from_.payload;
    Snap snap = stream_.Any<Snap>();
    snap.status = Status::StatusOk;
    snap.ts_on = ts_on;
    snap.mss = mss;
    if (!start.own_ack) snap.seq = start.seq;
    if (alter) alter(start, snap);
    starts.push_back({start, snap});
    answers_.push_back({cycle + latency, snap});
  }
  void Drive() override {
    *from_.ready = stream_.Chance(pace);
    *to_.valid = !answers_.empty() && answers_.front().first <= cycle_ + 1;
    if (!*to_.valid) return;
    *to_.payload = answers_.front().second;
    answers_.pop_front();
  }

 private:
  FromUnit<Start> from_;
  ToUnit<Snap> to_;
  std::function<Rng()> rng_;
  Rng stream_{0, ""};
  std::deque<std::pair<uint64_t, Snap>> answers_;
  uint64_t cycle_ = 0;
};

}  // namespace handoff
