// SPDX-License-Identifier: Apache-2.0
//
// dma with its five clients and its AXI port, and the check of everything that leaves it against
// what went in.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "gen/handoff_dma_rtl.h"
#include "model/handoff_dma.h"
#include "tb/twin/axi_responses.h"
#include "tb/twin/twin_bench.h"

namespace handoff {

constexpr uint32_t kMaxBursts = 16, kMaxTagBeats = 8;
// Of writes, of reads.
enum Client : uint8_t { kUploadWr, kNotifyWr, kCmdRd = 0, kLegacyRd, kTxRd };

// What memory holds: any function of the address will do.
inline Data MemoryAt(uint64_t addr) {
  Data data;
  for (uint64_t& word : data.w) word = Rng::Mix(addr++);
  return data;
}

// The unit, its five clients, and the AXI port, whose answers wait as long as the test wants.
// Checks everything that leaves the unit against what went in.
template <class RtlClass = handoff_dma_rtl>
class Dma {
 public:
  using Bench = TwinBench<handoff_dma, RtlClass>;
  Bench bench;
  Producer<Wr> upload_wr{bench, bench.to.upload_wr}, notify_wr{bench, bench.to.notify_wr};
  Producer<RdReq> cmd_rd_req{bench, bench.to.cmd_rd_req},
      legacy_rd_req{bench, bench.to.legacy_rd_req};
  Producer<RdReq> tx_rd_req{bench, bench.to.tx_rd_req};
  Producer<AxiB> b{bench, bench.to.b};
  Producer<AxiR> r{bench, bench.to.r};
  Consumer<AxiAddr> aw{bench, bench.from.aw}, ar{bench, bench.from.ar};
  Consumer<AxiW> w{bench, bench.from.w};
  Consumer<WrDone> upload_wr_done{bench, bench.from.upload_wr_done},
      notify_wr_done{bench, bench.from.notify_wr_done};
  Consumer<Rd> cmd_rd{bench, bench.from.cmd_rd}, legacy_rd{bench, bench.from.legacy_rd},
      tx_rd{bench, bench.from.tx_rd};
  const uint32_t rd_tags = RtlClass::template ModelParams<handoff_dma::Params>().RdTags;

  // How the port answers.
  double b_chance = 1, r_chance = 1, error_chance = 0, nonsense_chance = 0;
  bool shuffle = false;
  // What was seen, and when.
  std::vector<uint8_t> aw_clients, ar_clients;
  std::vector<uint64_t> aw_cycles, w_cycles, ar_cycles, done_cycles, rd_cycles, b_cycles, r_cycles;
  uint64_t write_errors = 0, read_errors = 0, nonsense = 0, overtakes = 0;

  // Forgets the last run.
  void Start() {
    rng_ = bench.MakeRng("port");
    b_chance = r_chance = 1;
    error_chance = nonsense_chance = 0;
    shuffle = false;
    for (auto& queue : bursts_) queue.clear();
    for (auto& queue : requests_) queue.clear();
    w_bursts_.clear();
    answers_.clear();
    tags_.clear();
    open_.reset();
    aw_clients.clear(), ar_clients.clear();
    for (auto* x : {&aw_cycles, &w_cycles, &ar_cycles, &done_cycles, &rd_cycles}) x->clear();
    b_cycles.clear(), r_cycles.clear();
    answered_ = tags_issued_ = 0;
  }

  // A burst of a client. Its address says whose it is.
  void Write(Client client, uint32_t beats) {
    const uint64_t serial = serial_++;
    std::vector<Wr> burst;
    for (uint32_t i = 0; i < beats; ++i) {
      Wr beat;
      beat.first = i == 0;
      beat.last = i + 1 == beats;
      beat.addr = uint64_t{client} << 40 | serial << 12;
      beat.beats = static_cast<U8>(beats);
      beat.strb = Rng::Mix(serial * 64 + i);
      beat.data = MemoryAt(beat.addr + i);
      beat.data.w[0] = client;  // so that a W beat says whose it is
      burst.push_back(beat);
      (client == kUploadWr ? upload_wr : notify_wr).Push(beat);
    }
    bursts_[client].push_back(burst);
  }
  void Read(Client client, uint32_t offset, uint32_t bytes) {
    const RdReq request{.addr = uint64_t{client} << 40 | serial_++ << 16 | offset,
                        .bytes = static_cast<U16>(bytes)};
    requests_[client].push_back(request);
    (client == kCmdRd ? cmd_rd_req : client == kLegacyRd ? legacy_rd_req : tx_rd_req).Push(request);
  }

