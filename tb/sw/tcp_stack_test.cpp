// SPDX-License-Identifier: Apache-2.0
//
// Two stacks over an imperfect link: what is written is what is read.
#include "sw/tcp/stack.h"

#include <gtest/gtest.h>

#include "tb/sw/hosts.h"

namespace handoff::tcp {
namespace {

using tb::Hosts;
using tb::HostsConfig;
using tb::PatternUser;

struct LinkCase {
  const char* name;
  tb::LinkFaults faults;
  friend void PrintTo(const LinkCase& c, std::ostream* out) { *out << c.name; }
};

class LinkFaults : public testing::TestWithParam<std::tuple<LinkCase, bool, bool>> {};

TEST_P(LinkFaults, EveryByteArrivesOnceInOrderBothWays) {
  const auto& [link, sack, timestamps] = GetParam();
  for (uint32_t seed = 1; seed <= 3; ++seed) {
    HostsConfig config;
    config.faults = link.faults;
    config.seed = seed;
    Hosts hosts(config);
    OpenOptions options;
    options.sack = sack;
    options.timestamps = timestamps;
    const auto [client, server] = hosts.Connect(options, options);
    ASSERT_NE(server, nullptr);
    PatternUser a(client, 400000);
    PatternUser b(server, 150000);
    ASSERT_TRUE(hosts.time.RunUntil([&] { return a.closed && b.closed; }))
        << "stuck: a " << ToString(client->state()) << " " << a.received << ", b "
        << ToString(server->state()) << " " << b.received;
    EXPECT_EQ(b.received, 400000U);
    EXPECT_EQ(a.received, 150000U);
    EXPECT_EQ(a.wrong + b.wrong, 0U);
    EXPECT_TRUE(a.ended && b.ended);
    EXPECT_EQ(a.reason, CloseReason::kDone);
    EXPECT_EQ(b.reason, CloseReason::kDone);
    hosts.time.RunFor(sw::Seconds(200));
    EXPECT_EQ(hosts.a.table().size() + hosts.b.table().size(), 0U) << "TIME-WAIT ends";
    EXPECT_TRUE(hosts.time.idle()) << "no timer is left";
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, LinkFaults,
    testing::Combine(
        testing::Values(
            LinkCase{"Clean", {}}, LinkCase{"Loss", {.loss = 0.02}},
            LinkCase{"HeavyLoss", {.loss = 0.10}}, LinkCase{"Reorder", {.reorder = 0.1}},
            LinkCase{"Duplicate", {.duplicate = 0.1}}, LinkCase{"Damage", {.damage = 0.03}},
            LinkCase{"Everything",
                     {.loss = 0.02, .duplicate = 0.03, .reorder = 0.05, .damage = 0.02}}),
        testing::Bool(), testing::Bool()),
    [](const auto& test) {
      return std::string(std::get<0>(test.param).name) +
             (std::get<1>(test.param) ? "Sack" : "NoSack") +
             (std::get<2>(test.param) ? "Timestamps" : "NoTimestamps");
    });

TEST(TcpStack, TransfersOverIpv6) {
  HostsConfig config;
  config.v6 = true;
  Hosts hosts(config);
  const auto [client, server] = hosts.Connect();
  ASSERT_NE(server, nullptr);
  PatternUser a(client, 100000);
  PatternUser b(server, 0);
  ASSERT_TRUE(hosts.time.RunUntil([&] { return a.closed && b.closed; }));
  EXPECT_EQ(b.received, 100000U);
  EXPECT_EQ(client->tcb().snd_mss, 1440);
}

TEST(TcpStack, TransfersInsideVlans) {
  for (const Vlans vlans : {Vlans{100, 0}, Vlans{7, 9}}) {
    HostsConfig config;
    config.vlans = vlans;
    Hosts hosts(config);
    const auto [client, server] = hosts.Connect();
    ASSERT_NE(server, nullptr);
    PatternUser a(client, 50000);
    PatternUser b(server, 0);
    ASSERT_TRUE(hosts.time.RunUntil([&] { return a.closed && b.closed; }));
    EXPECT_EQ(b.received, 50000U);
    EXPECT_EQ(server->tuple().vlans, vlans);
  }
}

TEST(TcpStack, CleanLinkNeedsNoRetransmission) {
  Hosts hosts;
  const auto [client, server] = hosts.Connect();
  PatternUser a(client, 1000000);
  PatternUser b(server, 0);
  ASSERT_TRUE(hosts.time.RunUntil([&] { return a.closed && b.closed; }));
  EXPECT_EQ(client->stats().retransmissions, 0U);
  EXPECT_EQ(client->stats().timeouts, 0U);
}

TEST(TcpStack, JumboFramesFillTheMtu) {
  HostsConfig config;
  config.mtu = 9000;
  Hosts hosts(config);
  const auto [client, server] = hosts.Connect();
  PatternUser a(client, 300000);
  PatternUser b(server, 0);
  ASSERT_TRUE(hosts.time.RunUntil([&] { return a.closed && b.closed; }));
  EXPECT_EQ(client->EffectiveMss(), 8948U);
  EXPECT_EQ(b.received, 300000U);
}

// RFC 9293, 3.10.7.1: no connection, no listener.
TEST(TcpStack, Rfc9293Section3_10_7_1ClosedPortRefuses) {
  Hosts hosts;
  const auto client = hosts.a.Connect({}, {hosts.addr_b, 9});
  ASSERT_TRUE(hosts.time.RunUntil([&] { return client->state() == State::kClosed; }));
  EXPECT_EQ(client->close_reason(), CloseReason::kRefused);
  EXPECT_EQ(hosts.b.counters().resets_sent, 1U);
  EXPECT_LT(hosts.time.Now() - client->stats().opened_at, sw::Seconds(1));
}

TEST(TcpStack, SilentPeerTimesOut) {
  Hosts hosts;
  hosts.a_to_b.faults().loss = 1;
  const auto client = hosts.a.Connect({}, {hosts.addr_b, 9});
  ASSERT_TRUE(hosts.time.RunUntil([&] { return client->state() == State::kClosed; }));
  EXPECT_EQ(client->close_reason(), CloseReason::kTimedOut);
}

TEST(TcpStack, BacklogLeavesTheSynUnanswered) {
  Hosts hosts;
  ListenOptions options;
  options.backlog = 1;
  const auto listener = hosts.b.Listen({IpAddr(), 80}, options);
  const auto first = hosts.a.Connect({}, {hosts.addr_b, 80});
  const auto second = hosts.a.Connect({}, {hosts.addr_b, 80});
  hosts.time.RunFor(sw::Millis(500));
  EXPECT_EQ(first->state(), State::kEstablished);
  EXPECT_EQ(second->state(), State::kSynSent);
  EXPECT_EQ(hosts.b.counters().listen_overflows, 1U);
  ASSERT_NE(listener->Accept(), nullptr);
  hosts.time.RunFor(sw::Seconds(2));
  EXPECT_EQ(second->state(), State::kEstablished);
}

TEST(TcpStack, PortIsListenedOnOnce) {
  Hosts hosts;
  const auto listener = hosts.b.Listen({hosts.addr_b, 80});
  ASSERT_NE(listener, nullptr);
  EXPECT_EQ(hosts.b.Listen({hosts.addr_b, 80}), nullptr);
  listener->Close();
  EXPECT_NE(hosts.b.Listen({hosts.addr_b, 80}), nullptr);
}

TEST(TcpStack, SameSeedSameTraffic) {
  const auto run = [] {
    HostsConfig config;
    config.faults = {.loss = 0.03, .reorder = 0.05};
    Hosts hosts(config);
    const auto [client, server] = hosts.Connect();
    PatternUser a(client, 200000);
    PatternUser b(server, 0);
    hosts.time.RunUntil([&] { return a.closed && b.closed; });
    return std::tuple(hosts.time.Now(), hosts.a_to_b.frames, hosts.b_to_a.frames);
  };
  EXPECT_EQ(run(), run());
}

}  // namespace
}  // namespace handoff::tcp
