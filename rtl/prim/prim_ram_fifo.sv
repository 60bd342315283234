// SPDX-License-Identifier: Apache-2.0
//
// FIFO in a prim_ram, for wide or deep queues; the RAM's output register is filled ahead.
//
// Pushed in cycle n into an empty FIFO, valid_o in n+2; one push and one pop a cycle sustained. Holds
// Depth words, the one in the output register included. A push while ready_o is 0 and a pop while
// valid_o is 0 change nothing. docs/units/prim.md.

module prim_ram_fifo #(
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

  localparam int unsigned AddrBits = $clog2(Depth);
  localparam logic [AddrBits-1:0] LastAddr = AddrBits'(Depth - 1);

  if (Depth < 2) begin : gen_check
    $error("prim_ram_fifo: Depth must be at least 2");
  end

  logic [CountBits-1:0] count_q, count_d;
  logic out_valid_q;
  logic [AddrBits-1:0] wr_q, rd_q;

  logic push, pop, read;

  assign ready_o = count_q != CountBits'(Depth);
  assign valid_o = out_valid_q;
  assign count_o = count_q;
  assign push = push_i && ready_o;
  assign pop = pop_i && out_valid_q;
  // A word waits in the RAM, and the output register is free or becomes so at this edge.
  assign read = (count_q != CountBits'(out_valid_q)) && (!out_valid_q || pop);
  assign count_d = count_q + CountBits'(push) - CountBits'(pop);
  assign empty_d_o = count_d == '0;

  prim_ram #(
      .T(T),
      .Depth(Depth)
  ) u_ram (
      .clk_i,
      .rst_ni,
      .re_i(read),
      .raddr_i(rd_q),
      .rdata_o(data_o),
      .we_i(push),
      .waddr_i(wr_q),
      .wdata_i(data_i)
  );

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      count_q <= '0;
      out_valid_q <= 1'b0;
      wr_q <= '0;
      rd_q <= '0;
    end else begin
      count_q <= count_d;
      out_valid_q <= read || (out_valid_q && !pop);
      if (push) wr_q <= (wr_q == LastAddr) ? '0 : wr_q + 1'b1;
      if (read) rd_q <= (rd_q == LastAddr) ? '0 : rd_q + 1'b1;
    end
  end

endmodule
