// SPDX-License-Identifier: Apache-2.0
//
// Coverage by names: a test declares what it must see, says when it sees it, and fails on a zero.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdio>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace handoff {

class Hits {
 public:
  void Declare(std::initializer_list<const char*> names) {
    for (const char* name : names) counts_.push_back({name, 0});
  }
  void Hit(std::string_view name, uint64_t times = 1) {
    for (Count& count : counts_) {
      if (count.name == name) {
        count.times += times;
        return;
      }
    }
    ADD_FAILURE() << "hit of an undeclared name: " << name;
  }
  uint64_t Times(std::string_view name) const {
    for (const Count& count : counts_) {
      if (count.name == name) return count.times;
    }
    return 0;
  }
  // Prints every count; with `must_see`, a zero is a failure.
  void Report(bool must_see) const {
    for (const Count& count : counts_) {
      std::printf("%10llu  %s\n", static_cast<unsigned long long>(count.times), count.name.c_str());
      if (must_see && count.times == 0) ADD_FAILURE() << "never seen: " << count.name;
    }
  }

 private:
  struct Count {
    std::string name;
    uint64_t times;
  };
  std::vector<Count> counts_;
};

}  // namespace handoff
