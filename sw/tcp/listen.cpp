// SPDX-License-Identifier: Apache-2.0
#include "sw/tcp/listen.h"

#include <utility>

namespace handoff::tcp {

OpenOptions Listener::OptionsFor(const Tuple& tuple) const {
  return options_.open_for ? options_.open_for(tuple) : options_.open;
}

std::shared_ptr<Connection> Listener::Accept() {
  if (ready_.empty()) return nullptr;
  auto connection = std::move(ready_.front());
  ready_.pop_front();
  return connection;
}

void Listener::OnEstablished(std::shared_ptr<Connection> connection) {
  --half_open_;
  if (closed_) {
    connection->Abort();
    return;
  }
  ready_.push_back(std::move(connection));
  if (on_acceptable_) on_acceptable_();
}

void Listener::Close() {
  closed_ = true;
  for (const auto& connection : std::exchange(ready_, {})) connection->Abort();
}

}  // namespace handoff::tcp
