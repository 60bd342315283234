// SPDX-License-Identifier: Apache-2.0
//
// Whether a run is good. Whoever finds out that it is not says so here, and the simulation stops.
#pragma once

#include <string>
#include <systemc>
#include <utility>
#include <vector>

namespace handoff {

class RunStatus {
 public:
  void Fail(std::string text) {
    if (failures_.size() < kMost) failures_.push_back(std::move(text));
    // SystemC warns of a second time.
    if (stop_at_failure && sc_core::sc_get_status() == sc_core::SC_RUNNING &&
        !std::exchange(stopped_, true)) {
      sc_core::sc_stop();
    }
  }
  bool failed() const { return !failures_.empty(); }
  const std::vector<std::string>& failures() const { return failures_; }

  bool stop_at_failure = true;

 private:
  static constexpr size_t kMost = 20;
  std::vector<std::string> failures_;
  bool stopped_ = false;
};

}  // namespace handoff
