// SPDX-License-Identifier: Apache-2.0
//
// Stands between two sockets of packets (model/pcie/tlp.h), changes nothing and checks what passes:
//   a request   reads or writes; has data, all of it, in one stream; INCOMPLETE; a payload that is
//               managed and not on its way already; stays within 4 KiB; byte enables that say what
//               address and length say; a read's tag is no other read's
//   in order    no memory or register request arrives before the one called before it, no interrupt
//               message before the message before it (an engine that runs ahead of the clock calls
//               for its memory requests ahead too; a message is called for when its vector is
//               looked at, so that between the two only the times of arrival count)
//   an answer   END_REQ once, of a payload that is on its way; of a read alone BEGIN_RESP, after
//               its END_REQ, with a status; command, address and length are what they were
// (IEEE 1666-2011, 14.7 and 15; PCIe 5.0, 2.2.5 to 2.2.7.)
#pragma once

#include "model/pcie/tlp.h"  // before the sockets: it includes <systemc>

#include <tlm_utils/simple_initiator_socket.h>
#include <tlm_utils/simple_target_socket.h>

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "model/event/ordered_queue.h"

namespace handoff {

class TlmChecker : public sc_core::sc_module {
 public:
  using Payload = tlm::tlm_generic_payload;

  TlmChecker(sc_core::sc_module_name name, OrderedQueue& queue);

  tlm_utils::simple_target_socket<TlmChecker, 32, PcieProtocol> in;      // the initiator's side
  tlm_utils::simple_initiator_socket<TlmChecker, 32, PcieProtocol> out;  // the target's

  std::function<void(const std::string&)> on_error;
  // Requests that are not through, and reads without their answer.
  size_t outstanding() const { return on_their_way_.size(); }

 private:
  struct Request {
    bool read = false;
    uint64_t addr = 0, bytes = 0;
    uint8_t tag = 0;
    bool ended = false;  // END_REQ came
  };

  tlm::tlm_sync_enum Forward(Payload& tlp, tlm::tlm_phase& phase, sc_core::sc_time& delay);
  tlm::tlm_sync_enum Backward(Payload& tlp, tlm::tlm_phase& phase, sc_core::sc_time& delay);
  void CheckRequest(Payload& tlp, uint64_t arrival_ps);
  bool CheckAnswer(Payload& tlp, const tlm::tlm_phase& phase);
  void Error(Payload& tlp, const std::string& what);

  OrderedQueue& queue_;
  std::map<const Payload*, Request> on_their_way_;
  uint64_t last_request_ps_ = 0, last_message_ps_ = 0;  // when they arrive
};

}  // namespace handoff
