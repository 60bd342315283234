// SPDX-License-Identifier: Apache-2.0
#include "sw/tcp/ethernet.h"

#include <algorithm>

namespace handoff::tcp {
namespace {

bool IsTag(uint16_t type) { return type == kTpid8021Q || type == kTpidQinQ; }

}  // namespace

Vlans VlanTags::Key() const {
  if (count == 0) return {};
  if (count == 1) return {tag[0].vid(), 0};
  return {tag[0].vid(), tag[1].vid()};
}

VlanTags VlanTags::For(const Vlans& vlans) {
  VlanTags tags;
  if (vlans.inner != 0) {
    tags.tag = {VlanTag{kTpidQinQ, vlans.outer}, VlanTag{kTpid8021Q, vlans.inner}};
    tags.count = 2;
  } else if (vlans.outer != 0) {
    tags.tag[0] = {kTpid8021Q, vlans.outer};
    tags.count = 1;
  }
  return tags;
}

std::optional<EthernetFrame> ParseEthernet(ByteView frame) {
  if (frame.size() < 14) return std::nullopt;
  EthernetFrame parsed;
  EthernetHeader& h = parsed.header;
  std::copy_n(frame.begin(), 6, h.dst.octets.begin());
  std::copy_n(frame.begin() + 6, 6, h.src.octets.begin());
  size_t at = 12;
  while (h.tags.count < h.tags.tag.size() && IsTag(Load16(frame, at))) {
    if (frame.size() < at + 6) return std::nullopt;
    h.tags.tag[h.tags.count++] = {Load16(frame, at), Load16(frame, at + 2)};
    at += 4;
  }
  h.ether_type = Load16(frame, at);
  parsed.payload = frame.subspan(at + 2);
  return parsed;
}

void AppendEthernet(Bytes& frame, const EthernetHeader& header) {
  AppendBytes(frame, header.dst.octets);
  AppendBytes(frame, header.src.octets);
  for (size_t i = 0; i < header.tags.count; ++i) {
    Append16(frame, header.tags.tag[i].tpid);
    Append16(frame, header.tags.tag[i].tci);
  }
  Append16(frame, header.ether_type);
}

}  // namespace handoff::tcp
