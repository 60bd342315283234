// SPDX-License-Identifier: Apache-2.0
#include "sim/run/wire_form.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <tuple>
#include <utility>

#include "sim/pcap/layers.h"
#include "sw/tcp/arp.h"
#include "sw/tcp/ethernet.h"

namespace handoff::system {
namespace {

using pcap::Frame;
using pcap::IpView;
using pcap::TcpView;
using tcp::Bytes;
using tcp::ByteView;
using tcp::IpAddr;
using tcp::MacAddr;

constexpr MacAddr kMadeUpHost{{2, 0, 0, 0, 0, 2}}, kMadeUpPeer{{2, 0, 0, 0, 0, 1}};
constexpr size_t kLeastMss = 536;        // of hosts that mean it (RFC 9293, 3.7.1)
constexpr size_t kLongestPacket = 9000;  // of a wire with jumbo frames

MacAddr MacAt(ByteView frame, size_t at) {
  MacAddr mac;
  std::copy_n(frame.begin() + static_cast<ptrdiff_t>(at), 6, mac.octets.begin());
  return mac;
}
void PutMac(Bytes& frame, size_t at, const MacAddr& mac) {
  std::copy(mac.octets.begin(), mac.octets.end(), frame.begin() + static_cast<ptrdiff_t>(at));
}

class Former {
 public:
  Former(std::vector<Frame> frames, const IpAddr& addr) : addr_(addr) {
    form_.frames = std::move(frames);
  }

  WireForm Go() {
    JoinFragments();
    FillChecksums();
    StripTags();
    MendMacs();
    CutSegments();
    MoveTextOffSyns();
    return std::move(form_);
  }

 private:
  template <class... Args>
  void Note(fmt::format_string<Args...> text, Args&&... args) {
    form_.notes.push_back(fmt::format(text, std::forward<Args>(args)...));
  }
  bool Concerns(const IpView& ip) const { return ip.src == addr_ || ip.dst == addr_; }

  // RFC 791, 3.2 and RFC 8200, 4.5: a packet is there with the last of its fragments.
  struct Parts {
    std::map<size_t, Bytes> by_offset;
    std::optional<size_t> total;
    Bytes head;  // of the first: up to the IP header
    uint8_t protocol = 0;
  };
  void JoinFragments() {
    std::map<std::tuple<IpAddr, IpAddr, uint32_t, uint8_t>, Parts> packets;
    std::vector<Frame> out;
    size_t joined = 0;
    for (Frame& frame : form_.frames) {
      const auto ip = pcap::FindIp(frame.bytes);
      if (!ip || !ip->fragment || !Concerns(*ip)) {
        out.push_back(std::move(frame));
        continue;
      }
      const ByteView bytes = frame.bytes;
      const size_t header = ip->v6 ? 8 : 0;
      if (ip->end < ip->payload + header) continue;
      const size_t field = ip->v6 ? ip->payload + 2 : ip->ip + 6;
      const uint16_t word = tcp::Load16(bytes, field);
      const size_t offset = ip->v6 ? word & 0xfff8u : (word & 0x1fffu) * 8u;
      const bool more = ip->v6 ? (word & 1) != 0 : (word & 0x2000) != 0;
      const uint32_t id =
          ip->v6 ? tcp::Load32(bytes, ip->payload + 4) : tcp::Load16(bytes, ip->ip + 4);
      const auto key = std::tuple(ip->src, ip->dst, id, ip->protocol);
      Parts& parts = packets[key];
      const ByteView text = bytes.subspan(ip->payload + header, ip->end - ip->payload - header);
      parts.by_offset.try_emplace(offset, text.begin(), text.end());
      if (!more) parts.total = offset + text.size();
      if (offset == 0) {
        parts.head.assign(bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(ip->payload));
        parts.protocol = ip->v6 ? bytes[ip->payload] : ip->protocol;
      }
      auto whole = Join(parts, *ip);
      if (!whole) continue;
      packets.erase(key);
      ++joined;
      out.push_back({frame.time, std::move(*whole), frame.number});
    }
    form_.frames = std::move(out);
    if (joined != 0) Note("{} packets came in fragments: they were put together", joined);
    if (!packets.empty())
      Note("of {} packets in fragments some are missing: left out", packets.size());
  }
  static std::optional<Bytes> Join(const Parts& parts, const IpView& ip) {
    if (!parts.total || parts.head.empty()) return std::nullopt;
    Bytes whole = parts.head;
    for (const auto& [offset, text] : parts.by_offset) {
      const size_t have = whole.size() - parts.head.size();
      if (offset > have) return std::nullopt;
      if (offset + text.size() <= have) continue;
      whole.insert(whole.end(), text.begin() + static_cast<ptrdiff_t>(have - offset), text.end());
    }
    if (whole.size() - parts.head.size() < *parts.total) return std::nullopt;
    if (ip.v6) {
      whole[ip.ip + 6] = parts.protocol;
      tcp::Store16(whole, ip.ip + 4, static_cast<uint16_t>(*parts.total));
      return whole;
    }
    tcp::Store16(whole, ip.ip + 2, static_cast<uint16_t>(whole.size() - ip.ip));
    // The header's checksum follows its fields (RFC 1624 would do; over twenty bytes so does this).
    tcp::Store16(whole, ip.ip + 6, 0);
    tcp::Store16(whole, ip.ip + 10, 0);
    uint32_t sum = 0;
    for (size_t at = ip.ip; at < parts.head.size(); at += 2) sum += tcp::Load16(whole, at);
    while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
    tcp::Store16(whole, ip.ip + 10, static_cast<uint16_t>(~sum));
    return whole;
  }