  void Step(uint64_t cycles = 1) {
    for (uint64_t i = 0; i < cycles; ++i) {
      const typename Bench::Out before = bench.out();
      const bool stopped = bench.in.halt || bench.in.stop;
      const bool aw_held = before.aw_valid && !bench.in.aw_ready;
      const bool ar_held = before.ar_valid && !bench.in.ar_ready;
      bench.Cycle();
      if (stopped) {
        EXPECT_TRUE(aw_held || !bench.out().aw_valid) << "a burst began";
        EXPECT_TRUE(ar_held || !bench.out().ar_valid) << "a read began";
      }
      SeeWrites();
      SeeReads();
      SeeLevels();
      Answer();
    }
  }
  template <class F>
  void StepUntil(F&& condition, const char* what, uint64_t limit = 20000) {
    for (uint64_t i = 0; !condition(); ++i) {
      if (i == limit) bench.Fail(std::string("did not happen: ") + what + "\n");
      Step();
    }
  }
  bool Done() const {
    return Empty(bursts_) && Empty(requests_) && !open_ && answers_.empty() && tags_.empty() &&
           answered_ == aw_clients.size();
  }
  uint32_t outstanding() const { return static_cast<uint32_t>(aw_clients.size() - answered_); }
  size_t tags() const { return tags_.size(); }

  // The page's formula for the beats of a request.
  static uint32_t BeatsOf(const RdReq& q) {
    const uint32_t touched = (q.addr % kDataBytes + q.bytes + kDataBytes - 1) / kDataBytes;
    return std::clamp(touched, 1u, kMaxTagBeats);
  }

 private:
  struct Answer_ {
    uint8_t client;
    bool err;
  };
  struct Tag {
    uint8_t id, client;
    uint64_t addr;
    uint32_t beats, given = 0, got = 0;
    std::array<bool, kMaxTagBeats> err{};
  };
  struct OpenBurst {
    uint8_t client;
    size_t beat;
  };

  template <class Queues>
  static bool Empty(const Queues& queues) {
    return std::all_of(queues.begin(), queues.end(), [](const auto& q) { return q.empty(); });
  }

  // W may run ahead of AW at the pins; the bursts are the same in the same order.
  void SeeWrites() {
    while (!w.empty()) {
      w_cycles.push_back(w.items().front().cycle);
      const AxiW beat = w.Take();
      const auto client = static_cast<uint8_t>(beat.data.w[0]);
      if (!open_) open_ = OpenBurst{client, 0};
      ASSERT_EQ(client, open_->client) << "a burst was interrupted";
      ASSERT_LT(w_done_[client], bursts_[client].size());
      const Wr& want = bursts_[client][w_done_[client]][open_->beat++];
      EXPECT_EQ(beat.data, want.data);
      EXPECT_EQ(beat.strb, want.strb);
      EXPECT_EQ(beat.last, want.last);
      if (beat.last) {
        w_bursts_.push_back(client);
        ++w_done_[client];
        open_.reset();
      }
    }
    while (!aw.empty()) {
      aw_cycles.push_back(aw.items().front().cycle);
      const AxiAddr addr = aw.Take();
      const auto client = static_cast<uint8_t>(addr.addr >> 40);
      ASSERT_LT(aw_done_[client], bursts_[client].size());
      const Wr& want = bursts_[client][aw_done_[client]++].front();
      EXPECT_EQ(addr,
                (AxiAddr{.id = 0, .len = static_cast<U8>(want.beats - 1), .addr = want.addr}));
      aw_clients.push_back(client);
      EXPECT_LE(outstanding(), kMaxBursts);
    }
    for (size_t i = 0; i < std::min(aw_clients.size(), w_bursts_.size()); ++i) {
      ASSERT_EQ(aw_clients[i], w_bursts_[i]) << "AW and W in different orders";
    }
    for (const uint8_t client : {kUploadWr, kNotifyWr}) {
      auto& done = client == kUploadWr ? upload_wr_done : notify_wr_done;
      if (done.empty()) continue;
      ASSERT_FALSE(answers_.empty()) << "an answer without B";
      done_cycles.push_back(done.items().front().cycle);
      EXPECT_EQ(client, answers_.front().client);
      EXPECT_EQ(done.Take().err, answers_.front().err);
      answers_.pop_front();
      bursts_[client].pop_front();
      --aw_done_[client], --w_done_[client];
    }
  }

