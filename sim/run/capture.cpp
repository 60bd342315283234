// SPDX-License-Identifier: Apache-2.0
#include "sim/run/capture.h"

#include <fmt/core.h>

#include <algorithm>
#include <memory>
#include <set>
#include <utility>

#include "sim/pcap/layers.h"
#include "sim/run/dissect.h"
#include "sim/run/wire_form.h"
#include "sw/tcp/arp.h"
#include "sw/tcp/congestion.h"
#include "sw/tcp/ethernet.h"
#include "sw/tcp/icmp.h"
#include "sw/tcp/ipv4.h"
#include "sw/tcp/ipv6.h"
#include "sw/tcp/ndp.h"

namespace handoff::system {
namespace {

using tcp::ByteView;

// Who sent a frame to whom, at the IP layer.
struct Ends {
  enum class Kind : uint8_t { kPacket, kAsks, kTells };  // a MAC address: of `dst`, or its own
  tcp::IpAddr src, dst;
  Kind kind = Kind::kPacket;
};

std::optional<Ends> EndsOf(const tcp::EthernetFrame& frame) {
  const ByteView p = frame.payload;
  if (frame.header.ether_type == tcp::kEtherTypeArp) {
    const auto arp = tcp::ParseArp(p);
    if (!arp) return std::nullopt;
    const bool asks = arp->operation == tcp::ArpMessage::Operation::kRequest;
    return Ends{arp->sender, arp->target, asks ? Ends::Kind::kAsks : Ends::Kind::kTells};
  }
  if (const auto v4 = tcp::ParseIpv4(p)) return Ends{v4->header.src, v4->header.dst};
  const auto v6 = tcp::ParseIpv6(p);
  if (!v6) return std::nullopt;
  if (v6->header.next_header == tcp::kProtocolIcmpv6) {
    const auto icmp = tcp::ParseIcmp(v6->header.src, v6->header.dst, true, v6->payload);
    const auto ndp = icmp ? tcp::ReadNdp(*icmp, v6->header.hop_limit) : std::nullopt;
    if (ndp && ndp->advertisement) return Ends{v6->header.src, v6->header.dst, Ends::Kind::kTells};
    if (ndp) return Ends{v6->header.src, ndp->target, Ends::Kind::kAsks};
  }
  return Ends{v6->header.src, v6->header.dst};
}

// What the recording sent, it sent, and its peer's acknowledgements of that are coming: whatever
// holds the stand-in back makes them acknowledgements of what was never sent, which are no use.
class NoControl : public tcp::CongestionControl {
 public:
  void SetMss(uint32_t /*mss*/) override {}
  void OnLostSyn() override {}
  void OnAck(const tcp::AckSample& /*sample*/) override {}
  void OnLoss(uint32_t /*flight_bytes*/, sw::Micros /*now*/) override {}
  void OnTimeout(uint32_t /*flight_bytes*/, bool /*first*/, sw::Micros /*now*/) override {}
  void OnIdle() override {}
  uint32_t cwnd() const override { return 1u << 30; }  // the largest window there is
  uint32_t ssthresh() const override { return cwnd(); }
};

constexpr uint16_t kLeastMss = 64;

tcp::OpenOptions StandInOptions() {
  tcp::OpenOptions o;
  o.ignore_echoed_times = true;
  o.no_delay = true;  // Nagle would be later than the recording
  o.congestion_control = [] { return std::make_unique<NoControl>(); };
  o.rcv_buf_bytes = 4 << 20;  // at least the recorded window, which grew with the recorded reader
  o.snd_buf_bytes = 4 << 20;
  return o;
}

tcp::OpenOptions OptionsOf(const tcp::Segment& syn) {
  tcp::OpenOptions o = StandInOptions();
  o.iss = syn.seq;
  // Less than this would make segments of nothing but headers, and shifts beyond are cut
  // (RFC 7323, 2.3): peers take both otherwise than they are said.
  if (syn.options.mss) o.mss = std::max(*syn.options.mss, kLeastMss);
  o.window_scaling = syn.options.window_scale.has_value();
  if (o.window_scaling) o.window_scale = std::min(*syn.options.window_scale, tcp::kMaxWindowScale);
  o.sack = syn.options.sack_permitted;
  o.timestamps = syn.options.timestamps.has_value();
  return o;
}

constexpr Offset kMostMadeUp = 64 << 20;

Offset Near(Offset near, sw::Seq first, sw::Seq seq) {
  return near + (seq - (first + static_cast<uint32_t>(near)));
}

// One connection while the capture is read.
struct Life {
  struct Sent {  // a segment of the host's
    sw::Micros time;
    Offset at = 0, end = 0, ack = 0;  // its text; what it acknowledges, 0: nothing
    tcp::Bytes text;
    bool fin = false, reset = false;
    size_t after = 0;  // arrivals of this connection before it
    Offset in_order = 0;
  };
  struct Acked {  // an arrival
    sw::Micros time;
    size_t arrival = 0;
    Offset ack = 0, in_order = 1;  // before it
    bool reset = false;
  };

