// SPDX-License-Identifier: Apache-2.0
//
// tx with all its neighbours, and the check of everything that leaves it against what went in.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "model/handoff_tx.h"
#include "tb/twin/twin_bench.h"
#include "tb/unit/tx/frames.h"
#include "tb/unit/tx/neighbours.h"

namespace handoff {

inline constexpr uint64_t kAt = 0x40000000;  // where test data lies

inline TxDesc Raw(std::vector<Piece> pieces) {
  TxDesc d;
  d.op = static_cast<U8>(Tx::TxRaw);
  d.n_pieces = static_cast<U8>(pieces.size());
  pieces.resize(kMaxPieces);
  d.piece0 = pieces[0], d.piece1 = pieces[1], d.piece2 = pieces[2];
  return d;
}
inline TxDesc Send(Conn conn, std::vector<Piece> pieces = {}) {
  TxDesc d = Raw(std::move(pieces));
  d.op = static_cast<U8>(Tx::TxSend);
  d.conn = conn;
  return d;
}

template <class RtlClass>
class TxRig {
 public:
  using Bench = TwinBench<handoff_tx, RtlClass>;
  Bench bench;
  HostMemory memory;
  Producer<Tmpl> tmpl{bench, bench.to.tmpl};
  Producer<Ackreq> ackreq{bench, bench.to.ackreq};
  DmaReads dma{bench, memory};
  Snapshots rx_tcp{bench};
  Consumer<Ntf> sent{bench, bench.from.sent};
  Consumer<Axis> tx{bench, bench.from.tx};
  Consumer<Cnt> tx_cnt{bench, bench.from.tx_cnt}, txa_cnt{bench, bench.from.txa_cnt};
  const uint32_t entries = RtlClass::template ModelParams<handoff_tx::Params>().DctEntries;

  struct Frame {
    Bytes bytes;
    bool user;
    uint64_t first_cycle, last_cycle;
  };
  std::vector<Frame> frames;  // as of the last Check()

  TxRig() { Ready(); }

  // Out of reset and cleared; link up, ring of 64 entries at 0x1000.
  void Ready() {
    memory.Clear();
    templates_.clear();
    descs_.clear();
    acks_.clear();
    frames.clear();
    starts_ = tx_count_ = txa_count_ = 0;
    bench.in.cfg.max_frame = 9018;
    bench.in.link_up = true;
    bench.in.sent_ready = bench.in.tx_ready = bench.in.tx_rd_req_ready = bench.in.start_ready =
        true;
    SetRing(0x1000, 6);
    bench.Until([&] { return bench.out().quiet; }, "cleared", entries + 4);
  }
  void SetRing(uint64_t base, uint8_t log_size) {
    bench.in.tx_ring = {.enable = true, .base = base, .log_size = log_size, .index = 0};
  }
  uint32_t ring_size() const { return uint32_t{1} << bench.in.tx_ring.log_size; }

  void SetTemplate(const Tmpl& t) {
    tmpl.Push(t);
    templates_[t.conn & (entries - 1)] = t;
    bench.Until([&] { return tmpl.done(); }, "template taken");
    bench.Cycle(2);
  }
  // Any addresses and ports.
  Tmpl RandomTemplate(Conn conn, Rng& rng) {
    Tmpl t = rng.Any<Tmpl>();
    t.conn = conn;
    return t;
  }

  bool RingFull() const {
    const Ring& ring = bench.in.tx_ring;
    return ((ring.index + 1u - bench.out().tx_cons) & (ring_size() - 1)) == 0;
  }
  // Writes a descriptor and rings the doorbell.
  void Post(const TxDesc& d) {
    Ring& ring = bench.in.tx_ring;
    if (RingFull()) bench.Until([&] { return !RingFull(); }, "room in the ring");
    Data word;
    d.Pack(word.w.data());
    memory.Write(ring.base + uint64_t{kDataBytes} * ring.index, word);
    ring.index = static_cast<U16>((ring.index + 1u) & (ring_size() - 1));
    descs_.push_back(d);
  }
  void Ask(const Ackreq& request) {
    ackreq.Push(request);
    acks_.push_back(request);
  }
  void Settle() {
    bench.Cycle(2);
    bench.Until([&] { return tmpl.done() && ackreq.done() && bench.out().quiet; }, "settled",
                200000);
  }

