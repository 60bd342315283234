// SPDX-License-Identifier: Apache-2.0
//
// Read data of tx: each beat is told apart by the order FIFO's head; data bytes are joined to words
// from lane 0 of a frame's first word on, and summed. Part "Arrival" of docs/units/tx.md.
//
// Pulses in and out. A full word is written in the cycle after its beat, a frame's last one a cycle
// later. Never refuses a beat: what was asked for has its place. Never joins bytes of two frames in
// one word.

module handoff_tx_append
  import handoff_pkg::*;
  import handoff_tx_pkg::*;
  import handoff_wire_pkg::*;
(
    input logic clk_i,
    input logic rst_ni,

    input logic  tx_rd_valid_i,
    input logic  tr_err_i,
    input data_t tr_data_i,

    // the oldest request on its way
    input  logic ord_valid_i,
    input  ord_t ord_i,
    output logic ord_pop_o,

    // this beat is a descriptor
    output logic desc_valid_o,

    // words for the frame RAM
    output logic      we_o,
    output word_ptr_t waddr_o,
    output data_t     wdata_o,

    // a frame is whole
    output logic  done_push_o,
    output done_t done_o,

    output logic busy_d_o  // after this edge a word is on its way to the frame RAM
);

  chunk_t left_q;
  data_t  acc_q;
  bytes_t acc_cnt_q;
  logic acc_err_q, flush_q;
  logic w_valid_q, w_last_q, w_err_q;
  data_t w_data_q;
  word_ptr_t w_ptr_q;
  u32_t sum_q;

  // ---------------------------------------------------------------------------------------------
  // Which bytes of the beat count.

  logic beat, data_beat, ends;
  lane_t  lane;
  chunk_t rem;
  bytes_t k, to_end;

  assign beat = tx_rd_valid_i && ord_valid_i;
  assign data_beat = beat && !ord_i.is_desc;
  assign lane = (left_q == '0) ? ord_i.lane : '0;
  assign rem = (left_q == '0) ? ord_i.bytes : left_q;
  assign to_end = bytes_t'(DataBytes) - bytes_t'(lane);
  assign k = (rem < chunk_t'(to_end)) ? bytes_t'(rem) : to_end;
  assign ends = rem == chunk_t'(k);
  assign ord_pop_o = beat && ends;
  assign desc_valid_o = beat && ord_i.is_desc;

  // ---------------------------------------------------------------------------------------------
  // Joined to what is there.

  bytes_t base;
  logic [LaneBits+1:0] total;  // less than 2 * DataBytes
  logic [LaneBits+1:0] over;  // bytes for the next word
  logic full;
  data_t rot, low, high;

  assign base  = flush_q ? '0 : acc_cnt_q;
  assign total = (LaneBits + 2)'(base) + (LaneBits + 2)'(k);
  assign over  = total - (LaneBits + 2)'(DataBytes);
  assign full  = data_beat && total > (LaneBits + 2)'(DataBytes);

  always_comb begin
    rot  = '0;
    low  = '0;
    high = '0;
    if (data_beat) begin
      rot = rotate_up(tr_data_i, lane_t'(base) - lane);
      low = ((base == '0) ? '0 : acc_q) |
          (rot & from_lane(base) & ~from_lane(full ? bytes_t'(DataBytes) : bytes_t'(total)));
      high = rot & ~from_lane(bytes_t'(over));
    end
  end

  // ---------------------------------------------------------------------------------------------
  // The sum: words as they lie in memory, bytes swapped at the end (RFC 1071, 2(B)).

  u32_t sum;
  u16_t folded;

  always_comb begin
    sum = sum_q;
    if (w_valid_q) for (int unsigned i = 0; i < DataBytes / 2; i++) sum += 32'(w_data_q[16*i+:16]);
  end

  assign folded = fold(sum);
  assign we_o = w_valid_q;
  assign waddr_o = w_ptr_q;
  assign wdata_o = w_data_q;
  assign done_push_o = w_valid_q && w_last_q;
  assign done_o = '{err: w_err_q, sum: {folded[7:0], folded[15:8]}};

  // ---------------------------------------------------------------------------------------------
  // Registers.

  logic flush_d, w_valid_d;

  assign flush_d   = data_beat && ord_i.last && ends;
  assign w_valid_d = flush_q || full;
  assign busy_d_o  = flush_d || w_valid_d;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      left_q <= '0;
      acc_q <= '0;
      acc_cnt_q <= '0;
      acc_err_q <= 1'b0;
      flush_q <= 1'b0;
      w_valid_q <= 1'b0;
      w_last_q <= 1'b0;
      w_err_q <= 1'b0;
      w_data_q <= '0;
      w_ptr_q <= '0;
      sum_q <= '0;
    end else begin
      if (beat) left_q <= rem - chunk_t'(k);

      flush_q <= flush_d;
      if (data_beat) begin
        acc_q <= full ? high : low;
        acc_cnt_q <= full ? bytes_t'(over) : bytes_t'(total);
        acc_err_q <= tr_err_i || (acc_err_q && !flush_q);
      end else if (flush_q) begin
        acc_cnt_q <= '0;
        acc_err_q <= 1'b0;
      end

      w_valid_q <= w_valid_d;
      if (w_valid_d) begin
        w_data_q <= flush_q ? acc_q : low;
        w_last_q <= flush_q;
        w_err_q  <= flush_q && acc_err_q;
      end
      if (w_valid_q) begin
        w_ptr_q <= w_ptr_q + 1'b1;
        sum_q   <= w_last_q ? '0 : sum;
      end
    end
  end

`ifndef SYNTHESIS
  // A frame's first beat never fills a word beyond the one that the frame before leaves behind.
  assert property (@(posedge clk_i) disable iff (!rst_ni) !(flush_q && full));
`endif

endmodule
