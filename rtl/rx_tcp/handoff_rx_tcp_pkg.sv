// SPDX-License-Identifier: Apache-2.0
//
// Private to rx_tcp: serial comparison, what PhTest hands to PhDecide, and what PhDecide decides.
// docs/units/rx_tcp.md.

package handoff_rx_tcp_pkg;
  import handoff_pkg::*;
  import handoff_wire_pkg::*;

  localparam logic [3:0] StartWait = 4'd15;  // slots a start waits behind op
  localparam int unsigned MsShift = 10;  // the engine's milliseconds are 2^10 us,
  localparam int unsigned SecShift = 20;  // its seconds 2^20 us
  localparam u32_t PawsIdle = 32'd1977539;  // 24 days in those seconds (RFC 7323, 5.5)
  localparam logic [3:0] MaxDup = 4'd15;  // the count of duplicate ACKs stays here
  localparam u16_t MaxRunFrames = 16'hffff;  // the count of a run's frames stays here

  typedef enum logic [1:0] {
    PhClear,  // both RAMs are being cleared
    PhIdle,   // waits for an operation
    PhTest,   // state and room are there: tests
    PhDecide  // decides; stays until what it needs is free
  } phase_e;

  typedef enum logic [1:0] {
    KindUerr,
    KindExp,
    KindOp,
    KindStart
  } kind_e;

  typedef struct packed {
    u8_t  epoch;
    seq_t room_end;
  } room_word_t;

  // Results of PhTest: everything about an operation that is a comparison of it with the state, the
  // room and the time. What a kind of operation does not use is 0.
  typedef struct packed {
    // Frames.
    logic    entry;           // hit, well formed, valid
    logic    acceptable;
    logic    ack_good;
    logic    ts_ok;
    logic    paws_ok;
    logic    old;
    logic    special;
    reason_e special_reason;
    logic    plain;
    logic    at_nxt;          // starts at rcv_nxt
    logic    ahead;           // starts after it
    logic    beyond;          // longer than the window
    logic    in_room;
    logic    limited;
    logic    una_moves;       // acknowledges something new
    logic    dup_ack;         // RFC 5681, 2
    logic    wnd_moves;       // updates the send window: RFC 9293, 3.10.7.4
    logic    snd_changed;     // snd_una, snd_wnd or dup will differ
    u32_t    wnd;             // scaled
    seq_t    seg_end;         // seq + len
    u16_t    trim;            // old bytes at its front
    u16_t    need;            // bytes from rcv_nxt to its end
    // Commands and starts.
    logic    stale;
    logic    too_long;        // start: more payload than the MSS in force lets a segment carry
    logic    edge_in;         // the edge given is taken
    seq_t    ack;             // start, SET: the acknowledgement that a segment would carry
    seq_t    live_at;         // RESUME: where it goes live
    logic    count_bad;
    logic    range_bad;
    logic    resume_ack;      // RESUME: there is something to say
    logic    reopens;         // SET: the window reopens
    logic    coalesce_ends;   // SET: coalescing goes off
  } tests_t;

  // What an operation does: outputs, and how the state changes.
  typedef struct packed {
    logic       place;
    place_e     place_kind;
    logic       to_resync;   // also the state's
    logic [1:0] reserved;
    logic       cnt;
    reason_e    reason;
    logic       blk;
    logic       ackev;
    ack_e       ack_kind;
    logic       dsack;
    logic       progress;
    logic       cancel;
    logic       rsp;
    status_e    status;
    logic       stated;      // a command's answer carries the state's numbers
    logic       snap;

    logic counted;     // legacy_cnt + 1
    logic run;         // the clean run
    logic snd;         // send side
    logic stamp;       // ts_recent
    logic payload;     // rcv_nxt, quick_left
    logic limit;       // a limited ACK leaves
    logic next_epoch;  // the room may shorten
    logic setup;
    logic resume;
    logic set;
    logic undelegate;
    logic segment;     // a segment leaves
  } act_t;

  function automatic logic lt(input seq_t a, input seq_t b);
    seq_t diff;
    diff = a - b;
    return diff[31];
  endfunction

  function automatic logic le(input seq_t a, input seq_t b);
    return !lt(b, a);
  endfunction

  function automatic seq_t later(input seq_t a, input seq_t b);
    return le(a, b) ? b : a;
  endfunction

  // The window field of a segment (CORNERS 59).
  function automatic u16_t window_field(input seq_t right_edge, input seq_t ack,
                                        input logic [3:0] scale);
    u32_t unit_cnt;
    if (!lt(ack, right_edge)) return 16'd0;
    unit_cnt = (right_edge - ack) >> scale;
    return (unit_cnt > 32'(MaxWindow)) ? MaxWindow : unit_cnt[15:0];
  endfunction

  // The right edge that the peer computes from a segment.
  function automatic seq_t told(input seq_t right_edge, input seq_t ack, input logic [3:0] scale);
    return ack + (32'(window_field(right_edge, ack, scale)) << scale);
  endfunction

  // A right edge is taken if it is later than the kept one, by at most 2^30 (CORNERS 60).
  function automatic logic edge_taken(input seq_t given, input seq_t kept);
    u32_t ahead;
    ahead = given - kept;
    return (ahead != 32'd0) && (ahead <= MaxAheadBytes);
  endfunction

  function automatic u32_t ms_of(input u64_t time_us);
    return time_us[MsShift+:32];
  endfunction

  function automatic u32_t s_of(input u64_t time_us);
    return time_us[SecShift+:32];
  endfunction

  // limit_us in milliseconds, never too few: one for what the shift drops of it, one for what has
  // passed of the present millisecond.
  function automatic u32_t limit_ms(input u32_t limit_us);
    return (limit_us >> MsShift) + 32'd2;
  endfunction

endpackage
