// SPDX-License-Identifier: Apache-2.0
//
// Writes the notification ring and moderates interrupts (docs/units/notify.md).
//
// Contract: valid/ready, with two-entry skids at progress, done and sent; notify_wr_done and irq_cnt are
// pulses. An entry for the upper half of a beat that is valid in cycle n is at notify_wr in n+1; one for
// the lower half waits up to PairWait cycles for the next, to leave with it in one beat: n+2 to
// n+5. Entries of done, sent and progress take turns, one a cycle sustained, progress one every two
// cycles; progress waits, merged per connection, while the ring is low. Never writes over an entry
// the host has not consumed; an interrupt never comes before the writes it speaks of were answered.

module handoff_notify
  import handoff_params_pkg::*;
  import handoff_pkg::*;
#(
    parameter int unsigned DctEntries = DefaultDctEntries
) (
    input logic clk_i,
    input logic rst_ni,

    // from rx_tcp: the send side of a connection moved
    input logic progress_valid_i,
    output logic progress_ready_o,
    input progress_t progress_i,

    // from upload: notifications whose data are written
    input  logic done_valid_i,
    output logic done_ready_o,
    input  ntf_t done_i,

    // to the engine: deadline of moderation
    output u64_t wake_us_o,

    // from tx: transmit descriptors that are done
    input  logic sent_valid_i,
    output logic sent_ready_o,
    input  ntf_t sent_i,

    // to dma: bursts of one beat; back: one answer each, in order
    output logic     notify_wr_valid_o,
    input  logic     notify_wr_ready_i,
    output wr_t      notify_wr_o,
    input  logic     notify_wr_done_valid_i,
    input  wr_done_t notify_wr_done_i,

    // to the endpoint
    output logic irq_valid_o,
    input  logic irq_ready_i,
    output irq_t irq_o,

    // to csr: interrupts sent
    output logic irq_cnt_valid_o,
    output cnt_t irq_cnt_o,

    // from and to csr
    input  cfg_t  cfg_i,
    input  ring_t ntf_ring_i,
    output u16_t  ntf_prod_o,
    output logic  ntf_fault_o,
    input  logic  halt_i,

    input u64_t time_us_i,

    output logic quiet_o
);

  localparam int unsigned AddrBits = $clog2(DctEntries);
  localparam int unsigned NtfBits = 8 * NtfBytes;
  localparam int unsigned PairWait = 4;  // cycles that the first of a pair waits for the second
  localparam int unsigned Bursts = 32;  // writes without their answer
  localparam u64_t Never = '1;

  if (DctEntries < MinDctEntries || DctEntries > MaxDctEntries ||
      DctEntries != (1 << AddrBits)) begin : gen_check
    $error("handoff_notify: DctEntries must be a power of two, MinDctEntries to MaxDctEntries");
  end
  if ($bits(ntf_t) != NtfBits || DataBits != 2 * NtfBits) begin : gen_check_ntf
    $error("handoff_notify: ntf_t must have NtfBytes, half a beat");
  end

  // Sources, in the order of the round robin.
  localparam logic [1:0] SrcDone = 2'd0;
  localparam logic [1:0] SrcSent = 2'd1;
  localparam logic [1:0] SrcProg = 2'd2;

  typedef logic [AddrBits-1:0] idx_t;

  // What is to be told of a connection. queued: it stands in u_queue; then pending says whether there
  // is still something to tell when its turn comes.
  typedef struct packed {
    logic queued;
    logic pending;
    gen_t gen;
    seq_t snd_una;
    u32_t snd_wnd;
    logic [3:0] dup;
    u32_t ts_ecr;
  } pend_t;

  logic run, sel, pg_take;
  logic prog_empty_d, done_empty_d, sent_empty_d;

  // ---------------------------------------------------------------------------------------------
  // Clearing of u_pend after reset.
  logic [AddrBits:0] clear_q;
  logic clearing;
  assign clearing = !clear_q[AddrBits];

  // ---------------------------------------------------------------------------------------------
  // s0: one operation a cycle on u_pend: the next in the queue, or an update.
  logic s1_valid_q, s1_pop_q, s1_fwd_q, s1_write;
  idx_t s1_conn_q, c;
  progress_t s1_progress_q, progress;
  pend_t last_q;
  logic pg_valid_q, pg_valid_d;
  idx_t  pg_conn_q;
  pend_t pg_q;
  logic progress_valid, pop, upd;
  logic queue_valid, queue_push, queue_empty_d, queue_ready;
  idx_t queue_conn;
  logic [$clog2(DctEntries+1)-1:0] unused_queue_count;

  assign pop = !clearing && queue_valid && !(s1_valid_q && s1_pop_q) && (!pg_valid_q || pg_take);
  assign upd = !clearing && !pop && progress_valid;
  assign c   = pop ? queue_conn : idx_t'(progress.conn);

  prim_skid #(
      .T(progress_t)
  ) u_progress_skid (
      .clk_i,
      .rst_ni,
      .valid_i(progress_valid_i),
      .ready_o(progress_ready_o),
      .data_i(progress_i),
      .valid_o(progress_valid),
      .pop_i(upd),
      .data_o(progress),
      .empty_d_o(prog_empty_d)
  );
  prim_ram_fifo #(
      .T(idx_t),
      .Depth(DctEntries)
  ) u_queue (
      .clk_i,
      .rst_ni,
      .push_i(queue_push),
      .ready_o(queue_ready),
      .data_i(s1_conn_q),
      .valid_o(queue_valid),
      .pop_i(pop),
      .data_o(queue_conn),
      .count_o(unused_queue_count),
      .empty_d_o(queue_empty_d)
  );

  // ---------------------------------------------------------------------------------------------
  // s1: the word is here; what it becomes.
  pend_t rdata, word, given, written;
  logic s1_upd, in_pg, pg_load;

  assign s1_upd = s1_valid_q && !s1_pop_q;
  assign word = s1_fwd_q ? last_q : rdata;
  assign in_pg = pg_valid_q && pg_conn_q == s1_conn_q && !pg_take;
  assign given = '{
          queued: 1'b1,
          pending: 1'b1,
          gen: s1_progress_q.gen,
          snd_una: s1_progress_q.snd_una,
          snd_wnd: s1_progress_q.snd_wnd,
          dup: s1_progress_q.dup,
          ts_ecr: s1_progress_q.ts_ecr
      };
  assign s1_write = s1_valid_q && (s1_pop_q || s1_progress_q.cancel || !in_pg);
  assign queue_push = s1_upd && !s1_progress_q.cancel && !in_pg && !word.queued;
  assign pg_load = s1_valid_q && s1_pop_q && word.pending;

  always_comb begin
    written = '0;
    if (s1_upd) begin
      if (s1_progress_q.cancel) written.queued = word.queued;
      else written = given;
    end
  end

  always_comb begin
    pg_valid_d = pg_valid_q && !pg_take;
    if (pg_load) pg_valid_d = 1'b1;
    if (s1_upd && s1_progress_q.cancel && in_pg) pg_valid_d = 1'b0;
  end

  prim_ram #(
      .T(pend_t),
      .Depth(DctEntries)
  ) u_pend (
      .clk_i,
      .rst_ni,
      .re_i(pop || upd),
      .raddr_i(c),
      .rdata_o(rdata),
      .we_i(clearing || s1_write),
      .waddr_i(clearing ? clear_q[AddrBits-1:0] : s1_conn_q),
      .wdata_i(clearing ? pend_t'('0) : written)
  );

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      clear_q       <= '0;
      s1_valid_q    <= 1'b0;
      s1_pop_q      <= 1'b0;
      s1_fwd_q      <= 1'b0;
      s1_conn_q     <= '0;
      s1_progress_q <= '0;
      last_q        <= '0;
      pg_valid_q    <= 1'b0;
      pg_conn_q     <= '0;
      pg_q          <= '0;
    end else begin
      if (clearing) clear_q <= clear_q + 1'b1;
      s1_valid_q <= pop || upd;
      if (pop || upd) begin
        s1_pop_q  <= pop;
        s1_conn_q <= c;
        s1_fwd_q  <= s1_write && s1_conn_q == c;
      end
      if (upd) s1_progress_q <= progress;
      if (s1_write) last_q <= written;
      pg_valid_q <= pg_valid_d;
      if (pg_load) begin
        pg_conn_q <= s1_conn_q;
        pg_q      <= word;
      end else if (s1_upd && !s1_progress_q.cancel && in_pg) begin
        pg_q <= given;
      end
    end
  end

  // ---------------------------------------------------------------------------------------------
  // Selection: one source a cycle, when the ring and the way there have room.
  logic active_q, phase_q, fault_q;
  u16_t wr_q, wr_d, mask, behind;
  logic hold_valid_q, hold_valid_d, notify_wr_valid_q, notify_wr_valid_d;
  ntf_t hold_q;
  logic [1:0] hold_age_q;
  wr_t notify_wr_q;
  logic [16:0] free;
  logic some_free, progress_free, room, lone, can;
  logic done_valid, sent_valid, arb_valid, bursts_ready, bursts_valid, bursts_pair, bursts_empty_d;
  logic [1:0] arb_idx;
  logic [2:0] req;
  ntf_t done, sent, x;

  assign run = active_q && ntf_ring_i.enable;
  assign mask = ring_mask(ntf_ring_i.log_size);
  assign behind = (ntf_ring_i.index - wr_q - 16'd1) & mask;
  assign free = 17'(behind) - 17'(hold_valid_q);  // bit 16: less than none
  assign some_free = !free[16] && free != '0;
  assign progress_free = !free[16] && free > 17'(cfg_i.ntf_reserve);
  assign room = (!notify_wr_valid_q || notify_wr_ready_i) && bursts_ready && !fault_q;
  assign lone = !hold_valid_q && !wr_q[0];
  assign can = run && some_free && !fault_q && (lone || room);
  assign req = can ? {pg_valid_q && progress_free, sent_valid, done_valid} : 3'b000;
  assign sel = arb_valid;
  assign pg_take = sel && arb_idx == SrcProg;

  prim_skid #(
      .T(ntf_t)
  ) u_done_skid (
      .clk_i,
      .rst_ni,
      .valid_i(done_valid_i),
      .ready_o(done_ready_o),
      .data_i(done_i),
      .valid_o(done_valid),
      .pop_i(sel && arb_idx == SrcDone),
      .data_o(done),
      .empty_d_o(done_empty_d)
  );
  prim_skid #(
      .T(ntf_t)
  ) u_sent_skid (
      .clk_i,
      .rst_ni,
      .valid_i(sent_valid_i),
      .ready_o(sent_ready_o),
      .data_i(sent_i),
      .valid_o(sent_valid),
      .pop_i(sel && arb_idx == SrcSent),
      .data_o(sent),
      .empty_d_o(sent_empty_d)
  );
  prim_arb #(
      .N(3)
  ) u_arb (
      .clk_i,
      .rst_ni,
      .req_i  (req),
      .valid_o(arb_valid),
      .idx_o  (arb_idx),
      .take_i (sel)
  );

  always_comb begin
    x = '0;
    if (sel) begin
      unique case (arb_idx)
        SrcDone: x = done;
        SrcSent: x = sent;
        default: begin
          x.kind = NtfProgress;
          x.conn = conn_t'(pg_conn_q);
          x.gen = pg_q.gen;
          x.snd_una = pg_q.snd_una;
          x.snd_wnd = pg_q.snd_wnd;
          x.dup = pg_q.dup;
          x.count = pg_q.ts_ecr;
        end
      endcase
      x.phase = phase_q;
    end
  end

  // Two entries lie in a beat: the lower one waits a little for the upper one.
  logic pair, upper, keep, alone, emit;

  assign pair = sel && hold_valid_q;
  assign upper = sel && !hold_valid_q && wr_q[0];
  assign keep = sel && lone;
  assign alone = run && hold_valid_q && !sel && room && hold_age_q == 2'(PairWait - 1);
  assign emit = pair || upper || alone;
  assign notify_wr_valid_d = emit || (notify_wr_valid_q && !notify_wr_ready_i);
  assign hold_valid_d = run && (keep || (hold_valid_q && !emit));
  assign wr_d = !run ? '0 : emit ? (wr_q + (pair ? 16'd2 : 16'd1)) & mask : wr_q;

  logic unused_levels;
  assign unused_levels = &{pg_q.queued, pg_q.pending};

  logic ret;
  logic [$clog2(Bursts+1)-1:0] unused_bursts_count;
  prim_fifo #(
      .T(logic),
      .Depth(Bursts)
  ) u_bursts (
      .clk_i,
      .rst_ni,
      .push_i(emit),
      .ready_o(bursts_ready),
      .data_i(pair),
      .valid_o(bursts_valid),
      .pop_i(ret),
      .data_o(bursts_pair),
      .count_o(unused_bursts_count),
      .empty_d_o(bursts_empty_d)
  );

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      active_q          <= 1'b0;
      phase_q           <= 1'b1;
      wr_q              <= '0;
      hold_valid_q      <= 1'b0;
      hold_q            <= '0;
      hold_age_q        <= '0;
      notify_wr_valid_q <= 1'b0;
      notify_wr_q       <= '0;
    end else begin
      active_q <= ntf_ring_i.enable &&
          (active_q || (!hold_valid_q && !notify_wr_valid_q && !bursts_valid));
      phase_q <= !run || (phase_q ^ (emit && wr_d == '0));
      wr_q <= wr_d;
      hold_valid_q <= hold_valid_d;
      notify_wr_valid_q <= notify_wr_valid_d;
      if (keep) begin
        hold_q     <= x;
        hold_age_q <= '0;
      end else if (hold_valid_q && hold_age_q != 2'(PairWait - 1)) begin
        hold_age_q <= hold_age_q + 2'd1;
      end
      if (emit) begin
        notify_wr_q <= '{
            first: 1'b1,
            last: 1'b1,
            addr: aligned(ntf_ring_i.base) + (u64_t'(wr_q[15:1]) << LaneBits),  // a beat is a pair
            beats: 8'd1,
            strb: {{NtfBytes{!alone}}, {NtfBytes{!upper}}},
            data: {x, upper ? ntf_t'('0) : hold_q}
        };
      end
    end
  end

  // ---------------------------------------------------------------------------------------------
  // Answers, interrupts.
  u16_t prod_q, prod_d, seen_q, unann_q, limit, pending, inflight;
  logic halt_q, irq_valid_q, irq_valid_d, irq_cnt_valid_q, irq_cnt_valid_d, quiet_q;
  irq_t irq_q;
  cnt_t irq_cnt_q;
  u64_t wake_q;
  logic good, seen, newer, due, fire;
  logic [16:0] n, u;

  assign ret = notify_wr_done_valid_i && bursts_valid;
  assign good = ret && run && !fault_q && !notify_wr_done_i.err;
  assign n = !good ? 17'd0 : bursts_pair ? 17'd2 : 17'd1;
  assign prod_d = !run ? '0 : (prod_q + 16'(n)) & mask;

  // The host has written its index; a lesser distance to it than to wr_q is no debt.
  assign seen = run && ntf_ring_i.index != seen_q;
  assign pending = (ntf_ring_i.index - prod_d) & mask;
  assign inflight = (wr_q - prod_d) & mask;
  assign newer = pending > inflight;

  assign u = (!run || (seen && !newer)) ? 17'd0 : 17'(unann_q) + n;
  assign limit = cfg_i.irq_count == '0 ? 16'd1 : cfg_i.irq_count;
  assign due = u != '0 && wake_q != Never && time_us_i >= wake_q;
  assign fire = (halt_i && !halt_q) || (run && ((seen && newer) || u >= 17'(limit) || due));
  assign irq_valid_d = fire || (irq_valid_q && !irq_ready_i);
  assign irq_cnt_valid_d = irq_valid_q && irq_ready_i;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      prod_q          <= '0;
      seen_q          <= '0;
      halt_q          <= 1'b0;
      unann_q         <= '0;
      wake_q          <= Never;
      fault_q         <= 1'b0;
      irq_valid_q     <= 1'b0;
      irq_q           <= '0;
      irq_cnt_valid_q <= 1'b0;
      irq_cnt_q       <= '0;
      quiet_q         <= 1'b0;
    end else begin
      prod_q  <= prod_d;
      seen_q  <= ntf_ring_i.index;
      halt_q  <= halt_i;
      fault_q <= fault_q || (ret && notify_wr_done_i.err);
      unann_q <= fire ? '0 : 16'(u);
      if (fire || u == '0 || cfg_i.irq_delay_us == '0) wake_q <= Never;
      else if (wake_q == Never) wake_q <= time_us_i + u64_t'(cfg_i.irq_delay_us);
      irq_valid_q <= irq_valid_d;
      irq_cnt_valid_q <= irq_cnt_valid_d;
      if (irq_cnt_valid_d) irq_cnt_q.index <= CntIrqs;
      quiet_q <= !clearing && prog_empty_d && done_empty_d && sent_empty_d && queue_empty_d &&
          !pop && !upd && !pg_valid_d && !hold_valid_d && !notify_wr_valid_d && !irq_valid_d &&
          !irq_cnt_valid_d && bursts_empty_d && !(ntf_ring_i.enable && !active_q);
    end
  end

  assign wake_us_o = wake_q;
  assign notify_wr_valid_o = notify_wr_valid_q;
  assign notify_wr_o = notify_wr_q;
  assign irq_valid_o = irq_valid_q;
  assign irq_o = irq_q;
  assign irq_cnt_valid_o = irq_cnt_valid_q;
  assign irq_cnt_o = irq_cnt_q;
  assign ntf_prod_o = prod_q;
  assign ntf_fault_o = fault_q;
  assign quiet_o = quiet_q;

`ifndef SYNTHESIS
  // ---------------------------------------------------------------------------------------------
  // Assertions: promises of docs/units/notify.md.

  // A connection stands in the queue at most once: it never overflows.
  assert property (@(posedge clk_i) disable iff (!rst_ni) queue_push |-> queue_ready);
  // What is pending of a connection is in one place.
  assert property (@(posedge clk_i) disable iff (!rst_ni) pg_load |-> !pg_valid_q);
  // Only an entry that the host has consumed is written.
  assert property (@(posedge clk_i) disable iff (!rst_ni) sel |-> behind != '0);
  // A pair lies in one beat.
  assert property (@(posedge clk_i) disable iff (!rst_ni) hold_valid_q && run |-> !wr_q[0]);
`endif

endmodule
