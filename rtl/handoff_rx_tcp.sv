// SPDX-License-Identifier: Apache-2.0
//
// The receive decision: frames, commands, expiries, upload errors and starts of segments take effect
// here one at a time, and the hot state of every connection changes nowhere else.
//
// Valid/ready, with two-entry skids at op, uerr, expiry and start; room, legacy_return and grant come as
// pulses, snap, cmd_rsp and tcp_cnt leave so. One operation every two cycles, three cycles from an
// operation at its port to its outputs. An operation waits in PhDecide until every output it uses
// is free and its legacy buffers are there. Never reorders within a port, never changes state for a
// frame whose needs are not secured, never takes anything before its RAMs are cleared.
// docs/units/rx_tcp.md.

module handoff_rx_tcp
  import handoff_params_pkg::*;
  import handoff_pkg::*;
  import handoff_rx_tcp_pkg::*;
  import handoff_rx_tcp_records_pkg::*;
  import handoff_rx_tcp_rows_pkg::*;
  import handoff_rx_tcp_state_pkg::*;
  import handoff_rx_tcp_tests_pkg::*;
#(
    parameter int unsigned DctEntries = DefaultDctEntries
) (
    input logic clk_i,
    input logic rst_ni,

    // from lookup: frames and commands in the order in which they were looked up
    input  logic op_valid_i,
    output logic op_ready_o,
    input  op_t  op_i,

    // to buffers: one for each frame and command
    output logic   place_valid_o,
    input  logic   place_ready_i,
    output place_t place_o,

    // to upload: the state block of each PlaceBlock and PlaceUndelegate
    output logic   blk_valid_o,
    input  logic   blk_ready_i,
    output state_t blk_o,

    // to ack
    output logic   ackev_valid_o,
    input  logic   ackev_ready_i,
    output ackev_t ackev_o,

    // to notify: progress of the send side
    output logic progress_valid_o,
    input logic progress_ready_i,
    output progress_t progress_o,

    // to tx: one a start, in order
    output logic  snap_valid_o,
    output snap_t snap_o,

    // to command: one a command, in order
    output logic     cmd_rsp_valid_o,
    output cmd_rsp_t cmd_rsp_o,

    // to csr: each frame's verdict
    output logic tcp_cnt_valid_o,
    output cnt_t tcp_cnt_o,

    // from buffers: bytes sure to go to user buffers
    input logic  room_valid_i,
    input room_t room_i,

    // from buffers: reserved legacy buffers that were not used
    input logic legacy_return_valid_i,
    input legacy_return_t legacy_return_i,

    // from legacy: legacy buffers that arrived
    input logic   grant_valid_i,
    input grant_t grant_i,

    // from legacy: a fetch is under way or possible
    input logic legacy_more_i,

    // from upload: bytes of an entry could not be written
    input  logic  uerr_valid_i,
    output logic  uerr_ready_o,
    input  uerr_t uerr_i,

    // from timers
    input logic expiry_valid_i,
    output logic expiry_ready_o,
    input expiry_t expiry_i,

    // from tx: a segment is about to leave
    input  logic   start_valid_i,
    output logic   start_ready_o,
    input  start_t start_i,

    // from csr
    input cfg_t cfg_i,
    input logic halt_i,

    // time
    input u64_t time_us_i,

    output logic quiet_o
);

  localparam int unsigned AddrBits = $clog2(DctEntries);
  typedef logic [AddrBits-1:0] addr_t;

  if (DctEntries < MinDctEntries || DctEntries > MaxDctEntries ||
      DctEntries != (1 << AddrBits)) begin : gen_check
    $error("handoff_rx_tcp: DctEntries must be a power of two, MinDctEntries to MaxDctEntries");
  end

  // Registers.
  phase_e phase_q, phase_d;
  addr_t clr_addr_q;
  kind_e kind_q;
  op_t op_q;
  uerr_t uerr_q;
  expiry_t expiry_q;
  start_t start_q;
  conn_t conn_q;
  logic same_q;
  state_t s_q;
  tests_t t_q;
  u64_t now_q;
  u16_t credit_q;
  logic [3:0] wait_q;
  logic wr_q;
  addr_t wr_addr_q;

  logic place_valid_q, blk_valid_q, ackev_valid_q, progress_valid_q;
  logic snap_valid_q, cmd_rsp_valid_q, tcp_cnt_valid_q;
  place_t place_q;
  state_t blk_q;
  ackev_t ackev_q;
  progress_t progress_q;
  snap_t snap_q;
  cmd_rsp_t cmd_rsp_q;
  cnt_t tcp_cnt_q;
  logic quiet_q;

  // -----------------------------------------------------------------------------------------------
  // Take: one operation of four channels.

  logic op_skid_valid, uerr_skid_valid, expiry_skid_valid, start_skid_valid;
  logic op_pop, uerr_pop, expiry_pop, start_pop;
  logic op_empty_d, uerr_empty_d, exp_empty_d, start_empty_d;
  op_t op_skid;
  uerr_t uerr_skid;
  expiry_t expiry_skid;
  start_t start_skid;

  prim_skid #(
      .T(op_t)
  ) u_op_skid (
      .clk_i,
      .rst_ni,
      .valid_i(op_valid_i),
      .ready_o(op_ready_o),
      .data_i(op_i),
      .valid_o(op_skid_valid),
      .pop_i(op_pop),
      .data_o(op_skid),
      .empty_d_o(op_empty_d)
  );

  prim_skid #(
      .T(uerr_t)
  ) u_uerr_skid (
      .clk_i,
      .rst_ni,
      .valid_i(uerr_valid_i),
      .ready_o(uerr_ready_o),
      .data_i(uerr_i),
      .valid_o(uerr_skid_valid),
      .pop_i(uerr_pop),
      .data_o(uerr_skid),
      .empty_d_o(uerr_empty_d)
  );

  prim_skid #(
      .T(expiry_t)
  ) u_expiry_skid (
      .clk_i,
      .rst_ni,
      .valid_i(expiry_valid_i),
      .ready_o(expiry_ready_o),
      .data_i(expiry_i),
      .valid_o(expiry_skid_valid),
      .pop_i(expiry_pop),
      .data_o(expiry_skid),
      .empty_d_o(exp_empty_d)
  );

  prim_skid #(
      .T(start_t)
  ) u_start_skid (
      .clk_i,
      .rst_ni,
      .valid_i(start_valid_i),
      .ready_o(start_ready_o),
      .data_i(start_i),
      .valid_o(start_skid_valid),
      .pop_i(start_pop),
      .data_o(start_skid),
      .empty_d_o(start_empty_d)
  );

  logic fire, take;
  conn_t take_conn;

  always_comb begin
    uerr_pop = 1'b0;
    expiry_pop = 1'b0;
    op_pop = 1'b0;
    start_pop = 1'b0;
    take_conn = start_skid.conn;
    if ((phase_q == PhIdle) || fire) begin
      if (uerr_skid_valid) begin
        uerr_pop  = 1'b1;
        take_conn = uerr_skid.conn;
      end else if (expiry_skid_valid) begin
        expiry_pop = 1'b1;
        take_conn  = expiry_skid.conn;
      end else if (op_skid_valid && !(start_skid_valid && (wait_q == StartWait))) begin
        op_pop = 1'b1;
        take_conn = op_skid.is_cmd ? op_skid.cmd.conn : op_skid.conn;
      end else begin
        start_pop = start_skid_valid;
      end
    end
    take = uerr_pop || expiry_pop || op_pop || start_pop;
  end

  // -----------------------------------------------------------------------------------------------
  // The state RAM and the room RAM, read at the take. A new state lies in s_q and is written an edge
  // later; a take that would miss it says so by same_q.

  state_t rdata;
  room_word_t room_word;
  logic clearing;
  addr_t take_addr;

  assign clearing  = phase_q == PhClear;
  assign take_addr = addr_t'(take_conn);

  prim_ram #(
      .T(state_t),
      .Depth(DctEntries)
  ) u_state (
      .clk_i,
      .rst_ni,
      .re_i(take),
      .raddr_i(take_addr),
      .rdata_o(rdata),
      .we_i(clearing || wr_q),
      .waddr_i(clearing ? clr_addr_q : wr_addr_q),
      .wdata_i(s_q)  // 0 while clearing
  );

  prim_ram #(
      .T(room_word_t),
      .Depth(DctEntries)
  ) u_room (
      .clk_i,
      .rst_ni,
      .re_i(take),
      .raddr_i(take_addr),
      .rdata_o(room_word),
      .we_i(clearing || room_valid_i),
      .waddr_i(clearing ? clr_addr_q : addr_t'(room_i.conn)),
      .wdata_i(clearing ? '0 : {room_i.room_epoch, room_i.room_end})
  );

  // -----------------------------------------------------------------------------------------------
  // PhTest. A state just decided is in s_q, not yet in what the RAM shows.

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      t_q   <= '0;
      now_q <= '0;
    end else if (phase_q == PhTest) begin
      now_q <= time_us_i;
      unique case (kind_q)
        KindOp: begin
          if (op_q.is_cmd) t_q <= test_command(op_q.cmd, same_q ? s_q : rdata);
          else
            t_q <= test_frame(
                op_q.hit,
                op_q.seg,
                same_q ? s_q : rdata,
                room_word,
                cfg_i.limit_us,
                ms_of(
                    time_us_i
                ),
                s_of(
                    time_us_i)
            );
        end
        KindStart: t_q <= test_start(start_q, same_q ? s_q : rdata);
        KindUerr:  t_q <= test_uerr(uerr_q, same_q ? s_q : rdata);
        default:   t_q <= '0;  // KindExp
      endcase
    end
  end

  // -----------------------------------------------------------------------------------------------
  // PhDecide: the row, whether it may fire, and what it loads.

  act_t row, act;
  state_t n_d;
  logic lacks, waits;

  always_comb begin
    row = '0;
    if (phase_q == PhDecide) begin
      unique case (kind_q)
        KindOp: begin
          if (op_q.is_cmd) row = command_row(op_q.cmd, t_q, s_q);
          else row = frame_row(halt_i, op_q.seg, t_q, s_q);
        end
        KindStart: row = start_row(t_q.stale, t_q.too_long);
        KindUerr:  row = uerr_row(t_q.stale);
        default:   row = expiry_row(expiry_q.is_handback, s_q.valid);
      endcase
    end
    lacks = 16'(row.reserved) > credit_q;
    waits = lacks && (legacy_more_i || grant_valid_i);
    act = lacks ? taken(ReasonNoLegacyBuffer) : row;
    fire = (phase_q == PhDecide) && !waits
        && (!act.place || !place_valid_q || place_ready_i)
        && (!act.blk || !blk_valid_q || blk_ready_i)
        && (!act.ackev || !ackev_valid_q || ackev_ready_i)
        && (!act.progress || !progress_valid_q || progress_ready_i);
  end

  always_comb begin
    n_d = '0;
    if (fire) n_d = next_state(act, s_q, op_q, start_q, t_q, cfg_i.limit_us, now_q);
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) s_q <= '0;
    else if (fire) s_q <= n_d;
    else if ((phase_q == PhTest) && !same_q) s_q <= rdata;
  end

  // -----------------------------------------------------------------------------------------------
  // Registers.

  logic place_valid_d, blk_valid_d, ackev_valid_d, progress_valid_d;
  logic snap_valid_d, cmd_rsp_valid_d, tcp_cnt_valid_d;

  always_comb begin
    place_valid_d = (fire && act.place) || (place_valid_q && !place_ready_i);
    blk_valid_d = (fire && act.blk) || (blk_valid_q && !blk_ready_i);
    ackev_valid_d = (fire && act.ackev) || (ackev_valid_q && !ackev_ready_i);
    progress_valid_d = (fire && act.progress) || (progress_valid_q && !progress_ready_i);
    snap_valid_d = fire && act.snap;
    cmd_rsp_valid_d = fire && act.rsp;
    tcp_cnt_valid_d = fire && act.cnt;

    unique case (phase_q)
      PhClear:  phase_d = (clr_addr_q == addr_t'(DctEntries - 1)) ? PhIdle : PhClear;
      PhTest:   phase_d = PhDecide;
      PhDecide: phase_d = take ? PhTest : (fire ? PhIdle : PhDecide);
      default:  phase_d = take ? PhTest : PhIdle;
    endcase
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      phase_q <= PhClear;
      clr_addr_q <= '0;
      kind_q <= KindUerr;
      op_q <= '0;
      uerr_q <= '0;
      expiry_q <= '0;
      start_q <= '0;
      conn_q <= '0;
      same_q <= 1'b0;
      credit_q <= '0;
      wait_q <= '0;
      wr_q <= 1'b0;
      wr_addr_q <= '0;
    end else begin
      phase_q <= phase_d;
      if (clearing) clr_addr_q <= clr_addr_q + addr_t'(1);
      if (take) begin
        conn_q <= take_conn;
        same_q <= (fire && (take_addr == addr_t'(conn_q))) || (wr_q && (take_addr == wr_addr_q));
        if (start_pop) wait_q <= 4'd0;
        else if (start_skid_valid && (wait_q != StartWait)) wait_q <= wait_q + 4'd1;
      end
      if (uerr_pop) begin
        kind_q <= KindUerr;
        uerr_q <= uerr_skid;
      end
      if (expiry_pop) begin
        kind_q   <= KindExp;
        expiry_q <= expiry_skid;
      end
      if (op_pop) begin
        kind_q <= KindOp;
        op_q   <= op_skid;
      end
      if (start_pop) begin
        kind_q  <= KindStart;
        start_q <= start_skid;
      end
      wr_q <= fire;
      if (fire) wr_addr_q <= addr_t'(conn_q);
      credit_q <= credit_q + (grant_valid_i ? 16'(grant_i.n) : 16'd0)
          + (legacy_return_valid_i ? 16'(legacy_return_i.n) : 16'd0)
          - (fire ? 16'(act.reserved) : 16'd0);
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      place_valid_q <= 1'b0;
      blk_valid_q <= 1'b0;
      ackev_valid_q <= 1'b0;
      progress_valid_q <= 1'b0;
      snap_valid_q <= 1'b0;
      cmd_rsp_valid_q <= 1'b0;
      tcp_cnt_valid_q <= 1'b0;
      place_q <= '0;
      blk_q <= '0;
      ackev_q <= '0;
      progress_q <= '0;
      snap_q <= '0;
      cmd_rsp_q <= '0;
      tcp_cnt_q <= '0;
      quiet_q <= 1'b0;
    end else begin
      place_valid_q <= place_valid_d;
      blk_valid_q <= blk_valid_d;
      ackev_valid_q <= ackev_valid_d;
      progress_valid_q <= progress_valid_d;
      snap_valid_q <= snap_valid_d;
      cmd_rsp_valid_q <= cmd_rsp_valid_d;
      tcp_cnt_valid_q <= tcp_cnt_valid_d;
      if (fire) begin
        if (act.place) place_q <= make_place(act, op_q, expiry_q, t_q, conn_q, s_q, n_d);
        if (act.blk) blk_q <= s_q;
        if (act.ackev) ackev_q <= make_ackev(act, op_q.seg, expiry_q, t_q.seg_end, conn_q, n_d);
        if (act.progress) progress_q <= make_progress(act, op_q.seg, conn_q, n_d);
        if (act.snap) snap_q <= make_snap(act, start_q, s_q, n_d);
        if (act.rsp) cmd_rsp_q <= '{status: act.status, op: op_q.cmd.op};
        if (act.cnt) tcp_cnt_q <= '{index: act.reason};
      end
      quiet_q <= (phase_d == PhIdle) && op_empty_d && uerr_empty_d && exp_empty_d && start_empty_d
          && !place_valid_d && !blk_valid_d && !ackev_valid_d && !progress_valid_d && !snap_valid_d
          && !cmd_rsp_valid_d && !tcp_cnt_valid_d;
    end
  end

  assign place_valid_o = place_valid_q;
  assign place_o = place_q;
  assign blk_valid_o = blk_valid_q;
  assign blk_o = blk_q;
  assign ackev_valid_o = ackev_valid_q;
  assign ackev_o = ackev_q;
  assign progress_valid_o = progress_valid_q;
  assign progress_o = progress_q;
  assign snap_valid_o = snap_valid_q;
  assign snap_o = snap_q;
  assign cmd_rsp_valid_o = cmd_rsp_valid_q;
  assign cmd_rsp_o = cmd_rsp_q;
  assign tcp_cnt_valid_o = tcp_cnt_valid_q;
  assign tcp_cnt_o = tcp_cnt_q;
  assign quiet_o = quiet_q;

  // The block that QUERY writes begins with state_t.
  if ($bits(state_t) != 8 * StateBytes) begin : gen_check_state
    $error("handoff_rx_tcp: state_t must have StateBytes");
  end

`ifndef SYNTHESIS
  // A frame leaves a place and a verdict together.
  assert property (@(posedge clk_i) disable iff (!rst_ni)
      tcp_cnt_valid_q |-> (place_valid_q && (place_q.kind inside
                           {PlaceDrop, PlaceWhole, PlacePayload})));

  // No frame is taken on a legacy buffer that is not there.
  assert property (@(posedge clk_i) disable iff (!rst_ni) fire |-> (16'(act.reserved) <= credit_q));

  // The kept right edge of an entry never moves back.
  logic edge_back;
  assign edge_back = fire && lt(n_d.rcv_edge, s_q.rcv_edge);
  assert property (@(posedge clk_i) disable iff (!rst_ni) edge_back |-> act.setup);
`endif

endmodule
