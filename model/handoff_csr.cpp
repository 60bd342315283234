// SPDX-License-Identifier: Apache-2.0
#include "model/handoff_csr.h"

#include "model/flip.h"

namespace handoff {
namespace {

constexpr uint8_t kRespSlverr = 2;
constexpr uint8_t kHoldCycles = 15;

// rtl/regs/handoff.rdl, from the page of registers.
constexpr uint32_t kIdent = 0x000, kVersion = 0x004, kBuild = 0x008, kCtrl = 0x010, kStatus = 0x014,
                   kLookupUsed = 0x018, kWords = 0x020, kWordsEnd = 0x048, kHashKey = 0x080,
                   kHashKeyEnd = 0x0a8, kRings = 0x100, kRingsEnd = 0x180, kCountersAt = 0x800,
                   kCountersEnd = 0xa00;
constexpr uint32_t kRingStride = 0x20;
constexpr uint32_t kBaseLo = 0x00, kBaseHi = 0x04, kSize = 0x08, kEnable = 0x0c, kIndex = 0x10,
                   kEngine = 0x14;
enum Word : uint8_t {
  kMaxFrame,
  kLimit,
  kDelay0,
  kDelay3 = 5,
  kBackClass,
  kReserve,
  kIrqCount,
  kIrqDelay
};
constexpr uint32_t kWordMask[] = {0xffff,     0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff,
                                  0xffffffff, 0x3,        0xffff,     0xffff,     0xffffffff};
constexpr uint32_t kWordReset[] = {9018, 500000, 200, 200, 200, 200, 3, 64, 1, 0};

}  // namespace

handoff_csr::handoff_csr(const Params& params) : p_(params) { Reset(); }

void handoff_csr::ResetBlock() {
  for (size_t i = 0; i < word_.size(); i++) word_[i] = kWordReset[i];
  hash_key_ = {};
  ring_ = {};
  r_.ctrl_reset = false;
  cnt_ = {};
  r_.hi = 0;
}

void handoff_csr::Reset() {
  r_ = Regs{};
  ResetBlock();
  u_s_aw_.Reset();
  u_s_w_.Reset();
  u_s_ar_.Reset();
  d_ = Out{};
  ShowBlock();
  q_ = d_;
  changed_ = false;
}

void handoff_csr::Tick() {
  const uint8_t faults_in = static_cast<uint8_t>(*in.cmd_fault | *in.tx_fault << 1 |
                                                 *in.legacy_fault << 2 | *in.ntf_fault << 3);
  const bool any_cnt = *in.rxf_cnt_valid || *in.rxf_drop_valid || *in.tcp_cnt_valid ||
                       *in.back_cnt_valid || *in.ack_cnt_valid || *in.tx_cnt_valid ||
                       *in.txa_cnt_valid || *in.irq_cnt_valid || r_.bad;
  // A quiet unit counts and does nothing else.
  const bool pins_idle = !*in.s_aw_valid && !*in.s_w_valid && !*in.s_ar_valid &&
                         q_.flr_done == *in.flr_req && r_.link_up == *in.link_up &&
                         (faults_in & ~r_.faults) == 0;
  if (q_.quiet && !any_cnt && pins_idle) return;
  changed_ = true;

  const State state = r_.state;
  const Reset_ rst_state = r_.rst_state;
  const bool block_reset = rst_state == Reset_::ResetHold && r_.rst_cnt == kHoldCycles;

  // StIdle.
  const bool aw = u_s_aw_.valid(*in.s_aw_valid), w = u_s_w_.valid(*in.s_w_valid);
  const bool take_wr = state == State::StIdle && aw && w;
  const bool take_rd = state == State::StIdle && !take_wr && u_s_ar_.valid(*in.s_ar_valid);
  const bool bad_now = r_.bad;
  bool b_valid = q_.s_b_valid && !*in.s_b_ready, r_valid = q_.s_r_valid && !*in.s_r_ready;
  bool ctrl_write = false, lo_read = false;
  uint32_t lo_index = 0;
  State next = state;
  r_.bad = false;
  const bool old_ctrl_reset = r_.ctrl_reset;
  r_.ctrl_reset = false;
  switch (state) {
    case State::StIdle:
      if (take_wr) {
        const AxilW& data = u_s_w_.data(*in.s_w);
        r_.is_wr = true;
        r_.addr = u_s_aw_.data(*in.s_aw).addr;
        r_.wdata = data.data;
        r_.wstrb = data.strb;
      } else if (take_rd) {
        r_.is_wr = false;
        r_.addr = u_s_ar_.data(*in.s_ar).addr;
      }
      if (take_wr || take_rd) next = State::StCheck;
      break;
    case State::StCheck:
      r_.err = Check();
      next = State::StAccess;
      break;
    case State::StAccess: {
      uint32_t data = 0;
      if (!r_.err) {
        const uint32_t addr = r_.addr & 0xfff;
        lo_read = !r_.is_wr && addr >= kCountersAt && addr < kCountersEnd && addr % 8 == 0;
        lo_index = (addr - kCountersAt) / 8;
        ctrl_write = r_.is_wr && addr == kCtrl && (r_.wdata & 1) != 0;
        r_.err = Access(r_.is_wr, addr, r_.wdata, &data);
      }
      r_.rdata = r_.err || r_.is_wr ? 0 : data;
      next = State::StRespond;
      break;
    }
    case State::StRespond:
      if (r_.is_wr) {
        b_valid = true;
        d_.s_b.resp = r_.err ? kRespSlverr : 0;
      } else {
        r_valid = true;
        d_.s_r.resp = r_.err ? kRespSlverr : 0;
        d_.s_r.data = r_.err ? 0 : r_.rdata;
      }
      r_.bad = r_.err;
      next = State::StWait;
      break;
    case State::StWait:
      if (!b_valid && !r_valid) next = State::StIdle;
      break;
  }
  r_.state = next;
  d_.s_b_valid = b_valid;
  d_.s_r_valid = r_valid;

  // Counters: the high word is latched as it was before this edge's counts.
  if (lo_read) r_.hi = static_cast<uint32_t>(cnt_[lo_index] >> 32);
  if (any_cnt) {
    const auto count = [&](const bool* valid, const Cnt* c) {
      if (*valid) cnt_[c->index]++;
    };
    count(in.rxf_cnt_valid, in.rxf_cnt);
    count(in.rxf_drop_valid, in.rxf_drop);
    count(in.tcp_cnt_valid, in.tcp_cnt);
    count(in.back_cnt_valid, in.back_cnt);
    count(in.ack_cnt_valid, in.ack_cnt);
    count(in.tx_cnt_valid, in.tx_cnt);
    count(in.txa_cnt_valid, in.txa_cnt);
    count(in.irq_cnt_valid, in.irq_cnt);
    if (bad_now) cnt_[static_cast<size_t>(Counter::CntBadAccess)]++;
  }

  // Faults and the reset sequence.
  const uint8_t faults_before = r_.faults;
  const bool halted_before = q_.halt, link_before = r_.link_up;
  const bool request = old_ctrl_reset || (*in.flr_req && !q_.flr_done);
  bool flr_done = q_.flr_done;
  switch (rst_state) {
    case Reset_::ResetIdle:
      if (request) {
        d_.stop = true;
        r_.by_flr = *in.flr_req && !q_.flr_done;
        r_.reset_done = false;
        r_.rst_state = Reset_::ResetStop;
      } else if (!*in.flr_req) {
        flr_done = false;
      }
      break;
    case Reset_::ResetStop:
      if (*in.drained && *in.tx_idle) {
        r_.rst_cnt = kHoldCycles;
        r_.rst_state = Reset_::ResetHold;
      }
      break;
    case Reset_::ResetHold:
      if (r_.rst_cnt == 0) {
        d_.stop = false;
        r_.reset_done = true;
        flr_done = r_.by_flr;
        r_.rst_state = Reset_::ResetIdle;
      } else {
        r_.rst_cnt--;
      }
      break;
  }
  if (rst_state == Reset_::ResetHold) {
    r_.faults = 0;
    d_.halt = false;
  } else {
    d_.halt = r_.faults != 0;
    r_.faults |= faults_in;
  }
  d_.unit_rst_n = r_.rst_state != Reset_::ResetHold;
  d_.flr_done = flr_done;
  r_.link_up = *in.link_up;
  if (ctrl_write) r_.ctrl_reset = true;
  if (block_reset) ResetBlock();
  if (block_reset || (state == State::StAccess && r_.is_wr)) ShowBlock();

  u_s_aw_.Tick(*in.s_aw_valid, *in.s_aw, take_wr);
  u_s_w_.Tick(*in.s_w_valid, *in.s_w, take_wr);
  u_s_ar_.Tick(*in.s_ar_valid, *in.s_ar, take_rd);
  d_.s_aw_ready = u_s_aw_.ready();
  d_.s_w_ready = u_s_w_.ready();
  d_.s_ar_ready = u_s_ar_.ready();
  d_.quiet = next == State::StIdle && state != State::StRespond && u_s_aw_.empty() &&
             u_s_w_.empty() && u_s_ar_.empty() && !b_valid && !r_valid && !any_cnt &&
             r_.rst_state == Reset_::ResetIdle && !ctrl_write && flr_done == *in.flr_req &&
             link_before == *in.link_up && (faults_in & ~faults_before) == 0 &&
             halted_before == (faults_before != 0);
}

// Rows 1 to 8 of the page.
bool handoff_csr::Check() const {
  if (r_.addr % 4 != 0 || r_.addr >> 12 != 0) return true;
  if (!r_.is_wr) return false;
  if (r_.wstrb != 0xf || r_.rst_state != Reset_::ResetIdle) return true;
  const uint32_t addr = r_.addr;
  if (addr >= kHashKey && addr < kHashKeyEnd && *in.lookup_used != 0) return true;
  if (addr == kWords && (r_.wdata < kMinFrameBytes || r_.wdata > 16383)) return true;
  if (addr < kRings || addr >= kRingsEnd) return false;
  const RingWords& ring = ring_[(addr - kRings) / kRingStride];
  switch ((addr - kRings) % kRingStride) {
    case kBaseLo:
      return ring.enable != 0 || r_.wdata % 64 != 0;
    case kBaseHi:
      return ring.enable != 0;
    case kSize:
      return ring.enable != 0 || r_.wdata == 0 || r_.wdata > 15;
    case kIndex:
      return ring.enable == 0 || r_.wdata >= uint32_t{1} << ring.log_size;
    default:
      return false;
  }
}

uint32_t* handoff_csr::Register(uint32_t addr) {
  if (addr >= kWords && addr < kWordsEnd) return &word_[(addr - kWords) / 4];
  if (addr >= kHashKey && addr < kHashKeyEnd) return &hash_key_[(addr - kHashKey) / 4];
  if (addr < kRings || addr >= kRingsEnd) return nullptr;
  RingWords& ring = ring_[(addr - kRings) / kRingStride];
  switch ((addr - kRings) % kRingStride) {
    case kBaseLo:
      return &ring.base_lo;
    case kBaseHi:
      return &ring.base_hi;
    case kSize:
      return &ring.log_size;
    case kEnable:
      return &ring.enable;
    case kIndex:
      return &ring.index;
    default:
      return nullptr;
  }
}

uint32_t handoff_csr::ReadOnly(uint32_t addr, bool* known) {
  *known = true;
  if (addr >= kCountersAt && addr < kCountersEnd) {
    return addr % 8 == 0 ? static_cast<uint32_t>(cnt_[(addr - kCountersAt) / 8]) : r_.hi;
  }
  switch (addr) {
    case kIdent:
      return 0x48444F46;  // HDOF
    case kVersion:
      return 0x00010000;
    case kBuild:
      return (p_.DctEntries & 0x1ffff) | (p_.Slots & 0x7f) << 17 | (kDataBytes & 0xff) << 24;
    case kStatus:
      return q_.halt | r_.reset_done << 1 | r_.link_up << 2 |
             (r_.rst_state != Reset_::ResetIdle) << 3 | uint32_t{r_.faults} << 4;
    case kLookupUsed:
      return *in.lookup_used;
    default:
      break;
  }
  if (addr >= kRings && addr < kRingsEnd && (addr - kRings) % kRingStride == kEngine) {
    const U16* index[] = {in.cmd_cons, in.tx_cons, in.legacy_cons, in.ntf_prod};
    return *index[(addr - kRings) / kRingStride];
  }
  *known = false;
  return 0;
}

bool handoff_csr::Access(bool write, uint32_t addr, uint32_t wdata, uint32_t* rdata) {
  if (addr == kCtrl) return false;  // reads as 0: the pulse is over before a read can see it
  if (uint32_t* reg = Register(addr)) {
    if (!write) {
      *rdata = *reg;
      return false;
    }
    uint32_t mask = 0xffffffff;
    if (addr < kWordsEnd) mask = kWordMask[(addr - kWords) / 4];
    if (addr >= kRings) {
      const uint32_t at = (addr - kRings) % kRingStride;
      mask = at == kSize ? 0x1f : at == kEnable ? 0x1 : at == kIndex ? 0xffff : mask;
    }
    *reg = wdata & mask;
    return false;
  }
  bool known = false;
  *rdata = ReadOnly(addr, &known);
  return !known || write;
}

// The block's registers as levels.
void handoff_csr::ShowBlock() {
  Cfg& c = d_.cfg;
  c.max_frame = static_cast<U16>(word_[kMaxFrame]);
  for (size_t i = 0; i < hash_key_.size(); i++) {
    uint64_t& w = c.hash_key.w[i / 2];
    w = i % 2 == 0 ? (w & ~uint64_t{0xffffffff}) | hash_key_[i]
                   : (w & 0xffffffff) | uint64_t{hash_key_[i]} << 32;
  }
  c.limit_us = word_[kLimit];
  c.delay0_us = word_[kDelay0];
  c.delay1_us = word_[kDelay0 + 1];
  c.delay2_us = word_[kDelay0 + 2];
  c.delay3_us = word_[kDelay3];
  c.back_class = static_cast<uint8_t>(word_[kBackClass]);
  c.ntf_reserve = static_cast<U16>(word_[kReserve]);
  c.irq_count = static_cast<U16>(word_[kIrqCount]);
  c.irq_delay_us = word_[kIrqDelay];
  Ring* const rings[] = {&d_.cmd_ring, &d_.tx_ring, &d_.legacy_ring, &d_.ntf_ring};
  for (size_t i = 0; i < ring_.size(); i++) {
    rings[i]->enable = ring_[i].enable != 0;
    rings[i]->base = uint64_t{ring_[i].base_hi} << 32 | ring_[i].base_lo;
    rings[i]->log_size = static_cast<uint8_t>(ring_[i].log_size);
    rings[i]->index = static_cast<U16>(ring_[i].index);
  }
}

bool handoff_csr::Flip(std::string_view reg, uint32_t bit) {
  const bool done = FlipRegister([&](auto&& f) { ForEachReg(f); }, reg, bit);
  q_ = d_;
  return done;
}

}  // namespace handoff
