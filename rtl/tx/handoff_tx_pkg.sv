// SPDX-License-Identifier: Apache-2.0
//
// Private to tx: what its parts hand to each other, and the arithmetic of the Internet checksum.
// docs/units/tx.md.

package handoff_tx_pkg;
  import handoff_pkg::*;

  localparam int unsigned MaxLen = 16384;  // bytes of one descriptor's data
  localparam int unsigned FrameWords = 512;  // of the frame RAM: two of the largest frames
  localparam int unsigned Descriptors = 16;  // fetched or on their way
  localparam int unsigned Items = 16;  // decoded, not prepared yet
  localparam int unsigned Reads = 32;  // read requests on their way
  localparam int unsigned WordPtrBits = $clog2(FrameWords);

  typedef logic [WordPtrBits-1:0] word_ptr_t;
  typedef logic [14:0] len_t;  // 0 to MaxLen
  typedef logic [8:0] words_t;  // 0 to MaxLen / DataBytes

  // A read request on its way.
  typedef struct packed {
    logic       is_desc;
    logic [5:0] lane;     // of its first byte
    logic [9:0] bytes;
    logic       last;     // the frame's last request
  } ord_t;

  // A decoded descriptor. With a status other than Ok it has no data.
  typedef struct packed {
    logic       raw;
    status_e    status;
    conn_t      conn;
    gen_t       gen;
    u16_t       tag;
    logic       psh;
    logic       fin;
    logic       has_ack;
    logic [1:0] n_sacks;
    seq_t       seq;
    seq_t       ack;
    seq_t       rcv_edge;
    len_t       len;
    u64_t       sack0;     // {left, right}
    u64_t       sack1;
    u64_t       sack2;
  } item_t;

  // A frame's data are in the frame RAM.
  typedef struct packed {
    logic err;
    u16_t sum;  // ones' complement, of the bytes as big-endian words
  } done_t;

  // What send gets: an item that is ready to leave, or only to be answered.
  typedef struct packed {
    logic       own;     // an ACK of the engine's own making
    logic       frame;   // a frame leaves
    logic       raw;
    status_e    status;
    seq_t       seq;
    conn_t      conn;
    gen_t       gen;
    u16_t       tag;
    len_t       len;
    logic [6:0] hlen;
  } ready_t;

  function automatic words_t words(input len_t len);
    return words_t'((16'(len) + 16'd63) >> 6);
  endfunction

  // RFC 1071: never 0 unless every word is.
  function automatic u16_t fold(input u32_t sum);
    logic [16:0] once;
    once = 17'(sum[15:0]) + 17'(sum[31:16]);
    return once[15:0] + 16'(once[16]);
  endfunction

  function automatic data_t rotate_up(input data_t data, input logic [5:0] lanes);
    return (data << {lanes, 3'b0}) | (data >> (10'd512 - {1'b0, lanes, 3'b0}));
  endfunction

  // All ones in the lanes from `lane` on; none at 64.
  function automatic data_t from_lane(input logic [6:0] lane);
    return {DataBits{1'b1}} << {lane, 3'b0};
  endfunction

endpackage
