// SPDX-License-Identifier: Apache-2.0
//
// User buffers: from the socket through pages and POST to the engine, and back.
#include <gtest/gtest.h>

#include "sw/app/bulk.h"
#include "sw/app/pattern.h"
#include "tb/sw/delegated_hosts.h"

namespace handoff::driver {
namespace {

using app::Progress;
using sock::Task;
using tb::DelegatedConfig;
using tb::DelegatedHosts;

constexpr uint64_t kTotal = 3000000;

// The peer sends, the host sinks into posted buffers.
class UserBufferRun {
 public:
  explicit UserBufferRun(const DelegatedConfig& config, size_t buffers = 4,
                         size_t buffer_bytes = 32 * 1024)
      : hosts(config), executor_(hosts.time), peer_(hosts.peer, executor_) {
    for (size_t i = 0; i < buffers; ++i) {
      spans_.push_back(hosts.host->AllocateBuffer(buffer_bytes));
    }
    sock::Endpoint server{hosts.host_addr, 5000};
    hosts.host->executor().Spawn(
        [](sock::ListenSocket l, Progress& p, auto spans, sock::Socket& s) -> Task<> {
          s = co_await l.Accept();
          co_await app::PostingSink(s, p, spans);
        }(hosts.host->network().Listen(server), got, spans_, socket));
    executor_.Spawn([](sock::Network& n, sock::Endpoint to, Progress& p) -> Task<> {
      co_await app::Source(co_await n.Connect(to), kTotal, p);
    }(peer_, server, sent));
  }
  bool Run() {
    return hosts.time.RunUntil([&] { return sent.done && got.done; });
  }
  DelegationStats Stats() { return hosts.Stats(*socket.connection()); }

  Progress sent;
  Progress got;
  DelegatedHosts hosts;
  sock::Socket socket;  // with unread pieces in the host's memory

 private:
  sock::Executor executor_;
  sock::Network peer_;
  std::vector<std::span<uint8_t>> spans_;
};

TEST(DriverUserBuffers, MostOfABulkStreamLandsInThem) {
  UserBufferRun run({});
  ASSERT_TRUE(run.Run());
  EXPECT_EQ(run.got.bytes, kTotal);
  EXPECT_EQ(run.got.wrong, 0u);
  const DelegationStats stats = run.Stats();
  EXPECT_EQ(stats.bytes_user, run.got.places.user);
  EXPECT_GT(stats.bytes_user, kTotal * 9 / 10);
  const uint64_t seen = stats.bytes_user + stats.bytes_legacy + stats.bytes_host;
  EXPECT_LE(seen, kTotal);
  EXPECT_GT(seen, kTotal - 20000) << "the first window may come before the entry";
  run.hosts.time.RunFor(sw::Seconds(100));
  EXPECT_EQ(run.Stats().buffers_back, run.Stats().buffers_posted);
  EXPECT_EQ(run.hosts.host->memory().pinned_bytes(), 0u);
}

TEST(DriverUserBuffers, LossReorderingAndDamageCostNoByte) {
  uint64_t placed = 0;
  for (uint32_t seed = 1; seed <= 12; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    DelegatedConfig config;
    config.seed = seed;
    config.faults.loss = seed % 2 == 0 ? 0.01 : 0.002;
    config.faults.reorder = seed % 3 == 0 ? 0.02 : 0;
    config.faults.duplicate = 0.01;
    config.faults.damage = 0.002;
    UserBufferRun run(config, 1 + seed % 7, 4096 * (1 + seed * 5 % 16));
    ASSERT_TRUE(run.Run()) << "stuck at " << run.got.bytes;
    EXPECT_EQ(run.got.bytes, kTotal);
    EXPECT_EQ(run.got.wrong, 0u);
    EXPECT_EQ(run.got.error, sock::CloseReason::kNone);
    const DelegationStats stats = run.Stats();
    EXPECT_EQ(stats.bytes_user, run.got.places.user);
    EXPECT_GT(stats.resyncs, 1u);
    placed += stats.bytes_user;
    run.hosts.time.RunFor(sw::Seconds(100));
    EXPECT_EQ(run.Stats().buffers_back, run.Stats().buffers_posted);
    EXPECT_EQ(run.hosts.host->memory().pinned_bytes(), 0u);
  }
  EXPECT_GT(placed, kTotal);
}

TEST(DriverUserBuffers, ByteThatAHandBackForgetsIsCaught) {
  DelegatedConfig config;
  config.engine.bug = tb::EngineBug::kHandBackLosesByte;
  UserBufferRun run(config);
  EXPECT_FALSE(run.Run() && run.got.bytes == kTotal);
  EXPECT_EQ(run.got.wrong, 0u);
}

TEST(DriverUserBuffers, SmallAndOddBuffersAreFilledAcrossFrames) {
  UserBufferRun run({}, 8, 777);
  ASSERT_TRUE(run.Run());
  EXPECT_EQ(run.got.bytes, kTotal);
  EXPECT_EQ(run.got.wrong, 0u);
  EXPECT_GT(run.got.places.user, kTotal / 10);
}

// Posts as soon as it may, and again what comes back.
class EagerReader : public tcp::ConnectionObserver {
 public:
  EagerReader(tcp::Connection& connection, host::Host& host, size_t buffers)
      : connection_(connection) {
    for (size_t i = 0; i < buffers; ++i) buffers_.push_back(host.AllocateBuffer(64 * 1024));
    connection.SetObserver(this);
  }
  ~EagerReader() override { connection_.SetObserver(nullptr); }
  EagerReader(const EagerReader&) = delete;
  EagerReader& operator=(const EagerReader&) = delete;

