// SPDX-License-Identifier: Apache-2.0
#include "sw/tcp/neighbors.h"

#include <algorithm>
#include <utility>

namespace handoff::tcp {
namespace {

// RFC 4861, 10: MAX_MULTICAST_SOLICIT and RETRANS_TIMER; ARP is asked the same way.
constexpr uint32_t kMaxAsks = 3;
constexpr sw::Micros kAskInterval = sw::Seconds(1);

void SendTo(NetIf& netif, const MacAddr& mac, Bytes& frame) {
  std::copy(mac.octets.begin(), mac.octets.end(), frame.begin());
  netif.SendFrame(frame);
}

}  // namespace

Neighbors::~Neighbors() {
  for (auto& [neighbor, entry] : entries_) timers_.Cancel(entry.timer);
}

Neighbors::Entry& Neighbors::Make(const Neighbor& neighbor) {
  if (entries_.size() >= kMaxEntries) {
    for (const auto* list : {&unknown_, &announced_, &used_}) {
      if (list->empty()) continue;
      Forget(entries_.find(list->back()));
      break;
    }
  }
  Entry& entry = entries_[neighbor];
  unknown_.push_front(neighbor);
  entry.list = &unknown_;
  entry.place = unknown_.begin();
  return entry;
}

void Neighbors::Move(Entry& entry, std::list<Neighbor>& to) {
  to.splice(to.begin(), *entry.list, entry.place);
  entry.list = &to;
}

void Neighbors::Forget(Entries::iterator found) {
  Entry& entry = found->second;
  timers_.Cancel(entry.timer);
  waiting_ -= entry.waiting.size();
  entry.list->erase(entry.place);
  entries_.erase(found);
}

void Neighbors::Send(const Neighbor& to, Bytes frame) {
  const auto found = entries_.find(to);
  Entry& entry = found == entries_.end() ? Make(to) : found->second;
  const bool asking = entry.timer != sw::kNoTimer;
  if (entry.mac) {
    Move(entry, used_);
    SendTo(netif_, *entry.mac, frame);
    if (!asking && timers_.Now() - entry.heard_at > kBelieved) AskAgain(to);
    return;
  }
  if (entry.waiting.size() < kMaxWaiting && waiting_ < kMaxWaitingInAll) {
    entry.waiting.push_back(std::move(frame));
    ++waiting_;
  }
  if (!asking) AskAgain(to);
}

void Neighbors::AskAgain(const Neighbor& neighbor) {
  const auto found = entries_.find(neighbor);
  Entry& entry = found->second;
  entry.timer = sw::kNoTimer;
  if (entry.asked == kMaxAsks) {
    Forget(found);
    return;
  }
  ++entry.asked;
  entry.timer = timers_.After(kAskInterval, [this, neighbor] { AskAgain(neighbor); });
  ask_(neighbor);
}

void Neighbors::Learn(const Neighbor& from, const MacAddr& mac, bool create) {
  if (mac.IsMulticast()) return;  // no station has it
  const auto found = entries_.find(from);
  if (found == entries_.end() && !create) return;
  Entry& entry = found == entries_.end() ? Make(from) : found->second;
  entry.mac = mac;
  entry.heard_at = timers_.Now();
  entry.asked = 0;
  timers_.Cancel(std::exchange(entry.timer, sw::kNoTimer));
  waiting_ -= entry.waiting.size();
  if (!entry.waiting.empty()) {
    Move(entry, used_);
  } else if (entry.list == &unknown_) {
    Move(entry, announced_);
  }
  for (Bytes& frame : std::exchange(entry.waiting, {})) SendTo(netif_, mac, frame);
}

std::optional<MacAddr> Neighbors::Find(const Neighbor& neighbor) const {
  const auto found = entries_.find(neighbor);
  return found == entries_.end() ? std::nullopt : found->second.mac;
}

}  // namespace handoff::tcp
