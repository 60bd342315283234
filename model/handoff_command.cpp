// SPDX-License-Identifier: Apache-2.0
#include "model/handoff_command.h"

#include "model/flip.h"
#include "model/wire.h"

namespace handoff {
namespace {

constexpr uint32_t kMaxAckDelayUs = 500000;  // RFC 9293, 3.8.6.3: less than 0.5 seconds

// Bits of the descriptors' flags.
constexpr uint8_t kSetupIp6 = 1 << kSetupFlagIp6, kSetupTs = 1 << kSetupFlagTs,
                  kSetupSack = 1 << kSetupFlagSack, kSetupCoalesce = 1 << kSetupFlagCoalesce;
constexpr uint8_t kPostLast = 1 << kPostFlagLast, kPostNoPush = 1 << kPostFlagNoPush,
                  kPostTagged = 1 << kPostFlagTagged;
constexpr uint8_t kSetEdge = 1 << kSetMaskEdge, kSetMss = 1 << kSetMaskMss,
                  kSetCoalesce = 1 << kSetMaskCoalesce, kSetHeader = 1 << kSetMaskHeader;
constexpr uint8_t kSetCoalesceOn = 1 << kSetFlagCoalesce;

constexpr bool PieceBad(const Piece& piece) {
  const uint64_t end = piece.addr + piece.size;
  return piece.size == 0 || (end < piece.addr && end != 0);
}

}  // namespace

handoff_command::handoff_command(const Params& params)
    : dct_entries_(params.DctEntries),
      slots_(params.Slots),
      u_words_(kAhead),
      u_entries_(params.DctEntries) {}

void handoff_command::Reset() {
  r_ = Regs{};
  u_words_.Reset();
  u_entries_.Reset();
  d_ = q_ = Out{};
  want_ = idle_ = load_cmd_ = load_tmpl_ = changed_ = false;
}

void handoff_command::Edge() {
  const Ring& ring = *in.cmd_ring;
  if (seen_ring_ != ring) seen_ring_ = ring;
  changed_ = true;
  const bool waits_active = ring.enable && !r_.active;
  const bool pop_word = TickStates();
  TickFetch(pop_word);
  d_.quiet = r_.state == St::kTake && u_words_.empty() && r_.infl == 0 && !d_.cmd_rd_req_valid &&
             !d_.tmpl_valid && !d_.cmd_valid && !want_ && !waits_active;
  idle_ = d_.quiet;
}

// -------------------------------------------------------------------------------------------------
// Fetch.

// After the states, whose `state_q` it needs as it was: StClear lasts while active is 0.
void handoff_command::TickFetch(bool pop_word) {
  const Ring& ring = *in.cmd_ring;
  const auto mask = static_cast<uint16_t>((uint32_t{1} << ring.log_size) - 1);
  const bool run = r_.active && ring.enable;
  want_ = run && !q_.cmd_fault && ((ring.index - r_.fetch) & mask) != 0 &&
          r_.infl + u_words_.count() < kAhead;
  const bool issue = want_ && (!q_.cmd_rd_req_valid || *in.cmd_rd_req_ready);
  if (issue) {
    d_.cmd_rd_req.addr = (ring.base & ~uint64_t{kDataBytes - 1}) + uint64_t{kSlotBytes} * r_.fetch;
    d_.cmd_rd_req.bytes = kSlotBytes;
  }
  d_.cmd_rd_req_valid = issue || (q_.cmd_rd_req_valid && !*in.cmd_rd_req_ready);

  const bool arrive = *in.cmd_rd_valid && r_.infl != 0;
  const bool store = arrive && run && !q_.cmd_fault && !in.cmd_rd->err;
  d_.cmd_fault = q_.cmd_fault || (arrive && in.cmd_rd->err);
  d_.cmd_cons = !run ? 0 : static_cast<uint16_t>(store ? (q_.cmd_cons + 1) & mask : q_.cmd_cons);
  r_.active = ring.enable && !clearing_ && (r_.active || r_.infl == 0);
  r_.fetch = !run ? 0 : static_cast<uint16_t>(issue ? (r_.fetch + 1) & mask : r_.fetch);
  r_.infl = static_cast<uint8_t>(r_.infl + issue - arrive);
  if (store || pop_word) u_words_.Tick(store, in.cmd_rd->data, pop_word);
}

// -------------------------------------------------------------------------------------------------
// The slot as each command lays it out. Reserved bits mean nothing.

// As rx_parser makes it of the peer's frames.
Key handoff_command::BuiltKey(const Setup0Desc& d) {
  const uint16_t vid0 = d.tci0 & 0xfff, vid1 = d.tci1 & 0xfff;
  const bool t0 = d.n_tags >= 1 && vid0 != 0;
  const bool t1 = d.n_tags >= 2 && vid1 != 0;
  Key key;
  key.is_ip6 = (d.flags & kSetupIp6) != 0;
  key.n_tags = static_cast<uint8_t>(t0 + t1);
  key.vid0 = t0 ? vid0 : t1 ? vid1 : 0;
  key.vid1 = t0 && t1 ? vid1 : 0;
  key.dst_mac = d.local_mac;
  key.src_port = d.peer_port;
  key.dst_port = d.local_port;
  key.src_ip = d.peer_ip;
  key.dst_ip = d.local_ip;
  if (!key.is_ip6) {
    for (auto* ip : {&key.src_ip, &key.dst_ip}) ip->w = {ip->w[0] & 0xffffffff, 0};
  }
  return key;
}

// -------------------------------------------------------------------------------------------------
// StCheck: the first reason to refuse.

// By the page's table.
Status handoff_command::Check() const {
  if (op() == 0 || op() >= kCmdKindCount) {
    return Status::StatusBadOp;
  }
  if (conn() >= dct_entries_) return Status::StatusBadIndex;
  const Entry& e = u_entries_.rdata();
  if (is(CmdKind::CmdSetup)) {
    return e.in_use ? Status::StatusInUse : CheckSetup(First<Setup0Desc>());
  }
  if (!e.in_use || e.gen != gen()) return Status::StatusStale;
  if (is(CmdKind::CmdSet)) return CheckSet(First<SetDesc>());
  if (is(CmdKind::CmdPost)) return CheckPost(First<PostDesc>());
  return Status::StatusOk;
}

Status handoff_command::CheckSetup(const Setup0Desc& d) const {
  const auto d1 = Setup1Desc::Unpack(r_.w1.w.data());
  if (d.n_tags > 2) return Status::StatusUnsupported;
  if (d1.snd_scale > kMaxScale || d1.rcv_scale > kMaxScale) return Status::StatusBadScale;
  if (!MssFits(d1.mss, (d.flags & kSetupIp6) != 0, d.n_tags)) return Status::StatusBadMss;
  if ((d.flags & kSetupCoalesce) == 0) return Status::StatusOk;
  return CheckCoalescing(d1.ack_frames, d1.ack_class);
}

Status handoff_command::CheckSet(const SetDesc& d) const {
  const Entry& e = u_entries_.rdata();
  if ((d.mask & kSetMss) != 0 && !MssFits(d.mss, e.key.is_ip6, e.n_tags)) {
    return Status::StatusBadMss;
  }
  if ((d.mask & kSetCoalesce) == 0 || (d.flags & kSetCoalesceOn) == 0) return Status::StatusOk;
  return CheckCoalescing(d.ack_frames, d.ack_class);
}

Status handoff_command::CheckPost(const PostDesc& d) const {
  if (d.n_pieces == 0 || d.n_pieces > kMaxPieces) return Status::StatusBadPiece;
  if (PieceBad(d.piece0) || (d.n_pieces > 1 && PieceBad(d.piece1)) ||
      (d.n_pieces > 2 && PieceBad(d.piece2))) {
    return Status::StatusBadSize;
  }
  if (d.startup > slots_) return Status::StatusBadStartup;
  if ((d.flags & kPostTagged) != 0 || d.startup != 0) return Status::StatusUnsupported;
  return Status::StatusOk;
}

bool handoff_command::MssFits(uint32_t mss, bool is_ip6, uint32_t n_tags) const {
  const uint32_t header = wire::kEthBytes + wire::kTagBytes * n_tags +
                          (is_ip6 ? wire::kIp6Bytes : wire::kIp4Bytes) + wire::kTcpBytes;
  return mss >= kMinMss && mss + header <= in.cfg->max_frame;
}

Status handoff_command::CheckCoalescing(uint8_t ack_frames, uint8_t ack_class) const {
  if (ack_frames == 0) return Status::StatusBadAckFrames;
  if (ack_class > 3) return Status::StatusBadAckDelay;
  const uint32_t delay = ack_class == 0   ? in.cfg->delay0_us
                         : ack_class == 1 ? in.cfg->delay1_us
                         : ack_class == 2 ? in.cfg->delay2_us
                                          : in.cfg->delay3_us;
  return delay == 0 || delay >= kMaxAckDelayUs ? Status::StatusBadAckDelay : Status::StatusOk;
}

// -------------------------------------------------------------------------------------------------
// StTmpl, StSend: what leaves.
void handoff_command::LoadTmpl() {
  load_tmpl_ = true;
  Tmpl& t = d_.tmpl;
  t.conn = conn();
  Key key;
  if (is(CmdKind::CmdSetup)) {
    const auto d = First<Setup0Desc>();
    key = BuiltKey(d);
    t.n_tags = d.n_tags & 3;
    t.tci0 = d.tci0;
    t.tci1 = d.tci1;
    t.ttl = d.ttl;
    t.tos = d.tos;
    t.peer_mac = d.peer_mac;
  } else {
    const auto d = First<SetDesc>();
    key = u_entries_.rdata().key;
    t.n_tags = u_entries_.rdata().n_tags;
    t.tci0 = d.tci0;
    t.tci1 = d.tci1;
    t.ttl = d.ttl;
    t.tos = d.tos;
    t.peer_mac = d.peer_mac;
  }
  t.is_ip6 = key.is_ip6;
  t.local_mac = key.dst_mac;
  t.local_port = key.dst_port;
  t.peer_port = key.src_port;
  t.local_ip = key.dst_ip;
  t.peer_ip = key.src_ip;
}

void handoff_command::LoadCmd() {
  load_cmd_ = true;
  d_.cmd = CmdKey{};
  Cmd& c = d_.cmd.cmd;
  const bool bad_op = r_.status == Status::StatusBadOp;
  c.op = bad_op ? CmdKind::CmdNone : static_cast<CmdKind>(op());
  c.status = r_.status;
  c.tag = static_cast<U16>(r_.w0.w[0] >> 8);
  c.conn = bad_op || r_.status == Status::StatusBadIndex ? 0 : conn();
  c.gen = gen();
  if (r_.status != Status::StatusOk) return;
  switch (c.op) {
    case CmdKind::CmdSetup: {
      const auto d = First<Setup0Desc>();
      const auto d1 = Setup1Desc::Unpack(r_.w1.w.data());
      c.rcv_nxt = d1.rcv_nxt;
      c.rcv_edge = d1.rcv_edge;
      c.last_ack = d1.last_ack;
      c.snd_una = d1.snd_una;
      c.snd_nxt = d1.snd_nxt;
      c.snd_wnd = d1.snd_wnd;
      c.max_wnd = d1.max_wnd;
      c.wl1 = d1.wl1;
      c.wl2 = d1.wl2;
      c.ts_recent = d1.ts_recent;
      c.ts_offset = d1.ts_offset;
      c.snd_scale = d1.snd_scale & 0xf;
      c.rcv_scale = d1.rcv_scale & 0xf;
      c.ts_on = (d.flags & kSetupTs) != 0;
      c.sack_on = (d.flags & kSetupSack) != 0;
      c.coalesce_on = (d.flags & kSetupCoalesce) != 0;
      c.ack_frames = d1.ack_frames;
      c.ack_class = d1.ack_class & 3;
      c.quick = d1.quick;
      c.mss = d1.mss;
      d_.cmd.key = BuiltKey(d);
      break;
    }
    case CmdKind::CmdResume: {
      const auto d = First<ResumeDesc>();
      c.rcv_nxt = d.rcv_nxt;
      c.rcv_edge = d.rcv_edge;
      c.last_ack = d.last_ack;
      c.snd_una = d.snd_una;
      c.snd_wnd = d.snd_wnd;
      c.max_wnd = d.max_wnd;
      c.wl1 = d.wl1;
      c.wl2 = d.wl2;
      c.ts_recent = d.ts_recent;
      c.count = d.count;
      break;
    }
    case CmdKind::CmdPost: {
      const auto d = First<PostDesc>();
      c.post_id = d.id;
      c.post_cnt = d.n_pieces & 3;
      c.post_last = (d.flags & kPostLast) != 0;
      c.post_no_push = (d.flags & kPostNoPush) != 0;
      c.post_tagged = (d.flags & kPostTagged) != 0;
      c.post_startup = d.startup;
      c.post_seq = d.seq;
      c.piece0 = d.piece0;
      c.piece1 = d.piece1;
      c.piece2 = d.piece2;
      break;
    }
    case CmdKind::CmdSet: {
      const auto d = First<SetDesc>();
      c.set_edge = (d.mask & kSetEdge) != 0;
      c.set_mss = (d.mask & kSetMss) != 0;
      c.set_coalesce = (d.mask & kSetCoalesce) != 0;
      c.set_header = (d.mask & kSetHeader) != 0;
      c.rcv_edge = d.rcv_edge;
      c.mss = d.mss;
      c.coalesce_on = (d.flags & kSetCoalesceOn) != 0;
      c.ack_frames = d.ack_frames;
      c.ack_class = d.ack_class & 3;
      break;
    }
    case CmdKind::CmdUndelegate:
      d_.cmd.key = u_entries_.rdata().key;
      [[fallthrough]];
    case CmdKind::CmdQuery:
      c.addr = First<PlainDesc>().addr & ~uint64_t{kDataBytes - 1};
      break;
    default:
      break;
  }
}

// -------------------------------------------------------------------------------------------------
// States: one command at a time.

// Whether a word is popped from u_words.
bool handoff_command::TickStates() {
  clearing_ = r_.state == St::kClear;
  d_.tmpl_valid = q_.tmpl_valid && !*in.tmpl_ready;
  d_.cmd_valid = q_.cmd_valid && !*in.cmd_ready;
  bool pop = false;
  switch (r_.state) {
    case St::kClear:
      u_entries_.TickWrite(r_.clear, Entry{});
      if (r_.clear == dct_entries_ - 1) r_.state = St::kTake;
      r_.clear = static_cast<uint16_t>((r_.clear + 1) & (dct_entries_ - 1));
      break;
    case St::kTake:
      if (!u_words_.valid()) break;
      pop = true;
      r_.w0 = u_words_.data();
      u_entries_.TickRead(conn() & (dct_entries_ - 1));
      r_.state = is(CmdKind::CmdSetup) ? St::kSecond : St::kCheck;
      break;
    case St::kSecond:
      if (!u_words_.valid()) break;
      pop = true;
      r_.w1 = u_words_.data();
      r_.state = St::kCheck;
      break;
    case St::kCheck: {
      r_.status = Check();
      const bool has_tmpl = is(CmdKind::CmdSetup) ||
                            (is(CmdKind::CmdSet) && (First<SetDesc>().mask & kSetHeader) != 0);
      r_.state = r_.status == Status::StatusOk && has_tmpl ? St::kTmpl : St::kSend;
      break;
    }
    case St::kTmpl:
      if (d_.tmpl_valid) break;
      LoadTmpl();
      d_.tmpl_valid = true;
      r_.state = St::kSend;
      break;
    case St::kSend:
      if (d_.tmpl_valid || d_.cmd_valid) break;
      LoadCmd();
      d_.cmd_valid = true;
      r_.state = St::kRsp;
      break;
    case St::kRsp:
      if (!*in.cmd_rsp_valid) break;
      r_.state = St::kTake;
      if (r_.status != Status::StatusOk || in.cmd_rsp->status != Status::StatusOk) break;
      if (is(CmdKind::CmdSetup)) {
        const auto d = First<Setup0Desc>();
        u_entries_.TickWrite(conn() & (dct_entries_ - 1),
                             Entry{true, gen(), static_cast<uint8_t>(d.n_tags & 3), BuiltKey(d)});
      } else if (is(CmdKind::CmdUndelegate)) {
        u_entries_.TickWrite(conn() & (dct_entries_ - 1), Entry{});
      }
      break;
  }
  return pop;
}

// -------------------------------------------------------------------------------------------------
// Registers.
void handoff_command::Show() {
  changed_ = false;
  q_.cmd_valid = d_.cmd_valid;
  if (load_cmd_) q_.cmd = d_.cmd;
  q_.tmpl_valid = d_.tmpl_valid;
  if (load_tmpl_) q_.tmpl = d_.tmpl;
  load_cmd_ = load_tmpl_ = false;
  q_.cmd_rd_req_valid = d_.cmd_rd_req_valid;
  q_.cmd_rd_req = d_.cmd_rd_req;
  q_.cmd_cons = d_.cmd_cons;
  q_.cmd_fault = d_.cmd_fault;
  q_.quiet = d_.quiet;
}

bool handoff_command::Flip(std::string_view reg, uint32_t bit) {
  const bool done = FlipRegister(*this, reg, bit);
  q_ = d_;
  idle_ = false;
  return done;
}

}  // namespace handoff
