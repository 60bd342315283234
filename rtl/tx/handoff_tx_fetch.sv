// SPDX-License-Identifier: Apache-2.0
//
// The ring side of tx: fetches descriptors, decodes them, and requests their data. Parts
// "Requests", descriptor arrival, and "Decode" of docs/units/tx.md.
//
// Valid/ready at tx_rd_req, one request a cycle, a descriptor read before a data read. Never reads
// past the host's index or on after an error, never asks for more than there is room for, never
// crosses a multiple of MaxReadBytes.

module handoff_tx_fetch
  import handoff_params_pkg::*;
  import handoff_pkg::*;
  import handoff_tx_pkg::*;
#(
    parameter int unsigned DctEntries = DefaultDctEntries
) (
    input logic clk_i,
    input logic rst_ni,

    input u16_t  max_frame_i,
    input ring_t ring_i,
    input logic  stop_i,

    // read requests, each with its entry in the order FIFO
    output logic    tx_rd_req_valid_o,
    input  logic    tx_rd_req_ready_i,
    output rd_req_t tx_rd_req_o,
    input  logic    ord_ready_i,
    output logic    ord_push_o,
    output ord_t    ord_o,

    // a beat that is a descriptor
    input logic     desc_valid_i,
    input logic     desc_err_i,
    input tx_desc_t desc_i,

    // decoded descriptors
    input  logic  item_ready_i,
    output logic  item_push_o,
    output item_t item_o,

    // words of the frame RAM that become free
    input words_t release_i,

    output u16_t cons_o,
    output logic fault_o,
    output logic busy_d_o  // after this edge a request is up or a descriptor is not decoded
);

  localparam int unsigned ReadDescs = MaxReadBytes / SlotBytes;  // descriptors in one read

  if ($bits(tx_desc_t) != 8 * SlotBytes || SlotBytes != DataBytes) begin : gen_check_desc
    $error("handoff_tx_fetch: tx_desc_t must have SlotBytes, one beat");
  end

  typedef logic [$clog2(ReadDescs):0] descs_t;  // 0 to ReadDescs
  typedef logic [$clog2(Descriptors):0] held_t;  // 0 to Descriptors

  typedef enum logic [1:0] {
    DIdle,   // waits for a descriptor
    DCheck,  // judges it, waits for its place
    DPiece   // requests its data
  } d_state_e;

  // ---------------------------------------------------------------------------------------------
  // The ring.

  u16_t fetch_q, cons_q;
  held_t fly_q, held_q;
  logic fault_q;
  logic tx_rd_req_valid_q;
  rd_req_t tx_rd_req_q;

  u16_t mask, avail;
  logic [16:0] to_end;
  u64_t fetch_addr;
  descs_t fetch_n, to_block;
  logic req_free, fetch, piece, desc_push, desc_pop;

  assign mask = ring_mask(ring_i.log_size);
  assign avail = (ring_i.index - fetch_q) & mask;
  assign to_end = 17'(mask) + 17'd1 - 17'(fetch_q);
  assign fetch_addr = aligned(ring_i.base) + (u64_t'(fetch_q) << LaneBits);  // a slot is one beat
  assign to_block = descs_t'(ReadDescs) - descs_t'(fetch_addr[LaneBits+:$clog2(ReadDescs)]);
  assign req_free = (!tx_rd_req_valid_q || tx_rd_req_ready_i) && ord_ready_i;
  assign fetch = ring_i.enable && !fault_q && !stop_i && avail != '0 &&
      held_q <= held_t'(Descriptors - ReadDescs) && req_free;

  always_comb begin
    fetch_n = to_block;
    if (avail < 16'(fetch_n)) fetch_n = descs_t'(avail);
    if (to_end < 17'(fetch_n)) fetch_n = descs_t'(to_end);
  end

  // ---------------------------------------------------------------------------------------------
  // Descriptors that arrived.

  logic desc_fifo_ready, desc_fifo_valid, desc_empty_d;
  tx_desc_t desc;
  logic [$clog2(Descriptors+1)-1:0] desc_count;

  assign desc_push = desc_valid_i && !desc_err_i && !fault_q;

  prim_ram_fifo #(
      .T(tx_desc_t),
      .Depth(Descriptors)
  ) u_desc (
      .clk_i,
      .rst_ni,
      .push_i(desc_push),
      .ready_o(desc_fifo_ready),
      .data_i(desc_i),
      .valid_o(desc_fifo_valid),
      .pop_i(desc_pop),
      .data_o(desc),
      .count_o(desc_count),
      .empty_d_o(desc_empty_d)
  );

  // ---------------------------------------------------------------------------------------------
  // Decode.

  d_state_e d_state_q, d_state_d;
  tx_desc_t d_q;
  piece_t cur_q, nxt_q, nxt2_q;
  space_t space_q;

  logic [1:0] n_pieces;
  u32_t size0, size1, size2;
  logic [33:0] total;
  logic zero_size, many, over;
  status_e status;
  len_t len;
  logic item_push;

  always_comb begin
    many = d_q.n_pieces > 8'(MaxPieces);
    n_pieces = many ? 2'(MaxPieces) : d_q.n_pieces[1:0];
    size0 = (n_pieces >= 2'd1) ? d_q.piece0.size : '0;
    size1 = (n_pieces >= 2'd2) ? d_q.piece1.size : '0;
    size2 = (n_pieces == 2'd3) ? d_q.piece2.size : '0;
    total = 34'(size0) + 34'(size1) + 34'(size2);
    zero_size = (n_pieces >= 2'd1 && size0 == '0) || (n_pieces >= 2'd2 && size1 == '0)
        || (n_pieces == 2'd3 && size2 == '0);
    over = total > 34'(max_frame_i) || total > 34'(MaxLen);

    status = StatusOk;
    if (d_q.op == 8'(TxRaw)) begin
      if (many) status = StatusBadPiece;
      else if (total == '0 || over) status = StatusBadLength;
    end else if (d_q.op == 8'(TxSend)) begin
      if (32'(d_q.conn) >= DctEntries) status = StatusBadIndex;
      else if (many || d_q.n_sacks > 8'(MaxSacks) || (d_q.n_sacks != '0 && d_q.n_pieces != '0))
        status = StatusBadPiece;
      else if (zero_size) status = StatusBadSize;
      else if (over) status = StatusBadLength;
    end else begin
      status = StatusBadOp;
    end
    len = (status == StatusOk) ? len_t'(total) : '0;
  end

  assign item_push = d_state_q == DCheck && item_ready_i && space_t'(words(len)) <= space_q;
  assign desc_pop = d_state_q == DIdle && desc_fifo_valid;

  assign item_push_o = item_push;
  assign item_o = '{
          raw: d_q.op == 8'(TxRaw),
          status: status,
          conn: d_q.conn,
          gen: d_q.gen,
          tag: d_q.tag,
          psh: d_q.flags[SendFlagPsh],
          fin: d_q.flags[SendFlagFin],
          has_ack: d_q.flags[SendFlagAck],
          n_sacks: d_q.n_sacks[1:0],
          seq: d_q.seq,
          ack: d_q.ack,
          rcv_edge: d_q.rcv_edge,
          len: len,
          sack0: d_q.piece0.addr,
          sack1: d_q.piece1.addr,
          sack2: d_q.piece2.addr
      };

  // ---------------------------------------------------------------------------------------------
  // Data requests: none crosses a multiple of MaxReadBytes.

  chunk_t chunk, to_edge;
  logic cur_ends, piece_last;

  assign to_edge = chunk_t'(MaxReadBytes) - chunk_t'(cur_q.addr[$clog2(MaxReadBytes)-1:0]);
  assign chunk = (cur_q.size < 32'(to_edge)) ? chunk_t'(cur_q.size) : to_edge;
  assign cur_ends = cur_q.size == 32'(chunk);
  assign piece_last = cur_ends && nxt_q.size == '0 && nxt2_q.size == '0;
  assign piece = !fetch && d_state_q == DPiece && cur_q.size != '0 && !stop_i && req_free;

  assign ord_push_o = fetch || piece;
  assign ord_o = fetch ?
      '{is_desc: 1'b1, lane: '0, bytes: chunk_t'(fetch_n) << LaneBits, last: 1'b0}
      : '{is_desc: 1'b0, lane: lane_t'(cur_q.addr), bytes: chunk, last: piece_last};

  always_comb begin
    d_state_d = d_state_q;
    unique case (d_state_q)
      DIdle:   if (desc_pop) d_state_d = DCheck;
      DCheck:  if (item_push) d_state_d = (len != '0) ? DPiece : DIdle;
      DPiece:  if (piece && piece_last) d_state_d = DIdle;
      default: d_state_d = DIdle;
    endcase
  end

  // ---------------------------------------------------------------------------------------------
  // Registers.

  logic tx_rd_req_valid_d;

  assign tx_rd_req_valid_d = fetch || piece || (tx_rd_req_valid_q && !tx_rd_req_ready_i);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      fetch_q <= '0;
      cons_q <= '0;
      fly_q <= '0;
      held_q <= '0;
      fault_q <= 1'b0;
      tx_rd_req_valid_q <= 1'b0;
      tx_rd_req_q <= '0;
      d_state_q <= DIdle;
      d_q <= '0;
      cur_q <= '0;
      nxt_q <= '0;
      nxt2_q <= '0;
      space_q <= space_t'(FrameWords);
    end else begin
      fly_q  <= fly_q + (fetch ? held_t'(fetch_n) : '0) - held_t'(desc_valid_i);
      held_q <= held_q + (fetch ? held_t'(fetch_n) : '0) - held_t'(desc_pop);
      if (fetch) fetch_q <= (fetch_q + 16'(fetch_n)) & mask;
      if (desc_push) cons_q <= (cons_q + 16'd1) & mask;
      if (!ring_i.enable && fly_q == '0) begin
        fetch_q <= '0;
        cons_q  <= '0;
      end
      if (desc_valid_i && desc_err_i) fault_q <= 1'b1;

      tx_rd_req_valid_q <= tx_rd_req_valid_d;
      if (fetch) tx_rd_req_q <= '{addr: fetch_addr, bytes: u16_t'(fetch_n) << LaneBits};
      else if (piece) tx_rd_req_q <= '{addr: cur_q.addr, bytes: 16'(chunk)};

      d_state_q <= d_state_d;
      if (desc_pop) d_q <= desc;
      if (item_push && len != '0) begin
        cur_q  <= '{size: size0, addr: d_q.piece0.addr};
        nxt_q  <= '{size: size1, addr: d_q.piece1.addr};
        nxt2_q <= '{size: size2, addr: d_q.piece2.addr};
      end else if (d_state_q == DPiece) begin
        if (cur_q.size == '0 || (piece && cur_ends && !piece_last)) begin
          cur_q  <= nxt_q;
          nxt_q  <= nxt2_q;
          nxt2_q <= '0;
        end else if (piece) begin
          cur_q.addr <= cur_q.addr + 64'(chunk);
          cur_q.size <= cur_q.size - 32'(chunk);
        end
      end
      space_q <= space_q - (item_push ? space_t'(words(len)) : '0) + space_t'(release_i);
    end
  end

  assign tx_rd_req_valid_o = tx_rd_req_valid_q;
  assign tx_rd_req_o = tx_rd_req_q;
  assign cons_o = cons_q;
  assign fault_o = fault_q;
  assign busy_d_o = tx_rd_req_valid_d || !desc_empty_d || d_state_d != DIdle
      || (ring_i.enable && !fault_q && avail != '0);

`ifndef SYNTHESIS
  // There is always room for what was requested.
  assert property (@(posedge clk_i) disable iff (!rst_ni) desc_push |-> desc_fifo_ready);
  assert property (@(posedge clk_i) disable iff (!rst_ni) held_t'(desc_count) <= held_q || fault_q);
`endif

endmodule
