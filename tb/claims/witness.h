// SPDX-License-Identifier: Apache-2.0
//
// Sees all of a run that hardware could see: each frame on the wire at the engine's port, and each
// byte that the engine reads or writes by DMA. What the driver told the engine is known from the
// rings as the engine itself has read them, not from what the software says that it did.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <vector>

#include "gen/handoff_pkg.h"
#include "model/link/link.h"
#include "model/memory/iommu.h"
#include "model/memory/physical_memory.h"
#include "sim/run/dissect.h"
#include "sw/driver/ring.h"

namespace handoff::system {

class Witness {
 public:
  struct Frame {
    uint64_t ps = 0;
    bool to_peer = false;  // left the engine; else arrived there
    std::vector<uint8_t> bytes;
    std::optional<TcpFrame> tcp;  // points into `bytes`

    uint32_t payload() const {
      return tcp ? static_cast<uint32_t>(tcp->segment.payload.size()) : 0;
    }
  };
  struct Dma {
    uint64_t ps = 0;
    AccessKind kind = AccessKind::kWrite;
    uint64_t addr = 0;
    sw::Owner owner = sw::Owner::kKernel;  // of the memory
    std::vector<uint8_t> bytes;

    uint64_t end() const { return addr + bytes.size(); }
  };
  struct Command {
    using Slot = std::array<uint64_t, 8>;

    uint64_t ps = 0;
    CmdKind kind = CmdKind::CmdNone;
    Slot first{}, second{};  // the second one only of SETUP

    template <class Desc>
    Desc As() const {
      return Desc::Unpack(first.data());
    }
  };
  // Where the engine may write, by the descriptors that it has read.
  enum class Target : uint8_t { kUserBuffer, kLegacyBuffer, kNotifications, kElsewhere };

  // `link`'s end A is the engine.
  Witness(Link& link, Iommu& iommu, const PhysicalMemory& memory);
  // Once the driver has programmed them: where the rings lie.
  void SetRings(const std::array<uint64_t, 4>& bases, uint32_t legacy_buffer_bytes);

  std::vector<Command> Commands(CmdKind kind) const;
  std::vector<LegacyDesc> LegacyBuffers() const;
  // From the access of this number on. A place counts from when the engine has read of it.
  std::vector<Dma> WritesTo(Target target, size_t from = 0) const;

  const std::deque<Frame>& frames() const { return frames_; }
  const std::deque<Dma>& dma() const { return dma_; }

  std::function<void(const Frame&)> on_frame;

 private:
  void Hear(uint64_t ps, bool to_peer, const std::vector<uint8_t>& bytes);
  bool InRing(const Dma& access, driver::RingId id) const {
    const PhysicalMemory::Region& ring = rings_[static_cast<size_t>(id)];
    return access.addr >= ring.begin && access.addr < ring.end;
  }

  const PhysicalMemory& memory_;
  std::deque<Frame> frames_;
  std::deque<Dma> dma_;
  std::array<PhysicalMemory::Region, 4> rings_{};
  uint32_t legacy_buffer_bytes_ = 0;
};

uint64_t TotalBytes(const std::vector<Witness::Dma>& accesses);

}  // namespace handoff::system
