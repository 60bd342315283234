// SPDX-License-Identifier: Apache-2.0
//
// Which connections owe an ACK: wishes are merged, delayed where wanted, and leave one at a time.
//
// Valid/ready, with a two-entry skid at ackev; ack_cnt is a pulse. An event in cycle n gives its
// ackreq, timer request or count in n+2; one operation a cycle. Never has two requests of one
// connection on their way: the next waits for AckSent. Knows no sequence numbers but those of a
// D-SACK block. docs/units/ack.md.

module handoff_ack
  import handoff_params_pkg::*;
  import handoff_pkg::*;
#(
    parameter int unsigned DctEntries = DefaultDctEntries
) (
    input logic clk_i,
    input logic rst_ni,

    // from rx_tcp: what happened, in the order in which it took effect
    input  logic   ackev_valid_i,
    output logic   ackev_ready_o,
    input  ackev_t ackev_i,

    // to tx: one pure ACK wanted
    output logic    ackreq_valid_o,
    input  logic    ackreq_ready_i,
    output ackreq_t ackreq_o,

    // to csr: a wish merged into one that waits
    output logic ack_cnt_valid_o,
    output cnt_t ack_cnt_o,

    // to timers: arm or cancel the delay
    output logic ack_tmr_valid_o,
    input  logic ack_tmr_ready_i,
    output tmr_t ack_tmr_o,

    output logic quiet_o
);

  localparam int unsigned ConnBits = $clog2(DctEntries);

  if (DctEntries < MinDctEntries || DctEntries > MaxDctEntries ||
      DctEntries != 1 << ConnBits) begin : gen_check
    $error("handoff_ack: DctEntries must be a power of two, MinDctEntries to MaxDctEntries");
  end

  typedef logic [ConnBits-1:0] index_t;

  // What is kept of a connection.
  typedef struct packed {
    logic queued;       // it is in the queue; without `want` a tombstone
    logic out;          // its request has left, no AckSent since; never together with queued
    logic want;         // an ACK is wanted that has not left
    logic dsack;        // with this block; all 0 without `want`
    seq_t dsack_left;
    seq_t dsack_right;
    logic armed;        // a delay runs
    u8_t  epoch;        // of the last delay
    u8_t  count;        // data frames not acknowledged yet
  } word_t;

  logic   clear_q;
  index_t clr_q;

  // ---------------------------------------------------------------------------------------------
  // s0: pick a queue entry, else an event; read its word.

  logic ev_valid, ev_pop, ev_empty_d;
  ackev_t ev;
  logic queue_valid, queue_pop, queue_push, queue_empty_d;
  index_t queue_conn;
  logic [$clog2(DctEntries+1)-1:0] queue_count;
  logic stall, take, ackreq_free, tmr_free;
  index_t s0_conn;

  logic s1_valid_q, s1_pop_q, s1_fwd_q;
  ackev_t s1_ev_q;
  index_t s1_conn_q;
  word_t  s1_word_q;

  logic ackreq_valid_q, ack_tmr_valid_q, ack_cnt_valid_q, quiet_q;
  ackreq_t ackreq_q;
  tmr_t ack_tmr_q;
  cnt_t ack_cnt_q;

  prim_skid #(
      .T(ackev_t)
  ) u_ackev_skid (
      .clk_i,
      .rst_ni,
      .valid_i(ackev_valid_i),
      .ready_o(ackev_ready_o),
      .data_i(ackev_i),
      .valid_o(ev_valid),
      .pop_i(ev_pop),
      .data_o(ev),
      .empty_d_o(ev_empty_d)
  );

  // Each connection is in it at most once: never full.
  logic queue_ready;

  prim_ram_fifo #(
      .T(index_t),
      .Depth(DctEntries)
  ) u_queue (
      .clk_i,
      .rst_ni,
      .push_i(queue_push),
      .ready_o(queue_ready),
      .data_i(s1_conn_q),
      .valid_o(queue_valid),
      .pop_i(queue_pop),
      .data_o(queue_conn),
      .count_o(queue_count),
      .empty_d_o(queue_empty_d)
  );

  assign ackreq_free = !ackreq_valid_q || ackreq_ready_i;
  assign tmr_free = !ack_tmr_valid_q || ack_tmr_ready_i;

  assign queue_pop = !clear_q && !stall && queue_valid && ackreq_free && !(s1_valid_q && s1_pop_q);
  assign ev_pop = !clear_q && !stall && !queue_pop && ev_valid;
  assign take = queue_pop || ev_pop;
  assign s0_conn = queue_pop ? queue_conn : index_t'(ev.conn);

  // ---------------------------------------------------------------------------------------------
  // s1: decide and write back.

  word_t rdata, w, n;
  logic done;  // s1 completes at this edge
  logic settle, arm, ask, ask_dsack, merged, issue, direct;

  prim_ram #(
      .T(word_t),
      .Depth(DctEntries)
  ) u_state (
      .clk_i,
      .rst_ni,
      .re_i(take),
      .raddr_i(s0_conn),
      .rdata_o(rdata),
      .we_i(clear_q || done),
      .waddr_i(clear_q ? clr_q : s1_conn_q),
      .wdata_i(clear_q ? '0 : n)
  );

  assign w = s1_fwd_q ? s1_word_q : rdata;

  // What the event means, before anything is changed.
  always_comb begin
    settle = 1'b0;
    arm = 1'b0;
    ask = 1'b0;
    ask_dsack = 1'b0;
    if (s1_valid_q && !s1_pop_q) begin
      unique case (s1_ev_q.kind)
        AckNow: begin
          settle = 1'b1;
          ask = 1'b1;
          ask_dsack = s1_ev_q.dsack;
        end
        AckData: begin
          ask_dsack = s1_ev_q.dsack;
          if (!s1_ev_q.coalesce_on) begin
            settle = 1'b1;
            ask = 1'b1;
          end else if (w.want) begin
            ask = 1'b1;
          end else if (9'(w.count) + 9'd1 >= 9'(s1_ev_q.ack_frames)) begin
            settle = 1'b1;
            ask = 1'b1;
          end else begin
            arm = !w.armed;
          end
        end
        AckSent, AckSetup: settle = 1'b1;
        AckFlush: begin
          settle = w.armed || w.count != '0;
          ask = settle;
        end
        AckExpire: ask = w.armed && s1_ev_q.tmr_epoch == w.epoch;
        default: ;
      endcase
    end
  end

  assign stall  = s1_valid_q && ((settle && w.armed) || arm) && !tmr_free;
  assign done   = s1_valid_q && !stall;
  assign direct = queue_count == '0 && ackreq_free;

  // The word afterwards. `issue`: the wish leaves now, or queues.
  always_comb begin
    n = w;
    merged = ask && w.want;
    issue = 1'b0;
    if (s1_valid_q) begin
      if (s1_pop_q) begin
        n.queued = 1'b0;
        if (w.want) begin
          n.out = 1'b1;
          n.want = 1'b0;
          n.dsack = 1'b0;
          n.dsack_left = '0;
          n.dsack_right = '0;
        end
      end else begin
        if (settle) begin
          n.count = '0;
          n.armed = 1'b0;
        end
        unique case (s1_ev_q.kind)
          AckData: begin
            if (!ask) begin
              n.count = w.count + 1'b1;
              n.armed = 1'b1;
              if (arm) n.epoch = w.epoch + 1'b1;
            end
          end
          AckSent: begin
            n.out = 1'b0;
            if (w.want && !w.dsack) n.want = 1'b0;
            else issue = w.want && !w.queued;
          end
          AckSetup: begin
            n.want = 1'b0;
            n.dsack = 1'b0;
            n.dsack_left = '0;
            n.dsack_right = '0;
          end
          AckExpire: begin
            if (ask) begin
              n.armed = 1'b0;
              n.count = '0;
            end
          end
          default: ;
        endcase
        if (ask) begin
          n.want = 1'b1;
          if (ask_dsack) begin
            n.dsack = 1'b1;
            n.dsack_left = s1_ev_q.dsack_left;
            n.dsack_right = s1_ev_q.dsack_right;
          end
          issue = !w.want && !w.queued && !w.out;
        end
        if (issue) begin
          if (direct) begin
            n.out = 1'b1;
            n.want = 1'b0;
            n.dsack = 1'b0;
            n.dsack_left = '0;
            n.dsack_right = '0;
          end else begin
            n.queued = 1'b1;
          end
        end
      end
    end
  end

  assign queue_push = done && issue && !direct;

  // ---------------------------------------------------------------------------------------------
  // Registers.

  logic s1_valid_d, ackreq_load, ackreq_valid_d, tmr_load, ack_tmr_valid_d, ack_cnt_valid_d;
  logic block;  // the request's D-SACK block is the event's

  assign s1_valid_d = stall || take;
  assign ackreq_load = done && (s1_pop_q ? w.want : issue && direct);
  assign ackreq_valid_d = ackreq_load || !ackreq_free;
  assign tmr_load = done && ((settle && w.armed) || arm);
  assign ack_tmr_valid_d = tmr_load || !tmr_free;
  assign ack_cnt_valid_d = done && merged;
  assign block = !s1_pop_q && ask && ask_dsack;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      clear_q <= 1'b1;
      clr_q <= '0;
      s1_valid_q <= 1'b0;
      s1_pop_q <= 1'b0;
      s1_ev_q <= '0;
      s1_conn_q <= '0;
      s1_fwd_q <= 1'b0;
      s1_word_q <= '0;
      ackreq_valid_q <= 1'b0;
      ackreq_q <= '0;
      ack_tmr_valid_q <= 1'b0;
      ack_tmr_q <= '0;
      ack_cnt_valid_q <= 1'b0;
      ack_cnt_q <= '0;
      quiet_q <= 1'b0;
    end else begin
      if (clear_q) begin
        clr_q <= clr_q + 1'b1;
        if (&clr_q) clear_q <= 1'b0;
      end

      s1_valid_q <= s1_valid_d;
      if (take) begin
        s1_pop_q <= queue_pop;
        if (ev_pop) s1_ev_q <= ev;
        s1_conn_q <= s0_conn;
        s1_fwd_q  <= done && s1_conn_q == s0_conn;
        if (done && s1_conn_q == s0_conn) s1_word_q <= n;
      end

      ackreq_valid_q <= ackreq_valid_d;
      if (ackreq_load) begin
        ackreq_q <= '{
            conn: conn_t'(s1_conn_q),
            dsack: block || w.dsack,
            dsack_left: block ? s1_ev_q.dsack_left : w.dsack_left,
            dsack_right: block ? s1_ev_q.dsack_right : w.dsack_right
        };
      end
      ack_tmr_valid_q <= ack_tmr_valid_d;
      if (tmr_load) begin
        ack_tmr_q <= '{
            conn: conn_t'(s1_conn_q),
            arm: arm,
            delay_class: arm ? s1_ev_q.ack_class : 2'd0,
            epoch: arm ? w.epoch + 8'd1 : w.epoch
        };
      end
      ack_cnt_valid_q <= ack_cnt_valid_d;
      if (ack_cnt_valid_d) ack_cnt_q <= '{index: CntAcksMerged};

      quiet_q <= !clear_q && !s1_valid_d && !ackreq_valid_d && !ack_tmr_valid_d && !ack_cnt_valid_d
          && queue_empty_d && ev_empty_d;
    end
  end

  assign ackreq_valid_o = ackreq_valid_q;
  assign ackreq_o = ackreq_q;
  assign ack_cnt_valid_o = ack_cnt_valid_q;
  assign ack_cnt_o = ack_cnt_q;
  assign ack_tmr_valid_o = ack_tmr_valid_q;
  assign ack_tmr_o = ack_tmr_q;
  assign quiet_o = quiet_q;

`ifndef SYNTHESIS
  // ---------------------------------------------------------------------------------------------
  // Assertions.

  // A connection never queues twice, so the queue is never full when one is pushed.
  assert property (@(posedge clk_i) disable iff (!rst_ni) queue_push |-> queue_ready && !w.queued);
  // A connection that queues has no request on its way.
  assert property (@(posedge clk_i) disable iff (!rst_ni) done |-> !(n.queued && n.out));
  // A request loads only into a free register.
  assert property (@(posedge clk_i) disable iff (!rst_ni) ackreq_load |-> ackreq_free);
  assert property (@(posedge clk_i) disable iff (!rst_ni)
      ackreq_valid_o && !ackreq_ready_i |=> ackreq_valid_o && $stable(
      ackreq_o
  ));
  assert property (@(posedge clk_i) disable iff (!rst_ni)
      ack_tmr_valid_o && !ack_tmr_ready_i |=> ack_tmr_valid_o && $stable(
      ack_tmr_o
  ));
`endif

endmodule
