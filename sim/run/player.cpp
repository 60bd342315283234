// SPDX-License-Identifier: Apache-2.0
#include "sim/run/player.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "model/clock.h"
#include "sim/run/dissect.h"

namespace handoff::system {
namespace {

// A cause that has not come by then does not come. A host asks again after 1, 2, 4 and 8 seconds.
constexpr uint64_t kGiveUpPs = 30000000 * kPsPerUs;
// Of what no frame on the wire tells: looked at again after 2 us, then ever later.
constexpr uint64_t kPollPs = 2 * kPsPerUs, kLongestPollPs = 1000 * kPsPerUs;
// Frames that the host has not answered yet: as many as surely find legacy buffers.
constexpr size_t kMostUnacked = 500;
// Between frames that nobody acknowledges, when there is no clock: what the host's stack takes.
constexpr uint64_t kBareGapPs = 1500000;

}  // namespace

Player::Player(const HostRecord& record, bool fast, OrderedQueue& queue, FramePort& wire,
               Callbacks callbacks)
    : record_(record),
      fast_(fast),
      queue_(queue),
      component_(queue.AddComponent("player")),
      wire_(wire),
      callbacks_(std::move(callbacks)),
      peers_(record.connections.size()) {}

sw::Micros Player::Now() const {
  return sw::Micros(static_cast<int64_t>(queue_.now_ps() / kPsPerUs));
}

sw::Micros Player::Due(sw::Micros recorded) const {
  return fast_ ? start_ : start_ + recorded + shift_;
}

void Player::Start(sw::Micros start) {
  start_ = start;
  started_ = true;
  PumpAt(static_cast<uint64_t>(start.count()) * kPsPerUs);
}

void Player::PumpAt(uint64_t ps) {
  queue_.Cancel(event_);
  event_ = queue_.Post(std::max(ps, queue_.now_ps()), component_, [this] {
    event_ = 0;
    Pump();
  });
}

bool Player::WaitsFor(size_t connection) const {
  return waiting_ && !done() && record_.arrivals[next_].connection == connection;
}

size_t Player::Current(const tcp::Tuple& tuple) const {
  const auto found = current_.find(tuple);
  return found == current_.end() ? Arrival::kNone : found->second;
}

void Player::Begin(size_t connection) {
  const Recorded& r = record_.connections[connection];
  const size_t before = Current(r.tuple);
  if (before == connection) return;
  if (before != Arrival::kNone) Release(peers_[before]);
  current_[r.tuple] = connection;
  if (r.midstream) {
    peers_[connection].sent = peers_[connection].acked = 1;
    peers_[connection].edge = 1 + r.options.rcv_buf_bytes;
  }
}

void Player::Release(Peer& peer) {
  peer.free = true;
  unacked_ -= peer.unacked.size();
  peer.unacked.clear();
}

void Player::Hear(const std::vector<uint8_t>& frame) {
  const auto found = FindSegment(frame);
  if (!found) return;
  const size_t connection = Current(found->SentOn());
  if (connection == Arrival::kNone) return;
  const Recorded& r = record_.connections[connection];
  const tcp::Segment& s = found->segment;
  Peer& peer = peers_[connection];
  if (s.flags.rst) {
    // One that answers what fits no connection bears its peer's number.
    if (s.seq - (r.iss + static_cast<uint32_t>(peer.sent)) == 0) Release(peer);
  } else {
    const Offset at = peer.sent + (s.seq - (r.iss + static_cast<uint32_t>(peer.sent)));
    peer.sent = std::max(peer.sent, at + static_cast<Offset>(s.Length()));
    if (s.flags.ack) {
      const Offset acked = peer.acked + (s.ack - (r.irs + static_cast<uint32_t>(peer.acked)));
      peer.acked = std::max(peer.acked, acked);
      unsigned scale = r.midstream ? 7 : 0;
      if (!s.flags.syn && !r.midstream && r.scales) scale = r.options.window_scale.value_or(0);
      peer.edge = std::max(peer.edge, acked + (Offset{s.window} << scale));
      while (!peer.unacked.empty() && peer.unacked.front() <= peer.acked) {
        peer.unacked.pop_front();
        --unacked_;
      }
    }
  }
  callbacks_.progress(connection);
  if (waiting_) Pump();
}

std::string Player::Waits(const Arrival& arrival) {
  if (unacked_ >= kMostUnacked && arrival.text) return "the host has not answered those before it";
  if (arrival.connection == Arrival::kNone) return "";
  Peer& peer = peers_[arrival.connection];
  if (peer.free) return "";
  const size_t current = Current(record_.connections[arrival.connection].tuple);
  if (arrival.opens && !callbacks_.may_open(arrival.connection)) {
    return "the host has not done all on the connection before";
  }
  if (arrival.sent <= peer.sent && arrival.edge <= peer.edge &&
      !(fast_ && peer.answered && !callbacks_.ready(arrival.connection, arrival.text))) {
    return "";
  }
  // Nothing comes of a connection that is gone.
  if (current == arrival.connection && callbacks_.gone(arrival.connection)) {
    Release(peer);
    return "";
  }
  if (arrival.sent > peer.sent) {
    return fmt::format("it acknowledges byte {} of the host's, which has sent {}", arrival.sent - 1,
                       std::max<Offset>(peer.sent - 1, 0));
  }
  if (arrival.edge > peer.edge) return "the host's window is closed";
  return "the host's end is not ready";
}

void Player::Pump() {
  if (!started_ || pumping_) return;
  pumping_ = true;
  const uint64_t now_ps = queue_.now_ps();
  while (!done()) {
    const Arrival& arrival = record_.arrivals[next_];
    uint64_t due_ps = static_cast<uint64_t>(Due(arrival.frame.time).count()) * kPsPerUs;
    if (fast_ && !arrival.text) due_ps = std::max(due_ps, last_bare_ps_ + kBareGapPs);
    if (now_ps < due_ps) {
      PumpAt(due_ps);
      break;
    }
    const std::string waits = Waits(arrival);
    if (!waits.empty()) {
      if (!waiting_) {
        waiting_ = true;
        waiting_since_ps_ = now_ps;
        poll_ps_ = kPollPs;
        callbacks_.progress(Arrival::kNone);
      }
      if (now_ps - waiting_since_ps_ < kGiveUpPs) {
        PumpAt(now_ps + poll_ps_);
        poll_ps_ = std::min(poll_ps_ * 2, kLongestPollPs);
        break;
      }
      if (unacked_ >= kMostUnacked) {
        unacked_ = 0;
        for (Peer& peer : peers_) peer.unacked.clear();
      }
      if (arrival.connection != Arrival::kNone) {
        Peer& peer = peers_[arrival.connection];
        peer.gave_up = fmt::format("frame {} waited in vain: {}", arrival.frame.number, waits);
        Release(peer);
      }
    }
    if (std::exchange(waiting_, false) && !fast_) {
      shift_ = std::max(shift_, Now() - start_ - arrival.frame.time);
    }
    Send(arrival);
    ++next_;
    callbacks_.progress(Arrival::kNone);
  }
  pumping_ = false;
}

void Player::Send(const Arrival& arrival) {
  if (arrival.opens) Begin(arrival.connection);
  if (!arrival.text) last_bare_ps_ = queue_.now_ps();
  if (arrival.connection != Arrival::kNone) {
    Peer& peer = peers_[arrival.connection];
    peer.answered |= arrival.sent >= 1;
    const Offset before = peer.unacked.empty() ? peer.acked : peer.unacked.back();
    if (arrival.text && !peer.free && arrival.in_order > before) {
      peer.unacked.push_back(arrival.in_order);
      ++unacked_;
    }
  }
  // Captured before the sender's MAC padded it; a wire carries no frame under 60 bytes.
  tcp::Bytes bytes = arrival.frame.bytes;
  bytes.resize(std::max<size_t>(bytes.size(), tcp::kMinFrameBytes));
  wire_.Send(std::move(bytes));
}

}  // namespace handoff::system
