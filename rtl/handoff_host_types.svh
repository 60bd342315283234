// SPDX-License-Identifier: Apache-2.0
//
// Part of handoff_pkg: what lies in host memory. Little-endian: bit 0 is bit 0 of the byte at the
// lowest address; the first member of a packed struct is the most significant.
//
// The size of each, asserted by the unit that reads or writes it and by the C++ header.
localparam int unsigned SlotBytes = 64;  // one command slot, one transmit descriptor
localparam int unsigned LegacyDescBytes = 16;
localparam int unsigned NtfBytes = 32;
localparam int unsigned StateBytes = 128;  // of state_t, with which a state block begins

// One notification, 32 bytes. `phase` flips each time the ring wraps; first lap 1.
typedef struct packed {
  logic       phase;       // written last: bit 255
  ntf_kind_e  kind;
  logic [5:0] code;        // reason_e, status_e or back_e, by kind
  logic       psh;         // payload, hand-back: PSH was seen
  logic       full;        // hand-back: the user buffer is full
  logic       error;       // an upload error on these bytes
  logic       live;        // whole frame: the entry was live when it came
  logic       hit;         // whole frame: an entry matched
  logic       acceptable;  // whole frame: RFC 9293 acceptability test
  logic       ack_good;    // whole frame: ACK test
  logic       paws_ok;     // whole frame: RFC 7323 test
  logic       to_resync;   // whole frame: it put the entry in resync
  logic [3:0] dup;         // running duplicate-ACK count, saturating
  gen_t       gen;
  conn_t      conn;
  seq_t       seq;         // rcv_nxt; first byte (payload, hand-back); snd_nxt (sent); run end
  u32_t       count;       // legacy count; bytes (hand-back); pieces (POST); echoed time (progress)
  seq_t       snd_una;
  u32_t       snd_wnd;     // scaled
  u16_t       len;         // bytes in the legacy buffer
  u64_t       tag;         // of a legacy buffer, command, descriptor; buffer id; ts_recent (resync)
} ntf_t;

typedef struct packed {
  u32_t size;  // bytes
  u64_t addr;  // physical
} piece_t;

// Bits of flags and mask.
localparam int unsigned SetupFlagIp6 = 0;
localparam int unsigned SetupFlagTs = 1;
localparam int unsigned SetupFlagSack = 2;
localparam int unsigned SetupFlagCoalesce = 3;
localparam int unsigned PostFlagLast = 0;
localparam int unsigned PostFlagNoPush = 1;
localparam int unsigned PostFlagTagged = 2;
localparam int unsigned SetMaskEdge = 0;
localparam int unsigned SetMaskMss = 1;
localparam int unsigned SetMaskCoalesce = 2;
localparam int unsigned SetMaskHeader = 3;  // next hop's MAC, VLAN, TTL, TOS
localparam int unsigned SetFlagCoalesce = 0;  // the value that coalescing gets
localparam int unsigned SendFlagPsh = 0;
localparam int unsigned SendFlagFin = 1;
localparam int unsigned SendFlagAck = 2;  // ack and rcv_edge are valid

