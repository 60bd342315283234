// SPDX-License-Identifier: Apache-2.0
//
// Slots of the command ring, as a host writes them: good ones, and any.
#pragma once

#include <cstdint>
#include <vector>

#include "gen/handoff_pkg.h"
#include "model/rng.h"

namespace handoff {

inline constexpr uint16_t kSlotsMaxFrame = 1514;  // of the engine that is to take them

template <class Desc>
Data Slot(const Desc& desc) {
  Data data;
  desc.Pack(data.w.data());
  return data;
}
template <class Desc>
Desc As(const Data& data) {
  return Desc::Unpack(data.w.data());
}
template <class Desc>
Desc With(CmdKind op, Conn conn, Gen gen) {
  Desc d;
  d.op = static_cast<U8>(op);
  d.conn = conn;
  d.gen = gen;
  return d;
}

// Good ones, to be made bad in one respect.
struct GoodSetup {
  Setup0Desc d0 = With<Setup0Desc>(CmdKind::CmdSetup, 1, 7);
  Setup1Desc d1;
  GoodSetup() {
    d0.tag = 0x1234;
    d0.local_ip.w = {0x0a000001, 0xbad};  // the rest of an IPv4 address means nothing
    d0.peer_ip.w = {0xbad00000000 | 0x0a000002, 0};
    d0.local_port = 80, d0.peer_port = 4000;
    d0.local_mac = 0x020000000001, d0.peer_mac = 0x020000000002;
    d0.ttl = 64;
    d1.mss = 1400;
    d1.snd_scale = 7, d1.rcv_scale = 14;
  }
};
inline PostDesc GoodPost(uint8_t pieces) {
  auto d = With<PostDesc>(CmdKind::CmdPost, 1, 7);
  d.n_pieces = pieces;
  d.piece0 = d.piece1 = d.piece2 = {.size = 4096, .addr = 0x1000};
  return d;
}

// Any slot, good ones and those with one fault frequent.
inline std::vector<Data> AnySlots(Rng& rng) {
  const auto conn = static_cast<Conn>(rng.Chance(0.03) ? rng.Between(60, 70) : rng.Below(4));
  const auto gen = static_cast<Gen>(rng.Chance(0.95) ? 1 : rng.Below(3));
  const auto op = static_cast<CmdKind>(rng.Chance(0.03)  ? rng.Below(256)
                                       : rng.Chance(0.3) ? 1
                                                         : rng.Between(2, 8));
  auto mss = [&](uint32_t header) {
    return static_cast<U16>(rng.Chance(0.1) ? rng.Below(65536)
                            : rng.Chance(0.2)
                                ? rng.Between(62, 66)
                                : kSlotsMaxFrame - header - rng.Below(4) + 2 * rng.Chance(0.1));
  };
  auto head = [&](auto& d) { d.op = static_cast<U8>(op), d.conn = conn, d.gen = gen; };
  if (op == CmdKind::CmdSetup) {
    GoodSetup s;
    s.d0 = rng.Any<Setup0Desc>(), s.d1 = rng.Any<Setup1Desc>();
    head(s.d0);
    s.d0.n_tags = static_cast<U8>(rng.Chance(0.05) ? rng.Below(256) : rng.Below(3));
    if (rng.Chance(0.2)) s.d0.tci0 &= 0xf000;
    if (rng.Chance(0.2)) s.d0.tci1 &= 0xf000;
    s.d1.mss = mss((s.d0.flags & 1 ? 74 : 54) + 4 * s.d0.n_tags);
    s.d1.snd_scale = static_cast<U8>(rng.Below(15 + rng.Chance(0.1)));
    s.d1.rcv_scale = static_cast<U8>(rng.Below(15 + rng.Chance(0.1)));
    s.d1.ack_class = static_cast<U8>(2 * rng.Below(2) + rng.Chance(0.1) + 4 * rng.Chance(0.05));
    s.d1.ack_frames = static_cast<U8>(rng.Below(10));
    return {Slot(s.d0), Slot(s.d1)};
  }
  if (op == CmdKind::CmdPost) {
    auto d = rng.Any<PostDesc>();
    head(d);
    d.n_pieces = static_cast<U8>(rng.Chance(0.05) ? rng.Below(256) : rng.Below(4));
    for (Piece* piece : {&d.piece0, &d.piece1, &d.piece2}) {
      if (rng.Chance(0.1)) piece->addr = ~uint64_t{0} - piece->size + rng.Below(4);
      if (rng.Chance(0.05)) piece->size = 0;
    }
    d.startup = static_cast<U8>(rng.Chance(0.2) ? rng.Below(12) : 0);
    if (rng.Chance(0.8)) d.flags &= 0xfb;
    return {Slot(d)};
  }
  if (op == CmdKind::CmdSet) {
    auto d = rng.Any<SetDesc>();
    head(d);
    d.mss = mss(54 + 20 * rng.Below(2) + 4 * rng.Below(3));
    d.ack_class = static_cast<U8>(2 * rng.Below(2) + rng.Chance(0.1) + 4 * rng.Chance(0.05));
    d.ack_frames = static_cast<U8>(rng.Below(10));
    return {Slot(d)};
  }
  auto d = rng.Any<PlainDesc>();
  head(d);
  return {Slot(d)};
}

}  // namespace handoff
