// SPDX-License-Identifier: Apache-2.0
#include "sw/socket/socket.h"

#include <deque>
#include <utility>

namespace handoff::sock {

namespace {

void ChargeCall(sw::Hw* hw) {
  if (hw != nullptr) hw->Charge(sw::Cost::kSyscall);
}

}  // namespace

// Shared by a socket's copies, and by the calls that wait on it.
class Socket::Core : public tcp::ConnectionObserver {
 public:
  Core(Executor& executor, sw::Hw* of) : hw(of), changed(executor) {}
  ~Core() override {
    if (!connection) return;
    connection->SetObserver(nullptr);
    if (!close_called) Call();
    connection->Close();
  }
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  void Attach(std::shared_ptr<tcp::Connection> c) {
    connection = std::move(c);
    connection->SetObserver(this);
    connected = tcp::IsSynchronized(connection->state());
    closed = connection->close_reason() != CloseReason::kNone;
  }
  void OnConnected(tcp::Connection& /*c*/) override {
    connected = true;
    changed.Notify();
  }
  void OnReadable(tcp::Connection& /*c*/) override { changed.Notify(); }
  void OnWritable(tcp::Connection& /*c*/) override { changed.Notify(); }
  void OnDelegated(tcp::Connection& /*c*/) override { changed.Notify(); }
  void OnUserBufferReturned(tcp::Connection& /*c*/, const tcp::UserBufferReturn& back) override {
    returned.push_back(back);
    changed.Notify();
  }
  void OnClosed(tcp::Connection& /*c*/, CloseReason /*why*/) override {
    closed = true;
    changed.Notify();
  }
  void Call() const { ChargeCall(hw); }
  // Of a call that can do no more: nothing in order, or why not.
  CloseReason Error() const {
    const CloseReason why = connection->close_reason();
    return why == CloseReason::kDone ? CloseReason::kNone : why;
  }

