// SPDX-License-Identifier: Apache-2.0
//
// The whole engine: its units, wired by channel name (docs/channels.md, docs/units/engine.md).
//
// Contract: rx comes as a pulse; every other stream, AXI4 and AXI4-Lite is valid/ready, with a
// two-entry skid at each input in the unit that takes it. No logic of its own but two registers, no
// cycle added between units. `quiet`: nothing is under way and the clock may stand still until
// `wake_us`. csr is reset by the pin, every other unit by csr. Never stalls rx, never begins a DMA
// access while it is halted, never breaks off a DMA access by a reset of csr's.

module handoff_engine
  import handoff_params_pkg::*;
  import handoff_pkg::*;
#(
    parameter int unsigned DctEntries = DefaultDctEntries,
    parameter int unsigned Slots = DefaultSlots,
    parameter int unsigned RxFifoBeats = DefaultRxFifoBeats,
    parameter int unsigned RxFifoFrames = DefaultRxFifoFrames,
    parameter int unsigned LegacyDepth = DefaultLegacyDepth,
    parameter int unsigned RdTags = DefaultRdTags,
    parameter int unsigned Ways = DefaultWays,
    parameter int unsigned StashEntries = DefaultStashEntries
) (
    input logic clk_i,
    input logic rst_ni,

    // from the MAC: no back-pressure
    input logic  rx_valid_i,
    input axis_t rx_i,

    // to the MAC: a frame once started has no bubbles
    output logic  tx_valid_o,
    input  logic  tx_ready_i,
    output axis_t tx_o,

    // DMA: AXI4
    output logic aw_valid_o,
    input logic aw_ready_i,
    output axi_addr_t aw_o,
    output logic w_valid_o,
    input logic w_ready_i,
    output axi_w_t w_o,
    output logic ar_valid_o,
    input logic ar_ready_i,
    output axi_addr_t ar_o,
    input logic b_valid_i,
    output logic b_ready_o,
    input axi_b_t b_i,
    input logic r_valid_i,
    output logic r_ready_o,
    input axi_r_t r_i,

    // registers: AXI4-Lite
    input logic s_aw_valid_i,
    output logic s_aw_ready_o,
    input axil_addr_t s_aw_i,
    input logic s_w_valid_i,
    output logic s_w_ready_o,
    input axil_w_t s_w_i,
    input logic s_ar_valid_i,
    output logic s_ar_ready_o,
    input axil_addr_t s_ar_i,
    output logic s_b_valid_o,
    input logic s_b_ready_i,
    output axil_b_t s_b_o,
    output logic s_r_valid_o,
    input logic s_r_ready_i,
    output axil_r_t s_r_o,

    // to the endpoint: becomes MSI-X
    output logic irq_valid_o,
    input  logic irq_ready_i,
    output irq_t irq_o,

    // levels
    input  logic link_up_i,
    input  logic flr_req_i,
    output logic flr_done_o,

    // the stopped clock
    output u64_t wake_us_o,
    input  u64_t time_us_i,
    output logic quiet_o
);

  // What may be built, a text a parameter: scripts/gen_params refuses the rest with these texts, and
  // prints them all. So what their arguments name is a constant of a package or of this module.
  localparam int unsigned LegacyLanes = DataBits / $bits(legacy_desc_t);  // descriptors in a beat

  if (DctEntries < MinDctEntries || DctEntries > MaxDctEntries || $countones(
          DctEntries
      ) != 1) begin : gen_check_dct
    $error(
        "handoff_engine: DctEntries must be a power of two from %0d to %0d",
        MinDctEntries,
        MaxDctEntries
    );
  end
  if (Slots < MaxPieces || Slots > MaxSlots) begin : gen_check_slots
    $error(
        "handoff_engine: Slots must be from %0d, the pieces of one POST, to %0d",
        MaxPieces,
        MaxSlots
    );
  end
  if (RxFifoBeats < MinRxFifoBeats || RxFifoBeats > MaxRxFifoBeats) begin : gen_check_beats
    $error("handoff_engine: RxFifoBeats must be from %0d to %0d", MinRxFifoBeats, MaxRxFifoBeats);
  end
  if (RxFifoFrames < MinRxFifoFrames || RxFifoFrames > MaxRxFifoFrames) begin : gen_check_frames
    $error(
        "handoff_engine: RxFifoFrames must be from %0d to %0d", MinRxFifoFrames, MaxRxFifoFrames
    );
  end
  if (LegacyDepth < MinLegacyDepth || LegacyDepth > MaxLegacyDepth ||
      LegacyDepth % LegacyLanes != 0) begin : gen_check_legacy
    $error(
        "handoff_engine: LegacyDepth must be a multiple of %0d from %0d to %0d",
        LegacyLanes,
        MinLegacyDepth,
        MaxLegacyDepth
    );
  end
  if (RdTags < MinRdTags || RdTags > MaxRdTags || $countones(RdTags) != 1) begin : gen_check_tags
    $error("handoff_engine: RdTags must be a power of two from %0d to %0d", MinRdTags, MaxRdTags);
  end
  if (Ways < MinWays || Ways > MaxWays || $countones(Ways) != 1) begin : gen_check_ways
    $error("handoff_engine: Ways must be a power of two from %0d to %0d", MinWays, MaxWays);
  end
  if (StashEntries < MinStashEntries || StashEntries > MaxStashEntries) begin : gen_check_stash
    $error(
        "handoff_engine: StashEntries must be from %0d to %0d", MinStashEntries, MaxStashEntries
    );
  end

  // driven by rx_parser
  logic frame_valid, parser_hdr_valid, rx_parser_quiet;
  beat_t frame;
  hdr_t  parser_hdr;
  // driven by rx_fifo
  logic fifo_hdr_valid, fdata_valid, rxf_cnt_valid, rxf_drop_valid, rx_fifo_quiet;
  hdr_t  fifo_hdr;
  beat_t fdata;
  cnt_t rxf_cnt, rxf_drop;
  // driven by lookup
  logic fifo_hdr_ready, cmd_ready, op_valid, lookup_quiet;
  op_t  op;
  u32_t lookup_used;
  // driven by rx_tcp
  logic
      op_ready,
      place_valid,
      blk_valid,
      ackev_valid,
      progress_valid,
      snap_valid,
      cmd_rsp_valid,
      tcp_cnt_valid,
      uerr_ready,
      expiry_ready,
      start_ready,
      rx_tcp_quiet;
  place_t place;
  state_t blk;
  ackev_t ackev;
  progress_t progress;
  snap_t snap;
  cmd_rsp_t cmd_rsp;
  cnt_t tcp_cnt;
  // driven by buffers
  logic
      place_ready,
      room_valid,
      legacy_return_valid,
      job_valid,
      back_cnt_valid,
      lbuf_ready,
      back_tmr_valid,
      buffers_quiet;
  room_t room;
  legacy_return_t legacy_return;
  job_t job;
  cnt_t back_cnt;
  tmr_t back_tmr;
  // driven by upload
  logic fdata_ready, blk_ready, uerr_valid, job_ready, done_valid, upload_wr_valid, upload_quiet;
  uerr_t uerr;
  ntf_t  done;
  wr_t   upload_wr;
  // driven by ack
  logic ackev_ready, ackreq_valid, ack_cnt_valid, ack_tmr_valid, ack_quiet;
  ackreq_t ackreq;
  cnt_t ack_cnt;
  tmr_t ack_tmr;
  // driven by timers
  logic expiry_valid, back_tmr_ready, ack_tmr_ready, timers_quiet;
  expiry_t expiry;
  u64_t timers_wake_us;
  // driven by tx
  logic
      start_valid,
      ackreq_ready,
      tmpl_ready,
      sent_valid,
      tx_cnt_valid,
      txa_cnt_valid,
      tx_rd_req_valid,
      tx_fault,
      tx_idle,
      tx_quiet;
  start_t start;
  ntf_t   sent;
  cnt_t tx_cnt, txa_cnt;
  rd_req_t tx_rd_req;
  u16_t tx_cons;
  // driven by command
  logic cmd_valid, tmpl_valid, cmd_rd_req_valid, cmd_fault, command_quiet;
  cmd_key_t cmd;
  tmpl_t tmpl;
  rd_req_t cmd_rd_req;
  u16_t cmd_cons;
  // driven by notify
  logic
      progress_ready,
      done_ready,
      sent_ready,
      notify_wr_valid,
      irq_cnt_valid,
      ntf_fault,
      notify_quiet;
  u64_t notify_wake_us;
  wr_t  notify_wr;
  cnt_t irq_cnt;
  u16_t ntf_prod;
  // driven by legacy
  logic grant_valid, legacy_more, lbuf_valid, legacy_rd_req_valid, legacy_fault, legacy_quiet;
  grant_t grant;
  legacy_desc_t lbuf;
  rd_req_t legacy_rd_req;
  u16_t legacy_cons;
  // driven by dma
  logic
      upload_wr_ready,
      upload_wr_done_valid,
      tx_rd_req_ready,
      tx_rd_valid,
      cmd_rd_req_ready,
      cmd_rd_valid,
      notify_wr_ready,
      notify_wr_done_valid,
      legacy_rd_req_ready,
      legacy_rd_valid,
      drained,
      dma_quiet;
  wr_done_t upload_wr_done, notify_wr_done;
  rd_t tx_rd, cmd_rd, legacy_rd;
  // driven by csr
  logic unit_rst_n, halt, stop, csr_quiet;
  cfg_t cfg;
  ring_t tx_ring, cmd_ring, ntf_ring, legacy_ring;

  // One channel a line: valid, ready, payload.
  // verilog_format: off
  // header records, checksums
  handoff_rx_parser u_rx_parser (
      .clk_i, .rst_ni(unit_rst_n),
      .rx_valid_i, .rx_i,
      .frame_valid_o(frame_valid), .frame_o(frame),
      .hdr_valid_o(parser_hdr_valid), .hdr_o(parser_hdr),
      .cfg_i(cfg),
      .quiet_o(rx_parser_quiet)
  );

  // store and forward, whole-frame drop
  handoff_rx_fifo #(
      .RxFifoBeats(RxFifoBeats),
      .RxFifoFrames(RxFifoFrames)
  ) u_rx_fifo (
      .clk_i, .rst_ni(unit_rst_n),
      .frame_valid_i(frame_valid), .frame_i(frame),
      .hdr_valid_i(parser_hdr_valid), .hdr_i(parser_hdr),
      .hdr_valid_o(fifo_hdr_valid), .hdr_ready_i(fifo_hdr_ready), .hdr_o(fifo_hdr),
      .fdata_valid_o(fdata_valid), .fdata_ready_i(fdata_ready), .fdata_o(fdata),
      .rxf_cnt_valid_o(rxf_cnt_valid), .rxf_cnt_o(rxf_cnt),
      .rxf_drop_valid_o(rxf_drop_valid), .rxf_drop_o(rxf_drop),
      .quiet_o(rx_fifo_quiet)
  );

  // which entry, and the one order of frames and commands
  handoff_lookup #(
      .DctEntries(DctEntries),
      .Ways(Ways),
      .StashEntries(StashEntries)
  ) u_lookup (
      .clk_i, .rst_ni(unit_rst_n),
      .hdr_valid_i(fifo_hdr_valid), .hdr_ready_o(fifo_hdr_ready), .hdr_i(fifo_hdr),
      .cmd_valid_i(cmd_valid), .cmd_ready_o(cmd_ready), .cmd_i(cmd),
      .op_valid_o(op_valid), .op_ready_i(op_ready), .op_o(op),
      .lookup_used_o(lookup_used),
      .cfg_i(cfg),
      .quiet_o(lookup_quiet)
  );

  // the receive decision
  handoff_rx_tcp #(
      .DctEntries(DctEntries)
  ) u_rx_tcp (
      .clk_i, .rst_ni(unit_rst_n),
      .op_valid_i(op_valid), .op_ready_o(op_ready), .op_i(op),
      .place_valid_o(place_valid), .place_ready_i(place_ready), .place_o(place),
      .blk_valid_o(blk_valid), .blk_ready_i(blk_ready), .blk_o(blk),
      .ackev_valid_o(ackev_valid), .ackev_ready_i(ackev_ready), .ackev_o(ackev),
      .progress_valid_o(progress_valid), .progress_ready_i(progress_ready), .progress_o(progress),
      .snap_valid_o(snap_valid), .snap_o(snap),
      .cmd_rsp_valid_o(cmd_rsp_valid), .cmd_rsp_o(cmd_rsp),
      .tcp_cnt_valid_o(tcp_cnt_valid), .tcp_cnt_o(tcp_cnt),
      .room_valid_i(room_valid), .room_i(room),
      .legacy_return_valid_i(legacy_return_valid), .legacy_return_i(legacy_return),
      .grant_valid_i(grant_valid), .grant_i(grant),
      .legacy_more_i(legacy_more),
      .uerr_valid_i(uerr_valid), .uerr_ready_o(uerr_ready), .uerr_i(uerr),
      .expiry_valid_i(expiry_valid), .expiry_ready_o(expiry_ready), .expiry_i(expiry),
      .start_valid_i(start_valid), .start_ready_o(start_ready), .start_i(start),
      .cfg_i(cfg),
      .halt_i(halt),
      .time_us_i,
      .quiet_o(rx_tcp_quiet)
  );

  // user-buffer pieces, legacy buffers
  handoff_buffers #(
      .DctEntries(DctEntries),
      .Slots(Slots)
  ) u_buffers (
      .clk_i, .rst_ni(unit_rst_n),
      .place_valid_i(place_valid), .place_ready_o(place_ready), .place_i(place),
      .room_valid_o(room_valid), .room_o(room),
      .legacy_return_valid_o(legacy_return_valid), .legacy_return_o(legacy_return),
      .job_valid_o(job_valid), .job_ready_i(job_ready), .job_o(job),
      .back_cnt_valid_o(back_cnt_valid), .back_cnt_o(back_cnt),
      .lbuf_valid_i(lbuf_valid), .lbuf_ready_o(lbuf_ready), .lbuf_i(lbuf),
      .back_tmr_valid_o(back_tmr_valid), .back_tmr_ready_i(back_tmr_ready), .back_tmr_o(back_tmr),
      .cfg_i(cfg),
      .quiet_o(buffers_quiet)
  );

  // bytes to system memory
  handoff_upload #(
      .DctEntries(DctEntries)
  ) u_upload (
      .clk_i, .rst_ni(unit_rst_n),
      .fdata_valid_i(fdata_valid), .fdata_ready_o(fdata_ready), .fdata_i(fdata),
      .blk_valid_i(blk_valid), .blk_ready_o(blk_ready), .blk_i(blk),
      .job_valid_i(job_valid), .job_ready_o(job_ready), .job_i(job),
      .done_valid_o(done_valid), .done_ready_i(done_ready), .done_o(done),
      .uerr_valid_o(uerr_valid), .uerr_ready_i(uerr_ready), .uerr_o(uerr),
      .upload_wr_valid_o(upload_wr_valid), .upload_wr_ready_i(upload_wr_ready),
      .upload_wr_o(upload_wr),
      .upload_wr_done_valid_i(upload_wr_done_valid), .upload_wr_done_i(upload_wr_done),
      .quiet_o(upload_quiet)
  );

  // acknowledgements that wait
  handoff_ack #(
      .DctEntries(DctEntries)
  ) u_ack (
      .clk_i, .rst_ni(unit_rst_n),
      .ackev_valid_i(ackev_valid), .ackev_ready_o(ackev_ready), .ackev_i(ackev),
      .ackreq_valid_o(ackreq_valid), .ackreq_ready_i(ackreq_ready), .ackreq_o(ackreq),
      .ack_cnt_valid_o(ack_cnt_valid), .ack_cnt_o(ack_cnt),
      .ack_tmr_valid_o(ack_tmr_valid), .ack_tmr_ready_i(ack_tmr_ready), .ack_tmr_o(ack_tmr),
      .quiet_o(ack_quiet)
  );

  // deadlines
  handoff_timers #(
      .DctEntries(DctEntries)
  ) u_timers (
      .clk_i, .rst_ni(unit_rst_n),
      .ack_tmr_valid_i(ack_tmr_valid), .ack_tmr_ready_o(ack_tmr_ready), .ack_tmr_i(ack_tmr),
      .back_tmr_valid_i(back_tmr_valid), .back_tmr_ready_o(back_tmr_ready), .back_tmr_i(back_tmr),
      .expiry_valid_o(expiry_valid), .expiry_ready_i(expiry_ready), .expiry_o(expiry),
      .wake_us_o(timers_wake_us),
      .cfg_i(cfg),
      .time_us_i,
      .quiet_o(timers_quiet)
  );

  // transmit ring, segments, own ACKs
  handoff_tx #(
      .DctEntries(DctEntries)
  ) u_tx (
      .clk_i, .rst_ni(unit_rst_n),
      .tmpl_valid_i(tmpl_valid), .tmpl_ready_o(tmpl_ready), .tmpl_i(tmpl),
      .snap_valid_i(snap_valid), .snap_i(snap),
      .ackreq_valid_i(ackreq_valid), .ackreq_ready_o(ackreq_ready), .ackreq_i(ackreq),
      .start_valid_o(start_valid), .start_ready_i(start_ready), .start_o(start),
      .sent_valid_o(sent_valid), .sent_ready_i(sent_ready), .sent_o(sent),
      .tx_valid_o, .tx_ready_i, .tx_o,
      .tx_cnt_valid_o(tx_cnt_valid), .tx_cnt_o(tx_cnt),
      .txa_cnt_valid_o(txa_cnt_valid), .txa_cnt_o(txa_cnt),
      .tx_rd_req_valid_o(tx_rd_req_valid), .tx_rd_req_ready_i(tx_rd_req_ready),
      .tx_rd_req_o(tx_rd_req),
      .tx_rd_valid_i(tx_rd_valid), .tx_rd_i(tx_rd),
      .cfg_i(cfg),
      .tx_ring_i(tx_ring),
      .tx_cons_o(tx_cons),
      .tx_fault_o(tx_fault),
      .stop_i(stop),
      .tx_idle_o(tx_idle),
      .link_up_i,
      .quiet_o(tx_quiet)
  );

  // command ring
  handoff_command #(
      .DctEntries(DctEntries),
      .Slots(Slots)
  ) u_command (
      .clk_i, .rst_ni(unit_rst_n),
      .cmd_valid_o(cmd_valid), .cmd_ready_i(cmd_ready), .cmd_o(cmd),
      .tmpl_valid_o(tmpl_valid), .tmpl_ready_i(tmpl_ready), .tmpl_o(tmpl),
      .cmd_rsp_valid_i(cmd_rsp_valid), .cmd_rsp_i(cmd_rsp),
      .cmd_rd_req_valid_o(cmd_rd_req_valid), .cmd_rd_req_ready_i(cmd_rd_req_ready),
      .cmd_rd_req_o(cmd_rd_req),
      .cmd_rd_valid_i(cmd_rd_valid), .cmd_rd_i(cmd_rd),
      .cfg_i(cfg),
      .cmd_ring_i(cmd_ring),
      .cmd_cons_o(cmd_cons),
      .cmd_fault_o(cmd_fault),
      .quiet_o(command_quiet)
  );

  // notification ring, interrupts
  handoff_notify #(
      .DctEntries(DctEntries)
  ) u_notify (
      .clk_i, .rst_ni(unit_rst_n),
      .progress_valid_i(progress_valid), .progress_ready_o(progress_ready), .progress_i(progress),
      .done_valid_i(done_valid), .done_ready_o(done_ready), .done_i(done),
      .wake_us_o(notify_wake_us),
      .sent_valid_i(sent_valid), .sent_ready_o(sent_ready), .sent_i(sent),
      .notify_wr_valid_o(notify_wr_valid), .notify_wr_ready_i(notify_wr_ready),
      .notify_wr_o(notify_wr),
      .notify_wr_done_valid_i(notify_wr_done_valid), .notify_wr_done_i(notify_wr_done),
      .irq_valid_o, .irq_ready_i, .irq_o,
      .irq_cnt_valid_o(irq_cnt_valid), .irq_cnt_o(irq_cnt),
      .cfg_i(cfg),
      .ntf_ring_i(ntf_ring),
      .ntf_prod_o(ntf_prod),
      .ntf_fault_o(ntf_fault),
      .halt_i(halt),
      .time_us_i,
      .quiet_o(notify_quiet)
  );

  // legacy buffers, fetched ahead
  handoff_legacy #(
      .LegacyDepth(LegacyDepth)
  ) u_legacy (
      .clk_i, .rst_ni(unit_rst_n),
      .lbuf_valid_o(lbuf_valid), .lbuf_ready_i(lbuf_ready), .lbuf_o(lbuf),
      .grant_valid_o(grant_valid), .grant_o(grant),
      .legacy_more_o(legacy_more),
      .legacy_rd_req_valid_o(legacy_rd_req_valid), .legacy_rd_req_ready_i(legacy_rd_req_ready),
      .legacy_rd_req_o(legacy_rd_req),
      .legacy_rd_valid_i(legacy_rd_valid), .legacy_rd_i(legacy_rd),
      .legacy_ring_i(legacy_ring),
      .legacy_cons_o(legacy_cons),
      .legacy_fault_o(legacy_fault),
      .quiet_o(legacy_quiet)
  );

  // AXI: arbitration, tags, order
  handoff_dma #(
      .RdTags(RdTags)
  ) u_dma (
      .clk_i, .rst_ni(unit_rst_n),
      .upload_wr_valid_i(upload_wr_valid), .upload_wr_ready_o(upload_wr_ready),
      .upload_wr_i(upload_wr),
      .notify_wr_valid_i(notify_wr_valid), .notify_wr_ready_o(notify_wr_ready),
      .notify_wr_i(notify_wr),
      .upload_wr_done_valid_o(upload_wr_done_valid), .upload_wr_done_o(upload_wr_done),
      .notify_wr_done_valid_o(notify_wr_done_valid), .notify_wr_done_o(notify_wr_done),
      .cmd_rd_req_valid_i(cmd_rd_req_valid), .cmd_rd_req_ready_o(cmd_rd_req_ready),
      .cmd_rd_req_i(cmd_rd_req),
      .legacy_rd_req_valid_i(legacy_rd_req_valid), .legacy_rd_req_ready_o(legacy_rd_req_ready),
      .legacy_rd_req_i(legacy_rd_req),
      .tx_rd_req_valid_i(tx_rd_req_valid), .tx_rd_req_ready_o(tx_rd_req_ready),
      .tx_rd_req_i(tx_rd_req),
      .cmd_rd_valid_o(cmd_rd_valid), .cmd_rd_o(cmd_rd),
      .legacy_rd_valid_o(legacy_rd_valid), .legacy_rd_o(legacy_rd),
      .tx_rd_valid_o(tx_rd_valid), .tx_rd_o(tx_rd),
      .aw_valid_o, .aw_ready_i, .aw_o,
      .w_valid_o, .w_ready_i, .w_o,
      .ar_valid_o, .ar_ready_i, .ar_o,
      .b_valid_i, .b_ready_o, .b_i,
      .r_valid_i, .r_ready_o, .r_i,
      .halt_i(halt),
      .stop_i(stop),
      .drained_o(drained),
      .quiet_o(dma_quiet)
  );

  // registers, counters, reset
  handoff_csr #(
      .DctEntries(DctEntries),
      .Slots(Slots)
  ) u_csr (
      .clk_i, .rst_ni,
      .rxf_cnt_valid_i(rxf_cnt_valid), .rxf_cnt_i(rxf_cnt),
      .rxf_drop_valid_i(rxf_drop_valid), .rxf_drop_i(rxf_drop),
      .lookup_used_i(lookup_used),
      .tcp_cnt_valid_i(tcp_cnt_valid), .tcp_cnt_i(tcp_cnt),
      .back_cnt_valid_i(back_cnt_valid), .back_cnt_i(back_cnt),
      .ack_cnt_valid_i(ack_cnt_valid), .ack_cnt_i(ack_cnt),
      .tx_cnt_valid_i(tx_cnt_valid), .tx_cnt_i(tx_cnt),
      .txa_cnt_valid_i(txa_cnt_valid), .txa_cnt_i(txa_cnt),
      .s_aw_valid_i, .s_aw_ready_o, .s_aw_i,
      .s_w_valid_i, .s_w_ready_o, .s_w_i,
      .s_ar_valid_i, .s_ar_ready_o, .s_ar_i,
      .s_b_valid_o, .s_b_ready_i, .s_b_o,
      .s_r_valid_o, .s_r_ready_i, .s_r_o,
      .irq_cnt_valid_i(irq_cnt_valid), .irq_cnt_i(irq_cnt),
      .cfg_o(cfg),
      .cmd_ring_o(cmd_ring),
      .tx_ring_o(tx_ring),
      .legacy_ring_o(legacy_ring),
      .ntf_ring_o(ntf_ring),
      .cmd_cons_i(cmd_cons),
      .tx_cons_i(tx_cons),
      .legacy_cons_i(legacy_cons),
      .ntf_prod_i(ntf_prod),
      .cmd_fault_i(cmd_fault),
      .tx_fault_i(tx_fault),
      .legacy_fault_i(legacy_fault),
      .ntf_fault_i(ntf_fault),
      .halt_o(halt),
      .stop_o(stop),
      .drained_i(drained),
      .tx_idle_i(tx_idle),
      .unit_rst_n_o(unit_rst_n),
      .link_up_i,
      .flr_req_i,
      .flr_done_o,
      .quiet_o(csr_quiet)
  );

  // verilog_format: on

  // ---------------------------------------------------------------------------------------------
  // The stopped clock.
  logic all_quiet, any_input;
  u64_t wake_us_q;
  logic quiet_q;

  assign all_quiet = rx_parser_quiet && rx_fifo_quiet && lookup_quiet && rx_tcp_quiet &&
      buffers_quiet && upload_quiet && ack_quiet && timers_quiet && tx_quiet && command_quiet &&
      notify_quiet && legacy_quiet && dma_quiet && csr_quiet;
  assign any_input = rx_valid_i || b_valid_i || r_valid_i || s_aw_valid_i || s_w_valid_i ||
      s_ar_valid_i;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      quiet_q   <= 1'b0;
      wake_us_q <= '1;
    end else begin
      quiet_q   <= all_quiet && !any_input;
      wake_us_q <= (timers_wake_us < notify_wake_us) ? timers_wake_us : notify_wake_us;
    end
  end
  assign quiet_o   = quiet_q;
  assign wake_us_o = wake_us_q;

endmodule
