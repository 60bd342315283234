// SPDX-License-Identifier: Apache-2.0
//
// The program: build/bin/handoff.

#include <fmt/core.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <regex>
#include <string>
#include <vector>

#include "tb/system/capture.h"
#include "tb/system/replay.h"
#include "tb/system/scenario.h"
#include "tb/system/settings.h"
#include "tb/system/summary.h"

namespace handoff::system {
namespace {

constexpr int kPass = 0, kMismatch = 1, kBadInput = 2;
// Around a mismatch, in the waves of the run that looks closer.
constexpr uint64_t kCyclesBefore = 2000, kCyclesAfter = 50;

struct Options {
  // Of both commands.
  std::string engine, out, flip, waves, pcap;
  std::vector<std::string> units;
  uint64_t seed = 0, quantum = 0;
  bool no_skip = false, no_rerun = false;
  // Of one.
  std::string capture, host, streams, delegate = "policy";
  uint64_t linger_ms = 1500;
  bool fast = false;
  std::string scenario;
  std::vector<std::string> set;
  bool keys = false;

  std::vector<std::string> words;  // of the command line
};

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
    request.from = *request.mark - std::min(*request.mark, kCyclesBefore);
    request.to = *request.mark + kCyclesAfter;
  }
  return request;
}

RunConfig ConfigOf(const Options& o) {
  RunConfig config;
  config.core = CoreOf(o);
  config.quantum = o.quantum;
  config.seed = o.seed;
  if (!o.flip.empty()) config.flip = FlipOf(o.flip);
  std::filesystem::create_directories(o.out);
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
  run.seed = o.seed;
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

void Write(const std::filesystem::path& path, const char* data, size_t bytes) {
  std::ofstream file(path, std::ios::binary);
  file.write(data, static_cast<std::streamsize>(bytes));
  if (!file.flush()) throw std::runtime_error("cannot write " + path.string());
}

// --- After a mismatch ---------------------------------------------------------------------------

// SystemC elaborates once a process, so another run is another process. Options that are given
// twice count as given last.
void RunAgain(const Options& o, const std::vector<std::string>& more) {
  std::vector<std::string> words = o.words;
  words[0] = std::filesystem::read_symlink("/proc/self/exe");
  words.insert(words.end(), more.begin(), more.end());
  std::vector<char*> argv;
  argv.reserve(words.size() + 1);
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    execv(argv[0], argv.data());
    _exit(kBadInput);
  }
  int status = 0;
  if (child > 0) waitpid(child, &status, 0);
}

std::string CommandOf(const Options& o) {
  std::string command;
  for (const std::string& word : o.words) {
    const bool plain = word.find_first_of(" '\"[]()*?$&;|<>\\") == std::string::npos;
    command += (command.empty() ? "" : " ") + (plain ? word : "'" + word + "'");
  }
  return command;
}

// What diverged; in a whole-engine run also which unit did so first, by a second run with every
// unit as RTL and model side by side, and the waves around it, by a third.
void ReportMismatch(const Options& o, const RunConfig& config, const CoreMismatch& m) {
  std::fflush(stdout);
  const std::string file = o.out + "/mismatch.txt";
  const bool composed = config.core.form == EngineForm::kComposed;
  if (config.core.waves) {
    fmt::print(stderr, "waves: {0}/waves.fst (gtkwave {0}/waves.gtkw)\n", o.out);
    return;
  }
  Write(file, m.text.data(), m.text.size());
  // What moved at the engine's pins before that is long: it is in the file.
  const std::string head = m.text.substr(0, m.text.find("last transfers at the engine's pins"));
  fmt::print(stderr, "{} at cycle {}:\n{}(more: {})\n",
             composed ? "first unit to diverge: " + m.unit + "," : "MISMATCH", m.cycle, head, file);
  if (o.no_rerun) return;
  std::fflush(stderr);
  std::string around = std::to_string(m.cycle);
  if (!composed) {
    std::string both;
    for (const std::string& unit : EngineUnits())
      both += (both.empty() ? "" : ",") + unit + "=both";
    const std::string out = o.out + "/units";
    RunAgain(o, {"--no-rerun", "--unit", both, "--pcap", "none", "--out", out});
    // The unit diverged earlier than the engine's pins: what there is to see is there.
    std::ifstream file(out + "/summary.json");
    const nlohmann::json units = nlohmann::json::parse(file, nullptr, false);
    if (units.is_object() && units["mismatch"].is_object()) {
      around = fmt::format("{}@{}", units["mismatch"]["cycle"].get<uint64_t>(),
                           units["mismatch"]["unit"].get<std::string>());
    }
    RunAgain(o, {"--no-rerun", "--waves", around, "--pcap", "none", "--out", o.out});
  }
  fmt::print(stderr, "run it again, with waves around that cycle: {} --waves {}\n", CommandOf(o),
             around);
}

// --- The commands -------------------------------------------------------------------------------

