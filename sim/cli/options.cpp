// SPDX-License-Identifier: Apache-2.0
#include "sim/cli/options.h"

#include <fmt/core.h>
#include <fmt/format.h>

#include <charconv>

#include "model/core/engine_core.h"
#include "sim/build_info/build_info.h"
#include "sim/run/replay.h"

namespace handoff::system {
namespace {

// CLI11 would take -1, and what is too large, for the largest number.
std::string WholeNumber(const std::string& text) {
  uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value);
  const bool whole = error == std::errc() && at == end;
  return whole ? "" : fmt::format("expected a whole number, 0 to {}, found '{}'", UINT64_MAX, text);
}

void AddCommon(CLI::App* command, Options* o) {
  const auto last = CLI::MultiOptionPolicy::TakeLast;
  command
      ->add_option("--set", o->set,
                   "a key of a scenario (`handoff run --keys`), as pcie.lanes=8; in a replay those "
                   "of link, pcie and host; may be given several times")
      ->type_name("KEY=VALUE")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->allow_extra_args(false);
  command
      ->add_option("--engine", o->engine,
                   "what runs: both compared in every cycle, or one alone "
                   "(default: the scenario's, or lockstep)")
      ->check(CLI::IsMember({"lockstep", "rtl", "model"}))
      ->multi_option_policy(last);
  command
      ->add_option("--unit", o->units,
                   fmt::format("one unit's form, several with commas; units: {}",
                               fmt::join(EngineUnits(), " ")))
      ->type_name("NAME=rtl|model|both")
      ->delimiter(',')
      ->allow_extra_args(false);
  command
      ->add_option("--seed", o->seed,
                   "of every random stream, from 0 (default: the scenario's, or 1)")
      ->check(WholeNumber)
      ->multi_option_policy(last);
  command
      ->add_option("--quantum", o->quantum,
                   "cycles the engine runs at a time; changes no result "
                   "(default: the scenario's, or 64)")
      ->check(CLI::Range(1, 1024))
      ->multi_option_policy(last);
  command->add_option("--out", o->out, "the run's folder (default: build/runs/NAME)")
      ->type_name("DIR")
      ->multi_option_policy(last);
  command
      ->add_option("--waves", o->waves,
                   "write waves.fst and waves.gtkw: all, FROM:TO in cycles, or CYCLE or CYCLE@UNIT "
                   "to look around")
      ->type_name("CYCLES")
      ->multi_option_policy(last);
  command
      ->add_option("--pcap", o->pcap,
                   "where the capture of the engine's port goes (default: capture.pcapng in the "
                   "run's folder; none: nowhere)")
      ->type_name("FILE")
      ->multi_option_policy(last);
  command->add_option("--flip", o->flip, "a deliberate fault in the model: one bit of a register")
      ->type_name("UNIT.FIELD[BIT]@CYCLE")
      ->multi_option_policy(last);
  command->add_flag("--no-skip", o->no_skip, "clock idle cycles too; the results are the same");
  command->add_flag("--no-rerun", o->no_rerun, "at a mismatch, do not look for the unit");
  command->add_flag("--shows-waves", o->shows_waves)->group("");
}

}  // namespace

CommandLine::CommandLine(Options* o)
    : app("Handoff: a hardware model of TCP delegation, RTL and cycle-accurate model in lockstep.\n"
          "A host's TCP stack hands connections to the engine, which receives and acknowledges for "
          "them.\n\n"
          "  handoff run tb/scenarios/delegated_bulk.yaml --set pcie.lanes=8\n"
          "  handoff replay tb/captures/clean_bulk.pcap --host 10.77.0.2 --delegate always\n\n"
          "Exit status: 0 passed; 1 mismatch, or a run that failed; 2 input that was refused; 130 "
          "interrupted."),
      run(app.add_subcommand("run",
                             "play a scenario: two hosts with our stack, one with the "
                             "engine, a link between them")),
      replay(app.add_subcommand("replay",
                                "play what a recorded host received into the engine; our "
                                "stack stands in for the host")) {
  app.require_subcommand(1);
  const BuildInfo build = GetBuildInfo();
  app.set_version_flag(
      "--version",
      fmt::format("handoff {}\nrevision {}\ncompiler {}\nVerilator {}\nSystemC {}", build.version,
                  build.revision, build.compiler, build.verilator, build.systemc));

  run->add_option("scenario", o->scenario, "YAML file; --keys lists what it may say");
  run->add_flag("--keys", o->keys, "list every key of a scenario, with range, default and meaning");
  AddCommon(run, o);

  replay->add_option("capture", o->capture, "pcap or pcapng file, Ethernet, whole frames")
      ->required()
      ->check(CLI::ExistingFile);
  replay->add_option("--host", o->host, "the host to stand in for: its IPv4 or IPv6 address")
      ->type_name("ADDRESS")
      ->required();
  replay->add_option("--delegate", o->delegate, "which connections the stack hands to the engine")
      ->check(CLI::IsMember({"always", "never", "policy"}))
      ->capture_default_str();
  replay->add_option("--streams", o->streams, "folder for what each connection's application read")
      ->type_name("DIR");
  replay->add_option("--linger-ms", o->linger_ms, "simulated time after the last frame")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str();
  replay->add_flag("--fast", o->fast, "as fast as cause and link allow, not at the recorded times");
  replay
      ->add_option(
          "--allow", o->allow,
          fmt::format("what is a note, and no failure: {}", fmt::join(ReplayFailures(), " ")))
      ->type_name("REASON")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::IsMember(ReplayFailures()));
  AddCommon(replay, o);
}

std::string CommandOf(const Options& o) {
  std::string command;
  for (size_t i = 0; i < o.words.size(); ++i) {
    const std::string& word = o.words[i];
    if (word == "--waves") ++i;
    if (word.starts_with("--waves")) continue;
    const bool plain = word.find_first_of(" '\"[]{}()*?$&;|<>\\#!~`") == std::string::npos;
    std::string quoted = word;
    for (size_t at = 0; (at = quoted.find('\'', at)) != std::string::npos; at += 4) {
      quoted.replace(at, 1, R"('\'')");
    }
    command += (command.empty() ? "" : " ") + (plain ? word : "'" + quoted + "'");
  }
  return command;
}

}  // namespace handoff::system
