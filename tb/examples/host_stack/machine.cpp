// SPDX-License-Identifier: Apache-2.0
#include "machine.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <new>
#include <stdexcept>

#include "gen/handoff_regs.h"

using namespace handoff;

namespace {

constexpr Micros kBus{1}, kInterrupt{2};
constexpr uint32_t kRings = offsetof(handoff_t, ring), kStride = sizeof(handoff_ring_t);

}  // namespace

sw::TimerHandle Clock::After(Micros delay, std::function<void()> callback) {
  pending_[{now_ + std::max(delay, Micros(0)), ++last_}] = std::move(callback);
  return last_;
}

void Clock::Cancel(sw::TimerHandle handle) {
  std::erase_if(pending_, [handle](const auto& timer) { return timer.first.second == handle; });
}

bool Clock::Step() {
  if (pending_.empty()) return false;
  const auto next = pending_.extract(pending_.begin());
  now_ = next.key().first;
  next.mapped()();
  return true;
}

// --- Memory ---

sw::PhysAddr Machine::Allocate(size_t bytes, size_t align, sw::Owner) {
  const uint64_t addr = (free_ + align - 1) / align * align;
  if (addr + bytes > memory_.size()) throw std::bad_alloc();
  free_ = addr + bytes;
  return sw::PhysAddr(addr);
}

std::span<uint8_t> Machine::Memory(sw::PhysAddr addr, size_t bytes) {
  if (addr.raw() + bytes > memory_.size()) throw std::out_of_range("no memory there");
  return std::span(memory_).subspan(addr.raw(), bytes);
}

// --- Registers: a write takes effect after the bus, a read's answer comes after it twice ---

void Machine::WriteReg(uint32_t offset, uint32_t value) {
  clock_.After(kBus, [this, offset, value] {
    registers_[offset] = value;
    if (offset == kRings + kTransmit * kStride + offsetof(handoff_ring_t, index)) Transmit();
  });
}

void Machine::ReadReg(uint32_t offset, std::function<void(sw::ReadResult)> done) {
  clock_.After(kBus * 2, [this, offset, done = std::move(done)] {
    switch (offset) {
      case offsetof(handoff_t, ident):
        return done({true, HANDOFF__IDENT__VALUE_reset});
      case offsetof(handoff_t, build):
        return done({true, 1024 | 16 << 17 | 64 << 24});  // entries, slots, bytes in a beat
      default:
        return done({true, registers_[offset]});
    }
  });
}

// --- The card: four rings, as docs/design.md has them ---

uint32_t& Machine::Register(Ring ring, size_t which) {
  return registers_[kRings + ring * kStride + static_cast<uint32_t>(which)];
}

bool Machine::Empty(Ring ring) {
  return Register(ring, offsetof(handoff_ring_t, enable)) == 0 ||
         at_[ring] == Register(ring, offsetof(handoff_ring_t, index));
}

// The card's next entry in a ring, which it is then through with.
std::span<uint8_t> Machine::Next(Ring ring, size_t bytes) {
  const uint64_t base = Register(ring, offsetof(handoff_ring_t, base_lo)) |
                        uint64_t{Register(ring, offsetof(handoff_ring_t, base_hi))} << 32;
  const uint32_t entry = at_[ring];
  at_[ring] = (entry + 1) & ((1u << Register(ring, offsetof(handoff_ring_t, size))) - 1);
  return Memory(sw::PhysAddr(base + entry * bytes), bytes);
}

void Machine::Transmit() {
  while (!Empty(kTransmit)) {
    uint64_t words[TxDesc::kWords];
    std::memcpy(words, Next(kTransmit, sizeof words).data(), sizeof words);
    const TxDesc desc = TxDesc::Unpack(words);
    const auto bytes = Memory(sw::PhysAddr(desc.piece0.addr), desc.piece0.size);
    on_send({bytes.begin(), bytes.end()});
    Notify(Ntf{.kind = NtfKind::NtfSent, .tag = desc.tag});
  }
}

void Machine::Receive(std::span<const uint8_t> frame) {
  if (Empty(kLegacy)) return;  // no buffer: the frame is lost
  uint64_t words[LegacyDesc::kWords];
  std::memcpy(words, Next(kLegacy, sizeof words).data(), sizeof words);
  const LegacyDesc buffer = LegacyDesc::Unpack(words);
  std::memcpy(Memory(sw::PhysAddr(buffer.addr), frame.size()).data(), frame.data(), frame.size());
  Ntf ntf;
  ntf.kind = NtfKind::NtfLegacyFrame;
  ntf.code = static_cast<uint8_t>(Reason::ReasonNoEntry);
  ntf.tag = buffer.tag;
  ntf.len = static_cast<uint16_t>(frame.size());
  Notify(ntf);
}

void Machine::Notify(Ntf ntf) {
  ntf.phase = phase_;
  uint64_t words[Ntf::kWords];
  ntf.Pack(words);
  std::memcpy(Next(kNotifications, sizeof words).data(), words, sizeof words);
  if (at_[kNotifications] == 0) phase_ = !phase_;
  clock_.After(kInterrupt, [this] { interrupt_(); });
}
