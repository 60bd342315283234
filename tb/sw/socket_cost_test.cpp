// SPDX-License-Identifier: Apache-2.0
//
// Each call of a socket costs a system call, once, however long it waits; states cost nothing.
#include <gtest/gtest.h>

#include <cstdint>
#include <span>
#include <vector>

#include "sw/app/bulk.h"
#include "sw/socket/socket.h"
#include "tb/sw/fake_hw.h"
#include "tb/sw/hosts.h"

namespace handoff::sock {
namespace {

struct World {
  uint64_t calls() { return hw.charged[sw::Cost::kSyscall]; }
  void Run() {
    ASSERT_TRUE(hosts.time.RunUntil([&] { return executor.running() == 0; }));
  }

  tb::Hosts hosts;
  tb::FakeHw hw{hosts.time};
  Executor executor{hosts.time};
  Network a{hosts.a, executor};  // costs nothing
  Network b{hosts.b, executor, &hw};
  Endpoint server{hosts.addr_b, 5000};
};

// Calls that wait: for a connection, for bytes, for the end.
TEST(SocketCosts, EachCallIsChargedOnceHoweverLongItWaits) {
  World w;
  std::vector<uint64_t> after;
  w.executor.Spawn([](World& t, std::vector<uint64_t>& after) -> Task<> {
    auto listener = t.b.Listen(t.server);
    after.push_back(t.calls());
    Socket s = co_await listener.Accept();
    after.push_back(t.calls());
    uint8_t bytes[100];
    co_await s.ReadAll(bytes);  // they come one by one
    after.push_back(t.calls());
    co_await s.WriteAll(bytes);
    after.push_back(t.calls());
    co_await s.Poll(true, false);
    after.push_back(t.calls());
    EXPECT_TRUE(s.ok() && s.Ready().readable && !s.delegated());
    after.push_back(t.calls());
    s.PostUserBuffer(bytes, 0);
    after.push_back(t.calls());
    co_await s.ReadPiece(100);
    after.push_back(t.calls());
    co_await s.Close();
    after.push_back(t.calls());
  }(w, after));
  w.executor.Spawn([](World& t) -> Task<> {
    Socket s = co_await t.a.Connect(t.server);
    const uint8_t bytes[100] = {};
    co_await t.executor.Sleep(sw::Seconds(1));
    co_await s.WriteAll(bytes);
    uint8_t back[100];
    co_await s.ReadAll(back);
    co_await t.executor.Sleep(sw::Seconds(1));
    co_await s.WriteAll(bytes);
    co_await s.Close();
  }(w));
  w.Run();
  EXPECT_EQ(after, (std::vector<uint64_t>{1, 2, 3, 4, 5, 5, 6, 7, 8}));
  // The listener's going is none; the socket was closed.
  EXPECT_EQ(w.calls(), 8u);
}

TEST(SocketCosts, ASocketThatGoesIsACallToo) {
  World w;
  w.executor.Spawn([](World& t) -> Task<> {
    Socket s = co_await t.b.Connect({t.hosts.addr_a, 5000});
    EXPECT_EQ(t.calls(), 1u);
    s.ShutdownWrite();
    EXPECT_EQ(t.calls(), 2u);
  }(w));
  w.executor.Spawn([](World& t) -> Task<> {
    auto listener = t.a.Listen({t.hosts.addr_a, 5000});
    Socket s = co_await listener.Accept();
    co_await s.Close();
  }(w));
  w.Run();
  EXPECT_EQ(w.calls(), 3u);
}

// What it reads where it lies costs a call a piece; buffers that cannot be posted cost none.
TEST(SocketCosts, AReaderCallsOnceForEachPiece) {
  World w;
  constexpr uint64_t kMessages = 20;
  app::Progress ping, echo;
  std::vector<uint8_t> memory(1000);
  w.executor.Spawn([](World& t, app::Progress& p, std::span<uint8_t> memory) -> Task<> {
    auto listener = t.b.Listen(t.server);
    std::vector<std::span<uint8_t>> buffers(1, memory);
    co_await app::Echo(co_await listener.Accept(), p, buffers);
  }(w, echo, memory));
  w.executor.Spawn([](World& t, app::Progress& p) -> Task<> {
    app::PingOptions options;
    options.messages = kMessages;
    options.message_bytes = 100;
    co_await app::Ping(t.executor, co_await t.a.Connect(t.server), options, p);
  }(w, ping));
  w.Run();
  EXPECT_EQ(ping.bytes, kMessages * 100);
  // Listen, accept; read and write of each message; the read that finds the end; shutdown, close.
  EXPECT_EQ(w.calls(), 2 + 2 * kMessages + 1 + 2);
}

}  // namespace
}  // namespace handoff::sock
