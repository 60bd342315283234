// SPDX-License-Identifier: Apache-2.0
//
// What stands at the engine's pins, in its clock: the MAC's two directions, the register master and
// single levels. (The DMA port is model/core/dma_port.h.) Each device's Tick() runs after the
// engine's Tick() and before its Commit(): it sees the engine's outputs before the edge and sets
// the pins for the next cycle.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <deque>
#include <utility>
#include <vector>

#include "gen/handoff_pkg.h"
#include "model/clock.h"
#include "model/core/engine_pins.h"

namespace handoff {

// By then the engine's input registers have settled, and what it says of quiet is true.
inline constexpr uint64_t kSettleCycles = 8;

using Bytes = std::vector<uint8_t>;

inline constexpr uint64_t kNever = ~uint64_t{0};

// The MAC's receive side: plays frames, each from its start cycle on (or as soon as the one before
// is out), one beat a cycle.
class RxSource {
 public:
  struct Frame {
    uint64_t cycle = 0;  // first beat not before this cycle
    Bytes bytes;         // without FCS, at least one byte
    bool bad = false;    // the MAC found an error
  };
  struct Sent {
    uint64_t first_cycle, last_cycle;
  };

  void Push(Frame frame) {
    queue_.push_back(std::move(frame));
    due_ = NextCycle();
  }

  void Tick(EnginePins& pins, uint64_t next_cycle) {
    pins.rx_valid = due_ <= next_cycle || offset_ != 0;
    if (pins.rx_valid) Play(pins, next_cycle);
  }
  // The next cycle at which this device does anything.
  uint64_t NextCycle() const { return queue_.empty() ? kNever : queue_.front().cycle; }
  bool idle() const { return queue_.empty(); }
  bool busy(const EnginePins& pins) const { return offset_ != 0 || pins.rx_valid; }
  uint64_t frames() const { return frames_; }
  const Sent& last() const { return last_; }

 private:
  void Play(EnginePins& pins, uint64_t next_cycle) {
    const Frame& frame = queue_.front();
    const size_t left = frame.bytes.size() - offset_;
    const size_t take = std::min<size_t>(left, kDataBytes);
    if (offset_ == 0) first_cycle_ = next_cycle;
    if (take < kDataBytes) pins.rx.data = {};
    std::memcpy(pins.rx.data.bytes(), frame.bytes.data() + offset_, take);
    pins.rx.keep = take == 64 ? ~uint64_t{0} : (uint64_t{1} << take) - 1;
    pins.rx.last = take == left;
    pins.rx.user = pins.rx.last && frame.bad;
    offset_ += take;
    if (pins.rx.last) {
      offset_ = 0;
      ++frames_;
      last_ = {first_cycle_, next_cycle};
      queue_.pop_front();
      due_ = NextCycle();
    }
  }

  std::deque<Frame> queue_;
  uint64_t due_ = kNever;  // the first frame's cycle
  size_t offset_ = 0;
  uint64_t first_cycle_ = 0;
  uint64_t frames_ = 0;
  Sent last_{};
};

// The MAC's transmit side: takes beats as long as its own FIFO has room, sends them at the link's
// rate.
class TxSink {
 public:
  struct Frame {
    uint64_t first_cycle = 0, last_cycle = 0;
    Bytes bytes;
    bool abandoned = false;
  };

  // `gbps` of the link; 0 takes a beat every cycle.
  explicit TxSink(double gbps = 100.0)
      : byte_ps_num_(gbps > 0 ? static_cast<uint64_t>(8e6 / gbps) : 0) {}

  template <class Out>
  void Tick(const Out& out, EnginePins& pins, uint64_t cycle) {
    if (out.tx_valid && pins.tx_ready) Take(out.tx, cycle);
    // Room for one more largest burst of beats: the MAC's FIFO holds kFifoPs of line time.
    room_ = room_ || byte_ps_num_ == 0 || busy_until_ps_ <= CycleToPs(cycle) + kFifoPs;
    pins.tx_ready = room_;
  }
  bool busy() const { return !partial_.bytes.empty(); }
  // When tx_ready is low, the cycle at which it rises again.
  bool waiting(const EnginePins& pins) const { return !pins.tx_ready; }

  std::vector<Frame> frames;  // complete ones, for whoever runs the core to take away

 private:
  static constexpr uint64_t kFifoPs = 200000;  // 2.5 KB at 100 Gb/s
  static constexpr uint64_t kGapBytes = 24;    // preamble, FCS, inter-frame gap (IEEE 802.3)

  void Take(const Axis& beat, uint64_t cycle) {
    if (partial_.bytes.empty()) partial_.first_cycle = cycle;
    const int n = beat.keep == ~uint64_t{0} ? 64 : __builtin_ctzll(~beat.keep);
    partial_.bytes.insert(partial_.bytes.end(), beat.data.bytes(), beat.data.bytes() + n);
    if (!beat.last) return;
    partial_.last_cycle = cycle;
    partial_.abandoned = beat.user;
    busy_until_ps_ = std::max(busy_until_ps_, CycleToPs(cycle)) +
                     (partial_.bytes.size() + kGapBytes) * byte_ps_num_ / 1000;
    room_ = false;
    frames.push_back(std::move(partial_));
    partial_ = {};
  }

