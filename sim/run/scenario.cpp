// SPDX-License-Identifier: Apache-2.0
#include "sim/run/scenario.h"

#include <fmt/core.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "gen/handoff_pkg.h"
#include "model/core/engine_core.h"

namespace handoff::system {
namespace {

constexpr uint32_t kLeastMtu = 1280, kMostMtu = 9000;  // RFC 8200, 5; the engine's longest frame
constexpr uint32_t kMostBuffers = 64;
// Of the host's memory: rings, legacy buffers, the stack's own.
constexpr uint64_t kKernelBytes = uint64_t{1} << 30;

void Time(Section& section, const char* key, sw::Micros& value, int64_t unit_us,
          const char* meaning) {
  constexpr int64_t kMostUs = 3600000000;  // an hour
  auto count = static_cast<uint64_t>(value.count() / unit_us);
  section.Count(key, count, 0, static_cast<uint64_t>(kMostUs / unit_us), meaning);
  value = sw::Micros(static_cast<int64_t>(count) * unit_us);
}
// It becomes a folder's, and stands in JSON.
void Name(Section& section, const char* meaning, std::string* name) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
  };
  section.Parsed("name", *name, "a name of letters, digits, '_', '-' and '.', no '.' first",
                 meaning, [&](const std::string& text) {
                   *name = text;
                   return !text.empty() && text.front() != '.' &&
                          std::all_of(text.begin(), text.end(), plain);
                 });
}

void Millis(Section& section, const char* key, sw::Micros& value, const char* meaning) {
  Time(section, key, value, 1000, meaning);
}
void Us(Section& section, const char* key, sw::Micros& value, const char* meaning) {
  Time(section, key, value, 1, meaning);
}

// "10.0.0.1/24"
bool ParseAddress(const std::string& text, StationSpec* station) {
  const size_t slash = text.find('/');
  const auto addr = tcp::IpAddr::Parse(text.substr(0, slash));
  if (!addr || slash == std::string::npos) return false;
  unsigned bits = 0;
  const char* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data() + slash + 1, end, bits);
  const unsigned most = addr->is_v6() ? 128 : 32;
  if (error != std::errc() || at != end || bits == 0 || bits > most) return false;
  station->addr = *addr;
  station->prefix_bits = bits;
  return true;
}

// "02:00:00:00:00:01"
bool ParseMac(const std::string& text, tcp::MacAddr* mac) {
  if (text.size() != 17) return false;
  for (size_t i = 0; i < 6; ++i) {
    const char* at = text.data() + 3 * i;
    const auto [end, error] = std::from_chars(at, at + 2, mac->octets[i], 16);
    if (error != std::errc() || end != at + 2 || (i < 5 && *end != ':')) return false;
  }
  return !mac->IsMulticast();
}

void ReadStation(Section& section, const char* address, StationSpec* station) {
  ParseAddress(address, station);
  section.Parsed("address", address, "an address with its prefix, as 10.0.0.1/24 or fd00::1/64",
                 "of its one interface",
                 [&](const std::string& text) { return ParseAddress(text, station); });
  section.Parsed("mac", station->mac.ToString(),
                 "a MAC address of one station, as 02:00:00:00:00:01", "of its one interface",
                 [&](const std::string& text) { return ParseMac(text, &station->mac); });
}

void ReadMishaps(Section& section, LinkParams* link) {
  section.Number("loss", link->loss, 0, 1, "part of the frames that are lost");
  section.Number("reorder", link->reorder, 0, 1,
                 "part that is held up, so that others overtake it");
  section.Count("reorder_ns", link->reorder_ns, 1, 1000000000, "for how long");
  if (link->reorder == 0) section.Unread({"reorder_ns"}, "reorder is 0");
  section.Number("duplicate", link->duplicate, 0, 1, "part that arrives twice");
  section.Number("corrupt", link->corrupt, 0, 1, "part with a wrong bit that the FCS shows");
  section.Number("corrupt_past_fcs", link->corrupt_past_fcs, 0, 1,
                 "part with a wrong bit that only checksums show");
  section.Count("queue_bytes", link->queue_bytes, 0, 1ull << 40,
                "most that waits for the wire; beyond it frames are lost; 0: no limit");
  std::vector<uint64_t> drop;
  section.Counts("drop", drop, 10000, UINT64_MAX, "numbers of frames, from 0, lost in any case");
  link->drop.insert(drop.begin(), drop.end());
}

