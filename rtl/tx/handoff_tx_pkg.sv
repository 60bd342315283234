// SPDX-License-Identifier: Apache-2.0
//
// Private to tx: what its parts hand to each other, and how bytes move in a word. docs/units/tx.md.

package handoff_tx_pkg;
  import handoff_pkg::*;

  localparam int unsigned MaxLen = MaxFrameBytes;  // bytes of one descriptor's data
  localparam int unsigned FrameWords = 2 * MaxLen / DataBytes;  // of the frame RAM
  localparam int unsigned Descriptors = 16;  // fetched or on their way
  localparam int unsigned Items = 16;  // decoded, not prepared yet
  localparam int unsigned Reads = 32;  // read requests on their way
  localparam int unsigned WordPtrBits = $clog2(FrameWords);
  localparam int unsigned HdrBytes = 2 * DataBytes;  // room for a header: two beats

  typedef logic [WordPtrBits-1:0] word_ptr_t;
  typedef logic [$clog2(MaxLen):0] len_t;  // 0 to MaxLen
  typedef logic [$clog2(MaxLen / DataBytes):0] words_t;  // 0 to MaxLen / DataBytes
  typedef logic [WordPtrBits:0] space_t;  // 0 to FrameWords
  typedef logic [LaneBits-1:0] lane_t;
  typedef logic [LaneBits:0] bytes_t;  // 0 to DataBytes
  typedef logic [$clog2(MaxReadBytes):0] chunk_t;  // bytes of a read request
  typedef logic [$clog2(HdrBytes)-1:0] hlen_t;
  typedef logic [8*HdrBytes-1:0] hdr_bytes_t;  // byte i at [8i +: 8]

  // A read request on its way.
  typedef struct packed {
    logic   is_desc;
    lane_t  lane;     // of its first byte
    chunk_t bytes;
    logic   last;     // the frame's last request
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
    logic    own;     // an ACK of the engine's own making
    logic    frame;   // a frame leaves
    logic    raw;
    status_e status;
    seq_t    seq;
    conn_t   conn;
    gen_t    gen;
    u16_t    tag;
    len_t    len;
    hlen_t   hlen;
  } ready_t;

  function automatic words_t words(input len_t len);
    return words_t'((16'(len) + 16'(DataBytes - 1)) >> LaneBits);
  endfunction

  function automatic data_t rotate_up(input data_t data, input lane_t lanes);
    return (data << {lanes, 3'b0}) | (data >> ((LaneBits + 4)'(DataBits) - {1'b0, lanes, 3'b0}));
  endfunction

  // All ones in the lanes from `lane` on; none at DataBytes.
  function automatic data_t from_lane(input bytes_t lane);
    return {DataBits{1'b1}} << {lane, 3'b0};
  endfunction

endpackage