  Recorded* recorded = nullptr;
  size_t index = 0;
  bool host_known = false, peer_known = false;  // their first numbers
  Offset host_top = 1, peer_top = 1;            // the highest numbers seen, plus one
  Offset edge = 0;                              // of the host's window
  std::optional<uint8_t> host_scale, peer_scale;
  bool host_fin = false, peer_fin = false, reset = false;
  Offset peer_fin_at = 0;
  std::vector<Sent> sent;
  std::vector<Acked> acked;

  bool ended() const { return reset || (host_fin && peer_fin); }
  unsigned scale() const {
    return host_scale && peer_scale ? std::min<unsigned>(*host_scale, 14) : 0;
  }
  Offset in_order() const {
    const auto bytes = static_cast<Offset>(recorded->delivered.bytes().size());
    const bool fin = peer_fin && peer_fin_at == bytes + 1;
    return bytes + 1 + (fin ? 1 : 0);
  }
};

class Recorder {
 public:
  Recorder(pcap::Capture capture, const tcp::IpAddr& addr)
      : addr_(addr), form_(WireFormOf(std::move(capture.frames), addr)) {
    record_.mac = form_.mac;
    record_.notes = std::move(capture.notes);
    record_.notes.insert(record_.notes.end(), form_.notes.begin(), form_.notes.end());
  }

  HostRecord Go() {
    FindAnswers();
    for (const pcap::Frame& frame : form_.frames) Take(frame);
    for (Life& life : lives_) Conclude(life);
    Remark();
    return std::move(record_);
  }

 private:
  // The SYNs that the host answered, and those of its own that were: connection, acknowledgement.
  void FindAnswers() {
    std::map<tcp::Tuple, std::vector<uint64_t>> resets;
    for (const pcap::Frame& frame : form_.frames) {
      const auto found = FindSegment(frame.bytes);
      if (!found) continue;
      const tcp::Segment& s = found->segment;
      const bool ours = found->src == addr_;
      std::vector<uint64_t>& before = resets[ours ? found->SentOn() : found->ReceivedOn()];
      if (s.flags.syn) {
        before.clear();
      } else if (ours && s.flags.rst) {
        before.push_back(frame.number);
      } else if (ours && !s.payload.empty()) {
        survived_.insert(before.begin(), before.end());
        before.clear();
      }
      if (s.flags.syn && s.flags.ack) {
        (ours ? answers_ : answered_)
            .insert({ours ? found->SentOn() : found->ReceivedOn(), s.ack.raw()});
      }
    }
  }

  void Take(const pcap::Frame& frame) {
    const auto ethernet = tcp::ParseEthernet(frame.bytes);
    const auto ends = ethernet ? EndsOf(*ethernet) : std::nullopt;
    const auto found = FindSegment(frame.bytes);
    if (!ends || ends->src != addr_) {
      TakeArrival(frame, ethernet, ends, found);
      return;
    }
    const tcp::Neighbor peer{ends->dst, ethernet->header.tags.Key()};
    if (ends->kind == Ends::Kind::kAsks) asked_.try_emplace(peer, frame.time);
    if (ends->kind != Ends::Kind::kPacket) return;
    const auto waited = asked_.extract(peer);
    if (!found) return;
    TakeSent(frame, *found, waited ? waited.mapped() : frame.time);
  }

