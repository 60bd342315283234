// SPDX-License-Identifier: Apache-2.0
//
// Commands, each with a tag of its own and somebody who waits for its answer.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <unordered_map>

#include "gen/handoff_pkg.h"
#include "sw/driver/ring.h"

namespace handoff::driver {

class CommandRing {
 public:
  // Runs with the command's NtfDone.
  using Done = std::function<void(const Ntf&)>;

  CommandRing(Hw& hw, unsigned log_size) : ring_(hw, RingId::kCommand, log_size, 64) {}
  void Configure(CheckedRegisters& registers) { ring_.Configure(registers); }
  void Enable(CheckedRegisters& registers) { ring_.Enable(registers); }

  // The tag is filled in. Commands are carried out in the order of the calls; one that finds the
  // ring full waits its turn here.
  template <class Desc>
  void Issue(Desc desc, Done done) {
    Command command{.slots = 1, .done = std::move(done)};
    desc.tag = command.tag = NextTag();
    desc.Pack(command.words.data());
    Queue(std::move(command));
  }
  void IssueSetup(Setup0Desc first, const Setup1Desc& second, Done done);

  void OnAnswer(const Ntf& ntf);
  void RingDoorbell() { ring_.RingDoorbell(); }
  size_t outstanding() const { return pending_.size() + waiting_.size(); }
  // The engine was reset: nothing outstanding is answered any more.
  void Forget();

 private:
  struct Command {
    uint32_t slots = 0;
    uint16_t tag = 0;
    std::array<uint64_t, 16> words{};
    Done done;
  };
  struct Pending {
    uint32_t slots = 0;
    Done done;
  };
  uint16_t NextTag();
  void Queue(Command command);
  void PutWaiting();

  ProducerRing ring_;
  uint16_t last_tag_ = 0;
  std::deque<Command> waiting_;
  std::unordered_map<uint16_t, Pending> pending_;  // in the ring, by tag
};

}  // namespace handoff::driver
