// SPDX-License-Identifier: Apache-2.0
//
// What is to be sent, in order: frames as they are, and segments of delegated connections.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <vector>

#include "gen/handoff_pkg.h"
#include "sw/driver/ring.h"
#include "sw/tcp/memory.h"

namespace handoff::driver {

class TransmitRing {
 public:
  // Runs with the descriptor's NtfSent.
  using Done = std::function<void(const Ntf&)>;

  TransmitRing(Hw& hw, unsigned log_size) : ring_(hw, RingId::kTransmit, log_size, 64) {}
  void Configure(CheckedRegisters& registers) { ring_.Configure(registers); }
  void Enable(CheckedRegisters& registers) { ring_.Enable(registers); }

  // The tag is filled in; `holds` keep the pieces until they are sent. A descriptor that finds the
  // ring full waits its turn here.
  void Put(TxDesc desc, std::vector<tcp::Hold> holds, Done done);
  void OnSent(const Ntf& ntf);
  void RingDoorbell() { ring_.RingDoorbell(); }
  size_t waiting() const { return waiting_.size(); }
  size_t outstanding() const { return pending_.size() + waiting_.size(); }

  // RAW frames put, and those of them sent: the ring keeps their order.
  uint64_t raw_put() const { return raw_put_; }
  uint64_t raw_sent() const { return raw_sent_; }
  // The engine was reset: all count as sent; nobody is told.
  void Forget();

 private:
  struct Item {
    uint16_t tag = 0;
    bool raw = false;
    std::vector<tcp::Hold> holds;
    Done done;
    std::array<uint64_t, 8> words{};
  };
  void PutWaiting();

  ProducerRing ring_;
  uint16_t last_tag_ = 0;
  uint64_t raw_put_ = 0;
  uint64_t raw_sent_ = 0;
  std::deque<Item> waiting_;
  std::deque<Item> pending_;  // in the ring
};

}  // namespace handoff::driver