  Life* Find(const tcp::Tuple& tuple) {
    const auto at = current_.find(tuple);
    return at == current_.end() ? nullptr : &lives_[at->second];
  }
  Life& Begin(const tcp::Tuple& tuple) {
    record_.connections.emplace_back();
    record_.connections.back().tuple = tuple;
    lives_.emplace_back();
    Life& life = lives_.back();
    life.recorded = &record_.connections.back();
    life.index = lives_.size() - 1;
    current_[tuple] = life.index;
    return life;
  }
  static void KnowHost(Life& life, sw::Seq first) {
    life.host_known = true;
    life.recorded->iss = first;
  }
  static void KnowPeer(Life& life, sw::Seq first) {
    life.peer_known = true;
    life.recorded->irs = first;
  }

  // Without its SYNs: where it stands by its first segment with an acknowledgement.
  Life* TakeUp(const tcp::Tuple& tuple, const tcp::Segment& s, bool from_host) {
    if (!s.flags.ack || s.flags.rst || never_opened_.contains(tuple)) return nullptr;
    Life& life = Begin(tuple);
    Recorded& r = *life.recorded;
    const sw::Seq next = s.seq + (s.flags.syn ? 1 : 0);
    const sw::Seq host_next = from_host ? next : s.ack, peer_next = from_host ? s.ack : next;
    KnowHost(life, host_next - 1);
    KnowPeer(life, peer_next - 1);
    r.midstream = r.established = true;
    r.options = StandInOptions();
    r.options.timestamps = s.options.timestamps.has_value();
    r.options.sack = false;
    tcp::Tcb& tcb = r.tcb;
    tcb.state = tcp::State::kEstablished;
    tcb.iss = r.iss;
    tcb.snd_una = tcb.snd_nxt = tcb.wl2 = host_next;
    tcb.snd_scale = tcp::kMaxWindowScale;  // unknown: what the host sent, its peer took
    tcb.snd_wnd = tcb.max_wnd = 1u << 20;
    tcb.irs = r.irs;
    tcb.rcv_nxt = tcb.wl1 = tcb.last_ack_sent = peer_next;
    tcb.rcv_scale = 7;
    tcb.rcv_adv = peer_next + r.options.rcv_buf_bytes;
    tcb.snd_mss = tuple.local.addr.is_v6() ? 1440 : 1460;
    tcb.timestamps = r.options.timestamps;
    if (tcb.timestamps) {
      tcb.ts_recent = from_host ? s.options.timestamps->echo : s.options.timestamps->value;
    }
    return &life;
  }

