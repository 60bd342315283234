// SPDX-License-Identifier: Apache-2.0
#include "sim/settings/settings.h"

#include <fmt/core.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>
#include <ios>
#include <optional>
#include <sstream>
#include <utility>

#include "sim/settings/aliases.h"

namespace handoff::system {
namespace {

constexpr char kItem[] = "[]";  // of a path in the list of keys: any member of a list

// "connections[3].port" names the key "connections[].port".
std::string KeyOf(const std::string& path) {
  std::string key;
  bool index = false;
  for (const char c : path) {
    if (c == ']') index = false;
    if (!index) key += c;
    if (c == '[') index = true;
  }
  return key;
}

// Decimal, 0x…, or with a binary or decimal multiplier: 64Ki, 10M.
std::optional<uint64_t> ParseCount(std::string text) {
  static constexpr std::pair<const char*, uint64_t> kMultipliers[] = {
      {"Ki", 1ull << 10}, {"Mi", 1ull << 20}, {"Gi", 1ull << 30},
      {"k", 1000},        {"M", 1000000},     {"G", 1000000000},
  };
  uint64_t multiplier = 1;
  for (const auto& [suffix, by] : kMultipliers) {
    if (text.ends_with(suffix)) {
      text.resize(text.size() - std::string_view(suffix).size());
      multiplier = by;
      break;
    }
  }
  int base = 10;
  if (text.starts_with("0x")) {
    text = text.substr(2);
    base = 16;
  }
  uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value, base);
  if (text.empty() || error != std::errc() || at != end || value > UINT64_MAX / multiplier) {
    return std::nullopt;
  }
  return value * multiplier;
}

std::optional<double> ParseNumber(const std::string& text) {
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value);
  if (text.empty() || error != std::errc() || at != end || !std::isfinite(value)) {
    return std::nullopt;
  }
  return value;
}

std::string Found(const YAML::Node& node) {
  if (node.IsScalar()) return "'" + node.Scalar() + "'";
  if (node.IsMap()) return "a group of keys";
  if (node.IsSequence()) return "a list";
  return "nothing";
}

// Undefined if absent.
YAML::Node FindBelow(const YAML::Node& node, std::string_view path) {
  if (!node.IsDefined() || !node.IsMap()) return YAML::Node(YAML::NodeType::Undefined);
  const size_t dot = path.find('.');
  const YAML::Node found = node[std::string(path.substr(0, dot))];
  return dot == std::string_view::npos ? found : FindBelow(found, path.substr(dot + 1));
}

size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0]++;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replace = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replace});
    }
  }
  return row[b.size()];
}

}  // namespace

// --- Section ------------------------------------------------------------------------------------

Section::Section(Settings* all, const YAML::Node& node, std::string path)
    : all_(all), node_(node), path_(std::move(path)) {
  if (present() && !node_.IsMap()) {
    throw SettingsError(fmt::format("{}: {}: expected keys with values, found {}",
                                    all_->Where(node_, path_), path_.empty() ? "the file" : path_,
                                    Found(node_)));
  }
}

std::string Section::Path(std::string_view key) const {
  return path_.empty() ? std::string(key) : path_ + "." + std::string(key);
}

void Section::Expected(const YAML::Node& at, std::string_view key,
                       std::string_view expected) const {
  throw SettingsError(fmt::format("{}: {}: expected {}, found {}", all_->Where(at, Path(key)),
                                  Path(key), expected, Found(at)));
}

bool Section::Has(std::string_view key) const { return FindBelow(node_, key).IsDefined(); }

void Section::Unread(const std::vector<std::string>& keys, std::string_view why) const {
  for (const std::string& key : keys) {
    if (Has(key)) Refuse(key, fmt::format("nothing reads it: {}", why));
  }
}

void Section::Refuse(std::string_view key, const std::string& text) const {
  const YAML::Node found = FindBelow(node_, key);
  const YAML::Node& at = found.IsDefined() ? found : node_;
  throw SettingsError(fmt::format("{}: {}: {}", all_->Where(at, Path(key)), Path(key), text));
}

