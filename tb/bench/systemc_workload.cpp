// SPDX-License-Identifier: Apache-2.0
#include "tb/bench/systemc_workload.h"

#include <functional>
#include <span>
#include <sstream>
#include <stdexcept>
#include <string>

#include "model/clock.h"
#include "model/link/frame_port.h"
#include "model/link/link.h"
#include "model/sc/engine_host.h"
#include "tb/rig/in_child.h"
#include "tb/rig/raw_driver.h"

namespace handoff::bench {
namespace {

constexpr uint64_t kStartUs = 50;  // the driver has set the rings up long before

Timed Run(const CoreConfig& config, uint32_t frames, uint32_t bytes, double gap_cycles) {
  const EngineHost::Params params;
  LinkParams wire;
  wire.rate_gbps = kLinkGbps;
  OrderedQueue queue("queue");
  RunStatus status;
  EngineHost host("host", MakeCore(EngineHost::CoreFor(config, params)), params, queue, status, 1);
  Link link("link", wire, wire, queue, 1);
  FramePort peer("peer", queue);
  link.BindA(host);
  link.BindB(peer);
  RawDriver driver(host.host, {.legacy_buffers = 1500});
  uint32_t up = 0;
  driver.on_frame = [&](const Ntf&, std::span<const uint8_t>) { ++up; };
  host.host.Run([&] { driver.Start(); });
  sc_core::sc_start(static_cast<double>(kStartUs), sc_core::SC_US);
  host.engine.CatchUp();

  const Bytes frame = LegacyFrame(bytes);
  const auto component = queue.AddComponent("sender");
  const uint64_t from_ps = queue.now_ps();
  uint32_t sent = 0;
  std::function<void()> send = [&] {
    peer.Send(frame);
    if (++sent == frames) return;
    const auto cycle = static_cast<uint64_t>(sent * gap_cycles);
    queue.Post(from_ps + CycleToPs(cycle), component, send);
  };
  queue.Post(from_ps, component, send);
  EngineCore& core = host.engine.core();
  const uint64_t from = core.cycle();
  const auto cycles = static_cast<uint64_t>(frames * gap_cycles) + 4096;
  const double begin = ProcessorSeconds();
  sc_core::sc_start(sc_core::sc_time::from_value(CycleToPs(cycles)));
  host.engine.CatchUp();
  Timed t;
  t.seconds = ProcessorSeconds() - begin;
  t.cycles = core.cycle() - from;
  t.digest = core.digest();
  // Moderation may keep the last interrupt back.
  sc_core::sc_start(50, sc_core::SC_US);
  if (status.failed()) throw std::runtime_error(status.failures().front());
  if (up != frames) throw std::runtime_error("not every frame came up");
  return t;
}

}  // namespace

Timed LegacyFramesInSystemC(const CoreConfig& config, uint32_t frames, uint32_t bytes,
                            double gap_cycles) {
  std::istringstream result(InChild([&] {
    const Timed t = Run(config, frames, bytes, gap_cycles);
    std::ostringstream text;
    text.precision(17);
    text << t.seconds << " " << t.cycles << " " << t.digest;
    return text.str();
  }));
  Timed t;
  result >> t.seconds >> t.cycles >> t.digest;
  return t;
}

}  // namespace handoff::bench
