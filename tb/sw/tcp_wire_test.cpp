// SPDX-License-Identifier: Apache-2.0
//
// Ethernet, IPv4, IPv6 and checksums.
#include <gtest/gtest.h>

#include "sw/tcp/checksum.h"
#include "sw/tcp/ethernet.h"
#include "sw/tcp/ipv4.h"
#include "sw/tcp/ipv6.h"

namespace handoff::tcp {
namespace {

TEST(TcpWire, ChecksumOfRfc1071Example) {
  const Bytes bytes = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
  EXPECT_EQ(ChecksumOf(bytes), static_cast<uint16_t>(~0xddf2u));
}

TEST(TcpWire, ChecksumPadsAnOddByte) {
  EXPECT_EQ(ChecksumOf(Bytes{0x12}), static_cast<uint16_t>(~0x1200u));
  EXPECT_EQ(ChecksumOf(Bytes{0x12, 0x34, 0x56}), static_cast<uint16_t>(~0x6834u));
  EXPECT_EQ(ChecksumOf(Bytes{}), 0xffff);
}

class EthernetTags : public testing::TestWithParam<int> {};

TEST_P(EthernetTags, SurviveTheWire) {
  EthernetHeader h{MacAddr{{2, 0, 0, 0, 0, 1}}, MacAddr{{2, 0, 0, 0, 0, 2}}, {}, kEtherTypeIpv4};
  h.tags.tag = {VlanTag{kTpidQinQ, 0x6064}, VlanTag{kTpid8021Q, 0x0005}};
  h.tags.count = static_cast<uint8_t>(GetParam());
  for (size_t i = h.tags.count; i < 2; ++i) h.tags.tag[i] = {};
  Bytes frame;
  AppendEthernet(frame, h);
  for (size_t cut = 0; cut < frame.size(); ++cut) {
    EXPECT_FALSE(ParseEthernet(ByteView(frame).first(cut))) << cut;
  }
  frame.push_back(0xaa);
  const auto parsed = ParseEthernet(frame);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->header.dst, h.dst);
  EXPECT_EQ(parsed->header.src, h.src);
  EXPECT_EQ(parsed->header.tags, h.tags);
  EXPECT_EQ(parsed->header.ether_type, kEtherTypeIpv4);
  ASSERT_EQ(parsed->payload.size(), 1u);
}
INSTANTIATE_TEST_SUITE_P(NoneOneTwo, EthernetTags, testing::Values(0, 1, 2));

// Corner 33: VLAN id 0 is untagged; two tags are both compared; a third is no TCP.
TEST(TcpWire, PriorityTagCountsAsUntagged) {
  VlanTags tags;
  tags.count = 1;
  tags.tag[0].tci = 0xe000;
  EXPECT_EQ(tags.Key(), Vlans());
  EXPECT_EQ(VlanTags::For({7, 9}).Key(), (Vlans{7, 9}));
  EXPECT_EQ(VlanTags::For({7, 0}).Key(), (Vlans{7, 0}));
  EXPECT_EQ(VlanTags::For({}).count, 0);
}

TEST(TcpWire, ThirdTagIsLeftAsTheType) {
  EthernetHeader h;
  h.tags = VlanTags::For({7, 9});
  h.ether_type = kTpid8021Q;
  Bytes frame;
  AppendEthernet(frame, h);
  Append32(frame, 0x00010800);
  const auto parsed = ParseEthernet(frame);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->header.ether_type, kTpid8021Q);
}

Bytes Ipv4Sample() {
  Bytes packet;
  AppendIpv4(packet, {.tos = 0x10, .src = IpAddr::V4(10, 0, 0, 1), .dst = IpAddr::V4(10, 0, 0, 2)},
             3);
  AppendBytes(packet, Bytes{1, 2, 3});
  return packet;
}

TEST(TcpWire, Ipv4PayloadEndsWhereTotalLengthSays) {
  Bytes packet = Ipv4Sample();
  packet.resize(packet.size() + 20);  // padding
  const auto parsed = ParseIpv4(packet);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->payload.size(), 3u);
  EXPECT_EQ(parsed->header.tos, 0x10);
  EXPECT_EQ(parsed->header.src, IpAddr::V4(10, 0, 0, 1));
  EXPECT_TRUE(parsed->header.dont_fragment);
  EXPECT_FALSE(parsed->header.IsFragment());
}

TEST(TcpWire, Ipv4RefusesWrongHeaders) {
  const Bytes good = Ipv4Sample();
  for (size_t bit = 0; bit < 8 * kIpv4HeaderBytes; ++bit) {
    Bytes bad = good;
    bad[bit / 8] = static_cast<uint8_t>(bad[bit / 8] ^ 1u << bit % 8);
    EXPECT_FALSE(ParseIpv4(bad)) << "bit " << bit;
  }
  for (size_t cut = 0; cut < good.size(); ++cut) {
    EXPECT_FALSE(ParseIpv4(ByteView(good).first(cut))) << cut;
  }
}

TEST(TcpWire, Ipv6SurvivesTheWire) {
  const Ipv6Header h{.traffic_class = 0x5a,
                     .flow_label = 0x12345,
                     .next_header = kProtocolTcp,
                     .hop_limit = 7,
                     .src = *IpAddr::Parse("fd00::1"),
                     .dst = *IpAddr::Parse("fd00::2")};
  Bytes packet;
  AppendIpv6(packet, h, 2);
  AppendBytes(packet, Bytes{8, 9, 0, 0});
  const auto parsed = ParseIpv6(packet);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->payload.size(), 2u);
  EXPECT_EQ(parsed->header.traffic_class, h.traffic_class);
  EXPECT_EQ(parsed->header.flow_label, h.flow_label);
  EXPECT_EQ(parsed->header.hop_limit, h.hop_limit);
  EXPECT_EQ(parsed->header.src, h.src);
  EXPECT_EQ(parsed->header.dst, h.dst);
  EXPECT_FALSE(ParseIpv6(ByteView(packet).first(41)));
  EXPECT_FALSE(ParseIpv6(ByteView(packet).first(39)));
}

}  // namespace
}  // namespace handoff::tcp
