// SPDX-License-Identifier: Apache-2.0
//
// The engine in SystemC: TLM-2.0 sockets around an EngineCore, with the PCIe endpoint in front of
// it. The core runs a quantum of cycles at a time, ahead of the clock; what it emits leaves with
// the time of its cycle, and what comes in has been on its way for longer than a quantum, so that
// no result depends on the quantum. While nothing is due the module sleeps.
//
// 0     T                T + quantum      a cause at t >= T reaches the engine at t + latency or
// |-----|== core runs ==>|                later: after T + quantum, as latency >= quantum + 2
// cycles
#pragma once

#include "model/pcie/tlp.h"  // before the sockets: it includes <systemc>

#include <tlm_utils/simple_initiator_socket.h>
#include <tlm_utils/simple_target_socket.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>

#include "model/core/engine_core.h"
#include "model/event/ordered_queue.h"
#include "model/event/run_status.h"
#include "model/link/frame.h"
#include "model/pcie/endpoint.h"

namespace handoff {

// Cycles that a module may run ahead when nothing reaches it sooner than this; 0 if none. Two are
// kept back: devices set pins a cycle before they count, and times are rounded to picoseconds.
uint64_t LargestQuantum(uint64_t least_latency_ps);

class handoff_engine_sc : public sc_core::sc_module {
 public:
  struct Params {
    PcieParams pcie;
    uint64_t quantum = 64;             // cycles; no more than LargestQuantum allows
    uint64_t link_delay_ps = 1000000;  // the least time of a frame to the engine
    uint16_t requester = 0x0100;       // bus 1, device 0, function 0
  };

  // Throws std::invalid_argument when latencies are too short for any quantum.
  handoff_engine_sc(sc_core::sc_module_name name, std::unique_ptr<EngineCore> core,
                    const Params& params, OrderedQueue& queue, RunStatus& status);
  SC_HAS_PROCESS(handoff_engine_sc);

  // The sockets, in and out as the engine sees it. The rules of PcieProtocol are in
  // model/pcie/tlp.h, those of FrameProtocol in model/link/frame.h.
  //
  // registers_in: 32-bit accesses to BAR0 (gen/handoff_regs.h) and BAR2 (model/pcie/msix.h), at the
  // addresses of model/pcie/params.h. They are done in order. One that hits no register of BAR0
  // ends with kCompleterAbort, one of another size or address with kUnsupportedRequest.
  tlm_utils::simple_target_socket<handoff_engine_sc, 32, PcieProtocol> registers_in;
  // dma_out: the engine's reads and writes of host memory, at bus addresses, and its MSI-X
  // messages, which are writes of 4 bytes to the address that the table holds. A read's tag is free
  // again with its response, which has as many bytes as were asked for, with an error too; the
  // engine then sees SLVERR.
  tlm_utils::simple_initiator_socket<handoff_engine_sc, 32, PcieProtocol> dma_out;
  // link_out, link_in: the frames that the engine sends and receives.
  tlm_utils::simple_initiator_socket<handoff_engine_sc, 32, FrameProtocol> link_out;
  tlm_utils::simple_target_socket<handoff_engine_sc, 32, FrameProtocol> link_in;

  // The engine's pins; they change a PCIe latency from now. `done` runs when the reset is complete.
  void SetLinkUp(bool up);
  void ResetFunction(std::function<void()> done = {});

  // Runs the core up to the present: before the end of a run is looked at.
  void CatchUp();

  EngineCore& core() { return *core_; }
  const EngineCore& core() const { return *core_; }
  MsixTable& msix() { return msix_; }
  uint64_t quantum() const { return quantum_; }
  bool quantum_clamped() const { return quantum_ < params_.quantum; }
  uint64_t activations() const { return activations_; }  // of the SystemC process

 private:
  using Payload = tlm::tlm_generic_payload;

  void Step();
  void Collect();
  void CollectFrames();
  void CollectRegisters();
  void CollectUpstream();
  void SendUpstream(Tlp& tlp, uint64_t arrival_ps);
  void SendMessage(const MsixTable::Message& message, const PcieCredits& credits);
  void RaiseVector(uint32_t vector, const PcieCredits& credits);
  void AccessMsix(Payload& tlp, uint16_t offset);
  void AnswerRegister(Payload& tlp, tlm::tlm_phase phase, uint64_t ps);
  void Push();

  tlm::tlm_sync_enum RegisterAccess(Payload& tlp, tlm::tlm_phase& phase, sc_core::sc_time& delay);
  tlm::tlm_sync_enum RootAnswers(Payload& tlp, tlm::tlm_phase& phase, sc_core::sc_time& delay);
  tlm::tlm_sync_enum ReceiveFrame(Payload& frame, tlm::tlm_phase& phase, sc_core::sc_time& delay);

  uint64_t now_ps() const { return queue_.now_ps(); }

  std::unique_ptr<EngineCore> core_;
  const Params params_;
  const uint64_t quantum_;
  OrderedQueue& queue_;
  RunStatus& status_;
  OrderedQueue::Component raises_, msix_accesses_, credits_, resets_;
  TlpPool tlps_;
  FramePool frames_;
  MsixTable msix_;
  // Register accesses inside the core, in order: all of them, and reads whose answer is on its way.
  std::deque<Payload*> accesses_, answers_;
  std::deque<std::function<void()>> reset_done_;
  sc_core::sc_event pushed_;
  bool asleep_ = false;
  uint64_t activations_ = 0;
};

}  // namespace handoff
