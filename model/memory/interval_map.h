// SPDX-License-Identifier: Apache-2.0
//
// A value for each address of some half-open intervals; addresses outside them have none.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <utility>

namespace handoff {

template <class Value>
class IntervalMap {
 public:
  struct Span {
    uint64_t end;
    Value value;
  };
  using Map = std::map<uint64_t, Span>;  // by first address; intervals never overlap
  using Iterator = typename Map::iterator;

  // Gives all of [begin, end) this value, whatever it had.
  Iterator Assign(uint64_t begin, uint64_t end, const Value& value) {
    Erase(begin, end);
    return map_.emplace(begin, Span{end, value}).first;
  }

  void Erase(uint64_t begin, uint64_t end) {
    if (begin >= end) return;
    Split(begin);
    Split(end);
    map_.erase(map_.lower_bound(begin), map_.lower_bound(end));
  }

  // Calls f(value&) for every part of [begin, end), parts without a value getting Value() first; a
  // part for which f returns false loses its value.
  template <class F>
  void Update(uint64_t begin, uint64_t end, F&& f) {
    if (begin >= end) return;
    Split(begin);
    Split(end);
    for (uint64_t at = begin; at < end;) {
      auto it = map_.lower_bound(at);
      if (it == map_.end() || it->first > at) {
        const uint64_t gap_end = it == map_.end() ? end : std::min(end, it->first);
        it = map_.emplace(at, Span{gap_end, Value()}).first;
      }
      at = it->second.end;
      if (!f(it->second.value)) map_.erase(it);
    }
  }

  // The interval that holds this address, or nullptr; `begin`, if asked for, gets its first
  // address.
  const Span* Find(uint64_t addr, uint64_t* begin = nullptr) const {
    auto it = map_.upper_bound(addr);
    if (it == map_.begin()) return nullptr;
    --it;
    if (it->second.end <= addr) return nullptr;
    if (begin != nullptr) *begin = it->first;
    return &it->second;
  }

  // The first address in [begin, end) without a value that pleases `good`; `end` if all do.
  template <class F>
  uint64_t FirstNot(uint64_t begin, uint64_t end, F&& good) const {
    while (begin < end) {
      const Span* span = Find(begin);
      if (span == nullptr || !good(span->value)) return begin;
      begin = span->end;
    }
    return end;
  }
  uint64_t FirstWithout(uint64_t begin, uint64_t end) const {
    return FirstNot(begin, end, [](const Value&) { return true; });
  }

  // The last interval that begins before `addr` (end() if none), to look at a neighbour.
  Iterator Before(uint64_t addr) {
    auto it = map_.lower_bound(addr);
    return it == map_.begin() ? map_.end() : std::prev(it);
  }
  const Map& map() const { return map_; }
  Map& map() { return map_; }

 private:
  // No interval goes across `addr` any more.
  void Split(uint64_t addr) {
    auto it = map_.lower_bound(addr);
    if (it == map_.begin()) return;
    --it;
    if (it->second.end <= addr) return;
    Span right = it->second;
    it->second.end = addr;
    map_.emplace(addr, std::move(right));
  }

  Map map_;
};

// Addresses, kept as few intervals as hold them.
class IntervalSet {
 public:
  void Add(uint64_t begin, uint64_t end) {
    if (begin >= end) return;
    auto it = map_.Assign(begin, end, {});
    const auto after = std::next(it);
    if (after != map_.map().end() && after->first == end) {
      it->second.end = after->second.end;
      map_.map().erase(after);
    }
    const auto before = map_.Before(begin);
    if (before != map_.map().end() && before->second.end == begin) {
      before->second.end = it->second.end;
      map_.map().erase(it);
    }
  }
  void Erase(uint64_t begin, uint64_t end) { map_.Erase(begin, end); }
  bool Contains(uint64_t addr) const { return map_.Find(addr) != nullptr; }
  uint64_t FirstWithout(uint64_t begin, uint64_t end) const {
    return map_.FirstWithout(begin, end);
  }
  // Addresses of [begin, end) that are in the set.
  uint64_t Count(uint64_t begin, uint64_t end) const {
    uint64_t count = 0;
    auto it = map_.map().upper_bound(begin);
    if (it != map_.map().begin()) --it;
    for (; it != map_.map().end() && it->first < end; ++it) {
      const uint64_t from = std::max(begin, it->first);
      const uint64_t to = std::min(end, it->second.end);
      if (from < to) count += to - from;
    }
    return count;
  }
  size_t intervals() const { return map_.map().size(); }

 private:
  struct None {};
  IntervalMap<None> map_;
};

}  // namespace handoff
