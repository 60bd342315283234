// SPDX-License-Identifier: Apache-2.0
//
// The transmit ring, segments, and own ACKs (docs/units/tx.md).
//
// ackreq to the first beat on tx: 6 cycles and what rx_tcp takes for its snap. A frame begins only
// when all its bytes are here. Never leaves a bubble in a frame, never answers out of ring order,
// never writes memory.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "gen/handoff_params_pkg.h"
#include "gen/handoff_pkg.h"
#include "gen/handoff_tx_ports.h"
#include "model/flip.h"
#include "model/prim/arb.h"
#include "model/prim/fifo.h"
#include "model/prim/ram.h"
#include "model/prim/ram_fifo.h"
#include "model/prim/skid.h"
#include "model/tx/header.h"

namespace handoff {

class handoff_tx {
 public:
  struct Params {
    uint32_t DctEntries = kDefaultDctEntries;
  };
  using In = handoff_tx_in;
  using Out = handoff_tx_out;

  explicit handoff_tx(const Params& params);
  handoff_tx() : handoff_tx(Params()) {}

  In in;
  void Reset();
  void Tick() {
    if (!idle_ || *in.ackreq_valid || *in.tmpl_valid || *in.tx_rd_valid ||
        *in.tx_ring != seen_ring_)
      Edge();
  }
  void Commit() {
    if (changed_) Show();
  }
  const Out& out() const { return q_; }

  template <class F>
  void ForEachReg(F&& f) {
    f("clear", r_.clear);
    f("clr", r_.clr, IndexBits(dct_entries_));
    f("fetch", r_.fetch);
    f("cons", d_.tx_cons);
    f("fly", r_.fly, 5);
    f("held", r_.held, 5);
    f("fault", d_.tx_fault);
    f("left", r_.left, IndexBits(kMaxReadBytes + 1));
    f("acc", r_.acc);
    f("acc_cnt", r_.acc_cnt, IndexBits(kDataBytes + 1));
    f("acc_err", r_.acc_err);
    f("flush", r_.flush);
    f("w_valid", r_.w_valid);
    f("w_data", r_.w_data);
    f("w_last", r_.w_last);
    f("w_err", r_.w_err);
    f("w_ptr", r_.w_ptr, kPtrBits);
    f("sum", r_.sum);
    f("d_state", r_.d_state, 2);
    f("d", r_.d);
    f("cur", r_.cur);
    f("nxt", r_.nxt);
    f("nxt2", r_.nxt2);
    f("space", r_.space, IndexBits(kFrameWords + 1));
    f("p_state", r_.p_state, 3);
    f("p_own", r_.p_own);
    f("p_frame", r_.p_frame);
    f("p_raw", r_.p_raw);
    f("p_item", r_.p_item);
    f("p_sum", r_.p_sum);
    f("p_status", r_.p_status, 6);
    f("p_seq", r_.p_seq);
    f("snap", r_.snap);
    f("addr_sum", r_.sums.addr);
    f("tcp_sum", r_.sums.tcp);
    f("ip_sum", r_.sums.ip);
    f("hdr", r_.hdr);
    f("hlen", r_.hlen, 7);
    f("s_active", r_.s_active);
    f("s_item", r_.s_item);
    f("s_hdr", r_.s_hdr);
    f("s_hlen", r_.s_hlen, 7);
    f("s_k", r_.s_k, 9);
    f("s_last_k", r_.s_last_k, 9);
    f("s_last_lane", r_.s_last_lane, IndexBits(kDataBytes));
    f("s_left", r_.s_left, IndexBits(tx::kMaxLen / kDataBytes + 1));
    f("s_raddr", r_.s_raddr, kPtrBits);
    Data carry = Carry();
    f("s_carry", carry);
    SetCarry(carry);
    f("r_ptr", r_.r_ptr, kPtrBits);
    f("u_tmpl_skid", u_tmpl_skid_);
    f("u_ackreq_skid", u_ackreq_skid_);
    f("u_tmpl", u_tmpl_);
    f("u_desc", u_desc_);
    f("u_ord", u_ord_);
    f("u_item", u_item_);
    f("u_done", u_done_);
    f("u_arb", u_arb_);
    Data none{};
    f("u_frame.rdata", r_.s_left != 0 ? u_frame_[Before(r_.s_raddr)] : none);
    f("start_valid", d_.start_valid);
    f("start", d_.start);
    f("sent_valid", d_.sent_valid);
    f("sent", d_.sent);
    f("tx_valid", d_.tx_valid);
    f("tx", d_.tx);
    f("tx_cnt_valid", d_.tx_cnt_valid);
    f("tx_cnt", d_.tx_cnt);
    f("txa_cnt_valid", d_.txa_cnt_valid);
    f("txa_cnt", d_.txa_cnt);
    f("tx_rd_req_valid", d_.tx_rd_req_valid);
    f("tx_rd_req", d_.tx_rd_req);
    f("tx_idle", d_.tx_idle);
    f("quiet", d_.quiet);
  }
  bool Flip(std::string_view reg, uint32_t bit);

