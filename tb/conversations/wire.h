// SPDX-License-Identifier: Apache-2.0
//
// Frames of a conversation: built from a script's line, and read for comparison with one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "sw/tcp/segment.h"
#include "tb/conversations/machine.h"
#include "tb/conversations/script.h"

namespace handoff::tb {

// Byte i of either stream.
inline uint8_t StreamByte(uint32_t i) { return static_cast<uint8_t>(i * 7 + (i >> 8)); }

// Who speaks with whom.
struct Ends {
  tcp::Endpoint here;
  tcp::Endpoint peer;
};

// How the script's numbers become those on the wire: the second less the first.
struct Offsets {
  uint32_t seq = 0;            // of our numbers
  std::optional<uint32_t> ts;  // of our timestamps, once one was seen
  uint32_t ToWire(uint32_t number) const { return number + seq; }
  uint32_t ToScript(sw::Seq number) const { return number.raw() - seq; }
};

// A segment that left.
struct SentSegment {
  Micros at;
  tcp::Segment segment;
  tcp::Bytes payload;
  tcp::Bytes options;  // as on the wire
};

tcp::Bytes FrameOf(const Machine& machine, const Ends& ends, const ScriptSegment& line, int number,
                   const Offsets& offsets);
tcp::Bytes FrameOf(const Machine& machine, const Ends& ends, const ScriptIcmp& line, int number,
                   const Offsets& offsets);
// Nothing if the frame holds no TCP segment between these ends.
std::optional<SentSegment> ReadFrame(tcp::ByteView frame, const Ends& ends);
// The options as a script writes them.
ScriptOptions ToScript(tcp::ByteView options, const Offsets& offsets);
std::string ToScript(const SentSegment& sent, const Offsets& offsets);

}  // namespace handoff::tb
