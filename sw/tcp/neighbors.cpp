// SPDX-License-Identifier: Apache-2.0
#include "sw/tcp/neighbors.h"

#include <algorithm>
#include <utility>

namespace handoff::tcp {
namespace {

// RFC 4861, 10: MAX_MULTICAST_SOLICIT and RETRANS_TIMER; ARP is asked the same way.
constexpr uint32_t kMaxAsks = 3;
constexpr sw::Micros kAskInterval = sw::Seconds(1);
constexpr size_t kMaxWaiting = 64;  // frames; RFC 1122, 2.3.2.2, asks for one at least

void SendTo(NetIf& netif, const MacAddr& mac, Bytes& frame) {
  std::copy(mac.octets.begin(), mac.octets.end(), frame.begin());
  netif.SendFrame(frame);
}

}  // namespace

Neighbors::~Neighbors() {
  for (auto& [neighbor, entry] : entries_) timers_.Cancel(entry.timer);
}

void Neighbors::Send(const Neighbor& to, Bytes frame) {
  Entry& entry = entries_[to];
  if (entry.mac) {
    SendTo(netif_, *entry.mac, frame);
    return;
  }
  if (entry.waiting.size() < kMaxWaiting) entry.waiting.push_back(std::move(frame));
  if (entry.timer == sw::kNoTimer) AskAgain(to);
}

void Neighbors::AskAgain(const Neighbor& neighbor) {
  Entry& entry = entries_[neighbor];
  entry.timer = sw::kNoTimer;
  if (entry.asked == kMaxAsks) {
    entries_.erase(neighbor);
    return;
  }
  ++entry.asked;
  entry.timer = timers_.After(kAskInterval, [this, neighbor] { AskAgain(neighbor); });
  ask_(neighbor);
}

void Neighbors::Learn(const Neighbor& from, const MacAddr& mac, bool create) {
  const auto found = entries_.find(from);
  if (found == entries_.end() && !create) return;
  Entry& entry = found == entries_.end() ? entries_[from] : found->second;
  entry.mac = mac;
  timers_.Cancel(std::exchange(entry.timer, sw::kNoTimer));
  for (Bytes& frame : std::exchange(entry.waiting, {})) SendTo(netif_, mac, frame);
}

std::optional<MacAddr> Neighbors::Find(const Neighbor& neighbor) const {
  const auto found = entries_.find(neighbor);
  return found == entries_.end() ? std::nullopt : found->second.mac;
}

}  // namespace handoff::tcp
