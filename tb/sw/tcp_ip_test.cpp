// SPDX-License-Identifier: Apache-2.0
#include "sw/tcp/ip.h"

#include <gtest/gtest.h>

#include <random>

#include "sim/pcap/reader.h"
#include "sw/tcp/arp.h"
#include "sw/tcp/ipv4.h"
#include "sw/tcp/ipv6.h"
#include "tb/sw/recording_netif.h"
#include "tb/sw/virtual_time.h"

namespace handoff::tcp {
namespace {

const IpAddr kUs = IpAddr::V4(10, 77, 0, 1);
const IpAddr kPeer = IpAddr::V4(10, 77, 0, 2);
const MacAddr kPeerMac{{2, 0, 0, 0, 0, 2}};

class IpLayerTest : public testing::Test {
 protected:
  IpLayerTest() {
    ip_.AddAddress({.addr = kUs, .prefix_bits = 24, .gateway = IpAddr::V4(10, 77, 0, 254)});
  }

  Bytes Packet(Ipv4Header h, const MacAddr& dst, size_t payload = 20) {
    Bytes frame;
    AppendEthernet(frame, {.dst = dst, .src = kPeerMac, .ether_type = kEtherTypeIpv4});
    h.src = kPeer;
    if (h.dst.IsUnspecified()) h.dst = kUs;
    AppendIpv4(frame, h, payload);
    frame.resize(frame.size() + payload);
    return frame;
  }
  tb::VirtualTime time_;
  tb::RecordingNetIf netif_;
  std::vector<IpInput> segments_;
  std::vector<IcmpError> errors_;
  IpLayer ip_{netif_,
              time_,
              {.tcp = [this](const IpInput& i) { segments_.push_back(i); },
               .error = [this](const IcmpError& e, const Vlans&) { errors_.push_back(e); }}};
};

TEST_F(IpLayerTest, PassesOnWhatIsForThisHost) {
  ip_.Input(Packet({}, netif_.mac()));
  ASSERT_EQ(segments_.size(), 1u);
  EXPECT_EQ(segments_[0].src, kPeer);
  EXPECT_EQ(segments_[0].message.size(), 20u);
}

TEST_F(IpLayerTest, ArpTeachesNothingOfHostsThatAreNotOnTheLink) {
  const auto ask = [this](const IpAddr& sender) {
    ip_.Input(ArpFrame({.operation = ArpMessage::Operation::kRequest,
                        .sender_mac = kPeerMac,
                        .sender = sender,
                        .target_mac = {},
                        .target = kUs},
                       {}));
    return ip_.neighbors().Find({sender, {}}).has_value();
  };
  EXPECT_TRUE(ask(kPeer));
  EXPECT_FALSE(ask(IpAddr::V4(10, 78, 0, 2)));
  EXPECT_FALSE(ask(IpAddr::V4(10, 77, 0, 255)));
  EXPECT_FALSE(ask(kUs));
}

TEST_F(IpLayerTest, PacketsConfirmAKnownNeighborAndTeachNothing) {
  const auto send = [this] {
    const IpOutput how = {.src = kUs, .dst = kPeer, .vlans = {}, .protocol = kProtocolTcp};
    ip_.Send(how, ip_.BeginPacket(how, 0));
    return netif_.Take().size();
  };
  ip_.Input(Packet({}, netif_.mac()));
  EXPECT_FALSE(ip_.neighbors().Find({kPeer, {}}));
  ip_.neighbors().Learn({kPeer, {}}, kPeerMac, true);
  for (int i = 0; i < 5; ++i) {
    time_.RunFor(Neighbors::kBelieved - sw::Seconds(1));
    ip_.Input(Packet({}, netif_.mac()));
    EXPECT_EQ(send(), 1u) << "it need not be asked again";
  }
  time_.RunFor(Neighbors::kBelieved + sw::Seconds(1));
  EXPECT_EQ(send(), 2u) << "now it is";
  ip_.Input(Packet({}, netif_.mac()));
  time_.RunFor(sw::Seconds(10));
  EXPECT_EQ(ip_.neighbors().Find({kPeer, {}}), kPeerMac);
  EXPECT_TRUE(time_.idle());
}

TEST_F(IpLayerTest, PassesOnNothingElse) {
  ip_.Input(Packet({}, kPeerMac));
  ip_.Input(Packet({.dst = IpAddr::V4(10, 77, 0, 9)}, netif_.mac()));
  EXPECT_EQ(ip_.counters().not_for_us, 2u);
  ip_.Input(Packet({.more_fragments = true}, netif_.mac()));
  ip_.Input(Packet({.fragment_offset = 3}, netif_.mac()));
  EXPECT_EQ(ip_.counters().fragments, 2u);
  ip_.Input(Packet({.protocol = 17}, netif_.mac()));
  EXPECT_EQ(ip_.counters().other_protocol, 1u);
  ip_.Input(Bytes(10));
  EXPECT_EQ(ip_.counters().malformed, 1u);
  EXPECT_TRUE(segments_.empty());
}

TEST_F(IpLayerTest, AnswersArpAndLearnsWhoAsked) {
  ip_.Input(ArpFrame({.operation = ArpMessage::Operation::kRequest,
                      .sender_mac = kPeerMac,
                      .sender = kPeer,
                      .target_mac = {},
                      .target = kUs},
                     {}));
  ASSERT_EQ(netif_.frames.size(), 1u);
  const auto reply = ParseArp(ParseEthernet(netif_.frames[0])->payload);
  EXPECT_EQ(reply->operation, ArpMessage::Operation::kReply);
  EXPECT_EQ(reply->sender_mac, netif_.mac());
  const LinkPath path = ip_.PathOf({{kUs, 1}, {kPeer, 2}, {}});
  EXPECT_EQ(path.next_hop_mac, kPeerMac);
  EXPECT_EQ(path.local_mac, netif_.mac());
}

TEST_F(IpLayerTest, ArpForOthersIsLeftAlone) {
  ip_.Input(ArpFrame({.operation = ArpMessage::Operation::kRequest,
                      .sender_mac = kPeerMac,
                      .sender = kPeer,
                      .target_mac = {},
                      .target = IpAddr::V4(10, 77, 0, 9)},
                     {}));
  EXPECT_TRUE(netif_.frames.empty());
  EXPECT_FALSE(ip_.neighbors().Find({kPeer, {}}));
}

TEST_F(IpLayerTest, BeyondTheSubnetTheGatewayIsAsked) {
  const IpOutput how{.src = kUs, .dst = IpAddr::V4(192, 168, 0, 1), .protocol = kProtocolTcp};
  ip_.Send(how, ip_.BeginPacket(how, 0));
  ASSERT_EQ(netif_.frames.size(), 1u);
  EXPECT_EQ(ParseArp(ParseEthernet(netif_.frames[0])->payload)->target, IpAddr::V4(10, 77, 0, 254));
  const IpOutput foreign{.src = kPeer, .dst = kUs, .protocol = kProtocolTcp};
  ip_.Send(foreign, ip_.BeginPacket(foreign, 0));
  EXPECT_EQ(ip_.counters().no_route, 1u);
}

// Corner 93: IPv4 ID 0, DF set, ECN bits 0; IPv6 flow label 0.
TEST_F(IpLayerTest, HeadersAreBuiltAsTheEngineBuildsThem) {
  const Bytes v4 = ip_.BeginPacket({.src = kUs, .dst = kPeer, .protocol = 6, .ttl = 9}, 0);
  const auto h4 = ParseIpv4(ByteView(v4).subspan(14))->header;
  EXPECT_EQ(h4.id, 0);
  EXPECT_TRUE(h4.dont_fragment);
  EXPECT_EQ(h4.tos & 3, 0);
  EXPECT_EQ(h4.ttl, 9);
  const IpAddr v6 = *IpAddr::Parse("fd00::1");
  const Bytes f6 = ip_.BeginPacket({.src = v6, .dst = v6, .protocol = 6}, 0);
  EXPECT_EQ(ParseIpv6(ByteView(f6).subspan(14))->header.flow_label, 0u);
}

TEST_F(IpLayerTest, DamagedCapturesNeverBreakIt) {
  ip_.AddAddress({.addr = *IpAddr::Parse("fd00::1"), .prefix_bits = 64});
  std::mt19937 random(11);
  for (const char* name : {"vlan.pcap", "ipv6.pcap", "rst_closed_port.pcap"}) {
    for (const auto& frame : pcap::ReadFile(pcap::CapturePath(name))) {
      for (int i = 0; i < 4; ++i) {
        Bytes bad = frame.bytes;
        for (int k = 0; k < i; ++k) bad[random() % bad.size()] = static_cast<uint8_t>(random());
        if (i > 1) bad.resize(random() % bad.size());
        ip_.Input(Bytes(bad.begin(), bad.end()));
      }
    }
  }
  EXPECT_GT(segments_.size(), 0u);
}

}  // namespace
}  // namespace handoff::tcp
