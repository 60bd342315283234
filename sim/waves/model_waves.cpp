// SPDX-License-Identifier: Apache-2.0
#include "sim/waves/model_waves.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>
#include <type_traits>

#include "gen/handoff_engine_rtl.h"
#include "gen/handoff_engine_units.h"
#include "model/flip.h"
#include "sim/ports.h"

namespace handoff {
namespace {

constexpr uint32_t kMaxWords = 32;  // of 64 bits, in one signal
constexpr uint32_t kMaxEnumValues = 256;

constexpr uint32_t Codes(uint32_t width) { return (width + 31) / 32; }

// Bits [lsb +: width] of a packed value, to whole words of 32 bits.
void Slice(const uint64_t* words, uint32_t lsb, uint32_t width, uint32_t* out) {
  for (uint32_t i = 0; i < width; i += 32) {
    const uint32_t bits = std::min(width - i, 32u);
    out[i / 32] = static_cast<uint32_t>(pkg_detail::Extract(words, lsb + i, bits));
  }
}

// Writes a signal if it changed, or always with `full`; false: it did not change.
bool Put(VerilatedFst::Buffer* to, uint32_t* old, const uint32_t* value, uint32_t width,
         bool full) {
  if (!full && std::memcmp(old, value, Codes(width) * sizeof *value) == 0) return false;
  if (width == 1) {
    to->fullBit(old, static_cast<CData>(value[0]));
  } else if (width <= 32) {
    to->fullIData(old, value[0], static_cast<int>(width));
  } else if (width <= 64) {
    to->fullQData(old, uint64_t{value[1]} << 32 | value[0], static_cast<int>(width));
  } else {
    to->fullWData(old, value, static_cast<int>(width));
  }
  return true;
}

}  // namespace

// Both passes see the same scopes and signals in the same order.
template <class Sink>
void ModelWaves::Visit(handoff_engine& model, Sink& sink) {
  const auto port = [&sink](const PortInfo& info, const auto& value) { sink.Port(info, value); };
  sink.Enter("", "model");
  handoff_engine_rtl::ForEachInput(model.in, port);
  handoff_engine_rtl::ForEachOutput(model.out(), port);
  model.ForEachUnit([&](const char* name, auto& unit) {
    using Rtl = typename EngineRtlOf<std::decay_t<decltype(unit)>>::type;
    sink.Enter("u_", name);
    Rtl::ForEachInput(unit.in, port);
    Rtl::ForEachOutput(unit.out(), port);
    ForEachRegister(unit, [&sink](std::string_view reg, const auto& value, uint32_t bits) {
      sink.Reg(reg, value, bits);
    });
    sink.Leave();
  });
  sink.Leave();
}

// The first pass: what there is.
struct ModelWaves::Describe {
  ModelWaves& w;
  size_t scope = 0;  // where the present unit's entries begin
  std::string prim;  // whose scope is open

  void Enter(const char* prefix, const char* name) {
    w.entries_.push_back({.step = Step::kEnter, .name = std::string(prefix) + name});
    scope = w.entries_.size();
  }
  void Leave() {
    LeavePrim();
    w.entries_.push_back({.step = Step::kLeave});
  }

  template <class T>
  void Port(const PortInfo& port, const T&) {
    Entry entry{.name = std::string(port.name) + (port.is_input ? "_i" : "_o")};
    entry.direction =
        port.is_input ? VerilatedTraceSigDirection::INPUT : VerilatedTraceSigDirection::OUTPUT;
    entry.width = port.width;
    entry.fields = port.fields;
    entry.num_fields = port.num_fields;
    if (port.enum_name != nullptr) entry.table = TableOf(port.enum_name, port.width);
    Add(std::move(entry));
  }

