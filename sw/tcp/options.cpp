// SPDX-License-Identifier: Apache-2.0
#include "sw/tcp/options.h"

namespace handoff::tcp {
namespace {

constexpr uint8_t kEnd = 0;
constexpr uint8_t kNop = 1;
constexpr uint8_t kMss = 2;
constexpr uint8_t kWindowScale = 3;
constexpr uint8_t kSackPermitted = 4;
constexpr uint8_t kSack = 5;
constexpr uint8_t kTimestamps = 8;

// One option, `body` without kind and length. False if its kind is unknown or its length is wrong.
bool ReadOption(Options& options, uint8_t kind, ByteView body) {
  switch (kind) {
    case kMss:
      if (body.size() != 2) return false;
      options.mss = Load16(body, 0);
      return true;
    case kWindowScale:
      if (body.size() != 1) return false;
      options.window_scale = body[0];
      return true;
    case kSackPermitted:
      if (!body.empty()) return false;
      options.sack_permitted = true;
      return true;
    case kSack:
      if (body.empty() || body.size() % 8 != 0) return false;
      for (size_t at = 0; at < body.size(); at += 8) {
        options.sack.Add({Seq(Load32(body, at)), Seq(Load32(body, at + 4))});
      }
      return true;
    case kTimestamps:
      if (body.size() != 8) return false;
      options.timestamps = Timestamps{Load32(body, 0), Load32(body, 4)};
      return true;
    default:
      return false;
  }
}

void AppendHead(Bytes& out, size_t nops, uint8_t kind, size_t length) {
  out.insert(out.end(), nops, kNop);
  out.push_back(kind);
  out.push_back(static_cast<uint8_t>(length));
}

}  // namespace

Options ParseOptions(ByteView bytes) {
  Options options;
  size_t at = 0;
  while (at < bytes.size() && bytes[at] != kEnd) {
    if (bytes[at] == kNop) {
      ++at;
      continue;
    }
    const size_t length = at + 1 < bytes.size() ? bytes[at + 1] : 0;
    if (length < 2 || at + length > bytes.size()) {
      options.unknown = true;
      return options;
    }
    if (!ReadOption(options, bytes[at], bytes.subspan(at + 2, length - 2))) options.unknown = true;
    at += length;
  }
  return options;
}

void AppendOptions(Bytes& out, const Options& options) {
  const size_t start = out.size();
  if (options.mss) {
    AppendHead(out, 0, kMss, 4);
    Append16(out, *options.mss);
  }
  const bool permit_in_padding = options.sack_permitted && options.timestamps;
  if (permit_in_padding) AppendHead(out, 0, kSackPermitted, 2);
  if (options.timestamps) {
    AppendHead(out, permit_in_padding ? 0 : 2, kTimestamps, 10);
    Append32(out, options.timestamps->value);
    Append32(out, options.timestamps->echo);
  }
  if (options.sack_permitted && !permit_in_padding) AppendHead(out, 2, kSackPermitted, 2);
  if (options.window_scale) {
    AppendHead(out, 1, kWindowScale, 3);
    out.push_back(*options.window_scale);
  }
  const size_t left = kMaxOptionBytes - (out.size() - start);
  const size_t blocks = std::min(options.sack.size(), left < 4 ? 0 : (left - 4) / 8);
  if (blocks == 0) return;
  AppendHead(out, 2, kSack, 2 + 8 * blocks);
  for (size_t i = 0; i < blocks; ++i) {
    Append32(out, options.sack[i].start.raw());
    Append32(out, options.sack[i].end.raw());
  }
}

size_t OptionBytes(const Options& options) {
  Bytes bytes;
  AppendOptions(bytes, options);
  return bytes.size();
}

}  // namespace handoff::tcp
