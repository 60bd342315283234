// SPDX-License-Identifier: Apache-2.0
//
// Pipeline of N stages without stall: what enters in cycle n is at the output in n+N.
//
// data_o holds the last valid word between two valids. docs/units/prim.md.

module prim_delay #(
    parameter type T = logic,
    parameter int unsigned N = 1
) (
    input logic clk_i,
    input logic rst_ni,

    input logic valid_i,
    input T     data_i,

    output logic valid_o,
    output T     data_o,

    // nothing is on its way after this edge
    output logic empty_d_o
);

  if (N < 1) begin : gen_check
    $error("prim_delay: N must be at least 1");
  end

  logic [N-1:0] valid_q, valid_d;
  T data_q[N];

  assign valid_d = N'({valid_q, valid_i});
  assign valid_o = valid_q[N-1];
  assign data_o = data_q[N-1];
  assign empty_d_o = valid_d == '0;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      valid_q <= '0;
      for (int unsigned i = 0; i < N; i++) data_q[i] <= T'('0);
    end else begin
      valid_q <= valid_d;
      if (valid_i) data_q[0] <= data_i;
      for (int unsigned i = 1; i < N; i++) if (valid_q[i-1]) data_q[i] <= data_q[i-1];
    end
  end

endmodule
