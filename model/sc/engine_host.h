// SPDX-License-Identifier: Apache-2.0
//
// One host with its engine, everything bound but the link: processor, memory, IOMMU, root complex,
// endpoint and engine.
#pragma once

#include <memory>
#include <string>

#include "model/event/ordered_queue.h"
#include "model/event/run_status.h"
#include "model/memory/iommu.h"
#include "model/memory/physical_memory.h"
#include "model/pcie/root_complex.h"
#include "model/sc/engine_module.h"
#include "model/sc/host_module.h"
#include "model/sc/tlm_checker.h"

namespace handoff {

class EngineHost : public sc_core::sc_module {
 public:
  struct Params {
    handoff_engine_sc::Params engine;  // with the PCIe link's parameters
    HostModule::Params host;
    PhysicalMemory::Params memory;
  };

  // The core's DmaPort must have been made with the same PCIe parameters: CoreFor sees to that.
  EngineHost(sc_core::sc_module_name name, std::unique_ptr<EngineCore> core, const Params& params,
             OrderedQueue& queue, RunStatus& status, uint64_t seed)
      : sc_module(name),
        memory(params.memory),
        iommu(memory),
        host("host", params.host, queue, memory, iommu, status),
        root("root", params.engine.pcie, queue, iommu, seed),
        engine("engine", std::move(core), params.engine, queue, status),
        dma_checker("dma_checker", queue),
        register_checker("register_checker", queue),
        link_out(engine.link_out),
        link_in(engine.link_in) {
    host.registers_out.bind(root.processor_in);
    root.interrupts_out.bind(host.interrupts_in);
    root.registers_out.bind(register_checker.in);
    register_checker.out.bind(engine.registers_in);
    engine.dma_out.bind(dma_checker.in);
    dma_checker.out.bind(root.dma_in);
    const auto fail = [&status](const std::string& text) { status.Fail(text); };
    iommu.on_stray = dma_checker.on_error = register_checker.on_error = fail;
  }

  // The core's configuration with the PCIe parameters of this host.
  template <class Core>
  static Core CoreFor(Core core, const Params& params) {
    core.dma.pcie = params.engine.pcie;
    return core;
  }

  PhysicalMemory memory;
  Iommu iommu;
  HostModule host;
  RootComplex root;
  handoff_engine_sc engine;
  TlmChecker dma_checker, register_checker;  // of what goes up and down the PCIe link
  // For Link::BindA and BindB.
  decltype(engine.link_out)& link_out;
  decltype(engine.link_in)& link_in;
};

}  // namespace handoff
