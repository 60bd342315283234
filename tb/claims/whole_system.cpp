// SPDX-License-Identifier: Apache-2.0
#include "tb/claims/whole_system.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "gen/handoff_regs.h"
#include "sw/app/pattern.h"

namespace handoff::system {
namespace {

constexpr sw::Micros kLook(20);  // how often a program looks whether it may go on

Machine::Params MachineOf(const WholeSystem::Params& params) {
  Machine::Params machine;
  machine.to_host.rate_gbps = machine.to_peer.rate_gbps = params.rate_gbps;
  machine.software.driver.mac = tcp::MacAddr{{2, 0, 0, 0, 0, 2}};
  machine.software.delegation = params.delegation;
  machine.other_policy = params.policy;
  return machine;
}

}  // namespace

WholeSystem::WholeSystem(const Params& params) : machine_(RunConfig(), MachineOf(params)) {
  link.BindB(peer.port);
  host.stack().AddAddress({kHostAddr, 24, {}, {}});
  peer.stack.AddAddress({kPeerAddr, 24, {}, {}});
}

bool WholeSystem::Start() {
  if (!machine_.Start()) return false;
  std::array<uint64_t, 4> bases{};
  size_t read = 0;
  Software([&] {
    using Regs = handoff_ring_t;
    for (size_t i = 0; i < bases.size(); ++i) {
      const size_t ring = offsetof(handoff_t, ring) + i * sizeof(Regs);
      for (const auto& [offset, shift] :
           {std::pair{offsetof(Regs, base_lo), 0}, std::pair{offsetof(Regs, base_hi), 32}}) {
        machine.host.ReadReg(static_cast<uint32_t>(ring + offset),
                             [&bases, &read, i, shift = shift](sw::ReadResult r) {
                               bases[i] |= uint64_t{r.value} << shift;
                               read += r.ok ? 1 : 0;
                             });
      }
    }
  });
  const bool all = Until([&] { return read == 2 * bases.size(); }, 10);
  witness.SetRings(bases, host.driver().max_frame());
  return all;
}

void WholeSystem::Software(std::function<void()> software) {
  bool ran = false;
  machine.host.Run([&] {
    software();
    ran = true;
  });
  Until([&] { return ran; }, 10);
}

void WholeSystem::SpawnAtHost(sock::Task<> program) {
  Software([&] { host.executor().Spawn(std::move(program)); });
}

std::optional<State> WholeSystem::Query(tcp::Connection& connection) {
  std::optional<State> state;
  bool has_entry = false;
  Software(
      [&] { has_entry = host.delegation().Query(connection, [&](const State& s) { state = s; }); });
  if (has_entry) Until([&] { return state.has_value(); }, 10);
  return state;
}

uint64_t WholeSystem::Count(Reason reason) {
  std::optional<uint64_t> count;
  Software([&] {
    host.driver().ReadCounter(static_cast<uint32_t>(reason),
                              [&](bool ok, uint64_t value) { count = ok ? value : UINT64_MAX; });
  });
  Until([&] { return count.has_value(); }, 10);
  return count.value_or(UINT64_MAX);
}

std::string WholeSystem::Problems(bool at_end) {
  std::string text;
  for (const std::string& failure : status.failures()) text += failure + "\n";
  machine.engine.CatchUp();
  const EngineCore& core = machine.engine.core();
  if (core.mismatch()) text += "RTL and model differ\n";
  if (at_end && !machine_.Leftover().empty()) text += "left: " + machine_.Leftover() + "\n";
  return text;
}

uint64_t WholeSystem::PhysOf(std::span<const uint8_t> view) {
  if (const auto virt = host.memory().Find(view)) {
    return host.memory().Translate(*virt, view.size()).front().addr.raw();
  }
  for (const LegacyDesc& buffer : witness.LegacyBuffers()) {
    const auto bytes = machine.memory.At(buffer.addr, host.driver().max_frame());
    if (view.data() < bytes.data() || view.data() >= bytes.data() + bytes.size()) continue;
    return buffer.addr + static_cast<uint64_t>(view.data() - bytes.data());
  }
  return 0;
}

// --- Programs ------------------------------------------------------------------------------------

uint64_t Received::BytesAt(tcp::Place place) const {
  uint64_t sum = 0;
  for (const Reading& reading : readings) sum += reading.place == place ? reading.bytes : 0;
  return sum;
}

sock::Task<> Receive(WholeSystem& system, uint16_t port, std::vector<GivenBuffer> buffers,
                     Received& got) {
  sock::Executor& executor = system.host.executor();
  auto listener = system.host.network().Listen({kHostAddr, port});
  sock::Socket socket = co_await listener.Accept();
  got.connection = socket.connection();
  for (size_t id = 0; id < buffers.size(); ++id) {
    while (!system.host.delegation().PostUserBuffer(*got.connection, system.host.memory(),
                                                    buffers[id].addr, buffers[id].bytes,
                                                    static_cast<uint16_t>(id))) {
      co_await executor.Sleep(kLook);
    }
  }
  got.posted = true;
  while (const auto piece = co_await socket.ReadPiece(SIZE_MAX)) {
    Reading& reading = got.readings.emplace_back();
    reading.place = piece->place;
    reading.bytes = piece->bytes.size();
    reading.phys = system.PhysOf(piece->bytes);
    reading.buffer = piece->user_buffer;
    const AccessLog& log = system.machine.iommu.log();
    reading.by_dma =
        reading.phys != 0 && log.FirstWithout(AccessKind::kWrite, reading.phys, reading.bytes) ==
                                 reading.phys + reading.bytes;
    got.wrong += app::CountWrong(got.bytes, piece->bytes);
    got.bytes += piece->bytes.size();
  }
  got.done = true;
}

namespace {

sock::Task<> Send(sock::Executor& executor, sock::Socket socket, Sending& sending) {
  sending.connection = socket.connection();
  constexpr uint64_t kMost = 16384;
  std::vector<uint8_t> message;
  while (sending.sent < sending.total || !sending.end) {
    if (sending.sent >= sending.total) {
      co_await executor.Sleep(kLook);
      continue;
    }
    const uint64_t most = sending.message_bytes != 0 ? sending.message_bytes : kMost;
    message.resize(std::min(most, sending.total - sending.sent));
    app::FillPattern(sending.sent, message);
    const sock::IoResult result = co_await socket.WriteAll(message);
    sending.sent += result.bytes;
    if (!result.ok()) break;
    if (sending.pause > sw::Micros()) co_await executor.Sleep(sending.pause);
  }
  socket.ShutdownWrite();
  sending.done = true;
}

}  // namespace

sock::Task<> ConnectAndSend(WholeSystem& system, uint16_t port, Sending& sending) {
  sock::Socket socket = co_await system.peer.network.Connect({kHostAddr, port}, sending.options);
  co_await Send(system.peer.executor, std::move(socket), sending);
}

sock::Task<> AcceptAndSend(WholeSystem& system, uint16_t port, Sending& sending) {
  auto listener = system.host.network().Listen({kHostAddr, port});
  sock::Socket socket = co_await listener.Accept();
  co_await Send(system.host.executor(), std::move(socket), sending);
}

sock::Task<> ConnectAndReceive(WholeSystem& system, uint16_t port, tcp::OpenOptions options,
                               Received& got) {
  sock::Socket socket = co_await system.peer.network.Connect({kHostAddr, port}, options);
  got.connection = socket.connection();
  std::vector<uint8_t> buffer(65536);
  for (;;) {
    const sock::IoResult result = co_await socket.Read(buffer);
    if (result.bytes == 0) break;
    got.wrong += app::CountWrong(got.bytes, std::span(buffer).first(result.bytes));
    got.bytes += result.bytes;
  }
  got.done = true;
}

}  // namespace handoff::system
