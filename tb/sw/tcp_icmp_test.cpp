// SPDX-License-Identifier: Apache-2.0
//
// ICMP, ICMPv6 and neighbor discovery messages.
#include "sw/tcp/icmp.h"

#include <gtest/gtest.h>

#include "sw/tcp/ipv4.h"
#include "sw/tcp/ipv6.h"
#include "sw/tcp/ndp.h"

namespace handoff::tcp {
namespace {

const IpAddr kA4 = IpAddr::V4(10, 0, 0, 1);
const IpAddr kB4 = IpAddr::V4(10, 0, 0, 2);
const IpAddr kA6 = *IpAddr::Parse("fd00::1");
const IpAddr kB6 = *IpAddr::Parse("fd00::abcd:ef01");

TEST(TcpIcmp, EchoIsAnsweredInBothFamilies) {
  for (const bool v6 : {false, true}) {
    const Bytes rest = {0x12, 0x34, 0, 1, 'h', 'i'};
    const IpAddr& src = v6 ? kA6 : kA4;
    const IpAddr& dst = v6 ? kB6 : kB4;
    const Bytes request = BuildIcmp(src, dst, {v6, static_cast<uint8_t>(v6 ? 128 : 8), 0, rest});
    const auto parsed = ParseIcmp(src, dst, v6, request);
    ASSERT_TRUE(parsed);
    const auto reply = EchoReplyTo(*parsed);
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->type, v6 ? 129 : 0);
    EXPECT_EQ(Bytes(reply->rest.begin(), reply->rest.end()), rest);
    EXPECT_FALSE(EchoReplyTo(*reply));
  }
}

TEST(TcpIcmp, DamageIsSeen) {
  const Bytes rest(8);
  Bytes message = BuildIcmp(kA4, kB4, {false, 8, 0, rest});
  message[5] ^= 1;
  EXPECT_FALSE(ParseIcmp(kA4, kB4, false, message));
  EXPECT_FALSE(ParseIcmp(kA4, kB4, false, ByteView(message).first(7)));
}

// A packet as an error quotes it: header and eight bytes of the segment.
Bytes Quote(bool v6) {
  Bytes quote;
  if (v6) {
    Ipv6Header h;
    h.next_header = kProtocolTcp;
    h.src = kA6;
    h.dst = kB6;
    AppendIpv6(quote, h, 20);
  } else {
    Ipv4Header h;
    h.src = kA4;
    h.dst = kB4;
    AppendIpv4(quote, h, 20);
  }
  Append16(quote, 1000);
  Append16(quote, 80);
  Append32(quote, 0xfffffff0u);
  return quote;
}

TEST(TcpIcmp, Rfc1191TooBigNamesSegmentAndMtu) {
  for (const bool v6 : {false, true}) {
    Bytes rest;
    Append32(rest, 1280);
    AppendBytes(rest, Quote(v6));
    IcmpMessage message{v6, static_cast<uint8_t>(v6 ? 2 : 3), static_cast<uint8_t>(v6 ? 0 : 4),
                        rest};
    const auto error = ReadIcmpError(message);
    ASSERT_TRUE(error);
    EXPECT_EQ(error->path_mtu, 1280u);
    EXPECT_EQ(error->local, (Endpoint{v6 ? kA6 : kA4, 1000}));
    EXPECT_EQ(error->remote, (Endpoint{v6 ? kB6 : kB4, 80}));
    EXPECT_EQ(error->seq, Seq(0xfffffff0u));
    for (size_t cut = 4; cut < rest.size(); ++cut) {
      message.rest = ByteView(rest).first(cut);
      EXPECT_FALSE(ReadIcmpError(message)) << cut;
    }
  }
}

// RFC 9293, 3.9.2.2: codes 2 to 4 are hard errors; 4 is path MTU discovery's.
TEST(TcpIcmp, Rfc9293Section3_9_2_2HardErrorsAreToldFromSoftOnes) {
  Bytes rest(4);
  AppendBytes(rest, Quote(false));
  for (uint8_t code = 0; code < 6; ++code) {
    EXPECT_EQ(ReadIcmpError({false, 3, code, rest})->hard, code == 2 || code == 3) << int{code};
  }
  EXPECT_FALSE(ReadIcmpError({false, 4, 0, rest})) << "source quench";
  EXPECT_FALSE(ReadIcmpError({false, 11, 0, rest})) << "time exceeded";
  EXPECT_FALSE(ReadIcmpError({false, 12, 0, rest})) << "parameter problem";
  Bytes rest_v6(4);
  AppendBytes(rest_v6, Quote(true));
  for (uint8_t code = 0; code < 6; ++code) {
    EXPECT_EQ(ReadIcmpError({true, 1, code, rest_v6})->hard, code == 4) << int{code};
  }
  EXPECT_FALSE(ReadIcmpError({true, 3, 0, rest_v6})) << "time exceeded";
}

TEST(TcpNdp, SolicitationAndAdvertisementSurviveTheWire) {
  for (const bool advertisement : {false, true}) {
    NdpMessage message;
    message.advertisement = advertisement;
    message.solicited = advertisement;
    message.target = kB6;
    message.link_address = MacAddr{{2, 0, 0, 0, 0, 9}};
    const IpAddr group = SolicitedNode(kB6);
    const Bytes frame =
        NdpFrame(message, {{2, 0, 0, 0, 0, 1}}, kA6, MulticastMac(group), group, {});
    const auto eth = ParseEthernet(frame);
    ASSERT_TRUE(eth);
    EXPECT_EQ(eth->header.dst.ToString(), "33:33:ff:cd:ef:01");
    const auto ip = ParseIpv6(eth->payload);
    ASSERT_TRUE(ip);
    EXPECT_EQ(ip->header.dst.ToString(), "ff02::1:ffcd:ef01");
    const auto icmp = ParseIcmp(ip->header.src, ip->header.dst, true, ip->payload);
    ASSERT_TRUE(icmp);
    const auto back = ReadNdp(*icmp, ip->header.hop_limit);
    ASSERT_TRUE(back);
    EXPECT_EQ(back->advertisement, advertisement);
    EXPECT_EQ(back->solicited, advertisement);
    EXPECT_EQ(back->target, kB6);
    EXPECT_EQ(back->link_address, message.link_address);
    EXPECT_FALSE(ReadNdp(*icmp, 254)) << "RFC 4861, 7.1: it came from off the link";
    IcmpMessage bad = *icmp;
    bad.rest = bad.rest.first(bad.rest.size() - 1);
    EXPECT_FALSE(ReadNdp(bad, 255));
    bad.rest = bad.rest.first(19);
    EXPECT_FALSE(ReadNdp(bad, 255));
  }
}

}  // namespace
}  // namespace handoff::tcp
