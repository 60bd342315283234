// SPDX-License-Identifier: Apache-2.0
//
// A machine for the driver without a simulator: memory, grants, virtual time, and a device behind
// the registers.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <new>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "sw/hw.h"
#include "tb/sw/virtual_time.h"

namespace handoff::tb {

class FakeHw : public sw::Hw {
 public:
  // What lies behind BAR0.
  struct Device {
    std::function<void(uint32_t, uint32_t)> write;
    std::function<sw::ReadResult(uint32_t)> read;
  };
  explicit FakeHw(VirtualTime& time) : time_(time) {}
  void SetDevice(Device device) { device_ = std::move(device); }

  // -- Hw --
  Micros Now() const override { return time_.Now(); }
  sw::TimerHandle After(Micros delay, std::function<void()> callback) override {
    return time_.After(delay, std::move(callback));
  }
  void Cancel(sw::TimerHandle handle) override { time_.Cancel(handle); }
  void WriteReg(uint32_t offset, uint32_t value) override {
    ++writes;
    // Posted: in order, and later.
    time_.After(mmio_delay, [this, offset, value] { device_.write(offset, value); });
  }
  void ReadReg(uint32_t offset, std::function<void(sw::ReadResult)> done) override {
    ++reads;
    time_.After(mmio_delay * 2, [this, offset, done] { done(device_.read(offset)); });
  }
  sw::PhysAddr Allocate(size_t bytes, size_t align, sw::Owner owner) override {
    if (bytes > bytes_left) throw std::bad_alloc();
    bytes_left -= bytes;
    next_ = (next_ + align - 1) / align * align;
    const uint64_t addr = next_;
    next_ += bytes;
    blocks_[addr] = {std::vector<uint8_t>(bytes), owner};
    return sw::PhysAddr(addr);
  }
  void Free(sw::PhysAddr addr) override {
    const auto found = blocks_.find(addr.raw());
    if (found == blocks_.end()) throw std::invalid_argument("freed what was not allocated");
    const uint64_t end = addr.raw() + found->second.bytes.size();
    for (const Grant_& g : grants_) {
      if (g.addr < end && addr.raw() < g.addr + g.bytes) ++freed_while_granted;
    }
    bytes_left += found->second.bytes.size();
    blocks_.erase(found);
  }
  std::span<uint8_t> Memory(sw::PhysAddr addr, size_t bytes) override {
    auto found = blocks_.upper_bound(addr.raw());
    if (found != blocks_.begin()) {
      --found;
      const uint64_t offset = addr.raw() - found->first;
      std::vector<uint8_t>& block = found->second.bytes;
      if (offset <= block.size() && bytes <= block.size() - offset) {
        return std::span(block).subspan(offset, bytes);
      }
    }
    throw std::out_of_range("no memory there");
  }
  void Grant(sw::PhysAddr addr, size_t bytes, bool writable) override {
    grants_.push_back({addr.raw(), bytes, writable});
  }
  void Revoke(sw::PhysAddr addr, size_t bytes) override {
    const auto found = std::find_if(grants_.begin(), grants_.end(), [&](const Grant_& g) {
      return g.addr == addr.raw() && g.bytes == bytes;
    });
    if (found == grants_.end()) throw std::invalid_argument("revoked what was not granted");
    grants_.erase(found);
  }
  void OnInterrupt(uint32_t vector, std::function<void()> handler) override {
    handlers_[vector] = std::move(handler);
  }
  void MaskInterrupt(uint32_t, bool) override {}
  void Charge(sw::Cost what, uint64_t count) override { charged[what] += count; }
  void NoteRead(sw::PhysAddr, size_t bytes, std::string_view connection) override {
    read_bytes[std::string(connection)] += bytes;
  }

  // -- For the device --
  // Memory it may reach; throws where it may not (a stray DMA fails the test).
  std::span<uint8_t> Dma(uint64_t addr, size_t bytes, bool write) {
    for (const Grant_& g : grants_) {
      const bool inside = g.addr <= addr && addr + bytes <= g.addr + g.bytes;
      if (inside && (g.writable || !write)) return Memory(sw::PhysAddr(addr), bytes);
    }
    throw std::logic_error("stray DMA at " + std::to_string(addr));
  }
  void Interrupt(uint32_t vector) {
    if (handlers_[vector]) handlers_[vector]();
  }
  size_t grants() const { return grants_.size(); }
  size_t blocks() const { return blocks_.size(); }

  Micros mmio_delay = Micros(1);
  uint64_t bytes_left = uint64_t{1} << 30;
  uint64_t writes = 0;
  uint64_t reads = 0;
  uint64_t freed_while_granted = 0;
  std::map<sw::Cost, uint64_t> charged;
  std::map<std::string, uint64_t> read_bytes;

 private:
  struct Block {
    std::vector<uint8_t> bytes;
    sw::Owner owner;
  };
  struct Grant_ {
    uint64_t addr;
    size_t bytes;
    bool writable;
  };
  VirtualTime& time_;
  Device device_;
  uint64_t next_ = uint64_t{1} << 32;
  std::map<uint64_t, Block> blocks_;
  std::vector<Grant_> grants_;
  std::map<uint32_t, std::function<void()>> handlers_;
};

}  // namespace handoff::tb
