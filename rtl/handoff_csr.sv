// SPDX-License-Identifier: Apache-2.0
//
// Registers of BAR0, event counters, the rings' host indices, the reset sequence (docs/units/csr.md).
//
// Contract: one access at a time, answered four cycles after it was accepted by an idle unit. Bad
// accesses answer SLVERR and change nothing. Configuration and indices are levels. Never back-pressures
// a count. Resets the other units only when the DMA is drained and tx is idle.

module handoff_csr
  import handoff_params_pkg::*;
  import handoff_pkg::*;
  import handoff_regs_pkg::*;
#(
    parameter int unsigned DctEntries = DefaultDctEntries,
    parameter int unsigned Slots = DefaultSlots
) (
    input logic clk_i,
    input logic rst_ni,

    // from rx_fifo: frames that ended, frames it dropped
    input logic rxf_cnt_valid_i,
    input cnt_t rxf_cnt_i,
    input logic rxf_drop_valid_i,
    input cnt_t rxf_drop_i,

    // from lookup: entries in use
    input u32_t lookup_used_i,

    // from rx_tcp: verdicts
    input logic tcp_cnt_valid_i,
    input cnt_t tcp_cnt_i,

    // from buffers, ack, tx: events
    input logic back_cnt_valid_i,
    input cnt_t back_cnt_i,
    input logic ack_cnt_valid_i,
    input cnt_t ack_cnt_i,
    input logic tx_cnt_valid_i,
    input cnt_t tx_cnt_i,
    input logic txa_cnt_valid_i,
    input cnt_t txa_cnt_i,

    // from the endpoint: AXI4-Lite
    input  logic       s_aw_valid_i,
    output logic       s_aw_ready_o,
    input  axil_addr_t s_aw_i,
    input  logic       s_w_valid_i,
    output logic       s_w_ready_o,
    input  axil_w_t    s_w_i,
    input  logic       s_ar_valid_i,
    output logic       s_ar_ready_o,
    input  axil_addr_t s_ar_i,
    output logic       s_b_valid_o,
    input  logic       s_b_ready_i,
    output axil_b_t    s_b_o,
    output logic       s_r_valid_o,
    input  logic       s_r_ready_i,
    output axil_r_t    s_r_o,

    // from notify: interrupts sent
    input logic irq_cnt_valid_i,
    input cnt_t irq_cnt_i,

    // to all units: levels
    output cfg_t  cfg_o,
    output ring_t cmd_ring_o,
    output ring_t tx_ring_o,
    output ring_t legacy_ring_o,
    output ring_t ntf_ring_o,

    // from the rings' units: their indices and faults
    input u16_t cmd_cons_i,
    input u16_t tx_cons_i,
    input u16_t legacy_cons_i,
    input u16_t ntf_prod_i,
    input logic cmd_fault_i,
    input logic tx_fault_i,
    input logic legacy_fault_i,
    input logic ntf_fault_i,

    // reset and halt
    output logic halt_o,
    output logic stop_o,
    input  logic drained_i,
    input  logic tx_idle_i,
    output logic unit_rst_n_o,

    // pins
    input  logic link_up_i,
    input  logic flr_req_i,
    output logic flr_done_o,

    output logic quiet_o
);

  localparam logic [1:0] RespOkay = 2'b00;
  localparam logic [1:0] RespSlverr = 2'b10;
  localparam logic [4:0] HoldCycles = 5'd15;  // cycles in reset, less one
  localparam u32_t FrameLimit = MaxFrameBytes - 1;

  // The rings, in the order of their registers.
  localparam int unsigned RingCmd = 0;
  localparam int unsigned RingTx = 1;
  localparam int unsigned RingLegacy = 2;
  localparam int unsigned RingNtf = 3;

  // Addresses come from rtl/regs/handoff.rdl (handoff_regs_pkg). An array's entry and the place in
  // it are bits of the address, those above them say that it is the array.
  localparam logic [AddrBits-1:0] AddrHashKeyEnd =
      AddrHashKey + AddrBits'(NumHashKey * StrideHashKey);
  localparam int unsigned RingLsb = $clog2(StrideRing);
  localparam int unsigned RingMsb = $clog2(NumRing * StrideRing);
  localparam int unsigned CounterLsb = $clog2(StrideCounter);
  localparam int unsigned CounterMsb = $clog2(NumCounter * StrideCounter);

  if (AddrRing % (1 << RingMsb) != 0 || AddrCounter % (1 << CounterMsb) != 0) begin : gen_check
    $error("handoff_csr: rings and counters must lie at multiples of their sizes");
  end
  if (NumHashKey * 32 != HashKeyBits || NumDelayUs != DelayClasses) begin : gen_check_numbers
    $error("handoff_csr: words of the hash key or delay classes disagree with handoff_pkg");
  end

  typedef enum logic [2:0] {
    StIdle,
    StCheck,
    StAccess,
    StRespond,
    StWait
  } state_e;
  typedef enum logic [1:0] {
    ResetIdle,
    ResetStop,
    ResetHold
  } reset_e;

  state_e state_q;
  reset_e rst_state_q, rst_state_d;
  logic is_wr_q, err_q, bad_q;
  u16_t addr_q;
  u32_t wdata_q, rdata_q, hi_q;
  logic [3:0] wstrb_q;
  logic [NumRing-1:0] faults_q;
  logic s_b_valid_q, s_r_valid_q;
  axil_b_t s_b_q;
  axil_r_t s_r_q;
  u64_t cnt_q[NumCounter];
  logic halted_q, reset_done_q, by_flr_q, stop_q, unit_rst_n_q, flr_done_q, link_up_q, quiet_q;
  logic [4:0] rst_cnt_q;

  // ---------------------------------------------------------------------------------------------
  // StIdle: a write goes before a read.
  logic aw_valid, w_valid, ar_valid, aw_empty_d, w_empty_d, ar_empty_d;
  axil_addr_t aw, ar;
  axil_w_t w;
  logic take_wr, take_rd;

  assign take_wr = state_q == StIdle && aw_valid && w_valid;
  assign take_rd = state_q == StIdle && !take_wr && ar_valid;

  prim_skid #(
      .T(axil_addr_t)
  ) u_s_aw (
      .clk_i,
      .rst_ni,
      .valid_i(s_aw_valid_i),
      .ready_o(s_aw_ready_o),
      .data_i(s_aw_i),
      .valid_o(aw_valid),
      .data_o(aw),
      .pop_i(take_wr),
      .empty_d_o(aw_empty_d)
  );
  prim_skid #(
      .T(axil_w_t)
  ) u_s_w (
      .clk_i,
      .rst_ni,
      .valid_i(s_w_valid_i),
      .ready_o(s_w_ready_o),
      .data_i(s_w_i),
      .valid_o(w_valid),
      .data_o(w),
      .pop_i(take_wr),
      .empty_d_o(w_empty_d)
  );
  prim_skid #(
      .T(axil_addr_t)
  ) u_s_ar (
      .clk_i,
      .rst_ni,
      .valid_i(s_ar_valid_i),
      .ready_o(s_ar_ready_o),
      .data_i(s_ar_i),
      .valid_o(ar_valid),
      .data_o(ar),
      .pop_i(take_rd),
      .empty_d_o(ar_empty_d)
  );

  // ---------------------------------------------------------------------------------------------
  // StCheck: what the register block cannot know.
  handoff__in_t  hwif_in;
  handoff__out_t hwif_out;
  logic [AddrBits-1:0] addr, ring_reg;
  logic [NumRing-1:0] ring_enable;
  logic [4:0] ring_log_size[NumRing];
  logic ring_hit;
  logic [$clog2(NumRing)-1:0] ring_sel;
  logic bad_ring, check_err;

  always_comb begin
    for (int unsigned i = 0; i < NumRing; i++) begin
      ring_enable[i]   = hwif_out.ring[i].enable.enable.value;
      ring_log_size[i] = hwif_out.ring[i].size.log_size.value;
    end
  end

  assign addr = addr_q[AddrBits-1:0];
  assign ring_hit = addr[AddrBits-1:RingMsb] == AddrRing[AddrBits-1:RingMsb];
  assign ring_sel = addr[RingMsb-1:RingLsb];
  assign ring_reg = AddrBits'(addr[RingLsb-1:0]);

  always_comb begin
    bad_ring = 1'b0;
    if (ring_hit) begin
      unique case (ring_reg)
        OffRingBaseLo: bad_ring = ring_enable[ring_sel] || wdata_q[AlignBits-1:0] != '0;
        OffRingBaseHi: bad_ring = ring_enable[ring_sel];
        OffRingSize: bad_ring = ring_enable[ring_sel] || wdata_q == '0 || wdata_q > 32'(LogSizeMax);
        OffRingIndex:
        bad_ring = !ring_enable[ring_sel] || wdata_q >= (32'd1 << ring_log_size[ring_sel]);
        default: bad_ring = 1'b0;
      endcase
    end
  end

  assign check_err =
      addr[1:0] != '0 || addr_q[15:AddrBits] != '0 ||
      (is_wr_q &&
       (wstrb_q != '1 || bad_ring || rst_state_q != ResetIdle ||
        (lookup_used_i != '0 && addr >= AddrHashKey && addr < AddrHashKeyEnd) ||
        (addr == AddrMaxFrame && (wdata_q < MinFrameBytes || wdata_q > FrameLimit))));

  // ---------------------------------------------------------------------------------------------
  // StAccess: the block answers in the same cycle.
  logic block_req, block_rst_n, rd_ack, rd_err, wr_ack, wr_err, unused_stall_wr, unused_stall_rd;
  u32_t rd_data;
  logic block_err;

  assign block_req   = state_q == StAccess && !err_q;
  assign block_rst_n = rst_ni && !(rst_state_q == ResetHold && rst_cnt_q == HoldCycles);
  assign block_err   = is_wr_q ? (wr_err || !wr_ack) : (rd_err || !rd_ack);

  handoff_regs u_regs (
      .clk(clk_i),
      .rst_n(block_rst_n),
      .s_cpuif_req(block_req),
      .s_cpuif_req_is_wr(is_wr_q),
      .s_cpuif_addr(addr),
      .s_cpuif_wr_data(wdata_q),
      .s_cpuif_wr_biten('1),
      .s_cpuif_req_stall_wr(unused_stall_wr),
      .s_cpuif_req_stall_rd(unused_stall_rd),
      .s_cpuif_rd_ack(rd_ack),
      .s_cpuif_rd_err(rd_err),
      .s_cpuif_rd_data(rd_data),
      .s_cpuif_wr_ack(wr_ack),
      .s_cpuif_wr_err(wr_err),
      .hwif_in(hwif_in),
      .hwif_out(hwif_out)
  );

  always_comb begin
    hwif_in.build.dct_entries.next = 17'(DctEntries);
    hwif_in.build.slots.next = 7'(Slots);
    hwif_in.build.data_bytes.next = 8'(DataBytes);
    hwif_in.status.halted.next = halted_q;
    hwif_in.status.reset_done.next = reset_done_q;
    hwif_in.status.link_up.next = link_up_q;
    hwif_in.status.resetting.next = rst_state_q != ResetIdle;
    hwif_in.status.faults.next = faults_q;
    hwif_in.lookup_used.value.next = lookup_used_i;
    hwif_in.ring[RingCmd].engine.value.next = cmd_cons_i;
    hwif_in.ring[RingTx].engine.value.next = tx_cons_i;
    hwif_in.ring[RingLegacy].engine.value.next = legacy_cons_i;
    hwif_in.ring[RingNtf].engine.value.next = ntf_prod_i;
    // The counters are 4,096 bits: they are copied only in the cycle that reads one of them.
    if (block_req) begin
      for (int unsigned i = 0; i < NumCounter; i++) begin
        hwif_in.counter[i].lo.value.next = cnt_q[i][31:0];
        hwif_in.counter[i].hi.value.next = hi_q;
      end
    end else begin
      for (int unsigned i = 0; i < NumCounter; i++) begin
        hwif_in.counter[i].lo.value.next = '0;
        hwif_in.counter[i].hi.value.next = '0;
      end
    end
  end

  // ---------------------------------------------------------------------------------------------
  // Counters.
  logic any_cnt;
  logic lo_read;
  logic [$clog2(NumCounter)-1:0] lo_index;

  assign any_cnt = rxf_cnt_valid_i || rxf_drop_valid_i || tcp_cnt_valid_i || back_cnt_valid_i ||
      ack_cnt_valid_i || tx_cnt_valid_i || txa_cnt_valid_i || irq_cnt_valid_i || bad_q;
  assign lo_index = addr[CounterMsb-1:CounterLsb];

  // Reading a low half latches the high one.
  assign lo_read = block_req && !is_wr_q &&
      addr[AddrBits-1:CounterMsb] == AddrCounter[AddrBits-1:CounterMsb] &&
      AddrBits'(addr[CounterLsb-1:0]) == OffCounterLo;

  always_ff @(posedge clk_i) begin
    if (!block_rst_n) begin
      for (int unsigned i = 0; i < NumCounter; i++) cnt_q[i] <= '0;
      hi_q <= '0;
    end else begin
      if (any_cnt) begin
        for (int unsigned i = 0; i < NumCounter; i++) begin
          cnt_q[i] <= cnt_q[i] + 64'(rxf_cnt_valid_i && rxf_cnt_i.index == 6'(i)) +
              64'(rxf_drop_valid_i && rxf_drop_i.index == 6'(i)) +
              64'(tcp_cnt_valid_i && tcp_cnt_i.index == 6'(i)) +
              64'(back_cnt_valid_i && back_cnt_i.index == 6'(i)) +
              64'(ack_cnt_valid_i && ack_cnt_i.index == 6'(i)) +
              64'(tx_cnt_valid_i && tx_cnt_i.index == 6'(i)) +
              64'(txa_cnt_valid_i && txa_cnt_i.index == 6'(i)) +
              64'(irq_cnt_valid_i && irq_cnt_i.index == 6'(i)) +
              64'(bad_q && 6'(i) == CntBadAccess);
        end
      end
      if (lo_read) hi_q <= cnt_q[lo_index][63:32];
    end
  end

  // ---------------------------------------------------------------------------------------------
  // The access.
  state_e state_d;
  logic s_b_valid_d, s_r_valid_d;

  always_comb begin
    state_d = state_q;
    s_b_valid_d = s_b_valid_q && !s_b_ready_i;
    s_r_valid_d = s_r_valid_q && !s_r_ready_i;
    unique case (state_q)
      StIdle:   if (take_wr || take_rd) state_d = StCheck;
      StCheck:  state_d = StAccess;
      StAccess: state_d = StRespond;
      StRespond: begin
        s_b_valid_d = is_wr_q;
        s_r_valid_d = !is_wr_q;
        state_d = StWait;
      end
      StWait:   if (!s_b_valid_d && !s_r_valid_d) state_d = StIdle;
      default:  state_d = StIdle;
    endcase
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q <= StIdle;
      is_wr_q <= 1'b0;
      addr_q <= '0;
      wdata_q <= '0;
      wstrb_q <= '0;
      err_q <= 1'b0;
      rdata_q <= '0;
      s_b_valid_q <= 1'b0;
      s_r_valid_q <= 1'b0;
      s_b_q <= '0;
      s_r_q <= '0;
      bad_q <= 1'b0;
    end else begin
      state_q <= state_d;
      s_b_valid_q <= s_b_valid_d;
      s_r_valid_q <= s_r_valid_d;
      bad_q <= state_q == StRespond && err_q;
      if (take_wr) begin
        is_wr_q <= 1'b1;
        addr_q  <= aw.addr;
        wdata_q <= w.data;
        wstrb_q <= w.strb;
      end else if (take_rd) begin
        is_wr_q <= 1'b0;
        addr_q  <= ar.addr;
      end
      if (state_q == StCheck) err_q <= check_err;
      if (state_q == StAccess) begin
        if (!err_q) err_q <= block_err;
        rdata_q <= (err_q || is_wr_q || block_err) ? '0 : rd_data;
      end
      if (state_q == StRespond) begin
        if (is_wr_q) s_b_q.resp <= err_q ? RespSlverr : RespOkay;
        else begin
          s_r_q.resp <= err_q ? RespSlverr : RespOkay;
          s_r_q.data <= err_q ? '0 : rdata_q;
        end
      end
    end
  end

  assign s_b_valid_o = s_b_valid_q;
  assign s_b_o = s_b_q;
  assign s_r_valid_o = s_r_valid_q;
  assign s_r_o = s_r_q;

  // ---------------------------------------------------------------------------------------------
  // Faults and the reset sequence.
  logic [NumRing-1:0] faults_in;
  logic reset_req, hold_end, flr_done_d;

  assign faults_in = {ntf_fault_i, legacy_fault_i, tx_fault_i, cmd_fault_i};
  assign reset_req = hwif_out.ctrl.reset.value || (flr_req_i && !flr_done_q);
  assign hold_end  = rst_state_q == ResetHold && rst_cnt_q == '0;

  always_comb begin
    rst_state_d = rst_state_q;
    flr_done_d  = flr_done_q;
    unique case (rst_state_q)
      ResetIdle: begin
        if (reset_req) rst_state_d = ResetStop;
        else if (!flr_req_i) flr_done_d = 1'b0;
      end
      ResetStop: if (drained_i && tx_idle_i) rst_state_d = ResetHold;
      ResetHold: begin
        if (hold_end) begin
          rst_state_d = ResetIdle;
          flr_done_d  = by_flr_q;
        end
      end
      default:   rst_state_d = ResetIdle;
    endcase
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      rst_state_q <= ResetIdle;
      rst_cnt_q <= '0;
      reset_done_q <= 1'b0;
      by_flr_q <= 1'b0;
      stop_q <= 1'b0;
      unit_rst_n_q <= 1'b0;
      flr_done_q <= 1'b0;
      link_up_q <= 1'b0;
      halted_q <= 1'b0;
      faults_q <= '0;
    end else begin
      rst_state_q <= rst_state_d;
      flr_done_q  <= flr_done_d;
      link_up_q   <= link_up_i;
      if (rst_state_q == ResetIdle && reset_req) begin
        stop_q <= 1'b1;
        by_flr_q <= flr_req_i && !flr_done_q;
        reset_done_q <= 1'b0;
      end
      if (rst_state_q == ResetStop && rst_state_d == ResetHold) rst_cnt_q <= HoldCycles;
      else if (rst_state_q == ResetHold && !hold_end) rst_cnt_q <= rst_cnt_q - 5'd1;
      if (rst_state_q == ResetHold) begin
        halted_q <= 1'b0;
        faults_q <= '0;
      end else begin
        halted_q <= |faults_q;
        faults_q <= faults_q | faults_in;
      end
      if (hold_end) begin
        stop_q <= 1'b0;
        reset_done_q <= 1'b1;
      end
      unit_rst_n_q <= rst_state_d != ResetHold;
    end
  end

  assign halt_o = halted_q;
  assign stop_o = stop_q;
  assign unit_rst_n_o = unit_rst_n_q;
  assign flr_done_o = flr_done_q;

  // ---------------------------------------------------------------------------------------------
  // Levels: registers of the block.
  always_comb begin
    cfg_o.max_frame = hwif_out.max_frame.value.value;
    for (int unsigned i = 0; i < NumHashKey; i++) begin
      cfg_o.hash_key[32*i+:32] = hwif_out.hash_key[i].value.value;
    end
    cfg_o.limit_us = hwif_out.limit_us.value.value;
    cfg_o.delay0_us = hwif_out.delay_us[0].value.value;
    cfg_o.delay1_us = hwif_out.delay_us[1].value.value;
    cfg_o.delay2_us = hwif_out.delay_us[2].value.value;
    cfg_o.delay3_us = hwif_out.delay_us[3].value.value;
    cfg_o.back_class = hwif_out.back_class.value.value;
    cfg_o.ntf_reserve = hwif_out.ntf_reserve.value.value;
    cfg_o.irq_count = hwif_out.irq_count.value.value;
    cfg_o.irq_delay_us = hwif_out.irq_delay_us.value.value;
  end

  always_comb begin
    cmd_ring_o = '{
        enable: ring_enable[RingCmd],
        base: {
          hwif_out.ring[RingCmd].base_hi.value.value, hwif_out.ring[RingCmd].base_lo.value.value
        },
        log_size: ring_log_size[RingCmd],
        index: hwif_out.ring[RingCmd].index.value.value
    };
    tx_ring_o = '{
        enable: ring_enable[RingTx],
        base: {
          hwif_out.ring[RingTx].base_hi.value.value, hwif_out.ring[RingTx].base_lo.value.value
        },
        log_size: ring_log_size[RingTx],
        index: hwif_out.ring[RingTx].index.value.value
    };
    legacy_ring_o = '{
        enable: ring_enable[RingLegacy],
        base: {
          hwif_out.ring[RingLegacy].base_hi.value.value,
          hwif_out.ring[RingLegacy].base_lo.value.value
        },
        log_size: ring_log_size[RingLegacy],
        index: hwif_out.ring[RingLegacy].index.value.value
    };
    ntf_ring_o = '{
        enable: ring_enable[RingNtf],
        base: {
          hwif_out.ring[RingNtf].base_hi.value.value, hwif_out.ring[RingNtf].base_lo.value.value
        },
        log_size: ring_log_size[RingNtf],
        index: hwif_out.ring[RingNtf].index.value.value
    };
  end

  // ---------------------------------------------------------------------------------------------
  // Quiet.
  logic ctrl_reset_d;  // the block's reset pulse after this edge
  assign ctrl_reset_d = block_req && is_wr_q && addr == AddrCtrl && wdata_q[0];

  always_ff @(posedge clk_i) begin
    if (!rst_ni) quiet_q <= 1'b0;
    else begin
      quiet_q <= state_d == StIdle && aw_empty_d && w_empty_d && ar_empty_d && !s_b_valid_d &&
          !s_r_valid_d && state_q != StRespond && !any_cnt && rst_state_d == ResetIdle &&
          !ctrl_reset_d && flr_done_d == flr_req_i && link_up_q == link_up_i &&
          (faults_in & ~faults_q) == '0 && halted_q == |faults_q;
    end
  end
  assign quiet_o = quiet_q;

`ifndef SYNTHESIS
  // A response, once up, stays until it is taken.
  assert property (@(posedge clk_i) disable iff (!rst_ni)
      (s_b_valid_q && !s_b_ready_i) |=> s_b_valid_q && $stable(
      s_b_q
  ));
  assert property (@(posedge clk_i) disable iff (!rst_ni)
      (s_r_valid_q && !s_r_ready_i) |=> s_r_valid_q && $stable(
      s_r_q
  ));
`endif

endmodule
