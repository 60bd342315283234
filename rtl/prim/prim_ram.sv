// SPDX-License-Identifier: Apache-2.0
//
// RAM with one write and one read port; the read port has an output register.
//
// An address read in cycle n shows its word in n+1 and until the next read. Read and write of one
// address in one cycle: the read returns the old word. The contents survive a reset, in which nothing
// is written; a word must not be used before it was written. docs/units/prim.md.

module prim_ram #(
    parameter type T = logic,
    parameter int unsigned Depth,
    localparam int unsigned AddrBits = (Depth > 1) ? $clog2(Depth) : 1
) (
    input logic clk_i,
    input logic rst_ni,

    input  logic                re_i,
    input  logic [AddrBits-1:0] raddr_i,
    output T                    rdata_o,

    input logic                we_i,
    input logic [AddrBits-1:0] waddr_i,
    input T                    wdata_i
);

  if (Depth < 1) begin : gen_check
    $error("prim_ram: Depth must be at least 1");
  end

  T mem_q[Depth];
  T rdata_q;

  assign rdata_o = rdata_q;

  always_ff @(posedge clk_i) begin
    if (we_i && rst_ni) mem_q[waddr_i] <= wdata_i;
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) rdata_q <= T'('0);
    else if (re_i) rdata_q <= mem_q[raddr_i];
  end

endmodule
