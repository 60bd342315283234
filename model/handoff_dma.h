// SPDX-License-Identifier: Apache-2.0
//
// Read and write arbitration, tags, reordering of completions (docs/units/dma.md).
//
// A write beat is at w one cycle after its client's; read data is delivered in the order of the
// requests, three cycles after R at best. Never begins anything while halt or stop is 1; always
// ends what it began.
#ifndef HANDOFF_MODEL_HANDOFF_DMA_H_
#define HANDOFF_MODEL_HANDOFF_DMA_H_

#include <cstdint>
#include <string_view>
#include <vector>

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
    uint32_t RdTags = 32;
  };
  struct In {
    const bool* uw_valid = nullptr;
    const Wr* uw = nullptr;
    const bool* nw_valid = nullptr;
    const Wr* nw = nullptr;
    const bool* cr_req_valid = nullptr;
    const RdReq* cr_req = nullptr;
    const bool* lr_req_valid = nullptr;
    const RdReq* lr_req = nullptr;
    const bool* tr_req_valid = nullptr;
    const RdReq* tr_req = nullptr;
    const bool* aw_ready = nullptr;
    const bool* w_ready = nullptr;
    const bool* ar_ready = nullptr;
    const bool* b_valid = nullptr;
    const AxiB* b = nullptr;
    const bool* r_valid = nullptr;
    const AxiR* r = nullptr;
    const bool* halt = nullptr;
    const bool* stop = nullptr;
  };
  // In the order of the ports, whatever padding that costs:
  // NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding)
  struct Out {
    bool uw_ready = false;
    bool nw_ready = false;
    bool uw_done_valid = false;
    WrDone uw_done{};
    bool nw_done_valid = false;
    WrDone nw_done{};
    bool cr_req_ready = false;
    bool lr_req_ready = false;
    bool tr_req_ready = false;
    bool cr_valid = false;
    Rd cr{};
    bool lr_valid = false;
    Rd lr{};
    bool tr_valid = false;
    Rd tr{};
    bool aw_valid = false;
    AxiAddr aw{};
    bool w_valid = false;
    AxiW w{};
    bool ar_valid = false;
    AxiAddr ar{};
    bool b_ready = false;
    bool r_ready = false;
    bool drained = false;
    bool quiet = false;
  };

  explicit handoff_dma(const Params& params);
  handoff_dma() : handoff_dma(Params()) {}

  In in;
  void Reset();
  void Tick() {
    if (!idle_ || *in.uw_valid || *in.nw_valid || *in.cr_req_valid || *in.lr_req_valid ||
        *in.tr_req_valid || *in.b_valid || *in.r_valid) {
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
    f("u_uw_skid", u_uw_skid_);
    f("u_nw_skid", u_nw_skid_);
    f("u_cr_req_skid", u_cr_req_skid_);
    f("u_lr_req_skid", u_lr_req_skid_);
    f("u_tr_req_skid", u_tr_req_skid_);
    f("u_b_skid", u_b_skid_);
    f("u_r_skid", u_r_skid_);
    f("aw_valid", d_.aw_valid);
    f("aw", d_.aw);
    f("w_valid", d_.w_valid);
    f("w", d_.w);
    f("ar_valid", d_.ar_valid);
    f("ar", d_.ar);
    f("uw_done_valid", d_.uw_done_valid);
    f("uw_done", d_.uw_done);
    f("nw_done_valid", d_.nw_done_valid);
    f("nw_done", d_.nw_done);
    f("cr_valid", d_.cr_valid);
    f("cr", d_.cr);
    f("lr_valid", d_.lr_valid);
    f("lr", d_.lr);
    f("tr_valid", d_.tr_valid);
    f("tr", d_.tr);
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
  prim::Skid<Wr> u_uw_skid_, u_nw_skid_;
  prim::Skid<RdReq> u_cr_req_skid_, u_lr_req_skid_, u_tr_req_skid_;
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

#endif  // HANDOFF_MODEL_HANDOFF_DMA_H_
