// SPDX-License-Identifier: Apache-2.0
#include "sim/core/mismatch.h"

#include <string_view>

namespace handoff {
namespace {

// The kind of the notification of which the field is the code; null if it is none's.
const FieldInfo* KindOf(const PortInfo& port, const FieldInfo& field) {
  constexpr std::string_view kCode = "code";
  const std::string_view name = field.name;
  if (!name.ends_with(kCode)) return nullptr;
  const std::string kind = std::string(name.substr(0, name.size() - kCode.size())) + "kind";
  for (uint32_t i = 0; i < port.num_fields; ++i) {
    if (port.fields[i].enum_name == &NtfKindName && port.fields[i].name == kind) {
      return &port.fields[i];
    }
  }
  return nullptr;
}

// Null: notifications of this kind have no code, or none of this value.
const char* CodeName(NtfKind kind, uint64_t code) {
  switch (kind) {
    case NtfKind::NtfLegacyFrame:
    case NtfKind::NtfResync:
      return ReasonName(code);
    case NtfKind::NtfHandBack:
      return BackName(code);
    case NtfKind::NtfDone:
    case NtfKind::NtfSent:
      return StatusName(code);
    default:
      return nullptr;
  }
}

}  // namespace

std::string FieldText(const PortInfo& port, const FieldInfo& field, const uint64_t* words) {
  if (const FieldInfo* kind = KindOf(port, field)) {
    const auto value = [words](const FieldInfo& f) {
      return pkg_detail::Extract(words, f.lsb, f.width);
    };
    const char* name = CodeName(static_cast<NtfKind>(value(*kind)), value(field));
    if (name != nullptr) return name;
  }
  return pkg_detail::Value(field, words);
}

}  // namespace handoff
