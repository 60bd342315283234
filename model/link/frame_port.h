// SPDX-License-Identifier: Apache-2.0
//
// One end of a link for somebody in C++: a peer without an engine, a capture that is replayed, a
// test.
#pragma once

#include "model/link/frame.h"  // before the sockets: it includes <systemc>

#include <tlm_utils/simple_initiator_socket.h>
#include <tlm_utils/simple_target_socket.h>

#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "model/event/ordered_queue.h"

namespace handoff {

class FramePort : public sc_core::sc_module {
 public:
  FramePort(sc_core::sc_module_name name, OrderedQueue& queue);

  tlm_utils::simple_initiator_socket<FramePort, 32, FrameProtocol> out;
  tlm_utils::simple_target_socket<FramePort, 32, FrameProtocol> in;

  // Gives a frame (without FCS) to the link, whole, at a time not before now, nor before that of
  // the last one.
  void Send(std::vector<uint8_t> frame, uint64_t ps);
  void Send(std::vector<uint8_t> frame) { Send(std::move(frame), queue_.now_ps()); }

  // A frame is there, whole; it runs as an event of the queue. `bad`: its FCS is wrong.
  std::function<void(std::vector<uint8_t> frame, bool bad)> on_frame;

 private:
  tlm::tlm_sync_enum Receive(tlm::tlm_generic_payload& frame, tlm::tlm_phase& phase,
                             sc_core::sc_time& delay);

  OrderedQueue& queue_;
  OrderedQueue::Component component_;
  FramePool pool_;
};

}  // namespace handoff
