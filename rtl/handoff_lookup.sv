// SPDX-License-Identifier: Apache-2.0
//
// Puts frames and commands in one order and finds for each frame the DCT entry whose whole key equals
// its own. SETUP inserts into the set that the hash names or into the stash, UNDELEGATE removes.
//
// Valid/ready, with two-entry skids at hdr and cmd. One item every two cycles, three cycles from
// its port to op. An item waits in PhMatch until op is free. Never evicts or moves an entry, never
// drops or reorders what passes, takes nothing before its ways are cleared. docs/units/lookup.md.

module handoff_lookup
  import handoff_params_pkg::*;
  import handoff_pkg::*;
#(
    parameter int unsigned DctEntries = DefaultDctEntries,
    parameter int unsigned Ways = DefaultWays,
    parameter int unsigned StashEntries = DefaultStashEntries
) (
    input logic clk_i,
    input logic rst_ni,

    // from rx_fifo: one record a frame
    input  logic hdr_valid_i,
    output logic hdr_ready_o,
    input  hdr_t hdr_i,

    // from command: one command at a time; goes before a frame
    input  logic     cmd_valid_i,
    output logic     cmd_ready_o,
    input  cmd_key_t cmd_i,

    // to rx_tcp: both in the one order in which they were looked up
    output logic op_valid_o,
    input  logic op_ready_i,
    output op_t  op_o,

    // to csr: entries in use
    output u32_t lookup_used_o,

    // from csr: hash_key
    input cfg_t cfg_i,

    output logic quiet_o
);

  localparam int unsigned Sets = 2 * DctEntries / Ways;
  localparam int unsigned SetBits = $clog2(Sets);
  localparam int unsigned StashBits = (StashEntries > 1) ? $clog2(StashEntries) : 1;

  if (Sets < 2 || Sets != 1 << SetBits) begin : gen_check_sets
    $error("handoff_lookup: DctEntries and Ways must be powers of two, at least two sets");
  end
  if (StashEntries < MinStashEntries) begin : gen_check_stash
    $error("handoff_lookup: StashEntries must be at least MinStashEntries");
  end

  typedef struct packed {
    logic  valid;
    conn_t conn;
    key_t  key;
  } slot_t;

  typedef enum logic [1:0] {
    PhClear,  // the ways are being cleared
    PhIdle,   // waits for an item
    PhHash,   // its set is being read
    PhMatch   // compares; stays until op is free
  } phase_e;

  typedef logic [SetBits-1:0] set_t;

  phase_e phase_q, phase_d;
  logic fire;

  // -----------------------------------------------------------------------------------------------
  // Take: cmd before hdr.

  logic hdr_v, cmd_v, take_ok, take_cmd, take_hdr;
  logic hdr_empty_d, cmd_empty_d;
  hdr_t hdr;
  cmd_key_t cmd;

  assign take_ok  = phase_q == PhIdle || fire;
  assign take_cmd = take_ok && cmd_v;
  assign take_hdr = take_ok && !cmd_v && hdr_v;

  prim_skid #(
      .T(hdr_t)
  ) u_hdr_skid (
      .clk_i,
      .rst_ni,
      .valid_i(hdr_valid_i),
      .ready_o(hdr_ready_o),
      .data_i(hdr_i),
      .valid_o(hdr_v),
      .pop_i(take_hdr),
      .data_o(hdr),
      .empty_d_o(hdr_empty_d)
  );

  prim_skid #(
      .T(cmd_key_t)
  ) u_cmd_skid (
      .clk_i,
      .rst_ni,
      .valid_i(cmd_valid_i),
      .ready_o(cmd_ready_o),
      .data_i(cmd_i),
      .valid_o(cmd_v),
      .pop_i(take_cmd),
      .data_o(cmd),
      .empty_d_o(cmd_empty_d)
  );

  // -----------------------------------------------------------------------------------------------
  // PhHash: the low bits of the Toeplitz hash choose the set.

  logic is_cmd_q;
  key_t key_q;
  seg_t seg_q;
  cmd_t cmd_q;
  set_t set_q, set;
  logic [TupleBits-1:0] tuple;

  assign tuple = {key_q.src_ip, key_q.dst_ip, key_q.src_port, key_q.dst_port};

  always_comb begin
    set = set_q;
    if (phase_q == PhHash) begin
      for (int unsigned j = 0; j < SetBits; j++) set[j] = ^(tuple & cfg_i.hash_key[j+1+:TupleBits]);
    end
  end

  // -----------------------------------------------------------------------------------------------
  // The table: Ways ways of Sets slots, and the stash.

  set_t clr_addr_q;
  slot_t way[Ways];
  logic [Ways-1:0] way_we;
  logic stash_we;
  logic [StashBits-1:0] stash_idx;  // which is written
  slot_t slot_new;  // what insert or remove leaves in a slot
  slot_t stash_q[StashEntries];

  for (genvar i = 0; i < Ways; i++) begin : gen_way
    prim_ram #(
        .T(slot_t),
        .Depth(Sets)
    ) u_way (
        .clk_i,
        .rst_ni,
        .re_i(phase_q == PhHash),
        .raddr_i(set),
        .rdata_o(way[i]),
        .we_i(phase_q == PhClear || way_we[i]),
        .waddr_i(phase_q == PhClear ? clr_addr_q : set_q),
        .wdata_i(phase_q == PhClear ? '0 : slot_new)
    );
  end

  // -----------------------------------------------------------------------------------------------
  // PhMatch: compare with all ways and the stash; the first of them wins (uniquely, as SETUP sees to).

  // Candidates: ways, then stash.
  localparam int unsigned Candidates = Ways + StashEntries;
  logic [Candidates-1:0] same, tuple_eq, unused, write, pick;
  conn_t hit_conn;
  logic well_formed, setup, undelegate;
  logic insert, remove;
  op_t op_d;

  // All members equal but dst_mac, which may differ.
  function automatic logic equal_tuple(key_t a, key_t b);
    return {a.is_ip6, a.n_tags, a.vid0, a.vid1, a.src_port, a.dst_port, a.src_ip, a.dst_ip} ==
           {b.is_ip6, b.n_tags, b.vid0, b.vid1, b.src_port, b.dst_port, b.src_ip, b.dst_ip};
  endfunction

  assign fire = phase_q == PhMatch && (!op_valid_q || op_ready_i);
  assign well_formed = !is_cmd_q && seg_q.reason == ReasonNone;
  assign setup = is_cmd_q && cmd_q.status == StatusOk && cmd_q.op == CmdSetup;
  assign undelegate = is_cmd_q && cmd_q.status == StatusOk && cmd_q.op == CmdUndelegate;

  always_comb begin
    same = '0;
    tuple_eq = '0;
    unused = '0;
    hit_conn = '0;
    if (fire && (well_formed || setup || undelegate)) begin
      for (int unsigned i = StashEntries; i > 0; i--) begin
        unused[Ways+i-1] = !stash_q[i-1].valid;
        if (stash_q[i-1].valid && equal_tuple(stash_q[i-1].key, key_q)) begin
          tuple_eq[Ways+i-1] = 1'b1;
          if (stash_q[i-1].key.dst_mac == key_q.dst_mac) begin
            same[Ways+i-1] = 1'b1;
            hit_conn = stash_q[i-1].conn;
          end
        end
      end
      for (int unsigned i = Ways; i > 0; i--) begin
        unused[i-1] = !way[i-1].valid;
        if (way[i-1].valid && equal_tuple(way[i-1].key, key_q)) begin
          tuple_eq[i-1] = 1'b1;
          if (way[i-1].key.dst_mac == key_q.dst_mac) begin
            same[i-1] = 1'b1;
            hit_conn  = way[i-1].conn;
          end
        end
      end
    end
  end

  assign insert = setup && tuple_eq == '0 && unused != '0;
  assign remove = undelegate && same != '0;
  assign pick = insert ? unused : remove ? same : '0;
  assign write = pick & (~pick + 1'b1);  // the lowest
  assign way_we = write[Ways-1:0];
  assign stash_we = write[Ways+:StashEntries] != '0;
  assign slot_new = insert ? {1'b1, cmd_q.conn, key_q} : '0;

  always_comb begin
    stash_idx = '0;
    for (int unsigned i = 0; i < StashEntries; i++) begin
      if (write[Ways+i]) stash_idx = StashBits'(i);
    end
  end

  always_comb begin
    op_d = '0;
    if (fire) begin
      op_d.is_cmd = is_cmd_q;
      if (is_cmd_q) begin
        op_d.cmd = cmd_q;
        if (setup && tuple_eq != '0) op_d.cmd.status = StatusTupleInUse;
        else if (setup && unused == '0) op_d.cmd.status = StatusNoRoom;
      end else begin
        op_d.seg = seg_q;
        op_d.hit = well_formed && same != '0;
        if (op_d.hit) op_d.conn = hit_conn;
      end
    end
  end

  // -----------------------------------------------------------------------------------------------
  // Registers.

  logic op_valid_q, op_valid_d, quiet_q;
  op_t  op_q;
  u32_t used_q;

  assign op_valid_d = fire || (op_valid_q && !op_ready_i);
  assign op_valid_o = op_valid_q;
  assign op_o = op_q;
  assign lookup_used_o = used_q;
  assign quiet_o = quiet_q;

  always_comb begin
    phase_d = phase_q;
    unique case (phase_q)
      PhClear: if (clr_addr_q == set_t'(Sets - 1)) phase_d = PhIdle;
      PhIdle:  if (take_cmd || take_hdr) phase_d = PhHash;
      PhHash:  phase_d = PhMatch;
      PhMatch: if (fire) phase_d = (take_cmd || take_hdr) ? PhHash : PhIdle;
    endcase
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      phase_q <= PhClear;
      clr_addr_q <= '0;
      is_cmd_q <= 1'b0;
      key_q <= '0;
      seg_q <= '0;
      cmd_q <= '0;
      set_q <= '0;
      op_valid_q <= 1'b0;
      op_q <= '0;
      used_q <= '0;
      quiet_q <= 1'b0;
      for (int unsigned i = 0; i < StashEntries; i++) stash_q[i] <= '0;
    end else begin
      phase_q <= phase_d;
      if (phase_q == PhClear) clr_addr_q <= clr_addr_q + 1'b1;
      if (take_cmd) begin
        is_cmd_q <= 1'b1;
        key_q <= cmd.key;
        cmd_q <= cmd.cmd;
      end else if (take_hdr) begin
        is_cmd_q <= 1'b0;
        key_q <= hdr.key;
        seg_q <= hdr.seg;
      end
      if (phase_q == PhHash) set_q <= set;
      op_valid_q <= op_valid_d;
      if (fire) op_q <= op_d;
      if (insert || remove) begin
        used_q <= insert ? used_q + 1'b1 : used_q - 1'b1;
        if (stash_we) stash_q[stash_idx] <= slot_new;
      end
      quiet_q <= phase_d == PhIdle && hdr_empty_d && cmd_empty_d && !op_valid_d;
    end
  end

`ifndef SYNTHESIS
  // An item, once offered, stays until taken.
  assert property (@(posedge clk_i) disable iff (!rst_ni)
    op_valid_q && !op_ready_i |=> op_valid_q && $stable(
      op_q
  ));
  // No more entries than slots.
  assert property (@(posedge clk_i) disable iff (!rst_ni)
    used_q <= 32'(2 * DctEntries + StashEntries));
`endif

endmodule
