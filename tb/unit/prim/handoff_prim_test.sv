// SPDX-License-Identifier: Apache-2.0
//
// Every prim in the sizes that tb/unit/prim/prim_test.cpp compares with its twin. All instances of a kind
// share their inputs. Each shows 128 bits: {flags and small numbers, data}.

module handoff_prim_test (
    input logic clk_i,
    input logic rst_ni,

    // skid, FIFOs and delays
    input logic        push_i,
    input logic [63:0] data_i,
    input logic        pop_i,

    // RAM
    input logic       re_i,
    input logic [3:0] raddr_i,
    input logic       we_i,
    input logic [3:0] waddr_i,

    // arbiters
    input logic [7:0] req_i,
    input logic       take_i,

    output logic [127:0]        skid_o,
    output logic [  3:0][127:0] fifo_o,
    output logic [  2:0][127:0] ram_fifo_o,
    output logic [ 63:0]        ram_o,
    output logic [  1:0][127:0] delay_o,
    output logic [  3:0][  7:0] arb_o
);

  typedef logic [63:0] word_t;

  localparam int unsigned FifoDepth[4] = '{1, 2, 5, 16};
  localparam int unsigned RamFifoDepth[3] = '{2, 7, 16};
  localparam int unsigned DelayStages[2] = '{1, 5};
  localparam int unsigned ArbRequests[4] = '{1, 2, 5, 8};

  logic  skid_valid;
  word_t skid_data;
  assign skid_o[127:67] = '0;
  assign skid_o[65] = skid_valid;
  assign skid_o[63:0] = skid_valid ? skid_data : '0;  // without valid_o it means nothing
  prim_skid #(
      .T(word_t)
  ) u_skid (
      .clk_i,
      .rst_ni,
      .valid_i(push_i),
      .ready_o(skid_o[64]),
      .data_i,
      .valid_o(skid_valid),
      .pop_i,
      .data_o(skid_data),
      .empty_d_o(skid_o[66])
  );

  for (genvar i = 0; i < 4; i++) begin : gen_fifo
    localparam int unsigned CountBits = $clog2(FifoDepth[i] + 1);
    assign fifo_o[i][127:72+CountBits] = '0;
    assign fifo_o[i][71:67] = '0;
    prim_fifo #(
        .T(word_t),
        .Depth(FifoDepth[i])
    ) u_fifo (
        .clk_i,
        .rst_ni,
        .push_i,
        .ready_o(fifo_o[i][64]),
        .data_i,
        .valid_o(fifo_o[i][65]),
        .pop_i,
        .data_o(fifo_o[i][63:0]),
        .count_o(fifo_o[i][72+:CountBits]),
        .empty_d_o(fifo_o[i][66])
    );
  end

  for (genvar i = 0; i < 3; i++) begin : gen_ram_fifo
    localparam int unsigned CountBits = $clog2(RamFifoDepth[i] + 1);
    assign ram_fifo_o[i][127:72+CountBits] = '0;
    assign ram_fifo_o[i][71:67] = '0;
    prim_ram_fifo #(
        .T(word_t),
        .Depth(RamFifoDepth[i])
    ) u_ram_fifo (
        .clk_i,
        .rst_ni,
        .push_i,
        .ready_o(ram_fifo_o[i][64]),
        .data_i,
        .valid_o(ram_fifo_o[i][65]),
        .pop_i,
        .data_o(ram_fifo_o[i][63:0]),
        .count_o(ram_fifo_o[i][72+:CountBits]),
        .empty_d_o(ram_fifo_o[i][66])
    );
  end

  prim_ram #(
      .T(word_t),
      .Depth(12)
  ) u_ram (
      .clk_i,
      .rst_ni,
      .re_i,
      .raddr_i,
      .rdata_o(ram_o),
      .we_i,
      .waddr_i,
      .wdata_i(data_i)
  );

  for (genvar i = 0; i < 2; i++) begin : gen_delay
    assign delay_o[i][127:67] = '0;
    assign delay_o[i][64] = 1'b1;
    prim_delay #(
        .T(word_t),
        .N(DelayStages[i])
    ) u_delay (
        .clk_i,
        .rst_ni,
        .valid_i(push_i),
        .data_i,
        .valid_o(delay_o[i][65]),
        .data_o(delay_o[i][63:0]),
        .empty_d_o(delay_o[i][66])
    );
  end

  for (genvar i = 0; i < 4; i++) begin : gen_arb
    localparam int unsigned IdxBits = (ArbRequests[i] > 1) ? $clog2(ArbRequests[i]) : 1;
    assign arb_o[i][6:IdxBits] = '0;
    prim_arb #(
        .N(ArbRequests[i])
    ) u_arb (
        .clk_i,
        .rst_ni,
        .req_i  (req_i[ArbRequests[i]-1:0]),
        .valid_o(arb_o[i][7]),
        .idx_o  (arb_o[i][IdxBits-1:0]),
        .take_i
    );
  end

endmodule
