// SPDX-License-Identifier: Apache-2.0
//
// Ethernet frames over TLM-2.0: a generic payload's data is the frame without FCS. Its own traits
// class keeps a frame socket from being bound to anything else. A socket is named by its direction:
// link_out and out are initiator sockets, link_in and in target sockets.
//
// The call:  nb_transport_fw with BEGIN_REQ, the only phase. The target answers TLM_COMPLETED and
//            has then taken a copy of the frame, or acquired the payload. Nothing goes backward.
// The payload: a write of the frame's bytes; the address means nothing. It carries a FrameExtension
//            (FramePool's payloads do).
// Order:     one socket's frames arrive in the order of the calls.
// Timing:    the frame's last byte is there after the annotated delay; what comes to the engine has
//            been on its way for handoff_engine_sc::Params::link_delay_ps at least.
// Errors:    a frame with a wrong FCS is delivered, with `bad` set. A target refuses none.
#pragma once

#include <cstdint>
#include <vector>

#include "model/event/payload_pool.h"

namespace handoff {

struct FrameProtocol {
  using tlm_payload_type = tlm::tlm_generic_payload;
  using tlm_phase_type = tlm::tlm_phase;
};

struct FrameExtension : tlm::tlm_extension<FrameExtension> {
  bool bad = false;  // the FCS is wrong

  tlm::tlm_extension_base* clone() const override { return new FrameExtension(*this); }
  void copy_from(const tlm::tlm_extension_base& other) override {
    *this = static_cast<const FrameExtension&>(other);
  }
};

using FramePool = PayloadPool<FrameExtension>;

inline std::vector<uint8_t> BytesOf(const tlm::tlm_generic_payload& payload) {
  const uint8_t* data = payload.get_data_ptr();
  return {data, data + payload.get_data_length()};
}
inline bool IsBad(tlm::tlm_generic_payload& payload) {
  return payload.get_extension<FrameExtension>()->bad;
}

}  // namespace handoff
