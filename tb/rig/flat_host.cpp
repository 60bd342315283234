// SPDX-License-Identifier: Apache-2.0
#include "tb/rig/flat_host.h"

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <new>

#include "gen/handoff_regs.h"

namespace handoff {
namespace {

using RingRegs = handoff_ring_t;
constexpr uint16_t kMaxFrameReg = offsetof(handoff_t, max_frame), kRing = offsetof(handoff_t, ring),
                   kStride = sizeof(RingRegs), kCounter = offsetof(handoff_t, counter);
constexpr uint16_t kBaseLo = offsetof(RingRegs, base_lo), kSize = offsetof(RingRegs, size),
                   kEnable = offsetof(RingRegs, enable), kIndex = offsetof(RingRegs, index);
enum RingNumber : uint16_t { kRingCmd, kRingTx, kRingLegacy, kRingNtf };

}  // namespace

FlatHost::FlatHost(EngineCore& core, const Params& params)
    : core_(core), p_(params), memory_(static_cast<uint8_t*>(std::calloc(kMemory, 1)), std::free) {
  if (!memory_) throw std::bad_alloc();
}

uint8_t* FlatHost::Memory(uint64_t addr, size_t bytes) {
  if (addr + bytes > kMemory) throw std::runtime_error("access outside the host's memory");
  return memory_.get() + addr;
}

void FlatHost::Store(uint64_t addr, const Bytes& bytes) {
  std::memcpy(Memory(addr, bytes.size()), bytes.data(), bytes.size());
}

Bytes FlatHost::Load(uint64_t addr, size_t bytes) {
  const uint8_t* from = Memory(addr, bytes);
  return Bytes(from, from + bytes);
}

void FlatHost::WriteReg(uint16_t addr, uint32_t value) {
  core_.csr.Push({.cycle = core_.cycle(), .id = 0, .write = true, .addr = addr, .data = value});
}

uint32_t FlatHost::ReadReg(uint16_t addr) {
  const uint64_t id = next_id_++;
  core_.csr.Push({.cycle = core_.cycle(), .id = id, .write = false, .addr = addr});
  uint32_t value = 0;
  Until(
      [&] {
        for (const AxiLiteMaster::Result& r : core_.csr.results) {
          if (r.id == id) {
            value = r.data;
            return true;
          }
        }
        return false;
      },
      "a register read is answered");
  core_.csr.results.clear();
  return value;
}

uint64_t FlatHost::Counter(uint32_t index) {
  const uint64_t low = ReadReg(static_cast<uint16_t>(kCounter + 8 * index));
  return low | uint64_t{ReadReg(static_cast<uint16_t>(kCounter + 8 * index + 4))} << 32;
}

void FlatHost::Start(uint32_t legacy) {
  const struct {
    uint64_t base;
    uint32_t log_size;
  } rings[] = {
      {kCmdRing, kLogCmd}, {kTxRing, kLogTx}, {kLegacyRing, p_.log_legacy}, {kNtfRing, p_.log_ntf}};
  WriteReg(kMaxFrameReg, p_.max_frame);
  for (uint16_t i = 0; i < 4; ++i) {
    const auto at = static_cast<uint16_t>(kRing + i * kStride);
    WriteReg(at + kBaseLo, static_cast<uint32_t>(rings[i].base));
    WriteReg(at + kSize, rings[i].log_size);
    WriteReg(at + kEnable, 1);
  }
  PostLegacy(legacy);
  // Out of reset, tables cleared, descriptors fetched.
  Run(8192);
  Until([this] { return core_.AllQuiet(); }, "tables are cleared");
}

void FlatHost::PostLegacy(uint32_t count) {
  for (uint32_t i = 0; i < count; ++i) {
    const uint64_t tag = legacy_index_;
    Put(kLegacyRing, p_.log_legacy, &legacy_index_,
        LegacyDesc{.tag = tag, .addr = LegacyAddr(tag)});
  }
  told_legacy_ = legacy_index_;
  WriteReg(kRing + kRingLegacy * kStride + kIndex, legacy_index_);
}

void FlatHost::CommandsReady() { WriteReg(kRing + kRingCmd * kStride + kIndex, cmd_index_); }

void FlatHost::Transmit(const TxDesc& desc) {
  Put(kTxRing, kLogTx, &tx_index_, desc);
  WriteReg(kRing + kRingTx * kStride + kIndex, tx_index_);
}

void FlatHost::Run(uint64_t cycles) {
  while (cycles > 0) {
    uint64_t now = std::min(cycles, p_.chunk_cycles);
    if (core_.AllQuiet()) {  // nothing comes out of a quiet stretch
      now = std::min(cycles, std::max(now, core_.NextCycle() - core_.cycle()));
    }
    core_.Run(now);
    cycles -= now;
    if (core_.mismatch()) {
      const CoreMismatch& m = *core_.mismatch();
      throw std::runtime_error("cycle " + std::to_string(m.cycle) + ", unit " + m.unit + ":\n" +
                               m.text);
    }
    if (!core_.dma.errors.empty()) throw std::runtime_error(core_.dma.errors.front());
    Serve();
  }
}

void FlatHost::Serve() {
  for (const Upstream& u : core_.dma.upstream) {
    switch (u.kind) {
      case Upstream::Kind::kWrite:
        std::memcpy(Memory(u.addr, u.data.size()), u.data.data(), u.data.size());
        break;
      case Upstream::Kind::kRead:
        core_.dma.Complete({.cycle = core_.cycle() + p_.read_latency_cycles,
                            .tag = u.tag,
                            .addr = u.addr,
                            .data = Load(u.addr, u.bytes)});
        break;
      case Upstream::Kind::kMsix:
        ++interrupts;
        break;
      case Upstream::Kind::kRegister:
        break;
    }
    core_.dma.ReturnCredits(core_.cycle() + p_.read_latency_cycles, u.credits);
  }
  core_.dma.upstream.clear();
  for (TxSink::Frame& frame : core_.tx.frames) sent.push_back(std::move(frame));
  core_.tx.frames.clear();
  ReadNotifications();
}

void FlatHost::ReadNotifications() {
  const uint32_t mask = (1u << p_.log_ntf) - 1;
  while (true) {
    uint64_t words[Ntf::kWidth / 64];
    std::memcpy(words, Memory(kNtfRing + ntf_index_ * kNtfBytes, kNtfBytes), kNtfBytes);
    const Ntf ntf = Ntf::Unpack(words);
    if (ntf.phase != phase_) break;
    ntf_index_ = (ntf_index_ + 1) & mask;
    if (ntf_index_ == 0) phase_ = !phase_;
    const bool legacy =
        ntf.kind == NtfKind::NtfLegacyFrame || ntf.kind == NtfKind::NtfLegacyPayload;
    if (legacy && recycle) {
      Put(kLegacyRing, p_.log_legacy, &legacy_index_,
          LegacyDesc{.tag = ntf.tag, .addr = LegacyAddr(ntf.tag)});
    }
    notifications.push_back(ntf);
  }
  // Doorbells now and then, as a driver does.
  const uint32_t read = (ntf_index_ - told_ntf_) & mask;
  if (read >= (mask + 1) / 8) {
    told_ntf_ = ntf_index_;
    WriteReg(kRing + kRingNtf * kStride + kIndex, ntf_index_);
  }
  const uint32_t legacy_mask = (1u << p_.log_legacy) - 1;
  if (((legacy_index_ - told_legacy_) & legacy_mask) >= 32) {
    told_legacy_ = legacy_index_;
    WriteReg(kRing + kRingLegacy * kStride + kIndex, legacy_index_);
  }
}

}  // namespace handoff
