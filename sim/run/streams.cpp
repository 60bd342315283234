// SPDX-License-Identifier: Apache-2.0
#include "sim/run/streams.h"

#include <fmt/core.h>

#include <algorithm>

namespace handoff::system {

void DeliveredStream::Add(uint64_t at, tcp::ByteView text, uint64_t frame) {
  if (text.empty() || at + text.size() <= bytes_.size()) return;
  ahead_.emplace(at, std::pair(frame, tcp::Bytes(text.begin(), text.end())));
  while (!ahead_.empty() && ahead_.begin()->first <= bytes_.size()) {
    const auto node = ahead_.extract(ahead_.begin());
    const auto& [number, piece] = node.mapped();
    const uint64_t known = bytes_.size() - node.key();
    if (known >= piece.size()) continue;
    frames_[bytes_.size()] = number;
    bytes_.insert(bytes_.end(), piece.begin() + static_cast<ptrdiff_t>(known), piece.end());
  }
}

void DeliveredStream::Refuse(uint64_t at, uint64_t bytes, uint64_t frame, std::string reason) {
  refused_.push_back({at, at + bytes, frame, std::move(reason)});
}

void DeliveredStream::NoteAcked(uint64_t bytes) { acked_ = bytes; }

uint64_t DeliveredStream::FrameOf(uint64_t at) const {
  const auto next = frames_.upper_bound(at);
  return next == frames_.begin() ? 0 : std::prev(next)->second;
}

std::string DeliveredStream::Lacks() const {
  if (acked_ <= bytes_.size()) return "";
  std::string text = fmt::format(
      "the recorded host acknowledged {} bytes, of which the capture has "
      "{} without a gap",
      acked_, bytes_.size());
  if (!bytes_.empty()) text += fmt::format(", the last in frame {}", FrameOf(bytes_.size() - 1));
  const auto why = std::find_if(refused_.begin(), refused_.end(), [this](const Refused& each) {
    return each.at <= bytes_.size() && bytes_.size() < each.end;
  });
  if (why != refused_.end()) text += fmt::format(": frame {} {}", why->frame, why->reason);
  return text;
}

std::optional<DeliveredStream::Difference> DeliveredStream::Compare(const tcp::Bytes& read) const {
  const auto [mine, others] = std::mismatch(bytes_.begin(), bytes_.end(), read.begin(), read.end());
  if (mine == bytes_.end() && others == read.end()) return std::nullopt;
  const auto at = static_cast<uint64_t>(mine - bytes_.begin());
  if (mine != bytes_.end() && others != read.end()) {
    return Difference{"read-other",
                      fmt::format("byte {} was read as {:#04x}, it came as {:#04x} in frame {}", at,
                                  *others, *mine, FrameOf(at))};
  }
  if (mine == bytes_.end()) {
    return Difference{"read-more", fmt::format("{} bytes were read, {} were delivered", read.size(),
                                               bytes_.size())};
  }
  return Difference{"read-less", fmt::format("{} of {} bytes were read: what came from frame {} on "
                                             "is missing",
                                             read.size(), bytes_.size(), FrameOf(at))};
}

}  // namespace handoff::system
