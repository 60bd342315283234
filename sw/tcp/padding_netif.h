// SPDX-License-Identifier: Apache-2.0
//
// An interface whose MAC does no more than pad: each frame goes to a function, filled up with
// zeroes to the least that Ethernet allows.
#pragma once

#include <cstdint>
#include <functional>
#include <utility>

#include "sw/tcp/ethernet.h"
#include "sw/tcp/netif.h"

namespace handoff::tcp {

class PaddingNetIf : public NetIf {
 public:
  PaddingNetIf(std::function<void(Bytes)> send, MacAddr mac, uint32_t mtu)
      : send_(std::move(send)), mac_(mac), mtu_(mtu) {}
  void SendFrame(ByteView frame) override {
    Bytes bytes(frame.begin(), frame.end());
    if (bytes.size() < kMinFrameBytes) bytes.resize(kMinFrameBytes);
    send_(std::move(bytes));
  }
  uint32_t mtu() const override { return mtu_; }
  MacAddr mac() const override { return mac_; }

 private:
  std::function<void(Bytes)> send_;
  MacAddr mac_;
  uint32_t mtu_;
};

}  // namespace handoff::tcp
