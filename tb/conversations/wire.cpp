// SPDX-License-Identifier: Apache-2.0
#include "tb/conversations/wire.h"

#include <algorithm>
#include <sstream>

#include "sw/tcp/checksum.h"
#include "sw/tcp/ethernet.h"
#include "sw/tcp/icmp.h"
#include "sw/tcp/ipv4.h"
#include "sw/tcp/ipv6.h"

namespace handoff::tb {
namespace {

constexpr uint8_t kEnd = 0;
constexpr uint8_t kNop = 1;
constexpr uint8_t kMss = 2;
constexpr uint8_t kWindowScale = 3;
constexpr uint8_t kSackPermitted = 4;
constexpr uint8_t kSack = 5;
constexpr uint8_t kTimestamps = 8;
constexpr uint16_t kEightBytesOfSegment = 8;

uint32_t Number(int line, const std::string& text) {
  size_t used = 0;
  unsigned long value = 0;
  try {
    value = std::stoul(text, &used);
  } catch (const std::exception&) {
    used = 0;
  }
  if (used == 0 || used != text.size()) throw ScriptError(line, "no number: " + text);
  return static_cast<uint32_t>(value);
}

// What arrives echoes our timestamps and tells of our numbers.
void AppendOption(tcp::Bytes& out, const std::string& text, int line, const Offsets& offsets) {
  std::istringstream words(text);
  std::string kind;
  words >> kind;
  std::string word;
  if (kind == "nop") {
    out.push_back(kNop);
  } else if (kind == "eol") {
    out.push_back(kEnd);
  } else if (kind == "mss") {
    words >> word;
    out.insert(out.end(), {kMss, 4});
    tcp::Append16(out, static_cast<uint16_t>(Number(line, word)));
  } else if (kind == "wscale") {
    words >> word;
    out.insert(out.end(), {kWindowScale, 3, static_cast<uint8_t>(Number(line, word))});
  } else if (kind == "sackOK") {
    out.insert(out.end(), {kSackPermitted, 2});
  } else if (kind == "TS") {
    std::string value;
    std::string echo;
    words >> word >> value >> word >> echo;
    out.insert(out.end(), {kTimestamps, 10});
    tcp::Append32(out, Number(line, value));
    const uint32_t ours = Number(line, echo);
    tcp::Append32(out, ours == 0 ? 0 : ours + offsets.ts.value_or(0));
  } else if (kind == "sack") {
    std::vector<std::string> blocks;
    while (words >> word) blocks.push_back(word);
    out.insert(out.end(), {kSack, static_cast<uint8_t>(2 + 8 * blocks.size())});
    for (const std::string& block : blocks) {
      const size_t colon = block.find(':');
      if (colon == std::string::npos) throw ScriptError(line, "no block: " + block);
      tcp::Append32(out, offsets.ToWire(Number(line, block.substr(0, colon))));
      tcp::Append32(out, offsets.ToWire(Number(line, block.substr(colon + 1))));
    }
  } else {
    throw ScriptError(line, "no option is called " + kind);
  }
}

// Ethernet and IP headers from the peer to here.
tcp::Bytes BeginFrame(const Machine& machine, const Ends& ends, uint8_t protocol, size_t length) {
  const bool v6 = ends.here.addr.is_v6();
  tcp::Bytes frame;
  tcp::AppendEthernet(frame, {.dst = machine.mac,
                              .src = machine.peer_mac,
                              .ether_type = v6 ? tcp::kEtherTypeIpv6 : tcp::kEtherTypeIpv4});
  if (v6) {
    tcp::Ipv6Header h;
    h.next_header = protocol;
    h.src = ends.peer.addr;
    h.dst = ends.here.addr;
    tcp::AppendIpv6(frame, h, length);
  } else {
    tcp::AppendIpv4(frame, {.protocol = protocol, .src = ends.peer.addr, .dst = ends.here.addr},
                    length);
  }
  return frame;
}

}  // namespace

tcp::Bytes FrameOf(const Machine& machine, const Ends& ends, const ScriptSegment& line, int number,
                   const Offsets& offsets) {
  tcp::Bytes options;
  for (const std::string& option : line.options) AppendOption(options, option, number, offsets);
  while (options.size() % 4 != 0) options.push_back(kEnd);
  if (options.size() > tcp::kMaxOptionBytes) throw ScriptError(number, "over 40 bytes of options");

  tcp::Bytes segment;
  tcp::Append16(segment, ends.peer.port);
  tcp::Append16(segment, ends.here.port);
  tcp::Append32(segment, line.seq);
  tcp::Append32(segment, line.ack ? offsets.ToWire(*line.ack) : 0);
  segment.push_back(static_cast<uint8_t>((tcp::kTcpHeaderBytes + options.size()) / 4 << 4));
  segment.push_back(line.flags.ToByte());
  tcp::Append16(segment, line.window.value_or(0));
  tcp::Append32(segment, 0);  // checksum and urgent pointer
  tcp::AppendBytes(segment, options);
  // The first byte of text follows the SYN's number.
  const uint32_t first = line.flags.syn ? line.seq + 1 : line.seq;
  for (uint32_t i = 0; i < line.len; ++i) segment.push_back(StreamByte(first + i));
  tcp::Store16(
      segment, 16,
      tcp::ChecksumWithPseudoHeader(ends.peer.addr, ends.here.addr, tcp::kProtocolTcp, segment));
  tcp::Bytes frame = BeginFrame(machine, ends, tcp::kProtocolTcp, segment.size());
  tcp::AppendBytes(frame, segment);
  return frame;
}

tcp::Bytes FrameOf(const Machine& machine, const Ends& ends, const ScriptIcmp& line, int number,
                   const Offsets& offsets) {
  const bool v6 = ends.here.addr.is_v6();
  struct Kind {
    const char* type;
    const char* code;
    uint8_t type_octet;
    uint8_t code_octet;
  };
  static constexpr Kind kV4[] = {{"unreachable", "net_unreachable", 3, 0},
                                 {"unreachable", "host_unreachable", 3, 1},
                                 {"unreachable", "protocol_unreachable", 3, 2},
                                 {"unreachable", "port_unreachable", 3, 3},
                                 {"unreachable", "frag_needed", 3, 4},
                                 {"source_quench", "", 4, 0},
                                 {"time_exceeded", "", 11, 0}};
  static constexpr Kind kV6[] = {{"unreachable", "no_route", 1, 0},
                                 {"unreachable", "port_unreachable", 1, 4},
                                 {"packet_too_big", "", 2, 0},
                                 {"time_exceeded", "", 3, 0}};
  const Kind* found = nullptr;
  for (const Kind& kind : v6 ? std::span<const Kind>(kV6) : std::span<const Kind>(kV4)) {
    if (line.type == kind.type && line.code == kind.code) found = &kind;
  }
  if (found == nullptr) throw ScriptError(number, "no ICMP message: " + line.type);

  tcp::Bytes rest;
  tcp::Append32(rest, line.mtu);
  if (v6) {
    tcp::Ipv6Header h;
    h.next_header = tcp::kProtocolTcp;
    h.src = ends.here.addr;
    h.dst = ends.peer.addr;
    tcp::AppendIpv6(rest, h, kEightBytesOfSegment);
  } else {
    tcp::AppendIpv4(rest,
                    {.protocol = tcp::kProtocolTcp, .src = ends.here.addr, .dst = ends.peer.addr},
                    kEightBytesOfSegment);
  }
  tcp::Append16(rest, ends.here.port);
  tcp::Append16(rest, ends.peer.port);
  tcp::Append32(rest, offsets.ToWire(line.seq));
  const tcp::Bytes message = tcp::BuildIcmp(
      ends.peer.addr, ends.here.addr,
      {.v6 = v6, .type = found->type_octet, .code = found->code_octet, .rest = rest});
  tcp::Bytes frame =
      BeginFrame(machine, ends, v6 ? tcp::kProtocolIcmpv6 : tcp::kProtocolIcmp, message.size());
  tcp::AppendBytes(frame, message);
  return frame;
}

std::optional<SentSegment> ReadFrame(tcp::ByteView frame, const Ends& ends) {
  const auto eth = tcp::ParseEthernet(frame);
  if (!eth) return std::nullopt;
  tcp::ByteView message;
  if (const auto v4 = tcp::ParseIpv4(eth->payload);
      v4 && v4->header.protocol == tcp::kProtocolTcp) {
    if (v4->header.src != ends.here.addr || v4->header.dst != ends.peer.addr) return std::nullopt;
    message = v4->payload;
  } else if (const auto v6 = tcp::ParseIpv6(eth->payload);
             v6 && v6->header.next_header == tcp::kProtocolTcp) {
    if (v6->header.src != ends.here.addr || v6->header.dst != ends.peer.addr) return std::nullopt;
    message = v6->payload;
  } else {
    return std::nullopt;
  }
  const tcp::ParsedSegment parsed = tcp::ParseSegment(ends.here.addr, ends.peer.addr, message);
  if (parsed.error != tcp::SegmentError::kNone) return std::nullopt;
  SentSegment sent;
  sent.segment = parsed.segment;
  sent.payload.assign(parsed.segment.payload.begin(), parsed.segment.payload.end());
  const size_t header = size_t{message[12]} / 16 * 4;
  const tcp::ByteView options =
      message.subspan(tcp::kTcpHeaderBytes, header - tcp::kTcpHeaderBytes);
  sent.options.assign(options.begin(), options.end());
  sent.segment.payload = {};
  return sent;
}

ScriptOptions ToScript(tcp::ByteView bytes, const Offsets& offsets) {
  ScriptOptions options;
  for (size_t at = 0; at < bytes.size();) {
    const uint8_t kind = bytes[at];
    if (kind == kEnd || kind == kNop) {
      options.push_back(kind == kEnd ? "eol" : "nop");
      ++at;
      continue;
    }
    const size_t length = at + 1 < bytes.size() ? bytes[at + 1] : 0;
    if (length < 2 || at + length > bytes.size()) {
      options.push_back("a wrong length");
      break;
    }
    const tcp::ByteView body = bytes.subspan(at + 2, length - 2);
    at += length;
    if (kind == kMss && body.size() == 2) {
      options.push_back("mss " + std::to_string(tcp::Load16(body, 0)));
    } else if (kind == kWindowScale && body.size() == 1) {
      options.push_back("wscale " + std::to_string(body[0]));
    } else if (kind == kSackPermitted && body.empty()) {
      options.emplace_back("sackOK");
    } else if (kind == kTimestamps && body.size() == 8) {
      options.push_back("TS val " + std::to_string(tcp::Load32(body, 0) - offsets.ts.value_or(0)) +
                        " ecr " + std::to_string(tcp::Load32(body, 4)));
    } else if (kind == kSack && body.size() % 8 == 0) {
      std::string text = "sack";
      for (size_t i = 0; i < body.size(); i += 8) {
        text += " " + std::to_string(tcp::Load32(body, i)) + ":" +
                std::to_string(tcp::Load32(body, i + 4));
      }
      options.push_back(text);
    } else {
      options.push_back("option " + std::to_string(kind));
    }
  }
  return options;
}

std::string ToScript(const SentSegment& sent, const Offsets& offsets) {
  const tcp::Segment& s = sent.segment;
  const auto len = static_cast<uint32_t>(sent.payload.size());
  const uint32_t seq = offsets.ToScript(s.seq);
  std::string text = s.flags.ToString() + " " + std::to_string(seq) + ":" +
                     std::to_string(seq + len) + "(" + std::to_string(len) + ")";
  if (s.flags.ack) text += " ack " + std::to_string(s.ack.raw());
  text += " win " + std::to_string(s.window);
  const ScriptOptions options = ToScript(sent.options, offsets);
  for (size_t i = 0; i < options.size(); ++i) text += (i == 0 ? " <" : ",") + options[i];
  return text + (options.empty() ? "" : ">");
}

}  // namespace handoff::tb
