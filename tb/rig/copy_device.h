// SPDX-License-Identifier: Apache-2.0
//
// Something small with the engine's pins, for tests of what stands around the engine: a copying
// device with registers. Register offsets, all 32 bits:
//   0x00 scratch
//   0x10 src, 0x14 src high, 0x18 dst, 0x1c dst high, 0x20 bytes
//   0x24 start: kPattern | vector << 8 writes a pattern, kCopy | vector << 8 copies src to dst;
//        then the vector is raised
//   0x30 rx ring, 0x34 high: each good frame is written to its next 2 KiB slot, of kSlots, then
//        vector 2 is raised; and the frame is sent back
//   0x38 wake: raises vector 3 at this microsecond
//   0x40 (read) frames in, 0x44 (read) bad frames
// Anything else answers SLVERR.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gen/handoff_pkg.h"
#include "model/core/core_loop.h"
#include "model/core/engine_core.h"

namespace handoff {

class CopyDevice {
 public:
  static constexpr uint32_t kSrc = 0x10, kDst = 0x18, kBytes = 0x20, kStart = 0x24, kRing = 0x30;
  static constexpr uint32_t kWake = 0x38, kFrames = 0x40, kBadFrames = 0x44;
  static constexpr uint32_t kPattern = 1, kCopy = 2;
  static constexpr uint32_t kSlots = 64, kSlotBytes = 2048;
  static constexpr uint32_t kRxVector = 2, kWakeVector = 3;
  static uint8_t PatternByte(uint64_t i) { return static_cast<uint8_t>(i * 7 + 3); }

  struct Out {
    bool tx_valid = false;
    Axis tx{};
    bool aw_valid = false;
    AxiAddr aw{};
    bool w_valid = false;
    AxiW w{};
    bool ar_valid = false;
    AxiAddr ar{};
    bool b_ready = false;
    bool r_ready = false;
    bool s_aw_ready = false;
    bool s_w_ready = false;
    bool s_ar_ready = false;
    bool s_b_valid = false;
    AxilB s_b{};
    bool s_r_valid = false;
    AxilR s_r{};
    bool irq_valid = false;
    Irq irq{};
    bool flr_done = false;
    uint64_t wake_us = ~uint64_t{0};
    bool quiet = false;
  };

  explicit CopyDevice(const CoreParams&) {}
  static std::unique_ptr<EngineCore> Make(const CoreParams& params) {
    return std::make_unique<Core<CopyDevice>>(params);
  }

  void Bind(const EnginePins& pins) { pins_ = &pins; }
  bool Check(uint64_t, std::optional<CoreMismatch>*) const { return true; }
  bool Flip(const std::string&, uint32_t) { return false; }
  const Out& out() const { return q_; }
  void Reset() { d_ = q_ = Out(); }
  void Commit() { q_ = d_; }

  void Tick() {
    const EnginePins& p = *pins_;
    if (p.b_valid && q_.b_ready) ++b_count_;
    if (p.r_valid && q_.r_ready) TakeReadBeat(p.r);
    if (p.rx_valid) TakeFrameBeat(p.rx);
    TickRegisters(p);
    if (wake_us_ <= p.time_us) {
      irqs_.push_back({b_needed_, kWakeVector});
      wake_us_ = ~uint64_t{0};
    }
    Requests();
    Drive(tx_, p.tx_ready, &d_.tx_valid, &d_.tx);
    Drive(aw_, p.aw_ready, &d_.aw_valid, &d_.aw);
    Drive(w_, p.w_ready, &d_.w_valid, &d_.w);
    Drive(ar_, p.ar_ready, &d_.ar_valid, &d_.ar);
    if (q_.irq_valid && p.irq_ready) irqs_.pop_front();
    d_.irq_valid = !irqs_.empty() && irqs_.front().after_b <= b_count_;
    if (d_.irq_valid) d_.irq.vector = static_cast<uint8_t>(irqs_.front().vector);
    d_.b_ready = d_.r_ready = true;
    d_.flr_done = p.flr_req;
    d_.wake_us = wake_us_;
    d_.quiet = tx_.empty() && aw_.empty() && w_.empty() && ar_.empty() && irqs_.empty() &&
               frame_.empty() && copies_.empty() && b_count_ == b_needed_ && !p.rx_valid &&
               !p.r_valid && !p.b_valid && !p.s_aw_valid && !p.s_w_valid && !p.s_ar_valid &&
               !d_.s_b_valid && !d_.s_r_valid && d_.flr_done == q_.flr_done;
  }

 private:
  static constexpr uint32_t kTags = 16;
  struct Interrupt {
    uint64_t after_b;  // write answers that must be there before
    uint32_t vector;
  };
  struct Job {
    uint64_t dst = 0;
    uint32_t vector = 0;
    std::vector<uint8_t> data;
    uint64_t asked = 0, got = 0;  // bytes
    uint64_t src = 0;
    bool error = false;
  };
  struct Read {
    uint64_t offset = 0;  // in the job
    uint32_t beats = 0;
    uint32_t arrived = 0;
  };

  template <class T>
  static void Drive(std::deque<T>& queue, bool ready, bool* valid, T* payload) {
    if (*valid && ready) queue.pop_front();
    *valid = !queue.empty();
    if (*valid) *payload = queue.front();
  }

  uint64_t Wide(uint32_t reg) { return uint64_t{regs_[reg + 4]} << 32 | regs_[reg]; }