  // What the unit must make of a descriptor, up to rx_tcp's answer.
  Status StatusOf(const TxDesc& d, Bytes* data) const {
    const Piece pieces[] = {d.piece0, d.piece1, d.piece2};
    const uint32_t n = std::min<uint32_t>(d.n_pieces, kMaxPieces);
    uint64_t total = 0;
    bool empty = false, bad = false;
    for (uint32_t i = 0; i < n; ++i) total += pieces[i].size, empty |= pieces[i].size == 0;
    const uint64_t limit = std::min<uint64_t>(bench.in.cfg.max_frame, 16384);
    if (d.op != 1 && d.op != 2) return Status::StatusBadOp;
    const bool raw = d.op == 1;
    if (!raw && d.conn >= entries) return Status::StatusBadIndex;
    if (d.n_pieces > 3) return Status::StatusBadPiece;
    if (!raw && (d.n_sacks > 3 || (d.n_sacks != 0 && n != 0))) return Status::StatusBadPiece;
    if (!raw && empty) return Status::StatusBadSize;
    if (total > limit || (raw && total == 0)) return Status::StatusBadLength;
    for (uint32_t i = 0; i < n; ++i) bad |= memory.Read(pieces[i].addr, pieces[i].size, data);
    return bad ? Status::StatusReadError : Status::StatusOk;
  }

  // Everything that left since the last time against everything asked for. `all`: nothing is still
  // under way; else what left must be the front part of it.
  void Check(bool all = true) {
    CollectFrames();
    size_t frame = 0;
    std::deque<Answered> starts(rx_tcp.starts.begin() + static_cast<std::ptrdiff_t>(starts_),
                                rx_tcp.starts.end());
    while (true) {
      // On the wire, segments and ACKs stand in the order of their starts; what needs no start
      // stands anywhere between them, which the frame itself tells.
      const bool own = !starts.empty() && starts.front().first.own_ack && !acks_.empty();
      Bytes data;
      const Status status = descs_.empty() ? Status::StatusOk : StatusOf(descs_.front(), &data);
      const bool needs_start =
          !descs_.empty() && descs_.front().op == 2 && status == Status::StatusOk;
      const bool desc = !descs_.empty() && !sent.empty() &&
                        (!needs_start || (!starts.empty() && !starts.front().first.own_ack));
      if (own && (!desc || (status == Status::StatusOk && IsOwn(starts.front(), frame)))) {
        if (!OwnAck(starts.front(), &frame, all)) break;
      } else if (desc) {
        CheckDescriptor(status, data, starts, &frame);
        continue;
      } else {
        break;
      }
      starts.pop_front();
      ++starts_;
    }
    if (!all) {
      EXPECT_LE(frames.size(), frame + 1);
      if (frame < frames.size()) CheckAborted(starts, frame);
      return;
    }
    EXPECT_EQ(frame, frames.size()) << "more frames than were asked for";
    EXPECT_TRUE(sent.empty());
    EXPECT_TRUE(descs_.empty()) << "no answer to " << descs_.front().ToString();
    EXPECT_TRUE(acks_.empty()) << "ACK requests without a start";
    EXPECT_TRUE(starts.empty()) << "starts without a reason";
    EXPECT_EQ(tx_cnt.received(), tx_count_);
    EXPECT_EQ(txa_cnt.received(), txa_count_);
    for (; !tx_cnt.empty();) EXPECT_EQ(tx_cnt.Take().index, 41);    // CntTxFrames
    for (; !txa_cnt.empty();) EXPECT_EQ(txa_cnt.Take().index, 42);  // CntTxAcks
  }

  // What has left on tx since the last time.
  void CollectFrames() {
    frames.clear();
    while (!tx.empty()) {
      const uint64_t cycle = tx.items().front().cycle;
      const Axis beat = tx.Take();
      if (!open_) frames.push_back({{}, false, cycle, cycle});
      Frame& frame = frames.back();
      frame.last_cycle = cycle;
      open_ = !beat.last;
      frame.user = beat.user;
      uint32_t n = 0;
      while (n < kDataBytes && (beat.keep >> n & 1) != 0) ++n;
      EXPECT_TRUE(n == kDataBytes || beat.keep >> n == 0) << "keep has a gap";
      EXPECT_TRUE(beat.last || n == kDataBytes) << "a short beat inside a frame";
      for (uint32_t i = n; i < kDataBytes; ++i) EXPECT_EQ(beat.data.byte(i), 0) << "past the end";
      frame.bytes.insert(frame.bytes.end(), beat.data.bytes(), beat.data.bytes() + n);
    }
    EXPECT_FALSE(open_) << "a frame without its end";
    open_ = false;
  }

