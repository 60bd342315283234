// SPDX-License-Identifier: Apache-2.0
//
// The program: build/bin/handoff.

#include <fmt/core.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
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

namespace handoff::system {
namespace {

constexpr int kPass = 0, kMismatch = 1, kBadInput = 2;

const std::vector<std::string> kUnits = {"rx_parser", "rx_fifo", "lookup", "rx_tcp", "buffers",
                                         "upload",    "ack",     "timers", "tx",     "command",
                                         "notify",    "legacy",  "dma",    "csr"};

struct Options {
  std::string capture, host, engine = "lockstep", out = "build/runs/replay", streams, flip;
  std::string delegate = "policy";
  std::vector<std::string> units;
  uint64_t seed = 1, quantum = 64, linger_ms = 1500;
  bool fast = false, no_skip = false, no_rerun = false;
};

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
    for (const std::string& unit : kUnits) config.units.try_emplace(unit, rest);
  }
  return config;
}

FlipRequest FlipOf(const std::string& text) {
  static const std::regex kForm(R"(([a-z_]+\.[a-z_0-9]+)\[(\d+)\]@(\d+))");
  std::smatch m;
  if (!std::regex_match(text, m, kForm)) {
    throw std::invalid_argument("--flip " + text + ": expected UNIT.FIELD[BIT]@CYCLE");
  }
  return {m[1], static_cast<uint32_t>(std::stoul(m[2])), std::stoull(m[3])};
}

nlohmann::json Summary(const Options& o, const CoreConfig& core, const ReplayResult& r,
                       double wall_s) {
  nlohmann::json units;
  for (const std::string& unit : kUnits) {
    const auto it = core.units.find(unit);
    const UnitForm form = it != core.units.end()            ? it->second
                          : core.form == EngineForm::kModel ? UnitForm::kModel
                          : core.form == EngineForm::kRtl   ? UnitForm::kRtl
                                                            : UnitForm::kBoth;
    units[unit] = form == UnitForm::kModel ? "model" : form == UnitForm::kRtl ? "rtl" : "both";
  }
  nlohmann::json connections = nlohmann::json::array();
  for (const ConnectionResult& c : r.connections) {
    connections.push_back({{"tuple", c.tuple.ToString()},
                           {"delegated", c.delegated},
                           {"why", c.why},
                           {"bytes_user", c.bytes_user},
                           {"bytes_legacy", c.bytes_legacy},
                           {"bytes_host", c.bytes_host},
                           {"syncs", c.stats.syncs},
                           {"resumes", c.stats.resumes},
                           {"resume_tries", c.stats.resume_tries},
                           {"state", c.state}});
  }
  return {{"result", r.result},
          {"reason", r.reason},
          {"engine", o.engine},
          {"units", units},
          {"seed", o.seed},
          {"quantum", o.quantum},
          {"digest", fmt::format("{:016x}", r.digest)},
          {"cycles", r.cycles},
          {"cycles_evaluated", r.cycles_evaluated},
          {"sim_time_ns", static_cast<double>(r.cycles) * 102400 / 33 / 1000},
          {"wall_s", wall_s},
          {"mismatches", r.mismatch ? 1 : 0},
          {"frames_in", r.frames_in},
          {"frames_out", r.frames_out},
          {"acks_engine", r.acks_engine},
          {"verdicts", r.verdicts},
          {"connections", connections}};
}

std::string StreamName(const tcp::Tuple& t) {
  return fmt::format("{}.{}-{}.{}", t.remote.addr.ToString(), t.remote.port,
                     t.local.addr.ToString(), t.local.port);
}

void Write(const std::filesystem::path& path, const char* data, size_t bytes) {
  std::ofstream file(path, std::ios::binary);
  file.write(data, static_cast<std::streamsize>(bytes));
  if (!file.flush()) throw std::runtime_error("cannot write " + path.string());
}