int Conclude(const Options& o, const RunConfig& config, RunDescription run, const RunResult& r,
             std::chrono::steady_clock::time_point begin) {
  run.wall_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  const std::string summary = ToJson(run, r).dump(2) + "\n";
  Write(std::filesystem::path(o.out) / "summary.json", summary.data(), summary.size());
  if (r.quantum < o.quantum) {
    fmt::print(stderr, "handoff: quantum {} is more than latencies allow, {} was taken\n",
               o.quantum, r.quantum);
  }
  if (r.mismatch) {
    ReportMismatch(o, config, *r.mismatch);
    return kMismatch;
  }
  if (r.result != "pass") {
    for (const std::string& failure : r.failures) fmt::print(stderr, "handoff: {}\n", failure);
    fmt::print(stderr, "run it again: {}\n", CommandOf(o));
    return kMismatch;
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
  if (o.out.empty()) o.out = "build/runs/" + std::filesystem::path(o.capture).stem().string();
  const auto host = tcp::IpAddr::Parse(o.host);
  if (!host) throw std::invalid_argument("--host " + o.host + ": expected an IPv4 or IPv6 address");
  const HostRecord record = RecordOf(pcap::ReadFile(o.capture), *host);
  ReplayConfig config;
  config.run = ConfigOf(o);
  config.host = *host;
  config.fast = o.fast;
  config.delegate = o.delegate == "policy" ? "weighted" : o.delegate;
  config.linger = sw::Millis(static_cast<int64_t>(o.linger_ms));
  Settings settings = Settings::FromSet(o.set);
  ReadMachine(settings, &config.machine);
  const RunResult r = Replay(record, config);
  if (!o.streams.empty()) {
    std::filesystem::create_directories(o.streams);
    for (const ConnectionResult& c : r.connections) {
      Write(std::filesystem::path(o.streams) / StreamName(c.tuple),
            reinterpret_cast<const char*>(c.stream.data()), c.stream.size());
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
  if (o.seed == 0) o.seed = scenario.seed;
  if (o.quantum == 0) o.quantum = scenario.quantum;
  if (o.out.empty()) o.out = "build/runs/" + scenario.name;
  const RunConfig config = ConfigOf(o);
  const RunResult r = RunScenario(scenario, config);
  return Conclude(o, config, DescriptionOf(o, config.core, scenario.name), r, begin);
}

// --- The command line ---------------------------------------------------------------------------

void AddCommon(CLI::App* command, Options* o) {
  const auto last = CLI::MultiOptionPolicy::TakeLast;
  command
      ->add_option("--set", o->set,
                   "KEY=VALUE of a scenario (`handoff run --keys`), as pcie.lanes=8; in a replay "
                   "those of link, pcie and host")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->allow_extra_args(false);
  command
      ->add_option("--engine", o->engine, "what runs: both compared in every cycle, or one alone")
      ->check(CLI::IsMember({"lockstep", "rtl", "model"}))
      ->multi_option_policy(last);
  command
      ->add_option("--unit", o->units, "one unit's form: NAME=rtl|model|both, several with commas")
      ->delimiter(',');
  command->add_option("--seed", o->seed, "of every random stream")->check(CLI::PositiveNumber);
  command
      ->add_option("--quantum", o->quantum, "cycles the engine runs at a time; changes no result")
      ->check(CLI::Range(1, 1024));
  command->add_option("--out", o->out, "the run's folder (default: build/runs/NAME)")
      ->multi_option_policy(last);
  command
      ->add_option("--waves", o->waves,
                   "write waves.fst and waves.gtkw: all, FROM:TO in cycles, or CYCLE or CYCLE@UNIT "
                   "to look around")
      ->multi_option_policy(last);
  command
      ->add_option("--pcap", o->pcap,
                   "where the capture of the engine's port goes (default: capture.pcapng in the "
                   "run's folder; none: nowhere)")
      ->multi_option_policy(last);
  command->add_option("--flip", o->flip, "a deliberate fault: UNIT.FIELD[BIT]@CYCLE of the model");
  command->add_flag("--no-skip", o->no_skip, "clock idle cycles too; the results are the same");
  command->add_flag("--no-rerun", o->no_rerun, "at a mismatch, do not look for the unit");
}

int Main(int argc, char** argv) {
  CLI::App app(
      "Handoff: a hardware model of TCP delegation, RTL and cycle-accurate model in lockstep.\n"
      "A host's TCP stack hands connections to the engine, which receives and acknowledges for "
      "them.\n\n"
      "  handoff run tb/scenarios/delegated_bulk.yaml --set link.rate_gbps=25\n"
      "  handoff replay tb/captures/clean_bulk.pcap --host 10.77.0.2 --delegate always\n\n"
      "Exit status: 0 passed; 1 mismatch, or a run that failed; 2 input that was refused.");
  app.require_subcommand(1);
  Options o;
  o.words.assign(argv, argv + argc);

  auto* run = app.add_subcommand(
      "run", "play a scenario: two hosts with our stack, one with the engine, a link between them");
  run->add_option("scenario", o.scenario, "YAML file; --keys lists what it may say");
  run->add_flag("--keys", o.keys, "list every key of a scenario, with range, default and meaning");
  AddCommon(run, &o);

  auto* replay = app.add_subcommand(
      "replay",
      "play what a recorded host received into the engine; our stack stands in for the host");
  replay->add_option("capture", o.capture, "pcap or pcapng file, Ethernet, whole frames")
      ->required()
      ->check(CLI::ExistingFile);
  replay->add_option("--host", o.host, "the host to stand in for: its IPv4 or IPv6 address")
      ->required();
  replay->add_option("--delegate", o.delegate, "which connections the stack hands to the engine")
      ->check(CLI::IsMember({"always", "never", "policy"}))
      ->capture_default_str();
  replay->add_option("--streams", o.streams, "folder for what each connection's application read");
  replay->add_option("--linger-ms", o.linger_ms, "simulated time after the last frame")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str();
  replay->add_flag("--fast", o.fast,
                   "frames follow each other as the link allows, not at their times");
  AddCommon(replay, &o);

  CLI11_PARSE(app, argc, argv);
  try {
    if (*run) return DoRun(o);
    if (o.engine.empty()) o.engine = "lockstep";
    if (o.seed == 0) o.seed = 1;
    if (o.quantum == 0) o.quantum = 64;
    return DoReplay(o);
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
