// SPDX-License-Identifier: Apache-2.0
//
// Which program this is. A digest holds for what made it: revision, compiler and Verilator belong
// beside it.
#pragma once

#include <string>

namespace handoff {

struct BuildInfo {
  std::string version;    // of the release
  std::string revision;   // of git, with -dirty where files differed from it; or "unknown"
  std::string compiler;   // its name and version
  std::string verilator;  // its version and date
  std::string systemc;
};

BuildInfo GetBuildInfo();

}  // namespace handoff