  // An output's register is the output: one signal with two names, as in the RTL.
  template <class T>
  void Reg(std::string_view name, const T&, uint32_t bits) {
    Entry entry{.name = std::string(InScope(name)), .width = bits};
    const std::string port = entry.name + "_o";
    for (size_t i = scope; i < w.entries_.size(); ++i) {
      if (w.entries_[i].name != port) continue;
      entry.width = w.entries_[i].width;
      entry.code = w.entries_[i].code;
      entry.table = w.entries_[i].table;
      entry.alias = true;
      w.entries_.push_back(std::move(entry));
      return;
    }
    if constexpr (requires { T::kFields; }) {
      entry.fields = T::kFields;
      entry.num_fields = std::size(T::kFields);
    } else if constexpr (requires(T v) { ToString(v); }) {
      std::vector<std::string> names(kMaxEnumValues);
      for (uint32_t i = 0; i < kMaxEnumValues; ++i) {
        const std::string text = ToString(static_cast<T>(i));
        if (text.find('(') == std::string::npos) names[i] = text;  // it has a name
      }
      entry.table = TableOf({entry.width, std::move(names)});
    }
    Add(std::move(entry));
  }

 private:
  // A prim's registers, u_<prim>.<register>, stand in its scope, as in the RTL: what is left of
  // the name there.
  std::string_view InScope(std::string_view name) {
    const size_t dot = name.starts_with("u_") ? name.find('.') : std::string_view::npos;
    if (dot == std::string_view::npos) {
      LeavePrim();
      return name;
    }
    if (name.substr(0, dot) != prim) {
      LeavePrim();
      prim = name.substr(0, dot);
      w.entries_.push_back({.step = Step::kEnter, .name = prim});
    }
    return name.substr(dot + 1);
  }
  void LeavePrim() {
    if (!prim.empty()) w.entries_.push_back({.step = Step::kLeave});
    prim.clear();
  }
  void Add(Entry entry) {
    if (entry.num_fields == 1) entry.num_fields = 0;  // it is the whole
    entry.code = w.codes_;
    w.codes_ += Codes(entry.width);
    entry.first_table = static_cast<uint32_t>(w.field_tables_.size());
    for (uint32_t i = 0; i < entry.num_fields; ++i) {
      const FieldInfo& field = entry.fields[i];
      w.codes_ += Codes(field.width);
      w.field_tables_.push_back(field.enum_name == nullptr ? 0
                                                           : TableOf(field.enum_name, field.width));
    }
    w.entries_.push_back(std::move(entry));
  }
  int TableOf(const char* (*name)(uint64_t), uint32_t width) {
    std::vector<std::string> names(kMaxEnumValues);
    for (uint32_t i = 0; i < std::min(kMaxEnumValues, 1u << std::min(width, 8u)); ++i) {
      if (name(i) != nullptr) names[i] = name(i);
    }
    return TableOf({width, std::move(names)});
  }
  // Its number, from 1 on.
  int TableOf(Table table) {
    const auto at = std::find(w.tables_.begin(), w.tables_.end(), table);
    if (at != w.tables_.end()) return static_cast<int>(at - w.tables_.begin()) + 1;
    w.tables_.push_back(std::move(table));
    return static_cast<int>(w.tables_.size());
  }
};

// The pass of every dump.
struct ModelWaves::Write {
  const ModelWaves& w;
  VerilatedFst::Buffer* to;
  bool full;
  size_t at = 0;

  void Enter(const char*, const char*) {}
  void Leave() {}
  template <class T>
  void Port(const PortInfo&, const T& value) {
    Value(value);
  }
  template <class T>
  void Reg(std::string_view, const T& value, uint32_t) {
    Value(value);
  }