  void OnDelegated(tcp::Connection& c) override {
    uint16_t id = 0;
    for (const std::span<uint8_t> buffer : buffers_) c.PostUserBuffer(buffer, id++);
  }
  void OnReadable(tcp::Connection& c) override {
    while (const auto piece = c.ReadPiece(SIZE_MAX)) read += piece->bytes.size();
  }
  void OnUserBufferReturned(tcp::Connection& c, const tcp::UserBufferReturn& back) override {
    OnReadable(c);
    c.PostUserBuffer(buffers_[back.id], back.id);
  }
  uint64_t read = 0;

 private:
  tcp::Connection& connection_;
  std::vector<std::span<uint8_t>> buffers_;
};

// An application that posts when it is told that it may loses not a frame to legacy buffers.
TEST(DriverUserBuffers, TheFirstByteAfterResumeLandsInThem) {
  for (uint32_t seed = 1; seed <= 5; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    DelegatedConfig config;
    config.seed = seed;
    DelegatedHosts hosts(config);
    const auto [client, server] = hosts.Connect();
    EagerReader reader(*server, *hosts.host, 4);
    ASSERT_TRUE(hosts.RunUntilLive(*server));
    tb::PatternUser user(client, 1000000, false);
    ASSERT_TRUE(hosts.time.RunUntil([&] { return reader.read == 1000000; }));
    const DelegationStats stats = hosts.Stats(*server);
    EXPECT_EQ(stats.bytes_user, 1000000u);
    EXPECT_EQ(stats.bytes_legacy + stats.bytes_host, 0u);
  }
}

// Resync costs a POST a buffer, however often RESUME is refused after it.
TEST(DriverUserBuffers, EachIsPostedOnceAResync) {
  uint64_t refused = 0, resyncs = 0;
  for (uint32_t seed = 1; seed <= 12; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    DelegatedConfig config;
    config.seed = seed;
    config.faults.loss = 0.003;
    config.engine.command_delay = Micros(200);  // frames come between RESUME and its answer
    config.engine.irq_delay = Micros(100);
    DelegatedHosts hosts(config);
    const auto [client, server] = hosts.Connect();
    EagerReader reader(*server, *hosts.host, 4);
    tb::PatternUser user(client, 2000000, false);
    ASSERT_TRUE(hosts.time.RunUntil([&] { return reader.read == 2000000; }));
    hosts.time.RunFor(sw::Millis(5));
    const DelegationStats stats = hosts.Stats(*server);
    refused += stats.resume_tries - stats.resumes;
    const uint64_t posts = hosts.engine.Answers(CmdKind::CmdPost, Status::StatusOk);
    EXPECT_LE(posts, stats.buffers_posted + 4 * stats.resyncs);
    EXPECT_GE(posts, stats.buffers_posted);
    EXPECT_EQ(hosts.engine.Answers(CmdKind::CmdPost, Status::StatusNoSlot), 0u);
    resyncs += stats.resyncs;
  }
  EXPECT_GT(resyncs, 10u);
  EXPECT_GT(refused, 0u);
}

class Posting : public testing::Test {
 protected:
  // Live, with nothing in flight.
  void SetUp() override {
    std::tie(client_, server_) = hosts_.Connect();
    ASSERT_TRUE(hosts_.RunUntilLive(*server_));
    server_->SetObserver(&user_);
  }
  void Send(size_t bytes) {
    tcp::Bytes data(bytes);
    app::FillPattern(sent_, data);
    ASSERT_EQ(client_->Write(data), bytes);
    sent_ += bytes;
    hosts_.time.RunFor(sw::Millis(10));
  }
  // All that is readable; where each piece lay.
  std::vector<tcp::Place> Read() {
    std::vector<tcp::Place> places;
    while (const auto piece = server_->ReadPiece(SIZE_MAX)) {
      EXPECT_EQ(app::CountWrong(read_, piece->bytes), 0u);
      read_ += piece->bytes.size();
      places.push_back(piece->place);
    }
    return places;
  }