  // A card fills in the checksums of what its own host sends, behind the place of the capture. So
  // those of the host are never looked at, and a peer none of whose segments has a right one was
  // itself the capturing system.
  void FillChecksums() {
    struct Count {
      size_t all = 0, bad = 0;
    };
    std::map<IpAddr, Count> senders;
    for (const Frame& frame : form_.frames) {
      const auto view = pcap::FindTcp(frame.bytes);
      if (!view || !Concerns(view->ip)) continue;
      Count& count = senders[view->ip.src];
      ++count.all;
      count.bad += pcap::ChecksumHolds(frame.bytes, *view) ? 0 : 1;
    }
    for (Frame& frame : form_.frames) {
      const auto view = pcap::FindTcp(frame.bytes);
      if (!view || !Concerns(view->ip)) continue;
      const Count& count = senders[view->ip.src];
      if (view->ip.src == addr_ || (count.all == count.bad && count.all > 1)) {
        if (!pcap::ChecksumHolds(frame.bytes, *view)) pcap::Seal(frame.bytes, *view);
      }
    }
    for (const auto& [sender, count] : senders) {
      if (count.bad == 0) continue;
      if (sender == addr_) {
        Note("{} of the host's own segments have wrong checksums: filled in, as its card does",
             count.bad);
      } else if (count.bad == count.all && count.all > 1) {
        Note(
            "no segment of {} has a right checksum: captured before its card filled them in, as "
            "was done here",
            sender.ToString());
      } else {
        Note("{} of {} segments of {} have wrong checksums: dropped", count.bad, count.all,
             sender.ToString());
      }
    }
  }

  // Tags in one direction alone: the card took the others off.
  void StripTags() {
    struct Seen {
      std::set<tcp::Vlans> out, in;
    };
    std::map<IpAddr, Seen> peers;
    const auto vlans_of = [](const Frame& frame) {
      const auto ethernet = tcp::ParseEthernet(frame.bytes);
      return ethernet ? ethernet->header.tags.Key() : tcp::Vlans();
    };
    for (const Frame& frame : form_.frames) {
      const auto view = pcap::FindTcp(frame.bytes);
      if (!view || !Concerns(view->ip)) continue;
      const bool out = view->ip.src == addr_;
      Seen& seen = peers[out ? view->ip.dst : view->ip.src];
      (out ? seen.out : seen.in).insert(vlans_of(frame));
    }
    std::set<IpAddr> apart;
    for (const auto& [peer, seen] : peers) {
      const bool meet =
          std::any_of(seen.out.begin(), seen.out.end(),
                      [&in = seen.in](const auto& each) { return in.contains(each); });
      if (!meet && !seen.out.empty() && !seen.in.empty()) apart.insert(peer);
    }
    if (apart.empty()) return;
    size_t stripped = 0;
    for (Frame& frame : form_.frames) {
      const auto ip = pcap::FindIp(frame.bytes);
      if (!ip || ip->tags == 0 || !Concerns(*ip)) continue;
      if (!apart.contains(ip->src == addr_ ? ip->dst : ip->src)) continue;
      frame.bytes.erase(frame.bytes.begin() + 12,
                        frame.bytes.begin() + 12 + static_cast<ptrdiff_t>(ip->tags));
      ++stripped;
    }
    Note("VLAN tags differ between the directions: taken off {} frames", stripped);
  }

