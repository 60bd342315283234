// SPDX-License-Identifier: Apache-2.0
#include "sim/run/stand_in.h"

#include <algorithm>

namespace handoff::system {

StandIn::StandIn(const Recorded& recorded, sw::TimerService& time, sw::Micros offset,
                 Allocate allocate, std::function<void()> called)
    : recorded_(recorded), allocate_(std::move(allocate)), called_(std::move(called)) {
  for (size_t i = 0; i < recorded.events.size(); ++i) {
    const sw::Micros due = recorded.events[i].time + offset;
    time.After(std::max(due - time.Now(), sw::Micros(0)), [this, i, due, &time] {
      lag_ = std::max(lag_, time.Now() - due);
      due_ = i + 1;
      Act();
    });
  }
}

void StandIn::Attach(std::shared_ptr<tcp::Connection> connection) {
  connection_ = std::move(connection);
  connection_->SetObserver(this);
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

// Does the recorded events that are due, as far as the send buffer has room.
void StandIn::Act() {
  if (!connection_ || connection_->state() == tcp::State::kSynSent ||
      connection_->state() == tcp::State::kSynReceived) {
    return;
  }
  while (next_ < due_) {
    called_();
    const UserEvent& event = recorded_.events[next_];
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