  uint64_t byte_ps_num_;  // thousandths of a picosecond a byte
  uint64_t busy_until_ps_ = 0;
  bool room_ = false;  // once there, it stays until the next frame
  Frame partial_;
};

// Plays register accesses one after another, in order.
class AxiLiteMaster {
 public:
  struct Access {
    uint64_t cycle = 0;  // not before
    uint64_t id = 0;     // comes back with the result
    bool write = false;
    uint16_t addr = 0;
    uint32_t data = 0;
    uint8_t strb = 0xf;
  };
  struct Result {
    uint64_t cycle = 0, id = 0;
    bool write = false, error = false;
    uint32_t data = 0;
  };

  // In order of their cycles.
  void Push(const Access& access) {
    queue_.push_back(access);
    due_ = NextCycle();
  }

  // True: a read ended; its result is the last one.
  template <class Out>
  bool Tick(const Out& out, EnginePins& pins, uint64_t cycle) {
    return (moving_ || due_ <= cycle + 1) && Move(out, pins, cycle);
  }
  uint64_t NextCycle() const { return queue_.empty() ? kNever : queue_.front().cycle; }
  bool busy() const { return waiting_; }
  bool idle() const { return queue_.empty(); }

  std::vector<Result> results;  // for whoever runs the core to take away

 private:
  template <class Out>
  bool Move(const Out& out, EnginePins& pins, uint64_t cycle) {
    bool read_done = false;
    pins.s_b_ready = pins.s_r_ready = true;
    if (pins.s_aw_valid && out.s_aw_ready) pins.s_aw_valid = false;
    if (pins.s_w_valid && out.s_w_ready) pins.s_w_valid = false;
    if (pins.s_ar_valid && out.s_ar_ready) pins.s_ar_valid = false;
    if (waiting_ && out.s_b_valid) Done(cycle, out.s_b.resp != 0, 0);
    if (waiting_ && out.s_r_valid) {
      Done(cycle, out.s_r.resp != 0, out.s_r.data);
      read_done = true;
    }
    moving_ = waiting_ || pins.s_aw_valid || pins.s_w_valid || pins.s_ar_valid;
    if (waiting_ || due_ > cycle + 1) return read_done;
    const Access& a = queue_.front();
    waiting_ = moving_ = true;
    if (a.write) {
      pins.s_aw_valid = pins.s_w_valid = true;
      pins.s_aw.addr = a.addr;
      pins.s_w.data = a.data;
      pins.s_w.strb = a.strb;
    } else {
      pins.s_ar_valid = true;
      pins.s_ar.addr = a.addr;
    }
    return read_done;
  }
  void Done(uint64_t cycle, bool error, uint32_t data) {
    results.push_back({cycle, queue_.front().id, queue_.front().write, error, data});
    queue_.pop_front();
    due_ = NextCycle();
    waiting_ = false;
  }

  std::deque<Access> queue_;
  uint64_t due_ = kNever;  // the first access's cycle
  bool waiting_ = false;
  bool moving_ = true;  // an access is under way, or the pins are not set up yet
};

// Single pins that change at given cycles: the link's state, and function-level reset, whose
// request stays up until the engine has answered it.
class LevelSource {
 public:
  enum class Pin : uint8_t { kLinkUp, kReset };
  struct Change {
    uint64_t cycle = 0;  // the pin has its new value from this cycle on
    Pin pin = Pin::kLinkUp;
    bool value = true;  // kReset: begins in any case, ends by itself
  };

  // In order of their cycles.
  void Push(const Change& change) {
    queue_.push_back(change);
    due_ = NextCycle();
  }

  template <class Out>
  void Tick(const Out& out, EnginePins& pins, uint64_t cycle) {
    if (pins.flr_req || due_ <= cycle + 1) Move(out.flr_done, pins, cycle);
  }
  uint64_t NextCycle() const { return queue_.empty() ? kNever : queue_.front().cycle; }
  // The engine says that it is quiet for some cycles after a level has changed.
  bool busy(const EnginePins& pins, uint64_t cycle) const {
    return pins.flr_req || cycle < settled_;
  }

  std::vector<uint64_t> resets_done;  // cycles of the answers, to be taken away as well

 private:
  void Move(bool flr_done, EnginePins& pins, uint64_t cycle) {
    if (pins.flr_req && flr_done) {
      pins.flr_req = false;
      settled_ = cycle + kSettleCycles;
      resets_done.push_back(cycle);
    }
    while (!queue_.empty() && queue_.front().cycle <= cycle + 1) {
      const Change& change = queue_.front();
      (change.pin == Pin::kLinkUp ? pins.link_up : pins.flr_req) =
          change.pin == Pin::kReset || change.value;
      settled_ = cycle + kSettleCycles;
      queue_.pop_front();
    }
    due_ = NextCycle();
  }

  std::deque<Change> queue_;
  uint64_t due_ = kNever;  // the first change's cycle
  uint64_t settled_ = 0;
};

}  // namespace handoff
