// SPDX-License-Identifier: Apache-2.0
//
// Read and write arbitration, tags, reordering of completions (docs/units/dma.md).
//
// A write beat is at w one cycle after its client's; read data is delivered in the order of the
// requests, three cycles after R at best. Never begins anything while halt or stop is 1; always
// ends what it began.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "gen/handoff_dma_ports.h"
#include "gen/handoff_params_pkg.h"
#include "gen/handoff_pkg.h"
#include "model/flip.h"
#include "model/prim/arb.h"
#include "model/prim/fifo.h"
#include "model/prim/ram.h"
#include "model/prim/skid.h"

namespace handoff {

class handoff_dma {
 public:
  struct Params {
    uint32_t RdTags = kDefaultRdTags;
  };
  using In = handoff_dma_in;
  using Out = handoff_dma_out;

  explicit handoff_dma(const Params& params);
  handoff_dma() : handoff_dma(Params()) {}

  In in;
  void Reset();
  void Tick() {
    if (!idle_ || *in.upload_wr_valid || *in.notify_wr_valid || *in.cmd_rd_req_valid ||
        *in.legacy_rd_req_valid || *in.tx_rd_req_valid || *in.b_valid || *in.r_valid) {
      Edge();
    }
  }
  void Commit() {
    if (changed_) Show();
  }
  const Out& out() const { return q_; }

  template <class F>
  void ForEachReg(F&& f) {
    const uint32_t tag_bits = IndexBits(rd_tags_);
    f("w_open", r_.w_open);
    f("w_client", r_.w_client, 1);
    f("head", r_.head, tag_bits);
    f("tail", r_.tail, tag_bits);
    f("tags", r_.tags, tag_bits + 1);
    f("tag_client", MembersOf{tag_, &Tag::client}, 2);
    f("tag_beats", MembersOf{tag_, &Tag::beats}, IndexBits(kTagBeats + 1));
    f("tag_cnt", MembersOf{tag_, &Tag::cnt}, IndexBits(kTagBeats + 1));
    f("dbeat", r_.dbeat, IndexBits(kTagBeats));
    f("d1_valid", r_.d1_valid);
    f("d1_client", r_.d1_client, 2);
    f("d1_last", r_.d1_last);
    f("u_warb", u_warb_);
    f("u_rarb", u_rarb_);
    f("u_order", u_order_, 1);
    f("u_reorder", u_reorder_);
    f("u_upload_wr_skid", u_upload_wr_skid_);
    f("u_notify_wr_skid", u_notify_wr_skid_);
    f("u_cmd_rd_req_skid", u_cmd_rd_req_skid_);
    f("u_legacy_rd_req_skid", u_legacy_rd_req_skid_);
    f("u_tx_rd_req_skid", u_tx_rd_req_skid_);
    f("u_b_skid", u_b_skid_);
    f("u_r_skid", u_r_skid_);
    f("aw_valid", d_.aw_valid);
    f("aw", d_.aw);
    f("w_valid", d_.w_valid);
    f("w", d_.w);
    f("ar_valid", d_.ar_valid);
    f("ar", d_.ar);
    f("upload_wr_done_valid", d_.upload_wr_done_valid);
    f("upload_wr_done", d_.upload_wr_done);
    f("notify_wr_done_valid", d_.notify_wr_done_valid);
    f("notify_wr_done", d_.notify_wr_done);
    f("cmd_rd_valid", d_.cmd_rd_valid);
    f("cmd_rd", d_.cmd_rd);
    f("legacy_rd_valid", d_.legacy_rd_valid);
    f("legacy_rd", d_.legacy_rd);
    f("tx_rd_valid", d_.tx_rd_valid);
    f("tx_rd", d_.tx_rd);
    f("drained", d_.drained);
    f("quiet", d_.quiet);
  }
  bool Flip(std::string_view reg, uint32_t bit);

 private:
  struct Regs {
    bool w_open = false;
    uint8_t w_client = 0;
    uint8_t head = 0;
    uint8_t tail = 0;
    uint8_t tags = 0;
    uint8_t dbeat = 0;
    bool d1_valid = false;
    uint8_t d1_client = 0;
    bool d1_last = false;
  };
  struct Tag {  // tag_client_q, tag_beats_q, tag_cnt_q
    uint8_t client = 0;
    uint8_t beats = 0;
    uint8_t cnt = 0;
  };
  struct Word {
    bool err = false;
    Data data{};

    template <class F>
    void ForEachField(F&& f) {
      f("err", err);
      f("data", data);
    }
  };

  // The clients, by their numbers at the arbiters: of writes, of reads.
  enum WrClient : uint8_t { kUploadWr, kNotifyWr };
  enum RdClient : uint8_t { kCmdRd, kLegacyRd, kTxRd };

  void Edge();
  void Show();
  void TickWrites();
  void TickReads();

  static constexpr uint32_t kMaxBursts = 16;
  static constexpr uint32_t kTagBeats = kMaxReadBytes / kDataBytes;

  const uint32_t rd_tags_;
  Regs r_;
  std::vector<Tag> tag_;
  prim::Arb<2> u_warb_;
  prim::Arb<3> u_rarb_;
  prim::Fifo<uint8_t> u_order_;
  prim::Ram<Word> u_reorder_;
  prim::Skid<Wr> u_upload_wr_skid_, u_notify_wr_skid_;
  prim::Skid<RdReq> u_cmd_rd_req_skid_, u_legacy_rd_req_skid_, u_tx_rd_req_skid_;
  prim::Skid<AxiB> u_b_skid_;
  prim::Skid<AxiR> u_r_skid_;
  Out d_, q_;
  // Which payloads Commit() has to copy.
  bool load_aw_ = false, load_w_ = false, load_ar_ = false;
  bool changed_ = false, reads_changed_ = false;
  bool reads_idle_ = false;  // the read side's part of idle_
  bool idle_ = false;        // the last edge left nothing to do
};

}  // namespace handoff
