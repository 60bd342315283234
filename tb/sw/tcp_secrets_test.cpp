// SPDX-License-Identifier: Apache-2.0
//
// Initial numbers and timestamps: they go on for a tuple, and tell nothing of another's.
#include <gtest/gtest.h>

#include <set>

#include "tb/sw/hosts.h"

namespace handoff::tcp {
namespace {

using tb::Hosts;
using tb::HostsConfig;

// RFC 6528, 3 and RFC 7323, 5.4.
TEST(TcpSecrets, ATuplesNumbersAndTimestampsGoOnWithTheClock) {
  Hosts hosts;
  const auto open = [&hosts] {
    const auto c = hosts.a.Connect({hosts.addr_a, 4001}, {hosts.addr_b, 9});
    const std::pair<Seq, uint32_t> drawn = {c->tcb().iss, c->tcb().ts_offset};
    c->Drop();
    return drawn;
  };
  const auto first = open();
  hosts.time.RunFor(sw::Seconds(1));
  const auto second = open();
  EXPECT_EQ(second.first - first.first, 250000);
  EXPECT_EQ(second.second, first.second);
}

TEST(TcpSecrets, AnotherTuplesAreFarFromThem) {
  std::set<uint32_t> distances;
  std::set<uint32_t> offsets;
  for (uint32_t seed = 1; seed <= 20; ++seed) {
    HostsConfig config;
    config.seed = seed;
    Hosts hosts(config);
    const auto one = hosts.a.Connect({hosts.addr_a, 4001}, {hosts.addr_b, 9});
    const auto two = hosts.a.Connect({hosts.addr_a, 4002}, {hosts.addr_b, 9});
    distances.insert(Distance(one->tcb().iss, two->tcb().iss) >> 8);
    offsets.insert(two->tcb().ts_offset - one->tcb().ts_offset);
  }
  EXPECT_EQ(distances.size(), 20u) << "with another secret they are otherwise apart";
  EXPECT_EQ(offsets.size(), 20u);
}

// RFC 6191: with random offsets every second one failed for over a minute.
TEST(TcpSecrets, ATupleIsReopenedAtOnceWhileThePeerIsInTimeWait) {
  for (uint32_t seed = 1; seed <= 30; ++seed) {
    HostsConfig config;
    config.seed = seed;
    Hosts hosts(config);
    const auto listener = hosts.b.Listen({hosts.addr_b, 80});
    for (int round = 0; round < 3; ++round) {
      const auto client = hosts.a.Connect({hosts.addr_a, 4001}, {hosts.addr_b, 80});
      ASSERT_NE(client, nullptr);
      std::shared_ptr<Connection> server;
      ASSERT_TRUE(hosts.time.RunUntil([&] { return (server = listener->Accept()) != nullptr; },
                                      sw::Millis(100)))
          << "seed " << seed << ", round " << round;
      server->Close();  // b keeps TIME-WAIT
      hosts.time.RunFor(sw::Millis(20));
      client->Close();
      hosts.time.RunFor(sw::Millis(20));
      ASSERT_EQ(server->state(), State::kTimeWait);
      ASSERT_EQ(client->state(), State::kClosed);
    }
  }
}

// RFC 9293, 3.6.1: a fast connection leaves the clock of the initial numbers behind.
TEST(TcpSecrets, TheConnectionAfterTimeWaitBeginsAboveTheOneBefore) {
  Hosts hosts;
  const auto listener = hosts.b.Listen({hosts.addr_b, 80});
  auto client = hosts.a.Connect({hosts.addr_a, 4001}, {hosts.addr_b, 80});
  std::shared_ptr<Connection> server;
  ASSERT_TRUE(hosts.time.RunUntil([&] { return (server = listener->Accept()) != nullptr; }));
  tb::PatternUser from(server, 20000000);
  tb::PatternUser to(client, 0, false);
  ASSERT_TRUE(hosts.time.RunUntil([&] { return to.ended; }));
  client->Close();
  hosts.time.RunFor(sw::Millis(20));
  ASSERT_EQ(server->state(), State::kTimeWait);
  const Seq last = server->tcb().snd_nxt;
  ASSERT_GT(last - server->tcb().iss, 250000 * 2) << "faster than the clock";
  client = hosts.a.Connect({hosts.addr_a, 4001}, {hosts.addr_b, 80});
  std::shared_ptr<Connection> next;
  ASSERT_TRUE(hosts.time.RunUntil([&] { return (next = listener->Accept()) != nullptr; }));
  EXPECT_GT(next->tcb().iss, last);
}

}  // namespace
}  // namespace handoff::tcp
