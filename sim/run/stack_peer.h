// SPDX-License-Identifier: Apache-2.0
//
// Our own stack as the remote host: no engine, no driver, a processor that costs nothing.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "model/event/ordered_queue.h"
#include "model/event/queue_timers.h"
#include "model/link/frame_port.h"
#include "model/rng.h"
#include "sw/socket/executor.h"
#include "sw/socket/socket.h"
#include "sw/tcp/padding_netif.h"
#include "sw/tcp/stack.h"

namespace handoff {

class StackPeer {
 public:
  struct Params {
    tcp::MacAddr mac{{2, 0, 0, 0, 0, 1}};
    uint32_t mtu = 1500;
    tcp::TcpConfig tcp;
  };

  // `name` names its components and its stream of randomness.
  StackPeer(const std::string& name, const Params& params, OrderedQueue& queue, uint64_t seed)
      : port(name.c_str(), queue),
        timers(queue, name + ".timers"),
        random_(seed, name),
        netif_([this](tcp::Bytes frame) { port.Send(std::move(frame)); }, params.mac, params.mtu),
        stack({.tcp = params.tcp,
               .random = [this] { return static_cast<uint32_t>(random_.Next()); },
               .congestion_control = {}},
              netif_, timers, pool_),
        executor(timers),
        network(stack, executor) {
    port.on_frame = [this](const std::vector<uint8_t>& frame, bool bad) {
      if (!bad) stack.Input(frame);
    };
  }
  StackPeer(const StackPeer&) = delete;

  FramePort port;  // for Link::BindA and BindB
  QueueTimers timers;

 private:
  Rng random_;
  tcp::PaddingNetIf netif_;
  tcp::HeapPool pool_;

 public:
  tcp::Stack stack;
  sock::Executor executor;
  sock::Network network;
};

}  // namespace handoff