void ReadLink(Section section, Machine::Params* machine) {
  LinkParams both;
  section.Number("rate_gbps", both.rate_gbps, 0.001, 1000, "of each direction");
  section.Count("delay_ns", both.delay_ns, 250, 1000000000, "from last byte out to last byte in");
  machine->to_host = machine->to_peer = both;
  Section to_host = section.Sub("to_host", "what befalls frames to the engine");
  ReadMishaps(to_host, &machine->to_host);
  Section to_peer = section.Sub("to_peer", "what befalls frames to the peer");
  ReadMishaps(to_peer, &machine->to_peer);
}

void ReadPcie(Section section, PcieParams* pcie) {
  section.Count("generation", pcie->generation, 1, 5, "of PCI Express");
  section.Count("lanes", pcie->lanes, 1, 16, "1, 2, 4, 8 or 16");
  section.Count("max_payload", pcie->max_payload, 128, 4096, "bytes of a write packet");
  section.Count("max_read_request", pcie->max_read_request, 128, 4096, "bytes");
  section.Count("read_completion_boundary", pcie->read_completion_boundary, 64, 128, "bytes");
  section.Count("tags", pcie->tags, 1, 256, "reads of the engine on their way");
  section.Count("latency_ns", pcie->latency_ns, 50, 100000, "one way");
  section.Count("memory_latency_ns", pcie->memory_latency_ns, 0, 100000,
                "from a read request to its first completion");
  section.Count("memory_jitter_ns", pcie->memory_jitter_ns, 0, 100000,
                "more, drawn for every read");
  section.Count("credit_latency_ns", pcie->credit_latency_ns, 0, 100000,
                "until the root complex gives credits back");
  Section up = section.Sub("credits", "flow-control credits for what the engine sends");
  up.Count("posted_headers", pcie->upstream.posted_headers, 1, 65535, "packets");
  up.Count("posted_data", pcie->upstream.posted_data, 1, 65535, "units of 16 bytes");
  up.Count("non_posted_headers", pcie->upstream.non_posted_headers, 1, 65535, "packets");
  if (const auto wrong = pcie->FirstWrong()) {
    // The credits that can be set are those of one direction.
    constexpr std::string_view kSide = "upstream.";
    const std::string key = wrong->name.starts_with(kSide)
                                ? "credits." + wrong->name.substr(kSide.size())
                                : wrong->name;
    section.RefuseValue(key, wrong->must_be);
  }
}

void ReadCriterion(Section section, policy::Criterion* criterion, const char* unit) {
  section.Number("threshold", criterion->threshold, 0, 1e12, unit);
  section.Number("weight", criterion->weight, 0, 1e6,
                 "what reaching it is worth; 0: not looked at");
  if (criterion->weight == 0) section.Unread({"threshold"}, "weight is 0");
}

// What each policy leaves unread of host.delegation.
void CheckPolicyKeys(const Section& section, const std::string& policy) {
  if (policy == "weighted") return;
  const std::string why = "policy is " + policy;
  section.Unread(
      {"priority", "duration", "frame_rate", "delegate_at", "keep_at", "hold_ms", "pause_ms"},
      why + ", only weighted weighs");
  if (policy == "always") return;
  section.Unread({"decide_every_ms", "max_entries", "coalescing"}, why);
}

