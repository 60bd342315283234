// SPDX-License-Identifier: Apache-2.0
//
// Listeners, and which connection or listener a segment is for.
#include <gtest/gtest.h>

#include "sw/tcp/demux.h"
#include "tb/sw/hosts.h"

namespace handoff::tcp {
namespace {

using tb::Hosts;

TEST(TcpListen, StandInGivesEachPeerItsOwnOptions) {
  Hosts hosts;
  ListenOptions options;
  options.open_for = [](const Tuple& tuple) {
    OpenOptions o;
    o.iss = Seq(tuple.remote.port * 1000U);
    o.window_scale = 3;
    return o;
  };
  const auto listener = hosts.b.Listen({IpAddr(), 80}, options);
  const auto first = hosts.a.Connect({IpAddr(), 4001}, {hosts.addr_b, 80});
  const auto second = hosts.a.Connect({IpAddr(), 4002}, {hosts.addr_b, 80});
  hosts.time.RunFor(sw::Seconds(1));
  EXPECT_EQ(first->tcb().irs, Seq(4001000));
  EXPECT_EQ(second->tcb().irs, Seq(4002000));
  EXPECT_EQ(first->tcb().snd_scale, 3);
}

TEST(TcpListen, AcceptsInTheOrderOfEstablishment) {
  Hosts hosts;
  int told = 0;
  const auto listener = hosts.b.Listen({hosts.addr_b, 80});
  listener->SetOnAcceptable([&] { ++told; });
  const auto first = hosts.a.Connect({IpAddr(), 4001}, {hosts.addr_b, 80});
  hosts.time.RunFor(sw::Millis(1));
  const auto second = hosts.a.Connect({IpAddr(), 4002}, {hosts.addr_b, 80});
  hosts.time.RunFor(sw::Seconds(1));
  EXPECT_EQ(told, 2);
  EXPECT_EQ(listener->Accept()->tuple().remote.port, 4001);
  EXPECT_EQ(listener->Accept()->tuple().remote.port, 4002);
  EXPECT_EQ(listener->Accept(), nullptr);
}

TEST(TcpListen, ClosingResetsWhatNobodyAccepted) {
  Hosts hosts;
  const auto listener = hosts.b.Listen({hosts.addr_b, 80});
  const auto client = hosts.a.Connect({}, {hosts.addr_b, 80});
  hosts.time.RunFor(sw::Seconds(1));
  listener->Close();
  hosts.time.RunFor(sw::Seconds(1));
  EXPECT_EQ(client->state(), State::kClosed);
  EXPECT_EQ(client->close_reason(), CloseReason::kReset);
  EXPECT_EQ(hosts.b.table().size(), 0U);
}

TEST(TcpListen, ExactAddressComesBeforeAllAddresses) {
  Hosts hosts;
  const auto all = hosts.b.Listen({IpAddr(), 80});
  const auto exact = hosts.b.Listen({hosts.addr_b, 80});
  const auto client = hosts.a.Connect({}, {hosts.addr_b, 80});
  hosts.time.RunFor(sw::Seconds(1));
  EXPECT_NE(exact->Accept(), nullptr);
  EXPECT_EQ(all->Accept(), nullptr);
}

// RFC 9293, 3.10.7.2, second.
TEST(TcpListen, Rfc9293Section3_10_7_2AcksToAListenerAreReset) {
  Hosts hosts;
  const auto listener = hosts.b.Listen({hosts.addr_b, 80});
  const auto client = hosts.a.Connect({IpAddr(), 4001}, {hosts.addr_b, 80});
  hosts.time.RunFor(sw::Seconds(1));
  hosts.b.Find({{hosts.addr_b, 80}, {hosts.addr_a, 4001}, {}})->Drop();  // the host forgot it
  client->Write(Bytes(10));
  hosts.time.RunFor(sw::Seconds(1));
  EXPECT_EQ(client->close_reason(), CloseReason::kReset);
}

// Corner 84.
TEST(TcpListen, PortIsReusedOutOfTimeWait) {
  Hosts hosts;
  const auto listener = hosts.b.Listen({hosts.addr_b, 80});
  const Endpoint local{hosts.addr_a, 4001};
  const auto first = hosts.a.Connect(local, {hosts.addr_b, 80});
  hosts.time.RunFor(sw::Seconds(1));
  const auto server = listener->Accept();
  server->ShutdownWrite();  // the listening side keeps TIME-WAIT
  hosts.time.RunFor(sw::Millis(100));
  first->ShutdownWrite();
  hosts.time.RunFor(sw::Seconds(1));
  ASSERT_EQ(server->state(), State::kTimeWait);
  ASSERT_EQ(first->state(), State::kClosed);
  const auto second = hosts.a.Connect(local, {hosts.addr_b, 80});
  hosts.time.RunFor(sw::Seconds(1));
  EXPECT_EQ(second->state(), State::kEstablished);
  EXPECT_NE(listener->Accept(), nullptr);
}

TEST(TcpListen, ConnectionsOfTwoVlansNeverMeet) {
  Hosts hosts;
  const auto listener = hosts.b.Listen({IpAddr(), 80});
  hosts.a.AddAddress({hosts.addr_a, 24, {7, 0}, {}});
  const auto client = hosts.a.Connect({}, {hosts.addr_b, 80}, {}, nullptr, {7, 0});
  ASSERT_NE(client, nullptr);
  hosts.time.RunFor(sw::Seconds(1));
  EXPECT_EQ(listener->Accept(), nullptr) << "nobody answers on that VLAN";
  EXPECT_EQ(hosts.a.Connect({}, {hosts.addr_b, 80}, {}, nullptr, {8, 0}), nullptr);
}

TEST(TcpListen, StackMayGoBeforeItsConnections) {
  std::shared_ptr<Connection> client;
  std::shared_ptr<Connection> server;
  {
    Hosts hosts;
    std::tie(client, server) = hosts.Connect();
  }
  EXPECT_EQ(client->state(), State::kClosed);
  EXPECT_EQ(client->Write(Bytes(10)), 0U);
  uint8_t byte = 0;
  EXPECT_EQ(client->Read({&byte, 1}), 0U);
  client->Close();
  client->Abort();
}

}  // namespace
}  // namespace handoff::tcp
