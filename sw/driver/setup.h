// SPDX-License-Identifier: Apache-2.0
//
// What the stack knows of a connection, in the engine's words, and back.
#pragma once

#include <cstdint>
#include <span>

#include "gen/handoff_pkg.h"
#include "sw/tcp/connection.h"
#include "sw/tcp/ip.h"

namespace handoff::driver {

// How a delegated connection's data is acknowledged (docs/design.md, 10).
struct AckConfig {
  bool coalesce = true;
  uint8_t frames = 2;
  uint8_t delay_class = 0;
  uint8_t quick = 16;  // frames acknowledged one by one after RESUME
};

struct SetupDescs {
  Setup0Desc first;
  Setup1Desc second;
};
// The path's next hop is known.
SetupDescs MakeSetup(const tcp::Connection& connection, const tcp::LinkPath& path,
                     const AckConfig& ack);
ResumeDesc MakeResume(const tcp::ResumeState& state);
// A segment, all but its pieces.
TxDesc MakeSend(const tcp::SegmentSpec& spec);
// Of the block that QUERY or UNDELEGATE wrote.
handoff::State ReadState(std::span<const uint8_t> block);
tcp::FinalState ToFinalState(const handoff::State& state);

// How the block is aligned.
inline constexpr size_t kStateBlockAlign = size_t{1} << kAlignBits;

}  // namespace handoff::driver