  void SeeReads() {
    while (!ar.empty()) {
      ar_cycles.push_back(ar.items().front().cycle);
      const AxiAddr addr = ar.Take();
      const auto client = static_cast<uint8_t>(addr.addr >> 40);
      ASSERT_FALSE(requests_[client].empty());
      const RdReq want = requests_[client].front();
      requests_[client].pop_front();
      const uint32_t beats = BeatsOf(want);
      EXPECT_EQ(addr.addr, want.addr - want.addr % kDataBytes);
      EXPECT_EQ(addr.len, beats - 1);
      EXPECT_EQ(addr.id, tags_issued_++ % rd_tags) << "tags are a ring";
      tags_.push_back({.id = addr.id, .client = client, .addr = addr.addr, .beats = beats});
      ar_clients.push_back(client);
      EXPECT_LE(tags_.size(), rd_tags + 1);  // the last beat of one may still be on its way out
    }
    uint32_t beats = 0;
    for (const uint8_t client : {kCmdRd, kLegacyRd, kTxRd}) {
      auto& rd = client == kCmdRd ? cmd_rd : client == kLegacyRd ? legacy_rd : tx_rd;
      if (rd.empty()) continue;
      ASSERT_EQ(++beats, 1u) << "two beats in one cycle";
      rd_cycles.push_back(rd.items().front().cycle);
      const Rd beat = rd.Take();
      ASSERT_FALSE(tags_.empty());
      Tag& tag = tags_.front();
      ASSERT_LT(tag.got, tag.given);
      EXPECT_EQ(client, tag.client) << "not in the order of the requests";
      EXPECT_EQ(beat.data, MemoryAt(tag.addr + tag.got * kDataBytes));
      EXPECT_EQ(beat.err, tag.err[tag.got]);
      EXPECT_EQ(beat.last, ++tag.got == tag.beats);
      if (tag.got == tag.beats) tags_.pop_front();
    }
  }

  void SeeLevels() {
    const auto& out = bench.out();
    const bool all_given = std::all_of(tags_.begin(), tags_.end(),
                                       [](const Tag& tag) { return tag.given == tag.beats; });
    if (out.drained) {
      EXPECT_FALSE(out.aw_valid || out.w_valid || out.ar_valid || open_ || !all_given);
      EXPECT_EQ(outstanding(), 0u);
    }
    if (out.quiet) {
      EXPECT_TRUE(out.drained);
      EXPECT_TRUE(answers_.empty() && tags_.empty());
    }
  }

  void Answer() {
    if (b.queued() == 0 && answered_ < std::min(aw_clients.size(), w_bursts_.size()) &&
        rng_.Chance(b_chance)) {
      const bool err = rng_.Chance(error_chance);
      write_errors += err;
      b_cycles.push_back(bench.cycle() + 1);
      b.Push({.resp = err ? (rng_.Chance(0.5) ? kSlverr : kDecerr) : kOkay});
      answers_.push_back({aw_clients[answered_++], err});
    }
    if (r.queued() != 0) return;
    if (rng_.Chance(nonsense_chance)) {
      Nonsense();
    } else if (rng_.Chance(r_chance)) {
      std::vector<size_t> waiting;
      for (size_t i = 0; i < tags_.size(); ++i) {
        if (tags_[i].given < tags_[i].beats) waiting.push_back(i);
      }
      if (waiting.empty()) return;
      const size_t pick = shuffle ? rng_.Below(waiting.size()) : 0;
      overtakes += waiting[pick] != waiting[0];
      Tag& tag = tags_[waiting[pick]];
      const bool err = rng_.Chance(error_chance);
      read_errors += err;
      tag.err[tag.given] = err;
      r_cycles.push_back(bench.cycle() + 1);
      AxiR beat{.resp = err ? (rng_.Chance(0.5) ? kSlverr : kDecerr) : kOkay, .id = tag.id};
      beat.data = MemoryAt(tag.addr + tag.given * kDataBytes);
      beat.last = ++tag.given == tag.beats;
      r.Push(beat);
    }
  }

  // A beat of an id that is not outstanding (nor can be when it arrives), or one too many.
  void Nonsense() {
    AxiR beat = rng_.Any<AxiR>();
    if (tags_.size() > 3 && tags_.back().given == tags_.back().beats && rng_.Chance(0.5)) {
      beat.id = tags_.back().id;
    } else if (rd_tags >= 16 && tags_.size() + 8 < rd_tags && rng_.Chance(0.5)) {
      beat.id = static_cast<U8>((tags_issued_ + 6) % rd_tags);
    } else {
      beat.id = static_cast<U8>(rng_.Between(rd_tags, 255));
    }
    ++nonsense;
    r.Push(beat);
  }

  Rng rng_ = bench.MakeRng("port");
  uint64_t serial_ = 1;
  std::array<std::deque<std::vector<Wr>>, 2> bursts_;  // not answered yet, of each client
  std::array<size_t, 2> aw_done_{}, w_done_{};         // of these, how many are out
  std::optional<OpenBurst> open_;
  std::vector<uint8_t> w_bursts_;
  uint64_t answered_ = 0;
  std::deque<Answer_> answers_;  // given on B, not told yet
  std::array<std::deque<RdReq>, 3> requests_;
  std::deque<Tag> tags_;
  uint64_t tags_issued_ = 0;
};

}  // namespace handoff
