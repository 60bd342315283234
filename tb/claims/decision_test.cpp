// SPDX-License-Identifier: Apache-2.0
//
// Claims 1 to 6, 12, 13, 18, 28 to 31: the stack opens a connection, decides by what it knows of
// it, and makes the entry. All of it on the whole system, the engine in lockstep.
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "sw/policy/weighted.h"
#include "tb/claims/whole_system.h"
#include "tb/rig/in_child.h"

namespace handoff::system {
namespace {

constexpr uint16_t kOtherPort = 5001;

uint64_t Us(uint64_t ps) { return ps / 1000000; }

// The first frame that this holds for, from a time on; nullptr: none.
template <class F>
const Witness::Frame* FirstFrame(const WholeSystem& system, bool to_peer, F&& is,
                                 uint64_t from_ps = 0) {
  for (const Witness::Frame& frame : system.witness.frames()) {
    if (frame.to_peer == to_peer && frame.ps >= from_ps && frame.tcp && is(frame.tcp->segment)) {
      return &frame;
    }
  }
  return nullptr;
}

bool IsSyn(const tcp::Segment& s) { return s.flags.syn; }
bool IsThird(const tcp::Segment& s) { return s.flags.ack && !s.flags.syn; }

TEST(Claims, AConnectionIsEstablishedByTheStackBeforeItIsDecidedAbout) {
  RecordProperty("claims", "1 12");
  WholeSystem system;
  ASSERT_TRUE(system.Start()) << system.Problems();
  // The handshake's third segment is lost, and what follows it.
  system.witness.on_frame = [&](const Witness::Frame& frame) {
    if (frame.to_peer && frame.tcp && IsSyn(frame.tcp->segment)) system.link.b_to_a.SetUp(false);
  };
  Received got;
  Sending sending{.total = 20000};
  system.SpawnAtHost(Receive(system, kPort, {}, got));
  system.SpawnAtPeer(ConnectAndSend(system, kPort, sending));
  system.Wait(30);
  ASSERT_NE(FirstFrame(system, true, IsSyn), nullptr);
  EXPECT_NE(sending.connection, nullptr) << "the peer thinks that it is connected";
  EXPECT_TRUE(system.host.delegation().decisions().empty());
  EXPECT_TRUE(system.witness.Commands(CmdKind::CmdSetup).empty());

  system.witness.on_frame = nullptr;
  system.link.SetUp(true);
  ASSERT_TRUE(system.Until([&] { return got.done; }, 5000));
  const Witness::Frame* syn = FirstFrame(system, false, IsSyn);
  ASSERT_NE(syn, nullptr);
  const Witness::Frame* answer = FirstFrame(system, true, IsSyn, syn->ps);
  ASSERT_NE(answer, nullptr);
  const Witness::Frame* third = FirstFrame(system, false, IsThird, answer->ps);
  ASSERT_NE(third, nullptr);
  EXPECT_EQ(third->tcp->segment.ack, answer->tcp->segment.seq + 1);
  const auto& decisions = system.host.delegation().decisions();
  ASSERT_EQ(decisions.size(), 1u);
  EXPECT_EQ(decisions[0].id, got.connection->id());
  EXPECT_EQ(decisions[0].change, policy::Change::kDelegate);
  EXPECT_GE(static_cast<uint64_t>(decisions[0].at.count()), Us(third->ps));
  const auto setups = system.witness.Commands(CmdKind::CmdSetup);
  ASSERT_EQ(setups.size(), 1u);
  EXPECT_GE(Us(setups[0].ps), static_cast<uint64_t>(decisions[0].at.count()));
  EXPECT_EQ(got.bytes, sending.total);
  EXPECT_EQ(got.wrong, 0u);
  system.Wait(2);
  EXPECT_EQ(system.Problems(), "");
}

TEST(Claims, DecidingForTheEngineMakesAnEntryThatItsFramesMeet) {
  RecordProperty("claims", "2 13");
  WholeSystem system;
  ASSERT_TRUE(system.Start()) << system.Problems();
  Received got;
  Sending sending{.total = 1000, .end = false};
  system.SpawnAtHost(Receive(system, kPort, {}, got));
  system.SpawnAtPeer(ConnectAndSend(system, kPort, sending));
  ASSERT_TRUE(system.Until([&] { return got.Live() && got.bytes == sending.total; }, 20));

  // What the engine fetched, over PCIe, is this connection ...
  const auto setups = system.witness.Commands(CmdKind::CmdSetup);
  ASSERT_EQ(setups.size(), 1u);
  const auto setup = setups[0].As<Setup0Desc>();
  EXPECT_EQ(setup.local_port, kPort);
  EXPECT_EQ(setup.peer_port, got.connection->tuple().remote.port);
  EXPECT_EQ(setup.local_ip.w[0], 0x0a000002u);
  EXPECT_EQ(setup.peer_ip.w[0], 0x0a000001u);
  // ... which it now has in its table, at the place that the stack knows ...
  const auto state = system.Query(*got.connection);
  ASSERT_TRUE(state.has_value());
  EXPECT_TRUE(state->valid);
  EXPECT_TRUE(state->live);
  EXPECT_EQ(state->gen, setup.gen);
  EXPECT_EQ(state->rcv_nxt, got.connection->tcb().rcv_nxt.raw());
  // ... and which decides its frames.
  const uint64_t strangers = system.Count(Reason::ReasonNoEntry);
  const uint64_t taken = system.Count(Reason::ReasonInOrderLegacy);
  sending.total += 20000;
  ASSERT_TRUE(system.Until([&] { return got.bytes == sending.total; }, 20));
  EXPECT_EQ(system.Count(Reason::ReasonNoEntry), strangers);
  EXPECT_GE(system.Count(Reason::ReasonInOrderLegacy), taken + 20000 / 1460);
  EXPECT_EQ(got.wrong, 0u);
  sending.end = true;
  ASSERT_TRUE(system.Until([&] { return got.done; }, 20));
  system.Wait(2);
  EXPECT_EQ(system.Problems(), "");
}

TEST(Claims, DecidingAgainstTheEngineMakesNoEntry) {
  RecordProperty("claims", "1 2");
  WholeSystem system({.policy = policy::Never});
  ASSERT_TRUE(system.Start()) << system.Problems();
  Received got;
  Sending sending{.total = 100000};
  system.SpawnAtHost(Receive(system, kPort, {}, got));
  system.SpawnAtPeer(ConnectAndSend(system, kPort, sending));
  ASSERT_TRUE(system.Until([&] { return got.done; }, 200));
  EXPECT_EQ(got.bytes, sending.total);
  EXPECT_EQ(got.wrong, 0u);
  EXPECT_TRUE(system.witness.Commands(CmdKind::CmdSetup).empty());
  EXPECT_FALSE(system.Query(*got.connection).has_value());
  EXPECT_GT(system.Count(Reason::ReasonNoEntry), sending.total / 1460);
  EXPECT_EQ(system.Count(Reason::ReasonInOrderUser), 0u);
  EXPECT_EQ(system.Count(Reason::ReasonInOrderLegacy), 0u);
  EXPECT_EQ(got.BytesAt(tcp::Place::kStack), sending.total);
  system.Wait(2);
  EXPECT_EQ(system.Problems(), "");
}

// --- What the decision looks at
// -------------------------------------------------------------------

policy::Weights Only(policy::Criterion policy::Weights::*which, double threshold) {
  policy::Weights weights;
  weights.priority.weight = weights.duration.weight = weights.frame_rate.weight = 0;
  weights.*which = {.threshold = threshold, .weight = 1};
  weights.delegate_at = 1;
  return weights;
}

struct Pair {
  WholeSystem::Params system;
  Sending first, second;  // to kPort and kOtherPort
};

struct PairRun {
  std::vector<uint16_t> ports;     // that entries were made for
  std::vector<uint64_t> since_us;  // from their SYN to the engine reading SETUP
  std::string text;
};

// Both at once; empty problems: both arrived as sent.
PairRun RunPair(Pair pair) {
  WholeSystem system(pair.system);
  PairRun run;
  if (!system.Start()) return {.text = "not up"};
  Received first, second;
  system.SpawnAtHost(Receive(system, kPort, {}, first));
  system.SpawnAtHost(Receive(system, kOtherPort, {}, second));
  system.SpawnAtPeer(ConnectAndSend(system, kPort, pair.first));
  system.SpawnAtPeer(ConnectAndSend(system, kOtherPort, pair.second));
  if (!system.Until([&] { return first.done && second.done; }, 1000)) run.text = "not done ";
  system.Wait(2);
  run.text += system.Problems();
  if (first.bytes != pair.first.total || second.bytes != pair.second.total) run.text += "lost ";
  if (first.wrong + second.wrong != 0) run.text += "wrong ";
  for (const auto& setup : system.witness.Commands(CmdKind::CmdSetup)) {
    const uint16_t port = setup.As<Setup0Desc>().local_port;
    const Witness::Frame* syn = FirstFrame(
        system, false, [&](const tcp::Segment& s) { return s.flags.syn && s.dst_port == port; });
    run.ports.push_back(port);
    run.since_us.push_back(Us(setup.ps - syn->ps));
  }
  return run;
}

using Ports = std::vector<uint16_t>;

// The same traffic, with these priorities.
PairRun RunPriorities(double first, double second) {
  Pair pair;
  pair.system.policy = [] {
    return policy::Weighted(Only(&policy::Weights::priority, /*threshold=*/3));
  };
  pair.system.delegation.priority = [=](const tcp::Connection& c) {
    return c.tuple().local.port == kPort ? first : second;
  };
  pair.first = {.total = 50000, .message_bytes = 1000, .pause = sw::Micros(50)};
  pair.second = pair.first;
  return RunPair(std::move(pair));
}

std::string PortsOf(const PairRun& run) {
  std::string text = run.text;
  for (const uint16_t port : run.ports) text += std::to_string(port) + " ";
  return text;
}

TEST(Claims, PriorityDecidesWhichOfTwoEqualConnectionsIsDelegated) {
  RecordProperty("claims", "3 4 28 31");
  const auto ports = [](double first, double second) {
    return InChild([=] { return PortsOf(RunPriorities(first, second)); });
  };
  EXPECT_EQ(ports(2.9, 3), "5001 ");
  EXPECT_EQ(ports(3, 2.9), "5000 ");
  EXPECT_EQ(ports(2.9, 2.9), "");
}

TEST(Claims, AConnectionIsDelegatedOnceItHasLastedLongEnough) {
  RecordProperty("claims", "3 5 28 29");
  constexpr int kThresholdMs = 30, kLookMs = 4;
  Pair pair;
  pair.system.policy = [] {
    return policy::Weighted(Only(&policy::Weights::duration, kThresholdMs * 1e-3));
  };
  pair.system.delegation.decide_every = sw::Millis(kLookMs);
  // The same messages, but one sends more of them.
  pair.first = {.total = 20000, .message_bytes = 1000, .pause = sw::Millis(1)};
  pair.second = pair.first;
  pair.second.total = 50000;
  const PairRun run = RunPair(std::move(pair));
  EXPECT_EQ(run.text, "");
  ASSERT_EQ(run.ports, Ports{kOtherPort});
  EXPECT_GE(run.since_us[0], kThresholdMs * 1000u);
  EXPECT_LE(run.since_us[0], (kThresholdMs + 2 * kLookMs) * 1000u);
}

TEST(Claims, AFastConnectionIsDelegatedAndASlowOneIsNot) {
  RecordProperty("claims", "3 6 28 30");
  Pair pair;
  pair.system.policy = [] {
    return policy::Weighted(Only(&policy::Weights::frame_rate, /*threshold=*/5000));
  };
  pair.system.delegation.decide_every = sw::Millis(10);
  // As long, in frames of the same size, but not as fast: by frames a second alone they differ.
  pair.first = {.total = 10000, .message_bytes = 500, .pause = sw::Micros(2000)};
  pair.second = {.total = 200000, .message_bytes = 500, .pause = sw::Micros(100)};
  pair.first.options.no_delay = pair.second.options.no_delay = true;
  const PairRun run = RunPair(std::move(pair));
  EXPECT_EQ(run.text, "");
  EXPECT_EQ(run.ports, Ports{kOtherPort});
}

// Looks at the time again and again.
sock::Task<> LookAtTheTime(sock::Executor& executor, const bool& stop, uint64_t& looks) {
  while (!stop) {
    ++looks;
    co_await executor.Sleep(sw::Micros(20));
  }
}

TEST(Claims, OneProcessorRunsApplicationAndStackAndDecides) {
  RecordProperty("claims", "12 18");
  WholeSystem system;
  ASSERT_TRUE(system.Start()) << system.Problems();
  Received got;
  bool stop = false;
  uint64_t looks = 0;
  system.SpawnAtHost(LookAtTheTime(system.host.executor(), stop, looks));
  system.SpawnAtHost(Receive(system, kPort, {}, got));
  system.Wait(1);
  // Something else keeps the processor for 5 ms. Meanwhile the engine hears the peer, who looks for
  // this host, but neither stack nor application runs, and nothing is decided.
  constexpr uint64_t kBusyPs = 5'000'000'000;
  system.machine.host.Run(
      [&] { system.machine.host.Charge(sw::Cost::kSegment, kBusyPs / CostModel().segment_ps); });
  system.Wait(1);
  const uint64_t looked = looks;
  EXPECT_GT(looked, 10u);
  Sending sending{.total = 100000};
  system.SpawnAtPeer(ConnectAndSend(system, kPort, sending));
  system.Wait(3);
  ASSERT_EQ(system.witness.frames().size(), 1u);
  EXPECT_FALSE(system.witness.frames()[0].to_peer);
  EXPECT_EQ(looks, looked);
  EXPECT_TRUE(system.host.delegation().decisions().empty());
  // Then all of them go on.
  ASSERT_TRUE(system.Until([&] { return got.done; }, 100));
  EXPECT_GT(looks, looked);
  EXPECT_EQ(system.host.delegation().decisions().size(), 1u);
  EXPECT_EQ(got.bytes, sending.total);
  EXPECT_EQ(got.wrong, 0u);
  // What the engine reads and writes is this processor's memory: it finds there what the engine
  // wrote last, whole frames of the handshake and payload alike.
  std::map<uint64_t, const Witness::Dma*> last;
  for (const Witness::Dma& dma : system.witness.dma()) {
    if (dma.kind == AccessKind::kWrite) last[dma.addr] = &dma;
  }
  EXPECT_GT(last.size(), sending.total / 1460);
  for (const auto& [addr, dma] : last) {
    // The first byte: what follows may lie under a later write that begins further on.
    EXPECT_EQ(system.machine.host.Memory(sw::PhysAddr(addr), 1)[0], dma->bytes[0]);
  }
  stop = true;
  system.Wait(2);
  EXPECT_EQ(system.Problems(), "");
}

}  // namespace
}  // namespace handoff::system
