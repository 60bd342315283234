// SPDX-License-Identifier: Apache-2.0
#include "sw/tcp/address.h"

#include <gtest/gtest.h>

namespace handoff::tcp {
namespace {

TEST(TcpAddress, ReadsAndPrintsBothFamilies) {
  for (const char* text : {"10.77.0.1", "255.255.255.255", "::", "::1", "fd00::1", "fe80::1:2",
                           "2001:db8:0:1:1:1:1:1", "1:2:3:4:5:6:7:8", "ff02::1:ff00:2"}) {
    const auto addr = IpAddr::Parse(text);
    ASSERT_TRUE(addr) << text;
    EXPECT_EQ(addr->ToString(), text);
  }
}

TEST(TcpAddress, RefusesWhatIsNoAddress) {
  for (const char* text : {"", "1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2.3.", "a.b.c.d", "12345::",
                           "1:2:3:4:5:6:7", "1::2::3", ":1", "1:2:3:4:5:6:7:8::", "::g"}) {
    EXPECT_FALSE(IpAddr::Parse(text)) << text;
  }
}

TEST(TcpAddress, PrefixesCompareBitByBit) {
  const IpAddr a = IpAddr::V4(10, 77, 0, 1);
  EXPECT_TRUE(a.SamePrefix(IpAddr::V4(10, 77, 0, 254), 24));
  EXPECT_TRUE(a.SamePrefix(IpAddr::V4(10, 77, 1, 1), 23));
  EXPECT_FALSE(a.SamePrefix(IpAddr::V4(10, 77, 2, 1), 23));
  EXPECT_TRUE(a.SamePrefix(IpAddr::V4(1, 2, 3, 4), 0));
  EXPECT_FALSE(a.SamePrefix(*IpAddr::Parse("fd00::1"), 0));
}

TEST(TcpAddress, SomeAddressesAreNoHosts) {
  for (const char* host : {"10.77.0.1", "1.0.0.0", "223.255.255.255", "fd00::1", "fe80::1"}) {
    EXPECT_TRUE(IpAddr::Parse(host)->IsHosts()) << host;
  }
  for (const char* none : {"0.0.0.0", "0.0.0.1", "127.0.0.1", "127.255.0.1", "224.0.0.1", "240.0.0.1",
                           "255.255.255.255", "::", "::1", "::7f00:1", "::ffff:0a00:1", "ff02::1"}) {
    EXPECT_FALSE(IpAddr::Parse(none)->IsHosts()) << none;
  }
}

TEST(TcpAddress, TuplesDifferByVlanAlone) {
  const Tuple a{{IpAddr::V4(10, 0, 0, 1), 1}, {IpAddr::V4(10, 0, 0, 2), 2}, {}};
  Tuple b = a;
  EXPECT_EQ(TupleHash{}(a), TupleHash{}(b));
  b.vlans.outer = 100;
  EXPECT_NE(a, b);
  EXPECT_NE(TupleHash{}(a), TupleHash{}(b));
}

}  // namespace
}  // namespace handoff::tcp
