// SPDX-License-Identifier: Apache-2.0
#include "sim/build_info/build_info.h"

#include <systemc>

#include "gen/handoff_revision.h"
#include "verilated.h"

namespace handoff {
namespace {

#ifdef __clang__
constexpr const char* kCompiler = "Clang " __clang_version__;
#else
constexpr const char* kCompiler = "GCC " __VERSION__;
#endif

// "Verilator 5.49" without its first word.
std::string VerilatorVersion() {
  const std::string product = Verilated::productVersion();
  return product.substr(product.find(' ') + 1);
}

}  // namespace

BuildInfo GetBuildInfo() {
  return {kVersion, kRevision, kCompiler, VerilatorVersion(), SC_VERSION};
}

}  // namespace handoff
