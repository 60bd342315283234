// SPDX-License-Identifier: Apache-2.0
//
// A machine of one's own below the host's software: sw::Hw over plain memory, with a network card
// behind the registers that takes and brings whole frames. It delegates nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "gen/handoff_pkg.h"
#include "sw/hw.h"

using handoff::sw::Micros;

// The time of all machines: it passes when somebody takes the next step.
class Clock {
 public:
  Micros now() const { return now_; }
  handoff::sw::TimerHandle After(Micros delay, std::function<void()> callback);
  void Cancel(handoff::sw::TimerHandle handle);
  // Runs what is due next; false: nothing is.
  bool Step();

 private:
  Micros now_{};
  handoff::sw::TimerHandle last_ = handoff::sw::kNoTimer;
  std::map<std::pair<Micros, handoff::sw::TimerHandle>, std::function<void()>> pending_;
};

class Machine : public handoff::sw::Hw {
 public:
  explicit Machine(Clock& clock) : clock_(clock) {}

  // The cable: a frame that leaves here, and one that arrives.
  std::function<void(std::vector<uint8_t>)> on_send;
  void Receive(std::span<const uint8_t> frame);

  // --- sw::Hw ---
  void WriteReg(uint32_t offset, uint32_t value) override;
  void ReadReg(uint32_t offset, std::function<void(handoff::sw::ReadResult)> done) override;
  handoff::sw::PhysAddr Allocate(size_t bytes, size_t align, handoff::sw::Owner owner) override;
  void Free(handoff::sw::PhysAddr) override {}
  std::span<uint8_t> Memory(handoff::sw::PhysAddr addr, size_t bytes) override;
  void Grant(handoff::sw::PhysAddr, size_t, bool) override {}  // no IOMMU
  void Revoke(handoff::sw::PhysAddr, size_t) override {}
  void OnInterrupt(uint32_t, std::function<void()> handler) override {
    interrupt_ = std::move(handler);
  }
  void MaskInterrupt(uint32_t, bool) override {}
  void Charge(handoff::sw::Cost, uint64_t) override {}  // the processor costs nothing
  void NoteRead(handoff::sw::PhysAddr, size_t, std::string_view) override {}
  Micros Now() const override { return clock_.now(); }
  handoff::sw::TimerHandle After(Micros delay, std::function<void()> callback) override {
    return clock_.After(delay, std::move(callback));
  }
  void Cancel(handoff::sw::TimerHandle handle) override { clock_.Cancel(handle); }

 private:
  enum Ring : uint32_t { kCommands, kTransmit, kLegacy, kNotifications };
  uint32_t& Register(Ring ring, size_t which);
  bool Empty(Ring ring);
  std::span<uint8_t> Next(Ring ring, size_t bytes);
  void Transmit();
  void Notify(handoff::Ntf ntf);

  Clock& clock_;
  std::map<uint32_t, uint32_t> registers_;
  std::vector<uint8_t> memory_ = std::vector<uint8_t>(size_t{64} << 20);
  uint64_t free_ = 4096;
  std::function<void()> interrupt_;
  uint32_t at_[4] = {};  // the card's own index in each ring
  bool phase_ = true;
};
