// SPDX-License-Identifier: Apache-2.0
//
// The bytes an application wrote that the peer has not acknowledged, and the rules of when to send
// them (RFC 9293, 3.7.4 and 3.8.6.2.1).
//
//     first             snd_nxt              end
//       |---- in flight ---|---- unsent -------|---- free ----|  capacity
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "sw/tcp/memory.h"
#include "sw/tcp/seq.h"

namespace handoff::tcp {

class SendQueue {
 public:
  SendQueue(MemoryPool& pool, size_t capacity) : pool_(pool), capacity_(capacity) {}

  void Start(Seq first);
  // Takes as many bytes as fit; returns how many.
  size_t Write(ByteView bytes);
  // The bytes before `una` need not be kept.
  void Acknowledge(Seq una);
  // Where the bytes of `range`, which lies in the queue, are kept.
  std::vector<HeldBytes> Pieces(SeqRange range) const;

  Seq first() const { return first_; }
  Seq end() const { return end_; }
  size_t free() const { return capacity_ - std::min<size_t>(capacity_, Distance(first_, end_)); }
  bool empty() const { return first_ == end_; }

 private:
  struct Chunk {
    Seq seq;  // of its first byte
    std::shared_ptr<uint8_t> memory;
    uint32_t used = 0;
    Seq end() const { return seq + used; }
  };

  MemoryPool& pool_;
  size_t capacity_;
  std::deque<Chunk> chunks_;
  Seq first_;
  Seq end_;
};

// What decides whether a stretch of new data goes out now.
struct SendOffer {
  uint32_t unsent = 0;     // D of RFC 9293: bytes queued and not sent
  uint32_t usable = 0;     // U: bytes the peer's window leaves
  uint32_t mss = 536;      // effective
  uint32_t max_wnd = 0;    // largest window seen
  bool in_flight = false;  // something is unacknowledged
  bool no_delay = false;   // Nagle's algorithm is off
  bool last = false;       // a FIN follows at once: nothing can be added
  bool overdue = false;    // the override timer expired
};
// RFC 9293, 3.8.6.2.1 with Nagle's algorithm (3.7.4).
bool SendNow(const SendOffer& offer);

}  // namespace handoff::tcp
