// SPDX-License-Identifier: Apache-2.0
//
// Seeded randomness in named streams: a stream depends on the seed and its name only, so a new one
// moves no other.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace handoff {

class Rng {
 public:
  Rng(uint64_t seed, std::string_view stream) {
    uint64_t hash = 0xcbf29ce484222325u;  // FNV-1a
    for (const char c : stream) hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001b3u;
    uint64_t x = Mix(seed) ^ hash;
    for (uint64_t& word : s_) word = Mix(x += 0x9e3779b97f4a7c15u);
  }

  // xoshiro256** 1.0, Blackman and Vigna.
  uint64_t Next() {
    const uint64_t result = Rotate(s_[1] * 5, 7) * 9;
    const uint64_t t = s_[1] << 17;
    s_[2] ^= s_[0];
    s_[3] ^= s_[1];
    s_[1] ^= s_[2];
    s_[0] ^= s_[3];
    s_[2] ^= t;
    s_[3] = Rotate(s_[3], 45);
    return result;
  }
  // 0 to n - 1.
  uint64_t Below(uint64_t n) {
    return static_cast<uint64_t>((static_cast<unsigned __int128>(Next()) * n) >> 64);
  }
  // low to high, both included.
  uint64_t Between(uint64_t low, uint64_t high) { return low + Below(high - low + 1); }
  bool Chance(double p) { return static_cast<double>(Next() >> 11) * 0x1p-53 < p; }
  // Any bits for a type of gen/handoff_pkg.h: enums in it may get values without a name.
  template <class T>
  T Any() {
    uint64_t words[T::kWords];
    for (uint64_t& word : words) word = Next();
    return T::Unpack(words);
  }

  // splitmix64's output function.
  static uint64_t Mix(uint64_t x) {
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
  }

 private:
  static uint64_t Rotate(uint64_t x, int k) { return (x << k) | (x >> (64 - k)); }
  uint64_t s_[4];
};

// A number from the environment, else `otherwise`.
inline uint64_t EnvNumber(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text && *text ? std::strtoull(text, nullptr, 0) : otherwise;
}

// The seed of every test: HANDOFF_SEED, by default always the same.
inline uint64_t TestSeed() { return EnvNumber("HANDOFF_SEED", 1); }

}  // namespace handoff
