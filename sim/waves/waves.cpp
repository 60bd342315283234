// SPDX-License-Identifier: Apache-2.0
#include "sim/waves/waves.h"

#include <verilated.h>
#include <verilated_fst_c.h>

#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "model/clock.h"
#include "sim/waves/fst_file.h"
#include "sim/waves/model_waves.h"
#include "sim/waves/save_file.h"

namespace handoff {
namespace {

// The clock and the cycle number.
class RunWaves {
 public:
  void Register(VerilatedFst& fst) {
    fst.addInitCb(&Declare, this, "run", false, kCodes);
    fst.addFullCb(&Dump, 0, this);
    fst.addChgCb(&Dump, 0, this);
  }
  bool clk = false;
  uint64_t cycle = 0;

 private:
  static constexpr uint32_t kClk = 0, kCycle = 1, kCodes = 3;  // of 32 bits

  static void Declare(void* self, VerilatedFst* fst, uint32_t code) {
    static_cast<RunWaves*>(self)->base_ = code;
    fst->pushPrefix("run", VerilatedTracePrefixType::SCOPE_MODULE);
    fst->declBit(code + kClk, "clk", 0, VerilatedTraceSigDirection::NONE,
                 VerilatedTraceSigKind::WIRE, VerilatedTraceSigType::LOGIC);
    fst->declQuad(code + kCycle, "cycle", 0, VerilatedTraceSigDirection::NONE,
                  VerilatedTraceSigKind::WIRE, VerilatedTraceSigType::LOGIC, 63, 0);
    fst->popPrefix();
  }
  static void Dump(void* data, VerilatedFst::Buffer* to) {
    const auto* self = static_cast<RunWaves*>(data);
    to->fullBit(to->oldp(self->base_ + kClk), self->clk);
    if (self->clk) to->fullQData(to->oldp(self->base_ + kCycle), self->cycle, 64);
  }

  uint32_t base_ = 0;
};

}  // namespace

class Waves::Impl {
 public:
  explicit Impl(const WaveRequest& request) : request_(request) {
    if (!std::ofstream(request.path)) {
      throw std::runtime_error("waves cannot be written to '" + request.path + "'");
    }
    fst.set_time_unit("1ps");
    fst.set_time_resolution("1ps");
  }
  void AddModel(handoff_engine& model) { model_ = std::make_unique<ModelWaves>(model); }

  void Dump(uint64_t cycle, bool clk) {
    if (!fst.isOpen()) Open();
    run_.clk = clk;
    run_.cycle = cycle;
    if (model_) model_->set_still(!clk);
    fst.dump(CycleToPs(cycle) + (clk ? 0 : kHalfPeriodPs));
  }
  bool Close() {
    if (!fst.isOpen()) {
      std::filesystem::remove(request_.path);
      return false;
    }
    fst.close();
    // The waves, and the run's results, are worth as much without it.
    try {
      WriteSaveFile(request_, FstFile(request_.path));
    } catch (const std::exception& e) {
      std::fprintf(stderr, "note: no save file beside the waves: %s\n", e.what());
    }
    return true;
  }

  VerilatedFstC fst;

 private:
  static constexpr uint64_t kHalfPeriodPs = kPeriodPsNum / kPeriodPsDen / 2;

  void Open() {
    run_.Register(*fst.spTrace());
    if (model_) model_->Register(*fst.spTrace());
    fst.open(request_.path.c_str());
  }

  const WaveRequest request_;
  RunWaves run_;
  std::unique_ptr<ModelWaves> model_;
};

Waves::Waves(const WaveRequest& request)
    : from_(request.from), to_(request.to), impl_(std::make_unique<Impl>(request)) {}

Waves::~Waves() {
  try {
    Close();
  } catch (const std::exception& e) {
    std::fprintf(stderr, "waves: %s\n", e.what());
  }
}

// The Verilated class declares its signals in between.
VerilatedTraceBaseC* Waves::BeginRtl() {
  const auto push = [](void*, VerilatedFst* fst, uint32_t) {
    fst->pushPrefix("rtl", VerilatedTracePrefixType::SCOPE_MODULE);
  };
  impl_->fst.spTrace()->addInitCb(push, nullptr, "rtl", false, 0);
  return &impl_->fst;
}
void Waves::EndRtl() {
  const auto pop = [](void*, VerilatedFst* fst, uint32_t) { fst->popPrefix(); };
  impl_->fst.spTrace()->addInitCb(pop, nullptr, "rtl", false, 0);
}
void Waves::AddModel(handoff_engine& model) { impl_->AddModel(model); }
bool Waves::Close() {
  to_ = 0;
  if (!written_) written_ = impl_->Close();
  return *written_;
}
void Waves::Rise(uint64_t cycle) { impl_->Dump(cycle, true); }
void Waves::Fall(uint64_t cycle) { impl_->Dump(cycle, false); }

}  // namespace handoff
