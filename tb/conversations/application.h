// SPDX-License-Identifier: Apache-2.0
//
// The application of a conversation: its sockets, as POSIX has them, over the stack.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "tb/conversations/machine.h"
#include "tb/conversations/script.h"
#include "tb/conversations/wire.h"

namespace handoff::tb {

class Application {
 public:
  // `ends` may still change until the first call.
  Application(Machine& machine, const Ends& ends) : machine_(machine), ends_(ends) {}

  // Each says what went otherwise than the line says; empty if nothing did. A call that blocks is
  // begun, and has until `until`.
  std::string Call(int line, const ScriptCall& call, Micros until);
  std::string Check(int line, const ScriptAssertion& assertion) const;
  void Shell(int line, const std::string& command);
  // Ends the calls whose time is over.
  std::string FinishCalls(Micros now, Micros tolerance);

 private:
  struct Outcome {
    int64_t result = 0;
    std::string error;
  };
  struct Socket {
    tcp::OpenOptions options;
    bool resets_on_close = false;  // SO_LINGER with a time of zero
    std::shared_ptr<tcp::Listener> listener;
    std::shared_ptr<tcp::Connection> connection;
    bool shut = false;     // for writing
    uint32_t written = 0;  // bytes
    uint32_t read = 0;
  };
  // Nothing: it would block.
  using Attempt = std::function<std::optional<Outcome>()>;
  struct Blocked {
    ScriptCall call;
    Attempt attempt;
    std::optional<Outcome> outcome;
    Micros until;
  };

  Socket& SocketOf(int line, const ScriptCall& call);
  void SetOption(int line, Socket& socket, const ScriptCall& call) const;
  Attempt Begin(int line, const ScriptCall& call);
  std::optional<Outcome> Accept(Socket& from, int64_t as);
  std::optional<Outcome> Connect(Socket& socket);
  static std::optional<Outcome> Write(Socket& socket, uint32_t count);
  static std::optional<Outcome> Read(Socket& socket, uint32_t count);
  static Outcome Broken(const tcp::Connection& connection, const char* else_error);
  static std::string Compare(const ScriptCall& call, const Outcome& outcome);

  Machine& machine_;
  const Ends& ends_;
  tcp::OpenOptions defaults_;
  std::map<int64_t, Socket> sockets_;
  std::deque<Blocked> blocked_;
  std::shared_ptr<tcp::Connection> latest_;
};

}  // namespace handoff::tb
