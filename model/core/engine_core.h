// SPDX-License-Identifier: Apache-2.0
//
// The engine in one of its forms, clocked together with what stands at its pins. Nothing outside
// happens during Run(): whoever calls it hands in frames, accesses and completions with their
// cycles before, and takes away what came out after.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/core/core_mismatch.h"
#include "model/core/devices.h"
#include "model/core/dma_port.h"
#include "model/core/engine_pins.h"
#include "model/core/pin_checker.h"

namespace handoff {

// What every form of the engine is told.
struct CoreParams {
  bool idle_skip = true;
  bool digest = true;
  double tx_gbps = 100.0;
  DmaPort::Params dma;
};

// The engine's parameters in this build, RTL and model alike: names as in rtl/handoff_engine.sv.
std::map<std::string, uint32_t> EngineParameters();
// The names of the engine's units, without prefix.
std::vector<std::string> EngineUnits();
// The registers of a unit's model, and their widths, as Flip() takes them after "UNIT."; none:
// there is no such unit.
std::vector<std::pair<std::string, uint32_t>> RegisterNames(std::string_view unit);
// Lines for whoever named a unit that does not exist: which there are.
std::string NoSuchUnit(std::string_view unit);
// Lines for whoever asked for a flip that Flip() refused: what is wrong, and what there is.
std::string WhyNoFlip(std::string_view unit_field, uint32_t bit);

class EngineCore {
 public:
  virtual ~EngineCore() = default;

  // Clocks the next `cycles` cycles; ends early at a mismatch, or where an assertion of the RTL
  // fails, which is then told as one.
  virtual void Run(uint64_t cycles) = 0;
  // Flips a bit of a model register at the edge that ends `cycle`, another at another call; false:
  // no such register where the model runs, or no such bit of it (WhyNoFlip() says which).
  virtual bool Flip(const std::string& unit_field, uint32_t bit, uint64_t cycle) = 0;
  // True when the engine is quiet and nothing moves at its pins.
  virtual bool AllQuiet() const = 0;
  // The first cycle in which something may happen that nobody outside causes from now on: the
  // present one unless all is quiet; kNever if nothing is due.
  virtual uint64_t NextCycle() const = 0;
  // Finishes the files of waves, which otherwise the window's end does, a mismatch or the core's.
  // False: there are none, for none were wanted or no cycle of the window came.
  virtual bool CloseWaves() = 0;

  uint64_t cycle() const { return cycle_; }
  uint64_t evaluated() const { return evaluated_; }
  uint64_t digest() const { return digest_; }
  const std::optional<CoreMismatch>& mismatch() const { return mismatch_; }

  RxSource rx;
  TxSink tx;
  AxiLiteMaster csr;
  DmaPort dma;
  LevelSource levels;
  EnginePins pins;
  PinChecker checker;                  // what it finds wrong is among dma.errors after Run()
  uint64_t first_wire_cycle = kNever;  // first tx beat since this was last set to kNever

 protected:
  explicit EngineCore(const CoreParams& params) : tx(params.tx_gbps), dma(params.dma) {}

  uint64_t cycle_ = 0;
  uint64_t evaluated_ = 0;
  uint64_t digest_ = 0;
  std::optional<CoreMismatch> mismatch_;
};

// The engine as its model alone. (sim/core/make_core.h makes it in every form.)
std::unique_ptr<EngineCore> MakeModelCore(const CoreParams& params = {});

}  // namespace handoff