  // The host's MAC address is the one that packets come to. Where it is missing, or the same both
  // ways, addresses are made up.
  void MendMacs() {
    std::optional<MacAddr> own;
    std::map<MacAddr, size_t> to;
    std::set<MacAddr> from;
    for (const Frame& frame : form_.frames) {
      if (frame.bytes.size() < 14) continue;
      const auto ip = pcap::FindIp(frame.bytes);
      const auto ethernet = tcp::ParseEthernet(frame.bytes);
      const auto arp = ethernet && ethernet->header.ether_type == tcp::kEtherTypeArp
                           ? tcp::ParseArp(ethernet->payload)
                           : std::nullopt;
      const MacAddr dst = MacAt(frame.bytes, 0), src = MacAt(frame.bytes, 6);
      if ((ip && ip->src == addr_) || (arp && arp->sender == addr_)) {
        if (!own) own = src;
      } else if (ip && ip->dst == addr_) {
        if (!dst.IsMulticast()) ++to[dst];
        from.insert(src);
      }
    }
    if (!own)
      throw std::runtime_error("host " + addr_.ToString() + " sent nothing in this capture");
    form_.mac = *own;
    const auto most = std::max_element(
        to.begin(), to.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
    if (most != to.end() && !to.contains(*own)) form_.mac = most->first;
    const bool known = form_.mac != MacAddr() && !form_.mac.IsMulticast();
    if (known && !from.contains(form_.mac) && !from.contains(MacAddr())) {
      if (form_.mac != *own) {
        Note(
            "what the host is sent goes to {}, what it sends comes from {}: the first is taken for "
            "its own",
            form_.mac.ToString(), own->ToString());
      }
      return;
    }
    form_.mac = kMadeUpHost;
    for (Frame& frame : form_.frames) {
      const auto ip = pcap::FindIp(frame.bytes);
      if (!ip || !Concerns(*ip)) continue;
      const bool out = ip->src == addr_;
      if (!MacAt(frame.bytes, 0).IsMulticast()) {
        PutMac(frame.bytes, 0, out ? kMadeUpPeer : kMadeUpHost);
      }
      PutMac(frame.bytes, 6, out ? kMadeUpHost : kMadeUpPeer);
    }
    Note("the MAC addresses do not tell host from peer: {} and {} were made up",
         kMadeUpHost.ToString(), kMadeUpPeer.ToString());
  }

  // Segments to the host that are longer than it said that it takes came as several (RFC 9293,
  // 3.7.1): they were joined on the way up, or not yet cut by their sender.
  void CutSegments() {
    std::map<std::tuple<IpAddr, uint16_t, uint16_t>, size_t> largest;
    std::vector<Frame> out;
    size_t cut = 0;
    for (Frame& frame : form_.frames) {
      const auto view = pcap::FindTcp(frame.bytes);
      if (view && view->ip.src == addr_ && view->Has(pcap::kSyn) && view->mss) {
        largest[{view->ip.dst, view->dst_port, view->src_port}] = *view->mss;
      }
      if (!view || view->ip.dst != addr_) {
        out.push_back(std::move(frame));
        continue;
      }
      const auto found = largest.find({view->ip.src, view->src_port, view->dst_port});
      const size_t options = view->text - view->tcp - 20;
      // Without a word of the host's, or with one that is none, what a wire may carry is left
      // alone.
      const bool too_long = view->ip.end - view->ip.ip > kLongestPacket;
      bool said = false;
      size_t most = view->ip.v6 ? 1440 : 1460;
      if (found != largest.end() && found->second >= kLeastMss) {
        most = found->second;
        said = true;
      }
      most -= options;
      if (view->text_bytes() <= most || (!said && !too_long)) {
        out.push_back(std::move(frame));
        continue;
      }
      ++cut;
      Cut(frame, *view, most, &out);
    }
    form_.frames = std::move(out);
    if (cut != 0) Note("{} segments are longer than the host's MSS: cut to it", cut);
  }
  static void Cut(const Frame& frame, const TcpView& view, size_t most, std::vector<Frame>* out) {
    for (size_t at = 0; at < view.text_bytes(); at += most) {
      const size_t bytes = std::min(most, view.text_bytes() - at);
      const bool last = at + bytes == view.text_bytes();
      const auto text = frame.bytes.begin() + static_cast<ptrdiff_t>(view.text + at);
      Bytes piece(frame.bytes.begin(), frame.bytes.begin() + static_cast<ptrdiff_t>(view.text));
      piece.insert(piece.end(), text, text + static_cast<ptrdiff_t>(bytes));
      PutSeq(piece, view, view.seq + static_cast<uint32_t>(at));
      if (!last) piece[view.tcp + 13] &= static_cast<uint8_t>(~(pcap::kFin | pcap::kPsh));
      Reseal(&piece, view);
      out->push_back({frame.time, std::move(piece), frame.number});
    }
  }
  static void PutSeq(Bytes& frame, const TcpView& view, uint32_t seq) {
    tcp::Store16(frame, view.tcp + 4, static_cast<uint16_t>(seq >> 16));
    tcp::Store16(frame, view.tcp + 6, static_cast<uint16_t>(seq));
  }
  // All that lies behind the header is text.
  static void Reseal(Bytes* frame, TcpView view) {
    view.ip.end = frame->size();
    pcap::Seal(*frame, view);
  }

  // RFC 7413: text on a SYN that the recorded host took. The stack here takes none, and a recorded
  // peer does not send it again: it follows with the peer's next segment.
  void MoveTextOffSyns() {
    using Key = std::tuple<IpAddr, uint16_t, uint16_t>;  // peer, its port, the host's
    struct Opening {
      uint32_t seq = 0;
      Bytes text;
    };
    std::set<std::pair<Key, uint32_t>> taken;  // and the acknowledgement that took it
    for (const Frame& frame : form_.frames) {
      const auto view = pcap::FindTcp(frame.bytes);
      if (view && view->ip.src == addr_ && view->Has(pcap::kSyn) && view->Has(pcap::kAck)) {
        taken.insert({{view->ip.dst, view->dst_port, view->src_port}, view->ack});
      }
    }
    std::map<Key, Opening> waiting;
    std::map<Key, uint32_t> own_syns;
    std::vector<Frame> out;
    size_t moved = 0, lowered = 0;
    for (Frame& frame : form_.frames) {
      const auto view = pcap::FindTcp(frame.bytes);
      if (view && view->ip.src == addr_ && view->Has(pcap::kSyn)) {
        own_syns[{view->ip.dst, view->dst_port, view->src_port}] = view->seq;
      }
      if (!view || view->ip.dst != addr_) {
        out.push_back(std::move(frame));
        continue;
      }
      const Key key{view->ip.src, view->src_port, view->dst_port};
      const auto bytes = static_cast<uint32_t>(view->text_bytes());
      if (view->Has(pcap::kSyn) && !view->Has(pcap::kAck) && bytes != 0 &&
          taken.contains({key, view->seq + 1 + bytes})) {
        const ByteView text = ByteView(frame.bytes).subspan(view->text, bytes);
        waiting[key] = {view->seq + 1, Bytes(text.begin(), text.end())};
        frame.bytes.resize(view->text);
        Reseal(&frame.bytes, *view);
        ++moved;
      } else if (view->Has(pcap::kSyn) && view->Has(pcap::kAck)) {
        // It acknowledges the text of the host's own SYN, which goes out behind that.
        const auto own = own_syns.find(key);
        if (own != own_syns.end() && view->ack - own->second - 1 - 1 < 0xffff) {
          tcp::Store16(frame.bytes, view->tcp + 8, static_cast<uint16_t>((own->second + 1) >> 16));
          tcp::Store16(frame.bytes, view->tcp + 10, static_cast<uint16_t>(own->second + 1));
          pcap::Seal(frame.bytes, *view);
          ++lowered;
        }
      } else if (view->Has(pcap::kAck) && !view->Has(pcap::kRst)) {
        if (const auto node = waiting.extract(key)) {
          Bytes piece(frame.bytes.begin(),
                      frame.bytes.begin() + static_cast<ptrdiff_t>(view->text));
          tcp::AppendBytes(piece, node.mapped().text);
          PutSeq(piece, *view, node.mapped().seq);
          piece[view->tcp + 13] &= static_cast<uint8_t>(~pcap::kFin);
          Reseal(&piece, *view);
          out.push_back({frame.time, std::move(piece), frame.number});
        }
      }
      out.push_back(std::move(frame));
    }
    form_.frames = std::move(out);
    if (moved + lowered != 0) {
      Note("{} SYNs carry text that was taken (fast open): it follows them here", moved + lowered);
    }
  }

  const IpAddr addr_;
  WireForm form_;
};

}  // namespace

WireForm WireFormOf(std::vector<Frame> frames, const IpAddr& addr) {
  return Former(std::move(frames), addr).Go();
}

}  // namespace handoff::system
