// SPDX-License-Identifier: Apache-2.0
#include "model/pcie/params.h"

#include <algorithm>
#include <array>

namespace handoff {
namespace {

// Femtoseconds of a byte on one lane: 2.5 and 5 GT/s in 8b/10b, 8 to 32 GT/s in 128b/130b
// (4.2.1, 4.2.2).
constexpr std::array<uint64_t, 5> kLaneByteFs = {4000000, 2000000, 1015625, 507812, 253906};

bool PowerOfTwo(uint32_t n, uint32_t least, uint32_t most) {
  return n >= least && n <= most && (n & (n - 1)) == 0;
}

}  // namespace

std::string PcieParams::Problem() const {
  if (generation < 1 || generation > kLaneByteFs.size()) return "generation must be 1 to 5";
  if (!PowerOfTwo(lanes, 1, 16)) return "lanes must be 1, 2, 4, 8 or 16";
  if (!PowerOfTwo(max_payload, 128, 4096)) return "max_payload must be a power of two, 128 to 4096";
  if (!PowerOfTwo(max_read_request, 128, 4096)) {
    return "max_read_request must be a power of two, 128 to 4096";
  }
  if (read_completion_boundary != 64 && read_completion_boundary != 128) {
    return "read_completion_boundary must be 64 or 128";
  }
  if (tags < 1 || tags > 1024) return "tags must be 1 to 1024";
  // The engine asks for 512 bytes at a time and writes up to 4 KiB: less could never go.
  if (tags < ReadTlps(512, max_read_request)) return "tags must do for one read of 512 bytes";
  for (const PcieCredits& c : {upstream, downstream}) {
    if (c.posted_headers < 1 || c.non_posted_headers < ReadTlps(512, max_read_request) ||
        c.posted_data < DataCredits(max_payload)) {
      return "credits must do for one packet of the largest payload and one read of 512 bytes";
    }
  }
  return "";
}

uint64_t PcieParams::byte_fs() const { return kLaneByteFs.at(generation - 1) / lanes; }

uint32_t CompletionTlps(uint64_t addr, uint64_t bytes, const PcieParams& params) {
  const uint64_t end = addr + bytes;
  uint32_t packets = 0;
  do {
    const uint64_t most = addr + params.max_payload;
    addr = std::min(end, most - most % params.read_completion_boundary);
    packets++;
  } while (addr < end);
  return packets;
}

}  // namespace handoff