  void TakeSent(const pcap::Frame& frame, const TcpFrame& found, sw::Micros opened) {
    const tcp::Segment& s = found.segment;
    const tcp::Tuple tuple = found.SentOn();
    Life* life = Find(tuple);
    if (s.flags.syn && !s.flags.ack &&
        (life == nullptr || life->ended() ||
         (life->host_known && life->recorded->iss != s.seq &&
          (!life->peer_known || answered_.contains({tuple, (s.seq + 1).raw()}))))) {
      life = &Begin(tuple);
    } else if (life == nullptr) {
      life = TakeUp(tuple, s, true);
    }
    if (life == nullptr) return;
    Recorded& r = *life->recorded;
    if (s.flags.syn && !life->host_known) KnowHost(*life, s.seq);
    if (!life->host_known) return;  // a reset that answers a SYN
    if (s.flags.syn && !r.has_syn && !r.midstream) {
      r.has_syn = true;
      r.active = !s.flags.ack;
      r.opened = opened;
      r.opened_after = record_.arrivals.size();
      r.options = OptionsOf(s);
      life->host_scale = s.options.window_scale;
    }
    if (s.flags.syn && s.seq != r.iss) return;
    const Offset at = Near(life->host_top, r.iss, s.seq);
    Life::Sent sent{.time = frame.time,
                    .at = at + (s.flags.syn ? 1 : 0),
                    .end = 0,
                    .ack = s.flags.ack && life->peer_known ? Near(life->peer_top, r.irs, s.ack) : 0,
                    .text = {s.payload.begin(), s.payload.end()},
                    .fin = s.flags.fin,
                    .reset = s.flags.rst,
                    .after = life->acked.size(),
                    .in_order = life->in_order()};
    sent.end = sent.at + static_cast<Offset>(s.payload.size());
    if (s.flags.rst) {
      // The stack's answer to what fits no connection bears a number of its peer's making.
      // The host's own is the last that it sends.
      if (life->reset || !r.established || at != life->host_top) return;
      if (survived_.contains(frame.number)) return;
      life->reset = true;
    } else if (sent.end > life->host_top + kMostMadeUp) {
      return;
    } else {
      life->host_top = std::max(life->host_top, sent.end + (s.flags.fin ? 1 : 0));
      life->host_fin |= s.flags.fin;
      if (sent.ack > 0) {
        const unsigned scale = s.flags.syn ? 0 : life->scale();
        life->edge = std::max(life->edge, sent.ack + (Offset{s.window} << scale));
        const bool past_fin = life->peer_fin && sent.ack > life->peer_fin_at;
        r.delivered.NoteAcked(static_cast<uint64_t>(
            std::max<Offset>(past_fin ? life->peer_fin_at - 1 : sent.ack - 1, 0)));
      }
    }
    life->sent.push_back(std::move(sent));
  }

  void TakeArrival(const pcap::Frame& frame, const std::optional<tcp::EthernetFrame>& ethernet,
                   const std::optional<Ends>& ends, const std::optional<TcpFrame>& found) {
    const auto raw = pcap::FindTcp(frame.bytes);
    const bool tcp_for_others = raw && raw->ip.dst != addr_;
    if (tcp_for_others) return;
    if (ends && ends->dst == addr_ && !ethernet->header.src.IsMulticast()) {
      record_.neighbors.try_emplace({ends->src, ethernet->header.tags.Key()}, ethernet->header.src);
    }
    Arrival arrival;
    arrival.frame = frame;
    if (raw) {
      const tcp::Tuple tuple{
          {addr_, raw->dst_port}, {raw->ip.src, raw->src_port}, ethernet->header.tags.Key()};
      const tcp::MacAddr& to = ethernet->header.dst;
      std::string refused;
      if (!found) {
        refused = "has a wrong checksum";
      } else if (to.IsMulticast()) {
        refused = "came in a frame for many (RFC 1122, 3.3.6)";
      } else if (to != record_.mac) {
        refused = fmt::format("is for another MAC address, {}", to.ToString());
      }
      TakeSegment(tuple, *raw, found ? &found->segment : nullptr, refused, &arrival);
    }
    record_.arrivals.push_back(std::move(arrival));
  }

