// SPDX-License-Identifier: Apache-2.0
//
// Writes a capture as pcapng (draft-ietf-opsawg-pcapng), one interface, nanoseconds. libpcap reads
// that format but writes only the older one, which has neither directions nor comments.
#pragma once

#include <cstdint>
#include <fstream>
#include <span>
#include <string>

namespace handoff::pcap {

class Writer {
 public:
  // Throws std::runtime_error when the file cannot be written.
  Writer(const std::string& path, const std::string& interface);
  // `out`: the engine sent it. Times do not go back. `bad_fcs`: its FCS was wrong.
  void Write(uint64_t ps, bool out, bool bad_fcs, std::span<const uint8_t> frame);
  // Throws std::runtime_error if not everything could be written.
  void Close();

 private:
  void Block(uint32_t type, const std::string& body);

  std::string path_;
  std::ofstream file_;
};

}  // namespace handoff::pcap
