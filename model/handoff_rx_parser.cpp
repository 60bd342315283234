// SPDX-License-Identifier: Apache-2.0
#include "model/handoff_rx_parser.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "model/flip.h"
#include "model/wire.h"

namespace handoff {

namespace {

constexpr uint32_t kMaxIdx = 511;
using wire::kEthBytes;
using wire::kIp4Bytes;
using wire::kIp6Bytes;
using wire::kProtoTcp;
using wire::kTagBytes;
using wire::kTcpBytes;

uint16_t Word(const uint8_t* p) { return static_cast<uint16_t>(p[0] << 8 | p[1]); }
uint32_t Word32(const uint8_t* p) { return uint32_t{Word(p)} << 16 | Word(p + 2); }
uint64_t Word64(const uint8_t* p) { return uint64_t{Word32(p)} << 32 | Word32(p + 4); }

// The last timestamps of the options win.
template <class Walk>
void Add(const Walk& walk, Seg* seg) {
  seg->has_sack |= walk.has_sack;
  seg->unknown_opt |= walk.unknown_opt;
  if (!walk.has_ts) return;
  seg->has_ts = true;
  seg->ts_val = walk.ts_val;
  seg->ts_ecr = walk.ts_ecr;
}

bool IsTpid(uint16_t type) { return type == wire::kTpidCustomer || type == wire::kTpidService; }

// Extension headers: IANA; RFC 7045.
bool IsIp6Extension(uint32_t proto) {
  switch (proto) {
    case 0:
    case 43:
    case 44:
    case 50:
    case 51:
    case 60:
    case 135:
    case 139:
    case 140:
    case 253:
    case 254:
      return true;
    default:
      return false;
  }
}

// RFC 1071: the end-around carry does not depend on the order of a word's bytes.
uint32_t Fold(uint64_t sum) {
  sum = (sum & 0xFFFFFFFF) + (sum >> 32);
  sum = (sum & 0xFFFFFFFF) + (sum >> 32);
  sum = (sum & 0xFFFF) + (sum >> 16);
  sum = (sum & 0xFFFF) + (sum >> 16);
  return static_cast<uint32_t>((sum & 0xFFFF) + (sum >> 16));
}

// The sum of a beat's 16-bit words, their bytes as they lie in memory. Four to a uint64_t, they add
// up in two lanes of 32 bits, which those of one beat never fill.
uint32_t AddWords(const Data& beat) {
  constexpr uint64_t kEven = 0x0000FFFF0000FFFF;
  uint64_t lanes = 0;
  for (const uint64_t words : beat.w) lanes += (words & kEven) + (words >> 16 & kEven);
  return static_cast<uint32_t>(lanes) + static_cast<uint32_t>(lanes >> 32);
}

}  // namespace

void handoff_rx_parser::Reset() {
  r_ = Regs{};
  beats_ = {};
  u_beats_ = {};
  hdrs_ = {};
  d_ = Next{};
  q_ = Out{};
  idle_ = false;
}

// The last stage first: each reads the one before it as it was before the edge.
void handoff_rx_parser::Edge() {
  const bool rx_valid = *in.rx_valid;
  d_.changed = true;
  d_.quiet = !(rx_valid || r_.s0_valid || r_.s1_valid || r_.s2_valid || r_.s3_valid);
  idle_ = d_.quiet;

  // Outputs.
  d_.frame_valid = r_.s3_valid;
  if (r_.s3_valid) {
    d_.frame_at = u_beats_[r_.beat_rd];
    r_.beat_rd = (r_.beat_rd + 1) % kDepth;
  }
  d_.hdr_valid = r_.s3_end;
  d_.hdr_at = r_.s3_hdr_at;
  d_.hdr_goes_on = r_.s3_end && r_.s3_tok != 0;
  if (d_.hdr_goes_on) d_.rest = WalkRest();

  TickS3();
  TickS2();
  TickS1();
  TickS0();
}

// -------------------------------------------------------------------------------------------------
// s0: the beat as it came.
void handoff_rx_parser::TickS0() {
  r_.s0_valid = *in.rx_valid;
  if (r_.s0_valid) {
    r_.s0_at = (r_.s0_at + 1) % kBeats;
    beats_[r_.s0_at] = *in.rx;
  }
}

// -------------------------------------------------------------------------------------------------
// s1: what beat 0 says lies beside every beat of the frame.
void handoff_rx_parser::TickS1() {
  r_.s1_valid = r_.s0_valid;
  if (r_.s0_valid) {
    const Axis& s0 = beats_[r_.s0_at];
    const bool first = r_.idx == 0;
    const bool whole = s0.keep == ~Strb{0};
    const bool keep_ok = whole || (s0.last && (s0.keep & 1) != 0 && (s0.keep & (s0.keep + 1)) == 0);
    const bool bad_beat = s0.user || !keep_ok;
    const uint32_t ones = whole ? kDataBytes : static_cast<uint32_t>(std::popcount(s0.keep));
    const uint32_t bytes = (first ? 0 : r_.bytes) + ones;
    r_.s1_at = r_.s0_at;
    r_.s1_idx = r_.idx;
    r_.bytes = static_cast<uint16_t>(std::min(bytes, kMaxFrameBytes + 1));
    r_.bad = (!first && r_.bad) || bad_beat;
    if (first) Decode(s0.data, &r_.net);
    r_.idx = s0.last ? 0 : static_cast<uint16_t>(std::min(r_.idx + 1u, kMaxIdx));
  }
}

void handoff_rx_parser::Decode(const Data& data, Net* net) {
  const uint8_t* b = data.bytes();
  const uint32_t tags = !IsTpid(Word(b + 12)) ? 0 : !IsTpid(Word(b + 16)) ? 1 : 2;
  const uint32_t l2 = kEthBytes + kTagBytes * tags;
  const uint16_t type = Word(b + l2 - 2);
  const uint16_t v0 = tags >= 1 ? Word(b + 14) & 0xFFF : 0;
  const uint16_t v1 = tags == 2 ? Word(b + 18) & 0xFFF : 0;
  net->n_tags = static_cast<uint8_t>((v0 != 0) + (v1 != 0));
  net->vid0 = v0 != 0 ? v0 : v1;
  net->vid1 = v0 != 0 ? v1 : 0;
  net->dst_mac = Word64(b) >> 16;
  net->reason = Reason::ReasonNone;
  if (type == wire::kTypeIp6 && b[l2] >> 4 == 6) {
    DecodeIp6(b + l2, l2, net);
  } else if (type == wire::kTypeIp4 && b[l2] >> 4 == 4) {
    DecodeIp4(b + l2, l2, net);
  } else {
    net->reason = Reason::ReasonNotTcp;
  }
}

void handoff_rx_parser::DecodeIp4(const uint8_t* ip, uint32_t l2, Net* net) {
  const uint32_t ip_len = Word(ip + 2);
  const uint32_t ihl = ip[0] & 15;
  net->is_ip6 = false;
  net->l4_off = l2 + kIp4Bytes;
  net->ip_end = l2 + ip_len;
  net->is_short = ip_len < kIp4Bytes + kTcpBytes || ihl < 5;
  net->l4_len = (ip_len - kIp4Bytes) & 0xFFFF;
  uint64_t sum = 0;
  for (uint32_t i = 0; i < kIp4Bytes; i += 4) {
    uint32_t word;
    std::memcpy(&word, ip + i, sizeof word);
    sum += word;
  }
  net->ip_ok = Fold(sum) == 0xFFFF;
  net->src_ip = {{Word32(ip + 12), 0}};
  net->dst_ip = {{Word32(ip + 16), 0}};
  if (ip[9] != kProtoTcp) {
    net->reason = Reason::ReasonNotTcp;
  } else if ((Word(ip + 6) & 0x3FFF) != 0) {
    net->reason = Reason::ReasonFragment;
  } else if (ihl > 5) {
    net->reason = Reason::ReasonIpOptions;
  }
}

void handoff_rx_parser::DecodeIp6(const uint8_t* ip, uint32_t l2, Net* net) {
  const uint32_t ip_len = kIp6Bytes + Word(ip + 4);
  net->is_ip6 = true;
  net->l4_off = l2 + kIp6Bytes;
  net->ip_end = l2 + ip_len;
  net->is_short = ip_len < kIp6Bytes + kTcpBytes;
  net->l4_len = ip_len - kIp6Bytes;
  net->ip_ok = true;
  net->src_ip = {{Word64(ip + 16), Word64(ip + 8)}};
  net->dst_ip = {{Word64(ip + 32), Word64(ip + 24)}};
  if (IsIp6Extension(ip[6])) {
    net->reason = Reason::ReasonIpOptions;
  } else if (ip[6] != kProtoTcp) {
    net->reason = Reason::ReasonNotTcp;
  }
}

// -------------------------------------------------------------------------------------------------
// s2: the sum and the TCP header as far as the frame has come; with s2_end they are whole.
void handoff_rx_parser::TickS2() {
  r_.s2_valid = r_.s1_valid;
  r_.s2_end = false;
  if (r_.s1_valid) {
    const Axis& s1 = beats_[r_.s1_at];
    u_beats_[r_.beat_wr] = r_.s1_at;
    r_.beat_wr = (r_.beat_wr + 1) % kDepth;
    if (r_.net.reason == Reason::ReasonNone) {
      Sum(s1.data);
      if (r_.s1_idx == 0) {
        std::memcpy(r_.tcp.data(), s1.data.bytes(), kDataBytes);
        std::memset(r_.tcp.data() + kDataBytes, 0, kDataBytes);
        r_.tcp_from = static_cast<uint8_t>(std::min(r_.net.l4_off, kDataBytes));
      } else if (r_.s1_idx == 1) {
        std::memcpy(r_.tcp.data() + kDataBytes, s1.data.bytes(), kDataBytes);
      }
    }
    if (s1.last) {
      r_.s2_end = true;
      r_.s2_bytes = r_.bytes;
      r_.s2_bad = r_.bad;
      r_.s2_net = r_.net;
    }
  }
}

// Adds this beat's part of addresses and segment to the sum.
void handoff_rx_parser::Sum(const Data& data) {
  const uint32_t base = r_.s1_idx * kDataBytes;
  if (base != 0 && base + kDataBytes <= r_.net.ip_end) {  // a whole beat of segment
    r_.sum += AddWords(data);
    return;
  }
  const uint32_t start = r_.net.l4_off - (r_.net.is_ip6 ? 32 : 8);
  const uint32_t from = start > base ? start - base : 0;  // less than a beat's bytes
  const uint32_t end = r_.net.ip_end > base ? std::min(r_.net.ip_end - base, kDataBytes) : 0;
  if (r_.s1_idx == 0) r_.sum = 0;
  if (from >= end) return;
  Data part{};
  const uint32_t first = from / 8, last = (end - 1) / 8;
  std::copy(&data.w[first], &data.w[last] + 1, &part.w[first]);
  part.w[first] &= ~uint64_t{0} << (8 * (from % 8));
  part.w[last] &= ~uint64_t{0} >> (8 * (7 - (end - 1) % 8));
  r_.sum += AddWords(part);
}

bool handoff_rx_parser::TcpOk() const {
  const uint32_t segment = Fold(r_.sum);
  const uint32_t swapped = (segment >> 8 | segment << 8) & 0xFFFF;
  return Fold(uint64_t{swapped} + kProtoTcp + r_.s2_net.l4_len) == 0xFFFF;
}

Reason handoff_rx_parser::RecordReason(const uint8_t* tcp) const {
  const Net& n = r_.s2_net;
  if (r_.s2_bad) return Reason::ReasonMacError;
  if (r_.s2_bytes < kMinFrameBytes) return Reason::ReasonRunt;
  if (r_.s2_bytes > in.cfg->max_frame || r_.s2_bytes > kMaxFrameBytes)
    return Reason::ReasonOversize;
  if (n.reason != Reason::ReasonNone) return n.reason;
  const uint32_t doff = tcp[12] >> 4;
  if (n.is_short || n.ip_end > r_.s2_bytes || doff < 5 || 4 * doff > n.l4_len) {
    return Reason::ReasonLengths;
  }
  if (!n.ip_ok) return Reason::ReasonBadIpChecksum;
  if (!TcpOk()) return Reason::ReasonBadTcpChecksum;
  return Reason::ReasonNone;
}

void handoff_rx_parser::LoadRecord(Hdr* hdr) {
  const Net& n = r_.s2_net;
  const uint8_t* tcp = r_.tcp.data() + r_.tcp_from;
  const uint32_t hdr_bytes = 4u * (tcp[12] >> 4);
  const uint32_t opt_len = hdr_bytes - kTcpBytes;
  std::memcpy(r_.s3_opt.bytes(), tcp + kTcpBytes + kHalfBytes, kHalfBytes);
  r_.s3_opt_len = opt_len & 63;
  r_.s3_tok = 0;
  *hdr = Hdr{};
  Key& key = hdr->key;
  Seg& seg = hdr->seg;
  seg.reason = RecordReason(tcp);
  seg.frame_bytes = r_.s2_bytes;
  if (seg.reason != Reason::ReasonNone) return;

  key.is_ip6 = n.is_ip6;
  key.n_tags = n.n_tags;
  key.vid0 = n.vid0;
  key.vid1 = n.vid1;
  key.dst_mac = n.dst_mac;
  key.src_port = Word(tcp);
  key.dst_port = Word(tcp + 2);
  key.src_ip = n.src_ip;
  key.dst_ip = n.dst_ip;

  const uint8_t flags = tcp[13];
  seg.seq = Word32(tcp + 4);
  seg.ack = Word32(tcp + 8);
  seg.fin = (flags & 0x01) != 0;
  seg.syn = (flags & 0x02) != 0;
  seg.rst = (flags & 0x04) != 0;
  seg.psh = (flags & 0x08) != 0;
  seg.ack_flag = (flags & 0x10) != 0;
  seg.urg = (flags & 0x20) != 0;
  seg.wnd = Word(tcp + 14);
  seg.pay_off = static_cast<U16>(n.l4_off + hdr_bytes);
  seg.pay_len = static_cast<U16>(n.l4_len - hdr_bytes);
  const Walk walk = WalkOptions(tcp + kTcpBytes, opt_len, 0, kHalfBytes);
  Add(walk, &seg);
  if (!walk.ended && walk.at >= kHalfBytes) {
    r_.s3_tok = uint32_t{1} << (walk.at - kHalfBytes) & ((1u << kHalfBytes) - 1);
  }
}

// Options that begin at bytes `from` to `to` - 1.
handoff_rx_parser::Walk handoff_rx_parser::WalkOptions(const uint8_t* opt, uint32_t opt_len,
                                                       uint32_t from, uint32_t to) {
  Walk walk;
  uint32_t& p = walk.at;
  p = from;
  while (p < std::min(opt_len, to)) {
    const uint8_t kind = opt[p];
    walk.ended = kind == 0;
    if (walk.ended) break;  // end of list
    if (kind == 1) {        // no operation
      ++p;
      continue;
    }
    if (p + 1 >= opt_len || opt[p + 1] < 2 || p + opt[p + 1] > opt_len) {
      walk.unknown_opt = walk.ended = true;
      break;
    }
    const uint8_t len = opt[p + 1];
    if (kind == 8 && len == 10) {  // timestamps: RFC 7323, 3.2
      walk.has_ts = true;
      walk.ts_val = Word32(opt + p + 2);
      walk.ts_ecr = Word32(opt + p + 6);
    } else if (kind == 5 && (len == 10 || len == 18 || len == 26 || len == 34)) {
      walk.has_sack = true;  // RFC 2018, 3
    } else if (!((kind == 2 && len == 4) || (kind == 3 && len == 3) || (kind == 4 && len == 2))) {
      walk.unknown_opt = true;
    }
    p += len;
  }
  return walk;
}

// -------------------------------------------------------------------------------------------------
// s3: the rest of the options, then the output registers.
void handoff_rx_parser::TickS3() {
  r_.s3_valid = r_.s2_valid;
  r_.s3_end = r_.s2_end;
  if (r_.s2_end) {
    r_.s3_hdr_at ^= 1;
    LoadRecord(&hdrs_[r_.s3_hdr_at]);
  }
}

handoff_rx_parser::Walk handoff_rx_parser::WalkRest() const {
  uint8_t opt[64] = {};  // as many as a flipped s3_opt_len may speak of
  std::memcpy(opt, r_.s3_opt.bytes(), kHalfBytes);
  const uint32_t opt_len = (r_.s3_opt_len - kHalfBytes) & 63;
  return WalkOptions(opt, opt_len, static_cast<uint32_t>(std::countr_zero(r_.s3_tok)), opt_len);
}

// -------------------------------------------------------------------------------------------------
// Registers.
void handoff_rx_parser::Show() {
  d_.changed = false;
  q_.frame_valid = d_.frame_valid;
  if (d_.frame_valid) {
    q_.frame.last = beats_[d_.frame_at].last;
    q_.frame.data = beats_[d_.frame_at].data;
  }
  q_.hdr_valid = d_.hdr_valid;
  if (d_.hdr_valid) q_.hdr = hdrs_[d_.hdr_at];
  if (d_.hdr_goes_on) Add(d_.rest, &q_.hdr.seg);
  q_.quiet = d_.quiet;
}

bool handoff_rx_parser::Flip(std::string_view reg, uint32_t bit) {
  idle_ = false;
  return FlipRegister(*this, reg, bit);
}

}  // namespace handoff
