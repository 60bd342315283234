// SPDX-License-Identifier: Apache-2.0
//
// The processor of one host, for the software above sw/hw.h: registers over TLM, physical memory,
// timers, interrupts, and time. One thing runs at a time: a piece of software (an interrupt's
// handler, a timer's or a read's callback, what Run() was given) starts when those before it have
// ended, and each ends later by what it was charged.
//
//   event   |--interrupt latency--|        start = later of the two
//   processor ====busy with others====|===handler===|   what the handler writes leaves when it
//   wrote it
#pragma once

#include "model/pcie/tlp.h"  // before the sockets: it includes <systemc>

#include <tlm_utils/simple_initiator_socket.h>
#include <tlm_utils/simple_target_socket.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "model/clock.h"
#include "model/event/ordered_queue.h"
#include "model/event/run_status.h"
#include "model/memory/iommu.h"
#include "model/memory/physical_memory.h"
#include "model/pcie/msix.h"
#include "model/sc/cost_model.h"
#include "sw/hw.h"

namespace handoff {

class HostModule : public sc_core::sc_module, public sw::Hw {
 public:
  struct Params {
    CostModel costs;
    // From the message's arrival to the handler, the processor idle: waking and vectoring. An
    // assumption: 1 us, beside the cost of the interrupt itself.
    uint64_t interrupt_latency_ns = 1000;
  };
  // What applications said that they read (NoteRead), in bytes.
  struct Reads {
    uint64_t user = 0;    // DMA wrote them into the application's memory
    uint64_t legacy = 0;  // DMA wrote them into the driver's or kernel's memory
    uint64_t copied = 0;  // no device ever could: the processor put them there
    uint64_t again = 0;   // of the first two: not written again since they were last read
  };

  HostModule(sc_core::sc_module_name name, const Params& params, OrderedQueue& queue,
             PhysicalMemory& memory, Iommu& iommu, RunStatus& status);

  // registers_out: register accesses, for a RootComplex's processor_in. interrupts_in: interrupt
  // messages by b_transport, from its interrupts_out. Rules: model/pcie/tlp.h.
  tlm_utils::simple_initiator_socket<HostModule, 32, PcieProtocol> registers_out;
  tlm_utils::simple_target_socket<HostModule, 32, PcieProtocol> interrupts_in;

  // Runs a piece of software as soon as the processor is free.
  void Run(std::function<void()> software);

  // --- sw::Hw. Register accesses need a running simulation: make them from software, the first
  // from what Run() was given. Nothing charges itself: the software charges what it does.
  void WriteReg(uint32_t offset, uint32_t value) override;
  void ReadReg(uint32_t offset, std::function<void(sw::ReadResult)> done) override;
  sw::PhysAddr Allocate(size_t bytes, size_t align, sw::Owner owner) override;
  // While the engine may reach it, the run fails and the memory stays.
  void Free(sw::PhysAddr addr) override;
  std::span<uint8_t> Memory(sw::PhysAddr addr, size_t bytes) override;
  void Grant(sw::PhysAddr addr, size_t bytes, bool writable) override;
  // Takes back one grant of exactly these bytes.
  void Revoke(sw::PhysAddr addr, size_t bytes) override;
  // Without a handler: masks the vector.
  void OnInterrupt(uint32_t vector, std::function<void()> handler) override;
  void MaskInterrupt(uint32_t vector, bool masked) override;
  void Charge(sw::Cost what, uint64_t count = 1) override;
  // Once for each byte, where DMA wrote it (not where the processor copied it to). A byte of memory
  // that the engine could write and did not fails the run.
  void NoteRead(sw::PhysAddr addr, size_t bytes, std::string_view connection) override;

  sw::Micros Now() const override { return sw::Micros(static_cast<int64_t>(now_ps() / kPsPerUs)); }
  sw::TimerHandle After(sw::Micros delay, std::function<void()> callback) override;
  void Cancel(sw::TimerHandle handle) override;

  // Time as the software that runs sees it.
  uint64_t now_ps() const;
  // The processor's time: spent, by what for; and how much of it was anything at all.
  const CostCounts& costs() const { return costs_; }
  uint64_t busy_ps() const { return busy_ps_; }
  uint64_t interrupts_taken() const { return interrupts_taken_; }
  const std::map<std::string, Reads, std::less<>>& reads() const { return reads_; }

 private:
  using Payload = tlm::tlm_generic_payload;

  void Kick();
  void RunNext();
  void WriteBar(uint64_t addr, uint32_t value);
  void Issue(Tlp& tlp);
  void TakeMessage(Payload& tlp, sc_core::sc_time& delay);
  tlm::tlm_sync_enum ReadDone(Payload& tlp, tlm::tlm_phase& phase, sc_core::sc_time& delay);

  const Params params_;
  OrderedQueue& queue_;
  PhysicalMemory& memory_;
  Iommu& iommu_;
  RunStatus& status_;
  OrderedQueue::Component processor_, timers_, messages_;
  TlpPool tlps_;
  std::deque<std::function<void()>> ready_;  // software that may run, in order
  bool running_ = false;                     // inside a piece of software
  bool scheduled_ = false;                   // RunNext is posted
  uint64_t free_ps_ = 0;  // the processor is free from then on; running: what it has come to
  uint64_t busy_ps_ = 0;
  CostCounts costs_{};
  uint64_t interrupts_taken_ = 0;
  std::map<uint32_t, std::function<void()>> handlers_;
  std::unordered_map<uint64_t, std::function<void(sw::ReadResult)>> register_reads_;
  uint64_t next_read_ = 1;
  struct Timer {
    std::function<void()> callback;
    OrderedQueue::Handle event = 0;
  };
  std::unordered_map<sw::TimerHandle, Timer> pending_timers_;
  sw::TimerHandle next_timer_ = 1;
  std::map<std::string, Reads, std::less<>> reads_;
};

}  // namespace handoff
