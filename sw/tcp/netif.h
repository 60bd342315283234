// SPDX-License-Identifier: Apache-2.0
//
// The network interface as the stack sees it: a place to put whole frames.
#pragma once

#include <cstdint>

#include "sw/tcp/address.h"
#include "sw/tcp/bytes.h"

namespace handoff::tcp {

class NetIf {
 public:
  virtual ~NetIf() = default;
  // Sends one frame without FCS, padding it if it is short. The bytes are copied before it returns;
  // a frame that finds no room is lost, as on a wire.
  virtual void SendFrame(ByteView frame) = 0;
  virtual uint32_t mtu() const = 0;  // of the IP packet
  virtual MacAddr mac() const = 0;
};

}  // namespace handoff::tcp
