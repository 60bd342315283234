// SPDX-License-Identifier: Apache-2.0
//
// The record of a frame, from all its bytes at once (docs/units/rx_parser.md, rules by case), and
// what the frame was a case of.
#pragma once

#include <bit>
#include <cstdint>
#include <vector>

#include "gen/handoff_pkg.h"
#include "tb/unit/rx_parser/frames.h"

namespace handoff {
namespace rx_parser {

class Reference {
 public:
  Hdr hdr;
  std::vector<const char*> cases;

  Reference(const Beats& beats, uint32_t max_frame) {
    for (const Axis& beat : beats) {
      for (uint32_t i = 0; i < kDataBytes; ++i) f_.push_back(beat.data.byte(i));
    }
    f_.resize(f_.size() + 2 * kDataBytes);  // nothing that is looked at there decides
    uint32_t bytes = 0;
    for (const Axis& beat : beats) bytes += static_cast<uint32_t>(std::popcount(beat.keep));
    bytes_ = bytes > 16384 ? 16385 : bytes;
    hdr.seg.frame_bytes = static_cast<U16>(bytes_);
    hdr.seg.reason = Decide(beats, max_frame);
    if (hdr.seg.reason == Reason::ReasonNone) Fill();
    if (beats.size() == 1) cases.push_back("frame of one beat");
  }

 private:
  uint32_t W(uint32_t at) const { return WordAt(f_, at); }
  uint32_t D(uint32_t at) const { return W(at) << 16 | W(at + 2); }

  static bool BadBeat(const Axis& beat, bool last) {
    uint32_t ones = 0;
    while (ones < kDataBytes && (beat.keep >> ones & 1)) ++ones;
    return beat.user || ones == 0 || ones != static_cast<uint32_t>(std::popcount(beat.keep)) ||
           (!last && ones != kDataBytes);
  }

  Reason Decide(const Beats& beats, uint32_t max_frame) {
    const auto row = [&](const char* name, Reason reason) {
      cases.push_back(name);
      return reason;
    };
    for (const Axis& beat : beats) {
      if (BadBeat(beat, beat.last)) return row("row 1: MAC error", Reason::ReasonMacError);
    }
    if (bytes_ < 60) return row("row 2: runt", Reason::ReasonRunt);
    if (bytes_ > 16384) cases.push_back("row 15: over 16 KiB");
    if (bytes_ > 16384 || bytes_ > max_frame) return row("row 3: oversize", Reason::ReasonOversize);

    while (tags_ < 2 && (W(12 + 4 * tags_) == 0x8100 || W(12 + 4 * tags_) == 0x88A8)) ++tags_;
    l2_ = 14 + 4 * tags_;
    const uint32_t type = W(l2_ - 2), version = f_[l2_] >> 4, ihl = f_[l2_] & 15;
    ip6_ = type == 0x86DD && version == 6;
    if (!ip6_ && !(type == 0x0800 && version == 4)) {
      return row("row 4: neither IPv4 nor IPv6", Reason::ReasonNotTcp);
    }
    const uint32_t proto = f_[l2_ + (ip6_ ? 6 : 9)];
    bool extension = false;
    for (const uint32_t x : {0, 43, 44, 50, 51, 60, 135, 139, 140, 253, 254}) {
      extension |= ip6_ && proto == x;
    }
    if (proto != 6 && !extension) return row("row 4: another protocol", Reason::ReasonNotTcp);
    if (!ip6_ && (W(l2_ + 6) & 0x3FFF) != 0) return row("row 5: fragment", Reason::ReasonFragment);
    if (!ip6_ && ihl > 5) return row("row 6: IPv4 options", Reason::ReasonIpOptions);
    if (extension) return row("row 6: IPv6 extension header", Reason::ReasonIpOptions);

    const uint32_t hl = ip6_ ? 40 : 20;
    const uint32_t ip_len = ip6_ ? 40 + W(l2_ + 4) : W(l2_ + 2);
    l4_ = l2_ + hl;
    end_ = l2_ + ip_len;
    const uint32_t doff = f_[l4_ + 12] >> 4;
    if (!ip6_ && ihl < 5) return row("row 7: IPv4 header too short", Reason::ReasonLengths);
    if (ip_len < hl + 20) return row("row 7: no room for TCP", Reason::ReasonLengths);
    if (end_ > bytes_) return row("row 7: IP length over the frame", Reason::ReasonLengths);
    if (doff < 5) return row("row 7: data offset under 5", Reason::ReasonLengths);
    if (4 * doff > ip_len - hl) return row("row 7: header over IP length", Reason::ReasonLengths);
    if (!ip6_ && OnesSum(f_, l2_, l2_ + 20) != 0xFFFF) {
      return row("row 8: IPv4 checksum", Reason::ReasonBadIpChecksum);
    }
    const uint32_t addresses = l2_ + (ip6_ ? 8 : 12);
    if (OnesSum(f_, addresses, end_, 6 + ip_len - hl) != 0xFFFF) {
      return row("row 9: TCP checksum", Reason::ReasonBadTcpChecksum);
    }
    return row(ip6_ ? "row 10: IPv6 segment" : "row 10: IPv4 segment", Reason::ReasonNone);
  }

