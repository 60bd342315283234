// SPDX-License-Identifier: Apache-2.0
#include "sw/tcp/neighbors.h"

#include <gtest/gtest.h>

#include "tb/sw/recording_netif.h"
#include "tb/sw/virtual_time.h"

namespace handoff::tcp {
namespace {

const Neighbor kPeer{IpAddr::V4(10, 0, 0, 2), {}};
const MacAddr kMac{{2, 0, 0, 0, 0, 9}};

class NeighborsTest : public testing::Test {
 protected:
  tb::VirtualTime time_;
  tb::RecordingNetIf netif_;
  std::vector<Neighbor> asked_;
  Neighbors neighbors_{netif_, time_, [this](const Neighbor& n) { asked_.push_back(n); }};
};

TEST_F(NeighborsTest, FramesWaitForTheAnswer) {
  neighbors_.Send(kPeer, Bytes(60, 1));
  neighbors_.Send(kPeer, Bytes(60, 2));
  EXPECT_EQ(asked_.size(), 1u);
  EXPECT_TRUE(netif_.frames.empty());
  neighbors_.Learn(kPeer, kMac, false);
  ASSERT_EQ(netif_.frames.size(), 2u);
  EXPECT_TRUE(std::equal(kMac.octets.begin(), kMac.octets.end(), netif_.frames[0].begin()));
  EXPECT_EQ(netif_.frames[1][6], 2);
  neighbors_.Send(kPeer, Bytes(60, 3));
  EXPECT_EQ(netif_.frames.size(), 3u);
  EXPECT_TRUE(time_.idle());
}

TEST_F(NeighborsTest, SilentNeighborIsAskedThriceAndForgotten) {
  neighbors_.Send(kPeer, Bytes(60));
  time_.RunFor(sw::Seconds(10));
  EXPECT_EQ(asked_.size(), 3u);
  EXPECT_TRUE(time_.idle());
  neighbors_.Learn(kPeer, kMac, false);
  EXPECT_TRUE(netif_.frames.empty()) << "what waited is lost";
  EXPECT_FALSE(neighbors_.Find(kPeer));
  neighbors_.Send(kPeer, Bytes(60));
  EXPECT_EQ(asked_.size(), 4u);
}

TEST_F(NeighborsTest, FewFramesWait) {
  for (int i = 0; i < 1000; ++i) neighbors_.Send(kPeer, Bytes(60));
  neighbors_.Learn(kPeer, kMac, false);
  EXPECT_LE(netif_.frames.size(), 64u);
}

Neighbor Host(uint32_t i) {
  return {IpAddr::V4(10, static_cast<uint8_t>(i >> 16), static_cast<uint8_t>(i >> 8),
                     static_cast<uint8_t>(i)),
          {}};
}

TEST_F(NeighborsTest, StrangersPushOutEachOtherAlone) {
  for (uint32_t i = 0; i < 100; ++i) {
    neighbors_.Learn(Host(i), kMac, true);
    neighbors_.Send(Host(i), Bytes(60));
  }
  for (uint32_t i = 1000; i < 101000; ++i) neighbors_.Learn(Host(i), kMac, true);
  EXPECT_EQ(neighbors_.size(), Neighbors::kMaxEntries);
  for (uint32_t i = 0; i < 100; ++i) EXPECT_TRUE(neighbors_.Find(Host(i))) << i;
  EXPECT_FALSE(neighbors_.Find(Host(1000)));
  EXPECT_TRUE(neighbors_.Find(Host(100999)));
}

TEST_F(NeighborsTest, WhoDoesNotAnswerPushesOutNobodyKnown) {
  neighbors_.Learn(kPeer, kMac, true);
  for (uint32_t i = 1000; i < 21000; ++i) neighbors_.Send(Host(i), Bytes(60));
  EXPECT_TRUE(neighbors_.Find(kPeer));
}

// As when SYNs come from addresses that nobody has.
TEST_F(NeighborsTest, NeighborsThatDoNotAnswerAreBoundedInNumberAndInFrames) {
  for (uint32_t i = 0; i < 20000; ++i) {
    for (int k = 0; k < 3; ++k) neighbors_.Send(Host(i), Bytes(60));
  }
  EXPECT_EQ(neighbors_.size(), Neighbors::kMaxEntries);
  for (uint32_t i = 0; i < 20000; ++i) neighbors_.Learn(Host(i), kMac, false);
  EXPECT_LE(netif_.frames.size(), Neighbors::kMaxWaitingInAll);
  EXPECT_TRUE(time_.idle());
}

TEST_F(NeighborsTest, AfterAWhileItIsAskedAgainAndFramesStillGo) {
  neighbors_.Learn(kPeer, kMac, true);
  time_.RunFor(Neighbors::kBelieved);
  neighbors_.Send(kPeer, Bytes(60));
  EXPECT_TRUE(asked_.empty());
  time_.RunFor(sw::Seconds(1));
  neighbors_.Send(kPeer, Bytes(60));
  neighbors_.Send(kPeer, Bytes(60));
  EXPECT_EQ(asked_.size(), 1u);
  EXPECT_EQ(netif_.frames.size(), 3u);
  neighbors_.Learn(kPeer, kMac, false);
  time_.RunFor(sw::Seconds(10));
  neighbors_.Send(kPeer, Bytes(60));
  EXPECT_EQ(asked_.size(), 1u) << "it answered";
  EXPECT_TRUE(time_.idle());
}

TEST_F(NeighborsTest, OneThatIsGoneIsForgotten) {
  neighbors_.Learn(kPeer, kMac, true);
  time_.RunFor(Neighbors::kBelieved + sw::Seconds(1));
  neighbors_.Send(kPeer, Bytes(60));
  time_.RunFor(sw::Seconds(10));
  EXPECT_EQ(asked_.size(), 3u);
  EXPECT_FALSE(neighbors_.Find(kPeer));
  EXPECT_EQ(neighbors_.size(), 0u);
}

TEST_F(NeighborsTest, AGroupsMacIsNobodys) {
  neighbors_.Learn(kPeer, kBroadcastMac, true);
  EXPECT_FALSE(neighbors_.Find(kPeer));
}

TEST_F(NeighborsTest, OneAddressOnTwoVlansIsTwoNeighbors) {
  neighbors_.Learn(kPeer, kMac, true);
  Neighbor other = kPeer;
  other.vlans.outer = 7;
  EXPECT_TRUE(neighbors_.Find(kPeer));
  EXPECT_FALSE(neighbors_.Find(other));
}

}  // namespace
}  // namespace handoff::tcp
