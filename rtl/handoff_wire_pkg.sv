// SPDX-License-Identifier: Apache-2.0
//
// What the standards fix about the bytes of a frame: the numbers, each once, and the Internet
// checksum. The model has its own, so that a wrong one in either twin is found.
//
// Lengths and offsets are in bytes; an offset is from the first byte of its header.
//
//   Ethernet 14 [TPID, TCI 4] [TPID, TCI 4] | IPv4 20 or IPv6 40 | TCP 20, options 40 at most

package handoff_wire_pkg;
  import handoff_pkg::*;

  // ---------------------------------------------------------------------------------------------
  // Ethernet (IEEE 802.3, 3.1.1; RFC 894) and VLAN tags (IEEE 802.1Q, 9.6).

  localparam int unsigned EthBytes = 14;
  localparam int unsigned EthTypeOff = 12;
  localparam int unsigned TagBytes = 4;  // TPID and TCI, in front of the EtherType
  localparam int unsigned TciOff = 2;  // from the TPID
  localparam int unsigned MaxTags = 2;  // a frame with more is left to the stack

  localparam u16_t TypeIp4 = 16'h0800;  // RFC 894
  localparam u16_t TypeIp6 = 16'h86dd;  // RFC 2464, 3
  localparam u16_t TpidCustomer = 16'h8100;  // IEEE 802.1Q, 9.6: C-TAG
  localparam u16_t TpidService = 16'h88a8;  // IEEE 802.1Q, 9.6: S-TAG

  // Bytes before the IP header, by the number of tags.
  localparam int unsigned L2Bytes0 = EthBytes;
  localparam int unsigned L2Bytes1 = EthBytes + TagBytes;
  localparam int unsigned L2Bytes2 = EthBytes + 2 * TagBytes;

  // ---------------------------------------------------------------------------------------------
  // IPv4 (RFC 791, 3.1), without options.

  localparam int unsigned Ip4Bytes = 20;
  localparam int unsigned Ip4LenOff = 2;
  localparam int unsigned Ip4FragmentOff = 6;
  localparam int unsigned Ip4ProtoOff = 9;
  localparam int unsigned Ip4SrcOff = 12;
  localparam int unsigned Ip4DstOff = 16;
  localparam int unsigned Ip4AddrBits = 32;

  localparam u8_t DscpMask = 8'hfc;  // of TOS or traffic class; the rest is ECN (RFC 3168, 5)

  localparam logic [3:0] Ip4Version = 4'd4;
  localparam logic [3:0] Ip4Ihl = 4'(Ip4Bytes / 4);  // in words
  localparam u16_t FragmentBits = 16'h3fff;  // MF and the offset
  localparam u16_t DontFragment = 16'h4000;

  // ---------------------------------------------------------------------------------------------
  // IPv6 (RFC 8200, 3).

  localparam int unsigned Ip6Bytes = 40;
  localparam int unsigned Ip6LenOff = 4;
  localparam int unsigned Ip6NextOff = 6;
  localparam int unsigned Ip6SrcOff = 8;
  localparam int unsigned Ip6DstOff = 24;
  localparam int unsigned Ip6AddrBits = 128;

  localparam logic [3:0] Ip6Version = 4'd6;

  // ---------------------------------------------------------------------------------------------
  // Protocol numbers (IANA). Those of IPv6 extension headers: RFC 7045, 4.

  localparam u8_t ProtoTcp = 8'd6;
  localparam u8_t ExtHopByHop = 8'd0;
  localparam u8_t ExtRouting = 8'd43;
  localparam u8_t ExtFragment = 8'd44;
  localparam u8_t ExtEsp = 8'd50;
  localparam u8_t ExtAuth = 8'd51;
  localparam u8_t ExtDestination = 8'd60;
  localparam u8_t ExtMobility = 8'd135;
  localparam u8_t ExtHip = 8'd139;
  localparam u8_t ExtShim6 = 8'd140;
  localparam u8_t ExtExperiment0 = 8'd253;  // RFC 3692
  localparam u8_t ExtExperiment1 = 8'd254;

  // ---------------------------------------------------------------------------------------------
  // TCP (RFC 9293, 3.1).

  localparam int unsigned TcpBytes = 20;  // without options
  localparam int unsigned TcpMaxBytes = 60;  // 15 words, the most that Data Offset can say
  localparam int unsigned TcpOptBytes = TcpMaxBytes - TcpBytes;
  localparam int unsigned TcpSrcPortOff = 0;
  localparam int unsigned TcpDstPortOff = 2;
  localparam int unsigned TcpSeqOff = 4;
  localparam int unsigned TcpAckOff = 8;
  localparam int unsigned TcpDataOff = 12;  // Data Offset: the upper four bits
  localparam int unsigned TcpFlagsOff = 13;
  localparam int unsigned TcpWndOff = 14;

  localparam logic [3:0] TcpWords = 4'(TcpBytes / 4);  // Data Offset without options
  localparam int unsigned FlagFin = 0;  // bits of the byte at TcpFlagsOff
  localparam int unsigned FlagSyn = 1;
  localparam int unsigned FlagRst = 2;
  localparam int unsigned FlagPsh = 3;
  localparam int unsigned FlagAck = 4;
  localparam int unsigned FlagUrg = 5;
  localparam u16_t MaxWindow = 16'hffff;  // of the field, not scaled

  // ---------------------------------------------------------------------------------------------
  // TCP options: kinds, and lengths with kind and length.

  localparam u8_t OptEnd = 8'd0;  // RFC 9293, 3.1
  localparam u8_t OptNop = 8'd1;
  localparam u8_t OptMss = 8'd2;
  localparam u8_t OptScale = 8'd3;  // RFC 7323, 2.2
  localparam u8_t OptSackPermitted = 8'd4;  // RFC 2018, 2
  localparam u8_t OptSack = 8'd5;  // RFC 2018, 3
  localparam u8_t OptTimestamps = 8'd8;  // RFC 7323, 3.2

  localparam u8_t OptHeadBytes = 8'd2;  // kind and length
  localparam u8_t OptMssBytes = 8'd4;
  localparam u8_t OptScaleBytes = 8'd3;
  localparam u8_t OptSackPermittedBytes = OptHeadBytes;
  localparam u8_t SackBlockBytes = 8'd8;  // RFC 2018, 3: left and right edge
  localparam u8_t OptTimestampsBytes = 8'd10;
  localparam int unsigned TsValOff = 2;  // RFC 7323, 3.2, from the kind
  localparam int unsigned TsEcrOff = 6;

  // What tx pads with, so that options begin at multiples of four bytes (RFC 7323, A).
  localparam u8_t PadBytes = 8'd2;
  localparam u16_t OptNops = {OptNop, OptNop};
  localparam u8_t PaddedTsBytes = PadBytes + OptTimestampsBytes;

  // ---------------------------------------------------------------------------------------------
  // The Internet checksum (RFC 1071).

  localparam u16_t SumOk = 16'hffff;  // what the words of a right header add up to

  // The ones' complement sum in 16 bits: never 0 unless every word is. Of words with their bytes
  // swapped it is the swapped sum (RFC 1071, 2(B)).
  function automatic u16_t fold(input u32_t sum);
    logic [16:0] once;
    once = 17'(sum[15:0]) + 17'(sum[31:16]);
    return once[15:0] + 16'(once[16]);
  endfunction

endpackage
