// SPDX-License-Identifier: Apache-2.0
#include "model/pcie/params.h"

#include <algorithm>
#include <array>
#include <utility>

namespace handoff {
namespace {

// Femtoseconds of a byte on one lane: 2.5 and 5 GT/s in 8b/10b, 8 to 32 GT/s in 128b/130b
// (4.2.1, 4.2.2).
constexpr std::array<uint64_t, 5> kLaneByteFs = {4000000, 2000000, 1015625, 507812, 253906};

constexpr uint32_t kReadBytes = 512;  // of the engine, at most
constexpr uint32_t kMostTags = 1024;  // 10-bit tags (2.2.6.2)

bool PowerOfTwo(uint32_t n, uint32_t least, uint32_t most) {
  return n >= least && n <= most && (n & (n - 1)) == 0;
}

}  // namespace

std::optional<PcieParams::Wrong> PcieParams::FirstWrong() const {
  const auto at_least = [](uint32_t least, const char* why) {
    return std::to_string(least) + " or more, to do for " + why;
  };
  if (generation < 1 || generation > kLaneByteFs.size()) return Wrong{"generation", "1 to 5"};
  if (!PowerOfTwo(lanes, 1, 16)) return Wrong{"lanes", "1, 2, 4, 8 or 16"};
  if (!PowerOfTwo(max_payload, 128, 4096)) {
    return Wrong{"max_payload", "a power of two, 128 to 4096"};
  }
  if (!PowerOfTwo(max_read_request, 128, 4096)) {
    return Wrong{"max_read_request", "a power of two, 128 to 4096"};
  }
  if (read_completion_boundary != 64 && read_completion_boundary != 128) {
    return Wrong{"read_completion_boundary", "64 or 128"};
  }
  // The engine asks for 512 bytes at a time and writes up to 4 KiB: less could never go.
  const uint32_t reads = ReadTlps(kReadBytes, max_read_request);
  if (tags < reads) return Wrong{"tags", at_least(reads, "one read of 512 bytes")};
  if (tags > kMostTags) return Wrong{"tags", std::to_string(kMostTags) + " or less"};
  for (const auto& [side, c] : {std::pair{"upstream", upstream}, {"downstream", downstream}}) {
    const std::string prefix = std::string(side) + ".";
    if (c.posted_headers < 1) return Wrong{prefix + "posted_headers", "1 or more"};
    if (c.posted_data < DataCredits(max_payload)) {
      return Wrong{prefix + "posted_data",
                   at_least(DataCredits(max_payload), "one packet of the largest payload")};
    }
    if (c.non_posted_headers < reads) {
      return Wrong{prefix + "non_posted_headers", at_least(reads, "one read of 512 bytes")};
    }
  }
  return std::nullopt;
}

std::string PcieParams::Problem() const {
  const std::optional<Wrong> wrong = FirstWrong();
  return wrong ? wrong->name + " must be " + wrong->must_be : "";
}

uint64_t PcieParams::byte_fs() const { return kLaneByteFs.at(generation - 1) / lanes; }

uint32_t CompletionTlps(uint64_t addr, uint64_t bytes, const PcieParams& params) {
  const uint64_t end = addr + bytes;
  uint32_t packets = 0;
  do {
    const uint64_t most = addr + params.max_payload;
    addr = std::min(end, most - most % params.read_completion_boundary);
    ++packets;
  } while (addr < end);
  return packets;
}

}  // namespace handoff