void ReadPolicy(Section section, Machine::Params* machine, driver::DelegationConfig* delegation) {
  section.Choice("policy", machine->policy, {"weighted", "always", "never"},
                 "which connections the stack hands to the engine");
  CheckPolicyKeys(section, machine->policy);
  policy::Weights& w = machine->weights;
  ReadCriterion(section.Sub("priority", "of the weighted policy"), &w.priority,
                "as the connection has it");
  ReadCriterion(section.Sub("duration", "of the weighted policy"), &w.duration,
                "seconds since it was opened");
  ReadCriterion(section.Sub("frame_rate", "of the weighted policy"), &w.frame_rate,
                "frames a second, both ways");
  section.Number("delegate_at", w.delegate_at, 0, 1e9,
                 "worth from which a connection is delegated");
  section.Number("keep_at", w.keep_at, 0, 1e9, "worth below which it is taken back");
  if (w.keep_at > w.delegate_at) {
    section.Refuse("keep_at", fmt::format("expected at most delegate_at, {:g}, found {:g}: what is "
                                          "delegated would be taken back",
                                          w.delegate_at, w.keep_at));
  }
  Millis(section, "hold_ms", w.hold, "least time in the table");
  Millis(section, "pause_ms", w.pause, "least time out of it, once taken back");
  Millis(section, "decide_every_ms", delegation->decide_every, "how often the policy looks");
  uint64_t entries = 0;
  section.Count("max_entries", entries, 0, 65536, "of the table, to be used; 0: all it has");
  if (entries != 0) delegation->max_entries = entries;
  Section ack = section.Sub("coalescing", "how the engine acknowledges data");
  ack.Flag("on", delegation->ack.coalesce, "off: every data frame");
  ack.Count("frames", delegation->ack.frames, 1, 255, "at most so many without an ACK");
  ack.Count("delay_class", delegation->ack.delay_class, 0, 3,
            "at most host.driver.delay_us of this class");
  ack.Count("quick", delegation->ack.quick, 0, 255, "frames acknowledged one by one after RESUME");
  if (!delegation->ack.coalesce) ack.Unread({"frames", "delay_class", "quick"}, "on is false");
}

void ReadDriver(Section section, driver::DriverConfig* driver) {
  constexpr uint32_t kMost = kLogSizeMax;
  section.Count("log_commands", driver->log_commands, 4, kMost, "log2 of the command ring's slots");
  section.Count("log_transmit", driver->log_transmit, 4, kMost,
                "log2 of the transmit ring's slots");
  section.Count("log_legacy", driver->log_legacy, 4, kMost, "log2 of the legacy ring's slots");
  section.Count("log_notifications", driver->log_notifications, 0, kMost,
                "log2 of the notification ring's entries; 0: as many as never fill");
  if (driver->log_notifications != 0 &&
      (1u << driver->log_notifications) <= 2 * driver->ntf_reserve) {
    section.RefuseValue("log_notifications",
                        fmt::format("more than {} entries, or 0: progress leaves {} of them free",
                                    2 * driver->ntf_reserve, driver->ntf_reserve));
  }
  // Equal indices mean empty: one slot stays free.
  const uint32_t room = (1u << driver->log_legacy) - 1;
  driver->legacy_buffers = std::min(driver->legacy_buffers, room);
  section.Count("legacy_buffers", driver->legacy_buffers, 2, (1u << kMost) - 1,
                "posted; less than the legacy ring's slots");
  if (driver->legacy_buffers > room) {
    section.Refuse("legacy_buffers",
                   fmt::format("expected at most {}, for log_legacy is {}, found {}", room,
                               driver->log_legacy, driver->legacy_buffers));
  }
  section.Count("limit_us", driver->limit_us, 1, 10000000,
                "between two rate-limited ACKs of a connection");
  std::vector<uint64_t> delays(driver->delay_us.begin(), driver->delay_us.end());
  section.Counts("delay_us", delays, driver->delay_us.size(), 499999,
                 "the four delay classes, of ACKs and hand-backs");
  for (size_t i = 0; i < delays.size(); ++i) driver->delay_us[i] = static_cast<uint32_t>(delays[i]);
  section.Count("back_class", driver->back_class, 0, 3, "delay class of hand-backs");
  section.Count("irq_count", driver->irq_count, 1, 255, "notifications an interrupt waits for");
  section.Count("irq_delay_us", driver->irq_delay_us, 0, 10000, "at most so long");
  if (driver->irq_count > 1 && driver->irq_delay_us == 0) {
    section.Refuse("irq_count",
                   fmt::format("expected irq_delay_us beside it: the last notifications, fewer "
                               "than {}, would never be announced",
                               driver->irq_count));
  }
  if (driver->irq_count == 1) {
    section.Unread({"irq_delay_us"}, "irq_count is 1, so no notification waits");
  }
  section.Count("poll_budget", driver->poll_budget, 1, 65536, "notifications handled in one go");
}

