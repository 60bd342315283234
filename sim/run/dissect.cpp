// SPDX-License-Identifier: Apache-2.0
#include "sim/run/dissect.h"

#include "sw/tcp/ipv4.h"
#include "sw/tcp/ipv6.h"

namespace handoff::system {

std::optional<TcpFrame> FindSegment(tcp::ByteView frame) {
  const auto ethernet = tcp::ParseEthernet(frame);
  if (!ethernet) return std::nullopt;
  TcpFrame found;
  found.ethernet = ethernet->header;
  tcp::ByteView message;
  if (const auto v4 = tcp::ParseIpv4(ethernet->payload);
      v4 && v4->header.protocol == tcp::kProtocolTcp && !v4->header.IsFragment()) {
    found.src = v4->header.src;
    found.dst = v4->header.dst;
    message = v4->payload;
  } else if (const auto v6 = tcp::ParseIpv6(ethernet->payload);
             v6 && v6->header.next_header == tcp::kProtocolTcp) {
    found.src = v6->header.src;
    found.dst = v6->header.dst;
    message = v6->payload;
  } else {
    return std::nullopt;
  }
  const auto parsed = tcp::ParseSegment(found.src, found.dst, message);
  if (parsed.error != tcp::SegmentError::kNone) return std::nullopt;
  found.segment = parsed.segment;
  return found;
}

}  // namespace handoff::system
