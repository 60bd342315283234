// SPDX-License-Identifier: Apache-2.0
//
// Delegated connections: what the policy chooses is set up in the engine, resumed, kept in step
// with the stack, and taken back (docs/design.md, 9). Between stack and engine it is
//   tcp::DelegatePort   the sink of a connection's segments: each becomes a SEND,
//   EntryUser           the receiver of the engine's notifications of connections.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "sw/driver/driver.h"
#include "sw/driver/entry.h"
#include "sw/driver/setup.h"
#include "sw/memory/address_space.h"
#include "sw/policy/policy.h"
#include "sw/tcp/stack.h"

namespace handoff::driver {

struct DelegationConfig {
  AckConfig ack;
  // Entries to use at most; the engine may have fewer.
  size_t max_entries = SIZE_MAX;
  size_t max_piece_bytes = size_t{1} << 30;  // of a user buffer
  // How often the policy looks at all connections. It also looks when one is established.
  Micros decide_every = sw::Millis(100);
  // Of a connection, for the policy; none: 0.
  std::function<double(const tcp::Connection&)> priority;
};

class Delegation : public tcp::DelegatePort, public tcp::StackObserver, public EntryUser {
 public:
  Delegation(Driver& driver, std::unique_ptr<policy::Policy> policy, DelegationConfig config);
  // The stack goes before it.
  ~Delegation() override;
  Delegation(const Delegation&) = delete;
  Delegation& operator=(const Delegation&) = delete;

  // Once: whose connections these are.
  void Attach(tcp::Stack& stack);
  // Whose memory user buffers may lie in. It has to outlive the delegation, or be removed.
  void AddMemory(mem::AddressSpace& memory) { memories_.push_back(&memory); }
  void RemoveMemory(mem::AddressSpace& memory) { std::erase(memories_, &memory); }

  // By hand, whatever the policy says. False: it has an entry, or there is none to be had now.
  bool Delegate(tcp::Connection& connection);
  void Undelegate(tcp::Connection& connection);
  // The engine hands all user buffers back: each, with what it holds, goes to the application.
  // False: it has no entry.
  bool Flush(tcp::Connection& connection);
  // The entry's state, as the engine keeps it.
  bool Query(tcp::Connection& connection, std::function<void(const handoff::State&)> done);
  // A user buffer by its virtual address, physically in one piece or not.
  bool PostUserBuffer(tcp::Connection& connection, mem::AddressSpace& memory, sw::VirtAddr addr,
                      size_t bytes, uint16_t id);

  const std::vector<policy::Decision>& decisions() const { return decisions_; }
  // Of every connection that ever was to be delegated.
  const std::map<sw::ConnId, DelegationStats>& all_stats() const { return stats_; }
  DelegationStats StatsOf(sw::ConnId id) const;  // up to now
  size_t entries() const { return used_; }       // indices in use, draining ones too
  const DelegationConfig& config() const { return config_; }
  std::string_view policy_name() const { return policy_->name(); }

  // -- tcp::DelegatePort --
  void Transmit(tcp::Connection& connection, const tcp::SegmentSpec& spec) override;
  void AdvertiseEdge(tcp::Connection& connection, sw::Seq edge) override;
  void RequestResync(tcp::Connection& connection) override;
  void OnConnectionGone(tcp::Connection& connection) override;
  void OnMayResume(tcp::Connection& connection) override;
  bool PostUserBuffer(tcp::Connection& connection, std::span<uint8_t> buffer, uint16_t id) override;
  // -- tcp::StackObserver --
  void OnStateChange(tcp::Connection& connection, tcp::State from) override;
  // -- EntryUser --
  bool OnFrame(const Ntf& ntf, const LegacyBytes& frame) override;
  void OnPayload(const Ntf& ntf, const LegacyBytes& payload) override;
  void OnHandBack(const Ntf& ntf) override;
  void OnProgress(const Ntf& ntf) override;
  void OnResync(const Ntf& ntf) override;
  void OnRawSent() override;
  void OnReset() override;

 private:
  struct Slot {
    std::unique_ptr<Entry> entry;
    uint8_t gen = 0;     // of the last entry here
    sw::PhysAddr block;  // 0: not allocated yet
  };
  // What was last seen of a connection, for its frame rate.
  struct Sample {
    Micros at;
    uint64_t frames = 0;
    double rate = 0;
  };
  using Answer = std::function<void(Entry&, const Ntf&)>;

  // delegation.cpp: life cycle
  size_t Capacity() const;
  Entry* Find(const tcp::Connection& connection) const;
  Entry* Find(const Ntf& ntf) const;  // not stale
  template <class Desc>
  void Issue(Entry& entry, Desc desc, Answer answer) {
    desc.conn = entry.index;
    desc.gen = entry.gen;
    driver_.Issue(desc, Answered(entry, std::move(answer)));
  }
  CommandRing::Done Answered(Entry& entry, Answer answer);
  void OnSetupAnswer(Entry& entry, const Ntf& ntf);
  void TryResume(Entry& entry);
  void Leave(Entry& entry);
  void OnUndelegateAnswer(Entry& entry, const Ntf& ntf);
  void FreeIfDrained(Entry& entry);
  void ReturnBuffer(Entry& entry, const UserBuffers::Buffer& buffer, sw::Seq end, uint32_t bytes);
  void ReturnAllBuffers(Entry& entry);
  sw::PhysAddr BlockOf(const Entry& entry);  // where QUERY and UNDELEGATE write
  void FreeBlocks();
  // delegation_data.cpp: segments out, bytes and frames in
  void PostIfWanted(Entry& entry);
  void PostBuffers(Entry& entry);
  void SendEdge(Entry& entry);
  void FollowMss(Entry& entry);
  void EndLive(Entry& entry);
  bool Short() const;
  // delegation_policy.cpp
  void DecideSoon(Micros delay);
  void Decide();
  std::vector<policy::Candidate> Candidates();
  double FrameRate(const tcp::Connection& connection);
  DelegationStats& StatsFor(const tcp::Connection& connection);

  Driver& driver_;
  Hw& hw_;
  const std::unique_ptr<policy::Policy> policy_;
  const DelegationConfig config_;
  tcp::Stack* stack_ = nullptr;
  std::vector<mem::AddressSpace*> memories_;

  std::vector<Slot> slots_;    // by index
  std::deque<uint16_t> free_;  // indices that were used, the one free for longest first
  size_t used_ = 0;
  std::vector<uint16_t> waiting_;                         // to resume, for RAW frames to be sent
  std::unordered_map<sw::ConnId, Entry*> by_connection_;  // those that have not left
  std::map<sw::ConnId, DelegationStats> stats_;
  std::map<sw::ConnId, Sample> samples_;
  std::map<sw::ConnId, Micros> changed_;  // when delegated, or taken back
  std::vector<policy::Decision> decisions_;
  sw::TimerHandle decide_timer_ = sw::kNoTimer;
  Micros decide_at_;
};

}  // namespace handoff::driver
