// SPDX-License-Identifier: Apache-2.0
#include "model/handoff_csr.h"

#include <cstddef>

#include "gen/handoff_regs.h"
#include "model/flip.h"

namespace handoff {
namespace {

using BlockRegs = ::handoff_t;
using RingRegs = handoff_ring_t;
using CounterRegs = handoff_counter_t;

constexpr uint32_t kRingAt = offsetof(BlockRegs, ring);
constexpr uint32_t kRingBytes = sizeof(RingRegs);
constexpr uint32_t kRingEnd = kRingAt + sizeof(BlockRegs::ring);
constexpr uint32_t kKeyAt = offsetof(BlockRegs, hash_key);
constexpr uint32_t kKeyEnd = kKeyAt + sizeof(BlockRegs::hash_key);
constexpr uint32_t kCounterAt = offsetof(BlockRegs, counter);
constexpr uint32_t kCounterEnd = kCounterAt + sizeof(BlockRegs::counter);

constexpr uint32_t kMaxFrameLimit = kMaxFrameBytes - 1;  // of a register with 14 bits
constexpr uint32_t kBaseAlign = 1 << kAlignBits;
constexpr uint8_t kAllBytes = 0xf;
constexpr uint8_t kOkay = 0, kSlverr = 2;  // AXI4-Lite responses

// Rings 0 to 3, in the register map's order.
constexpr Ring handoff_csr::Out::*kRings[] = {
    &handoff_csr::Out::cmd_ring, &handoff_csr::Out::tx_ring, &handoff_csr::Out::legacy_ring,
    &handoff_csr::Out::ntf_ring};

template <class T>
bool TickSkid(prim::Skid<T>& skid, bool valid, const T& data, bool pop) {
  if (valid || !skid.settled()) skid.Tick(valid, data, pop);
  return skid.ready();
}

}  // namespace

handoff_csr::handoff_csr(const Params& params)
    : build_((params.DctEntries & HANDOFF__BUILD__DCT_ENTRIES_bm) |
             (params.Slots << HANDOFF__BUILD__SLOTS_bp & HANDOFF__BUILD__SLOTS_bm) |
             (kDataBytes << HANDOFF__BUILD__DATA_BYTES_bp)) {
  Reset();
}

void handoff_csr::Reset() {
  r_ = Regs{};
  u_s_aw_.Reset();
  u_s_w_.Reset();
  u_s_ar_.Reset();
  d_ = Out{};
  ResetBlock();
  q_ = d_;
  rest_ = moved_ = false;
}

void handoff_csr::Tick() {
  moved_ = !rest_ || Stirred();
  if (!moved_) {
    d_.quiet = !TickCounters(false);
    return;
  }
  const bool bad = r_.bad;
  const bool request = r_.ctrl_reset || (*in.flr_req && !q_.flr_done);
  const bool steady =
      *in.link_up == r_.link_up && (Faults() & ~r_.faults) == 0 && q_.halt == (r_.faults != 0);
  TickAccess();  // reads the counters and the status as before the edge
  const bool counted = TickCounters(bad);
  TickFaults();
  TickReset(request);
  r_.link_up = *in.link_up;
  rest_ = steady && r_.state == St::kIdle && u_s_aw_.empty() && u_s_w_.empty() && u_s_ar_.empty() &&
          r_.rst_state == RstSt::kIdle && d_.flr_done == *in.flr_req;
  d_.quiet = rest_ && !counted;
}

// -------------------------------------------------------------------------------------------------
// StIdle: a write goes before a read.
void handoff_csr::Idle(bool* pop_write, bool* pop_read) {
  *pop_write = u_s_aw_.valid(*in.s_aw_valid) && u_s_w_.valid(*in.s_w_valid);
  *pop_read = !*pop_write && u_s_ar_.valid(*in.s_ar_valid);
  if (*pop_write) {
    const AxilW& w = u_s_w_.data(*in.s_w);
    r_.addr = u_s_aw_.data(*in.s_aw).addr;
    r_.wdata = w.data;
    r_.wstrb = w.strb;
  } else if (*pop_read) {
    r_.addr = u_s_ar_.data(*in.s_ar).addr;
  }
  if (*pop_write || *pop_read) {
    r_.is_wr = *pop_write;
    r_.state = St::kCheck;
  }
}

// -------------------------------------------------------------------------------------------------
// StCheck: what the register block cannot know.

// Rows 1 to 8 of the page.
bool handoff_csr::Refused() const {
  const uint32_t addr = r_.addr;
  if (addr % 4 != 0 || addr >> 12 != 0) return true;
  if (!r_.is_wr) return false;
  if (r_.wstrb != kAllBytes || r_.rst_state != RstSt::kIdle) return true;
  if (addr == offsetof(BlockRegs, max_frame)) {
    return r_.wdata < kMinFrameBytes || r_.wdata > kMaxFrameLimit;
  }
  if (addr >= kKeyAt && addr < kKeyEnd) return *in.lookup_used != 0;
  return addr >= kRingAt && addr < kRingEnd && RefusedByRing(addr - kRingAt);
}

bool handoff_csr::RefusedByRing(uint32_t offset) const {
  const Ring& ring = q_.*kRings[offset / kRingBytes];
  switch (offset % kRingBytes) {
    case offsetof(RingRegs, base_lo):
      return ring.enable || r_.wdata % kBaseAlign != 0;
    case offsetof(RingRegs, base_hi):
      return ring.enable;
    case offsetof(RingRegs, size):
      return ring.enable || r_.wdata == 0 || r_.wdata > kLogSizeMax;
    case offsetof(RingRegs, index):
      return !ring.enable || r_.wdata >> ring.log_size != 0;
    default:
      return false;
  }
}

// -------------------------------------------------------------------------------------------------
// StAccess: the block answers in the same cycle.
bool handoff_csr::ReadOnly(uint32_t value) {
  if (!r_.is_wr) r_.rdata = value;
  return !r_.is_wr;
}

template <class T>
bool handoff_csr::Word(T& value, uint32_t mask) {
  if (r_.is_wr) {
    value = static_cast<T>(r_.wdata & mask);
  } else {
    r_.rdata = value;
  }
  return true;
}

bool handoff_csr::Half(uint64_t& value, bool high) {
  const uint32_t shift = high ? 32 : 0;
  if (r_.is_wr) {
    value = (value & ~(uint64_t{0xffffffff} << shift)) | uint64_t{r_.wdata} << shift;
  } else {
    r_.rdata = static_cast<uint32_t>(value >> shift);
  }
  return true;
}

uint32_t handoff_csr::StatusBits() const {
  return uint32_t{q_.halt} << HANDOFF__STATUS__HALTED_bp |
         uint32_t{r_.reset_done} << HANDOFF__STATUS__RESET_DONE_bp |
         uint32_t{r_.link_up} << HANDOFF__STATUS__LINK_UP_bp |
         uint32_t{r_.rst_state != RstSt::kIdle} << HANDOFF__STATUS__RESETTING_bp |
         uint32_t{r_.faults} << HANDOFF__STATUS__FAULTS_bp;
}

// One access to the register block; false: its error (row 9).
bool handoff_csr::Block() {
  Cfg& cfg = d_.cfg;
  switch (const uint32_t addr = r_.addr) {
    case offsetof(BlockRegs, ident):
      return ReadOnly(HANDOFF__IDENT__VALUE_reset);
    case offsetof(BlockRegs, version):
      return ReadOnly(HANDOFF__VERSION__MAJOR_reset << HANDOFF__VERSION__MAJOR_bp |
                      HANDOFF__VERSION__MINOR_reset);
    case offsetof(BlockRegs, build):
      return ReadOnly(build_);
    case offsetof(BlockRegs, ctrl):
      return Word(r_.ctrl_reset, HANDOFF__CTRL__RESET_bm);
    case offsetof(BlockRegs, status):
      return ReadOnly(StatusBits());
    case offsetof(BlockRegs, lookup_used):
      return ReadOnly(*in.lookup_used);
    case offsetof(BlockRegs, max_frame):
      return Word(cfg.max_frame, HANDOFF__MAX_FRAME__VALUE_bm);
    case offsetof(BlockRegs, limit_us):
      return Word(cfg.limit_us, HANDOFF__LIMIT_US__VALUE_bm);
    case offsetof(BlockRegs, delay_us[0]):
      return Word(cfg.delay0_us, HANDOFF__DELAY_USX__VALUE_bm);
    case offsetof(BlockRegs, delay_us[1]):
      return Word(cfg.delay1_us, HANDOFF__DELAY_USX__VALUE_bm);
    case offsetof(BlockRegs, delay_us[2]):
      return Word(cfg.delay2_us, HANDOFF__DELAY_USX__VALUE_bm);
    case offsetof(BlockRegs, delay_us[3]):
      return Word(cfg.delay3_us, HANDOFF__DELAY_USX__VALUE_bm);
    case offsetof(BlockRegs, back_class):
      return Word(cfg.back_class, HANDOFF__BACK_CLASS__VALUE_bm);
    case offsetof(BlockRegs, ntf_reserve):
      return Word(cfg.ntf_reserve, HANDOFF__NTF_RESERVE__VALUE_bm);
    case offsetof(BlockRegs, irq_count):
      return Word(cfg.irq_count, HANDOFF__IRQ_COUNT__VALUE_bm);
    case offsetof(BlockRegs, irq_delay_us):
      return Word(cfg.irq_delay_us, HANDOFF__IRQ_DELAY_US__VALUE_bm);
    default:
      if (addr >= kKeyAt && addr < kKeyEnd) {
        const uint32_t word = (addr - kKeyAt) / 4;
        return Half(cfg.hash_key.w[word / 2], word % 2 != 0);
      }
      if (addr >= kRingAt && addr < kRingEnd) return BlockRing(addr - kRingAt);
      if (addr >= kCounterAt && addr < kCounterEnd) return BlockCounter(addr - kCounterAt);
      return false;
  }
}

bool handoff_csr::BlockRing(uint32_t offset) {
  const uint32_t i = offset / kRingBytes;
  Ring& ring = d_.*kRings[i];
  switch (offset % kRingBytes) {
    case offsetof(RingRegs, base_lo):
      return Half(ring.base, false);
    case offsetof(RingRegs, base_hi):
      return Half(ring.base, true);
    case offsetof(RingRegs, size):
      return Word(ring.log_size, HANDOFF__RINGX__SIZE__LOG_SIZE_bm);
    case offsetof(RingRegs, enable):
      return Word(ring.enable, HANDOFF__RINGX__ENABLE__ENABLE_bm);
    case offsetof(RingRegs, index):
      return Word(ring.index, HANDOFF__RINGX__INDEX__VALUE_bm);
    case offsetof(RingRegs, engine): {
      const U16* const engine[] = {in.cmd_cons, in.tx_cons, in.legacy_cons, in.ntf_prod};
      return ReadOnly(*engine[i]);
    }
    default:
      return false;
  }
}

bool handoff_csr::BlockCounter(uint32_t offset) {
  if (offset % sizeof(CounterRegs) == offsetof(CounterRegs, hi)) return ReadOnly(r_.hi);
  const uint64_t cnt = r_.cnt[offset / sizeof(CounterRegs)];
  if (!ReadOnly(static_cast<uint32_t>(cnt))) return false;
  r_.hi = static_cast<uint32_t>(cnt >> 32);
  return true;
}

// -------------------------------------------------------------------------------------------------
// Counters.

// `bad` is bad_q before the edge; whether anything was counted.
bool handoff_csr::TickCounters(bool bad) {
  bool counted = bad;
  if (bad) ++r_.cnt[static_cast<size_t>(Counter::CntBadAccess)];
  const auto count = [&](const bool* valid, const Cnt* cnt) {
    if (!*valid) return;
    ++r_.cnt[cnt->index];
    counted = true;
  };
  count(in.rxf_cnt_valid, in.rxf_cnt);
  count(in.rxf_drop_valid, in.rxf_drop);
  count(in.tcp_cnt_valid, in.tcp_cnt);
  count(in.back_cnt_valid, in.back_cnt);
  count(in.ack_cnt_valid, in.ack_cnt);
  count(in.tx_cnt_valid, in.tx_cnt);
  count(in.txa_cnt_valid, in.txa_cnt);
  count(in.irq_cnt_valid, in.irq_cnt);
  return counted;
}

// -------------------------------------------------------------------------------------------------
// The access.

// StIdle to StWait, and the skids.
void handoff_csr::TickAccess() {
  bool pop_write = false, pop_read = false;
  r_.bad = false;
  r_.ctrl_reset = false;
  switch (r_.state) {
    case St::kIdle:
      Idle(&pop_write, &pop_read);
      break;
    case St::kCheck:
      r_.err = Refused();
      r_.state = St::kAccess;
      break;
    case St::kAccess:
      r_.rdata = 0;
      r_.err = r_.err || !Block();
      r_.state = St::kRespond;
      break;
    case St::kRespond: {
      const uint8_t resp = r_.err ? kSlverr : kOkay;
      (r_.is_wr ? d_.s_b_valid : d_.s_r_valid) = true;
      if (r_.is_wr) {
        d_.s_b.resp = resp;
      } else {
        d_.s_r = AxilR{.resp = resp, .data = r_.rdata};
      }
      r_.bad = r_.err;
      r_.state = St::kWait;
      break;
    }
    case St::kWait:
      if (q_.s_b_valid ? *in.s_b_ready : q_.s_r_valid && *in.s_r_ready) {
        d_.s_b_valid = d_.s_r_valid = false;
        r_.state = St::kIdle;
      }
      break;
  }
  d_.s_aw_ready = TickSkid(u_s_aw_, *in.s_aw_valid, *in.s_aw, pop_write);
  d_.s_w_ready = TickSkid(u_s_w_, *in.s_w_valid, *in.s_w, pop_write);
  d_.s_ar_ready = TickSkid(u_s_ar_, *in.s_ar_valid, *in.s_ar, pop_read);
}

// -------------------------------------------------------------------------------------------------
// Faults and the reset sequence.
uint8_t handoff_csr::Faults() const {
  return static_cast<uint8_t>(*in.cmd_fault | *in.tx_fault << 1 | *in.legacy_fault << 2 |
                              *in.ntf_fault << 3);
}

void handoff_csr::TickFaults() {
  const bool clear = r_.rst_state == RstSt::kHold;
  d_.halt = !clear && r_.faults != 0;
  r_.faults = clear ? 0 : r_.faults | Faults();
}

// `request` is as before the edge.
void handoff_csr::TickReset(bool request) {
  switch (r_.rst_state) {
    case RstSt::kIdle:
      d_.unit_rst_n = true;
      if (request) {
        d_.stop = true;
        r_.by_flr = *in.flr_req && !q_.flr_done;
        r_.reset_done = false;
        r_.rst_state = RstSt::kStop;
      } else if (!*in.flr_req) {
        d_.flr_done = false;
      }
      break;
    case RstSt::kStop:
      if (*in.drained && *in.tx_idle) {
        d_.unit_rst_n = false;
        r_.rst_cnt = kHoldCycles - 1;
        r_.rst_state = RstSt::kHold;
      }
      break;
    case RstSt::kHold:
      if (r_.rst_cnt == kHoldCycles - 1) {
        ResetBlock();
        r_.cnt = {};
        r_.hi = 0;
      }
      if (r_.rst_cnt != 0) {
        --r_.rst_cnt;
        break;
      }
      d_.unit_rst_n = true;
      d_.stop = false;
      r_.reset_done = true;
      d_.flr_done = r_.by_flr;
      r_.rst_state = RstSt::kIdle;
      break;
  }
}

// -------------------------------------------------------------------------------------------------
// Levels: registers of the block.
void handoff_csr::ResetBlock() {
  d_.cfg = Cfg{};
  d_.cfg.max_frame = HANDOFF__MAX_FRAME__VALUE_reset;
  d_.cfg.limit_us = HANDOFF__LIMIT_US__VALUE_reset;
  d_.cfg.delay0_us = d_.cfg.delay1_us = HANDOFF__DELAY_USX__VALUE_reset;
  d_.cfg.delay2_us = d_.cfg.delay3_us = HANDOFF__DELAY_USX__VALUE_reset;
  d_.cfg.back_class = HANDOFF__BACK_CLASS__VALUE_reset;
  d_.cfg.ntf_reserve = HANDOFF__NTF_RESERVE__VALUE_reset;
  d_.cfg.irq_count = HANDOFF__IRQ_COUNT__VALUE_reset;
  d_.cfg.irq_delay_us = HANDOFF__IRQ_DELAY_US__VALUE_reset;
  for (const auto ring : kRings) {
    d_.*ring = Ring{.log_size = HANDOFF__RINGX__SIZE__LOG_SIZE_reset};
  }
  r_.ctrl_reset = false;
}

// -------------------------------------------------------------------------------------------------
// Quiet.

// An input that a resting csr has to look at: all but the pulses.
bool handoff_csr::Stirred() const {
  return *in.s_aw_valid || *in.s_w_valid || *in.s_ar_valid || *in.flr_req != q_.flr_done ||
         *in.link_up != r_.link_up || (Faults() & ~r_.faults) != 0;
}

// -------------------------------------------------------------------------------------------------
// Registers.
bool handoff_csr::Flip(std::string_view reg, uint32_t bit) {
  const bool done = FlipRegister(*this, reg, bit);
  d_.s_aw_ready = u_s_aw_.ready();
  d_.s_w_ready = u_s_w_.ready();
  d_.s_ar_ready = u_s_ar_.ready();
  q_ = d_;
  rest_ = false;
  return done;
}

}  // namespace handoff
