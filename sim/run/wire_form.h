// SPDX-License-Identifier: Apache-2.0
//
// A capture as its host's wire had it. Where the capture was taken, a card's offloads, a router or
// the capturing system have changed frames: segments longer than the wire carries, checksums that
// the card fills in, VLAN tags that it has taken off in one direction, IP fragments, MAC addresses
// that are missing.
#pragma once

#include <string>
#include <vector>

#include "sim/pcap/reader.h"
#include "sw/tcp/address.h"

namespace handoff::system {

struct WireForm {
  std::vector<pcap::Frame> frames;
  tcp::MacAddr mac;                // the host's
  std::vector<std::string> notes;  // what was made of them
};

// Throws std::runtime_error if the host at `addr` sent nothing.
WireForm WireFormOf(std::vector<pcap::Frame> frames, const tcp::IpAddr& addr);

}  // namespace handoff::system
