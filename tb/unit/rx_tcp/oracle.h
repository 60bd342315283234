// SPDX-License-Identifier: Apache-2.0
//
// What the page says of a frame, computed a third time: with signed distances in 64 bits, every
// row's condition by itself, so that a test also knows which later rows would have fitted.
#pragma once

#include <cstdint>

#include "tb/unit/rx_tcp/rig.h"

namespace handoff::rx_tcp_test {

inline constexpr int kRows = 20;  // F1 to F19; 0 is not used

struct FrameInputs {
  State s;
  Op op;
  bool halt = false;
  int64_t room = 0;  // bytes; 0: none, or told under another epoch
  uint64_t now_us = kNowUs;
  uint32_t limit_us = kLimitUs;
};

struct Expected {
  bool fits[kRows] = {};
  int row = 0;
  State n;
  Place place;
  Reason verdict{};
  bool has_ackev = false, has_progress = false;
  Ackev ackev;
  Progress progress;
};

// How far b is ahead of a; the numbers of these tests lie within 2^31 of each other.
inline int64_t Ahead(uint32_t a, uint32_t b) { return static_cast<int32_t>(b - a); }

class Oracle {
 public:
  explicit Oracle(const FrameInputs& in) : in_(in), s_(in.s), g_(in.op.seg) {
    x_.n = in.s;
    Tests();
    Conditions();
    for (x_.row = 1; !x_.fits[x_.row];) ++x_.row;
    Effects();
    x_.place.conn = x_.ackev.conn = x_.progress.conn = in.op.conn;
    x_.place.gen = x_.progress.gen = s_.gen;
    x_.place.room_epoch = x_.n.room_epoch;
    x_.ackev.coalesce_on = s_.coalesce_on;
    x_.ackev.ack_frames = s_.ack_frames;
    x_.ackev.ack_class = s_.ack_class;
  }
  const Expected& expected() const { return x_; }

 private:
  void Tests() {
    len_ = g_.pay_len + g_.syn + g_.fin;
    first_ = Ahead(s_.rcv_nxt, g_.seq);
    const int64_t last = first_ + len_ - 1;
    window_ = std::max<int64_t>(0, Ahead(s_.rcv_nxt, s_.rcv_edge));
    const auto inside = [&](int64_t at) { return 0 <= at && at < window_; };
    // RFC 9293, table 6.
    if (len_ == 0) {
      acceptable_ = window_ == 0 ? first_ == 0 : inside(first_);
    } else {
      acceptable_ = inside(first_) || inside(last);
    }
    ack_ahead_ = Ahead(s_.snd_una, g_.ack);
    ack_good_ = g_.ack_flag ? -int64_t{s_.max_wnd} <= ack_ahead_ &&
                                  ack_ahead_ <= Ahead(s_.snd_una, s_.snd_nxt)
                            : g_.syn || g_.rst;
    const bool aged = s_.live && int64_t{NowS(in_.now_us)} - s_.ts_age_s > 1977539;
    ts_ok_ = Ahead(s_.ts_recent, g_.ts_val) >= 0 || aged;
    paws_ok_ = !s_.ts_on || (g_.has_ts && ts_ok_);
    wnd_ = int64_t{g_.wnd} << s_.snd_scale;
    special_ = g_.syn                          ? Reason::ReasonSyn
               : g_.rst                        ? Reason::ReasonRst
               : g_.urg                        ? Reason::ReasonUrg
               : g_.fin                        ? Reason::ReasonFin
               : g_.unknown_opt                ? Reason::ReasonUnknownOption
               : g_.has_sack && g_.pay_len > 0 ? Reason::ReasonDataWithSack
                                               : Reason::ReasonNone;
    entry_ = in_.op.hit && g_.reason == Reason::ReasonNone && s_.valid;
  }

  void Conditions() {
    const bool special = special_ != Reason::ReasonNone;
    bool* f = x_.fits;
    f[1] = in_.halt;
    f[2] = g_.reason != Reason::ReasonNone;
    f[3] = !entry_;
    f[4] = !s_.live;
    f[5] = len_ > 0 && !g_.syn && !g_.rst && first_ + len_ <= 0;
    f[6] = special && acceptable_ && ack_good_;
    f[7] = special;
    f[8] = s_.ts_on && g_.has_ts && !ts_ok_;
    f[9] = !g_.ack_flag;
    f[10] = s_.ts_on && !g_.has_ts;
    f[11] = !acceptable_;
    f[12] = !ack_good_;
    f[13] = g_.pay_len == 0 && g_.has_sack;
    f[14] = g_.pay_len == 0;
    f[15] = first_ > 0;
    f[16] = first_ == 0 && len_ > window_;
    f[17] = first_ != 0;
    f[18] = first_ + len_ <= in_.room;
    f[19] = true;
  }

