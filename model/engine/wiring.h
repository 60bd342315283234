// SPDX-License-Identifier: Apache-2.0
//
// Who is wired to whom (docs/channels.md), once for all forms in which units are composed in C++:
// as models, as Verilated units, or both. The counterpart of rtl/handoff_engine.sv.
#pragma once

#include "gen/handoff_engine_params.h"
#include "model/handoff_ack.h"
#include "model/handoff_buffers.h"
#include "model/handoff_command.h"
#include "model/handoff_csr.h"
#include "model/handoff_dma.h"
#include "model/handoff_legacy.h"
#include "model/handoff_lookup.h"
#include "model/handoff_notify.h"
#include "model/handoff_rx_fifo.h"
#include "model/handoff_rx_parser.h"
#include "model/handoff_rx_tcp.h"
#include "model/handoff_timers.h"
#include "model/handoff_tx.h"
#include "model/handoff_upload.h"

namespace handoff {

// All units; `Slot<U>` is what stands for unit U: U itself, or something with its `in` and `out()`.
template <template <class> class Slot>
struct EngineParts {
  Slot<handoff_rx_parser> rx_parser;
  Slot<handoff_rx_fifo> rx_fifo;
  Slot<handoff_lookup> lookup;
  Slot<handoff_rx_tcp> rx_tcp;
  Slot<handoff_buffers> buffers;
  Slot<handoff_upload> upload;
  Slot<handoff_ack> ack;
  Slot<handoff_timers> timers;
  Slot<handoff_tx> tx;
  Slot<handoff_command> command;
  Slot<handoff_notify> notify;
  Slot<handoff_legacy> legacy;
  Slot<handoff_dma> dma;
  Slot<handoff_csr> csr;

  EngineParts() = default;
  // Each unit with the engine's parameters. (rx_parser has none.)
  explicit EngineParts(const EngineParams& params)
      : rx_fifo(params.Of<handoff_rx_fifo::Params>()),
        lookup(params.Of<handoff_lookup::Params>()),
        rx_tcp(params.Of<handoff_rx_tcp::Params>()),
        buffers(params.Of<handoff_buffers::Params>()),
        upload(params.Of<handoff_upload::Params>()),
        ack(params.Of<handoff_ack::Params>()),
        timers(params.Of<handoff_timers::Params>()),
        tx(params.Of<handoff_tx::Params>()),
        command(params.Of<handoff_command::Params>()),
        notify(params.Of<handoff_notify::Params>()),
        legacy(params.Of<handoff_legacy::Params>()),
        dma(params.Of<handoff_dma::Params>()),
        csr(params.Of<handoff_csr::Params>()) {}

