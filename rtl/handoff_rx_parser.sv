// SPDX-License-Identifier: Apache-2.0
//
// Stands in line behind the MAC: passes every beat on and gives with each frame's last beat one record
// that says what the frame is: its key, its TCP header and options, and what is wrong with it.
//
// Pulse in, pulse out, five cycles from rx to frame and hdr; a beat a cycle, single-beat frames in
// every cycle included. Never stalls, never drops, never looks behind the headers but for the
// checksum. docs/units/rx_parser.md.

module handoff_rx_parser
  import handoff_pkg::*;
  import handoff_rx_parser_pkg::*;
  import handoff_wire_pkg::*;
(
    input logic clk_i,
    input logic rst_ni,

    // from the MAC: no back-pressure
    input logic  rx_valid_i,
    input axis_t rx_i,

    // to rx_fifo: every beat
    output logic  frame_valid_o,
    output beat_t frame_o,

    // to rx_fifo: one record a frame, in the cycle of its last beat
    output logic hdr_valid_o,
    output hdr_t hdr_o,

    // from csr: max_frame
    input cfg_t cfg_i,

    output logic quiet_o
);

  logic s0_valid_q, s1_valid_q, s2_valid_q, s3_valid_q;
  logic s2_end_q, s3_end_q;

  // -----------------------------------------------------------------------------------------------
  // s0: the beat as it came. idx_q is its number in the frame, saturating: no valid frame is as long.

  axis_t s0_q;
  idx_t  idx_q;
  logic first, contiguous, bad_beat;
  logic [16:0] bytes_d;
  u16_t bytes_q;
  logic bad_q;

  assign first = idx_q == '0;
  assign contiguous = s0_q.keep[0] && ((s0_q.keep + strb_t'(1)) & s0_q.keep) == '0;
  assign bad_beat = s0_q.user || !contiguous || (!s0_q.last && !s0_q.keep[DataBytes-1]);
  assign bytes_d = (first ? 17'd0 : 17'(bytes_q)) + 17'($countones(s0_q.keep));

  // -----------------------------------------------------------------------------------------------
  // s1: what beat 0 says (net_q) lies beside every beat of the frame.

  logic  s1_last_q;
  data_t s1_data_q;
  idx_t  s1_idx_q;
  net_t  net_q;
  logic [$clog2(BeatSlots)-1:0] beat_wr_q, beat_rd_q;

  prim_ram #(
      .T(beat_t),
      .Depth(BeatSlots)
  ) u_beats (
      .clk_i,
      .rst_ni,
      .re_i(s3_valid_q),
      .raddr_i(beat_rd_q),
      .rdata_o(frame_o),
      .we_i(s1_valid_q),
      .waddr_i(beat_wr_q),
      .wdata_i({s1_last_q, s1_data_q})
  );

  // -----------------------------------------------------------------------------------------------
  // s2: the sum and the TCP header as far as the frame has come; with s2_end_q they are whole.

  u16_t s2_bytes_q;
  logic s2_bad_q;
  net_t s2_net_q;
  u32_t sum_q;
  tcp_t tcp_q;

  logic [3:0] doff;
  logic [16:0] tcp_bytes;
  opt_len_t opt_len;
  u32_t total;
  reason_e reason;
  walk_t s2_walk;
  hdr_t s3_hdr_d;

  assign doff = tcp_q[8*TcpDataOff+4+:4];
  assign tcp_bytes = {11'b0, doff, 2'b0};
  assign opt_len = {doff, 2'b0} - opt_len_t'(TcpBytes);  // means something when doff >= TcpWords
  // Byte-swapped like the words of sum_q.
  assign total = sum_q + 32'(swap16(16'(ProtoTcp))) + 32'(swap16(s2_net_q.l4_len));

  always_comb begin
    if (s2_bad_q) reason = ReasonMacError;
    else if (s2_bytes_q < 16'(MinFrameBytes)) reason = ReasonRunt;
    else if (s2_bytes_q > cfg_i.max_frame || s2_bytes_q > 16'(MaxFrameBytes))
      reason = ReasonOversize;
    else if (s2_net_q.reason != ReasonNone) reason = s2_net_q.reason;
    else if (s2_net_q.too_short || s2_net_q.ip_end > 17'(s2_bytes_q) || tcp_bytes < 17'(TcpBytes) ||
             tcp_bytes > 17'(s2_net_q.l4_len))
      reason = ReasonLengths;
    else if (!s2_net_q.ip_ok) reason = ReasonBadIpChecksum;
    else if (fold(total) != SumOk) reason = ReasonBadTcpChecksum;
    else reason = ReasonNone;
  end

  // The record but for options that begin at option byte HalfBytes or later; only looked at with
  // s2_end_q.
  always_comb begin
    s3_hdr_d = '0;
    s2_walk  = '0;
    if (s2_end_q) begin
      s3_hdr_d.seg.reason = reason;
      s3_hdr_d.seg.frame_bytes = s2_bytes_q;
      if (reason == ReasonNone) begin
        s2_walk = walk_options(tcp_q[TcpBits-1:8*TcpBytes], opt_len, token_t'(1));
        s3_hdr_d.key.is_ip6 = s2_net_q.is_ip6;
        s3_hdr_d.key.n_tags = s2_net_q.n_tags;
        s3_hdr_d.key.vid0 = s2_net_q.vid0;
        s3_hdr_d.key.vid1 = s2_net_q.vid1;
        s3_hdr_d.key.dst_mac = s2_net_q.dst_mac;
        s3_hdr_d.key.src_port = swap16(tcp_q[8*TcpSrcPortOff+:16]);
        s3_hdr_d.key.dst_port = swap16(tcp_q[8*TcpDstPortOff+:16]);
        s3_hdr_d.key.src_ip = s2_net_q.src_ip;
        s3_hdr_d.key.dst_ip = s2_net_q.dst_ip;
        s3_hdr_d.seg.seq = swap32(tcp_q[8*TcpSeqOff+:32]);
        s3_hdr_d.seg.ack = swap32(tcp_q[8*TcpAckOff+:32]);
        s3_hdr_d.seg.fin = tcp_q[8*TcpFlagsOff+FlagFin];
        s3_hdr_d.seg.syn = tcp_q[8*TcpFlagsOff+FlagSyn];
        s3_hdr_d.seg.rst = tcp_q[8*TcpFlagsOff+FlagRst];
        s3_hdr_d.seg.psh = tcp_q[8*TcpFlagsOff+FlagPsh];
        s3_hdr_d.seg.ack_flag = tcp_q[8*TcpFlagsOff+FlagAck];
        s3_hdr_d.seg.urg = tcp_q[8*TcpFlagsOff+FlagUrg];
        s3_hdr_d.seg.wnd = swap16(tcp_q[8*TcpWndOff+:16]);
        s3_hdr_d.seg.has_ts = s2_walk.has_ts;
        s3_hdr_d.seg.ts_val = s2_walk.ts_val;
        s3_hdr_d.seg.ts_ecr = s2_walk.ts_ecr;
        s3_hdr_d.seg.has_sack = s2_walk.has_sack;
        s3_hdr_d.seg.unknown_opt = s2_walk.unknown_opt;
        s3_hdr_d.seg.pay_off = 16'(s2_net_q.l4_off) + tcp_bytes[15:0];
        s3_hdr_d.seg.pay_len = s2_net_q.l4_len - tcp_bytes[15:0];
      end
    end
  end

  // -----------------------------------------------------------------------------------------------
  // s3: the rest of the options, then the output registers.

  hdr_t s3_hdr_q;
  half_t s3_opt_q;
  opt_len_t s3_opt_len_q;
  token_t s3_tok_q;

  walk_t s3_walk;
  logic frame_valid_q, hdr_valid_q, quiet_q;
  hdr_t hdr_q;

  always_comb begin
    s3_walk = '0;
    // Without a token nothing is left to walk; with one s3_opt_len_q is at least HalfBytes.
    if (s3_end_q && s3_tok_q != '0) begin
      s3_walk = walk_options(opts_t'(s3_opt_q), s3_opt_len_q - opt_len_t'(HalfBytes), s3_tok_q);
    end
  end

  assign frame_valid_o = frame_valid_q;
  assign hdr_valid_o = hdr_valid_q;
  assign hdr_o = hdr_q;
  assign quiet_o = quiet_q;

  // -----------------------------------------------------------------------------------------------
  // Registers.

  // The stages' valids.
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      s0_valid_q <= 1'b0;
      s1_valid_q <= 1'b0;
      s2_valid_q <= 1'b0;
      s2_end_q <= 1'b0;
      s3_valid_q <= 1'b0;
      s3_end_q <= 1'b0;
      frame_valid_q <= 1'b0;
      hdr_valid_q <= 1'b0;
      quiet_q <= 1'b0;
    end else begin
      s0_valid_q <= rx_valid_i;
      s1_valid_q <= s0_valid_q;
      s2_valid_q <= s1_valid_q;
      s2_end_q <= s1_valid_q && s1_last_q;
      s3_valid_q <= s2_valid_q;
      s3_end_q <= s2_end_q;
      frame_valid_q <= s3_valid_q;
      hdr_valid_q <= s3_end_q;
      quiet_q <= !(rx_valid_i || s0_valid_q || s1_valid_q || s2_valid_q || s3_valid_q);
    end
  end

  // s0
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      s0_q <= '0;
    end else begin
      if (rx_valid_i) s0_q <= rx_i;
    end
  end

  // s1
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      idx_q <= '0;
      s1_last_q <= 1'b0;
      s1_data_q <= '0;
      s1_idx_q <= '0;
      bytes_q <= '0;
      bad_q <= 1'b0;
      net_q <= '0;
    end else begin
      if (s0_valid_q) begin
        if (s0_q.last) idx_q <= '0;
        else if (idx_q != '1) idx_q <= idx_q + 1'b1;
        s1_last_q <= s0_q.last;
        s1_data_q <= s0_q.data;
        s1_idx_q <= idx_q;
        bytes_q <= (bytes_d > 17'(MaxFrameBytes)) ? 16'(MaxFrameBytes + 1) : bytes_d[15:0];
        bad_q <= (!first && bad_q) || bad_beat;
        if (first) net_q <= decode_net(s0_q.data);
      end
    end
  end

  // s2
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      beat_wr_q <= '0;
      s2_bytes_q <= '0;
      s2_bad_q <= 1'b0;
      s2_net_q <= '0;
      sum_q <= '0;
      tcp_q <= '0;
    end else begin
      if (s1_valid_q) begin
        beat_wr_q <= beat_wr_q + 1'b1;
        if (s1_last_q) begin
          s2_bytes_q <= bytes_q;
          s2_bad_q   <= bad_q;
          s2_net_q   <= net_q;
        end
        if (net_q.reason == ReasonNone) begin
          sum_q <= ((s1_idx_q == '0) ? '0 : sum_q) + add_beat(s1_data_q, s1_idx_q, net_q);
          if (s1_idx_q == '0) tcp_q <= tcp_front(s1_data_q, net_q.l4_off);
          else if (s1_idx_q == idx_t'(1)) tcp_q <= tcp_whole(tcp_q, s1_data_q, net_q.l4_off);
        end
      end
    end
  end

  // s3
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      s3_hdr_q <= '0;
      s3_opt_q <= '0;
      s3_opt_len_q <= '0;
      s3_tok_q <= '0;
    end else begin
      if (s2_end_q) begin
        s3_hdr_q <= s3_hdr_d;
        s3_opt_q <= tcp_q[TcpBits-1-:$bits(half_t)];
        s3_opt_len_q <= opt_len;
        s3_tok_q <= s2_walk.token[HalfBytes+:HalfBytes];
      end
    end
  end

  // Out
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      beat_rd_q <= '0;
      hdr_q <= '0;
    end else begin
      if (s3_valid_q) beat_rd_q <= beat_rd_q + 1'b1;

      if (s3_end_q) begin
        hdr_q <= s3_hdr_q;
        if (s3_walk.has_ts) begin
          hdr_q.seg.has_ts <= 1'b1;
          hdr_q.seg.ts_val <= s3_walk.ts_val;
          hdr_q.seg.ts_ecr <= s3_walk.ts_ecr;
        end
        if (s3_walk.has_sack) hdr_q.seg.has_sack <= 1'b1;
        if (s3_walk.unknown_opt) hdr_q.seg.unknown_opt <= 1'b1;
      end
    end
  end

`ifndef SYNTHESIS
  // A record comes with the last beat of its frame, and only then.
  assert property (@(posedge clk_i) disable iff (!rst_ni)
    hdr_valid_q == (frame_valid_q && frame_o.last));
  // At most one option begins the second half of a walk.
  assert property (@(posedge clk_i) disable iff (!rst_ni) $onehot0(s3_tok_q));
  // Only a well-formed segment has a key.
  assert property (@(posedge clk_i) disable iff (!rst_ni)
    hdr_valid_q && hdr_q.seg.reason != ReasonNone |-> hdr_q.key == '0);
`endif

endmodule
