// SPDX-License-Identifier: Apache-2.0
//
// What a capture says of the host that is stood in for.
#include "sim/run/capture.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
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
  return record.connections.front().opened;
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
    EXPECT_TRUE(record.connections.front().active) << name;
    EXPECT_EQ(record.connections.front().opened, sw::Micros(0)) << name;
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
  const tcp::OpenOptions& o = record.connections.front().options;
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
    for (const UserEvent& event : record.connections.front().events) {
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

// --- What stands between capture and wire -------------------------------------------------------

tcp::Bytes Between(bool from_host, tcp::Segment s, const tcp::Bytes& text,
                   const tcp::MacAddr& to = kHostMac) {
  s.src_port = from_host ? 40000 : 5000;
  s.dst_port = from_host ? 5000 : 40000;
  const tcp::IpAddr& src = from_host ? kHost : kPeer;
  const tcp::IpAddr& dst = from_host ? kPeer : kHost;
  tcp::Bytes segment;
  const tcp::ByteView piece = text;
  tcp::AppendSegment(segment, src, dst, s, {&piece, 1});
  tcp::Bytes frame;
  tcp::AppendEthernet(frame, {.dst = from_host ? kPeerMac : to,
                              .src = from_host ? kHostMac : kPeerMac,
                              .tags = {},
                              .ether_type = tcp::kEtherTypeIpv4});
  tcp::Ipv4Header ip;
  ip.protocol = tcp::kProtocolTcp;
  ip.src = src;
  ip.dst = dst;
  tcp::AppendIpv4(frame, ip, segment.size());
  tcp::AppendBytes(frame, segment);
  return frame;
}

// A host that opens, asks, and is answered; numbers of the host from 1000, of the peer from 5000.
class Talk {
 public:
  Talk() {
    Put(true, {.seq = tcp::Seq(1000), .flags = {.syn = true}});
    Put(false, {.seq = tcp::Seq(5000), .ack = tcp::Seq(1001), .flags = {.syn = true, .ack = true}});
    Put(true, At(1001, 5001));
  }
  static tcp::Segment At(uint32_t seq, uint32_t ack, bool fin = false) {
    tcp::Segment s;
    s.seq = tcp::Seq(seq);
    s.ack = tcp::Seq(ack);
    s.flags.ack = true;
    s.flags.fin = fin;
    s.window = 60000;
    return s;
  }
  Talk& Put(bool from_host, const tcp::Segment& s, const tcp::Bytes& text = {},
            const tcp::MacAddr& to = kHostMac) {
    frames.push_back({sw::Micros(static_cast<int64_t>(frames.size()) * 100),
                      Between(from_host, s, text, to), frames.size() + 1});
    return *this;
  }
  HostRecord Record() const { return RecordOf(frames, kHost); }

  std::vector<pcap::Frame> frames;
};

bool Notes(const HostRecord& record, std::string_view text) {
  return std::any_of(record.notes.begin(), record.notes.end(), [text](const std::string& note) {
    return note.find(text) != std::string::npos;
  });
}

const Recorded& Only(const HostRecord& record) {
  EXPECT_EQ(record.connections.size(), 1u);
  return record.connections.front();
}

TEST(Capture, WhatWasDeliveredIsPutTogetherByNumbers) {
  Talk talk;
  talk.Put(false, Talk::At(5004, 1001), {4, 5, 6});
  talk.Put(false, Talk::At(5001, 1001), {1, 2, 3});
  talk.Put(false, Talk::At(5002, 1001), {9, 9, 9, 9, 9, 7});  // what came first counts
  talk.Put(true, Talk::At(1001, 5008));
  const HostRecord record = talk.Record();
  const DeliveredStream& delivered = Only(record).delivered;
  EXPECT_EQ(delivered.bytes(), (tcp::Bytes{1, 2, 3, 4, 5, 6, 7}));
  EXPECT_EQ(delivered.FrameOf(0), 5u);
  EXPECT_EQ(delivered.FrameOf(4), 4u);
  EXPECT_EQ(delivered.FrameOf(6), 6u);
  EXPECT_EQ(delivered.Lacks(), "");
  EXPECT_FALSE(delivered.Compare({1, 2, 3, 4, 5, 6, 7}));
  EXPECT_EQ(delivered.Compare({1, 2, 3, 4})->name, "read-less");
  EXPECT_NE(delivered.Compare({1, 2, 3, 4})->text.find("frame 4 on"), std::string::npos);
  EXPECT_EQ(delivered.Compare({1, 2, 3, 4, 5, 6, 7, 8})->name, "read-more");
  EXPECT_EQ(delivered.Compare({1, 2, 3, 4, 5, 0, 7})->name, "read-other");
}

TEST(Capture, WhatTheHostAcknowledgedAndTheCaptureLacksIsSaid) {
  Talk talk;
  talk.Put(false, Talk::At(5001, 1001), {1, 2, 3});
  talk.Put(true, Talk::At(1001, 5010));
  EXPECT_NE(Only(talk.Record()).delivered.Lacks().find("acknowledged 9 bytes"), std::string::npos);
  talk.Put(false, Talk::At(5004, 1001), {4, 5, 6}, {{2, 0, 0, 0, 0, 9}});
  EXPECT_NE(Only(talk.Record()).delivered.Lacks().find("frame 6 is for another MAC address"),
            std::string::npos);
}

// The answer's cause is what it answers, as far as it can have come before.
TEST(Capture, AWriteWaitsForWhatTheHostHadGot) {
  Talk talk;
  talk.Put(false, Talk::At(5001, 1001), {1, 2, 3});
  talk.Put(true, Talk::At(1001, 5004), {7, 7});
  talk.Put(false, Talk::At(5004, 1003), {4, 5});
  // Recorded late: the peer has acknowledged it before its next bytes.
  talk.Put(false, Talk::At(5006, 1004), {6});
  talk.Put(true, Talk::At(1003, 5007), {8});
  const HostRecord record = talk.Record();
  const auto& events = Only(record).events;
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].after, 4);
  EXPECT_EQ(events[1].after, 6);  // not the byte that came with its own acknowledgement
  // An arrival waits for what it acknowledges.
  EXPECT_EQ(record.arrivals[2].sent, 3);
  EXPECT_EQ(record.arrivals[3].sent, 4);
}

