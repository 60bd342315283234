// SPDX-License-Identifier: Apache-2.0
//
// Serial numbers, and the tests that PhTest makes of a frame (docs/units/rx_tcp.md, Stages).
#pragma once

#include <algorithm>
#include <cstdint>

#include "gen/handoff_pkg.h"

namespace handoff::rx_tcp {

inline constexpr uint32_t kHalfRange = uint32_t{1} << 30;  // farthest that room, run, edge reach

inline bool Lt(uint32_t a, uint32_t b) { return (a - b) >> 31 != 0; }
inline bool Le(uint32_t a, uint32_t b) { return (b - a) >> 31 == 0; }
inline uint32_t Later(uint32_t a, uint32_t b) { return Le(a, b) ? b : a; }

inline uint32_t NowMs(uint64_t time_us) { return static_cast<uint32_t>(time_us >> 10); }
inline uint32_t NowS(uint64_t time_us) { return static_cast<uint32_t>(time_us >> 20); }
// Time of the limited ACK, in units of 1,024 us.
inline uint32_t Limit(uint32_t limit_us) { return (limit_us >> 10) + 2; }

// The window field that a segment carries: `edge` as seen from `ack`.
inline uint32_t WindowField(uint32_t edge, uint32_t ack, uint32_t rcv_scale) {
  return Lt(ack, edge) ? std::min<uint32_t>((edge - ack) >> rcv_scale, 65535) : 0;
}

// A word of the room RAM.
struct RoomWord {
  U8 epoch = 0;
  U32 room_end = 0;

  template <class F>
  void ForEachField(F&& f) {
    f("epoch", epoch);
    f("room_end", room_end);
  }
};

struct Tests {
  uint32_t end = 0;  // number behind the segment
  uint32_t d = 0;    // from rcv_nxt to its first number
  uint32_t need = 0;
  uint32_t wnd = 0;  // the peer's window, scaled
  Reason special_reason = Reason::ReasonNone;
  bool beyond = false;  // longer than the window
  bool acceptable = false;
  bool ack_good = false;
  bool ts_ok = false;
  bool paws_ok = false;
  bool old = false;
  bool plain = false;
  bool in_room = false;
  bool limited = false;

  template <class F>
  void ForEachField(F&& f) {
    f("end", end);
    f("d", d);
    f("need", need);
    f("wnd", wnd);
    f("special_reason", special_reason, 6);
    f("beyond", beyond);
    f("acceptable", acceptable);
    f("ack_good", ack_good);
    f("ts_ok", ts_ok);
    f("paws_ok", paws_ok);
    f("old", old);
    f("plain", plain);
    f("in_room", in_room);
    f("limited", limited);
  }
};

inline Tests MakeTests(const State& s, const Seg& g, const RoomWord& room_word, uint64_t time_us,
                       uint32_t limit_us) {
  Tests t;
  const uint32_t len = uint32_t{g.pay_len} + g.syn + g.fin;
  t.end = g.seq + len;
  const uint32_t edge_dist = s.rcv_edge - s.rcv_nxt;
  const uint32_t w = edge_dist >> 31 != 0 ? 0 : edge_dist;
  t.d = g.seq - s.rcv_nxt;
  const uint32_t e = t.d + len - 1;
  t.beyond = len > w;
  // RFC 9293, 3.10.7.4: the four cases.
  t.acceptable = len == 0 ? (w == 0 ? t.d == 0 : t.d < w) : (w != 0 && (t.d < w || e < w));
  // RFC 5961, 5.2.
  t.ack_good =
      g.ack_flag ? Le(s.snd_una - s.max_wnd, g.ack) && Le(g.ack, s.snd_nxt) : (g.syn || g.rst);
  constexpr uint32_t k24Days = 1977539;  // in 2^20 us
  t.ts_ok = Le(s.ts_recent, g.ts_val) || (s.live && NowS(time_us) - s.ts_age_s > k24Days);
  t.paws_ok = !s.ts_on || (g.has_ts && t.ts_ok);
  t.old = len != 0 && !g.syn && !g.rst && Le(t.end, s.rcv_nxt);
  t.special_reason = g.syn                          ? Reason::ReasonSyn
                     : g.rst                        ? Reason::ReasonRst
                     : g.urg                        ? Reason::ReasonUrg
                     : g.fin                        ? Reason::ReasonFin
                     : g.unknown_opt                ? Reason::ReasonUnknownOption
                     : g.has_sack && g.pay_len != 0 ? Reason::ReasonDataWithSack
                                                    : Reason::ReasonNone;
  t.plain = !g.syn && !g.rst && !g.fin && !g.urg && !g.unknown_opt && t.ack_good && t.paws_ok;
  t.wnd = uint32_t{g.wnd} << s.snd_scale;
  const uint32_t room_dist = room_word.room_end - s.rcv_nxt;
  const uint32_t room = room_word.epoch == s.room_epoch && room_dist <= kHalfRange ? room_dist : 0;
  t.need = t.end - s.rcv_nxt;
  t.in_room = t.need <= room;
  const uint32_t left = s.limit_until_ms - NowMs(time_us);
  t.limited = s.limit_armed && left != 0 && left <= Limit(limit_us);
  return t;
}

}  // namespace handoff::rx_tcp
