// SPDX-License-Identifier: Apache-2.0
//
// The program: build/bin/handoff.

#include <fcntl.h>
#include <fmt/core.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <exception>
#include <filesystem>
#include <map>
#include <regex>
#include <string>
#include <vector>

#include "sim/cli/options.h"
#include "sim/cli/rerun.h"
#include "sim/run/capture.h"
#include "sim/run/interrupt.h"
#include "sim/run/replay.h"
#include "sim/run/scenario.h"
#include "sim/run/summary.h"
#include "sim/settings/settings.h"

namespace handoff::system {
namespace {

constexpr int kPass = 0, kMismatch = 1, kBadInput = 2;
constexpr int kInterrupted = 130;  // as shells say of a program that SIGINT ended
// Around a mismatch, in the waves of the run that looks closer.
constexpr uint64_t kCyclesBefore = 2000, kCyclesAfter = 50;

// --- What runs ----------------------------------------------------------------------------------

CoreConfig CoreOf(const Options& o) {
  CoreConfig config;
  config.idle_skip = !o.no_skip;
  if (o.engine == "model") config.form = EngineForm::kModel;
  if (o.engine == "rtl") config.form = EngineForm::kRtl;
  for (const std::string& text : o.units) {
    const size_t eq = text.find('=');
    const std::string name = text.substr(0, eq);
    const std::string form = eq == std::string::npos ? "" : text.substr(eq + 1);
    if (form != "rtl" && form != "model" && form != "both") {
      throw std::invalid_argument("--unit " + text +
                                  ": expected NAME=rtl, NAME=model or NAME=both");
    }
    config.units[name] = form == "rtl"     ? UnitForm::kRtl
                         : form == "model" ? UnitForm::kModel
                                           : UnitForm::kBoth;
  }
  if (!config.units.empty()) {
    config.form = EngineForm::kComposed;
    // Units that are not named follow --engine.
    const UnitForm rest = o.engine == "rtl"     ? UnitForm::kRtl
                          : o.engine == "model" ? UnitForm::kModel
                                                : UnitForm::kBoth;
    for (const std::string& unit : EngineUnits()) config.units.try_emplace(unit, rest);
  }
  return config;
}

FlipRequest FlipOf(const std::string& text) {
  static const std::regex kForm(R"(([a-z_]+\.[a-z_0-9.]+)\[(\d{1,9})\]@(\d{1,18}))");
  std::smatch m;
  if (!std::regex_match(text, m, kForm)) {
    throw std::invalid_argument("--flip " + text + ": expected UNIT.FIELD[BIT]@CYCLE");
  }
  return {m[1], static_cast<uint32_t>(std::stoul(m[2])), std::stoull(m[3])};
}

// "all", "FROM:TO", or "CYCLE" or "CYCLE@UNIT" with some cycles around it.
WaveRequest WavesOf(const Options& o) {
  static const std::regex kForm(R"(all|(\d{1,18})(?::(\d{1,18})|@([a-z_]+))?)");
  std::smatch m;
  WaveRequest request;
  request.path = o.out + "/waves.fst";
  if (!std::regex_match(o.waves, m, kForm)) {
    throw std::invalid_argument("--waves " + o.waves +
                                ": expected all, FROM:TO, or CYCLE or CYCLE@UNIT to look around");
  }
  if (m[2].matched) {
    request.from = std::stoull(m[1]);
    request.to = std::stoull(m[2]);
    if (request.from >= request.to) {
      throw std::invalid_argument("--waves " + o.waves + ": expected FROM below TO");
    }
  } else if (m[1].matched) {
    request.mark = std::stoull(m[1]);
    request.unit = m[3];
    const auto& units = EngineUnits();
    if (m[3].matched && std::find(units.begin(), units.end(), request.unit) == units.end()) {
      throw std::invalid_argument(fmt::format("--waves {}: no unit '{}' (expected one of {})",
                                              o.waves, request.unit, fmt::join(units, " ")));
    }
    request.from = *request.mark - std::min(*request.mark, kCyclesBefore);
    request.to = *request.mark + kCyclesAfter;
  }
  return request;
}

void MakeFolder(const char* option, const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error || !std::filesystem::is_directory(path)) {
    throw std::invalid_argument(
        fmt::format("{} {}: expected a folder that can be made or is there: {}", option, path,
                    error ? error.message() : "it is no folder"));
  }
}

// One run at a time writes into a folder. The lock goes with the process.
void LockFolder(const std::string& path) {
  const int folder = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0 || flock(folder, LOCK_EX | LOCK_NB) == 0) return;
  if (errno == EWOULDBLOCK) {
    throw std::invalid_argument(
        fmt::format("--out {}: another run writes into it (expected a folder of its own)", path));
  }
}

