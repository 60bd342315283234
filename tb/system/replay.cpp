// SPDX-License-Identifier: Apache-2.0
#include "tb/system/replay.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <set>
#include <stdexcept>
#include <utility>

#include "gen/handoff_pkg.h"
#include "sw/tcp/ethernet.h"
#include "sw/tcp/stack.h"
#include "tb/lockstep/clock.h"
#include "tb/lockstep/flat_host.h"

namespace handoff::system {
namespace {

constexpr uint32_t kLegacyBuffers = 1024;
constexpr uint32_t kMaxFrame = 9018;
constexpr uint64_t kChunkCycles = 32;
// After the last frame and event: delayed ACKs, retransmissions and FINs come to rest.
constexpr sw::Micros kLinger = sw::Millis(1500);
constexpr uint64_t kTxSlots = 1U << FlatHost::kLogTx;
constexpr uint64_t kTxSlotBytes = 16384;

// Time and timers of software, in the engine's cycles.
class CycleTime : public sw::TimerService {
 public:
  explicit CycleTime(const EngineCore& core) : core_(core) {}
  sw::Micros Now() const override {
    return sw::Micros(static_cast<int64_t>(CycleToUs(core_.cycle())));
  }
  sw::TimerHandle After(sw::Micros delay, std::function<void()> callback) override {
    const uint64_t us =
        CycleToUs(core_.cycle()) + static_cast<uint64_t>(std::max<int64_t>(delay.count(), 0));
    const Key key = {UsToCycle(us), ++last_};
    pending_.emplace(key, std::move(callback));
    when_.emplace(key.second, key.first);
    return key.second;
  }
  void Cancel(sw::TimerHandle handle) override {
    const auto found = when_.find(handle);
    if (found == when_.end()) return;
    pending_.erase({found->second, handle});
    when_.erase(found);
  }
  uint64_t NextCycle() const { return pending_.empty() ? kNever : pending_.begin()->first.first; }
  void Fire() {
    while (!pending_.empty() && pending_.begin()->first.first <= core_.cycle()) {
      auto node = pending_.extract(pending_.begin());
      when_.erase(node.key().second);
      node.mapped()();
    }
  }

 private:
  using Key = std::pair<uint64_t, sw::TimerHandle>;
  const EngineCore& core_;
  sw::TimerHandle last_ = 0;
  std::map<Key, std::function<void()>> pending_;
  std::map<sw::TimerHandle, uint64_t> when_;
};

// The stack's way out: RAW descriptors, each with a slot of memory of its own.
class RingNetIf : public tcp::NetIf {
 public:
  RingNetIf(FlatHost& host, tcp::MacAddr mac) : host_(host), mac_(mac) {}
  void SendFrame(tcp::ByteView frame) override {
    if (on_way_ >= kTxSlots - 1) return;  // no room: lost, as on a wire
    on_way_++;
    const uint64_t at = kTxArea + next_ % kTxSlots * kTxSlotBytes;
    next_++;
    host_.Store(at, Bytes(frame.begin(), frame.end()));
    TxDesc d{};
    d.op = static_cast<U8>(Tx::TxRaw);
    d.tag = static_cast<U16>(next_);
    d.n_pieces = 1;
    d.piece0 = Piece{.size = static_cast<U32>(frame.size()), .addr = at};
    host_.Transmit(d);
  }
  uint32_t mtu() const override { return kMaxFrame - 18; }
  tcp::MacAddr mac() const override { return mac_; }
  void OnSent() { on_way_--; }

