// SPDX-License-Identifier: Apache-2.0
//
// PhDecide of rx_tcp for frames: rows F1 to F19 of docs/units/rx_tcp.md. Combinational. While valid_i
// is 0 it decides nothing and the state stays.

module handoff_rx_tcp_frame
  import handoff_pkg::*;
  import handoff_rx_tcp_pkg::*;
(
    input logic   valid_i,
    input logic   halt_i,
    input seg_t   seg_i,
    input tests_t tests_i,
    input state_t state_i,
    input u32_t   limit_us_i,
    input u64_t   now_i,

    output decision_t decision_o
);

  function automatic act_t whole(input reason_e reason, input logic to_sync);
    act_t a;
    a = '0;
    a.place = 1'b1;
    a.place_kind = PlaceWhole;
    a.reserved = 2'd1;
    a.cnt = 1'b1;
    a.reason = reason;
    a.to_sync = to_sync;
    a.prog = to_sync;
    a.cancel = to_sync;
    a.ackev = to_sync;
    a.ack_kind = AckFlush;
    return a;
  endfunction

  function automatic act_t taken(input reason_e reason);
    act_t a;
    a = '0;
    a.place = 1'b1;
    a.place_kind = PlaceDrop;
    a.cnt = 1'b1;
    a.reason = reason;
    return a;
  endfunction

  function automatic state_t record_ts(input state_t s, input state_t s_before, input seg_t g,
                                       input logic ts_ok, input u32_t now_s);
    state_t n;
    n = s;
    if (s_before.ts_on && g.has_ts && ts_ok && le(g.seq, s_before.last_ack)) begin
      n.ts_recent = g.ts_val;
      n.ts_age_s  = now_s;
    end
    return n;
  endfunction

  function automatic logic send_changed(input state_t s, input state_t n);
    return (n.snd_una != s.snd_una) || (n.snd_wnd != s.snd_wnd) || (n.dup != s.dup);
  endfunction

  // Rows F5 to F19: the frame of a live entry.
  function automatic decision_t decide_live(input seg_t g, input tests_t t, input state_t s,
                                            input u32_t limit_us, input u32_t now_ms,
                                            input u32_t now_s);
    decision_t r;
    state_t sent;
    logic no_data, ack_limited, sync;
    reason_e reason;
    r = '0;
    r.n = s;
    no_data = g.pay_len == 16'd0;
    sent = send_update(s, g, t.wnd);
    ack_limited = 1'b0;
    sync = 1'b0;
    reason = ReasonNone;

    if (t.old) begin
      r.act = taken(ReasonOld);
      r.act.ackev = 1'b1;
      r.act.ack_kind = AckNow;
      r.act.dsack = s.sack_on;
    end else if (t.special) begin
      reason = t.special_reason;
      sync   = t.acceptable && t.ack_good;
    end else if (s.ts_on && g.has_ts && !t.ts_ok) begin
      reason = ReasonPaws;
    end else if (!g.ack_flag) begin
      reason = ReasonNoAck;
    end else if (s.ts_on && !g.has_ts) begin
      reason = ReasonNoTimestamp;
    end else if (!t.acceptable) begin
      r.act = taken(ReasonUnacceptable);
      ack_limited = 1'b1;
      if (t.at_nxt && t.ack_good) begin
        r.n = sent;
        r.act.prog = send_changed(s, sent);
      end
    end else if (!t.ack_good) begin
      r.act = taken(ReasonBadAck);
      ack_limited = 1'b1;
    end else if (no_data) begin
      r.n = record_ts(sent, s, g, t.ts_ok, now_s);
      if (g.has_sack) begin
        reason = ReasonSack;
      end else begin
        r.act = taken(ReasonPureAck);
        r.act.prog = send_changed(s, sent);
      end
    end else if (t.ahead) begin
      reason = ReasonGap;
      sync   = 1'b1;
    end else if (t.at_nxt && t.beyond) begin
      reason = ReasonBeyondWindow;
      sync   = 1'b1;
    end else begin
      r.n = record_ts(sent, s, g, t.ts_ok, now_s);
      r.n.rcv_nxt = t.seg_end;
      if (s.quick_left != 8'd0) r.n.quick_left = s.quick_left - 8'd1;
      if (g.psh || !t.in_room) r.n.room_epoch = s.room_epoch + 8'd1;
      r.act.place = 1'b1;
      r.act.place_kind = PlacePayload;
      r.act.reserved = t.in_room ? 2'd0 : 2'd2;
      r.act.cnt = 1'b1;
      r.act.prog = send_changed(s, sent);
      r.act.ackev = 1'b1;
      r.act.ack_kind = (!t.at_nxt || (s.quick_left != 8'd0)) ? AckNow : AckData;
      if (!t.at_nxt) r.act.reason = ReasonPartlyOld;
      else r.act.reason = t.in_room ? ReasonInOrderUser : ReasonInOrderLegacy;
    end

    if (ack_limited && (!no_data || !t.limited)) begin
      r.act.ackev = 1'b1;
      r.act.ack_kind = AckNow;
      if (no_data) begin
        r.n.limit_armed = 1'b1;
        r.n.limit_until_ms = now_ms + (limit_us >> 10) + 32'd2;
      end
    end
    if (reason != ReasonNone) begin
      r.act = whole(reason, sync);
      r.n.legacy_cnt = s.legacy_cnt + 32'd1;
      if (reason == ReasonSack) begin
        r.act.prog   = 1'b1;
        r.act.cancel = 1'b1;
      end
    end
    if (sync) r.n = extend_run(enter_sync(r.n), g, t.plain);
    return r;
  endfunction

  always_comb begin
    decision_o   = '0;
    decision_o.n = state_i;
    if (valid_i) begin
      if (halt_i) begin
        decision_o.act = taken(ReasonHalted);
      end else if (seg_i.reason != ReasonNone) begin
        decision_o.act = whole(seg_i.reason, 1'b0);
      end else if (!tests_i.entry) begin
        decision_o.act = whole(ReasonNoEntry, 1'b0);
      end else if (!state_i.live) begin
        decision_o.act = whole(ReasonInSync, 1'b0);
        decision_o.n = extend_run(state_i, seg_i, tests_i.plain);
        decision_o.n.legacy_cnt = state_i.legacy_cnt + 32'd1;
      end else begin
        decision_o = decide_live(seg_i, tests_i, state_i, limit_us_i, now_i[41:10], now_i[51:20]);
      end
    end
  end

endmodule
