// SPDX-License-Identifier: Apache-2.0
#include "tb/sw/fake_engine.h"

#include <cstddef>
#include <cstring>

#include "gen/handoff_regs.h"
#include "sw/tcp/ethernet.h"
#include "sw/tcp/ipv4.h"
#include "sw/tcp/ipv6.h"

namespace handoff::tb {
namespace {

enum : unsigned { kCommand, kTransmit, kLegacy, kNotification };
constexpr uint32_t kRings = offsetof(handoff_t, ring);
constexpr uint32_t kStride = sizeof(handoff_ring_t);

}  // namespace

FakeEngine::FakeEngine(FakeHw& hw, VirtualTime& time, const FakeEngineConfig& config)
    : hw_(hw), time_(time), config_(config), random_(config.seed) {
  hw_.SetDevice({.write = [this](uint32_t o, uint32_t v) { WriteReg(o, v); },
                 .read = [this](uint32_t o) { return ReadReg(o); }});
}

Micros FakeEngine::Random(Micros most) {
  return Micros(1 + static_cast<int64_t>(random_() % std::max<int64_t>(most.count(), 1)));
}

size_t FakeEngine::live_entries() const {
  size_t live = 0;
  for (const auto& [index, e] : entries_) live += e.s.valid && e.s.live ? 1 : 0;
  return live;
}

// -- Registers --

void FakeEngine::WriteReg(uint32_t offset, uint32_t value) {
  regs_[offset] = value;
  if (offset == offsetof(handoff_t, ctrl) && (value & 1) != 0) Reset();
  if (offset < kRings || offset >= kRings + 4 * kStride) return;
  const unsigned which = (offset - kRings) / kStride;
  RingState& r = rings_[which];
  using Regs = handoff_ring_t;
  switch ((offset - kRings) % kStride) {
    case offsetof(Regs, base_lo):
      r.base = (r.base & ~0xffffffffull) | value;
      break;
    case offsetof(Regs, base_hi):
      r.base = (r.base & 0xffffffffull) | uint64_t{value} << 32;
      break;
    case offsetof(Regs, size):
      r.log_size = value;
      break;
    case offsetof(Regs, enable):
      r.enabled = value != 0;
      r.engine = 0;
      break;
    case offsetof(Regs, index):
      if (!r.enabled || value >= 1u << r.log_size) throw std::logic_error("bad ring index");
      r.host = value;
      break;
    default:
      throw std::logic_error("no such ring register");
  }
  const auto due = [this](bool& flag, void (FakeEngine::*run)()) {
    if (flag) return;
    flag = true;
    time_.After(Random(config_.command_delay), [this, run, &flag, epoch = epoch_] {
      if (epoch != epoch_) return;
      flag = false;
      (this->*run)();
    });
  };
  if (which == kCommand) due(commands_due_, &FakeEngine::RunCommands);
  if (which == kTransmit) due(transmit_due_, &FakeEngine::RunTransmit);
  if (which == kLegacy) FetchLegacy();
  if (which == kNotification) {
    PutNotifications();
    if (r.enabled && r.host != r.engine) RaiseSoon();  // corner 104
  }
}

sw::ReadResult FakeEngine::ReadReg(uint32_t offset) {
  switch (offset) {
    case offsetof(handoff_t, ident):
      return {true, HANDOFF__IDENT__VALUE_reset};
    case offsetof(handoff_t, build):
      return {true, config_.dct_entries | config_.slots << 17 | 64u << 24};
    case offsetof(handoff_t, status):
      return {true, (halted_ ? 1u : 0u) | (reset_done_ ? 2u : 0u)};
    default:
      break;
  }
  const uint32_t counters = offsetof(handoff_t, counter);
  if (offset >= counters && offset < counters + 64 * 8) {
    const uint64_t value = counter[(offset - counters) / 8];
    return {true, static_cast<uint32_t>((offset & 4) != 0 ? value >> 32 : value)};
  }
  return {regs_.contains(offset), regs_[offset]};
}

void FakeEngine::Halt() {
  halted_ = true;
  RaiseSoon();
}

void FakeEngine::Reset() {
  ++epoch_;
  for (auto& [index, e] : entries_) StopTimers(e);
  entries_.clear();
  by_tuple_.clear();
  rings_ = {};
  phase_ = true;
  to_notify_.clear();
  legacy_.clear();
  halted_ = false;
  irq_pending_ = commands_due_ = transmit_due_ = false;
  reset_done_ = false;
  time_.After(Micros(25), [this] { reset_done_ = true; });
}

// -- Rings --

// Of the next entry, which is then consumed.
std::vector<uint64_t> FakeEngine::ReadEntry(unsigned which, size_t bytes) {
  RingState& r = rings_[which];
  std::vector<uint64_t> words(bytes / 8);
  const auto memory = hw_.Dma(r.base + r.engine * bytes, bytes, false);
  std::memcpy(words.data(), memory.data(), bytes);
  r.engine = Next(r, r.engine);
  return words;
}

void FakeEngine::RunCommands() {
  RingState& r = rings_[kCommand];
  while (!halted_ && r.enabled && r.engine != r.host) {
    const auto words = ReadEntry(kCommand, 64);
    const bool setup = (words[0] & 0xff) == static_cast<uint8_t>(CmdKind::CmdSetup);
    std::vector<uint64_t> second;
    if (setup) {
      if (r.engine == r.host) throw std::logic_error("SETUP without its second slot");
      second = ReadEntry(kCommand, 64);
    }
    Execute(words, second);
  }
}

void FakeEngine::FetchLegacy() {
  RingState& r = rings_[kLegacy];
  while (r.enabled && r.engine != r.host) {
    legacy_.push_back(LegacyDesc::Unpack(ReadEntry(kLegacy, 16).data()));
  }
}

void FakeEngine::RunTransmit() {
  RingState& r = rings_[kTransmit];
  while (!halted_ && r.enabled && r.engine != r.host) {
    const TxDesc d = TxDesc::Unpack(ReadEntry(kTransmit, 64).data());
    Ntf sent;
    sent.kind = NtfKind::NtfSent;
    sent.tag = d.tag;
    sent.conn = d.conn;
    sent.gen = d.gen;
    if (d.op == static_cast<uint8_t>(Tx::TxRaw)) {
      const auto bytes = hw_.Dma(d.piece0.addr, d.piece0.size, false);
      Transmit({bytes.begin(), bytes.end()});
    } else {
      const auto found = entries_.find(d.conn);
      const bool known =
          found != entries_.end() && found->second.s.valid && found->second.s.gen == d.gen;
      Status status = known ? Status::StatusOk : Status::StatusStale;
      if (known && !SendSegment(found->second, &d, {})) status = Status::StatusBadLength;
      sent.code = static_cast<uint8_t>(status);
      if (known) sent.seq = found->second.s.snd_nxt;
    }
    Notify(sent);
  }
}

// -- Notifications --

Ntf FakeEngine::About(const Entry& e, NtfKind kind) const {
  Ntf ntf;
  ntf.kind = kind;
  ntf.gen = e.s.gen;
  ntf.conn = by_tuple_.at(e.tuple);
  ntf.seq = e.s.rcv_nxt;
  ntf.count = e.s.legacy_cnt;
  ntf.snd_una = e.s.snd_una;
  ntf.snd_wnd = e.s.snd_wnd;
  ntf.dup = e.s.dup;
  return ntf;
}

void FakeEngine::Notify(Ntf ntf) {
  to_notify_.push_back(ntf);
  PutNotifications();
}

void FakeEngine::PutNotifications() {
  RingState& r = rings_[kNotification];
  while (r.enabled && !to_notify_.empty() && Next(r, r.engine) != r.host) {
    Ntf ntf = to_notify_.front();
    to_notify_.pop_front();
    ntf.phase = phase_;
    uint64_t words[4];
    ntf.Pack(words);
    const auto memory = hw_.Dma(r.base + r.engine * 32, 32, true);
    std::memcpy(memory.data(), words, 32);
    r.engine = Next(r, r.engine);
    if (r.engine == 0) phase_ = !phase_;
    RaiseSoon();
  }
}

void FakeEngine::RaiseSoon() {
  if (irq_pending_) return;
  irq_pending_ = true;
  time_.After(Random(config_.irq_delay), [this, epoch = epoch_] {
    if (epoch != epoch_) return;
    irq_pending_ = false;
    ++counter[static_cast<size_t>(Counter::CntIrqs)];
    hw_.Interrupt(0);
  });
}

// -- What is sent --

void FakeEngine::Transmit(tcp::Bytes frame) {
  if (frame.size() < tcp::kMinFrameBytes) frame.resize(tcp::kMinFrameBytes);
  ++counter[static_cast<size_t>(Counter::CntTxFrames)];
  wire_(frame);
}

// Rows S1 to S3. False: too long for the MSS. Without a descriptor: an ACK of the engine's own.
bool FakeEngine::SendSegment(Entry& e, const TxDesc* d, std::optional<tcp::SeqRange> dsack) {
  handoff::State& s = e.s;
  std::vector<tcp::ByteView> pieces;
  uint32_t len = 0;
  if (d != nullptr) {
    const handoff::Piece all[] = {d->piece0, d->piece1, d->piece2};
    for (unsigned i = 0; i < d->n_pieces; ++i) {
      pieces.push_back(hw_.Dma(all[i].addr, all[i].size, false));
      len += all[i].size;
    }
    if (len > s.mss - (s.ts_on ? 12u : 0u)) return false;
  }
  sw::Seq ack = sw::Later(sw::Seq(s.rcv_nxt), sw::Seq(s.last_ack));
  if (d != nullptr && (d->flags & 4) != 0) {
    ack = sw::Later(ack, sw::Seq(d->ack));
    MoveEdge(e, d->rcv_edge);
  }
  const uint32_t field = WindowField(e, ack.raw());
  s.last_ack = ack.raw();
  s.told_edge = ack.raw() + (field << s.rcv_scale);
  s.ts_sent = s.ts_offset + static_cast<uint32_t>(time_.Now().count() >> 10);

  tcp::Segment segment;
  segment.src_port = e.tuple.local.port;
  segment.dst_port = e.tuple.remote.port;
  segment.seq = d != nullptr ? sw::Seq(d->seq) : sw::Seq(s.snd_nxt);
  segment.ack = ack;
  segment.flags.ack = true;
  segment.window = static_cast<uint16_t>(field);
  if (s.ts_on) segment.options.timestamps = tcp::Timestamps{s.ts_sent, s.ts_recent};
  if (dsack) segment.options.sack.Add(*dsack);
  if (d != nullptr) {
    segment.flags.psh = (d->flags & 1) != 0;
    segment.flags.fin = (d->flags & 2) != 0;
    const uint64_t blocks[] = {d->piece0.addr, d->piece1.addr, d->piece2.addr};
    for (unsigned i = 0; i < d->n_sacks; ++i) {
      segment.options.sack.Add({sw::Seq(static_cast<uint32_t>(blocks[i] >> 32)),
                                sw::Seq(static_cast<uint32_t>(blocks[i]))});
    }
    const sw::Seq end = segment.seq + len + (segment.flags.fin ? 1 : 0);
    s.snd_nxt = sw::Later(sw::Seq(s.snd_nxt), end).raw();
  } else {
    ++counter[static_cast<size_t>(Counter::CntTxAcks)];
  }
  e.unacked = 0;
  time_.Cancel(e.ack_timer);
  e.ack_timer = sw::kNoTimer;

  tcp::EthernetHeader header{.dst = e.peer_mac, .src = e.local_mac};
  header.ether_type = e.v6 ? tcp::kEtherTypeIpv6 : tcp::kEtherTypeIpv4;
  header.tags = tcp::VlanTags::For(e.tuple.vlans);
  tcp::Bytes frame;
  tcp::AppendEthernet(frame, header);
  const size_t bytes = tcp::kTcpHeaderBytes + tcp::OptionBytes(segment.options) + len;
  if (e.v6) {
    tcp::AppendIpv6(frame,
                    {.traffic_class = e.tos,
                     .next_header = tcp::kProtocolTcp,
                     .hop_limit = e.ttl,
                     .src = e.tuple.local.addr,
                     .dst = e.tuple.remote.addr},
                    bytes);
  } else {
    tcp::AppendIpv4(
        frame, {.tos = e.tos, .ttl = e.ttl, .src = e.tuple.local.addr, .dst = e.tuple.remote.addr},
        bytes);
  }
  tcp::AppendSegment(frame, e.tuple.local.addr, e.tuple.remote.addr, segment, pieces);
  Transmit(std::move(frame));
  return true;
}

}  // namespace handoff::tb
