// SPDX-License-Identifier: Apache-2.0
//
// Watches the engine's pins in every cycle that is clocked: holds both sides to the rules of AXI4,
// AXI4-Lite and AXI-Stream, and keeps the last transfers of each channel for messages. The clauses
// are those of AMBA AXI4 (IHI 0022H) and AXI-Stream (IHI 0051A).
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <string>
#include <vector>

#include "model/core/engine_pins.h"

namespace handoff {

class PinChecker {
 public:
  // Sees a cycle's values, before its ending edge.
  template <class Out>
  void See(uint64_t cycle, const EnginePins& p, const Out& o) {
    cycle_ = cycle;
    if (p.rx_valid) rx_.Keep(cycle, p.rx);
    if (o.tx_valid || tx_open_ || tx_.held) SeeTx(p, o);
    if (o.aw_valid || o.w_valid || o.ar_valid || p.b_valid || p.r_valid || dma_held_) {
      SeeDma(p, o);
    }
    if (p.s_aw_valid || p.s_w_valid || p.s_ar_valid || o.s_b_valid || o.s_r_valid || csr_held_) {
      SeeCsr(p, o);
    }
    Channel(irq_, o.irq_valid, p.irq_ready, o.irq);
  }

  // The last transfers of every channel that had one, oldest first.
  std::string History() const {
    std::string text;
    const auto add = [&text](const auto& channel) {
      const uint64_t first = channel.count > kKept ? channel.count - kKept : 0;
      for (uint64_t i = first; i < channel.count; ++i) {
        const auto& kept = channel.kept[i % kKept];
        text += "  cycle " + std::to_string(kept.cycle) + " " + channel.name + " " +
                kept.value.ToString() + "\n";
      }
    };
    add(rx_);
    add(tx_);
    add(aw_);
    add(w_);
    add(b_);
    add(ar_);
    add(r_);
    add(s_aw_);
    add(s_w_);
    add(s_b_);
    add(s_ar_);
    add(s_r_);
    add(irq_);
    return text;
  }
  // What is open though it should not be when nothing moves any more, in words.
  std::vector<std::string> Leftovers() const {
    std::vector<std::string> texts;
    if (tx_open_) texts.push_back("tx: a frame was begun and not ended");
    const size_t reads = reading_.count();
    if (reads != 0) texts.push_back("ar: " + std::to_string(reads) + " reads were not answered");
    return texts;
  }

  std::vector<std::string> errors;  // broken rules; whoever runs the core takes them away

 private:
  static constexpr uint64_t kKept = 16;
  template <class T>
  struct State {
    struct Transfer {
      uint64_t cycle;
      T value;
    };
    const char* name;
    bool held = false;  // valid, and not taken in the cycle before
    T value{};          // what was held
    std::array<Transfer, kKept> kept{};
    uint64_t count = 0;

    explicit State(const char* n) : name(n) {}
    void Keep(uint64_t cycle, const T& v) {
      Transfer& t = kept[count++ % kKept];
      t.cycle = cycle;
      t.value = v;
    }
  };

  void Fail(const char* channel, const char* what) {
    errors.push_back("cycle " + std::to_string(cycle_) + ", " + channel + ": " + what);
  }

  // AXI4 A3.2.1, AXI-Stream 2.2.1: valid stays, and its payload with it, until it is taken. True: a
  // transfer.
  template <class T>
  bool Channel(State<T>& state, bool valid, bool ready, const T& value) {
    if (!valid && !state.held) return false;
    if (state.held && !valid) Fail(state.name, "valid fell before it was taken");
    if (state.held && valid && !(value == state.value)) {
      Fail(state.name, "payload changed before it was taken");
    }
    state.held = valid && !ready;
    if (state.held) state.value = value;
    if (valid && ready) state.Keep(cycle_, value);
    return valid && ready;
  }

  template <class Out>
  void SeeTx(const EnginePins& p, const Out& o) {
    if (tx_open_ && !o.tx_valid) Fail("tx", "a bubble inside a frame");
    if (!Channel(tx_, o.tx_valid, p.tx_ready, o.tx)) return;
    const uint64_t keep = o.tx.keep;
    if (keep == 0 || (keep & (keep + 1)) != 0) Fail("tx", "keep is not contiguous from lane 0");
    if (!o.tx.last && keep != ~uint64_t{0}) Fail("tx", "a beat before the last is not full");
    tx_open_ = !o.tx.last;
  }

  template <class Out>
  void SeeDma(const EnginePins& p, const Out& o) {
    Channel(aw_, o.aw_valid, p.aw_ready, o.aw);
    Channel(w_, o.w_valid, p.w_ready, o.w);
    if (Channel(ar_, o.ar_valid, p.ar_ready, o.ar)) Issue(o.ar.id);
    Channel(b_, p.b_valid, o.b_ready, p.b);
    if (Channel(r_, p.r_valid, o.r_ready, p.r) && p.r.last) Finish(p.r.id);
    dma_held_ = aw_.held || w_.held || ar_.held || b_.held || r_.held;
  }

  template <class Out>
  void SeeCsr(const EnginePins& p, const Out& o) {
    Channel(s_aw_, p.s_aw_valid, o.s_aw_ready, p.s_aw);
    Channel(s_w_, p.s_w_valid, o.s_w_ready, p.s_w);
    Channel(s_ar_, p.s_ar_valid, o.s_ar_ready, p.s_ar);
    Channel(s_b_, o.s_b_valid, p.s_b_ready, o.s_b);
    Channel(s_r_, o.s_r_valid, p.s_r_ready, o.s_r);
    csr_held_ = s_aw_.held || s_w_.held || s_ar_.held || s_b_.held || s_r_.held;
  }

  void Issue(uint8_t id) {
    if (reading_[id]) Fail("ar", "the id of a read that is not answered yet");
    reading_[id] = true;
  }
  void Finish(uint8_t id) {
    if (!reading_[id]) Fail("r", "an answer to no read");
    reading_[id] = false;
  }

  uint64_t cycle_ = 0;
  bool tx_open_ = false;                      // inside a frame
  bool dma_held_ = false, csr_held_ = false;  // some channel of the group is held
  std::bitset<256> reading_{};                // by id
  State<Axis> rx_{"rx"}, tx_{"tx"};
  State<AxiAddr> aw_{"aw"}, ar_{"ar"};
  State<AxiW> w_{"w"};
  State<AxiB> b_{"b"};
  State<AxiR> r_{"r"};
  State<AxilAddr> s_aw_{"s_aw"}, s_ar_{"s_ar"};
  State<AxilW> s_w_{"s_w"};
  State<AxilB> s_b_{"s_b"};
  State<AxilR> s_r_{"s_r"};
  State<Irq> irq_{"irq"};
};

}  // namespace handoff
