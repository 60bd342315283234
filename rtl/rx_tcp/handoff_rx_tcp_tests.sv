// SPDX-License-Identifier: Apache-2.0
//
// PhTest of rx_tcp: everything about an operation that is a comparison of it with the state, the room
// and the time. Combinational; the tests are registered by rx_tcp. All zero while valid_i is 0.

module handoff_rx_tcp_tests
  import handoff_pkg::*;
  import handoff_rx_tcp_pkg::*;
(
    input logic       valid_i,
    input kind_e      kind_i,
    input op_t        op_i,
    input start_t     start_i,
    input state_t     state_i,
    input room_word_t room_i,
    input u32_t       limit_us_i,
    input u64_t       time_us_i,

    output tests_t tests_o
);

  // A frame against the state. len counts SYN and FIN (RFC 9293, 3.4).
  function automatic tests_t test_frame(input logic hit, input seg_t g, input state_t s,
                                        input room_word_t room_word, input u32_t limit_us,
                                        input u32_t now_ms, input u32_t now_s);
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
    t.wnd = 32'(g.wnd) << s.snd_scale;
    room = room_word.room_end - s.rcv_nxt;
    if ((room_word.epoch != s.room_epoch) || (room > MaxAhead)) room = 32'd0;
    t.in_room = need <= room;
    t.trim = 16'(s.rcv_nxt - g.seq);
    t.need = need[15:0];

    until_ms = s.limit_until_ms - now_ms;
    t.limited = s.limit_armed && (until_ms != 32'd0) && (until_ms <= ((limit_us >> 10) + 32'd2));
    return t;
  endfunction

  // RESUME, and what SET and a segment need: the acknowledgement to carry and the edge.
  function automatic tests_t test_command(input cmd_t c, input state_t s);
    tests_t t;
    u32_t   newer;
    t = '0;
    t.ack = later(s.rcv_nxt, s.last_ack);
    t.edge_in = edge_taken(c.rcv_edge, s.rcv_edge);
    newer = s.legacy_cnt - c.count;
    if (newer != 32'd0) t.live_at = s.run_end;
    else if (s.run_open && le(s.run_start, c.rcv_nxt)) t.live_at = later(s.run_end, c.rcv_nxt);
    else t.live_at = c.rcv_nxt;
    t.count_bad = newer > 32'(s.run_frames);
    t.range_bad = ((newer != 32'd0) && !(le(s.run_start, c.rcv_nxt) && le(c.rcv_nxt, s.run_end))) ||
        !le(t.live_at, c.rcv_edge);
    return t;
  endfunction

  function automatic tests_t test_start(input start_t v, input state_t s);
    tests_t t;
    t = '0;
    t.ack = later(s.rcv_nxt, s.last_ack);
    if (v.has_ack) t.ack = later(t.ack, v.ack);
    t.edge_in = v.has_ack && edge_taken(v.rcv_edge, s.rcv_edge);
    return t;
  endfunction

  always_comb begin
    tests_o = '0;
    if (valid_i) begin
      if (kind_i == KindStart) tests_o = test_start(start_i, state_i);
      else if ((kind_i == KindOp) && op_i.is_cmd) tests_o = test_command(op_i.cmd, state_i);
      else if (kind_i == KindOp) begin
        tests_o = test_frame(op_i.hit, op_i.seg, state_i, room_i, limit_us_i, time_us_i[41:10],
                             time_us_i[51:20]);
      end
    end
  end

endmodule
