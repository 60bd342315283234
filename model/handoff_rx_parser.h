// SPDX-License-Identifier: Apache-2.0
//
// A header record for every frame (docs/units/rx_parser.md).
//
// Five cycles from rx to frame and hdr; a beat a cycle, single-beat frames in every cycle included.
// Never stalls, never drops, never looks behind the headers but for the checksum.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "gen/handoff_pkg.h"
#include "gen/handoff_rx_parser_ports.h"
#include "model/flip.h"
#include "model/wire.h"

namespace handoff {

class handoff_rx_parser {
 public:
  using In = handoff_rx_parser_in;
  using Out = handoff_rx_parser_out;

  In in;
  void Reset();
  void Tick() {
    if (!idle_ || *in.rx_valid) Edge();
  }
  void Commit() {
    if (d_.changed) Show();
  }
  const Out& out() const { return q_; }

  template <class F>
  void ForEachReg(F&& f) {
    f("s0_valid", r_.s0_valid);
    f("s0", beats_[r_.s0_at]);
    f("idx", r_.idx, 9);
    f("s1_valid", r_.s1_valid);
    f("s1_last", beats_[r_.s1_at].last);
    f("s1_data", beats_[r_.s1_at].data);
    f("s1_idx", r_.s1_idx, 9);
    f("bytes", r_.bytes);
    f("bad", r_.bad);
    f("net", r_.net);
    f("s2_valid", r_.s2_valid);
    f("s2_end", r_.s2_end);
    f("s2_bytes", r_.s2_bytes);
    f("s2_bad", r_.s2_bad);
    f("s2_net", r_.s2_net);
    f("sum", r_.sum);
    Bits<8 * wire::kTcpMaxBytes> tcp{};
    std::memcpy(tcp.bytes(), r_.tcp.data() + r_.tcp_from, wire::kTcpMaxBytes);
    f("tcp", tcp);
    std::memcpy(r_.tcp.data() + r_.tcp_from, tcp.bytes(), wire::kTcpMaxBytes);
    f("beat_wr", r_.beat_wr, 2);
    f("beat_rd", r_.beat_rd, 2);
    f("s3_valid", r_.s3_valid);
    f("s3_end", r_.s3_end);
    f("s3_hdr", hdrs_[r_.s3_hdr_at]);
    f("s3_opt", r_.s3_opt);
    f("s3_opt_len", r_.s3_opt_len, 6);
    f("s3_tok", r_.s3_tok, kHalfBytes);
    f("u_beats.rdata", q_.frame);
    f("frame_valid", q_.frame_valid);
    f("hdr_valid", q_.hdr_valid);
    f("hdr", q_.hdr);
    f("quiet", q_.quiet);
  }
  bool Flip(std::string_view reg, uint32_t bit);

 private:
  // net_q: what beat 0 says of layers 2 and 3.
  struct Net {
    Reason reason = Reason::ReasonNone;
    bool is_ip6 = false;
    uint8_t n_tags = 0;
    uint16_t vid0 = 0;
    uint16_t vid1 = 0;
    uint64_t dst_mac = 0;
    uint32_t l4_off = 0;
    uint32_t ip_end = 0;
    bool is_short = false;
    uint32_t l4_len = 0;
    bool ip_ok = false;
    Bits<128> src_ip{};
    Bits<128> dst_ip{};

    template <class F>
    void ForEachField(F&& f) {
      f("reason", reason, 6);
      f("is_ip6", is_ip6);
      f("n_tags", n_tags, 2);
      f("vid0", vid0, 12);
      f("vid1", vid1, 12);
      f("dst_mac", dst_mac, 48);
      f("l4_off", l4_off, 7);
      f("ip_end", ip_end, 17);
      f("short", is_short);
      f("l4_len", l4_len, 16);
      f("ip_ok", ip_ok);
      f("src_ip", src_ip);
      f("dst_ip", dst_ip);
    }
  };
  // What a walk over options found, and the byte to which it came.
  struct Walk {
    uint32_t at = 0;
    bool ended = false;  // before all options
    bool unknown_opt = false;
    bool has_sack = false;
    bool has_ts = false;
    uint32_t ts_val = 0;
    uint32_t ts_ecr = 0;
  };
  static constexpr uint32_t kHalfBytes = 20;  // half of the options
  static constexpr uint32_t kBeats = 8;       // a power of two, more than are ever inside
  static constexpr uint32_t kDepth = 4;       // of u_beats
  // Beats lie in one place from s0 to their output: s0, s1 and u_beats are places in beats_.
  struct Regs {
    bool s0_valid = false;
    uint8_t s0_at = 0;
    uint16_t idx = 0;
    bool s1_valid = false;
    uint8_t s1_at = 0;
    uint16_t s1_idx = 0;
    uint16_t bytes = 0;
    bool bad = false;
    Net net{};
    bool s2_valid = false;
    bool s2_end = false;
    uint16_t s2_bytes = 0;
    bool s2_bad = false;
    Net s2_net{};
    uint32_t sum = 0;                           // of words with their bytes as they lie in memory
    std::array<uint8_t, 2 * kDataBytes> tcp{};  // from byte tcp_from on: tcp_q
    uint8_t tcp_from = 0;
    bool s3_valid = false;
    bool s3_end = false;
    uint8_t s3_hdr_at = 0;
    Bits<8 * kHalfBytes> s3_opt{};
    uint8_t s3_opt_len = 0;
    uint32_t s3_tok = 0;
    uint8_t beat_wr = 0;
    uint8_t beat_rd = 0;
  };
  // What Commit() makes visible; payloads lie in beats_ and hdrs_.
  struct Next {
    bool changed = false;
    bool frame_valid = false;
    uint8_t frame_at = 0;
    bool hdr_valid = false;
    uint8_t hdr_at = 0;
    bool hdr_goes_on = false;  // with rest
    Walk rest{};
    bool quiet = false;
  };

  void Edge();
  void TickS0();
  void TickS1();
  void TickS2();
  void TickS3();
  void Show();
  static void Decode(const Data& data, Net* net);
  static void DecodeIp4(const uint8_t* ip, uint32_t l2, Net* net);
  static void DecodeIp6(const uint8_t* ip, uint32_t l2, Net* net);
  void Sum(const Data& data);
  bool TcpOk() const;
  Reason RecordReason(const uint8_t* tcp) const;
  void LoadRecord(Hdr* hdr);
  static Walk WalkOptions(const uint8_t* opt, uint32_t opt_len, uint32_t from, uint32_t to);
  Walk WalkRest() const;

  Regs r_;
  std::array<Axis, kBeats> beats_{};
  std::array<uint8_t, kDepth> u_beats_{};  // places in beats_
  std::array<Hdr, 2> hdrs_{};              // s3_hdr_q, and the one before it
  Next d_;
  Out q_;
  bool idle_ = false;  // without a beat the next edge changes nothing
};

}  // namespace handoff