void ReadCosts(Section section, HostModule::Params* host) {
  CostModel& c = host->costs;
  section.Count("mmio_write_ps", c.mmio_write_ps, 0, 1000000000, "a register write");
  section.Count("interrupt_ps", c.interrupt_ps, 0, 1000000000, "an interrupt");
  section.Count("notification_ps", c.notification_ps, 0, 1000000000, "a notification");
  section.Count("segment_ps", c.segment_ps, 0, 1000000000, "a segment through the stack");
  section.Count("copy_byte_ps", c.copy_byte_ps, 0, 1000000, "a byte copied");
  section.Count("syscall_ps", c.syscall_ps, 0, 1000000000, "a call of the stack");
  section.Count("interrupt_latency_ns", host->interrupt_latency_ns, 0, 1000000,
                "from the message's arrival to the handler, the processor idle");
}

void ReadHost(Section& section, Machine::Params* machine) {
  ReadDriver(section.Sub("driver", "its rings, legacy buffers, interrupts"),
             &machine->software.driver);
  ReadPolicy(section.Sub("delegation", "what goes to the engine, and how"), machine,
             &machine->software.delegation);
  ReadCosts(section.Sub("costs", "processor time"), &machine->host.host);
}

void ReadWires(Section& top, Machine::Params* machine) {
  ReadLink(top.Sub("link", "the wire between host and peer"), machine);
  ReadPcie(top.Sub("pcie", "between host and engine"), &machine->host.engine.pcie);
}

void ReadTcp(Section section, tcp::OpenOptions* tcp) {
  section.Flag("timestamps", tcp->timestamps, "RFC 7323");
  section.Flag("window_scaling", tcp->window_scaling, "RFC 7323");
  section.Flag("sack", tcp->sack, "RFC 2018");
  section.Flag("no_delay", tcp->no_delay, "true: without Nagle's algorithm");
  section.Flag("keepalive", tcp->keepalive, "RFC 9293, 3.8.4");
  section.Count("rcv_buf_bytes", tcp->rcv_buf_bytes, 1024, 1u << 30, "receive buffer");
  section.Count("snd_buf_bytes", tcp->snd_buf_bytes, 1024, 1u << 30, "send buffer");
  section.Count("ttl", tcp->ttl, 1, 255, "of sent packets");
  section.Count("tos", tcp->tos, 0, 252, "of sent packets; a multiple of 4, for ECN is not used");
  if (tcp->tos % 4 != 0) {
    section.Refuse("tos", fmt::format("expected a multiple of 4, found {}", tcp->tos));
  }
  uint64_t mss = 0;
  section.Count("mss", mss, 0, 9000, "announced; 0: what the MTU carries");
  if (mss != 0) tcp->mss = static_cast<uint16_t>(mss);
}

