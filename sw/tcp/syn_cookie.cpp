// SPDX-License-Identifier: Apache-2.0
#include "sw/tcp/syn_cookie.h"

#include <array>

namespace handoff::tcp {
namespace {

// What is announced most: of Ethernet over both families, of tunnels, of jumbo frames.
constexpr std::array<uint16_t, 8> kMss = {48, 216, 536, 1220, 1360, 1440, 1460, 8960};
constexpr uint32_t kMssBits = 0x7;
constexpr unsigned kTimeShift = 3;
constexpr uint32_t kTimeBits = 0x3;
constexpr uint32_t kHashMask = ~uint32_t{0x1f};

constexpr uint32_t kOptionBits = 0x3f;  // of the timestamp
constexpr uint32_t kSackBit = 0x20;
constexpr uint32_t kScalingBit = 0x10;
constexpr uint32_t kScaleBits = 0xf;

uint32_t PeriodAt(Micros now) {
  return static_cast<uint32_t>(now.count() / kSynCookiePeriod.count());
}

// Everything that the cookie stands for goes into the hash, so that no part can be changed.
Seq CookieOf(const SipKey& key, const Tuple& tuple, Seq irs, uint32_t period, uint32_t mss_index,
             std::optional<uint32_t> option_bits) {
  const uint32_t said = mss_index | (option_bits ? (*option_bits | 0x40) << kTimeShift : 0);
  const SipKey for_period = {key.k0, key.k1 ^ (uint64_t{period} << 32 | said)};
  const uint64_t of_tuple = HashOf(key, HashUse::kCookie, tuple);
  Bytes message;
  Append32(message, static_cast<uint32_t>(of_tuple >> 32));
  Append32(message, static_cast<uint32_t>(of_tuple));
  Append32(message, irs.raw());
  const auto hash = static_cast<uint32_t>(SipHash(for_period, message));
  return Seq((hash & kHashMask) | (period & kTimeBits) << kTimeShift | mss_index);
}

}  // namespace

std::optional<SynCookie> MakeSynCookie(const SipKey& key, const Tuple& tuple, Seq irs,
                                       const Options& options, uint32_t timestamp, Micros now) {
  const uint16_t announced = options.mss.value_or(536);
  if (announced < kMss.front()) return std::nullopt;
  uint32_t index = 0;
  while (index + 1 < kMss.size() && kMss[index + 1] <= announced) ++index;
  SynCookie cookie;
  std::optional<uint32_t> bits;
  if (options.timestamps) {
    bits = options.sack_permitted ? kSackBit : 0;
    if (options.window_scale) *bits |= kScalingBit | (*options.window_scale & kScaleBits);
    cookie.timestamp = (timestamp & ~kOptionBits) | *bits;
    // Never of a time to come: the peer would refuse what is sent before it.
    if (static_cast<int32_t>(cookie.timestamp - timestamp) > 0) cookie.timestamp -= kOptionBits + 1;
  }
  cookie.iss = CookieOf(key, tuple, irs, PeriodAt(now), index, bits);
  return cookie;
}

std::optional<Options> ReadSynCookie(const SipKey& key, const Tuple& tuple, Seq irs, Seq iss,
                                     std::optional<uint32_t> echo, Micros now) {
  const uint32_t index = iss.raw() & kMssBits;
  std::optional<uint32_t> bits;
  if (echo) bits = *echo & kOptionBits;
  const uint32_t period = PeriodAt(now);
  for (const uint32_t of : {period, period - 1}) {
    if (CookieOf(key, tuple, irs, of, index, bits) != iss) continue;
    Options options;
    options.mss = kMss[index];
    if (bits) {
      options.timestamps = Timestamps{};
      options.sack_permitted = (*bits & kSackBit) != 0;
      if ((*bits & kScalingBit) != 0) options.window_scale = *bits & kScaleBits;
    }
    return options;
  }
  return std::nullopt;
}

}  // namespace handoff::tcp
