// SPDX-License-Identifier: Apache-2.0
#include "sim/run/stand_in.h"

#include <algorithm>

namespace handoff::system {
namespace {

constexpr sw::Micros kGlance = sw::Micros(2);  // until a delegation is live

}  // namespace

StandIn::StandIn(const Recorded& recorded, sw::TimerService& time, Clock clock, Allocate allocate,
                 std::function<void()> called)
    : recorded_(recorded),
      time_(time),
      clock_(std::move(clock)),
      allocate_(std::move(allocate)),
      called_(std::move(called)) {}

void StandIn::Attach(std::shared_ptr<tcp::Connection> connection) {
  connection_ = std::move(connection);
  connection_->SetObserver(this);
  if (tcp::IsSynchronized(connection_->state())) established_ = time_.Now();
  Drain();
  Act();
}

void StandIn::OnClosed(tcp::Connection&, tcp::CloseReason reason) {
  state_ = "closed: " + std::string(tcp::ToString(reason));
}

void StandIn::Finish() {
  if (!connection_) return;
  Drain();
  if (state_.empty()) state_ = std::string(tcp::ToString(connection_->state()));
  connection_->SetObserver(nullptr);
}

void StandIn::Drain() {
  while (const auto piece = connection_->ReadPiece(SIZE_MAX)) {
    if (piece->bytes.empty()) break;
    called_();
    stream_.insert(stream_.end(), piece->bytes.begin(), piece->bytes.end());
    bytes_[static_cast<size_t>(piece->place)] += piece->bytes.size();
  }
  PostBuffers();
}

void StandIn::OnUserBufferReturned(tcp::Connection&, const tcp::UserBufferReturn& back) {
  Drain();  // what lies in it, before it is given again
  free_.insert(back.id);
  PostBuffers();
  Act();
}

void StandIn::PostBuffers() {
  if (buffers_.empty()) {
    for (size_t i = 0; i < kBuffers; ++i) {
      buffers_.push_back(allocate_(kBufferBytes));
      free_.insert(static_cast<uint16_t>(i));
    }
  }
  while (!free_.empty() && connection_->PostUserBuffer(buffers_[*free_.begin()], *free_.begin())) {
    called_();
    free_.erase(free_.begin());
  }
}

// It has read what the recorded host had acknowledged by then, or acknowledged that itself.
bool StandIn::CauseHasCome(const UserEvent& event) const {
  const Offset read = 1 + static_cast<Offset>(stream_.size()) + (connection_->AtEnd() ? 1 : 0);
  return std::max(read, clock_.acked()) >= event.after;
}

bool StandIn::MayAct() const {
  if (!connection_ || !tcp::IsSynchronized(connection_->state()) || closed()) return false;
  if (next_ == recorded_.events.size()) return false;
  const UserEvent& event = recorded_.events[next_];
  return clock_.due(event.time) <= time_.Now() && clock_.ready() && CauseHasCome(event);
}

void StandIn::WakeIn(sw::Micros delay) {
  time_.Cancel(timer_);
  timer_ = time_.After(delay, [this] {
    timer_ = sw::kNoTimer;
    Act();
  });
}

// As far as the send buffer has room.
void StandIn::Act() {
  if (!connection_ || !tcp::IsSynchronized(connection_->state()) || closed()) return;
  while (next_ < recorded_.events.size()) {
    const UserEvent& event = recorded_.events[next_];
    const sw::Micros due = clock_.due(event.time), now = time_.Now();
    if (now < due) {
      WakeIn(due - now);
      return;
    }
    if (!clock_.ready()) {
      WakeIn(kGlance);
      return;
    }
    if (!CauseHasCome(event)) return;
    lag_ = std::max(lag_, now - due);
    called_();
    if (event.kind == UserEvent::Kind::kWrite) {
      written_ += connection_->Write(tcp::ByteView(event.bytes).subspan(written_));
      if (written_ < event.bytes.size()) return;
      written_ = 0;
    } else if (event.kind == UserEvent::Kind::kShutdown) {
      connection_->ShutdownWrite();
    } else {
      Drain();
      connection_->Abort();
    }
    ++next_;
  }
}

}  // namespace handoff::system
