// SPDX-License-Identifier: Apache-2.0
//
// What a connection needs around it, and whom it tells what happens.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "sw/tcp/config.h"
#include "sw/tcp/congestion.h"
#include "sw/tcp/segment_sink.h"
#include "sw/timer_service.h"

namespace handoff::tcp {

enum class CloseReason : uint8_t {
  kNone,      // not closed
  kDone,      // both directions ended in order
  kReset,     // by the peer
  kRefused,   // the peer answered our SYN with RST
  kTimedOut,  // the peer does not answer
  kAborted,   // by the user
  kDeviceFault,
};
std::string_view ToString(CloseReason reason);

// A user buffer handed back: exactly once for each that was posted.
struct UserBufferReturn {
  uint16_t id = 0;
  // What was placed in it are the bytes of the stream before `end`, `bytes` of them. They are read
  // like all others; the buffer may be given again when they have been.
  Seq end;
  uint32_t bytes = 0;
};

// The user of a connection. It may call back into the connection from any of these.
class ConnectionObserver {
 public:
  virtual ~ConnectionObserver() = default;
  virtual void OnConnected(Connection& /*connection*/) {}
  virtual void OnReadable(Connection& /*connection*/) {}  // bytes, or the end of the stream
  virtual void OnWritable(Connection& /*connection*/) {}  // room in the send buffer
  // A delegate has it: user buffers posted now are in place when its first byte comes.
  virtual void OnDelegated(Connection& /*connection*/) {}
  virtual void OnUserBufferReturned(Connection& /*connection*/, const UserBufferReturn& /*back*/) {}
  // Nothing more will happen, but for user buffers that come back. After kDone the stack may still
  // keep it in TIME-WAIT.
  virtual void OnClosed(Connection& /*connection*/, CloseReason /*reason*/) {}
};

struct ConnectionStats {
  Micros opened_at;
  uint64_t segments_in = 0;
  uint64_t segments_out = 0;  // calls of a sink
  uint64_t bytes_in = 0;      // in order
  uint64_t bytes_out = 0;     // new ones
  uint64_t retransmissions = 0;
  uint64_t timeouts = 0;
  uint64_t duplicate_bytes_in = 0;
  uint64_t out_of_order_in = 0;
  uint64_t out_of_order_dropped = 0;  // there was no memory for more pieces
  uint64_t delegated_bytes_in = 0;
};

class ConnectionHost {
 public:
  virtual ~ConnectionHost() = default;
  virtual sw::TimerService& timers() = 0;
  virtual const TcpConfig& config() const = 0;
  virtual MemoryPool& pool() = 0;
  virtual SegmentSink& wire() = 0;  // the sink of connections that are not delegated
  virtual uint32_t mtu() const = 0;
  virtual Seq ChooseIss(const Tuple& tuple) = 0;
  virtual uint32_t ChooseTimestampOffset(const Tuple& tuple) = 0;
  virtual std::unique_ptr<CongestionControl> MakeCongestionControl() = 0;
  virtual void OnStateChange(Connection& connection, State from) = 0;
  // The connection is CLOSED; the host lets go of it.
  virtual void OnGone(Connection& connection) = 0;
};

}  // namespace handoff::tcp
