// SPDX-License-Identifier: Apache-2.0
//
// A recorded capture: its frames, and what each TCP connection of one host did in it.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/pcap/reader.h"
#include "sim/run/streams.h"
#include "sw/tcp/address.h"
#include "sw/tcp/bytes.h"
#include "sw/tcp/config.h"
#include "sw/tcp/neighbors.h"
#include "sw/tcp/tcb.h"
#include "sw/types.h"

namespace handoff::system {

// A number in one direction of a connection, without wrapping: 0 is the SYN, 1 the first byte.
using Offset = int64_t;

// Something that the recorded application did.
struct UserEvent {
  enum class Kind : uint8_t { kWrite, kShutdown, kAbort };
  Kind kind;
  sw::Micros time;
  tcp::Bytes bytes;
  Offset after = 1;  // its cause: what the host had got of the peer's numbers, up to there
};

// One connection as the host's side of it was recorded.
struct Recorded {
  tcp::Tuple tuple;          // local is the host
  bool active = false;       // the host sent the first SYN
  bool has_syn = false;      // of the host
  bool midstream = false;    // begins without its SYNs: `tcb` is where it is taken up
  bool established = false;  // as far as the capture shows
  bool scales = false;       // both SYNs ask for window scaling
  sw::Micros opened;         // when: before it asked for the peer's MAC address, if it had to
  size_t opened_after = 0;   // arrivals of the capture before that
  tcp::OpenOptions options;  // as in that SYN
  tcp::Tcb tcb;
  sw::Seq iss, irs;  // number 0 of the host and of the peer
  std::vector<UserEvent> events;
  uint64_t made_up =
      0;  // bytes of the host's that the capture lacks, though they were acknowledged
  DeliveredStream delivered;
};

// A frame for the host, and what had come about when it came.
struct Arrival {
  static constexpr size_t kNone = SIZE_MAX;
  pcap::Frame frame;
  size_t connection = kNone;  // of HostRecord::connections
  Offset sent = 0;            // the host had sent up to there; 0: that tells nothing
  Offset edge = 0;            // the host's window ended there or behind; 0: that tells nothing
  Offset in_order = 0;        // without a gap up to there, this one included
  bool opens = false;         // the peer's first SYN
  bool text = false;
};

struct HostRecord {
  tcp::MacAddr mac;
  // Whence the packets of each peer came: its own interface, or the last router's. With these a
  // stand-in need not ask, where the recording has no answer for it.
  std::map<tcp::Neighbor, tcp::MacAddr> neighbors;
  std::deque<Recorded> connections;  // in the order in which they began; a tuple may come again
  std::vector<Arrival> arrivals;
  std::vector<std::string> notes;
};

// What the host at `addr` sent and received. Throws std::runtime_error if it sent nothing.
HostRecord RecordOf(pcap::Capture capture, const tcp::IpAddr& addr);
inline HostRecord RecordOf(std::vector<pcap::Frame> frames, const tcp::IpAddr& addr) {
  return RecordOf(pcap::Capture{std::move(frames), {}}, addr);
}

}  // namespace handoff::system
