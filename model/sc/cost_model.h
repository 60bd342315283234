// SPDX-License-Identifier: Apache-2.0
//
// What host software costs in processor time. Defaults are measured figures of servers with Linux's
// own stack, from the sources named; a scenario may set others. They are there so that a run says
// what delegation saves: trust the ratio, not the figure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "sw/hw.h"

namespace handoff {

struct CostModel {
  // A posted write to an uncached register, with the barrier before it: it waits until earlier
  // stores have left the store buffer, some hundred cycles. An assumption of 100 ns, of the order
  // given for doorbells by Kalia, Kaminsky and Andersen, "Design Guidelines for High Performance
  // RDMA Systems", USENIX ATC 2016.
  uint64_t mmio_write_ps = 100000;
  // Delivery, entry, acknowledgement and return of an interrupt: direct cost of about 1 us on
  // server processors, measured by Tsafrir, "The context-switch overhead inflicted by hardware
  // interrupts", ExpCS 2007, and of the same order since.
  uint64_t interrupt_ps = 1000000;
  // A descriptor that DMA has put into the last-level cache: one miss of the inner caches and some
  // bookkeeping. An assumption: 50 ns, about 150 cycles.
  uint64_t notification_ps = 50000;
  // Receive path of the Linux network stack, per packet: 1.26 us, table 1 of Peter et al.,
  // "Arrakis: The Operating System is the Control Plane", OSDI 2014 (its send path: 1.05 us).
  uint64_t segment_ps = 1260000;
  // Copy from a buffer that DMA wrote to the application's: 10 GB/s, single core. An assumption of
  // the order of STREAM's results for one core; Cai et al., "Understanding Host Network Stack
  // Overheads", SIGCOMM 2021, find this copy to be the largest part of receiving at 100 Gb/s.
  uint64_t copy_byte_ps = 100;
  // System call and return: 0.10 us + 0.10 us, the same table 1.
  uint64_t syscall_ps = 200000;

  uint64_t Of(sw::Cost what) const {
    switch (what) {
      case sw::Cost::kMmioWrite:
        return mmio_write_ps;
      case sw::Cost::kInterrupt:
        return interrupt_ps;
      case sw::Cost::kNotification:
        return notification_ps;
      case sw::Cost::kSegment:
        return segment_ps;
      case sw::Cost::kCopyByte:
        return copy_byte_ps;
      case sw::Cost::kSyscall:
        return syscall_ps;
    }
    return 0;
  }
};

inline constexpr size_t kCosts = 6;
struct CostCount {
  uint64_t count = 0, ps = 0;
};
using CostCounts = std::array<CostCount, kCosts>;  // by sw::Cost

const char* ToString(sw::Cost what);

}  // namespace handoff
