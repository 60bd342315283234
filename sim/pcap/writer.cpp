// SPDX-License-Identifier: Apache-2.0
#include "sim/pcap/writer.h"

#include <stdexcept>

#include "model/clock.h"

namespace handoff::pcap {
namespace {

// Block types, section 4 of the draft; option codes below them.
constexpr uint32_t kSectionHeader = 0x0a0d0d0a, kInterface = 1, kEnhancedPacket = 6;
constexpr uint32_t kByteOrderMagic = 0x1a2b3c4d;
constexpr uint16_t kOptEnd = 0, kOptApplication = 4, kOptName = 2, kOptResolution = 9,
                   kOptFlags = 2;
constexpr uint32_t kInbound = 1, kOutbound = 2, kCrcError = 1u << 24;
constexpr uint16_t kEthernet = 1;  // LINKTYPE_ETHERNET
constexpr char kNanoseconds = 9;   // 10^-9

template <class T>
void Put(std::string& to, T value) {
  for (size_t i = 0; i < sizeof(T); ++i) to += static_cast<char>(value >> 8 * i & 0xff);
}

void Pad(std::string& to) { to.resize((to.size() + 3) / 4 * 4); }

void PutOption(std::string& to, uint16_t code, const std::string& value) {
  Put(to, code);
  Put(to, static_cast<uint16_t>(value.size()));
  to += value;
  Pad(to);
}

}  // namespace

Writer::Writer(const std::string& path, const std::string& interface)
    : path_(path), file_(path, std::ios::binary) {
  if (!file_) throw std::runtime_error(path + ": cannot be written");
  std::string section;
  Put(section, kByteOrderMagic);
  Put(section, uint16_t{1});  // version 1.0
  Put(section, uint16_t{0});
  Put(section, ~uint64_t{0});  // the section's length is not given
  PutOption(section, kOptApplication, "handoff");
  PutOption(section, kOptEnd, "");
  Block(kSectionHeader, section);
  std::string port;
  Put(port, kEthernet);
  Put(port, uint16_t{0});
  Put(port, uint32_t{0});  // whole frames
  PutOption(port, kOptName, interface);
  PutOption(port, kOptResolution, std::string(1, kNanoseconds));
  PutOption(port, kOptEnd, "");
  Block(kInterface, port);
}

void Writer::Block(uint32_t type, const std::string& body) {
  std::string head, tail;
  const auto length = static_cast<uint32_t>(body.size() + 12);
  Put(head, type);
  Put(head, length);
  Put(tail, length);
  file_ << head << body << tail;
}

void Writer::Write(uint64_t ps, bool out, bool bad_fcs, std::span<const uint8_t> frame) {
  const uint64_t ns = ps / kPsPerNs;
  std::string packet;
  Put(packet, uint32_t{0});  // the interface
  Put(packet, static_cast<uint32_t>(ns >> 32));
  Put(packet, static_cast<uint32_t>(ns));
  Put(packet, static_cast<uint32_t>(frame.size()));
  Put(packet, static_cast<uint32_t>(frame.size()));
  packet.append(frame.begin(), frame.end());
  Pad(packet);
  std::string flags;
  Put(flags, (out ? kOutbound : kInbound) | (bad_fcs ? kCrcError : 0));
  PutOption(packet, kOptFlags, flags);
  PutOption(packet, kOptEnd, "");
  Block(kEnhancedPacket, packet);
}

void Writer::Close() {
  file_.close();
  if (!file_) throw std::runtime_error(path_ + ": could not be written to its end");
}

}  // namespace handoff::pcap