  // Bursts of whole beats, within pages, strobes exact.
  void Write(uint64_t addr, const std::vector<uint8_t>& bytes, uint32_t vector) {
    const uint64_t end = addr + bytes.size();
    uint64_t beat = addr / kDataBytes * kDataBytes;
    while (beat < end) {
      const uint64_t stop = std::min((beat / kPageBytes + 1) * kPageBytes, end);
      const auto beats = static_cast<uint32_t>((stop - beat + kDataBytes - 1) / kDataBytes);
      AxiAddr aw{};
      aw.addr = beat;
      aw.len = static_cast<uint8_t>(beats - 1);
      aw_.push_back(aw);
      for (uint32_t i = 0; i < beats; ++i, beat += kDataBytes) {
        AxiW w{};
        for (uint64_t lane = 0; lane < kDataBytes; ++lane) {
          if (beat + lane < addr || beat + lane >= end) continue;
          w.strb |= uint64_t{1} << lane;
          w.data.bytes()[lane] = bytes[beat + lane - addr];
        }
        w.last = i + 1 == beats;
        w_.push_back(w);
      }
      ++b_needed_;
    }
    irqs_.push_back({b_needed_, vector});
  }

  void Start(uint32_t value) {
    const uint32_t vector = value >> 8;
    std::vector<uint8_t> data(regs_[kBytes]);
    if ((value & 0xff) == kPattern) {
      for (size_t i = 0; i < data.size(); ++i) data[i] = PatternByte(i);
      Write(Wide(kDst), data, vector);
    } else {
      copies_.push_back({Wide(kDst), vector, std::move(data), 0, 0, Wide(kSrc)});
    }
  }

  // One job at a time, as many tags as there are.
  void Requests() {
    if (copies_.empty()) return;
    Job& job = copies_.front();
    for (uint32_t tag = 0; tag < kTags && job.asked < job.data.size(); ++tag) {
      if (reads_.count(tag) != 0) continue;
      const uint64_t block = kMaxReadBytes - (job.src + job.asked) % kMaxReadBytes;
      const uint64_t bytes = std::min<uint64_t>(block, job.data.size() - job.asked);
      const auto beats = static_cast<uint32_t>((bytes + kDataBytes - 1) / kDataBytes);
      AxiAddr ar{};
      ar.id = static_cast<uint8_t>(tag);
      ar.addr = job.src + job.asked;
      ar.len = static_cast<uint8_t>(beats - 1);
      ar_.push_back(ar);
      reads_[tag] = {job.asked, beats, 0};
      job.asked += bytes;
    }
    if (job.got < job.data.size()) return;
    if (!job.error) Write(job.dst, job.data, job.vector);
    copies_.pop_front();
  }

  // `src` is a multiple of the beat's size.
  void TakeReadBeat(const AxiR& r) {
    Job& job = copies_.front();
    Read& read = reads_.at(r.id);
    const uint64_t offset = read.offset + read.arrived * kDataBytes;
    const uint64_t bytes = std::min<uint64_t>(kDataBytes, job.data.size() - offset);
    std::memcpy(job.data.data() + offset, r.data.bytes(), bytes);
    job.error |= r.resp != 0;
    job.got += bytes;
    if (++read.arrived == read.beats) reads_.erase(r.id);
  }

  void TakeFrameBeat(const Axis& beat) {
    tx_beats_.push_back(beat);
    const uint8_t* data = beat.data.bytes();
    for (uint32_t i = 0; i < kDataBytes && (beat.keep >> i & 1) != 0; ++i) {
      frame_.push_back(data[i]);
    }
    if (!beat.last) return;
    ++regs_[beat.user ? kBadFrames : kFrames];
    if (!beat.user) {
      const uint64_t slot = (regs_[kFrames] - 1) % kSlots * kSlotBytes;
      if (Wide(kRing) != 0) Write(Wide(kRing) + slot, frame_, kRxVector);
      tx_.insert(tx_.end(), tx_beats_.begin(), tx_beats_.end());
    }
    frame_.clear();
    tx_beats_.clear();
  }

  void TickRegisters(const EnginePins& p) {
    if (q_.s_b_valid && p.s_b_ready) d_.s_b_valid = false;
    if (q_.s_r_valid && p.s_r_ready) d_.s_r_valid = false;
    const bool idle = !d_.s_b_valid && !d_.s_r_valid;
    if (p.s_aw_valid && q_.s_aw_ready && p.s_w_valid && q_.s_w_ready) {
      const uint32_t reg = p.s_aw.addr;
      const bool good = Known(reg) && reg != kFrames && reg != kBadFrames && p.s_w.strb == 0xf;
      if (good) regs_[reg] = p.s_w.data;
      if (good && reg == kStart) Start(p.s_w.data);
      if (good && reg == kWake) wake_us_ = p.s_w.data;
      d_.s_b_valid = true;
      d_.s_b.resp = good ? 0 : 2;
    } else if (p.s_ar_valid && q_.s_ar_ready) {
      const bool good = Known(p.s_ar.addr);
      d_.s_r_valid = true;
      d_.s_r.resp = good ? 0 : 2;
      d_.s_r.data = good ? regs_[p.s_ar.addr] : 0;
    }
    d_.s_aw_ready = d_.s_w_ready = d_.s_ar_ready = idle && !d_.s_b_valid && !d_.s_r_valid;
  }
  static bool Known(uint32_t reg) { return reg <= kBadFrames && reg % 4 == 0; }

  const EnginePins* pins_ = nullptr;
  Out d_, q_;
  std::map<uint32_t, uint32_t> regs_;
  std::deque<Axis> tx_;
  std::deque<AxiAddr> aw_, ar_;
  std::deque<AxiW> w_;
  std::deque<Interrupt> irqs_;
  std::deque<Job> copies_;
  std::map<uint32_t, Read> reads_;
  std::vector<uint8_t> frame_;
  std::vector<Axis> tx_beats_;
  uint64_t b_count_ = 0, b_needed_ = 0;
  uint64_t wake_us_ = ~uint64_t{0};
};

}  // namespace handoff
