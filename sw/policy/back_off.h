// SPDX-License-Identifier: Apache-2.0
//
// Connections the engine refused (corner 86): each is left alone for a time that doubles.
#pragma once

#include <algorithm>
#include <unordered_map>

#include "sw/types.h"

namespace handoff::policy {

class BackOff {
 public:
  explicit BackOff(sw::Micros first = sw::Millis(100), sw::Micros longest = sw::Seconds(10))
      : first_(first), longest_(longest) {}

  bool Holds(sw::ConnId id, sw::Micros now) const {
    const auto found = refused_.find(id);
    return found != refused_.end() && now < found->second.until;
  }
  void OnRefused(sw::ConnId id, sw::Micros now) {
    State& s = refused_[id];
    s.delay = s.delay == sw::Micros() ? first_ : std::min(s.delay * 2, longest_);
    s.until = now + s.delay;
  }
  void Forget(sw::ConnId id) { refused_.erase(id); }

 private:
  struct State {
    sw::Micros delay;
    sw::Micros until;
  };
  sw::Micros first_;
  sw::Micros longest_;
  std::unordered_map<sw::ConnId, State> refused_;
};

}  // namespace handoff::policy
