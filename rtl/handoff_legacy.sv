// SPDX-License-Identifier: Apache-2.0
//
// Fetches descriptors of legacy buffers ahead of need (docs/units/legacy.md).
//
// Contract: valid/ready out (legacy_rd_req, lbuf); legacy_rd comes and grant leaves as a pulse. Reads whole
// 512-byte blocks of the ring where it can, several at a time, never more than there is room for. A
// descriptor is granted to rx_tcp in the cycle in which it enters u_beats, and is at lbuf two
// cycles later at the earliest, one a cycle. legacy_more is 1 until every grant that can come was
// told. Never passes the host's index; never reads on after an error.

module handoff_legacy
  import handoff_params_pkg::*;
  import handoff_pkg::*;
#(
    parameter int unsigned LegacyDepth = DefaultLegacyDepth
) (
    input logic clk_i,
    input logic rst_ni,

    // to buffers: one descriptor, held until taken
    output logic         lbuf_valid_o,
    input  logic         lbuf_ready_i,
    output legacy_desc_t lbuf_o,

    // to rx_tcp: descriptors that came, and whether more can
    output logic   grant_valid_o,
    output grant_t grant_o,
    output logic   legacy_more_o,

    // to dma: reads of the ring, answered in order
    output logic    legacy_rd_req_valid_o,
    input  logic    legacy_rd_req_ready_i,
    output rd_req_t legacy_rd_req_o,
    input  logic    legacy_rd_valid_i,
    input  rd_t     legacy_rd_i,

    // from and to csr
    input  ring_t legacy_ring_i,
    output u16_t  legacy_cons_o,
    output logic  legacy_fault_o,

    output logic quiet_o
);

  localparam int unsigned DescBits = 8 * LegacyDescBytes;
  localparam int unsigned Lanes = DataBits / DescBits;  // descriptors in a beat
  localparam int unsigned SlotBits = $clog2(Lanes);  // number of a descriptor in its beat
  localparam int unsigned MaxDescs = MaxReadBytes / LegacyDescBytes;  // descriptors in one read
  localparam int unsigned DescShift = $clog2(LegacyDescBytes);
  localparam int unsigned BlockBits = $clog2(MaxDescs);
  localparam int unsigned Beats = LegacyDepth / Lanes;
  localparam int unsigned UsedBits = $clog2(Beats + 1);
  localparam int unsigned Reads = 8;  // under way

  if (LegacyDepth < MinLegacyDepth || LegacyDepth % Lanes != 0) begin : gen_check
    $error("handoff_legacy: LegacyDepth must be whole beats, at least MinLegacyDepth");
  end
  if ($bits(legacy_desc_t) != DescBits) begin : gen_check_desc
    $error("handoff_legacy: legacy_desc_t must have LegacyDescBytes");
  end

  typedef struct packed {
    logic [SlotBits-1:0] lane;  // of the first descriptor in its beat
    logic [BlockBits:0]  n;     // descriptors, 1 to MaxDescs
  } read_t;

  typedef struct packed {
    logic [SlotBits:0]   cnt;   // descriptors, 1 to Lanes
    logic [SlotBits-1:0] lane;  // of the first
    data_t               data;
  } word_t;

  logic active_q, fault_q, fault_d, more_q, quiet_q;
  u16_t fetch_q, fetch_d, cons_q, cons_d;
  logic [UsedBits-1:0] used_q;
  logic [ BlockBits:0] a_done_q;
  logic [SlotBits-1:0] o_done_q;
  logic legacy_rd_req_valid_q, legacy_rd_req_valid_d, grant_valid_q, lbuf_valid_q, lbuf_valid_d;
  rd_req_t legacy_rd_req_q;
  grant_t grant_q;
  legacy_desc_t lbuf_q;

  // ---------------------------------------------------------------------------------------------
  // Issue: as many entries as one read can bring.
  logic run, want, issue;
  u16_t mask, avail, ahead_d;
  u64_t addr;
  logic [16:0] to_end, to_block, n_least, n;
  logic [BlockBits:0] beats;
  logic reads_ready, reads_valid, reads_pop, reads_empty_d;
  read_t read;

  assign run = active_q && legacy_ring_i.enable;
  assign mask = ring_mask(legacy_ring_i.log_size);
  assign avail = (legacy_ring_i.index - fetch_q) & mask;
  assign ahead_d = (legacy_ring_i.index - fetch_d) & mask;
  assign addr = aligned(legacy_ring_i.base) + (u64_t'(fetch_q) << DescShift);
  assign to_end = 17'(mask) - 17'(fetch_q) + 17'd1;
  assign to_block = 17'(MaxDescs) - 17'(addr[DescShift+:BlockBits]);
  assign n_least = to_end < to_block ? to_end : to_block;
  assign n = 17'(avail) < n_least ? 17'(avail) : n_least;
  assign beats = (BlockBits + 1)'(
      (17'(addr[DescShift+:SlotBits]) + n + 17'(Lanes - 1)) >> SlotBits);
  assign want = run && !fault_q && avail != '0 && reads_ready &&
      17'(used_q) + 17'(beats) <= 17'(Beats);
  assign issue = want && (!legacy_rd_req_valid_q || legacy_rd_req_ready_i);
  assign legacy_rd_req_valid_d = issue || (legacy_rd_req_valid_q && !legacy_rd_req_ready_i);
  assign fetch_d = !run ? '0 : issue ? (fetch_q + u16_t'(n)) & mask : fetch_q;

  logic [$clog2(Reads+1)-1:0] unused_reads_count;
  prim_fifo #(
      .T(read_t),
      .Depth(Reads)
  ) u_reads (
      .clk_i,
      .rst_ni,
      .push_i(issue),
      .ready_o(reads_ready),
      .data_i({addr[DescShift+:SlotBits], (BlockBits + 1)'(n)}),
      .valid_o(reads_valid),
      .pop_i(reads_pop),
      .data_o(read),
      .count_o(unused_reads_count),
      .empty_d_o(reads_empty_d)
  );

  // ---------------------------------------------------------------------------------------------
  // Arrival: a beat's descriptors enter u_beats together and are granted.
  logic arrive, store, drop;
  logic [SlotBits-1:0] lane;
  logic [SlotBits:0] lanes_left, cnt;
  logic [BlockBits:0] left;
  logic unused_last;

  assign arrive = legacy_rd_valid_i && reads_valid;
  assign lane = a_done_q == '0 ? read.lane : '0;
  assign left = read.n - a_done_q;
  assign lanes_left = (SlotBits + 1)'(Lanes) - (SlotBits + 1)'(lane);
  assign cnt = left < (BlockBits + 1)'(lanes_left) ? (SlotBits + 1)'(left) : lanes_left;
  assign reads_pop = arrive && (BlockBits + 1)'(cnt) == left;
  assign store = arrive && run && !fault_q && !legacy_rd_i.err;
  assign drop = arrive && !store;
  assign fault_d = fault_q || (arrive && legacy_rd_i.err);
  assign cons_d = !run ? '0 : store ? (cons_q + u16_t'(cnt)) & mask : cons_q;
  assign unused_last = legacy_rd_i.last;

  logic beats_valid, beats_pop, beats_empty_d, beats_ready;
  logic [UsedBits-1:0] unused_beats_count;
  word_t word;
  prim_ram_fifo #(
      .T(word_t),
      .Depth(Beats)
  ) u_beats (
      .clk_i,
      .rst_ni,
      .push_i(store),
      .ready_o(beats_ready),
      .data_i({cnt, lane, legacy_rd_i.data}),
      .valid_o(beats_valid),
      .pop_i(beats_pop),
      .data_o(word),
      .count_o(unused_beats_count),
      .empty_d_o(beats_empty_d)
  );

  // ---------------------------------------------------------------------------------------------
  // Out: the oldest beat's descriptors, one by one.
  logic give, done;
  logic [SlotBits-1:0] o_lane;

  assign give = beats_valid && (!lbuf_valid_q || lbuf_ready_i);
  assign done = (SlotBits + 1)'(o_done_q) + (SlotBits + 1)'(1) == word.cnt;
  assign beats_pop = give && done;
  assign o_lane = word.lane + o_done_q;
  assign lbuf_valid_d = give || (lbuf_valid_q && !lbuf_ready_i);

  // ---------------------------------------------------------------------------------------------
  // Registers.
  logic stand, idle;

  // At a full skid nothing moves until buffers needs a descriptor: that is rest, not work.
  assign stand = lbuf_valid_q && !lbuf_ready_i;
  assign idle  = !lbuf_valid_d && beats_empty_d;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      active_q              <= 1'b0;
      fetch_q               <= '0;
      cons_q                <= '0;
      used_q                <= '0;
      a_done_q              <= '0;
      o_done_q              <= '0;
      fault_q               <= 1'b0;
      legacy_rd_req_valid_q <= 1'b0;
      legacy_rd_req_q       <= '0;
      grant_valid_q         <= 1'b0;
      grant_q               <= '0;
      lbuf_valid_q          <= 1'b0;
      lbuf_q                <= '0;
      more_q                <= 1'b0;
      quiet_q               <= 1'b0;
    end else begin
      active_q <= legacy_ring_i.enable && (active_q || !reads_valid);
      fetch_q <= fetch_d;
      cons_q <= cons_d;
      fault_q <= fault_d;
      legacy_rd_req_valid_q <= legacy_rd_req_valid_d;
      grant_valid_q <= store;
      lbuf_valid_q <= lbuf_valid_d;
      used_q <= used_q + (issue ? UsedBits'(beats) : '0) - UsedBits'(drop) - UsedBits'(beats_pop);
      if (issue) legacy_rd_req_q <= '{addr: addr, bytes: u16_t'(n << DescShift)};
      if (arrive) a_done_q <= reads_pop ? '0 : a_done_q + (BlockBits + 1)'(cnt);
      if (store) grant_q.n <= u8_t'(cnt);
      if (give) begin
        lbuf_q   <= word.data[o_lane*DescBits+:DescBits];
        o_done_q <= done ? '0 : o_done_q + 1'b1;
      end
      more_q <= !fault_d && ((legacy_ring_i.enable && ahead_d != '0) || !reads_empty_d || store);
      quiet_q <= reads_empty_d && !legacy_rd_req_valid_d && !store && !want &&
          !(legacy_ring_i.enable && !active_q) && (stand || idle);
    end
  end

  assign lbuf_valid_o = lbuf_valid_q;
  assign lbuf_o = lbuf_q;
  assign grant_valid_o = grant_valid_q;
  assign grant_o = grant_q;
  assign legacy_more_o = more_q;
  assign legacy_rd_req_valid_o = legacy_rd_req_valid_q;
  assign legacy_rd_req_o = legacy_rd_req_q;
  assign legacy_cons_o = cons_q;
  assign legacy_fault_o = fault_q;
  assign quiet_o = quiet_q;

`ifndef SYNTHESIS
  // ---------------------------------------------------------------------------------------------
  // Assertions: promises of docs/units/legacy.md.

  // A beat that was asked for always finds room.
  assert property (@(posedge clk_i) disable iff (!rst_ni) store |-> beats_ready);
  // The host's index is never passed: what was asked for has been posted.
  assert property (@(posedge clk_i) disable iff (!rst_ni) issue |-> n <= 17'(avail));
  // Where a grant is told, rx_tcp still sees that more may come.
  assert property (@(posedge clk_i) disable iff (!rst_ni) grant_valid_q && !fault_q |-> more_q);
`endif

endmodule