 private:
  static Status AfterSnap(const Snap& snap, size_t len) {
    if (snap.status != Status::StatusOk) return snap.status;
    const size_t less = snap.ts_on ? 12 : 0;
    return len > (snap.mss > less ? snap.mss - less : 0) ? Status::StatusBadLength
                                                         : Status::StatusOk;
  }
  Segment SegmentOf(const TxDesc& d, const Bytes& data) const {
    Segment segment{.psh = (d.flags & 1) != 0, .fin = (d.flags & 2) != 0, .payload = data};
    const uint64_t blocks[] = {d.piece0.addr, d.piece1.addr, d.piece2.addr};
    segment.sacks.assign(blocks, blocks + d.n_sacks);
    return segment;
  }
  void SameFrame(size_t i, const Bytes& expected, const char* what) {
    if (i >= frames.size()) {
      ADD_FAILURE() << "a frame is missing: " << what;
      return;
    }
    EXPECT_FALSE(frames[i].user);
    EXPECT_EQ(frames[i].bytes.size(), expected.size()) << what;
    if (frames[i].bytes == expected) return;
    const auto at = std::mismatch(expected.begin(), expected.end(), frames[i].bytes.begin(),
                                  frames[i].bytes.end());
    ADD_FAILURE() << what << ": frame " << i << " differs from byte "
                  << at.first - expected.begin();
  }
  Bytes OwnFrame(const Snap& snap) {
    const Ackreq request = acks_.front();
    Segment segment;
    if (request.dsack) {
      segment.sacks = {uint64_t{request.dsack_left} << 32 | request.dsack_right};
    }
    return FrameOf(templates_[request.conn & (entries - 1)], snap, segment);
  }
  bool IsOwn(const Answered& start, size_t frame) {
    return start.second.status != Status::StatusOk ||
           (frame < frames.size() && frames[frame].bytes == OwnFrame(start.second));
  }
  // False: it has not left.
  bool OwnAck(const Answered& start, size_t* frame, bool all) {
    EXPECT_EQ(start.first, (Start{.conn = acks_.front().conn, .own_ack = true}));
    if (start.second.status == Status::StatusOk) {
      if (!all && (*frame == frames.size() || frames[*frame].user)) return false;
      SameFrame((*frame)++, OwnFrame(start.second), "own ACK");
      ++tx_count_, ++txa_count_;
    }
    acks_.pop_front();
    return true;
  }
  void CheckDescriptor(Status status, const Bytes& data, std::deque<Answered>& starts,
                       size_t* frame) {
    const TxDesc d = descs_.front();
    descs_.pop_front();
    Seq seq = 0;
    if (status == Status::StatusOk && d.op == 1) {
      Bytes expected = data;
      if (expected.size() < kMinFrameBytes) expected.resize(kMinFrameBytes);
      SameFrame((*frame)++, expected, "RAW");
      ++tx_count_;
    } else if (status == Status::StatusOk) {
      const auto [start, snap] = starts.front();
      starts.pop_front();
      ++starts_;
      EXPECT_EQ(start, (Start{.conn = d.conn,
                              .gen = d.gen,
                              .own_ack = false,
                              .has_ack = (d.flags & 4) != 0,
                              .ack = d.ack,
                              .rcv_edge = d.rcv_edge,
                              .seq = d.seq,
                              .len = static_cast<U16>(data.size()),
                              .fin = (d.flags & 2) != 0}));
      status = AfterSnap(snap, data.size());
      seq = snap.snd_nxt;
      if (status == Status::StatusOk) {
        SameFrame((*frame)++, FrameOf(templates_[d.conn], snap, SegmentOf(d, data)), "SEND");
        ++tx_count_;
      }
    }
    const Ntf ntf = sent.Take();
    const Ntf expected{.kind = NtfKind::NtfSent,
                       .code = static_cast<uint8_t>(status),
                       .gen = d.gen,
                       .conn = d.conn,
                       .seq = seq,
                       .tag = d.tag};
    EXPECT_EQ(ntf, expected) << ntf.ToString() << " for " << d.ToString();
  }
  // The frame that stop cut off begins as it should.
  void CheckAborted(const std::deque<Answered>& starts, size_t frame) {
    EXPECT_TRUE(frames[frame].user);
    std::vector<Bytes> candidates;
    if (!acks_.empty() && !starts.empty()) candidates.push_back(OwnFrame(starts.front().second));
    Bytes data;
    if (!descs_.empty() && StatusOf(descs_.front(), &data) == Status::StatusOk) {
      const TxDesc& d = descs_.front();
      if (d.op == 1) candidates.push_back(data);
      if (d.op == 2 && !starts.empty()) {
        candidates.push_back(
            FrameOf(templates_[d.conn], starts.front().second, SegmentOf(d, data)));
      }
    }
    const Bytes& begun = frames[frame].bytes;
    EXPECT_TRUE(std::any_of(candidates.begin(), candidates.end(), [&](const Bytes& expected) {
      return begun.size() < expected.size() &&
             std::equal(begun.begin(), begun.end(), expected.begin());
    })) << "an abandoned frame that is none of those asked for";
  }
  std::map<uint32_t, Tmpl> templates_;
  std::deque<TxDesc> descs_;  // posted, not checked
  std::deque<Ackreq> acks_;
  size_t starts_ = 0;  // checked
  uint64_t tx_count_ = 0, txa_count_ = 0;
  bool open_ = false;
};

}  // namespace handoff
