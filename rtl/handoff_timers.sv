// SPDX-License-Identifier: Apache-2.0
//
// Deadlines of delayed ACKs and hand-backs: one timer a connection and kind, in four doubly linked
// lists of constant delay, so that the next deadline is always the head of one of them.
//
// Valid/ready, with two-entry skids at ack_tmr and back_tmr. A request takes two cycles, three when
// it arms an armed timer. A deadline reached in cycle n is at expiry in n+2. Never fires a timer that
// was cancelled or armed anew; never counts. docs/units/timers.md.

module handoff_timers
  import handoff_params_pkg::*;
  import handoff_pkg::*;
#(
    parameter int unsigned DctEntries = DefaultDctEntries
) (
    input logic clk_i,
    input logic rst_ni,

    // from ack: arm or cancel a delayed ACK
    input  logic ack_tmr_valid_i,
    output logic ack_tmr_ready_o,
    input  tmr_t ack_tmr_i,

    // from buffers: arm or cancel a hand-back
    input  logic back_tmr_valid_i,
    output logic back_tmr_ready_o,
    input  tmr_t back_tmr_i,

    // to rx_tcp: a timer ran out
    output logic expiry_valid_o,
    input logic expiry_ready_i,
    output expiry_t expiry_o,

    // to the engine: the next deadline, all ones when there is none
    output u64_t wake_us_o,

    input cfg_t cfg_i,
    input u64_t time_us_i,

    output logic quiet_o
);

  localparam int unsigned ConnBits = $clog2(DctEntries);
  localparam int unsigned Nodes = 2 * DctEntries;

  if (DctEntries < MinDctEntries || DctEntries > MaxDctEntries ||
      DctEntries != 1 << ConnBits) begin : gen_check
    $error("handoff_timers: DctEntries must be a power of two, MinDctEntries to MaxDctEntries");
  end

  typedef struct packed {
    logic is_handback;
    logic [ConnBits-1:0] conn;
  } node_t;

  typedef struct packed {
    logic armed;
    logic [1:0] list;  // its delay class when it was armed
    u8_t epoch;
  } info_t;

  typedef enum logic [2:0] {
    StClear,  // every timer is made unarmed
    StIdle,   // an expiry or a request is picked, its node is read
    StExec,   // cancel, or arm; an armed timer leaves its place first
    StLink,   // and gets its new place here
    StFire    // a head leaves, expiry is loaded
  } state_e;

  state_e state_q, state_d;

  // ---------------------------------------------------------------------------------------------
  // Requests: a skid each, round robin.

  logic ack_valid, ack_pop;
  logic back_valid, back_pop;
  tmr_t ack_req, back_req, req;
  logic req_valid, req_idx, req_take;

  prim_skid #(
      .T(tmr_t)
  ) u_ack_tmr_skid (
      .clk_i,
      .rst_ni,
      .valid_i(ack_tmr_valid_i),
      .ready_o(ack_tmr_ready_o),
      .data_i(ack_tmr_i),
      .valid_o(ack_valid),
      .pop_i(ack_pop),
      .data_o(ack_req),
      .empty_d_o()
  );

  prim_skid #(
      .T(tmr_t)
  ) u_back_tmr_skid (
      .clk_i,
      .rst_ni,
      .valid_i(back_tmr_valid_i),
      .ready_o(back_tmr_ready_o),
      .data_i(back_tmr_i),
      .valid_o(back_valid),
      .pop_i(back_pop),
      .data_o(back_req),
      .empty_d_o()
  );

  prim_arb #(
      .N(2)
  ) u_arb (
      .clk_i,
      .rst_ni,
      .req_i  ({back_valid, ack_valid}),
      .valid_o(req_valid),
      .idx_o  (req_idx),
      .take_i (req_take)
  );

  assign ack_pop = req_take && !req_idx;
  assign back_pop = req_take && req_idx;
  assign req = req_idx ? back_req : ack_req;

  // ---------------------------------------------------------------------------------------------
  // Nodes and lists. `next` of a tail and `prev` of a head mean nothing.

  node_t clr_q, op_node_q;
  logic op_arm_q;
  logic [1:0] op_class_q;
  u8_t op_epoch_q;

  node_t [DelayClasses-1:0] head_q, tail_q;
  logic [DelayClasses-1:0] nonempty_q;
  u64_t [DelayClasses-1:0] head_due_q;  // deadline of the head: right unless it is being refilled
  u64_t [DelayClasses-1:0] last_due_q;  // deadline given last: none later in the list
  logic refill_q;
  logic [1:0] refill_class_q;

  logic node_re, due_re, info_we, next_we, prev_we;
  node_t raddr, info_waddr, next_waddr, prev_waddr, next_wdata, prev_wdata;
  info_t info, info_wdata;
  node_t next, prev;
  u64_t due, new_due;
  logic link, unlink, is_head, is_tail;
  logic [1:0] leave;  // the list that a node leaves

  prim_ram #(
      .T(info_t),
      .Depth(Nodes)
  ) u_info (
      .clk_i,
      .rst_ni,
      .re_i(node_re),
      .raddr_i(raddr),
      .rdata_o(info),
      .we_i(info_we),
      .waddr_i(info_waddr),
      .wdata_i(info_wdata)
  );

  prim_ram #(
      .T(node_t),
      .Depth(Nodes)
  ) u_next (
      .clk_i,
      .rst_ni,
      .re_i(node_re),
      .raddr_i(raddr),
      .rdata_o(next),
      .we_i(next_we),
      .waddr_i(next_waddr),
      .wdata_i(next_wdata)
  );

  prim_ram #(
      .T(node_t),
      .Depth(Nodes)
  ) u_prev (
      .clk_i,
      .rst_ni,
      .re_i(node_re),
      .raddr_i(raddr),
      .rdata_o(prev),
      .we_i(prev_we),
      .waddr_i(prev_waddr),
      .wdata_i(prev_wdata)
  );

  prim_ram #(
      .T(u64_t),
      .Depth(Nodes)
  ) u_due (
      .clk_i,
      .rst_ni,
      .re_i(due_re),
      .raddr_i(next),
      .rdata_o(due),
      .we_i(link),
      .waddr_i(op_node_q),
      .wdata_i(new_due)
  );

  // ---------------------------------------------------------------------------------------------
  // The least deadline, and whether a head is due.

  logic [DelayClasses-1:0] head_due;
  logic [1:0] due_class;
  u64_t due_min, wake_d;
  logic fire;

  always_comb begin
    due_class = 2'd0;
    due_min = '1;
    wake_d = '1;
    head_due = '0;
    for (int unsigned c = DelayClasses; c > 0; c--) begin
      if (nonempty_q[c-1]) begin
        head_due[c-1] = time_us_i >= head_due_q[c-1];
        if (head_due[c-1] && head_due_q[c-1] <= due_min) begin
          due_class = 2'(c - 1);
          due_min   = head_due_q[c-1];
        end
        if (head_due_q[c-1] < wake_d) wake_d = head_due_q[c-1];
      end
    end
  end

  // ---------------------------------------------------------------------------------------------
  // The pick.

  logic expiry_valid_q, expiry_free;
  expiry_t expiry_q;

  assign expiry_free = !expiry_valid_q || expiry_ready_i;
  assign fire = (state_q == StIdle) && !refill_q && (head_due != '0) && expiry_free;
  assign req_take = (state_q == StIdle) && !fire && req_valid;
  assign node_re = fire || req_take;
  assign raddr = fire ? head_q[due_class] : '{is_handback: req_idx, conn: ConnBits'(req.conn)};

  always_comb begin
    state_d = state_q;
    unique case (state_q)
      StClear: if (&clr_q) state_d = StIdle;
      StIdle: begin
        if (fire) state_d = StFire;
        else if (req_take) state_d = StExec;
      end
      StExec:  state_d = (op_arm_q && info.armed) ? StLink : StIdle;
      StLink:  state_d = StIdle;
      StFire:  state_d = StIdle;
      default: state_d = StIdle;
    endcase
  end

  // ---------------------------------------------------------------------------------------------
  // Leaving a list and joining one.

  assign unlink = (state_q == StFire) || (state_q == StExec && info.armed);
  assign link = (state_q == StLink) || (state_q == StExec && op_arm_q && !info.armed);
  assign leave = info.list;
  assign is_head = head_q[leave] == op_node_q;
  assign is_tail = tail_q[leave] == op_node_q;
  assign due_re = unlink && is_head && !is_tail;

  always_comb begin
    u32_t delay;
    unique case (op_class_q)
      2'd0: delay = cfg_i.delay0_us;
      2'd1: delay = cfg_i.delay1_us;
      2'd2: delay = cfg_i.delay2_us;
      default: delay = cfg_i.delay3_us;
    endcase
    new_due = time_us_i + u64_t'(delay);
    if (nonempty_q[op_class_q] && last_due_q[op_class_q] > new_due)
      new_due = last_due_q[op_class_q];
  end

  always_comb begin
    next_we = 1'b0;
    prev_we = 1'b0;
    next_waddr = prev;
    next_wdata = next;
    prev_waddr = next;
    prev_wdata = prev;
    if (link) begin
      next_we = nonempty_q[op_class_q];
      next_waddr = tail_q[op_class_q];
      next_wdata = op_node_q;
      prev_we = nonempty_q[op_class_q];
      prev_waddr = op_node_q;
      prev_wdata = tail_q[op_class_q];
    end else if (unlink) begin
      next_we = !is_head && !is_tail;
      prev_we = !is_head && !is_tail;
    end

    info_we = 1'b1;
    info_waddr = op_node_q;
    info_wdata = '0;
    if (state_q == StClear) info_waddr = clr_q;
    else if (link) info_wdata = '{armed: 1'b1, list: op_class_q, epoch: op_epoch_q};
    else info_we = unlink && (state_q == StFire || !op_arm_q);
  end

  // ---------------------------------------------------------------------------------------------
  // Registers.

  u64_t wake_us_q;
  logic quiet_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q <= StClear;
      clr_q <= '0;
      op_node_q <= '0;
      op_arm_q <= 1'b0;
      op_class_q <= '0;
      op_epoch_q <= '0;
      head_q <= '0;
      tail_q <= '0;
      nonempty_q <= '0;
      head_due_q <= '0;
      last_due_q <= '0;
      refill_q <= 1'b0;
      refill_class_q <= '0;
      expiry_valid_q <= 1'b0;
      expiry_q <= '0;
      wake_us_q <= '1;
      quiet_q <= 1'b0;
    end else begin
      state_q <= state_d;
      if (state_q == StClear) clr_q <= clr_q + 1'b1;

      if (node_re) op_node_q <= raddr;
      if (req_take) begin
        op_arm_q   <= req.arm;
        op_class_q <= req.delay_class;
        op_epoch_q <= req.epoch;
      end

      refill_q <= due_re;
      if (due_re) refill_class_q <= leave;
      if (refill_q) head_due_q[refill_class_q] <= due;

      if (unlink) begin
        if (is_head && is_tail) nonempty_q[leave] <= 1'b0;
        else if (is_head) head_q[leave] <= next;
        else if (is_tail) tail_q[leave] <= prev;
      end
      if (link) begin
        if (!nonempty_q[op_class_q]) begin
          head_q[op_class_q] <= op_node_q;
          head_due_q[op_class_q] <= new_due;
        end
        nonempty_q[op_class_q] <= 1'b1;
        tail_q[op_class_q] <= op_node_q;
        last_due_q[op_class_q] <= new_due;
      end

      if (state_q == StFire) begin
        expiry_valid_q <= 1'b1;
        expiry_q <= '{
            conn: conn_t'(op_node_q.conn),
            is_handback: op_node_q.is_handback,
            epoch: info.epoch
        };
      end else if (expiry_ready_i) begin
        expiry_valid_q <= 1'b0;
      end

      if (!refill_q) wake_us_q <= wake_d;
      quiet_q <= (state_q == StIdle) && !refill_q && !ack_valid && !back_valid && (head_due == '0)
          && !expiry_valid_q;
    end
  end

  assign expiry_valid_o = expiry_valid_q;
  assign expiry_o = expiry_q;
  assign wake_us_o = wake_us_q;
  assign quiet_o = quiet_q;

`ifndef SYNTHESIS
  // ---------------------------------------------------------------------------------------------
  // Assertions.

  // A list is refilled and used in turn, never at once.
  assert property (@(posedge clk_i) disable iff (!rst_ni)
      refill_q |-> state_q inside {StIdle, StLink});
  // Only an armed timer fires.
  assert property (@(posedge clk_i) disable iff (!rst_ni) (state_q == StFire) |-> info.armed);
  // Once up, an expiry stays until it is taken.
  assert property (@(posedge clk_i) disable iff (!rst_ni)
      expiry_valid_o && !expiry_ready_i |=> expiry_valid_o && $stable(
      expiry_o
  ));
`endif

endmodule
