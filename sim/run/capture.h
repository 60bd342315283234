// SPDX-License-Identifier: Apache-2.0
//
// A recorded capture: its frames, and what each TCP connection of one host did in it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sim/pcap/reader.h"
#include "sw/tcp/address.h"
#include "sw/tcp/bytes.h"
#include "sw/tcp/config.h"
#include "sw/tcp/neighbors.h"
#include "sw/types.h"

namespace handoff::system {

// Something that the recorded application did.
struct UserEvent {
  enum class Kind : uint8_t { kWrite, kShutdown, kAbort };
  Kind kind;
  sw::Micros time;
  tcp::Bytes bytes;
};

// One connection as the host's side of it was recorded.
struct Recorded {
  bool active = false;       // the host sent the first SYN
  sw::Micros opened;         // when: before it asked for the peer's MAC address, if it had to
  bool has_syn = false;      // of the host: else it cannot be stood in for
  tcp::OpenOptions options;  // as in that SYN
  std::vector<UserEvent> events;
};

struct HostRecord {
  tcp::MacAddr mac;
  // Whence the packets of each peer came: its own interface, or the last router's. With these a
  // stand-in need not ask, where the recording has no answer for it.
  std::map<tcp::Neighbor, tcp::MacAddr> neighbors;
  std::map<tcp::Tuple, Recorded> connections;  // local is the host
  std::vector<pcap::Frame> arrivals;           // frames that are for the host
  // Opened again by the host under the same addresses and ports: only the first life is recorded.
  std::set<tcp::Tuple> reopened;
};

// What the host at `addr` sent and received. Throws std::runtime_error if it sent nothing.
HostRecord RecordOf(const std::vector<pcap::Frame>& frames, const tcp::IpAddr& addr);

}  // namespace handoff::system
