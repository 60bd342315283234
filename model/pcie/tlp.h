// SPDX-License-Identifier: Apache-2.0
//
// PCIe packets over TLM-2.0: a generic payload (command, address, data, byte count, response
// status) with an extension that holds what PCIe adds.
//
// The protocol is not the base protocol, so it has its own traits class and binds to nothing else.
// Between initiator and target, many requests may be on their way:
//   forward   BEGIN_REQ   the last byte of the packet(s) arrives after the annotated delay;
//                         always answered TLM_ACCEPTED; the target holds the payload from now on
//   backward  END_REQ     the target is through with the request: its credits are back after the
//   delay backward  BEGIN_RESP  of a read, after its END_REQ: the last completion arrives after the
//   delay;
//                         answered TLM_COMPLETED, which ends the transaction
// A write ends with END_REQ. Requests arrive in the order of the calls, but for interrupt messages,
// which have an order of their own; so do responses, which may be in any order of their requests.
// Nobody looks at the time of a call, only at the time plus the delay. model/sc/tlm_checker.h holds
// both sides to this.
#pragma once

// clang-format off: Debian's <tlm> needs <systemc> before it
#include <systemc>
#include <tlm>
// clang-format on

#include <cstdint>

#include "model/event/payload_pool.h"
#include "model/pcie/params.h"

namespace handoff {

struct PcieProtocol {
  using tlm_payload_type = tlm::tlm_generic_payload;
  using tlm_phase_type = tlm::tlm_phase;
};

// PCIe 5.0, 2.2.9.
enum class CompletionStatus : uint8_t {
  kSuccess = 0,
  kUnsupportedRequest = 1,
  kCompleterAbort = 4,
  kTimeout = 8,  // no completion came: what the requester makes of it
};

struct TlpExtension : tlm::tlm_extension<TlpExtension> {
  uint16_t requester = 0;  // bus, device, function
  uint8_t tag = 0;         // of a read; the engine's AXI id
  uint8_t first_be = 0xf;  // byte enables of the first and last doubleword (2.2.5)
  uint8_t last_be = 0xf;
  bool poisoned = false;  // EP bit: the data is not to be trusted (2.7.2)
  CompletionStatus status = CompletionStatus::kSuccess;
  PcieCredits credits{0, 0, 0};
  uint64_t cookie = 0;  // the initiator's own

  tlm::tlm_extension_base* clone() const override { return new TlpExtension(*this); }
  void copy_from(const tlm::tlm_extension_base& other) override {
    *this = static_cast<const TlpExtension&>(other);
  }
  // First and last byte enables of a transfer.
  void EnableBytes(uint64_t addr, uint64_t bytes) {
    const auto first = static_cast<uint8_t>(0xf << (addr & 3) & 0xf);
    const auto last = static_cast<uint8_t>(0xf >> (3 - ((addr + bytes - 1) & 3)));
    const bool one = (addr & ~uint64_t{3}) == ((addr + bytes - 1) & ~uint64_t{3});
    first_be = one ? first & last : first;
    last_be = one ? 0 : last;
  }
};

using TlpPool = PayloadPool<TlpExtension>;
using Tlp = TlpPool::Payload;

inline TlpExtension& ExtensionOf(tlm::tlm_generic_payload& payload) {
  return *payload.get_extension<TlpExtension>();
}

}  // namespace handoff
