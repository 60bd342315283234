// SPDX-License-Identifier: Apache-2.0
//
// A PCIe link in numbers, and what follows from them: how long a packet takes, how many packets a
// transfer needs, what they cost in credits. Clauses are those of the PCI Express Base
// Specification 5.0.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "model/femtoseconds.h"

namespace handoff {

// Where things lie in the host's physical address space, as on a PC: the endpoint's two BARs, and
// the range whose writes are interrupts (Intel SDM volume 3, 11.11).
inline constexpr uint64_t kBar0Address = 0xc0000000, kBar0Bytes = 0x10000;
inline constexpr uint64_t kBar2Address = 0xc0010000, kBar2Bytes = 0x1000;
inline constexpr uint64_t kMsiAddress = 0xfee00000, kMsiBytes = 0x100000;

// Flow-control credits: a header each packet, data in units of 16 bytes (2.6.1). The defaults carry
// minimum frames at 100 Gb/s, two packets each, over a round trip of 600 ns.
struct PcieCredits {
  uint32_t posted_headers = 256;
  uint32_t posted_data = 2048;
  uint32_t non_posted_headers = 128;
  // Completions have infinite credits: whoever reads has kept room for the answer (2.6.1).
};

inline constexpr uint32_t kCreditBytes = 16;
constexpr uint32_t DataCredits(uint64_t bytes) {
  return static_cast<uint32_t>((bytes + kCreditBytes - 1) / kCreditBytes);
}

struct PcieParams {
  uint32_t generation = 4;  // 1 to 5
  uint32_t lanes = 16;      // 1, 2, 4, 8, 16
  uint32_t max_payload = 256;
  uint32_t max_read_request = 512;
  uint32_t read_completion_boundary = 64;
  uint32_t tags = 256;        // read requests of the engine on their way
  uint64_t latency_ns = 250;  // one way: logic, wire and switch, without the packet's own length
  PcieCredits upstream;       // given by the root complex for what the engine sends
  PcieCredits downstream;     // given by the endpoint for register accesses
  uint64_t memory_latency_ns = 100;  // root complex: read request in to first completion out
  uint64_t memory_jitter_ns = 0;  // more, evenly spread, drawn for every read: answers in any order
  uint64_t credit_latency_ns = 0;  // root complex: packet in to its credits on their way back

  // Which parameter is wrong, by its name here, and what it must be.
  struct Wrong {
    std::string name, must_be;
  };
  std::optional<Wrong> FirstWrong() const;
  // The same in words; empty if all is well.
  std::string Problem() const;
  uint64_t latency_ps() const { return latency_ns * 1000; }
  // Time of one byte on the link, in femtoseconds.
  uint64_t byte_fs() const;
};

// Bytes of a packet around its payload: header, and framing, sequence number and LCRC
// (3.6.2, 4.2.2).
inline constexpr uint32_t kTlpFraming = 8;
inline constexpr uint32_t kTlpHeader3Dw = 12, kTlpHeader4Dw = 16;
// A memory request's header is longer when its address needs more than 32 bits (2.2.4.1).
constexpr uint32_t RequestOverhead(uint64_t addr) {
  return kTlpFraming + (addr >> 32 != 0 ? kTlpHeader4Dw : kTlpHeader3Dw);
}
inline constexpr uint32_t kCompletionOverhead = kTlpFraming + kTlpHeader3Dw;

// Packets for a write of this length.
constexpr uint32_t WriteTlps(uint64_t bytes, uint32_t max_payload) {
  return bytes == 0 ? 1 : static_cast<uint32_t>((bytes + max_payload - 1) / max_payload);
}
constexpr uint32_t ReadTlps(uint64_t bytes, uint32_t max_read_request) {
  return WriteTlps(bytes, max_read_request);
}
// Completions of one read request: each ends on the read completion boundary, or at the end
// (2.3.1.1).
uint32_t CompletionTlps(uint64_t addr, uint64_t bytes, const PcieParams& params);

// When one direction of the link is free again.
class PcieLane {
 public:
  explicit PcieLane(uint64_t byte_fs) : byte_fs_(byte_fs) {}
  // Puts bytes on the link at `ps` or when it is free; the time at which the last one is on it.
  uint64_t Send(uint64_t ps, uint64_t bytes) {
    const Femtoseconds from = PsToFs(ps) > free_fs_ ? PsToFs(ps) : free_fs_;
    free_fs_ = from + bytes * byte_fs_;
    bytes_ += bytes;
    return FsToPs(free_fs_);
  }
  uint64_t bytes() const { return bytes_; }

 private:
  uint64_t byte_fs_;
  Femtoseconds free_fs_ = 0;
  uint64_t bytes_ = 0;
};

}  // namespace handoff
