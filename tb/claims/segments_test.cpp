// SPDX-License-Identifier: Apache-2.0
//
// Claims 16 and 17: the maximum segment size, and acknowledgements coalesced or not, as they are
// set and as they then show on the wire.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sw/tcp/icmp.h"
#include "sw/tcp/ipv4.h"
#include "tb/claims/whole_system.h"
#include "tb/rig/in_child.h"

namespace handoff::system {
namespace {

constexpr uint32_t kTimestampBytes = 12;     // of each segment, options that the MSS does not count
constexpr uint8_t kSetMss = 2, kSetAck = 4;  // set_desc_t.mask

// Payload bytes of the host's data frames, from a frame of this number on.
std::vector<uint32_t> SegmentsFrom(const WholeSystem& system, size_t from) {
  std::vector<uint32_t> sizes;
  for (size_t i = from; i < system.witness.frames().size(); ++i) {
    const Witness::Frame& frame = system.witness.frames()[i];
    if (frame.to_peer && frame.payload() != 0) sizes.push_back(frame.payload());
  }
  return sizes;
}

// RFC 792: a router says that this frame was too big for its next link.
std::vector<uint8_t> TooBig(const Witness::Frame& frame, uint32_t mtu) {
  constexpr size_t kQuoted = tcp::kIpv4HeaderBytes + 8;
  const auto ip = tcp::ParseEthernet(frame.bytes)->payload.first(kQuoted);
  tcp::Bytes rest;
  tcp::Append32(rest, mtu);
  tcp::AppendBytes(rest, ip);
  const tcp::Bytes message =
      tcp::BuildIcmp(kPeerAddr, kHostAddr, {.v6 = false, .type = 3, .code = 4, .rest = rest});
  tcp::Bytes bytes;
  tcp::EthernetHeader ethernet;
  ethernet.dst = frame.tcp->ethernet.src;
  ethernet.src = frame.tcp->ethernet.dst;
  ethernet.ether_type = tcp::kEtherTypeIpv4;
  tcp::AppendEthernet(bytes, ethernet);
  tcp::Ipv4Header header;
  header.protocol = tcp::kProtocolIcmp;
  header.src = kPeerAddr;
  header.dst = kHostAddr;
  tcp::AppendIpv4(bytes, header, message.size());
  tcp::AppendBytes(bytes, message);
  return bytes;
}

// A SEND of this many bytes, past the stack: its status.
Status SendBytes(WholeSystem& system, tcp::Connection& connection, uint32_t bytes) {
  const auto setup = system.witness.Commands(CmdKind::CmdSetup).at(0).As<Setup0Desc>();
  std::optional<Status> status;
  system.Software([&] {
    driver::Driver& driver = system.host.driver();
    const auto memory = driver.pool().Allocate(bytes);
    TxDesc desc;
    desc.op = static_cast<uint8_t>(Tx::TxSend);
    desc.conn = setup.conn;
    desc.gen = setup.gen;
    desc.seq = connection.tcb().snd_nxt.raw();
    desc.n_pieces = 1;
    desc.piece0 = {.size = bytes, .addr = driver.pool().Find({memory.get(), bytes})->raw()};
    driver.Send(desc, {memory}, [&](const Ntf& ntf) { status = static_cast<Status>(ntf.code); });
  });
  system.Until([&] { return status.has_value(); }, 10);
  return status.value_or(Status::StatusOk);
}

TEST(Claims, NoSegmentIsLargerThanTheMaximumSegmentSizeThatIsSet) {
  RecordProperty("claims", "16");
  WholeSystem system;
  ASSERT_TRUE(system.Start()) << system.Problems();
  constexpr uint16_t kFirst = 900, kMtu = 640, kSecond = kMtu - 40;
  Received got;
  Sending sending{.end = false};
  system.SpawnAtHost(AcceptAndSend(system, kPort, sending));
  system.SpawnAtPeer(ConnectAndReceive(system, kPort, {.mss = kFirst}, got));
  ASSERT_TRUE(system.Until(
      [&] {
        return sending.connection &&
               sending.connection->delegation().phase == tcp::Delegation::kLive;
      },
      20));
  tcp::Connection& connection = *sending.connection;
  const auto setups = system.witness.Commands(CmdKind::CmdSetup);
  ASSERT_EQ(setups.size(), 1u);
  EXPECT_EQ(Setup1Desc::Unpack(setups[0].second.data()).mss, kFirst);
  EXPECT_EQ(system.Query(connection)->mss, kFirst);
  sending.total = 100000;
  ASSERT_TRUE(system.Until([&] { return got.bytes == sending.total; }, 100));
  auto sizes = SegmentsFrom(system, 0);
  EXPECT_EQ(*std::max_element(sizes.begin(), sizes.end()), kFirst - kTimestampBytes);
  // The engine itself holds to it: a larger one is refused, and nothing of it leaves.
  size_t before = system.witness.frames().size();
  EXPECT_EQ(SendBytes(system, connection, kFirst - kTimestampBytes + 1), Status::StatusBadLength);
  system.Wait(1);
  EXPECT_TRUE(SegmentsFrom(system, before).empty());

  // The path turns out to be narrower: the size is set anew, and is that of what follows.
  EXPECT_TRUE(system.witness.Commands(CmdKind::CmdSet).empty() ||
              (system.witness.Commands(CmdKind::CmdSet).back().As<SetDesc>().mask & kSetMss) == 0);
  system.witness.on_frame = [&](const Witness::Frame& frame) {
    if (!frame.to_peer || frame.payload() == 0) return;
    system.witness.on_frame = nullptr;
    system.peer.port.Send(TooBig(frame, kMtu));
  };
  sending.total += 100000;
  ASSERT_TRUE(system.Until([&] { return got.bytes == sending.total; }, 1000));
  std::vector<SetDesc> sets;
  uint64_t set_ps = 0;
  for (const auto& command : system.witness.Commands(CmdKind::CmdSet)) {
    if ((command.As<SetDesc>().mask & kSetMss) == 0) continue;
    sets.push_back(command.As<SetDesc>());
    set_ps = command.ps;
  }
  ASSERT_EQ(sets.size(), 1u);
  EXPECT_EQ(sets[0].mss, kSecond);
  EXPECT_EQ(system.Query(connection)->mss, kSecond);
  EXPECT_EQ(SendBytes(system, connection, kFirst - kTimestampBytes), Status::StatusBadLength);
  before = system.witness.frames().size();
  sending.total += 100000;
  ASSERT_TRUE(system.Until([&] { return got.bytes == sending.total; }, 100));
  sizes = SegmentsFrom(system, before);
  EXPECT_EQ(*std::max_element(sizes.begin(), sizes.end()), kSecond - kTimestampBytes);
  // From the moment on at which the engine had taken it, two microseconds after it was fetched.
  for (const Witness::Frame& frame : system.witness.frames()) {
    if (!frame.to_peer || frame.ps < set_ps + 2'000'000) continue;
    EXPECT_LE(frame.payload(), kSecond - kTimestampBytes);
  }
  EXPECT_EQ(got.wrong, 0u);
  sending.end = true;
  ASSERT_TRUE(system.Until([&] { return got.done; }, 100));
  system.Wait(2);
  EXPECT_EQ(system.Problems(), "");
}

// --- Coalescing
// -----------------------------------------------------------------------------------

struct AckCount {
  uint64_t data_frames = 0, acks = 0;
  uint64_t most_unacknowledged = 0;  // data frames in a row without an ACK
  std::string ToString() const {
    return std::to_string(data_frames) + " " + std::to_string(acks) + " " +
           std::to_string(most_unacknowledged);
  }
};

class Acknowledged {
 public:
  // The delegation's own setting, as SETUP has it.
  explicit Acknowledged(bool coalesce) : system_({.delegation = Config(coalesce)}) {}

