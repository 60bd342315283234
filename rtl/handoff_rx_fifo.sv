// SPDX-License-Identifier: Apache-2.0
//
// Stores received frames until the engine takes them: the record to lookup, the beats to upload. A frame
// enters whole at its last beat, or is dropped whole and counted by reason.
//
// Pulse in, valid/ready out; from a frame's last beat to its record and first beat two cycles; a beat
// and a record a cycle. Never stalls the MAC, never shows a beat of a frame that is not complete, never
// reorders. docs/units/rx_fifo.md.

module handoff_rx_fifo
  import handoff_params_pkg::*;
  import handoff_pkg::*;
#(
    parameter int unsigned RxFifoBeats  = DefaultRxFifoBeats,
    parameter int unsigned RxFifoFrames = DefaultRxFifoFrames
) (
    input logic clk_i,
    input logic rst_ni,

    // from rx_parser: every beat
    input logic  frame_valid_i,
    input beat_t frame_i,

    // from rx_parser: one record a frame, in the cycle of its last beat
    input logic hdr_valid_i,
    input hdr_t hdr_i,

    // to lookup: one record a frame, held until taken
    output logic hdr_valid_o,
    input  logic hdr_ready_i,
    output hdr_t hdr_o,

    // to upload: the beats of the same frames in the same order, held until taken
    output logic  fdata_valid_o,
    input  logic  fdata_ready_i,
    output beat_t fdata_o,

    // to csr: each frame that ended
    output logic rxf_cnt_valid_o,
    output cnt_t rxf_cnt_o,

    // to csr: each frame that was dropped, by its reason
    output logic rxf_drop_valid_o,
    output cnt_t rxf_drop_o,

    output logic quiet_o
);

  localparam int unsigned AddrBits = $clog2(RxFifoBeats);
  localparam int unsigned CountBits = $clog2(RxFifoBeats + 1);

  if (RxFifoBeats < 2) begin : gen_check
    $error("handoff_rx_fifo: RxFifoBeats must be at least 2");
  end

  typedef logic [AddrBits-1:0] addr_t;
  typedef logic [CountBits-1:0] count_t;

  function automatic addr_t next(addr_t addr);
    return (addr == addr_t'(RxFifoBeats - 1)) ? '0 : addr + 1'b1;
  endfunction

  // -----------------------------------------------------------------------------------------------
  // In: u_beats holds avail_q committed beats from rd_q to start_q, then cur_q of the present frame to
  // wr_q, and nothing else.

  addr_t wr_q, start_q, rd_q;
  count_t cur_q, avail_q, avail_d;
  logic drop_q;  // the present frame found no room
  logic store, ended, bad, commit;
  logic hdr_ready, hdr_empty_d;

  assign store = frame_valid_i && !drop_q && (avail_q + cur_q != count_t'(RxFifoBeats));
  assign ended = frame_valid_i && hdr_valid_i;
  assign bad = hdr_i.seg.reason inside {ReasonMacError, ReasonRunt, ReasonOversize};
  assign commit = ended && store && !bad && hdr_ready;

  // -----------------------------------------------------------------------------------------------
  // Out: the RAMs' output registers are the channels' output registers.

  logic read;
  logic fdata_valid_q, fdata_valid_d;

  assign read = avail_q != '0 && (!fdata_valid_q || fdata_ready_i);
  assign fdata_valid_d = read || (fdata_valid_q && !fdata_ready_i);
  assign avail_d = avail_q + (commit ? cur_q + 1'b1 : '0) - count_t'(read);

  prim_ram #(
      .T(beat_t),
      .Depth(RxFifoBeats)
  ) u_beats (
      .clk_i,
      .rst_ni,
      .re_i(read),
      .raddr_i(rd_q),
      .rdata_o(fdata_o),
      .we_i(store),
      .waddr_i(wr_q),
      .wdata_i(frame_i)
  );

  prim_ram_fifo #(
      .T(hdr_t),
      .Depth(RxFifoFrames)
  ) u_hdr (
      .clk_i,
      .rst_ni,
      .push_i(commit),
      .ready_o(hdr_ready),
      .data_i(hdr_i),
      .valid_o(hdr_valid_o),
      .pop_i(hdr_ready_i),
      .data_o(hdr_o),
      .count_o(),
      .empty_d_o(hdr_empty_d)
  );

  // -----------------------------------------------------------------------------------------------
  // Registers.

  logic rxf_cnt_valid_q, rxf_drop_valid_q, quiet_q;
  cnt_t rxf_cnt_q, rxf_drop_q;

  assign fdata_valid_o = fdata_valid_q;
  assign rxf_cnt_valid_o = rxf_cnt_valid_q;
  assign rxf_cnt_o = rxf_cnt_q;
  assign rxf_drop_valid_o = rxf_drop_valid_q;
  assign rxf_drop_o = rxf_drop_q;
  assign quiet_o = quiet_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      wr_q <= '0;
      start_q <= '0;
      rd_q <= '0;
      cur_q <= '0;
      avail_q <= '0;
      drop_q <= 1'b0;
      fdata_valid_q <= 1'b0;
      rxf_cnt_valid_q <= 1'b0;
      rxf_cnt_q <= '0;
      rxf_drop_valid_q <= 1'b0;
      rxf_drop_q <= '0;
      quiet_q <= 1'b0;
    end else begin
      if (ended && !commit) wr_q <= start_q;
      else if (store) wr_q <= next(wr_q);
      if (commit) start_q <= next(wr_q);
      if (read) rd_q <= next(rd_q);
      cur_q <= ended ? '0 : cur_q + count_t'(store);
      avail_q <= avail_d;
      drop_q <= !ended && (drop_q || (frame_valid_i && !store));
      fdata_valid_q <= fdata_valid_d;
      rxf_cnt_valid_q <= ended;
      if (ended) rxf_cnt_q <= CntFramesIn;
      rxf_drop_valid_q <= ended && !commit;
      if (ended && !commit) rxf_drop_q <= bad ? hdr_i.seg.reason : ReasonRxFifoFull;
      quiet_q <= hdr_empty_d && avail_d == '0 && !fdata_valid_d && !ended;
    end
  end

`ifndef SYNTHESIS
  // No more than the RAM holds.
  assert property (@(posedge clk_i) disable iff (!rst_ni)
    (CountBits + 1)'(avail_q) + (CountBits + 1)'(cur_q) <= (CountBits + 1)'(RxFifoBeats));
  // A beat, once offered, stays until taken; a record too.
  assert property (@(posedge clk_i) disable iff (!rst_ni)
    fdata_valid_q && !fdata_ready_i |=> fdata_valid_q && $stable(
      fdata_o
  ));
  assert property (@(posedge clk_i) disable iff (!rst_ni)
    hdr_valid_o && !hdr_ready_i |=> hdr_valid_o && $stable(
      hdr_o
  ));
`endif

endmodule
