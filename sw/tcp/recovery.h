// SPDX-License-Identifier: Apache-2.0
//
// Loss recovery: decides what counts as lost, what is sent again and how much may be in flight.
// With SACK it is RFC 6675, without it RFC 6582 (NewReno) with limited transmit (RFC 3042); after a
// timeout everything sent before it counts as lost and slow start begins anew (RFC 5681, 3.1).
//
//            3 duplicates, or SACK says lost           ack >= recover
//   Open ------------------------------------> Fast ------------------> Open
//    |                                           |
//    +------------- timeout ---------------------+---> Timeout --------> Open
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "sw/tcp/congestion.h"
#include "sw/tcp/scoreboard.h"
#include "sw/tcp/seq.h"

namespace handoff::tcp {

class Recovery {
 public:
  enum class Phase : uint8_t { kOpen, kFast, kTimeout };

  explicit Recovery(std::unique_ptr<CongestionControl> control) : control_(std::move(control)) {}

  // At establishment; `una` is the first number of the stream.
  void Start(Seq una, uint32_t mss, bool sack);
  void SetMss(uint32_t mss);
  void OnLostSyn() { control_->OnLostSyn(); }

  // The acknowledgement moved from `una` to `ack`.
  void OnNewAck(Seq una, Seq ack, const AckSample& sample);
  // A duplicate acknowledgement, RFC 5681's definition. With SACK OnSack() counts them.
  void OnDuplicateAck(Seq una, Seq nxt, Micros now);
  // Blocks of any acknowledgement. `moved`: OnNewAck came before it.
  void OnSack(const SackBlocks& blocks, Seq una, Seq nxt, bool moved, Micros now);
  // Whoever counts them begins anew.
  void ForgetDuplicates() { duplicate_acks_ = 0; }
  void OnTimeout(Seq una, Seq nxt, Micros now);
  // Segments in flight were too long for the path: all count as lost, none to congestion.
  void OnPathMtu(Seq una, Seq nxt);
  // Nothing was sent for longer than the timeout.
  void OnIdle() { control_->OnIdle(); }

  // What to send again now, at most a segment; to be followed by OnResent() if it was sent.
  std::optional<SeqRange> NextLost(Seq una, Seq nxt) const;
  void OnResent(SeqRange range);
  // The same when there is no new data to send: RFC 6675's rules 3 and 4.
  std::optional<SeqRange> NextSpeculative(Seq una, Seq nxt) const;
  void OnSpeculated(SeqRange range);

  // How many bytes may yet be put in flight.
  uint32_t Allowance(Seq una, Seq nxt) const;

  Phase phase() const { return phase_; }
  uint32_t duplicate_acks() const { return duplicate_acks_; }
  const CongestionControl& control() const { return *control_; }

 private:
  uint32_t Pipe(Seq una, Seq nxt) const;
  Seq LostEdge(Seq una) const;
  void EnterFast(Seq una, Seq nxt, Micros now);
  bool MayEnterFast(Seq una) const;

  std::unique_ptr<CongestionControl> control_;
  Scoreboard scoreboard_;
  Phase phase_ = Phase::kOpen;
  bool sack_ = false;
  uint32_t mss_ = 536;
  uint32_t duplicate_acks_ = 0;  // since the acknowledgement last moved
  Seq limited_from_;             // snd_nxt when the first of them came
  // In kFast and kTimeout: snd_nxt on entering. Recovery ends when it is acknowledged.
  Seq recover_;
  // Bytes before it were sent again in this recovery; never behind snd_una in one.
  Seq resent_;
  // To be sent again whatever the window says: the segment that an entry or a partial
  // acknowledgement points at.
  std::optional<Seq> forced_;
  bool rescued_ = false;   // this recovery has had its rescue (RFC 6675, 4, rule 4)
  Seq timed_out_;          // snd_una at the last timeout
  int64_t inflation_ = 0;  // RFC 6582: segments known to have left, without SACK
};

}  // namespace handoff::tcp
