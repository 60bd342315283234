// SPDX-License-Identifier: Apache-2.0
//
// Bytes in order that the application has not read, the window granted for more, and when they are
// acknowledged.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>

#include "sw/tcp/stream.h"

namespace handoff::tcp {

class ReceiveQueue {
 public:
  // Small pieces in the stack's memory are copied together: one by one, what holds each would cost
  // many times its bytes.
  void Push(StreamPiece piece);
  // Copies out as much as fits; a byte that lies where it is wanted is not copied.
  size_t Read(std::span<uint8_t> out);
  // The next stretch, at most `max` bytes, without a copy.
  std::optional<StreamPiece> Take(size_t max);
  size_t bytes() const { return bytes_; }
  // Bytes that lie in memory of the stack or the driver, so count against the receive buffer.
  size_t charged_bytes() const { return charged_; }

 private:
  void Drop(size_t count);
  bool PushSmall(const StreamPiece& piece);

  std::deque<StreamPiece> pieces_;
  std::shared_ptr<Bytes> chunk_;  // the last piece, if small ones make it up
  size_t bytes_ = 0;
  size_t charged_ = 0;
};

// The least window scale with which the window field covers the whole buffer.
uint8_t WindowScaleFor(uint32_t buffer);
// RFC 7323, 2.2: the window of a SYN is never scaled.
uint32_t WindowOfSyn(uint32_t buffer);

// What decides the granted edge.
struct WindowOffer {
  Seq rcv_nxt;
  Seq rcv_adv;          // the edge granted before
  uint32_t buffer = 0;  // size of the receive buffer
  uint32_t unread = 0;  // bytes in it
  uint32_t mss = 536;   // what the peer fills a segment with
  uint8_t scale = 0;
};
// RFC 9293, 3.8.6.2.2: the edge to grant now. It moves only by a worthwhile step, never back, and
// never farther than the window field can say.
Seq EdgeToGrant(const WindowOffer& offer);
// Whether so large a step is open that the peer is told without waiting for data (a window update).
bool NeedsWindowUpdate(const WindowOffer& offer);

// RFC 9293, 3.8.6.3 and RFC 5681, 4.2: at least every second full segment is acknowledged at once,
// the others within the delay.
class AckPolicy {
 public:
  enum class When : uint8_t { kNotDue, kDelayed, kNow };

  // A segment of less than `floor` bytes is not taken for a full one.
  void SetFloor(uint32_t floor) { full_segment_ = floor; }
  void OnData(uint32_t bytes);  // in order, nothing unusual
  void DueNow() { when_ = When::kNow; }
  void OnDelayExpired() {
    if (when_ == When::kDelayed) when_ = When::kNow;
  }
  void OnAckSent() {
    when_ = When::kNotDue;
    unacked_bytes_ = 0;
  }
  When when() const { return when_; }
  // The largest segment seen: what the peer means by a full one.
  uint32_t full_segment() const { return full_segment_; }

 private:
  When when_ = When::kNotDue;
  uint32_t unacked_bytes_ = 0;
  uint32_t full_segment_ = 0;
};

}  // namespace handoff::tcp
