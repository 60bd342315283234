// SPDX-License-Identifier: Apache-2.0
#include "sw/tcp/segment.h"

#include "sw/tcp/checksum.h"
#include "sw/tcp/ipv4.h"

namespace handoff::tcp {

uint8_t Flags::ToByte() const {
  return static_cast<uint8_t>(fin << 0 | syn << 1 | rst << 2 | psh << 3 | ack << 4 | urg << 5 |
                              ece << 6 | cwr << 7);
}

Flags Flags::FromByte(uint8_t byte) {
  const auto bit = [byte](unsigned n) { return (byte >> n & 1) != 0; };
  return {.fin = bit(0),
          .syn = bit(1),
          .rst = bit(2),
          .psh = bit(3),
          .ack = bit(4),
          .urg = bit(5),
          .ece = bit(6),
          .cwr = bit(7)};
}

std::string Flags::ToString() const {
  std::string text;
  if (fin) text += 'F';
  if (syn) text += 'S';
  if (rst) text += 'R';
  if (psh) text += 'P';
  if (urg) text += 'U';
  if (cwr) text += 'W';
  if (ece) text += 'E';
  if (ack) text += '.';
  return text.empty() ? "none" : text;
}

std::string Segment::ToString() const {
  std::string text = "Flags [" + flags.ToString() + "], seq " + std::to_string(seq.raw());
  if (Length() != 0) text += ":" + std::to_string(End().raw());
  if (flags.ack) text += ", ack " + std::to_string(ack.raw());
  text += ", win " + std::to_string(window);
  for (const SeqRange& block : options.sack) {
    text += ", sack {" + std::to_string(block.start.raw()) + ":" + std::to_string(block.end.raw()) +
            "}";
  }
  return text + ", length " + std::to_string(payload.size());
}

ParsedSegment ParseSegment(const IpAddr& src, const IpAddr& dst, ByteView message) {
  ParsedSegment parsed;
  if (message.size() < kTcpHeaderBytes) {
    parsed.error = SegmentError::kLengths;
    return parsed;
  }
  const size_t header_bytes = (message[12] >> 4u) * 4u;
  if (header_bytes < kTcpHeaderBytes || header_bytes > message.size()) {
    parsed.error = SegmentError::kLengths;
    return parsed;
  }
  if (ChecksumWithPseudoHeader(src, dst, kProtocolTcp, message) != 0) {
    parsed.error = SegmentError::kChecksum;
    return parsed;
  }
  Segment& s = parsed.segment;
  s.src_port = Load16(message, 0);
  s.dst_port = Load16(message, 2);
  s.seq = Seq(Load32(message, 4));
  s.ack = Seq(Load32(message, 8));
  s.reserved = message[12] & 0xf;
  s.flags = Flags::FromByte(message[13]);
  s.window = Load16(message, 14);
  s.urgent = Load16(message, 18);
  s.options = ParseOptions(message.subspan(kTcpHeaderBytes, header_bytes - kTcpHeaderBytes));
  s.payload = message.subspan(header_bytes);
  return parsed;
}

void AppendSegment(Bytes& out, const IpAddr& src, const IpAddr& dst, const Segment& header,
                   std::span<const ByteView> payload) {
  const size_t start = out.size();
  Append16(out, header.src_port);
  Append16(out, header.dst_port);
  Append32(out, header.seq.raw());
  Append32(out, header.ack.raw());
  out.push_back(header.reserved);
  out.push_back(header.flags.ToByte());
  Append16(out, header.window);
  Append16(out, 0);
  Append16(out, header.urgent);
  AppendOptions(out, header.options);
  const size_t header_bytes = out.size() - start;
  out[start + 12] = static_cast<uint8_t>(out[start + 12] | header_bytes / 4 << 4);
  for (ByteView piece : payload) AppendBytes(out, piece);
  const ByteView message = ByteView(out).subspan(start);
  Store16(out, start + 16, ChecksumWithPseudoHeader(src, dst, kProtocolTcp, message));
}

}  // namespace handoff::tcp
