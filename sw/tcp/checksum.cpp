// SPDX-License-Identifier: Apache-2.0
#include "sw/tcp/checksum.h"

namespace handoff::tcp {

void Checksum::Add(ByteView bytes) {
  size_t at = 0;
  for (; at + 4 <= bytes.size(); at += 4) sum_ += Load32(bytes, at);
  if (at + 2 <= bytes.size()) {
    sum_ += Load16(bytes, at);
    at += 2;
  }
  if (at < bytes.size()) sum_ += static_cast<uint32_t>(bytes[at]) << 8;
}

void Checksum::AddPseudoHeader(const IpAddr& src, const IpAddr& dst, uint8_t protocol,
                               uint32_t length) {
  Add(src.octets());
  Add(dst.octets());
  sum_ += protocol;
  sum_ += length;
}

uint16_t Checksum::Finish() const {
  uint64_t sum = sum_;
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint16_t>(~sum);
}

uint16_t ChecksumOf(ByteView bytes) {
  Checksum sum;
  sum.Add(bytes);
  return sum.Finish();
}

uint16_t ChecksumWithPseudoHeader(const IpAddr& src, const IpAddr& dst, uint8_t protocol,
                                  ByteView message) {
  Checksum sum;
  sum.AddPseudoHeader(src, dst, protocol, static_cast<uint32_t>(message.size()));
  sum.Add(message);
  return sum.Finish();
}

}  // namespace handoff::tcp