  bool Begin() {
    if (!system_.Start()) return false;
    system_.SpawnAtHost(Receive(system_, kPort, {}, got_));
    system_.SpawnAtPeer(ConnectAndSend(system_, kPort, sending_));
    const bool live = system_.Until([&] { return got_.Live(); }, 20);
    system_.Wait(1);
    return live;
  }
  // The same traffic again.
  AckCount Send() {
    const size_t from = system_.witness.frames().size();
    sending_.total += 200 * 1448;
    EXPECT_TRUE(system_.Until([&] { return got_.bytes == sending_.total; }, 100));
    system_.Wait(1);  // the last ACK waits for its deadline
    AckCount count;
    uint64_t unacknowledged = 0;
    for (size_t i = from; i < system_.witness.frames().size(); ++i) {
      const Witness::Frame& frame = system_.witness.frames()[i];
      if (!frame.tcp) continue;
      if (frame.to_peer) {
        ++count.acks;
        unacknowledged = 0;
      } else if (frame.payload() != 0) {
        ++count.data_frames;
        count.most_unacknowledged = std::max(count.most_unacknowledged, ++unacknowledged);
      }
    }
    return count;
  }
  // SET, past the stack: on or off.
  Status Set(bool coalesce) {
    const auto setup = system_.witness.Commands(CmdKind::CmdSetup).at(0).As<Setup0Desc>();
    SetDesc desc;
    desc.op = static_cast<uint8_t>(CmdKind::CmdSet);
    desc.conn = setup.conn;
    desc.gen = setup.gen;
    desc.mask = kSetAck;
    desc.flags = coalesce ? 1 : 0;
    desc.ack_frames = Config(coalesce).ack.frames;
    std::optional<Status> status;
    system_.Software([&] {
      system_.host.driver().Issue(desc,
                                  [&](const Ntf& ntf) { status = static_cast<Status>(ntf.code); });
    });
    system_.Until([&] { return status.has_value(); }, 10);
    return status.value_or(Status::StatusStopped);
  }
  bool On() { return system_.Query(*got_.connection)->coalesce_on; }
  // What is wrong at the end, nothing if all is well.
  std::string End() {
    sending_.end = true;
    const bool done = system_.Until([&] { return got_.done; }, 100);
    system_.Wait(2);
    return (done && got_.wrong == 0 ? "" : "not received ") + system_.Problems();
  }