void Section::RefuseValue(std::string_view key, std::string_view expected) const {
  const YAML::Node found = FindBelow(node_, key);
  if (found.IsDefined()) Expected(found, key, expected);
  Refuse(key, fmt::format("expected {}", expected));
}

YAML::Node Section::Take(std::string_view key, std::string_view kind, const std::string& fallback,
                         std::string_view meaning) {
  const std::string known = KeyOf(Path(key));
  if (all_->known_.insert(known).second) {
    all_->keys_.push_back({known, std::string(kind), fallback, std::string(meaning)});
  }
  if (!present()) return YAML::Node(YAML::NodeType::Undefined);
  return std::as_const(node_)[std::string(key)];
}

void Section::Number(std::string_view key, double& value, double least, double most,
                     std::string_view meaning) {
  const std::string kind = fmt::format("{:g} to {:g}", least, most);
  const YAML::Node node = Take(key, kind, fmt::format("{:g}", value), meaning);
  if (!node.IsDefined()) return;
  const auto parsed = node.IsScalar() ? ParseNumber(node.Scalar()) : std::nullopt;
  if (!parsed || *parsed < least || *parsed > most) Expected(node, key, "a number, " + kind);
  value = *parsed;
}

uint64_t Section::Integer(std::string_view key, uint64_t fallback, uint64_t least, uint64_t most,
                          std::string_view meaning) {
  const std::string kind =
      most == UINT64_MAX ? fmt::format("from {}", least) : fmt::format("{} to {}", least, most);
  const YAML::Node node = Take(key, kind, std::to_string(fallback), meaning);
  if (!node.IsDefined()) return fallback;
  const auto parsed = node.IsScalar() ? ParseCount(node.Scalar()) : std::nullopt;
  if (!parsed || *parsed < least || *parsed > most) {
    Expected(node, key, "a whole number (64Ki, 10M and 0x40 are numbers too), " + kind);
  }
  return *parsed;
}

void Section::Flag(std::string_view key, bool& value, std::string_view meaning) {
  const YAML::Node node = Take(key, "true or false", value ? "true" : "false", meaning);
  if (!node.IsDefined()) return;
  if (!node.IsScalar() || (node.Scalar() != "true" && node.Scalar() != "false")) {
    Expected(node, key, "true or false");
  }
  value = node.Scalar() == "true";
}

void Section::Choice(std::string_view key, std::string& value,
                     const std::vector<std::string>& words, std::string_view meaning) {
  std::string kind;
  for (const std::string& word : words) kind += (kind.empty() ? "" : ", ") + word;
  Parsed(key, value, "one of " + kind, meaning, [&](const std::string& text) {
    value = text;
    return std::find(words.begin(), words.end(), text) != words.end();
  });
}

void Section::Parsed(std::string_view key, std::string_view fallback, std::string_view expected,
                     std::string_view meaning,
                     const std::function<bool(const std::string&)>& parse) {
  const YAML::Node node = Take(key, expected, std::string(fallback), meaning);
  if (!node.IsDefined()) return;
  if (!node.IsScalar() || !parse(node.Scalar())) Expected(node, key, expected);
}

void Section::Counts(std::string_view key, std::vector<uint64_t>& values, size_t most_values,
                     uint64_t most, std::string_view meaning) {
  const std::string kind =
      most == UINT64_MAX ? fmt::format("a list of at most {} numbers", most_values)
                         : fmt::format("a list of at most {} numbers, 0 to {}", most_values, most);
  const YAML::Node node = Take(key, kind, fmt::format("[{}]", fmt::join(values, ", ")), meaning);
  if (!node.IsDefined()) return;
  if (!node.IsSequence() || node.size() > most_values) Expected(node, key, kind);
  values.clear();
  for (const YAML::Node& member : node) {
    const auto parsed = member.IsScalar() ? ParseCount(member.Scalar()) : std::nullopt;
    if (!parsed || *parsed > most) Expected(member, key, kind);
    values.push_back(*parsed);
  }
}

