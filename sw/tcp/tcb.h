// SPDX-License-Identifier: Apache-2.0
//
// The transmission control block: every variable of RFC 9293, 3.3.1 and of the extensions in use,
// in the open, so that a connection can be handed to a delegate and taken back.
#pragma once

#include <cstdint>
#include <string_view>

#include "sw/tcp/seq.h"
#include "sw/types.h"

namespace handoff::tcp {

using sw::Micros;

// RFC 9293, 3.3.2. LISTEN is a Listener, not a connection.
enum class State : uint8_t {
  kClosed,
  kSynSent,
  kSynReceived,
  kEstablished,
  kFinWait1,
  kFinWait2,
  kCloseWait,
  kClosing,
  kLastAck,
  kTimeWait,
};

struct Tcb {
  State state = State::kClosed;

  // Send side. Bytes [snd_una, snd_nxt) are sent and unacknowledged; snd_nxt never goes back.
  Seq iss;
  Seq snd_una;
  Seq snd_nxt;
  uint32_t snd_wnd = 0;  // in bytes, scaled
  uint32_t max_wnd = 0;  // largest snd_wnd seen
  Seq wl1;               // SEG.SEQ of the last window update
  Seq wl2;               // SEG.ACK of the last window update
  uint8_t snd_scale = 0;
  uint16_t snd_mss = 536;  // the peer's MSS option, cut to the path's MTU; options not taken off

  // Receive side. [rcv_nxt, rcv_adv) may be sent to us; rcv_adv, the granted edge, never goes back.
  Seq irs;
  Seq rcv_nxt;
  Seq rcv_adv;
  uint8_t rcv_scale = 0;
  uint16_t rcv_mss = 1460;  // what our MSS option said

  // RFC 7323 and RFC 2018.
  bool timestamps = false;
  bool sack_ok = false;
  uint32_t ts_recent = 0;
  Micros ts_recent_at;     // when ts_recent was last replaced
  uint32_t ts_offset = 0;  // a timestamp sent is ts_offset + (time in microseconds >> 10)
  Seq last_ack_sent;

  uint32_t FlightBytes() const { return Distance(snd_una, snd_nxt); }
  uint32_t RcvWnd() const { return rcv_adv > rcv_nxt ? Distance(rcv_nxt, rcv_adv) : 0; }
};

// Whether the states in which data flows have been reached (RFC 9293, 3.5.2: "synchronized").
constexpr bool IsSynchronized(State s) { return s >= State::kEstablished; }
// Whether the peer may still send us text (RFC 9293, 3.10.7.4, seventh).
constexpr bool MayReceive(State s) {
  return s == State::kEstablished || s == State::kFinWait1 || s == State::kFinWait2;
}

inline std::string_view ToString(State state) {
  constexpr std::string_view kNames[] = {"CLOSED",     "SYN-SENT",   "SYN-RECEIVED", "ESTABLISHED",
                                         "FIN-WAIT-1", "FIN-WAIT-2", "CLOSE-WAIT",   "CLOSING",
                                         "LAST-ACK",   "TIME-WAIT"};
  return kNames[static_cast<size_t>(state)];
}

}  // namespace handoff::tcp
