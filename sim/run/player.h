// SPDX-License-Identifier: Apache-2.0
//
// Sends what a recorded host received, by cause and by clock: a frame leaves at its time, but not
// before our host has sent what it acknowledges and has opened its window for what it carries. What
// had to wait moves all that comes after it.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "model/event/ordered_queue.h"
#include "model/link/frame_port.h"
#include "sim/run/capture.h"

namespace handoff::system {

class Player {
 public:
  struct Callbacks {
    // The peer's first SYN of a connection is about to leave: whether none of the same tuple is in
    // its way any more.
    std::function<bool(size_t connection)> may_open;
    // Whether the host's end of it can take this, text or not: the connection is open, and a
    // delegation that was begun is live.
    std::function<bool(size_t connection, bool text)> ready;
    // Whether it is no connection any more.
    std::function<bool(size_t connection)> gone;
    // Something was sent, or heard of this connection; Arrival::kNone: of none.
    std::function<void(size_t connection)> progress;
  };

  // `fast`: not by clock at all.
  Player(const HostRecord& record, bool fast, OrderedQueue& queue, FramePort& wire,
         Callbacks callbacks);

  void Start(sw::Micros start);
  // The host's frames as they reach the far end.
  void Hear(const std::vector<uint8_t>& frame);
  // The host begins this connection, or is about to be asked to.
  void Begin(size_t connection);

  sw::Micros Due(sw::Micros recorded) const;
  sw::Micros shift() const { return shift_; }
  bool fast() const { return fast_; }
  size_t played() const { return next_; }
  bool done() const { return next_ == record_.arrivals.size(); }
  // That the next frame is one of this connection, and waits for its host.
  bool WaitsFor(size_t connection) const;
  // The connection that now has this tuple; Arrival::kNone without one.
  size_t Current(const tcp::Tuple& tuple) const;
  // What the host has acknowledged on the wire.
  Offset Acked(size_t connection) const { return peers_[connection].acked; }
  // Frames that were sent without their cause, for that did not come: empty, or why and which.
  const std::string& GaveUp(size_t connection) const { return peers_[connection].gave_up; }

 private:
  struct Peer {
    Offset sent = 0, edge = 0, acked = 0;  // by the host
    std::deque<Offset> unacked;            // ends of frames on their way that the host will answer
    bool answered = false;                 // an acknowledgement of the host's SYN is on its way
    bool free = false;                     // nothing of it waits any more
    std::string gave_up;
  };

  void Pump();
  void PumpAt(uint64_t ps);
  // What the arrival waits for; empty: nothing.
  std::string Waits(const Arrival& arrival);
  void Release(Peer& peer);
  void Send(const Arrival& arrival);
  sw::Micros Now() const;

  const HostRecord& record_;
  const bool fast_;
  OrderedQueue& queue_;
  OrderedQueue::Component component_;
  FramePort& wire_;
  Callbacks callbacks_;
  std::vector<Peer> peers_;
  std::map<tcp::Tuple, size_t> current_;
  size_t next_ = 0;
  size_t unacked_ = 0;
  sw::Micros start_, shift_;
  bool started_ = false, pumping_ = false, waiting_ = false;
  uint64_t waiting_since_ps_ = 0, poll_ps_ = 0, last_bare_ps_ = 0;
  OrderedQueue::Handle event_ = 0;
};

}  // namespace handoff::system
