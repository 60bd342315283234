// SPDX-License-Identifier: Apache-2.0
//
// The transmit ring, segments of connections, and ACKs of the engine's own making.
//
// Valid/ready, with two-entry skids at tmpl and ackreq; snap and tx_rd come as pulses, tx_cnt and
// txa_cnt leave so. Frames leave in ring order, own ACKs between them; a frame begins only when all
// its bytes are here and then has no bubbles. Every descriptor is answered on sent, in ring order.
// ackreq to the first beat on tx: 6 cycles and what rx_tcp takes for its snap. Never writes memory.
// docs/units/tx.md.

module handoff_tx
  import handoff_params_pkg::*;
  import handoff_pkg::*;
  import handoff_tx_pkg::*;
  import handoff_wire_pkg::*;
#(
    parameter int unsigned DctEntries = DefaultDctEntries
) (
    input logic clk_i,
    input logic rst_ni,

    // from command: a connection's addresses and ports
    input  logic  tmpl_valid_i,
    output logic  tmpl_ready_o,
    input  tmpl_t tmpl_i,

    // from rx_tcp: what a segment carries, one for each start
    input logic  snap_valid_i,
    input snap_t snap_i,

    // from ack: one pure ACK wanted
    input  logic    ackreq_valid_i,
    output logic    ackreq_ready_o,
    input  ackreq_t ackreq_i,

    // to rx_tcp: a segment is about to leave
    output logic   start_valid_o,
    input  logic   start_ready_i,
    output start_t start_o,

    // to notify: a descriptor is done
    output logic sent_valid_o,
    input  logic sent_ready_i,
    output ntf_t sent_o,

    // to the MAC
    output logic  tx_valid_o,
    input  logic  tx_ready_i,
    output axis_t tx_o,

    // to csr
    output logic tx_cnt_valid_o,
    output cnt_t tx_cnt_o,

    output logic txa_cnt_valid_o,
    output cnt_t txa_cnt_o,

    // to dma: reads of descriptors and data
    output logic    tx_rd_req_valid_o,
    input  logic    tx_rd_req_ready_i,
    output rd_req_t tx_rd_req_o,

    // from dma: their beats in the order of the requests
    input logic tx_rd_valid_i,
    input rd_t  tx_rd_i,

    input cfg_t cfg_i,

    // from and to csr: the ring
    input  ring_t tx_ring_i,
    output u16_t  tx_cons_o,
    output logic  tx_fault_o,

    // from csr: reset is coming; to csr: no frame is under way
    input  logic stop_i,
    output logic tx_idle_o,

    input logic link_up_i,

    output logic quiet_o
);

  localparam int unsigned ConnBits = $clog2(DctEntries);

  if (DctEntries < MinDctEntries || DctEntries > MaxDctEntries ||
      DctEntries != 1 << ConnBits) begin : gen_check
    $error("handoff_tx: DctEntries must be a power of two, MinDctEntries to MaxDctEntries");
  end

  typedef logic [ConnBits-1:0] index_t;

  // ---------------------------------------------------------------------------------------------
  // Clear and templates.

  logic   clear_q;
  index_t clr_q;
  logic tmpl_valid, tmpl_empty_d;
  tmpl_t tmpl_in, tmpl;
  logic  tmpl_re;
  conn_t p_conn;  // of what prepare takes

  prim_skid #(
      .T(tmpl_t)
  ) u_tmpl_skid (
      .clk_i,
      .rst_ni,
      .valid_i(tmpl_valid_i),
      .ready_o(tmpl_ready_o),
      .data_i(tmpl_i),
      .valid_o(tmpl_valid),
      .pop_i(!clear_q),
      .data_o(tmpl_in),
      .empty_d_o(tmpl_empty_d)
  );

  prim_ram #(
      .T(tmpl_t),
      .Depth(DctEntries)
  ) u_tmpl (
      .clk_i,
      .rst_ni,
      .re_i(tmpl_re),
      .raddr_i(index_t'(p_conn)),
      .rdata_o(tmpl),
      .we_i(clear_q || tmpl_valid),
      .waddr_i(clear_q ? clr_q : index_t'(tmpl_in.conn)),
      .wdata_i(clear_q ? '0 : tmpl_in)
  );

  // ---------------------------------------------------------------------------------------------
  // Requests, arrival, decode: the ring and the data, up to whole frames.

  logic ord_ready, ord_push, ord_valid, ord_pop, ord_empty_d;
  ord_t ord_in, ord;
  logic [$clog2(Reads+1)-1:0] ord_count;
  logic desc_valid, item_ready, item_push, fetch_busy_d;
  item_t  item_in;
  words_t released;

  handoff_tx_fetch #(
      .DctEntries(DctEntries)
  ) u_fetch (
      .clk_i,
      .rst_ni,
      .max_frame_i(cfg_i.max_frame),
      .ring_i(tx_ring_i),
      .stop_i,
      .tx_rd_req_valid_o,
      .tx_rd_req_ready_i,
      .tx_rd_req_o,
      .ord_ready_i(ord_ready),
      .ord_push_o(ord_push),
      .ord_o(ord_in),
      .desc_valid_i(desc_valid),
      .desc_err_i(tx_rd_i.err),
      .desc_i(tx_rd_i.data),
      .item_ready_i(item_ready),
      .item_push_o(item_push),
      .item_o(item_in),
      .release_i(released),
      .cons_o(tx_cons_o),
      .fault_o(tx_fault_o),
      .busy_d_o(fetch_busy_d)
  );

  prim_fifo #(
      .T(ord_t),
      .Depth(Reads)
  ) u_ord (
      .clk_i,
      .rst_ni,
      .push_i(ord_push),
      .ready_o(ord_ready),
      .data_i(ord_in),
      .valid_o(ord_valid),
      .pop_i(ord_pop),
      .data_o(ord),
      .count_o(ord_count),
      .empty_d_o(ord_empty_d)
  );

  logic frame_we, done_push, done_ready, append_busy_d;
  word_ptr_t frame_waddr;
  data_t frame_wdata;
  done_t done_in;

  handoff_tx_append u_append (
      .clk_i,
      .rst_ni,
      .tx_rd_valid_i,
      .tr_err_i(tx_rd_i.err),
      .tr_data_i(tx_rd_i.data),
      .ord_valid_i(ord_valid),
      .ord_i(ord),
      .ord_pop_o(ord_pop),
      .desc_valid_o(desc_valid),
      .we_o(frame_we),
      .waddr_o(frame_waddr),
      .wdata_o(frame_wdata),
      .done_push_o(done_push),
      .done_o(done_in),
      .busy_d_o(append_busy_d)
  );

  logic item_valid, item_pop, item_empty_d, done_valid, done_pop, done_empty_d;
  item_t item;
  done_t done;
  logic [$clog2(Items+1)-1:0] item_count, done_count;

  prim_ram_fifo #(
      .T(item_t),
      .Depth(Items)
  ) u_item (
      .clk_i,
      .rst_ni,
      .push_i(item_push),
      .ready_o(item_ready),
      .data_i(item_in),
      .valid_o(item_valid),
      .pop_i(item_pop),
      .data_o(item),
      .count_o(item_count),
      .empty_d_o(item_empty_d)
  );

  // One a frame of u_item that has data: never full.
  prim_fifo #(
      .T(done_t),
      .Depth(Items)
  ) u_done (
      .clk_i,
      .rst_ni,
      .push_i(done_push),
      .ready_o(done_ready),
      .data_i(done_in),
      .valid_o(done_valid),
      .pop_i(done_pop),
      .data_o(done),
      .count_o(done_count),
      .empty_d_o(done_empty_d)
  );

  // ---------------------------------------------------------------------------------------------
  // Prepare: one descriptor or ACK at a time.

  typedef enum logic [2:0] {
    PIdle,  // waits for an ackreq, or a descriptor with all its data
    PWait,  // start is up or taken: waits for snap
    PHdr,   // judges the snap; sums
    PSum,   // header with checksums
    PDone   // ready: waits for send
  } p_state_e;

  p_state_e p_state_q, p_state_d;
  logic p_own_q, p_frame_q, p_raw_q;
  item_t p_item_q;
  u16_t p_sum_q;
  status_e p_status_q;
  seq_t p_seq_q;
  snap_t snap_q;
  logic start_valid_q;
  start_t start_q;

  logic req_valid, ackreq_pop, ackreq_empty_d;
  ackreq_t req;
  logic pick_valid, pick_idx, pick, start_free, accept;
  status_e item_status;
  logic item_done, start_load;
  item_t own_item, p_item;
  u16_t room;
  logic over_mss, refused;

  prim_skid #(
      .T(ackreq_t)
  ) u_ackreq_skid (
      .clk_i,
      .rst_ni,
      .valid_i(ackreq_valid_i),
      .ready_o(ackreq_ready_o),
      .data_i(ackreq_i),
      .valid_o(req_valid),
      .pop_i(ackreq_pop),
      .data_o(req),
      .empty_d_o(ackreq_empty_d)
  );

  assign item_done = item_valid && (item.len == '0 || done_valid);

  prim_arb #(
      .N(2)
  ) u_arb (
      .clk_i,
      .rst_ni,
      .req_i  ({item_done, req_valid}),
      .valid_o(pick_valid),
      .idx_o  (pick_idx),
      .take_i (pick)
  );

  assign start_free = !start_valid_q || start_ready_i;
  assign pick = p_state_q == PIdle && !clear_q && link_up_i && !stop_i && start_free && pick_valid;
  assign ackreq_pop = pick && !pick_idx;
  assign item_pop = pick && pick_idx;
  assign done_pop = item_pop && item.len != '0;
  assign item_status = (item.len != '0 && done.err) ? StatusReadError : item.status;
  assign start_load = ackreq_pop || (item_pop && item_status == StatusOk && !item.raw);
  assign tmpl_re = start_load;
  assign p_conn = pick_idx ? item.conn : req.conn;

  always_comb begin
    own_item = '0;
    own_item.conn = req.conn;
    own_item.n_sacks = {1'b0, req.dsack};
    own_item.sack0 = {req.dsack_left, req.dsack_right};
    p_item = pick_idx ? item : own_item;
  end

  // What the snap allows.
  always_comb begin
    room = snap_q.mss;
    if (snap_q.ts_on)
      room = (snap_q.mss < u16_t'(PaddedTsBytes)) ? '0 : snap_q.mss - u16_t'(PaddedTsBytes);
    over_mss = 16'(p_item_q.len) > room;
    refused  = snap_q.status != StatusOk || over_mss;
  end

  always_comb begin
    p_state_d = p_state_q;
    unique case (p_state_q)
      PIdle: if (pick) p_state_d = start_load ? PWait : PDone;
      PWait: if (snap_valid_i) p_state_d = PHdr;
      PHdr: p_state_d = refused ? PDone : PSum;
      PSum: p_state_d = PDone;
      PDone: if (accept) p_state_d = PIdle;
      default: p_state_d = PIdle;
    endcase
  end

  logic start_valid_d;

  assign start_valid_d = start_load || !start_free;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      p_state_q <= PIdle;
      p_own_q <= 1'b0;
      p_frame_q <= 1'b0;
      p_raw_q <= 1'b0;
      p_item_q <= '0;
      p_sum_q <= '0;
      p_status_q <= StatusOk;
      p_seq_q <= '0;
      snap_q <= '0;
      start_valid_q <= 1'b0;
      start_q <= '0;
    end else begin
      p_state_q <= p_state_d;
      if (pick) begin
        p_own_q <= !pick_idx;
        p_frame_q <= !pick_idx || item_status == StatusOk;
        p_raw_q <= pick_idx && item.raw;
        p_item_q <= p_item;
        p_sum_q <= done_pop ? done.sum : '0;
        p_status_q <= pick_idx ? item_status : StatusOk;
        p_seq_q <= '0;
      end
      if (p_state_q == PWait && snap_valid_i) snap_q <= snap_i;
      if (p_state_q == PHdr) begin
        p_seq_q <= snap_q.snd_nxt;
        if (refused) begin
          p_frame_q  <= 1'b0;
          p_status_q <= (snap_q.status != StatusOk) ? snap_q.status : StatusBadLength;
        end
      end

      start_valid_q <= start_valid_d;
      if (start_load)
        start_q <= '{
            conn: p_item.conn,
            gen: p_item.gen,
            own_ack: !pick_idx,
            has_ack: p_item.has_ack,
            ack: p_item.ack,
            rcv_edge: p_item.rcv_edge,
            seq: p_item.seq,
            len: 16'(p_item.len),
            fin: p_item.fin
        };
    end
  end

  // The header of what prepare holds.

  hdr_bytes_t hdr;
  hlen_t hlen;

  handoff_tx_header u_header (
      .clk_i,
      .rst_ni,
      .tmpl_i(tmpl),
      .snap_i(snap_q),
      .item_i(p_item_q),
      .sum_i(p_sum_q),
      .sum_valid_i(p_state_q == PHdr && !refused),
      .build_valid_i(p_state_q == PSum),
      .hdr_o(hdr),
      .hlen_o(hlen)
  );

  // ---------------------------------------------------------------------------------------------
  // Send.

  logic frame_re, tx_idle_d, send_busy_d;
  word_ptr_t frame_raddr;
  data_t frame_rdata;
  ready_t ready;

  assign ready = '{
          own: p_own_q,
          frame: p_frame_q,
          raw: p_raw_q,
          status: p_status_q,
          seq: p_seq_q,
          conn: p_item_q.conn,
          gen: p_item_q.gen,
          tag: p_item_q.tag,
          len: p_item_q.len,
          hlen: hlen
      };

  prim_ram #(
      .T(data_t),
      .Depth(FrameWords)
  ) u_frame (
      .clk_i,
      .rst_ni,
      .re_i(frame_re),
      .raddr_i(frame_raddr),
      .rdata_o(frame_rdata),
      .we_i(frame_we),
      .waddr_i(frame_waddr),
      .wdata_i(frame_wdata)
  );

  handoff_tx_send u_send (
      .clk_i,
      .rst_ni,
      .stop_i,
      .link_up_i,
      .ready_valid_i(p_state_q == PDone),
      .ready_i(ready),
      .hdr_i(hdr),
      .accept_o(accept),
      .re_o(frame_re),
      .raddr_o(frame_raddr),
      .rdata_i(frame_rdata),
      .release_o(released),
      .sent_valid_o,
      .sent_ready_i,
      .sent_o,
      .tx_valid_o,
      .tx_ready_i,
      .tx_o,
      .tx_cnt_valid_o,
      .tx_cnt_o,
      .txa_cnt_valid_o,
      .txa_cnt_o,
      .tx_idle_d_o(tx_idle_d),
      .busy_d_o(send_busy_d)
  );

  // ---------------------------------------------------------------------------------------------
  // Registers: clear, idle, quiet.

  logic tx_idle_q, quiet_q, clear_d;

  assign clear_d = clear_q && !(&clr_q);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      clear_q <= 1'b1;
      clr_q <= '0;
      tx_idle_q <= 1'b0;
      quiet_q <= 1'b0;
    end else begin
      clear_q <= clear_d;
      if (clear_q) clr_q <= clr_q + 1'b1;
      tx_idle_q <= tx_idle_d;
      quiet_q <= !clear_d && tmpl_empty_d && ackreq_empty_d && ord_empty_d && item_empty_d
          && done_empty_d && p_state_d == PIdle && !start_valid_d && !fetch_busy_d && !append_busy_d
          && !send_busy_d;
    end
  end

  assign start_valid_o = start_valid_q;
  assign start_o = start_q;
  assign tx_idle_o = tx_idle_q;
  assign quiet_o = quiet_q;

`ifndef SYNTHESIS
  // ---------------------------------------------------------------------------------------------
  // Assertions.

  // What arrives has its place.
  assert property (@(posedge clk_i) disable iff (!rst_ni) done_push |-> done_ready);
  // No more frames are whole than are waiting; no more reads are on their way than are remembered.
  assert property (@(posedge clk_i) disable iff (!rst_ni) done_count <= item_count);
  assert property (@(posedge clk_i) disable iff (!rst_ni) ord_pop |-> ord_count != '0);
  assert property (@(posedge clk_i) disable iff (!rst_ni)
      start_valid_o && !start_ready_i |=> start_valid_o && $stable(
      start_o
  ));
  assert property (@(posedge clk_i) disable iff (!rst_ni)
      tx_rd_req_valid_o && !tx_rd_req_ready_i |=> tx_rd_req_valid_o && $stable(
      tx_rd_req_o
  ));
`endif

endmodule
