// SPDX-License-Identifier: Apache-2.0
#include "sim/run/summary.h"

#include <fmt/core.h>
#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "gen/handoff_pkg.h"
#include "model/clock.h"
#include "model/core/engine_core.h"
#include "sim/build_info/build_info.h"

namespace handoff::system {
namespace {

nlohmann::json ToJson(const ConnectionResult& c) {
  nlohmann::json json = {{"name", c.name},
                         {"tuple", c.tuple.ToString()},
                         {"delegated", c.delegated},
                         {"why", c.why},
                         {"bytes_read", c.bytes_read},
                         {"bytes_user", c.bytes_user},
                         {"bytes_legacy", c.bytes_legacy},
                         {"bytes_host", c.bytes_host},
                         {"resyncs", c.stats.resyncs},
                         {"resumes", c.stats.resumes},
                         {"resume_tries", c.stats.resume_tries},
                         {"acks_engine", c.acks_engine},
                         {"delegated_us", c.stats.delegated.count()},
                         {"live_us", c.stats.live.count()},
                         {"state", c.state}};
  if (c.bytes_recorded) json["bytes_recorded"] = *c.bytes_recorded;
  return json;
}

nlohmann::json ToJson(const LinkDirection::Counts& c) {
  return {{"frames", c.frames},         {"bytes", c.bytes},         {"lost", c.lost},
          {"overflowed", c.overflowed}, {"reordered", c.reordered}, {"duplicated", c.duplicated},
          {"corrupted", c.corrupted},   {"delivered", c.delivered}};
}

double Us(const RunResult& r) { return static_cast<double>(CycleToPs(r.cycles)) * 1e-6; }

std::string Share(uint64_t part, uint64_t whole) {
  if (whole == 0) return "-";
  return fmt::format("{:.1f} %", 100.0 * static_cast<double>(part) / static_cast<double>(whole));
}

// 1,234,567
std::string Grouped(uint64_t value) {
  const std::string digits = std::to_string(value);
  std::string text;
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i != 0 && (digits.size() - i) % 3 == 0) text += ',';
    text += digits[i];
  }
  return text;
}

uint64_t Sum(const RunResult& r, uint64_t ConnectionResult::*member) {
  uint64_t sum = 0;
  for (const ConnectionResult& c : r.connections) sum += c.*member;
  return sum;
}

// The commonest first: "138 in order into user buffers, 1 fin".
std::string Verdicts(const RunResult& r) {
  std::vector<std::pair<uint64_t, std::string>> sorted;
  for (const auto& [reason, count] : r.verdicts) sorted.emplace_back(count, reason);
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  constexpr size_t kMost = 4;
  std::string text;
  for (size_t i = 0; i < std::min(sorted.size(), kMost); ++i) {
    constexpr std::string_view kPrefix = "Reason";
    std::string name = sorted[i].second;
    if (name.starts_with(kPrefix)) name.erase(0, kPrefix.size());
    text += fmt::format("{}{} {}", i == 0 ? "" : ", ", Grouped(sorted[i].first), name);
  }
  if (sorted.size() > kMost) text += fmt::format(", {} other verdicts", sorted.size() - kMost);
  return text;
}

// Of which units both twins ran and were compared in every cycle, RTL and model.
std::string Compared(const RunDescription& run) {
  std::vector<std::string> both, alone;
  for (const auto& [unit, form] : run.units) {
    if (form == "both") {
      both.push_back(unit);
    } else {
      alone.push_back(fmt::format("{} ({})", unit, form));
    }
  }
  if (both.empty()) return "";
  if (alone.empty()) return ", RTL and model equal in each";
  if (both.size() < alone.size()) {
    return fmt::format(", RTL and model of {} alone compared, equal in each",
                       fmt::join(both, ", "));
  }
  return fmt::format(", RTL and model equal in each; not compared: {}", fmt::join(alone, ", "));
}

}  // namespace

