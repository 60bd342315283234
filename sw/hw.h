// SPDX-License-Identifier: Apache-2.0
//
// All that host software may touch of the machine: registers behind PCIe, memory that the engine
// reaches by DMA, time, timers and interrupts. The system simulation implements it; a unit test may
// do so in a hundred lines, with no simulator behind it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>

#include "sw/timer_service.h"
#include "sw/types.h"

namespace handoff::sw {

// Whose memory a page is: the IOMMU lets the engine reach only what was granted to it.
enum class Owner : uint8_t { kKernel, kDriver, kApplication };

// What the processor spends its time on; the cost model turns it into nanoseconds.
enum class Cost : uint8_t { kMmioWrite, kInterrupt, kNotification, kSegment, kCopyByte, kSyscall };

struct ReadResult {
  bool ok = false;  // false: the completion was an error (unsupported request, SLVERR, time-out)
  uint32_t value = 0;
};

class Hw : public TimerService {
 public:
  // A posted 32-bit write to BAR0. Writes arrive in order; none is answered.
  virtual void WriteReg(uint32_t offset, uint32_t value) = 0;
  // A 32-bit read of BAR0. `done` runs when the completion arrives: never before this returns.
  virtual void ReadReg(uint32_t offset, std::function<void(ReadResult)> done) = 0;

  // Physically contiguous memory, `align` a power of two, zeroed. Throws std::bad_alloc when
  // exhausted.
  virtual PhysAddr Allocate(size_t bytes, size_t align, Owner owner) = 0;
  virtual void Free(PhysAddr addr) = 0;
  // The bytes of physical memory; throws std::out_of_range where there is none. The span stays
  // valid until the memory is freed.
  virtual std::span<uint8_t> Memory(PhysAddr addr, size_t bytes) = 0;

  // IOMMU: what the engine may reach. A DMA outside every grant fails the run.
  virtual void Grant(PhysAddr addr, size_t bytes, bool writable) = 0;
  virtual void Revoke(PhysAddr addr, size_t bytes) = 0;

  // `handler` runs for each MSI-X message of this vector, after the DMA that came before it is
  // visible.
  virtual void OnInterrupt(uint32_t vector, std::function<void()> handler) = 0;
  virtual void MaskInterrupt(uint32_t vector, bool masked) = 0;

  // Spends processor time: software that runs later starts that much later.
  virtual void Charge(Cost what, uint64_t count = 1) = 0;
  // The application read these bytes (from the engine's DMA or not): checked against the IOMMU's
  // log.
  virtual void NoteRead(PhysAddr addr, size_t bytes, std::string_view connection) = 0;
};

}  // namespace handoff::sw
