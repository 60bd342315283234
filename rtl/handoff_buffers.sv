// SPDX-License-Identifier: Apache-2.0
//
// User-buffer pieces of every connection; turns places into upload jobs (docs/units/buffers.md).
//
// Contract: valid/ready, with two-entry skids at place and lbuf; room, legacy_return and back_cnt are
// pulses. A place's first job is at the output two cycles after the place was at the port of an
// idle unit; one step a cycle, at most one job a step. Never refuses a place, never reorders, never
// writes to a piece after its hand-back.

module handoff_buffers
  import handoff_params_pkg::*;
  import handoff_pkg::*;
  import handoff_buffers_pkg::*;
#(
    parameter int unsigned DctEntries = DefaultDctEntries,
    parameter int unsigned Slots = DefaultSlots
) (
    input logic clk_i,
    input logic rst_ni,

    // from rx_tcp: what has to happen, in order
    input  logic   place_valid_i,
    output logic   place_ready_o,
    input  place_t place_i,

    // to rx_tcp: bytes that are sure to go to user buffers; reserved legacy buffers not used
    output logic room_valid_o,
    output room_t room_o,
    output logic legacy_return_valid_o,
    output legacy_return_t legacy_return_o,

    // to upload: in the order of the places
    output logic job_valid_o,
    input  logic job_ready_i,
    output job_t job_o,

    // to csr: one a hand-back
    output logic back_cnt_valid_o,
    output cnt_t back_cnt_o,

    // from legacy: buffers, in ring order
    input  logic         lbuf_valid_i,
    output logic         lbuf_ready_o,
    input  legacy_desc_t lbuf_i,

    // to timers: the hand-back delay
    output logic back_tmr_valid_o,
    input  logic back_tmr_ready_i,
    output tmr_t back_tmr_o,

    // from csr
    input cfg_t cfg_i,

    output logic quiet_o
);

  localparam int unsigned AddrBits = $clog2(DctEntries);
  localparam int unsigned CountBits = $clog2(Slots + 1);
  localparam int unsigned SumBits = 32 + $clog2(Slots + 1);

  typedef logic [AddrBits-1:0] addr_t;
  typedef logic [CountBits-1:0] count_t;

  typedef held_t [Slots-1:0] held_list_t;

  localparam int unsigned HeldBits = $bits(held_t);

  // A connection. Bytes before `nxt` are placed; [start, start + filled) lie in the first user buffer.
  typedef struct packed {
    u8_t epoch;
    seq_t nxt;
    count_t count;
    logic open;
    seq_t start;
    u32_t filled;
    logic tmr_on;
    u8_t tmr_epoch;
    held_list_t piece;  // piece[0] is first in line; from count on all 0
  } word_t;

  if (DctEntries < 2 || DctEntries != (1 << AddrBits)) begin : gen_check
    $error("handoff_buffers: DctEntries must be a power of two");
  end
  if (Slots < MaxPieces) begin : gen_check_slots
    $error("handoff_buffers: Slots must hold the pieces of one POST");
  end

  logic  clr_q;
  addr_t clr_addr_q;

  logic s1_valid_q, first_q, fwd_q, told_q;
  place_t s1_q;
  u16_t off_q, rem_q;
  seq_t  seq_q;
  word_t w_q;
  logic  due_q;
  conn_t due_conn_q;

  logic
      job_valid_q, room_valid_q, legacy_return_valid_q, back_cnt_valid_q, back_tmr_valid_q, quiet_q;
  job_t job_q;
  room_t room_q;
  legacy_return_t legacy_return_q;
  cnt_t back_cnt_q;
  tmr_t back_tmr_q;

  assign job_valid_o = job_valid_q;
  assign job_o = job_q;
  assign room_valid_o = room_valid_q;
  assign room_o = room_q;
  assign legacy_return_valid_o = legacy_return_valid_q;
  assign legacy_return_o = legacy_return_q;
  assign back_cnt_valid_o = back_cnt_valid_q;
  assign back_cnt_o = back_cnt_q;
  assign back_tmr_valid_o = back_tmr_valid_q;
  assign back_tmr_o = back_tmr_q;
  assign quiet_o = quiet_q;

  // ---------------------------------------------------------------------------------------------
  // Take: the connection's word is read while the place moves to s1.
  logic place_valid, place_empty_d, take;
  logic lbuf_valid, lbuf_pop;
  place_t place;
  legacy_desc_t lbuf;

  prim_skid #(
      .T(place_t)
  ) u_place_skid (
      .clk_i,
      .rst_ni,
      .valid_i(place_valid_i),
      .ready_o(place_ready_o),
      .data_i(place_i),
      .valid_o(place_valid),
      .pop_i(take),
      .data_o(place),
      .empty_d_o(place_empty_d)
  );

  prim_skid #(
      .T(legacy_desc_t)
  ) u_lbuf_skid (
      .clk_i,
      .rst_ni,
      .valid_i(lbuf_valid_i),
      .ready_o(lbuf_ready_o),
      .data_i(lbuf_i),
      .valid_o(lbuf_valid),
      .pop_i(lbuf_pop),
      .data_o(lbuf),
      .empty_d_o()
  );

  logic step, last, touch;
  word_t ram_word, w, w_d;

  assign take = place_valid && !clr_q && (!s1_valid_q || (step && last));

  prim_ram #(
      .T(word_t),
      .Depth(DctEntries)
  ) u_conn (
      .clk_i,
      .rst_ni,
      .re_i(take),
      .raddr_i(addr_t'(place.conn)),
      .rdata_o(ram_word),
      .we_i(clr_q || (step && last && touch)),
      .waddr_i(clr_q ? clr_addr_q : addr_t'(s1_q.conn)),
      .wdata_i(clr_q ? word_t'('0) : w_d)
  );

  assign w = (first_q && !fwd_q) ? ram_word : w_q;

  // ---------------------------------------------------------------------------------------------
  // Choice of the step.
  step_e what;
  logic back_all, tell, ready_any;
  logic [Slots-1:0] lasts;

  always_comb begin
    for (int unsigned i = 0; i < Slots; i++) lasts[i] = w.piece[i].last;
  end

  assign ready_any = |lasts;
  assign tell = s1_q.to_resync && !told_q;
  assign back_all = tell || s1_q.kind == PlaceFlush || s1_q.kind == PlaceUndelegate
      || s1_q.kind == PlaceResync;

  always_comb begin
    touch = s1_q.to_resync;
    what  = StepNothing;
    unique case (s1_q.kind)
      PlaceDrop: what = StepDrop;
      PlaceWhole: what = StepWhole;
      PlacePayload: begin
        touch = 1'b1;
        what  = (rem_q == '0) ? StepDrop : ready_any ? StepUser : StepLegacy;
      end
      PlaceSetup, PlacePost, PlaceFlush, PlaceResume, PlaceResync: begin
        touch = 1'b1;
        what  = StepAnswer;
      end
      PlaceAnswer: what = StepAnswer;
      PlaceBlock: what = StepBlock;
      PlaceUndelegate: begin
        touch = 1'b1;
        what  = StepBlock;
      end
      PlaceExpire: begin
        touch = 1'b1;
        if (w.tmr_on && w.tmr_epoch == s1_q.tmr_epoch && w.count != '0) what = StepExpire;
      end
      default: what = StepNothing;
    endcase
    if (back_all && w.count != '0) what = StepBack;
    else if (tell && s1_q.kind != PlaceResync) what = StepTell;
  end

  // The first user buffer is piece[0] to piece[take_n - 1]; the first piece takes n bytes.
  held_t  q;
  count_t take_n;
  u16_t   n;
  logic ends, fills, full, push, handed, begins;
  seq_t start;
  u32_t total;

  assign q = w.piece[0];

  always_comb begin
    take_n = w.count;
    for (int unsigned i = Slots; i > 0; i--) if (lasts[i-1]) take_n = count_t'(i);
  end

  assign ends = 32'(rem_q) <= q.size;
  assign fills = q.size <= 32'(rem_q);
  assign n = ends ? rem_q : q.size[15:0];
  assign full = fills && q.last;
  assign push = ends && s1_q.psh && !q.no_push;
  assign handed = full || push;
  assign begins = !w.open && n != '0;
  assign start = w.open ? w.start : seq_q;
  assign total = w.filled + 32'(n);

  // The pieces of a POST: a prefix, as many as there are free slots.
  logic [1:0] post_n;
  count_t free_n;
  held_t [2:0] post;

  assign free_n = count_t'(Slots) - w.count;
  assign post_n = (free_n < count_t'(s1_q.post_cnt)) ? 2'(free_n) : s1_q.post_cnt;

  always_comb begin
    post = '0;
    if (s1_valid_q && s1_q.kind == PlacePost) begin
      post[0] = '{
          addr: s1_q.piece0.addr,
          size: s1_q.piece0.size,
          id: s1_q.post_id,
          last: s1_q.post_last && s1_q.post_cnt == 2'd1,
          no_push: s1_q.post_no_push
      };
      post[1] = '{
          addr: s1_q.piece1.addr,
          size: s1_q.piece1.size,
          id: s1_q.post_id,
          last: s1_q.post_last && s1_q.post_cnt == 2'd2,
          no_push: s1_q.post_no_push
      };
      post[2] = '{
          addr: s1_q.piece2.addr,
          size: s1_q.piece2.size,
          id: s1_q.post_id,
          last: s1_q.post_last && s1_q.post_cnt == 2'd3,
          no_push: s1_q.post_no_push
      };
      if (post_n < 2'd1) post[0] = '0;
      if (post_n < 2'd2) post[1] = '0;
      if (post_n < 2'd3) post[2] = '0;
    end
  end

  // ---------------------------------------------------------------------------------------------
  // The connection's word after the step.
  count_t drop_n;
  logic   close;

  always_comb begin
    drop_n = '0;
    close  = 1'b0;
    last   = 1'b1;
    unique case (what)
      StepBack: begin
        drop_n = take_n;
        close  = 1'b1;
        last   = 1'b0;
      end
      StepTell: last = 1'b0;
      StepUser: begin
        drop_n = handed ? take_n : count_t'(fills);
        close  = handed;
        last   = ends;
      end
      StepExpire: begin
        drop_n = take_n;
        close  = 1'b1;
      end
      default: begin
      end
    endcase
  end

  always_comb begin
    w_d = '0;
    if (s1_valid_q && touch) begin
      w_d = w;
      if (drop_n != '0) begin
        w_d.piece = w.piece >> (32'(drop_n) * HeldBits);
        w_d.count = w.count - drop_n;
      end
      if (close) begin
        w_d.open   = 1'b0;
        w_d.start  = '0;
        w_d.filled = '0;
        w_d.tmr_on = 1'b0;
      end
      unique case (what)
        StepUser: begin
          w_d.nxt = seq_q + 32'(n);
          if (!handed) begin
            if (begins && !q.no_push) begin
              w_d.tmr_on = 1'b1;
              w_d.tmr_epoch = w.tmr_epoch + 8'd1;
            end
            if (n != '0) begin
              w_d.open   = 1'b1;
              w_d.start  = start;
              w_d.filled = total;
            end
            if (!fills) begin
              w_d.piece[0].addr = q.addr + 64'(n);
              w_d.piece[0].size = q.size - 32'(n);
            end
          end
        end
        StepLegacy: w_d.nxt = seq_q + 32'(rem_q);
        StepAnswer: begin
          if (s1_q.kind == PlaceSetup) begin
            w_d = '0;
            w_d.tmr_epoch = w.tmr_epoch;
            w_d.nxt = s1_q.seq;
          end
          if (s1_q.kind == PlaceResume) w_d.nxt = s1_q.seq;
          if (s1_q.kind == PlacePost) begin
            w_d.piece = w.piece
                | (held_list_t'((Slots * HeldBits)'(post)) << (32'(w.count) * HeldBits));
            w_d.count = w.count + count_t'(post_n);
          end
        end
        default: begin
        end
      endcase
      if (last) w_d.epoch = s1_q.room_epoch;
    end
  end

  // ---------------------------------------------------------------------------------------------
  // What the step emits.
  job_t   job_d;
  first_t front;
  tmr_t   back_tmr_d;
  logic emits_job, emits_tmr, arms;

  assign lbuf_pop = s1_valid_q && step && (what == StepWhole || what == StepLegacy);
  assign emits_job = what != StepNothing;
  assign arms = what == StepUser && !handed && begins && !q.no_push;
  assign emits_tmr = arms || (w.tmr_on && (what == StepBack || (what == StepUser && handed)));
  assign step = s1_valid_q && (!emits_job || !job_valid_q || job_ready_i)
      && (!emits_tmr || !back_tmr_valid_q || back_tmr_ready_i)
      && (lbuf_valid || !(what == StepWhole || what == StepLegacy));

  always_comb begin
    back_tmr_d = '0;
    back_tmr_d.conn = s1_q.conn;
    back_tmr_d.epoch = w.tmr_epoch;
    if (arms) begin
      back_tmr_d.arm = 1'b1;
      back_tmr_d.delay_class = cfg_i.back_class;
      back_tmr_d.epoch = w.tmr_epoch + 8'd1;
    end
  end

  always_comb begin
    front = '0;
    if (s1_valid_q) begin
      front = '{
          id: q.id,
          addr: q.addr,
          n: n,
          ends: ends,
          full: full,
          handed: handed,
          seq: w.open ? w.start : (what == StepUser) ? seq_q : w.nxt,
          count: (what == StepUser) ? total : w.filled
      };
    end
  end

  handoff_buffers_job u_job (
      .valid_i(s1_valid_q),
      .what_i(what),
      .place_i(s1_q),
      .off_i(off_q),
      .rem_i(rem_q),
      .seq_i(seq_q),
      .first_i(front),
      .post_n_i(post_n),
      .lbuf_i(lbuf),
      .job_o(job_d)
  );

  // ---------------------------------------------------------------------------------------------
  // Registers of the step.
  logic same_d;
  logic [1:0] used;

  assign same_d = step && last && touch && addr_t'(s1_q.conn) == addr_t'(place.conn);
  assign used   = 2'(what == StepWhole || what == StepLegacy);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      clr_q <= 1'b1;
      clr_addr_q <= '0;
      s1_valid_q <= 1'b0;
      s1_q <= '0;
      first_q <= 1'b0;
      fwd_q <= 1'b0;
      told_q <= 1'b0;
      off_q <= '0;
      rem_q <= '0;
      seq_q <= '0;
      w_q <= '0;
    end else begin
      if (clr_q) clr_addr_q <= clr_addr_q + 1'b1;
      if (clr_addr_q == '1) clr_q <= 1'b0;
      if (step && touch) w_q <= w_d;
      if (take) begin
        s1_valid_q <= 1'b1;
        s1_q <= place;
        first_q <= 1'b1;
        fwd_q <= same_d;
        told_q <= 1'b0;
        off_q <= place.off;
        rem_q <= place.len;
        seq_q <= place.seq;
      end else if (step) begin
        s1_valid_q <= !last;
        first_q <= 1'b0;
        if (what == StepTell) told_q <= 1'b1;
        if (what == StepUser) begin
          off_q <= off_q + n;
          rem_q <= rem_q - n;
          seq_q <= seq_q + 32'(n);
        end
      end
    end
  end

  // ---------------------------------------------------------------------------------------------
  // Outputs: what follows a last step.
  logic due_d, legacy_return_d, back_d;
  logic [SumBits-1:0] avail;

  assign due_d = step && last && touch && (s1_q.kind == PlacePost || s1_q.room_epoch != w.epoch);
  assign legacy_return_d = step && last && s1_q.reserved > used;
  assign back_d = step && (what == StepBack || what == StepExpire || (what == StepUser && handed));

  // Bytes free in finished user buffers.
  always_comb begin
    logic counted;
    counted = 1'b0;
    avail   = '0;
    if (due_q) begin
      for (int unsigned i = Slots; i > 0; i--) begin
        counted = counted || w_q.piece[i-1].last;
        if (counted) avail = avail + SumBits'(w_q.piece[i-1].size);
      end
      if (avail > SumBits'(MaxAheadBytes)) avail = SumBits'(MaxAheadBytes);
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      job_valid_q <= 1'b0;
      job_q <= '0;
      back_tmr_valid_q <= 1'b0;
      back_tmr_q <= '0;
      due_q <= 1'b0;
      due_conn_q <= '0;
      room_valid_q <= 1'b0;
      room_q <= '0;
      legacy_return_valid_q <= 1'b0;
      legacy_return_q <= '0;
      back_cnt_valid_q <= 1'b0;
      back_cnt_q <= '0;
    end else begin
      if (step && emits_job) begin
        job_valid_q <= 1'b1;
        job_q <= job_d;
      end else if (job_ready_i) begin
        job_valid_q <= 1'b0;
      end
      if (step && emits_tmr) begin
        back_tmr_valid_q <= 1'b1;
        back_tmr_q <= back_tmr_d;
      end else if (back_tmr_ready_i) begin
        back_tmr_valid_q <= 1'b0;
      end
      due_q <= due_d;
      if (due_d) due_conn_q <= s1_q.conn;
      room_valid_q <= due_q;
      if (due_q) begin
        room_q.conn <= due_conn_q;
        room_q.room_epoch <= w_q.epoch;
        room_q.room_end <= w_q.nxt + avail[31:0];
      end
      legacy_return_valid_q <= legacy_return_d;
      if (legacy_return_d) legacy_return_q.n <= s1_q.reserved - used;
      back_cnt_valid_q <= back_d;
      if (back_d) back_cnt_q.index <= CntHandBacks;
    end
  end

  // Quiet. Descriptors in the skid of lbuf are stock, but one that moves is work.
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      quiet_q <= 1'b0;
    end else begin
      quiet_q <= !(clr_q && clr_addr_q != '1) && place_empty_d
          && !(take || (s1_valid_q && !(step && last)))
          && !(step && emits_job) && !(job_valid_q && !job_ready_i)
          && !(step && emits_tmr) && !(back_tmr_valid_q && !back_tmr_ready_i)
          && !due_d && !due_q && !legacy_return_d && !back_d && !(lbuf_valid_i && lbuf_ready_o);
    end
  end

`ifndef SYNTHESIS
  // ---------------------------------------------------------------------------------------------
  // Assertions.

  // No more pieces are held than there are slots.
  a_slots :
  assert property (@(posedge clk_i) disable iff (!rst_ni) w_q.count <= count_t'(Slots));

  // Only a buffer that holds bytes waits for its delay.
  a_delay :
  assert property (@(posedge clk_i) disable iff (!rst_ni) w_q.tmr_on |-> w_q.open);

  // A frame ends with its last job.
  a_frame :
  assert property (@(posedge clk_i) disable iff (!rst_ni)
      (step && s1_q.kind == PlacePayload && (what == StepUser || what == StepLegacy)) |->
      job_d.frame_end == last);
`endif

endmodule
