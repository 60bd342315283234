// SPDX-License-Identifier: Apache-2.0
#include "model/handoff_tx.h"

#include <algorithm>
#include <cstring>

#include "model/flip.h"
#include "model/wire.h"

namespace handoff {
namespace {

constexpr uint32_t kFetchAhead = 8;  // descriptors held up to which more are fetched

// Bits of a descriptor's flags.
constexpr uint8_t kFlagPsh = 1 << kSendFlagPsh, kFlagFin = 1 << kSendFlagFin,
                  kFlagAck = 1 << kSendFlagAck;

constexpr uint16_t Words(uint32_t bytes) {
  return static_cast<uint16_t>((bytes + kDataBytes - 1) / kDataBytes);
}

constexpr uint16_t RingMask(const Ring& ring) {
  return static_cast<uint16_t>((uint64_t{1} << ring.log_size) - 1);
}

}  // namespace

handoff_tx::handoff_tx(const Params& params)
    : dct_entries_(params.DctEntries),
      u_tmpl_(params.DctEntries),
      u_desc_(kDescriptors),
      u_ord_(kReads),
      u_item_(kDescriptors),
      u_done_(kDescriptors),
      u_frame_(kFrameWords) {}

void handoff_tx::Reset() {
  r_ = Regs{};
  u_tmpl_skid_.Reset();
  u_ackreq_skid_.Reset();
  u_tmpl_.Reset();
  u_desc_.Reset();
  u_ord_.Reset();
  u_item_.Reset();
  u_done_.Reset();
  u_arb_.Reset();
  d_ = q_ = Out{};
  w_ = Wires{};
  seen_ring_ = Ring{};
  idle_ = load_start_ = load_sent_ = load_tx_ = changed_ = false;
}

void handoff_tx::Edge() {
  const Ring& ring = *in.tx_ring;
  seen_ring_ = ring;
  changed_ = true;
  w_.ord_push = w_.ord_pop = w_.desc_push = w_.desc_pop = w_.item_push = w_.item_pop = false;
  w_.done_push = w_.done_pop = w_.ackreq_pop = w_.accepted = w_.request_last = false;
  w_.freed = 0;

  // Downstream first: each stage sees the registers of the ones before it as they were.
  TickSend();
  TickPrepare();
  TickTemplates();
  TickRequests();
  TickDecode();
  TickWrite();
  TickArrival();

  u_ackreq_skid_.Tick(*in.ackreq_valid, *in.ackreq, w_.ackreq_pop);
  d_.ackreq_ready = u_ackreq_skid_.ready();
  if (w_.item_push || w_.item_pop || !u_item_.settled()) {
    u_item_.Tick(w_.item_push, w_.item, w_.item_pop);
  }
  if (w_.done_push || w_.done_pop) u_done_.Tick(w_.done_push, w_.done, w_.done_pop);
  if (w_.ord_push || w_.ord_pop) u_ord_.Tick(w_.ord_push, w_.ord, w_.ord_pop);

  d_.tx_idle = !r_.s_active && !d_.tx_valid;
  d_.quiet = !r_.clear && u_tmpl_skid_.empty() && u_ackreq_skid_.empty() && u_desc_.empty() &&
             u_ord_.empty() && u_item_.empty() && u_done_.empty() && r_.d_state == DSt::kIdle &&
             r_.p_state == PSt::kIdle && !r_.s_active && !r_.flush && !r_.w_valid &&
             !d_.start_valid && !d_.sent_valid && !d_.tx_valid && !d_.tx_rd_req_valid &&
             !d_.tx_cnt_valid && !d_.txa_cnt_valid && !w_.fetching;
  idle_ = d_.quiet;
}

// -------------------------------------------------------------------------------------------------
// Clear and templates.

// After prepare, whose read of this edge shows the old word.
void handoff_tx::TickTemplates() {
  bool pop = false;
  if (r_.clear) {
    u_tmpl_.TickWrite(r_.clr, Tmpl{});
    r_.clr = static_cast<uint16_t>((r_.clr + 1) & (dct_entries_ - 1));
    r_.clear = r_.clr != 0;
  } else if (u_tmpl_skid_.valid(*in.tmpl_valid)) {
    const Tmpl& t = u_tmpl_skid_.data(*in.tmpl);
    u_tmpl_.TickWrite(t.conn & (dct_entries_ - 1), t);
    pop = true;
  }
  u_tmpl_skid_.Tick(*in.tmpl_valid, *in.tmpl, pop);
  d_.tmpl_ready = u_tmpl_skid_.ready();
}

// -------------------------------------------------------------------------------------------------
// Requests, arrival, decode: the ring and the data, up to whole frames.

// Requests: a descriptor read before a data read.
void handoff_tx::TickRequests() {
  const Ring& ring = *in.tx_ring;
  const uint16_t mask = RingMask(ring);
  const auto avail = static_cast<uint16_t>((ring.index - r_.fetch) & mask);
  const bool free = !q_.tx_rd_req_valid || *in.tx_rd_req_ready;
  d_.tx_rd_req_valid = !free;
  w_.fetching = ring.enable && !q_.tx_fault && avail != 0;
  const bool go = free && u_ord_.ready() && !*in.stop;

  if (w_.fetching && go && r_.held <= kFetchAhead) {
    const uint64_t addr = (ring.base & ~uint64_t{kDataBytes - 1}) + uint64_t{r_.fetch} * kSlotBytes;
    const uint32_t to_end = (uint32_t{mask} + 1 - r_.fetch) & 0x1ffff;
    const uint32_t to_block = 8 - static_cast<uint32_t>(addr / kSlotBytes % 8);
    const uint32_t n = std::min({uint32_t{avail}, to_end, to_block});
    d_.tx_rd_req_valid = true;
    d_.tx_rd_req = RdReq{.addr = addr, .bytes = static_cast<U16>(n * kSlotBytes)};
    w_.ord_push = true;
    w_.ord = Ord{true, 0, static_cast<uint16_t>(n * kSlotBytes), false};
    r_.fetch = static_cast<uint16_t>((r_.fetch + n) & mask);
    r_.fly = (r_.fly + n) & 0x1f;
    r_.held = (r_.held + n) & 0x1f;
  } else if (go && r_.d_state == DSt::kPiece && r_.cur.size != 0) {
    const uint32_t c = std::min<uint32_t>(
        r_.cur.size, kMaxReadBytes - static_cast<uint32_t>(r_.cur.addr % kMaxReadBytes));
    w_.request_last = c == r_.cur.size && r_.nxt.size == 0 && r_.nxt2.size == 0;
    d_.tx_rd_req_valid = true;
    d_.tx_rd_req = RdReq{.addr = r_.cur.addr, .bytes = static_cast<U16>(c)};
    w_.ord_push = true;
    w_.ord = Ord{false, static_cast<uint8_t>(r_.cur.addr % kDataBytes), static_cast<uint16_t>(c),
                 w_.request_last};
    r_.cur.addr += c;
    r_.cur.size -= c;
  }
  // A piece is done, or a RAW frame's next one is empty: decode goes on, at this edge.
  if (r_.d_state == DSt::kPiece && r_.cur.size == 0 && !w_.request_last) {
    r_.cur = r_.nxt;
    r_.nxt = r_.nxt2;
    r_.nxt2 = Piece{};
  }
  d_.tx_cons = q_.tx_cons;
  if (!ring.enable && r_.fly == 0) r_.fetch = d_.tx_cons = 0;
}

// Arrival: a beat of the oldest request.
void handoff_tx::TickArrival() {
  const bool flushed = r_.flush;
  const bool beat = *in.tx_rd_valid && u_ord_.valid();
  bool to_frame = false;
  if (beat) {
    const Ord& head = u_ord_.data();
    const Rd& tx_rd = *in.tx_rd;
    const uint32_t lane = r_.left == 0 ? head.lane : 0;
    const uint32_t rem = r_.left == 0 ? head.bytes : r_.left;
    const uint32_t k = std::min(kDataBytes - lane, rem);
    r_.left = static_cast<uint16_t>(rem - k);
    w_.ord_pop = r_.left == 0;
    if (head.is_desc) {
      r_.fly = (r_.fly - 1) & 0x1f;
      if (tx_rd.err || q_.tx_fault) {
        d_.tx_fault = true;
      } else {
        w_.desc_push = true;
        d_.tx_cons = static_cast<U16>((q_.tx_cons + 1) & RingMask(*in.tx_ring));
      }
    } else {
      to_frame = true;
      Append(head, lane, k, rem == k);
    }
  }
  if (!to_frame && flushed) {
    r_.flush = r_.acc_err = false;
    r_.acc_cnt = 0;
  }
  if (w_.desc_push) {
    u_desc_.Tick(true, TxDesc::Unpack(in.tx_rd->data.w.data()), w_.desc_pop);
  } else if (w_.desc_pop || !u_desc_.settled()) {
    u_desc_.Tick(false, r_.d, w_.desc_pop);
  }
}

// The k bytes from lane `lane` on follow those in acc; a full word goes on to be written. The zeros
// above them are made when acc is the last word: until then they do not show.
void handoff_tx::Append(const Ord& head, uint32_t lane, uint32_t k, bool frame_end) {
  const Rd& tx_rd = *in.tx_rd;
  const uint32_t base = r_.flush ? 0 : r_.acc_cnt;
  const uint32_t total = base + k;
  const uint8_t* from = tx_rd.data.bytes() + lane;
  uint32_t kept = total;
  if (total > kDataBytes) {
    const uint32_t first = kDataBytes - base;
    r_.w_valid = true;
    r_.w_data = r_.acc;
    std::memcpy(r_.w_data.bytes() + base, from, first);
    r_.w_last = r_.w_err = false;
    kept = total - kDataBytes;
    std::memcpy(r_.acc.bytes(), from + first, kept);
  } else {
    std::memcpy(r_.acc.bytes() + base, from, k);
  }
  r_.acc_cnt = static_cast<uint8_t>(kept);
  r_.acc_err = tx_rd.err || (r_.acc_err && !r_.flush);
  r_.flush = head.last && frame_end;
}

// The word of the edge before is written; a frame's last one makes way to w.
void handoff_tx::TickWrite() {
  if (r_.w_valid) {
    u_frame_[r_.w_ptr] = r_.w_data;
    r_.w_ptr = (r_.w_ptr + 1) % kFrameWords;
    const uint32_t sum = r_.sum + tx::WordSum(r_.w_data);
    r_.sum = r_.w_last ? 0 : sum;
    if (r_.w_last) {
      const uint16_t folded = tx::Fold(sum);
      w_.done_push = true;
      w_.done = Done{r_.w_err, static_cast<uint16_t>(folded << 8 | folded >> 8)};
    }
  }
  r_.w_valid = r_.flush;
  if (r_.flush) {
    r_.w_data = r_.acc;
    std::memset(r_.w_data.bytes() + r_.acc_cnt, 0, kDataBytes - r_.acc_cnt);
    r_.w_last = true;
    r_.w_err = r_.acc_err;
  }
}

// Decode. Its moves from piece to piece are made where the requests are.
void handoff_tx::TickDecode() {
  switch (r_.d_state) {
    case DSt::kIdle:
      if (!u_desc_.valid()) break;
      w_.desc_pop = true;
      r_.d = u_desc_.data();
      r_.held = (r_.held - 1) & 0x1f;
      r_.d_state = DSt::kCheck;
      break;
    case DSt::kCheck:
      Check();
      break;
    case DSt::kPiece:
      if (w_.request_last) r_.d_state = DSt::kIdle;
      break;
  }
  r_.space = static_cast<uint16_t>(r_.space + w_.freed);
}

void handoff_tx::Check() {
  const TxDesc& d = r_.d;
  const uint32_t size[kMaxPieces] = {d.n_pieces > 0 ? d.piece0.size : 0,
                                     d.n_pieces > 1 ? d.piece1.size : 0,
                                     d.n_pieces > 2 ? d.piece2.size : 0};
  const uint64_t total = uint64_t{size[0]} + size[1] + size[2];
  const uint32_t limit = std::min<uint32_t>(in.cfg->max_frame, tx::kMaxLen);
  const bool raw = d.op == static_cast<U8>(Tx::TxRaw);
  Status status = Status::StatusOk;
  if (raw) {
    if (d.n_pieces > kMaxPieces) {
      status = Status::StatusBadPiece;
    } else if (total == 0 || total > limit) {
      status = Status::StatusBadLength;
    }
  } else if (d.op == static_cast<U8>(Tx::TxSend)) {
    if (d.conn >= dct_entries_) {
      status = Status::StatusBadIndex;
    } else if (d.n_pieces > kMaxPieces || d.n_sacks > kMaxPieces ||
               (d.n_sacks != 0 && d.n_pieces != 0)) {
      status = Status::StatusBadPiece;
    } else if ((d.n_pieces > 0 && size[0] == 0) || (d.n_pieces > 1 && size[1] == 0) ||
               (d.n_pieces > 2 && size[2] == 0)) {
      status = Status::StatusBadSize;
    } else if (total > limit) {
      status = Status::StatusBadLength;
    }
  } else {
    status = Status::StatusBadOp;
  }
  const auto len = static_cast<uint16_t>(status == Status::StatusOk ? total : 0);
  if (!u_item_.ready() || Words(len) > r_.space) return;

  w_.item_push = true;
  w_.item = tx::Item{.raw = raw,
                     .status = status,
                     .conn = d.conn,
                     .gen = d.gen,
                     .tag = d.tag,
                     .psh = (d.flags & kFlagPsh) != 0,
                     .fin = (d.flags & kFlagFin) != 0,
                     .has_ack = (d.flags & kFlagAck) != 0,
                     .n_sacks = static_cast<uint8_t>(d.n_sacks & 3),
                     .seq = d.seq,
                     .ack = d.ack,
                     .rcv_edge = d.rcv_edge,
                     .len = len,
                     .sack = {d.piece0.addr, d.piece1.addr, d.piece2.addr}};
  r_.space = static_cast<uint16_t>(r_.space - Words(len));
  r_.d_state = DSt::kIdle;
  if (len == 0) return;
  r_.cur = Piece{.size = size[0], .addr = d.piece0.addr};
  r_.nxt = Piece{.size = size[1], .addr = d.piece1.addr};
  r_.nxt2 = Piece{.size = size[2], .addr = d.piece2.addr};
  r_.d_state = DSt::kPiece;
}

// -------------------------------------------------------------------------------------------------
// Prepare: one descriptor or ACK at a time.
void handoff_tx::TickPrepare() {
  const bool start_free = !q_.start_valid || *in.start_ready;
  d_.start_valid = !start_free;
  switch (r_.p_state) {
    case PSt::kIdle:
      if (!r_.clear && *in.link_up && !*in.stop && start_free) Begin();
      break;
    case PSt::kWait:
      if (!*in.snap_valid) break;
      r_.snap = *in.snap;
      r_.p_state = PSt::kHdr;
      break;
    case PSt::kHdr: {
      const uint32_t mss = r_.snap.mss;
      const uint32_t room = !r_.snap.ts_on               ? mss
                            : mss < wire::kPaddedTsBytes ? 0
                                                         : mss - wire::kPaddedTsBytes;
      r_.p_seq = r_.snap.snd_nxt;
      r_.p_state = PSt::kDone;
      if (r_.snap.status != Status::StatusOk) {
        r_.p_status = r_.snap.status;
        r_.p_frame = false;
      } else if (r_.p_item.len > room) {
        r_.p_status = Status::StatusBadLength;
        r_.p_frame = false;
      } else {
        r_.sums = tx::SumHeader(u_tmpl_.rdata(), r_.snap, r_.p_item, r_.p_sum);
        r_.p_state = PSt::kSum;
      }
      break;
    }
    case PSt::kSum:
      r_.hlen = tx::BuildHeader(u_tmpl_.rdata(), r_.snap, r_.p_item, r_.sums, &r_.hdr);
      r_.p_state = PSt::kDone;
      break;
    case PSt::kDone:
      if (w_.accepted) r_.p_state = PSt::kIdle;
      break;
  }
}

void handoff_tx::Begin() {
  const bool item_done = u_item_.valid() && (u_item_.data().len == 0 || u_done_.valid());
  const int pick =
      u_arb_.Pick(uint64_t{u_ackreq_skid_.valid(*in.ackreq_valid)} | uint64_t{item_done} << 1);
  if (pick < 0) return;
  u_arb_.Tick(pick);
  r_.p_own = pick == 0;
  r_.p_raw = false;
  r_.p_sum = 0;
  r_.p_status = Status::StatusOk;
  r_.p_seq = 0;
  if (r_.p_own) {
    const Ackreq& a = u_ackreq_skid_.data(*in.ackreq);
    w_.ackreq_pop = true;
    r_.p_item = tx::Item{.conn = a.conn,
                         .n_sacks = a.dsack,
                         .sack = {uint64_t{a.dsack_left} << 32 | a.dsack_right, 0, 0}};
    d_.start = Start{.conn = a.conn, .own_ack = true};
  } else {
    w_.item_pop = true;
    r_.p_item = u_item_.data();
    r_.p_raw = r_.p_item.raw;
    r_.p_status = r_.p_item.status;
    if (r_.p_item.len != 0) {
      w_.done_pop = true;
      r_.p_sum = u_done_.data().sum;
      if (u_done_.data().err) r_.p_status = Status::StatusReadError;
    }
  }
  const tx::Item& item = r_.p_item;
  r_.p_frame = r_.p_status == Status::StatusOk;
  if (!r_.p_frame || r_.p_raw) {
    r_.p_state = PSt::kDone;
    return;
  }
  if (!r_.p_own) {
    d_.start = Start{.conn = item.conn,
                     .gen = item.gen,
                     .own_ack = false,
                     .has_ack = item.has_ack,
                     .ack = item.ack,
                     .rcv_edge = item.rcv_edge,
                     .seq = item.seq,
                     .len = item.len,
                     .fin = item.fin};
  }
  d_.start_valid = load_start_ = true;
  u_tmpl_.TickRead(item.conn & (dct_entries_ - 1));
  r_.p_state = PSt::kWait;
}

// -------------------------------------------------------------------------------------------------
// Send.
void handoff_tx::TickSend() {
  d_.tx_valid = q_.tx_valid && !*in.tx_ready;
  d_.sent_valid = q_.sent_valid && !*in.sent_ready;
  d_.tx_cnt_valid = d_.txa_cnt_valid = false;
  if (r_.s_active) {
    if (!d_.tx_valid) Beat();
  } else if (r_.p_state == PSt::kDone && !*in.stop && (r_.p_own || !d_.sent_valid) &&
             (!r_.p_frame || *in.link_up)) {
    Accept();
  }
}

void handoff_tx::Accept() {
  const uint16_t words = Words(r_.p_item.len);
  const uint16_t first = r_.r_ptr;
  r_.r_ptr = (r_.r_ptr + words) % kFrameWords;
  w_.accepted = true;
  if (!r_.p_frame) {
    w_.freed = words;
    if (!r_.p_own) {
      d_.sent_valid = load_sent_ = true;
      d_.sent = SentNtf(r_.p_item, r_.p_status, r_.p_seq);
    }
    return;
  }
  r_.s_active = true;
  r_.s_item = tx::Sent{.own = r_.p_own,
                       .seq = r_.p_seq,
                       .conn = r_.p_item.conn,
                       .gen = r_.p_item.gen,
                       .tag = r_.p_item.tag,
                       .len = r_.p_item.len};
  r_.s_hlen = r_.p_raw ? 0 : r_.hlen;
  if (!r_.p_raw) r_.s_hdr = r_.hdr;
  const uint32_t last_byte = std::max(kMinFrameBytes, uint32_t{r_.s_hlen} + r_.s_item.len) - 1;
  r_.s_k = 0;
  r_.s_last_k = last_byte / kDataBytes;
  r_.s_last_lane = last_byte % kDataBytes;
  r_.s_left = words;
  r_.s_raddr = (first + 1) % kFrameWords;
}

// Bytes of s_carry that belong to the next beat: of a word that a beat before has taken.
uint32_t handoff_tx::CarryBytes() const {
  return r_.s_active && r_.s_k > r_.s_hlen / kDataBytes ? r_.s_hlen % kDataBytes : 0;
}

// They are the last ones before the word that is taken next. Past the payload a word holds zeros.
Data handoff_tx::Carry() const {
  Data carry{};
  const uint32_t n = CarryBytes();
  const uint8_t* word = u_frame_[Before(Before(r_.s_raddr))].bytes();
  std::memcpy(carry.bytes(), word + kDataBytes - n, n);
  return carry;
}

void handoff_tx::SetCarry(const Data& carry) {
  const uint32_t n = CarryBytes();
  uint8_t* word = u_frame_[Before(Before(r_.s_raddr))].bytes();
  std::memcpy(word + kDataBytes - n, carry.bytes(), n);
}

void handoff_tx::Beat() {
  const uint32_t hlen = r_.s_hlen, at = r_.s_k * kDataBytes;
  const bool last = r_.s_k == r_.s_last_k;
  const bool abort = !last && *in.stop;

  uint8_t* lanes = d_.tx.data.bytes();
  uint32_t n = 0;  // lanes filled
  if (at < hlen) {
    n = std::min(hlen - at, kDataBytes);
    std::memcpy(lanes, r_.s_hdr.bytes() + at, n);
  }
  // What a word still has and the next one's front adjoin in u_frame.
  const uint32_t shift = hlen % kDataBytes;
  if (r_.s_k >= hlen / kDataBytes) {
    constexpr uint32_t kFrameBytes = kFrameWords * kDataBytes;
    const bool take = r_.s_left != 0;
    const uint32_t carried = CarryBytes();
    const uint8_t* frame = u_frame_[0].bytes();
    const uint32_t count = carried + (take ? kDataBytes - shift : 0);
    const uint32_t from = (Before(r_.s_raddr) * kDataBytes + kFrameBytes - carried) % kFrameBytes;
    const uint32_t before_end = std::min(count, kFrameBytes - from);
    std::memcpy(lanes + n, frame + from, before_end);
    std::memcpy(lanes + n + before_end, frame, count - before_end);
    n += count;
    if (take) {
      --r_.s_left;
      r_.s_raddr = (r_.s_raddr + 1) % kFrameWords;
    }
  }
  std::memset(lanes + n, 0, kDataBytes - n);

  d_.tx_valid = load_tx_ = true;
  d_.tx.last = last || abort;
  d_.tx.user = abort;
  const uint32_t kept = last ? r_.s_last_lane + 1u : kDataBytes;
  d_.tx.keep = ~Strb{0} >> (kDataBytes - kept);
  r_.s_k = (r_.s_k + 1) % kFrameWords;
  if (!last && !abort) return;

  r_.s_active = false;
  w_.freed = Words(r_.s_item.len);
  if (abort) return;
  d_.tx_cnt_valid = true;
  d_.tx_cnt.index = static_cast<uint8_t>(Counter::CntTxFrames);
  if (r_.s_item.own) {
    d_.txa_cnt_valid = true;
    d_.txa_cnt.index = static_cast<uint8_t>(Counter::CntTxAcks);
  } else {
    d_.sent_valid = load_sent_ = true;
    d_.sent = SentNtf(r_.s_item, Status::StatusOk, r_.s_item.seq);
  }
}

template <class Item>
Ntf handoff_tx::SentNtf(const Item& item, Status status, Seq seq) {
  return Ntf{.kind = NtfKind::NtfSent,
             .code = static_cast<uint8_t>(status),
             .gen = item.gen,
             .conn = item.conn,
             .seq = seq,
             .tag = item.tag};
}

// -------------------------------------------------------------------------------------------------
// Registers.
void handoff_tx::Show() {
  changed_ = false;
  q_.tmpl_ready = d_.tmpl_ready;
  q_.ackreq_ready = d_.ackreq_ready;
  q_.start_valid = d_.start_valid;
  q_.sent_valid = d_.sent_valid;
  q_.tx_valid = d_.tx_valid;
  q_.tx_cnt_valid = d_.tx_cnt_valid;
  q_.tx_cnt = d_.tx_cnt;
  q_.txa_cnt_valid = d_.txa_cnt_valid;
  q_.txa_cnt = d_.txa_cnt;
  q_.tx_rd_req_valid = d_.tx_rd_req_valid;
  q_.tx_rd_req = d_.tx_rd_req;
  q_.tx_cons = d_.tx_cons;
  q_.tx_fault = d_.tx_fault;
  q_.tx_idle = d_.tx_idle;
  q_.quiet = d_.quiet;
  if (load_start_) {
    load_start_ = false;
    q_.start = d_.start;
  }
  if (load_sent_) {
    load_sent_ = false;
    q_.sent = d_.sent;
  }
  if (load_tx_) {
    load_tx_ = false;
    q_.tx = d_.tx;
  }
}

bool handoff_tx::Flip(std::string_view reg, uint32_t bit) {
  const bool done = FlipRegister(*this, reg, bit);
  if (r_.acc_cnt > kDataBytes) {  // there are no such lanes
    FlipRegister(*this, reg, bit);
    return false;
  }
  d_.tmpl_ready = u_tmpl_skid_.ready();
  d_.ackreq_ready = u_ackreq_skid_.ready();
  q_ = d_;
  idle_ = false;
  return done;
}

}  // namespace handoff
