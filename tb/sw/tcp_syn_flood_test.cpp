// SPDX-License-Identifier: Apache-2.0
//
// A flood of SYNs: the listener stays open, and what it costs has a bound.
#include <gtest/gtest.h>
#include <malloc.h>

#include "sw/tcp/ethernet.h"
#include "sw/tcp/ipv4.h"
#include "sw/tcp/syn_cookie.h"
#include "tb/sw/hosts.h"

namespace handoff::tcp {
namespace {

using tb::Hosts;
using tb::PatternUser;

class SynFlood : public testing::Test {
 protected:
  void Send(const IpAddr& src, const Segment& segment) {
    Bytes frame;
    AppendEthernet(
        frame,
        {.dst = {{2, 0, 0, 0, 0, 2}}, .src = {{2, 0, 0, 0, 0, 9}}, .ether_type = kEtherTypeIpv4});
    AppendIpv4(frame, {.protocol = kProtocolTcp, .src = src, .dst = hosts.addr_b},
               kTcpHeaderBytes + OptionBytes(segment.options));
    AppendSegment(frame, src, hosts.addr_b, segment, {});
    hosts.b.Input(frame);
  }
  // SYNs from addresses that do not answer, on the link and beyond it.
  void Flood(uint32_t count) {
    Segment syn{.src_port = 1000, .dst_port = 80, .flags = {.syn = true}, .window = 1000};
    syn.options.mss = 1460;
    for (uint32_t i = 0; i < count; ++i) {
      syn.src_port = static_cast<uint16_t>(1000 + i / 200);
      Send(IpAddr::V4(10, static_cast<uint8_t>(77 + i % 2), static_cast<uint8_t>(i % 2 * (i >> 8)),
                      static_cast<uint8_t>(10 + i % 200)),
           syn);
    }
  }
  // An honest peer opens, 300,000 bytes go each way.
  void Exchange(const OpenOptions& options, bool scaled) {
    const auto client = hosts.a.Connect({}, {hosts.addr_b, 80}, options);
    std::shared_ptr<Connection> server;
    ASSERT_TRUE(hosts.time.RunUntil([&] { return (server = listener->Accept()) != nullptr; },
                                    sw::Millis(1100)));
    EXPECT_EQ(server->tcb().timestamps, options.timestamps);
    EXPECT_EQ(server->tcb().sack_ok, scaled);
    EXPECT_EQ(server->tcb().snd_scale, scaled ? 3 : 0);
    EXPECT_EQ(client->tcb().snd_scale, scaled ? 3 : 0);
    EXPECT_EQ(server->tcb().snd_mss, 1460);
    PatternUser a(client, 300000);
    PatternUser b(server, 300000);
    ASSERT_TRUE(hosts.time.RunUntil([&] { return a.closed && b.closed; }));
    EXPECT_EQ(a.received + b.received, 600000u);
    EXPECT_EQ(a.wrong + b.wrong, 0u);
    EXPECT_EQ(a.reason, CloseReason::kDone);
  }

