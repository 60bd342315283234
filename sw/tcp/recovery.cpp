// SPDX-License-Identifier: Apache-2.0
#include "sw/tcp/recovery.h"

#include <algorithm>

namespace handoff::tcp {

void Recovery::Start(Seq una, uint32_t mss, bool sack) {
  sack_ = sack;
  recover_ = una - 1;
  resent_ = una;
  SetMss(mss);
}

void Recovery::SetMss(uint32_t mss) {
  mss_ = mss;
  control_->SetMss(mss);
}

Seq Recovery::LostEdge(Seq una) const {
  return phase_ == Phase::kTimeout ? recover_ : scoreboard_.LostEdge(una, mss_);
}

uint32_t Recovery::Pipe(Seq una, Seq nxt) const {
  // RFC 6675, 4, SetPipe(): what is not lost, and what was sent again.
  const uint32_t not_lost = scoreboard_.MissingBytes(LostEdge(una), nxt);
  const bool counts_resent = sack_ || phase_ == Phase::kTimeout;
  return not_lost + (counts_resent ? scoreboard_.MissingBytes(una, resent_) : 0);
}

uint32_t Recovery::Allowance(Seq una, Seq nxt) const {
  const int64_t window = std::max<int64_t>(control_->cwnd() + inflation_, mss_);
  return static_cast<uint32_t>(std::max<int64_t>(window - Pipe(una, nxt), 0));
}

bool Recovery::MayEnterFast(Seq una) const {
  if (phase_ != Phase::kOpen) return false;
  // RFC 6582, 3.2, step 2: duplicates of what a timeout sent again are no sign of a new loss.
  return sack_ || una > recover_;
}

void Recovery::EnterFast(Seq una, Seq nxt, Micros now) {
  // RFC 5681, 3.2, step 2: what limited transmit sent does not count.
  control_->OnLoss(Distance(una, duplicate_acks_ > 1 ? limited_from_ : nxt), now);
  phase_ = Phase::kFast;
  recover_ = nxt;
  resent_ = una;
  rescued_ = false;
  forced_ = una;
  inflation_ = sack_ ? 0 : static_cast<int64_t>(kDupThresh) * mss_;  // RFC 5681, 3.2, step 3
}

void Recovery::OnNewAck(Seq una, Seq ack, const AckSample& sample) {
  const auto acked = static_cast<int64_t>(Distance(una, ack));
  duplicate_acks_ = 0;
  scoreboard_.Advance(ack);
  resent_ = Later(resent_, ack);
  if (forced_ && *forced_ < ack) forced_.reset();

  if (phase_ != Phase::kOpen && ack >= recover_) {
    // RFC 6582, 3.2, step 3, full acknowledgement: the window is ssthresh again.
    phase_ = Phase::kOpen;
    resent_ = ack;
    forced_.reset();
    inflation_ = 0;
    return;
  }
  if (phase_ == Phase::kFast) {
    if (sack_) return;
    // RFC 6582, 3.2, step 3, partial acknowledgement: the next hole is lost too.
    forced_ = ack;
    inflation_ -= acked;
    if (acked >= mss_) inflation_ += mss_;
    return;
  }
  if (phase_ == Phase::kOpen) {
    inflation_ = 0;
    resent_ = ack;
  }
  control_->OnAck(sample);
}

void Recovery::OnDuplicateAck(Seq una, Seq nxt, Micros now) {
  if (++duplicate_acks_ == 1) limited_from_ = nxt;
  if (phase_ == Phase::kFast) {
    if (!sack_) inflation_ += mss_;  // RFC 5681, 3.2, step 4
    return;
  }
  if (!MayEnterFast(una)) return;
  if (duplicate_acks_ >= kDupThresh) {
    EnterFast(una, nxt, now);
  } else if (!sack_) {
    inflation_ = static_cast<int64_t>(duplicate_acks_) * mss_;  // RFC 3042: limited transmit
  }
}

void Recovery::OnSack(const SackBlocks& blocks, Seq una, Seq nxt, bool moved, Micros now) {
  if (!sack_) return;
  // RFC 6675, 2: an acknowledgement is a duplicate if its blocks bring news; a D-SACK does not.
  const bool news = scoreboard_.Update(blocks, una, nxt) > 0;
  if (news && !moved) OnDuplicateAck(una, nxt, now);
  // RFC 6675, 5, step 2: IsLost() of the first byte.
  if (MayEnterFast(una) && scoreboard_.LostEdge(una, mss_) > una) EnterFast(una, nxt, now);
}

void Recovery::OnTimeout(Seq una, Seq nxt, Micros now) {
  const bool first = phase_ != Phase::kTimeout || una > timed_out_;
  control_->OnTimeout(Distance(una, nxt), first, now);
  phase_ = Phase::kTimeout;
  timed_out_ = una;
  recover_ = nxt;
  resent_ = una;
  forced_.reset();
  inflation_ = 0;
  duplicate_acks_ = 0;
  scoreboard_.Clear();  // RFC 2018, 8: the peer may have dropped what it had told of
}

void Recovery::OnPathMtu(Seq una, Seq nxt) {
  phase_ = Phase::kTimeout;
  timed_out_ = una;
  recover_ = nxt;
  resent_ = una;
  forced_.reset();
  inflation_ = 0;
}

std::optional<SeqRange> Recovery::NextLost(Seq una, Seq nxt) const {
  if (phase_ == Phase::kOpen) return std::nullopt;
  if (forced_) {
    if (const auto range = scoreboard_.FirstMissing(*forced_, nxt, mss_)) return range;
  }
  if (phase_ == Phase::kFast && !sack_) return std::nullopt;
  // RFC 6675, 4, NextSeg(), rule 1.
  const auto range = scoreboard_.FirstMissing(Later(resent_, una), LostEdge(una), mss_);
  if (!range || Allowance(una, nxt) < std::min(range->size(), mss_)) return std::nullopt;
  return range;
}

std::optional<SeqRange> Recovery::NextSpeculative(Seq una, Seq nxt) const {
  if (phase_ != Phase::kFast || !sack_ || Allowance(una, nxt) < mss_) return std::nullopt;
  // RFC 6675, 4, NextSeg(), rule 3.
  const Seq from = Later(resent_, una);
  if (const auto range = scoreboard_.FirstMissing(from, scoreboard_.HighestSacked(una), mss_)) {
    return range;
  }
  // Rule 4: once a recovery, the last segment, so that its loss does not wait for a timeout.
  if (rescued_) return std::nullopt;
  return scoreboard_.FirstMissing(Later(from, nxt - std::min(mss_, Distance(from, nxt))), nxt,
                                  mss_);
}

void Recovery::OnResent(SeqRange range) {
  forced_.reset();
  resent_ = Later(resent_, range.end);
}

void Recovery::OnSpeculated(SeqRange range) {
  if (range.start >= scoreboard_.HighestSacked(resent_)) {
    rescued_ = true;  // RFC 6675, 4: HighRxt does not move with the rescue
  } else {
    resent_ = Later(resent_, range.end);
  }
}

}  // namespace handoff::tcp
