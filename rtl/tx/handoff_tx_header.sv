// SPDX-License-Identifier: Apache-2.0
//
// Headers of the segments that tx builds: first the sums of their words, one cycle later the header
// with its checksums. Part "Header" of docs/units/tx.md.
//
//   peer_mac local_mac [tags] type | IPv4 20 or IPv6 40 | TCP 20 | timestamps 12 | SACK 4 + 8 n

module handoff_tx_header
  import handoff_pkg::*;
  import handoff_tx_pkg::*;
(
    input logic clk_i,
    input logic rst_ni,

    // the segment's template, numbers, and what its payload sums up to; stable until built
    input tmpl_t tmpl_i,
    input snap_t snap_i,
    input item_t item_i,
    input u16_t  sum_i,

    input logic sum_valid_i,   // the sums load at this edge
    input logic build_valid_i, // the header loads at this edge

    output logic [1023:0] hdr_o,  // byte i at [8i +: 8], zero from hlen on
    output logic [6:0] hlen_o
);

  localparam logic [15:0] TypeIp4 = 16'h0800;
  localparam logic [15:0] TypeIp6 = 16'h86dd;
  localparam logic [15:0] TypeTag = 16'h8100;  // IEEE 802.1Q
  localparam logic [15:0] TypeTagOuter = 16'h88a8;  // IEEE 802.1ad
  localparam logic [7:0] ProtoTcp = 8'd6;
  localparam logic [15:0] DontFragment = 16'h4000;
  localparam logic [15:0] OptTimestamps = 16'h080a;  // RFC 7323, 3.2: kind 8, length 10
  localparam logic [15:0] OptNops = 16'h0101;  // options begin at multiples of four
  localparam logic [7:0] OptSack = 8'd5;  // RFC 2018, 3

  typedef logic [319:0] opts_t;  // 40 bytes, first byte most significant

  // ---------------------------------------------------------------------------------------------
  // Options and lengths.

  u8_t sack_bytes, opt_bytes;
  logic [223:0] sack;
  opts_t opts;
  u16_t tcp_bytes, ip_bytes, offset_flags;
  u8_t  tos;
  u16_t ttl_proto;

  always_comb begin
    sack_bytes = (item_i.n_sacks != '0) ? 8'd2 + {3'b0, item_i.n_sacks, 3'b0} : '0;
    opt_bytes = (snap_i.ts_on ? 8'd12 : 8'd0) + ((item_i.n_sacks != '0) ? sack_bytes + 8'd2 : 8'd0);
    tcp_bytes = 16'd20 + 16'(opt_bytes) + 16'(item_i.len);
    ip_bytes = tmpl_i.is_ip6 ? tcp_bytes : tcp_bytes + 16'd20;
    offset_flags = {4'd5 + opt_bytes[5:2], 4'd0, 3'b000, 1'b1, item_i.psh, 2'b00, item_i.fin};
    tos = {tmpl_i.tos[7:2], 2'b00};
    ttl_proto = {tmpl_i.ttl, ProtoTcp};

    sack = '0;
    opts = '0;
    if (sum_valid_i || build_valid_i) begin
      unique case (item_i.n_sacks)
        2'd1: sack = {OptNops, OptSack, sack_bytes, item_i.sack0, 128'b0};
        2'd2: sack = {OptNops, OptSack, sack_bytes, item_i.sack0, item_i.sack1, 64'b0};
        2'd3: sack = {OptNops, OptSack, sack_bytes, item_i.sack0, item_i.sack1, item_i.sack2};
        default: ;
      endcase
      if (snap_i.ts_on) opts = {OptNops, OptTimestamps, snap_i.ts_val, snap_i.ts_ecr, sack};
      else opts = {sack, 96'b0};
    end
  end

  // ---------------------------------------------------------------------------------------------
  // The sums of the words: addresses (they are in both checksums), TCP, IPv4.

  u32_t addr_sum_q, tcp_sum_q, ip_sum_q, addr_sum, tcp_sum, ip_sum;

  always_comb begin
    addr_sum = '0;
    tcp_sum  = '0;
    ip_sum   = '0;
    if (sum_valid_i) begin
      for (int unsigned i = 0; i < 2; i++)
      addr_sum += 32'(tmpl_i.local_ip[16*i+:16]) + 32'(tmpl_i.peer_ip[16*i+:16]);
      if (tmpl_i.is_ip6)
        for (int unsigned i = 2; i < 8; i++)
        addr_sum += 32'(tmpl_i.local_ip[16*i+:16]) + 32'(tmpl_i.peer_ip[16*i+:16]);

      tcp_sum = 32'(ProtoTcp) + 32'(tcp_bytes) + 32'(tmpl_i.local_port) + 32'(tmpl_i.peer_port)
          + 32'(snap_i.seq[31:16]) + 32'(snap_i.seq[15:0]) + 32'(snap_i.ack[31:16])
          + 32'(snap_i.ack[15:0]) + 32'(offset_flags) + 32'(snap_i.wnd) + 32'(sum_i);
      for (int unsigned i = 0; i < 20; i++) tcp_sum += 32'(opts[16*i+:16]);

      ip_sum = 32'({8'h45, tos}) + 32'(ip_bytes) + 32'(DontFragment) + 32'(ttl_proto);
    end
  end

  // ---------------------------------------------------------------------------------------------
  // The header, first byte most significant.

  u16_t tcp_csum, ip_csum;
  logic [479:0] tcp;
  logic [799:0] body;
  logic [1023:0] on_wire, hdr;
  logic [6:0] hlen;
  logic [95:0] macs;
  u16_t ether_type;

  assign ether_type = tmpl_i.is_ip6 ? TypeIp6 : TypeIp4;

  always_comb begin
    tcp_csum = '0;
    ip_csum = '0;
    macs = '0;
    tcp = '0;
    body = '0;
    on_wire = '0;
    hdr = '0;
    hlen = '0;
    if (build_valid_i) begin
      tcp_csum = ~fold(addr_sum_q + tcp_sum_q);
      ip_csum = ~fold(addr_sum_q + ip_sum_q);
      macs = {tmpl_i.peer_mac, tmpl_i.local_mac};
      tcp = {
        tmpl_i.local_port,
        tmpl_i.peer_port,
        snap_i.seq,
        snap_i.ack,
        offset_flags,
        snap_i.wnd,
        tcp_csum,
        16'b0,
        opts
      };
      if (tmpl_i.is_ip6)
        body = {
          4'd6, tos, 20'b0, ip_bytes, ProtoTcp, tmpl_i.ttl, tmpl_i.local_ip, tmpl_i.peer_ip, tcp
        };
      else
        body = {
          8'h45,
          tos,
          ip_bytes,
          16'b0,
          DontFragment,
          ttl_proto,
          ip_csum,
          tmpl_i.local_ip[31:0],
          tmpl_i.peer_ip[31:0],
          tcp,
          160'b0
        };
      unique case (tmpl_i.n_tags)
        2'd0: on_wire = {macs, ether_type, body, 112'b0};
        2'd1: on_wire = {macs, TypeTag, tmpl_i.tci0, ether_type, body, 80'b0};
        default:
        on_wire = {macs, TypeTagOuter, tmpl_i.tci0, TypeTag, tmpl_i.tci1, ether_type, body, 48'b0};
      endcase
      for (int unsigned i = 0; i < 128; i++) hdr[8*i+:8] = on_wire[1016-8*i+:8];
      hlen = 7'd14 + ((tmpl_i.n_tags == '0) ? 7'd0 : (tmpl_i.n_tags == 2'd1) ? 7'd4 : 7'd8)
          + (tmpl_i.is_ip6 ? 7'd40 : 7'd20) + 7'd20 + 7'(opt_bytes);
    end
  end

  // ---------------------------------------------------------------------------------------------
  // Registers.

  logic [1023:0] hdr_q;
  logic [6:0] hlen_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      addr_sum_q <= '0;
      tcp_sum_q <= '0;
      ip_sum_q <= '0;
      hdr_q <= '0;
      hlen_q <= '0;
    end else begin
      if (sum_valid_i) begin
        addr_sum_q <= addr_sum;
        tcp_sum_q  <= tcp_sum;
        ip_sum_q   <= ip_sum;
      end
      if (build_valid_i) begin
        hdr_q  <= hdr;
        hlen_q <= hlen;
      end
    end
  end

  assign hdr_o  = hdr_q;
  assign hlen_o = hlen_q;

endmodule
