// SPDX-License-Identifier: Apache-2.0
#include "sw/tcp/frame_sink.h"

#include <utility>

#include "sw/tcp/connection.h"
#include "sw/tcp/ipv4.h"

namespace handoff::tcp {
namespace {

IpOutput HowTo(const Tuple& tuple) {
  return {.src = tuple.local.addr,
          .dst = tuple.remote.addr,
          .vlans = tuple.vlans,
          .protocol = kProtocolTcp};
}

}  // namespace

void FrameSink::Transmit(Connection& connection, const SegmentSpec& spec) {
  const Tuple& tuple = connection.tuple();
  Segment segment = ToSegment(connection.tcb(), spec, timers_.Now());
  segment.src_port = tuple.local.port;
  segment.dst_port = tuple.remote.port;
  IpOutput how = HowTo(tuple);
  how.ttl = connection.options().ttl;
  how.tos = connection.options().tos;
  std::vector<ByteView> pieces;
  pieces.reserve(spec.payload.size());
  for (const HeldBytes& piece : spec.payload) pieces.push_back(piece.bytes);
  const size_t length = kTcpHeaderBytes + OptionBytes(segment.options) + spec.len;
  Bytes frame = ip_.BeginPacket(how, length);
  AppendSegment(frame, how.src, how.dst, segment, pieces);
  ip_.Send(how, std::move(frame));
}

void FrameSink::TransmitBare(const Tuple& tuple, const Segment& segment) {
  const IpOutput how = HowTo(tuple);
  Bytes frame = ip_.BeginPacket(how, kTcpHeaderBytes + OptionBytes(segment.options));
  AppendSegment(frame, how.src, how.dst, segment, {});
  ip_.Send(how, std::move(frame));
}

}  // namespace handoff::tcp
