// SPDX-License-Identifier: Apache-2.0
//
// Reads classic microsecond pcap files of Ethernet frames, little-endian, as in tb/captures.
#ifndef HANDOFF_TB_SW_PCAP_FILE_H_
#define HANDOFF_TB_SW_PCAP_FILE_H_

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

#include "sw/tcp/bytes.h"
#include "sw/types.h"

namespace handoff::tb {

struct CapturedFrame {
  sw::Micros time;
  tcp::Bytes bytes;
};

inline std::vector<CapturedFrame> ReadPcap(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path);
  const tcp::Bytes all((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const auto word = [&all](size_t at) {
    return static_cast<uint32_t>(all[at] | all[at + 1] << 8 | all[at + 2] << 16) |
           static_cast<uint32_t>(all[at + 3]) << 24;
  };
  if (all.size() < 24 || word(0) != 0xa1b2c3d4U) throw std::runtime_error("not a pcap: " + path);
  std::vector<CapturedFrame> frames;
  for (size_t at = 24; at + 16 <= all.size();) {
    const uint32_t length = word(at + 8);
    if (at + 16 + length > all.size()) throw std::runtime_error("cut short: " + path);
    const auto* data = all.data() + at + 16;
    frames.push_back({sw::Seconds(word(at)) + sw::Micros(word(at + 4)), {data, data + length}});
    at += 16 + length;
  }
  return frames;
}

// The captures live beside this folder; tests run from the repository's root, or say where it is.
inline std::string CapturePath(const std::string& name) {
  const char* root = std::getenv("HANDOFF_ROOT");
  return (root != nullptr ? std::string(root) + "/" : std::string()) + "tb/captures/" + name;
}

}  // namespace handoff::tb

#endif  // HANDOFF_TB_SW_PCAP_FILE_H_
