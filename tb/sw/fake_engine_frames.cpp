// SPDX-License-Identifier: Apache-2.0
//
// Frames: rows F1 to F19 of docs/units/rx_tcp.md, and what docs/units/buffers.md makes of them.
#include <algorithm>

#include "sw/tcp/ethernet.h"
#include "sw/tcp/ipv4.h"
#include "sw/tcp/ipv6.h"
#include "tb/sw/fake_engine.h"

namespace handoff::tb {

using sw::Seq;
using tcp::ByteView;

struct FakeEngine::Parsed {
  tcp::Tuple tuple;
  tcp::MacAddr dst;
  tcp::Segment g;
  Seq End() const { return g.End(); }
  uint32_t pay_len() const { return static_cast<uint32_t>(g.payload.size()); }
};

std::optional<FakeEngine::Parsed> FakeEngine::Parse(ByteView frame, Reason& reason) const {
  reason = Reason::ReasonNotTcp;
  const auto ethernet = tcp::ParseEthernet(frame);
  if (!ethernet) return std::nullopt;
  Parsed p;
  p.dst = ethernet->header.dst;
  p.tuple.vlans = ethernet->header.tags.Key();
  ByteView message;
  if (ethernet->header.ether_type == tcp::kEtherTypeIpv4) {
    const auto ip = tcp::ParseIpv4(ethernet->payload);
    if (!ip) {
      reason = Reason::ReasonLengths;
      return std::nullopt;
    }
    if (ip->header.protocol != tcp::kProtocolTcp) return std::nullopt;
    if (ip->header.IsFragment() || ip->header.has_options) {
      reason = ip->header.IsFragment() ? Reason::ReasonFragment : Reason::ReasonIpOptions;
      return std::nullopt;
    }
    p.tuple.local.addr = ip->header.dst;
    p.tuple.remote.addr = ip->header.src;
    message = ip->payload;
  } else if (ethernet->header.ether_type == tcp::kEtherTypeIpv6) {
    const auto ip = tcp::ParseIpv6(ethernet->payload);
    if (!ip || ip->header.next_header != tcp::kProtocolTcp) return std::nullopt;
    p.tuple.local.addr = ip->header.dst;
    p.tuple.remote.addr = ip->header.src;
    message = ip->payload;
  } else {
    return std::nullopt;
  }
  const auto parsed = tcp::ParseSegment(p.tuple.remote.addr, p.tuple.local.addr, message);
  if (parsed.error != tcp::SegmentError::kNone) {
    reason = parsed.error == tcp::SegmentError::kLengths ? Reason::ReasonLengths
                                                         : Reason::ReasonBadTcpChecksum;
    return std::nullopt;
  }
  p.g = parsed.segment;
  p.tuple.local.port = p.g.dst_port;
  p.tuple.remote.port = p.g.src_port;
  return p;
}

void FakeEngine::Receive(ByteView frame) {
  ++counter[static_cast<size_t>(Counter::CntFramesIn)];
  if (halted_) {
    ++counter[static_cast<size_t>(Reason::ReasonHalted)];
    return;
  }
  Reason reason = Reason::ReasonNone;
  const auto p = Parse(frame, reason);
  if (!p) {
    Whole(reason, frame, nullptr, {});
    return;
  }
  const auto found = by_tuple_.find(p->tuple);
  if (found == by_tuple_.end() || entries_[found->second].local_mac != p->dst) {
    Whole(Reason::ReasonNoEntry, frame, nullptr, {});
    return;
  }
  Decide(entries_[found->second], *p, frame);
}

// `ntf` brings the tests' results; resync, if any, has been entered before.
void FakeEngine::Whole(Reason reason, ByteView frame, Entry* e, Ntf ntf) {
  if (legacy_.empty()) {
    ++counter[static_cast<size_t>(Reason::ReasonNoLegacyBuffer)];
    return;
  }
  const LegacyDesc buffer = legacy_.front();
  legacy_.pop_front();
  ++counter[static_cast<size_t>(reason)];
  if (e != nullptr) {
    ++e->s.legacy_cnt;
    Ntf about = About(*e, NtfKind::NtfLegacyFrame);
    about.hit = true;
    about.live = ntf.live;
    about.acceptable = ntf.acceptable;
    about.ack_good = ntf.ack_good;
    about.paws_ok = ntf.paws_ok;
    about.to_resync = ntf.to_resync;
    ntf = about;
  }
  ntf.kind = NtfKind::NtfLegacyFrame;
  ntf.code = static_cast<uint8_t>(reason);
  ntf.tag = buffer.tag;
  ntf.len = static_cast<uint16_t>(frame.size());
  ntf.error = !Place(buffer.addr, frame, false);
  Notify(ntf);
}

void FakeEngine::Decide(Entry& e, const Parsed& p, ByteView frame) {
  handoff::State& s = e.s;
  const tcp::Segment& g = p.g;
  const Seq rcv_nxt(s.rcv_nxt);
  const bool no_ack = !g.flags.ack;
  Ntf t;
  t.live = s.live;
  t.acceptable = tcp::Acceptable(g.seq, g.Length(), rcv_nxt, Seq(s.rcv_edge));
  t.ack_good = no_ack ? g.flags.syn || g.flags.rst
                      : tcp::AckIsGood(g.ack, Seq(s.snd_una), s.max_wnd, Seq(s.snd_nxt));
  const auto& ts = g.options.timestamps;
  const bool ts_ok = ts && static_cast<int32_t>(ts->value - s.ts_recent) >= 0;
  t.paws_ok = !s.ts_on || ts_ok;
  const bool plain = tcp::IsPlain(g, {.ack_good = t.ack_good, .timestamp_good = t.paws_ok});
  Reason special = Reason::ReasonNone;
  if (g.flags.syn) {
    special = Reason::ReasonSyn;
  } else if (g.flags.rst) {
    special = Reason::ReasonRst;
  } else if (g.flags.urg) {
    special = Reason::ReasonUrg;
  } else if (g.flags.fin) {
    special = Reason::ReasonFin;
  } else if (g.options.unknown) {
    special = Reason::ReasonUnknownOption;
  } else if (!g.options.sack.empty() && p.pay_len() > 0) {
    special = Reason::ReasonDataWithSack;
  }
  const int32_t d = g.seq - rcv_nxt;
  const uint32_t window = Seq(s.rcv_edge) > rcv_nxt ? s.rcv_edge - s.rcv_nxt : 0;

  // What a frame may need is there before any state changes (corner 3).
  const uint32_t need = g.End().raw() - s.rcv_nxt;
  const bool payload_row = s.live && p.pay_len() > 0 && t.acceptable && t.ack_good &&
                           special == Reason::ReasonNone && d <= 0;
  const size_t buffers = payload_row ? (need <= Room(e) ? 0 : 2) : 1;
  if (legacy_.size() < buffers) {
    ++counter[static_cast<size_t>(Reason::ReasonNoLegacyBuffer)];
    return;
  }

  const auto taken = [this](Reason r) { ++counter[static_cast<size_t>(r)]; };
  const auto to_resync = [&](Reason r) {
    EnterResync(e, r);
    ExtendRun(e, p, plain);
    t.to_resync = true;
    Whole(r, frame, &e, t);
  };
  if (!s.live) {
    ExtendRun(e, p, plain);
    Whole(Reason::ReasonResync, frame, &e, t);
  } else if (g.Length() > 0 && !g.flags.syn && !g.flags.rst && p.End() <= rcv_nxt) {
    taken(Reason::ReasonOld);
    AckNow(e, s.sack_on ? std::optional(tcp::SeqRange{g.seq, p.End()}) : std::nullopt);
  } else if (special != Reason::ReasonNone) {
    if (t.acceptable && t.ack_good) {
      to_resync(special);
    } else {
      Whole(special, frame, &e, t);
    }
  } else if (s.ts_on && ts && !ts_ok) {
    Whole(Reason::ReasonPaws, frame, &e, t);
  } else if (no_ack) {
    Whole(Reason::ReasonNoAck, frame, &e, t);
  } else if (s.ts_on && !ts) {
    Whole(Reason::ReasonNoTimestamp, frame, &e, t);
  } else if (!t.acceptable) {
    taken(Reason::ReasonUnacceptable);
    if (d == 0 && t.ack_good) Told(e, p, SendState(e, p));
    AckLimited(e, p);
  } else if (!t.ack_good) {
    taken(Reason::ReasonBadAck);
    AckLimited(e, p);
  } else if (p.pay_len() == 0) {
    const bool changed = SendState(e, p);
    if (s.ts_on && ts_ok && g.seq <= Seq(s.last_ack)) s.ts_recent = ts->value;
    if (!g.options.sack.empty()) {
      ForgetProgress(e);
      Whole(Reason::ReasonSack, frame, &e, t);
    } else {
      Told(e, p, changed);
      taken(Reason::ReasonPureAck);
    }
  } else if (d > 0) {
    to_resync(Reason::ReasonGap);
  } else if (d == 0 && p.pay_len() > window) {
    to_resync(Reason::ReasonBeyondWindow);
  } else {
    const Reason reason = d != 0            ? Reason::ReasonPartlyOld
                          : need <= Room(e) ? Reason::ReasonInOrderUser
                                            : Reason::ReasonInOrderLegacy;
    taken(reason);
    Payload(e, p, d != 0);
  }
}

void FakeEngine::EnterResync(Entry& e, Reason why) {
  FlushAck(e);
  HandBackAll(e, why == Reason::ReasonDma ? Back::BackError : Back::BackResync);
  ForgetProgress(e);
  e.s.live = false;
  e.s.run_start = e.s.run_end = e.s.rcv_nxt;
  e.s.run_frames = 0;
  e.s.run_open = false;
  Ntf ntf = About(e, NtfKind::NtfResync);
  ntf.code = static_cast<uint8_t>(why);
  ntf.dup = 0;
  ntf.tag = e.s.ts_recent;
  Notify(ntf);
}

void FakeEngine::ExtendRun(Entry& e, const Parsed& p, bool plain) {
  handoff::State& s = e.s;
  const Seq end = p.g.seq + p.pay_len();
  const auto begin = [&s](Seq from, Seq to, uint16_t frames) {
    s.run_start = from.raw();
    s.run_end = to.raw();
    s.run_frames = frames;
  };
  if (!plain) {
    begin(p.g.seq, p.g.seq, 0);
  } else if (p.pay_len() == 0) {
    s.run_frames = static_cast<uint16_t>(std::min(s.run_frames + 1, 65535));
  } else if (p.g.seq > Seq(s.run_end)) {
    begin(p.g.seq, end, 1);
  } else {
    s.run_end = sw::Later(Seq(s.run_end), end).raw();
    s.run_frames = static_cast<uint16_t>(std::min(s.run_frames + 1, 65535));
  }
  s.run_open = s.run_start != s.run_end;
}

// Whether anything changed.
bool FakeEngine::SendState(Entry& e, const Parsed& p) {
  handoff::State& s = e.s;
  const handoff::State before = s;
  const tcp::Segment& g = p.g;
  const uint32_t wnd = static_cast<uint32_t>(g.window) << s.snd_scale;
  if (Seq(s.snd_una) < g.ack) {
    s.snd_una = g.ack.raw();
    s.dup = 0;
  } else if (g.ack == Seq(s.snd_una) && p.pay_len() == 0 && wnd == s.snd_wnd &&
             s.snd_una != s.snd_nxt) {
    s.dup = static_cast<uint8_t>(std::min(s.dup + 1, 15));
  }
  const bool newer =
      Seq(before.wl1) < g.seq || (Seq(before.wl1) == g.seq && Seq(before.wl2) <= g.ack);
  if (Seq(before.snd_una) <= g.ack && newer) {
    s.snd_wnd = wnd;
    s.wl1 = g.seq.raw();
    s.wl2 = g.ack.raw();
    s.max_wnd = std::max(s.max_wnd, wnd);
  }
  return s.snd_una != before.snd_una || s.snd_wnd != before.snd_wnd || s.dup != before.dup;
}

void FakeEngine::Told(Entry& e, const Parsed& p, bool changed) {
  if (!changed) return;
  e.ts_ecr = e.s.ts_on && p.g.options.timestamps ? p.g.options.timestamps->echo : 0;
  if (e.progress) return;  // merged
  e.progress = true;
  const uint16_t index = by_tuple_.at(e.tuple);
  time_.After(Random(config_.progress_delay), [this, index, gen = e.s.gen, epoch = epoch_] {
    if (epoch != epoch_) return;
    Entry& told = entries_[index];
    if (!told.progress || told.s.gen != gen) return;
    told.progress = false;
    Ntf ntf = About(told, NtfKind::NtfProgress);
    ntf.seq = 0;
    ntf.count = told.ts_ecr;
    Notify(ntf);
  });
}

// -- Payload --

uint32_t FakeEngine::Room(const Entry& e) const {
  uint32_t room = 0;
  uint32_t open = 0;
  for (const Held& held : e.pieces) {
    open += held.piece.size;
    if (held.last) room = open;
  }
  return room;
}

bool FakeEngine::Place(uint64_t addr, ByteView bytes, bool user) {
  if (write_fails && write_fails(addr, user)) return false;
  const auto memory = hw_.Dma(addr, bytes.size(), true);
  std::copy(bytes.begin(), bytes.end(), memory.begin());
  return true;
}

void FakeEngine::Payload(Entry& e, const Parsed& p, bool ack_now) {
  handoff::State& s = e.s;
  const bool changed = SendState(e, p);
  const auto& ts = p.g.options.timestamps;
  if (s.ts_on && ts && p.g.seq <= Seq(s.last_ack)) s.ts_recent = ts->value;
  ByteView left = p.g.payload.subspan(s.rcv_nxt - p.g.seq.raw());
  Seq seq(s.rcv_nxt);
  bool good = true;
  while (!left.empty() && Room(e) > 0) {
    Held& held = e.pieces.front();
    const auto n = static_cast<uint32_t>(std::min<size_t>(left.size(), held.piece.size));
    good = Place(held.piece.addr, left.first(n), true) && good;
    if (!e.open) {
      e.open = true;
      e.start = seq.raw();
      e.filled = 0;
      const uint16_t index = by_tuple_.at(e.tuple);
      e.back_timer = time_.After(Micros(200), [this, index] {
        Entry& late = entries_[index];
        late.back_timer = sw::kNoTimer;
        HandBack(late, Back::BackDelay, false, false, false);
      });
    }
    e.filled += n;
    held.piece.addr += n;
    held.piece.size -= n;
    left = left.subspan(n);
    seq += n;
    const bool full = held.piece.size == 0 && held.last;
    if (full || (left.empty() && p.g.flags.psh)) {
      HandBack(e, full ? Back::BackFull : Back::BackPush, p.g.flags.psh, full, !good);
    } else if (held.piece.size == 0) {
      e.pieces.pop_front();
    }
  }
  if (!left.empty()) {
    const LegacyDesc buffer = legacy_.front();
    legacy_.pop_front();
    Ntf ntf = About(e, NtfKind::NtfLegacyPayload);
    ntf.seq = seq.raw();
    ntf.count = 0;
    ntf.psh = p.g.flags.psh;
    ntf.len = static_cast<uint16_t>(left.size());
    ntf.tag = buffer.tag;
    ntf.error = !Place(buffer.addr, left, true);
    good = good && !ntf.error;
    Notify(ntf);
  }
  s.rcv_nxt = p.g.End().raw();
  if (s.quick_left > 0) {
    --s.quick_left;
    ack_now = true;
  }
  Told(e, p, changed);
  if (!good) {
    Fault(e);
  } else if (ack_now) {
    AckNow(e);
  } else {
    AckData(e);
  }
}

// The upload error of docs/units/rx_tcp.md, row U1: no further ACK.
void FakeEngine::Fault(Entry& e) {
  e.unacked = 0;
  time_.Cancel(e.ack_timer);
  e.ack_timer = sw::kNoTimer;
  EnterResync(e, Reason::ReasonDma);
}

void FakeEngine::HandBack(Entry& e, Back why, bool psh, bool full, bool error) {
  if (e.pieces.empty()) return;
  Ntf ntf = About(e, NtfKind::NtfHandBack);
  ntf.code = static_cast<uint8_t>(why);
  ntf.psh = psh;
  ntf.full = full;
  ntf.error = error;
  ntf.seq = e.open ? e.start : e.s.rcv_nxt;
  ntf.count = e.open ? e.filled : 0;
  if (config_.bug == EngineBug::kHandBackLosesByte && !full && ntf.count > 0) --ntf.count;
  ntf.tag = e.pieces.front().id;
  while (!e.pieces.empty()) {
    const bool last = e.pieces.front().last;
    e.pieces.pop_front();
    if (last) break;
  }
  e.open = false;
  e.filled = 0;
  time_.Cancel(e.back_timer);
  e.back_timer = sw::kNoTimer;
  ++counter[static_cast<size_t>(Counter::CntHandBacks)];
  Notify(ntf);
}

void FakeEngine::HandBackAll(Entry& e, Back why) {
  while (!e.pieces.empty()) HandBack(e, why, false, false, false);
}

// -- Acknowledging --

void FakeEngine::AckNow(Entry& e, std::optional<tcp::SeqRange> dsack) {
  SendSegment(e, nullptr, dsack);
}

void FakeEngine::AckData(Entry& e) {
  if (!e.s.coalesce_on || ++e.unacked >= e.s.ack_frames) {
    AckNow(e);
    return;
  }
  if (e.ack_timer != sw::kNoTimer) return;
  const uint16_t index = by_tuple_.at(e.tuple);
  e.ack_timer = time_.After(Micros(200), [this, index] {
    entries_[index].ack_timer = sw::kNoTimer;
    AckNow(entries_[index]);
  });
}

void FakeEngine::AckLimited(Entry& e, const Parsed& p) {
  const auto now_ms = static_cast<uint32_t>(time_.Now().count() >> 10);
  if (p.pay_len() == 0) {
    if (e.s.limit_armed && static_cast<int32_t>(e.s.limit_until_ms - now_ms) > 0) return;
    e.s.limit_armed = true;
    e.s.limit_until_ms = now_ms + 490;
  }
  AckNow(e);
}

void FakeEngine::FlushAck(Entry& e) {
  if (e.unacked > 0) AckNow(e);
}

void FakeEngine::StopTimers(Entry& e) {
  time_.Cancel(e.back_timer);
  time_.Cancel(e.ack_timer);
  e.back_timer = e.ack_timer = sw::kNoTimer;
}

}  // namespace handoff::tb