  struct User : tcp::ConnectionObserver {
    void OnUserBufferReturned(tcp::Connection&, const tcp::UserBufferReturn& r) override {
      back.push_back(r);
    }
    std::vector<tcp::UserBufferReturn> back;
  };
  DelegatedHosts hosts_;
  mem::AddressSpace& memory_ = hosts_.host->memory();
  Delegation& delegation_ = hosts_.host->delegation();
  std::shared_ptr<tcp::Connection> client_;
  std::shared_ptr<tcp::Connection> server_;
  User user_;
  uint64_t sent_ = 0;
  uint64_t read_ = 0;
};

TEST_F(Posting, ScatteredPagesHoldOneBuffer) {
  const sw::VirtAddr virt = memory_.Map(6 * 4096, 4096);
  // Six pieces: two POSTs.
  ASSERT_TRUE(delegation_.PostUserBuffer(*server_, memory_, virt + 1000, 5 * 4096, 7));
  hosts_.time.RunFor(sw::Millis(1));
  EXPECT_EQ(hosts_.engine.Answers(CmdKind::CmdPost, Status::StatusOk), 2u);
  Send(8 * 1448);  // over three page ends
  ASSERT_EQ(user_.back.size(), 1u);
  EXPECT_EQ(user_.back[0].id, 7u);
  EXPECT_EQ(user_.back[0].bytes, 8u * 1448);
  EXPECT_EQ(Read(), std::vector(4, tcp::Place::kUserBuffer));
  EXPECT_EQ(read_, 8u * 1448);
}

TEST_F(Posting, PushGivesBackWhatThereIs) {
  const auto buffer = hosts_.host->AllocateBuffer(10000);
  ASSERT_TRUE(server_->PostUserBuffer(buffer, 1));
  hosts_.time.RunFor(sw::Millis(1));
  Send(100);
  ASSERT_EQ(user_.back.size(), 1u);
  EXPECT_EQ(user_.back[0].bytes, 100u);
  EXPECT_EQ(Read(), std::vector{tcp::Place::kUserBuffer});
  EXPECT_EQ(buffer[0], app::PatternByte(0));
}

// Corner 8.
TEST_F(Posting, LegacyBytesUnreadComeFirst) {
  Send(3000);
  const auto buffer = hosts_.host->AllocateBuffer(5000);
  ASSERT_TRUE(server_->PostUserBuffer(buffer, 1));
  hosts_.time.RunFor(sw::Millis(1));
  Send(1000);
  const auto places = Read();
  EXPECT_EQ(places.front(), tcp::Place::kLegacyBuffer);
  EXPECT_EQ(places.back(), tcp::Place::kUserBuffer);
  EXPECT_EQ(read_, 4000u);
}

TEST_F(Posting, UnusedBuffersStayThroughResyncAndResume) {
  for (uint16_t id = 1; id <= 3; ++id) {
    ASSERT_TRUE(server_->PostUserBuffer(hosts_.host->AllocateBuffer(4096), id));
  }
  hosts_.time.RunFor(sw::Millis(1));
  delegation_.RequestResync(*server_);
  hosts_.time.RunFor(sw::Millis(5));
  EXPECT_EQ(hosts_.Stats(*server_).resyncs, 1u);
  EXPECT_EQ(server_->delegation().phase, tcp::Delegation::kLive);
  EXPECT_TRUE(user_.back.empty());
  Send(3 * 4096);
  ASSERT_EQ(user_.back.size(), 3u);
  for (uint16_t i = 0; i < 3; ++i) EXPECT_EQ(user_.back[i].id, i + 1) << "in the order posted";
}

// A RESUME under way is no reason to wait for its answer.
TEST_F(Posting, GivenWhileResumeIsUnderWayGoesBehindIt) {
  delegation_.RequestResync(*server_);
  ASSERT_TRUE(hosts_.time.RunUntil(
      [&] { return server_->delegation().phase == tcp::Delegation::kResuming; }));
  const uint64_t commands = hosts_.host->driver().stats().commands;
  ASSERT_TRUE(server_->PostUserBuffer(hosts_.host->AllocateBuffer(4096), 1));
  EXPECT_EQ(hosts_.host->driver().stats().commands, commands + 1);
  EXPECT_EQ(server_->delegation().phase, tcp::Delegation::kResuming);
  hosts_.time.RunFor(sw::Millis(1));
  EXPECT_EQ(hosts_.engine.Answers(CmdKind::CmdPost, Status::StatusOk), 1u);
  Send(1000);
  ASSERT_EQ(user_.back.size(), 1u);
  EXPECT_EQ(user_.back[0].bytes, 1000u);
}

TEST_F(Posting, MoreThanTheSlotsWaitTheirTurn) {
  for (uint16_t id = 0; id < 20; ++id) {
    ASSERT_TRUE(server_->PostUserBuffer(hosts_.host->AllocateBuffer(1000), id));
  }
  hosts_.time.RunFor(sw::Millis(1));
  EXPECT_EQ(hosts_.engine.Answers(CmdKind::CmdPost, Status::StatusOk), 8u);
  for (int i = 0; i < 40; ++i) Send(500);
  EXPECT_EQ(user_.back.size(), 20u);
  EXPECT_EQ(hosts_.engine.Answers(CmdKind::CmdPost, Status::StatusNoSlot), 0u);
  Read();
  EXPECT_EQ(read_, 20000u);
}

TEST_F(Posting, RefusesWhatIsNoneOfTheApplications) {
  uint8_t elsewhere[100];
  EXPECT_FALSE(server_->PostUserBuffer(elsewhere, 1));
  const auto buffer = hosts_.host->AllocateBuffer(8192);
  EXPECT_TRUE(server_->PostUserBuffer(buffer.first(4096), 1));
  EXPECT_FALSE(server_->PostUserBuffer(buffer.subspan(4096), 1)) << "the id is in use";
  EXPECT_FALSE(server_->PostUserBuffer(buffer.subspan(4000), 2)) << "overlaps";
  const sw::VirtAddr many = memory_.Map(9 * 4096, 4096);
  EXPECT_FALSE(delegation_.PostUserBuffer(*server_, memory_, many, 9 * 4096, 3)) << "nine pieces";
}

TEST_F(Posting, UndelegateBringsEveryBufferBack) {
  ASSERT_TRUE(server_->PostUserBuffer(hosts_.host->AllocateBuffer(4096), 1));
  ASSERT_TRUE(server_->PostUserBuffer(hosts_.host->AllocateBuffer(4096), 2));
  hosts_.time.RunFor(sw::Millis(1));
  delegation_.Undelegate(*server_);
  hosts_.time.RunFor(sw::Millis(5));
  EXPECT_EQ(user_.back.size(), 2u);
  EXPECT_EQ(memory_.pinned_bytes(), 0u);
  Send(3000);
  Read();
  EXPECT_EQ(read_, 3000u);
}

// Corner 30: the application is gone, its pages are not until the engine has given them back.
TEST_F(Posting, AbortKeepsThePagesUntilTheyAreBack) {
  ASSERT_TRUE(server_->PostUserBuffer(hosts_.host->AllocateBuffer(4096), 1));
  hosts_.time.RunFor(sw::Millis(1));
  server_->Abort();
  EXPECT_EQ(memory_.pinned_bytes(), 4096u);
  hosts_.time.RunFor(sw::Millis(5));
  EXPECT_EQ(memory_.pinned_bytes(), 0u);
  ASSERT_EQ(user_.back.size(), 1u);
  EXPECT_EQ(client_->close_reason(), tcp::CloseReason::kReset);
}

// Corner 31.
TEST_F(Posting, FlushBringsEveryBufferBackAndStaysLive) {
  ASSERT_TRUE(server_->PostUserBuffer(hosts_.host->AllocateBuffer(4096), 1));
  ASSERT_TRUE(server_->PostUserBuffer(hosts_.host->AllocateBuffer(4096), 2));
  hosts_.time.RunFor(sw::Millis(1));
  EXPECT_TRUE(delegation_.Flush(*server_));
  hosts_.time.RunFor(sw::Millis(1));
  ASSERT_EQ(user_.back.size(), 2u);
  EXPECT_EQ(user_.back[0].bytes, 0u);
  EXPECT_EQ(server_->delegation().phase, tcp::Delegation::kLive);
}

TEST_F(Posting, QueryShowsTheEnginesState) {
  Send(1000);
  uint32_t rcv_nxt = 0;
  EXPECT_TRUE(delegation_.Query(
      *server_, [&](const handoff::State& s) { rcv_nxt = s.live ? s.rcv_nxt : 0; }));
  hosts_.time.RunFor(sw::Millis(1));
  EXPECT_EQ(rcv_nxt, server_->tcb().rcv_nxt.raw());
}

// Corner 98.
TEST_F(Posting, UploadErrorResetsTheConnection) {
  ASSERT_TRUE(server_->PostUserBuffer(hosts_.host->AllocateBuffer(4096), 1));
  hosts_.time.RunFor(sw::Millis(1));
  hosts_.engine.write_fails = [](uint64_t, bool user) { return user; };
  Send(100);
  EXPECT_EQ(server_->close_reason(), tcp::CloseReason::kDeviceFault);
  EXPECT_EQ(client_->close_reason(), tcp::CloseReason::kReset);
  EXPECT_EQ(memory_.pinned_bytes(), 0u);
  EXPECT_EQ(server_->ReadableBytes(), 0u);
  EXPECT_EQ(hosts_.engine.entries_in_use(), 0u);
}

// Corner 47: the partial buffer comes before the error.
TEST_F(Posting, BytesInAPartialBufferAreReadBeforeTheReset) {
  ASSERT_TRUE(server_->PostUserBuffer(hosts_.host->AllocateBuffer(100000), 1));
  hosts_.time.RunFor(sw::Millis(1));
  tcp::Bytes data(20000);
  app::FillPattern(0, data);
  client_->Write(data);
  hosts_.time.RunFor(sw::Millis(1));
  client_->Abort();
  hosts_.time.RunFor(sw::Millis(5));
  EXPECT_EQ(server_->close_reason(), tcp::CloseReason::kReset);
  Read();
  EXPECT_GT(read_, 0u);
}

}  // namespace
}  // namespace handoff::driver
