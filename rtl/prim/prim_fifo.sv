// SPDX-License-Identifier: Apache-2.0
//
// FIFO of registers, first word falls through.
//
// Pushed in cycle n, valid_o in n+1. A push while ready_o is 0 and a pop while valid_o is 0 change
// nothing. Never passes a word through in the same cycle. docs/units/prim.md.

module prim_fifo #(
    parameter type T = logic,
    parameter int unsigned Depth,
    localparam int unsigned CountBits = $clog2(Depth + 1)
) (
    input logic clk_i,
    input logic rst_ni,

    input  logic push_i,
    output logic ready_o,
    input  T     data_i,

    output logic valid_o,
    input  logic pop_i,
    output T     data_o,

    output logic [CountBits-1:0] count_o,
    // nothing is held after this edge
    output logic empty_d_o
);

  localparam int unsigned AddrBits = (Depth > 1) ? $clog2(Depth) : 1;
  localparam logic [AddrBits-1:0] LastAddr = AddrBits'(Depth - 1);

  if (Depth < 1) begin : gen_check
    $error("prim_fifo: Depth must be at least 1");
  end

  logic [CountBits-1:0] count_q, count_d;
  logic [AddrBits-1:0] wr_q, rd_q;
  T mem_q[Depth];

  logic push, pop;

  assign ready_o = count_q != CountBits'(Depth);
  assign valid_o = count_q != '0;
  assign data_o = mem_q[rd_q];
  assign count_o = count_q;
  assign push = push_i && ready_o;
  assign pop = pop_i && valid_o;
  assign count_d = count_q + CountBits'(push) - CountBits'(pop);
  assign empty_d_o = count_d == '0;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      count_q <= '0;
      wr_q <= '0;
      rd_q <= '0;
      for (int unsigned i = 0; i < Depth; i++) mem_q[i] <= T'('0);
    end else begin
      count_q <= count_d;
      if (push) begin
        mem_q[wr_q] <= data_i;
        wr_q <= (wr_q == LastAddr) ? '0 : wr_q + 1'b1;
      end
      if (pop) rd_q <= (rd_q == LastAddr) ? '0 : rd_q + 1'b1;
    end
  end

endmodule