 private:
  void Edge();
  void Show();
  static constexpr uint32_t kDescriptors = 16;
  static constexpr uint32_t kReads = 32;
  static constexpr uint32_t kFrameWords = 512;
  static constexpr uint32_t kPtrBits = IndexBits(kFrameWords);

  enum class DSt : uint8_t { kIdle, kCheck, kPiece };
  enum class PSt : uint8_t { kIdle, kWait, kHdr, kSum, kDone };
  // One read request on its way.
  struct Ord {
    bool is_desc = false;
    uint8_t lane = 0;
    uint16_t bytes = 0;
    bool last = false;  // the frame's last

    template <class F>
    void ForEachField(F&& f) {
      f("is_desc", is_desc);
      f("lane", lane, IndexBits(kDataBytes));
      f("bytes", bytes, IndexBits(kMaxReadBytes + 1));
      f("last", last);
    }
  };
  // One frame whose bytes are all in u_frame.
  struct Done {
    bool err = false;
    uint16_t sum = 0;

    template <class F>
    void ForEachField(F&& f) {
      f("err", err);
      f("sum", sum);
    }
  };
  // In the page's order, not the one that packs best.
  // NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding)
  struct Regs {
    bool clear = true;
    uint16_t clr = 0;
    // Requests, arrival.
    uint16_t fetch = 0;
    uint8_t fly = 0;
    uint8_t held = 0;
    uint16_t left = 0;
    Data acc{};
    uint8_t acc_cnt = 0;
    bool acc_err = false;
    bool flush = false;
    bool w_valid = false;
    Data w_data{};
    bool w_last = false;
    bool w_err = false;
    uint16_t w_ptr = 0;
    uint32_t sum = 0;
    // Decode.
    DSt d_state = DSt::kIdle;
    TxDesc d{};
    Piece cur{};
    Piece nxt{};
    Piece nxt2{};
    uint16_t space = kFrameWords;
    // Prepare.
    PSt p_state = PSt::kIdle;
    bool p_own = false;
    bool p_frame = false;
    bool p_raw = false;
    tx::Item p_item{};
    uint16_t p_sum = 0;
    Status p_status = Status::StatusOk;
    Seq p_seq = 0;
    Snap snap{};
    tx::Sums sums{};
    tx::Header hdr{};
    uint8_t hlen = 0;
    // Send.
    bool s_active = false;
    tx::Sent s_item{};
    tx::Header s_hdr{};
    uint8_t s_hlen = 0;
    uint16_t s_k = 0;
    uint16_t s_last_k = 0;
    uint8_t s_last_lane = 0;
    uint16_t s_left = 0;
    uint16_t s_raddr = 0;
    uint16_t r_ptr = 0;
  };
  // What the stages tell each other at one edge: moves of the FIFOs between them.
  struct Wires {
    bool ord_push = false, ord_pop = false;
    bool desc_push = false, desc_pop = false;
    bool item_push = false, item_pop = false;
    bool done_push = false, done_pop = false;
    bool ackreq_pop = false;
    bool accepted = false;      // send takes what prepare holds
    bool request_last = false;  // a frame's last piece was requested
    bool fetching = false;      // avail != 0, and it may be read
    uint16_t freed = 0;         // words of u_frame let go by send
    Ord ord{};
    tx::Item item{};
    Done done{};
  };

  void TickSend();
  void Accept();
  void Beat();
  void TickPrepare();
  void Begin();
  void TickTemplates();
  void TickDecode();
  void Check();
  void TickRequests();
  void TickArrival();
  void Append(const Ord& head, uint32_t lane, uint32_t k, bool frame_end);
  void TickWrite();
  template <class Item>
  static Ntf SentNtf(const Item& item, Status status, Seq seq);
  static uint32_t Before(uint32_t word) { return (word + kFrameWords - 1) % kFrameWords; }
  uint32_t CarryBytes() const;
  Data Carry() const;
  void SetCarry(const Data& carry);

  const uint32_t dct_entries_;
  Regs r_;
  prim::Skid<Tmpl> u_tmpl_skid_;
  prim::Skid<Ackreq> u_ackreq_skid_;
  prim::Ram<Tmpl> u_tmpl_;
  prim::RamFifo<TxDesc> u_desc_;
  prim::Fifo<Ord> u_ord_;
  prim::RamFifo<tx::Item> u_item_;
  prim::Fifo<Done> u_done_;
  std::vector<Data>
      u_frame_;  // read in place, s_carry too: a frame's words stay until its last beat
  prim::Arb<2> u_arb_;
  Out d_, q_;
  Wires w_;            // of this edge
  bool idle_ = false;  // the last edge left nothing to do
  Ring seen_ring_{};   // as at the last edge that was looked at
  // Which wide payloads Commit() has to copy.
  bool load_start_ = false;
  bool load_sent_ = false;
  bool load_tx_ = false;
  bool changed_ = false;
};

}  // namespace handoff