 private:
  static constexpr uint64_t kTxArea = FlatHost::kUser;
  FlatHost& host_;
  tcp::MacAddr mac_;
  uint64_t next_ = 0, on_way_ = 0;
};

// The application of one connection: writes what was recorded, when it was, and reads all.
class StandIn : public tcp::ConnectionObserver {
 public:
  StandIn(const Recorded& recorded, sw::TimerService& time, sw::Micros offset)
      : recorded_(recorded) {
    for (size_t i = 0; i < recorded.events.size(); i++) {
      const sw::Micros due = recorded.events[i].time + offset;
      time.After(std::max(due - time.Now(), sw::Micros(0)), [this, i] {
        due_ = i + 1;
        Act();
      });
    }
  }
  void Attach(std::shared_ptr<tcp::Connection> connection) {
    connection_ = std::move(connection);
    connection_->SetObserver(this);
    result.tuple = connection_->tuple();
    Drain();
    Act();
  }
  void OnConnected(tcp::Connection&) override { Act(); }
  void OnReadable(tcp::Connection&) override { Drain(); }
  void OnWritable(tcp::Connection&) override { Act(); }
  void OnClosed(tcp::Connection&, tcp::CloseReason reason) override {
    result.state = "closed: " + std::string(tcp::ToString(reason));
  }
  void Finish() {
    if (!connection_) return;
    Drain();
    if (result.state.empty()) result.state = std::string(tcp::ToString(connection_->state()));
    result.bytes_host = result.stream.size();
    connection_->SetObserver(nullptr);
  }
  bool attached() const { return connection_ != nullptr; }

  ConnectionResult result;

 private:
  void Drain() {
    uint8_t buffer[4096];
    while (const size_t n = connection_->Read(buffer)) {
      result.stream.insert(result.stream.end(), buffer, buffer + n);
    }
  }
  // Does the recorded events that are due, as far as the send buffer has room.
  void Act() {
    if (!connection_ || connection_->state() == tcp::State::kSynSent ||
        connection_->state() == tcp::State::kSynReceived) {
      return;
    }
    while (next_ < due_) {
      const UserEvent& event = recorded_.events[next_];
      if (event.kind == UserEvent::Kind::kWrite) {
        written_ += connection_->Write(tcp::ByteView(event.bytes).subspan(written_));
        if (written_ < event.bytes.size()) return;
        written_ = 0;
      } else if (event.kind == UserEvent::Kind::kShutdown) {
        connection_->ShutdownWrite();
      } else {
        Drain();
        connection_->Abort();
      }
      next_++;
    }
  }

  const Recorded& recorded_;
  std::shared_ptr<tcp::Connection> connection_;
  size_t due_ = 0, next_ = 0, written_ = 0;
};

// The run of one capture.
class Run {
 public:
  Run(const HostRecord& record, const ReplayConfig& config)
      : record_(record),
        config_(config),
        core_(EngineCore::Make(config.core)),
        host_(*core_, {.chunk_cycles = kChunkCycles, .legacy_bytes = 9216, .max_frame = kMaxFrame}),
        time_(*core_),
        netif_(host_, record.mac) {
    host_.Start(kLegacyBuffers);
    start_ = time_.Now() + sw::Micros(10);
    tcp::StackConfig stack;
    stack.random = [] { return 4U; };
    stack_ = std::make_unique<tcp::Stack>(stack, netif_, time_, pool_);
    Prepare();
  }

  ReplayResult Go() {
    if (config_.flip && !core_->Flip(config_.flip->reg, config_.flip->bit, config_.flip->cycle)) {
      throw std::invalid_argument("--flip: no register '" + config_.flip->reg + "' with bit " +
                                  std::to_string(config_.flip->bit) +
                                  " where the model runs (expected UNIT.FIELD[BIT]@CYCLE)");
    }
    try {
      Loop();
      result_.result = "pass";
      Collect();
    } catch (const std::runtime_error& e) {
      result_.result = core_->mismatch() ? "mismatch" : "error";
      result_.reason = e.what();
      result_.mismatch = core_->mismatch();
    }
    result_.digest = core_->digest();
    result_.cycles = core_->cycle();
    result_.cycles_evaluated = core_->evaluated();
    for (auto& [tuple, user] : users_) {
      user->Finish();
      if (user->attached()) result_.connections.push_back(std::move(user->result));
    }
    return std::move(result_);
  }

