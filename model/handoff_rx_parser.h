// SPDX-License-Identifier: Apache-2.0
//
// A header record for every frame (docs/units/rx_parser.md).
#ifndef HANDOFF_MODEL_HANDOFF_RX_PARSER_H_
#define HANDOFF_MODEL_HANDOFF_RX_PARSER_H_

#include <array>
#include <cstdint>
#include <string_view>

#include "gen/handoff_pkg.h"

namespace handoff {

class handoff_rx_parser {
 public:
  struct In {
    const bool* rx_valid = nullptr;
    const Axis* rx = nullptr;
    const Cfg* cfg = nullptr;
  };
  struct Out {
    bool frame_valid = false;
    Beat frame{};
    bool hdr_valid = false;
    Hdr hdr{};
    bool quiet = false;
  };

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
    f("idx", r_.idx);
    f("s1_valid", r_.s1_valid);
    f("s1_last", beats_[r_.s1_at].last);
    f("s1_data", beats_[r_.s1_at].data);
    f("s1_idx", r_.s1_idx);
    f("bytes", r_.bytes);
    f("bad", r_.bad);
    f("s2_valid", r_.s2_valid);
    f("s2_end", r_.s2_end);
    f("s2_bytes", r_.s2_bytes);
    f("s2_bad", r_.s2_bad);
    f("sum", r_.sum);
    f("s3_valid", r_.s3_valid);
    f("s3_end", r_.s3_end);
    f("s3_hdr", hdrs_[r_.s3_hdr_at]);
    f("frame_valid", q_.frame_valid);
    f("frame", q_.frame);
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
  };
  static constexpr uint32_t kTcpBytes = 60;
  static constexpr uint32_t kBeats = 8;  // a power of two, more than are ever inside
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
    uint64_t sum = 0;  // of 64-bit words as they lie in memory; the page's modulo 0xFFFF
    std::array<uint8_t, 2 * kDataBytes> tcp{};  // from byte tcp_from on: tcp_q
    uint8_t tcp_from = 0;
    bool s3_valid = false;
    bool s3_end = false;
    uint8_t s3_hdr_at = 0;
    uint8_t beat_rd = 1;  // where the first beat after reset will lie
  };
  // What Commit() makes visible; payloads lie in beats_ and hdrs_.
  struct Next {
    bool changed = false;
    bool frame_valid = false;
    uint8_t frame_at = 0;
    bool hdr_valid = false;
    uint8_t hdr_at = 0;
    bool quiet = false;
  };

  void Edge();
  void Show();
  static void Decode(const Data& data, Net* net);
  static void DecodeIp4(const uint8_t* ip, uint32_t l2, Net* net);
  static void DecodeIp6(const uint8_t* ip, uint32_t l2, Net* net);
  void Sum(const Data& data);
  bool TcpOk() const;
  Reason RecordReason(const uint8_t* tcp) const;
  void LoadRecord(Hdr* hdr) const;
  static void WalkOptions(const uint8_t* opt, uint32_t opt_len, Seg* seg);

  Regs r_;
  std::array<Axis, kBeats> beats_{};
  std::array<Hdr, 2> hdrs_{};  // s3_hdr_q, and the one before it
  Next d_;
  Out q_;
  bool idle_ = false;  // without a beat the next edge changes nothing
};

}  // namespace handoff

#endif  // HANDOFF_MODEL_HANDOFF_RX_PARSER_H_
