// SPDX-License-Identifier: Apache-2.0
//
// Reads the frames of a capture.
#pragma once

#include <cstdlib>
#include <string>
#include <vector>

#include "sw/tcp/bytes.h"
#include "sw/types.h"

namespace handoff::pcap {

struct Frame {
  sw::Micros time;  // since the first frame
  tcp::Bytes bytes;
};

// pcap or pcapng, Ethernet, whole frames. Throws std::runtime_error that says what is wrong with
// which file, and where.
std::vector<Frame> ReadFile(const std::string& path);

// A capture of tb/captures; tests run from the repository's root, or say where it is.
inline std::string CapturePath(const std::string& name) {
  const char* root = std::getenv("HANDOFF_ROOT");
  return (root != nullptr ? std::string(root) + "/" : std::string()) + "tb/captures/" + name;
}

}  // namespace handoff::pcap
