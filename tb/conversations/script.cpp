// SPDX-License-Identifier: Apache-2.0
#include "tb/conversations/script.h"

#include <cctype>
#include <regex>
#include <sstream>

namespace handoff::tb {
namespace {

std::string Trim(const std::string& text) {
  const size_t first = text.find_first_not_of(" \t\r");
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

// At commas outside brackets.
std::vector<std::string> Split(const std::string& text) {
  std::vector<std::string> parts;
  std::string part;
  int depth = 0;
  for (const char c : text) {
    if (c == '(' || c == '[' || c == '{') ++depth;
    if (c == ')' || c == ']' || c == '}') --depth;
    if (c == ',' && depth == 0) {
      parts.push_back(Trim(part));
      part.clear();
    } else {
      part += c;
    }
  }
  if (!Trim(part).empty() || !parts.empty()) parts.push_back(Trim(part));
  return parts;
}

Micros ParseSeconds(const std::string& text) {
  return Micros(static_cast<int64_t>(std::stod(text) * 1e6 + 0.5));
}

// Takes the time off the front of `rest`.
ScriptTime TakeTime(int line, std::string& rest) {
  static const std::regex kTime(
      R"(^(\*|(\+?)(\d+(?:\.\d+)?)(?:(~|\.\.\.)(\+?)(\d+(?:\.\d+)?))?)\s+)");
  std::smatch m;
  if (!std::regex_search(rest, m, kTime)) throw ScriptError(line, "no time before the event");
  ScriptTime time;
  if (m[1] == "*") {
    time.any = true;
  } else {
    time.relative = m[2].length() > 0;
    time.first = time.last = ParseSeconds(m[3]);
    if (m[6].matched) {
      time.last = ParseSeconds(m[6]);
      time.blocks = m[4] == "...";
      // Of a call "+0...0.1" both count from the event before it.
      if (!time.blocks && (m[5].length() > 0) != time.relative) {
        throw ScriptError(line, "a range begins and ends alike: both with + or both without");
      }
      if (time.last < time.first) throw ScriptError(line, "a range that ends before it begins");
    }
  }
  rest = m.suffix();
  return time;
}

tcp::Flags ParseFlags(int line, const std::string& text) {
  tcp::Flags flags;
  for (const char c : text) {
    switch (c) {
      case 'F':
        flags.fin = true;
        break;
      case 'S':
        flags.syn = true;
        break;
      case 'R':
        flags.rst = true;
        break;
      case 'P':
        flags.psh = true;
        break;
      case '.':
        flags.ack = true;
        break;
      case 'U':
        flags.urg = true;
        break;
      case 'E':
        flags.ece = true;
        break;
      case 'W':
        flags.cwr = true;
        break;
      case '-':
        break;
      default:
        throw ScriptError(line, std::string("no flag is called ") + c);
    }
  }
  return flags;
}

ScriptSegment ParseSegment(int line, bool arrives, const std::string& text) {
  static const std::regex kSegment(
      R"(^([FSRPUEW.\-]+)\s+(\d+):(\d+)\((\d+)\)(?:\s+ack\s+(\d+))?(?:\s+win\s+(\d+))?(?:\s+<(.*)>)?$)");
  std::smatch m;
  if (!std::regex_match(text, m, kSegment)) throw ScriptError(line, "no segment: " + text);
  ScriptSegment s;
  s.arrives = arrives;
  s.flags = ParseFlags(line, m[1]);
  s.seq = static_cast<uint32_t>(std::stoul(m[2]));
  s.len = static_cast<uint32_t>(std::stoul(m[4]));
  if (s.seq + s.len != static_cast<uint32_t>(std::stoul(m[3]))) {
    throw ScriptError(line, "the numbers and the length of the segment differ");
  }
  if (m[5].matched) s.ack = static_cast<uint32_t>(std::stoul(m[5]));
  if (s.ack.has_value() != s.flags.ack) {
    throw ScriptError(line, "the flag . and a number after ack go together");
  }
  if (m[6].matched) s.window = static_cast<uint16_t>(std::stoul(m[6]));
  if (arrives && !s.window && !s.flags.rst) s.window = 0xffff;
  if (m[7].matched) {
    s.any_options = Trim(m[7]) == "...";
    if (s.any_options && arrives) throw ScriptError(line, "what arrives has options of its own");
    if (!s.any_options) s.options = Split(m[7]);
  }
  return s;
}

ScriptIcmp ParseIcmp(int line, const std::string& text) {
  static const std::regex kIcmp(
      R"(^icmp\s+(\w+)(?:\s+(?!mtu)(\w+))?(?:\s+mtu\s+(\d+))?\s+\[(\d+):\d+\(\d+\)\]$)");
  std::smatch m;
  if (!std::regex_match(text, m, kIcmp)) throw ScriptError(line, "no ICMP message: " + text);
  ScriptIcmp icmp;
  icmp.type = m[1];
  icmp.code = m[2];
  if (m[3].matched) icmp.mtu = static_cast<uint32_t>(std::stoul(m[3]));
  icmp.seq = static_cast<uint32_t>(std::stoul(m[4]));
  return icmp;
}

ScriptCall ParseCall(int line, const std::string& text) {
  static const std::regex kCall(
      R"(^(\w+)\((.*)\)\s*=\s*(-?(?:0x[0-9a-f]+|\d+))(?:\s+(E[A-Z]+)|\s*\(flags.*)?(?:\s*\(.*\))?$)");
  std::smatch m;
  if (!std::regex_match(text, m, kCall)) throw ScriptError(line, "no event: " + text);
  return {m[1], Split(m[2]), std::stoll(m[3], nullptr, 0), m[4]};
}

ScriptAssertion ParseAssertion(int line, const std::string& text) {
  static const std::regex kAssertion(
      R"(^%\{\s*assert\s+(\w+)\s*(==|!=|<=|>=|<|>)\s*(\w+)\s*(?:,.*)?\}%$)");
  std::smatch m;
  if (!std::regex_match(text, m, kAssertion)) {
    throw ScriptError(line, "an assertion compares one name with one value: " + text);
  }
  return {m[1], m[2], m[3]};
}

// Comments gone; text in quotes and backticks holds none.
std::string WithoutComment(const std::string& line) {
  const std::string text = Trim(line);
  if (text.starts_with("#")) return "";
  return Trim(text.substr(0, text.find("//")));
}

}  // namespace

Script ParseScript(const std::string& text) {
  Script script;
  std::istringstream lines(text);
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    std::string rest = WithoutComment(line);
    if (rest.empty()) continue;
    if (rest.starts_with("--")) {
      const size_t equals = rest.find('=');
      if (equals == std::string::npos || !script.events.empty()) {
        throw ScriptError(number, "--name=value stands before all events");
      }
      script.settings[rest.substr(2, equals - 2)] = rest.substr(equals + 1);
      continue;
    }
    ScriptEvent event;
    event.line = number;
    event.text = rest;
    event.time = TakeTime(number, rest);
    const bool arrives = rest.starts_with("<");
    if (arrives || rest.starts_with(">")) {
      const std::string packet = Trim(rest.substr(1));
      if (packet.starts_with("icmp")) {
        if (!arrives) throw ScriptError(number, "ICMP that leaves is not looked at");
        event.what = ParseIcmp(number, packet);
      } else {
        event.what = ParseSegment(number, arrives, packet);
      }
    } else if (rest.starts_with("`") && rest.ends_with("`") && rest.size() > 1) {
      event.what = ScriptShell{rest.substr(1, rest.size() - 2)};
    } else if (rest.starts_with("%{")) {
      event.what = ParseAssertion(number, rest);
    } else {
      event.what = ParseCall(number, rest);
    }
    script.events.push_back(std::move(event));
  }
  return script;
}

}  // namespace handoff::tb
