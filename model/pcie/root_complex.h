// SPDX-License-Identifier: Apache-2.0
//
// The host's end of the PCIe link: takes the engine's DMA to memory, through the IOMMU, and its
// MSI-X messages to the processor; takes the processor's register accesses to the engine. Writes
// and messages take effect in the order in which they arrive, so whoever sees an interrupt sees the
// writes before it.
#pragma once

#include "model/pcie/tlp.h"  // before the sockets: it includes <systemc>

#include <tlm_utils/simple_initiator_socket.h>
#include <tlm_utils/simple_target_socket.h>

#include <cstdint>
#include <deque>

#include "model/event/ordered_queue.h"
#include "model/memory/iommu.h"
#include "model/pcie/params.h"
#include "model/rng.h"

namespace handoff {

class RootComplex : public sc_core::sc_module {
 public:
  using Payload = tlm::tlm_generic_payload;
  struct Counts {
    uint64_t writes = 0, reads = 0, refused = 0, interrupts = 0;
    uint64_t register_writes = 0, register_reads = 0;
    uint64_t downstream_bytes = 0;  // on the link, overheads included
  };

  RootComplex(sc_core::sc_module_name name, const PcieParams& params, OrderedQueue& queue,
              Iommu& iommu, uint64_t seed);

  // dma_in: the endpoint's memory requests and interrupt messages (its dma_out).
  tlm_utils::simple_target_socket<RootComplex, 32, PcieProtocol> dma_in;
  // registers_out: register accesses to the endpoint (its registers_in), as its credits allow.
  tlm_utils::simple_initiator_socket<RootComplex, 32, PcieProtocol> registers_out;
  // processor_in: register accesses of the processor. A read is answered by BEGIN_RESP alone, a
  // write by nothing.
  tlm_utils::simple_target_socket<RootComplex, 32, PcieProtocol> processor_in;
  // interrupts_out: b_transport of a message's data to the processor, as it arrives.
  tlm_utils::simple_initiator_socket<RootComplex, 32, PcieProtocol> interrupts_out;

  Counts counts() const;

 private:
  tlm::tlm_sync_enum FromEndpoint(Payload& tlp, tlm::tlm_phase& phase, sc_core::sc_time& delay);
  tlm::tlm_sync_enum FromProcessor(Payload& tlp, tlm::tlm_phase& phase, sc_core::sc_time& delay);
  tlm::tlm_sync_enum EndpointAnswers(Payload& tlp, tlm::tlm_phase& phase, sc_core::sc_time& delay);

  void ArriveWrite(Payload& tlp);
  void ArriveRead(Payload& tlp);
  void ReturnCredits(Payload& tlp);
  void SendCompletion(Payload& tlp);
  void SendRegisterAccesses();
  void Respond(Payload& tlp);

  const PcieParams params_;
  OrderedQueue& queue_;
  Iommu& iommu_;
  Rng memory_latency_;
  PcieLane down_;
  PcieCredits credits_;                  // for register accesses
  std::deque<Payload*> register_queue_;  // in the processor's order
  Counts counts_;
  // Each posts from one place only, so that its sequence numbers never depend on the quantum.
  OrderedQueue::Component arrivals_, completions_, accesses_, register_credits_, register_answers_;
};

}  // namespace handoff
