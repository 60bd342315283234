// SPDX-License-Identifier: Apache-2.0
//
// Rules by case: frames.
#include <algorithm>
#include <cstdint>

#include "model/rx_tcp/rows.h"

namespace handoff::rx_tcp {
namespace {

// A frame at its entry, or at none.
class FrameRows {
 public:
  FrameRows(const Case& c, const Op& op, const Tests& t, Decision& d)
      : c_(c), s_(c.s), g_(op.seg), t_(t), d_(d), n_(d.n) {
    entry_ = op.hit && g_.reason == Reason::ReasonNone && s_.valid;
  }

  void Decide(bool halt);

 private:
  void Rows();
  void Run();
  void Whole(Reason reason);
  void WholeAndResync(Reason reason);
  void Taken(Reason reason);
  void AckLim();
  void Snd();
  void Told();
  void Ts();
  void Payload(Reason reason);
  void AckOfPayload();

  const Case& c_;
  const State& s_;
  const Seg& g_;
  const Tests& t_;
  Decision& d_;
  State& n_;
  bool entry_;
  bool changed_ = false;
};

void FrameRows::Run() {
  const uint32_t e2 = g_.seq + g_.pay_len;
  const auto one_more = static_cast<U16>(n_.run_frames == 65535 ? 65535 : n_.run_frames + 1);
  const auto begin = [&](uint32_t end, U16 frames) {
    n_.run_start = g_.seq;
    n_.run_end = end;
    n_.run_frames = frames;
  };
  if (!t_.plain) {
    begin(g_.seq, 0);
  } else if (g_.pay_len == 0) {
    n_.run_frames = one_more;
  } else if (!Le(g_.seq, n_.run_end)) {
    begin(e2, 1);
  } else {
    const uint32_t x = Later(n_.run_end, e2);
    if (x - n_.run_start > kHalfRange) {
      begin(e2, 1);
    } else {
      n_.run_end = x;
      n_.run_frames = one_more;
    }
  }
  n_.run_open = n_.run_start != n_.run_end;
}

void FrameRows::Whole(Reason reason) {
  PlaceOf(PlaceKind::PlaceWhole, d_);
  d_.place.len = g_.frame_bytes;
  d_.place.reserved = 1;
  d_.needs = 1;
  d_.tcp_cnt_valid = true;
  d_.reason = reason;
  Ntf& ntf = d_.place.ntf;
  ntf.kind = NtfKind::NtfLegacyFrame;
  ntf.code = static_cast<uint8_t>(reason);
  if (!entry_) return;
  n_.legacy_cnt = s_.legacy_cnt + 1;
  ntf.conn = c_.conn;
  ntf.live = s_.live;
  ntf.hit = true;
  ntf.acceptable = t_.acceptable;
  ntf.ack_good = t_.ack_good;
  ntf.paws_ok = t_.paws_ok;
  ntf.dup = n_.dup;
  ntf.gen = n_.gen;
  ntf.seq = n_.rcv_nxt;
  ntf.count = n_.legacy_cnt;
  ntf.snd_una = n_.snd_una;
  ntf.snd_wnd = n_.snd_wnd;
}

void FrameRows::WholeAndResync(Reason reason) {
  Whole(reason);
  Resync(c_, d_);
  d_.place.ntf.to_resync = true;
  Run();
  AckOf(Ack::AckFlush, d_);
}

void FrameRows::Taken(Reason reason) {
  PlaceOf(PlaceKind::PlaceDrop, d_);
  d_.tcp_cnt_valid = true;
  d_.reason = reason;
}

void FrameRows::AckLim() {
  if (g_.pay_len != 0) {
    AckOf(Ack::AckNow, d_);
  } else if (!t_.limited) {
    AckOf(Ack::AckNow, d_);
    n_.limit_armed = true;
    n_.limit_until_ms = NowMs(c_.now_us) + Limit(c_.limit_us);
  }
}

void FrameRows::Snd() {
  if (Lt(s_.snd_una, g_.ack)) {
    n_.snd_una = g_.ack;
    n_.dup = 0;
  } else if (g_.ack == s_.snd_una && g_.pay_len == 0 && t_.wnd == s_.snd_wnd &&
             s_.snd_una != s_.snd_nxt) {
    n_.dup = static_cast<uint8_t>(std::min(s_.dup + 1, 15));
  }
  // RFC 9293, 3.10.7.4: the window from the newest segment only.
  if (Le(s_.snd_una, g_.ack) && (Lt(s_.wl1, g_.seq) || (s_.wl1 == g_.seq && Le(s_.wl2, g_.ack)))) {
    n_.snd_wnd = t_.wnd;
    n_.wl1 = g_.seq;
    n_.wl2 = g_.ack;
    n_.max_wnd = std::max(s_.max_wnd, t_.wnd);
  }
  changed_ = n_.snd_una != s_.snd_una || n_.snd_wnd != s_.snd_wnd || n_.dup != s_.dup;
}

void FrameRows::Told() {
  if (!changed_) return;
  d_.progress_valid = true;
  d_.progress.snd_una = n_.snd_una;
  d_.progress.snd_wnd = n_.snd_wnd;
  d_.progress.dup = n_.dup;
  d_.progress.ts_ecr = s_.ts_on && g_.has_ts ? g_.ts_ecr : 0;
}

void FrameRows::Ts() {
  if (s_.ts_on && g_.has_ts && t_.ts_ok && Le(g_.seq, s_.last_ack)) {
    n_.ts_recent = g_.ts_val;
    n_.ts_age_s = NowS(c_.now_us);
  }
}

void FrameRows::Payload(Reason reason) {
  Snd();
  Ts();
  Told();
  n_.rcv_nxt = t_.end;
  if (s_.quick_left != 0) n_.quick_left = static_cast<U8>(s_.quick_left - 1);
  if (g_.psh || !t_.in_room) Epoch(c_, d_);
  d_.tcp_cnt_valid = true;
  d_.reason = reason;
  PlaceOf(PlaceKind::PlacePayload, d_);
  d_.place.seq = s_.rcv_nxt;
  d_.place.off = static_cast<U16>(g_.pay_off + (s_.rcv_nxt - g_.seq));
  d_.place.len = static_cast<U16>(t_.need);
  d_.place.psh = g_.psh;
  d_.place.reserved = t_.in_room ? 0 : 2;
  d_.needs = d_.place.reserved;
}

void FrameRows::AckOfPayload() { AckOf(s_.quick_left != 0 ? Ack::AckNow : Ack::AckData, d_); }

void FrameRows::Decide(bool halt) {
  if (halt) {  // F1
    Taken(Reason::ReasonHalted);
  } else if (g_.reason != Reason::ReasonNone) {  // F2
    Whole(g_.reason);
  } else if (!entry_) {  // F3
    Whole(Reason::ReasonNoEntry);
  } else if (!s_.live) {  // F4
    Whole(Reason::ReasonResync);
    Run();
  } else {
    Rows();
  }
}

// F5 to F19: at a live entry.
void FrameRows::Rows() {
  const bool special = t_.special_reason != Reason::ReasonNone;
  if (t_.old) {  // F5
    Taken(Reason::ReasonOld);
    AckOf(Ack::AckNow, d_);
    if (s_.sack_on) {  // RFC 2883
      d_.ackev.dsack = true;
      d_.ackev.dsack_left = g_.seq;
      d_.ackev.dsack_right = t_.end;
    }
  } else if (special && t_.acceptable && t_.ack_good) {  // F6
    WholeAndResync(t_.special_reason);
  } else if (special) {  // F7
    Whole(t_.special_reason);
  } else if (s_.ts_on && g_.has_ts && !t_.ts_ok) {  // F8
    Whole(Reason::ReasonPaws);
  } else if (!g_.ack_flag) {  // F9
    Whole(Reason::ReasonNoAck);
  } else if (s_.ts_on && !g_.has_ts) {  // F10
    Whole(Reason::ReasonNoTimestamp);
  } else if (!t_.acceptable) {  // F11
    Taken(Reason::ReasonUnacceptable);
    AckLim();
    if (t_.d == 0 && t_.ack_good) {
      Snd();
      Told();
    }
  } else if (!t_.ack_good) {  // F12
    Taken(Reason::ReasonBadAck);
    AckLim();
  } else if (g_.pay_len == 0 && g_.has_sack) {  // F13
    Snd();
    Ts();
    Whole(Reason::ReasonSack);
    Cancel(d_);
  } else if (g_.pay_len == 0) {  // F14
    Snd();
    Ts();
    Told();
    Taken(Reason::ReasonPureAck);
  } else if (t_.d != 0 && t_.d >> 31 == 0) {  // F15
    WholeAndResync(Reason::ReasonGap);
  } else if (t_.d == 0 && t_.beyond) {  // F16
    WholeAndResync(Reason::ReasonBeyondWindow);
  } else if (t_.d != 0) {  // F17
    Payload(Reason::ReasonPartlyOld);
    AckOf(Ack::AckNow, d_);
  } else {  // F18, F19
    Payload(t_.in_room ? Reason::ReasonInOrderUser : Reason::ReasonInOrderLegacy);
    AckOfPayload();
  }
}

}  // namespace

void Frame(const Case& c, const Op& op, const Tests& t, bool halt, Decision& d) {
  FrameRows(c, op, t, d).Decide(halt);
}

void FrameWithoutBuffer(const Case& c, Decision& d) {
  d = Decision(c.s);
  PlaceOf(PlaceKind::PlaceDrop, d);
  d.tcp_cnt_valid = true;
  d.reason = Reason::ReasonNoLegacyBuffer;
}

}  // namespace handoff::rx_tcp
