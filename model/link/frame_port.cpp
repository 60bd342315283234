// SPDX-License-Identifier: Apache-2.0
#include "model/link/frame_port.h"

namespace handoff {

FramePort::FramePort(sc_core::sc_module_name name, OrderedQueue& queue)
    : sc_module(name),
      out("out"),
      in("in"),
      queue_(queue),
      component_(queue.AddComponent(this->name())) {
  in.register_nb_transport_fw(this, &FramePort::Receive);
}

void FramePort::Send(std::vector<uint8_t> frame, uint64_t ps) {
  FramePool::Payload& payload = pool_.Get(tlm::TLM_WRITE_COMMAND, 0, std::move(frame));
  tlm::tlm_phase phase = tlm::BEGIN_REQ;
  sc_core::sc_time delay = sc_core::sc_time::from_value(ps - queue_.now_ps());
  out->nb_transport_fw(payload, phase, delay);
  payload.release();
}

tlm::tlm_sync_enum FramePort::Receive(tlm::tlm_generic_payload& frame, tlm::tlm_phase&,
                                      sc_core::sc_time& delay) {
  frame.acquire();
  queue_.Post(queue_.now_ps() + delay.value(), component_, [this, &frame] {
    if (on_frame) on_frame(BytesOf(frame), IsBad(frame));
    frame.release();
  });
  return tlm::TLM_COMPLETED;
}

}  // namespace handoff
