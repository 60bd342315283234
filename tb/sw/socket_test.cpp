// SPDX-License-Identifier: Apache-2.0
#include "sw/socket/socket.h"

#include <gtest/gtest.h>

#include <array>
#include <stdexcept>
#include <string>

#include "sw/app/bulk.h"
#include "tb/sw/hosts.h"

namespace handoff::sock {
namespace {

using app::Progress;

class Sockets : public testing::Test {
 protected:
  static tb::HostsConfig Lossy() {
    tb::HostsConfig config;
    config.faults = {.loss = 0.02, .reorder = 0.02};
    return config;
  }
  tb::Hosts hosts_{Lossy()};
  Executor executor_{hosts_.time};
  Network a_{hosts_.a, executor_};
  Network b_{hosts_.b, executor_};
  Endpoint server_{hosts_.addr_b, 5000};
};

TEST_F(Sockets, SourceToSinkKeepsTheStream) {
  Progress sent;
  Progress got;
  ListenSocket listener = b_.Listen(server_);
  executor_.Spawn([](ListenSocket l, Progress& p) -> Task<> {
    co_await app::Sink(co_await l.Accept(), p);
  }(listener, got));
  executor_.Spawn([](Network& n, Endpoint to, Progress& p) -> Task<> {
    co_await app::Source(co_await n.Connect(to), 300000, p);
  }(a_, server_, sent));
  ASSERT_TRUE(hosts_.time.RunUntil([&] { return executor_.running() == 0; }));
  EXPECT_TRUE(sent.done && got.done);
  EXPECT_EQ(got.bytes, 300000u);
  EXPECT_EQ(got.wrong, 0u);
  EXPECT_EQ(got.error, CloseReason::kNone);
}

TEST_F(Sockets, PostingSinkReadsWithoutADelegateToo) {
  Progress sent;
  Progress got;
  ListenSocket listener = b_.Listen(server_);
  executor_.Spawn([](ListenSocket l, Progress& p) -> Task<> {
    std::vector<uint8_t> memory(10000);
    std::vector<std::span<uint8_t>> buffers(1, memory);
    co_await app::PostingSink(co_await l.Accept(), p, buffers);
  }(listener, got));
  executor_.Spawn([](Network& n, Endpoint to, Progress& p) -> Task<> {
    co_await app::Source(co_await n.Connect(to), 50000, p);
  }(a_, server_, sent));
  ASSERT_TRUE(hosts_.time.RunUntil([&] { return executor_.running() == 0; }));
  EXPECT_EQ(got.bytes, 50000u);
  EXPECT_EQ(got.wrong, 0u);
  EXPECT_EQ(got.places.user, 0u);
}

TEST_F(Sockets, EchoServesManyConnectionsAtOnce) {
  constexpr int kClients = 8;
  std::array<Progress, kClients> echoed;
  std::array<Progress, kClients> sent;
  std::array<Progress, kClients> got;
  ListenSocket listener = b_.Listen(server_);
  executor_.Spawn([](Executor& e, ListenSocket l, std::array<Progress, kClients>& p) -> Task<> {
    for (Progress& each : p) e.Spawn(app::Echo(co_await l.Accept(), each));
  }(executor_, listener, echoed));
  for (int i = 0; i < kClients; ++i) {
    executor_.Spawn([](Network& n, Endpoint to, Progress& out, Progress& in) -> Task<> {
      const Socket socket = co_await n.Connect(to);
      n.executor().Spawn(app::Source(socket, 20000, out));
      co_await app::Sink(socket, in);
    }(a_, server_, sent[i], got[i]));
  }
  ASSERT_TRUE(hosts_.time.RunUntil([&] { return executor_.running() == 0; }));
  for (int i = 0; i < kClients; ++i) {
    EXPECT_EQ(got[i].bytes, 20000u);
    EXPECT_EQ(got[i].wrong, 0u);
  }
  hosts_.time.RunFor(sw::Seconds(200));
  EXPECT_EQ(hosts_.a.table().size() + hosts_.b.table().size(), 0u);
}

TEST_F(Sockets, ConnectToAClosedPortSaysRefused) {
  CloseReason error = CloseReason::kNone;
  bool ok = true;
  executor_.Spawn([](Network& n, Endpoint to, bool& ok, CloseReason& error) -> Task<> {
    const Socket socket = co_await n.Connect(to);
    ok = socket.ok();
    error = socket.error();
  }(a_, server_, ok, error));
  ASSERT_TRUE(hosts_.time.RunUntil([&] { return executor_.running() == 0; }));
  EXPECT_FALSE(ok);
  EXPECT_EQ(error, CloseReason::kRefused);
}

// RFC 9293, 3.10.3, and corner 47: the bytes come before the error.
TEST_F(Sockets, BytesAreReadBeforeTheReset) {
  std::string read;
  CloseReason error = CloseReason::kNone;
  ListenSocket listener = b_.Listen(server_);
  executor_.Spawn([](Executor& e, ListenSocket l) -> Task<> {
    Socket s = co_await l.Accept();
    const std::string text = "last words";
    co_await s.WriteAll({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
    co_await e.Sleep(sw::Seconds(2));
    s.Abort();
  }(executor_, listener));
  executor_.Spawn([](Network& n, Endpoint to, std::string& read, CloseReason& error) -> Task<> {
    Socket s = co_await n.Connect(to);
    while ((co_await s.Poll(false, false)).closed == false) {
    }
    uint8_t buffer[100];
    const IoResult got = co_await s.Read(buffer);
    read.assign(buffer, buffer + got.bytes);
    error = (co_await s.Read(buffer)).error;
  }(a_, server_, read, error));
  ASSERT_TRUE(hosts_.time.RunUntil([&] { return executor_.running() == 0; }));
  EXPECT_EQ(read, "last words");
  EXPECT_EQ(error, CloseReason::kReset);
}

TEST_F(Sockets, PollSaysWhatWouldNotWait) {
  Readiness before;
  Readiness after;
  ListenSocket listener = b_.Listen(server_);
  executor_.Spawn([](Executor& e, ListenSocket l) -> Task<> {
    Socket s = co_await l.Accept();
    co_await e.Sleep(sw::Seconds(1));
    const uint8_t byte = 1;
    co_await s.WriteAll({&byte, 1});
    co_await s.Close();
  }(executor_, listener));
  executor_.Spawn([](Network& n, Endpoint to, Readiness& before, Readiness& after) -> Task<> {
    Socket s = co_await n.Connect(to);
    before = s.Ready();
    after = co_await s.Poll(true, false);
    uint8_t byte = 0;
    co_await s.Read({&byte, 1});
    co_await s.Close();
  }(a_, server_, before, after));
  ASSERT_TRUE(hosts_.time.RunUntil([&] { return executor_.running() == 0; }));
  EXPECT_FALSE(before.readable);
  EXPECT_TRUE(before.writable);
  EXPECT_TRUE(after.readable);
}

TEST_F(Sockets, ClosedListenerEndsItsAccept) {
  bool ok = true;
  ListenSocket listener = b_.Listen(server_);
  executor_.Spawn(
      [](ListenSocket l, bool& ok) -> Task<> { ok = (co_await l.Accept()).ok(); }(listener, ok));
  hosts_.time.RunFor(sw::Seconds(1));
  listener.Close();
  ASSERT_TRUE(hosts_.time.RunUntil([&] { return executor_.running() == 0; }));
  EXPECT_FALSE(ok);
}

TEST_F(Sockets, ExceptionOfAProgramLeavesTheTimer) {
  executor_.Spawn(
      []() -> Task<> { co_await []() -> Task<int> { throw std::runtime_error("inner"); }(); }());
  EXPECT_THROW(hosts_.time.RunFor(sw::Seconds(1)), std::runtime_error);
  EXPECT_EQ(executor_.running(), 0u);
}

TEST_F(Sockets, SleepersWakeInOrder) {
  std::string order;
  for (const int ms : {30, 10, 20}) {
    executor_.Spawn([](Executor& e, std::string& order, int ms) -> Task<> {
      co_await e.Sleep(sw::Millis(ms));
      order += std::to_string(ms) + " ";
    }(executor_, order, ms));
  }
  hosts_.time.RunFor(sw::Seconds(1));
  EXPECT_EQ(order, "10 20 30 ");
}

TEST_F(Sockets, ProgramsThatNeverEndAreDroppedWithTheExecutor) {
  const ListenSocket listener = b_.Listen(server_);
  executor_.Spawn([](ListenSocket l) -> Task<> { co_await l.Accept(); }(listener));
  executor_.Spawn([](Executor& e) -> Task<> { co_await e.Sleep(sw::Seconds(9)); }(executor_));
  hosts_.time.RunFor(sw::Seconds(1));
  EXPECT_EQ(executor_.running(), 2u);
}

}  // namespace
}  // namespace handoff::sock
