// SPDX-License-Identifier: Apache-2.0
//
// Which connections the engine should handle. A policy is asked again and again, sees what is known
// of every connection, and says what is to change; each decision carries its reason and is kept.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sw/types.h"

namespace handoff::policy {

using sw::ConnId;
using sw::Micros;

// What is known of a connection that could be, or is, delegated.
struct Candidate {
  ConnId id;
  bool delegated = false;
  Micros since;             // of `delegated`: since it is, or is not any more; else since it opened
  double priority = 0;      // as its owner set it
  Micros age;               // since it opened
  double frames_per_s = 0;  // both ways
};

struct Table {
  size_t used = 0;
  size_t capacity = 0;
};

enum class Change : uint8_t { kDelegate, kUndelegate };

struct Decision {
  Micros at;
  ConnId id;
  Change change = Change::kDelegate;
  double worth = 0;
  std::string reason;
};
std::string ToString(const Decision& decision);

class Policy {
 public:
  virtual ~Policy() = default;
  virtual std::string_view name() const = 0;
  // What is to change now, in this order; candidates come in ascending order of their ids.
  virtual std::vector<Decision> Decide(Micros now, std::span<const Candidate> candidates,
                                       Table table) = 0;
  // The engine had no place for it after all.
  virtual void OnRefused(ConnId /*id*/, Micros /*now*/, std::string_view /*why*/) {}
  virtual void OnGone(ConnId /*id*/) {}
};

// Every connection, in the order in which they come, as long as there is room.
std::unique_ptr<Policy> Always();
std::unique_ptr<Policy> Never();

}  // namespace handoff::policy
