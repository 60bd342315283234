// SPDX-License-Identifier: Apache-2.0
#include "sim/pcap/reader.h"

#include <pcap/pcap.h>

#include <memory>
#include <stdexcept>

namespace handoff::pcap {
namespace {

// One wrong clock makes years, which would be simulated.
constexpr sw::Micros kLongest = sw::Seconds(86400);

}  // namespace

std::vector<Frame> ReadFile(const std::string& path) {
  char error[PCAP_ERRBUF_SIZE] = "";
  const std::unique_ptr<pcap_t, void (*)(pcap_t*)> file(pcap_open_offline(path.c_str(), error),
                                                        pcap_close);
  if (!file) throw std::runtime_error(path + ": " + error + " (expected a pcap or pcapng file)");
  if (pcap_datalink(file.get()) != DLT_EN10MB) {
    throw std::runtime_error(path + ": link type " + std::to_string(pcap_datalink(file.get())) +
                             " (expected 1, Ethernet)");
  }
  std::vector<Frame> frames;
  sw::Micros first;
  pcap_pkthdr* header = nullptr;
  const u_char* data = nullptr;
  int result = 0;
  while ((result = pcap_next_ex(file.get(), &header, &data)) == 1) {
    if (header->caplen != header->len) {
      throw std::runtime_error(path + ": frame " + std::to_string(frames.size() + 1) + " has " +
                               std::to_string(header->caplen) + " of " +
                               std::to_string(header->len) +
                               " bytes (expected whole frames: capture with full snap length)");
    }
    const sw::Micros time = sw::Seconds(header->ts.tv_sec) + sw::Micros(header->ts.tv_usec);
    if (frames.empty()) first = time;
    if (time < first) {
      throw std::runtime_error(path + ": frame " + std::to_string(frames.size() + 1) +
                               " is older than the first");
    }
    if (time - first > kLongest) {
      throw std::runtime_error(path + ": frame " + std::to_string(frames.size() + 1) + " comes " +
                               std::to_string((time - first).count() / 1000000) +
                               " s after the first (expected a capture of a day at most)");
    }
    frames.push_back({time - first, tcp::Bytes(data, data + header->caplen)});
  }
  if (result == PCAP_ERROR) {
    throw std::runtime_error(path + ": after frame " + std::to_string(frames.size()) + ": " +
                             pcap_geterr(file.get()));
  }
  if (frames.empty()) throw std::runtime_error(path + ": no frames in it");
  return frames;
}

}  // namespace handoff::pcap
