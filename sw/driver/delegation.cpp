// SPDX-License-Identifier: Apache-2.0
//
// The life of an entry: SETUP, RESUME, UNDELEGATE.
#include "sw/driver/delegation.h"

#include <algorithm>
#include <utility>

namespace handoff::driver {
namespace {

bool Ok(const Ntf& ntf) { return ntf.code == static_cast<uint8_t>(Status::StatusOk); }

}  // namespace

Delegation::Delegation(Driver& driver, std::unique_ptr<policy::Policy> policy,
                       DelegationConfig config)
    : driver_(driver), hw_(driver.hw()), policy_(std::move(policy)), config_(std::move(config)) {
  driver_.SetEntryUser(this);
}

Delegation::~Delegation() {
  driver_.SetEntryUser(nullptr);
  hw_.Cancel(decide_timer_);
  FreeBlocks();
}

void Delegation::FreeBlocks() {
  for (Slot& slot : slots_) {
    if (slot.block == sw::PhysAddr()) continue;
    hw_.Revoke(slot.block, kStateBlockBytes);
    hw_.Free(slot.block);
    slot.block = sw::PhysAddr();
  }
}

void Delegation::Attach(tcp::Stack& stack) {
  stack_ = &stack;
  stack.SetObserver(this);
}

size_t Delegation::Capacity() const {
  return std::min<size_t>(config_.max_entries, driver_.build().dct_entries);
}

Entry* Delegation::Find(const tcp::Connection& connection) const {
  const auto found = by_connection_.find(connection.id());
  return found == by_connection_.end() ? nullptr : found->second;
}

Entry* Delegation::Find(const Ntf& ntf) const {
  if (ntf.conn >= slots_.size()) return nullptr;
  Entry* const entry = slots_[ntf.conn].entry.get();
  const bool known = entry != nullptr && entry->gen == ntf.gen && entry->connection != nullptr;
  return known ? entry : nullptr;
}

// Runs `answer` when the command is answered; until then the index stays taken.
CommandRing::Done Delegation::Answered(Entry& entry, Answer answer) {
  ++entry.commands;
  return [this, &entry, answer = std::move(answer)](const Ntf& ntf) {
    --entry.commands;
    if (answer) answer(entry, ntf);
    FreeIfDrained(entry);
  };
}

// -- SETUP --

bool Delegation::Delegate(tcp::Connection& connection) {
  if (!driver_.up() || Find(connection) != nullptr || used_ >= Capacity()) return false;
  if (!tcp::MayReceive(connection.state())) return false;
  const tcp::LinkPath path = stack_->ip().PathOf(connection.tuple());
  if (!path.next_hop_mac) return false;

  uint16_t index = 0;
  if (slots_.size() < Capacity()) {
    index = static_cast<uint16_t>(slots_.size());
    slots_.emplace_back();
  } else {
    index = free_.front();
    free_.pop_front();
  }
  ++used_;
  Slot& slot = slots_[index];
  slot.entry = std::make_unique<Entry>();
  Entry& entry = *slot.entry;
  entry.index = index;
  entry.gen = ++slot.gen;
  entry.connection = connection.shared_from_this();
  entry.stats = &StatsFor(connection);
  entry.buffers.SetSlots(driver_.build().slots);
  entry.mss = connection.tcb().snd_mss;
  by_connection_[connection.id()] = &entry;

  // From here on the stack keeps what SETUP says.
  SetupDescs descs = MakeSetup(connection, path, config_.ack);
  connection.BeginDelegation(*this);
  descs.first.conn = index;
  descs.first.gen = entry.gen;
  driver_.IssueSetup(descs.first, descs.second,
                     Answered(entry, [this](Entry& e, const Ntf& ntf) { OnSetupAnswer(e, ntf); }));
  return true;
}

void Delegation::OnSetupAnswer(Entry& entry, const Ntf& ntf) {
  const auto connection = entry.connection;
  changed_[connection->id()] = hw_.Now();
  if (!Ok(ntf)) {
    ++entry.stats->refusals;
    policy_->OnRefused(connection->id(), hw_.Now(), ToString(static_cast<Status>(ntf.code)));
    by_connection_.erase(connection->id());
    entry.phase = Entry::Phase::kDraining;
    entry.connection = nullptr;
    connection->OnSetupAnswer(false);
    DecideSoon(config_.decide_every);
    return;
  }
  ++entry.stats->setups;
  entry.phase = Entry::Phase::kActive;
  entry.since = hw_.Now();
  // What went out as whole frames has to be on the wire before the engine speaks (corner 54).
  entry.raw_mark = driver_.transmit().raw_put();
  if (entry.leave) {
    connection->OnSetupAnswer(true);
    Leave(entry);
    return;
  }
  connection->OnSetupAnswer(true);
}

// -- RESUME --

void Delegation::OnMayResume(tcp::Connection& connection) {
  if (Entry* const entry = Find(connection)) TryResume(*entry);
}

void Delegation::TryResume(Entry& entry) {
  if (entry.phase != Entry::Phase::kActive || entry.leave || entry.resuming) return;
  if (entry.frame_follows) return;  // a RESUME without it is refused
  tcp::Connection& connection = *entry.connection;
  if (connection.MayResume() != tcp::ResumeBar::kNone) return;
  entry.resume_waits = driver_.transmit().raw_sent() < entry.raw_mark;
  if (entry.resume_waits) {
    waiting_.push_back(entry.index);
    return;
  }
  // They are there when the first byte comes.
  PostBuffers(entry);
  const ResumeDesc desc = MakeResume(connection.IssueResume());
  entry.resuming = true;
  ++entry.stats->resume_tries;
  Issue(entry, desc, [this](Entry& e, const Ntf& ntf) {
    e.resuming = false;
    if (Ok(ntf)) {
      ++e.stats->resumes;
      e.live_since = hw_.Now();
    }
    const auto connection = e.connection;
    connection->OnResumeAnswer(Ok(ntf), sw::Seq(ntf.seq));
    if (e.leave) {
      Leave(e);
    } else if (Ok(ntf)) {
      PostBuffers(e);
    }
  });
}

void Delegation::OnRawSent() {
  for (const uint16_t index : std::exchange(waiting_, {})) {
    Entry* const entry = index < slots_.size() ? slots_[index].entry.get() : nullptr;
    if (entry != nullptr && entry->resume_waits) TryResume(*entry);  // or waits again
  }
}

void Delegation::RequestResync(tcp::Connection& connection) {
  Entry* const entry = Find(connection);
  if (entry == nullptr || entry->phase != Entry::Phase::kActive || entry->resync_asked) return;
  entry->resync_asked = true;
  PlainDesc desc;
  desc.op = static_cast<uint8_t>(CmdKind::CmdResync);
  Issue(*entry, desc, [](Entry& e, const Ntf&) { e.resync_asked = false; });
}

bool Delegation::Flush(tcp::Connection& connection) {
  Entry* const entry = Find(connection);
  if (entry == nullptr || entry->phase != Entry::Phase::kActive) return false;
  PlainDesc desc;
  desc.op = static_cast<uint8_t>(CmdKind::CmdFlush);
  Issue(*entry, desc, {});
  return true;
}

bool Delegation::Query(tcp::Connection& connection,
                       std::function<void(const handoff::State&)> done) {
  Entry* const entry = Find(connection);
  if (entry == nullptr || entry->phase != Entry::Phase::kActive) return false;
  PlainDesc desc;
  desc.op = static_cast<uint8_t>(CmdKind::CmdQuery);
  desc.addr = BlockOf(*entry).raw();
  Issue(*entry, desc, [this, done = std::move(done)](Entry& e, const Ntf& ntf) {
    if (Ok(ntf)) done(ReadState(hw_.Memory(BlockOf(e), kStateBlockBytes)));
  });
  return true;
}

// -- UNDELEGATE --

sw::PhysAddr Delegation::BlockOf(const Entry& entry) {
  Slot& slot = slots_[entry.index];
  if (slot.block == sw::PhysAddr()) {
    slot.block = hw_.Allocate(kStateBlockBytes, kStateBlockAlign, sw::Owner::kDriver);
    hw_.Grant(slot.block, kStateBlockBytes, true);
  }
  return slot.block;
}

void Delegation::Undelegate(tcp::Connection& connection) {
  if (Entry* const entry = Find(connection)) Leave(*entry);
}

void Delegation::OnConnectionGone(tcp::Connection& connection) {
  if (Entry* const entry = Find(connection)) Leave(*entry);
}

void Delegation::Leave(Entry& entry) {
  entry.leave = true;
  // Its answer first: only then it is known whose numbers count.
  if (entry.phase != Entry::Phase::kActive || entry.resuming) return;
  entry.phase = Entry::Phase::kLeaving;
  entry.connection->BeginUndelegation();
  PlainDesc desc;
  desc.op = static_cast<uint8_t>(CmdKind::CmdUndelegate);
  desc.addr = BlockOf(entry).raw();
  Issue(entry, desc, [this](Entry& e, const Ntf& ntf) { OnUndelegateAnswer(e, ntf); });
}

void Delegation::OnUndelegateAnswer(Entry& entry, const Ntf& ntf) {
  EndLive(entry);
  entry.stats->delegated += hw_.Now() - entry.since;
  ReturnAllBuffers(entry);
  const auto connection = std::move(entry.connection);
  entry.connection = nullptr;
  entry.phase = Entry::Phase::kDraining;
  by_connection_.erase(connection->id());
  changed_[connection->id()] = hw_.Now();
  if (!Ok(ntf)) {
    connection->OnDelegateFault();
    return;
  }
  const auto block = hw_.Memory(BlockOf(entry), kStateBlockBytes);
  connection->OnUndelegated(ToFinalState(ReadState(block)));
}

void Delegation::FreeIfDrained(Entry& entry) {
  if (entry.phase != Entry::Phase::kDraining || entry.commands > 0 || entry.sends > 0) return;
  const uint16_t index = entry.index;
  slots_[index].entry.reset();
  free_.push_back(index);
  --used_;
}

void Delegation::ReturnBuffer(Entry& entry, const UserBuffers::Buffer& buffer, sw::Seq end,
                              uint32_t bytes) {
  ++entry.stats->buffers_back;
  entry.connection->OnUserBufferReturned({.id = buffer.id, .end = end, .bytes = bytes});
}

void Delegation::ReturnAllBuffers(Entry& entry) {
  for (UserBuffers::Buffer& buffer : entry.buffers.TakeAll()) {
    buffer.pin.reset();
    ReturnBuffer(entry, buffer, entry.connection->tcb().rcv_nxt, 0);
  }
}

void Delegation::OnReset() {
  by_connection_.clear();
  std::vector<std::unique_ptr<Entry>> lost;
  for (Slot& slot : slots_) {
    if (slot.entry) lost.push_back(std::move(slot.entry));
  }
  FreeBlocks();
  slots_.clear();
  free_.clear();
  used_ = 0;
  for (const auto& entry : lost) {
    if (!entry->connection) continue;
    EndLive(*entry);
    ReturnAllBuffers(*entry);
    entry->connection->OnDelegateFault();
  }
}

}  // namespace handoff::driver
