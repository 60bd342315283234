// SPDX-License-Identifier: Apache-2.0
//
// Registers, counters, host indices, the reset sequence (docs/units/csr.md).
#ifndef HANDOFF_MODEL_HANDOFF_CSR_H_
#define HANDOFF_MODEL_HANDOFF_CSR_H_

#include <array>
#include <cstdint>
#include <string_view>

#include "gen/handoff_pkg.h"
#include "model/prim/skid.h"

namespace handoff {

class handoff_csr {
 public:
  struct Params {
    uint32_t DctEntries = 1024;
    uint32_t Slots = 8;
  };
  struct In {
    const bool* rxf_cnt_valid = nullptr;
    const Cnt* rxf_cnt = nullptr;
    const bool* rxf_drop_valid = nullptr;
    const Cnt* rxf_drop = nullptr;
    const U32* lookup_used = nullptr;
    const bool* tcp_cnt_valid = nullptr;
    const Cnt* tcp_cnt = nullptr;
    const bool* back_cnt_valid = nullptr;
    const Cnt* back_cnt = nullptr;
    const bool* ack_cnt_valid = nullptr;
    const Cnt* ack_cnt = nullptr;
    const bool* tx_cnt_valid = nullptr;
    const Cnt* tx_cnt = nullptr;
    const bool* txa_cnt_valid = nullptr;
    const Cnt* txa_cnt = nullptr;
    const bool* s_aw_valid = nullptr;
    const AxilAddr* s_aw = nullptr;
    const bool* s_w_valid = nullptr;
    const AxilW* s_w = nullptr;
    const bool* s_ar_valid = nullptr;
    const AxilAddr* s_ar = nullptr;
    const bool* s_b_ready = nullptr;
    const bool* s_r_ready = nullptr;
    const bool* irq_cnt_valid = nullptr;
    const Cnt* irq_cnt = nullptr;
    const U16* cmd_cons = nullptr;
    const U16* tx_cons = nullptr;
    const U16* legacy_cons = nullptr;
    const U16* ntf_prod = nullptr;
    const bool* cmd_fault = nullptr;
    const bool* tx_fault = nullptr;
    const bool* legacy_fault = nullptr;
    const bool* ntf_fault = nullptr;
    const bool* drained = nullptr;
    const bool* tx_idle = nullptr;
    const bool* link_up = nullptr;
    const bool* flr_req = nullptr;
  };
  struct Out {
    bool s_aw_ready = false;
    bool s_w_ready = false;
    bool s_ar_ready = false;
    bool s_b_valid = false;
    AxilB s_b{};
    bool s_r_valid = false;
    AxilR s_r{};
    Cfg cfg{};
    Ring cmd_ring{};
    Ring tx_ring{};
    Ring legacy_ring{};
    Ring ntf_ring{};
    bool halt = false;
    bool stop = false;
    bool unit_rst_n = false;
    bool flr_done = false;
    bool quiet = false;
  };

  explicit handoff_csr(const Params& params);
  handoff_csr() : handoff_csr(Params()) {}

  In in;
  void Reset();
  void Tick();
  void Commit() {
    if (changed_) q_ = d_;
    changed_ = false;
  }
  const Out& out() const { return q_; }

  template <class F>
  void ForEachReg(F&& f) {
    f("state", r_.state);
    f("is_wr", r_.is_wr);
    f("addr", r_.addr);
    f("wdata", r_.wdata);
    f("wstrb", r_.wstrb);
    f("err", r_.err);
    f("rdata", r_.rdata);
    f("hi", r_.hi);
    f("bad", r_.bad);
    f("faults", r_.faults);
    f("rst_state", r_.rst_state);
    f("rst_cnt", r_.rst_cnt);
    f("reset_done", r_.reset_done);
    f("by_flr", r_.by_flr);
    f("link_up", r_.link_up);
    f("s_b_valid", d_.s_b_valid);
    f("s_b", d_.s_b);
    f("s_r_valid", d_.s_r_valid);
    f("s_r", d_.s_r);
    f("cfg", d_.cfg);
    f("cmd_ring", d_.cmd_ring);
    f("tx_ring", d_.tx_ring);
    f("legacy_ring", d_.legacy_ring);
    f("ntf_ring", d_.ntf_ring);
    f("halted", d_.halt);
    f("stop", d_.stop);
    f("unit_rst_n", d_.unit_rst_n);
    f("flr_done", d_.flr_done);
    f("quiet", d_.quiet);
  }
  bool Flip(std::string_view reg, uint32_t bit);

 private:
  enum class State : uint8_t { StIdle, StCheck, StAccess, StRespond, StWait };
  enum class Reset_ : uint8_t { ResetIdle, ResetStop, ResetHold };
  struct Regs {
    State state = State::StIdle;
    bool is_wr = false;
    uint16_t addr = 0;
    uint32_t wdata = 0;
    uint8_t wstrb = 0;
    bool err = false;
    uint32_t rdata = 0;
    uint32_t hi = 0;
    bool bad = false;
    uint8_t faults = 0;
    Reset_ rst_state = Reset_::ResetIdle;
    uint8_t rst_cnt = 0;
    bool reset_done = false;
    bool by_flr = false;
    bool link_up = false;
    bool ctrl_reset = false;  // the block's pulse
  };
  static constexpr uint32_t kCounters = 64;

  void ResetBlock();
  bool Check() const;
  // The register block: one access, true if it answers an error.
  bool Access(bool write, uint32_t addr, uint32_t wdata, uint32_t* rdata);
  uint32_t* Register(uint32_t addr);
  uint32_t ReadOnly(uint32_t addr, bool* known);
  void ShowBlock();

  const Params p_;
  Regs r_;
  std::array<uint64_t, kCounters> cnt_{};
  // Words of the block: max_frame, limit_us, delay_us[4], back_class, ntf_reserve, irq_count,
  // irq_delay_us.
  std::array<uint32_t, 10> word_{};
  std::array<uint32_t, kHashKeyBits / 32> hash_key_{};
  struct RingWords {
    uint32_t base_lo = 0, base_hi = 0, log_size = 8, enable = 0, index = 0;
  };
  std::array<RingWords, 4> ring_{};
  prim::Skid<AxilAddr> u_s_aw_, u_s_ar_;
  prim::Skid<AxilW> u_s_w_;
  Out d_, q_;
  bool changed_ = false;
};

}  // namespace handoff

#endif  // HANDOFF_MODEL_HANDOFF_CSR_H_
