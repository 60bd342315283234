// SPDX-License-Identifier: Apache-2.0
//
// Which MAC address an IP address on the link has; frames wait here until it is known. How to ask
// is ARP's or NDP's matter.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "sw/tcp/address.h"
#include "sw/tcp/netif.h"
#include "sw/timer_service.h"

namespace handoff::tcp {

struct Neighbor {
  IpAddr addr;
  Vlans vlans;
  friend auto operator<=>(const Neighbor&, const Neighbor&) = default;
};

class Neighbors {
 public:
  using Ask = std::function<void(const Neighbor&)>;
  Neighbors(NetIf& netif, sw::TimerService& timers, Ask ask)
      : netif_(netif), timers_(timers), ask_(std::move(ask)) {}
  ~Neighbors();
  Neighbors(const Neighbors&) = delete;
  Neighbors& operator=(const Neighbors&) = delete;

  // Sends `frame` with the destination MAC filled in, now or once it is known. Few frames wait for
  // one neighbor; when it stays silent they are lost.
  void Send(const Neighbor& to, Bytes frame);
  // `create`: keep it although nobody has asked for it.
  void Learn(const Neighbor& from, const MacAddr& mac, bool create);
  std::optional<MacAddr> Find(const Neighbor& neighbor) const;

 private:
  struct Entry {
    std::optional<MacAddr> mac;
    std::vector<Bytes> waiting;
    uint32_t asked = 0;
    sw::TimerHandle timer = sw::kNoTimer;
  };
  void AskAgain(const Neighbor& neighbor);

  NetIf& netif_;
  sw::TimerService& timers_;
  Ask ask_;
  std::map<Neighbor, Entry> entries_;
};

}  // namespace handoff::tcp
