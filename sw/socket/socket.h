// SPDX-License-Identifier: Apache-2.0
//
// Stream sockets for coroutines. A call that has to wait suspends its coroutine; errors are values.
//
//   Task<> Client(Network& network) {
//     auto socket = co_await network.Connect({addr, 80});
//     if (!socket.ok()) co_return;
//     co_await socket.WriteAll(request);
//     while (size_t n = (co_await socket.Read(buffer)).bytes) { ... }
//     co_await socket.Close();
//   }
//
// Each call costs what a system call does, once, however long it waits. What it tells without
// entering the stack costs nothing: states, and buffers that have come back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "sw/hw.h"
#include "sw/socket/event.h"
#include "sw/socket/executor.h"
#include "sw/socket/task.h"
#include "sw/tcp/stack.h"

namespace handoff::sock {

using tcp::ByteView;
using tcp::CloseReason;
using tcp::Endpoint;

// Of a read or write: how many bytes, and if fewer than hoped for, why.
struct IoResult {
  size_t bytes = 0;
  bool end = false;  // of a read: the peer has ended its stream
  CloseReason error = CloseReason::kNone;
  bool ok() const { return error == CloseReason::kNone; }
};

// One bit each; of poll.
struct Readiness {
  bool readable = false;  // a read would not wait
  bool writable = false;  // a write would not wait
  bool closed = false;
};

// A socket may be moved and shared by copies; the last one that goes closes it (as close() does).
class Socket {
 public:
  Socket() = default;

  bool ok() const;            // the connection is, or was, established
  CloseReason error() const;  // why it is not
  const std::shared_ptr<tcp::Connection>& connection() const;

  // At least one byte, unless the stream ended or broke.
  Task<IoResult> Read(std::span<uint8_t> out);
  // As much as fits `out`, short only at the end.
  Task<IoResult> ReadAll(std::span<uint8_t> out);
  // The next bytes where they lie; none: the end, or an error.
  Task<std::optional<tcp::StreamPiece>> ReadPiece(size_t max);
  // The same, and none too if something else changed before a byte came.
  Task<std::optional<tcp::StreamPiece>> ReadPieceOrChange(size_t max);
  // Anything about the connection: bytes, room, an entry of the engine's, a buffer back, the end.
  Task<> Changed();
  // At least one byte of `bytes`.
  Task<IoResult> Write(ByteView bytes);
  Task<IoResult> WriteAll(ByteView bytes);
  // Waits until one of what is asked for holds.
  Task<Readiness> Poll(bool readable, bool writable);
  Readiness Ready() const;

  void ShutdownWrite();
  // Ends the connection; returns when both directions are closed.
  Task<CloseReason> Close();
  void Abort();

  // -- Receiving without a copy --
  // Gives the engine `buffer` for bytes to come, by an id of the caller's. False: the connection is
  // not delegated now, or the engine has no room. What lands in it is got by ReadPiece(), in the
  // order of the stream, like all else.
  bool PostUserBuffer(std::span<uint8_t> buffer, uint16_t id);
  bool delegated() const;
  // The next buffer that the engine has handed back and whose bytes lie before `read_to`, so that
  // it may be posted again.
  std::optional<tcp::UserBufferReturn> TakeReturnedBuffer(tcp::Seq read_to);

 private:
  friend class Network;
  friend class ListenSocket;
  class Core;
  explicit Socket(std::shared_ptr<Core> core) : core_(std::move(core)) {}
  std::shared_ptr<Core> core_;
};

class ListenSocket {
 public:
  ListenSocket() = default;
  bool ok() const { return core_ != nullptr; }
  // The next connection; after Close(): a socket that is not ok.
  Task<Socket> Accept();
  void Close();

 private:
  friend class Network;
  struct Core;
  explicit ListenSocket(std::shared_ptr<Core> core) : core_(std::move(core)) {}
  std::shared_ptr<Core> core_;
};

// What a host's programs see of its stack.
class Network {
 public:
  // `hw`: whose processor the calls cost; none: they cost nothing.
  Network(tcp::Stack& stack, Executor& executor, sw::Hw* hw = nullptr)
      : stack_(stack), executor_(executor), hw_(hw) {}

  // Returns when the connection is established, or has failed.
  Task<Socket> Connect(Endpoint remote, tcp::OpenOptions options = {}, Endpoint local = {},
                       tcp::Vlans vlans = {});
  ListenSocket Listen(const Endpoint& local, tcp::ListenOptions options = {});
  Executor& executor() { return executor_; }
  tcp::Stack& stack() { return stack_; }

 private:
  tcp::Stack& stack_;
  Executor& executor_;
  sw::Hw* const hw_;
};

}  // namespace handoff::sock
