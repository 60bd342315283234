// SPDX-License-Identifier: Apache-2.0
//
// The hand-over while everything moves: saturating senders, connections taken back and given again,
// ends of every kind, and an engine that runs short or fails.
#include <gtest/gtest.h>

#include <random>

#include "sw/policy/weighted.h"
#include "tb/sw/delegated_hosts.h"

namespace handoff::driver {
namespace {

using tb::DelegatedConfig;
using tb::DelegatedHosts;
using tb::PatternUser;

struct Shape {
  const char* name;
  Micros delay{200};
  double bytes_per_us = 1250;
  Micros command{20};
  Micros irq{30};
  double loss = 0;
  double reorder = 0;
  uint32_t shake_us = 200;  // at most, between two changes
  friend void PrintTo(const Shape& s, std::ostream* out) { *out << s.name; }
};

class DriverRaces : public testing::TestWithParam<Shape> {
 protected:
  static DelegatedConfig Config(uint32_t seed) {
    const Shape& s = GetParam();
    DelegatedConfig config;
    config.seed = seed;
    config.faults.delay = s.delay;
    config.faults.bytes_per_us = s.bytes_per_us;
    config.faults.loss = s.loss;
    config.faults.reorder = s.reorder;
    config.engine.command_delay = s.command;
    config.engine.irq_delay = s.irq;
    return config;
  }
};

// The connection goes back and forth all the time, by hand and by RESYNC.
TEST_P(DriverRaces, TakenBackAndGivenAgainWithoutLosingAByte) {
  uint64_t setups = 0;
  uint64_t resumes = 0;
  for (uint32_t seed = 1; seed <= 8; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    DelegatedConfig config = Config(seed);
    config.policy = policy::Never;
    DelegatedHosts hosts(config);
    const auto [client, server] = hosts.Connect();
    ASSERT_NE(server, nullptr);
    PatternUser a(client, 4000000);
    PatternUser b(server, 1000000);
    std::mt19937 random(seed);
    Delegation& delegation = hosts.host->delegation();
    tcp::Connection& connection = *server;
    std::function<void()> shake = [&] {
      switch (random() % 4) {
        case 0:
          delegation.Undelegate(connection);
          break;
        case 1:
          delegation.RequestResync(connection);
          break;
        default:
          delegation.Delegate(connection);
          break;
      }
      hosts.time.After(Micros(1 + random() % GetParam().shake_us), [&] { shake(); });
    };
    shake();
    ASSERT_TRUE(hosts.time.RunUntil([&] { return a.closed && b.closed; }))
        << "stuck: peer " << a.received << ", host " << b.received << " "
        << ToString(server->delegation().phase);
    EXPECT_EQ(b.received, 4000000u);
    EXPECT_EQ(a.received, 1000000u);
    EXPECT_EQ(a.wrong + b.wrong, 0u);
    EXPECT_EQ(a.reason, tcp::CloseReason::kDone);
    EXPECT_EQ(b.reason, tcp::CloseReason::kDone);
    setups += hosts.Stats(*server).setups;
    resumes += hosts.Stats(*server).resumes;
  }
  EXPECT_GT(setups, 50u);
  EXPECT_GT(resumes, 50u);
}

// docs/design.md, 9: a saturating sender cannot keep the stack out.
TEST_P(DriverRaces, ResumeNeedsFewTries) {
  uint64_t resumes = 0;
  uint64_t tries = 0;
  for (uint32_t seed = 1; seed <= 6; ++seed) {
    DelegatedHosts hosts(Config(seed));
    const auto [client, server] = hosts.Connect();
    PatternUser a(client, 3000000);
    PatternUser b(server, 0, false);
    hosts.time.RunUntil([&] { return b.ended; });
    EXPECT_EQ(b.received, 3000000u);
    EXPECT_EQ(b.wrong, 0u);
    resumes += hosts.Stats(*server).resumes;
    tries += hosts.Stats(*server).resume_tries;
  }
  EXPECT_GT(resumes, 0u);
  EXPECT_LE(tries, 2 * resumes);
}

INSTANTIATE_TEST_SUITE_P(
    All, DriverRaces,
    testing::Values(Shape{"Metro"}, Shape{"Near", Micros(5), 12500, Micros(3), Micros(5), 0, 0, 10},
                    Shape{"NearSlowHost", Micros(5), 12500, Micros(50), Micros(100), 0, 0, 20},
                    Shape{"QuickHost", Micros(50), 1250, Micros(1), Micros(1), 0, 0, 50},
                    Shape{"Loss", Micros(100), 1250, Micros(20), Micros(30), 0.005},
                    Shape{"Reorder", Micros(100), 1250, Micros(20), Micros(30), 0, 0.01},
                    Shape{"LossSlowHost", Micros(30), 1250, Micros(100), Micros(300), 0.005}),
    [](const auto& test) { return std::string(test.param.name); });

// A test that cannot fail is worse than none: what is wrong on purpose is seen.
TEST(DriverSeededBugs, EngineThatResumesWronglyIsCaught) {
  for (const tb::EngineBug bug :
       {tb::EngineBug::kResumeIgnoresCount, tb::EngineBug::kResumeAtRcvNxt}) {
    int caught = 0;
    for (uint32_t seed = 1; seed <= 10; ++seed) {
      DelegatedConfig config;
      config.seed = seed;
      config.faults.loss = 0.01;
      config.engine.bug = bug;
      DelegatedHosts hosts(config);
      const auto [client, server] = hosts.Connect();
      PatternUser a(client, 2000000);
      PatternUser b(server, 0);
      const bool ended = hosts.time.RunUntil([&] { return a.closed && b.closed; });
      caught +=
          !ended || b.reason == tcp::CloseReason::kDeviceFault || b.received != 2000000 ? 1 : 0;
      EXPECT_EQ(b.wrong, 0u) << "an error both can see, never a wrong byte";
    }
    EXPECT_GT(caught, 0) << static_cast<int>(bug);
  }
}

TEST(DriverEnds, AbortTellsThePeerAndFreesTheEntry) {
  for (const bool by_host : {true, false}) {
    DelegatedHosts hosts;
    const auto [client, server] = hosts.Connect();
    ASSERT_TRUE(hosts.RunUntilLive(*server));
    PatternUser a(client, 100000000);
    PatternUser b(server, 100000000);
    hosts.time.RunFor(sw::Millis(20));
    (by_host ? server : client)->Abort();
    hosts.time.RunFor(sw::Seconds(1));
    EXPECT_TRUE(a.closed && b.closed);
    EXPECT_EQ((by_host ? a : b).reason, tcp::CloseReason::kReset);
    EXPECT_EQ(a.wrong + b.wrong, 0u);
    EXPECT_EQ(hosts.engine.entries_in_use(), 0u);
    EXPECT_EQ(hosts.host->delegation().entries(), 0u);
    hosts.time.RunFor(sw::Seconds(200));
    EXPECT_TRUE(hosts.time.idle());
  }
}

// Corner 46: after the peer's FIN the entry goes, and the other direction goes on.
TEST(DriverEnds, HalfCloseLeavesTheOtherDirectionOpen) {
  DelegatedHosts hosts;
  const auto [client, server] = hosts.Connect();
  ASSERT_TRUE(hosts.RunUntilLive(*server));
  PatternUser a(client, 1000);
  PatternUser b(server, 3000000);
  ASSERT_TRUE(hosts.time.RunUntil([&] { return a.closed && b.closed; }));
  EXPECT_EQ(a.received, 3000000u);
  EXPECT_EQ(b.received, 1000u);
  EXPECT_EQ(a.wrong + b.wrong, 0u);
  EXPECT_EQ(hosts.engine.entries_in_use(), 0u);
}

TEST(DriverEnds, HostThatClosedFirstStillReceivesLive) {
  DelegatedHosts hosts;
  const auto [client, server] = hosts.Connect();
  ASSERT_TRUE(hosts.RunUntilLive(*server));
  PatternUser b(server, 1000);  // FIN at once
  hosts.time.RunFor(sw::Millis(10));
  EXPECT_EQ(server->state(), tcp::State::kFinWait2);
  EXPECT_EQ(server->delegation().phase, tcp::Delegation::kLive);
  PatternUser a(client, 500000);
  ASSERT_TRUE(hosts.time.RunUntil([&] { return a.closed && b.closed; }));
  EXPECT_EQ(b.received, 500000u);
  EXPECT_GT(hosts.Stats(*server).bytes_legacy, 400000u);
}

// Nobody reads: the window closes, and opens again by SET.
TEST(DriverWindow, ReaderThatPausesStopsAndRestartsThePeer) {
  DelegatedHosts hosts;
  const auto [client, server] = hosts.Connect();
  ASSERT_TRUE(hosts.RunUntilLive(*server));
  PatternUser b(server, 0, false);
  b.hold_reading = true;
  PatternUser a(client, 2000000);
  hosts.time.RunFor(sw::Seconds(3));
  EXPECT_LT(server->ReadableBytes(), 300000u);
  const LegacyRing& legacy = hosts.host->driver().legacy();
  EXPECT_LT(legacy.posted(), legacy.buffers());
  b.hold_reading = false;
  b.OnReadable(*server);
  ASSERT_TRUE(hosts.time.RunUntil([&] { return b.ended; }));
  EXPECT_EQ(b.received, 2000000u);
  EXPECT_EQ(b.wrong, 0u);
  EXPECT_EQ(hosts.Stats(*server).resyncs, 1u) << "the FIN; a full window is no reason";
}

TEST(DriverShort, FewLegacyBuffersOnlySlowItDown) {
  DelegatedConfig config;
  config.driver.legacy_buffers = 6;
  config.driver.log_legacy = 3;
  DelegatedHosts hosts(config);
  const auto [client, server] = hosts.Connect();
  PatternUser a(client, 300000);
  PatternUser b(server, 300000);
  ASSERT_TRUE(hosts.time.RunUntil([&] { return a.closed && b.closed; }, sw::Seconds(3000)));
  EXPECT_EQ(b.received + a.received, 600000u);
  EXPECT_EQ(a.wrong + b.wrong, 0u);
  EXPECT_GT(hosts.engine.counter[static_cast<size_t>(Reason::ReasonNoLegacyBuffer)], 0u);
}

// What is to be read later does not take the buffers that frames need now.
TEST(DriverShort, UnreadBytesMoveOutOfTheLastLegacyBuffers) {
  DelegatedConfig config;
  config.driver.legacy_buffers = 64;
  DelegatedHosts hosts(config);
  const auto [client, server] = hosts.Connect();
  ASSERT_TRUE(hosts.RunUntilLive(*server));
  PatternUser b(server, 0, false);
  b.hold_reading = true;
  PatternUser a(client, 2000000);
  hosts.time.RunFor(sw::Seconds(3));
  EXPECT_GE(hosts.host->driver().legacy().posted(), 31u);
  EXPECT_GT(hosts.Stats(*server).bytes_copied, 100000u);
  b.hold_reading = false;
  b.OnReadable(*server);
  ASSERT_TRUE(hosts.time.RunUntil([&] { return b.ended; }));
  EXPECT_EQ(b.received, 2000000u);
  EXPECT_EQ(b.wrong, 0u);
}

TEST(DriverShort, SmallRingsOnlySlowItDown) {
  DelegatedConfig config;
  config.driver.log_commands = 2;
  config.driver.log_transmit = 2;
  config.driver.log_notifications = 4;
  config.driver.poll_budget = 3;
  DelegatedHosts hosts(config);
  const auto [client, server] = hosts.Connect();
  PatternUser a(client, 1000000);
  PatternUser b(server, 1000000);
  ASSERT_TRUE(hosts.time.RunUntil([&] { return a.closed && b.closed; }));
  EXPECT_EQ(b.received + a.received, 2000000u);
  EXPECT_EQ(a.wrong + b.wrong, 0u);
  EXPECT_GT(hosts.Stats(*server).bytes_legacy, 900000u);
}

TEST(DriverShort, FullTableRefusesAndTheRestGoesOnUndelegated) {
  DelegatedConfig config;
  config.engine.dct_entries = 2;
  DelegatedHosts hosts(config);
  std::vector<std::unique_ptr<PatternUser>> users;
  std::vector<std::shared_ptr<tcp::Connection>> servers;
  for (uint16_t i = 0; i < 5; ++i) {
    const auto [client, server] = hosts.Connect({}, static_cast<uint16_t>(6000 + i));
    servers.push_back(server);
    users.push_back(std::make_unique<PatternUser>(client, 200000));
    users.push_back(std::make_unique<PatternUser>(server, 200000));
  }
  ASSERT_TRUE(hosts.time.RunUntil([&] {
    return std::all_of(users.begin(), users.end(), [](const auto& u) { return u->closed; });
  }));
  uint64_t delegated = 0;
  for (const auto& user : users) {
    EXPECT_EQ(user->received, 200000u);
    EXPECT_EQ(user->wrong, 0u);
  }
  for (const auto& server : servers) delegated += hosts.Stats(*server).setups > 0 ? 1 : 0;
  EXPECT_GE(delegated, 2u);
  EXPECT_EQ(hosts.engine.Answers(CmdKind::CmdSetup, Status::StatusInUse), 0u);
}

// Corner 72: an index comes again with another generation.
TEST(DriverShort, OneIndexServesManyConnections) {
  DelegatedConfig config;
  config.engine.dct_entries = 1;
  config.delegation.decide_every = Micros(500);
  DelegatedHosts hosts(config);
  for (int i = 0; i < 300; ++i) {
    const auto [client, server] = hosts.Connect();
    ASSERT_NE(server, nullptr);
    ASSERT_TRUE(hosts.RunUntilLive(*server)) << i;
    PatternUser a(client, 5000);
    PatternUser b(server, 5000);
    ASSERT_TRUE(hosts.time.RunUntil([&] { return a.ended && b.ended; }));
    EXPECT_EQ(a.wrong + b.wrong, 0u);
    client->Abort();
    server->Abort();
    hosts.time.RunFor(sw::Millis(2));
  }
  EXPECT_EQ(hosts.engine.Answers(CmdKind::CmdSetup, Status::StatusOk), 300u);
}

// Corner 107: delegated connections end visibly, others go on.
TEST(DriverReset, HaltEndsDelegatedConnectionsAndNoOthers) {
  DelegatedConfig config;
  config.policy = policy::Never;
  DelegatedHosts hosts(config);
  const auto [client1, server1] = hosts.Connect({}, 5001);
  const auto [client2, server2] = hosts.Connect({}, 5002);
  ASSERT_TRUE(hosts.host->delegation().Delegate(*server1));
  ASSERT_TRUE(hosts.RunUntilLive(*server1));
  PatternUser a1(client1, 100000000);
  PatternUser b1(server1, 0, false);
  PatternUser a2(client2, 2000000);
  PatternUser b2(server2, 0);
  hosts.time.RunFor(sw::Millis(5));
  hosts.engine.Halt();
  hosts.time.RunFor(sw::Seconds(1));
  EXPECT_EQ(hosts.host->driver().stats().resets, 1u);
  EXPECT_TRUE(b1.closed);
  EXPECT_EQ(b1.reason, tcp::CloseReason::kDeviceFault);
  EXPECT_EQ(a1.reason, tcp::CloseReason::kReset);
  EXPECT_EQ(b1.wrong, 0u);
  ASSERT_TRUE(hosts.time.RunUntil([&] { return a2.closed && b2.closed; }));
  EXPECT_EQ(b2.received, 2000000u);
  EXPECT_EQ(b2.wrong, 0u);
  // And the engine serves again.
  const auto [client3, server3] = hosts.Connect({}, 5003);
  ASSERT_TRUE(hosts.host->delegation().Delegate(*server3));
  EXPECT_TRUE(hosts.RunUntilLive(*server3));
  EXPECT_EQ(hosts.host->driver().legacy().posted(), hosts.host->driver().legacy().buffers());
}

// Corner 99: lost like a frame on the link, live or in resync.
TEST(DriverReset, FrameThatCouldNotBeUploadedIsSentAgain) {
  DelegatedConfig config;
  config.faults.loss = 0.01;  // so that there is resync
  for (uint32_t seed = 1; seed <= 4; ++seed) {
    config.seed = seed;
    DelegatedHosts hosts(config);
    std::mt19937 random(seed);
    hosts.engine.write_fails = [&](uint64_t, bool user) { return !user && random() % 50 == 0; };
    const auto [client, server] = hosts.Connect();
    PatternUser a(client, 1000000);
    PatternUser b(server, 0);
    ASSERT_TRUE(hosts.time.RunUntil([&] { return a.closed && b.closed; }));
    if (b.reason == tcp::CloseReason::kDeviceFault) continue;  // a RESUME had passed over it
    EXPECT_EQ(b.received, 1000000u);
    EXPECT_EQ(b.wrong, 0u);
    EXPECT_GT(hosts.host->driver().stats().upload_errors, 0u);
  }
}

TEST(DriverFamilies, Ipv6AndVlansAreDelegatedToo) {
  for (int i = 0; i < 3; ++i) {
    DelegatedConfig config;
    config.v6 = i == 0;
    if (i == 1) config.vlans = {100, 0};
    if (i == 2) config.vlans = {7, 9};
    DelegatedHosts hosts(config);
    const auto [client, server] = hosts.Connect();
    ASSERT_TRUE(hosts.RunUntilLive(*server));
    PatternUser a(client, 300000);
    PatternUser b(server, 300000);
    ASSERT_TRUE(hosts.time.RunUntil([&] { return a.closed && b.closed; }));
    EXPECT_EQ(a.received + b.received, 600000u);
    EXPECT_EQ(a.wrong + b.wrong, 0u);
    EXPECT_GT(hosts.Stats(*server).bytes_legacy, 290000u);
    EXPECT_GT(hosts.Stats(*server).sends, 50u);
  }
}

TEST(DriverDoorbells, OneForAllThatWasPutTogether) {
  DelegatedHosts hosts;
  const auto [client, server] = hosts.Connect();
  ASSERT_TRUE(hosts.RunUntilLive(*server));
  hosts.time.RunFor(sw::Millis(5));
  const uint64_t before = hosts.hw.writes;
  const tcp::Bytes data(14000);
  EXPECT_EQ(server->Write(data), data.size());
  hosts.time.RunFor(Micros(50));
  EXPECT_EQ(hosts.Stats(*server).sends, 9u);
  EXPECT_LE(hosts.hw.writes - before, 2u) << "transmit ring, and the notifications consumed";
}

TEST(DriverPolicy, DecisionsAreKeptWithTheirReasons) {
  DelegatedConfig config;
  config.policy = [] { return policy::Weighted(); };
  DelegatedHosts hosts(config);
  const auto [client, server] = hosts.Connect();
  PatternUser a(client, 100000000, false);
  PatternUser b(server, 0, false);
  ASSERT_TRUE(hosts.RunUntilLive(*server));
  const auto& decisions = hosts.host->delegation().decisions();
  ASSERT_EQ(decisions.size(), 1u);
  EXPECT_NE(decisions[0].reason.find("frame rate"), std::string::npos);
  EXPECT_GT(server->delegation().phase, tcp::Delegation::kSettingUp);
}

}  // namespace
}  // namespace handoff::driver
