// SPDX-License-Identifier: Apache-2.0
//
// Two stacks over an imperfect link: what is written is what is read.
#include "sw/tcp/stack.h"

#include <gtest/gtest.h>

#include <set>

#include "sw/tcp/ethernet.h"
#include "sw/tcp/icmp.h"
#include "sw/tcp/ipv4.h"
#include "tb/sw/hosts.h"

namespace handoff::tcp {
namespace {

using tb::Hosts;
using tb::HostsConfig;
using tb::PatternUser;
using tb::WireCase;

class LinkFaults : public testing::TestWithParam<std::tuple<WireCase, bool, bool>> {};

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
    EXPECT_EQ(b.received, 400000u);
    EXPECT_EQ(a.received, 150000u);
    EXPECT_EQ(a.wrong + b.wrong, 0u);
    EXPECT_TRUE(a.ended && b.ended);
    EXPECT_EQ(a.reason, CloseReason::kDone);
    EXPECT_EQ(b.reason, CloseReason::kDone);
    hosts.time.RunFor(sw::Seconds(200));
    EXPECT_EQ(hosts.a.table().size() + hosts.b.table().size(), 0u) << "TIME-WAIT ends";
    EXPECT_TRUE(hosts.time.idle()) << "no timer is left";
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, LinkFaults,
    testing::Combine(
        testing::Values(
            WireCase{"Clean", {}}, WireCase{"Loss", {.loss = 0.02}},
            WireCase{"HeavyLoss", {.loss = 0.10}}, WireCase{"Reorder", {.reorder = 0.1}},
            WireCase{"Duplicate", {.duplicate = 0.1}}, WireCase{"Damage", {.damage = 0.03}},
            WireCase{"Everything",
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
  EXPECT_EQ(b.received, 100000u);
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
    EXPECT_EQ(b.received, 50000u);
    EXPECT_EQ(server->tuple().vlans, vlans);
  }
}

TEST(TcpStack, CleanLinkNeedsNoRetransmission) {
  Hosts hosts;
  const auto [client, server] = hosts.Connect();
  PatternUser a(client, 1000000);
  PatternUser b(server, 0);
  ASSERT_TRUE(hosts.time.RunUntil([&] { return a.closed && b.closed; }));
  EXPECT_EQ(client->stats().retransmissions, 0u);
  EXPECT_EQ(client->stats().timeouts, 0u);
}

TEST(TcpStack, JumboFramesFillTheMtu) {
  HostsConfig config;
  config.mtu = 9000;
  Hosts hosts(config);
  const auto [client, server] = hosts.Connect();
  PatternUser a(client, 300000);
  PatternUser b(server, 0);
  ASSERT_TRUE(hosts.time.RunUntil([&] { return a.closed && b.closed; }));
  EXPECT_EQ(client->EffectiveMss(), 8948u);
  EXPECT_EQ(b.received, 300000u);
}

// RFC 9293, 3.4.1: M, a clock of 4 microseconds, and F, of the connection and a secret.
TEST(TcpStack, Rfc9293Section3_4_1InitialNumbersFollowAClockAndASecret) {
  const auto open = [](Hosts& hosts, uint16_t port) {
    const auto c = hosts.a.Connect({hosts.addr_a, port}, {hosts.addr_b, 9});
    const Seq iss = c->tcb().iss;
    c->Drop();
    return iss;
  };
  Hosts hosts;
  const Seq first = open(hosts, 4001);
  hosts.time.RunFor(sw::Seconds(3));
  EXPECT_EQ(open(hosts, 4001) - first, 750000);
  const Seq other = open(hosts, 4002);
  EXPECT_NE(other - open(hosts, 4001), 0);
  HostsConfig config;
  config.seed = 2;
  Hosts with_another_secret(config);
  EXPECT_NE(open(with_another_secret, 4001), first);
  EXPECT_NE(open(with_another_secret, 4002) - open(with_another_secret, 4001),
            other - open(hosts, 4001))
      << "the one connection's number tells nothing of the other's";
}

// RFC 9293, 3.10.1 and 3.9.1.1.
TEST(TcpStack, Rfc9293Section3_10_1OpenChoosesWhatIsLeftOpen) {
  Hosts hosts;
  for (size_t i = 1; i <= 500; ++i) {  // enough for two to draw the same port at first
    const auto client = hosts.a.Connect({}, {hosts.addr_b, 9});
    ASSERT_NE(client, nullptr) << i;
    EXPECT_EQ(client->tuple().local.addr, hosts.addr_a);
    EXPECT_GE(client->tuple().local.port, 49152);
    EXPECT_EQ(hosts.a.table().size(), i);
  }
}

TEST(TcpStack, WithoutAFreePortNothingIsOpened) {
  Hosts hosts;
  hosts.a_to_b.faults().loss = 1;
  OpenOptions options;
  options.timestamps = false;
  const uint32_t all = 65536 - 49152;
  std::set<uint16_t> ports;
  for (uint32_t i = 0; i < all; ++i) {
    const auto client = hosts.a.Connect({}, {hosts.addr_b, 9}, options);
    ASSERT_NE(client, nullptr) << i;
    ports.insert(client->tuple().local.port);
  }
  EXPECT_EQ(ports.size(), all);
  EXPECT_GE(*ports.begin(), 49152);
  EXPECT_EQ(hosts.a.Connect({}, {hosts.addr_b, 9}), nullptr);
  EXPECT_NE(hosts.a.Connect({}, {hosts.addr_b, 10}), nullptr) << "to another endpoint all are free";
  EXPECT_EQ(hosts.a.table().size(), all + 1);
}

TEST(TcpStack, Rfc9293Section3_10_1OpenIsRefused) {
  Hosts hosts;
  const auto client = hosts.a.Connect({hosts.addr_a, 4001}, {hosts.addr_b, 9});
  ASSERT_NE(client, nullptr);
  EXPECT_EQ(hosts.a.Connect({hosts.addr_a, 4001}, {hosts.addr_b, 9}), nullptr) << "it exists";
  EXPECT_EQ(client->state(), State::kSynSent);
  EXPECT_EQ(hosts.a.Connect({hosts.addr_b, 4002}, {hosts.addr_b, 9}), nullptr) << "not ours";
  for (const IpAddr& no_host :
       {IpAddr::V4(224, 0, 0, 1), IpAddr::V4(255, 255, 255, 255), IpAddr::V4(0, 0, 0, 0),
        *IpAddr::Parse("ff02::1"), *IpAddr::Parse("::"), IpAddr::V4(10, 77, 0, 255),
        IpAddr::V4(127, 0, 0, 1), hosts.addr_a}) {
    EXPECT_EQ(hosts.a.Connect({hosts.addr_a, 4003}, {no_host, 9}), nullptr) << no_host.ToString();
  }
  EXPECT_EQ(hosts.a.table().size(), 1u);
}

// RFC 9293, 3.9.2.2: the error goes to the connection whose segment it quotes.
TEST(TcpStack, Rfc9293Section3_9_2_2IcmpErrorFindsItsConnection) {
  Hosts hosts;
  hosts.a_to_b.faults().loss = 1;
  const auto first = hosts.a.Connect({hosts.addr_a, 4001}, {hosts.addr_b, 9});
  const auto second = hosts.a.Connect({hosts.addr_a, 4002}, {hosts.addr_b, 9});
  Bytes rest(4);
  AppendIpv4(rest, {.src = hosts.addr_a, .dst = hosts.addr_b}, 20);
  for (const uint32_t word : {4002u << 16 | 9u, second->tcb().iss.raw()}) Append32(rest, word);
  const Bytes message = BuildIcmp(hosts.addr_b, hosts.addr_a, {false, 3, 3, rest});
  Bytes frame;
  AppendEthernet(
      frame,
      {.dst = {{2, 0, 0, 0, 0, 1}}, .src = {{2, 0, 0, 0, 0, 2}}, .ether_type = kEtherTypeIpv4});
  AppendIpv4(frame, {.protocol = kProtocolIcmp, .src = hosts.addr_b, .dst = hosts.addr_a},
             message.size());
  AppendBytes(frame, message);
  hosts.a.Input(frame);
  EXPECT_EQ(first->state(), State::kSynSent);
  EXPECT_EQ(second->state(), State::kClosed);
  EXPECT_EQ(second->close_reason(), CloseReason::kRefused);
}

// RFC 9293, 3.10.7.1: no connection, no listener.
TEST(TcpStack, Rfc9293Section3_10_7_1ClosedPortRefuses) {
  Hosts hosts;
  const auto client = hosts.a.Connect({}, {hosts.addr_b, 9});
  ASSERT_TRUE(hosts.time.RunUntil([&] { return client->state() == State::kClosed; }));
  EXPECT_EQ(client->close_reason(), CloseReason::kRefused);
  EXPECT_EQ(hosts.b.counters().resets_sent, 1u);
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
  hosts.time.RunFor(sw::Millis(500));
  EXPECT_EQ(first->state(), State::kEstablished);
  const auto second = hosts.a.Connect({}, {hosts.addr_b, 80});
  hosts.time.RunFor(sw::Millis(500));
  EXPECT_EQ(second->state(), State::kSynSent);
  EXPECT_EQ(hosts.b.counters().listen_overflows, 1u);
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
