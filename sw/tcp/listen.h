// SPDX-License-Identifier: Apache-2.0
//
// LISTEN: connections that peers open, from SYN to accept.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>

#include "sw/tcp/connection.h"

namespace handoff::tcp {

struct ListenOptions {
  // Connections not accepted yet. Half-open ones are kept up to as many; what comes beyond them is
  // answered by cookies.
  uint32_t backlog = 128;
  OpenOptions open;  // of each connection
  // If set, asked for each peer instead: a stand-in has another ISS for each.
  std::function<OpenOptions(const Tuple&)> open_for;
};

class Listener {
 public:
  Listener(const Endpoint& endpoint, ListenOptions options)
      : endpoint_(endpoint), options_(std::move(options)) {}

  // The next established connection; none: nullptr.
  std::shared_ptr<Connection> Accept();
  // Called whenever one became established.
  void SetOnAcceptable(std::function<void()> callback) { on_acceptable_ = std::move(callback); }
  // Nothing more is taken in; what nobody accepted is reset.
  void Close();
  bool closed() const { return closed_; }
  const Endpoint& endpoint() const { return endpoint_; }

  // For the stack.
  bool HasRoom() const { return MayAccept() && half_open_ + ready_.size() < options_.backlog; }
  // Whether one more that is established could be taken in: what is half open may never be.
  bool MayAccept() const { return !closed_ && ready_.size() < options_.backlog; }
  OpenOptions OptionsFor(const Tuple& tuple) const;
  void OnHalfOpen() { ++half_open_; }
  void OnHalfOpenGone() { --half_open_; }
  void OnEstablished(std::shared_ptr<Connection> connection);

 private:
  const Endpoint endpoint_;
  const ListenOptions options_;
  std::function<void()> on_acceptable_;
  size_t half_open_ = 0;
  std::deque<std::shared_ptr<Connection>> ready_;
  bool closed_ = false;
};

}  // namespace handoff::tcp
