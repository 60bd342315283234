// SPDX-License-Identifier: Apache-2.0
//
// Private to rx_parser: what beat 0 says of a frame, and the functions that decode it, add up the
// checksum, and walk the TCP options.
//
// Frames are kept as they come: lane 0 is the first byte. Checksums are added up in byte-swapped
// words, which gives the byte-swapped sum (RFC 1071, 2B). docs/units/rx_parser.md.

package handoff_rx_parser_pkg;
  import handoff_pkg::*;
  import handoff_wire_pkg::*;

  localparam int unsigned BeatSlots = 4;  // beats wait there from s1 to the output
  localparam int unsigned FrameBeats = MaxFrameBytes / DataBytes;
  localparam int unsigned TcpBits = 8 * TcpMaxBytes;
  localparam int unsigned HalfBytes = TcpOptBytes / 2;  // options that one walk looks at

  // Where the segment begins: after so many tags and IPv4 or IPv6.
  localparam int unsigned L4Ip4Tag0 = L2Bytes0 + Ip4Bytes;
  localparam int unsigned L4Ip4Tag1 = L2Bytes1 + Ip4Bytes;
  localparam int unsigned L4Ip4Tag2 = L2Bytes2 + Ip4Bytes;
  localparam int unsigned L4Ip6Tag0 = L2Bytes0 + Ip6Bytes;
  localparam int unsigned L4Ip6Tag1 = L2Bytes1 + Ip6Bytes;
  localparam int unsigned L4Ip6Tag2 = L2Bytes2 + Ip6Bytes;

  // Bytes of both addresses, which end where the segment begins.
  localparam int unsigned Ip4Pair = 2 * Ip4AddrBits / 8;
  localparam int unsigned Ip6Pair = 2 * Ip6AddrBits / 8;

  typedef logic [8*Ip6Bytes-1:0] ip_t;  // an IPv4 or IPv6 header, lane 0 its first byte
  typedef logic [TcpBits-1:0] tcp_t;  // a TCP header with options
  typedef logic [8*TcpOptBytes-1:0] opts_t;
  typedef logic [8*HalfBytes-1:0] half_t;
  typedef logic [HalfBytes-1:0] token_t;  // bit p: an option begins at byte p
  typedef logic [LaneBits:0] l4_off_t;  // the segment begins in beat 0
  typedef logic [$clog2(TcpOptBytes)-1:0] opt_len_t;
  typedef logic [$clog2(FrameBeats):0] idx_t;  // of a beat; all ones: that or more

  // What the first beat says.
  typedef struct packed {
    reason_e reason;  // ReasonNone, ReasonNotTcp, ReasonFragment or ReasonIpOptions
    logic is_ip6;
    logic [1:0] n_tags;  // those that count
    logic [VidBits-1:0] vid0;
    logic [VidBits-1:0] vid1;
    logic [47:0] dst_mac;
    logic [127:0] src_ip;
    logic [127:0] dst_ip;
    l4_off_t l4_off;
    logic [16:0] ip_end;
    u16_t l4_len;
    logic too_short;  // the IP length leaves no room for the headers
    logic ip_ok;  // IPv4 header checksum
  } net_t;

  // A walk over HalfBytes option bytes.
  typedef struct packed {
    logic [TcpOptBytes:0] token;  // bit p: an option begins at byte p (one that the walk came to)
    logic unknown_opt;
    logic has_sack;
    logic has_ts;
    u32_t ts_val;
    u32_t ts_ecr;
  } walk_t;

  // One to four blocks (RFC 2018, 3).
  function automatic logic is_sack_length(u8_t len);
    return len inside {OptHeadBytes + SackBlockBytes, OptHeadBytes + 8'd2 * SackBlockBytes,
                       OptHeadBytes + 8'd3 * SackBlockBytes, OptHeadBytes + 8'd4 * SackBlockBytes};
  endfunction

  // The VLAN id of a TCI as it came.
  function automatic logic [VidBits-1:0] vid(u16_t tci);
    return {tci[3:0], tci[15:8]};
  endfunction

  function automatic logic is_tpid(u16_t x);
    return x == TpidCustomer || x == TpidService;
  endfunction

  function automatic logic is_extension(u8_t proto);
    return proto inside {ExtHopByHop, ExtRouting, ExtFragment, ExtEsp, ExtAuth, ExtDestination,
                         ExtMobility, ExtHip, ExtShim6, ExtExperiment0, ExtExperiment1};
  endfunction

  function automatic u16_t swap16(u16_t x);
    return {x[7:0], x[15:8]};
  endfunction

  function automatic u32_t swap32(u32_t x);
    return {x[7:0], x[15:8], x[23:16], x[31:24]};
  endfunction

  function automatic logic [47:0] swap48(logic [47:0] x);
    return {x[7:0], x[15:8], x[23:16], x[31:24], x[39:32], x[47:40]};
  endfunction

  function automatic logic [127:0] swap128(logic [127:0] x);
    // verilator no_inline_task
    return {swap32(x[31:0]), swap32(x[63:32]), swap32(x[95:64]), swap32(x[127:96])};
  endfunction

  function automatic logic ip4_sum_ok(ip_t ip);
    // verilator no_inline_task
    u32_t sum;
    sum = '0;
    for (int unsigned i = 0; i < Ip4Bytes / 2; i++) sum = sum + 32'(ip[16*i+:16]);
    return fold(sum) == SumOk;
  endfunction

  function automatic net_t decode_net(data_t data);
    // verilator no_inline_task
    net_t n;
    ip_t ip;
    u16_t ether_type;
    logic [1:0] tags;
    logic [VidBits-1:0] v0, v1;
    l4_off_t l2;
    logic is_ip4;
    u8_t proto;
    logic [16:0] ip_len, ip_bytes;

    v0 = '0;
    v1 = '0;
    if (!is_tpid(swap16(data[8*EthTypeOff+:16]))) begin
      tags = 2'd0;
      ether_type = swap16(data[8*EthTypeOff+:16]);
      ip = data[8*L2Bytes0+:$bits(ip_t)];
      l2 = l4_off_t'(L2Bytes0);
    end else if (!is_tpid(swap16(data[8*(EthTypeOff+TagBytes)+:16]))) begin
      tags = 2'd1;
      ether_type = swap16(data[8*(EthTypeOff+TagBytes)+:16]);
      ip = data[8*L2Bytes1+:$bits(ip_t)];
      l2 = l4_off_t'(L2Bytes1);
    end else begin
      tags = 2'(MaxTags);
      ether_type = swap16(data[8*(EthTypeOff+2*TagBytes)+:16]);
      ip = data[8*L2Bytes2+:$bits(ip_t)];
      l2 = l4_off_t'(L2Bytes2);
    end
    if (tags != 2'd0) v0 = vid(data[8*(EthTypeOff+TciOff)+:16]);
    if (tags == 2'(MaxTags)) v1 = vid(data[8*(EthTypeOff+TagBytes+TciOff)+:16]);

    n.dst_mac = swap48(data[47:0]);
    n.n_tags = 2'(v0 != '0) + 2'(v1 != '0);
    n.vid0 = (v0 != '0) ? v0 : v1;
    n.vid1 = (v0 != '0) ? v1 : '0;
    n.is_ip6 = ether_type == TypeIp6 && ip[7:4] == Ip6Version;
    is_ip4 = ether_type == TypeIp4 && ip[7:4] == Ip4Version;

    if (n.is_ip6) begin
      ip_bytes = 17'(Ip6Bytes);
      proto = ip[8*Ip6NextOff+:8];
      ip_len = 17'(Ip6Bytes) + 17'(swap16(ip[8*Ip6LenOff+:16]));
      n.src_ip = swap128(ip[8*Ip6SrcOff+:Ip6AddrBits]);
      n.dst_ip = swap128(ip[8*Ip6DstOff+:Ip6AddrBits]);
      n.ip_ok = 1'b1;
    end else begin
      ip_bytes = 17'(Ip4Bytes);
      proto = ip[8*Ip4ProtoOff+:8];
      ip_len = 17'(swap16(ip[8*Ip4LenOff+:16]));
      n.src_ip = 128'(swap32(ip[8*Ip4SrcOff+:Ip4AddrBits]));
      n.dst_ip = 128'(swap32(ip[8*Ip4DstOff+:Ip4AddrBits]));
      n.ip_ok = ip4_sum_ok(ip);
    end
    n.l4_off = l2 + l4_off_t'(ip_bytes);
    n.ip_end = 17'(l2) + ip_len;
    n.l4_len = 16'(ip_len - ip_bytes);
    n.too_short = ip_len < ip_bytes + 17'(TcpBytes) || (is_ip4 && ip[3:0] < Ip4Ihl);

    if (is_ip4) begin
      if (proto != ProtoTcp) n.reason = ReasonNotTcp;
      else if ((swap16(ip[8*Ip4FragmentOff+:16]) & FragmentBits) != '0) n.reason = ReasonFragment;
      else if (ip[3:0] > Ip4Ihl) n.reason = ReasonIpOptions;
      else n.reason = ReasonNone;
    end else if (n.is_ip6) begin
      if (proto == ProtoTcp) n.reason = ReasonNone;
      else if (is_extension(proto)) n.reason = ReasonIpOptions;
      else n.reason = ReasonNotTcp;
    end else begin
      n.reason = ReasonNotTcp;
    end
    return n;
  endfunction

  // Beat 0 from the IP addresses on. They end where the segment begins, at one of six places.
  function automatic data_t from_addresses(data_t data, l4_off_t l4_off);
    // verilator no_inline_task
    unique case (l4_off)
      l4_off_t'(L4Ip4Tag0): return data & ('1 << (8 * (L4Ip4Tag0 - Ip4Pair)));
      l4_off_t'(L4Ip4Tag1): return data & ('1 << (8 * (L4Ip4Tag1 - Ip4Pair)));
      l4_off_t'(L4Ip4Tag2): return data & ('1 << (8 * (L4Ip4Tag2 - Ip4Pair)));
      l4_off_t'(L4Ip6Tag0): return data & ('1 << (8 * (L4Ip6Tag0 - Ip6Pair)));
      l4_off_t'(L4Ip6Tag1): return data & ('1 << (8 * (L4Ip6Tag1 - Ip6Pair)));
      default: return data & ('1 << (8 * (L4Ip6Tag2 - Ip6Pair)));
    endcase
  endfunction

  // The TCP header's bytes in beat 0.
  function automatic tcp_t tcp_front(data_t data, l4_off_t l4_off);
    // verilator no_inline_task
    unique case (l4_off)
      l4_off_t'(L4Ip4Tag0): return tcp_t'(data[DataBits-1:8*L4Ip4Tag0]);
      l4_off_t'(L4Ip4Tag1): return tcp_t'(data[DataBits-1:8*L4Ip4Tag1]);
      l4_off_t'(L4Ip4Tag2): return tcp_t'(data[DataBits-1:8*L4Ip4Tag2]);
      l4_off_t'(L4Ip6Tag0): return tcp_t'(data[DataBits-1:8*L4Ip6Tag0]);
      l4_off_t'(L4Ip6Tag1): return tcp_t'(data[DataBits-1:8*L4Ip6Tag1]);
      default: return tcp_t'(data[DataBits-1:8*L4Ip6Tag2]);
    endcase
  endfunction

  // The same with those in beat 1 behind them: the part that `front` holds, and what is missing.
  localparam int unsigned FrontIp4Tag0 = DataBits - 8 * L4Ip4Tag0;
  localparam int unsigned FrontIp4Tag1 = DataBits - 8 * L4Ip4Tag1;
  localparam int unsigned FrontIp4Tag2 = DataBits - 8 * L4Ip4Tag2;
  localparam int unsigned FrontIp6Tag0 = DataBits - 8 * L4Ip6Tag0;
  localparam int unsigned FrontIp6Tag1 = DataBits - 8 * L4Ip6Tag1;
  localparam int unsigned FrontIp6Tag2 = DataBits - 8 * L4Ip6Tag2;

  function automatic tcp_t tcp_whole(tcp_t front, data_t data, l4_off_t l4_off);
    // verilator no_inline_task
    unique case (l4_off)
      l4_off_t'(L4Ip4Tag0): return {data[0+:TcpBits-FrontIp4Tag0], front[0+:FrontIp4Tag0]};
      l4_off_t'(L4Ip4Tag1): return {data[0+:TcpBits-FrontIp4Tag1], front[0+:FrontIp4Tag1]};
      l4_off_t'(L4Ip4Tag2): return {data[0+:TcpBits-FrontIp4Tag2], front[0+:FrontIp4Tag2]};
      l4_off_t'(L4Ip6Tag0): return {data[0+:TcpBits-FrontIp6Tag0], front[0+:FrontIp6Tag0]};
      l4_off_t'(L4Ip6Tag1): return {data[0+:TcpBits-FrontIp6Tag1], front[0+:FrontIp6Tag1]};
      default: return {data[0+:TcpBits-FrontIp6Tag2], front[0+:FrontIp6Tag2]};
    endcase
  endfunction

  function automatic u32_t add_words(data_t data);
    // verilator no_inline_task
    u32_t sum;
    sum = '0;
    for (int unsigned i = 0; i < DataBytes / 2; i++) sum = sum + 32'(data[16*i+:16]);
    return sum;
  endfunction

  // One beat's part of the sum over addresses and segment.
  function automatic u32_t add_beat(data_t data, idx_t idx, net_t n);
    // verilator no_inline_task
    data_t part;
    logic [17:0] left;  // bytes from this beat's first one to ip_end; bit 17: none
    left = 18'(n.ip_end) - (18'(idx) << LaneBits);
    if (left[17] || left == '0) return '0;
    part = (idx == '0) ? from_addresses(data, n.l4_off) : data;
    if (left < 18'(DataBytes)) part = part & ~({DataBits{1'b1}} << {left[LaneBits-1:0], 3'b0});
    return add_words(part);
  endfunction

  // Walks the options that begin in the first HalfBytes of these; `len` bytes are options.
  function automatic walk_t walk_options(opts_t o, opt_len_t len, token_t token);
    // verilator no_inline_task
    walk_t w;
    u8_t kind, opt_len;
    w = '0;
    w.token = (TcpOptBytes + 1)'(token);
    for (int unsigned p = 0; p < HalfBytes; p++) begin
      kind = o[8*p+:8];
      opt_len = o[8*(p+1)+:8];
      if (w.token[p] && opt_len_t'(p) < len && kind != OptEnd) begin
        if (kind == OptNop) begin
          w.token[p+1] = 1'b1;
        end else if (opt_len_t'(p + 1) >= len || opt_len < OptHeadBytes ||
                     9'(opt_len) + 9'(p) > 9'(len)) begin
          w.unknown_opt = 1'b1;
        end else begin
          w.token = w.token | ((TcpOptBytes + 1)'(1) << (opt_len_t'(p) + opt_len_t'(opt_len)));
          if (kind == OptTimestamps && opt_len == OptTimestampsBytes) begin
            w.has_ts = 1'b1;
            w.ts_val = swap32(o[8*(p+TsValOff)+:32]);
            w.ts_ecr = swap32(o[8*(p+TsEcrOff)+:32]);
          end else if (kind == OptSack && is_sack_length(opt_len)) begin
            w.has_sack = 1'b1;
          end else if (!((kind == OptMss && opt_len == OptMssBytes) ||
                         (kind == OptScale && opt_len == OptScaleBytes) ||
                         (kind == OptSackPermitted && opt_len == OptSackPermittedBytes))) begin
            w.unknown_opt = 1'b1;
          end
        end
      end
    end
    return w;
  endfunction

endpackage
