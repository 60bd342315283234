// SPDX-License-Identifier: Apache-2.0
//
// One engine with a flat host, the frames of one peer, and the commands of a connection's life: for
// tests of the engine alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include "gen/handoff_pkg.h"
#include "sim/core/make_core.h"
#include "sw/tcp/ethernet.h"
#include "sw/tcp/ipv4.h"
#include "sw/tcp/segment.h"
#include "tb/rig/addresses.h"
#include "tb/rig/flat_host.h"

namespace handoff::engine_rig {

inline constexpr uint32_t kLocalIp = 0x0a4d0002, kPeerIp = 0x0a4d0001;
inline constexpr uint32_t kIrs = 0xffffff00;  // received numbers cross 2^32 soon
inline constexpr uint32_t kIss = 1000;
inline constexpr uint32_t kWindow = 60000;

inline tcp::MacAddr Mac(uint64_t value) {
  tcp::MacAddr mac;
  for (int i = 0; i < 6; ++i) mac.octets[i] = static_cast<uint8_t>(value >> (40 - 8 * i));
  return mac;
}

inline tcp::IpAddr Ip(uint32_t v) {
  return tcp::IpAddr::V4(static_cast<uint8_t>(v >> 24), static_cast<uint8_t>(v >> 16),
                         static_cast<uint8_t>(v >> 8), static_cast<uint8_t>(v));
}

inline Bytes Pattern(uint32_t from, size_t bytes) {
  Bytes data(bytes);
  for (size_t i = 0; i < bytes; ++i) {
    const uint32_t at = from + static_cast<uint32_t>(i);
    data[i] = static_cast<uint8_t>(at * 7 + (at >> 8));
  }
  return data;
}

// A segment from the peer.
struct Seg {
  uint32_t seq = kIrs + 1;
  uint32_t ack = kIss + 1;
  tcp::Flags flags{.ack = true};
  Bytes payload;
  uint16_t port = kPeerPort;
};

inline Bytes Frame(const Seg& seg) {
  Bytes message;
  tcp::Segment header;
  header.src_port = seg.port;
  header.dst_port = kLocalPort;
  header.seq = tcp::Seq(seg.seq);
  header.ack = tcp::Seq(seg.ack);
  header.flags = seg.flags;
  header.window = 5000;
  const tcp::ByteView payload(seg.payload);
  tcp::AppendSegment(message, Ip(kPeerIp), Ip(kLocalIp), header, std::span(&payload, 1));
  Bytes frame;
  tcp::AppendEthernet(frame, {.dst = Mac(kLocalMac), .src = Mac(kPeerMac), .ether_type = 0x0800});
  tcp::AppendIpv4(frame, {.src = Ip(kPeerIp), .dst = Ip(kLocalIp)}, message.size());
  frame.insert(frame.end(), message.begin(), message.end());
  if (frame.size() < kMinFrameBytes) frame.resize(kMinFrameBytes);
  return frame;
}

inline U8 Op(CmdKind op) { return static_cast<U8>(op); }
inline Bits<128> IpBits(uint32_t v) { return Bits<128>{{v, 0}}; }

// Which connection: its entry, and the peer's port that tells its tuple from others.
struct Which {
  uint16_t conn = kConn;
  uint16_t port = kPeerPort;
};

struct Rig {
  std::unique_ptr<EngineCore> core;
  std::unique_ptr<FlatHost> host;
  uint16_t tag = 1;

  explicit Rig(std::unique_ptr<EngineCore> engine, uint32_t legacy = 512)
      : core(std::move(engine)), host(std::make_unique<FlatHost>(*core)) {
    host->Start(legacy);
  }
  explicit Rig(const CoreConfig& config = {}) : Rig(MakeCore(config)) {}

  void Receive(const Seg& seg) { core->rx.Push({.cycle = core->cycle(), .bytes = Frame(seg)}); }
  Ntf Next() {
    host->Until([&] { return !host->notifications.empty(); }, "a notification");
    const Ntf ntf = host->notifications.front();
    host->notifications.pop_front();
    return ntf;
  }
  // Sends a command of one slot and returns its answer.
  template <class Desc>
  Ntf Do(Desc desc, CmdKind op, Which which = {}) {
    desc.op = Op(op);
    desc.tag = tag++;
    desc.conn = which.conn;
    desc.gen = kGen;
    host->Command(desc);
    host->CommandsReady();
    return Answer();
  }
  Ntf Answer() {
    while (true) {
      const Ntf ntf = Next();
      if (ntf.kind == NtfKind::NtfDone) return ntf;
    }
  }
  Ntf Setup(Which which = {}) {
    Setup0Desc a{};
    a.op = Op(CmdKind::CmdSetup);
    a.tag = tag++;
    a.conn = which.conn;
    a.gen = kGen;
    a.local_ip = IpBits(kLocalIp);
    a.peer_ip = IpBits(kPeerIp);
    a.local_port = kLocalPort;
    a.peer_port = which.port;
    a.local_mac = kLocalMac;
    a.peer_mac = kPeerMac;
    a.ttl = 64;
    a.flags = 4;  // SACK
    Setup1Desc b{};
    b.rcv_nxt = b.last_ack = kIrs + 1;
    b.rcv_edge = kIrs + 1 + kWindow;
    b.snd_una = b.snd_nxt = kIss + 1;
    b.snd_wnd = b.max_wnd = 5000;
    b.wl1 = kIrs;
    b.wl2 = kIss + 1;
    b.mss = 1460;
    b.ack_frames = 2;
    host->Command(a);
    host->Command(b);
    host->CommandsReady();
    return Answer();
  }
  Ntf Resume(uint32_t count, uint32_t rcv_nxt, Which which = {}) {
    ResumeDesc r{};
    r.count = count;
    r.rcv_nxt = r.last_ack = rcv_nxt;
    r.rcv_edge = kIrs + 1 + kWindow;
    r.snd_una = kIss + 1;
    r.snd_wnd = r.max_wnd = 5000;
    r.wl1 = kIrs;
    r.wl2 = kIss + 1;
    return Do(r, CmdKind::CmdResume, which);
  }
  Ntf Post(uint16_t id, uint64_t addr, uint32_t size, Which which = {}) {
    PostDesc p{};
    p.id = id;
    p.n_pieces = 1;
    p.flags = 1;  // last
    p.piece0 = Piece{.size = size, .addr = addr};
    return Do(p, CmdKind::CmdPost, which);
  }
  uint64_t Count(Reason reason) { return host->Counter(static_cast<uint32_t>(reason)); }
};

}  // namespace handoff::engine_rig
