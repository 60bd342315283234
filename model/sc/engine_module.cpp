// SPDX-License-Identifier: Apache-2.0
#include "model/sc/engine_module.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <string>
#include <utility>

#include "model/clock.h"

namespace handoff {
namespace {

// Sleep ends this long before something is due: longer than the core itself needs to settle.
constexpr uint64_t kWakeEarlyCycles = 16;

sc_core::sc_time Ps(uint64_t ps) { return sc_core::sc_time::from_value(ps); }

uint64_t QuantumOf(const handoff_engine_sc::Params& params) {
  const std::string problem = params.pcie.Problem();
  if (!problem.empty()) throw std::invalid_argument("pcie: " + problem);
  const uint64_t largest = LargestQuantum(std::min(params.pcie.latency_ps(), params.link_delay_ps));
  if (largest == 0 || params.quantum == 0) {
    throw std::invalid_argument(
        "PCIe latency and link delay must be 10 ns or more, quantum 1 or more");
  }
  return std::min(params.quantum, largest);
}

}  // namespace

uint64_t LargestQuantum(uint64_t least_latency_ps) {
  uint64_t cycles = PsToCycle(least_latency_ps);
  while (cycles > 0 && CycleToPs(cycles) + 1 > least_latency_ps) --cycles;
  return cycles < 2 ? 0 : cycles - 2;
}

handoff_engine_sc::handoff_engine_sc(sc_core::sc_module_name name, std::unique_ptr<EngineCore> core,
                                     const Params& params, OrderedQueue& queue, RunStatus& status)
    : sc_module(name),
      registers_in("registers_in"),
      dma_out("dma_out"),
      link_out("link_out"),
      link_in("link_in"),
      core_(std::move(core)),
      params_(params),
      quantum_(QuantumOf(params)),
      queue_(queue),
      status_(status) {
  registers_in.register_nb_transport_fw(this, &handoff_engine_sc::RegisterAccess);
  dma_out.register_nb_transport_bw(this, &handoff_engine_sc::RootAnswers);
  link_in.register_nb_transport_fw(this, &handoff_engine_sc::ReceiveFrame);
  const std::string prefix = this->name();
  raises_ = queue.AddComponent(prefix + ".raises");
  msix_accesses_ = queue.AddComponent(prefix + ".msix_accesses");
  credits_ = queue.AddComponent(prefix + ".credits");
  resets_ = queue.AddComponent(prefix + ".resets");
  SC_METHOD(Step);
}

// --- The quantum loop ---------------------------------------------------------------------------

void handoff_engine_sc::CatchUp() {
  uint64_t cycle = PsToCycle(now_ps());
  if (CycleToPs(cycle) > now_ps()) --cycle;
  if (cycle <= core_->cycle()) return;
  core_->Run(cycle - core_->cycle());
  Collect();
}

void handoff_engine_sc::Step() {
  ++activations_;
  if (asleep_) CatchUp();
  asleep_ = false;
  const uint64_t next = core_->NextCycle();
  if (next > core_->cycle() + kWakeEarlyCycles) {
    asleep_ = true;
    const uint64_t wake_ps = CycleToPs(next - kWakeEarlyCycles);
    if (next == kNever) {
      next_trigger(pushed_);
    } else {
      next_trigger(Ps(wake_ps - std::min(wake_ps, now_ps())), pushed_);
    }
    return;
  }
  core_->Run(quantum_);
  Collect();
  // After a mismatch the core stands still for good.
  if (core_->mismatch()) {
    next_trigger(pushed_);
  } else {
    next_trigger(Ps(CycleToPs(core_->cycle()) - now_ps()));
  }
}

// Something was handed to the core.
void handoff_engine_sc::Push() {
  if (asleep_) pushed_.notify(sc_core::SC_ZERO_TIME);
}

void handoff_engine_sc::Collect() {
  CollectFrames();
  CollectRegisters();
  CollectUpstream();
  for (const uint64_t cycle : std::exchange(core_->levels.resets_done, {})) {
    std::function<void()> done = std::move(reset_done_.front());
    reset_done_.pop_front();
    if (done) queue_.Post(CycleToPs(cycle + 1), resets_, std::move(done));
  }
  for (const std::string& error : std::exchange(core_->dma.errors, {})) status_.Fail(error);
  if (core_->mismatch()) {
    const CoreMismatch& m = *core_->mismatch();
    status_.Fail("RTL and model differ after cycle " + std::to_string(m.cycle) + ", unit " +
                 m.unit + "\n" + m.text);
  }
}

// --- Link ---------------------------------------------------------------------------------------

void handoff_engine_sc::CollectFrames() {
  for (TxSink::Frame& frame : std::exchange(core_->tx.frames, {})) {
    FramePool::Payload& payload = frames_.Get(tlm::TLM_WRITE_COMMAND, 0, std::move(frame.bytes));
    payload.extension.bad = frame.abandoned;
    tlm::tlm_phase phase = tlm::BEGIN_REQ;
    sc_core::sc_time delay = Ps(CycleToPs(frame.last_cycle + 1) - now_ps());
    link_out->nb_transport_fw(payload, phase, delay);
    payload.release();
  }
}

tlm::tlm_sync_enum handoff_engine_sc::ReceiveFrame(Payload& frame, tlm::tlm_phase&,
                                                   sc_core::sc_time& delay) {
  core_->rx.Push({PsToCycle(now_ps() + delay.value()), BytesOf(frame), IsBad(frame)});
  Push();
  return tlm::TLM_COMPLETED;
}

void handoff_engine_sc::SetLinkUp(bool up) {
  core_->levels.Push(
      {PsToCycle(now_ps() + params_.pcie.latency_ps()), LevelSource::Pin::kLinkUp, up});
  Push();
}

void handoff_engine_sc::ResetFunction(std::function<void()> done) {
  reset_done_.push_back(std::move(done));
  core_->levels.Push(
      {PsToCycle(now_ps() + params_.pcie.latency_ps()), LevelSource::Pin::kReset, true});
  Push();
}

// --- DMA and MSI-X ------------------------------------------------------------------------------

void handoff_engine_sc::CollectUpstream() {
  for (Upstream& u : std::exchange(core_->dma.upstream, {})) {
    switch (u.kind) {
      case Upstream::Kind::kWrite: {
        Tlp& tlp = tlps_.Get(tlm::TLM_WRITE_COMMAND, u.addr, std::move(u.data));
        tlp.extension.EnableBytes(u.addr, tlp.bytes.size());
        tlp.extension.credits = u.credits;
        SendUpstream(tlp, u.sent_ps + params_.pcie.latency_ps());
        break;
      }
      case Upstream::Kind::kRead: {
        Tlp& tlp = tlps_.Get(tlm::TLM_READ_COMMAND, u.addr, size_t{u.bytes});
        tlp.extension.EnableBytes(u.addr, u.bytes);
        tlp.extension.credits = u.credits;
        tlp.extension.tag = u.tag;
        SendUpstream(tlp, u.sent_ps + params_.pcie.latency_ps());
        break;
      }
      case Upstream::Kind::kMsix:
        // Masked or not is decided as the message leaves.
        queue_.Post(u.sent_ps, raises_, [this, vector = u.vector, credits = u.credits] {
          RaiseVector(vector, credits);
        });
        break;
      case Upstream::Kind::kRegister: {
        Payload& tlp = *answers_.front();
        answers_.pop_front();
        std::memcpy(tlp.get_data_ptr(), &u.result.data, sizeof u.result.data);
        ExtensionOf(tlp).status =
            u.result.error ? CompletionStatus::kCompleterAbort : CompletionStatus::kSuccess;
        AnswerRegister(tlp, tlm::BEGIN_RESP, u.sent_ps);
        tlp.release();
        break;
      }
    }
  }
}

// The pool keeps the payload until the root complex has ended the transaction (RootAnswers).
void handoff_engine_sc::SendUpstream(Tlp& tlp, uint64_t arrival_ps) {
  tlp.extension.requester = params_.requester;
  tlm::tlm_phase phase = tlm::BEGIN_REQ;
  sc_core::sc_time delay = Ps(arrival_ps - now_ps());
  dma_out->nb_transport_fw(tlp, phase, delay);
}

void handoff_engine_sc::SendMessage(const MsixTable::Message& message, const PcieCredits& credits) {
  Tlp& tlp = tlps_.Get(tlm::TLM_WRITE_COMMAND, message.addr, sizeof message.data);
  std::memcpy(tlp.bytes.data(), &message.data, sizeof message.data);
  tlp.extension.EnableBytes(message.addr, sizeof message.data);
  tlp.extension.credits = credits;
  SendUpstream(tlp, now_ps() + params_.pcie.latency_ps());
}

void handoff_engine_sc::RaiseVector(uint32_t vector, const PcieCredits& credits) {
  if (const auto message = msix_.Raise(vector)) {
    SendMessage(*message, credits);
  } else {
    // Nothing leaves after all; its credits are back when those of a message would be.
    queue_.Post(now_ps() + params_.pcie.latency_ps(), credits_, [this, credits] {
      const uint64_t back_ps =
          now_ps() + params_.pcie.credit_latency_ns * kPsPerNs + params_.pcie.latency_ps();
      core_->dma.ReturnCredits(PsToCycle(back_ps), credits);
    });
  }
}

tlm::tlm_sync_enum handoff_engine_sc::RootAnswers(Payload& tlp, tlm::tlm_phase& phase,
                                                  sc_core::sc_time& delay) {
  const uint64_t cycle = PsToCycle(now_ps() + delay.value());
  if (phase == tlm::END_REQ) {
    core_->dma.ReturnCredits(cycle, ExtensionOf(tlp).credits);
    if (tlp.is_write()) tlp.release();
    return tlm::TLM_ACCEPTED;
  }
  const TlpExtension& extension = ExtensionOf(tlp);
  const bool error = extension.status != CompletionStatus::kSuccess || extension.poisoned;
  core_->dma.Complete({cycle, extension.tag, tlp.get_address(), error, BytesOf(tlp)});
  tlp.release();
  Push();
  return tlm::TLM_COMPLETED;
}

// --- Register accesses --------------------------------------------------------------------------

tlm::tlm_sync_enum handoff_engine_sc::RegisterAccess(Payload& tlp, tlm::tlm_phase&,
                                                     sc_core::sc_time& delay) {
  tlp.acquire();
  const uint64_t arrival_ps = now_ps() + delay.value();
  const BarHit hit = DecodeBar(tlp);
  if (hit.bar != Bar::kRegisters) {
    queue_.Post(arrival_ps, msix_accesses_, [this, &tlp, hit] {
      if (hit.bar == Bar::kMsix) {
        AccessMsix(tlp, hit.offset);
      } else {
        ExtensionOf(tlp).status = CompletionStatus::kUnsupportedRequest;
      }
      AnswerRegister(tlp, tlm::END_REQ, now_ps());
      if (tlp.is_read()) AnswerRegister(tlp, tlm::BEGIN_RESP, now_ps());
      tlp.release();
    });
    return tlm::TLM_ACCEPTED;
  }
  AxiLiteMaster::Access access{
      .cycle = PsToCycle(arrival_ps), .write = tlp.is_write(), .addr = hit.offset};
  if (tlp.is_write()) std::memcpy(&access.data, tlp.get_data_ptr(), sizeof access.data);
  access.strb = ExtensionOf(tlp).first_be;
  accesses_.push_back(&tlp);
  core_->csr.Push(access);
  Push();
  return tlm::TLM_ACCEPTED;
}

void handoff_engine_sc::AccessMsix(Payload& tlp, uint16_t offset) {
  uint32_t value = 0;
  bool good = false;
  if (tlp.is_write()) {
    std::memcpy(&value, tlp.get_data_ptr(), sizeof value);
    std::optional<MsixTable::Message> message;
    good = msix_.Write(offset, value, &message);
    if (message) SendMessage(*message, {0, 0, 0});
  } else {
    good = msix_.Read(offset, &value);
    std::memcpy(tlp.get_data_ptr(), &value, sizeof value);
  }
  ExtensionOf(tlp).status =
      good ? CompletionStatus::kSuccess : CompletionStatus::kUnsupportedRequest;
}

void handoff_engine_sc::CollectRegisters() {
  for (const AxiLiteMaster::Result& result : std::exchange(core_->csr.results, {})) {
    Payload& tlp = *accesses_.front();
    accesses_.pop_front();
    AnswerRegister(tlp, tlm::END_REQ, CycleToPs(result.cycle + 1));
    if (result.write) {
      tlp.release();
    } else {
      answers_.push_back(&tlp);  // released with its answer
    }
  }
}

// Credits, or a read's answer, leave at `ps`.
void handoff_engine_sc::AnswerRegister(Payload& tlp, tlm::tlm_phase phase, uint64_t ps) {
  if (phase == tlm::BEGIN_RESP) {
    tlp.set_response_status(ExtensionOf(tlp).status == CompletionStatus::kSuccess
                                ? tlm::TLM_OK_RESPONSE
                                : tlm::TLM_ADDRESS_ERROR_RESPONSE);
  }
  sc_core::sc_time delay = Ps(ps + params_.pcie.latency_ps() - now_ps());
  registers_in->nb_transport_bw(tlp, phase, delay);
}

}  // namespace handoff
