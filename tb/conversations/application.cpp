// SPDX-License-Identifier: Apache-2.0
#include "tb/conversations/application.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace handoff::tb {
namespace {

const std::string& Argument(int line, const ScriptCall& call, size_t index) {
  if (index >= call.arguments.size())
    throw ScriptError(line, call.name + ": an argument is missing");
  return call.arguments[index];
}

int64_t NumberIn(int line, std::string text) {
  std::erase_if(text, [](char c) { return c == '[' || c == ']'; });
  try {
    return std::stoll(text, nullptr, 0);
  } catch (const std::exception&) {
    throw ScriptError(line, "no number: " + text);
  }
}

// Linux's numbers of the states.
int64_t StateNumber(tcp::State state) {
  switch (state) {
    case tcp::State::kEstablished:
      return 1;
    case tcp::State::kSynSent:
      return 2;
    case tcp::State::kSynReceived:
      return 3;
    case tcp::State::kFinWait1:
      return 4;
    case tcp::State::kFinWait2:
      return 5;
    case tcp::State::kTimeWait:
      return 6;
    case tcp::State::kClosed:
      return 7;
    case tcp::State::kCloseWait:
      return 8;
    case tcp::State::kLastAck:
      return 9;
    case tcp::State::kClosing:
      return 11;
  }
  return 0;
}

int64_t ValueOf(int line, const std::string& text) {
  static const std::map<std::string, tcp::State> kStates = {
      {"TCP_ESTABLISHED", tcp::State::kEstablished},
      {"TCP_SYN_SENT", tcp::State::kSynSent},
      {"TCP_SYN_RECV", tcp::State::kSynReceived},
      {"TCP_FIN_WAIT1", tcp::State::kFinWait1},
      {"TCP_FIN_WAIT2", tcp::State::kFinWait2},
      {"TCP_TIME_WAIT", tcp::State::kTimeWait},
      {"TCP_CLOSE", tcp::State::kClosed},
      {"TCP_CLOSE_WAIT", tcp::State::kCloseWait},
      {"TCP_LAST_ACK", tcp::State::kLastAck},
      {"TCP_CLOSING", tcp::State::kClosing}};
  const auto found = kStates.find(text);
  return found != kStates.end() ? StateNumber(found->second) : NumberIn(line, text);
}

bool Holds(int64_t a, const std::string& relation, int64_t b) {
  if (relation == "==") return a == b;
  if (relation == "!=") return a != b;
  if (relation == "<") return a < b;
  if (relation == ">") return a > b;
  return relation == "<=" ? a <= b : a >= b;
}

}  // namespace

Application::Socket& Application::SocketOf(int line, const ScriptCall& call) {
  const auto found = sockets_.find(NumberIn(line, Argument(line, call, 0)));
  if (found == sockets_.end()) throw ScriptError(line, call.name + ": no such socket");
  return found->second;
}

std::string Application::Call(int line, const ScriptCall& call, Micros until) {
  Blocked blocked{call, Begin(line, call), {}, until};
  blocked.outcome = blocked.attempt();
  if (!blocked.outcome && until > machine_.Now()) {
    blocked_.push_back(std::move(blocked));
    return "";
  }
  const char* would_block = call.name == "connect" ? "EINPROGRESS" : "EAGAIN";
  return Compare(call, blocked.outcome.value_or(Outcome{-1, would_block}));
}

std::string Application::FinishCalls(Micros now, Micros tolerance) {
  for (Blocked& b : blocked_) {
    if (!b.outcome) b.outcome = b.attempt();
  }
  while (!blocked_.empty() &&
         (blocked_.front().outcome || blocked_.front().until + tolerance < now)) {
    const Blocked b = std::move(blocked_.front());
    blocked_.pop_front();
    if (!b.outcome) return b.call.name + " still blocks";
    std::string wrong = Compare(b.call, *b.outcome);
    if (!wrong.empty()) return wrong;
  }
  return "";
}