// The command of this run, with more options.
std::vector<std::string> Again(const Options& o, const std::vector<std::string>& more) {
  std::vector<std::string> words = {"replay",     o.capture,
                                    "--host",     o.host,
                                    "--engine",   o.engine,
                                    "--delegate", o.delegate,
                                    "--seed",     std::to_string(o.seed),
                                    "--quantum",  std::to_string(o.quantum)};
  if (o.fast) words.push_back("--fast");
  if (!o.flip.empty()) words.insert(words.end(), {"--flip", o.flip});
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

// SystemC elaborates once a process, so the second run is another one.
void RunAgain(const std::vector<std::string>& words) {
  std::vector<char*> argv;
  std::string self = std::filesystem::read_symlink("/proc/self/exe");
  argv.push_back(self.data());
  std::vector<std::string> copy = words;
  for (std::string& word : copy) argv.push_back(word.data());
  argv.push_back(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    execv(argv[0], argv.data());
    _exit(kBadInput);
  }
  int status = 0;
  if (child > 0) waitpid(child, &status, 0);
}

// What diverged; in a whole-engine run also which unit did so first, by a second run with every
// unit as RTL and model side by side.
void ReportMismatch(const Options& o, const CoreConfig& core, const ReplayResult& r) {
  std::fflush(stdout);
  if (core.form == EngineForm::kComposed) {
    fmt::print(stderr, "first unit to diverge: {}, at cycle {}:\n{}", r.mismatch->unit,
               r.mismatch->cycle, r.mismatch->text);
    return;
  }
  fmt::print(stderr, "MISMATCH at cycle {}:\n{}", r.mismatch->cycle, r.mismatch->text);
  std::fflush(stderr);
  std::string both;
  for (const std::string& unit : kUnits) both += (both.empty() ? "" : ",") + unit + "=both";
  if (!o.no_rerun) RunAgain(Again(o, {"--no-rerun", "--unit", both, "--out", o.out + "/units"}));
  std::string command = "build/bin/handoff";
  for (const std::string& word : Again(o, {})) command += " " + word;
  fmt::print(stderr, "run it again: {}\n", command);
}

int DoReplay(const Options& o) {
  const auto begin = std::chrono::steady_clock::now();
  const auto host = tcp::IpAddr::Parse(o.host);
  if (!host) throw std::invalid_argument("--host " + o.host + ": expected an IPv4 or IPv6 address");
  const HostRecord record = RecordOf(ReadCapture(o.capture), *host);
  ReplayConfig config;
  config.core = CoreOf(o);
  config.host = *host;
  config.fast = o.fast;
  config.delegate = o.delegate;
  config.seed = o.seed;
  config.quantum = o.quantum;
  config.linger = sw::Millis(static_cast<int64_t>(o.linger_ms));
  if (!o.flip.empty()) config.flip = FlipOf(o.flip);
  const ReplayResult r = Replay(record, config);
  const double wall_s =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();

  std::filesystem::create_directories(o.out);
  const std::string summary = Summary(o, config.core, r, wall_s).dump(2) + "\n";
  Write(std::filesystem::path(o.out) / "summary.json", summary.data(), summary.size());
  if (!o.streams.empty()) {
    std::filesystem::create_directories(o.streams);
    for (const ConnectionResult& c : r.connections) {
      Write(std::filesystem::path(o.streams) / StreamName(c.tuple),
            reinterpret_cast<const char*>(c.stream.data()), c.stream.size());
    }
  }
  if (r.mismatch) {
    ReportMismatch(o, config.core, r);
    return kMismatch;
  }
  if (r.result != "pass") {
    fmt::print(stderr, "handoff: {}\n", r.reason);
    return kMismatch;
  }
  uint64_t bytes = 0, user = 0, legacy = 0, delegated = 0;
  for (const ConnectionResult& c : r.connections) {
    bytes += c.stream.size();
    user += c.bytes_user;
    legacy += c.bytes_legacy;
    delegated += c.delegated ? 1 : 0;
  }
  fmt::print("{}: {} frames into the engine ({}), {} out, {} of them the engine's own ACKs\n",
             o.capture, r.frames_in, o.engine, r.frames_out, r.acks_engine);
  for (const auto& [reason, count] : r.verdicts) fmt::print("  {:24} {:8}\n", reason, count);
  fmt::print("{} connections, {} delegated; {} bytes read by the applications:\n",
             r.connections.size(), delegated, bytes);
  fmt::print("  {} by DMA into user buffers, {} into legacy buffers\n", user, legacy);
  fmt::print("{} cycles, {} evaluated; every pin's digest {:016x}\n", r.cycles, r.cycles_evaluated,
             r.digest);
  fmt::print("results in {}\n", o.out);
  return kPass;
}

}  // namespace
}  // namespace handoff::system

// SystemC's library asks for it; this program has a main of its own.
extern "C" int sc_main(int, char*[]) { return 0; }

int main(int argc, char** argv) {
  using handoff::system::Options;
  CLI::App app(
      "Handoff: a hardware model of TCP delegation, RTL and cycle-accurate model in lockstep");
  app.require_subcommand(1);
  Options o;
  auto* replay = app.add_subcommand(
      "replay",
      "play what a recorded host received into the engine; our stack stands in for the host");
  replay->add_option("capture", o.capture, "pcap or pcapng file, Ethernet, whole frames")
      ->required()
      ->check(CLI::ExistingFile);
  replay->add_option("--host", o.host, "the host to stand in for: its IPv4 or IPv6 address")
      ->required();
  replay->add_option("--engine", o.engine, "what runs: both compared in every cycle, or one alone")
      ->check(CLI::IsMember({"lockstep", "rtl", "model"}))
      ->capture_default_str();
  replay->add_option("--unit", o.units, "one unit's form: NAME=rtl|model|both, several with commas")
      ->delimiter(',');
  replay->add_option("--delegate", o.delegate, "which connections the stack hands to the engine")
      ->check(CLI::IsMember({"always", "never", "policy"}))
      ->capture_default_str();
  replay->add_option("--out", o.out, "folder for summary.json")->capture_default_str();
  replay->add_option("--streams", o.streams, "folder for what each connection's application read");
  replay->add_option("--flip", o.flip, "a deliberate fault: UNIT.FIELD[BIT]@CYCLE of the model");
  replay->add_option("--seed", o.seed, "of every random stream")->capture_default_str();
  replay->add_option("--quantum", o.quantum, "cycles the engine runs at a time; changes no result")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  replay->add_option("--linger-ms", o.linger_ms, "simulated time after the last frame")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str();
  replay->add_flag("--no-rerun", o.no_rerun, "at a mismatch, do not look for the unit");
  replay->add_flag("--fast", o.fast,
                   "frames follow each other as the link allows, not at their times");
  replay->add_flag("--no-skip", o.no_skip, "clock idle cycles too; the results are the same");
  CLI11_PARSE(app, argc, argv);
  try {
    return handoff::system::DoReplay(o);
  } catch (const std::exception& e) {
    fmt::print(stderr, "handoff: {}\n", e.what());
    return handoff::system::kBadInput;
  }
}
