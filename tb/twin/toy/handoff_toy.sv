// SPDX-License-Identifier: Apache-2.0
//
// A unit in small, with every kind of port, on which the lockstep bench itself is tested
// (tb/twin/twin_bench_test.cpp).

module handoff_toy
  import handoff_pkg::*;
#(
    parameter int unsigned Depth = 4
) (
    input logic clk_i,
    input logic rst_ni,

    // words that come out again in order
    input  logic frame_valid_i,
    output logic frame_ready_o,
    input  hdr_t frame_i,

    output logic hdr_valid_o,
    input  logic hdr_ready_i,
    output hdr_t hdr_o,

    // pulses: each grant comes out as a count
    input logic   grant_valid_i,
    input grant_t grant_i,

    output logic tcp_cnt_valid_o,
    output cnt_t tcp_cnt_o,

    // levels
    input  cfg_t    cfg_i,
    output u32_t    sum_o,
    output reason_e reason_o,

    output logic quiet_o
);

  logic skid_valid, skid_pop, skid_empty_d;
  hdr_t skid_data;
  logic fifo_valid, fifo_pop, fifo_empty_d;
  hdr_t fifo_data;

  logic hdr_valid_q, hdr_valid_d;
  hdr_t hdr_q;
  logic tcp_cnt_valid_q;
  cnt_t tcp_cnt_q;
  u32_t sum_q;
  logic quiet_q;

  prim_skid #(
      .T(hdr_t)
  ) u_skid (
      .clk_i,
      .rst_ni,
      .valid_i(frame_valid_i),
      .ready_o(frame_ready_o),
      .data_i(frame_i),
      .valid_o(skid_valid),
      .pop_i(skid_pop),
      .data_o(skid_data),
      .empty_d_o(skid_empty_d)
  );

  prim_ram_fifo #(
      .T(hdr_t),
      .Depth(Depth)
  ) u_fifo (
      .clk_i,
      .rst_ni,
      .push_i(skid_valid),
      .ready_o(skid_pop),
      .data_i(skid_data),
      .valid_o(fifo_valid),
      .pop_i(fifo_pop),
      .data_o(fifo_data),
      .count_o(),
      .empty_d_o(fifo_empty_d)
  );

  assign fifo_pop = !hdr_valid_q || hdr_ready_i;
  assign hdr_valid_d = fifo_pop ? fifo_valid : hdr_valid_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      hdr_valid_q <= 1'b0;
      hdr_q <= '0;
      tcp_cnt_valid_q <= 1'b0;
      tcp_cnt_q <= '0;
      sum_q <= '0;
      quiet_q <= 1'b0;
    end else begin
      hdr_valid_q <= hdr_valid_d;
      if (fifo_pop && fifo_valid) hdr_q <= fifo_data;
      tcp_cnt_valid_q <= grant_valid_i;
      if (grant_valid_i) begin
        tcp_cnt_q.index <= grant_i.n[5:0];
        sum_q <= sum_q + cfg_i.limit_us + 32'(grant_i.n[7:6]);
      end
      quiet_q <= skid_empty_d && fifo_empty_d && !hdr_valid_d && !grant_valid_i;
    end
  end

  assign hdr_valid_o = hdr_valid_q;
  assign hdr_o = hdr_q;
  assign tcp_cnt_valid_o = tcp_cnt_valid_q;
  assign tcp_cnt_o = tcp_cnt_q;
  assign sum_o = sum_q;
  assign reason_o = hdr_q.seg.reason;
  assign quiet_o = quiet_q;

`ifndef SYNTHESIS
  // The limit is never all ones:
  // a promise that a test of the bench breaks.
  assert property (@(posedge clk_i) disable iff (!rst_ni) cfg_i.limit_us != '1);
`endif

endmodule