// Refuses what the application at this end does not read.
void CheckProgramKeys(const Section& section, bool at_host, const std::string& app) {
  const std::map<std::string, std::vector<std::string>> keys_of = {
      {"source", {"bytes"}},
      {"sink", {"user_buffers"}},
      {"ping", {"messages", "message_bytes", "pause_us", "user_buffers"}},
      {"echo", {"user_buffers"}},
  };
  std::vector<std::string> takes = keys_of.at(app), unread;
  takes.insert(takes.begin(), "app");
  if (!at_host) std::erase(takes, "user_buffers");
  for (const auto& [other, keys] : keys_of) {
    for (const std::string& key : keys) {
      if (std::find(takes.begin(), takes.end(), key) == takes.end()) unread.push_back(key);
    }
  }
  section.Unread(unread, fmt::format("app {} at the {} takes {}", app, at_host ? "host" : "peer",
                                     fmt::join(takes, ", ")));
}

void ReadProgram(Section section, bool at_host, Program* program) {
  section.Choice("app", program->app, {"source", "sink", "ping", "echo"},
                 "a source sends to a sink, a ping to an echo");
  CheckProgramKeys(section, at_host, program->app);
  section.Count("bytes", program->bytes, 1, 1ull << 40, "that a source sends");
  section.Count("messages", program->ping.messages, 1, 1ull << 32, "of a ping");
  section.Count("message_bytes", program->ping.message_bytes, 1, 1u << 30, "of a ping");
  Us(section, "pause_us", program->ping.pause, "of a ping, from an answer to the next message");
  if (!at_host) return;
  Section buffers = section.Sub("user_buffers", "memory of the application for the engine to fill");
  buffers.Count("count", program->user_buffers, 0, kMostBuffers,
                "0: none, all comes through legacy buffers");
  buffers.Count("bytes", program->user_buffer_bytes, 1, 1u << 30, "of each");
  buffers.Count("offset", program->user_buffer_offset, 0, 4095, "of its first byte in a page");
  if (program->user_buffers == 0) buffers.Unread({"bytes", "offset"}, "count is 0");
}

bool Match(const std::string& a, const std::string& b) {
  return (a == "source" && b == "sink") || (a == "ping" && b == "echo");
}

// Whether the policy looks at a connection's priority.
bool LooksAtPriority(const Machine::Params& machine) {
  return machine.policy == "weighted" && machine.weights.priority.weight > 0;
}

ConnectionSpec ReadConnection(Section& section, const Machine::Params& machine) {
  ConnectionSpec c;
  Name(section, "for the summary; else host and peer's apps", &c.name);
  section.Choice("opener", c.opener, {"peer", "host"}, "who connects");
  section.Count("port", c.port, 1, 65535, "where the other one listens");
  section.Count("copies", c.copies, 1, 10000, "connections like this");
  Us(section, "start_us", c.start, "when it is opened");
  section.Number("priority", c.priority, -1e9, 1e9, "for the policy");
  if (!LooksAtPriority(machine)) {
    section.Unread({"priority"}, machine.policy == "weighted"
                                     ? "host.delegation.priority.weight is 0"
                                     : "host.delegation.policy is " + machine.policy);
  }
  c.peer.app = "source";
  ReadProgram(section.Sub("host", "program at the engine's host"), true, &c.host);
  ReadProgram(section.Sub("peer", "program at the peer"), false, &c.peer);
  ReadTcp(section.Sub("tcp", "options of both ends"), &c.tcp);
  if (!Match(c.host.app, c.peer.app) && !Match(c.peer.app, c.host.app)) {
    section.Refuse("peer", fmt::format("expected a pair source and sink, or ping and echo, found "
                                       "{} at the peer and {} at the host",
                                       c.peer.app, c.host.app));
  }
  if (c.name.empty()) c.name = c.peer.app + "-" + c.host.app;
  return c;
}

}  // namespace