Section Section::Sub(std::string_view key, std::string_view meaning) {
  return Section(all_, Take(key, "keys", "", meaning), Path(key));
}

std::vector<Section> Section::List(std::string_view key, std::string_view meaning) {
  const YAML::Node node = Take(key, "a list", "[]", meaning);
  std::vector<Section> members;
  if (all_->listing_) members.push_back(Section(all_, YAML::Node(), Path(key) + kItem));
  if (!node.IsDefined()) return members;
  if (!node.IsSequence()) Expected(node, key, "a list (\"- name: …\")");
  for (size_t i = 0; i < node.size(); ++i) {
    members.push_back(Section(all_, node[i], fmt::format("{}[{}]", Path(key), i)));
  }
  return members;
}

void Section::Words(std::string_view key, std::string_view expected, std::string_view meaning,
                    const std::function<bool(const std::string&, const std::string&)>& take) {
  const YAML::Node node = Take(key, expected, "", meaning);
  all_->open_.insert(KeyOf(Path(key)));
  if (!node.IsDefined()) return;
  if (!node.IsMap()) Expected(node, key, expected);
  for (const auto& pair : node) {
    if (!pair.second.IsScalar() || !take(pair.first.Scalar(), pair.second.Scalar())) {
      Expected(pair.second, std::string(key) + "." + pair.first.Scalar(), expected);
    }
  }
}

// --- Settings -----------------------------------------------------------------------------------

Settings Settings::Load(const std::string& path, const std::vector<std::string>& set) {
  Settings settings;
  settings.path_ = path;
  std::vector<YAML::Node> documents;
  try {
    std::ifstream text(path);
    CheckAliases(text);
    documents = YAML::LoadAllFromFile(path);
  } catch (const AliasError& e) {
    throw SettingsError(fmt::format("{}:{}:{}: {}", path, e.line, e.column, e.what()));
  } catch (const YAML::BadFile&) {
    throw SettingsError(path + ": cannot be read (expected a scenario, a YAML file)");
  } catch (const YAML::Exception& e) {
    throw SettingsError(
        fmt::format("{}:{}:{}: {}", path, e.mark.line + 1, e.mark.column + 1, e.msg));
  } catch (const std::ios_base::failure&) {  // of a folder
    throw SettingsError(path + ": cannot be read (expected a scenario, a YAML file)");
  }
  if (documents.size() > 1) {
    throw SettingsError(fmt::format("{}: expected one YAML document, found {} (\"---\" begins one)",
                                    settings.Where(documents[1], ""), documents.size()));
  }
  if (!documents.empty()) settings.root_ = documents.front();
  settings.CheckTwice(settings.root_, "");
  for (const std::string& text : set) settings.Set(text);
  return settings;
}

Settings Settings::FromSet(const std::vector<std::string>& set) {
  Settings settings;
  settings.path_ = "--set";
  for (const std::string& text : set) settings.Set(text);
  return settings;
}

Settings Settings::Empty() {
  Settings settings;
  settings.listing_ = true;
  return settings;
}

