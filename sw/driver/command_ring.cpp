// SPDX-License-Identifier: Apache-2.0
#include "sw/driver/command_ring.h"

#include <utility>

namespace handoff::driver {

uint16_t CommandRing::NextTag() {
  // Far fewer than 2^16 are ever in the ring; those that wait have tags behind the ones in it.
  do {
    ++last_tag_;
  } while (pending_.contains(last_tag_));
  return last_tag_;
}

void CommandRing::IssueSetup(Setup0Desc first, const Setup1Desc& second, Done done) {
  Command command{.slots = 2, .done = std::move(done)};
  first.tag = command.tag = NextTag();
  first.Pack(command.words.data());
  second.Pack(command.words.data() + 8);
  Queue(std::move(command));
}

void CommandRing::Queue(Command command) {
  waiting_.push_back(std::move(command));
  PutWaiting();
}

void CommandRing::PutWaiting() {
  while (!waiting_.empty() && waiting_.front().slots <= ring_.free()) {
    Command& command = waiting_.front();
    const std::span<const uint64_t> words = command.words;
    for (uint32_t slot = 0; slot < command.slots; ++slot) ring_.Put(words.subspan(8 * slot, 8));
    pending_.emplace(command.tag, Pending{command.slots, std::move(command.done)});
    waiting_.pop_front();
  }
}

void CommandRing::OnAnswer(const Ntf& ntf) {
  const auto found = pending_.find(static_cast<uint16_t>(ntf.tag));
  if (found == pending_.end()) return;
  const Pending answered = std::move(found->second);
  pending_.erase(found);
  ring_.Consumed(answered.slots);
  PutWaiting();
  if (answered.done) answered.done(ntf);
}

void CommandRing::Forget() {
  pending_.clear();
  waiting_.clear();
}

}  // namespace handoff::driver
