// SPDX-License-Identifier: Apache-2.0
//
// Private to rx_tcp: serial comparison, what PhTest hands to PhDecide, what PhDecide decides,
// and the records that leave.
// docs/units/rx_tcp.md.

package handoff_rx_tcp_pkg;
  import handoff_pkg::*;

  localparam logic [3:0] StartWait = 4'd15;  // slots a start waits behind op
  localparam u32_t MaxAhead = 32'h4000_0000;  // 2^30: room, run, edge (CORNERS 60, 80)
  localparam u32_t PawsIdle = 32'd1977539;  // 24 days in units of 2^20 us (RFC 7323, 5.5)

  typedef enum logic [1:0] {
    PhClear,  // both RAMs are being cleared
    PhIdle,   // waits for an operation
    PhTest,   // state and room are there: tests
    PhDecide  // decides; stays until what it needs is free
  } phase_e;

  typedef enum logic [1:0] {
    KindUerr,
    KindExp,
    KindOp,
    KindStart
  } kind_e;

  typedef struct packed {
    u8_t  epoch;
    seq_t room_end;
  } room_word_t;

  // Results of PhTest. A frame uses the first group, SET, RESUME and start the second.
  typedef struct packed {
    logic    entry;           // hit, well formed, valid
    logic    acceptable;
    logic    ack_good;
    logic    ts_ok;
    logic    paws_ok;
    logic    old;
    logic    special;
    reason_e special_reason;
    logic    plain;
    logic    at_nxt;          // starts at rcv_nxt
    logic    ahead;           // starts after it
    logic    beyond;          // longer than the window
    logic    in_room;
    logic    limited;
    u32_t    wnd;
    seq_t    seg_end;         // seq + len
    u16_t    trim;            // old bytes at its front
    u16_t    need;            // bytes from rcv_nxt to its end

    logic edge_in;    // the edge given is taken
    seq_t ack;        // start, SET: the acknowledgement that a segment would carry
    seq_t live_at;    // RESUME: where it goes live
    logic count_bad;
    logic range_bad;
  } tests_t;

  // What an operation does besides the new state. Outputs whose bit is 0 stay as they are.
  typedef struct packed {
    logic       place;
    place_e     place_kind;
    logic       to_sync;
    logic [1:0] reserved;
    logic       cnt;
    reason_e    reason;
    logic       blk;
    logic       ackev;
    ack_e       ack_kind;
    logic       dsack;
    logic       prog;
    logic       cancel;
    logic       rsp;
    status_e    status;
    logic       stated;      // a command's answer carries the state's numbers
    logic       snap;
  } act_t;

  typedef struct packed {
    act_t   act;
    state_t n;    // the new state
  } decision_t;

  function automatic logic lt(input seq_t a, input seq_t b);
    seq_t diff;
    diff = a - b;
    return diff[31];
  endfunction

  function automatic logic le(input seq_t a, input seq_t b);
    return !lt(b, a);
  endfunction

  function automatic seq_t later(input seq_t a, input seq_t b);
    return le(a, b) ? b : a;
  endfunction

  // The window field of a segment (CORNERS 59).
  function automatic u16_t window_field(input seq_t right_edge, input seq_t ack,
                                        input logic [3:0] scale);
    u32_t unit_cnt;
    if (!lt(ack, right_edge)) return 16'd0;
    unit_cnt = (right_edge - ack) >> scale;
    return (unit_cnt > 32'd65535) ? 16'hffff : unit_cnt[15:0];
  endfunction

  // A right edge is taken if it is later than the kept one, by at most 2^30 (CORNERS 60).
  function automatic logic edge_taken(input seq_t given, input seq_t kept);
    u32_t ahead;
    ahead = given - kept;
    return (ahead != 32'd0) && (ahead <= MaxAhead);
  endfunction

  // The part of entering sync that is the state's.
  function automatic state_t enter_sync(input state_t s);
    state_t n;
    n = s;
    n.live = 1'b0;
    n.run_start = s.rcv_nxt;
    n.run_end = s.rcv_nxt;
    n.run_frames = 16'd0;
    n.run_open = 1'b0;
    n.room_epoch = s.room_epoch + 8'd1;
    return n;
  endfunction

  // A frame of an entry in sync and the clean run (DESIGN 9, CORNERS 74, 80).
  function automatic state_t extend_run(input state_t s, input seg_t g, input logic plain);
    state_t n;
    seq_t data_end, run_end;
    u16_t more;
    n = s;
    data_end = g.seq + 32'(g.pay_len);
    run_end = later(s.run_end, data_end);
    more = (s.run_frames == 16'hffff) ? 16'hffff : s.run_frames + 16'd1;
    if (!plain) begin
      n.run_start = g.seq;
      n.run_end = g.seq;
      n.run_frames = 16'd0;
    end else if (g.pay_len == 16'd0) begin
      n.run_frames = more;
    end else if (!le(g.seq, s.run_end) || ((run_end - s.run_start) > MaxAhead)) begin
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

  // The send side by RFC 9293, 3.10.7.4, and duplicate ACKs by RFC 5681, 2.
  function automatic state_t send_update(input state_t s, input seg_t g, input u32_t wnd);
    state_t n;
    n = s;
    if (lt(s.snd_una, g.ack)) begin
      n.snd_una = g.ack;
      n.dup = 4'd0;
    end else if ((g.ack == s.snd_una) && (g.pay_len == 16'd0) && (wnd == s.snd_wnd)
                 && (s.snd_una != s.snd_nxt)) begin
      n.dup = (s.dup == 4'd15) ? 4'd15 : s.dup + 4'd1;
    end
    if (le(s.snd_una, g.ack) && (lt(s.wl1, g.seq) || ((s.wl1 == g.seq) && le(s.wl2, g.ack)))) begin
      n.snd_wnd = wnd;
      n.wl1 = g.seq;
      n.wl2 = g.ack;
      if (wnd > s.max_wnd) n.max_wnd = wnd;
    end
    return n;
  endfunction

  // What leaves, each with all its fields; those that a row does not use are 0.

  // A whole frame's notification; its results only for the frame of an entry.
  function automatic ntf_t frame_ntf(input act_t a, input tests_t t, input conn_t conn,
                                     input logic live, input state_t n);
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
      ntf.to_sync = a.to_sync;
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
    ntf_t ntf;
    ntf = '0;
    ntf.kind = NtfSync;
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

  function automatic place_t make_place(input act_t a, input op_t op, input exp_t expiry,
                                        input tests_t t, input conn_t conn, input state_t s,
                                        input state_t n);
    place_t p;
    p = '0;
    p.kind = a.place_kind;
    p.conn = conn;
    p.gen = n.gen;
    p.room_epoch = n.room_epoch;
    p.reserved = a.reserved;
    if (a.to_sync) begin
      p.to_sync = 1'b1;
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
      PlaceSync:   p.ntf = uerr_ntf(conn, n);
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

  function automatic ackev_t make_ackev(input act_t a, input seg_t g, input exp_t expiry,
                                        input seq_t seg_end, input conn_t conn, input state_t n);
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

  function automatic prog_t make_prog(input act_t a, input seg_t g, input conn_t conn,
                                      input state_t n);
    prog_t p;
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
