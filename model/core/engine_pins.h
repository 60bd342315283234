// SPDX-License-Identifier: Apache-2.0
//
// The engine's input pins as variables: devices write them, the engine's `In` points at them.
#pragma once

#include <cstdint>

#include "gen/handoff_pkg.h"

namespace handoff {

// The one-bit pins, side by side, so that they can be compared at once.
struct EnginePinBits {
  bool rx_valid = false;
  bool tx_ready = false;
  bool aw_ready = false;
  bool w_ready = false;
  bool ar_ready = false;
  bool b_valid = false;
  bool r_valid = false;
  bool s_aw_valid = false;
  bool s_w_valid = false;
  bool s_ar_valid = false;
  bool s_b_ready = false;
  bool s_r_ready = false;
  bool irq_ready = false;
  bool link_up = false;
  bool flr_req = false;
};

struct EnginePins : EnginePinBits {
  Axis rx{};
  AxiB b{};
  AxiR r{};
  AxilAddr s_aw{};
  AxilW s_w{};
  AxilAddr s_ar{};
  uint64_t time_us = 0;

  // Points every member of an engine's `In` at these pins.
  template <class In>
  void Bind(In& in) const {
    in.rx_valid = &rx_valid;
    in.rx = &rx;
    in.tx_ready = &tx_ready;
    in.aw_ready = &aw_ready;
    in.w_ready = &w_ready;
    in.ar_ready = &ar_ready;
    in.b_valid = &b_valid;
    in.b = &b;
    in.r_valid = &r_valid;
    in.r = &r;
    in.s_aw_valid = &s_aw_valid;
    in.s_aw = &s_aw;
    in.s_w_valid = &s_w_valid;
    in.s_w = &s_w;
    in.s_ar_valid = &s_ar_valid;
    in.s_ar = &s_ar;
    in.s_b_ready = &s_b_ready;
    in.s_r_ready = &s_r_ready;
    in.irq_ready = &irq_ready;
    in.link_up = &link_up;
    in.flr_req = &flr_req;
    in.time_us = &time_us;
  }
};

}  // namespace handoff
