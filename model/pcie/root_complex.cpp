// SPDX-License-Identifier: Apache-2.0
#include "model/pcie/root_complex.h"

#include <algorithm>
#include <string>

#include "model/clock.h"

namespace handoff {
namespace {

sc_core::sc_time Ps(uint64_t ps) { return sc_core::sc_time::from_value(ps); }

constexpr uint32_t kRegisterBytes = 4;

bool Within(uint64_t addr, uint64_t base, uint64_t bytes) {
  return addr >= base && addr - base < bytes;
}

}  // namespace

RootComplex::RootComplex(sc_core::sc_module_name name, const PcieParams& params,
                         OrderedQueue& queue, Iommu& iommu, uint64_t seed)
    : sc_module(name),
      dma_in("dma_in"),
      registers_out("registers_out"),
      processor_in("processor_in"),
      interrupts_out("interrupts_out"),
      params_(params),
      queue_(queue),
      iommu_(iommu),
      memory_latency_(seed, std::string("pcie.memory_latency.") + this->name()),
      down_(params.byte_fs()),
      credits_(params.downstream) {
  dma_in.register_nb_transport_fw(this, &RootComplex::FromEndpoint);
  processor_in.register_nb_transport_fw(this, &RootComplex::FromProcessor);
  registers_out.register_nb_transport_bw(this, &RootComplex::EndpointAnswers);
  const std::string prefix = this->name();
  arrivals_ = queue.AddComponent(prefix + ".arrivals");
  completions_ = queue.AddComponent(prefix + ".completions");
  accesses_ = queue.AddComponent(prefix + ".accesses");
  register_credits_ = queue.AddComponent(prefix + ".register_credits");
  register_answers_ = queue.AddComponent(prefix + ".register_answers");
}

RootComplex::Counts RootComplex::counts() const {
  Counts counts = counts_;
  counts.downstream_bytes = down_.bytes();
  return counts;
}

tlm::tlm_sync_enum RootComplex::FromEndpoint(Payload& tlp, tlm::tlm_phase&,
                                             sc_core::sc_time& delay) {
  tlp.acquire();
  queue_.Post(queue_.now_ps() + delay.value(), arrivals_, [this, &tlp] {
    if (tlp.is_write()) {
      ArriveWrite(tlp);
    } else {
      ArriveRead(tlp);
    }
  });
  return tlm::TLM_ACCEPTED;
}

void RootComplex::ArriveWrite(Payload& tlp) {
  if (Within(tlp.get_address(), kMsiAddress, kMsiBytes)) {
    ++counts_.interrupts;
    sc_core::sc_time now = sc_core::SC_ZERO_TIME;
    interrupts_out->b_transport(tlp, now);
  } else {
    ++counts_.writes;
    // A posted write that fails is not answered (PCIe 5.0, 2.3.1): it is lost, and reported.
    const bool good = iommu_.Write(ExtensionOf(tlp).requester, tlp.get_address(),
                                   tlp.get_data_ptr(), tlp.get_data_length(), queue_.now_ps());
    counts_.refused += !good;
    tlp.set_response_status(good ? tlm::TLM_OK_RESPONSE : tlm::TLM_ADDRESS_ERROR_RESPONSE);
  }
  ReturnCredits(tlp);
  tlp.release();
}

void RootComplex::ArriveRead(Payload& tlp) {
  ++counts_.reads;
  TlpExtension& extension = ExtensionOf(tlp);
  const bool good = iommu_.Read(extension.requester, tlp.get_address(), tlp.get_data_ptr(),
                                tlp.get_data_length(), queue_.now_ps());
  counts_.refused += !good;
  extension.status = good ? CompletionStatus::kSuccess : CompletionStatus::kUnsupportedRequest;
  tlp.set_response_status(good ? tlm::TLM_OK_RESPONSE : tlm::TLM_ADDRESS_ERROR_RESPONSE);
  ReturnCredits(tlp);
  const uint64_t jitter_ps = memory_latency_.Below(params_.memory_jitter_ns * kPsPerNs + 1);
  queue_.Post(queue_.now_ps() + params_.memory_latency_ns * kPsPerNs + jitter_ps, completions_,
              [this, &tlp] { SendCompletion(tlp); });
}

void RootComplex::ReturnCredits(Payload& tlp) {
  tlm::tlm_phase phase = tlm::END_REQ;
  sc_core::sc_time delay = Ps(params_.credit_latency_ns * kPsPerNs + params_.latency_ps());
  dma_in->nb_transport_bw(tlp, phase, delay);
}

void RootComplex::SendCompletion(Payload& tlp) {
  const bool good = ExtensionOf(tlp).status == CompletionStatus::kSuccess;
  const uint64_t bytes =
      good ? tlp.get_data_length() +
                 CompletionTlps(tlp.get_address(), tlp.get_data_length(), params_) *
                     kCompletionOverhead
           : kCompletionOverhead;
  const uint64_t sent_ps = down_.Send(queue_.now_ps(), bytes);
  tlm::tlm_phase phase = tlm::BEGIN_RESP;
  sc_core::sc_time delay = Ps(sent_ps - queue_.now_ps() + params_.latency_ps());
  dma_in->nb_transport_bw(tlp, phase, delay);
  tlp.release();
}

tlm::tlm_sync_enum RootComplex::FromProcessor(Payload& tlp, tlm::tlm_phase&,
                                              sc_core::sc_time& delay) {
  tlp.acquire();
  queue_.Post(queue_.now_ps() + delay.value(), accesses_, [this, &tlp] {
    const uint64_t addr = tlp.get_address();
    if (!Within(addr, kBar0Address, kBar0Bytes) && !Within(addr, kBar2Address, kBar2Bytes)) {
      // Nobody's: no packet leaves; a read is answered at once, a write is lost.
      ExtensionOf(tlp).status = CompletionStatus::kUnsupportedRequest;
      tlp.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
      if (tlp.is_read()) Respond(tlp);
      tlp.release();
      return;
    }
    register_queue_.push_back(&tlp);
    SendRegisterAccesses();
  });
  return tlm::TLM_ACCEPTED;
}

void RootComplex::SendRegisterAccesses() {
  while (!register_queue_.empty()) {
    Payload& tlp = *register_queue_.front();
    const bool write = tlp.is_write();
    PcieCredits& needs = ExtensionOf(tlp).credits;
    needs = {write ? 1u : 0u, write ? 1u : 0u, write ? 0u : 1u};
    if (credits_.posted_headers < needs.posted_headers ||
        credits_.posted_data < needs.posted_data ||
        credits_.non_posted_headers < needs.non_posted_headers) {
      return;
    }
    credits_.posted_headers -= needs.posted_headers;
    credits_.posted_data -= needs.posted_data;
    credits_.non_posted_headers -= needs.non_posted_headers;
    ++(write ? counts_.register_writes : counts_.register_reads);
    register_queue_.pop_front();
    const uint64_t bytes = RequestOverhead(tlp.get_address()) + (write ? kRegisterBytes : 0);
    const uint64_t sent_ps = down_.Send(queue_.now_ps(), bytes);
    tlm::tlm_phase phase = tlm::BEGIN_REQ;
    sc_core::sc_time delay = Ps(sent_ps - queue_.now_ps() + params_.latency_ps());
    registers_out->nb_transport_fw(tlp, phase, delay);
    if (write) tlp.release();  // the endpoint holds it as long as it needs it
  }
}

tlm::tlm_sync_enum RootComplex::EndpointAnswers(Payload& tlp, tlm::tlm_phase& phase,
                                                sc_core::sc_time& delay) {
  const uint64_t at_ps = queue_.now_ps() + delay.value();
  if (phase == tlm::END_REQ) {
    queue_.Post(at_ps, register_credits_, [this, back = ExtensionOf(tlp).credits] {
      credits_.posted_headers += back.posted_headers;
      credits_.posted_data += back.posted_data;
      credits_.non_posted_headers += back.non_posted_headers;
      SendRegisterAccesses();
    });
    return tlm::TLM_ACCEPTED;
  }
  queue_.Post(at_ps, register_answers_, [this, &tlp] {
    Respond(tlp);
    tlp.release();
  });
  return tlm::TLM_COMPLETED;
}

void RootComplex::Respond(Payload& tlp) {
  tlm::tlm_phase phase = tlm::BEGIN_RESP;
  sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
  processor_in->nb_transport_bw(tlp, phase, delay);
}

}  // namespace handoff