std::string Application::Compare(const ScriptCall& call, const Outcome& outcome) {
  if (outcome.result == call.result && outcome.error == call.error) return "";
  return call.name + " returned " + std::to_string(outcome.result) +
         (outcome.error.empty() ? "" : " ") + outcome.error;
}

Application::Attempt Application::Begin(int line, const ScriptCall& call) {
  const auto returns = [](int64_t result) { return [result] { return Outcome{result, {}}; }; };
  if (call.name == "socket") {
    sockets_[call.result] = {};
    sockets_[call.result].options = defaults_;
    return returns(call.result);
  }
  Socket& socket = SocketOf(line, call);
  if (call.name == "bind") return returns(0);
  if (call.name == "fcntl") return returns(call.result);
  if (call.name == "setsockopt") {
    SetOption(line, socket, call);
    return returns(0);
  }
  if (call.name == "listen") {
    tcp::ListenOptions options;
    options.backlog = static_cast<uint32_t>(NumberIn(line, Argument(line, call, 1)));
    options.open = socket.options;
    socket.listener = machine_.stack().Listen(ends_.here, options);
    return returns(socket.listener ? 0 : -1);
  }
  if (call.name == "accept") return [&] { return Accept(socket, call.result); };
  if (call.name == "connect") return [&] { return Connect(socket); };
  if (call.name == "write" || call.name == "send") {
    const auto count = static_cast<uint32_t>(NumberIn(line, Argument(line, call, 2)));
    return [&socket, count] { return Write(socket, count); };
  }
  if (call.name == "read" || call.name == "recv") {
    const auto count = static_cast<uint32_t>(NumberIn(line, Argument(line, call, 2)));
    return [&socket, count] { return Read(socket, count); };
  }
  if (call.name == "shutdown") {
    if (Argument(line, call, 1) != "SHUT_WR") throw ScriptError(line, "only SHUT_WR is known");
    if (!socket.connection) throw ScriptError(line, "shutdown: not connected");
    socket.connection->ShutdownWrite();
    socket.shut = true;
    return returns(0);
  }
  if (call.name == "close") {
    if (socket.listener) socket.listener->Close();
    if (socket.connection && socket.resets_on_close) socket.connection->Abort();
    if (socket.connection) socket.connection->Close();
    sockets_.erase(NumberIn(line, call.arguments[0]));
    return returns(0);
  }
  throw ScriptError(line, "no call is known as " + call.name);
}

void Application::SetOption(int line, Socket& socket, const ScriptCall& call) const {
  const std::string& name = Argument(line, call, 2);
  const std::string& value = Argument(line, call, 3);
  if (name == "SO_LINGER") {
    socket.resets_on_close =
        value.find("onoff=1") != std::string::npos && value.find("linger=0") != std::string::npos;
    return;
  }
  const int64_t number = NumberIn(line, value);
  if (name == "SO_KEEPALIVE") {
    socket.options.keepalive = number != 0;
  } else if (name == "TCP_NODELAY") {
    socket.options.no_delay = number != 0;
  } else if (name == "SO_RCVBUF") {
    socket.options.rcv_buf_bytes = static_cast<uint32_t>(number);
  } else if (name == "SO_SNDBUF") {
    socket.options.snd_buf_bytes = static_cast<uint32_t>(number);
  } else if (name != "SO_REUSEADDR") {
    throw ScriptError(line, "no option is known as " + name);
  }
}

std::optional<Application::Outcome> Application::Accept(Socket& from, int64_t as) {
  if (!from.listener) return Outcome{-1, "EINVAL"};
  auto connection = from.listener->Accept();
  if (!connection) return std::nullopt;
  latest_ = connection;
  sockets_[as].connection = std::move(connection);
  return Outcome{as, {}};
}

std::optional<Application::Outcome> Application::Connect(Socket& socket) {
  if (!socket.connection) {
    socket.connection = machine_.stack().Connect(ends_.here, ends_.peer, socket.options);
    if (!socket.connection) return Outcome{-1, "EADDRNOTAVAIL"};
    latest_ = socket.connection;
  }
  switch (socket.connection->state()) {
    case tcp::State::kSynSent:
    case tcp::State::kSynReceived:
      return std::nullopt;
    case tcp::State::kClosed:
      return Broken(*socket.connection, "ECONNABORTED");
    default:
      return Outcome{0, {}};
  }
}