TEST(Capture, WhatThePeerAcknowledgesWasSentThoughTheCaptureLacksIt) {
  Talk talk;
  talk.Put(false, Talk::At(5001, 1101), {1});  // 100 bytes that the capture lacks
  talk.Put(true, Talk::At(1101, 5002), {7});
  talk.Put(false, Talk::At(5002, 1201), {2});  // and 99 more at its end
  const HostRecord record = talk.Record();
  EXPECT_EQ(Only(record).made_up, 199u);
  EXPECT_TRUE(Notes(record, "lacks 199 bytes that the host sent"));
  // An acknowledgement of what was never sent, as an attacker makes one, is no such sign.
  Talk attacked;
  attacked.Put(false, Talk::At(5001, 9001));
  attacked.Put(false, Talk::At(5001, 1001), {1});
  EXPECT_EQ(Only(attacked.Record()).made_up, 0u);
  EXPECT_EQ(attacked.Record().arrivals[1].sent, 0);
}

TEST(Capture, AResetOfTheStacksIsNoAbort) {
  Talk talk;
  talk.frames.resize(1);
  talk.Put(false, Talk::At(7000, 9000));
  tcp::Segment reset;
  reset.seq = tcp::Seq(9000);
  reset.flags.rst = true;
  talk.Put(true, reset);
  EXPECT_TRUE(Only(talk.Record()).events.empty());
  Talk real;
  real.Put(false, Talk::At(5001, 1001), {1, 2});
  reset.seq = tcp::Seq(1001);
  real.Put(true, reset);
  const HostRecord record = real.Record();
  ASSERT_EQ(Only(record).events.size(), 1u);
  EXPECT_EQ(Only(record).events[0].kind, UserEvent::Kind::kAbort);
  EXPECT_EQ(Only(record).events[0].after, 3);
}

TEST(Capture, ATupleThatComesAgainIsAConnectionOfItsOwn) {
  Talk talk;
  talk.Put(false, Talk::At(5001, 1001, true)).Put(true, Talk::At(1001, 5002, true));
  const std::vector<pcap::Frame> first = talk.frames;
  talk.frames.insert(talk.frames.end(), first.begin(), first.end());
  EXPECT_EQ(talk.Record().connections.size(), 2u);
  // A SYN that is sent again, or comes twice into the capture, opens nothing.
  Talk again;
  again.frames.insert(again.frames.begin(), again.frames.front());
  EXPECT_EQ(again.Record().connections.size(), 1u);
}

TEST(Capture, WithoutItsSynsAConnectionIsTakenUpWhereItStands) {
  Talk talk;
  talk.frames.clear();
  talk.Put(false, Talk::At(5001, 1001), {1, 2});
  talk.Put(true, Talk::At(1001, 5003), {3});
  const HostRecord record = talk.Record();
  EXPECT_TRUE(Only(record).midstream);
  EXPECT_EQ(Only(record).tcb.rcv_nxt, tcp::Seq(5001));
  EXPECT_EQ(Only(record).tcb.snd_nxt, tcp::Seq(1001));
  EXPECT_EQ(Only(record).delivered.bytes(), (tcp::Bytes{1, 2}));
  EXPECT_TRUE(Notes(record, "taken up in mid-stream"));
}

