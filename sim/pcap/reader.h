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
  uint64_t number = 0;  // in the file, from 1 on
};

struct Capture {
  std::vector<Frame> frames;
  std::vector<std::string> notes;  // what was made of it that it does not say itself
};

// pcap or pcapng, plain or in gzip, whole frames, of Ethernet, Linux's cooked form or bare IP: the
// last two get an Ethernet header with zero addresses. Times do not go back: where the file's do,
// and where they leap by more than a day, they are mended. Throws std::runtime_error that says what
// is wrong with which file, and where.
Capture ReadCapture(const std::string& path);
inline std::vector<Frame> ReadFile(const std::string& path) { return ReadCapture(path).frames; }

// A capture of tb/captures; tests run from the repository's root, or say where it is.
inline std::string CapturePath(const std::string& name) {
  const char* root = std::getenv("HANDOFF_ROOT");
  return (root != nullptr ? std::string(root) + "/" : std::string()) + "tb/captures/" + name;
}

}  // namespace handoff::pcap