// Puts "a.b[2].c=value" over what the file says.
void Settings::Set(const std::string& text) {
  const size_t eq = text.find('=');
  const std::string wanted = "--set " + text +
                             ": expected KEY=VALUE, as in link.rate_gbps=25, or KEY= for a key's "
                             "default";
  if (eq == std::string::npos || eq == 0) throw SettingsError(wanted);
  YAML::Node at = root_;
  if (!at.IsDefined() || at.IsNull()) at = root_ = YAML::Node(YAML::NodeType::Map);
  const std::string path = text.substr(0, eq);
  const bool take_out = eq + 1 == text.size();
  for (size_t begin = 0; begin <= path.size();) {
    const size_t end = std::min(path.find('.', begin), path.size());
    std::string key = path.substr(begin, end - begin);
    std::vector<size_t> indices;
    while (key.ends_with(']')) {
      const size_t open = key.rfind('[');
      const auto index = open == std::string::npos
                             ? std::nullopt
                             : ParseCount(key.substr(open + 1, key.size() - open - 2));
      if (!index) throw SettingsError(wanted);
      indices.insert(indices.begin(), *index);
      key.resize(open);
    }
    if (key.empty()) throw SettingsError(wanted);
    if (at.IsDefined() && !at.IsNull() && !at.IsMap()) {
      throw SettingsError("--set " + text + ": there is nothing below " + path.substr(0, begin));
    }
    if (take_out && end == path.size() && indices.empty()) {
      if (!at.remove(key)) {
        throw SettingsError("--set " + text + ": there is no such key to take out");
      }
      set_.push_back(path);
      return;
    }
    at.reset(at[key]);
    for (const size_t index : indices) {
      if (!at.IsSequence() || index >= at.size()) {
        throw SettingsError(fmt::format("--set {}: the list has {} members (from [0] on)", text,
                                        at.IsSequence() ? at.size() : 0));
      }
      at.reset(at[index]);
    }
    begin = end + 1;
  }
  try {
    std::istringstream value(text.substr(eq + 1));
    CheckAliases(value);
    at = YAML::Load(text.substr(eq + 1));
  } catch (const AliasError& e) {
    throw SettingsError("--set " + text + ": " + e.what());
  } catch (const YAML::Exception& e) {
    throw SettingsError("--set " + text + ": " + e.msg);
  }
  set_.push_back(path);
}

Section Settings::Top() { return Section(this, root_, ""); }

// What --set gave has no place in the file; nor has what it put something into.
std::string Settings::Where(const YAML::Node& node, const std::string& path) const {
  for (const std::string& set : set_) {
    if (path == set || path.starts_with(set + ".") || path.starts_with(set + "[")) return "--set";
  }
  const YAML::Mark mark = node.IsDefined() ? node.Mark() : YAML::Mark::null_mark();
  if (mark.is_null()) {
    const auto below = [&](const std::string& set) {
      return set.starts_with(path + ".") || set.starts_with(path + "[");
    };
    return std::any_of(set_.begin(), set_.end(), below) ? "--set" : path_;
  }
  return fmt::format("{}:{}:{}", path_, mark.line + 1, mark.column + 1);
}

// YAML's maps have each key once (YAML 1.2, 3.2.1.1); the library takes the first one.
void Settings::CheckTwice(const YAML::Node& node, const std::string& path) const {
  if (node.IsSequence()) {
    for (size_t i = 0; i < node.size(); ++i) CheckTwice(node[i], fmt::format("{}[{}]", path, i));
  }
  if (!node.IsMap()) return;
  std::set<std::string> seen;
  for (const auto& pair : node) {
    if (!pair.first.IsScalar()) continue;
    const std::string key = (path.empty() ? "" : path + ".") + pair.first.Scalar();
    if (!seen.insert(key).second) {
      throw SettingsError(fmt::format("{}: {}: it is there twice", Where(pair.first, key), key));
    }
    CheckTwice(pair.second, key);
  }
}

void Settings::Done() const { CheckKnown(root_, ""); }

void Settings::CheckKnown(const YAML::Node& node, const std::string& path) const {
  if (open_.contains(KeyOf(path))) return;
  if (node.IsSequence()) {
    for (size_t i = 0; i < node.size(); ++i) CheckKnown(node[i], fmt::format("{}[{}]", path, i));
  }
  if (!node.IsMap()) return;
  for (const auto& pair : node) {
    const std::string key = (path.empty() ? "" : path + ".") + pair.first.Scalar();
    if (known_.contains(KeyOf(key))) {
      CheckKnown(pair.second, key);
      continue;
    }
    // The nearest key of the same section, if it is near.
    std::string nearest;
    size_t least = 4;
    for (const std::string& known : known_) {
      const size_t distance = EditDistance(known, KeyOf(key));
      if (distance < least) {
        least = distance;
        nearest = known;
      }
    }
    throw SettingsError(fmt::format("{}: {}: no such key{}", Where(pair.first, key), key,
                                    nearest.empty() ? " (`handoff run --keys` lists them)"
                                                    : ", did you mean " + nearest + "?"));
  }
}

}  // namespace handoff::system
