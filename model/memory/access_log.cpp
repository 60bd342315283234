// SPDX-License-Identifier: Apache-2.0
#include "model/memory/access_log.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>

namespace handoff {

std::string Access::ToString() const {
  char text[160];
  std::snprintf(
      text, sizeof text, "%.6f us: %02x:%02x.%x %s 0x%" PRIx64 "-0x%" PRIx64 " (%" PRIu64 " bytes)",
      static_cast<double>(ps) * 1e-6, requester >> 8, (requester >> 3) & 31, requester & 7,
      kind == AccessKind::kWrite ? "writes" : "reads", addr, addr + bytes - 1, bytes);
  return text;
}

void AccessLog::Add(const Access& access) {
  if (access.bytes == 0) return;
  const auto kind = static_cast<size_t>(access.kind);
  recent_[total_++ % kRecent] = access;
  bytes_[kind] += access.bytes;
  ++counts_[kind];
  IntervalMap<Entry>& map = maps_[kind];
  const uint64_t end = access.addr + access.bytes;
  if (access.kind == AccessKind::kWrite) unread_.Add(access.addr, end);
  auto it = map.Assign(access.addr, end, {access.requester, access.ps, access.ps});
  // A stream of writes into one buffer is one entry.
  const auto before = map.Before(access.addr);
  if (before != map.map().end() && before->second.end == access.addr &&
      before->second.value.requester == access.requester && end - before->first <= kMostMerged) {
    before->second.end = end;
    before->second.value.last_ps = access.ps;
    map.map().erase(it);
  }
}

void AccessLog::Forget(uint64_t addr, uint64_t bytes) {
  for (IntervalMap<Entry>& map : maps_) map.Erase(addr, addr + bytes);
  unread_.Erase(addr, addr + bytes);
}

uint64_t AccessLog::TakeUnread(uint64_t addr, uint64_t bytes) {
  const uint64_t count = unread_.Count(addr, addr + bytes);
  unread_.Erase(addr, addr + bytes);
  return count;
}

std::vector<Access> AccessLog::Recent() const {
  std::vector<Access> accesses;
  for (size_t i = total_ - std::min(total_, kRecent); i < total_; ++i) {
    accesses.push_back(recent_[i % kRecent]);
  }
  return accesses;
}

}  // namespace handoff
