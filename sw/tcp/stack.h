// SPDX-License-Identifier: Apache-2.0
//
// A host's TCP/IP: frames in, frames out, connections between.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <unordered_map>

#include "sw/tcp/config.h"
#include "sw/tcp/connection.h"
#include "sw/tcp/demux.h"
#include "sw/tcp/frame_sink.h"
#include "sw/tcp/ip.h"
#include "sw/tcp/listen.h"

namespace handoff::tcp {

struct StackConfig {
  TcpConfig tcp;
  // The stack's own stream of randomness: the key of all its hashes, ports.
  std::function<uint32_t()> random;
  // Else NewReno.
  std::function<std::unique_ptr<CongestionControl>()> congestion_control;
};

struct StackCounters {
  uint64_t segments_in = 0;
  uint64_t bad_lengths = 0;
  uint64_t bad_checksums = 0;
  uint64_t bad_sources = 0;  // addresses that no other host has
  uint64_t no_connection = 0;
  uint64_t listen_overflows = 0;
  uint64_t cookies_sent = 0;
  uint64_t cookies_taken = 0;
  uint64_t resets_sent = 0;
};

// Whoever decides what is delegated.
class StackObserver {
 public:
  virtual ~StackObserver() = default;
  virtual void OnStateChange(Connection& connection, State from) = 0;
};

class Stack : private ConnectionHost {
 public:
  Stack(StackConfig config, NetIf& netif, sw::TimerService& timers, MemoryPool& pool);
  ~Stack() override;

  void AddAddress(const LocalAddress& address) { ip_.AddAddress(address); }
  void SetObserver(StackObserver* observer) { observer_ = observer; }

  // RFC 9293, 3.10.1. The local address, and port, may be left open. Nothing if there is no such
  // local address, the remote one is none of a host, or the tuple, or every port, is in use.
  std::shared_ptr<Connection> Connect(const Endpoint& local, const Endpoint& remote,
                                      const OpenOptions& options = {},
                                      ConnectionObserver* observer = nullptr,
                                      const Vlans& vlans = {});
  // An unspecified address listens on all. Nothing if the port is taken.
  std::shared_ptr<Listener> Listen(const Endpoint& local, ListenOptions options = {});
  // A connection that begins in the middle (Connection::Adopt).
  std::shared_ptr<Connection> Adopt(const Tuple& tuple, const Tcb& tcb,
                                    const OpenOptions& options = {},
                                    ConnectionObserver* observer = nullptr);

  // A frame that arrived.
  void Input(ByteView frame) { ip_.Input(frame); }
  // A frame of a connection with an entry, which the engine passed on whole.
  void InputLegacy(ByteView frame, const LegacyVerdict& verdict);

  std::shared_ptr<Connection> Find(const Tuple& tuple) const { return table_.Find(tuple); }
  const ConnectionTable& table() const { return table_; }
  IpLayer& ip() { return ip_; }
  const StackCounters& counters() const { return counters_; }
  const TcpConfig& config() const override { return config_.tcp; }
  sw::TimerService& timers() override { return timers_; }

 private:
  MemoryPool& pool() override { return pool_; }
  SegmentSink& wire() override { return sink_; }
  uint32_t mtu() const override { return netif_.mtu(); }
  Seq ChooseIss(const Tuple& tuple) override;
  uint32_t ChooseTimestampOffset(const Tuple& tuple) override;
  std::unique_ptr<CongestionControl> MakeCongestionControl() override;
  void OnStateChange(Connection& connection, State from) override;
  void OnGone(Connection& connection) override;

  void InputTcp(const IpInput& input);
  void InputError(const IcmpError& error, const Vlans& vlans);
  // `above`: the last number of the connection that this one follows.
  void InputListen(Listener& listener, const Tuple& tuple, const Segment& segment,
                   std::optional<Seq> above);
  void AnswerWithReset(const Tuple& tuple, const Segment& segment);
  void AnswerWithCookie(const Listener& listener, const Tuple& tuple, const Segment& syn);
  bool InputCookie(Listener& listener, const Tuple& tuple, const Segment& segment);
  std::shared_ptr<Connection> MakeHalfOpen(Listener& listener, const Tuple& tuple,
                                           const OpenOptions& options);
  std::shared_ptr<Connection> Make(const Tuple& tuple, const OpenOptions& options,
                                   ConnectionObserver* observer);
  uint16_t ChoosePort(Tuple tuple);

  StackConfig config_;
  NetIf& netif_;
  sw::TimerService& timers_;
  MemoryPool& pool_;
  IpLayer ip_;
  FrameSink sink_;
  const SipKey key_;
  ConnectionTable table_;
  // Connections in SYN-RECEIVED, and who will be given them.
  std::unordered_map<sw::ConnId, std::weak_ptr<Listener>> half_open_;
  StackObserver* observer_ = nullptr;
  StackCounters counters_;
  const LegacyVerdict* verdict_ = nullptr;  // of the frame being taken in
  uint32_t next_id_ = 1;
  std::optional<Micros> cookie_sent_at_;  // the last one
};

}  // namespace handoff::tcp
