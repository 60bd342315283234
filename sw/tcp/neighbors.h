// SPDX-License-Identifier: Apache-2.0
//
// Which MAC address an IP address on the link has; frames wait here until it is known. How to ask
// is ARP's or NDP's matter.
//
// What is known is believed for a while; then the neighbor is asked again, while frames still go to
// where it was. Whoever stays silent is forgotten. There are at most kMaxEntries: a new one takes
// the place of the oldest that has not answered, or else of one that nothing was sent to, or else
// of the one unused for longest. So strangers, whether they announce themselves or make us ask for
// those who are not there, push out each other.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
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
  static constexpr size_t kMaxEntries = 1024;
  static constexpr size_t kMaxWaiting = 64;  // frames for one; RFC 1122, 2.3.2.2: at least one
  static constexpr size_t kMaxWaitingInAll = 1024;  // frames
  // RFC 1122, 2.3.2.1 wants about a minute, RFC 4861, 10 half of it.
  static constexpr sw::Micros kBelieved = sw::Seconds(60);

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
  size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::optional<MacAddr> mac;
    std::vector<Bytes> waiting;
    uint32_t asked = 0;
    sw::TimerHandle timer = sw::kNoTimer;  // runs while it is asked
    sw::Micros heard_at;
    std::list<Neighbor>* list = nullptr;  // which of those below it is in
    std::list<Neighbor>::iterator place;
  };
  using Entries = std::map<Neighbor, Entry>;
  Entry& Make(const Neighbor& neighbor);
  void Move(Entry& entry, std::list<Neighbor>& to);
  void Forget(Entries::iterator found);
  void AskAgain(const Neighbor& neighbor);

  NetIf& netif_;
  sw::TimerService& timers_;
  Ask ask_;
  Entries entries_;
  // The one made, or used, last in front. The first list that is not empty gives up its last one.
  std::list<Neighbor> unknown_;    // asked, and not answered yet
  std::list<Neighbor> announced_;  // known, and never used
  std::list<Neighbor> used_;
  size_t waiting_ = 0;  // frames, of all entries
};

}  // namespace handoff::tcp
