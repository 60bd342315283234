// SPDX-License-Identifier: Apache-2.0
#include "sw/tcp/icmp.h"

#include "sw/tcp/checksum.h"
#include "sw/tcp/ipv4.h"
#include "sw/tcp/ipv6.h"

namespace handoff::tcp {
namespace {

constexpr uint8_t kEchoReply = 0;
constexpr uint8_t kUnreachable = 3;
constexpr uint8_t kEchoRequest = 8;
constexpr uint8_t kCodeProtocol = 2;
constexpr uint8_t kCodePort = 3;
constexpr uint8_t kCodeTooBig = 4;
constexpr uint8_t kUnreachableV6 = 1;
constexpr uint8_t kTooBigV6 = 2;
constexpr uint8_t kEchoRequestV6 = 128;
constexpr uint8_t kEchoReplyV6 = 129;
constexpr uint8_t kCodePortV6 = 4;

// ICMPv6 sums the pseudo-header too (RFC 4443, 2.3).
uint16_t SumOf(const IpAddr& src, const IpAddr& dst, bool v6, ByteView message) {
  return v6 ? ChecksumWithPseudoHeader(src, dst, kProtocolIcmpv6, message) : ChecksumOf(message);
}

// The quoted packet: its header and at least eight bytes of the segment (RFC 792).
bool ReadQuote(bool v6, ByteView quote, IcmpError& error) {
  const size_t header = v6              ? kIpv6HeaderBytes
                        : quote.empty() ? kIpv4HeaderBytes
                                        : (quote[0] & 0xfu) * 4;
  const size_t address_bytes = v6 ? 16 : 4;
  if (header < (v6 ? kIpv6HeaderBytes : kIpv4HeaderBytes) || quote.size() < header + 8)
    return false;
  if (quote[0] >> 4 != (v6 ? 6 : 4) || quote[v6 ? 6 : 9] != kProtocolTcp) return false;
  const size_t addresses = v6 ? 8 : 12;
  error.local = {IpAddr::From(quote.subspan(addresses, address_bytes)), Load16(quote, header)};
  error.remote = {IpAddr::From(quote.subspan(addresses + address_bytes, address_bytes)),
                  Load16(quote, header + 2)};
  error.seq = Seq(Load32(quote, header + 4));
  return true;
}

}  // namespace

std::optional<IcmpMessage> ParseIcmp(const IpAddr& src, const IpAddr& dst, bool v6,
                                     ByteView message) {
  if (message.size() < 8 || SumOf(src, dst, v6, message) != 0) return std::nullopt;
  return IcmpMessage{v6, message[0], message[1], message.subspan(4)};
}

Bytes BuildIcmp(const IpAddr& src, const IpAddr& dst, const IcmpMessage& message) {
  Bytes out;
  out.reserve(4 + message.rest.size());
  for (const uint8_t octet : {message.type, message.code, uint8_t{0}, uint8_t{0}})
    out.push_back(octet);
  AppendBytes(out, message.rest);
  Store16(out, 2, SumOf(src, dst, message.v6, out));
  return out;
}

std::optional<IcmpMessage> EchoReplyTo(const IcmpMessage& message) {
  if (message.type != (message.v6 ? kEchoRequestV6 : kEchoRequest)) return std::nullopt;
  IcmpMessage reply = message;
  reply.type = message.v6 ? kEchoReplyV6 : kEchoReply;
  return reply;
}

std::optional<IcmpError> ReadIcmpError(const IcmpMessage& message) {
  IcmpError error;
  if (message.v6) {
    if (message.type == kTooBigV6) {
      error.path_mtu = Load32(message.rest, 0);
    } else if (message.type == kUnreachableV6) {
      error.hard = message.code == kCodePortV6;
    } else {
      return std::nullopt;
    }
  } else {
    if (message.type != kUnreachable) return std::nullopt;
    // RFC 1191, 4: the next hop's MTU is in the second half of the unused word.
    if (message.code == kCodeTooBig) error.path_mtu = Load16(message.rest, 2);
    error.hard = message.code == kCodeProtocol || message.code == kCodePort;
  }
  if (!ReadQuote(message.v6, message.rest.subspan(4), error)) return std::nullopt;
  return error;
}

}  // namespace handoff::tcp