RunConfig ConfigOf(const Options& o) {
  RunConfig config;
  config.core = CoreOf(o);
  config.quantum = *o.quantum;
  config.seed = *o.seed;
  if (!o.flip.empty()) config.flip = FlipOf(o.flip);
  MakeFolder("--out", o.out);
  // A run for the waves alone is a child of the one that has the lock, and leaves its results.
  if (!o.shows_waves) {
    LockFolder(o.out);
    config.started = [out = o.out] {
      std::error_code none;
      for (const char* name : {"summary.json", "mismatch.txt"}) {
        std::filesystem::remove(std::filesystem::path(out) / name, none);
      }
    };
  }
  WatchSignals();
  if (!o.waves.empty()) config.core.waves = WavesOf(o);
  config.capture = o.pcap.empty() ? o.out + "/capture.pcapng" : o.pcap;
  if (o.pcap == "none") config.capture.clear();
  if (isatty(STDERR_FILENO) != 0) {
    using Clock = std::chrono::steady_clock;
    config.progress = [last = Clock::now()](uint64_t us) mutable {
      const auto now = Clock::now();
      if (now - last < std::chrono::milliseconds(200)) return;
      last = now;
      fmt::print(stderr, "\r{:>12.3f} ms simulated\r", static_cast<double>(us) * 1e-3);
    };
  }
  return config;
}

RunDescription DescriptionOf(const Options& o, const CoreConfig& core, std::string what) {
  RunDescription run;
  run.what = std::move(what);
  run.engine = o.engine;
  run.seed = *o.seed;
  run.out = o.out;
  for (const std::string& unit : EngineUnits()) {
    const auto it = core.units.find(unit);
    const UnitForm form = it != core.units.end()            ? it->second
                          : core.form == EngineForm::kModel ? UnitForm::kModel
                          : core.form == EngineForm::kRtl   ? UnitForm::kRtl
                                                            : UnitForm::kBoth;
    run.units[unit] = form == UnitForm::kModel ? "model" : form == UnitForm::kRtl ? "rtl" : "both";
  }
  return run;
}

// --- The commands -------------------------------------------------------------------------------

int Conclude(const Options& o, const RunConfig& config, RunDescription run, const RunResult& r,
             std::chrono::steady_clock::time_point begin) {
  run.wall_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  // A run for the waves alone repeats another, which has told all this.
  if (!o.shows_waves) Write(o.out + "/summary.json", Dump(ToJson(run, r)));
  if (r.quantum < *o.quantum) {
    fmt::print(stderr, "handoff: quantum {} is more than latencies allow, {} was taken\n",
               *o.quantum, r.quantum);
  }
  if (r.mismatch) {
    ReportMismatch(o, config.core, *r.mismatch);
    return kMismatch;
  }
  if (r.result != "pass") {
    for (const std::string& failure : r.failures) fmt::print(stderr, "handoff: {}\n", failure);
    fmt::print(stderr, "run it again: {}\n", CommandOf(o));
    return r.result == "interrupted" ? kInterrupted : kMismatch;
  }
  fmt::print("{}", ForPeople(run, r));
  return kPass;
}

std::string StreamName(const tcp::Tuple& t) {
  return fmt::format("{}.{}-{}.{}", t.remote.addr.ToString(), t.remote.port,
                     t.local.addr.ToString(), t.local.port);
}

