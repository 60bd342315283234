// SPDX-License-Identifier: Apache-2.0
#include "sim/cli/rerun.h"

#include <fmt/core.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sim/run/summary.h"

namespace handoff::system {
namespace {

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
    _exit(127);
  }
  int status = 0;
  if (child > 0) waitpid(child, &status, 0);
}

nlohmann::json ReadJson(const std::string& path) {
  std::ifstream file(path);
  return nlohmann::json::parse(file, nullptr, false);
}

// Which unit diverged first, from a run that compares each: cycle, unit and port. Null if none did.
nlohmann::json FirstUnit(const Options& o) {
  std::string both;
  for (const std::string& unit : EngineUnits()) both += (both.empty() ? "" : ",") + unit + "=both";
  const std::string out = o.out + "/units";
  std::filesystem::remove(out + "/summary.json");
  RunAgain(o, {"--no-rerun", "--waves", "", "--unit", both, "--pcap", "none", "--out", out});
  const nlohmann::json units = ReadJson(out + "/summary.json");
  return units.is_object() ? units["mismatch"] : nlohmann::json();
}

}  // namespace

void Write(const std::filesystem::path& path, std::string_view bytes) {
  std::ofstream file(path, std::ios::binary);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (!file.flush()) throw std::runtime_error("cannot write " + path.string());
}

void ReportMismatch(const Options& o, const CoreConfig& core, const CoreMismatch& m) {
  std::fflush(stdout);
  const std::string waves = fmt::format("waves: {0}/waves.fst (gtkwave {0}/waves.gtkw)\n", o.out);
  if (o.shows_waves) {
    fmt::print(stderr, "{}", waves);
    return;
  }
  const bool composed = core.form == EngineForm::kComposed;
  const std::string file = o.out + "/mismatch.txt";
  std::string report = fmt::format("{} at cycle {}:\n{}",
                                   composed ? "first unit to diverge: " + m.unit + "," : "MISMATCH",
                                   m.cycle, m.text);
  Write(file, report);
  // What moved at the engine's pins before that is long: it is in the file.
  fmt::print(stderr, "{}(more: {})\n",
             report.substr(0, report.find("last transfers at the engine's pins")), file);
  if (core.waves) fmt::print(stderr, "{}", waves);
  if (o.no_rerun) return;
  std::fflush(stderr);
  std::string again = fmt::format("run it again: {}\n", CommandOf(o));  // composed: has no waves
  if (!composed) {
    // The unit diverged earlier than the engine's pins: what there is to see is there.
    std::string around = std::to_string(m.cycle);
    const nlohmann::json first = FirstUnit(o);
    if (first.is_object()) {
      around =
          fmt::format("{}@{}", first["cycle"].get<uint64_t>(), first["unit"].get<std::string>());
      nlohmann::json summary = ReadJson(o.out + "/summary.json");
      summary["mismatch"]["first"] = first;
      Write(o.out + "/summary.json", Dump(summary));
      std::ifstream of_unit(o.out + "/units/mismatch.txt");
      report += std::string(std::istreambuf_iterator<char>(of_unit), {});
    }
    if (!core.waves) {
      RunAgain(
          o, {"--no-rerun", "--shows-waves", "--waves", around, "--pcap", "none", "--out", o.out});
    }
    again = fmt::format("run it again, with waves around that cycle: {} --waves {}\n", CommandOf(o),
                        around);
  }
  Write(file, report + again);
  fmt::print(stderr, "{}", again);
}

}  // namespace handoff::system
