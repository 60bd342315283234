// SPDX-License-Identifier: Apache-2.0
#include "sw/tcp/siphash.h"

#include <bit>
#include <cstddef>

namespace handoff::tcp {
namespace {

struct SipState {
  uint64_t v0;
  uint64_t v1;
  uint64_t v2;
  uint64_t v3;

  void Round() {
    v0 += v1;
    v2 += v3;
    v1 = std::rotl(v1, 13) ^ v0;
    v3 = std::rotl(v3, 16) ^ v2;
    v0 = std::rotl(v0, 32);
    v2 += v1;
    v0 += v3;
    v1 = std::rotl(v1, 17) ^ v2;
    v3 = std::rotl(v3, 21) ^ v0;
    v2 = std::rotl(v2, 32);
  }
  void Absorb(uint64_t word) {
    v3 ^= word;
    Round();
    Round();
    v0 ^= word;
  }
};

// Little endian, at most eight octets.
uint64_t Word(ByteView octets) {
  uint64_t word = 0;
  for (size_t i = 0; i < octets.size(); ++i) word |= uint64_t{octets[i]} << 8 * i;
  return word;
}

}  // namespace

uint64_t SipHash(const SipKey& key, ByteView message) {
  // The constants are the function's own: "somepseudorandomlygeneratedbytes".
  SipState s = {key.k0 ^ 0x736f6d6570736575u, key.k1 ^ 0x646f72616e646f6du,
                key.k0 ^ 0x6c7967656e657261u, key.k1 ^ 0x7465646279746573u};
  const uint64_t length = message.size();
  while (message.size() >= 8) {
    s.Absorb(Word(message.first(8)));
    message = message.subspan(8);
  }
  s.Absorb(Word(message) | length << 56);
  s.v2 ^= 0xff;
  for (int i = 0; i < 4; ++i) s.Round();
  return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

}  // namespace handoff::tcp
