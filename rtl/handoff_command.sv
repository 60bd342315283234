// SPDX-License-Identifier: Apache-2.0
//
// Reads the command ring, checks what is wrong in a command itself, passes it on (docs/units/command.md).
//
// Contract: valid/ready out; cmd_rd and cmd_rsp come as pulses and always find room. One command at a
// time, from lookup's and rx_tcp's answer to the next; up to four slots are read ahead. A word at
// cmd_rd becomes a command at cmd four cycles later (SETUP: six). A refused command goes the same way
// and changes nothing. Never reads the ring before u_entries is cleared nor past an error, never
// passes on a command before the one before it has taken effect or an index without a RAM word
// behind it, never writes memory.

module handoff_command
  import handoff_params_pkg::*;
  import handoff_pkg::*;
  import handoff_wire_pkg::*;
#(
    parameter int unsigned DctEntries = DefaultDctEntries,
    parameter int unsigned Slots = DefaultSlots
) (
    input logic clk_i,
    input logic rst_ni,

    // to lookup: decoded commands, held until taken
    output logic     cmd_valid_o,
    input  logic     cmd_ready_i,
    output cmd_key_t cmd_o,

    // to tx: addresses of a connection's frames, before the command that brings them
    output logic  tmpl_valid_o,
    input  logic  tmpl_ready_i,
    output tmpl_t tmpl_o,

    // from rx_tcp: the command has taken effect, or was refused
    input logic     cmd_rsp_valid_i,
    input cmd_rsp_t cmd_rsp_i,

    // to dma: reads of one slot, answered in order
    output logic    cmd_rd_req_valid_o,
    input  logic    cmd_rd_req_ready_i,
    output rd_req_t cmd_rd_req_o,
    input  logic    cmd_rd_valid_i,
    input  rd_t     cmd_rd_i,

    // from and to csr
    input  cfg_t  cfg_i,
    input  ring_t cmd_ring_i,
    output u16_t  cmd_cons_o,
    output logic  cmd_fault_o,

    output logic quiet_o
);

  localparam int unsigned AddrBits = $clog2(DctEntries);
  localparam int unsigned Ahead = 4;  // slots under way or waiting
  localparam int unsigned AheadBits = $clog2(Ahead + 1);
  localparam u32_t MaxAckDelayUs = 32'd500_000;  // RFC 9293, 3.8.6.3: less than this

  if (DctEntries < MinDctEntries || DctEntries > MaxDctEntries ||
      DctEntries != (1 << AddrBits)) begin : gen_check
    $error("handoff_command: DctEntries must be a power of two, MinDctEntries to MaxDctEntries");
  end
  if ($bits(
          setup0_desc_t
      ) != 8 * SlotBytes || $bits(
          setup1_desc_t
      ) != 8 * SlotBytes || $bits(
          resume_desc_t
      ) != 8 * SlotBytes || $bits(
          post_desc_t
      ) != 8 * SlotBytes || $bits(
          set_desc_t
      ) != 8 * SlotBytes || $bits(
          plain_desc_t
      ) != 8 * SlotBytes || SlotBytes != DataBytes) begin : gen_check_slots
    $error("handoff_command: every command must fill its slots of SlotBytes, one beat each");
  end

  typedef logic [AddrBits-1:0] idx_t;

  // What is known of an index.
  typedef struct packed {
    logic in_use;
    gen_t gen;
    logic [1:0] n_tags;  // of sent frames: priority tags count here, not in the key
    key_t key;
  } entry_t;

  typedef enum logic [2:0] {
    StClear,
    StTake,
    StSecond,
    StCheck,
    StTmpl,
    StSend,
    StRsp
  } state_e;

  state_e state_q, state_d;
  idx_t clear_q;
  logic active_q, fault_q, quiet_q;
  u16_t fetch_q, cons_q;
  logic [AheadBits-1:0] infl_q, infl_d;
  data_t w0_q, w1_q;
  status_e status_q, status;
  logic
      cmd_rd_req_valid_q, cmd_rd_req_valid_d, tmpl_valid_q, tmpl_valid_d, cmd_valid_q, cmd_valid_d;
  rd_req_t  cmd_rd_req_q;
  tmpl_t    tmpl_q;
  cmd_key_t cmd_q;

  // ---------------------------------------------------------------------------------------------
  // Fetch.
  logic run, want, issue, arrive, store;
  u16_t mask;
  logic words_valid, words_pop, words_empty_d, words_ready;
  logic [AheadBits-1:0] words_count;
  data_t word;

  assign run = active_q && cmd_ring_i.enable;
  assign mask = ring_mask(cmd_ring_i.log_size);
  assign want = run && !fault_q && ((cmd_ring_i.index - fetch_q) & mask) != '0 &&
      (AheadBits + 1)'(infl_q) + (AheadBits + 1)'(words_count) < (AheadBits + 1)'(Ahead);
  assign issue = want && (!cmd_rd_req_valid_q || cmd_rd_req_ready_i);
  assign arrive = cmd_rd_valid_i && infl_q != '0;
  assign store = arrive && run && !fault_q && !cmd_rd_i.err;
  assign infl_d = infl_q + AheadBits'(issue) - AheadBits'(arrive);
  assign cmd_rd_req_valid_d = issue || (cmd_rd_req_valid_q && !cmd_rd_req_ready_i);

  logic unused_fetch;
  assign unused_fetch = cmd_rd_i.last;

  prim_fifo #(
      .T(data_t),
      .Depth(Ahead)
  ) u_words (
      .clk_i,
      .rst_ni,
      .push_i(store),
      .ready_o(words_ready),
      .data_i(cmd_rd_i.data),
      .valid_o(words_valid),
      .pop_i(words_pop),
      .data_o(word),
      .count_o(words_count),
      .empty_d_o(words_empty_d)
  );

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      active_q           <= 1'b0;
      fetch_q            <= '0;
      cons_q             <= '0;
      infl_q             <= '0;
      fault_q            <= 1'b0;
      cmd_rd_req_valid_q <= 1'b0;
      cmd_rd_req_q       <= '0;
    end else begin
      active_q           <= cmd_ring_i.enable && state_q != StClear && (active_q || infl_q == '0);
      fetch_q            <= !run ? '0 : issue ? (fetch_q + 16'd1) & mask : fetch_q;
      cons_q             <= !run ? '0 : store ? (cons_q + 16'd1) & mask : cons_q;
      infl_q             <= infl_d;
      fault_q            <= fault_q || (arrive && cmd_rd_i.err);
      cmd_rd_req_valid_q <= cmd_rd_req_valid_d;
      if (issue) begin
        cmd_rd_req_q <= '{
            addr: aligned(cmd_ring_i.base) + (u64_t'(fetch_q) << LaneBits),  // a slot is one beat
            bytes: u16_t'(SlotBytes)
        };
      end
    end
  end

  // ---------------------------------------------------------------------------------------------
  // The slot as each command lays it out. Reserved bits mean nothing.
  plain_desc_t head, plain;
  setup0_desc_t s0;
  setup1_desc_t s1;
  resume_desc_t resume;
  post_desc_t post;
  set_desc_t set;
  logic is_setup, is_post, is_set, is_undelegate, known_op;

  assign head = word;
  assign plain = w0_q;
  assign s0 = w0_q;
  assign s1 = w1_q;
  assign resume = w0_q;
  assign post = w0_q;
  assign set = w0_q;
  assign is_setup = plain.op == u8_t'(CmdSetup);
  assign is_post = plain.op == u8_t'(CmdPost);
  assign is_set = plain.op == u8_t'(CmdSet);
  assign is_undelegate = plain.op == u8_t'(CmdUndelegate);
  assign known_op = plain.op != u8_t'(CmdNone) && plain.op <= u8_t'(CmdUndelegate);

  // What is known of each index. Read when a command is taken, written when it has taken effect.
  entry_t e, e_new;
  logic e_we;
  idx_t e_waddr;
  key_t key;

  assign e_we = state_q == StClear ||
      (state_q == StRsp && cmd_rsp_valid_i && status_q == StatusOk &&
       cmd_rsp_i.status == StatusOk && (is_setup || is_undelegate));
  assign e_waddr = state_q == StClear ? clear_q : idx_t'(plain.conn);
  assign e_new = (state_q == StRsp && is_setup) ? {1'b1, s0.gen, s0.n_tags[1:0], key} : '0;

  prim_ram #(
      .T(entry_t),
      .Depth(DctEntries)
  ) u_entries (
      .clk_i,
      .rst_ni,
      .re_i(words_pop && state_q == StTake),
      .raddr_i(idx_t'(head.conn)),
      .rdata_o(e),
      .we_i(e_we),
      .waddr_i(e_waddr),
      .wdata_i(e_new)
  );

  // The key of a SETUP, as the peer's frames carry it. A tag with VLAN id 0 is only a priority.
  logic t0, t1;
  logic [VidBits-1:0] vid0, vid1;
  logic [127:0] peer_ip, local_ip;

  assign vid0 = s0.tci0[VidBits-1:0];
  assign vid1 = s0.tci1[VidBits-1:0];
  assign t0 = s0.n_tags != '0 && vid0 != '0;
  assign t1 = s0.n_tags >= u8_t'(MaxTags) && vid1 != '0;
  assign peer_ip = s0.flags[SetupFlagIp6] ? s0.peer_ip : 128'(s0.peer_ip[31:0]);
  assign local_ip = s0.flags[SetupFlagIp6] ? s0.local_ip : 128'(s0.local_ip[31:0]);

  always_comb begin
    key = '0;
    if (state_q == StSend || state_q == StRsp) begin
      key = '{
          is_ip6: s0.flags[SetupFlagIp6],
          n_tags: 2'(t0) + 2'(t1),
          vid0: t0 ? vid0 : t1 ? vid1 : '0,
          vid1: (t0 && t1) ? vid1 : '0,
          dst_mac: s0.local_mac,
          src_port: s0.peer_port,
          dst_port: s0.local_port,
          src_ip: peer_ip,
          dst_ip: local_ip
      };
    end
  end

  // ---------------------------------------------------------------------------------------------
  // StCheck: the first reason to refuse.
  logic ip6, check_mss, check_ack, bad_mss, bad_delay, bad_size;
  logic [2:0] bad_piece;
  u8_t n_tags, ack_frames, ack_class;
  u16_t mss;
  u32_t delay_us;
  logic [16:0] frame_bytes;

  assign check_mss = is_setup || (is_set && set.mask[SetMaskMss]);
  assign check_ack = (is_setup && s0.flags[SetupFlagCoalesce]) ||
      (is_set && set.mask[SetMaskCoalesce] && set.flags[SetFlagCoalesce]);
  assign ip6 = is_setup ? s0.flags[SetupFlagIp6] : e.key.is_ip6;
  assign n_tags = is_setup ? s0.n_tags : 8'(e.n_tags);
  assign mss = is_setup ? s1.mss : set.mss;
  assign ack_frames = is_setup ? s1.ack_frames : set.ack_frames;
  assign ack_class = is_setup ? s1.ack_class : set.ack_class;

  assign frame_bytes = 17'(mss) + 17'(EthBytes + TcpBytes) +
      17'(ip6 ? Ip6Bytes : Ip4Bytes) + 17'(TagBytes) * 17'(n_tags);
  assign bad_mss = mss < u16_t'(MinMss) || frame_bytes > 17'(cfg_i.max_frame);

  always_comb begin
    unique case (ack_class[1:0])
      2'd0: delay_us = cfg_i.delay0_us;
      2'd1: delay_us = cfg_i.delay1_us;
      2'd2: delay_us = cfg_i.delay2_us;
      default: delay_us = cfg_i.delay3_us;
    endcase
  end
  assign bad_delay = ack_class >= u8_t'(DelayClasses) || delay_us == '0 ||
      delay_us >= MaxAckDelayUs;

  // A piece is bad without bytes, or when it reaches past the top of the address space.
  function automatic logic bad(piece_t piece);
    logic [64:0] past;
    past = 65'(piece.addr) + 65'(piece.size);
    return piece.size == '0 || (past[64] && past[63:0] != '0);
  endfunction

  assign bad_piece = {bad(post.piece2), bad(post.piece1), bad(post.piece0)};
  assign bad_size = bad_piece[0] || (bad_piece[1] && post.n_pieces > 8'd1) ||
      (bad_piece[2] && post.n_pieces > 8'd2);

  always_comb begin
    status = StatusOk;
    if (!known_op) status = StatusBadOp;
    else if (17'(plain.conn) >= 17'(DctEntries)) status = StatusBadIndex;
    else if (is_setup && e.in_use) status = StatusInUse;
    else if (!is_setup && !(e.in_use && e.gen == plain.gen)) status = StatusStale;
    else if (is_setup && s0.n_tags > u8_t'(MaxTags)) status = StatusUnsupported;
    else if (is_setup && (s1.snd_scale > u8_t'(MaxScale) || s1.rcv_scale > u8_t'(MaxScale))) begin
      status = StatusBadScale;
    end else if (check_mss && bad_mss) status = StatusBadMss;
    else if (check_ack && ack_frames == '0) status = StatusBadAckFrames;
    else if (check_ack && bad_delay) status = StatusBadAckDelay;
    else if (is_post && (post.n_pieces == '0 || post.n_pieces > u8_t'(MaxPieces))) begin
      status = StatusBadPiece;
    end else if (is_post && bad_size) status = StatusBadSize;
    else if (is_post && 32'(post.startup) > Slots) status = StatusBadStartup;
    else if (is_post && (post.flags[PostFlagTagged] || post.startup != '0))
      status = StatusUnsupported;
  end

  // ---------------------------------------------------------------------------------------------
  // StTmpl, StSend: what leaves.
  tmpl_t tmpl;
  cmd_key_t cmd;

  always_comb begin
    tmpl = '0;
    if (state_q == StTmpl && is_setup) begin
      tmpl = '{
          conn: s0.conn,
          is_ip6: s0.flags[SetupFlagIp6],
          n_tags: s0.n_tags[1:0],
          tci0: s0.tci0,
          tci1: s0.tci1,
          ttl: s0.ttl,
          tos: s0.tos,
          local_mac: s0.local_mac,
          peer_mac: s0.peer_mac,
          local_port: s0.local_port,
          peer_port: s0.peer_port,
          local_ip: local_ip,
          peer_ip: peer_ip
      };
    end else if (state_q == StTmpl) begin
      tmpl = '{
          conn: set.conn,
          is_ip6: e.key.is_ip6,
          n_tags: e.n_tags,
          tci0: set.tci0,
          tci1: set.tci1,
          ttl: set.ttl,
          tos: set.tos,
          local_mac: e.key.dst_mac,
          peer_mac: set.peer_mac,
          local_port: e.key.dst_port,
          peer_port: e.key.src_port,
          local_ip: e.key.dst_ip,
          peer_ip: e.key.src_ip
      };
    end
  end

  always_comb begin
    cmd = '0;
    cmd.cmd.status = status_q;
    cmd.cmd.tag = plain.tag;
    cmd.cmd.gen = plain.gen;
    // Nobody behind sees an index that its RAMs do not have.
    if (status_q != StatusBadOp) cmd.cmd.op = cmd_e'(plain.op[3:0]);
    if (status_q != StatusBadOp && status_q != StatusBadIndex) cmd.cmd.conn = plain.conn;
    if (state_q == StSend && status_q == StatusOk) begin
      unique case (cmd_e'(plain.op[3:0]))
        CmdSetup: begin
          cmd.cmd.rcv_nxt = s1.rcv_nxt;
          cmd.cmd.rcv_edge = s1.rcv_edge;
          cmd.cmd.last_ack = s1.last_ack;
          cmd.cmd.snd_una = s1.snd_una;
          cmd.cmd.snd_nxt = s1.snd_nxt;
          cmd.cmd.snd_wnd = s1.snd_wnd;
          cmd.cmd.max_wnd = s1.max_wnd;
          cmd.cmd.wl1 = s1.wl1;
          cmd.cmd.wl2 = s1.wl2;
          cmd.cmd.ts_recent = s1.ts_recent;
          cmd.cmd.ts_offset = s1.ts_offset;
          cmd.cmd.snd_scale = s1.snd_scale[3:0];
          cmd.cmd.rcv_scale = s1.rcv_scale[3:0];
          cmd.cmd.ts_on = s0.flags[SetupFlagTs];
          cmd.cmd.sack_on = s0.flags[SetupFlagSack];
          cmd.cmd.coalesce_on = s0.flags[SetupFlagCoalesce];
          cmd.cmd.ack_frames = s1.ack_frames;
          cmd.cmd.ack_class = s1.ack_class[1:0];
          cmd.cmd.quick = s1.quick;
          cmd.cmd.mss = s1.mss;
          cmd.key = key;
        end
        CmdResume: begin
          cmd.cmd.rcv_nxt = resume.rcv_nxt;
          cmd.cmd.rcv_edge = resume.rcv_edge;
          cmd.cmd.last_ack = resume.last_ack;
          cmd.cmd.snd_una = resume.snd_una;
          cmd.cmd.snd_wnd = resume.snd_wnd;
          cmd.cmd.max_wnd = resume.max_wnd;
          cmd.cmd.wl1 = resume.wl1;
          cmd.cmd.wl2 = resume.wl2;
          cmd.cmd.ts_recent = resume.ts_recent;
          cmd.cmd.count = resume.count;
        end
        CmdPost: begin
          cmd.cmd.post_id = post.id;
          cmd.cmd.post_cnt = post.n_pieces[1:0];
          cmd.cmd.post_last = post.flags[PostFlagLast];
          cmd.cmd.post_no_push = post.flags[PostFlagNoPush];
          cmd.cmd.post_tagged = post.flags[PostFlagTagged];
          cmd.cmd.post_startup = post.startup;
          cmd.cmd.post_seq = post.seq;
          cmd.cmd.piece0 = post.piece0;
          cmd.cmd.piece1 = post.piece1;
          cmd.cmd.piece2 = post.piece2;
        end
        CmdSet: begin
          cmd.cmd.set_edge = set.mask[SetMaskEdge];
          cmd.cmd.set_mss = set.mask[SetMaskMss];
          cmd.cmd.set_coalesce = set.mask[SetMaskCoalesce];
          cmd.cmd.set_header = set.mask[SetMaskHeader];
          cmd.cmd.rcv_edge = set.rcv_edge;
          cmd.cmd.mss = set.mss;
          cmd.cmd.coalesce_on = set.flags[SetFlagCoalesce];
          cmd.cmd.ack_frames = set.ack_frames;
          cmd.cmd.ack_class = set.ack_class[1:0];
        end
        CmdQuery: cmd.cmd.addr = aligned(plain.addr);
        CmdUndelegate: begin
          cmd.cmd.addr = aligned(plain.addr);
          cmd.key = e.key;
        end
        default:  ;  // RESYNC, FLUSH: nothing to say
      endcase
    end
  end

  // ---------------------------------------------------------------------------------------------
  // States: one command at a time.
  logic needs_tmpl, tmpl_free, cmd_free, tmpl_load, cmd_load;

  assign needs_tmpl = status == StatusOk && (is_setup || (is_set && set.mask[SetMaskHeader]));
  assign tmpl_free = !tmpl_valid_q || tmpl_ready_i;
  assign cmd_free = !cmd_valid_q || cmd_ready_i;
  assign tmpl_load = state_q == StTmpl && tmpl_free;
  assign cmd_load = state_q == StSend && tmpl_free && cmd_free;
  assign words_pop = words_valid && (state_q == StTake || state_q == StSecond);
  assign tmpl_valid_d = tmpl_load || (tmpl_valid_q && !tmpl_ready_i);
  assign cmd_valid_d = cmd_load || (cmd_valid_q && !cmd_ready_i);

  always_comb begin
    state_d = state_q;
    unique case (state_q)
      // u_entries is cleared, one word a cycle.
      StClear: if (clear_q == idx_t'(DctEntries - 1)) state_d = StTake;
      // Waits for a slot.
      StTake: if (words_valid) state_d = head.op == u8_t'(CmdSetup) ? StSecond : StCheck;
      // SETUP: waits for its second slot.
      StSecond: if (words_valid) state_d = StCheck;
      // The first reason to refuse is found.
      StCheck: state_d = needs_tmpl ? StTmpl : StSend;
      // The template leaves for tx.
      StTmpl: if (tmpl_free) state_d = StSend;
      // The command leaves for lookup, after tx has taken the template.
      StSend: if (cmd_load) state_d = StRsp;
      // Waits until the command has taken effect.
      StRsp: if (cmd_rsp_valid_i) state_d = StTake;
      default: ;
    endcase
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q      <= StClear;
      clear_q      <= '0;
      w0_q         <= '0;
      w1_q         <= '0;
      status_q     <= StatusOk;
      tmpl_valid_q <= 1'b0;
      tmpl_q       <= '0;
      cmd_valid_q  <= 1'b0;
      cmd_q        <= '0;
      quiet_q      <= 1'b0;
    end else begin
      state_q      <= state_d;
      tmpl_valid_q <= tmpl_valid_d;
      cmd_valid_q  <= cmd_valid_d;
      if (state_q == StClear) clear_q <= clear_q + 1'b1;
      if (words_pop && state_q == StTake) w0_q <= word;
      if (words_pop && state_q == StSecond) w1_q <= word;
      if (state_q == StCheck) status_q <= status;
      if (tmpl_load) tmpl_q <= tmpl;
      if (cmd_load) cmd_q <= cmd;
      quiet_q <= state_d == StTake && words_empty_d && infl_d == '0 && !cmd_rd_req_valid_d &&
          !tmpl_valid_d && !cmd_valid_d && !want && !(cmd_ring_i.enable && !active_q);
    end
  end

  assign cmd_valid_o = cmd_valid_q;
  assign cmd_o = cmd_q;
  assign tmpl_valid_o = tmpl_valid_q;
  assign tmpl_o = tmpl_q;
  assign cmd_rd_req_valid_o = cmd_rd_req_valid_q;
  assign cmd_rd_req_o = cmd_rd_req_q;
  assign cmd_cons_o = cons_q;
  assign cmd_fault_o = fault_q;
  assign quiet_o = quiet_q;

`ifndef SYNTHESIS
  // ---------------------------------------------------------------------------------------------
  // Assertions: promises of docs/units/command.md.

  // A slot that was asked for always finds room.
  assert property (@(posedge clk_i) disable iff (!rst_ni) store |-> words_ready);
  // A command leaves only when the one before it was answered and tx has its template.
  assert property (@(posedge clk_i) disable iff (!rst_ni) cmd_load |-> tmpl_free && cmd_free);
  // No index leaves that others have no entry for.
  assert property (@(posedge clk_i) disable iff (!rst_ni)
    cmd_valid_q |-> 17'(cmd_q.cmd.conn) < 17'(DctEntries));
`endif

endmodule
