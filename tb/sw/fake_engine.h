// SPDX-License-Identifier: Apache-2.0
//
// What the engine does (docs/design.md, 7 to 10; rows as in docs/units/rx_tcp.md), without its
// timing: frames take effect as they arrive, commands and descriptors a random time after their
// doorbell, interrupts a random time after their notification. So the races of the hand-over
// happen.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <vector>

#include "gen/handoff_pkg.h"
#include "sw/tcp/clean_run.h"
#include "sw/tcp/segment.h"
#include "tb/sw/fake_hw.h"

namespace handoff::tb {

// Wrong on purpose, so that tests are seen to fail.
enum class EngineBug : uint8_t {
  kNone,
  kResumeIgnoresCount,  // frames that the stack has not consumed are forgotten
  kResumeAtRcvNxt,      // goes live short of the run's end
  kHandBackLosesByte,   // a hand-back of a partial buffer says one byte less
};

struct FakeEngineConfig {
  uint32_t dct_entries = 64;
  uint32_t slots = 8;
  uint32_t seed = 1;
  Micros command_delay{20};   // at most
  Micros irq_delay{30};       // at most
  Micros progress_delay{10};  // at most
  EngineBug bug = EngineBug::kNone;
};

class FakeEngine {
 public:
  FakeEngine(FakeHw& hw, VirtualTime& time, const FakeEngineConfig& config);

  void SetWire(std::function<void(tcp::ByteView)> wire) { wire_ = std::move(wire); }
  void Receive(tcp::ByteView frame);

  // Counters, by reason_e and counter_e; commands by kind and by the status of their answers.
  std::array<uint64_t, 64> counter{};
  std::map<std::pair<CmdKind, Status>, uint64_t> answers;
  uint64_t Answers(CmdKind kind, Status status) const {
    const auto found = answers.find({kind, status});
    return found == answers.end() ? 0 : found->second;
  }
  // Faults on demand: the write of these bytes fails.
  std::function<bool(uint64_t addr, bool user)> write_fails;
  // A ring cannot be read: halted until reset.
  void Halt();
  size_t entries_in_use() const { return by_tuple_.size(); }
  size_t live_entries() const;

 private:
  struct Held {
    handoff::Piece piece;
    uint16_t id = 0;
    bool last = false;
  };
  struct Entry {
    handoff::State s;  // valid, live and all numbers
    tcp::Tuple tuple;
    tcp::MacAddr local_mac;
    tcp::MacAddr peer_mac;
    bool v6 = false;
    uint8_t ttl = 64;
    uint8_t tos = 0;
    std::deque<Held> pieces;
    bool open = false;  // the first user buffer holds bytes
    uint32_t start = 0;
    uint32_t filled = 0;
    sw::TimerHandle back_timer = sw::kNoTimer;
    uint32_t unacked = 0;
    sw::TimerHandle ack_timer = sw::kNoTimer;
    bool progress = false;  // to be told
    uint32_t ts_ecr = 0;
  };
  struct RingState {
    uint64_t base = 0;
    uint32_t log_size = 8;
    bool enabled = false;
    uint32_t host = 0;
    uint32_t engine = 0;
  };
  struct Parsed;  // a well-formed TCP frame

  // fake_engine.cpp: registers, rings, notifications, what is sent
  void WriteReg(uint32_t offset, uint32_t value);
  sw::ReadResult ReadReg(uint32_t offset);
  void Reset();
  uint32_t Next(const RingState& r, uint32_t index) const {
    return (index + 1) & ((1u << r.log_size) - 1);
  }
  std::vector<uint64_t> ReadEntry(unsigned which, size_t bytes);
  void RunCommands();
  void RunTransmit();
  void FetchLegacy();
  void Notify(Ntf ntf);
  void PutNotifications();
  void RaiseSoon();
  Micros Random(Micros most);
  bool SendSegment(Entry& e, const TxDesc* desc, std::optional<tcp::SeqRange> dsack);
  void Transmit(tcp::Bytes frame);
  Ntf About(const Entry& e, NtfKind kind) const;

  // fake_engine_frames.cpp: frames
  std::optional<Parsed> Parse(tcp::ByteView frame, Reason& reason) const;
  void Decide(Entry& e, const Parsed& p, tcp::ByteView frame);
  void Whole(Reason reason, tcp::ByteView frame, Entry* e, Ntf ntf);
  void EnterResync(Entry& e, Reason why);
  void ExtendRun(Entry& e, const Parsed& p, bool plain);
  bool SendState(Entry& e, const Parsed& p);
  void Told(Entry& e, const Parsed& p, bool changed);
  void ForgetProgress(Entry& e) { e.progress = false; }
  void Payload(Entry& e, const Parsed& p, bool ack_now);
  bool Place(uint64_t addr, tcp::ByteView bytes, bool user);
  void HandBack(Entry& e, Back why, bool psh, bool full, bool error);
  void HandBackAll(Entry& e, Back why);
  void AckNow(Entry& e, std::optional<tcp::SeqRange> dsack = {});
  void AckData(Entry& e);
  void AckLimited(Entry& e, const Parsed& p);
  void FlushAck(Entry& e);
  void StopTimers(Entry& e);
  void Fault(Entry& e);
  uint32_t Room(const Entry& e) const;

  // fake_engine_commands.cpp
  void Execute(const std::vector<uint64_t>& words, const std::vector<uint64_t>& second);
  Status Setup(const Setup0Desc& d, const Setup1Desc& e);
  Status Resume(Entry& e, const ResumeDesc& d);
  Status Post(Entry& e, const PostDesc& d, uint32_t& accepted);
  void Set(Entry& e, const SetDesc& d);
  Status Undelegate(Entry& e, const PlainDesc& d);
  void WriteBlock(const Entry& e, uint64_t addr);
  void MoveEdge(Entry& e, uint32_t edge) const;
  static uint32_t WindowField(const Entry& e, uint32_t ack);

  FakeHw& hw_;
  VirtualTime& time_;
  const FakeEngineConfig config_;
  std::mt19937 random_;
  std::function<void(tcp::ByteView)> wire_;
  std::map<uint32_t, uint32_t> regs_;
  std::array<RingState, 4> rings_;
  bool phase_ = true;
  bool halted_ = false;
  bool reset_done_ = false;
  bool irq_pending_ = false;
  bool commands_due_ = false;
  bool transmit_due_ = false;
  uint32_t epoch_ = 0;  // of resets: what was due before one does not happen
  std::deque<Ntf> to_notify_;
  std::deque<LegacyDesc> legacy_;
  std::map<uint16_t, Entry> entries_;
  std::map<tcp::Tuple, uint16_t> by_tuple_;
};

}  // namespace handoff::tb