Application::Outcome Application::Broken(const tcp::Connection& connection,
                                         const char* else_error) {
  switch (connection.close_reason()) {
    case tcp::CloseReason::kReset:
      return {-1, "ECONNRESET"};
    case tcp::CloseReason::kRefused:
      return {-1, "ECONNREFUSED"};
    case tcp::CloseReason::kTimedOut:
      return {-1, "ETIMEDOUT"};
    default:
      return {-1, else_error};
  }
}

std::optional<Application::Outcome> Application::Write(Socket& socket, uint32_t count) {
  if (!socket.connection) return Outcome{-1, "ENOTCONN"};
  tcp::Bytes bytes(count);
  for (uint32_t i = 0; i < count; ++i) bytes[i] = StreamByte(1 + socket.written + i);
  const auto accepted = static_cast<uint32_t>(socket.connection->Write(bytes));
  socket.written += accepted;
  if (accepted > 0 || count == 0) return Outcome{accepted, {}};
  if (socket.connection->state() == tcp::State::kClosed) return Broken(*socket.connection, "EPIPE");
  if (socket.shut) return Outcome{-1, "EPIPE"};
  return std::nullopt;
}

std::optional<Application::Outcome> Application::Read(Socket& socket, uint32_t count) {
  if (!socket.connection) return Outcome{-1, "ENOTCONN"};
  tcp::Bytes bytes(count);
  const auto got = static_cast<uint32_t>(socket.connection->Read(bytes));
  const sw::Seq irs = socket.connection->tcb().irs;
  for (uint32_t i = 0; i < got; ++i) {
    if (bytes[i] != StreamByte(irs.raw() + 1 + socket.read + i)) return Outcome{-1, "EBADMSG"};
  }
  socket.read += got;
  if (got > 0 || socket.connection->AtEnd()) return Outcome{got, {}};
  if (socket.connection->state() == tcp::State::kClosed) return Broken(*socket.connection, "EPIPE");
  return std::nullopt;
}

std::string Application::Check(int line, const ScriptAssertion& assertion) const {
  if (!latest_) throw ScriptError(line, "no connection was accepted or opened yet");
  const tcp::Connection& c = *latest_;
  const uint32_t mss = std::max(c.EffectiveMss(), 1u);
  int64_t value = 0;
  if (assertion.name == "tcpi_state") {
    value = StateNumber(c.state());
  } else if (assertion.name == "tcpi_snd_cwnd") {
    value = c.recovery().control().cwnd() / mss;
  } else if (assertion.name == "tcpi_snd_ssthresh") {
    value = c.recovery().control().ssthresh() / mss;
  } else if (assertion.name == "tcpi_rto") {
    value = c.rtt().rto().count();
  } else if (assertion.name == "tcpi_snd_mss") {
    value = mss;
  } else {
    throw ScriptError(line, "nothing is known as " + assertion.name);
  }
  if (Holds(value, assertion.relation, ValueOf(line, assertion.value))) return "";
  return assertion.name + " is " + std::to_string(value);
}

void Application::Shell(int line, const std::string& command) {
  static const std::string kSysctl = "sysctl -q net.ipv4.";
  const size_t equals = command.find('=');
  if (!command.starts_with(kSysctl) || equals == std::string::npos) {
    throw ScriptError(line, "the one command is " + kSysctl + "name=value");
  }
  const std::string name = command.substr(kSysctl.size(), equals - kSysctl.size());
  const bool on = NumberIn(line, command.substr(equals + 1)) != 0;
  if (name == "tcp_timestamps") {
    defaults_.timestamps = on;
  } else if (name == "tcp_sack") {
    defaults_.sack = on;
  } else if (name == "tcp_window_scaling") {
    defaults_.window_scaling = on;
  } else {
    throw ScriptError(line, "nothing is set by " + name);
  }
}

}  // namespace handoff::tb
