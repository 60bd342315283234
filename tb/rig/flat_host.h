// SPDX-License-Identifier: Apache-2.0
//
// The least host that an engine needs: flat memory, four rings set up by register writes, and
// answers to reads after a fixed latency. For tests and benchmarks of the engine alone; the real
// host is sw/.
#pragma once

#include <cstdint>
#include <cstring>
#include <deque>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "gen/handoff_pkg.h"
#include "model/core/engine_core.h"

namespace handoff {

class FlatHost {
 public:
  struct Params {
    uint64_t read_latency_cycles = 160;
    uint64_t chunk_cycles = 32;  // the core runs so long before the host looks again
    uint32_t log_ntf = 12;
    uint32_t log_legacy = 11;
    uint32_t legacy_bytes = 2048;  // of one legacy buffer
    uint32_t max_frame = 2048;     // without FCS, at most legacy_bytes
  };
  // Where things lie.
  static constexpr uint64_t kCmdRing = 0x10000, kTxRing = 0x20000, kLegacyRing = 0x40000,
                            kNtfRing = 0x100000, kLegacyBuffers = 0x1000000, kUser = 0x8000000,
                            kBlock = 0x200000, kTxData = 0x300000, kMemory = 0x10000000;
  static constexpr uint32_t kLogCmd = 8, kLogTx = 8;

  explicit FlatHost(EngineCore& core) : FlatHost(core, Params()) {}
  FlatHost(EngineCore& core, const Params& params);

  // Registers and rings; the first `legacy` buffers posted.
  void Start(uint32_t legacy);

  // Clocks the core and serves it. Throws std::runtime_error with the text at a mismatch, a broken
  // AXI rule or an access outside memory.
  void Run(uint64_t cycles);
  // Until `done`; throws when that takes more than `limit` cycles.
  template <class F>
  void Until(F&& done, const char* what, uint64_t limit = 200000) {
    for (uint64_t used = 0; !done(); used += p_.chunk_cycles) {
      if (used > limit) throw std::runtime_error(std::string("did not happen: ") + what);
      Run(p_.chunk_cycles);
    }
  }

  void WriteReg(uint16_t addr, uint32_t value);
  uint32_t ReadReg(uint16_t addr);  // runs until it is answered
  uint64_t Counter(uint32_t index);

  // Puts a descriptor into a ring and rings the doorbell.
  template <class Desc>
  void Command(const Desc& desc) {
    Put(kCmdRing, kLogCmd, &cmd_index_, desc);
  }
  void CommandsReady();
  void Transmit(const TxDesc& desc);
  void PostLegacy(uint32_t count);

  uint8_t* Memory(uint64_t addr, size_t bytes);
  void Store(uint64_t addr, const Bytes& bytes);
  Bytes Load(uint64_t addr, size_t bytes);

  std::deque<Ntf> notifications;  // read from the ring, in order; take them away
  std::vector<TxSink::Frame> sent;
  uint64_t interrupts = 0;
  bool recycle = true;  // legacy buffers are posted again as soon as their notification is read

  // Buffer of a legacy notification's tag.
  uint64_t LegacyAddr(uint64_t tag) const { return kLegacyBuffers + tag * p_.legacy_bytes; }

 private:
  template <class Desc>
  void Put(uint64_t ring, uint32_t log_size, uint32_t* index, const Desc& desc) {
    uint64_t words[(Desc::kWidth + 63) / 64];
    desc.Pack(words);
    uint8_t* to = Memory(ring + *index * sizeof words, sizeof words);
    std::memcpy(to, words, sizeof words);
    *index = (*index + 1) & ((1u << log_size) - 1);
  }
  void Serve();
  void ReadNotifications();

  EngineCore& core_;
  Params p_;
  std::unique_ptr<uint8_t[], void (*)(void*)> memory_;  // zeros, touched only where used
  uint32_t cmd_index_ = 0, tx_index_ = 0, legacy_index_ = 0, ntf_index_ = 0;
  bool phase_ = true;
  uint32_t told_ntf_ = 0, told_legacy_ = 0;
  uint64_t next_id_ = 1;
};

}  // namespace handoff
