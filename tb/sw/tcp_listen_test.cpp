// SPDX-License-Identifier: Apache-2.0
//
// Listeners, and which connection or listener a segment is for.
#include <gtest/gtest.h>

#include <utility>

#include "sw/tcp/demux.h"
#include "sw/tcp/ethernet.h"
#include "sw/tcp/ipv4.h"
#include "sw/tcp/ipv6.h"
#include "tb/sw/hosts.h"

namespace handoff::tcp {
namespace {

using tb::Hosts;

// A segment of nobody's stack, in a frame for b's MAC.
Bytes FrameToB(const Segment& segment, const IpAddr& src, const IpAddr& dst) {
  Bytes frame;
  AppendEthernet(frame, {.dst = {{2, 0, 0, 0, 0, 2}},
                         .src = {{2, 0, 0, 0, 0, 1}},
                         .ether_type = src.is_v6() ? kEtherTypeIpv6 : kEtherTypeIpv4});
  if (src.is_v6()) {
    AppendIpv6(frame, {.next_header = kProtocolTcp, .src = src, .dst = dst}, kTcpHeaderBytes);
  } else {
    AppendIpv4(frame, {.protocol = kProtocolTcp, .src = src, .dst = dst}, kTcpHeaderBytes);
  }
  AppendSegment(frame, src, dst, segment, {});
  return frame;
}
Bytes FrameToB(const Hosts& hosts, const Segment& segment) {
  return FrameToB(segment, hosts.addr_a, hosts.addr_b);
}

TEST(TcpListen, StandInGivesEachPeerItsOwnOptions) {
  Hosts hosts;
  ListenOptions options;
  options.open_for = [](const Tuple& tuple) {
    OpenOptions o;
    o.iss = Seq(tuple.remote.port * 1000u);
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
  EXPECT_EQ(hosts.b.table().size(), 0u);
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

// RFC 9293, 3.5.3: LISTEN ignores resets, whether or not they acknowledge something.
TEST(TcpListen, Rfc9293Section3_5_3ResetsToAListenerAreIgnored) {
  Hosts hosts;
  const auto listener = hosts.b.Listen({hosts.addr_b, 80});
  for (const Flags flags :
       {Flags{.rst = true}, Flags{.rst = true, .ack = true}, Flags{.syn = true, .rst = true}}) {
    hosts.b.Input(FrameToB(hosts, {.src_port = 4001, .dst_port = 80, .flags = flags}));
  }
  hosts.time.RunFor(sw::Seconds(1));
  EXPECT_EQ(hosts.b.counters().segments_in, 3u);
  EXPECT_EQ(hosts.b_to_a.frames, 0u) << "neither answered nor asked after";
  EXPECT_EQ(hosts.b.table().size(), 0u);
  EXPECT_NE(hosts.b.Listen({hosts.addr_b, 81}), nullptr);
  const auto client = hosts.a.Connect({}, {hosts.addr_b, 80});
  hosts.time.RunFor(sw::Seconds(1));
  EXPECT_EQ(client->state(), State::kEstablished) << "it still listens";
}

// RFC 9293, 3.5.1, figure 9: who has forgotten a connection and opens it again finds the other end
// in it.
TEST(TcpListen, Rfc9293Section3_5_1HalfOpenIsFoundByOpeningAgain) {
  Hosts hosts;
  const auto listener = hosts.b.Listen({hosts.addr_b, 80});
  const Endpoint local{hosts.addr_a, 4001};
  const auto forgotten = hosts.a.Connect(local, {hosts.addr_b, 80});
  hosts.time.RunFor(sw::Seconds(1));
  const auto half_open = listener->Accept();
  ASSERT_NE(half_open, nullptr);
  forgotten->Drop();
  const auto again = hosts.a.Connect(local, {hosts.addr_b, 80});
  hosts.time.RunFor(sw::Millis(500));
  EXPECT_EQ(half_open->close_reason(), CloseReason::kReset) << "by the answer to its ACK";
  EXPECT_EQ(again->state(), State::kSynSent);
  hosts.time.RunFor(sw::Seconds(2));
  EXPECT_EQ(again->state(), State::kEstablished) << "by the SYN sent once more";
  EXPECT_NE(listener->Accept(), nullptr);
}

// RFC 9293, 3.5.1, figure 10: or the other end finds it by sending.
TEST(TcpListen, Rfc9293Section3_5_1HalfOpenIsFoundBySending) {
  Hosts hosts;
  const auto [client, server] = hosts.Connect();
  client->Drop();
  hosts.time.RunFor(sw::Seconds(100));
  EXPECT_EQ(server->state(), State::kEstablished) << "nothing tells it";
  server->Write(Bytes(10));
  hosts.time.RunFor(sw::Seconds(1));
  EXPECT_EQ(server->close_reason(), CloseReason::kReset);
  EXPECT_EQ(hosts.b.table().size(), 0u);
}

// RFC 9293, 3.5.1, figure 11: both only listen; an old SYN of one wakes the other.
TEST(TcpListen, Rfc9293Section3_5_1OldSynBetweenTwoListenersEndsInAReset) {
  Hosts hosts;
  const auto of_a = hosts.a.Listen({hosts.addr_a, 4001});
  const auto of_b = hosts.b.Listen({hosts.addr_b, 80});
  hosts.b.Input(
      FrameToB(hosts, {.src_port = 4001, .dst_port = 80, .seq = Seq(9), .flags = {.syn = true}}));
  EXPECT_EQ(hosts.b.table().size(), 1u);
  hosts.time.RunFor(sw::Millis(500));
  EXPECT_EQ(hosts.a.counters().resets_sent, 1u);
  EXPECT_EQ(hosts.b.table().size(), 0u) << "back to LISTEN";
  EXPECT_EQ(of_b->Accept(), nullptr);
  EXPECT_EQ(of_a->Accept(), nullptr);
}

// RFC 9293, 3.9.2.3.
TEST(TcpListen, Rfc9293Section3_9_2_3AddressesThatNoHostHasGetNoAnswer) {
  for (const bool v6 : {false, true}) {
    Hosts hosts({.v6 = v6});
    const auto listener = hosts.b.Listen({IpAddr(), 80});
    const auto address = [v6](const char* four, const char* six) {
      return *IpAddr::Parse(v6 ? six : four);
    };
    uint64_t from = 0;
    // A SYN for the listener; a SYN, and an ACK, that a reset would answer.
    for (const auto& [port, flags] : {std::pair<uint16_t, Flags>{80, {.syn = true}},
                                      {81, {.syn = true}},
                                      {80, {.ack = true}}}) {
      const Segment segment{.src_port = 4001, .dst_port = port, .flags = flags};
      for (const IpAddr& src :
           {address("224.0.0.1", "ff02::1"), address("0.0.0.0", "::"),
            address("255.255.255.255", "ff05::2"), address("127.0.0.1", "::1"),
            address("0.1.2.3", "::a4d:1"), address("240.0.0.1", "::ffff:a4d:1"), hosts.addr_b}) {
        hosts.b.Input(FrameToB(segment, src, hosts.addr_b));
        EXPECT_EQ(hosts.b.counters().bad_sources, ++from) << src.ToString();
      }
      if (!v6) {
        for (const char* src : {"10.77.0.255", "10.77.0.0"}) {
          hosts.b.Input(FrameToB(segment, *IpAddr::Parse(src), hosts.addr_b));
          EXPECT_EQ(hosts.b.counters().bad_sources, ++from) << src;
        }
      }
      // A frame to all, or to a group, with a packet to one (RFC 1122, 3.3.6).
      for (const uint8_t first : {uint8_t{0xff}, uint8_t{0x33}}) {
        Bytes frame = FrameToB(hosts, segment);
        std::fill_n(frame.begin(), 6, first);
        hosts.b.Input(frame);
      }
      for (const IpAddr& dst :
           {address("224.0.0.1", "ff02::1"), address("255.255.255.255", "ff05::2"),
            address("10.77.0.255", "ff02::2")}) {
        hosts.b.Input(FrameToB(segment, hosts.addr_a, dst));
      }
    }
    EXPECT_EQ(hosts.b.counters().segments_in, from) << "what is sent to all never reaches TCP";
    hosts.time.RunFor(sw::Seconds(1));
    EXPECT_EQ(hosts.b_to_a.frames, 0u);
    EXPECT_EQ(hosts.b.table().size(), 0u);
  }
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
  EXPECT_EQ(client->Write(Bytes(10)), 0u);
  uint8_t byte = 0;
  EXPECT_EQ(client->Read({&byte, 1}), 0u);
  client->Close();
  client->Abort();
}

}  // namespace
}  // namespace handoff::tcp
