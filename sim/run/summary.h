// SPDX-License-Identifier: Apache-2.0
//
// What a run leaves behind: summary.json, and some lines for people.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "sim/run/run.h"

namespace handoff::system {

// How a run was asked for.
struct RunDescription {
  std::string what;                          // scenario's name, or capture and host
  std::string engine;                        // lockstep, rtl or model
  std::map<std::string, std::string> units;  // what drove each
  uint64_t seed = 0;
  std::string out;  // its folder
  double wall_s = 0;
};

nlohmann::json ToJson(const RunDescription& run, const RunResult& result);
// Its text, for a file. What is no UTF-8 (of paths) is replaced.
std::string Dump(const nlohmann::json& json);
// At most ten lines or so.
std::string ForPeople(const RunDescription& run, const RunResult& result);

}  // namespace handoff::system
