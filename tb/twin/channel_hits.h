// SPDX-License-Identifier: Apache-2.0
//
// Counts for every channel of a unit the cycles in which it moved, was idle, or was held up; a test
// that makes one fails if it has never seen one of these.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "tb/twin/agents.h"

namespace handoff {

template <class Bench>
class ChannelHits : public Agent {
  using Rtl = typename Bench::Rtl;

 public:
  // `never_held`: channels whose receiver always takes.
  explicit ChannelHits(Bench& bench, std::initializer_list<std::string_view> never_held = {})
      : bench_(bench) {
    for (uint32_t i = 0; i < Rtl::kNumChannels; ++i) {
      const std::string_view name = Rtl::kChannels[i].name;
      may_be_held_[i] = Rtl::kChannels[i].has_ready &&
                        std::find(never_held.begin(), never_held.end(), name) == never_held.end();
      Each(i, [&](const std::string& hit, uint64_t) { bench_.Declare({hit.c_str()}); });
    }
    bench.Add(this);
  }
  ~ChannelHits() override {
    for (uint32_t i = 0; i < Rtl::kNumChannels; ++i) {
      Each(i, [&](const std::string& hit, uint64_t times) { bench_.hits.Hit(hit, times); });
    }
  }
  ChannelHits(const ChannelHits&) = delete;

  void Reset() override {}
  void Sample(uint64_t) override {
    uint32_t i = 0;
    Rtl::ForEachChannel(bench_.in, bench_.out(), [&](bool valid, bool ready, const auto&) {
      ++(!valid ? idle_ : ready ? moved_ : held_)[i];
      ++i;
    });
  }
  void Drive() override {}

 private:
  template <class F>
  void Each(uint32_t i, F&& f) {
    const std::string name = Rtl::kChannels[i].name;
    f(name + " moves", moved_[i]);
    f(name + " is idle", idle_[i]);
    if (may_be_held_[i]) f(name + " is held up", held_[i]);
  }

  using Counts = std::array<uint64_t, Rtl::kNumChannels>;
  Bench& bench_;
  std::array<bool, Rtl::kNumChannels> may_be_held_{};
  Counts moved_{}, idle_{}, held_{};
};

}  // namespace handoff
