// SPDX-License-Identifier: Apache-2.0
//
// Private to rx_parser: the constants of the headers, what beat 0 says of a frame, and the functions
// that decode it, add up the checksum, and walk the TCP options.
//
// Frames are kept as they come: lane 0 is the first byte. Checksums are added up in byte-swapped
// words, which gives the byte-swapped sum (RFC 1071, 2B). docs/units/rx_parser.md.

package handoff_rx_parser_pkg;
  import handoff_pkg::*;

  localparam u16_t MaxFrame = 16'd16384;  // bytes; what is longer is oversize and saturates

  localparam u16_t TypeIp4 = 16'h0800;
  localparam u16_t TypeIp6 = 16'h86dd;
  localparam u16_t TpidCustomer = 16'h8100;  // IEEE 802.1Q: C-TAG
  localparam u16_t TpidService = 16'h88a8;  // IEEE 802.1Q: S-TAG
  localparam u8_t ProtoTcp = 8'd6;
  localparam u16_t FragmentBits = 16'h3fff;  // RFC 791: MF and the offset

  localparam logic [16:0] Ip4Bytes = 17'd20;
  localparam logic [16:0] Ip6Bytes = 17'd40;
  localparam logic [16:0] TcpBytes = 17'd20;

  localparam u8_t OptEnd = 8'd0;
  localparam u8_t OptNop = 8'd1;
  localparam u8_t OptMss = 8'd2;
  localparam u8_t OptScale = 8'd3;
  localparam u8_t OptSackPermitted = 8'd4;
  localparam u8_t OptSack = 8'd5;
  localparam u8_t OptTimestamps = 8'd8;

  typedef logic [319:0] ip_t;  // 40 bytes: an IPv4 or IPv6 header, lane 0 its first byte
  typedef logic [479:0] tcp_t;  // 60 bytes: a TCP header with options
  typedef logic [159:0] half_t;  // 20 bytes: half of the options

  // What the first beat says.
  typedef struct packed {
    reason_e reason;  // ReasonNone, ReasonNotTcp, ReasonFragment or ReasonIpOptions
    logic is_ip6;
    logic [1:0] n_tags;  // those that count
    logic [11:0] vid0;
    logic [11:0] vid1;
    logic [47:0] dst_mac;
    logic [127:0] src_ip;
    logic [127:0] dst_ip;
    logic [6:0] l4_off;
    logic [16:0] ip_end;
    u16_t l4_len;
    logic too_short;  // the IP length leaves no room for the headers
    logic ip_ok;  // IPv4 header checksum
  } net_t;

  // A walk over 20 option bytes.
  typedef struct packed {
    logic [40:0] token;  // bit p: an option begins at byte p (one that the walk came to)
    logic unknown_opt;
    logic has_sack;
    logic has_ts;
    u32_t ts_val;
    u32_t ts_ecr;
  } walk_t;

  function automatic logic is_tpid(u16_t x);
    return x == TpidCustomer || x == TpidService;
  endfunction

  // IPv6 extension headers (IANA protocol numbers; RFC 7045, 4).
  function automatic logic is_extension(u8_t proto);
    return proto inside {8'd0, 8'd43, 8'd44, 8'd50, 8'd51, 8'd60, 8'd135, 8'd139, 8'd140, 8'd253,
                         8'd254};
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

  // One's complement sum, folded to 16 bits; the same word for a sum and its byte-swapped twin.
  function automatic u16_t fold(u32_t sum);
    logic [16:0] once;
    once = 17'(sum[15:0]) + 17'(sum[31:16]);
    return once[15:0] + 16'(once[16]);
  endfunction

  function automatic logic ip4_sum_ok(ip_t ip);
    // verilator no_inline_task
    u32_t sum;
    sum = '0;
    for (int unsigned i = 0; i < 10; i++) sum = sum + 32'(ip[16*i+:16]);
    return fold(sum) == 16'hffff;
  endfunction

  function automatic net_t decode_net(data_t data);
    // verilator no_inline_task
    net_t n;
    ip_t ip;
    u16_t ether_type;
    logic [1:0] tags;
    logic [11:0] v0, v1;
    logic [6:0] l2;
    logic is_ip4;
    u8_t proto;
    logic [16:0] ip_len, ip_bytes;

    v0 = '0;
    v1 = '0;
    if (!is_tpid(swap16(data[8*12+:16]))) begin
      tags = 2'd0;
      ether_type = swap16(data[8*12+:16]);
      ip = data[8*14+:320];
      l2 = 7'd14;
    end else if (!is_tpid(swap16(data[8*16+:16]))) begin
      tags = 2'd1;
      ether_type = swap16(data[8*16+:16]);
      ip = data[8*18+:320];
      l2 = 7'd18;
    end else begin
      tags = 2'd2;
      ether_type = swap16(data[8*20+:16]);
      ip = data[8*22+:320];
      l2 = 7'd22;
    end
    if (tags != 2'd0) v0 = {data[8*14+:4], data[8*15+:8]};
    if (tags == 2'd2) v1 = {data[8*18+:4], data[8*19+:8]};

    n.dst_mac = swap48(data[47:0]);
    n.n_tags = 2'(v0 != '0) + 2'(v1 != '0);
    n.vid0 = (v0 != '0) ? v0 : v1;
    n.vid1 = (v0 != '0) ? v1 : '0;
    n.is_ip6 = ether_type == TypeIp6 && ip[7:4] == 4'd6;
    is_ip4 = ether_type == TypeIp4 && ip[7:4] == 4'd4;

    if (n.is_ip6) begin
      ip_bytes = Ip6Bytes;
      proto = ip[8*6+:8];
      ip_len = Ip6Bytes + 17'(swap16(ip[8*4+:16]));
      n.src_ip = swap128(ip[8*8+:128]);
      n.dst_ip = swap128(ip[8*24+:128]);
      n.ip_ok = 1'b1;
    end else begin
      ip_bytes = Ip4Bytes;
      proto = ip[8*9+:8];
      ip_len = 17'(swap16(ip[8*2+:16]));
      n.src_ip = 128'(swap32(ip[8*12+:32]));
      n.dst_ip = 128'(swap32(ip[8*16+:32]));
      n.ip_ok = ip4_sum_ok(ip);
    end
    n.l4_off = l2 + ip_bytes[6:0];
    n.ip_end = 17'(l2) + ip_len;
    n.l4_len = 16'(ip_len - ip_bytes);
    n.too_short = ip_len < ip_bytes + TcpBytes || (is_ip4 && ip[3:0] < 4'd5);

    if (is_ip4) begin
      if (proto != ProtoTcp) n.reason = ReasonNotTcp;
      else if ((swap16(ip[8*6+:16]) & FragmentBits) != '0) n.reason = ReasonFragment;
      else if (ip[3:0] > 4'd5) n.reason = ReasonIpOptions;
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
  function automatic data_t from_addresses(data_t data, logic [6:0] l4_off);
    // verilator no_inline_task
    unique case (l4_off)
      7'd34:   return {data[511:8*26], 208'b0};
      7'd38:   return {data[511:8*30], 240'b0};
      7'd42:   return {data[511:8*34], 272'b0};
      7'd54:   return {data[511:8*22], 176'b0};
      7'd58:   return {data[511:8*26], 208'b0};
      default: return {data[511:8*30], 240'b0};
    endcase
  endfunction

  // The TCP header's bytes in beat 0.
  function automatic tcp_t tcp_front(data_t data, logic [6:0] l4_off);
    // verilator no_inline_task
    unique case (l4_off)
      7'd34:   return {240'b0, data[511:8*34]};
      7'd38:   return {272'b0, data[511:8*38]};
      7'd42:   return {304'b0, data[511:8*42]};
      7'd54:   return {400'b0, data[511:8*54]};
      7'd58:   return {432'b0, data[511:8*58]};
      default: return {464'b0, data[511:8*62]};
    endcase
  endfunction

  // The same with those in beat 1 behind them.
  function automatic tcp_t tcp_whole(tcp_t front, data_t data, logic [6:0] l4_off);
    // verilator no_inline_task
    unique case (l4_off)
      7'd34:   return {data[239:0], front[239:0]};
      7'd38:   return {data[271:0], front[207:0]};
      7'd42:   return {data[303:0], front[175:0]};
      7'd54:   return {data[399:0], front[79:0]};
      7'd58:   return {data[431:0], front[47:0]};
      default: return {data[463:0], front[15:0]};
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
  function automatic u32_t add_beat(data_t data, logic [8:0] idx, net_t n);
    // verilator no_inline_task
    data_t part;
    logic [17:0] left;  // bytes from this beat's first one to ip_end; bit 17: none
    left = 18'(n.ip_end) - 18'({idx, 6'b0});
    if (left[17] || left == '0) return '0;
    part = (idx == '0) ? from_addresses(data, n.l4_off) : data;
    if (left < 18'(DataBytes)) part = part & ~({DataBits{1'b1}} << {left[5:0], 3'b0});
    return add_words(part);
  endfunction

  // Walks the options that begin in the first 20 of these bytes; `len` of the 40 are options.
  function automatic walk_t walk_options(ip_t o, logic [5:0] len, logic [19:0] token);
    // verilator no_inline_task
    walk_t w;
    u8_t kind, opt_len;
    w = '0;
    w.token = 41'(token);
    for (int unsigned p = 0; p < 20; p++) begin
      kind = o[8*p+:8];
      opt_len = o[8*(p+1)+:8];
      if (w.token[p] && 6'(p) < len && kind != OptEnd) begin
        if (kind == OptNop) begin
          w.token[p+1] = 1'b1;
        end else if (6'(p + 1) >= len || opt_len < 8'd2 || 9'(opt_len) + 9'(p) > 9'(len)) begin
          w.unknown_opt = 1'b1;
        end else begin
          w.token = w.token | (41'd1 << (6'(p) + opt_len[5:0]));
          if (kind == OptTimestamps && opt_len == 8'd10) begin
            w.has_ts = 1'b1;
            w.ts_val = swap32(o[8*(p+2)+:32]);
            w.ts_ecr = swap32(o[8*(p+6)+:32]);
          end else if (kind == OptSack && opt_len inside {8'd10, 8'd18, 8'd26, 8'd34}) begin
            w.has_sack = 1'b1;
          end else if (!((kind == OptMss && opt_len == 8'd4) ||
                         (kind == OptScale && opt_len == 8'd3) ||
                         (kind == OptSackPermitted && opt_len == 8'd2))) begin
            w.unknown_opt = 1'b1;
          end
        end
      end
    end
    return w;
  endfunction

endpackage
