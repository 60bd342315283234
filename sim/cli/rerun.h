// SPDX-License-Identifier: Apache-2.0
//
// What is told of a mismatch, and the runs that look closer.
#pragma once

#include <filesystem>
#include <string_view>

#include "sim/cli/options.h"
#include "sim/core/make_core.h"

namespace handoff::system {

// Throws std::runtime_error if the file cannot be written whole.
void Write(const std::filesystem::path& path, std::string_view bytes);

// Tells what diverged, on stderr and in mismatch.txt. After a whole-engine run also which unit did
// so first, by a second run with every unit as RTL and model side by side, and, unless this run had
// waves, those around it, by a third; summary.json then has the unit.
void ReportMismatch(const Options& o, const CoreConfig& core, const CoreMismatch& mismatch);

}  // namespace handoff::system