Scenario ReadScenario(Settings& settings) {
  Scenario s;
  Section top = settings.Top();
  s.name = std::filesystem::path(settings.path()).stem().string();
  Name(top, "of the run's folder; else the file's", &s.name);
  top.Count("seed", s.seed, 0, UINT64_MAX, "of every random stream");
  Millis(top, "limit_ms", s.limit, "simulated time in which all programs have to end");
  if (s.limit == sw::Micros()) top.RefuseValue("limit_ms", "1 or more");
  Millis(top, "linger_ms", s.linger, "simulated time after that, for things to come to rest");

  Section engine = top.Sub("engine", "what runs");
  engine.Choice("form", s.engine, {"lockstep", "rtl", "model"},
                "RTL and model compared in every cycle, or one alone");
  const std::vector<std::string> names = EngineUnits();
  engine.Words("units",
               fmt::format("unit names ({}), each with rtl, model or both", fmt::join(names, " ")),
               "one unit's form", [&](const std::string& unit, const std::string& form) {
                 s.units.push_back(unit + "=" + form);
                 return std::count(names.begin(), names.end(), unit) != 0 &&
                        (form == "rtl" || form == "model" || form == "both");
               });
  engine.Count("quantum", s.quantum, 1, 1024, "cycles it runs at a time; changes no result");

  ReadWires(top, &s.machine);
  Section at_host = top.Sub("host", "the host with the engine");
  s.host.mac = tcp::MacAddr{{2, 0, 0, 0, 0, 2}};
  ReadStation(at_host, "10.0.0.2/24", &s.host);
  at_host.Count("mtu", s.mtu, kLeastMtu, kMostMtu, "of both ends, bytes");
  ReadHost(at_host, &s.machine);
  driver::DriverConfig& driver = s.machine.software.driver;
  driver.mac = s.host.mac;
  driver.mtu = s.mtu;

  Section at_peer = top.Sub("peer", "the other host: our stack, no engine");
  at_peer.Unread({"driver", "delegation", "costs"}, "the peer has no engine; the host has them");
  at_peer.Unread({"mtu"}, "host.mtu is of both ends");
  s.peer.mac = tcp::MacAddr{{2, 0, 0, 0, 0, 1}};
  ReadStation(at_peer, "10.0.0.1/24", &s.peer);
  if (s.peer.addr.is_v6() != s.host.addr.is_v6() ||
      !s.peer.addr.SamePrefix(s.host.addr, s.host.prefix_bits) || s.peer.addr == s.host.addr) {
    at_peer.Refuse("address", "expected another address of the host's subnet, " +
                                  s.host.addr.ToString() + "/" +
                                  std::to_string(s.host.prefix_bits));
  }
  if (s.peer.mac == s.host.mac) at_peer.Refuse("mac", "the host has the same");

  std::set<std::pair<std::string, uint16_t>> listening;
  const uint64_t room = s.machine.host.memory.bytes - kKernelBytes;
  uint64_t used = 0;
  for (Section& section : top.List("connections", "what the two hosts do")) {
    s.connections.push_back(ReadConnection(section, s.machine));
    const ConnectionSpec& c = s.connections.back();
    if (!listening.insert({c.opener, c.port}).second) {
      section.Refuse("port",
                     fmt::format("another connection's listener is at port {} too", c.port));
    }
    used += uint64_t{c.copies} * c.host.user_buffers *
            (uint64_t{c.host.user_buffer_offset} + c.host.user_buffer_bytes);
    if (used > room) {
      section.Refuse("host.user_buffers",
                     fmt::format("expected at most {} bytes of all connections' buffers, for that "
                                 "is the host's memory, found {}",
                                 room, used));
    }
  }
  if (s.connections.empty()) top.Refuse("connections", "expected one at least");
  Section expect = top.Sub("expect", "what the run has to reach");
  expect.Count("delegated", s.expect.delegated, 0, 1000000, "at least so many connections");
  expect.Number("user_part", s.expect.user_part, 0, 1,
                "least part of the bytes read at the host that lay in user buffers");
  settings.Done();
  return s;
}

void ReadMachine(Settings& settings, Machine::Params* machine) {
  Section top = settings.Top();
  ReadWires(top, machine);
  Section host = top.Sub("host", "the host with the engine");
  if (host.Has("delegation.policy")) {
    host.Refuse("delegation.policy", "expected --delegate instead, in a replay");
  }
  ReadHost(host, machine);
  settings.Done();
}

}  // namespace handoff::system