 private:
  template <class T>
  void Value(const T& value) {
    static_assert(RegisterWidth<T>() <= 64 * kMaxWords);
    while (w.entries_[at].step != Step::kSignal) ++at;
    const Entry& entry = w.entries_[at++];
    if (entry.alias) return;
    std::array<uint64_t, (RegisterWidth<T>() + 63) / 64> words;
    PackPort(value, words.data());
    Signal(entry, words.data());
  }
  void Signal(const Entry& entry, const uint64_t* words) {
    std::array<uint32_t, 2 * kMaxWords> value;
    uint32_t* old = to->oldp(w.base_ + entry.code);
    Slice(words, 0, entry.width, value.data());
    if (!Put(to, old, value.data(), entry.width, full)) return;
    old += Codes(entry.width);
    for (uint32_t i = 0; i < entry.num_fields; ++i) {
      const FieldInfo& field = entry.fields[i];
      Slice(words, field.lsb, field.width, value.data());
      Put(to, old, value.data(), field.width, full);
      old += Codes(field.width);
    }
  }
};

ModelWaves::ModelWaves(handoff_engine& model) : model_(model) {}

void ModelWaves::Register(VerilatedFst& fst) {
  Describe describe{*this};
  Visit(model_, describe);
  fst.addInitCb(&Declare, this, "model", false, codes_);
  fst.addFullCb(&Full, 0, this);
  fst.addChgCb(&Change, 0, this);
}

void ModelWaves::Declare(void* self, VerilatedFst* fst, uint32_t code) {
  auto& waves = *static_cast<ModelWaves*>(self);
  waves.base_ = code;
  waves.DeclareTables(fst);
  for (const Entry& entry : waves.entries_) {
    switch (entry.step) {
      case Step::kEnter:
        fst->pushPrefix(entry.name.c_str(), VerilatedTracePrefixType::SCOPE_MODULE);
        break;
      case Step::kLeave:
        fst->popPrefix();
        break;
      case Step::kSignal:
        waves.DeclareSignal(fst, entry);
        break;
    }
  }
}

void ModelWaves::DeclareTables(VerilatedFst* fst) const {
  int number = 0;
  for (const Table& table : tables_) {
    std::vector<std::string> values;
    std::vector<const char*> names;
    for (uint32_t i = 0; i < table.names.size(); ++i) {
      if (table.names[i].empty()) continue;
      std::string bits;
      for (uint32_t bit = table.width; bit-- > 0;) bits += (i >> bit & 1) != 0 ? '1' : '0';
      values.push_back(bits);
      names.push_back(table.names[i].c_str());
    }
    std::vector<const char*> texts;
    texts.reserve(values.size());
    for (const std::string& value : values) texts.push_back(value.c_str());
    ++number;
    fst->declDTypeEnum(number, ("model.enum" + std::to_string(number)).c_str(),
                       static_cast<uint32_t>(names.size()), table.width, names.data(),
                       texts.data());
  }
}

void ModelWaves::DeclareSignal(VerilatedFst* fst, const Entry& entry) const {
  const auto declare = [&](uint32_t code, const char* name, int table, uint32_t width) {
    const auto kind = entry.direction == VerilatedTraceSigDirection::NONE
                          ? VerilatedTraceSigKind::VAR
                          : VerilatedTraceSigKind::WIRE;
    const auto msb = static_cast<int>(width) - 1;
    if (width == 1) {
      fst->declBit(code, name, table, entry.direction, kind, VerilatedTraceSigType::LOGIC);
    } else {
      fst->declBus(code, name, table, entry.direction, kind, VerilatedTraceSigType::LOGIC, msb, 0);
    }
  };
  uint32_t code = base_ + entry.code;
  declare(code, entry.name.c_str(), entry.table, entry.width);
  if (entry.num_fields == 0) return;
  code += Codes(entry.width);
  fst->pushPrefix(entry.name.c_str(), VerilatedTracePrefixType::STRUCT_PACKED,
                  static_cast<int>(entry.num_fields));
  for (uint32_t i = 0; i < entry.num_fields; ++i) {
    const FieldInfo& field = entry.fields[i];
    declare(code, field.name, field_tables_[entry.first_table + i], field.width);
    code += Codes(field.width);
  }
  fst->popPrefix();
}

void ModelWaves::Full(void* self, VerilatedFst::Buffer* to) {
  auto& waves = *static_cast<ModelWaves*>(self);
  Write write{waves, to, true};
  Visit(waves.model_, write);
}

void ModelWaves::Change(void* self, VerilatedFst::Buffer* to) {
  auto& waves = *static_cast<ModelWaves*>(self);
  if (waves.still_) return;
  Write write{waves, to, false};
  Visit(waves.model_, write);
}

}  // namespace handoff
