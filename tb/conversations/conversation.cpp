// SPDX-License-Identifier: Apache-2.0
#include "tb/conversations/conversation.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <deque>
#include <map>
#include <utility>
#include <vector>

#include "tb/conversations/application.h"
#include "tb/conversations/wire.h"

namespace handoff::tb {
namespace {

constexpr uint16_t kPortHere = 8080;
constexpr uint16_t kPortOfPeer = 55000;
// What packetdrill allows unless it is told otherwise.
constexpr Micros kTolerance{4000};

std::string Seconds(Micros time) {
  char text[32];
  std::snprintf(text, sizeof text, "%" PRId64 ".%06" PRId64, time.count() / 1000000,
                time.count() % 1000000);
  return text;
}

bool IsTimestamp(const std::string& option) { return option.starts_with("TS val "); }

class Conversation {
 public:
  Conversation(const Script& script, Machine& machine)
      : script_(script), machine_(machine), application_(machine, ends_) {
    const bool v6 = SettingsOf(script).v6;
    ends_.here = {v6 ? *tcp::IpAddr::Parse("fd00::1") : tcp::IpAddr::V4(192, 168, 0, 1), kPortHere};
    ends_.peer = {v6 ? *tcp::IpAddr::Parse("fd00::2") : tcp::IpAddr::V4(192, 168, 0, 2),
                  kPortOfPeer};
    machine_.stack().AddAddress({ends_.here.addr, v6 ? 64u : 24u, {}, {}});
    Answer();
    machine_.on_frame = [this](tcp::ByteView frame) { OnFrame(frame); };
    start_ = last_ = machine_.Now();
    const auto found = script.settings.find("tolerance_usecs");
    if (found != script.settings.end()) tolerance_ = Micros(std::stoll(found->second));
  }
  ~Conversation() { machine_.on_frame = nullptr; }
  Conversation(const Conversation&) = delete;
  Conversation& operator=(const Conversation&) = delete;

  std::string Run() {
    for (const ScriptEvent& event : script_.events) {
      if (std::exchange(asked_, false)) Answer();
      Resolve(event.time);
      // A call whose time was over before this line gets nothing from it.
      std::string wrong = application_.FinishCalls(first_, tolerance_);
      if (wrong.empty()) {
        wrong = std::visit([&](const auto& what) { return Play(event, what); }, event.what);
      }
      if (wrong.empty()) wrong = application_.FinishCalls(machine_.Now(), tolerance_);
      if (!wrong.empty()) return Report(event, wrong);
    }
    // What follows at once belongs to the last line.
    Await([] { return false; }, machine_.Now() + tolerance_);
    const std::string late =
        application_.FinishCalls(machine_.Now() + sw::Seconds(3600), Micros(0));
    if (!late.empty()) return Report(script_.events.back(), late);
    if (!sent_.empty()) {
      return Report(script_.events.back(),
                    "no line speaks of  > " + ToScript(sent_.front(), offsets_));
    }
    return "";
  }

 private:
  // The peer says where it is.
  void Answer() {
    machine_.stack().ip().neighbors().Learn({ends_.peer.addr, {}}, machine_.peer_mac, true);
  }
  void OnFrame(tcp::ByteView frame) {
    auto sent = ReadFrame(frame, ends_);
    if (!sent) {
      asked_ = true;  // by ARP or NDP
      return;
    }
    sent->at = machine_.Now();
    trace_ += Seconds(sent->at - start_) + "  > " + ToScript(*sent, offsets_) + "\n";
    sent_.push_back(std::move(*sent));
  }

  void Resolve(const ScriptTime& time) {
    const Micros from = time.relative ? last_ : start_;
    first_ = time.any ? last_ : from + time.first;
    until_ = time.any ? last_ + sw::Seconds(3600) : from + time.last;
  }
  void Await(const std::function<bool()>& done, Micros deadline) {
    machine_.RunUntil(done, std::max(deadline, machine_.Now()));
  }
  void GoTo(Micros time) {
    Await([] { return false; }, time);
    last_ = time;
  }

  std::string Play(const ScriptEvent& event, const ScriptSegment& line) {
    if (!line.arrives) return Compare(line);
    GoTo(first_);
    trace_ += Seconds(machine_.Now() - start_) + "  " + event.text + "\n";
    machine_.Receive(FrameOf(machine_, ends_, line, event.line, offsets_));
    return "";
  }
  std::string Play(const ScriptEvent& event, const ScriptIcmp& line) {
    GoTo(first_);
    machine_.Receive(FrameOf(machine_, ends_, line, event.line, offsets_));
    return "";
  }
  std::string Play(const ScriptEvent& event, const ScriptCall& line) {
    GoTo(first_);
    return application_.Call(event.line, line, event.time.blocks ? until_ : first_);
  }
  std::string Play(const ScriptEvent& event, const ScriptShell& line) {
    GoTo(first_);
    application_.Shell(event.line, line.command);
    return "";
  }
  std::string Play(const ScriptEvent& event, const ScriptAssertion& line) {
    GoTo(first_);
    return application_.Check(event.line, line);
  }

