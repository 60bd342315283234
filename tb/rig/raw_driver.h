// SPDX-License-Identifier: Apache-2.0
//
// The least driver over sw/hw.h: rings, legacy frames up, raw frames down, no TCP. For tests and
// benchmarks of the system; the real driver is sw/driver.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <span>
#include <vector>

#include "gen/handoff_pkg.h"
#include "gen/handoff_regs.h"
#include "sw/hw.h"

namespace handoff {

class RawDriver {
 public:
  struct Params {
    uint32_t legacy_buffers = 1000;
    uint32_t legacy_bytes = 2048;  // of one buffer; max_frame too
    uint32_t log_ntf = 12;
    uint32_t irq_count = 32;
    uint32_t irq_delay_us = 10;
  };

  RawDriver(sw::Hw& hw, const Params& params) : hw_(hw), p_(params) {}
  explicit RawDriver(sw::Hw& hw) : RawDriver(hw, Params()) {}

  // A whole frame that came up; for the length of the call.
  std::function<void(const Ntf& ntf, std::span<const uint8_t> frame)> on_frame;
  std::function<void(const Ntf& ntf)> on_other;  // any other notification

  // From software, once: memory, registers, buffers.
  void Start() {
    legacy_memory_ = Take(size_t{p_.legacy_buffers} * p_.legacy_bytes, true);
    tx_memory_ = Take(size_t{kTxSlots} * p_.legacy_bytes, false);
    cmd_ = {Take(64 << kLogRing, false), kLogRing};
    tx_ = {Take(64 << kLogRing, false), kLogRing};
    legacy_ = {Take(16 << kLogLegacy, false), kLogLegacy};
    ntf_ = {Take(kNtfBytes << p_.log_ntf, true), p_.log_ntf};
    hw_.OnInterrupt(0, [this] { Interrupt(); });
    hw_.WriteReg(kMaxFrame, p_.legacy_bytes);
    hw_.WriteReg(kIrqCount, p_.irq_count);
    hw_.WriteReg(kIrqDelay, p_.irq_delay_us);
    Enable(0, cmd_);
    Enable(1, tx_);
    Enable(2, legacy_);
    Enable(3, ntf_);
    for (uint32_t i = 0; i < p_.legacy_buffers; ++i) PostLegacy(i);
    Doorbell(2, legacy_.index);
  }

  // A frame, as it is; false: no room.
  bool Send(std::span<const uint8_t> frame) {
    if (on_way_ == kTxSlots - 1) return false;
    const sw::PhysAddr at = tx_memory_ + uint64_t{tx_.index} * p_.legacy_bytes;
    std::memcpy(hw_.Memory(at, frame.size()).data(), frame.data(), frame.size());
    TxDesc d{};
    d.op = static_cast<U8>(Tx::TxRaw);
    d.n_pieces = 1;
    d.piece0 = Piece{.size = static_cast<U32>(frame.size()), .addr = at.raw()};
    Put(tx_, d);
    ++on_way_;
    Doorbell(1, tx_.index);
    return true;
  }

 private:
  using RingRegs = handoff_ring_t;
  static constexpr uint32_t kMaxFrame = offsetof(handoff_t, max_frame),
                            kIrqCount = offsetof(handoff_t, irq_count),
                            kIrqDelay = offsetof(handoff_t, irq_delay_us),
                            kRing = offsetof(handoff_t, ring);
  static constexpr uint32_t kLogRing = 8, kTxSlots = 1 << kLogRing, kLogLegacy = 11;
  struct Ring {
    sw::PhysAddr base;
    uint32_t log_size = 0;
    uint32_t index = 0;
    uint32_t mask() const { return (1u << log_size) - 1; }
  };

  sw::PhysAddr Take(size_t bytes, bool writable) {
    const sw::PhysAddr addr = hw_.Allocate(bytes, 4096, sw::Owner::kDriver);
    hw_.Grant(addr, bytes, writable);
    return addr;
  }
  static uint32_t RingAt(uint32_t i) { return kRing + i * static_cast<uint32_t>(sizeof(RingRegs)); }
  void Enable(uint32_t i, const Ring& ring) {
    const uint32_t at = RingAt(i);
    hw_.WriteReg(at + offsetof(RingRegs, base_lo), static_cast<uint32_t>(ring.base.raw()));
    hw_.WriteReg(at + offsetof(RingRegs, base_hi), static_cast<uint32_t>(ring.base.raw() >> 32));
    hw_.WriteReg(at + offsetof(RingRegs, size), ring.log_size);
    hw_.WriteReg(at + offsetof(RingRegs, enable), 1);
  }
  void Doorbell(uint32_t i, uint32_t index) {
    hw_.Charge(sw::Cost::kMmioWrite);
    hw_.WriteReg(RingAt(i) + offsetof(RingRegs, index), index);
  }
  template <class Desc>
  void Put(Ring& ring, const Desc& desc) {
    uint64_t words[Desc::kWords];
    desc.Pack(words);
    const std::span<uint8_t> to = hw_.Memory(ring.base + ring.index * sizeof words, sizeof words);
    std::memcpy(to.data(), words, sizeof words);
    ring.index = (ring.index + 1) & ring.mask();
  }
  void PostLegacy(uint64_t tag) {
    Put(legacy_, LegacyDesc{.tag = tag, .addr = (legacy_memory_ + tag * p_.legacy_bytes).raw()});
  }

  void Interrupt() {
    hw_.Charge(sw::Cost::kInterrupt);
    uint32_t posted = 0;
    const uint32_t from = ntf_.index;
    while (true) {
      uint64_t words[Ntf::kWords];
      const sw::PhysAddr at = ntf_.base + uint64_t{ntf_.index} * kNtfBytes;
      std::memcpy(words, hw_.Memory(at, kNtfBytes).data(), kNtfBytes);
      const Ntf ntf = Ntf::Unpack(words);
      if (ntf.phase != phase_) break;
      hw_.Charge(sw::Cost::kNotification);
      ntf_.index = (ntf_.index + 1) & ntf_.mask();
      if (ntf_.index == 0) phase_ = !phase_;
      if (ntf.kind == NtfKind::NtfLegacyFrame) {
        if (on_frame)
          on_frame(ntf, hw_.Memory(legacy_memory_ + ntf.tag * p_.legacy_bytes, ntf.len));
        PostLegacy(ntf.tag);
        ++posted;
      } else {
        if (ntf.kind == NtfKind::NtfSent) --on_way_;
        if (on_other) on_other(ntf);
      }
    }
    if (posted != 0) Doorbell(2, legacy_.index);
    if (from != ntf_.index) Doorbell(3, ntf_.index);
  }

  sw::Hw& hw_;
  const Params p_;
  sw::PhysAddr legacy_memory_, tx_memory_;
  Ring cmd_, tx_, legacy_, ntf_;
  uint32_t on_way_ = 0;
  bool phase_ = true;
};

}  // namespace handoff
