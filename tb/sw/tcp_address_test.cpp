// SPDX-License-Identifier: Apache-2.0
#include "sw/tcp/address.h"

#include <gtest/gtest.h>

#include <set>

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
  for (const char* none :
       {"0.0.0.0", "0.0.0.1", "127.0.0.1", "127.255.0.1", "224.0.0.1", "240.0.0.1",
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

TEST(TcpAddress, AHashDependsOnKeyUseAndEveryPartOfTheTuple) {
  const IpAddr v6 = *IpAddr::Parse("a00:1::");  // the octets of 10.0.0.1, and zeros
  const Tuple a{{IpAddr::V4(10, 0, 0, 1), 1}, {IpAddr::V4(10, 0, 0, 2), 2}, {3, 4}};
  std::set<uint64_t> hashes;
  const auto add = [&hashes](const SipKey& key, HashUse use, const Tuple& tuple) {
    EXPECT_TRUE(hashes.insert(HashOf(key, use, tuple)).second);
  };
  for (const SipKey& key : {SipKey{1, 2}, SipKey{1, 3}, SipKey{2, 2}}) {
    for (const HashUse use : {HashUse::kTable, HashUse::kSequence, HashUse::kTimestamp}) {
      add(key, use, a);
      add(key, use, {a.remote, a.local, a.vlans});
      add(key, use, {{v6, 1}, a.remote, a.vlans});
      add(key, use, {{a.local.addr, 9}, a.remote, a.vlans});
      add(key, use, {a.local, {a.remote.addr, 9}, a.vlans});
      add(key, use, {a.local, a.remote, {4, 3}});
    }
  }
}

}  // namespace
}  // namespace handoff::tcp
