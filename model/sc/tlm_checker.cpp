// SPDX-License-Identifier: Apache-2.0
#include "model/sc/tlm_checker.h"

#include <cinttypes>
#include <cstdio>

#include "gen/handoff_pkg.h"

namespace handoff {

TlmChecker::TlmChecker(sc_core::sc_module_name name, OrderedQueue& queue)
    : sc_module(name), in("in"), out("out"), queue_(queue) {
  in.register_nb_transport_fw(this, &TlmChecker::Forward);
  out.register_nb_transport_bw(this, &TlmChecker::Backward);
}

void TlmChecker::Error(Payload& tlp, const std::string& what) {
  if (!on_error) return;
  char text[96];
  std::snprintf(text, sizeof text, "%s of %u bytes at 0x%" PRIx64, tlp.is_read() ? "read" : "write",
                tlp.get_data_length(), static_cast<uint64_t>(tlp.get_address()));
  on_error(std::string(name()) + ": " + text + ": " + what);
}

void TlmChecker::CheckRequest(Payload& tlp, uint64_t arrival_ps) {
  const uint64_t addr = tlp.get_address(), bytes = tlp.get_data_length();
  if (!tlp.is_read() && !tlp.is_write()) Error(tlp, "it neither reads nor writes");
  if (tlp.get_data_ptr() == nullptr || bytes == 0) {
    Error(tlp, "it has no data");
    return;
  }
  if (tlp.get_streaming_width() != bytes) Error(tlp, "its streaming width is not its length");
  if (tlp.get_response_status() != tlm::TLM_INCOMPLETE_RESPONSE) {
    Error(tlp, "it has a response before anybody answered");
  }
  if (!tlp.has_mm()) Error(tlp, "nobody manages its memory");
  if (addr / kPageBytes != (addr + bytes - 1) / kPageBytes) Error(tlp, "it crosses 4 KiB");
  const auto* extension = tlp.get_extension<TlpExtension>();
  if (extension == nullptr) {
    Error(tlp, "it has no PCIe extension");
    return;
  }
  TlpExtension wanted;
  wanted.EnableBytes(addr, bytes);
  if (extension->first_be != wanted.first_be || extension->last_be != wanted.last_be) {
    Error(tlp, "its byte enables are not those of its address and length");
  }
  const bool message = addr >= kMsiAddress && addr < kMsiAddress + kMsiBytes;
  uint64_t& last_ps = message ? last_message_ps_ : last_request_ps_;
  if (arrival_ps < last_ps) Error(tlp, "it arrives before the request before it");
  last_ps = arrival_ps;
  if (on_their_way_.contains(&tlp)) {
    Error(tlp, "it is on its way already");
    return;
  }
  if (tlp.is_read()) {
    for (const auto& [other, request] : on_their_way_) {
      if (request.read && request.tag == extension->tag) Error(tlp, "another read has its tag");
    }
  }
  on_their_way_[&tlp] = {tlp.is_read(), addr, bytes, extension->tag};
}

tlm::tlm_sync_enum TlmChecker::Forward(Payload& tlp, tlm::tlm_phase& phase,
                                       sc_core::sc_time& delay) {
  if (phase == tlm::BEGIN_REQ) {
    CheckRequest(tlp, queue_.now_ps() + delay.value());
  } else {
    Error(tlp, "a phase other than BEGIN_REQ went forward");
  }
  return out->nb_transport_fw(tlp, phase, delay);
}

// True: the transaction is over.
bool TlmChecker::CheckAnswer(Payload& tlp, const tlm::tlm_phase& phase) {
  const auto found = on_their_way_.find(&tlp);
  if (found == on_their_way_.end()) {
    Error(tlp, "it is answered but not on its way");
    return false;
  }
  Request& request = found->second;
  if (tlp.is_read() != request.read || tlp.get_address() != request.addr ||
      tlp.get_data_length() != request.bytes) {
    Error(tlp, "command, address or length changed on its way");
  }
  if (phase == tlm::END_REQ) {
    if (request.ended) Error(tlp, "END_REQ came twice");
    request.ended = true;
    return !request.read;
  }
  if (phase != tlm::BEGIN_RESP) {
    Error(tlp, "a phase other than END_REQ and BEGIN_RESP came back");
    return false;
  }
  if (!request.read) Error(tlp, "a write got a response");
  if (!request.ended) Error(tlp, "BEGIN_RESP came before END_REQ");
  if (tlp.get_response_status() == tlm::TLM_INCOMPLETE_RESPONSE) {
    Error(tlp, "its response says nothing");
  }
  return true;
}

tlm::tlm_sync_enum TlmChecker::Backward(Payload& tlp, tlm::tlm_phase& phase,
                                        sc_core::sc_time& delay) {
  // The payload may be used again as soon as it is released.
  const bool over = CheckAnswer(tlp, phase);
  if (over) on_their_way_.erase(&tlp);
  return in->nb_transport_bw(tlp, phase, delay);
}

}  // namespace handoff
