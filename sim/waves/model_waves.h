// SPDX-License-Identifier: Apache-2.0
//
// The model as a source of waves: scope `model` with the engine's ports, and a scope u_<unit> for
// each unit with its ports (named as in the RTL) and what its ForEachReg names.
#pragma once

#include <verilated.h>
#include <verilated_fst_c.h>

#include <cstdint>
#include <string>
#include <vector>

#include "gen/handoff_pkg.h"
#include "model/handoff_engine.h"

namespace handoff {

class ModelWaves {
 public:
  explicit ModelWaves(handoff_engine& model);
  void Register(VerilatedFst& fst);
  // While set, nothing has changed since the last dump, and dumps look at nothing.
  void set_still(bool still) { still_ = still; }

 private:
  enum class Step : uint8_t { kEnter, kSignal, kLeave };
  // The hierarchy in the order in which it is declared, and in which Visit() meets the signals.
  struct Entry {
    Step step = Step::kSignal;
    std::string name;
    VerilatedTraceSigDirection direction = VerilatedTraceSigDirection::NONE;
    uint32_t code = 0;   // from the model's first one on; one code holds 32 bits
    bool alias = false;  // another name of a signal before it
    uint32_t width = 0;
    int table = 0;  // of an enum's names; 0: none
    const FieldInfo* fields = nullptr;
    uint32_t num_fields = 0;
    uint32_t first_table = 0;  // in field_tables_: the fields' enums
  };
  // The names of an enum's values, in a signal of this width.
  struct Table {
    uint32_t width = 0;
    std::vector<std::string> names;  // by value; empty: it has none
    friend bool operator==(const Table&, const Table&) = default;
  };
  struct Describe;
  struct Write;

  template <class Sink>
  static void Visit(handoff_engine& model, Sink& sink);
  static void Declare(void* self, VerilatedFst* fst, uint32_t code);
  static void Full(void* self, VerilatedFst::Buffer* to);
  static void Change(void* self, VerilatedFst::Buffer* to);
  void DeclareTables(VerilatedFst* fst) const;
  void DeclareSignal(VerilatedFst* fst, const Entry& entry) const;

  handoff_engine& model_;
  std::vector<Entry> entries_;
  std::vector<Table> tables_;
  std::vector<int> field_tables_;
  uint32_t codes_ = 0;
  uint32_t base_ = 0;
  bool still_ = false;
};

}  // namespace handoff
