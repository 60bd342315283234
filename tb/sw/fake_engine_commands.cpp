// SPDX-License-Identifier: Apache-2.0
//
// Commands: rows C1 to C15 of docs/units/rx_tcp.md, the checks of docs/units/command.md.
#include <cstring>

#include "tb/sw/fake_engine.h"

namespace handoff::tb {
namespace {

using sw::Seq;

constexpr uint32_t kMostAhead = 1u << 30;

tcp::IpAddr Address(const Bits<128>& value, bool v6) {
  uint8_t octets[16];
  const uint32_t n = v6 ? 16 : 4;
  for (uint32_t i = 0; i < n; ++i) octets[i] = value.byte(n - 1 - i);
  return tcp::IpAddr::From({octets, n});
}

tcp::MacAddr Mac(uint64_t value) {
  tcp::MacAddr mac;
  for (int i = 5; i >= 0; --i, value >>= 8) mac.octets[static_cast<size_t>(i)] = value & 0xff;
  return mac;
}

}  // namespace

uint32_t FakeEngine::WindowField(const Entry& e, uint32_t ack) {
  const int32_t open = Seq(e.s.rcv_edge) - Seq(ack);
  return open > 0 ? std::min(static_cast<uint32_t>(open) >> e.s.rcv_scale, 0xffffu) : 0;
}

void FakeEngine::MoveEdge(Entry& e, uint32_t edge) const {
  const uint32_t ahead = edge - e.s.rcv_edge;
  if (ahead > 0 && ahead <= kMostAhead) e.s.rcv_edge = edge;  // corner 60
}

void FakeEngine::Execute(const std::vector<uint64_t>& words, const std::vector<uint64_t>& second) {
  const PlainDesc d = PlainDesc::Unpack(words.data());
  const auto kind = static_cast<CmdKind>(d.op);
  Ntf done;
  done.kind = NtfKind::NtfDone;
  done.tag = d.tag;
  done.conn = d.conn;
  done.gen = d.gen;
  Status status = Status::StatusOk;
  const auto found = entries_.find(d.conn);
  const bool known = found != entries_.end() && found->second.s.valid;
  if (d.conn >= config_.dct_entries) {
    status = Status::StatusBadIndex;
  } else if (kind == CmdKind::CmdSetup) {
    status = known ? Status::StatusInUse
                   : Setup(Setup0Desc::Unpack(words.data()), Setup1Desc::Unpack(second.data()));
  } else if (!known || found->second.s.gen != d.gen) {
    status = Status::StatusStale;
  } else {
    Entry& e = found->second;
    uint32_t accepted = 0;
    switch (kind) {
      case CmdKind::CmdResume:
        status = Resume(e, ResumeDesc::Unpack(words.data()));
        break;
      case CmdKind::CmdResync:
        if (!e.s.live) {
          status = Status::StatusAlready;
        } else {
          EnterResync(e, Reason::ReasonHost);
        }
        break;
      case CmdKind::CmdPost:
        status = Post(e, PostDesc::Unpack(words.data()), accepted);
        break;
      case CmdKind::CmdSet:
        Set(e, SetDesc::Unpack(words.data()));
        break;
      case CmdKind::CmdQuery:
        WriteBlock(e, d.addr);
        break;
      case CmdKind::CmdFlush:
        HandBackAll(e, Back::BackFlush);
        break;
      case CmdKind::CmdUndelegate:
        status = Undelegate(e, d);
        break;
      default:
        status = Status::StatusBadOp;
        break;
    }
    done.seq = e.s.rcv_nxt;
    done.count = kind == CmdKind::CmdPost ? accepted : e.s.legacy_cnt;
    done.snd_una = e.s.snd_una;
    done.snd_wnd = e.s.snd_wnd;
  }
  done.code = static_cast<uint8_t>(status);
  ++answers[{kind, status}];
  Notify(done);
  // The ACK leaves once the state is new.
  if (kind != CmdKind::CmdResume || status != Status::StatusOk) return;
  Entry& e = found->second;
  const uint32_t x = e.s.rcv_nxt;
  const uint32_t would_tell = x + (WindowField(e, x) << e.s.rcv_scale);
  const bool wanted = Seq(e.s.last_ack) < Seq(x) || Seq(e.s.told_edge) < Seq(would_tell);
  if (wanted) AckNow(e);  // corner 78
}

Status FakeEngine::Setup(const Setup0Desc& d, const Setup1Desc& b) {
  Entry e;
  e.v6 = (d.flags & 1) != 0;
  e.tuple.local = {Address(d.local_ip, e.v6), d.local_port};
  e.tuple.remote = {Address(d.peer_ip, e.v6), d.peer_port};
  e.tuple.vlans = {static_cast<uint16_t>(d.n_tags > 0 ? d.tci0 & 0xfff : 0),
                   static_cast<uint16_t>(d.n_tags > 1 ? d.tci1 & 0xfff : 0)};
  e.local_mac = Mac(d.local_mac);
  e.peer_mac = Mac(d.peer_mac);
  e.ttl = d.ttl;
  e.tos = d.tos;
  if (by_tuple_.contains(e.tuple)) return Status::StatusTupleInUse;
  if (by_tuple_.size() >= config_.dct_entries) return Status::StatusNoRoom;
  if (b.snd_scale > 14 || b.rcv_scale > 14) return Status::StatusBadScale;
  if (b.mss < kMinMss) return Status::StatusBadMss;
  if ((d.flags & 8) != 0 && b.ack_frames == 0) return Status::StatusBadAckFrames;
  handoff::State& s = e.s;
  s.valid = true;
  s.gen = d.gen;
  s.rcv_nxt = s.run_start = s.run_end = b.rcv_nxt;
  s.rcv_edge = s.told_edge = b.rcv_edge;
  s.last_ack = b.last_ack;
  s.snd_una = b.snd_una;
  s.snd_nxt = b.snd_nxt;
  s.snd_wnd = b.snd_wnd;
  s.max_wnd = b.max_wnd;
  s.wl1 = b.wl1;
  s.wl2 = b.wl2;
  s.ts_recent = b.ts_recent;
  s.ts_offset = b.ts_offset;
  s.snd_scale = b.snd_scale;
  s.rcv_scale = b.rcv_scale;
  s.ts_on = (d.flags & 2) != 0;
  s.sack_on = (d.flags & 4) != 0;
  s.coalesce_on = (d.flags & 8) != 0;
  s.ack_frames = b.ack_frames;
  s.ack_class = b.ack_class & 3;
  s.quick = b.quick;
  s.mss = b.mss;
  by_tuple_[e.tuple] = d.conn;
  entries_[d.conn] = std::move(e);
  return Status::StatusOk;
}

Status FakeEngine::Resume(Entry& e, const ResumeDesc& c) {
  handoff::State& s = e.s;
  if (s.live) return Status::StatusLive;
  const bool ignore = config_.bug == EngineBug::kResumeIgnoresCount;
  const uint32_t q = ignore ? 0 : s.legacy_cnt - c.count;
  if (q != 0 && q > s.run_frames) return Status::StatusCount;
  const Seq rcv_nxt(c.rcv_nxt);
  const Seq start(s.run_start);
  const Seq end(s.run_end);
  Seq x = rcv_nxt;
  if (q != 0) {
    x = end;
  } else if (s.run_open && start <= rcv_nxt) {
    x = sw::Later(end, rcv_nxt);
  }
  if (q != 0 && !(start <= rcv_nxt && rcv_nxt <= end)) return Status::StatusRange;
  if (Seq(c.rcv_edge) < x) return Status::StatusRange;
  if (config_.bug == EngineBug::kResumeAtRcvNxt) x = rcv_nxt;
  s.live = true;
  s.rcv_nxt = s.run_start = s.run_end = x.raw();
  s.run_frames = 0;
  s.run_open = false;
  s.rcv_edge = sw::Later(Seq(s.rcv_edge), Seq(c.rcv_edge)).raw();
  s.last_ack = c.last_ack;
  s.snd_una = c.snd_una;
  s.snd_wnd = c.snd_wnd;
  s.max_wnd = c.max_wnd;
  s.wl1 = c.wl1;
  s.wl2 = c.wl2;
  s.ts_recent = c.ts_recent;
  s.dup = 0;
  s.quick_left = s.quick;
  return Status::StatusOk;
}

Status FakeEngine::Post(Entry& e, const PostDesc& d, uint32_t& accepted) {
  if (d.n_pieces == 0 || d.n_pieces > kMaxPieces) return Status::StatusBadPiece;
  const handoff::Piece pieces[] = {d.piece0, d.piece1, d.piece2};
  for (uint32_t i = 0; i < d.n_pieces; ++i) {
    if (pieces[i].size == 0) return Status::StatusBadSize;
  }
  for (uint32_t i = 0; i < d.n_pieces && e.pieces.size() < config_.slots; ++i, ++accepted) {
    const bool last = (d.flags & 1) != 0 && i + 1 == d.n_pieces;
    e.pieces.push_back({.piece = pieces[i], .id = d.id, .last = last});
  }
  return accepted == d.n_pieces ? Status::StatusOk : Status::StatusNoSlot;
}

void FakeEngine::Set(Entry& e, const SetDesc& d) {
  handoff::State& s = e.s;
  if ((d.mask & 2) != 0) s.mss = d.mss;
  if ((d.mask & 1) == 0) return;
  const uint32_t before = s.rcv_edge;
  MoveEdge(e, d.rcv_edge);
  const uint32_t told = s.told_edge - s.last_ack;
  const int32_t more = Seq(s.rcv_edge) - Seq(s.told_edge);
  const uint32_t ack = sw::Later(Seq(s.rcv_nxt), Seq(s.last_ack)).raw();
  const bool reopens = (told < 2u * s.mss && more >= static_cast<int32_t>(s.mss)) ||
                       (told >> s.rcv_scale == 0 && WindowField(e, ack) != 0);
  if (s.live && s.rcv_edge != before && reopens) AckNow(e);  // corner 61
}

void FakeEngine::WriteBlock(const Entry& e, uint64_t addr) {
  const auto memory = hw_.Dma(addr, kStateBlockBytes, true);
  uint64_t words[handoff::State::kWords] = {};
  e.s.Pack(words);
  std::memset(memory.data(), 0, memory.size());
  std::memcpy(memory.data(), words, sizeof words);
}

Status FakeEngine::Undelegate(Entry& e, const PlainDesc& d) {
  WriteBlock(e, d.addr);
  FlushAck(e);
  ForgetProgress(e);
  HandBackAll(e, Back::BackUndelegate);
  StopTimers(e);
  by_tuple_.erase(e.tuple);
  e.s.valid = e.s.live = false;
  return Status::StatusOk;
}

}  // namespace handoff::tb
