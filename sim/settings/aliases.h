// SPDX-License-Identifier: Apache-2.0
//
// YAML's aliases stand for whole nodes: one within its own anchor never ends, and ten lines of them
// can stand for more than a memory holds. The library follows them whatever they are.
#pragma once

#include <istream>
#include <stdexcept>

namespace handoff::system {

struct AliasError : std::runtime_error {
  AliasError(int line_of, int column_of, const char* text)
      : runtime_error(text), line(line_of), column(column_of) {}
  int line, column;  // from 1
};

// Throws AliasError, or YAML::Exception for what is no YAML.
void CheckAliases(std::istream& text);

}  // namespace handoff::system
