// SPDX-License-Identifier: Apache-2.0
//
// The TCP segment in a frame.
#pragma once

#include <optional>

#include "sw/tcp/ethernet.h"
#include "sw/tcp/segment.h"

namespace handoff::system {

struct TcpFrame {
  tcp::EthernetHeader ethernet;
  tcp::IpAddr src, dst;
  tcp::Segment segment;  // its payload points into the frame

  // As its sender names the connection.
  tcp::Tuple SentOn() const {
    return {{src, segment.src_port}, {dst, segment.dst_port}, ethernet.tags.Key()};
  }
  // As its receiver does.
  tcp::Tuple ReceivedOn() const {
    return {{dst, segment.dst_port}, {src, segment.src_port}, ethernet.tags.Key()};
  }
  // Without data, and no part of opening or closing.
  bool IsPureAck() const {
    const tcp::Flags& f = segment.flags;
    return f.ack && !f.syn && !f.fin && !f.rst && segment.payload.empty();
  }
};

// None if the frame holds no whole TCP segment with a good checksum.
std::optional<TcpFrame> FindSegment(tcp::ByteView frame);

}  // namespace handoff::system
