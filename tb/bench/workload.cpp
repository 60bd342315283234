// SPDX-License-Identifier: Apache-2.0
#include "tb/bench/workload.h"

#include <cstring>
#include <ctime>
#include <stdexcept>
#include <utility>

#include "model/clock.h"
#include "sw/tcp/ethernet.h"
#include "sw/tcp/ipv4.h"
#include "sw/tcp/segment.h"
#include "tb/rig/addresses.h"

namespace handoff::bench {
namespace {

constexpr uint32_t kPeer = 0x0a000001, kLocal = 0x0a000002;
constexpr uint32_t kIrs = 1, kIss = 1;
constexpr uint32_t kEdge = 1u << 30;
constexpr uint32_t kLegacyBuffers = 1500;
constexpr uint32_t kUserBytes = 64 << 10;

tcp::IpAddr Ip(uint32_t v) {
  return tcp::IpAddr::V4(static_cast<uint8_t>(v >> 24), static_cast<uint8_t>(v >> 16),
                         static_cast<uint8_t>(v >> 8), static_cast<uint8_t>(v));
}

// A TCP frame of this many bytes, without FCS.
Bytes FrameOf(uint32_t bytes, uint32_t seq, uint16_t port) {
  const Bytes payload(bytes - 14 - tcp::kIpv4HeaderBytes - tcp::kTcpHeaderBytes, 0x5a);
  const tcp::ByteView view(payload);
  tcp::Segment header;
  header.src_port = kPeerPort;
  header.dst_port = port;
  header.seq = tcp::Seq(seq);
  header.ack = tcp::Seq(kIss + 1);
  header.flags.ack = true;
  header.window = 5000;
  Bytes message, frame;
  tcp::AppendSegment(message, Ip(kPeer), Ip(kLocal), header, std::span(&view, 1));
  tcp::MacAddr dst, src;
  dst.octets = {2, 0, 0, 0, 0, 2};
  src.octets = {2, 0, 0, 0, 0, 1};
  tcp::AppendEthernet(frame, {.dst = dst, .src = src, .ether_type = 0x0800});
  tcp::AppendIpv4(frame, {.src = Ip(kPeer), .dst = Ip(kLocal)}, message.size());
  frame.insert(frame.end(), message.begin(), message.end());
  return frame;
}

template <class Desc>
void Command(FlatHost& host, Desc desc, CmdKind op) {
  desc.op = static_cast<U8>(op);
  host.Command(desc);
}

// One live connection; throws if the engine refuses it.
void Delegate(FlatHost& host) {
  Setup0Desc a{};
  a.local_ip = Bits<128>{{kLocal, 0}};
  a.peer_ip = Bits<128>{{kPeer, 0}};
  a.local_port = kLocalPort;
  a.peer_port = kPeerPort;
  a.local_mac = kLocalMac;
  a.peer_mac = 0x020000000001;
  a.ttl = 64;
  Setup1Desc b{};
  b.rcv_nxt = b.last_ack = kIrs + 1;
  b.rcv_edge = kEdge;
  b.snd_una = b.snd_nxt = kIss + 1;
  b.snd_wnd = b.max_wnd = 5000;
  b.rcv_scale = 14;
  b.mss = 1460;
  b.ack_frames = 2;
  Command(host, a, CmdKind::CmdSetup);
  host.Command(b);
  ResumeDesc r{};
  r.rcv_nxt = r.last_ack = kIrs + 1;
  r.rcv_edge = kEdge;
  r.snd_una = kIss + 1;
  r.snd_wnd = r.max_wnd = 5000;
  Command(host, r, CmdKind::CmdResume);
  host.CommandsReady();
  uint32_t done = 0;
  host.Until(
      [&] {
        for (const Ntf& n : host.notifications) {
          if (n.kind != NtfKind::NtfDone) continue;
          if (n.code != 0)
            throw std::runtime_error("the engine refused a command: " + n.ToString());
          ++done;
        }
        host.notifications.clear();
        return done >= 2;
      },
      "SETUP and RESUME");
}

void PostUser(FlatHost& host, uint16_t id) {
  PostDesc p{};
  p.id = id;
  p.n_pieces = 1;
  p.flags = 1;  // last
  p.piece0 = Piece{.size = kUserBytes,
                   .addr = FlatHost::kUser + 13 + uint64_t{2} * (id % 64) * kUserBytes};
  Command(host, p, CmdKind::CmdPost);
  host.CommandsReady();
}

}  // namespace

Bytes LegacyFrame(uint32_t bytes) { return FrameOf(bytes, kIrs + 1, kLocalPort); }

double ProcessorSeconds() {
  return static_cast<double>(std::clock()) / static_cast<double>(CLOCKS_PER_SEC);
}

double WireCycles(uint32_t frame_bytes) {
  const double ps = (frame_bytes + kWireOverhead) * 8000.0 / kLinkGbps;
  return ps * kPeriodPsDen / kPeriodPsNum;
}

Timed LegacyFrames(const CoreConfig& config, uint32_t frames, uint32_t bytes, double gap_cycles) {
  const auto core = MakeCore(config);
  FlatHost host(*core);
  host.Start(kLegacyBuffers);
  // Pages that are touched for the first time are the operating system's work, not the engine's.
  for (uint32_t tag = 0; tag < kLegacyBuffers; ++tag) {
    std::memset(host.Memory(host.LegacyAddr(tag), bytes), 0, bytes);
  }
  const Bytes frame = LegacyFrame(bytes);
  const uint64_t first = core->cycle() + 64;
  for (uint32_t i = 0; i < frames; ++i) {
    core->rx.Push({.cycle = first + static_cast<uint64_t>(i * gap_cycles), .bytes = frame});
  }
  const double begin = ProcessorSeconds();
  const uint64_t from = core->cycle();
  const auto cycles = static_cast<uint64_t>(frames * gap_cycles) + 4096;
  host.Run(cycles);
  Timed t;
  t.seconds = ProcessorSeconds() - begin;
  t.cycles = core->cycle() - from;
  t.digest = core->digest();
  if (host.notifications.size() != frames) throw std::runtime_error("not every frame came up");
  return t;
}

Latencies Measure() {
  Latencies latencies;
  const auto core = MakeCore({});
  FlatHost host(*core);
  host.Start(kLegacyBuffers);
  core->dma.first_write_cycle = kNever;
  core->rx.Push({.cycle = core->cycle() + 100, .bytes = FrameOf(kMtuFrame, kIrs + 1, 1)});
  host.Run(2000);
  latencies.first_dma_cycles = core->dma.first_write_cycle - core->rx.last().last_cycle;
  Delegate(host);
  PostUser(host, 1);
  host.Run(2000);
  core->first_wire_cycle = kNever;
  core->rx.Push({.cycle = core->cycle() + 100, .bytes = FrameOf(kMtuFrame, kIrs + 1, kLocalPort)});
  host.Run(2000);
  latencies.ack_cycles = core->first_wire_cycle - core->rx.last().last_cycle;
  return latencies;
}

double MinFrameInterval(uint32_t frames) {
  const auto core = MakeCore({.form = EngineForm::kModel});
  FlatHost host(*core);
  host.Start(kLegacyBuffers);
  const Bytes frame = FrameOf(kMinFrameBytes, kIrs + 1, 1);
  // Offered every second cycle: what is slower shows as more cycles from first to last upload.
  const uint64_t first = core->cycle() + 64;
  for (uint32_t i = 0; i < frames; ++i) core->rx.Push({.cycle = first + 2 * i, .bytes = frame});
  host.Until([&] { return host.notifications.size() >= frames; }, "all minimum frames",
             20 * frames + 10000);
  return static_cast<double>(core->dma.last_write_cycle - core->dma.first_write_cycle) / frames;
}

double PayloadGbps(uint32_t frames) {
  const auto core = MakeCore({.form = EngineForm::kModel});
  FlatHost host(*core);
  host.Start(kLegacyBuffers);
  Delegate(host);
  uint16_t id = 0;
  while (id < 8) PostUser(host, id++);
  host.Run(2000);
  host.notifications.clear();
  const uint32_t payload = kMtuFrame - 54;
  const uint64_t first = core->cycle() + 64;
  for (uint32_t i = 0; i < frames; ++i) {
    core->rx.Push({.cycle = first + static_cast<uint64_t>(i * WireCycles(kMtuFrame)),
                   .bytes = FrameOf(kMtuFrame, kIrs + 1 + i * payload, kLocalPort)});
  }
  const uint64_t total = uint64_t{frames} * payload;
  uint64_t user = 0, end = first;
  host.Until(
      [&] {
        for (const Ntf& n : host.notifications) {
          if (n.kind == NtfKind::NtfHandBack) {
            user += n.count;
            end = core->cycle();
            PostUser(host, id++);
          }
          if (n.kind == NtfKind::NtfResync)
            throw std::runtime_error("the connection went in resync");
        }
        host.notifications.clear();
        return user + kUserBytes > total;
      },
      "the whole stream", 100 * frames + 10000);
  return static_cast<double>(user) * 8000.0 /
         static_cast<double>(CycleToPs(end) - CycleToPs(first));
}

}  // namespace handoff::bench
