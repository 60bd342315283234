// SPDX-License-Identifier: Apache-2.0
//
// Sends what prepare holds ready: header, payload words of the frame RAM behind it, zeros up to
// MinFrameBytes. One beat at each edge at which tx is free. Part "Send" of docs/units/tx.md.
//
// Valid/ready at tx and sent; accept and release are pulses. Never leaves a bubble in a frame,
// never begins one while stop is 1, never answers a descriptor before its frame's last beat is up.

module handoff_tx_send
  import handoff_pkg::*;
  import handoff_tx_pkg::*;
(
    input logic clk_i,
    input logic rst_ni,

    input logic stop_i,
    input logic link_up_i,

    // an item that prepare holds
    input  logic       ready_valid_i,
    input  ready_t     ready_i,
    input  hdr_bytes_t hdr_i,
    output logic       accept_o,

    // the frame RAM
    output logic      re_o,
    output word_ptr_t raddr_o,
    input  data_t     rdata_i,
    output words_t    release_o,

    output logic  sent_valid_o,
    input  logic  sent_ready_i,
    output ntf_t  sent_o,
    output logic  tx_valid_o,
    input  logic  tx_ready_i,
    output axis_t tx_o,
    output logic  tx_cnt_valid_o,
    output cnt_t  tx_cnt_o,
    output logic  txa_cnt_valid_o,
    output cnt_t  txa_cnt_o,

    output logic tx_idle_d_o,  // after this edge no frame is under way
    output logic busy_d_o      // after this edge a frame, an answer or a count is up
);

  typedef logic [8:0] beat_idx_t;  // no frame has more beats than MaxLen and a header fill

  logic s_active_q;
  ready_t s_item_q;
  hdr_bytes_t s_hdr_q;
  hlen_t s_hlen_q;
  beat_idx_t s_k_q, s_last_k_q;  // beat number, the last one's
  lane_t s_last_lane_q;  // the last beat's last lane
  words_t s_left_q;  // payload words not taken yet
  word_ptr_t s_raddr_q;  // the next one to be read
  data_t s_carry_q;  // bytes of the word before that belong to this beat
  word_ptr_t r_ptr_q;

  logic sent_valid_q, tx_valid_q, tx_cnt_valid_q, txa_cnt_valid_q;
  ntf_t  sent_q;
  axis_t tx_q;
  cnt_t tx_cnt_q, txa_cnt_q;

  function automatic ntf_t answer(input status_e status, input seq_t seq, input ready_t item);
    // verilator no_inline_task
    ntf_t n;
    n = '0;
    n.kind = NtfSent;
    n.code = status;
    n.gen = item.gen;
    n.conn = item.conn;
    n.seq = seq;
    n.tag = u64_t'(item.tag);
    return n;
  endfunction

  // ---------------------------------------------------------------------------------------------
  // Accept.

  logic sent_free, tx_free, accept, accept_frame;
  hlen_t  hlen;
  u16_t   last_byte;  // of the frame
  words_t n_words;

  assign sent_free = !sent_valid_q || sent_ready_i;
  assign tx_free = !tx_valid_q || tx_ready_i;
  assign accept = ready_valid_i && !s_active_q && !stop_i && (ready_i.own || sent_free)
      && (!ready_i.frame || link_up_i);
  assign accept_frame = accept && ready_i.frame;
  assign n_words = words(ready_i.len);
  assign hlen = ready_i.raw ? '0 : ready_i.hlen;

  always_comb begin
    last_byte = 16'(hlen) + 16'(ready_i.len);
    if (last_byte < 16'(MinFrameBytes)) last_byte = 16'(MinFrameBytes);
    last_byte -= 16'd1;
  end

  // ---------------------------------------------------------------------------------------------
  // A beat.

  logic beat, payload, take, natural_last, ends;
  data_t rot, data;
  strb_t keep;
  lane_t shift;

  assign beat = s_active_q && tx_free;
  assign natural_last = s_k_q == s_last_k_q;
  assign ends = beat && (natural_last || stop_i);
  // The header's last beat, or one behind it.
  assign payload = s_k_q >= beat_idx_t'(s_hlen_q[LaneBits]);
  assign take = payload && s_left_q != '0;
  assign shift = lane_t'(s_hlen_q);

  always_comb begin
    rot  = '0;
    data = '0;
    keep = '1;
    if (beat) begin
      if (take) rot = rotate_up(rdata_i, shift);
      data = s_carry_q | (rot & from_lane(bytes_t'(shift)));
      if (s_hlen_q != '0 && s_k_q == '0) data |= s_hdr_q[0+:DataBits];
      if (s_hlen_q > hlen_t'(DataBytes) && s_k_q == beat_idx_t'(1))
        data |= s_hdr_q[DataBits+:DataBits];
      if (natural_last) keep = keep >> (lane_t'(DataBytes - 1) - s_last_lane_q);
    end
  end

  assign re_o = (accept_frame && n_words != '0) || (beat && take && s_left_q > words_t'(1));
  assign raddr_o = accept_frame ? r_ptr_q : s_raddr_q;
  assign accept_o = accept;
  assign release_o = ends ? words(s_item_q.len) : (accept && !ready_i.frame) ? n_words : '0;

  // ---------------------------------------------------------------------------------------------
  // Registers.

  logic s_active_d, sent_load, sent_valid_d, tx_valid_d, tx_cnt_valid_d, txa_cnt_valid_d;

  assign s_active_d = accept_frame || (s_active_q && !ends);
  assign sent_load = (accept && !ready_i.frame && !ready_i.own)
      || (beat && natural_last && !s_item_q.own);
  assign sent_valid_d = sent_load || !sent_free;
  assign tx_valid_d = beat || !tx_free;
  assign tx_cnt_valid_d = beat && natural_last;
  assign txa_cnt_valid_d = tx_cnt_valid_d && s_item_q.own;
  assign tx_idle_d_o = !s_active_d && !tx_valid_d;
  assign busy_d_o = !tx_idle_d_o || sent_valid_d || tx_cnt_valid_d || txa_cnt_valid_d;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      s_active_q <= 1'b0;
      s_item_q <= '0;
      s_hdr_q <= '0;
      s_hlen_q <= '0;
      s_k_q <= '0;
      s_last_k_q <= '0;
      s_last_lane_q <= '0;
      s_left_q <= '0;
      s_raddr_q <= '0;
      s_carry_q <= '0;
      r_ptr_q <= '0;
      sent_valid_q <= 1'b0;
      sent_q <= '0;
      tx_valid_q <= 1'b0;
      tx_q <= '0;
      tx_cnt_valid_q <= 1'b0;
      tx_cnt_q <= '0;
      txa_cnt_valid_q <= 1'b0;
      txa_cnt_q <= '0;
    end else begin
      s_active_q <= s_active_d;
      if (accept) r_ptr_q <= r_ptr_q + word_ptr_t'(n_words);
      if (accept_frame) begin
        s_item_q <= ready_i;
        if (!ready_i.raw) s_hdr_q <= hdr_i;
        s_hlen_q <= hlen;
        s_k_q <= '0;
        s_last_k_q <= beat_idx_t'(last_byte >> LaneBits);
        s_last_lane_q <= lane_t'(last_byte);
        s_left_q <= n_words;
        s_raddr_q <= r_ptr_q + 1'b1;
        s_carry_q <= '0;
      end else if (beat) begin
        s_k_q <= s_k_q + 1'b1;
        if (payload) s_carry_q <= rot & ~from_lane(bytes_t'(shift));
        if (take) begin
          s_left_q  <= s_left_q - 1'b1;
          s_raddr_q <= s_raddr_q + 1'b1;
        end
      end

      sent_valid_q <= sent_valid_d;
      if (sent_load)
        sent_q <= beat ? answer(
            StatusOk, s_item_q.seq, s_item_q
        ) : answer(
            ready_i.status, ready_i.seq, ready_i
        );

      tx_valid_q <= tx_valid_d;
      if (beat) tx_q <= '{user: ends && !natural_last, last: ends, keep: keep, data: data};

      tx_cnt_valid_q <= tx_cnt_valid_d;
      if (tx_cnt_valid_d) tx_cnt_q <= '{index: CntTxFrames};
      txa_cnt_valid_q <= txa_cnt_valid_d;
      if (txa_cnt_valid_d) txa_cnt_q <= '{index: CntTxAcks};
    end
  end

  assign sent_valid_o = sent_valid_q;
  assign sent_o = sent_q;
  assign tx_valid_o = tx_valid_q;
  assign tx_o = tx_q;
  assign tx_cnt_valid_o = tx_cnt_valid_q;
  assign tx_cnt_o = tx_cnt_q;
  assign txa_cnt_valid_o = txa_cnt_valid_q;
  assign txa_cnt_o = txa_cnt_q;

`ifndef SYNTHESIS
  // The answer of a frame finds its register free.
  assert property (@(posedge clk_i) disable iff (!rst_ni) sent_load |-> sent_free);
  // A frame, once started, has no bubbles and is never abandoned but by stop.
  assert property (@(posedge clk_i) disable iff (!rst_ni) tx_valid_o && !tx_o.last |=> tx_valid_o);
  assert property (@(posedge clk_i) disable iff (!rst_ni)
      tx_valid_o && !tx_ready_i |=> tx_valid_o && $stable(
      tx_o
  ));
  assert property (@(posedge clk_i) disable iff (!rst_ni)
      sent_valid_o && !sent_ready_i |=> sent_valid_o && $stable(
      sent_o
  ));
`endif

endmodule
