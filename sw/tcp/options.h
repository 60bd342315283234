// SPDX-License-Identifier: Apache-2.0
//
// TCP options: MSS (RFC 9293), window scale and timestamps (RFC 7323), SACK (RFC 2018).
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "sw/tcp/bytes.h"
#include "sw/tcp/seq.h"

namespace handoff::tcp {

inline constexpr size_t kMaxOptionBytes = 40;
inline constexpr uint8_t kMaxWindowScale = 14;         // RFC 7323, 2.3
inline constexpr uint32_t kTimestampOptionBytes = 12;  // with its padding

struct Timestamps {
  uint32_t value = 0;
  uint32_t echo = 0;
  friend bool operator==(const Timestamps&, const Timestamps&) = default;
};

class SackBlocks {
 public:
  static constexpr size_t kMax = 4;
  // A block too many is left out.
  void Add(SeqRange block) {
    if (count_ < kMax) block_[count_++] = block;
  }
  bool empty() const { return count_ == 0; }
  size_t size() const { return count_; }
  const SeqRange& operator[](size_t i) const { return block_[i]; }
  const SeqRange* begin() const { return block_.data(); }
  const SeqRange* end() const { return block_.data() + count_; }
  void Truncate(size_t count) {
    if (count < count_) count_ = count;
  }
  friend bool operator==(const SackBlocks& a, const SackBlocks& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end());
  }

 private:
  std::array<SeqRange, kMax> block_{};
  size_t count_ = 0;
};

struct Options {
  std::optional<uint16_t> mss;
  std::optional<uint8_t> window_scale;
  bool sack_permitted = false;
  std::optional<Timestamps> timestamps;
  SackBlocks sack;
  // There was an option of another kind, or one whose length is wrong (corner 37). What follows a
  // wrong length is not read.
  bool unknown = false;
  friend bool operator==(const Options&, const Options&) = default;
};

Options ParseOptions(ByteView bytes);
// Appends at most 40 bytes, a multiple of four, in the order Linux uses; SACK blocks that do not
// fit are left out.
void AppendOptions(Bytes& out, const Options& options);
size_t OptionBytes(const Options& options);

}  // namespace handoff::tcp
