// SPDX-License-Identifier: Apache-2.0
//
// A host with an engine against a plain one: what is written is what is read, delegated or not, and
// the hand-over happens both ways, whatever the link does.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <vector>

#include "sw/app/bulk.h"
#include "sw/tcp/ethernet.h"
#include "sw/tcp/ipv4.h"
#include "sw/tcp/segment.h"
#include "tb/sw/delegated_hosts.h"

namespace handoff::driver {
namespace {

using tb::DelegatedConfig;
using tb::DelegatedHosts;
using tb::PatternUser;
using tb::WireCase;

constexpr WireCase kEverything{"Everything",
                               {.loss = 0.02, .duplicate = 0.02, .reorder = 0.03, .damage = 0.01}};

DelegatedConfig Over(const WireCase& wire, uint32_t seed) {
  DelegatedConfig config;
  config.faults.loss = wire.faults.loss;
  config.faults.duplicate = wire.faults.duplicate;
  config.faults.reorder = wire.faults.reorder;
  config.faults.damage = wire.faults.damage;
  config.seed = seed;
  return config;
}

class DriverLink : public testing::TestWithParam<std::tuple<WireCase, bool, bool>> {};

TEST_P(DriverLink, EveryByteArrivesOnceInOrderBothWays) {
  const auto& [link, sack, timestamps] = GetParam();
  for (uint32_t seed = 1; seed <= 6; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    DelegatedHosts hosts(Over(link, seed));
    tcp::OpenOptions options;
    options.sack = sack;
    options.timestamps = timestamps;
    const auto [client, server] = hosts.Connect(options);
    ASSERT_NE(server, nullptr);
    PatternUser a(client, 600000);
    PatternUser b(server, 200000);
    ASSERT_TRUE(hosts.time.RunUntil([&] { return a.closed && b.closed; }))
        << "stuck: peer " << ToString(client->state()) << " " << a.received << ", host "
        << ToString(server->state()) << " " << ToString(server->delegation().phase) << " "
        << b.received;
    EXPECT_EQ(b.received, 600000u);
    EXPECT_EQ(a.received, 200000u);
    EXPECT_EQ(a.wrong + b.wrong, 0u);
    EXPECT_TRUE(a.ended && b.ended);
    EXPECT_EQ(a.reason, tcp::CloseReason::kDone);
    EXPECT_EQ(b.reason, tcp::CloseReason::kDone);
    const DelegationStats stats = hosts.Stats(*server);
    EXPECT_GE(stats.resumes, 1u);
    EXPECT_GT(stats.bytes_legacy, 0u);
    hosts.time.RunFor(sw::Seconds(200));
    EXPECT_EQ(hosts.peer.table().size() + hosts.host->stack().table().size(), 0u);
    EXPECT_EQ(hosts.engine.entries_in_use(), 0u);
    EXPECT_EQ(hosts.host->delegation().entries(), 0u);
    EXPECT_EQ(hosts.host->driver().legacy().posted(), hosts.host->driver().legacy().buffers());
    EXPECT_TRUE(hosts.time.idle()) << hosts.time.pending() << " timers are left";
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, DriverLink,
    testing::Combine(testing::Values(WireCase{"Clean", {}}, WireCase{"Loss", {.loss = 0.01}},
                                     WireCase{"HeavyLoss", {.loss = 0.08}},
                                     WireCase{"Reorder", {.reorder = 0.05}},
                                     WireCase{"Duplicate", {.duplicate = 0.1}}, kEverything),
                     testing::Bool(), testing::Bool()),
    [](const auto& test) {
      return std::string(std::get<0>(test.param).name) +
             (std::get<1>(test.param) ? "Sack" : "NoSack") +
             (std::get<2>(test.param) ? "Timestamps" : "NoTimestamps");
    });

TEST(DriverDelegation, CleanLinkNeedsOneResumeAndNoResyncBeforeTheEnd) {
  DelegatedHosts hosts;
  const auto [client, server] = hosts.Connect();
  ASSERT_TRUE(hosts.RunUntilLive(*server));
  PatternUser a(client, 2000000);
  PatternUser b(server, 0);
  ASSERT_TRUE(hosts.time.RunUntil([&] { return a.closed && b.closed; }));
  const DelegationStats stats = hosts.Stats(*server);
  EXPECT_EQ(stats.resumes, 1u);
  EXPECT_EQ(stats.resyncs, 1u) << "the FIN";
  EXPECT_EQ(stats.bytes_legacy + stats.bytes_host, 2000000u);
  EXPECT_EQ(client->stats().retransmissions, 0u);
  EXPECT_GT(hosts.engine.counter[static_cast<size_t>(Counter::CntTxAcks)], 100u);
}

// The ACKs on the wire, by connection: a frame in IPv4 without tags is all there is here.
class AckCount {
 public:
  void Add(tcp::ByteView frame, int64_t n) {
    const auto ethernet = tcp::ParseEthernet(frame);
    const auto ip = ethernet ? tcp::ParseIpv4(ethernet->payload) : std::nullopt;
    if (!ip) return;
    const auto parsed = tcp::ParseSegment(ip->header.src, ip->header.dst, ip->payload);
    const tcp::Segment& s = parsed.segment;
    if (parsed.error != tcp::SegmentError::kNone || !s.payload.empty()) return;
    if (s.flags.syn || s.flags.fin || s.flags.rst) return;
    by_peer_port[s.dst_port] += n;
  }
  std::map<uint16_t, int64_t> by_peer_port;
};

// Who sees every frame knows which ACKs the engine itself has made, connection by connection.
TEST(DriverDelegation, TheEnginesOwnAcksAreKnownByConnection) {
  for (uint32_t seed = 1; seed <= 6; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    DelegatedConfig config = Over(kEverything, seed);
    config.delegation.max_entries = 2;  // one of three is never delegated
    DelegatedHosts hosts(config);
    AckCount acks;
    hosts.to_peer.SetFilter([&](tcp::ByteView frame) {
      acks.Add(frame, 1);
      return true;
    });
    int64_t raw = 0;
    hosts.host->driver().SetRawSentHandler([&](tcp::ByteView frame) {
      acks.Add(frame, -1);
      ++raw;
    });
    std::vector<DelegatedHosts::Pair> pairs;
    std::vector<std::unique_ptr<PatternUser>> users;
    for (uint16_t port = 5000; port < 5003; ++port) {
      pairs.push_back(hosts.Connect({}, port));
      users.push_back(std::make_unique<PatternUser>(pairs.back().first, 400000));
      users.push_back(std::make_unique<PatternUser>(pairs.back().second, 50000, false));
    }
    // A FIN alone, by an entry, is no ACK.
    ASSERT_TRUE(hosts.time.RunUntil([&] {
      return std::all_of(pairs.begin(), pairs.end(), [](const auto& pair) {
        return pair.second->stats().bytes_out == 50000 && pair.second->tcb().FlightBytes() == 0;
      });
    }));
    for (const auto& pair : pairs) pair.second->ShutdownWrite();
    ASSERT_TRUE(hosts.time.RunUntil([&] {
      return std::all_of(users.begin(), users.end(), [](const auto& u) { return u->closed; });
    }));
    hosts.time.RunFor(sw::Seconds(200));
    int64_t sum = 0, delegated = 0, sends = 0;
    for (const auto& [client, server] : pairs) {
      const DelegationStats stats = hosts.Stats(*server);
      const auto own = acks.by_peer_port[server->tuple().remote.port] -
                       static_cast<int64_t>(stats.pure_acks_sent);
      EXPECT_EQ(own > 0, stats.resumes > 0) << own;
      EXPECT_GE(own, 0);
      sum += own;
      delegated += stats.resumes > 0 ? 1 : 0;
      sends += static_cast<int64_t>(stats.pure_acks_sent);
    }
    EXPECT_EQ(sum,
              static_cast<int64_t>(hosts.engine.counter[static_cast<size_t>(Counter::CntTxAcks)]));
    EXPECT_GE(delegated, 2);
    EXPECT_GT(sends, 0) << "in resync the stack acknowledges";
    EXPECT_GT(raw, 3);
  }
}

}  // namespace
}  // namespace handoff::driver
