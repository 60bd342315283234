// SPDX-License-Identifier: Apache-2.0
//
// One unit by its pins in a SystemC bench of one's own: rx_parser, the engine's first unit. A frame
// goes in as the MAC gives it, a beat of 64 bytes a cycle; beats and one header record come out.
//
//   unit_pins [WAVES]    WAVES.vcd shows every pin, of structs every field

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <systemc>
#include <vector>

#include "gen/handoff_pkg.h"
#include "gen/handoff_rx_parser_ports.h"
#include "model/handoff_rx_parser.h"
#include "model/sc/pin_shell.h"

using namespace handoff;

namespace {

// 10.77.0.1:40000 to 10.77.0.2:5000, sequence number 0x12345678, PSH and ACK, six bytes.
const std::vector<uint8_t> kFrame = {
    0x02, 0x00, 0x00, 0x00, 0x00, 0x02, 0x02, 0x00, 0x00, 0x00, 0x00, 0x01,  // MAC addresses
    0x08, 0x00,                                                              // IPv4
    0x45, 0x00, 0x00, 0x2e, 0x00, 0x01, 0x40, 0x00, 0x40, 0x06, 0x26, 0x2d,  // IP's header
    0x0a, 0x4d, 0x00, 0x01, 0x0a, 0x4d, 0x00, 0x02,                          // IP addresses
    0x9c, 0x40, 0x13, 0x88, 0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, 0xde, 0xf0,  // TCP's header
    0x50, 0x18, 0x13, 0x88, 0xb1, 0x8c, 0x00, 0x00,                          //
    0x68, 0x65, 0x6c, 0x6c, 0x6f, 0x21};                                     // "hello!"

// The bench is a module as any other: it drives the unit's inputs and looks at its outputs.
SC_MODULE(Bench) {
  sc_core::sc_in<bool> clk{"clk"};
  sc_core::sc_out<bool> rst_n{"rst_n"};
  sc_core::sc_out<bool> rx_valid{"rx_valid"};
  sc_core::sc_out<Axis> rx{"rx"};
  sc_core::sc_out<Cfg> cfg{"cfg"};
  sc_core::sc_in<bool> frame_valid{"frame_valid"}, hdr_valid{"hdr_valid"};
  sc_core::sc_in<Hdr> hdr{"hdr"};
  std::vector<Hdr> headers;
  int beats = 0;

  SC_CTOR(Bench) {
    SC_THREAD(Drive);
    sensitive << clk.pos();
    SC_METHOD(Watch);
    sensitive << clk.pos();
    dont_initialize();
  }

  void Drive() {
    Cfg c{};
    c.max_frame = 1518;
    cfg.write(c);
    rst_n.write(false);
    wait(4);
    rst_n.write(true);
    wait(2);
    Send(kFrame);
    std::vector<uint8_t> damaged = kFrame;
    damaged.back() ^= 1;
    Send(damaged);
  }
  void Send(const std::vector<uint8_t>& frame) {
    for (size_t at = 0; at < frame.size(); at += kDataBytes) {
      const size_t bytes = std::min<size_t>(kDataBytes, frame.size() - at);
      Axis beat{};
      for (size_t i = 0; i < bytes; ++i)
        beat.data.set_byte(static_cast<uint32_t>(i), frame[at + i]);
      beat.keep = ~uint64_t{0} >> (kDataBytes - bytes);
      beat.last = at + bytes == frame.size();
      rx.write(beat);
      rx_valid.write(true);
      wait();
    }
    rx_valid.write(false);
  }
  void Watch() {
    beats += frame_valid.read();
    if (hdr_valid.read()) headers.push_back(hdr.read());
  }
};

void Print(const Hdr& hdr) {
  std::printf("%s: port %u to port %u, seq 0x%x, %u bytes\n", ToString(hdr.seg.reason).c_str(),
              hdr.key.src_port, hdr.key.dst_port, hdr.seg.seq, hdr.seg.pay_len);
}

}  // namespace

int sc_main(int argc, char** argv) {
  sc_core::sc_clock clk("clk", 3, sc_core::SC_NS);
  sc_core::sc_signal<bool> rst_n("rst_n");
  handoff_rx_parser_pins<PinWire, PinWire> wires;  // one sc_signal a port
  PinShell<handoff_rx_parser> parser("parser");
  parser.clk_i(clk);
  parser.rst_ni(rst_n);
  parser.BindTo(wires);

  Bench bench("bench");
  bench.clk(clk);
  bench.rst_n(rst_n);
  bench.rx_valid(wires.rx_valid_i);
  bench.rx(wires.rx_i);
  bench.cfg(wires.cfg_i);
  bench.frame_valid(wires.frame_valid_o);
  bench.hdr_valid(wires.hdr_valid_o);
  bench.hdr(wires.hdr_o);

  sc_core::sc_trace_file* waves = argc > 1 ? sc_core::sc_create_vcd_trace_file(argv[1]) : nullptr;
  if (waves != nullptr) parser.Trace(waves);
  sc_core::sc_start(100, sc_core::SC_NS);
  if (waves != nullptr) sc_core::sc_close_vcd_trace_file(waves);

  for (const Hdr& hdr : bench.headers) Print(hdr);
  const bool right = bench.beats == 2 && bench.headers.size() == 2 &&
                     bench.headers[0].seg.reason == Reason::ReasonNone &&
                     bench.headers[0].key.src_port == 40000 &&
                     bench.headers[0].seg.seq == 0x12345678 &&
                     bench.headers[1].seg.reason == Reason::ReasonBadTcpChecksum;
  std::printf("%d beats, %zu headers: %s\n", bench.beats, bench.headers.size(),
              right ? "as they should be" : "WRONG");
  return right ? 0 : 1;
}
