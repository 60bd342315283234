// SPDX-License-Identifier: Apache-2.0
#include "sim/run/capture.h"

#include <memory>
#include <stdexcept>
#include <utility>

#include "sim/run/dissect.h"
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

tcp::OpenOptions OptionsOf(const tcp::Segment& syn) {
  tcp::OpenOptions o;
  o.iss = syn.seq;
  o.mss = syn.options.mss;
  o.window_scaling = syn.options.window_scale.has_value();
  o.window_scale = syn.options.window_scale;
  o.sack = syn.options.sack_permitted;
  o.timestamps = syn.options.timestamps.has_value();
  o.ignore_echoed_times = true;
  o.no_delay = true;  // Nagle would be later than the recording
  o.congestion_control = [] { return std::make_unique<NoControl>(); };
  o.rcv_buf_bytes = 4 << 20;  // at least the recorded window, which grew with the recorded reader
  o.snd_buf_bytes = 4 << 20;
  return o;
}

}  // namespace

HostRecord RecordOf(const std::vector<pcap::Frame>& frames, const tcp::IpAddr& addr) {
  HostRecord record;
  bool known = false;
  std::map<tcp::Tuple, tcp::Seq> sent;  // one past the last byte of the host's stream so far
  // Whom it asked for, when, and has not sent a packet to since.
  std::map<tcp::Neighbor, sw::Micros> asked;
  for (const pcap::Frame& frame : frames) {
    const auto ethernet = tcp::ParseEthernet(frame.bytes);
    const auto ends = ethernet ? EndsOf(*ethernet) : std::nullopt;
    const bool ours = ends && ends->src == addr;
    if (ours && !known) {
      record.mac = ethernet->header.src;
      known = true;
    }
    const auto found = FindSegment(frame.bytes);
    if (!ours) {
      const bool tcp_for_others = found && found->dst != addr;
      if (!tcp_for_others) record.arrivals.push_back(frame);
      if (ends && ends->dst == addr) {
        record.neighbors.try_emplace({ends->src, ethernet->header.tags.Key()},
                                     ethernet->header.src);
      }
      if (found && found->dst == addr && found->segment.flags.syn && !found->segment.flags.ack) {
        record.connections.try_emplace(found->ReceivedOn());
      }
      continue;
    }
    const tcp::Neighbor peer{ends->dst, ethernet->header.tags.Key()};
    if (ends->kind == Ends::Kind::kAsks) asked.try_emplace(peer, frame.time);
    if (ends->kind != Ends::Kind::kPacket) continue;
    const auto waited = asked.extract(peer);
    if (!found) continue;
    const tcp::Segment& s = found->segment;
    const tcp::Tuple tuple = found->SentOn();
    Recorded& r = record.connections[tuple];
    if (s.flags.syn && !r.has_syn) {
      r.has_syn = true;
      r.active = !s.flags.ack;
      r.opened = waited ? waited.mapped() : frame.time;
      r.options = OptionsOf(s);
      sent[tuple] = s.seq + 1;
    }
    if (s.flags.syn && s.seq != r.options.iss) record.reopened.insert(tuple);
    if (record.reopened.contains(tuple)) continue;
    if (!r.has_syn) continue;
    tcp::Seq& end = sent[tuple];
    if (s.flags.rst) {
      r.events.push_back({UserEvent::Kind::kAbort, frame.time, {}});
      continue;
    }
    const tcp::Seq text = s.seq + (s.flags.syn ? 1 : 0);
    const tcp::Seq text_end = text + static_cast<uint32_t>(s.payload.size());
    if (text <= end && end < text_end) {
      const ByteView fresh = s.payload.subspan(sw::Distance(text, end));
      r.events.push_back({UserEvent::Kind::kWrite, frame.time, {fresh.begin(), fresh.end()}});
      end = text_end;
    }
    if (s.flags.fin && text_end == end) {
      r.events.push_back({UserEvent::Kind::kShutdown, frame.time, {}});
      end += 1;
    }
  }
  if (!known) throw std::runtime_error("host " + addr.ToString() + " sent nothing in this capture");
  return record;
}

}  // namespace handoff::system
