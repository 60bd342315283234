// SPDX-License-Identifier: Apache-2.0
//
// Every type that crosses a unit's boundary or the host interface, declared once. The C++ header
// and docs/interfaces.md are generated from this file (scripts/gen_pkg).
//
// In a packed struct the first member is the most significant. Structs that lie in host memory are
// little-endian: bit 0 is bit 0 of the byte at the lowest address.

package handoff_pkg;

  // Sizes.
  localparam int unsigned DataBits = 512;  // width of the data path: rx, tx and DMA
  localparam int unsigned DataBytes = DataBits / 8;  // bytes in one beat
  localparam int unsigned LaneBits = $clog2(DataBytes);  // number of a byte in its beat
  localparam int unsigned PageBytes = 4096;  // no AXI burst crosses this boundary (AXI4, A3.4.1)
  localparam int unsigned MaxReadBytes = 512;  // largest read request of one tag
  localparam int unsigned AlignBits = 6;  // rings, their slots, state blocks: multiples of 64 bytes
  localparam int unsigned StateBlockBytes = 256;  // that QUERY, UNDELEGATE write: state_t, zeros
  localparam int unsigned MinFrameBytes = 60;  // IEEE 802.3 minimum without the FCS
  localparam int unsigned MaxFrameBytes = 16384;  // RAW at most; longer ones received: oversize
  localparam int unsigned MaxPieces = 3;  // pieces in one command or transmit descriptor
  localparam int unsigned LogSizeMax = 15;  // a ring has at most 1 << LogSizeMax entries
  localparam int unsigned MaxSacks = 3;  // SACK blocks in one transmit descriptor
  localparam int unsigned MinMss = 64;  // smallest MSS that SETUP and SET accept
  localparam int unsigned MaxScale = 14;  // RFC 7323, 2.3
  localparam int unsigned VidBits = 12;  // of a VLAN id, the low ones of a TCI (IEEE 802.1Q, 9.6)
  localparam int unsigned TupleBits = 288;  // addresses and ports: what the Toeplitz hash covers
  localparam int unsigned HashKeyBits = 320;  // Toeplitz key: TupleBits + 32 - 1, rounded up
  localparam int unsigned DelayClasses = 4;  // of delayed ACKs and hand-backs
  localparam int unsigned MaxAheadBytes = 1 << 30;  // of a room, a run, an edge (CORNERS 60, 80)

  typedef logic [DataBits-1:0] data_t;
  typedef logic [DataBytes-1:0] strb_t;
  typedef logic [7:0] u8_t;
  typedef logic [15:0] u16_t;
  typedef logic [31:0] u32_t;
  typedef logic [63:0] u64_t;
  typedef logic [HashKeyBits-1:0] hash_key_t;
  typedef logic [15:0] conn_t;  // index of a DCT entry
  typedef logic [7:0] gen_t;  // generation of a DCT entry
  typedef logic [31:0] seq_t;  // a TCP sequence number, compared serially

  // Why a frame got its verdict; every frame gets exactly one, every value has a counter.
  typedef enum logic [5:0] {
    ReasonNone,            // not decided yet; never counted
    ReasonMacError,        // dropped: the MAC marked it, or tkeep was not contiguous
    ReasonRunt,            // dropped: under 60 bytes
    ReasonOversize,        // dropped: over max_frame
    ReasonRxFifoFull,      // dropped: the RX FIFO had no room
    ReasonNoLegacyBuffer,  // dropped: not enough legacy buffers
    ReasonHalted,          // dropped: the engine is halted
    ReasonNotTcp,          // legacy: another protocol, or more than two tags
    ReasonFragment,        // legacy: IPv4 MF or offset
    ReasonIpOptions,       // legacy: IPv4 options or an IPv6 extension header
    ReasonLengths,         // legacy: lengths that disagree
    ReasonBadIpChecksum,   // legacy: IPv4 header checksum
    ReasonBadTcpChecksum,  // legacy: TCP checksum
    ReasonNoEntry,         // legacy: no DCT entry, or another destination MAC or VLAN
    ReasonResync,          // legacy: the entry is in resync
    ReasonSyn,             // legacy: SYN set
    ReasonRst,             // legacy: RST set
    ReasonUrg,             // legacy: URG set
    ReasonFin,             // legacy: FIN set
    ReasonUnknownOption,   // legacy: a TCP option the parser does not know
    ReasonDataWithSack,    // legacy: data together with SACK blocks
    ReasonPaws,            // legacy: RFC 7323, 5.3 failed
    ReasonNoAck,           // legacy: no ACK flag
    ReasonNoTimestamp,     // legacy: negotiated timestamp absent
    ReasonSack,            // legacy: pure ACK with SACK blocks, stays live
    ReasonGap,             // legacy, resync: bytes missing before it
    ReasonBeyondWindow,    // legacy, resync: partly beyond the edge
    ReasonOld,             // taken: wholly old, acknowledged at once
    ReasonUnacceptable,    // taken: keepalive or wholly beyond the window
    ReasonBadAck,          // taken: acceptable, ACK not good
    ReasonPureAck,         // taken: no data
    ReasonPartlyOld,       // taken: old front left out
    ReasonInOrderUser,     // taken: within the room, all of it to user buffers
    ReasonInOrderLegacy,   // taken: more than the room
    ReasonDma,             // resync: an upload error (never a frame's verdict)
    ReasonHost             // resync: the RESYNC command (never a frame's verdict)
  } reason_e;

  // Counters of csr: indices 0 to 63. The first ones are the reasons, index for index.
  typedef enum logic [5:0] {
    CntFramesIn   = 40,  // frames that ended at rx
    CntTxFrames   = 41,  // frames that left on tx
    CntTxAcks     = 42,  // of those, ACKs of the engine's own making
    CntAcksMerged = 43,  // ACK requests merged into one already waiting
    CntBadAccess  = 44,  // register accesses answered SLVERR
    CntHandBacks  = 45,  // user buffers handed back
    CntIrqs       = 46   // interrupts sent
  } counter_e;

  typedef enum logic [3:0] {
    CmdNone,
    CmdSetup,
    CmdResume,
    CmdResync,
    CmdPost,
    CmdSet,
    CmdQuery,
    CmdFlush,
    CmdUndelegate
  } cmd_e;

  // The answer to a command, and the result in a `sent` notification.
  typedef enum logic [5:0] {
    StatusOk,
    StatusBadOp,         // unknown command
    StatusBadIndex,      // index not below the number of entries
    StatusInUse,         // SETUP: index has an entry
    StatusTupleInUse,    // SETUP: the tuple has an entry
    StatusNoRoom,        // SETUP: set and stash are full
    StatusBadScale,      // window scale above 14
    StatusBadMss,        // MSS out of range
    StatusBadAckFrames,  // coalescing count 0
    StatusBadAckDelay,   // coalescing delay 0 or not under 500 ms
    StatusStale,         // no entry, or another generation
    StatusLive,          // RESUME: live already
    StatusAlready,       // RESYNC: in resync already
    StatusCount,         // RESUME: frames after count are not all in the run
    StatusRange,         // RESUME: rcv_nxt outside the run, or run end beyond the edge
    StatusBadSize,       // POST: size 0 or address + size past 2^64; SEND piece of size 0
    StatusBadPiece,      // POST: no pieces, more than three, or a place where none may be
    StatusNoSlot,        // POST: fewer pieces accepted than given
    StatusBadStartup,    // POST: startup count over the slots
    StatusUnsupported,   // a feature this configuration does not have
    StatusBadLength,     // RAW of length 0 or over max_frame; SEND over the MSS
    StatusReadError,     // DMA read failed
    StatusStopped        // SEND ended by UNDELEGATE or reset
  } status_e;

  typedef enum logic [3:0] {
    NtfNone,
    NtfLegacyFrame,    // a whole frame in a legacy buffer
    NtfLegacyPayload,  // in-order payload in a legacy buffer
    NtfHandBack,       // a user buffer handed back
    NtfProgress,       // send side moved
    NtfResync,         // the entry went in resync
    NtfDone,           // a command's answer
    NtfSent            // a transmit descriptor is done
  } ntf_kind_e;

  // Why a user buffer came back.
  typedef enum logic [5:0] {
    BackNone,
    BackFull,
    BackPush,
    BackDelay,
    BackResync,
    BackFlush,
    BackUndelegate,
    BackResume,      // its place has passed
    BackError        // an upload error
  } back_e;

  // ---------------------------------------------------------------------------------------------
  // Host memory: what lies in the rings.
  `include "handoff_host_types.svh"

  // ---------------------------------------------------------------------------------------------
  // The engine's pins.

  typedef struct packed {
    logic  user;  // rx: bad frame; tx: abandoned by reset
    logic  last;
    strb_t keep;  // contiguous from lane 0; all ones but in the last beat
    data_t data;
  } axis_t;

  typedef struct packed {
    u16_t addr;  // byte address in BAR0
  } axil_addr_t;

  typedef struct packed {
    logic [3:0] strb;
    u32_t data;
  } axil_w_t;

  typedef struct packed {logic [1:0] resp;} axil_b_t;

  typedef struct packed {
    logic [1:0] resp;
    u32_t data;
  } axil_r_t;

  typedef struct packed {
    u8_t  id;    // reads: the tag; writes: 0
    u8_t  len;   // beats - 1
    u64_t addr;
  } axi_addr_t;  // AW and AR; size is always the full data width, burst INCR

  typedef struct packed {
    logic  last;
    strb_t strb;
    data_t data;
  } axi_w_t;

  typedef struct packed {logic [1:0] resp;} axi_b_t;

  typedef struct packed {
    logic last;
    logic [1:0] resp;
    u8_t id;
    data_t data;
  } axi_r_t;

  typedef struct packed {logic [4:0] vector;} irq_t;

  // ---------------------------------------------------------------------------------------------
  // Between units.

  // What identifies a connection in a received frame.
  typedef struct packed {
    logic               is_ip6;
    logic [1:0]         n_tags;    // a tag with VLAN id 0 does not count
    logic [VidBits-1:0] vid0;      // outer
    logic [VidBits-1:0] vid1;      // inner
    logic [47:0]        dst_mac;
    u16_t               src_port;
    u16_t               dst_port;
    logic [127:0]       src_ip;
    logic [127:0]       dst_ip;
  } key_t;

  // What the receive decision needs of a frame.
  typedef struct packed {
    reason_e reason;       // ReasonNone: a well-formed TCP segment
    u16_t    frame_bytes;
    seq_t    seq;
    seq_t    ack;
    logic    fin;
    logic    syn;
    logic    rst;
    logic    psh;
    logic    ack_flag;
    logic    urg;
    u16_t    wnd;          // not scaled
    logic    has_ts;
    u32_t    ts_val;
    u32_t    ts_ecr;
    logic    has_sack;
    logic    unknown_opt;
    u16_t    pay_off;      // payload's offset in the frame, bytes
    u16_t    pay_len;      // bytes
  } seg_t;

  typedef struct packed {
    key_t key;
    seg_t seg;
  } hdr_t;  // rx_parser -> rx_fifo -> lookup: one a frame

  typedef struct packed {
    logic  last;
    data_t data;
  } beat_t;  // a frame's beat, inside

  // A decoded command.
  typedef struct packed {
    cmd_e       op;
    status_e    status;        // not StatusOk: refused already, only answer it
    u16_t       tag;
    conn_t      conn;
    gen_t       gen;
    u64_t       addr;
    seq_t       rcv_nxt;
    seq_t       rcv_edge;
    seq_t       last_ack;
    seq_t       snd_una;
    seq_t       snd_nxt;
    u32_t       snd_wnd;
    u32_t       max_wnd;
    seq_t       wl1;
    seq_t       wl2;
    u32_t       ts_recent;
    u32_t       ts_offset;
    u32_t       count;
    logic [3:0] snd_scale;
    logic [3:0] rcv_scale;
    logic       ts_on;
    logic       sack_on;
    logic       coalesce_on;
    u8_t        ack_frames;
    logic [1:0] ack_class;
    u8_t        quick;
    u16_t       mss;
    logic       set_edge;
    logic       set_mss;
    logic       set_coalesce;
    logic       set_header;
    u16_t       post_id;
    logic [1:0] post_cnt;
    logic       post_last;
    logic       post_no_push;
    logic       post_tagged;
    u8_t        post_startup;
    seq_t       post_seq;
    piece_t     piece0;
    piece_t     piece1;
    piece_t     piece2;
  } cmd_t;

  typedef struct packed {
    cmd_t cmd;
    key_t key;  // SETUP and UNDELEGATE: as received frames carry it
  } cmd_key_t;  // command -> lookup

  // lookup -> rx_tcp: frames and commands in the one order in which they were looked up.
  typedef struct packed {
    logic  is_cmd;
    logic  hit;     // frame: an entry matched
    conn_t conn;    // frame: its index
    seg_t  seg;
    cmd_t  cmd;     // its status may be refused by lookup
  } op_t;

  // Addresses and ports of the frames that tx builds, written by command.
  typedef struct packed {
    conn_t conn;
    logic is_ip6;
    logic [1:0] n_tags;
    u16_t tci0;
    u16_t tci1;
    u8_t ttl;
    u8_t tos;
    logic [47:0] local_mac;
    logic [47:0] peer_mac;
    u16_t local_port;
    u16_t peer_port;
    logic [127:0] local_ip;
    logic [127:0] peer_ip;
  } tmpl_t;

  typedef struct packed {
    status_e status;
    cmd_e op;
  } cmd_rsp_t;  // rx_tcp -> command: the command has taken effect, or was refused

  // Hot state of a connection; the first 128 bytes of the block that QUERY and UNDELEGATE write.
  typedef struct packed {
    logic [290:0] rsvd;
    logic         valid;
    logic         live;
    gen_t         gen;
    seq_t         rcv_nxt;
    seq_t         rcv_edge;        // granted; never moves back
    seq_t         last_ack;        // last acknowledgement sent
    seq_t         told_edge;       // right edge the peer computes from the last segment sent
    seq_t         snd_una;
    seq_t         snd_nxt;
    u32_t         snd_wnd;
    u32_t         max_wnd;
    seq_t         wl1;
    seq_t         wl2;
    u32_t         ts_recent;
    u32_t         ts_offset;
    u32_t         ts_sent;         // the largest timestamp sent
    u32_t         ts_age_s;        // time_us >> 20 when ts_recent was last replaced
    u32_t         limit_until_ms;  // time_us >> 10 before which no further limited ACK leaves
    logic         limit_armed;     // limit_until_ms means something
    seq_t         run_start;
    seq_t         run_end;
    u16_t         run_frames;      // saturating
    logic         run_open;        // a run is open (its start means something)
    u32_t         legacy_cnt;
    logic [3:0]   snd_scale;
    logic [3:0]   rcv_scale;
    logic         ts_on;
    logic         sack_on;
    logic         coalesce_on;
    logic [1:0]   ack_class;
    u8_t          ack_frames;
    u8_t          quick;           // as SETUP gave it
    u8_t          quick_left;      // frames still acknowledged one by one
    u16_t         mss;
    logic [3:0]   dup;
    u8_t          room_epoch;
    logic [63:0]  rsvd_lo;
  } state_t;  // 1024 bits: checked where it is used

  typedef enum logic [3:0] {
    PlaceDrop,        // discard the frame's beats
    PlaceWhole,       // the whole frame to a legacy buffer
    PlacePayload,     // [off, off+len) of the frame to user or legacy buffers
    PlaceSetup,       // empty the piece list, answer
    PlacePost,        // take pieces, answer
    PlaceAnswer,      // only answer
    PlaceFlush,       // hand back everything, answer
    PlaceResume,      // hand back what has passed (seq), answer
    PlaceBlock,       // write the state block, answer
    PlaceUndelegate,  // hand back everything, write the block, answer
    PlaceExpire,      // the hand-back delay ran out
    PlaceResync       // hand back everything, resync notification only (upload error)
  } place_e;

  // rx_tcp -> buffers: everything that has to happen in one connection's order.
  typedef struct packed {
    place_e     kind;
    conn_t      conn;
    gen_t       gen;
    u8_t        room_epoch;    // as after this operation
    logic       to_resync;     // before anything else: hand back everything, notify resync
    u32_t       ts_recent;     // for the resync notification
    seq_t       seq;           // payload's first number; RESUME: run end
    u16_t       off;           // bytes into the frame
    u16_t       len;           // bytes
    logic       psh;
    logic [1:0] reserved;      // legacy buffers secured for this frame
    u8_t        tmr_epoch;     // PlaceExpire
    u64_t       addr;          // block
    u16_t       post_id;
    logic [1:0] post_cnt;
    logic       post_last;
    logic       post_no_push;
    piece_t     piece0;
    piece_t     piece1;
    piece_t     piece2;
    ntf_t       ntf;           // whole frame, answer: as written; buffers fills tag, len
  } place_t;

  typedef struct packed {
    conn_t conn;
    u8_t   room_epoch;
    seq_t  room_end;    // bytes before this number are sure to go to user buffers
  } room_t;  // buffers -> rx_tcp

  typedef struct packed {
    u8_t n;  // descriptors that arrived
  } grant_t;  // legacy -> rx_tcp

  typedef struct packed {
    logic [1:0] n;
  } legacy_return_t;  // buffers -> rx_tcp: reserved legacy buffers that were not used

  typedef enum logic [1:0] {
    JobNone,   // nothing to write: notification, end of frame, or both
    JobWrite,  // frame bytes [off, off+len) to addr
    JobBlock   // the state block to addr
  } job_e;

  typedef struct packed {
    job_e kind;
    logic frame_end;  // afterwards the frame's remaining beats are discarded
    logic user;       // bytes of a user buffer: an error puts the entry in resync
    u16_t off;
    u16_t len;
    u64_t addr;
    logic has_ntf;
    ntf_t ntf;
  } job_t;  // buffers -> upload

  typedef struct packed {
    conn_t conn;
    gen_t  gen;
  } uerr_t;  // upload -> rx_tcp: bytes of this entry could not be written

  typedef enum logic [2:0] {
    AckNone,
    AckData,   // a data frame was taken
    AckNow,    // acknowledge at once
    AckSent,   // a segment left with the newest acknowledgement
    AckSetup,  // coalescing parameters; forget everything
    AckFlush,  // what is delayed goes out now
    AckExpire  // the delay ran out
  } ack_e;

  typedef struct packed {
    ack_e       kind;
    conn_t      conn;
    logic       dsack;
    seq_t       dsack_left;
    seq_t       dsack_right;
    logic       coalesce_on;
    u8_t        ack_frames;
    logic [1:0] ack_class;
    u8_t        tmr_epoch;    // AckExpire
  } ackev_t;  // rx_tcp -> ack

  typedef struct packed {
    conn_t conn;
    logic  dsack;
    seq_t  dsack_left;
    seq_t  dsack_right;
  } ackreq_t;  // ack -> tx: one pure ACK wanted

  typedef struct packed {
    conn_t      conn;
    logic       arm;          // 0: cancel
    logic [1:0] delay_class;
    u8_t        epoch;        // comes back with the expiry
  } tmr_t;  // ack, buffers -> timers

  typedef struct packed {
    conn_t conn;
    logic  is_handback;  // 0: delayed ACK
    u8_t   epoch;
  } expiry_t;  // timers -> rx_tcp

  typedef struct packed {
    conn_t conn;
    gen_t  gen;
    logic  own_ack;   // an ACK of the engine's own making: gen not compared
    logic  has_ack;   // ack and rcv_edge given
    seq_t  ack;
    seq_t  rcv_edge;
    seq_t  seq;
    u16_t  len;       // payload bytes
    logic  fin;
  } start_t;  // tx -> rx_tcp: a segment is about to leave

  typedef struct packed {
    status_e status;
    seq_t    seq;      // own ACK: snd_nxt; else as given
    seq_t    ack;
    u16_t    wnd;
    logic    ts_on;
    u32_t    ts_val;
    u32_t    ts_ecr;
    seq_t    snd_nxt;  // after this segment
    u16_t    mss;
  } snap_t;  // rx_tcp -> tx: what the segment carries

  typedef struct packed {
    conn_t      conn;
    gen_t       gen;
    logic       cancel;   // the entry went in resync or away: forget what is pending
    seq_t       snd_una;
    u32_t       snd_wnd;
    logic [3:0] dup;
    u32_t       ts_ecr;
  } progress_t;  // rx_tcp -> notify

  typedef struct packed {
    logic  first;  // addr and beats are valid
    logic  last;
    u64_t  addr;   // byte address of the first strobed byte's beat, DataBytes-aligned
    u8_t   beats;  // 1 to 64, within one page
    strb_t strb;
    data_t data;   // lane i goes to addr + i
  } wr_t;  // upload, notify -> dma

  typedef struct packed {logic err;} wr_done_t;  // dma -> upload, notify: one a burst, in order

  typedef struct packed {
    u64_t addr;   // byte address
    u16_t bytes;  // 1 to 512, within one 512-byte-aligned block
  } rd_req_t;  // command, legacy, tx -> dma

  typedef struct packed {
    logic  last;
    logic  err;   // of this beat
    data_t data;  // lanes as on the bus: lane i is at (addr & ~63) + i
  } rd_t;  // dma -> command, legacy, tx: beats in the order of the requests

  typedef struct packed {logic [5:0] index;} cnt_t;  // -> csr: count one (reason_e or counter_e)

  typedef struct packed {
    logic       enable;
    u64_t       base;      // 64-byte aligned
    logic [4:0] log_size;  // entries = 1 << log_size, 1 to LogSizeMax
    u16_t       index;     // the host's index: producer; notification ring: consumer
  } ring_t;  // csr -> command, tx, legacy, notify

  typedef struct packed {
    u16_t       max_frame;     // largest frame without FCS
    hash_key_t  hash_key;
    u32_t       limit_us;      // least time between two limited ACKs of a connection
    u32_t       delay0_us;     // delay classes
    u32_t       delay1_us;
    u32_t       delay2_us;
    u32_t       delay3_us;
    logic [1:0] back_class;    // delay class of hand-backs
    u16_t       ntf_reserve;   // progress needs more free notification entries than this
    u16_t       irq_count;     // moderation: entries, 0 = 1
    u32_t       irq_delay_us;  // moderation: time, 0 = none
  } cfg_t;  // csr -> all: levels

endpackage
