// SPDX-License-Identifier: Apache-2.0
//
// The command line of the program, as it was given.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace handoff::system {

struct Options {
  // Of both commands.
  std::string engine, out, flip, waves, pcap;
  std::vector<std::string> units, set;
  std::optional<uint64_t> seed, quantum;
  bool no_skip = false, no_rerun = false;
  bool shows_waves = false;  // a run that a mismatch's report makes for its waves: says no more
  // Of replay.
  std::string capture, host, streams, delegate = "policy";
  uint64_t linger_ms = 1500;
  bool fast = false;
  std::vector<std::string> allow;
  // Of run.
  std::string scenario;
  bool keys = false;

  std::vector<std::string> words;  // of the command line
};

// What --help shows and what is accepted; `run` and `replay` are the subcommands to ask afterwards.
struct CommandLine {
  explicit CommandLine(Options* o);

  CLI::App app;
  CLI::App* run;
  CLI::App* replay;
};

// The command line again, for a shell, without any --waves.
std::string CommandOf(const Options& o);

}  // namespace handoff::system
