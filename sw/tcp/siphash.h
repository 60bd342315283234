// SPDX-License-Identifier: Apache-2.0
//
// SipHash-2-4 (Aumasson and Bernstein, 2012): a hash that nobody foretells without its key. The
// initial numbers, the timestamps and the places in tables of a stack hang on one key.
#pragma once

#include <cstdint>

#include "sw/tcp/bytes.h"

namespace handoff::tcp {

struct SipKey {
  uint64_t k0 = 0;
  uint64_t k1 = 0;
};

uint64_t SipHash(const SipKey& key, ByteView message);

}  // namespace handoff::tcp
