// SPDX-License-Identifier: Apache-2.0
//
// What a recorded host was sent on one connection, by the capture alone: no code of the stack is
// used, for the stack is what a replay tests.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sw/tcp/bytes.h"

namespace handoff::system {

class DeliveredStream {
 public:
  // Text that came with a frame, from byte `at` of the stream on. What came first counts.
  void Add(uint64_t at, tcp::ByteView text, uint64_t frame);
  // Text that the host cannot have taken, and why.
  void Refuse(uint64_t at, uint64_t bytes, uint64_t frame, std::string reason);
  // The recorded host acknowledged so many bytes. The last word counts: one that is not kept to was
  // none.
  void NoteAcked(uint64_t bytes);

  // In order and without a gap.
  const tcp::Bytes& bytes() const { return bytes_; }
  uint64_t acked() const { return acked_; }
  // The frame that brought a byte.
  uint64_t FrameOf(uint64_t at) const;
  // Why the capture cannot be the whole stream: the host acknowledged what is not in it. Empty if
  // it is whole.
  std::string Lacks() const;
  // How what an application read differs from it; none if it does not.
  struct Difference {
    std::string name, text;  // the name is what --allow takes
  };
  std::optional<Difference> Compare(const tcp::Bytes& read) const;

 private:
  struct Refused {
    uint64_t at, end, frame;
    std::string reason;
  };

  tcp::Bytes bytes_;
  std::map<uint64_t, uint64_t> frames_;  // by the first byte that each brought
  std::multimap<uint64_t, std::pair<uint64_t, tcp::Bytes>> ahead_;  // frame and text
  std::vector<Refused> refused_;
  uint64_t acked_ = 0;
};

}  // namespace handoff::system