  void Fill() {
    Key& key = hdr.key;
    Seg& seg = hdr.seg;
    key.is_ip6 = ip6_;
    for (uint32_t i = 0; i < tags_; ++i) {
      const auto vid = static_cast<uint16_t>(W(14 + 4 * i) & 0xFFF);
      if (vid == 0) {
        cases.push_back("row 11: VLAN id 0");
      } else {
        (key.n_tags++ == 0 ? key.vid0 : key.vid1) = vid;
      }
    }
    if (key.n_tags == 1) cases.push_back("one tag");
    if (key.n_tags == 2) cases.push_back("two tags");
    for (uint32_t i = 0; i < 6; ++i) key.dst_mac = key.dst_mac << 8 | f_[i];
    const uint32_t ip_bytes = ip6_ ? 16 : 4, src = l2_ + (ip6_ ? 8 : 12);
    for (uint32_t i = 0; i < ip_bytes; ++i) {
      key.src_ip.set_byte(ip_bytes - 1 - i, f_[src + i]);
      key.dst_ip.set_byte(ip_bytes - 1 - i, f_[src + ip_bytes + i]);
    }
    key.src_port = static_cast<U16>(W(l4_));
    key.dst_port = static_cast<U16>(W(l4_ + 2));
    seg.seq = D(l4_ + 4);
    seg.ack = D(l4_ + 8);
    const uint32_t flags = f_[l4_ + 13];
    seg.fin = flags & 1, seg.syn = flags & 2, seg.rst = flags & 4;
    seg.psh = flags & 8, seg.ack_flag = flags & 16, seg.urg = flags & 32;
    seg.wnd = static_cast<U16>(W(l4_ + 14));
    const uint32_t tcp_bytes = (f_[l4_ + 12] >> 4) * 4;
    seg.pay_off = static_cast<U16>(l4_ + tcp_bytes);
    seg.pay_len = static_cast<U16>(end_ - seg.pay_off);
    if (end_ < bytes_) cases.push_back("row 12: padding");
    if (W(l4_ + 16) == 0) cases.push_back("row 14: checksum field 0");
    if (end_ % 2 != 0) cases.push_back("odd length");
    if (seg.pay_len == 0) cases.push_back("no payload");
    Walk(l4_ + 20, l4_ + tcp_bytes);
  }

  void Walk(uint32_t at, uint32_t stop) {
    Seg& seg = hdr.seg;
    const uint32_t half = at + 20;  // where the second step of the unit begins
    while (at < stop) {
      const uint32_t kind = f_[at];
      if (kind == 0) {
        cases.push_back(at < half ? "end of list" : "end of list, late");
        return;
      }
      if (kind == 1) {
        cases.push_back(at < half ? "no operation" : "no operation, late");
        at += 1;
        continue;
      }
      const uint32_t len = f_[at + 1];
      if (at + 1 == stop || len < 2 || at + len > stop) {
        cases.push_back(at + 1 == stop ? "no length" : len < 2 ? "length under 2" : "length over");
        cases.push_back(at < half ? "bad length" : "bad length, late");
        seg.unknown_opt = true;
        return;
      }
      const bool late = at >= half;
      if (at < half && at + len > half) cases.push_back("option over byte 20");
      switch (kind << 8 | len) {
        case 0x080A:
          if (seg.has_ts) cases.push_back("second timestamp");
          if (seg.unknown_opt) cases.push_back("timestamp behind an unknown option");
          cases.push_back(late ? "timestamp, late" : "timestamp");
          seg.has_ts = true;
          seg.ts_val = D(at + 2);
          seg.ts_ecr = D(at + 6);
          break;
        case 0x050A:
        case 0x0512:
        case 0x051A:
        case 0x0522:
          cases.push_back(late ? "SACK, late" : "SACK");
          seg.has_sack = true;
          break;
        case 0x0204:
        case 0x0303:
        case 0x0402:
          cases.push_back(late ? "option of SYNs, late" : "option of SYNs");
          break;
        default:
          cases.push_back(late ? "unknown option, late" : "unknown option");
          seg.unknown_opt = true;
      }
      at += len;
    }
  }

  Bytes f_;
  uint32_t bytes_ = 0, tags_ = 0, l2_ = 0, l4_ = 0, end_ = 0;
  bool ip6_ = false;
};

}  // namespace rx_parser
}  // namespace handoff
