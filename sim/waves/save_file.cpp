// SPDX-License-Identifier: Apache-2.0
#include "sim/waves/save_file.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "model/clock.h"

namespace handoff {
namespace {

using Signal = FstFile::Signal;

// GTKWave's trace flags.
constexpr const char* kHex = "@22";     // right-justified hexadecimal
constexpr const char* kBinary = "@28";  // one bit
constexpr const char* kDecimal = "@24";
constexpr const char* kOpen = "@800200";
constexpr const char* kClosed = "@c00200";
constexpr const char* kOpenEnd = "@1000200";
constexpr const char* kClosedEnd = "@1401200";
constexpr int kModelColor = 6;    // the RTL keeps GTKWave's own
constexpr double kZoom = -7.0;    // 2^7 ps a pixel: 24 pixels a cycle
constexpr uint64_t kBefore = 10;  // cycles left of the marked one

struct Scope {
  std::string path;  // with the last dot
  std::vector<const Signal*> signals;
};

bool StartsWith(std::string_view text, std::string_view start) {
  return text.substr(0, start.size()) == start;
}
bool EndsWith(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}
std::string ScopeOf(const Signal& signal) {
  return signal.path.substr(0, signal.path.size() - signal.name.size());
}
bool IsPort(const Signal& signal) {
  return EndsWith(signal.name, "_i") || EndsWith(signal.name, "_o");
}
bool IsRegister(const Signal& signal) { return EndsWith(signal.name, "_q"); }

// All scopes of one side, in the file's order.
std::vector<Scope> ScopesUnder(const FstFile& waves, std::string_view root) {
  std::vector<Scope> scopes;
  std::map<std::string, size_t> known;
  for (const Signal& signal : waves.signals()) {
    if (!StartsWith(signal.path, root)) continue;
    const std::string path = ScopeOf(signal);
    const auto [at, is_new] = known.emplace(path, scopes.size());
    if (is_new) scopes.push_back({path, {}});
    scopes[at->second].signals.push_back(&signal);
  }
  return scopes;
}

// The outermost scopes named u_<unit>, by unit.
std::map<std::string, std::string> UnitScopes(const std::vector<Scope>& scopes) {
  std::map<std::string, std::string> units;
  for (const Scope& scope : scopes) {
    const size_t at = scope.path.find(".u_");
    if (at == std::string::npos) continue;
    const size_t end = scope.path.find('.', at + 1);
    units.emplace(scope.path.substr(at + 3, end - at - 3), scope.path.substr(0, end + 1));
  }
  return units;
}

// Names of a scope and of those within, the nearest first where there are two.
class Names {
 public:
  Names(const std::vector<Scope>& scopes, const std::string& path) {
    for (const Scope& scope : scopes) {
      if (path.empty() || !StartsWith(scope.path, path)) continue;
      for (const Signal* signal : scope.signals) {
        auto& known = by_name_[signal->name];
        if (known == nullptr || signal->path.size() < known->path.size()) known = signal;
        if (scope.path == path) own_.push_back(signal);
      }
    }
  }
  const Signal* Find(const std::string& name) const {
    const auto at = by_name_.find(name);
    return at == by_name_.end() ? nullptr : at->second;
  }
  const std::vector<const Signal*>& own() const { return own_; }

