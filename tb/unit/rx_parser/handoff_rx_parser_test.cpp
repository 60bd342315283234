// SPDX-License-Identifier: Apache-2.0
//
// rx_parser against docs/units/rx_parser.md: twins in lockstep, beside them a reference that reads
// each frame whole (tb/unit/rx_parser/reference.h).

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <functional>
#include <iterator>
#include <vector>

#include "gen/handoff_rx_parser_rtl.h"
#include "model/handoff_rx_parser.h"
#include "tb/twin/twin_bench.h"
#include "tb/unit/rx_parser/frames.h"
#include "tb/unit/rx_parser/reference.h"
#include "tb/unit/rx_parser/rig.h"

namespace handoff {
namespace {

using rx_parser::Beats;
using rx_parser::Build;
using rx_parser::Bytes;
using rx_parser::FrameSpec;
using rx_parser::ToBeats;
using Rig = rx_parser::Rig<handoff_rx_parser_rtl>;

constexpr uint32_t kVlan = 0x8100u << 16, kService = 0x88A8u << 16;

// Calls f(spec) for both versions of IP, and zero to two tags.
void ForEachL3(const std::function<void(FrameSpec)>& f) {
  for (const bool ip6 : {false, true}) {
    for (uint32_t tags = 0; tags <= 2; ++tags) {
      FrameSpec spec;
      spec.seed = 10 * tags + ip6;
      spec.ip6 = ip6;
      for (uint32_t i = 0; i < tags; ++i) spec.tags.push_back(kVlan | (5 + i));
      f(spec);
    }
  }
}

TEST(RxParser, IsQuietAfterReset) {
  Rig u;
  EXPECT_EQ(u.bench.out().frame, Beat{});
  EXPECT_EQ(u.bench.out().hdr, Hdr{});
  EXPECT_FALSE(u.bench.out().quiet);
  u.bench.Cycle();
  EXPECT_TRUE(u.bench.out().quiet);
}

TEST(RxParser, FirstBeatAfterResetBeginsAFrame) {
  Rig u;
  u.watch.Declare({"row 10: IPv4 segment"});
  FrameSpec spec;
  spec.payload = 300;
  const Beats beats = ToBeats(Build(spec));
  for (uint32_t cycles = 1; cycles < 14; ++cycles) {  // cut off everywhere
    u.Push(beats);
    u.bench.Cycle(cycles);
    u.bench.Reset();
    u.SetMaxFrame(1518);
    EXPECT_EQ(u.Record(beats).seg.pay_len, 300u);
  }
}

TEST(RxParser, PassesEachBeatFiveCyclesLater) {
  Rig u;
  u.watch.Declare({"quiet", "quiet in mid-frame", "frames back to back"});
  u.bench.Cycle(3);
  FrameSpec spec;
  spec.payload = 1000;
  u.Push(ToBeats(Build(spec)));
  const uint64_t first = u.bench.cycle() + 1;
  u.Settle();
  ASSERT_EQ(u.frame.received(), 17u);
  for (uint32_t i = 0; i < 17; ++i) EXPECT_EQ(u.frame.items()[i].cycle, first + i + 5);
  EXPECT_EQ(u.hdr.items()[0].cycle, first + 16 + 5);
  for (const double idle : {0.3, 0.9}) {  // the watcher counts the cycles of each
    u.rx.SetIdle(idle);
    for (int i = 0; i < 20; ++i) u.Push(ToBeats(Build(spec)));
    u.Settle();
  }
  EXPECT_EQ(u.hdr.received(), 41u);
}

TEST(RxParser, SingleBeatFramesEveryCycle) {
  Rig u;
  u.watch.Declare({"frame of one beat", "frames back to back", "row 10: IPv4 segment"});
  FrameSpec spec;
  spec.payload = 5;
  for (uint32_t i = 0; i < 100; ++i) {
    spec.seed = i;
    u.Push(ToBeats(Build(spec)));
  }
  u.Settle();
  ASSERT_EQ(u.hdr.received(), 100u);
  for (uint32_t i = 1; i < 100; ++i) {
    EXPECT_EQ(u.hdr.items()[i].cycle, u.hdr.items()[0].cycle + i);
  }
}

TEST(RxParser, ReadsHeadersAtEveryOffset) {
  Rig u;
  u.watch.Declare({"row 10: IPv4 segment", "row 10: IPv6 segment", "one tag", "two tags",
                   "no payload", "row 12: padding"});
  ForEachL3([&](FrameSpec spec) {
    for (uint32_t words = 0; words <= 10; ++words) {
      for (const uint32_t payload : {0u, 1u, 64u}) {
        spec.options = Bytes(4 * words, 1);
        spec.payload = payload;
        const Seg seg = u.Record(spec).seg;
        EXPECT_EQ(seg.reason, Reason::ReasonNone);
        EXPECT_EQ(seg.pay_off, spec.pay_off());
        EXPECT_EQ(seg.pay_len, payload);
        EXPECT_EQ(seg.frame_bytes, std::max(60u, spec.pay_off() + payload));
        EXPECT_FALSE(seg.unknown_opt || seg.has_ts || seg.has_sack);
      }
    }
  });
}

TEST(RxParser, KeyCarriesMacAndTags) {
  Rig u;
  ForEachL3([&](const FrameSpec& spec) {
    Bytes f = Build(spec);
    const Hdr hdr = u.Record(ToBeats(f));
    const Key& key = hdr.key;
    EXPECT_EQ(key.is_ip6, spec.ip6);
    EXPECT_EQ(key.n_tags, spec.tags.size());
    EXPECT_EQ(key.vid0, spec.tags.empty() ? 0 : 5);
    EXPECT_EQ(key.vid1, spec.tags.size() > 1 ? 6 : 0);
    const uint32_t l4 = spec.l4(), n = spec.ip6 ? 16 : 4;
    for (uint32_t i = 0; i < 6; ++i) EXPECT_EQ(key.dst_mac >> (40 - 8 * i) & 0xFF, f[i]);
    for (uint32_t i = 0; i < 16; ++i) {
      EXPECT_EQ(key.dst_ip.byte(i), i < n ? f[l4 - 1 - i] : 0);
      EXPECT_EQ(key.src_ip.byte(i), i < n ? f[l4 - 1 - n - i] : 0);
    }
    EXPECT_EQ(key.src_port, f[l4] << 8 | f[l4 + 1]);
    EXPECT_EQ(key.dst_port, f[l4 + 2] << 8 | f[l4 + 3]);
    EXPECT_EQ(hdr.seg.seq >> 24, f[l4 + 4]);
    EXPECT_EQ(hdr.seg.ack & 0xFF, f[l4 + 11]);
    EXPECT_EQ(hdr.seg.wnd, f[l4 + 14] << 8 | f[l4 + 15]);
  });
}

TEST(RxParser, TagsWithIdZeroDoNotCount) {
  Rig u;
  u.watch.Declare({"row 11: VLAN id 0", "one tag", "two tags"});
  for (const uint32_t tpid : {kVlan, kService}) {
    for (const uint32_t vid0 : {0u, 1u, 0xFFFu}) {
      for (const uint32_t vid1 : {0u, 2u, 0xFFEu}) {
        for (const uint32_t priority : {0u, 0xF000u}) {  // and DEI: these never matter
          FrameSpec spec;
          spec.tags = {kService | priority | vid0, tpid | (priority ^ 0xF000) | vid1};
          const Key key = u.Record(spec).key;
          EXPECT_EQ(key.n_tags, (vid0 != 0) + (vid1 != 0));
          EXPECT_EQ(key.vid0, vid0 != 0 ? vid0 : vid1);
          EXPECT_EQ(key.vid1, vid0 != 0 ? vid1 : 0);
          spec.tags.pop_back();
          EXPECT_EQ(u.Record(spec).key.n_tags, vid0 != 0);
        }
      }
    }
  }
}

TEST(RxParser, ThreeTagsAreNotTcp) {
  Rig u;
  u.watch.Declare({"row 4: neither IPv4 nor IPv6"});
  for (const uint32_t vid : {0u, 7u}) {
    FrameSpec spec;
    spec.tags = {kVlan | 1, kVlan | 2, kVlan | vid};
    EXPECT_EQ(u.ReasonOf(spec), Reason::ReasonNotTcp);
    spec.tags = {kService, kService, kService | vid};
    EXPECT_EQ(u.ReasonOf(spec), Reason::ReasonNotTcp);
  }
}

TEST(RxParser, RuntAndOversizeByOneByte) {
  Rig u;
  u.watch.Declare({"row 2: runt", "row 3: oversize"});
  FrameSpec spec;
  spec.payload = 0;
  for (uint32_t bytes = 54; bytes < 62; ++bytes) {
    spec.least_bytes = bytes;
    const Seg seg = u.Record(spec).seg;
    EXPECT_EQ(seg.reason, bytes < 60 ? Reason::ReasonRunt : Reason::ReasonNone);
    EXPECT_EQ(seg.frame_bytes, bytes);
  }
  spec.least_bytes = 0;
  for (const uint32_t max_frame : {60u, 64u, 1518u, 9018u, 16384u}) {
    u.SetMaxFrame(max_frame);
    for (uint32_t bytes = max_frame - 1; bytes <= max_frame + 1; ++bytes) {
      spec.payload = bytes - spec.pay_off();
      EXPECT_EQ(u.ReasonOf(spec), bytes > max_frame ? Reason::ReasonOversize
                                  : bytes < 60      ? Reason::ReasonRunt
                                                    : Reason::ReasonNone);
    }
  }
}

TEST(RxParser, FramesOver16KiBSaturate) {
  Rig u;
  u.watch.Declare({"row 15: over 16 KiB", "row 10: IPv4 segment"});
  u.SetMaxFrame(65535);
  for (const uint32_t bytes : {16383u, 16384u, 16385u, 16500u, 40000u, 65536u + 100, 70000u}) {
    FrameSpec spec;
    spec.payload = bytes < 20000 ? bytes - 54 : 0;
    spec.least_bytes = bytes;
    const Seg seg = u.Record(spec).seg;
    EXPECT_EQ(seg.frame_bytes, std::min(bytes, 16385u));
    EXPECT_EQ(seg.reason, bytes > 16384 ? Reason::ReasonOversize : Reason::ReasonNone);
    EXPECT_EQ(u.ReasonOf(FrameSpec{}), Reason::ReasonNone);  // the next one is itself again
  }
}

TEST(RxParser, PaddingIsNoPayload) {
  Rig u;
  u.watch.Declare({"row 12: padding"});
  ForEachL3([&](FrameSpec spec) {
    for (uint32_t payload = 0; payload < 8; ++payload) {
      for (const uint32_t bytes : {60u, 100u, 500u}) {
        spec.payload = payload;
        spec.least_bytes = bytes;
        const Seg seg = u.Record(spec).seg;
        EXPECT_EQ(seg.reason, Reason::ReasonNone);
        EXPECT_EQ(seg.pay_len, payload);
        EXPECT_EQ(seg.frame_bytes, std::max(bytes, spec.pay_off() + payload));
      }
    }
  });
}

// One fault of each row, in the rows' order; any number of them together.
struct Fault {
  Reason reason;
  void (*put)(FrameSpec*);
};
constexpr Fault kFaults[] = {
    {Reason::ReasonMacError, [](FrameSpec*) {}},  // in the beats
    {Reason::ReasonRunt, [](FrameSpec* s) { s->least_bytes = 59; }},
    {Reason::ReasonOversize, [](FrameSpec*) {}},  // by max_frame
    {Reason::ReasonNotTcp, [](FrameSpec* s) { s->proto = 17; }},
    {Reason::ReasonFragment, [](FrameSpec* s) { s->frag = 0x2000; }},
    {Reason::ReasonIpOptions, [](FrameSpec* s) { s->ihl = 6; }},
    {Reason::ReasonLengths, [](FrameSpec* s) { s->doff_more = -1; }},
    {Reason::ReasonBadIpChecksum, [](FrameSpec* s) { s->ip_sum_ok = false; }},
    {Reason::ReasonBadTcpChecksum, [](FrameSpec* s) { s->tcp_sum_ok = false; }}};
constexpr uint32_t kNumFaults = std::size(kFaults);

Seg WithFaults(Rig& u, uint32_t faults, uint64_t seed) {
  FrameSpec spec;
  spec.seed = seed;
  spec.payload = 0;
  for (uint32_t i = 0; i < kNumFaults; ++i) {
    if (faults >> i & 1) kFaults[i].put(&spec);
  }
  Beats beats = ToBeats(Build(spec));
  if (faults & 1) beats[seed % beats.size()].user = true;
  u.SetMaxFrame(faults & 4 ? 58 : 1518);
  return u.Record(beats).seg;
}

TEST(RxParser, EachReasonAlone) {
  Rig u;
  EXPECT_EQ(WithFaults(u, 0, 1).reason, Reason::ReasonNone);
  for (uint32_t i = 0; i < kNumFaults; ++i) {
    for (uint64_t seed = 0; seed < 20; ++seed) {
      EXPECT_EQ(WithFaults(u, 1u << i, seed).reason, kFaults[i].reason);
    }
  }
}

TEST(RxParser, FirstReasonWins) {
  Rig u;
  for (uint32_t faults = 1; faults < 1u << kNumFaults; ++faults) {
    const auto first = static_cast<uint32_t>(std::countr_zero(faults));
    EXPECT_EQ(WithFaults(u, faults, faults).reason, kFaults[first].reason) << faults;
  }
}

TEST(RxParser, EveryProtocolOfBothVersions) {
  Rig u;
  u.watch.Declare({"row 4: another protocol", "row 6: IPv6 extension header"});
  for (const bool ip6 : {false, true}) {
    uint32_t options = 0;
    for (uint32_t proto = 0; proto < 256; ++proto) {
      FrameSpec spec;
      spec.ip6 = ip6;
      spec.proto = proto;
      const Reason reason = u.ReasonOf(spec);
      EXPECT_EQ(reason == Reason::ReasonNone, proto == 6);
      options += reason == Reason::ReasonIpOptions;
    }
    EXPECT_EQ(options, ip6 ? 11u : 0u);
  }
}

TEST(RxParser, VersionAndTypeMustAgree) {
  Rig u;
  u.watch.Declare({"row 4: neither IPv4 nor IPv6"});
  for (const uint32_t type : {0x0800u, 0x86DDu, 0x0806u, 0x0801u, 0x86DCu, 0x88A9u, 0x8101u}) {
    for (uint32_t version = 1; version < 16; ++version) {
      for (const bool ip6 : {false, true}) {
        FrameSpec spec;
        spec.ip6 = ip6;
        spec.type = type;
        spec.version = version;
        const bool right = ip6 ? type == 0x86DD && version == 6 : type == 0x0800 && version == 4;
        EXPECT_EQ(u.ReasonOf(spec) == Reason::ReasonNone, right) << type << " " << version;
      }
    }
  }
}

TEST(RxParser, SeesAFragmentByEachBit) {
  Rig u;
  u.watch.Declare({"row 5: fragment"});
  for (uint32_t bit = 0; bit < 16; ++bit) {
    FrameSpec spec;
    spec.frag = 1u << bit;  // the top two are reserved and DF
    EXPECT_EQ(u.ReasonOf(spec), bit < 14 ? Reason::ReasonFragment : Reason::ReasonNone);
  }
}

TEST(RxParser, TellsLengthsThatDisagree) {
  Rig u;
  u.watch.Declare({"row 7: IPv4 header too short", "row 7: no room for TCP",
                   "row 7: IP length over the frame", "row 7: data offset under 5",
                   "row 7: header over IP length"});
  ForEachL3([&](FrameSpec spec) {
    const auto lengths = [&](const FrameSpec& s) { return u.ReasonOf(s) == Reason::ReasonLengths; };
    spec.payload = 0;
    FrameSpec s = spec;
    s.ip_len_more = -1;
    EXPECT_TRUE(lengths(s));
    s = spec;
    s.least_bytes = s.pay_off() + 40;
    s.ip_len_more = 40;
    EXPECT_FALSE(lengths(s));
    s.ip_len_more = 41;
    EXPECT_TRUE(lengths(s));
    s.ip_len_more = 0xFFFF - 60;
    EXPECT_TRUE(lengths(s));
    for (int32_t doff = 0; doff < 16; ++doff) {
      s = spec;
      s.payload = 20;
      s.doff_more = doff - 5;
      EXPECT_EQ(lengths(s), doff < 5 || doff > 10) << doff;
    }
    for (uint32_t ihl = 0; ihl < 5 && !spec.ip6; ++ihl) {
      s = spec;
      s.payload = 40;
      s.ihl = ihl;
      s.ip_len_more = 20 - 4 * static_cast<int32_t>(ihl);
      EXPECT_TRUE(lengths(s)) << ihl;
    }
  });
}

TEST(RxParser, OddLengthsAddUp) {
  Rig u;
  u.watch.Declare({"odd length", "row 12: padding", "no payload"});
  ForEachL3([&](FrameSpec spec) {
    for (uint32_t payload = 0; payload < 150; ++payload) {
      spec.payload = payload;
      spec.seed += 100;
      EXPECT_EQ(u.Record(spec).seg.pay_len, payload);
    }
  });
}

TEST(RxParser, ChecksumsSeeEveryBit) {
  Rig u;
  u.watch.Declare({"row 8: IPv4 checksum", "row 9: TCP checksum"});
  u.bench.Declare({"bit that does not matter"});
  ForEachL3([&](FrameSpec spec) {
    spec.payload = 101;
    spec.least_bytes = spec.pay_off() + 101 + 5;
    const Bytes f = Build(spec);
    for (uint32_t bit = 8 * spec.l2(); bit < 8 * f.size(); ++bit) {
      Bytes g = f;
      g[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
      const uint32_t at = bit / 8 - spec.l2();
      // Traffic class, flow label, hop limit; padding.
      const bool free = (spec.ip6 && (at < 4 || at == 7) && !(at == 0 && bit % 8 >= 4)) ||
                        bit / 8 >= spec.pay_off() + 101;
      EXPECT_EQ(u.Record(ToBeats(g)).seg.reason == Reason::ReasonNone, free) << bit;
      if (free) u.bench.Hit("bit that does not matter");
    }
  });
}

TEST(RxParser, ChecksumFieldZeroIsAsAnyOther) {
  Rig u;
  u.watch.Declare({"row 14: checksum field 0"});
  ForEachL3([&](FrameSpec spec) {
    spec.tcp_sum_zero = true;
    EXPECT_EQ(u.ReasonOf(spec), Reason::ReasonNone);
    spec.tcp_sum_zero = false;
    Bytes f = Build(spec);
    rx_parser::SetWord(&f, spec.l4() + 16, 0);
    EXPECT_EQ(u.Record(ToBeats(f)).seg.reason, Reason::ReasonBadTcpChecksum);
  });
}

TEST(RxParser, TellsEachFlagAlone) {
  Rig u;
  for (uint32_t flags = 0; flags < 256; ++flags) {  // CWR and ECE, the top two, are ignored
    FrameSpec spec;
    spec.flags = flags;
    spec.seed = flags;  // NS, reserved bits, TOS, TTL, window: by the seed
    const Seg seg = u.Record(spec).seg;
    EXPECT_EQ(seg.reason, Reason::ReasonNone);
    EXPECT_EQ(
        seg.fin | seg.syn << 1 | seg.rst << 2 | seg.psh << 3 | seg.ack_flag << 4 | seg.urg << 5,
        flags & 0x3F);
  }
}

TEST(RxParser, KeepWithHolesIsAMacError) {
  Rig u;
  u.watch.Declare({"row 1: MAC error"});
  FrameSpec spec;
  spec.payload = 200;
  const Beats good = ToBeats(Build(spec));
  ASSERT_EQ(good.size(), 4u);
  for (uint32_t beat = 0; beat < 4; ++beat) {
    for (uint32_t lane = 0; lane < 64; ++lane) {
      Beats beats = good;
      Strb& keep = beats[beat].keep;
      const auto ones = static_cast<uint32_t>(std::popcount(keep));
      keep ^= Strb{1} << lane;
      const Reason expected = beat == 3 && lane == ones       ? Reason::ReasonNone     // padding
                              : beat == 3 && lane + 1 == ones ? Reason::ReasonLengths  // too short
                                                              : Reason::ReasonMacError;
      EXPECT_EQ(u.Record(beats).seg.reason, expected) << beat << " " << lane;
    }
    Beats beats = good;
    beats[beat].user = true;
    EXPECT_EQ(u.Record(beats).seg.reason, Reason::ReasonMacError);
    beats = good;
    beats[beat].keep = 0;
    EXPECT_EQ(u.Record(beats).seg.reason, Reason::ReasonMacError);
    EXPECT_EQ(u.Record(good).seg.reason, Reason::ReasonNone);
  }
}

TEST(RxParser, MaxFrameCountsThreeCyclesAfterTheLastBeat) {
  Rig u;
  const Beats beats = ToBeats(Build(FrameSpec{}));  // 64 bytes
  for (uint32_t low_cycle = 0; low_cycle < 8; ++low_cycle) {
    u.bench.Cycle(8);
    u.Push(beats);
    u.bench.Cycle();  // the beat is at the port in the next one
    u.bench.Cycle(low_cycle);
    u.SetMaxFrame(63);
    u.bench.Cycle();
    u.SetMaxFrame(1518);
    u.bench.Cycle(10);
    EXPECT_EQ(u.hdr.items().back().value.seg.reason,
              low_cycle == 3 ? Reason::ReasonOversize : Reason::ReasonNone);
  }
}

}  // namespace
}  // namespace handoff
