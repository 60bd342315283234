// SPDX-License-Identifier: Apache-2.0
//
// Private to rx_tcp: PhDecide, which row an operation is. docs/units/rx_tcp.md, "Rules by case".
// no_inline_task: Verilator clears the locals of an inlined function in every cycle.

package handoff_rx_tcp_rows_pkg;
  import handoff_pkg::*;
  import handoff_rx_tcp_pkg::*;

  // The whole frame to a legacy buffer; to_resync: after the entry went in resync.
  function automatic act_t whole(input reason_e reason, input logic entry, input logic to_resync);
    act_t a;
    a = '0;
    a.place = 1'b1;
    a.place_kind = PlaceWhole;
    a.reserved = 2'd1;
    a.cnt = 1'b1;
    a.reason = reason;
    a.counted = entry;
    a.to_resync = to_resync;
    a.run = to_resync;
    a.progress = to_resync;
    a.cancel = to_resync;
    a.ackev = to_resync;
    a.ack_kind = AckFlush;
    return a;
  endfunction

  // Nothing of the frame is uploaded.
  function automatic act_t taken(input reason_e reason);
    act_t a;
    a = '0;
    a.place = 1'b1;
    a.place_kind = PlaceDrop;
    a.cnt = 1'b1;
    a.reason = reason;
    return a;
  endfunction

  // As taken, acknowledged at the limited rate (CORNERS 50).
  function automatic act_t taken_limited(input reason_e reason, input logic no_data,
                                         input logic limited);
    act_t a;
    a = taken(reason);
    a.ackev = !no_data || !limited;
    a.ack_kind = AckNow;
    a.limit = no_data && !limited;
    return a;
  endfunction

  // Rows F5 to F19: the frame of a live entry.
  function automatic act_t live_row(input seg_t g, input tests_t t, input state_t s);
    act_t a;
    logic no_data;
    no_data = g.pay_len == 16'd0;
    if (t.old) begin
      a = taken(ReasonOld);
      a.ackev = 1'b1;
      a.ack_kind = AckNow;
      a.dsack = s.sack_on;
    end else if (t.special) begin
      a = whole(t.special_reason, 1'b1, t.acceptable && t.ack_good);
    end else if (s.ts_on && g.has_ts && !t.ts_ok) begin
      a = whole(ReasonPaws, 1'b1, 1'b0);
    end else if (!g.ack_flag) begin
      a = whole(ReasonNoAck, 1'b1, 1'b0);
    end else if (s.ts_on && !g.has_ts) begin
      a = whole(ReasonNoTimestamp, 1'b1, 1'b0);
    end else if (!t.acceptable) begin
      a = taken_limited(ReasonUnacceptable, no_data, t.limited);
      a.snd = t.at_nxt && t.ack_good;
      a.progress = a.snd && t.snd_changed;
    end else if (!t.ack_good) begin
      a = taken_limited(ReasonBadAck, no_data, t.limited);
    end else if (no_data && g.has_sack) begin
      a = whole(ReasonSack, 1'b1, 1'b0);
      a.snd = 1'b1;
      a.stamp = 1'b1;
      a.progress = 1'b1;
      a.cancel = 1'b1;
    end else if (no_data) begin
      a = taken(ReasonPureAck);
      a.snd = 1'b1;
      a.stamp = 1'b1;
      a.progress = t.snd_changed;
    end else if (t.ahead) begin
      a = whole(ReasonGap, 1'b1, 1'b1);
    end else if (t.at_nxt && t.beyond) begin
      a = whole(ReasonBeyondWindow, 1'b1, 1'b1);
    end else begin
      a = '0;
      a.place = 1'b1;
      a.place_kind = PlacePayload;
      a.reserved = t.in_room ? 2'd0 : 2'd2;
      a.cnt = 1'b1;
      if (!t.at_nxt) a.reason = ReasonPartlyOld;
      else a.reason = t.in_room ? ReasonInOrderUser : ReasonInOrderLegacy;
      a.ackev = 1'b1;
      a.ack_kind = (!t.at_nxt || (s.quick_left != 8'd0)) ? AckNow : AckData;
      a.snd = 1'b1;
      a.stamp = 1'b1;
      a.progress = t.snd_changed;
      a.payload = 1'b1;
      a.next_epoch = g.psh || !t.in_room;
    end
    return a;
  endfunction

  // Rows F1 to F19.
  function automatic act_t frame_row(input logic halt, input seg_t g, input tests_t t,
                                     input state_t s);
    // verilator no_inline_task
    act_t a;
    if (halt) begin
      a = taken(ReasonHalted);
    end else if (g.reason != ReasonNone) begin
      a = whole(g.reason, 1'b0, 1'b0);
    end else if (!t.entry) begin
      a = whole(ReasonNoEntry, 1'b0, 1'b0);
    end else if (!s.live) begin
      a = whole(ReasonResync, 1'b1, 1'b0);
      a.run = 1'b1;
    end else begin
      a = live_row(g, t, s);
    end
    return a;
  endfunction

  // Rows C1 to C15.
  function automatic act_t command_row(input cmd_t c, input tests_t t, input state_t s);
    // verilator no_inline_task
    act_t a;
    a = '0;
    a.rsp = 1'b1;
    a.place = 1'b1;
    a.place_kind = PlaceAnswer;
    if (c.status != StatusOk) begin
      a.status = c.status;
    end else if ((c.op < CmdSetup) || (c.op > CmdUndelegate)) begin
      a.status = StatusBadOp;
    end else if ((c.op != CmdSetup) && t.stale) begin
      a.status = StatusStale;
    end else begin
      a.stated = 1'b1;
      case (c.op)
        CmdSetup: begin
          a.setup = 1'b1;
          a.place_kind = PlaceSetup;
          a.ackev = 1'b1;
          a.ack_kind = AckSetup;
        end
        CmdResume: begin
          if (s.live) begin
            a.status = StatusLive;
          end else if (t.count_bad) begin
            a.status = StatusCount;
          end else if (t.range_bad) begin
            a.status = StatusRange;
          end else begin
            a.resume = 1'b1;
            a.next_epoch = 1'b1;
            a.place_kind = PlaceResume;
            a.ackev = t.resume_ack;
            a.ack_kind = AckNow;
          end
        end
        CmdResync: begin
          if (!s.live) begin
            a.status = StatusAlready;
          end else begin
            a.to_resync = 1'b1;
            a.progress = 1'b1;
            a.cancel = 1'b1;
            a.ackev = 1'b1;
            a.ack_kind = AckFlush;
          end
        end
        CmdPost: a.place_kind = PlacePost;
        CmdSet: begin
          a.set = 1'b1;
          a.ackev = t.reopens || t.coalesce_ends;
          a.ack_kind = t.reopens ? AckNow : AckFlush;
        end
        CmdQuery: begin
          a.place_kind = PlaceBlock;
          a.blk = 1'b1;
        end
        CmdFlush: begin
          a.next_epoch = 1'b1;
          a.place_kind = PlaceFlush;
        end
        default: begin  // CmdUndelegate
          a.undelegate = 1'b1;
          a.next_epoch = 1'b1;
          a.place_kind = PlaceUndelegate;
          a.blk = 1'b1;
          a.ackev = 1'b1;
          a.ack_kind = AckFlush;
          a.progress = 1'b1;
          a.cancel = 1'b1;
        end
      endcase
    end
    return a;
  endfunction

  // Rows X1 to X3.
  function automatic act_t expiry_row(input logic is_handback, input logic valid);
    act_t a;
    a = '0;
    if (!is_handback) begin
      a.ackev = 1'b1;
      a.ack_kind = AckExpire;
    end else if (valid) begin
      a.next_epoch = 1'b1;
      a.place = 1'b1;
      a.place_kind = PlaceExpire;
    end
    return a;
  endfunction

  // Rows U1, U2.
  function automatic act_t uerr_row(input logic stale);
    act_t a;
    a = '0;
    if (!stale) begin
      a.to_resync = 1'b1;
      a.place = 1'b1;
      a.place_kind = PlaceResync;
      a.progress = 1'b1;
      a.cancel = 1'b1;
      a.ackev = 1'b1;
      a.ack_kind = AckSetup;
    end
    return a;
  endfunction

  // Rows S1 to S3: what a segment carries is chosen here, in wire order (CORNERS 55).
  function automatic act_t start_row(input logic stale, input logic too_long);
    act_t a;
    a = '0;
    a.snap = 1'b1;
    if (stale) begin
      a.status = StatusStale;
    end else if (too_long) begin
      a.status = StatusBadLength;
    end else begin
      a.segment = 1'b1;
      a.ackev = 1'b1;
      a.ack_kind = AckSent;
    end
    return a;
  endfunction

endpackage