  // The segments that left for a line: one, or as many as make up its payload.
  std::string Compare(const ScriptSegment& line) {
    Await([this] { return !sent_.empty(); }, until_ + tolerance_);
    if (sent_.empty()) return "nothing left";
    SentSegment got = std::move(sent_.front());
    sent_.pop_front();
    while (got.payload.size() < line.len && !got.payload.empty()) {
      Await([this] { return !sent_.empty(); }, got.at + tolerance_);
      if (sent_.empty() || sent_.front().segment.seq != got.segment.End() + TextOf(got) ||
          sent_.front().segment.ack != got.segment.ack) {
        break;
      }
      tcp::AppendBytes(got.payload, sent_.front().payload);
      got.segment.flags = sent_.front().segment.flags;
      sent_.pop_front();
    }
    last_ = got.at;
    if (line.flags.syn) offsets_.seq = got.segment.seq.raw() - line.seq;
    std::string shown = "this left: > " + ToScript(got, offsets_);
    const tcp::Segment& s = got.segment;
    if (got.at < first_ - tolerance_ || got.at > until_ + tolerance_) {
      return shown + "\nat " + Seconds(got.at - start_) + ", not " + Seconds(first_ - start_);
    }
    if (s.flags != line.flags || offsets_.ToScript(s.seq) != line.seq ||
        got.payload.size() != line.len || (line.ack && s.ack.raw() != *line.ack) ||
        (line.window && s.window != *line.window)) {
      return shown;
    }
    if (!line.any_options && !SameOptions(line.options, got)) return shown;
    const uint32_t first = line.flags.syn ? line.seq + 1 : line.seq;
    for (uint32_t i = 0; i < line.len; ++i) {
      if (got.payload[i] != StreamByte(first + i)) return shown + "\nwith other bytes than written";
    }
    return "";
  }
  static uint32_t TextOf(const SentSegment& sent) {
    return static_cast<uint32_t>(sent.payload.size());
  }

  // Of a timestamp the value may be off by what the clock's tick and the tolerance make of it.
  bool SameOptions(const ScriptOptions& wanted, const SentSegment& got) {
    const auto& stamps = got.segment.options.timestamps;
    for (const std::string& option : wanted) {
      unsigned value = 0;
      unsigned echo = 0;
      if (std::sscanf(option.c_str(), "TS val %u ecr %u", &value, &echo) != 2) continue;
      if (!stamps || stamps->echo != echo) return false;
      if (!offsets_.ts) offsets_.ts = stamps->value - value;
      const auto off = static_cast<int32_t>(stamps->value - *offsets_.ts - value);
      if (std::abs(off) > 5) return false;
    }
    const ScriptOptions have = ToScript(got.options, offsets_);
    return std::equal(have.begin(), have.end(), wanted.begin(), wanted.end(),
                      [](const std::string& a, const std::string& b) {
                        return a == b || (IsTimestamp(a) && IsTimestamp(b));
                      });
  }

  std::string Report(const ScriptEvent& event, const std::string& wrong) const {
    return "line " + std::to_string(event.line) + ": " + event.text + "\n" + wrong + "\n" + trace_;
  }

  const Script& script_;
  Machine& machine_;
  Ends ends_;
  Application application_;
  Offsets offsets_;
  Micros tolerance_ = kTolerance;
  Micros start_;
  Micros last_;  // when the event before this one was
  Micros first_;
  Micros until_;
  bool asked_ = false;
  std::deque<SentSegment> sent_;
  std::string trace_;
};

}  // namespace

MachineSettings SettingsOf(const Script& script) {
  MachineSettings settings;
  for (const auto& [name, value] : script.settings) {
    if (name == "ip_version") {
      if (value != "ipv4" && value != "ipv6") throw ScriptError(0, "no IP version: " + value);
      settings.v6 = value == "ipv6";
    } else if (name == "mtu") {
      settings.mtu = static_cast<uint32_t>(std::stoul(value));
    } else if (name != "tolerance_usecs") {
      throw ScriptError(0, "nothing is set by --" + name);
    }
  }
  return settings;
}

std::string Converse(const Script& script, Machine& machine) {
  return Conversation(script, machine).Run();
}

}  // namespace handoff::tb
