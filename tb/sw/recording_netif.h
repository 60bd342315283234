// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>
#include <vector>

#include "sw/tcp/netif.h"

namespace handoff::tb {

// Keeps what is sent.
class RecordingNetIf : public tcp::NetIf {
 public:
  void SendFrame(tcp::ByteView frame) override { frames.emplace_back(frame.begin(), frame.end()); }
  uint32_t mtu() const override { return 1500; }
  tcp::MacAddr mac() const override { return {{2, 0, 0, 0, 0, 1}}; }
  std::vector<tcp::Bytes> Take() { return std::exchange(frames, {}); }
  std::vector<tcp::Bytes> frames;
};

}  // namespace handoff::tb
