// SPDX-License-Identifier: Apache-2.0
//
// One entry of the engine's table, as the driver sees it.
//
//   kSettingUp ──▶ kActive ──▶ kLeaving ──▶ kDraining ──▶ its index is free
//      SETUP       answered    UNDELEGATE   answered; SENDs and commands still are not
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "sw/driver/user_buffers.h"
#include "sw/tcp/connection.h"

namespace handoff::driver {

// What delegation did for one connection, over all its entries.
struct DelegationStats {
  std::string name;       // its tuple
  uint64_t setups = 0;    // accepted
  uint64_t refusals = 0;  // SETUPs refused
  uint64_t resyncs = 0;
  uint64_t resumes = 0;  // accepted
  uint64_t resume_tries = 0;
  uint64_t bytes_user = 0;    // by the engine into user buffers
  uint64_t bytes_legacy = 0;  // in order, by the engine into legacy buffers
  uint64_t bytes_host = 0;    // in whole frames, through the stack, while there was an entry
  uint64_t bytes_copied = 0;  // of those to legacy buffers: copied, because buffers were short
  uint64_t frames_live = 0;   // whole frames that came up while live
  uint64_t progress = 0;
  uint64_t sends = 0;
  uint64_t pure_acks_sent = 0;  // of those: without data or FIN, and on the wire
  uint64_t buffers_posted = 0;
  uint64_t buffers_back = 0;  // to the application
  sw::Micros delegated;       // had an entry
  sw::Micros live;            // and was live
};

struct Entry {
  enum class Phase : uint8_t { kSettingUp, kActive, kLeaving, kDraining };

  uint16_t index = 0;
  uint8_t gen = 0;
  Phase phase = Phase::kSettingUp;
  // Until UNDELEGATE is answered; closed or not.
  std::shared_ptr<tcp::Connection> connection;
  DelegationStats* stats = nullptr;
  UserBuffers buffers;

  // An index is used again when all these are answered (corner 72).
  uint32_t commands = 0;
  uint32_t sends = 0;

  bool leave = false;          // UNDELEGATE as soon as nothing is in its way
  bool resuming = false;       // RESUME is not answered
  bool resume_waits = false;   // for RAW frames to be sent (corner 54)
  uint64_t raw_mark = 0;       // this many have to be
  bool frame_follows = false;  // the frame that caused resync is not consumed yet
  bool resync_asked = false;   // RESYNC is not answered
  bool edge_busy = false;      // SET of the edge is not answered
  std::optional<sw::Seq> edge_due;
  uint16_t mss = 0;  // as the engine knows it
  sw::Micros since;  // SETUP was answered
  std::optional<sw::Micros> live_since;
};

}  // namespace handoff::driver
