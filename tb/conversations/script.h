// SPDX-License-Identifier: Apache-2.0
//
// A conversation in packetdrill's notation, read into events. One event a line:
//
//   +0.1 < P. 1:101(100) ack 1 win 20000 <nop,nop,TS val 200 ecr 100>    a segment arrives
//   +0~+0.04 > . 1:1(0) ack 101 <...>                                    one leaves, within a time
//   +0 write(4, ..., 100) = 100                                          the application calls
//   +0 `sysctl -q net.ipv4.tcp_sack=0`                                   how the host is set
//   +0 %{ assert tcpi_state == TCP_TIME_WAIT }%                          what is true by then
//   +0 < icmp unreachable frag_needed mtu 1040 [1:1461(1460)]            ICMP quotes a segment
//
// A time is absolute (0.1), after the event before it (+0.1), a range (+0~+0.04), that of a call
// that blocks (+0...0.1), or any (*). Lines before the first event that begin with -- set the run.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

#include "sw/tcp/segment.h"
#include "sw/types.h"

namespace handoff::tb {

using sw::Micros;

// Says which line of the script it means.
class ScriptError : public std::runtime_error {
 public:
  ScriptError(int line, const std::string& what)
      : std::runtime_error("line " + std::to_string(line) + ": " + what) {}
};

struct ScriptTime {
  Micros first;
  Micros last;  // of a range, or the end of a call that blocks; else `first`
  bool relative = false;
  bool any = false;
  bool blocks = false;
};

// One TCP option as it is written, such as "mss 1000" or "TS val 200 ecr 100"; numbers are the
// script's.
using ScriptOptions = std::vector<std::string>;

struct ScriptSegment {
  bool arrives = false;
  tcp::Flags flags;
  uint32_t seq = 0;
  uint32_t len = 0;
  std::optional<uint32_t> ack;
  std::optional<uint16_t> window;
  ScriptOptions options;
  bool any_options = false;  // <...>
};

struct ScriptIcmp {
  std::string type;  // "unreachable"
  std::string code;  // "frag_needed"; may be empty
  uint32_t mtu = 0;
  uint32_t seq = 0;  // of the segment it quotes
};

struct ScriptCall {
  std::string name;
  std::vector<std::string> arguments;
  int64_t result = 0;
  std::string error;  // "EINPROGRESS"; may be empty
};

struct ScriptShell {
  std::string command;
};

struct ScriptAssertion {
  std::string name;
  std::string relation;
  std::string value;
};

struct ScriptEvent {
  int line = 0;
  std::string text;
  ScriptTime time;
  std::variant<ScriptSegment, ScriptIcmp, ScriptCall, ScriptShell, ScriptAssertion> what;
};

struct Script {
  std::map<std::string, std::string> settings;  // of the lines --name=value
  std::vector<ScriptEvent> events;
};

// Throws ScriptError for what it cannot read.
Script ParseScript(const std::string& text);

}  // namespace handoff::tb