 private:
  static driver::DelegationConfig Config(bool coalesce) {
    driver::DelegationConfig config;
    config.ack = {.coalesce = coalesce, .frames = 4, .delay_class = 0, .quick = 0};
    return config;
  }

  WholeSystem system_;
  Received got_;
  Sending sending_{.end = false};
};

TEST(Claims, CoalescingIsTurnedOffAndOnWhileTheConnectionRuns) {
  RecordProperty("claims", "17");
  Acknowledged run(true);
  ASSERT_TRUE(run.Begin());
  EXPECT_TRUE(run.On());
  const auto expect_coalesced = [](const AckCount& count) {
    EXPECT_GE(count.data_frames, 200u);
    EXPECT_LE(count.acks, count.data_frames / 2) << count.ToString();
    EXPECT_GE(count.acks, count.data_frames / 4) << count.ToString();
  };
  expect_coalesced(run.Send());

  EXPECT_EQ(run.Set(false), Status::StatusOk);
  EXPECT_FALSE(run.On());
  const AckCount off = run.Send();
  EXPECT_GE(off.data_frames, 200u);
  EXPECT_EQ(off.acks, off.data_frames);

  EXPECT_EQ(run.Set(true), Status::StatusOk);
  EXPECT_TRUE(run.On());
  expect_coalesced(run.Send());
  EXPECT_EQ(run.End(), "");
}

TEST(Claims, AConnectionBeginsWithCoalescingAsItsSetupSays) {
  RecordProperty("claims", "17");
  const auto run = [](bool coalesce) {
    Acknowledged acknowledged(coalesce);
    if (!acknowledged.Begin()) return std::string("not live");
    const AckCount count = acknowledged.Send();
    const char* how = count.acks == count.data_frames       ? "each frame "
                      : 2 * count.acks <= count.data_frames ? "fewer than half "
                                                            : "some ";
    return (count.data_frames >= 200 ? how : "too few frames ") + acknowledged.End();
  };
  EXPECT_EQ(InChild([&] { return run(true); }), "fewer than half ");
  EXPECT_EQ(InChild([&] { return run(false); }), "each frame ");
}

}  // namespace
}  // namespace handoff::system