  void Effects() {
    Expected& x = x_;
    switch (x.row) {
      case 1:
        return Drop(Reason::ReasonHalted);
      case 2:
        return Whole(g_.reason);
      case 3:
        return Whole(Reason::ReasonNoEntry);
      case 4:
        Whole(Reason::ReasonResync);
        return Run();
      case 5:
        Drop(Reason::ReasonOld);
        AckBy(Ack::AckNow);
        if (s_.sack_on) {
          x.ackev.dsack = true;
          x.ackev.dsack_left = g_.seq;
          x.ackev.dsack_right = g_.seq + static_cast<uint32_t>(len_);
        }
        return;
      case 6:
        return Leave(special_);
      case 7:
        return Whole(special_);
      case 8:
        return Whole(Reason::ReasonPaws);
      case 9:
        return Whole(Reason::ReasonNoAck);
      case 10:
        return Whole(Reason::ReasonNoTimestamp);
      case 11:
        Drop(Reason::ReasonUnacceptable);
        LimitedAck();
        if (first_ == 0 && ack_good_) Progress(SendState());
        return;
      case 12:
        Drop(Reason::ReasonBadAck);
        return LimitedAck();
      case 13:
        SendState();
        Timestamp();
        Whole(Reason::ReasonSack);
        x.has_progress = x.progress.cancel = true;
        return;
      case 14:
        Progress(SendState());
        Timestamp();
        return Drop(Reason::ReasonPureAck);
      case 15:
        return Leave(Reason::ReasonGap);
      case 16:
        return Leave(Reason::ReasonBeyondWindow);
      case 17:
        Data(Reason::ReasonPartlyOld);
        return AckBy(Ack::AckNow);
      case 18:
        Data(Reason::ReasonInOrderUser);
        return AckBy(s_.quick_left > 0 ? Ack::AckNow : Ack::AckData);
      default:
        Data(Reason::ReasonInOrderLegacy);
        return AckBy(s_.quick_left > 0 ? Ack::AckNow : Ack::AckData);
    }
  }