int DoReplay(Options o) {
  const auto begin = std::chrono::steady_clock::now();
  if (o.engine.empty()) o.engine = "lockstep";
  if (!o.seed) o.seed = 1;
  if (!o.quantum) o.quantum = 64;
  if (o.out.empty()) o.out = "build/runs/" + std::filesystem::path(o.capture).stem().string();
  const auto host = tcp::IpAddr::Parse(o.host);
  if (!host) throw std::invalid_argument("--host " + o.host + ": expected an IPv4 or IPv6 address");
  const HostRecord record = RecordOf(pcap::ReadCapture(o.capture), *host);
  ReplayConfig config;
  config.run = ConfigOf(o);
  config.host = *host;
  config.fast = o.fast;
  config.allowed.insert(o.allow.begin(), o.allow.end());
  config.machine.policy = o.delegate == "policy" ? "weighted" : o.delegate;
  config.linger = sw::Millis(static_cast<int64_t>(o.linger_ms));
  Settings settings = Settings::FromSet(o.set);
  ReadMachine(settings, &config.machine);
  const RunResult r = Replay(record, config);
  if (!o.streams.empty()) {
    MakeFolder("--streams", o.streams);
    std::map<std::string, int> names;
    for (const ConnectionResult& c : r.connections) {
      // A tuple may have come again.
      std::string name = StreamName(c.tuple);
      if (const int before = names[name]++; before != 0) name += fmt::format(".{}", before + 1);
      Write(std::filesystem::path(o.streams) / name,
            {reinterpret_cast<const char*>(c.stream.data()), c.stream.size()});
    }
  }
  const std::string what = o.capture + " as " + o.host;
  return Conclude(o, config.run, DescriptionOf(o, config.run.core, what), r, begin);
}

int ListKeys() {
  Settings settings = Settings::Empty();
  ReadScenario(settings);
  for (const KeyInfo& key : settings.keys()) {
    fmt::print("{:38} {}\n", key.path, key.meaning);
    if (!key.fallback.empty() || key.kind != "keys") {
      fmt::print("{:38}   {}{}\n", "", key.kind,
                 key.fallback.empty() ? "" : "; default " + key.fallback);
    }
  }
  return kPass;
}

int DoRun(Options o) {
  if (o.keys) return ListKeys();
  if (o.scenario.empty()) throw std::invalid_argument("run: expected a scenario, a YAML file");
  const auto begin = std::chrono::steady_clock::now();
  Settings settings = Settings::Load(o.scenario, o.set);
  Scenario scenario = ReadScenario(settings);
  // The command line goes before the scenario.
  if (o.engine.empty()) o.engine = scenario.engine;
  if (o.units.empty()) o.units = scenario.units;
  if (!o.seed) o.seed = scenario.seed;
  if (!o.quantum) o.quantum = scenario.quantum;
  if (o.out.empty()) o.out = "build/runs/" + scenario.name;
  const RunConfig config = ConfigOf(o);
  const RunResult r = RunScenario(scenario, config);
  return Conclude(o, config, DescriptionOf(o, config.core, scenario.name), r, begin);
}

int Main(int argc, char** argv) {
  Options o;
  o.words.assign(argv, argv + argc);
  CommandLine line(&o);
  try {
    line.app.parse(argc, argv);
  } catch (const CLI::RequiredError& e) {
    if (line.app.get_subcommands().empty()) {
      fmt::print(stderr, "handoff: expected a command, run or replay (handoff --help)\n");
      return kBadInput;
    }
    line.app.exit(e);
    return kBadInput;
  } catch (const CLI::ParseError& e) {
    return line.app.exit(e) == 0 ? kPass : kBadInput;
  }
  try {
    return *line.run ? DoRun(o) : DoReplay(o);
  } catch (const std::exception& e) {
    fmt::print(stderr, "handoff: {}\n", e.what());
    return kBadInput;
  }
}

}  // namespace
}  // namespace handoff::system

// SystemC's library asks for it; this program has a main of its own.
extern "C" int sc_main(int, char*[]) { return 0; }

int main(int argc, char** argv) { return handoff::system::Main(argc, argv); }
