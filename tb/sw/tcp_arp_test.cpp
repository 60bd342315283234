// SPDX-License-Identifier: Apache-2.0
#include "sw/tcp/arp.h"

#include <gtest/gtest.h>

namespace handoff::tcp {
namespace {

const ArpMessage kRequest{.operation = ArpMessage::Operation::kRequest,
                          .sender_mac = {{2, 0, 0, 0, 0, 1}},
                          .sender = IpAddr::V4(10, 0, 0, 1),
                          .target_mac = {},
                          .target = IpAddr::V4(10, 0, 0, 2)};

TEST(TcpArp, RequestSurvivesTheWireAndGoesToEverybody) {
  const Bytes frame = ArpFrame(kRequest, VlanTags::For({5, 0}));
  const auto eth = ParseEthernet(frame);
  ASSERT_TRUE(eth);
  EXPECT_EQ(eth->header.dst, kBroadcastMac);
  EXPECT_EQ(eth->header.ether_type, kEtherTypeArp);
  EXPECT_EQ(eth->header.tags.Key(), (Vlans{5, 0}));
  const auto m = ParseArp(eth->payload);
  ASSERT_TRUE(m);
  EXPECT_EQ(m->operation, ArpMessage::Operation::kRequest);
  EXPECT_EQ(m->sender_mac, kRequest.sender_mac);
  EXPECT_EQ(m->sender, kRequest.sender);
  EXPECT_EQ(m->target, kRequest.target);
}

TEST(TcpArp, ReplyGoesToItsTarget) {
  ArpMessage reply = kRequest;
  reply.operation = ArpMessage::Operation::kReply;
  reply.target_mac = {{2, 0, 0, 0, 0, 7}};
  EXPECT_EQ(ParseEthernet(ArpFrame(reply, {}))->header.dst, reply.target_mac);
}

TEST(TcpArp, OtherMessagesAreRefused) {
  const Bytes frame = ArpFrame(kRequest, {});
  const ByteView message = ByteView(frame).subspan(14);
  for (size_t cut = 0; cut < 28; ++cut) EXPECT_FALSE(ParseArp(message.first(cut)));
  for (const size_t at : {1, 2, 4, 5, 6, 7}) {
    Bytes bad(message.begin(), message.end());
    bad[at] ^= 0x40;
    EXPECT_FALSE(ParseArp(bad)) << at;
  }
}

}  // namespace
}  // namespace handoff::tcp
