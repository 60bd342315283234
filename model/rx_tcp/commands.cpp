// SPDX-License-Identifier: Apache-2.0
//
// Rules by case: commands, expiries, upload errors, starts; and the blocks that they share with
// frames.
#include <cstdint>

#include "model/rx_tcp/rows.h"
#include "model/wire.h"

namespace handoff::rx_tcp {
namespace {

// What timestamps take of a segment's MSS: the option and its padding (RFC 7323, appendix A).

class CommandRows {
 public:
  CommandRows(const Case& c, const Cmd& cmd, Decision& d)
      : case_(c), s_(c.s), c_(cmd), d_(d), n_(d.n) {}

  void Decide();

 private:
  void Setup();
  void Resume();
  void Post();
  void Set();
  void Undelegate();
  // The answer, from the state after.
  void Answer(PlaceKind kind, Status status);
  void Done(PlaceKind kind) {
    Answer(kind, Status::StatusOk);
    DoneState();
  }
  // Rows C5 to C9: with the state that stays.
  void Refused(Status status) {
    Answer(PlaceKind::PlaceAnswer, status);
    DoneState();
  }
  void DoneState();

  const Case& case_;
  const State& s_;
  const Cmd& c_;
  Decision& d_;
  State& n_;
};

void CommandRows::Answer(PlaceKind kind, Status status) {
  PlaceOf(kind, d_);
  d_.cmd_rsp_valid = true;
  d_.cmd_rsp = CmdRsp{.status = status, .op = c_.op};
  Ntf& ntf = d_.place.ntf;
  ntf.kind = NtfKind::NtfDone;
  ntf.code = static_cast<uint8_t>(status);
  ntf.gen = c_.gen;
  ntf.conn = case_.conn;
  ntf.tag = c_.tag;
}

void CommandRows::DoneState() {
  Ntf& ntf = d_.place.ntf;
  ntf.seq = n_.rcv_nxt;
  ntf.count = n_.legacy_cnt;
  ntf.snd_una = n_.snd_una;
  ntf.snd_wnd = n_.snd_wnd;
}

void CommandRows::Setup() {
  n_ = State{};
  n_.valid = true;
  n_.gen = c_.gen;
  n_.rcv_nxt = c_.rcv_nxt;
  n_.rcv_edge = c_.rcv_edge;
  n_.last_ack = c_.last_ack;
  n_.snd_una = c_.snd_una;
  n_.snd_nxt = c_.snd_nxt;
  n_.snd_wnd = c_.snd_wnd;
  n_.max_wnd = c_.max_wnd;
  n_.wl1 = c_.wl1;
  n_.wl2 = c_.wl2;
  n_.ts_recent = c_.ts_recent;
  n_.ts_offset = c_.ts_offset;
  n_.snd_scale = c_.snd_scale;
  n_.rcv_scale = c_.rcv_scale;
  n_.ts_on = c_.ts_on;
  n_.sack_on = c_.sack_on;
  n_.coalesce_on = c_.coalesce_on;
  n_.ack_class = c_.ack_class;
  n_.ack_frames = c_.ack_frames;
  n_.quick = c_.quick;
  n_.mss = c_.mss;
  n_.told_edge = c_.rcv_edge;
  n_.ts_sent = c_.ts_offset + NowMs(case_.now_us);
  n_.ts_age_s = NowS(case_.now_us);
  n_.run_start = n_.run_end = c_.rcv_nxt;
  Epoch(case_, d_);
  AckOf(Ack::AckSetup, d_);
  Done(PlaceKind::PlaceSetup);
}

void CommandRows::Resume() {
  if (s_.live) return Refused(Status::StatusLive);  // C5
  const uint32_t q = s_.legacy_cnt - c_.count;
  if (q != 0 && q > s_.run_frames) return Refused(Status::StatusCount);  // C6
  const bool from_start = Le(s_.run_start, c_.rcv_nxt);
  const Seq x = q != 0                      ? s_.run_end
                : s_.run_open && from_start ? Later(s_.run_end, c_.rcv_nxt)
                                            : c_.rcv_nxt;
  const bool in_run = from_start && Le(c_.rcv_nxt, s_.run_end);
  if ((q != 0 && !in_run) || !Le(x, c_.rcv_edge)) return Refused(Status::StatusRange);  // C7
  // C8
  n_.live = true;
  n_.rcv_nxt = n_.run_start = n_.run_end = x;
  n_.run_frames = 0;
  n_.run_open = false;
  n_.rcv_edge = Later(s_.rcv_edge, c_.rcv_edge);
  n_.last_ack = c_.last_ack;
  n_.snd_una = c_.snd_una;
  n_.snd_wnd = c_.snd_wnd;
  n_.max_wnd = c_.max_wnd;
  n_.wl1 = c_.wl1;
  n_.wl2 = c_.wl2;
  n_.ts_recent = c_.ts_recent;
  n_.ts_age_s = NowS(case_.now_us);
  n_.dup = 0;
  n_.quick_left = s_.quick;
  Epoch(case_, d_);
  const uint32_t field = WindowField(n_.rcv_edge, x, s_.rcv_scale);
  if (Lt(c_.last_ack, x) || Lt(s_.told_edge, x + (field << s_.rcv_scale))) AckOf(Ack::AckNow, d_);
  d_.place.seq = x;
  Done(PlaceKind::PlaceResume);
}

void CommandRows::Post() {
  Done(PlaceKind::PlacePost);
  d_.place.ntf.count = 0;  // pieces accepted: for buffers to tell
  d_.place.post_id = c_.post_id;
  d_.place.post_cnt = c_.post_cnt;
  d_.place.post_last = c_.post_last;
  d_.place.post_no_push = c_.post_no_push;
  d_.place.piece0 = c_.piece0;
  d_.place.piece1 = c_.piece1;
  d_.place.piece2 = c_.piece2;
}

void CommandRows::Set() {
  if (c_.set_edge) EdgeIn(case_, c_.rcv_edge, d_);
  if (c_.set_mss) n_.mss = c_.mss;
  if (c_.set_coalesce) {
    n_.coalesce_on = c_.coalesce_on;
    n_.ack_frames = c_.ack_frames;
    n_.ack_class = c_.ack_class;
  }
  const uint32_t last = s_.told_edge - s_.last_ack;
  const uint32_t m = n_.rcv_edge - s_.told_edge;
  const Seq a = Later(s_.rcv_nxt, s_.last_ack);
  const bool small_grew = last < 2 * uint32_t{n_.mss} && m >> 31 == 0 && m >= n_.mss;
  const bool zero_opened =
      last >> s_.rcv_scale == 0 && WindowField(n_.rcv_edge, a, s_.rcv_scale) != 0;
  if (s_.live && n_.rcv_edge != s_.rcv_edge && (small_grew || zero_opened)) {
    AckOf(Ack::AckNow, d_);
  } else if (s_.coalesce_on && !n_.coalesce_on) {
    AckOf(Ack::AckFlush, d_);
  }
  Done(PlaceKind::PlaceAnswer);
}

void CommandRows::Undelegate() {
  n_.valid = n_.live = false;
  Epoch(case_, d_);
  d_.place.addr = c_.addr;
  d_.blk_valid = true;
  AckOf(Ack::AckFlush, d_);
  Cancel(d_);
  Done(PlaceKind::PlaceUndelegate);
}

void CommandRows::Decide() {
  if (c_.status != Status::StatusOk) {  // C1
    return Answer(PlaceKind::PlaceAnswer, c_.status);
  }
  if (c_.op < CmdKind::CmdSetup || static_cast<uint32_t>(c_.op) >= kCmdKindCount) {  // C2
    return Answer(PlaceKind::PlaceAnswer, Status::StatusBadOp);
  }
  if (c_.op != CmdKind::CmdSetup && (!s_.valid || s_.gen != c_.gen)) {  // C3
    return Answer(PlaceKind::PlaceAnswer, Status::StatusStale);
  }
  switch (c_.op) {
    case CmdKind::CmdSetup:  // C4
      return Setup();
    case CmdKind::CmdResume:
      return Resume();
    case CmdKind::CmdResync:
      if (!s_.live) return Refused(Status::StatusAlready);  // C9
      Resync(case_, d_);                                    // C10
      AckOf(Ack::AckFlush, d_);
      return Done(PlaceKind::PlaceAnswer);
    case CmdKind::CmdPost:  // C11
      return Post();
    case CmdKind::CmdSet:  // C12
      return Set();
    case CmdKind::CmdQuery:  // C13
      d_.place.addr = c_.addr;
      d_.blk_valid = true;
      return Done(PlaceKind::PlaceBlock);
    case CmdKind::CmdFlush:  // C14
      Epoch(case_, d_);
      return Done(PlaceKind::PlaceFlush);
    case CmdKind::CmdUndelegate:  // C15
      return Undelegate();
    default:  // C2 has taken it
      return;
  }
}

}  // namespace

void Resync(const Case& c, Decision& d) {
  d.n.live = false;
  d.n.run_start = d.n.run_end = c.s.rcv_nxt;
  d.n.run_frames = 0;
  d.n.run_open = false;
  Epoch(c, d);
  d.place.to_resync = true;
  d.place.ts_recent = c.s.ts_recent;
  d.place.seq = c.s.rcv_nxt;
  Cancel(d);
}

void EdgeIn(const Case& c, Seq edge, Decision& d) {
  const uint32_t x = edge - c.s.rcv_edge;
  if (x != 0 && x <= kHalfRange) d.n.rcv_edge = edge;
}

void Finish(const Case& c, Decision& d) {
  d.place.conn = d.ackev.conn = d.progress.conn = c.conn;
  d.place.gen = d.progress.gen = d.n.gen;
  d.place.room_epoch = d.n.room_epoch;
  d.ackev.coalesce_on = d.n.coalesce_on;
  d.ackev.ack_frames = d.n.ack_frames;
  d.ackev.ack_class = d.n.ack_class;
}

void Command(const Case& c, const Cmd& cmd, Decision& d) { CommandRows(c, cmd, d).Decide(); }

void DecideExpiry(const Case& c, const Expiry& expiry, Decision& d) {
  if (!expiry.is_handback) {  // X2
    AckOf(Ack::AckExpire, d);
    d.ackev.tmr_epoch = expiry.epoch;
  } else if (c.s.valid) {  // X1
    Epoch(c, d);
    PlaceOf(PlaceKind::PlaceExpire, d);
    d.place.tmr_epoch = expiry.epoch;
  }
}

void UploadError(const Case& c, const Uerr& uerr, Decision& d) {
  const State& s = c.s;
  if (!s.valid || s.gen != uerr.gen || !s.live) return;  // U2
  // U1
  Resync(c, d);
  PlaceOf(PlaceKind::PlaceResync, d);
  Ntf& ntf = d.place.ntf;
  ntf.kind = NtfKind::NtfResync;
  ntf.code = static_cast<uint8_t>(Reason::ReasonDma);
  ntf.gen = s.gen;
  ntf.conn = c.conn;
  ntf.seq = s.rcv_nxt;
  ntf.count = s.legacy_cnt;
  ntf.snd_una = s.snd_una;
  ntf.snd_wnd = s.snd_wnd;
  ntf.tag = s.ts_recent;
  AckOf(Ack::AckSetup, d);
}

void StartOfSegment(const Case& c, const Start& v, Decision& d) {
  const State& s = c.s;
  State& n = d.n;
  d.snap_valid = true;
  if (!v.own_ack && (!s.valid || s.gen != v.gen)) {  // S1
    d.snap.status = Status::StatusStale;
    return;
  }
  const uint32_t options = s.ts_on ? wire::kPaddedTsBytes : 0;
  const uint32_t most = s.mss < options ? 0 : s.mss - options;
  if (!v.own_ack && v.len > most) {  // S2
    d.snap.status = Status::StatusBadLength;
    return;
  }
  // S3
  Seq a = Later(s.rcv_nxt, s.last_ack);
  if (v.has_ack) {
    a = Later(a, v.ack);
    EdgeIn(c, v.rcv_edge, d);
  }
  const uint32_t f = WindowField(n.rcv_edge, a, s.rcv_scale);
  n.last_ack = a;
  n.told_edge = a + (f << s.rcv_scale);
  n.ts_sent = s.ts_offset + NowMs(c.now_us);
  if (!v.own_ack) n.snd_nxt = Later(s.snd_nxt, v.seq + v.len + v.fin);
  d.snap = Snap{.status = Status::StatusOk,
                .seq = v.own_ack ? s.snd_nxt : v.seq,
                .ack = a,
                .wnd = static_cast<U16>(f),
                .ts_on = s.ts_on,
                .ts_val = n.ts_sent,
                .ts_ecr = s.ts_recent,
                .snd_nxt = n.snd_nxt,
                .mss = s.mss};
  AckOf(Ack::AckSent, d);
}

}  // namespace handoff::rx_tcp
