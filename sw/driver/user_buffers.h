// SPDX-License-Identifier: Apache-2.0
//
// The user buffers of one connection: those the engine holds, and those that wait for a slot or for
// the connection to be live.
//
//   Add ─▶ waiting ─▶ POST ─▶ held by the engine ─▶ hand-back ─▶ gone
//             ▲                      │ unused, by resync
//             └──────────────────────┘
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "gen/handoff_pkg.h"
#include "sw/memory/address_space.h"
#include "sw/tcp/stream.h"

namespace handoff::driver {

class UserBuffers {
 public:
  struct Buffer {
    uint16_t id = 0;
    std::shared_ptr<mem::Pin> pin;
    bool posted = false;    // by a POST at least
    uint32_t accepted = 0;  // pieces of it that the engine said it took
  };

  // `slots`: pieces that the engine holds of a connection.
  void SetSlots(uint32_t slots) { slots_ = slots; }
  // False: the id is in use, or the buffer has more pieces than there are slots.
  bool Add(uint16_t id, std::shared_ptr<mem::Pin> pin);
  // POSTs what waits as long as slots are free, in order; `issue` sends a command with an id.
  void Post(const std::function<void(PostDesc)>& issue);
  // The answer to a POST: false if the engine took none of the buffer, so that it never comes back.
  bool OnAnswer(uint16_t id, const Ntf& ntf);
  // The engine hands a buffer back, filled or not; nothing: it has no such buffer.
  std::optional<Buffer> TakeBack(uint16_t id);
  // It came back unused and is to be posted again.
  void Retry(Buffer buffer);
  // All of them: the engine has none any more.
  std::vector<Buffer> TakeAll();

  size_t size() const { return buffers_.size(); }

 private:
  std::deque<Buffer>::iterator Find(uint16_t id);

  std::deque<Buffer> buffers_;
  uint32_t slots_ = 8;
  uint32_t used_slots_ = 0;  // pieces of the posted ones
};

// The first `bytes` bytes of a buffer as pieces of the stream from `seq` on.
std::vector<tcp::StreamPiece> StreamOf(const UserBuffers::Buffer& buffer, sw::Seq seq,
                                       uint32_t bytes);

}  // namespace handoff::driver
