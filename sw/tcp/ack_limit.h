// SPDX-License-Identifier: Apache-2.0
//
// How often one connection answers what a stranger can send it: a bucket of answers that fills in
// time. It is the connection's own. Were one bucket shared by all, whoever empties it on his own
// connection would see, from what is missing, what was answered on another (CVE-2016-5696).
#pragma once

#include <algorithm>
#include <cstdint>

#include "sw/types.h"

namespace handoff::tcp {

class AckLimit {
 public:
  // `most` answers at once, then one each `interval`.
  AckLimit(uint32_t most, sw::Micros interval) : most_(most), interval_(interval), left_(most) {}

  // Whether one more answer may be given now; then it is counted.
  bool Spend(sw::Micros now) {
    const int64_t filled = (now - filled_at_).count() / std::max<int64_t>(interval_.count(), 1);
    if (left_ + filled >= most_) {
      left_ = most_;
      filled_at_ = now;
    } else {
      left_ += filled;
      filled_at_ += interval_ * filled;
    }
    if (left_ == 0) return false;
    --left_;
    return true;
  }

 private:
  int64_t most_;
  sw::Micros interval_;
  int64_t left_;
  sw::Micros filled_at_;
};

}  // namespace handoff::tcp