TEST(Capture, AFrameForManyDeliversNothing) {
  Talk talk;
  talk.Put(false, Talk::At(5001, 1001), {1, 2}, tcp::kBroadcastMac);
  EXPECT_TRUE(Only(talk.Record()).delivered.bytes().empty());
  EXPECT_TRUE(Notes(talk.Record(), "RFC 1122, 3.3.6"));
}

TEST(Capture, WhatACardDoesIsDoneHere) {
  // Checksums of the host's own segments are its card's; a peer's single wrong one is an error.
  Talk talk;
  talk.Put(true, Talk::At(1001, 5001), {1, 2, 3});
  talk.frames.back().bytes.back() ^= 1;
  talk.Put(false, Talk::At(5001, 1004), {4});
  talk.frames.back().bytes.back() ^= 1;
  const HostRecord record = talk.Record();
  EXPECT_EQ(Only(record).events.size(), 1u);
  EXPECT_TRUE(Only(record).delivered.bytes().empty());
  EXPECT_TRUE(Notes(record, "1 of the host's own segments"));
  EXPECT_TRUE(Notes(record, "1 of 2 segments of 10.77.0.2 have wrong checksums"));
  // Segments that were joined are cut again.
  Talk joined;
  joined.Put(false, Talk::At(5001, 1001), tcp::Bytes(1400, 1));
  EXPECT_EQ(joined.Record().arrivals.size(), 2u);  // a wire may carry it
  tcp::Segment syn;
  syn.seq = tcp::Seq(1000);
  syn.flags.syn = true;
  syn.options.mss = 536;
  joined.frames[0].bytes = Between(true, syn, {});
  const HostRecord cut = joined.Record();
  ASSERT_EQ(cut.arrivals.size(), 4u);
  EXPECT_EQ(cut.arrivals[1].in_order, 537);
  EXPECT_EQ(cut.arrivals[3].in_order, 1401);
  EXPECT_EQ(Only(cut).delivered.bytes().size(), 1400u);
  EXPECT_TRUE(Notes(cut, "cut to it"));
}

TEST(Capture, MacAddressesThatTellNobodyApartAreMadeUp) {
  for (const bool zero : {true, false}) {
    Talk talk;
    for (pcap::Frame& frame : talk.frames) {
      std::fill_n(frame.bytes.begin(), 12, uint8_t{0});
      if (!zero) frame.bytes[0] = frame.bytes[6] = 2;
    }
    const HostRecord record = talk.Record();
    EXPECT_NE(record.mac, tcp::MacAddr());
    EXPECT_EQ(record.arrivals.size(), 1u);
    const auto ethernet = tcp::ParseEthernet(record.arrivals[0].frame.bytes);
    EXPECT_EQ(ethernet->header.dst, record.mac);
    EXPECT_NE(ethernet->header.src, record.mac);
  }
}

// A fragment's frame: bytes [from, to) of the packet's payload.
tcp::Bytes Fragment(const tcp::Bytes& whole, size_t from, size_t to, bool more) {
  constexpr size_t kIp = 14, kText = kIp + 20;
  const tcp::ByteView bytes = whole;
  tcp::Bytes frame;
  tcp::AppendBytes(frame, bytes.first(kText));
  tcp::AppendBytes(frame, bytes.subspan(kText + from, to - from));
  tcp::Store16(frame, kIp + 2, static_cast<uint16_t>(20 + to - from));
  tcp::Store16(frame, kIp + 6, static_cast<uint16_t>((more ? 0x2000 : 0) | from / 8));
  return frame;
}

TEST(Capture, FragmentsArePutTogether) {
  Talk talk;
  const tcp::Bytes whole = Between(false, Talk::At(5001, 1001), tcp::Bytes(100, 7));
  talk.frames.push_back({sw::Micros(900), Fragment(whole, 40, 120, false), 4});
  talk.frames.push_back({sw::Micros(901), Fragment(whole, 0, 40, true), 5});
  const HostRecord record = talk.Record();
  EXPECT_EQ(Only(record).delivered.bytes(), tcp::Bytes(100, 7));
  EXPECT_TRUE(Notes(record, "1 packets came in fragments"));
  talk.frames.pop_back();
  EXPECT_TRUE(Notes(talk.Record(), "some are missing"));
}

}  // namespace
}  // namespace handoff::system
