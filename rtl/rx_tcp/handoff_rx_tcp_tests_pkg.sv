// SPDX-License-Identifier: Apache-2.0
//
// Private to rx_tcp: PhTest. docs/units/rx_tcp.md, "Tests".
// no_inline_task: Verilator clears the locals of an inlined function in every cycle.

package handoff_rx_tcp_tests_pkg;
  import handoff_pkg::*;
  import handoff_rx_tcp_pkg::*;
  import handoff_wire_pkg::*;

  // A frame against the state. len counts SYN and FIN (RFC 9293, 3.4).
  function automatic tests_t test_frame(input logic hit, input seg_t g, input state_t s,
                                        input room_word_t room_word, input u32_t limit_us,
                                        input u32_t now_ms, input u32_t now_s);
    // verilator no_inline_task
    tests_t t;
    u32_t len, w, d, e, need, room, until_ms;
    t = '0;
    len = 32'(g.pay_len) + 32'(g.syn) + 32'(g.fin);
    t.seg_end = g.seq + len;
    w = s.rcv_edge - s.rcv_nxt;
    if (w[31]) w = 32'd0;
    d = g.seq - s.rcv_nxt;
    e = d + len - 32'd1;
    need = t.seg_end - s.rcv_nxt;

    t.entry = hit && (g.reason == ReasonNone) && s.valid;
    if (len == 32'd0) t.acceptable = (w == 32'd0) ? (d == 32'd0) : (d < w);
    else t.acceptable = (w != 32'd0) && ((d < w) || (e < w));
    if (g.ack_flag) t.ack_good = le(s.snd_una - s.max_wnd, g.ack) && le(g.ack, s.snd_nxt);
    else t.ack_good = g.syn || g.rst;
    t.ts_ok = le(s.ts_recent, g.ts_val) || (s.live && ((now_s - s.ts_age_s) > PawsIdle));
    t.paws_ok = !s.ts_on || (g.has_ts && t.ts_ok);
    t.old = (len != 32'd0) && !g.syn && !g.rst && le(t.seg_end, s.rcv_nxt);

    t.special = 1'b1;
    if (g.syn) t.special_reason = ReasonSyn;
    else if (g.rst) t.special_reason = ReasonRst;
    else if (g.urg) t.special_reason = ReasonUrg;
    else if (g.fin) t.special_reason = ReasonFin;
    else if (g.unknown_opt) t.special_reason = ReasonUnknownOption;
    else if (g.has_sack && (g.pay_len != 16'd0)) t.special_reason = ReasonDataWithSack;
    else t.special = 1'b0;
    t.plain = !g.syn && !g.rst && !g.fin && !g.urg && !g.unknown_opt && t.ack_good && t.paws_ok;

    t.at_nxt = d == 32'd0;
    t.ahead = !t.at_nxt && !d[31];
    t.beyond = len > w;
    room = room_word.room_end - s.rcv_nxt;
    if ((room_word.epoch != s.room_epoch) || (room > MaxAheadBytes)) room = 32'd0;
    t.in_room = need <= room;
    t.trim = 16'(s.rcv_nxt - g.seq);
    t.need = need[15:0];

    until_ms = s.limit_until_ms - now_ms;
    t.limited = s.limit_armed && (until_ms != 32'd0) && (until_ms <= limit_ms(limit_us));

    t.wnd = 32'(g.wnd) << s.snd_scale;
    t.una_moves = lt(s.snd_una, g.ack);
    t.dup_ack = (g.ack == s.snd_una) && (g.pay_len == 16'd0) && (t.wnd == s.snd_wnd)
        && (s.snd_una != s.snd_nxt);
    t.wnd_moves = le(s.snd_una, g.ack) &&
        (lt(s.wl1, g.seq) || ((s.wl1 == g.seq) && le(s.wl2, g.ack)));
    t.snd_changed = t.una_moves || (t.dup_ack && (s.dup != MaxDup))
        || (t.wnd_moves && (t.wnd != s.snd_wnd));
    return t;
  endfunction

  // A command against the state: RESUME's conditions, and what SET's edge does (CORNERS 61).
  function automatic tests_t test_command(input cmd_t c, input state_t s);
    // verilator no_inline_task
    tests_t t;
    u32_t newer, last_wnd, more;
    u16_t mss;
    seq_t right_edge;
    logic by_mss, from_zero;
    t = '0;
    t.stale = !s.valid || (s.gen != c.gen);

    newer = s.legacy_cnt - c.count;
    if (newer != 32'd0) t.live_at = s.run_end;
    else if (s.run_open && le(s.run_start, c.rcv_nxt)) t.live_at = later(s.run_end, c.rcv_nxt);
    else t.live_at = c.rcv_nxt;
    t.count_bad = newer > 32'(s.run_frames);
    t.range_bad = ((newer != 32'd0) && !(le(s.run_start, c.rcv_nxt) && le(c.rcv_nxt, s.run_end))) ||
        !le(t.live_at, c.rcv_edge);
    right_edge = later(s.rcv_edge, c.rcv_edge);
    t.resume_ack = lt(c.last_ack, t.live_at) ||
        lt(s.told_edge, told(right_edge, t.live_at, s.rcv_scale));

    t.edge_in = c.set_edge && edge_taken(c.rcv_edge, s.rcv_edge);
    t.ack = later(s.rcv_nxt, s.last_ack);
    mss = c.set_mss ? c.mss : s.mss;
    last_wnd = s.told_edge - s.last_ack;
    more = c.rcv_edge - s.told_edge;
    by_mss = (last_wnd < {15'd0, mss, 1'b0}) && !more[31] && (more >= 32'(mss));
    from_zero = ((last_wnd >> s.rcv_scale) == 32'd0) &&
        (window_field(c.rcv_edge, t.ack, s.rcv_scale) != 16'd0);
    t.reopens = s.live && t.edge_in && (by_mss || from_zero);
    t.coalesce_ends = c.set_coalesce && s.coalesce_on && !c.coalesce_on;
    return t;
  endfunction

  function automatic tests_t test_start(input start_t v, input state_t s);
    // verilator no_inline_task
    tests_t t;
    u16_t   most;
    t = '0;
    most = s.mss;
    if (s.ts_on) most = (s.mss < 16'(PaddedTsBytes)) ? 16'd0 : s.mss - 16'(PaddedTsBytes);
    t.stale = !v.own_ack && (!s.valid || (s.gen != v.gen));
    t.too_long = !v.own_ack && (v.len > most);
    t.ack = later(s.rcv_nxt, s.last_ack);
    if (v.has_ack) t.ack = later(t.ack, v.ack);
    t.edge_in = v.has_ack && edge_taken(v.rcv_edge, s.rcv_edge);
    return t;
  endfunction

  function automatic tests_t test_uerr(input uerr_t u, input state_t s);
    // verilator no_inline_task
    tests_t t;
    t = '0;
    t.stale = !s.valid || (s.gen != u.gen) || !s.live;
    return t;
  endfunction

endpackage