  sw::Hw* const hw;
  std::shared_ptr<tcp::Connection> connection;
  bool connected = false;
  bool closed = false;
  bool close_called = false;
  std::deque<tcp::UserBufferReturn> returned;
  Event changed;
};

bool Socket::ok() const { return core_ && core_->connected; }

CloseReason Socket::error() const {
  return core_ ? core_->connection->close_reason() : CloseReason::kAborted;
}

const std::shared_ptr<tcp::Connection>& Socket::connection() const { return core_->connection; }

Readiness Socket::Ready() const {
  const tcp::Connection& c = *core_->connection;
  return {.readable = c.ReadableBytes() > 0 || c.AtEnd() || core_->closed,
          .writable = c.WritableBytes() > 0 || core_->closed,
          .closed = core_->closed};
}

// The coroutines keep the core, so they may outlive the socket they were called on.
Task<IoResult> Socket::Read(std::span<uint8_t> out) {
  const auto core = core_;
  core->Call();
  for (;;) {
    tcp::Connection& c = *core->connection;
    // RFC 9293, 3.10.3: what is on hand is read before the peer's end is told; and before an error
    // (corner 47).
    if (const size_t bytes = c.Read(out); bytes > 0 || out.empty()) co_return IoResult{bytes};
    if (c.AtEnd()) co_return IoResult{.end = true};
    if (core->closed) co_return IoResult{.end = true, .error = core->Error()};
    co_await core->changed.Next();
  }
}

Task<IoResult> Socket::ReadAll(std::span<uint8_t> out) {
  const auto core = core_;
  size_t done = 0;
  while (done < out.size()) {
    const IoResult part = co_await Socket(core).Read(out.subspan(done));
    done += part.bytes;
    if (part.bytes == 0) co_return IoResult{done, part.end, part.error};
  }
  co_return IoResult{done};
}

Task<std::optional<tcp::StreamPiece>> Socket::ReadPiece(size_t max) {
  const auto core = core_;
  core->Call();
  for (;;) {
    tcp::Connection& c = *core->connection;
    if (auto piece = c.ReadPiece(max)) co_return piece;
    if (c.AtEnd() || core->closed) co_return std::nullopt;
    co_await core->changed.Next();
  }
}

Task<std::optional<tcp::StreamPiece>> Socket::ReadPieceOrChange(size_t max) {
  const auto core = core_;
  core->Call();
  tcp::Connection& c = *core->connection;
  if (auto piece = c.ReadPiece(max)) co_return piece;
  if (c.AtEnd() || core->closed) co_return std::nullopt;
  co_await core->changed.Next();
  co_return c.ReadPiece(max);
}

Task<> Socket::Changed() {
  const auto core = core_;
  core->Call();
  co_await core->changed.Next();
}

Task<IoResult> Socket::Write(ByteView bytes) {
  const auto core = core_;
  core->Call();
  for (;;) {
    if (core->closed) co_return IoResult{.error = core->connection->close_reason()};
    const size_t written = core->connection->Write(bytes);
    if (written > 0 || bytes.empty()) co_return IoResult{written};
    co_await core->changed.Next();
  }
}

Task<IoResult> Socket::WriteAll(ByteView bytes) {
  const auto core = core_;
  size_t done = 0;
  while (done < bytes.size()) {
    const IoResult part = co_await Socket(core).Write(bytes.subspan(done));
    done += part.bytes;
    if (!part.ok()) co_return IoResult{.bytes = done, .error = part.error};
  }
  co_return IoResult{done};
}

Task<Readiness> Socket::Poll(bool readable, bool writable) {
  const auto core = core_;
  core->Call();
  for (;;) {
    const Readiness ready = Socket(core).Ready();
    if ((readable && ready.readable) || (writable && ready.writable) || ready.closed) {
      co_return ready;
    }
    co_await core->changed.Next();
  }
}

void Socket::ShutdownWrite() {
  core_->Call();
  core_->connection->ShutdownWrite();
}

void Socket::Abort() {
  core_->Call();
  core_->connection->Abort();
}

Task<CloseReason> Socket::Close() {
  const auto core = core_;
  core->Call();
  core->close_called = true;
  core->connection->Close();
  while (!core->closed) co_await core->changed.Next();
  co_return core->connection->close_reason();
}

bool Socket::delegated() const {
  const tcp::DelegationState& state = core_->connection->delegation();
  return state.HasEntry() && state.phase != tcp::Delegation::kLeaving;
}

bool Socket::PostUserBuffer(std::span<uint8_t> buffer, uint16_t id) {
  core_->Call();
  return core_->connection->PostUserBuffer(buffer, id);
}

std::optional<tcp::UserBufferReturn> Socket::TakeReturnedBuffer(tcp::Seq read_to) {
  if (core_->returned.empty() || core_->returned.front().end > read_to) return std::nullopt;
  const tcp::UserBufferReturn back = core_->returned.front();
  core_->returned.pop_front();
  return back;
}

struct ListenSocket::Core {
  Core(Executor& e, sw::Hw* of, std::shared_ptr<tcp::Listener> l)
      : executor(e), hw(of), listener(std::move(l)), changed(e) {
    listener->SetOnAcceptable([this] { changed.Notify(); });
  }
  ~Core() {
    listener->SetOnAcceptable({});
    listener->Close();
  }
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  Executor& executor;
  sw::Hw* const hw;
  std::shared_ptr<tcp::Listener> listener;
  Event changed;
};

Task<Socket> ListenSocket::Accept() {
  const auto core = core_;
  ChargeCall(core->hw);
  for (;;) {
    if (auto connection = core->listener->Accept()) {
      auto socket = std::make_shared<Socket::Core>(core->executor, core->hw);
      socket->Attach(std::move(connection));
      co_return Socket(socket);
    }
    if (core->listener->closed()) co_return Socket();
    co_await core->changed.Next();
  }
}

void ListenSocket::Close() {
  ChargeCall(core_->hw);
  core_->listener->Close();
  core_->changed.Notify();
}

Task<Socket> Network::Connect(Endpoint remote, tcp::OpenOptions options, Endpoint local,
                              tcp::Vlans vlans) {
  ChargeCall(hw_);
  auto core = std::make_shared<Socket::Core>(executor_, hw_);
  auto connection = stack_.Connect(local, remote, options, nullptr, vlans);
  if (!connection) co_return Socket();
  core->Attach(std::move(connection));
  while (!core->connected && !core->closed) co_await core->changed.Next();
  co_return Socket(core);
}

ListenSocket Network::Listen(const Endpoint& local, tcp::ListenOptions options) {
  ChargeCall(hw_);
  auto listener = stack_.Listen(local, std::move(options));
  if (!listener) return ListenSocket();
  return ListenSocket(std::make_shared<ListenSocket::Core>(executor_, hw_, std::move(listener)));
}

}  // namespace handoff::sock
