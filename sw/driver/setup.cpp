// SPDX-License-Identifier: Apache-2.0
#include "sw/driver/setup.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace handoff::driver {
namespace {

// setup0_desc_t.flags
constexpr uint8_t kIpv6 = 1, kTimestamps = 2, kSack = 4, kCoalesce = 8;
// tx_desc_t.flags
constexpr uint8_t kPsh = 1, kFin = 2, kHasAck = 4;

// The first octet on the wire is the most significant.
uint64_t MacValue(const tcp::MacAddr& mac) {
  uint64_t value = 0;
  for (const uint8_t octet : mac.octets) value = value << 8 | octet;
  return value;
}

Bits<128> IpValue(const tcp::IpAddr& addr) {
  Bits<128> value;
  const tcp::ByteView octets = addr.octets();
  for (size_t i = 0; i < octets.size(); ++i) {
    value.set_byte(static_cast<uint32_t>(octets.size() - 1 - i), octets[i]);
  }
  return value;
}

// Corner 51: never so many that half the window waits for an acknowledgement.
uint8_t AckFrames(const tcp::Connection& connection, const AckConfig& ack) {
  const uint32_t half = connection.options().rcv_buf_bytes / 2;
  const uint32_t most = std::max<uint32_t>(half / connection.tcb().rcv_mss, 1);
  return static_cast<uint8_t>(std::clamp<uint32_t>(ack.frames, 1, most));
}

}  // namespace

SetupDescs MakeSetup(const tcp::Connection& connection, const tcp::LinkPath& path,
                     const AckConfig& ack) {
  const tcp::Tcb& tcb = connection.tcb();
  const tcp::Tuple& tuple = connection.tuple();
  SetupDescs descs;
  Setup0Desc& d = descs.first;
  d.op = static_cast<uint8_t>(CmdKind::CmdSetup);
  d.local_ip = IpValue(tuple.local.addr);
  d.peer_ip = IpValue(tuple.remote.addr);
  d.local_port = tuple.local.port;
  d.peer_port = tuple.remote.port;
  d.local_mac = MacValue(path.local_mac);
  d.peer_mac = MacValue(*path.next_hop_mac);
  const tcp::VlanTags tags = tcp::VlanTags::For(path.vlans);
  d.n_tags = tags.count;
  d.tci0 = tags.count > 0 ? tags.tag[0].tci : 0;
  d.tci1 = tags.count > 1 ? tags.tag[1].tci : 0;
  d.flags = static_cast<uint8_t>((tuple.local.addr.is_v6() ? kIpv6 : 0) |
                                 (tcb.timestamps ? kTimestamps : 0) | (tcb.sack_ok ? kSack : 0) |
                                 (ack.coalesce ? kCoalesce : 0));
  d.ttl = connection.options().ttl;
  d.tos = connection.options().tos;

  Setup1Desc& e = descs.second;
  e.rcv_nxt = tcb.rcv_nxt.raw();
  e.rcv_edge = tcb.rcv_adv.raw();
  e.last_ack = tcb.last_ack_sent.raw();
  e.snd_una = tcb.snd_una.raw();
  e.snd_nxt = tcb.snd_nxt.raw();
  e.snd_wnd = tcb.snd_wnd;
  e.max_wnd = tcb.max_wnd;
  e.wl1 = tcb.wl1.raw();
  e.wl2 = tcb.wl2.raw();
  e.ts_recent = tcb.ts_recent;
  e.ts_offset = tcb.ts_offset;
  e.mss = tcb.snd_mss;
  e.snd_scale = tcb.snd_scale;
  e.rcv_scale = tcb.rcv_scale;
  e.ack_frames = AckFrames(connection, ack);
  e.ack_class = ack.delay_class;
  e.quick = ack.quick;
  return descs;
}

ResumeDesc MakeResume(const tcp::ResumeState& state) {
  ResumeDesc d;
  d.op = static_cast<uint8_t>(CmdKind::CmdResume);
  d.count = state.legacy_count;
  d.rcv_nxt = state.rcv_nxt.raw();
  d.rcv_edge = state.edge.raw();
  d.last_ack = state.last_ack_sent.raw();
  d.snd_una = state.snd_una.raw();
  d.snd_wnd = state.snd_wnd;
  d.max_wnd = state.max_wnd;
  d.wl1 = state.wl1.raw();
  d.wl2 = state.wl2.raw();
  d.ts_recent = state.ts_recent;
  return d;
}

TxDesc MakeSend(const tcp::SegmentSpec& spec) {
  TxDesc d;
  d.op = static_cast<uint8_t>(Tx::TxSend);
  d.seq = spec.seq.raw();
  d.ack = spec.ack.raw();
  d.rcv_edge = spec.edge.raw();
  d.flags =
      static_cast<uint8_t>((spec.flags.psh ? kPsh : 0) | (spec.flags.fin ? kFin : 0) | kHasAck);
  if (spec.len != 0) return d;
  handoff::Piece* const places[kMaxPieces] = {&d.piece0, &d.piece1, &d.piece2};
  for (const tcp::SeqRange& block : spec.options.sack) {
    if (d.n_sacks == kMaxPieces) break;
    places[d.n_sacks++]->addr = uint64_t{block.start.raw()} << 32 | block.end.raw();
  }
  return d;
}

handoff::State ReadState(std::span<const uint8_t> block) {
  std::array<uint64_t, handoff::State::kWords> words;
  std::memcpy(words.data(), block.data(), sizeof words);
  return handoff::State::Unpack(words.data());
}

tcp::FinalState ToFinalState(const handoff::State& s) {
  return {.rcv_nxt = sw::Seq(s.rcv_nxt),
          .edge = sw::Seq(s.rcv_edge),
          .snd_una = sw::Seq(s.snd_una),
          .snd_nxt = sw::Seq(s.snd_nxt),
          .snd_wnd = s.snd_wnd,
          .max_wnd = s.max_wnd,
          .wl1 = sw::Seq(s.wl1),
          .wl2 = sw::Seq(s.wl2),
          .ts_recent = s.ts_recent,
          .last_ack_sent = sw::Seq(s.last_ack)};
}

}  // namespace handoff::driver
