// SPDX-License-Identifier: Apache-2.0
//
// Round-robin arbiter: picks combinationally, moves on only when the pick is taken.
//
// After reset request 0 is first; after a grant of i, i+1 is first and i last. Never holds a pick that
// was not taken. docs/units/prim.md.

module prim_arb #(
    parameter int unsigned N = 2,
    localparam int unsigned IdxBits = (N > 1) ? $clog2(N) : 1
) (
    input logic clk_i,
    input logic rst_ni,

    input  logic [      N-1:0] req_i,
    output logic               valid_o,
    output logic [IdxBits-1:0] idx_o,
    // the pick is granted at this edge
    input  logic               take_i
);

  if (N < 1) begin : gen_check
    $error("prim_arb: N must be at least 1");
  end

  logic [IdxBits-1:0] next_q;
  logic [N-1:0] upper;  // requests at or after next_q

  assign valid_o = |req_i;
  assign upper   = req_i & ({N{1'b1}} << next_q);

  always_comb begin
    idx_o = '0;
    for (int unsigned i = N; i > 0; i--) if (req_i[i-1]) idx_o = IdxBits'(i - 1);
    for (int unsigned i = N; i > 0; i--) if (upper[i-1]) idx_o = IdxBits'(i - 1);
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) next_q <= '0;
    else if (valid_o && take_i) next_q <= (idx_o == IdxBits'(N - 1)) ? '0 : idx_o + 1'b1;
  end

endmodule
