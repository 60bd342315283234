// SPDX-License-Identifier: Apache-2.0
//
// rx_parser on random frames, right and wrong in every way that docs/units/rx_parser.md tells
// apart.

#include <gtest/gtest.h>

#include <cstdint>
#include <iterator>
#include <vector>

#include "gen/handoff_rx_parser_rtl.h"
#include "model/handoff_rx_parser.h"
#include "tb/twin/channel_hits.h"
#include "tb/twin/twin_bench.h"
#include "tb/unit/rx_parser/frames.h"
#include "tb/unit/rx_parser/rig.h"

namespace handoff {
namespace {

using rx_parser::Beats;
using rx_parser::Bytes;
using rx_parser::FrameSpec;
using Rig = rx_parser::Rig<handoff_rx_parser_rtl>;

uint32_t Below(Rng& rng, uint64_t n) { return static_cast<uint32_t>(rng.Below(n)); }

Bytes RandomOption(Rng& rng) {
  const auto with_length = [&](uint32_t kind, uint32_t len, uint32_t told) {
    Bytes option;
    for (uint32_t i = 0; i < len; ++i) option.push_back(static_cast<uint8_t>(rng.Next()));
    option[0] = static_cast<uint8_t>(kind);
    option[1] = static_cast<uint8_t>(told);
    return option;
  };
  const auto right = [&](uint32_t kind, uint32_t len) { return with_length(kind, len, len); };
  switch (rng.Below(12)) {
    case 0:
    case 1:
    case 2:
      return Bytes(1 + rng.Below(3), 1);
    case 3:
    case 4:
      return right(8, 10);
    case 5:
      return right(5, 2 + 8 * (1 + Below(rng, 4)));
    case 6:
      return right(2, 4);
    case 7:
      return rng.Chance(0.5) ? right(3, 3) : right(4, 2);
    case 8:
      return right(Below(rng, 10), 2 + Below(rng, 12));
    case 9:
      return right(2 + Below(rng, 254), 2 + Below(rng, 6));
    case 10:
      return rng.Chance(0.3) ? Bytes(1, 0) : right(8, 10);
    default:
      return rng.Chance(0.5) ? right(8, 10)
                             : with_length(2 + Below(rng, 9), 2,
                                           rng.Chance(0.5) ? Below(rng, 2) : Below(rng, 256));
  }
}

Bytes RandomOptions(Rng& rng) {
  Bytes options;
  if (rng.Chance(0.2)) return options;
  const uint32_t bytes = 4 * (1 + Below(rng, 10));
  while (options.size() < bytes) {
    const Bytes option = RandomOption(rng);
    options.insert(options.end(), option.begin(), option.end());
  }
  options.resize(bytes);
  return options;
}

FrameSpec RandomSpec(Rng& rng) {
  FrameSpec s;
  s.seed = rng.Next();
  s.ip6 = rng.Chance(0.5);
  for (uint32_t n = rng.Chance(0.5) ? 0 : 1 + Below(rng, rng.Chance(0.1) ? 3 : 2); n > 0; --n) {
    const uint32_t tpid = rng.Chance(0.5) ? 0x8100 : 0x88A8;
    const uint32_t vid = rng.Chance(0.3) ? 0 : Below(rng, 4096);
    s.tags.push_back(tpid << 16 | Below(rng, 16) << 12 | vid);
  }
  s.options = RandomOptions(rng);
  s.payload = Below(rng, rng.Chance(0.3) ? 2 : rng.Chance(0.8) ? 150 : 1500);
  s.flags = Below(rng, 256);
  s.frag = rng.Chance(0.5) ? 0x4000 : 0;
  s.least_bytes = rng.Chance(0.9) ? 60 : 50 + Below(rng, 400);
  const auto rarely = [&] { return rng.Chance(0.03); };
  if (rarely()) s.type = rng.Chance(0.5) ? 0x0806 : rng.Chance(0.5) ? 0x0800 : 0x86DD;
  if (rarely()) s.version = 1 + Below(rng, 15);
  if (rarely()) s.ihl = Below(rng, 16);
  if (rarely()) s.frag = Below(rng, 0x10000);
  if (rng.Chance(0.06)) {
    constexpr uint32_t kExtensions[] = {0, 43, 44, 50, 51, 60, 135, 139, 140, 253, 254};
    s.proto = rng.Chance(0.5) ? kExtensions[rng.Below(std::size(kExtensions))] : Below(rng, 256);
  }
  if (rarely()) s.ip_len_more = static_cast<int32_t>(rng.Below(9)) - 4;
  if (rarely()) s.ip_len_more = -static_cast<int32_t>(rng.Below(s.payload + 45));
  if (rarely()) s.ip_len_more = static_cast<int32_t>(rng.Below(0xFF00));
  if (rarely()) s.doff_more = static_cast<int32_t>(rng.Below(16)) - 8;
  if (rarely()) s.ip_sum_ok = false;
  if (rarely()) s.tcp_sum_ok = false;
  if (rarely()) {
    s.tcp_sum_zero = true;
    s.payload = 3 + Below(rng, 100);
    s.ip_len_more = 0;
  }
  return s;
}

Beats RandomFrame(Rng& rng) {
  Bytes bytes = rx_parser::Build(RandomSpec(rng));
  if (rng.Chance(0.03)) bytes.resize(1 + rng.Below(80));
  if (rng.Chance(0.02)) {
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(rng.Next());
  }
  if (rng.Chance(0.003)) bytes.resize(16384 + rng.Below(3));
  Beats beats = rx_parser::ToBeats(bytes, rng.Next());
  Axis& some = beats[rng.Below(beats.size())];
  if (rng.Chance(0.02)) some.user = true;
  if (rng.Chance(0.02)) some.keep ^= Strb{1} << rng.Below(64);
  if (rng.Chance(0.01)) some.keep = rng.Next();
  if (rng.Chance(0.01)) some.keep = 0;
  return beats;
}

TEST(RxParserRandom, AThousandRuns) {
  Rig u;
  ChannelHits channel_hits(u.bench);
  u.watch.Declare({"row 1: MAC error",
                   "row 2: runt",
                   "row 3: oversize",
                   "row 4: neither IPv4 nor IPv6",
                   "row 4: another protocol",
                   "row 5: fragment",
                   "row 6: IPv4 options",
                   "row 6: IPv6 extension header",
                   "row 7: IPv4 header too short",
                   "row 7: no room for TCP",
                   "row 7: IP length over the frame",
                   "row 7: data offset under 5",
                   "row 7: header over IP length",
                   "row 8: IPv4 checksum",
                   "row 9: TCP checksum",
                   "row 10: IPv4 segment",
                   "row 10: IPv6 segment",
                   "row 11: VLAN id 0",
                   "row 12: padding",
                   "row 14: checksum field 0",
                   "row 15: over 16 KiB"});
  u.watch.Declare({"one tag", "two tags", "odd length", "no payload", "frame of one beat",
                   "frames back to back", "quiet", "quiet in mid-frame"});
  u.watch.Declare({"timestamp",
                   "timestamp, late",
                   "second timestamp",
                   "option over byte 20",
                   "timestamp behind an unknown option",
                   "SACK",
                   "SACK, late",
                   "option of SYNs",
                   "option of SYNs, late",
                   "unknown option",
                   "unknown option, late",
                   "bad length",
                   "bad length, late",
                   "no length",
                   "length under 2",
                   "length over",
                   "end of list",
                   "end of list, late",
                   "no operation",
                   "no operation, late"});
  u.bench.Declare({"reset in mid-traffic", "max_frame in mid-traffic"});
  u.bench.Runs(1000, [&] {
    Rng rng = u.bench.MakeRng("frames");
    const auto max_frame = [&] {
      u.SetMaxFrame(rng.Chance(0.8)   ? 1518
                    : rng.Chance(0.5) ? 60 + Below(rng, 200)
                                      : 9000 + Below(rng, 50000));
    };
    max_frame();
    u.rx.SetIdle(rng.Chance(0.5) ? 0 : rng.Chance(0.5) ? 0.3 : 0.9);
    u.rx.SetGarbage(rng.Chance(0.5));
    for (int i = 0; i < 40; ++i) u.Push(RandomFrame(rng));
    while (!u.rx.done()) {
      u.bench.Cycle(rng.Between(1, 60));
      if (rng.Chance(0.1)) {
        max_frame();
        u.bench.Hit("max_frame in mid-traffic");
      }
      if (rng.Chance(0.003)) {
        u.bench.Reset();
        max_frame();
        u.bench.Hit("reset in mid-traffic");
        for (int n = 0; n < 10; ++n) u.Push(RandomFrame(rng));
      }
    }
    u.Settle();
  });
}

}  // namespace
}  // namespace handoff
