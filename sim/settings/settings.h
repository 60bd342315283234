// SPDX-License-Identifier: Apache-2.0
//
// Settings out of a YAML file: every key is declared once, with its unit, range and meaning, and
// from that follow reading, refusing and the list that people read. What is wrong is told with
// file, line and column, the key, what was expected and what was found.
//
//   Settings file = Settings::Load("x.yaml", {"link.rate_gbps=25"});
//   Section top = file.Top();
//   Section link = top.Sub("link", "the wire");
//   link.Number("rate_gbps", link_rate, 0.001, 1000, "of each direction");
//   if (no_reader) link.Unread({"loss"}, "why");  // declared, but of no use beside the others
//   file.Done();  // no key may be left that nobody asked for
#pragma once

#include <yaml-cpp/yaml.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace handoff::system {

// One line of the list of keys.
struct KeyInfo {
  std::string path, kind, fallback, meaning;
};

class SettingsError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class Settings;

// The keys below one key. An absent section reads as an empty one: all fallbacks.
class Section {
 public:
  void Number(std::string_view key, double& value, double least, double most,
              std::string_view meaning);
  template <class T>
  void Count(std::string_view key, T& value, uint64_t least, uint64_t most,
             std::string_view meaning) {
    value = static_cast<T>(Integer(key, static_cast<uint64_t>(value), least, most, meaning));
  }
  void Flag(std::string_view key, bool& value, std::string_view meaning);
  // One of some words.
  void Choice(std::string_view key, std::string& value, const std::vector<std::string>& words,
              std::string_view meaning);
  // Text that `parse` understands: it returns false for what it does not.
  void Parsed(std::string_view key, std::string_view fallback, std::string_view expected,
              std::string_view meaning, const std::function<bool(const std::string&)>& parse);
  void Counts(std::string_view key, std::vector<uint64_t>& values, size_t most_values,
              uint64_t most, std::string_view meaning);
  Section Sub(std::string_view key, std::string_view meaning);
  std::vector<Section> List(std::string_view key, std::string_view meaning);
  // The names that follow `key`, each with a word: "rx_parser: rtl".
  void Words(std::string_view key, std::string_view expected, std::string_view meaning,
             const std::function<bool(const std::string&, const std::string&)>& take);

  bool present() const { return node_.IsDefined() && !node_.IsNull(); }
  bool Has(std::string_view key) const;
  // Refuses the first of the keys that is there: nothing reads it, and `why`.
  void Unread(const std::vector<std::string>& keys, std::string_view why) const;
  // Where and what: throws. A key may have dots: "credits.posted_data".
  [[noreturn]] void Refuse(std::string_view key, const std::string& text) const;
  // The same, of the value that was found there.
  [[noreturn]] void RefuseValue(std::string_view key, std::string_view expected) const;

 private:
  friend class Settings;
  Section(Settings* all, const YAML::Node& node, std::string path);
  // The value of `key`, undefined if absent; notes that the key is known.
  YAML::Node Take(std::string_view key, std::string_view kind, const std::string& fallback,
                  std::string_view meaning);
  uint64_t Integer(std::string_view key, uint64_t fallback, uint64_t least, uint64_t most,
                   std::string_view meaning);
  [[noreturn]] void Expected(const YAML::Node& at, std::string_view key,
                             std::string_view expected) const;
  std::string Path(std::string_view key) const;

  Settings* all_;
  YAML::Node node_;
  std::string path_;
};

class Settings {
 public:
  // Reads a file; `set` are "path.to.key=value" texts that are put over it; "path.to.key=" takes
  // the key out, so that its default holds. Throws SettingsError.
  static Settings Load(const std::string& path, const std::vector<std::string>& set = {});
  // Without a file: `set` alone.
  static Settings FromSet(const std::vector<std::string>& set);
  // No file: for the list of keys. Every list then has one member.
  static Settings Empty();
  Settings(Settings&&) = default;

  Section Top();
  // Throws SettingsError for the first key that was not asked for.
  void Done() const;
  const std::vector<KeyInfo>& keys() const { return keys_; }
  const std::string& path() const { return path_; }

 private:
  friend class Section;
  Settings() = default;
  void Set(const std::string& text);
  std::string Where(const YAML::Node& node, const std::string& path) const;
  void CheckTwice(const YAML::Node& node, const std::string& path) const;
  void CheckKnown(const YAML::Node& node, const std::string& path) const;

  std::string path_;
  YAML::Node root_;
  bool listing_ = false;
  std::vector<std::string> set_;  // the paths that --set gave
  std::vector<KeyInfo> keys_;
  std::set<std::string> known_, open_;  // paths asked for; those below which anything goes
};

}  // namespace handoff::system
