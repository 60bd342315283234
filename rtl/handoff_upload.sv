// SPDX-License-Identifier: Apache-2.0
//
// Writes received bytes to system memory: jobs in, AXI bursts and notifications out
// (docs/units/upload.md).
//
// Contract: valid/ready, with two-entry skids at fdata, blk and job; upload_wr_done is a pulse. A job's
// first beat is on upload_wr two cycles after the job was at the port of an idle unit; one beat a cycle,
// no bubble between jobs. A notification leaves when all bursts begun before it are answered. Never
// writes a byte that a job does not name; never crosses a page in a burst.

module handoff_upload
  import handoff_params_pkg::*;
  import handoff_pkg::*;
#(
    parameter int unsigned DctEntries = DefaultDctEntries
) (
    input logic clk_i,
    input logic rst_ni,

    // from rx_fifo: the beats of the frames, in order
    input  logic  fdata_valid_i,
    output logic  fdata_ready_o,
    input  beat_t fdata_i,

    // from rx_tcp: one state for each JobBlock
    input  logic   blk_valid_i,
    output logic   blk_ready_o,
    input  state_t blk_i,

    // from buffers: what to write, in order
    input  logic job_valid_i,
    output logic job_ready_o,
    input  job_t job_i,

    // to notify: in the order of the jobs, each after its data
    output logic done_valid_o,
    input  logic done_ready_i,
    output ntf_t done_o,

    // to rx_tcp: acknowledged bytes that could not be written
    output logic  uerr_valid_o,
    input  logic  uerr_ready_i,
    output uerr_t uerr_o,

    // to dma: bursts beat by beat; answers in order
    output logic     upload_wr_valid_o,
    input  logic     upload_wr_ready_i,
    output wr_t      upload_wr_o,
    input  logic     upload_wr_done_valid_i,
    input  wr_done_t upload_wr_done_i,

    output logic quiet_o
);

  localparam int unsigned AddrBits = $clog2(DctEntries);
  localparam int unsigned BurstDepth = 32;  // bursts begun and not answered
  localparam int unsigned NtfDepth = 32;  // notifications that wait
  localparam int unsigned UerrDepth = 256;  // more than can fail while rx_tcp takes none
  localparam u8_t FarBursts = 8'd64;  // begun since the oldest waiting notification
  localparam u8_t Negative = 8'd128;  // differences of burst counts from here on are
  localparam int unsigned NtfSlots = 2 * NtfDepth;  // of those that wait, and behind them
  localparam int unsigned SlotBits = $clog2(NtfSlots);
  localparam int unsigned PageBits = $clog2(PageBytes);
  localparam int unsigned PageBeats = PageBytes / DataBytes;
  localparam int unsigned OffBits = 17;  // off + len of a job
  localparam int unsigned IdxBits = OffBits - LaneBits;
  localparam logic [IdxBits-1:0] IdxMax = '1;

  typedef logic [LaneBits-1:0] lane_t;
  typedef logic [LaneBits:0] bytes_t;  // 0 to DataBytes
  typedef logic [SlotBits-1:0] slot_t;

  typedef struct packed {
    logic  user;
    conn_t conn;
    gen_t  gen;
    logic  has_ntf;
    slot_t slot;
  } burst_t;

  typedef struct packed {
    ntf_t ntf;
    u8_t  seq;  // bursts begun before it
  } wait_t;

  typedef struct packed {
    logic err;
    gen_t gen;
  } err_t;

  if (DctEntries < 2 || DctEntries != (1 << AddrBits)) begin : gen_check
    $error("handoff_upload: DctEntries must be a power of two");
  end
  if (8 * StateBytes != 2 * DataBits) begin : gen_check_state
    $error("handoff_upload: a state must fill two beats");
  end

  logic clr_q;
  logic [AddrBits-1:0] clr_addr_q;

  logic job_valid_q, frame_end_q, user_q, has_ntf_q, mid_q;
  job_e kind_q;
  ntf_t ntf_q;
  logic [OffBits-1:0] off_q;
  u16_t rem_q;
  u64_t addr_q;

  data_t beat_q;
  logic have_q, ended_q;
  logic [IdxBits-1:0] idx_q;

  u8_t issued_q, retired_q;
  slot_t wslot_q, rslot_q;
  logic [NtfSlots-1:0] ntf_err_q;
  logic d1_valid_q;
  ntf_t d1_q;

  logic upload_wr_valid_q, done_valid_q, uerr_valid_q, quiet_q;
  wr_t   upload_wr_q;
  ntf_t  done_q;
  uerr_t uerr_q;

  assign upload_wr_valid_o = upload_wr_valid_q;
  assign upload_wr_o = upload_wr_q;
  assign done_valid_o = done_valid_q;
  assign done_o = done_q;
  assign uerr_valid_o = uerr_valid_q;
  assign uerr_o = uerr_q;
  assign quiet_o = quiet_q;

  // Inputs.
  logic fdata_valid, blk_valid, job_valid, fdata_empty_d, blk_empty_d, job_empty_d;
  logic pop, blk_pop, take;
  beat_t  fdata;
  state_t blk;
  job_t   job;

  prim_skid #(
      .T(beat_t)
  ) u_fdata_skid (
      .clk_i,
      .rst_ni,
      .valid_i(fdata_valid_i),
      .ready_o(fdata_ready_o),
      .data_i(fdata_i),
      .valid_o(fdata_valid),
      .pop_i(pop),
      .data_o(fdata),
      .empty_d_o(fdata_empty_d)
  );

  prim_skid #(
      .T(state_t)
  ) u_blk_skid (
      .clk_i,
      .rst_ni,
      .valid_i(blk_valid_i),
      .ready_o(blk_ready_o),
      .data_i(blk_i),
      .valid_o(blk_valid),
      .pop_i(blk_pop),
      .data_o(blk),
      .empty_d_o(blk_empty_d)
  );

  prim_skid #(
      .T(job_t)
  ) u_job_skid (
      .clk_i,
      .rst_ni,
      .valid_i(job_valid_i),
      .ready_o(job_ready_o),
      .data_i(job_i),
      .valid_o(job_valid),
      .pop_i(take),
      .data_o(job),
      .empty_d_o(job_empty_d)
  );

  // ---------------------------------------------------------------------------------------------
  // Step: which bytes the next beat to memory holds, and which beats of the frame they lie in.
  lane_t lane, so;
  bytes_t n;
  logic [IdxBits-1:0] b;
  logic [IdxBits:0] next_idx;
  logic first, last, ends, far, can, held, head, emit, skip, drain, pop0, ended_d, fin, pre;
  u16_t rem_d;

  logic burst_ready, ntf_ready, ntf_valid;
  wait_t ntf_head;

  assign lane = addr_q[LaneBits-1:0];
  assign so   = off_q[LaneBits-1:0];

  always_comb begin
    n = bytes_t'(DataBytes) - bytes_t'(lane);
    if (rem_q < u16_t'(n)) n = bytes_t'(rem_q);
  end

  assign b = IdxBits'((off_q + OffBits'(n) - OffBits'(1)) >> LaneBits);
  assign next_idx = have_q ? (IdxBits + 1)'(idx_q) + 1'b1 : '0;
  assign ends = rem_q == u16_t'(n);
  assign first = !mid_q || addr_q[PageBits-1:LaneBits] == '0;
  assign last = ends || addr_q[PageBits-1:LaneBits] == '1;
  assign far = ntf_valid && u8_t'(issued_q - ntf_head.seq) >= FarBursts;

  assign can = job_valid_q && rem_q != '0 && (!upload_wr_valid_q || upload_wr_ready_i)
      && (!first || (burst_ready && !far));
  assign held = have_q && (ended_q || idx_q >= b);
  assign head = !held && next_idx == (IdxBits + 1)'(b) && fdata_valid;
  assign emit = can && (kind_q == JobBlock ? blk_valid : (held || head));
  assign skip = job_valid_q && rem_q != '0 && kind_q == JobWrite && !held
      && next_idx < (IdxBits + 1)'(b) && fdata_valid;
  assign drain = job_valid_q && rem_q == '0 && frame_end_q && !ended_q && fdata_valid;
  assign pop0 = (emit && kind_q == JobWrite && head) || skip || drain;

  assign rem_d = emit ? rem_q - u16_t'(n) : rem_q;
  assign ended_d = ended_q || (pop0 && fdata.last);
  assign fin = job_valid_q && rem_d == '0 && (!frame_end_q || ended_d) && (!has_ntf_q || ntf_ready);
  // The next frame's first beat moves up in a cycle that pops none of this frame.
  assign pre = fin && frame_end_q && ended_q && fdata_valid;
  assign pop = pop0 || pre;
  assign blk_pop = emit && kind_q == JobBlock && ends;
  assign take = job_valid && !clr_q && (!job_valid_q || fin);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      job_valid_q <= 1'b0;
      kind_q <= JobNone;
      frame_end_q <= 1'b0;
      user_q <= 1'b0;
      has_ntf_q <= 1'b0;
      ntf_q <= '0;
      off_q <= '0;
      rem_q <= '0;
      addr_q <= '0;
      mid_q <= 1'b0;
    end else if (take) begin
      job_valid_q <= 1'b1;
      kind_q <= job.kind;
      frame_end_q <= job.frame_end;
      user_q <= job.user;
      has_ntf_q <= job.has_ntf;
      ntf_q <= job.ntf;
      mid_q <= 1'b0;
      unique case (job.kind)
        JobWrite: begin
          off_q  <= OffBits'(job.off);
          rem_q  <= job.len;
          addr_q <= job.addr;
        end
        JobBlock: begin
          off_q  <= '0;
          rem_q  <= u16_t'(StateBlockBytes);
          addr_q <= {job.addr[63:LaneBits], LaneBits'(0)};
        end
        default: begin
          off_q  <= OffBits'(job.off);
          rem_q  <= '0;
          addr_q <= job.addr;
        end
      endcase
    end else begin
      if (fin) job_valid_q <= 1'b0;
      if (emit) begin
        off_q  <= off_q + OffBits'(n);
        rem_q  <= rem_d;
        addr_q <= addr_q + 64'(n);
        mid_q  <= 1'b1;
      end
    end
  end

  // The frame's last popped beat.
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      beat_q  <= '0;
      have_q  <= 1'b0;
      idx_q   <= '0;
      ended_q <= 1'b0;
    end else begin
      if (pop) beat_q <= fdata.data;
      if (fin && frame_end_q) begin
        have_q  <= pre;
        idx_q   <= '0;
        ended_q <= pre && fdata.last;
      end else if (pop) begin
        have_q  <= 1'b1;
        idx_q   <= next_idx[IdxBits] ? IdxMax : next_idx[IdxBits-1:0];
        ended_q <= fdata.last;
      end
    end
  end

  // ---------------------------------------------------------------------------------------------
  // One beat to memory: merge two beats of the frame, rotate, keep the wanted lanes.
  //
  //   frame beat a     |.....so#######|        memory beat  |..lane#########...|
  //   frame beat a+1   |##............|                             n bytes
  data_t merged, rotated, wdata;
  strb_t  wstrb;
  lane_t  rot;
  bytes_t spare;
  logic [LaneBits+3:0] so_bits, lane_bits, rot_bits;
  logic [LaneBits+3:0] spare_bits;
  logic two;

  assign rot = so - lane;
  assign spare = bytes_t'(DataBytes) - n;
  assign so_bits = {1'b0, so, 3'b000};
  assign lane_bits = {1'b0, lane, 3'b000};
  assign rot_bits = {1'b0, rot, 3'b000};
  assign spare_bits = {spare, 3'b000};
  assign two = b != IdxBits'(off_q >> LaneBits);

  always_comb begin
    merged  = beat_q;
    rotated = '0;
    wdata   = '0;
    wstrb   = '0;
    if (emit) begin
      if (kind_q == JobBlock) begin
        unique case (off_q[LaneBits+1:LaneBits])
          2'd0: rotated = blk[DataBits-1:0];
          2'd1: rotated = blk[2*DataBits-1:DataBits];
          default: rotated = '0;
        endcase
      end else begin
        if (head) begin
          merged = fdata.data;
          if (two) begin
            merged = (fdata.data & ~({DataBits{1'b1}} << so_bits))
                | (beat_q & ({DataBits{1'b1}} << so_bits));
          end
        end
        rotated = merged;
        if (rot != '0) begin
          rotated = (merged >> rot_bits) | (merged << ((LaneBits + 4)'(DataBits) - rot_bits));
        end
      end
      wdata = rotated;
      wstrb = '1;
      if (spare != '0) begin
        wdata = rotated & (({DataBits{1'b1}} >> spare_bits) << lane_bits);
        wstrb = ({DataBytes{1'b1}} >> spare) << lane;
      end
    end
  end

  u8_t beats;
  logic [OffBits-1:0] beats_left;  // of the whole job
  u8_t beats_page;  // to the end of the page

  assign beats_left = (OffBits'(lane) + OffBits'(rem_q) + OffBits'(DataBytes - 1)) >> LaneBits;
  assign beats_page = u8_t'(PageBeats) - u8_t'(addr_q[PageBits-1:LaneBits]);
  assign beats = (beats_left < OffBits'(beats_page)) ? u8_t'(beats_left) : beats_page;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      upload_wr_valid_q <= 1'b0;
      upload_wr_q <= '0;
    end else begin
      if (emit) upload_wr_valid_q <= 1'b1;
      else if (upload_wr_ready_i) upload_wr_valid_q <= 1'b0;
      if (emit) begin
        upload_wr_q.first <= first;
        upload_wr_q.last  <= last;
        upload_wr_q.addr  <= first ? {addr_q[63:LaneBits], LaneBits'(0)} : '0;
        upload_wr_q.beats <= first ? beats : '0;
        upload_wr_q.strb  <= wstrb;
        upload_wr_q.data  <= wdata;
      end
    end
  end

  // ---------------------------------------------------------------------------------------------
  // Bursts begun, and their answers.
  burst_t burst_in, burst;
  logic burst_valid, burst_push, burst_empty_d, ret, err_we;

  assign burst_push = emit && first;
  assign burst_in = '{
          user: user_q,
          conn: ntf_q.conn,
          gen: ntf_q.gen,
          has_ntf: has_ntf_q,
          slot: wslot_q
      };

  prim_fifo #(
      .T(burst_t),
      .Depth(BurstDepth)
  ) u_burst (
      .clk_i,
      .rst_ni,
      .push_i(burst_push),
      .ready_o(burst_ready),
      .data_i(burst_in),
      .valid_o(burst_valid),
      .pop_i(ret),
      .data_o(burst),
      .count_o(),
      .empty_d_o(burst_empty_d)
  );

  assign ret = upload_wr_done_valid_i && burst_valid;
  assign err_we = ret && upload_wr_done_i.err && burst.user;

  // ---------------------------------------------------------------------------------------------
  // Notifications: wait for the bursts before them, then for the error RAM, then leave.
  logic ntf_push, ntf_pop, ntf_empty_d, d1_go, d1_resync;
  wait_t ntf_in;
  u8_t   lead;
  err_t  err_word;

  assign ntf_push = fin && has_ntf_q;
  assign ntf_in   = '{ntf: ntf_q, seq: issued_q + u8_t'(burst_push)};

  prim_ram_fifo #(
      .T(wait_t),
      .Depth(NtfDepth)
  ) u_ntf (
      .clk_i,
      .rst_ni,
      .push_i(ntf_push),
      .ready_o(ntf_ready),
      .data_i(ntf_in),
      .valid_o(ntf_valid),
      .pop_i(ntf_pop),
      .data_o(ntf_head),
      .count_o(),
      .empty_d_o(ntf_empty_d)
  );

  assign lead = retired_q - ntf_head.seq;  // negative: bursts before it are not answered
  assign d1_resync = d1_q.kind == NtfResync;
  assign d1_go = d1_valid_q && (!done_valid_q || done_ready_i) && !(err_we && d1_resync);
  assign ntf_pop = ntf_valid && lead < Negative && (!d1_valid_q || d1_go);

  logic err_ram_we;
  logic [AddrBits-1:0] err_waddr;
  err_t err_wdata;

  always_comb begin
    err_ram_we = 1'b1;
    err_waddr  = clr_addr_q;
    err_wdata  = '0;
    if (clr_q) begin
      err_waddr = clr_addr_q;
    end else if (err_we) begin
      err_waddr = AddrBits'(burst.conn);
      err_wdata = '{err: 1'b1, gen: burst.gen};
    end else begin
      err_ram_we = d1_go && d1_resync;
      err_waddr  = AddrBits'(d1_q.conn);
    end
  end

  prim_ram #(
      .T(err_t),
      .Depth(DctEntries)
  ) u_err (
      .clk_i,
      .rst_ni,
      .re_i(ntf_pop),
      .raddr_i(AddrBits'(ntf_head.ntf.conn)),
      .rdata_o(err_word),
      .we_i(err_ram_we),
      .waddr_i(err_waddr),
      .wdata_i(err_wdata)
  );

  logic [NtfSlots-1:0] slot_set, slot_clr;
  logic d1_bad;

  assign slot_set =
      (ret && upload_wr_done_i.err && burst.has_ntf) ? NtfSlots'(1) << burst.slot : '0;
  assign slot_clr = ntf_pop ? NtfSlots'(1) << rslot_q : '0;
  assign d1_bad = d1_q.kind == NtfHandBack && d1_q.count != '0 && err_word.err
      && err_word.gen == d1_q.gen;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      clr_q <= 1'b1;
      clr_addr_q <= '0;
      issued_q <= '0;
      retired_q <= '0;
      wslot_q <= '0;
      rslot_q <= '0;
      ntf_err_q <= '0;
      d1_valid_q <= 1'b0;
      d1_q <= '0;
      done_valid_q <= 1'b0;
      done_q <= '0;
    end else begin
      if (clr_q) clr_addr_q <= clr_addr_q + 1'b1;
      if (clr_addr_q == '1) clr_q <= 1'b0;
      issued_q  <= issued_q + u8_t'(burst_push);
      retired_q <= retired_q + u8_t'(ret);
      wslot_q   <= wslot_q + slot_t'(ntf_push);
      rslot_q   <= rslot_q + slot_t'(ntf_pop);
      ntf_err_q <= (ntf_err_q & ~slot_clr) | slot_set;
      if (ntf_pop) d1_valid_q <= 1'b1;
      else if (d1_go) d1_valid_q <= 1'b0;
      if (ntf_pop) begin
        d1_q <= ntf_head.ntf;
        d1_q.error <= ntf_head.ntf.error || ntf_err_q[rslot_q];
      end
      if (d1_go) done_valid_q <= 1'b1;
      else if (done_ready_i) done_valid_q <= 1'b0;
      if (d1_go) begin
        done_q <= d1_q;
        done_q.error <= d1_q.error || d1_bad;
      end
    end
  end

  // ---------------------------------------------------------------------------------------------
  // Upload errors on acknowledged bytes.
  uerr_t uerr_in, uerr_head;
  logic uerr_valid, uerr_load, uerr_empty_d;

  assign uerr_in   = '{conn: burst.conn, gen: burst.gen};
  assign uerr_load = uerr_valid && (!uerr_valid_q || uerr_ready_i);

  prim_ram_fifo #(
      .T(uerr_t),
      .Depth(UerrDepth)
  ) u_uerr (
      .clk_i,
      .rst_ni,
      .push_i(err_we),
      .ready_o(),
      .data_i(uerr_in),
      .valid_o(uerr_valid),
      .pop_i(uerr_load),
      .data_o(uerr_head),
      .count_o(),
      .empty_d_o(uerr_empty_d)
  );

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      uerr_valid_q <= 1'b0;
      uerr_q <= '0;
    end else begin
      if (uerr_load) uerr_valid_q <= 1'b1;
      else if (uerr_ready_i) uerr_valid_q <= 1'b0;
      if (uerr_load) uerr_q <= uerr_head;
    end
  end

  // ---------------------------------------------------------------------------------------------
  // Quiet.
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      quiet_q <= 1'b0;
    end else begin
      quiet_q <= !(clr_q && clr_addr_q != '1) && fdata_empty_d && blk_empty_d && job_empty_d
          && !(take || (job_valid_q && !fin))
          && !(emit || (upload_wr_valid_q && !upload_wr_ready_i))
          && burst_empty_d && ntf_empty_d && uerr_empty_d
          && !(ntf_pop || (d1_valid_q && !d1_go)) && !(d1_go || (done_valid_q && !done_ready_i))
          && !(uerr_load || (uerr_valid_q && !uerr_ready_i));
    end
  end

`ifndef SYNTHESIS
  // ---------------------------------------------------------------------------------------------
  // Assertions.

  // A burst has a beat and stays within its page.
  a_page :
  assert property (@(posedge clk_i) disable iff (!rst_ni)
      (upload_wr_valid_q && upload_wr_q.first) |-> (upload_wr_q.beats != '0 &&
      9'(upload_wr_q.addr[PageBits-1:LaneBits]) + 9'(upload_wr_q.beats) <= 9'(PageBeats)));

  // A beat to memory has a byte.
  a_strb :
  assert property (@(posedge clk_i) disable iff (!rst_ni)
      upload_wr_valid_q |-> upload_wr_q.strb != '0);

  // A job takes no beat of the next frame.
  a_frame :
  assert property (@(posedge clk_i) disable iff (!rst_ni) pop0 |-> !ended_q);
`endif

endmodule
