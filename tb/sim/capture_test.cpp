// SPDX-License-Identifier: Apache-2.0
//
// What a capture says of the host that is stood in for.
#include "sim/run/capture.h"

#include <gtest/gtest.h>

#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "sw/tcp/arp.h"
#include "sw/tcp/ethernet.h"
#include "sw/tcp/ipv4.h"
#include "sw/tcp/segment.h"

namespace handoff::system {
namespace {

const tcp::IpAddr kHost = tcp::IpAddr::V4(10, 77, 0, 1);
const tcp::IpAddr kPeer = tcp::IpAddr::V4(10, 77, 0, 2);
const tcp::MacAddr kHostMac{{2, 0, 0, 0, 0, 1}};
const tcp::MacAddr kPeerMac{{2, 0, 0, 0, 0, 2}};

HostRecord Of(const char* name, const char* host) {
  const std::string path = pcap::CapturePath(name);
  return RecordOf(pcap::ReadFile(path), *tcp::IpAddr::Parse(host));
}

tcp::Bytes Arp(tcp::ArpMessage::Operation operation, bool from_host) {
  return tcp::ArpFrame({.operation = operation,
                        .sender_mac = from_host ? kHostMac : kPeerMac,
                        .sender = from_host ? kHost : kPeer,
                        .target_mac = from_host ? kPeerMac : kHostMac,
                        .target = from_host ? kPeer : kHost},
                       {});
}

tcp::Bytes Packet(uint8_t protocol, const tcp::Bytes& payload) {
  tcp::Bytes frame;
  tcp::AppendEthernet(
      frame, {.dst = kPeerMac, .src = kHostMac, .tags = {}, .ether_type = tcp::kEtherTypeIpv4});
  tcp::Ipv4Header ip;
  ip.protocol = protocol;
  ip.src = kHost;
  ip.dst = kPeer;
  tcp::AppendIpv4(frame, ip, payload.size());
  tcp::AppendBytes(frame, payload);
  return frame;
}

tcp::Bytes Syn() {
  tcp::Segment syn;
  syn.src_port = 40000;
  syn.dst_port = 5000;
  syn.flags.syn = true;
  tcp::Bytes segment;
  tcp::AppendSegment(segment, kHost, kPeer, syn, {});
  return Packet(tcp::kProtocolTcp, segment);
}

sw::Micros OpenedAt(const std::vector<pcap::Frame>& frames) {
  const HostRecord record = RecordOf(frames, kHost);
  EXPECT_EQ(record.connections.size(), 1u);
  return record.connections.begin()->second.opened;
}

using enum tcp::ArpMessage::Operation;

// The answer comes when it came: who asks later has none.
TEST(Capture, AConnectionIsOpenedWhenItsHostAskedForThePeersMac) {
  EXPECT_EQ(OpenedAt({{sw::Micros(3), Arp(kRequest, true)},
                      {sw::Micros(7), Arp(kReply, false)},
                      {sw::Micros(8), Syn()}}),
            sw::Micros(3));
  for (const auto& [name, host] :
       {std::pair("ipv6.pcap", "fd00::1"), std::pair("reorder.pcap", "10.77.0.1")}) {
    const HostRecord record = Of(name, host);
    ASSERT_EQ(record.connections.size(), 1u) << name;
    EXPECT_TRUE(record.connections.begin()->second.active) << name;
    EXPECT_EQ(record.connections.begin()->second.opened, sw::Micros(0)) << name;
  }
}

TEST(Capture, AConnectionThatDidNotAskIsOpenedByItsSyn) {
  EXPECT_EQ(OpenedAt({{sw::Micros(8), Syn()}}), sw::Micros(8));
  // It asked for another purpose: a datagram went out before.
  EXPECT_EQ(OpenedAt({{sw::Micros(3), Arp(kRequest, true)},
                      {sw::Micros(7), Arp(kReply, false)},
                      {sw::Micros(8), Packet(17, tcp::Bytes(8))},
                      {sw::Micros(90), Syn()}}),
            sw::Micros(90));
  // Its own answer to the peer is no datagram.
  EXPECT_EQ(OpenedAt({{sw::Micros(3), Arp(kRequest, true)},
                      {sw::Micros(5), Arp(kReply, true)},
                      {sw::Micros(8), Syn()}}),
            sw::Micros(3));
}

TEST(Capture, NeighborsAreWhoseFramesCame) {
  for (const auto& [name, host, peer] :
       {std::tuple("ipv6.pcap", "fd00::1", "fd00::2"),
        std::tuple("interactive.pcap", "10.77.0.2", "10.77.0.1")}) {
    const HostRecord record = Of(name, host);
    const auto found = record.neighbors.find({*tcp::IpAddr::Parse(peer), {}});
    ASSERT_NE(found, record.neighbors.end()) << name;
    EXPECT_EQ(found->second.octets[5], peer[std::string_view(peer).size() - 1] - '0');
    EXPECT_FALSE(record.neighbors.contains({*tcp::IpAddr::Parse(host), {}})) << name;
  }
}

// What a recorded host sent it may send again at once: all of it can be in flight.
TEST(Capture, NothingHoldsTheStandInBack) {
  const HostRecord record = Of("reorder.pcap", "10.77.0.1");
  const tcp::OpenOptions& o = record.connections.begin()->second.options;
  ASSERT_TRUE(o.congestion_control);
  const auto control = o.congestion_control();
  control->SetMss(1448);
  control->OnLoss(100000, sw::Micros(1));
  control->OnTimeout(100000, true, sw::Micros(2));
  EXPECT_GE(control->cwnd(), 300000u);
  EXPECT_TRUE(o.no_delay);
}

// The application's writes are the stream, once, whatever was sent again.
TEST(Capture, WritesMakeTheWholeStreamOnce) {
  for (const auto& [name, total] :
       {std::pair("loss1.pcap", 600000), std::pair("reorder.pcap", 300000)}) {
    const HostRecord record = Of(name, "10.77.0.1");
    tcp::Bytes stream;
    int shutdowns = 0;
    for (const UserEvent& event : record.connections.begin()->second.events) {
      tcp::AppendBytes(stream, event.bytes);
      shutdowns += event.kind == UserEvent::Kind::kShutdown ? 1 : 0;
    }
    ASSERT_EQ(stream.size(), static_cast<size_t>(total)) << name;
    for (size_t i = 0; i < stream.size(); ++i) {
      ASSERT_EQ(stream[i], static_cast<uint8_t>(i * 7 + (i >> 8))) << name << " at " << i;
    }
    EXPECT_EQ(shutdowns, 1) << name;
  }
}

}  // namespace
}  // namespace handoff::system
