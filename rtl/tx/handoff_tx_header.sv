// SPDX-License-Identifier: Apache-2.0
//
// Headers of the segments that tx builds: first the sums of their words, one cycle later the header
// with its checksums. Part "Header" of docs/units/tx.md.
//
// Never looks at the payload, whose sum is given; never judges what it builds.
//
//   peer_mac local_mac [tags] type | IPv4 20 or IPv6 40 | TCP 20 | timestamps 12 | SACK 4 + 8 n

module handoff_tx_header
  import handoff_pkg::*;
  import handoff_tx_pkg::*;
  import handoff_wire_pkg::*;
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

    output hdr_bytes_t hdr_o,  // zero from hlen on
    output hlen_t hlen_o
);

  localparam int unsigned TsBits = 8 * 32'(PaddedTsBytes);
  localparam int unsigned SackBits = 8 * 32'(PadBytes + OptHeadBytes) + MaxSacks * $bits(u64_t);
  localparam int unsigned BodyBytes = Ip6Bytes + TcpMaxBytes;
  localparam u16_t TsHead = {OptTimestamps, OptTimestampsBytes};

  // All with the first byte most significant.
  typedef logic [8*TcpOptBytes-1:0] opts_t;
  typedef logic [8*TcpMaxBytes-1:0] tcp_t;
  typedef logic [8*BodyBytes-1:0] body_t;

  // ---------------------------------------------------------------------------------------------
  // Options and lengths.

  u8_t sack_bytes, opt_bytes;
  logic [SackBits-1:0] sack;
  opts_t opts;
  u16_t tcp_bytes, ip_bytes, offset_flags;
  u8_t  tos;
  u16_t ttl_proto;

  always_comb begin
    sack_bytes = '0;
    if (item_i.n_sacks != '0) sack_bytes = OptHeadBytes + SackBlockBytes * u8_t'(item_i.n_sacks);
    opt_bytes = snap_i.ts_on ? PaddedTsBytes : '0;
    if (item_i.n_sacks != '0) opt_bytes += PadBytes + sack_bytes;
    tcp_bytes = 16'(TcpBytes) + 16'(opt_bytes) + 16'(item_i.len);
    ip_bytes = tmpl_i.is_ip6 ? tcp_bytes : tcp_bytes + 16'(Ip4Bytes);
    offset_flags = {TcpWords + opt_bytes[5:2], 12'b0};
    offset_flags[FlagAck] = 1'b1;
    offset_flags[FlagPsh] = item_i.psh;
    offset_flags[FlagFin] = item_i.fin;
    tos = tmpl_i.tos & DscpMask;
    ttl_proto = {tmpl_i.ttl, ProtoTcp};

    sack = '0;
    opts = '0;
    if (sum_valid_i || build_valid_i) begin
      unique case (item_i.n_sacks)
        2'd1: sack = {OptNops, OptSack, sack_bytes, item_i.sack0, 64'b0, 64'b0};
        2'd2: sack = {OptNops, OptSack, sack_bytes, item_i.sack0, item_i.sack1, 64'b0};
        2'd3: sack = {OptNops, OptSack, sack_bytes, item_i.sack0, item_i.sack1, item_i.sack2};
        default: ;
      endcase
      if (snap_i.ts_on) opts = {OptNops, TsHead, snap_i.ts_val, snap_i.ts_ecr, sack};
      else opts = {sack, TsBits'(0)};
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
      for (int unsigned i = 0; i < Ip4AddrBits / 16; i++)
      addr_sum += 32'(tmpl_i.local_ip[16*i+:16]) + 32'(tmpl_i.peer_ip[16*i+:16]);
      if (tmpl_i.is_ip6)
        for (int unsigned i = Ip4AddrBits / 16; i < Ip6AddrBits / 16; i++)
        addr_sum += 32'(tmpl_i.local_ip[16*i+:16]) + 32'(tmpl_i.peer_ip[16*i+:16]);

      tcp_sum = 32'(ProtoTcp) + 32'(tcp_bytes) + 32'(tmpl_i.local_port) + 32'(tmpl_i.peer_port)
          + 32'(snap_i.seq[31:16]) + 32'(snap_i.seq[15:0]) + 32'(snap_i.ack[31:16])
          + 32'(snap_i.ack[15:0]) + 32'(offset_flags) + 32'(snap_i.wnd) + 32'(sum_i);
      for (int unsigned i = 0; i < TcpOptBytes / 2; i++) tcp_sum += 32'(opts[16*i+:16]);

      ip_sum = 32'({Ip4Version, Ip4Ihl, tos}) + 32'(ip_bytes) + 32'(DontFragment) + 32'(ttl_proto);
    end
  end

  // ---------------------------------------------------------------------------------------------
  // The header, first byte most significant.

  u16_t tcp_csum, ip_csum;
  tcp_t  tcp;
  body_t body;
  hdr_bytes_t on_wire, hdr;
  hlen_t hlen;
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
          Ip6Version,
          tos,
          20'b0,
          ip_bytes,
          ProtoTcp,
          tmpl_i.ttl,
          tmpl_i.local_ip,
          tmpl_i.peer_ip,
          tcp
        };
      else
        body = {
          Ip4Version,
          Ip4Ihl,
          tos,
          ip_bytes,
          16'b0,
          DontFragment,
          ttl_proto,
          ip_csum,
          tmpl_i.local_ip[Ip4AddrBits-1:0],
          tmpl_i.peer_ip[Ip4AddrBits-1:0],
          tcp,
          (8 * (Ip6Bytes - Ip4Bytes))'(0)
        };
      unique case (tmpl_i.n_tags)
        2'd0: begin
          on_wire = {macs, ether_type, body, (8 * (HdrBytes - L2Bytes0 - BodyBytes))'(0)};
          hlen = hlen_t'(L2Bytes0);
        end
        2'd1: begin
          on_wire = {
            macs,
            TpidCustomer,
            tmpl_i.tci0,
            ether_type,
            body,
            (8 * (HdrBytes - L2Bytes1 - BodyBytes))'(0)
          };
          hlen = hlen_t'(L2Bytes1);
        end
        default: begin
          on_wire = {
            macs,
            TpidService,
            tmpl_i.tci0,
            TpidCustomer,
            tmpl_i.tci1,
            ether_type,
            body,
            (8 * (HdrBytes - L2Bytes2 - BodyBytes))'(0)
          };
          hlen = hlen_t'(L2Bytes2);
        end
      endcase
      for (int unsigned i = 0; i < HdrBytes; i++) hdr[8*i+:8] = on_wire[8*(HdrBytes-1-i)+:8];
      hlen += hlen_t'(tmpl_i.is_ip6 ? Ip6Bytes : Ip4Bytes) + hlen_t'(TcpBytes) + hlen_t'(opt_bytes);
    end
  end

  // ---------------------------------------------------------------------------------------------
  // Registers.

  hdr_bytes_t hdr_q;
  hlen_t hlen_q;

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
