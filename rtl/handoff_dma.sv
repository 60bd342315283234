// SPDX-License-Identifier: Apache-2.0
//
// All memory accesses of the engine on one AXI4 master (docs/units/dma.md).
//
// Contract: valid/ready, with a two-entry skid at each input that has a ready; upload_wr_done,
// notify_wr_done, cmd_rd, legacy_rd and tx_rd are pulses. Write bursts of two clients alternate; AW,
// W and B keep one order; one W beat a cycle, one cycle after its client's. Reads of three clients
// use distinct ids as a ring of tags; completions come in any order and are delivered in the order
// of the requests, three cycles after R at best. Never begins anything while halt or stop is 1;
// always ends what it began.

module handoff_dma
  import handoff_params_pkg::*;
  import handoff_pkg::*;
#(
    parameter int unsigned RdTags = DefaultRdTags
) (
    input logic clk_i,
    input logic rst_ni,

    // from upload and notify: bursts, all beats of one before the next
    input  logic upload_wr_valid_i,
    output logic upload_wr_ready_o,
    input  wr_t  upload_wr_i,
    input  logic notify_wr_valid_i,
    output logic notify_wr_ready_o,
    input  wr_t  notify_wr_i,

    // to upload and notify: one answer a burst, in order
    output logic     upload_wr_done_valid_o,
    output wr_done_t upload_wr_done_o,
    output logic     notify_wr_done_valid_o,
    output wr_done_t notify_wr_done_o,

    // from command, legacy and tx: read requests
    input  logic    cmd_rd_req_valid_i,
    output logic    cmd_rd_req_ready_o,
    input  rd_req_t cmd_rd_req_i,
    input  logic    legacy_rd_req_valid_i,
    output logic    legacy_rd_req_ready_o,
    input  rd_req_t legacy_rd_req_i,
    input  logic    tx_rd_req_valid_i,
    output logic    tx_rd_req_ready_o,
    input  rd_req_t tx_rd_req_i,

    // to command, legacy and tx: beats in the order of the requests, always taken
    output logic cmd_rd_valid_o,
    output rd_t  cmd_rd_o,
    output logic legacy_rd_valid_o,
    output rd_t  legacy_rd_o,
    output logic tx_rd_valid_o,
    output rd_t  tx_rd_o,

    // AXI4 master
    output logic      aw_valid_o,
    input  logic      aw_ready_i,
    output axi_addr_t aw_o,
    output logic      w_valid_o,
    input  logic      w_ready_i,
    output axi_w_t    w_o,
    output logic      ar_valid_o,
    input  logic      ar_ready_i,
    output axi_addr_t ar_o,
    input  logic      b_valid_i,
    output logic      b_ready_o,
    input  axi_b_t    b_i,
    input  logic      r_valid_i,
    output logic      r_ready_o,
    input  axi_r_t    r_i,

    // from csr: nothing new begins
    input logic halt_i,
    input logic stop_i,

    // to csr: nothing is outstanding
    output logic drained_o,

    output logic quiet_o
);

  localparam int unsigned TagBits = $clog2(RdTags);
  localparam int unsigned TagBeats = MaxReadBytes / DataBytes;  // beats of one tag
  localparam int unsigned BeatBits = $clog2(TagBeats);
  localparam int unsigned Bursts = 16;  // write bursts outstanding
  localparam int unsigned RespErr = 1;  // AXI4, A3.4.4: the bit of SLVERR and DECERR

  if (RdTags < MinRdTags || RdTags > MaxRdTags || RdTags != (1 << TagBits)) begin : gen_check
    $error("handoff_dma: RdTags must be a power of two, MinRdTags to MaxRdTags");
  end

  // The clients, by their numbers at the arbiters: of writes, of reads.
  localparam logic ClientUploadWr = 1'b0;
  localparam logic ClientNotifyWr = 1'b1;
  localparam logic [1:0] ClientCmdRd = 2'd0;
  localparam logic [1:0] ClientLegacyRd = 2'd1;
  localparam logic [1:0] ClientTxRd = 2'd2;

  typedef logic [TagBits-1:0] tag_t;
  typedef logic [BeatBits:0] beats_t;  // 0 to TagBeats

  typedef struct packed {
    logic  err;
    data_t data;
  } word_t;

  logic go;
  assign go = !halt_i && !stop_i;

  // ---------------------------------------------------------------------------------------------
  // Writes: a burst is opened by round robin, then only its client is heard until its last beat.
  logic w_open_q, w_open_d, w_client_q;
  logic aw_valid_q, aw_valid_d, w_valid_q, w_valid_d;
  axi_addr_t aw_q;
  axi_w_t w_q;

  logic upload_wr_valid, notify_wr_valid, uw_empty_d, nw_empty_d;
  wr_t upload_wr, notify_wr, x;
  logic warb_valid, warb_idx, order_ready, order_valid, order_client, order_empty_d;
  logic aw_free, w_free, open, beat, src, src_valid, ret;

  assign aw_free = !aw_valid_q || aw_ready_i;
  assign w_free = !w_valid_q || w_ready_i;
  assign open = !w_open_q && go && aw_free && w_free && order_ready && warb_valid;
  assign src = w_open_q ? w_client_q : warb_idx;
  assign src_valid = src == ClientUploadWr ? upload_wr_valid : notify_wr_valid;
  assign beat = open || (w_open_q && src_valid && w_free);
  assign x = src == ClientUploadWr ? upload_wr : notify_wr;

  assign w_open_d = beat ? !x.last : w_open_q;
  assign aw_valid_d = open || (aw_valid_q && !aw_ready_i);
  assign w_valid_d = beat || (w_valid_q && !w_ready_i);

  prim_skid #(
      .T(wr_t)
  ) u_upload_wr_skid (
      .clk_i,
      .rst_ni,
      .valid_i(upload_wr_valid_i),
      .ready_o(upload_wr_ready_o),
      .data_i(upload_wr_i),
      .valid_o(upload_wr_valid),
      .pop_i(beat && src == ClientUploadWr),
      .data_o(upload_wr),
      .empty_d_o(uw_empty_d)
  );
  prim_skid #(
      .T(wr_t)
  ) u_notify_wr_skid (
      .clk_i,
      .rst_ni,
      .valid_i(notify_wr_valid_i),
      .ready_o(notify_wr_ready_o),
      .data_i(notify_wr_i),
      .valid_o(notify_wr_valid),
      .pop_i(beat && src == ClientNotifyWr),
      .data_o(notify_wr),
      .empty_d_o(nw_empty_d)
  );
  prim_arb #(
      .N(2)
  ) u_warb (
      .clk_i,
      .rst_ni,
      .req_i  ({notify_wr_valid, upload_wr_valid}),
      .valid_o(warb_valid),
      .idx_o  (warb_idx),
      .take_i (open)
  );

  // The client of each burst outstanding: B comes back in this order.
  logic [$clog2(Bursts+1)-1:0] unused_order_count;
  prim_fifo #(
      .T(logic),
      .Depth(Bursts)
  ) u_order (
      .clk_i,
      .rst_ni,
      .push_i(open),
      .ready_o(order_ready),
      .data_i(src),
      .valid_o(order_valid),
      .pop_i(ret),
      .data_o(order_client),
      .count_o(unused_order_count),
      .empty_d_o(order_empty_d)
  );

  // `first` says nothing that the burst's own order does not.
  logic unused_first;
  assign unused_first = x.first;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      w_open_q   <= 1'b0;
      w_client_q <= 1'b0;
      aw_valid_q <= 1'b0;
      aw_q       <= '0;
      w_valid_q  <= 1'b0;
      w_q        <= '0;
    end else begin
      w_open_q   <= w_open_d;
      aw_valid_q <= aw_valid_d;
      w_valid_q  <= w_valid_d;
      if (open) begin
        w_client_q <= src;
        aw_q       <= '{id: '0, len: x.beats - 8'd1, addr: x.addr};
      end
      if (beat) w_q <= '{last: x.last, strb: x.strb, data: x.data};
    end
  end

  // ---------------------------------------------------------------------------------------------
  // Write answers.
  logic b_valid, b_empty_d, unused_b_low;
  axi_b_t b;
  logic
      upload_wr_done_valid_q,
      upload_wr_done_valid_d,
      notify_wr_done_valid_q,
      notify_wr_done_valid_d;
  wr_done_t upload_wr_done_q, notify_wr_done_q;

  assign ret = b_valid && order_valid;
  assign upload_wr_done_valid_d = ret && order_client == ClientUploadWr;
  assign notify_wr_done_valid_d = ret && order_client == ClientNotifyWr;
  assign unused_b_low = b.resp[0];

  prim_skid #(
      .T(axi_b_t)
  ) u_b_skid (
      .clk_i,
      .rst_ni,
      .valid_i(b_valid_i),
      .ready_o(b_ready_o),
      .data_i(b_i),
      .valid_o(b_valid),
      .pop_i(1'b1),
      .data_o(b),
      .empty_d_o(b_empty_d)
  );

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      upload_wr_done_valid_q <= 1'b0;
      upload_wr_done_q       <= '0;
      notify_wr_done_valid_q <= 1'b0;
      notify_wr_done_q       <= '0;
    end else begin
      upload_wr_done_valid_q <= upload_wr_done_valid_d;
      notify_wr_done_valid_q <= notify_wr_done_valid_d;
      if (upload_wr_done_valid_d) upload_wr_done_q.err <= b.resp[RespErr];
      if (notify_wr_done_valid_d) notify_wr_done_q.err <= b.resp[RespErr];
    end
  end

  // ---------------------------------------------------------------------------------------------
  // Requests: a tag each, tags in use are tail_q, tail_q + 1, ... (tags_q of them).
  logic ar_valid_q, ar_valid_d;
  axi_addr_t ar_q;
  tag_t head_q, tail_q;
  logic [TagBits:0] tags_q, tags_d;
  logic [1:0] tag_client_q[RdTags];
  beats_t tag_beats_q[RdTags];
  beats_t tag_cnt_q[RdTags];  // beats of the tag that are in the reorder RAM

  logic cmd_rd_req_valid, legacy_rd_req_valid, tx_rd_req_valid;
  logic cmd_rd_req_empty_d, legacy_rd_req_empty_d, tx_rd_req_empty_d;
  rd_req_t cmd_rd_req, legacy_rd_req, tx_rd_req, q;
  logic rarb_valid, issue, free_tag;
  logic [1:0] rarb_idx;
  logic [16:0] span;
  beats_t beats;

  assign issue = go && tags_q != (TagBits + 1)'(RdTags) && (!ar_valid_q || ar_ready_i) &&
      rarb_valid;
  assign ar_valid_d = issue || (ar_valid_q && !ar_ready_i);
  assign tags_d = tags_q + (TagBits + 1)'(issue) - (TagBits + 1)'(free_tag);

  assign q = rarb_idx == ClientTxRd ? tx_rd_req :
      rarb_idx == ClientLegacyRd ? legacy_rd_req : cmd_rd_req;
  // Beats that the request touches; only a malformed one makes 0 or more than a tag holds.
  assign span = (17'(q.addr[LaneBits-1:0]) + 17'(q.bytes) + 17'(DataBytes - 1)) >> LaneBits;
  assign beats = span == '0 ? beats_t'(1)
      : span > 17'(TagBeats) ? beats_t'(TagBeats) : beats_t'(span);

  prim_skid #(
      .T(rd_req_t)
  ) u_cmd_rd_req_skid (
      .clk_i,
      .rst_ni,
      .valid_i(cmd_rd_req_valid_i),
      .ready_o(cmd_rd_req_ready_o),
      .data_i(cmd_rd_req_i),
      .valid_o(cmd_rd_req_valid),
      .pop_i(issue && rarb_idx == ClientCmdRd),
      .data_o(cmd_rd_req),
      .empty_d_o(cmd_rd_req_empty_d)
  );
  prim_skid #(
      .T(rd_req_t)
  ) u_legacy_rd_req_skid (
      .clk_i,
      .rst_ni,
      .valid_i(legacy_rd_req_valid_i),
      .ready_o(legacy_rd_req_ready_o),
      .data_i(legacy_rd_req_i),
      .valid_o(legacy_rd_req_valid),
      .pop_i(issue && rarb_idx == ClientLegacyRd),
      .data_o(legacy_rd_req),
      .empty_d_o(legacy_rd_req_empty_d)
  );
  prim_skid #(
      .T(rd_req_t)
  ) u_tx_rd_req_skid (
      .clk_i,
      .rst_ni,
      .valid_i(tx_rd_req_valid_i),
      .ready_o(tx_rd_req_ready_o),
      .data_i(tx_rd_req_i),
      .valid_o(tx_rd_req_valid),
      .pop_i(issue && rarb_idx == ClientTxRd),
      .data_o(tx_rd_req),
      .empty_d_o(tx_rd_req_empty_d)
  );
  prim_arb #(
      .N(3)
  ) u_rarb (
      .clk_i,
      .rst_ni,
      .req_i  ({tx_rd_req_valid, legacy_rd_req_valid, cmd_rd_req_valid}),
      .valid_o(rarb_valid),
      .idx_o  (rarb_idx),
      .take_i (issue)
  );

  // ---------------------------------------------------------------------------------------------
  // Read data in: a beat of an outstanding tag goes to its place, any other is dropped.
  logic r_valid, r_empty_d, known, store, unused_r;
  axi_r_t r;
  tag_t r_tag, r_dist;

  assign r_tag = tag_t'(r.id);
  assign r_dist = r_tag - tail_q;
  assign known = 9'(r.id) < 9'(RdTags) && (TagBits + 1)'(r_dist) < tags_q &&
      tag_cnt_q[r_tag] < tag_beats_q[r_tag];
  assign store = r_valid && known;
  assign unused_r = &{r.last, r.resp[0]};

  prim_skid #(
      .T(axi_r_t)
  ) u_r_skid (
      .clk_i,
      .rst_ni,
      .valid_i(r_valid_i),
      .ready_o(r_ready_o),
      .data_i(r_i),
      .valid_o(r_valid),
      .pop_i(1'b1),
      .data_o(r),
      .empty_d_o(r_empty_d)
  );

  // ---------------------------------------------------------------------------------------------
  // Delivery: the oldest tag's beats, as they come.
  logic [BeatBits-1:0] dbeat_q;
  logic d1_valid_q, d1_last_q;
  logic [1:0] d1_client_q;
  logic
      cmd_rd_valid_q,
      cmd_rd_valid_d,
      legacy_rd_valid_q,
      legacy_rd_valid_d,
      tx_rd_valid_q,
      tx_rd_valid_d;
  rd_t cmd_rd_q, legacy_rd_q, tx_rd_q;
  logic deliver, last;
  word_t word;

  assign deliver = tags_q != '0 && tag_cnt_q[tail_q] > beats_t'(dbeat_q);
  assign last = beats_t'(dbeat_q) + beats_t'(1) == tag_beats_q[tail_q];
  assign free_tag = deliver && last;
  assign cmd_rd_valid_d = d1_valid_q && d1_client_q == ClientCmdRd;
  assign legacy_rd_valid_d = d1_valid_q && d1_client_q == ClientLegacyRd;
  assign tx_rd_valid_d = d1_valid_q && d1_client_q == ClientTxRd;

  prim_ram #(
      .T(word_t),
      .Depth(RdTags * TagBeats)
  ) u_reorder (
      .clk_i,
      .rst_ni,
      .re_i(deliver),
      .raddr_i({tail_q, dbeat_q}),
      .rdata_o(word),
      .we_i(store),
      .waddr_i({r_tag, tag_cnt_q[r_tag][BeatBits-1:0]}),
      .wdata_i({r.resp[RespErr], r.data})
  );

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      ar_valid_q <= 1'b0;
      ar_q       <= '0;
      head_q     <= '0;
      tail_q     <= '0;
      tags_q     <= '0;
      for (int unsigned i = 0; i < RdTags; i++) begin
        tag_client_q[i] <= '0;
        tag_beats_q[i]  <= '0;
        tag_cnt_q[i]    <= '0;
      end
      dbeat_q           <= '0;
      d1_valid_q        <= 1'b0;
      d1_client_q       <= '0;
      d1_last_q         <= 1'b0;
      cmd_rd_valid_q    <= 1'b0;
      cmd_rd_q          <= '0;
      legacy_rd_valid_q <= 1'b0;
      legacy_rd_q       <= '0;
      tx_rd_valid_q     <= 1'b0;
      tx_rd_q           <= '0;
    end else begin
      ar_valid_q <= ar_valid_d;
      tags_q     <= tags_d;
      if (store) tag_cnt_q[r_tag] <= tag_cnt_q[r_tag] + beats_t'(1);
      if (issue) begin
        ar_q <= '{
            id: 8'(head_q),
            len: 8'(beats) - 8'd1,
            addr: {q.addr[63:LaneBits], {LaneBits{1'b0}}}
        };
        tag_client_q[head_q] <= rarb_idx;
        tag_beats_q[head_q] <= beats;
        tag_cnt_q[head_q] <= '0;
        head_q <= head_q + 1'b1;
      end
      d1_valid_q <= deliver;
      if (deliver) begin
        d1_client_q <= tag_client_q[tail_q];
        d1_last_q   <= last;
        dbeat_q     <= last ? '0 : dbeat_q + 1'b1;
      end
      if (free_tag) tail_q <= tail_q + 1'b1;
      cmd_rd_valid_q <= cmd_rd_valid_d;
      legacy_rd_valid_q <= legacy_rd_valid_d;
      tx_rd_valid_q <= tx_rd_valid_d;
      if (cmd_rd_valid_d) cmd_rd_q <= '{last: d1_last_q, err: word.err, data: word.data};
      if (legacy_rd_valid_d) legacy_rd_q <= '{last: d1_last_q, err: word.err, data: word.data};
      if (tx_rd_valid_d) tx_rd_q <= '{last: d1_last_q, err: word.err, data: word.data};
    end
  end

  // ---------------------------------------------------------------------------------------------
  // Registers: drained, quiet.
  logic drained_q, drained_d, quiet_q;

  assign drained_d = !w_open_d && !aw_valid_d && !w_valid_d && !ar_valid_d && order_empty_d &&
      tags_d == '0;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      drained_q <= 1'b0;
      quiet_q   <= 1'b0;
    end else begin
      drained_q <= drained_d;
      quiet_q <= drained_d && !deliver && !upload_wr_done_valid_d && !notify_wr_done_valid_d &&
          !cmd_rd_valid_d && !legacy_rd_valid_d && !tx_rd_valid_d && uw_empty_d && nw_empty_d &&
          cmd_rd_req_empty_d &&
          legacy_rd_req_empty_d && tx_rd_req_empty_d && b_empty_d && r_empty_d;
    end
  end

  assign upload_wr_done_valid_o = upload_wr_done_valid_q;
  assign upload_wr_done_o = upload_wr_done_q;
  assign notify_wr_done_valid_o = notify_wr_done_valid_q;
  assign notify_wr_done_o = notify_wr_done_q;
  assign cmd_rd_valid_o = cmd_rd_valid_q;
  assign cmd_rd_o = cmd_rd_q;
  assign legacy_rd_valid_o = legacy_rd_valid_q;
  assign legacy_rd_o = legacy_rd_q;
  assign tx_rd_valid_o = tx_rd_valid_q;
  assign tx_rd_o = tx_rd_q;
  assign aw_valid_o = aw_valid_q;
  assign aw_o = aw_q;
  assign w_valid_o = w_valid_q;
  assign w_o = w_q;
  assign ar_valid_o = ar_valid_q;
  assign ar_o = ar_q;
  assign drained_o = drained_q;
  assign quiet_o = quiet_q;

`ifndef SYNTHESIS
  // ---------------------------------------------------------------------------------------------
  // Assertions: promises of docs/units/dma.md.

  // A burst, once offered, stays until taken, its beats and the reads too.
  assert property (@(posedge clk_i) disable iff (!rst_ni)
    aw_valid_q && !aw_ready_i |=> aw_valid_q && $stable(
      aw_q
  ));
  assert property (@(posedge clk_i) disable iff (!rst_ni)
    w_valid_q && !w_ready_i |=> w_valid_q && $stable(
      w_q
  ));
  assert property (@(posedge clk_i) disable iff (!rst_ni)
    ar_valid_q && !ar_ready_i |=> ar_valid_q && $stable(
      ar_q
  ));
  // Nothing begins while halt or stop is 1.
  assert property (@(posedge clk_i) disable iff (!rst_ni) !go |-> !open && !issue);
  // A tag is never asked for twice at once, nor are there more than the ring holds.
  assert property (@(posedge clk_i) disable iff (!rst_ni) tags_q <= (TagBits + 1)'(RdTags));
  assert property (@(posedge clk_i) disable iff (!rst_ni) head_q - tail_q == tag_t'(tags_q));
`endif

endmodule
