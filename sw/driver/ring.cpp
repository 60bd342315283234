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
                               static_cast<size_t>(id_) * sizeof(handoff__ringx__stride20_t)) +
         offset;
}

void Ring::WriteReg(uint32_t offset, uint32_t value) {
  hw_.Charge(sw::Cost::kMmioWrite);
  hw_.WriteReg(Register(offset), value);
}

void Ring::Enable() {
  std::fill(words_.begin(), words_.end(), 0);
  using Regs = handoff__ringx__stride20_t;
  WriteReg(offsetof(Regs, base_lo), static_cast<uint32_t>(base_.raw()));
  WriteReg(offsetof(Regs, base_hi), static_cast<uint32_t>(base_.raw() >> 32));
  WriteReg(offsetof(Regs, size), log_size_);
  WriteReg(offsetof(Regs, enable), 1);
  WriteIndex(0);
}

void Ring::WriteIndex(uint32_t index) {
  WriteReg(offsetof(handoff__ringx__stride20_t, index), index);
}

void ProducerRing::Enable() {
  producer_ = told_ = used_ = 0;
  ring_.Enable();
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