  void TakeSegment(const tcp::Tuple& tuple, const pcap::TcpView& raw, const tcp::Segment* s,
                   const std::string& refused, Arrival* arrival) {
    Life* life = Find(tuple);
    const uint64_t number = arrival->frame.number;
    const ByteView text = ByteView(arrival->frame.bytes).subspan(raw.text, raw.ip.end - raw.text);
    if (!refused.empty()) {
      if (raw.Has(pcap::kSyn)) never_opened_.insert(tuple);
      if (life != nullptr && life->peer_known) {
        const Offset at = Near(life->peer_top, life->recorded->irs, sw::Seq(raw.seq));
        if (at > 0 && !text.empty()) {
          life->recorded->delivered.Refuse(static_cast<uint64_t>(at - 1), text.size(), number,
                                           refused);
        }
      }
      ++odd_[refused];
      return;
    }
    const bool syn = raw.Has(pcap::kSyn), ack = raw.Has(pcap::kAck), rst = raw.Has(pcap::kRst);
    const bool answered = answers_.contains({tuple, raw.seq + 1});
    if (syn && !ack &&
        (life == nullptr || life->ended() ||
         (life->peer_known && life->recorded->irs.raw() != raw.seq && answered))) {
      life = &Begin(tuple);
      arrival->opens = true;
    } else if (life == nullptr) {
      life = TakeUp(tuple, *s, false);
    }
    if (life == nullptr) return;
    Recorded& r = *life->recorded;
    if (syn && !life->peer_known) {
      KnowPeer(*life, sw::Seq(raw.seq));
      life->peer_scale = raw.scale;
    }
    arrival->connection = life->index;
    if (!life->peer_known) {  // it answers the host's SYN with something else
      if (rst && ack && life->host_known && raw.ack == (r.iss + 1).raw()) life->reset = true;
      arrival->sent = rst && life->host_known ? 1 : 0;
      return;
    }
    const Offset at = Near(life->peer_top, r.irs, sw::Seq(raw.seq)) + (syn ? 1 : 0);
    const Offset end = at + static_cast<Offset>(text.size());
    const Offset acked =
        ack && life->host_known ? Near(life->host_top, r.iss, sw::Seq(raw.ack)) : 0;
    life->acked.push_back({.time = arrival->frame.time,
                           .arrival = record_.arrivals.size(),
                           .ack = acked,
                           .in_order = life->in_order(),
                           .reset = rst});
    arrival->text = !text.empty();
    if (rst) {
      if (at == life->in_order()) life->reset = true;
    } else if (!syn || !arrival->opens) {
      if (ack && acked >= 1 && life->host_known) r.established = true;
      if (end + (raw.Has(pcap::kFin) ? 1 : 0) <= life->edge) {
        arrival->edge = end + (raw.Has(pcap::kFin) ? 1 : 0);
      }
      if (!syn) TakeText(*life, raw, at, end, text, number);
    }
    arrival->in_order = life->in_order();
  }

  static void TakeText(Life& life, const pcap::TcpView& raw, Offset at, Offset end, ByteView text,
                       uint64_t number) {
    Recorded& r = *life.recorded;
    const Offset top = end + (raw.Has(pcap::kFin) ? 1 : 0);
    if (top > life.peer_top + kMostMadeUp) return;
    const auto byte = static_cast<uint64_t>(std::max<Offset>(at - 1, 0));
    if (!raw.Has(pcap::kAck)) {
      r.delivered.Refuse(byte, text.size(), number, "acknowledges nothing");
      return;
    }
    if (life.reset) {
      r.delivered.Refuse(byte, text.size(), number, "came after the reset");
      return;
    }
    life.peer_top = std::max(life.peer_top, top);
    if (raw.Has(pcap::kFin) && !life.peer_fin) {
      life.peer_fin = true;
      life.peer_fin_at = end;
    }
    const size_t known = at < 1 ? static_cast<size_t>(1 - at) : 0;
    if (known < text.size()) r.delivered.Add(byte, text.subspan(known), number);
  }

