// SPDX-License-Identifier: Apache-2.0
#include "model/handoff_dma.h"

#include <algorithm>

#include "model/flip.h"

namespace handoff {
handoff_dma::handoff_dma(const Params& params)
    : rd_tags_(params.RdTags),
      tag_(params.RdTags),
      u_order_(kMaxBursts),
      u_reorder_(kTagBeats * params.RdTags) {}

void handoff_dma::Reset() {
  r_ = Regs{};
  std::fill(tag_.begin(), tag_.end(), Tag{});
  u_warb_.Reset();
  u_rarb_.Reset();
  u_order_.Reset();
  u_reorder_.Reset();
  u_upload_wr_skid_.Reset();
  u_notify_wr_skid_.Reset();
  u_cmd_rd_req_skid_.Reset();
  u_legacy_rd_req_skid_.Reset();
  u_tx_rd_req_skid_.Reset();
  u_b_skid_.Reset();
  u_r_skid_.Reset();
  d_ = q_ = Out{};
  load_aw_ = load_w_ = load_ar_ = changed_ = reads_changed_ = reads_idle_ = idle_ = false;
}

void handoff_dma::Edge() {
  changed_ = true;
  const bool reads_move = !reads_idle_ || *in.cmd_rd_req_valid || *in.legacy_rd_req_valid ||
                          *in.tx_rd_req_valid || *in.r_valid;
  if (reads_move) TickReads();
  TickWrites();
  d_.drained =
      !r_.w_open && !d_.aw_valid && !d_.w_valid && !d_.ar_valid && u_order_.empty() && r_.tags == 0;
  d_.quiet = d_.drained && reads_idle_ && !d_.upload_wr_done_valid && !d_.notify_wr_done_valid &&
             u_upload_wr_skid_.empty() && u_notify_wr_skid_.empty() && u_b_skid_.empty();
  idle_ = d_.quiet;
}

// -------------------------------------------------------------------------------------------------
// Writes: a burst is opened by round robin, then only its client is heard until its last beat.
void handoff_dma::TickWrites() {
  const bool go = !*in.halt && !*in.stop;
  const bool aw_free = !q_.aw_valid || *in.aw_ready, w_free = !q_.w_valid || *in.w_ready;
  const bool valid[2] = {u_upload_wr_skid_.valid(*in.upload_wr_valid),
                         u_notify_wr_skid_.valid(*in.notify_wr_valid)};
  const int pick = u_warb_.Pick(uint64_t{valid[kUploadWr]} << kUploadWr | uint64_t{valid[kNotifyWr]}
                                                                              << kNotifyWr);
  const bool open = !r_.w_open && go && aw_free && w_free && u_order_.ready() && pick >= 0;
  const int src = r_.w_open ? r_.w_client : std::max(pick, 0);
  const bool beat = open || (r_.w_open && valid[r_.w_client] && w_free);
  if (beat) {
    const Wr& x = src == kUploadWr ? u_upload_wr_skid_.data(*in.upload_wr)
                                   : u_notify_wr_skid_.data(*in.notify_wr);
    if (open) {
      u_warb_.Tick(src);
      r_.w_client = static_cast<uint8_t>(src);
      d_.aw = AxiAddr{.id = 0, .len = static_cast<U8>(x.beats - 1), .addr = x.addr};
      load_aw_ = true;
    }
    d_.w.last = x.last;
    d_.w.strb = x.strb;
    d_.w.data = x.data;
    load_w_ = true;
    r_.w_open = !x.last;
  }
  d_.aw_valid = open || (q_.aw_valid && !*in.aw_ready);
  d_.w_valid = beat || (q_.w_valid && !*in.w_ready);

  // -----------------------------------------------------------------------------------------------
  // Write answers.

  const bool ret = u_b_skid_.valid(*in.b_valid) && u_order_.valid();
  d_.upload_wr_done_valid = d_.notify_wr_done_valid = false;
  if (ret) {
    const bool err = (u_b_skid_.data(*in.b).resp & 2) != 0;
    if (u_order_.data() == kUploadWr) {
      d_.upload_wr_done_valid = true;
      d_.upload_wr_done.err = err;
    } else {
      d_.notify_wr_done_valid = true;
      d_.notify_wr_done.err = err;
    }
  }
  if (open || ret) u_order_.Tick(open, static_cast<uint8_t>(src), ret);
  u_upload_wr_skid_.Tick(*in.upload_wr_valid, *in.upload_wr, beat && src == kUploadWr);
  u_notify_wr_skid_.Tick(*in.notify_wr_valid, *in.notify_wr, beat && src == kNotifyWr);
  u_b_skid_.Tick(*in.b_valid, *in.b, true);
  d_.upload_wr_ready = u_upload_wr_skid_.ready();
  d_.notify_wr_ready = u_notify_wr_skid_.ready();
  d_.b_ready = u_b_skid_.ready();
}

// -------------------------------------------------------------------------------------------------
// Requests: a tag each, tags in use are tail, tail + 1, ... (tags of them).
void handoff_dma::TickReads() {
  const bool go = !*in.halt && !*in.stop;
  const bool cmd_rd = u_cmd_rd_req_skid_.valid(*in.cmd_rd_req_valid);
  const bool legacy_rd = u_legacy_rd_req_skid_.valid(*in.legacy_rd_req_valid);
  const bool tx_rd = u_tx_rd_req_skid_.valid(*in.tx_rd_req_valid);
  const int pick = u_rarb_.Pick(uint64_t{cmd_rd} << kCmdRd | uint64_t{legacy_rd} << kLegacyRd |
                                uint64_t{tx_rd} << kTxRd);
  const bool issue = go && r_.tags != rd_tags_ && (!q_.ar_valid || *in.ar_ready) && pick >= 0;
  const uint8_t issue_tag = r_.head;
  if (issue) {
    const RdReq& q = pick == kCmdRd      ? u_cmd_rd_req_skid_.data(*in.cmd_rd_req)
                     : pick == kLegacyRd ? u_legacy_rd_req_skid_.data(*in.legacy_rd_req)
                                         : u_tx_rd_req_skid_.data(*in.tx_rd_req);
    const uint32_t span = (q.addr % kDataBytes + q.bytes + kDataBytes - 1) & 0x1ffff;
    const uint32_t beats = std::clamp<uint32_t>(span / kDataBytes, 1, kTagBeats);
    d_.ar = AxiAddr{.id = issue_tag,
                    .len = static_cast<U8>(beats - 1),
                    .addr = q.addr & ~uint64_t{kDataBytes - 1}};
    load_ar_ = true;
    u_rarb_.Tick(pick);
  }
  d_.ar_valid = issue || (q_.ar_valid && !*in.ar_ready);

  // -----------------------------------------------------------------------------------------------
  // Read data in: a beat of an outstanding tag goes to its place, any other is dropped.

  bool store = false;
  uint8_t id = 0;
  if (u_r_skid_.valid(*in.r_valid)) {
    id = u_r_skid_.data(*in.r).id;
    store = id < rd_tags_ && ((id - r_.tail) & (rd_tags_ - 1)) < r_.tags &&
            tag_[id].cnt < tag_[id].beats;
  }

  // -----------------------------------------------------------------------------------------------
  // Delivery: the oldest tag's beats, as they come; from the state before the edge.

  const bool deliver = r_.tags != 0 && tag_[r_.tail].cnt > r_.dbeat;
  const uint8_t from = r_.tail;
  const bool last = r_.dbeat + 1 == tag_[from].beats;
  d_.cmd_rd_valid = d_.legacy_rd_valid = d_.tx_rd_valid = false;
  if (r_.d1_valid) {
    const Word& word = u_reorder_.rdata();
    Rd& to = r_.d1_client == kCmdRd      ? d_.cmd_rd
             : r_.d1_client == kLegacyRd ? d_.legacy_rd
                                         : d_.tx_rd;
    to.last = r_.d1_last;
    to.err = word.err;
    to.data = word.data;
    (r_.d1_client == kCmdRd      ? d_.cmd_rd_valid
     : r_.d1_client == kLegacyRd ? d_.legacy_rd_valid
                                 : d_.tx_rd_valid) = true;
  }

  // The RAM is read before it is written: a word that comes at this edge is not seen yet.
  if (deliver) u_reorder_.TickRead(from * kTagBeats + r_.dbeat);
  if (store) {
    const AxiR& r = u_r_skid_.data(*in.r);
    const uint32_t waddr = id * kTagBeats + tag_[id].cnt % kTagBeats;
    u_reorder_.TickWrite(waddr, Word{(r.resp & 2) != 0, r.data});
  }

  r_.d1_valid = deliver;
  if (deliver) {
    r_.d1_client = tag_[from].client;
    r_.d1_last = last;
    r_.dbeat = last ? 0 : (r_.dbeat + 1) % kTagBeats;
  }
  const bool free_tag = deliver && last;
  if (free_tag) r_.tail = static_cast<uint8_t>((r_.tail + 1) & (rd_tags_ - 1));
  if (store) ++tag_[id].cnt;
  if (issue) {
    tag_[issue_tag] = {static_cast<uint8_t>(pick), static_cast<uint8_t>(d_.ar.len + 1), 0};
    r_.head = static_cast<uint8_t>((r_.head + 1) & (rd_tags_ - 1));
  }
  r_.tags = static_cast<uint8_t>(r_.tags + issue - free_tag);

  u_cmd_rd_req_skid_.Tick(*in.cmd_rd_req_valid, *in.cmd_rd_req, issue && pick == kCmdRd);
  u_legacy_rd_req_skid_.Tick(*in.legacy_rd_req_valid, *in.legacy_rd_req,
                             issue && pick == kLegacyRd);
  u_tx_rd_req_skid_.Tick(*in.tx_rd_req_valid, *in.tx_rd_req, issue && pick == kTxRd);
  u_r_skid_.Tick(*in.r_valid, *in.r, true);
  d_.cmd_rd_req_ready = u_cmd_rd_req_skid_.ready();
  d_.legacy_rd_req_ready = u_legacy_rd_req_skid_.ready();
  d_.tx_rd_req_ready = u_tx_rd_req_skid_.ready();
  d_.r_ready = u_r_skid_.ready();
  reads_changed_ = true;
  reads_idle_ = r_.tags == 0 && !r_.d1_valid && !d_.ar_valid && !d_.cmd_rd_valid &&
                !d_.legacy_rd_valid && !d_.tx_rd_valid && u_cmd_rd_req_skid_.empty() &&
                u_legacy_rd_req_skid_.empty() && u_tx_rd_req_skid_.empty() && u_r_skid_.empty();
}

// -------------------------------------------------------------------------------------------------
// Registers.
void handoff_dma::Show() {
  changed_ = false;
  q_.upload_wr_ready = d_.upload_wr_ready;
  q_.notify_wr_ready = d_.notify_wr_ready;
  q_.upload_wr_done_valid = d_.upload_wr_done_valid;
  q_.upload_wr_done = d_.upload_wr_done;
  q_.notify_wr_done_valid = d_.notify_wr_done_valid;
  q_.notify_wr_done = d_.notify_wr_done;
  q_.aw_valid = d_.aw_valid;
  q_.w_valid = d_.w_valid;
  q_.b_ready = d_.b_ready;
  q_.drained = d_.drained;
  q_.quiet = d_.quiet;
  if (load_w_) q_.w = d_.w;
  if (load_aw_) q_.aw = d_.aw;
  load_aw_ = load_w_ = false;
  if (!reads_changed_) return;
  reads_changed_ = false;
  q_.cmd_rd_req_ready = d_.cmd_rd_req_ready;
  q_.legacy_rd_req_ready = d_.legacy_rd_req_ready;
  q_.tx_rd_req_ready = d_.tx_rd_req_ready;
  q_.cmd_rd_valid = d_.cmd_rd_valid;
  q_.legacy_rd_valid = d_.legacy_rd_valid;
  q_.tx_rd_valid = d_.tx_rd_valid;
  if (d_.cmd_rd_valid) q_.cmd_rd = d_.cmd_rd;
  if (d_.legacy_rd_valid) q_.legacy_rd = d_.legacy_rd;
  if (d_.tx_rd_valid) q_.tx_rd = d_.tx_rd;
  q_.ar_valid = d_.ar_valid;
  if (load_ar_) q_.ar = d_.ar;
  load_ar_ = false;
  q_.r_ready = d_.r_ready;
}

bool handoff_dma::Flip(std::string_view reg, uint32_t bit) {
  const bool done = FlipRegister(*this, reg, bit);
  d_.upload_wr_ready = u_upload_wr_skid_.ready();
  d_.notify_wr_ready = u_notify_wr_skid_.ready();
  d_.cmd_rd_req_ready = u_cmd_rd_req_skid_.ready();
  d_.legacy_rd_req_ready = u_legacy_rd_req_skid_.ready();
  d_.tx_rd_req_ready = u_tx_rd_req_skid_.ready();
  d_.b_ready = u_b_skid_.ready();
  d_.r_ready = u_r_skid_.ready();
  q_ = d_;
  idle_ = reads_idle_ = false;
  return done;
}

}  // namespace handoff
