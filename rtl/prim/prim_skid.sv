// SPDX-License-Identifier: Apache-2.0
//
// Input skid of a valid/ready channel: two entries, so that `ready_o` can be a register.
//
// Latency 0 when empty (passes through), one transfer a cycle. ready_o is 1 exactly when at most one
// entry is occupied; it is 0 in reset and rises at the first edge out of it. docs/units/prim.md.

module prim_skid #(
    parameter type T = logic
) (
    input logic clk_i,
    input logic rst_ni,

    // from the channel
    input  logic valid_i,
    output logic ready_o,
    input  T     data_i,

    // to the unit: data_o is taken at an edge with valid_o && pop_i
    output logic valid_o,
    input  logic pop_i,
    output T     data_o,

    // nothing is held after this edge
    output logic empty_d_o
);

  logic ready_q;
  logic [1:0] count_q, count_d;
  logic head_q;
  T entry0_q, entry1_q;

  logic take, pop, store, tail;

  assign take = valid_i && ready_q;
  assign valid_o = (count_q != 2'd0) || take;
  // Of no meaning without valid_o: nothing wide moves then.
  assign data_o = !valid_o ? T'('x) : (count_q == 2'd0) ? data_i : (head_q ? entry1_q : entry0_q);
  assign pop = pop_i && valid_o;
  assign store = take && !(pop && (count_q == 2'd0));
  assign tail = head_q ^ count_q[0];
  assign count_d = count_q + 2'(take) - 2'(pop);
  assign empty_d_o = count_d == 2'd0;
  assign ready_o = ready_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      ready_q  <= 1'b0;
      count_q  <= 2'd0;
      head_q   <= 1'b0;
      entry0_q <= T'('0);
      entry1_q <= T'('0);
    end else begin
      ready_q <= !count_d[1];
      count_q <= count_d;
      if (pop && (count_q != 2'd0)) head_q <= !head_q;
      if (store && !tail) entry0_q <= data_i;
      if (store && tail) entry1_q <= data_i;
    end
  end

endmodule