 private:
  void Prepare() {
    std::set<tcp::Vlans> vlans;
    std::set<tcp::Endpoint> servers;
    sw::Micros last;
    for (const auto& [tuple, recorded] : record_.connections) {
      if (!recorded.has_syn && !recorded.events.empty()) continue;
      if (vlans.insert(tuple.vlans).second) {
        stack_->AddAddress({config_.host, tuple.local.addr.is_v6() ? 64U : 24U, tuple.vlans, {}});
      }
      if (!recorded.has_syn) continue;
      users_[tuple] = std::make_unique<StandIn>(recorded, time_, start_);
      if (recorded.active) {
        time_.After(recorded.opened + start_ - time_.Now(), [this, t = tuple, &r = recorded] {
          auto connection = stack_->Connect(t.local, t.remote, r.options, users_[t].get(), t.vlans);
          if (connection) users_[t]->Attach(connection);
        });
      } else if (servers.insert(tuple.local).second) {
        Listen(tuple.local);
      }
    }
    for (const CapturedFrame& frame : record_.arrivals) {
      const uint64_t at = config_.fast
                              ? core_->cycle()
                              : UsToCycle(static_cast<uint64_t>((frame.time + start_).count()));
      // Captured before the sender's MAC padded it; a wire carries no frame under 60 bytes.
      Bytes bytes = frame.bytes;
      bytes.resize(std::max<size_t>(bytes.size(), kMinFrameBytes));
      core_->rx.Push({.cycle = at, .bytes = std::move(bytes)});
      last = std::max(last, frame.time + start_);
    }
    for (const auto& [tuple, recorded] : record_.connections) {
      for (const UserEvent& event : recorded.events) last = std::max(last, event.time + start_);
    }
    end_cycle_ = UsToCycle(static_cast<uint64_t>((last + kLinger).count()));
  }

  void Listen(const tcp::Endpoint& local) {
    tcp::ListenOptions options;
    options.open_for = [this](const tcp::Tuple& tuple) {
      const auto found = record_.connections.find(tuple);
      return found == record_.connections.end() ? tcp::OpenOptions() : found->second.options;
    };
    auto listener = stack_->Listen(local, options);
    if (!listener) return;
    listener->SetOnAcceptable([this, raw = listener.get()] {
      while (auto connection = raw->Accept()) {
        const auto user = users_.find(connection->tuple());
        if (user != users_.end()) user->second->Attach(connection);
      }
    });
    listeners_.push_back(std::move(listener));
  }

  void Loop() {
    while (core_->cycle() < end_cycle_) {
      time_.Fire();
      Deliver();
      const uint64_t now = core_->cycle();
      uint64_t until = now + kChunkCycles;
      if (core_->AllQuiet()) {
        until = std::max(until, std::min({end_cycle_, time_.NextCycle(), core_->NextCycle()}));
      }
      // One stretch without a look: nothing outside happens in a quiet one.
      while (core_->cycle() < until) host_.Run(until - core_->cycle());
    }
  }

  void Deliver() {
    while (!host_.notifications.empty()) {
      const Ntf ntf = host_.notifications.front();
      host_.notifications.pop_front();
      if (ntf.kind == NtfKind::NtfSent) {
        netif_.OnSent();
      } else if (ntf.kind == NtfKind::NtfLegacyFrame) {
        if (ntf.error) throw std::runtime_error("a legacy frame with an upload error");
        stack_->Input(host_.Load(host_.LegacyAddr(ntf.tag), ntf.len));
      }
    }
    result_.frames_out += host_.sent.size();
    host_.sent.clear();
  }

  void Collect() {
    result_.frames_in = host_.Counter(static_cast<uint32_t>(Counter::CntFramesIn));
    uint64_t sum = 0;
    for (uint32_t i = 0; i < kReasonCount; i++) {
      const uint64_t n = host_.Counter(i);
      if (n != 0) result_.verdicts[std::string(ToString(static_cast<Reason>(i)))] = n;
      sum += n;
    }
    if (sum != result_.frames_in) {
      throw std::runtime_error("verdicts add up to " + std::to_string(sum) + " of " +
                               std::to_string(result_.frames_in) + " frames");
    }
    if (!core_->AllQuiet()) throw std::runtime_error("the engine is not quiet at the end");
  }

  const HostRecord& record_;
  const ReplayConfig& config_;
  std::unique_ptr<EngineCore> core_;
  FlatHost host_;
  CycleTime time_;
  RingNetIf netif_;
  tcp::HeapPool pool_;
  std::unique_ptr<tcp::Stack> stack_;
  std::map<tcp::Tuple, std::unique_ptr<StandIn>> users_;
  std::vector<std::shared_ptr<tcp::Listener>> listeners_;
  sw::Micros start_;
  uint64_t end_cycle_ = 0;
  ReplayResult result_;
};

}  // namespace

ReplayResult Replay(const HostRecord& record, const ReplayConfig& config) {
  return Run(record, config).Go();
}

}  // namespace handoff::system
