// SPDX-License-Identifier: Apache-2.0
#include "sim/settings/aliases.h"

#include <yaml-cpp/yaml.h>
// After it: they lack some of its declarations.
#include <yaml-cpp/eventhandler.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace handoff::system {
namespace {

constexpr uint64_t kMostNodes = 1000000;  // with all aliases written out
constexpr size_t kDeepest = 100;

class Counter : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& at, YAML::anchor_t anchor) override { Leaf(at, anchor); }
  void OnScalar(const YAML::Mark& at, const std::string&, YAML::anchor_t anchor,
                const std::string&) override {
    Leaf(at, anchor);
  }
  void OnAlias(const YAML::Mark& at, YAML::anchor_t anchor) override {
    const bool within = std::any_of(open_.begin(), open_.end(),
                                    [anchor](const Open& each) { return each.anchor == anchor; });
    if (within) Refuse(at, "the alias stands for something that it is a part of");
    Count(at, nodes_[anchor]);
  }
  void OnSequenceStart(const YAML::Mark& at, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    Begin(at, anchor);
  }
  void OnSequenceEnd() override { End(); }
  void OnMapStart(const YAML::Mark& at, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    Begin(at, anchor);
  }
  void OnMapEnd() override { End(); }

 private:
  struct Open {
    YAML::anchor_t anchor;
    uint64_t before;
  };

  [[noreturn]] static void Refuse(const YAML::Mark& at, const char* text) {
    throw AliasError(at.line + 1, at.column + 1, text);
  }
  void Count(const YAML::Mark& at, uint64_t nodes) {
    count_ += nodes;
    if (count_ > kMostNodes) Refuse(at, "more than a million values, with aliases written out");
  }
  void Leaf(const YAML::Mark& at, YAML::anchor_t anchor) {
    Count(at, 1);
    if (anchor != 0) nodes_[anchor] = 1;
  }
  void Begin(const YAML::Mark& at, YAML::anchor_t anchor) {
    if (open_.size() == kDeepest) Refuse(at, "more than a hundred levels, one in another");
    open_.push_back({anchor, count_});
    Count(at, 1);
  }
  void End() {
    const Open& last = open_.back();
    if (last.anchor != 0) nodes_[last.anchor] = count_ - last.before;
    open_.pop_back();
  }

  std::vector<Open> open_;
  std::map<YAML::anchor_t, uint64_t> nodes_;
  uint64_t count_ = 0;
};

}  // namespace

void CheckAliases(std::istream& text) {
  YAML::Parser parser(text);
  Counter counter;
  while (parser.HandleNextDocument(counter)) {
  }
}

}  // namespace handoff::system