 private:
  std::map<std::string, const Signal*> by_name_;
  std::vector<const Signal*> own_;
};

// The RTL's signal that shows what the model's `name` shows; null if there is none. A register x of
// the model is x_q; of a struct or an array that the model shows by parts, the RTL may have the
// whole.
const Signal* Counterpart(const Names& rtl, const std::string& name) {
  if (EndsWith(name, "_i") || EndsWith(name, "_o")) return rtl.Find(name);
  const std::string whole = name.substr(0, name.find('.'));
  if (const Signal* found = rtl.Find(whole + "_q")) return found;
  const size_t digits = whole.find_last_not_of("0123456789") + 1;
  const std::string array = whole.substr(0, digits) + "_q";
  if (const Signal* found = rtl.Find(array + "[" + whole.substr(digits) + "]")) return found;
  return rtl.Find(array);
}

class Text {
 public:
  void Line(const std::string& line) { text_ += line + "\n"; }
  void Group(const std::string& name, bool open) {
    Line(open ? kOpen : kClosed);
    Line("-" + name);
    open_ = open;
  }
  void GroupEnd(const std::string& name) {
    Line(open_ ? kOpenEnd : kClosedEnd);
    Line("-" + name);
  }
  void Show(const Signal* signal) {
    if (signal == nullptr) return;
    const std::string side = signal->path.substr(0, signal->path.find('.'));
    Line(signal->width == 1 ? kBinary : kHex);
    if (side == "model") Line("[color] " + std::to_string(kModelColor));
    // A vector of one bit is an element to GTKWave.
    const std::string range = signal->range == "[0:0]" ? "[0]" : signal->range;
    Line("+{" + side + " " + signal->name + range + "} " + signal->path + range);
  }
  // Both sides of a unit, or of the engine; either may not be there.
  void Sides(const Names& rtl, const Names& model) {
    std::set<const Signal*> shown;
    std::set<uint32_t> ports;
    for (const Signal* signal : model.own()) {
      const Signal* twin = Counterpart(rtl, signal->name);
      // An output's register that the RTL knows only as the output has been shown as that.
      if (IsPort(*signal)) ports.insert(signal->handle);
      if (twin == nullptr && !IsPort(*signal) && ports.count(signal->handle) != 0) continue;
      if (shown.insert(twin).second) Show(twin);
      Show(signal);
    }
    for (const Signal* signal : rtl.own()) {
      if (!IsPort(*signal) && !IsRegister(*signal)) continue;
      if (shown.insert(signal).second) Show(signal);
    }
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
  bool open_ = false;
};

}  // namespace

std::string SaveFilePath(const std::string& wave_path) {
  return std::filesystem::path(wave_path).replace_extension(".gtkw").string();
}

void WriteSaveFile(const WaveRequest& request, const FstFile& waves) {
  const std::string path = SaveFilePath(request.path);
  const std::vector<Scope> rtl = ScopesUnder(waves, "rtl.");
  const std::vector<Scope> model = ScopesUnder(waves, "model.");
  const std::map<std::string, std::string> rtl_units = UnitScopes(rtl);
  const std::map<std::string, std::string> model_units = UnitScopes(model);
  std::set<std::string> units;
  for (const auto& unit : rtl_units) units.insert(unit.first);
  for (const auto& unit : model_units) units.insert(unit.first);

  Text text;
  text.Line("[*] A window of a run, RTL and model. In each group: the RTL's signal, the model's.");
  text.Line("[dumpfile] \"" + std::filesystem::absolute(request.path).string() + "\"");
  text.Line("[savefile] \"" + std::filesystem::absolute(path).string() + "\"");
  const uint64_t first =
      request.mark && *request.mark > kBefore ? CycleToPs(*request.mark - kBefore) : waves.start();
  text.Line("[timestart] " + std::to_string(std::clamp(first, waves.start(), waves.end())));
  const std::string marker = request.mark ? std::to_string(CycleToPs(*request.mark)) : "-1";
  std::string zoom = "*" + std::to_string(kZoom) + " " + marker + " " + marker;
  for (int i = 1; i < 26; ++i) zoom += " -1";  // markers A to Z
  text.Line(zoom);
  text.Line("[treeopen] rtl.");
  text.Line("[treeopen] model.");

  text.Line(kBinary);
  text.Line("run.clk");
  text.Line(kDecimal);
  text.Line("run.cycle[63:0]");
  const auto scope_of = [](const std::map<std::string, std::string>& all, const std::string& unit) {
    const auto at = all.find(unit);
    return at == all.end() ? std::string() : at->second;
  };
  const auto engine = [](const std::vector<Scope>& scopes) {
    return Names(scopes, scopes.empty() ? std::string() : scopes.front().path);
  };
  text.Group("engine", request.unit.empty() || request.unit == "engine");
  text.Sides(engine(rtl), engine(model));
  text.GroupEnd("engine");
  for (const std::string& unit : units) {
    text.Group(unit, unit == request.unit);
    text.Sides(Names(rtl, scope_of(rtl_units, unit)), Names(model, scope_of(model_units, unit)));
    text.GroupEnd(unit);
  }
  std::ofstream file(path);
  file << text.text();
  if (!file.flush()) throw std::runtime_error("cannot write '" + path + "'");
}

}  // namespace handoff