nlohmann::json ToJson(const RunDescription& run, const RunResult& r) {
  nlohmann::json connections = nlohmann::json::array();
  for (const ConnectionResult& c : r.connections) connections.push_back(ToJson(c));
  nlohmann::json costs;
  for (size_t i = 0; i < kCosts; ++i) {
    costs[handoff::ToString(static_cast<sw::Cost>(i))] = {{"count", r.costs[i].count},
                                                          {"us", r.costs[i].ps / 1000000}};
  }
  nlohmann::json mismatch;
  if (r.mismatch) {
    mismatch = {
        {"cycle", r.mismatch->cycle}, {"unit", r.mismatch->unit}, {"port", r.mismatch->port}};
  }
  const auto counted = [&r](const auto& value) {
    return r.counted ? nlohmann::json(value) : nlohmann::json();
  };
  const BuildInfo build = GetBuildInfo();
  return {{"run", run.what},
          {"result", r.result},
          {"reason",  // its first line
           r.failures.empty() ? "" : r.failures.front().substr(0, r.failures.front().find('\n'))},
          {"failures", r.failures},
          {"notes", r.notes},
          {"engine", run.engine},
          {"units", run.units},
          {"parameters", EngineParameters()},
          {"build",
           {{"version", build.version},
            {"revision", build.revision},
            {"compiler", build.compiler},
            {"verilator", build.verilator},
            {"systemc", build.systemc}}},
          {"seed", run.seed},
          {"quantum", r.quantum},
          {"digest", fmt::format("{:016x}", r.digest)},
          {"cycles", r.cycles},
          {"cycles_evaluated", r.cycles_evaluated},
          {"sim_time_ns", Us(r) * 1e3},
          {"wall_s", run.wall_s},
          {"mismatches", r.mismatch ? 1 : 0},
          {"mismatch", mismatch},
          {"frames_in", counted(r.frames_in)},
          {"frames_out", r.frames_out},
          {"acks_engine", counted(r.acks_engine)},
          {"verdicts", counted(r.verdicts)},
          {"connections", connections},
          {"decisions", r.decisions},
          {"link", {{"to_host", ToJson(r.to_host)}, {"to_peer", ToJson(r.to_peer)}}},
          {"cpu",
           {{"busy_us", r.cpu_busy_ps / 1000000}, {"interrupts", r.interrupts}, {"costs", costs}}}};
}

std::string Dump(const nlohmann::json& json) {
  return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

std::string ForPeople(const RunDescription& run, const RunResult& r) {
  std::string text;
  const auto line = [&text](std::string_view name, const std::string& value) {
    text += fmt::format("  {:12} {}\n", name, value);
  };
  const uint64_t read = Sum(r, &ConnectionResult::bytes_read);
  const auto delegated = std::count_if(r.connections.begin(), r.connections.end(),
                                       [](const ConnectionResult& c) { return c.delegated; });
  uint64_t resyncs = 0, resumes = 0;
  for (const ConnectionResult& c : r.connections) {
    resyncs += c.stats.resyncs;
    resumes += c.stats.resumes;
  }
  text += fmt::format("{}: {}\n", run.what, r.result);
  line("engine", fmt::format("{}, {} cycles ({} evaluated){}", run.engine, Grouped(r.cycles),
                             Grouped(r.cycles_evaluated), Compared(run)));
  line("connections", fmt::format("{}, {} delegated; to resync {} times, resumed {} times",
                                  r.connections.size(), delegated, resyncs, resumes));
  if (!r.connections.empty()) {
    const ConnectionResult& c = r.connections.front();
    line("", fmt::format("{}: {}", c.tuple.ToString(), c.why));
  }
  line("frames",
       fmt::format("{} in, {} out, of which {} are the engine's own ACKs; {} lost on the way",
                   Grouped(r.frames_in), Grouped(r.frames_out), Grouped(r.acks_engine),
                   Grouped(r.to_host.lost + r.to_peer.lost)));
  line("verdicts", Verdicts(r));
  line("bytes read",
       fmt::format("{}: {} by DMA into user buffers, {} into legacy buffers, {} not delegated",
                   Grouped(read), Share(Sum(r, &ConnectionResult::bytes_user), read),
                   Share(Sum(r, &ConnectionResult::bytes_legacy), read),
                   Share(Sum(r, &ConnectionResult::bytes_host), read)));
  line("processor",
       fmt::format("busy for {:.1f} of {:.1f} us, {} interrupts",
                   static_cast<double>(r.cpu_busy_ps) * 1e-6, Us(r), Grouped(r.interrupts)));
  line("digest", fmt::format("{:016x} over every pin and cycle", r.digest));
  for (const std::string& note : r.notes) line("note", note);
  line("results", run.out);
  return text;
}

}  // namespace handoff::system