  void AckBy(Ack kind) {
    x_.has_ackev = true;
    x_.ackev.kind = kind;
  }
  void Drop(Reason reason) {
    x_.place.kind = PlaceKind::PlaceDrop;
    x_.verdict = reason;
  }
  void Whole(Reason reason) {
    x_.verdict = reason;
    Place& p = x_.place;
    p.kind = PlaceKind::PlaceWhole;
    p.len = g_.frame_bytes;
    p.reserved = 1;
    p.ntf.kind = NtfKind::NtfLegacyFrame;
    p.ntf.code = static_cast<uint8_t>(reason);
    if (!entry_) return;
    ++x_.n.legacy_cnt;
    p.ntf.conn = in_.op.conn;
    p.ntf.hit = true;
    p.ntf.live = s_.live;
    p.ntf.acceptable = acceptable_;
    p.ntf.ack_good = ack_good_;
    p.ntf.paws_ok = paws_ok_;
    p.ntf.dup = x_.n.dup;
    p.ntf.gen = s_.gen;
    p.ntf.seq = s_.rcv_nxt;
    p.ntf.count = x_.n.legacy_cnt;
    p.ntf.snd_una = x_.n.snd_una;
    p.ntf.snd_wnd = x_.n.snd_wnd;
  }
  // The whole frame, and to resync; the frame is the first of the run.
  void Leave(Reason reason) {
    Whole(reason);
    x_.place.to_resync = x_.place.ntf.to_resync = true;
    x_.place.ts_recent = s_.ts_recent;
    x_.place.seq = s_.rcv_nxt;
    x_.n.live = false;
    x_.n.run_start = x_.n.run_end = s_.rcv_nxt;
    x_.n.run_frames = 0;
    ++x_.n.room_epoch;
    x_.has_progress = x_.progress.cancel = true;
    Run();
    AckBy(Ack::AckFlush);
  }
  void Run() {
    State& n = x_.n;
    const bool plain =
        !g_.syn && !g_.rst && !g_.fin && !g_.urg && !g_.unknown_opt && ack_good_ && paws_ok_;
    const int64_t begin = Ahead(n.run_start, g_.seq), end = begin + g_.pay_len;
    const int64_t run_end = Ahead(n.run_start, n.run_end);
    int64_t frames = n.run_frames + 1;
    if (!plain || (g_.pay_len > 0 && (begin > run_end || std::max(end, run_end) > 1 << 30))) {
      n.run_start = g_.seq;
      n.run_end = g_.seq + (plain ? g_.pay_len : 0);
      frames = plain ? 1 : 0;
    } else if (g_.pay_len > 0) {
      n.run_end = n.run_start + static_cast<uint32_t>(std::max(end, run_end));
    }
    n.run_frames = static_cast<U16>(std::min<int64_t>(frames, 65535));
    n.run_open = n.run_start != n.run_end;
  }
  void LimitedAck() {
    const uint32_t limit = in_.limit_us / 1024 + 2;
    const uint32_t left = s_.limit_until_ms - NowMs(in_.now_us);
    const bool limited = s_.limit_armed && left >= 1 && left <= limit;
    if (g_.pay_len == 0 && limited) return;
    AckBy(Ack::AckNow);
    if (g_.pay_len > 0) return;
    x_.n.limit_armed = true;
    x_.n.limit_until_ms = NowMs(in_.now_us) + limit;
  }
  bool SendState() {
    State& n = x_.n;
    if (ack_ahead_ > 0) {
      n.snd_una = g_.ack;
      n.dup = 0;
    } else if (ack_ahead_ == 0 && g_.pay_len == 0 && wnd_ == s_.snd_wnd &&
               s_.snd_nxt != s_.snd_una) {
      n.dup = s_.dup == 15 ? 15 : s_.dup + 1;
    }
    const int64_t seq_newer = Ahead(s_.wl1, g_.seq), ack_newer = Ahead(s_.wl2, g_.ack);
    if (ack_ahead_ >= 0 && (seq_newer > 0 || (seq_newer == 0 && ack_newer >= 0))) {
      n.snd_wnd = static_cast<uint32_t>(wnd_);
      n.wl1 = g_.seq;
      n.wl2 = g_.ack;
      if (wnd_ > s_.max_wnd) n.max_wnd = n.snd_wnd;
    }
    return n.snd_una != s_.snd_una || n.snd_wnd != s_.snd_wnd || n.dup != s_.dup;
  }
  void Progress(bool changed) {
    if (!changed) return;
    x_.has_progress = true;
    x_.progress.snd_una = x_.n.snd_una;
    x_.progress.snd_wnd = x_.n.snd_wnd;
    x_.progress.dup = x_.n.dup;
    if (s_.ts_on && g_.has_ts) x_.progress.ts_ecr = g_.ts_ecr;
  }
  void Timestamp() {
    if (!s_.ts_on || !g_.has_ts || !ts_ok_ || Ahead(s_.last_ack, g_.seq) > 0) return;
    x_.n.ts_recent = g_.ts_val;
    x_.n.ts_age_s = NowS(in_.now_us);
  }
  void Data(Reason reason) {
    Progress(SendState());
    Timestamp();
    x_.verdict = reason;
    const int64_t need = first_ + len_;
    const bool in_room = need <= in_.room;
    x_.n.rcv_nxt = s_.rcv_nxt + static_cast<uint32_t>(need);
    if (x_.n.quick_left > 0) --x_.n.quick_left;
    if (g_.psh || !in_room) ++x_.n.room_epoch;
    Place& p = x_.place;
    p.kind = PlaceKind::PlacePayload;
    p.seq = s_.rcv_nxt;
    p.off = static_cast<U16>(g_.pay_off - first_);
    p.len = static_cast<U16>(need);
    p.psh = g_.psh;
    p.reserved = in_room ? 0 : 2;
  }

  const FrameInputs& in_;
  const State& s_;
  const Seg& g_;
  Expected x_;
  int64_t len_ = 0, first_ = 0, window_ = 0, ack_ahead_ = 0, wnd_ = 0;
  bool acceptable_ = false, ack_good_ = false, ts_ok_ = false, paws_ok_ = false, entry_ = false;
  Reason special_{};
};

}  // namespace handoff::rx_tcp_test
