// SPDX-License-Identifier: Apache-2.0
//
// PhDecide of rx_tcp for expiries, upload errors and starts: rows X1 to X3, U1, U2, S1, S2 of
// docs/units/rx_tcp.md. Combinational. While valid_i is 0 it decides nothing and the state stays.

module handoff_rx_tcp_other
  import handoff_pkg::*;
  import handoff_rx_tcp_pkg::*;
(
    input logic   valid_i,
    input kind_e  kind_i,
    input exp_t   exp_i,
    input uerr_t  uerr_i,
    input start_t start_i,
    input tests_t tests_i,
    input state_t state_i,
    input u64_t   now_i,

    output decision_t decision_o
);

  // Rows X1 to X3, U1, U2.
  function automatic decision_t decide_other(input kind_e kind, input exp_t expiry,
                                             input uerr_t uerr, input state_t s);
    decision_t r;
    r   = '0;
    r.n = s;
    if (kind == KindExp) begin
      if (!expiry.is_handback) begin
        r.act.ackev = 1'b1;
        r.act.ack_kind = AckExpire;
      end else if (s.valid) begin
        r.n.room_epoch = s.room_epoch + 8'd1;
        r.act.place = 1'b1;
        r.act.place_kind = PlaceExpire;
      end
    end else if (s.valid && (s.gen == uerr.gen) && s.live) begin
      r.n = enter_sync(s);
      r.act.place = 1'b1;
      r.act.place_kind = PlaceSync;
      r.act.to_sync = 1'b1;
      r.act.prog = 1'b1;
      r.act.cancel = 1'b1;
      r.act.ackev = 1'b1;
      r.act.ack_kind = AckSetup;
    end
    return r;
  endfunction

  // Rows S1, S2: what a segment carries is chosen here, in wire order (CORNERS 55).
  function automatic decision_t decide_start(input start_t v, input tests_t t, input state_t s,
                                             input u32_t now_ms);
    decision_t r;
    u16_t field;
    r = '0;
    r.n = s;
    r.act.snap = 1'b1;
    if (!v.own_ack && (!s.valid || (s.gen != v.gen))) begin
      r.act.status = StatusStale;
    end else begin
      if (t.edge_in) r.n.rcv_edge = v.rcv_edge;
      field = window_field(r.n.rcv_edge, t.ack, s.rcv_scale);
      r.n.last_ack = t.ack;
      r.n.told_edge = t.ack + (32'(field) << s.rcv_scale);
      r.n.ts_sent = s.ts_offset + now_ms;
      if (!v.own_ack) r.n.snd_nxt = later(s.snd_nxt, v.seq + 32'(v.len) + 32'(v.fin));
      r.act.ackev = 1'b1;
      r.act.ack_kind = AckSent;
    end
    return r;
  endfunction

  always_comb begin
    decision_o   = '0;
    decision_o.n = state_i;
    if (valid_i) begin
      if (kind_i == KindStart) decision_o = decide_start(start_i, tests_i, state_i, now_i[41:10]);
      else decision_o = decide_other(kind_i, exp_i, uerr_i, state_i);
    end
  end

endmodule
