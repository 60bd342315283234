// SPDX-License-Identifier: Apache-2.0
//
// A TCP segment whose header was checked (RFC 9293, 3.1).
//
//   | source port | destination port | sequence number | acknowledgement number |
//   | offset, reserved, flags | window | checksum | urgent pointer | options | payload
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "sw/tcp/address.h"
#include "sw/tcp/bytes.h"
#include "sw/tcp/options.h"
#include "sw/tcp/seq.h"

namespace handoff::tcp {

inline constexpr size_t kTcpHeaderBytes = 20;

struct Flags {
  bool fin : 1 = false;
  bool syn : 1 = false;
  bool rst : 1 = false;
  bool psh : 1 = false;
  bool ack : 1 = false;
  bool urg : 1 = false;
  bool ece : 1 = false;
  bool cwr : 1 = false;

  uint8_t ToByte() const;
  static Flags FromByte(uint8_t byte);
  std::string ToString() const;  // tcpdump's letters: "S.", "P.", "F."
  friend bool operator==(const Flags&, const Flags&) = default;
};

struct Segment {
  uint16_t src_port = 0;
  uint16_t dst_port = 0;
  Seq seq;
  Seq ack;  // means nothing without the ACK flag
  Flags flags;
  uint8_t reserved = 0;
  uint16_t window = 0;  // as on the wire, not scaled
  uint16_t urgent = 0;
  Options options;
  ByteView payload;

  // SEG.LEN: SYN and FIN take a number each.
  uint32_t Length() const {
    return static_cast<uint32_t>(payload.size()) + (flags.syn ? 1 : 0) + (flags.fin ? 1 : 0);
  }
  Seq End() const { return seq + Length(); }
  std::string ToString() const;  // as tcpdump prints it
};

enum class SegmentError : uint8_t { kNone, kLengths, kChecksum };

struct ParsedSegment {
  SegmentError error = SegmentError::kNone;
  Segment segment;
};

// `message` is the payload of the IP packet; `segment.payload` points into it.
ParsedSegment ParseSegment(const IpAddr& src, const IpAddr& dst, ByteView message);
// Appends header, options and payload, checksum included; `payload` may be in several pieces.
void AppendSegment(Bytes& out, const IpAddr& src, const IpAddr& dst, const Segment& header,
                   std::span<const ByteView> payload);

}  // namespace handoff::tcp
