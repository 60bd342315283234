// SPDX-License-Identifier: Apache-2.0
//
// In place of Verilator's own vl_stop() and vl_fatal(), which end the process (cmake/Verilate.cmake
// leaves them out): nothing could then say in which cycle, or how to see it again.
#include "sim/rtl_failure.h"

#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>
#include <vector>

#include "verilated.h"

namespace {

std::string Trimmed(const std::string& line) {
  const size_t begin = line.find_first_not_of(" \t");
  if (begin == std::string::npos) return "";
  return line.substr(begin, line.find_last_not_of(" \t\r") + 1 - begin);
}

// The comment above an assertion is its sentence (docs/style.md). Assertions below one comment,
// without an empty line between them, share it. Empty where there is none, or no such file.
std::string SentenceAt(const std::string& file, int line_number) {
  std::ifstream source(file);
  std::vector<std::string> lines;
  std::string line;
  while (static_cast<int>(lines.size()) < line_number && std::getline(source, line))
    lines.push_back(Trimmed(line));
  if (static_cast<int>(lines.size()) < line_number) return "";
  const auto is_comment = [](const std::string& text) { return text.rfind("//", 0) == 0; };
  size_t end = lines.size();
  while (end > 0 && !lines[end - 1].empty() && !is_comment(lines[end - 1])) --end;
  size_t begin = end;
  while (begin > 0 && is_comment(lines[begin - 1])) --begin;
  std::string sentence;
  for (size_t i = begin; i < end; ++i) sentence += "  " + Trimmed(lines[i].substr(2)) + "\n";
  return sentence;
}

[[noreturn]] void Throw(const std::string& what, const std::string& file, int line) {
  std::error_code error;
  const std::filesystem::path near = std::filesystem::proximate(file, error);
  throw handoff::RtlFailure(what + ": " + (error ? file : near.string()) + ":" +
                            std::to_string(line) + "\n" + SentenceAt(file, line));
}

}  // namespace

// After a failed assertion, $error, $fatal or $stop.
void vl_stop(const char* filename, int linenum, const char* /*hier*/) {
  Throw("an assertion of the RTL failed", filename, linenum);
}

// What Verilator itself finds wrong, as logic that does not settle.
void vl_fatal(const char* filename, int linenum, const char* /*hier*/, const char* msg) {
  Throw(std::string("the RTL stopped, ") + msg, filename, linenum);
}
