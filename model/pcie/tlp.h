// SPDX-License-Identifier: Apache-2.0
//
// PCIe packets over TLM-2.0: a generic payload (command, address, data, byte count, response
// status) with an extension that holds what PCIe adds.
//
// The protocol is not the base protocol, so it has its own traits class and binds to nothing else.
// Every socket of it is named by its direction: x_out is an initiator socket, x_in a target socket.
//
// The calls, all of them non-blocking. Many requests may be on their way:
//   forward   BEGIN_REQ   The last byte of the packets arrives after the annotated delay.
//                         The answer is always TLM_ACCEPTED.
//   backward  END_REQ     The target is through with the request, once for each.
//                         Its credits are back after the delay. The answer is TLM_ACCEPTED.
//   backward  BEGIN_RESP  Of a read alone, after its END_REQ: the last completion arrives after
//                         the delay. The answer is TLM_COMPLETED, which ends the transaction.
//   A write is posted and ends with its END_REQ.
//   (Between processor and RootComplex there is less: no credits and so no END_REQ, a write is not
//   answered, and interrupts go by b_transport.)
//
// The payload: TLM_READ_COMMAND or TLM_WRITE_COMMAND, data_length bytes in one stream, in 4 KiB,
//   no byte enables but those of the extension, and a memory manager (TlpPool is one). The
//   initiator holds it until the transaction has ended. A target that keeps it beyond a call
//   acquires it.
// The extension: every payload carries a TlpExtension. The initiator fills in requester, tag (of a
//   read, no other's on its way), byte enables (EnableBytes) and credits (what the request cost);
//   the target sets status, and poisoned if the data is not to be trusted.
//
// Order:  requests arrive in the order of the calls. Interrupt messages have an order of their own.
//         Responses may be in any order of their requests.
// Timing: nobody looks at the time of a call, only at that time plus the annotated delay, which may
//         lie ahead of the clock. Whoever acts upon it waits until then (OrderedQueue::Post).
//         What goes back to the engine has a delay of the PCIe latency at least: the engine has run
//         so far ahead of the clock.
// Errors: a read that fails gets a BEGIN_RESP with a status other than kSuccess. A write that fails
//         gets none: writes are posted.
// model/sc/tlm_checker.h, put between two sockets, holds both sides to all this.
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
