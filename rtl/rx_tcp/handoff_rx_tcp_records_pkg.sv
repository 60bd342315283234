// SPDX-License-Identifier: Apache-2.0
//
// Private to rx_tcp: the records that leave, each with all its fields; what a row does not name is 0.
// s is the state before, n the state after. docs/units/rx_tcp.md.
// no_inline_task: Verilator clears the locals of an inlined function in every cycle.

package handoff_rx_tcp_records_pkg;
  import handoff_pkg::*;
  import handoff_rx_tcp_pkg::*;

  // A whole frame's notification; its results only for the frame of an entry.
  function automatic ntf_t frame_ntf(input act_t a, input tests_t t, input conn_t conn,
                                     input logic live, input state_t n);
    // verilator no_inline_task
    ntf_t ntf;
    ntf = '0;
    ntf.kind = NtfLegacyFrame;
    ntf.code = a.reason;
    if (t.entry) begin
      ntf.live = live;
      ntf.hit = 1'b1;
      ntf.acceptable = t.acceptable;
      ntf.ack_good = t.ack_good;
      ntf.paws_ok = t.paws_ok;
      ntf.to_resync = a.to_resync;
      ntf.dup = n.dup;
      ntf.gen = n.gen;
      ntf.conn = conn;
      ntf.seq = n.rcv_nxt;
      ntf.count = n.legacy_cnt;
      ntf.snd_una = n.snd_una;
      ntf.snd_wnd = n.snd_wnd;
    end
    return ntf;
  endfunction

  function automatic ntf_t answer_ntf(input act_t a, input cmd_t c, input conn_t conn,
                                      input state_t n);
    // verilator no_inline_task
    ntf_t ntf;
    ntf = '0;
    ntf.kind = NtfDone;
    ntf.code = a.status;
    ntf.gen = c.gen;
    ntf.conn = conn;
    ntf.tag = 64'(c.tag);
    if (a.stated) begin
      ntf.seq = n.rcv_nxt;
      ntf.count = (a.place_kind == PlacePost) ? 32'd0 : n.legacy_cnt;
      ntf.snd_una = n.snd_una;
      ntf.snd_wnd = n.snd_wnd;
    end
    return ntf;
  endfunction

  function automatic ntf_t uerr_ntf(input conn_t conn, input state_t n);
    // verilator no_inline_task
    ntf_t ntf;
    ntf = '0;
    ntf.kind = NtfResync;
    ntf.code = ReasonDma;
    ntf.gen = n.gen;
    ntf.conn = conn;
    ntf.seq = n.rcv_nxt;
    ntf.count = n.legacy_cnt;
    ntf.snd_una = n.snd_una;
    ntf.snd_wnd = n.snd_wnd;
    ntf.tag = 64'(n.ts_recent);
    return ntf;
  endfunction

  function automatic place_t make_place(input act_t a, input op_t op, input expiry_t expiry,
                                        input tests_t t, input conn_t conn, input state_t s,
                                        input state_t n);
    // verilator no_inline_task
    place_t p;
    p = '0;
    p.kind = a.place_kind;
    p.conn = conn;
    p.gen = n.gen;
    p.room_epoch = n.room_epoch;
    p.reserved = a.reserved;
    if (a.to_resync) begin
      p.to_resync = 1'b1;
      p.ts_recent = s.ts_recent;
      p.seq = s.rcv_nxt;
    end
    unique case (a.place_kind)
      PlaceDrop:   ;
      PlaceWhole: begin
        p.len = op.seg.frame_bytes;
        p.ntf = frame_ntf(a, t, conn, s.live, n);
      end
      PlacePayload: begin
        p.seq = s.rcv_nxt;
        p.off = op.seg.pay_off + t.trim;
        p.len = t.need;
        p.psh = op.seg.psh;
      end
      PlaceExpire: p.tmr_epoch = expiry.epoch;
      PlaceResync: p.ntf = uerr_ntf(conn, n);
      default: begin  // answers
        p.ntf = answer_ntf(a, op.cmd, conn, n);
        if (a.place_kind == PlaceResume) p.seq = t.live_at;
        if (a.blk) p.addr = op.cmd.addr;
        if (a.place_kind == PlacePost) begin
          p.post_id = op.cmd.post_id;
          p.post_cnt = op.cmd.post_cnt;
          p.post_last = op.cmd.post_last;
          p.post_no_push = op.cmd.post_no_push;
          p.piece0 = op.cmd.piece0;
          p.piece1 = op.cmd.piece1;
          p.piece2 = op.cmd.piece2;
        end
      end
    endcase
    return p;
  endfunction

  function automatic ackev_t make_ackev(input act_t a, input seg_t g, input expiry_t expiry,
                                        input seq_t seg_end, input conn_t conn, input state_t n);
    // verilator no_inline_task
    ackev_t e;
    e = '0;
    e.kind = a.ack_kind;
    e.conn = conn;
    if (a.dsack) begin
      e.dsack = 1'b1;
      e.dsack_left = g.seq;
      e.dsack_right = seg_end;
    end
    e.coalesce_on = n.coalesce_on;
    e.ack_frames  = n.ack_frames;
    e.ack_class   = n.ack_class;
    if (a.ack_kind == AckExpire) e.tmr_epoch = expiry.epoch;
    return e;
  endfunction

  function automatic progress_t make_progress(input act_t a, input seg_t g, input conn_t conn,
                                              input state_t n);
    // verilator no_inline_task
    progress_t p;
    p = '0;
    p.conn = conn;
    p.gen = n.gen;
    if (a.cancel) begin
      p.cancel = 1'b1;
    end else begin
      p.snd_una = n.snd_una;
      p.snd_wnd = n.snd_wnd;
      p.dup = n.dup;
      if (n.ts_on && g.has_ts) p.ts_ecr = g.ts_ecr;
    end
    return p;
  endfunction

  function automatic snap_t make_snap(input act_t a, input start_t v, input state_t s,
                                      input state_t n);
    // verilator no_inline_task
    snap_t p;
    p = '0;
    p.status = a.status;
    if (a.status == StatusOk) begin
      p.seq = v.own_ack ? s.snd_nxt : v.seq;
      p.ack = n.last_ack;
      p.wnd = window_field(n.rcv_edge, n.last_ack, n.rcv_scale);
      p.ts_on = n.ts_on;
      p.ts_val = n.ts_sent;
      p.ts_ecr = n.ts_recent;
      p.snd_nxt = n.snd_nxt;
      p.mss = n.mss;
    end
    return p;
  endfunction

endpackage