  Hosts hosts;
  std::shared_ptr<Listener> listener = hosts.b.Listen({hosts.addr_b, 80});
};

TEST_F(SynFlood, TheListenerStaysOpen) {
  Flood(20000);
  EXPECT_EQ(hosts.b.table().size(), 128u) << "the backlog";
  EXPECT_GT(hosts.b.counters().cookies_sent, 19000u);
  Exchange({}, true);
  Flood(20000);
  OpenOptions plain;
  plain.timestamps = false;
  Exchange(plain, false);
  EXPECT_EQ(hosts.b.counters().cookies_taken, 2u);
}

TEST_F(SynFlood, ItCostsNoMoreMemoryTheLongerItLasts) {
  Flood(20000);
  const size_t before = mallinfo2().uordblks;
  Flood(200000);
  EXPECT_LT(mallinfo2().uordblks, before + 100000);
}

TEST_F(SynFlood, AGuessedCookieIsReset) {
  Flood(200);
  const auto resets = hosts.b.counters().resets_sent;
  const auto cookies = hosts.b.counters().cookies_taken;
  for (uint32_t i = 0; i < 10000; ++i) {
    Segment ack{.src_port = 4001, .dst_port = 80, .seq = Seq(1), .flags = {.ack = true}};
    ack.ack = Seq(i * 429496u);
    Send(hosts.addr_a, ack);
  }
  EXPECT_EQ(hosts.b.counters().resets_sent, resets + 10000);
  EXPECT_EQ(hosts.b.counters().cookies_taken, cookies);
}

// -- The cookie itself --

class SynCookieTest : public testing::Test {
 protected:
  SynCookieTest() {
    syn.mss = 1460;
    syn.window_scale = 7;
    syn.sack_permitted = true;
    syn.timestamps = Timestamps{100, 0};
  }
  std::optional<Options> Read(const SynCookie& cookie, Micros at) const {
    std::optional<uint32_t> echo;
    if (syn.timestamps) echo = cookie.timestamp;
    return ReadSynCookie(key, tuple, Seq(77), cookie.iss, echo, at);
  }
  const SipKey key = {1, 2};
  const Tuple tuple{{IpAddr::V4(10, 0, 0, 1), 80}, {IpAddr::V4(10, 0, 0, 2), 4001}, {}};
  const Micros now = sw::Seconds(64 * 100);
  Options syn;
};

TEST_F(SynCookieTest, HoldsWhatTheSynSaid) {
  for (uint32_t timestamp : {0u, 5u, 0xffffffffu, 0x12345678u}) {
    const auto cookie = MakeSynCookie(key, tuple, Seq(77), syn, timestamp, now);
    ASSERT_TRUE(cookie);
    EXPECT_LE(static_cast<int32_t>(cookie->timestamp - timestamp), 0);
    EXPECT_LT(timestamp - cookie->timestamp, 64u);
    const auto options = Read(*cookie, now);
    ASSERT_TRUE(options);
    EXPECT_EQ(options->mss, 1460);
    EXPECT_EQ(options->window_scale, 7);
    EXPECT_TRUE(options->sack_permitted);
    EXPECT_TRUE(options->timestamps);
  }
}

TEST_F(SynCookieTest, TheMssIsNeverLargerThanAnnounced) {
  for (uint16_t mss = 48; mss < 9100; ++mss) {
    syn.mss = mss;
    const auto options = Read(*MakeSynCookie(key, tuple, Seq(77), syn, 0, now), now);
    ASSERT_TRUE(options);
    ASSERT_LE(*options->mss, mss);
    ASSERT_GT(mss < 536 ? 536 : 3 * *options->mss, std::min<int>(mss, 1460));
  }
  syn.mss = 47;
  EXPECT_FALSE(MakeSynCookie(key, tuple, Seq(77), syn, 0, now));
  syn.mss.reset();
  EXPECT_EQ(Read(*MakeSynCookie(key, tuple, Seq(77), syn, 0, now), now)->mss, 536);
}

TEST_F(SynCookieTest, WithoutTimestampsItHoldsTheMssAlone) {
  syn.timestamps.reset();
  const auto options = Read(*MakeSynCookie(key, tuple, Seq(77), syn, 0, now), now);
  ASSERT_TRUE(options);
  EXPECT_FALSE(options->window_scale || options->sack_permitted || options->timestamps);
}

TEST_F(SynCookieTest, ItIsOfItsTupleNumberTimeAndOptionsAlone) {
  const SynCookie cookie = *MakeSynCookie(key, tuple, Seq(77), syn, 1000, now);
  const auto read = [&](const SipKey& k, const Tuple& t, Seq irs, Seq iss,
                        std::optional<uint32_t> echo,
                        Micros at) { return ReadSynCookie(k, t, irs, iss, echo, at).has_value(); };
  EXPECT_TRUE(read(key, tuple, Seq(77), cookie.iss, cookie.timestamp, now));
  EXPECT_TRUE(read(key, tuple, Seq(77), cookie.iss, cookie.timestamp, now + kSynCookiePeriod));
  EXPECT_FALSE(read(key, tuple, Seq(77), cookie.iss, cookie.timestamp, now + kSynCookiePeriod * 2));
  // The two bits of the time come again.
  EXPECT_FALSE(read(key, tuple, Seq(77), cookie.iss, cookie.timestamp, now + kSynCookiePeriod * 4));
  EXPECT_FALSE(read({1, 3}, tuple, Seq(77), cookie.iss, cookie.timestamp, now));
  EXPECT_FALSE(read(key, tuple, Seq(78), cookie.iss, cookie.timestamp, now));
  EXPECT_FALSE(read(key, tuple, Seq(77), cookie.iss, std::nullopt, now));
  Tuple other = tuple;
  other.remote.port = 4002;
  EXPECT_FALSE(read(key, other, Seq(77), cookie.iss, cookie.timestamp, now));
  for (unsigned bit = 0; bit < 32; ++bit) {
    EXPECT_FALSE(
        read(key, tuple, Seq(77), Seq(cookie.iss.raw() ^ 1u << bit), cookie.timestamp, now))
        << bit;
    // The clock's bits are not the cookie's.
    EXPECT_EQ(read(key, tuple, Seq(77), cookie.iss, cookie.timestamp ^ 1u << bit, now), bit >= 6);
  }
}

}  // namespace
}  // namespace handoff::tcp
