// SPDX-License-Identifier: Apache-2.0
#include "sw/driver/ring.h"

#include <algorithm>
#include <cstddef>

#include "gen/handoff_regs.h"

namespace handoff::driver {
namespace {

constexpr size_t kRingAlign = 4096;

}  // namespace

Ring::Ring(Hw& hw, RingId id, unsigned log_size, uint32_t entry_bytes, bool writable)
    : hw_(hw),
      id_(id),
      log_size_(log_size),
      entry_words_(entry_bytes / 8),
      bytes_(size_t{entry_bytes} << log_size),
      base_(hw.Allocate(bytes_, kRingAlign, sw::Owner::kDriver)) {
  words_ = {reinterpret_cast<uint64_t*>(hw.Memory(base_, bytes_).data()), bytes_ / 8};
  hw_.Grant(base_, bytes_, writable);
}

Ring::~Ring() {
  hw_.Revoke(base_, bytes_);
  hw_.Free(base_);
}

uint32_t Ring::Register(uint32_t offset) const {
  return static_cast<uint32_t>(offsetof(handoff_t, ring) +
                               static_cast<size_t>(id_) * sizeof(handoff_ring_t)) +
         offset;
}

std::string Ring::Name(const char* reg) const {
  return "ring[" + std::to_string(static_cast<unsigned>(id_)) + "]." + reg;
}

void Ring::Configure(CheckedRegisters& registers) {
  using Regs = handoff_ring_t;
  registers.Write(Name("base_lo"), Register(offsetof(Regs, base_lo)),
                  static_cast<uint32_t>(base_.raw()));
  registers.Write(Name("base_hi"), Register(offsetof(Regs, base_hi)),
                  static_cast<uint32_t>(base_.raw() >> 32));
  registers.Write(Name("size"), Register(offsetof(Regs, size)), log_size_);
}

void Ring::Enable(CheckedRegisters& registers) {
  std::fill(words_.begin(), words_.end(), 0);
  registers.Write(Name("enable"), Register(offsetof(handoff_ring_t, enable)), 1);
  WriteIndex(0);
}

// Not read back: it moves on, and no read belongs on the way of every doorbell.
void Ring::WriteIndex(uint32_t index) {
  hw_.Charge(sw::Cost::kMmioWrite);
  hw_.WriteReg(Register(offsetof(handoff_ring_t, index)), index);
}

void ProducerRing::Enable(CheckedRegisters& registers) {
  producer_ = told_ = used_ = 0;
  ring_.Enable(registers);
}

void ProducerRing::Put(std::span<const uint64_t> entry) {
  std::copy(entry.begin(), entry.end(), ring_.Entry(producer_).begin());
  producer_ = ring_.Next(producer_);
  ++used_;
}

void ProducerRing::RingDoorbell() {
  if (told_ == producer_) return;
  told_ = producer_;
  ring_.WriteIndex(producer_);
}

}  // namespace handoff::driver
