// SPDX-License-Identifier: Apache-2.0
//
// The engine's driver: its four rings, interrupts, and the network interface that the stack sees.
// What concerns connections with an entry goes to an EntryUser (delegation.h).
//
//   stack ── SendFrame ──▶ transmit ring ─▶ ┐
//         ◀─ frame handler ─┐               │ engine
//   EntryUser ── commands ──┼─▶ command ring▶ ┤
//         ◀─────────────────┴── notification ring ◀─ interrupt
//                               legacy ring: buffers for what the engine does not place itself
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "gen/handoff_pkg.h"
#include "sw/driver/command_ring.h"
#include "sw/driver/dma_pool.h"
#include "sw/driver/legacy_ring.h"
#include "sw/driver/ring.h"
#include "sw/driver/transmit_ring.h"
#include "sw/tcp/netif.h"

namespace handoff::driver {

struct DriverConfig {
  tcp::MacAddr mac;
  uint32_t mtu = 1500;
  unsigned log_commands = 8;
  unsigned log_transmit = 10;
  unsigned log_legacy = 10;
  // 0: as many as never fill (docs/design.md, 7).
  unsigned log_notifications = 0;
  uint32_t legacy_buffers = 1000;
  uint32_t limit_us = 500000;  // between two limited ACKs of a connection
  std::array<uint32_t, 4> delay_us = {200, 1000, 40000, 200};
  uint32_t back_class = 3;  // delay class of hand-backs
  uint32_t ntf_reserve = 64;
  uint32_t irq_count = 1;
  uint32_t irq_delay_us = 0;
  std::array<uint32_t, 10> hash_key{};  // random
  uint32_t poll_budget = 64;            // notifications handled in one go
};

// Read from the engine.
struct EngineBuild {
  uint32_t dct_entries = 0;
  uint32_t slots = 0;  // user-buffer pieces a connection
  uint32_t data_bytes = 0;
};

struct DriverStats {
  uint64_t interrupts = 0;
  uint64_t notifications = 0;
  uint64_t frames_in = 0;  // whole frames that came up
  uint64_t frame_bytes_in = 0;
  uint64_t raw_out = 0;
  uint64_t segments_out = 0;  // SEND descriptors
  uint64_t send_errors = 0;   // `sent` with a status other than Ok
  uint64_t dropped_out = 0;   // too long, or too many wait
  uint64_t upload_errors = 0;
  uint64_t commands = 0;
  uint64_t resets = 0;
};

// Who looks after the connections that have an entry.
class EntryUser {
 public:
  virtual ~EntryUser() = default;
  // A whole frame that an entry matched. False: it is for nobody in particular.
  virtual bool OnFrame(const Ntf& ntf, const LegacyBytes& frame) = 0;
  virtual void OnPayload(const Ntf& ntf, const LegacyBytes& payload) = 0;
  virtual void OnHandBack(const Ntf& ntf) = 0;
  virtual void OnProgress(const Ntf& ntf) = 0;
  virtual void OnResync(const Ntf& ntf) = 0;
  virtual void OnRawSent() = 0;
  // All entries, and all that was posted, are gone (corner 107).
  virtual void OnReset() = 0;
};

class Driver : public tcp::NetIf {
 public:
  Driver(Hw& hw, const DriverConfig& config);
  ~Driver() override;
  Driver(const Driver&) = delete;
  Driver& operator=(const Driver&) = delete;

  // Once. Reads what the engine is and brings it up; `ready` says whether it is one we know that
  // has taken its configuration.
  void Start(std::function<void(bool)> ready);
  // Resets the engine and brings it up again.
  void Reset();
  // Told when the engine does not come up, at the start or after a reset, and why: it stays down.
  void SetErrorHandler(std::function<void(const std::string&)> handler) {
    on_error_ = std::move(handler);
  }
  bool up() const { return up_; }
  const EngineBuild& build() const { return build_; }
  const DriverConfig& config() const { return config_; }
  const DriverStats& stats() const { return stats_; }
  Hw& hw() { return hw_; }

  void SetFrameHandler(std::function<void(tcp::ByteView)> handler) {
    on_frame_ = std::move(handler);
  }
  void SetEntryUser(EntryUser* user) { user_ = user; }
  // Sees each RAW frame once it has left. Who sees all frames on the wire knows by this, and by
  // DelegationStats::pure_acks_sent, which of a connection's ACKs the engine itself has made.
  void SetRawSentHandler(std::function<void(tcp::ByteView)> handler) {
    on_raw_sent_ = std::move(handler);
  }

  // -- NetIf --
  void SendFrame(tcp::ByteView frame) override;
  uint32_t mtu() const override { return config_.mtu; }
  tcp::MacAddr mac() const override { return config_.mac; }
  uint32_t max_frame() const;

  // -- For the EntryUser --
  template <class Desc>
  void Issue(const Desc& desc, CommandRing::Done done) {
    ++stats_.commands;
    commands_.Issue(desc, std::move(done));
    RingSoon();
  }
  void IssueSetup(const Setup0Desc& first, const Setup1Desc& second, CommandRing::Done done);
  void Send(const TxDesc& desc, std::vector<tcp::Hold> holds, TransmitRing::Done done);
  const TransmitRing& transmit() const { return transmit_; }
  const CommandRing& commands() const { return commands_; }
  const LegacyRing& legacy() const { return legacy_; }
  DmaPool& pool() { return pool_; }

  // A counter of the engine's; false: the read failed.
  void ReadCounter(uint32_t index, std::function<void(bool, uint64_t)> done);

 private:
  // Configuration first, then the rings: an engine that has refused a register touches no memory.
  void Program(std::function<void(bool)> done);
  void EnableRings(std::function<void(bool)> done);
  void CheckRegisters(std::function<void(bool)> done);
  void Fail(const std::string& why);
  void OnInterrupt();
  void Poll();
  bool HandleNext();
  void Handle(const Ntf& ntf);
  void RingSoon();
  void RingDoorbells();
  void CheckHealthSoon();
  void AwaitReset();

  Hw& hw_;
  const DriverConfig config_;
  EngineBuild build_;
  DriverStats stats_;
  std::function<void(tcp::ByteView)> on_frame_;
  std::function<void(tcp::ByteView)> on_raw_sent_;
  std::function<void(const std::string&)> on_error_;
  EntryUser* user_ = nullptr;

  CheckedRegisters registers_;
  DmaPool pool_;
  CommandRing commands_;
  TransmitRing transmit_;
  LegacyRing legacy_;
  std::optional<Ring> notifications_;  // as large as the table asks for
  uint32_t next_ = 0;                  // entry to be looked at
  bool phase_ = true;                  // of a new one
  bool up_ = false;
  sw::TimerHandle ring_timer_ = sw::kNoTimer;
  sw::TimerHandle poll_timer_ = sw::kNoTimer;
  sw::TimerHandle reset_timer_ = sw::kNoTimer;
  sw::TimerHandle health_timer_ = sw::kNoTimer;
  // Register reads come back later; they find out whether the driver is still there.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace handoff::driver
