// SPDX-License-Identifier: Apache-2.0
//
// PhDecide of rx_tcp for commands: rows C1 to C15 of docs/units/rx_tcp.md. Combinational. While
// valid_i is 0 it decides nothing and the state stays.

module handoff_rx_tcp_command
  import handoff_pkg::*;
  import handoff_rx_tcp_pkg::*;
(
    input logic   valid_i,
    input cmd_t   cmd_i,
    input tests_t tests_i,
    input state_t state_i,
    input u64_t   now_i,

    output decision_t decision_o
);

  function automatic state_t setup_state(input cmd_t c, input u8_t room_epoch, input u32_t now_ms,
                                         input u32_t now_s);
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

  function automatic state_t resume_state(input cmd_t c, input seq_t live_at, input state_t s,
                                          input u32_t now_s);
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
    n.room_epoch = s.room_epoch + 8'd1;
    return n;
  endfunction

  // The edge moved and the window reopens enough to say so at once (CORNERS 61; RFC 9293, 3.8.6.2.2).
  function automatic logic reopens(input state_t s, input state_t n, input seq_t ack);
    u32_t last_wnd, more;
    logic by_mss, from_zero;
    last_wnd = s.told_edge - s.last_ack;
    more = n.rcv_edge - s.told_edge;
    by_mss = (last_wnd < {15'd0, n.mss, 1'b0}) && !more[31] && (more >= 32'(n.mss));
    from_zero = ((last_wnd >> s.rcv_scale) == 32'd0) &&
        (window_field(n.rcv_edge, ack, s.rcv_scale) != 16'd0);
    return s.live && (n.rcv_edge != s.rcv_edge) && (by_mss || from_zero);
  endfunction

  function automatic decision_t decide(input cmd_t c, input tests_t t, input state_t s,
                                       input u32_t now_ms, input u32_t now_s);
    decision_t r;
    r = '0;
    r.n = s;
    r.act.rsp = 1'b1;
    r.act.place = 1'b1;
    r.act.place_kind = PlaceAnswer;
    r.act.stated = 1'b1;

    if (c.status != StatusOk) begin
      r.act.status = c.status;
      r.act.stated = 1'b0;
    end else if ((c.op < CmdSetup) || (c.op > CmdUndelegate)) begin
      r.act.status = StatusBadOp;
      r.act.stated = 1'b0;
    end else if ((c.op != CmdSetup) && (!s.valid || (s.gen != c.gen))) begin
      r.act.status = StatusStale;
      r.act.stated = 1'b0;
    end else begin
      case (c.op)
        CmdSetup: begin
          r.n = setup_state(c, s.room_epoch, now_ms, now_s);
          r.act.place_kind = PlaceSetup;
          r.act.ackev = 1'b1;
          r.act.ack_kind = AckSetup;
        end
        CmdResume: begin
          if (s.live) r.act.status = StatusLive;
          else if (t.count_bad) r.act.status = StatusCount;
          else if (t.range_bad) r.act.status = StatusRange;
          else begin
            r.n = resume_state(c, t.live_at, s, now_s);
            r.act.place_kind = PlaceResume;
            r.act.ackev = lt(
                c.last_ack, t.live_at
            ) || lt(
                s.told_edge,
                t.live_at + (32'(window_field(
                    r.n.rcv_edge, t.live_at, s.rcv_scale)) << s.rcv_scale)
            );
            r.act.ack_kind = AckNow;
          end
        end
        CmdSync: begin
          if (!s.live) r.act.status = StatusAlready;
          else begin
            r.n = enter_sync(s);
            r.act.to_sync = 1'b1;
            r.act.prog = 1'b1;
            r.act.cancel = 1'b1;
            r.act.ackev = 1'b1;
            r.act.ack_kind = AckFlush;
          end
        end
        CmdPost: r.act.place_kind = PlacePost;
        CmdSet: begin
          if (c.set_edge && t.edge_in) r.n.rcv_edge = c.rcv_edge;
          if (c.set_mss) r.n.mss = c.mss;
          if (c.set_coalesce) begin
            r.n.coalesce_on = c.coalesce_on;
            r.n.ack_frames  = c.ack_frames;
            r.n.ack_class   = c.ack_class;
          end
          r.act.ack_kind = reopens(s, r.n, t.ack) ? AckNow : AckFlush;
          r.act.ackev = (r.act.ack_kind == AckNow) || (s.coalesce_on && !r.n.coalesce_on);
        end
        CmdQuery: begin
          r.act.place_kind = PlaceBlock;
          r.act.blk = 1'b1;
        end
        CmdFlush: begin
          r.n.room_epoch   = s.room_epoch + 8'd1;
          r.act.place_kind = PlaceFlush;
        end
        default: begin  // CmdUndelegate
          r.n.valid = 1'b0;
          r.n.live = 1'b0;
          r.n.room_epoch = s.room_epoch + 8'd1;
          r.act.place_kind = PlaceUndelegate;
          r.act.blk = 1'b1;
          r.act.ackev = 1'b1;
          r.act.ack_kind = AckFlush;
          r.act.prog = 1'b1;
          r.act.cancel = 1'b1;
        end
      endcase
    end
    return r;
  endfunction

  always_comb begin
    decision_o   = '0;
    decision_o.n = state_i;
    if (valid_i) decision_o = decide(cmd_i, tests_i, state_i, now_i[41:10], now_i[51:20]);
  end

endmodule
