// SPDX-License-Identifier: Apache-2.0
//
// The core clock against time. The cycle number is the master; microseconds and picoseconds are
// derived from it by the period as an exact fraction, never summed: 322.265625 MHz is 64/20625 us a
// cycle.
#pragma once

#include <cstdint>
#include <string>

namespace handoff {

inline constexpr uint64_t kFsPerPs = 1000, kPsPerNs = 1000, kPsPerUs = 1000000;

inline constexpr uint64_t kPeriodUsNum = 64, kPeriodUsDen = 20625;
inline constexpr uint64_t kPeriodPsNum = 102400, kPeriodPsDen = 33;

// floor(cycle * num / den) without overflow for every cycle number below 2^63.
constexpr uint64_t Scale(uint64_t cycle, uint64_t num, uint64_t den) {
  return cycle / den * num + cycle % den * num / den;
}

// Time at which cycle `cycle` begins.
constexpr uint64_t CycleToUs(uint64_t cycle) { return Scale(cycle, kPeriodUsNum, kPeriodUsDen); }
constexpr uint64_t CycleToPs(uint64_t cycle) { return Scale(cycle, kPeriodPsNum, kPeriodPsDen); }

// First cycle that begins at or after the given time.
constexpr uint64_t PsToCycle(uint64_t ps) {
  uint64_t cycle = Scale(ps, kPeriodPsDen, kPeriodPsNum);
  while (CycleToPs(cycle) < ps) ++cycle;
  return cycle;
}
constexpr uint64_t UsToCycle(uint64_t us) {
  if (us > (uint64_t{1} << 50)) return ~uint64_t{0};  // beyond every run
  uint64_t cycle = Scale(us, kPeriodUsDen, kPeriodUsNum);
  while (CycleToUs(cycle) < us) ++cycle;
  return cycle;
}

// In microseconds, with every digit of the fraction.
inline std::string PsToUsText(uint64_t ps) {
  const std::string fraction = std::to_string(kPsPerUs + ps % kPsPerUs).substr(1);
  return std::to_string(ps / kPsPerUs) + "." + fraction;
}

}  // namespace handoff
