// SPDX-License-Identifier: Apache-2.0
//
// The host that a conversation is held with: a stack, the wire, and the time that both live in.
// Whether a device handles the connections' data path is the machine's affair; the conversation is
// the same.
#pragma once

#include <functional>
#include <random>
#include <string_view>
#include <utility>

#include "sw/tcp/stack.h"
#include "tb/sw/virtual_time.h"

namespace handoff::tb {

struct MachineSettings {
  uint32_t mtu = 1500;
  bool v6 = false;
  uint32_t seed = 1;
};

class Machine {
 public:
  virtual ~Machine() = default;
  virtual tcp::Stack& stack() = 0;
  virtual Micros Now() const = 0;
  // Until `done`, or else until the time is `deadline`; whether it was done.
  virtual bool RunUntil(const std::function<bool()>& done, Micros deadline) = 0;
  // A frame arrives.
  virtual void Receive(tcp::ByteView frame) = 0;
  // Whom to tell of each frame that leaves.
  std::function<void(tcp::ByteView)> on_frame;

  tcp::MacAddr mac{{2, 0, 0, 0, 0, 1}};
  tcp::MacAddr peer_mac{{2, 0, 0, 0, 0, 2}};
};

// Nothing but the stack on a plain network interface, in virtual time.
class PlainMachine : public Machine {
 public:
  explicit PlainMachine(const MachineSettings& settings)
      : netif_(*this, settings.mtu), stack_(Config(settings), netif_, time_, pool_) {}

  tcp::Stack& stack() override { return stack_; }
  Micros Now() const override { return time_.Now(); }
  bool RunUntil(const std::function<bool()>& done, Micros deadline) override {
    if (time_.RunUntil(done, deadline - time_.Now())) return true;
    time_.RunFor(deadline - time_.Now());
    return false;
  }
  void Receive(tcp::ByteView frame) override { stack_.Input(frame); }

 private:
  class Interface : public tcp::NetIf {
   public:
    Interface(Machine& machine, uint32_t mtu) : machine_(machine), mtu_(mtu) {}
    void SendFrame(tcp::ByteView frame) override {
      if (machine_.on_frame) machine_.on_frame(frame);
    }
    uint32_t mtu() const override { return mtu_; }
    tcp::MacAddr mac() const override { return machine_.mac; }

   private:
    Machine& machine_;
    uint32_t mtu_;
  };

  static tcp::StackConfig Config(const MachineSettings& settings) {
    tcp::StackConfig config;
    config.random = [random = std::make_shared<std::mt19937>(settings.seed)] {
      return static_cast<uint32_t>((*random)());
    };
    return config;
  }

  VirtualTime time_;
  tcp::HeapPool pool_;
  Interface netif_;
  tcp::Stack stack_;
};

}  // namespace handoff::tb
