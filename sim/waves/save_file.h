// SPDX-License-Identifier: Apache-2.0
//
// The GTKWave save file of a wave file: a group of signals for the engine and for each unit, RTL
// and model of one port or register beneath each other.
#pragma once

#include <string>

#include "sim/waves/fst_file.h"
#include "sim/waves/waves.h"

namespace handoff {

// Its path: the wave file's, with another extension.
std::string SaveFilePath(const std::string& wave_path);
// Throws std::runtime_error if it cannot be written.
void WriteSaveFile(const WaveRequest& request, const FstFile& waves);

}  // namespace handoff