  // Calls f(name, unit) for every unit but csr, which has another reset.
  template <class F>
  void ForEach(F&& f) {
    f("rx_parser", rx_parser);
    f("rx_fifo", rx_fifo);
    f("lookup", lookup);
    f("rx_tcp", rx_tcp);
    f("buffers", buffers);
    f("upload", upload);
    f("ack", ack);
    f("timers", timers);
    f("tx", tx);
    f("command", command);
    f("notify", notify);
    f("legacy", legacy);
    f("dma", dma);
  }
};

// One valid/ready channel: `from` is the producer's unit, `to` the consumer's.
#define HANDOFF_CHANNEL(from, to, channel)             \
  to.in.channel##_valid = &from.out().channel##_valid; \
  to.in.channel = &from.out().channel;                 \
  from.in.channel##_ready = &to.out().channel##_ready
#define HANDOFF_PULSE(from, to, channel)               \
  to.in.channel##_valid = &from.out().channel##_valid; \
  to.in.channel = &from.out().channel
#define HANDOFF_LEVEL(from, to, level) to.in.level = &from.out().level
// A channel between a pin and a unit.
#define HANDOFF_PIN_IN(to, channel)            \
  to.in.channel##_valid = pin.channel##_valid; \
  to.in.channel = pin.channel
#define HANDOFF_PIN_OUT(from, channel) from.in.channel##_ready = pin.channel##_ready

// `pin` is the engine's own `In`, bound already.
template <template <class> class Slot, class PinIn>
void WireEngine(EngineParts<Slot>& p, const PinIn& pin) {
  HANDOFF_PIN_IN(p.rx_parser, rx);
  HANDOFF_PULSE(p.rx_parser, p.rx_fifo, frame);
  HANDOFF_PULSE(p.rx_parser, p.rx_fifo, hdr);
  HANDOFF_CHANNEL(p.rx_fifo, p.lookup, hdr);
  HANDOFF_CHANNEL(p.rx_fifo, p.upload, fdata);
  HANDOFF_PULSE(p.rx_fifo, p.csr, rxf_cnt);
  HANDOFF_PULSE(p.rx_fifo, p.csr, rxf_drop);
  HANDOFF_CHANNEL(p.command, p.lookup, cmd);
  HANDOFF_CHANNEL(p.command, p.tx, tmpl);
  HANDOFF_CHANNEL(p.lookup, p.rx_tcp, op);
  HANDOFF_LEVEL(p.lookup, p.csr, lookup_used);
  HANDOFF_CHANNEL(p.rx_tcp, p.buffers, place);
  HANDOFF_CHANNEL(p.rx_tcp, p.upload, blk);
  HANDOFF_CHANNEL(p.rx_tcp, p.ack, ackev);
  HANDOFF_CHANNEL(p.rx_tcp, p.notify, progress);
  HANDOFF_PULSE(p.rx_tcp, p.tx, snap);
  HANDOFF_PULSE(p.rx_tcp, p.command, cmd_rsp);
  HANDOFF_PULSE(p.rx_tcp, p.csr, tcp_cnt);
  HANDOFF_PULSE(p.buffers, p.rx_tcp, room);
  HANDOFF_PULSE(p.buffers, p.rx_tcp, legacy_return);
  HANDOFF_CHANNEL(p.buffers, p.upload, job);
  HANDOFF_PULSE(p.buffers, p.csr, back_cnt);
  HANDOFF_CHANNEL(p.legacy, p.buffers, lbuf);
  HANDOFF_PULSE(p.legacy, p.rx_tcp, grant);
  HANDOFF_LEVEL(p.legacy, p.rx_tcp, legacy_more);
  HANDOFF_CHANNEL(p.upload, p.notify, done);
  HANDOFF_CHANNEL(p.upload, p.rx_tcp, uerr);
  HANDOFF_CHANNEL(p.ack, p.tx, ackreq);
  HANDOFF_PULSE(p.ack, p.csr, ack_cnt);
  HANDOFF_CHANNEL(p.ack, p.timers, ack_tmr);
  HANDOFF_CHANNEL(p.buffers, p.timers, back_tmr);
  HANDOFF_CHANNEL(p.timers, p.rx_tcp, expiry);
  HANDOFF_CHANNEL(p.tx, p.rx_tcp, start);
  HANDOFF_CHANNEL(p.tx, p.notify, sent);
  HANDOFF_PIN_OUT(p.tx, tx);
  HANDOFF_PULSE(p.tx, p.csr, tx_cnt);
  HANDOFF_PULSE(p.tx, p.csr, txa_cnt);
  HANDOFF_CHANNEL(p.upload, p.dma, upload_wr);
  HANDOFF_CHANNEL(p.notify, p.dma, notify_wr);
  HANDOFF_PULSE(p.dma, p.upload, upload_wr_done);
  HANDOFF_PULSE(p.dma, p.notify, notify_wr_done);
  HANDOFF_CHANNEL(p.command, p.dma, cmd_rd_req);
  HANDOFF_CHANNEL(p.legacy, p.dma, legacy_rd_req);
  HANDOFF_CHANNEL(p.tx, p.dma, tx_rd_req);
  HANDOFF_PULSE(p.dma, p.command, cmd_rd);
  HANDOFF_PULSE(p.dma, p.legacy, legacy_rd);
  HANDOFF_PULSE(p.dma, p.tx, tx_rd);
  HANDOFF_PIN_OUT(p.dma, aw);
  HANDOFF_PIN_OUT(p.dma, w);
  HANDOFF_PIN_OUT(p.dma, ar);
  HANDOFF_PIN_IN(p.dma, b);
  HANDOFF_PIN_IN(p.dma, r);
  HANDOFF_PIN_IN(p.csr, s_aw);
  HANDOFF_PIN_IN(p.csr, s_w);
  HANDOFF_PIN_IN(p.csr, s_ar);
  HANDOFF_PIN_OUT(p.csr, s_b);
  HANDOFF_PIN_OUT(p.csr, s_r);
  HANDOFF_PIN_OUT(p.notify, irq);
  HANDOFF_PULSE(p.notify, p.csr, irq_cnt);
  HANDOFF_LEVEL(p.csr, p.rx_parser, cfg);
  HANDOFF_LEVEL(p.csr, p.lookup, cfg);
  HANDOFF_LEVEL(p.csr, p.rx_tcp, cfg);
  HANDOFF_LEVEL(p.csr, p.buffers, cfg);
  HANDOFF_LEVEL(p.csr, p.timers, cfg);
  HANDOFF_LEVEL(p.csr, p.tx, cfg);
  HANDOFF_LEVEL(p.csr, p.command, cfg);
  HANDOFF_LEVEL(p.csr, p.notify, cfg);
  HANDOFF_LEVEL(p.csr, p.command, cmd_ring);
  HANDOFF_LEVEL(p.csr, p.tx, tx_ring);
  HANDOFF_LEVEL(p.csr, p.legacy, legacy_ring);
  HANDOFF_LEVEL(p.csr, p.notify, ntf_ring);
  HANDOFF_LEVEL(p.command, p.csr, cmd_cons);
  HANDOFF_LEVEL(p.tx, p.csr, tx_cons);
  HANDOFF_LEVEL(p.legacy, p.csr, legacy_cons);
  HANDOFF_LEVEL(p.notify, p.csr, ntf_prod);
  HANDOFF_LEVEL(p.command, p.csr, cmd_fault);
  HANDOFF_LEVEL(p.tx, p.csr, tx_fault);
  HANDOFF_LEVEL(p.legacy, p.csr, legacy_fault);
  HANDOFF_LEVEL(p.notify, p.csr, ntf_fault);
  HANDOFF_LEVEL(p.csr, p.rx_tcp, halt);
  HANDOFF_LEVEL(p.csr, p.notify, halt);
  HANDOFF_LEVEL(p.csr, p.dma, halt);
  HANDOFF_LEVEL(p.csr, p.dma, stop);
  HANDOFF_LEVEL(p.csr, p.tx, stop);
  HANDOFF_LEVEL(p.dma, p.csr, drained);
  HANDOFF_LEVEL(p.tx, p.csr, tx_idle);
  p.csr.in.link_up = p.tx.in.link_up = pin.link_up;
  p.csr.in.flr_req = pin.flr_req;
  p.rx_tcp.in.time_us = p.timers.in.time_us = p.notify.in.time_us = pin.time_us;
}

#undef HANDOFF_CHANNEL
#undef HANDOFF_PULSE
#undef HANDOFF_LEVEL
#undef HANDOFF_PIN_IN
#undef HANDOFF_PIN_OUT

// The engine's registered outputs and those that are a unit's own, from the units' visible outputs.
// A payload changes only together with its valid, so it is copied only then, or with `all`.
template <template <class> class Slot, class Out>
void GatherOutputs(EngineParts<Slot>& p, Out& out, bool all) {
  const auto& tx = p.tx.out();
  const auto& dma = p.dma.out();
  const auto& csr = p.csr.out();
  const auto& notify = p.notify.out();
  const auto each = [&](auto&& f) {
    f(tx.tx_valid, out.tx_valid, tx.tx, out.tx);
    f(dma.aw_valid, out.aw_valid, dma.aw, out.aw);
    f(dma.w_valid, out.w_valid, dma.w, out.w);
    f(dma.ar_valid, out.ar_valid, dma.ar, out.ar);
    f(csr.s_b_valid, out.s_b_valid, csr.s_b, out.s_b);
    f(csr.s_r_valid, out.s_r_valid, csr.s_r, out.s_r);
    f(notify.irq_valid, out.irq_valid, notify.irq, out.irq);
  };
  if (all) [[unlikely]] {
    each([](bool, bool&, const auto& from, auto& to) { to = from; });
  }
  each([](bool valid, bool& out_valid, const auto& from, auto& to) {
    out_valid = valid;
    if (valid) to = from;
  });
  out.b_ready = dma.b_ready;
  out.r_ready = dma.r_ready;
  out.s_aw_ready = csr.s_aw_ready;
  out.s_w_ready = csr.s_w_ready;
  out.s_ar_ready = csr.s_ar_ready;
  out.flr_done = csr.flr_done;
}

}  // namespace handoff
