// SPDX-License-Identifier: Apache-2.0
//
// Priority, duration and frame rate, each with a threshold and a weight. A criterion that reaches
// its threshold earns its weight; a connection is worth the sum.
//
//    worth >= delegate_at  delegated          between them nothing changes (hysteresis)
//    worth <  keep_at      taken back
//
// A full table: the least worthy goes for one that is worth more by `margin`; equals keep their
// place, and nobody goes within `hold` of coming (corner 86).
#pragma once

#include <memory>

#include "sw/policy/policy.h"

namespace handoff::policy {

struct Criterion {
  double threshold = 0;
  double weight = 0;  // 0: not looked at
};

struct Weights {
  Criterion priority{1, 2};
  Criterion duration{0.1, 1};     // seconds
  Criterion frame_rate{1000, 1};  // frames a second
  double delegate_at = 2;
  double keep_at = 1;
  // A delegated connection meets a threshold until it falls below this part of it.
  double keep_part = 0.5;
  double margin = 0.1;
  Micros hold = sw::Millis(500);   // in the table at least this long
  Micros pause = sw::Millis(500);  // out of it at least this long, once taken back
  Micros first_back_off = sw::Millis(100);
  Micros longest_back_off = sw::Seconds(10);
};

std::unique_ptr<Policy> Weighted(const Weights& weights = {});

}  // namespace handoff::policy