  // What the application did, from what its host sent; what each arrival waits for.
  void Conclude(Life& life) {
    Recorded& r = *life.recorded;
    Offset top = 1;
    bool fin = false;
    for (const Life::Sent& sent : life.sent) {
      if (!sent.reset) top = std::max(top, sent.end);
      fin |= sent.fin;
    }
    // What the peer acknowledges to the last was sent, even if the capture lacks it.
    const Offset recorded_top = top;
    Offset last = 0;
    for (const Life::Acked& acked : life.acked) {
      if (acked.ack > 0 && !acked.reset) last = acked.ack;
    }
    const bool missing_tail = !fin && !life.reset && last > top && last - top <= kMostMadeUp;
    if (missing_tail) top = last;
    tcp::Bytes bytes(static_cast<size_t>(top - 1));
    std::vector<bool> known(bytes.size());
    for (const Life::Sent& sent : life.sent) {
      for (Offset at = std::max<Offset>(sent.at, 1); !sent.reset && at < sent.end; ++at) {
        const auto i = static_cast<size_t>(at - 1);
        if (known[i]) continue;
        bytes[i] = sent.text[static_cast<size_t>(at - sent.at)];
        known[i] = true;
      }
    }
    r.scales = life.host_scale && life.peer_scale;
    Offset end = 1;
    size_t next_ack = 0;
    // A cause lies before the first arrival that acknowledges the effect.
    const auto cause = [&](Offset at, Offset wanted) {
      while (next_ack < life.acked.size() &&
             (life.acked[next_ack].ack <= at || life.acked[next_ack].ack > top + 1)) {
        ++next_ack;
      }
      const Offset before =
          next_ack < life.acked.size() ? life.acked[next_ack].in_order : life.in_order();
      return std::max<Offset>(std::min({wanted, before, life.in_order()}), 1);
    };
    const auto write = [&](Offset to, sw::Micros time, Offset wanted) {
      const auto from = static_cast<size_t>(end - 1), until = static_cast<size_t>(to - 1);
      const auto first = bytes.begin();
      r.made_up +=
          static_cast<uint64_t>(std::count(known.begin() + static_cast<ptrdiff_t>(from),
                                           known.begin() + static_cast<ptrdiff_t>(until), false));
      r.events.push_back(
          {UserEvent::Kind::kWrite, time,
           tcp::Bytes(first + static_cast<ptrdiff_t>(from), first + static_cast<ptrdiff_t>(until)),
           cause(end, wanted)});
      end = to;
    };
    bool shut = false;
    for (const Life::Sent& sent : life.sent) {
      if (sent.reset) {
        r.events.push_back(
            {UserEvent::Kind::kAbort, sent.time, {}, std::max<Offset>(sent.in_order, 1)});
        break;
      }
      if (shut) continue;
      if (sent.end > end) write(sent.end, sent.time, sent.ack);
      if (sent.fin && sent.end == end) {
        r.events.push_back({UserEvent::Kind::kShutdown, sent.time, {}, cause(end, sent.ack)});
        shut = true;
        ++end;
      }
    }
    if (missing_tail && end == recorded_top) {
      for (const Life::Acked& acked : life.acked) {
        if (acked.reset || acked.ack <= end || acked.ack > top) continue;
        // A FIN alone takes a number too.
        if (last == recorded_top + 1 && life.peer_fin) {
          r.events.push_back(
              {UserEvent::Kind::kShutdown, acked.time, {}, cause(end, acked.in_order)});
          ++end;
        } else {
          write(acked.ack, acked.time, acked.in_order);
        }
      }
    }
    for (const Life::Acked& acked : life.acked) {
      Arrival& arrival = record_.arrivals[acked.arrival];
      if (acked.ack > 0 && acked.ack <= std::max(end, life.host_top)) arrival.sent = acked.ack;
    }
  }

  void Remark() {
    const auto note = [this](auto count, const char* text) {
      if (count != 0) record_.notes.push_back(fmt::format(fmt::runtime(text), count));
    };
    uint64_t made_up = 0;
    for (const Recorded& r : record_.connections) made_up += r.made_up;
    note(std::count_if(record_.connections.begin(), record_.connections.end(),
                       [](const Recorded& r) { return r.midstream; }),
         "{} connections begin without a SYN: taken up in mid-stream");
    note(made_up,
         "the capture lacks {} bytes that the host sent, by its peer's acknowledgements: zeros "
         "stand "
         "for them");
    for (const auto& [why, count] : odd_) {
      if (why != "has a wrong checksum") {
        record_.notes.push_back(fmt::format("{} segments: each {}", count, why));
      }
    }
  }

  const tcp::IpAddr addr_;
  WireForm form_;
  HostRecord record_;
  std::deque<Life> lives_;  // one for each of record_.connections
  std::map<tcp::Tuple, size_t> current_;
  std::set<std::pair<tcp::Tuple, uint32_t>> answers_, answered_;
  std::set<uint64_t> survived_;        // resets of the host, by frame, after which it sent text
  std::set<tcp::Tuple> never_opened_;  // their SYNs cannot have been taken
  // Whom it asked for, when, and has not sent a packet to since.
  std::map<tcp::Neighbor, sw::Micros> asked_;
  std::map<std::string, size_t> odd_;  // segments that the host cannot have taken, by why
};

}  // namespace

HostRecord RecordOf(pcap::Capture capture, const tcp::IpAddr& addr) {
  return Recorder(std::move(capture), addr).Go();
}

}  // namespace handoff::system
