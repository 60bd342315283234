// SPDX-License-Identifier: Apache-2.0
//
// Private to rx_tcp: the state after an operation. docs/units/rx_tcp.md, "Rules by case".
// no_inline_task: Verilator clears the locals of an inlined function in every cycle.

package handoff_rx_tcp_state_pkg;
  import handoff_pkg::*;
  import handoff_rx_tcp_pkg::*;

  // SETUP. Nothing but the room's epoch is left of the entry before.
  function automatic state_t setup_state(input cmd_t c, input u8_t room_epoch, input u32_t now_ms,
                                         input u32_t now_s);
    // verilator no_inline_task
    state_t n;
    n = '0;
    n.valid = 1'b1;
    n.gen = c.gen;
    n.rcv_nxt = c.rcv_nxt;
    n.rcv_edge = c.rcv_edge;
    n.last_ack = c.last_ack;
    n.told_edge = c.rcv_edge;
    n.snd_una = c.snd_una;
    n.snd_nxt = c.snd_nxt;
    n.snd_wnd = c.snd_wnd;
    n.max_wnd = c.max_wnd;
    n.wl1 = c.wl1;
    n.wl2 = c.wl2;
    n.ts_recent = c.ts_recent;
    n.ts_offset = c.ts_offset;
    n.ts_sent = c.ts_offset + now_ms;
    n.ts_age_s = now_s;
    n.run_start = c.rcv_nxt;
    n.run_end = c.rcv_nxt;
    n.snd_scale = c.snd_scale;
    n.rcv_scale = c.rcv_scale;
    n.ts_on = c.ts_on;
    n.sack_on = c.sack_on;
    n.coalesce_on = c.coalesce_on;
    n.ack_class = c.ack_class;
    n.ack_frames = c.ack_frames;
    n.quick = c.quick;
    n.mss = c.mss;
    n.room_epoch = room_epoch + 8'd1;
    return n;
  endfunction

  function automatic state_t resume_state(input state_t s, input cmd_t c, input seq_t live_at,
                                          input u32_t now_s);
    // verilator no_inline_task
    state_t n;
    n = s;
    n.live = 1'b1;
    n.rcv_nxt = live_at;
    n.rcv_edge = later(s.rcv_edge, c.rcv_edge);
    n.last_ack = c.last_ack;
    n.snd_una = c.snd_una;
    n.snd_wnd = c.snd_wnd;
    n.max_wnd = c.max_wnd;
    n.wl1 = c.wl1;
    n.wl2 = c.wl2;
    n.ts_recent = c.ts_recent;
    n.ts_age_s = now_s;
    n.run_start = live_at;
    n.run_end = live_at;
    n.run_frames = 16'd0;
    n.run_open = 1'b0;
    n.dup = 4'd0;
    n.quick_left = s.quick;
    return n;
  endfunction

  // A frame of an entry in resync and the clean run (DESIGN 9, CORNERS 74, 80).
  function automatic state_t extend_run(input state_t s, input seg_t g, input logic plain);
    // verilator no_inline_task
    state_t n;
    seq_t data_end, run_end;
    u16_t more;
    n = s;
    data_end = g.seq + 32'(g.pay_len);
    run_end = later(s.run_end, data_end);
    more = (s.run_frames == MaxRunFrames) ? MaxRunFrames : s.run_frames + 16'd1;
    if (!plain) begin
      n.run_start = g.seq;
      n.run_end = g.seq;
      n.run_frames = 16'd0;
    end else if (g.pay_len == 16'd0) begin
      n.run_frames = more;
    end else if (!le(g.seq, s.run_end) || ((run_end - s.run_start) > MaxAheadBytes)) begin
      n.run_start = g.seq;
      n.run_end = data_end;
      n.run_frames = 16'd1;
    end else begin
      n.run_end = run_end;
      n.run_frames = more;
    end
    n.run_open = n.run_start != n.run_end;
    return n;
  endfunction

  // A frame: send side, timestamp, receive side, resync and run, in this order.
  function automatic state_t frame_state(input act_t a, input state_t s, input seg_t g,
                                         input tests_t t, input u32_t limit_us, input u32_t now_ms,
                                         input u32_t now_s);
    // verilator no_inline_task
    state_t n;
    n = s;
    if (a.counted) n.legacy_cnt = s.legacy_cnt + 32'd1;
    if (a.limit) begin
      n.limit_armed = 1'b1;
      n.limit_until_ms = now_ms + limit_ms(limit_us);
    end
    if (a.snd && t.una_moves) begin
      n.snd_una = g.ack;
      n.dup = 4'd0;
    end else if (a.snd && t.dup_ack && (s.dup != MaxDup)) begin
      n.dup = s.dup + 4'd1;
    end
    if (a.snd && t.wnd_moves) begin
      n.snd_wnd = t.wnd;
      n.wl1 = g.seq;
      n.wl2 = g.ack;
      if (t.wnd > s.max_wnd) n.max_wnd = t.wnd;
    end
    // RFC 7323, 4.3: only what starts at or before the last acknowledgement sent.
    if (a.stamp && s.ts_on && g.has_ts && t.ts_ok && le(g.seq, s.last_ack)) begin
      n.ts_recent = g.ts_val;
      n.ts_age_s  = now_s;
    end
    if (a.payload) begin
      n.rcv_nxt = t.seg_end;
      if (s.quick_left != 8'd0) n.quick_left = s.quick_left - 8'd1;
    end
    return n;
  endfunction

  function automatic state_t set_state(input state_t s, input cmd_t c, input logic edge_in);
    // verilator no_inline_task
    state_t n;
    n = s;
    if (edge_in) n.rcv_edge = c.rcv_edge;
    if (c.set_mss) n.mss = c.mss;
    if (c.set_coalesce) begin
      n.coalesce_on = c.coalesce_on;
      n.ack_frames  = c.ack_frames;
      n.ack_class   = c.ack_class;
    end
    return n;
  endfunction

  function automatic state_t segment_state(input state_t s, input start_t v, input tests_t t,
                                           input u32_t now_ms);
    // verilator no_inline_task
    state_t n;
    n = s;
    if (t.edge_in) n.rcv_edge = v.rcv_edge;
    n.last_ack  = t.ack;
    n.told_edge = told(n.rcv_edge, t.ack, s.rcv_scale);
    n.ts_sent   = s.ts_offset + now_ms;
    if (!v.own_ack) n.snd_nxt = later(s.snd_nxt, v.seq + 32'(v.len) + 32'(v.fin));
    return n;
  endfunction

  // now_us: of PhTest.
  function automatic state_t next_state(input act_t a, input state_t s, input op_t op,
                                        input start_t v, input tests_t t, input u32_t limit_us,
                                        input u64_t now_us);
    // verilator no_inline_task
    state_t n;
    u32_t now_ms, now_s;
    now_ms = ms_of(now_us);
    now_s = s_of(now_us);
    n = s;
    if (a.setup) n = setup_state(op.cmd, s.room_epoch, now_ms, now_s);
    else if (a.resume) n = resume_state(s, op.cmd, t.live_at, now_s);
    else if (a.set) n = set_state(s, op.cmd, t.edge_in);
    else if (a.segment) n = segment_state(s, v, t, now_ms);
    else if (a.cnt) n = frame_state(a, s, op.seg, t, limit_us, now_ms, now_s);
    if (a.undelegate) begin
      n.valid = 1'b0;
      n.live  = 1'b0;
    end
    if (a.to_resync) begin
      n.live = 1'b0;
      n.run_start = s.rcv_nxt;
      n.run_end = s.rcv_nxt;
      n.run_frames = 16'd0;
      n.run_open = 1'b0;
    end
    if (a.run) n = extend_run(n, op.seg, t.plain);
    if (a.to_resync || a.next_epoch) n.room_epoch = s.room_epoch + 8'd1;
    return n;
  endfunction

endpackage
