// SPDX-License-Identifier: Apache-2.0
//
// The stack stands in for the server of a recorded connection: the client's frames come as they
// were recorded, and our answers must say what the recorded server's said.
#include <gtest/gtest.h>

#include "sim/pcap/reader.h"
#include "sw/tcp/ipv4.h"
#include "sw/tcp/ipv6.h"
#include "sw/tcp/stack.h"
#include "tb/sw/hosts.h"
#include "tb/sw/recording_netif.h"

namespace handoff::tcp {
namespace {

const MacAddr kClientMac{{2, 0, 0, 0, 0, 1}};
const MacAddr kServerMac{{2, 0, 0, 0, 0, 2}};

struct Recorded {
  Micros time;
  Bytes bytes;
  bool to_server = false;
  bool is_tcp = false;
  IpAddr src;
  Vlans vlans;
  ParsedSegment tcp;
};

Recorded Read(Micros time, Bytes bytes) {
  Recorded r;
  r.time = time;
  r.bytes = std::move(bytes);
  const auto eth = ParseEthernet(r.bytes);
  r.to_server = eth->header.src == kClientMac;
  r.vlans = eth->header.tags.Key();
  if (const auto v4 = ParseIpv4(eth->payload); v4 && v4->header.protocol == kProtocolTcp) {
    r.tcp = ParseSegment(v4->header.src, v4->header.dst, v4->payload);
    r.src = v4->header.src;
    r.is_tcp = true;
  } else if (const auto v6 = ParseIpv6(eth->payload);
             v6 && v6->header.next_header == kProtocolTcp) {
    r.tcp = ParseSegment(v6->header.src, v6->header.dst, v6->payload);
    r.src = v6->header.src;
    r.is_tcp = true;
  }
  return r;
}

std::vector<Recorded> Load(const std::string& name) {
  std::vector<Recorded> frames;
  for (auto& captured : pcap::ReadFile(pcap::CapturePath(name))) {
    frames.push_back(Read(captured.time, std::move(captured.bytes)));
  }
  return frames;
}

class ServerNetIf : public tb::RecordingNetIf {
 public:
  MacAddr mac() const override { return kServerMac; }
  uint32_t mtu() const override { return 9000; }
};

// What the recorded server offered in its SYN-ACK.
OpenOptions Prescribed(const Segment& syn_ack) {
  OpenOptions o;
  o.iss = syn_ack.seq;
  o.mss = syn_ack.options.mss;
  o.window_scaling = syn_ack.options.window_scale.has_value();
  o.window_scale = syn_ack.options.window_scale;
  o.sack = syn_ack.options.sack_permitted;
  o.timestamps = syn_ack.options.timestamps.has_value();
  o.ignore_echoed_times = true;
  o.rcv_buf_bytes = 4 << 20;
  return o;
}

class StandIn : public testing::TestWithParam<const char*> {};

TEST_P(StandIn, ReadsTheRecordedStreamAndEndsOnTheRecordedNumbers) {
  const auto frames = Load(GetParam());
  const Recorded* syn_ack = nullptr;
  Seq last_ack;
  Seq last_seq;
  for (const Recorded& r : frames) {
    if (r.to_server || !r.is_tcp) continue;
    if (syn_ack == nullptr && r.tcp.segment.flags.syn) syn_ack = &r;
    last_ack = r.tcp.segment.ack;
    last_seq = r.tcp.segment.End();
  }
  ASSERT_NE(syn_ack, nullptr);

  tb::VirtualTime time(frames.front().time);
  ServerNetIf netif;
  HeapPool pool;
  StackConfig config;
  config.random = [] { return 4u; };
  Stack stack(config, netif, time, pool);
  stack.AddAddress({syn_ack->src, 24, syn_ack->vlans, {}});
  ListenOptions listen;
  listen.open = Prescribed(syn_ack->tcp.segment);
  const auto listener = stack.Listen({syn_ack->src, 5000}, listen);

  std::shared_ptr<Connection> server;
  std::unique_ptr<tb::PatternUser> user;
  for (const Recorded& r : frames) {
    if (!r.to_server) continue;
    time.RunFor(r.time - time.Now());
    stack.Input(r.bytes);
    if (server == nullptr && (server = listener->Accept()) != nullptr) {
      user = std::make_unique<tb::PatternUser>(server, 0, false);
    }
    if (user && user->ended) server->ShutdownWrite();
  }
  ASSERT_NE(user, nullptr);
  EXPECT_EQ(user->wrong, 0u);
  EXPECT_GT(user->received, 100000u);
  EXPECT_TRUE(user->ended);
  EXPECT_EQ(server->tcb().rcv_nxt, last_ack);
  EXPECT_EQ(server->tcb().snd_nxt, last_seq);
  EXPECT_EQ(server->state(), State::kClosed);
  EXPECT_EQ(user->reason, CloseReason::kDone);

  // The SYN-ACK is the recorded one, timestamps and window apart.
  for (const Bytes& frame : netif.frames) {
    const Recorded sent = Read({}, frame);
    if (!sent.is_tcp || !sent.tcp.segment.flags.syn) continue;
    Options ours = sent.tcp.segment.options;
    Options theirs = syn_ack->tcp.segment.options;
    ours.timestamps.reset();
    theirs.timestamps.reset();
    EXPECT_EQ(ours, theirs);
    EXPECT_EQ(sent.tcp.segment.seq, syn_ack->tcp.segment.seq);
    EXPECT_EQ(sent.tcp.segment.ack, syn_ack->tcp.segment.ack);
  }
}

INSTANTIATE_TEST_SUITE_P(Captures, StandIn,
                         testing::Values("clean_bulk.pcap", "loss1.b.pcap", "reorder.b.pcap",
                                         "corrupt.b.pcap", "ts_off.b.pcap", "wscale_off.pcap",
                                         "ipv6.b.pcap", "vlan.b.pcap", "mss536.pcap", "jumbo.pcap",
                                         "ecn.b.pcap"));

}  // namespace
}  // namespace handoff::tcp