// Where a ring or a state block begins: the address without the bits that do not count.
function automatic u64_t aligned(input u64_t addr);
  return addr & ({64{1'b1}} << AlignBits);
endfunction

// A ring's index wraps at its size, 1 << log_size.
function automatic u16_t ring_mask(input logic [4:0] log_size);
  return u16_t'((32'd1 << log_size) - 32'd1);
endfunction

typedef struct packed {
  u8_t          tos;
  u8_t          ttl;         // TTL or hop limit of sent frames
  u8_t          flags;       // SetupFlag
  u8_t          n_tags;      // 0 to 2
  u16_t         tci1;        // inner tag
  u16_t         tci0;        // outer tag
  logic [47:0]  peer_mac;
  logic [47:0]  local_mac;
  u16_t         peer_port;
  u16_t         local_port;
  logic [127:0] peer_ip;     // IPv4 in the low 32 bits; first byte on the wire most significant
  logic [127:0] local_ip;
  u16_t         rsvd;
  gen_t         gen;
  conn_t        conn;
  u16_t         tag;
  u8_t          op;          // cmd_e
} setup0_desc_t;  // SETUP, first slot

typedef struct packed {
  logic [71:0] rsvd;
  u8_t         quick;       // frames acknowledged one by one after RESUME
  u8_t         ack_class;   // delay class of coalesced ACKs, 0 to 3
  u8_t         ack_frames;  // coalescing count
  u8_t         rcv_scale;
  u8_t         snd_scale;   // the peer's: applied to windows received
  u16_t        mss;
  u32_t        ts_offset;   // timestamps sent: offset + (time_us >> 10)
  u32_t        ts_recent;
  seq_t        wl2;
  seq_t        wl1;
  u32_t        max_wnd;
  u32_t        snd_wnd;
  seq_t        snd_nxt;
  seq_t        snd_una;
  seq_t        last_ack;    // last acknowledgement sent
  seq_t        rcv_edge;    // right edge granted
  seq_t        rcv_nxt;
  u32_t        rsvd_lo;
} setup1_desc_t;  // SETUP, second slot

typedef struct packed {
  logic [127:0] rsvd_hi;
  u32_t         count;      // legacy count up to which the stack has consumed
  u32_t         ts_recent;
  seq_t         wl2;
  seq_t         wl1;
  u32_t         max_wnd;
  u32_t         snd_wnd;
  seq_t         snd_una;
  seq_t         last_ack;
  seq_t         rcv_edge;
  seq_t         rcv_nxt;
  u16_t         rsvd;
  gen_t         gen;
  conn_t        conn;
  u16_t         tag;
  u8_t          op;
} resume_desc_t;

typedef struct packed {
  logic [63:0] rsvd_hi;
  piece_t      piece2;
  piece_t      piece1;
  piece_t      piece0;
  seq_t        seq;       // tag: where the first byte goes
  u16_t        rsvd_mid;
  u8_t         startup;
  u8_t         flags;     // PostFlag
  u8_t         n_pieces;
  u8_t         rsvd_lo;
  u16_t        id;
  u16_t        rsvd;
  gen_t        gen;
  conn_t       conn;
  u16_t        tag;
  u8_t         op;
} post_desc_t;

typedef struct packed {
  logic [271:0] rsvd_hi;
  u8_t          tos;
  u8_t          ttl;
  u16_t         tci1;
  u16_t         tci0;
  logic [47:0]  peer_mac;
  u8_t          ack_class;
  u8_t          ack_frames;
  u16_t         mss;
  seq_t         rcv_edge;
  u8_t          flags;       // SetFlag
  u8_t          mask;        // SetMask
  u16_t         rsvd;
  gen_t         gen;
  conn_t        conn;
  u16_t         tag;
  u8_t          op;
} set_desc_t;

typedef struct packed {
  logic [383:0] rsvd_hi;
  u64_t         addr;     // 256-byte block, 64-byte aligned (QUERY, UNDELEGATE)
  u16_t         rsvd;
  gen_t         gen;
  conn_t        conn;
  u16_t         tag;
  u8_t          op;
} plain_desc_t;  // RESYNC, QUERY, FLUSH, UNDELEGATE

typedef struct packed {
  u64_t tag;
  u64_t addr;
} legacy_desc_t;  // a legacy buffer: holds max_frame bytes, DataBytes-aligned for full rate

typedef enum logic [1:0] {
  TxNone,
  TxRaw,
  TxSend
} tx_e;

// One transmit descriptor, 64 bytes. A SEND without pieces may carry SACK blocks: block i is
// {left, right} in the address of piece i.
typedef struct packed {
  piece_t      piece2;
  piece_t      piece1;
  piece_t      piece0;
  logic [47:0] rsvd_hi;
  seq_t        rcv_edge;  // the stack's right edge, valid with SendFlagAck
  seq_t        ack;       // the stack's acknowledgement, valid with SendFlagAck
  seq_t        seq;       // first sequence number
  u8_t         rsvd;
  u8_t         n_sacks;   // 0 to 3, only without pieces
  u8_t         n_pieces;  // 0 to 3
  u8_t         flags;     // SendFlag
  gen_t        gen;
  conn_t       conn;
  u16_t        tag;
  u8_t         op;        // tx_e
} tx_desc_t;

