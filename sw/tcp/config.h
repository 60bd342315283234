// SPDX-License-Identifier: Apache-2.0
//
// What can be set: for a whole stack, and for a connection when it is opened.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "sw/tcp/congestion.h"
#include "sw/tcp/rtt.h"
#include "sw/tcp/seq.h"
#include "sw/types.h"

namespace handoff::tcp {

struct TcpConfig {
  RttLimits rtt;
  Micros delayed_ack = sw::Millis(40);  // RFC 9293, 3.8.6.3: less than half a second
  Micros msl = sw::Seconds(30);         // TIME-WAIT lasts twice as long
  // R2 of RFC 9293, 3.8.3: over 3 minutes for a SYN (183 s), over 100 s for data.
  uint32_t syn_retries = 7;
  uint32_t data_retries = 15;
  // A FIN-WAIT-2 that nobody reads from ends after this, as everywhere.
  Micros fin_wait_2 = sw::Seconds(60);
  // RFC 9293, 3.8.4; probing is off unless a connection asks for it.
  Micros keepalive_idle = sw::Seconds(7200);
  Micros keepalive_interval = sw::Seconds(75);
  uint32_t keepalive_probes = 9;
  // What a connection answers though it is not acceptable: challenges (RFC 5961, 7) and what lies
  // outside the window. Without text one in this time, so that two confused peers do not answer
  // each other for ever.
  Micros challenge_ack_interval = sw::Millis(500);
  // With text, which a peer sends again when an ACK was lost: so many at once, then one in this
  // time.
  uint32_t old_text_acks = 256;
  Micros old_text_ack_interval = sw::Millis(1);
};

// How to open one connection. Prescribing `iss` and the options makes the connection stand in for
// a host of a recorded capture.
struct OpenOptions {
  std::optional<Seq> iss;       // else chosen as RFC 6528 says
  std::optional<uint16_t> mss;  // announced; else what the interface's MTU carries
  bool window_scaling = true;
  std::optional<uint8_t> window_scale;  // else the least that covers rcv_buf_bytes
  bool sack = true;
  bool timestamps = true;
  std::optional<uint32_t> ts_offset;    // else of the tuple, by a secret
  uint32_t rcv_buf_bytes = 256 * 1024;  // the window is at least this while the application reads
  uint32_t snd_buf_bytes = 256 * 1024;
  bool no_delay = false;
  bool keepalive = false;
  bool ignore_echoed_times = false;  // time segments instead: the echoes are a recording's
  // Else the stack's.
  std::function<std::unique_ptr<CongestionControl>()> congestion_control;
  uint8_t ttl = 64;
  uint8_t tos = 0;
};

}  // namespace handoff::tcp
