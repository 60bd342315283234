// SPDX-License-Identifier: Apache-2.0
//
// Which connection, or which listener, a segment is for.
#pragma once

#include <map>
#include <memory>
#include <unordered_map>
#include <utility>

#include "sw/tcp/connection.h"
#include "sw/tcp/listen.h"

namespace handoff::tcp {

class ConnectionTable {
 public:
  explicit ConnectionTable(const SipKey& key) : connections_(0, TupleHash{key}) {}

  // False: there is one with this tuple already.
  bool Add(std::shared_ptr<Connection> connection) {
    const Tuple& tuple = connection->tuple();
    return connections_.emplace(tuple, std::move(connection)).second;
  }
  void Remove(const Connection& connection) {
    const auto found = connections_.find(connection.tuple());
    if (found != connections_.end() && found->second.get() == &connection) {
      connections_.erase(found);
    }
  }
  std::shared_ptr<Connection> Find(const Tuple& tuple) const {
    const auto found = connections_.find(tuple);
    return found == connections_.end() ? nullptr : found->second;
  }
  size_t size() const { return connections_.size(); }
  const auto& all() const { return connections_; }

  bool AddListener(std::shared_ptr<Listener> listener) {
    const Endpoint& endpoint = listener->endpoint();
    const auto found = listeners_.find(endpoint);
    if (found != listeners_.end() && !found->second->closed()) return false;
    listeners_[endpoint] = std::move(listener);
    return true;
  }
  // The one on this address comes before the one on all addresses.
  std::shared_ptr<Listener> FindListener(const Endpoint& local) const {
    for (const Endpoint& endpoint : {local, Endpoint{IpAddr(), local.port}}) {
      const auto found = listeners_.find(endpoint);
      if (found != listeners_.end() && !found->second->closed()) return found->second;
    }
    return nullptr;
  }

 private:
  std::unordered_map<Tuple, std::shared_ptr<Connection>, TupleHash> connections_;
  std::map<Endpoint, std::shared_ptr<Listener>> listeners_;
};

}  // namespace handoff::tcp
