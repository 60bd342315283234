// SPDX-License-Identifier: Apache-2.0
#include "sim/pcap/reader.h"

#include <fmt/core.h>
#include <pcap/pcap.h>
#include <zlib.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>
#include <stdexcept>

namespace handoff::pcap {
namespace {

// Clocks that were set meanwhile: a small step back is two processors' disorder.
constexpr sw::Micros kLongestGap = sw::Seconds(86400), kDisorder = sw::Millis(100);
constexpr sw::Micros kLongest = sw::Seconds(30ll * 86400);
constexpr ptrdiff_t kEthernetBytes = 14;
constexpr size_t kMostBytes = size_t{4} << 30;

// --- The file -----------------------------------------------------------------------------------

bool BeginsWith(const std::string& path, std::initializer_list<uint8_t> magic) {
  const std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen(path.c_str(), "rb"), std::fclose);
  if (!file) return false;
  return std::all_of(magic.begin(), magic.end(),
                     [&](uint8_t byte) { return std::fgetc(file.get()) == byte; });
}

std::string Unzip(const std::string& path) {
  const std::unique_ptr<gzFile_s, int (*)(gzFile)> file(gzopen(path.c_str(), "rb"), gzclose);
  if (!file) throw std::runtime_error(path + ": cannot be read");
  std::string text;
  std::vector<char> block(size_t{1} << 20);
  int length = 0;
  while ((length = gzread(file.get(), block.data(), static_cast<unsigned>(block.size()))) > 0) {
    text.append(block.data(), static_cast<size_t>(length));
    if (text.size() > kMostBytes) {
      throw std::runtime_error(path + ": is longer than 4 GiB when unpacked");
    }
  }
  int error = Z_OK;
  const char* why = gzerror(file.get(), &error);
  if (length < 0 || error != Z_OK) throw std::runtime_error(path + ": " + why);
  return text;
}

class File {
 public:
  explicit File(const std::string& path) : path_(path) {
    char error[PCAP_ERRBUF_SIZE] = "";
    if (BeginsWith(path, {0x28, 0xb5, 0x2f, 0xfd})) {
      throw std::runtime_error(path + ": is packed by zstd (expected it unpacked, or by gzip)");
    }
    if (BeginsWith(path, {0x1f, 0x8b})) {
      text_ = Unzip(path);
      FILE* file = fmemopen(text_.data(), std::max<size_t>(text_.size(), 1), "rb");
      if (file == nullptr) throw std::runtime_error(path + ": cannot be read");
      file_.reset(pcap_fopen_offline(file, error));  // closes it too
      if (!file_) std::fclose(file);
    } else {
      file_.reset(pcap_open_offline(path.c_str(), error));
    }
    if (!file_) throw std::runtime_error(path + ": " + error + " (expected a pcap or pcapng file)");
  }
  pcap_t* get() const { return file_.get(); }

 private:
  struct Closer {
    void operator()(pcap_t* file) const { pcap_close(file); }
  };
  std::string path_, text_;
  std::unique_ptr<pcap_t, Closer> file_;
};

// --- The link layer -----------------------------------------------------------------------------

// What comes before the IP packet, and where the EtherType is; none: the packet's version says.
struct LinkType {
  int type;
  const char* name;
  size_t header;
  std::optional<size_t> ether_type;
};
constexpr LinkType kLinkTypes[] = {
    {DLT_RAW, "bare IP", 0, {}},
    {12, "bare IP", 0, {}},
    {14, "bare IP", 0, {}},
    {228, "bare IP", 0, {}},
    {229, "bare IP", 0, {}},
    {DLT_NULL, "BSD's loopback", 4, {}},
    {DLT_LOOP, "BSD's loopback", 4, {}},
    {DLT_LINUX_SLL, "Linux's cooked form", 16, 14},
    {276, "Linux's cooked form", 20, 0},
};

// As Ethernet, the addresses zero. Empty if it cannot be.
tcp::Bytes AsEthernet(const LinkType& link, tcp::ByteView bytes) {
  if (bytes.size() <= link.header) return {};
  uint16_t type = bytes[link.header] >> 4 == 6 ? 0x86dd : 0x0800;
  if (link.ether_type) type = tcp::Load16(bytes, *link.ether_type);
  const tcp::ByteView packet = bytes.subspan(link.header);
  tcp::Bytes frame(kEthernetBytes + packet.size());
  tcp::Store16(frame, kEthernetBytes - 2, type);
  std::copy(packet.begin(), packet.end(), frame.begin() + kEthernetBytes);
  return frame;
}

// --- Times --------------------------------------------------------------------------------------

class Clock {
 public:
  sw::Micros Next(sw::Micros recorded, uint64_t frame) {
    if (!started_) {
      started_ = true;
      offset_ = sw::Micros() - recorded;
    }
    sw::Micros time = recorded + offset_;
    if (time < last_) {
      if (back_++ == 0) first_back_ = frame;
      if (last_ - time > kDisorder) offset_ += last_ - time;
      time = last_;
    } else if (time - last_ > kLongestGap) {
      if (leaps_++ == 0) first_leap_ = frame;
      offset_ += last_ - time;
      time = last_;
    }
    return last_ = time;
  }
  void Note(std::vector<std::string>* notes) const {
    if (back_ != 0) {
      notes->push_back(
          fmt::format("times go back at {} frames, from frame {} on: played in the file's order",
                      back_, first_back_));
    }
    if (leaps_ != 0) {
      notes->push_back(fmt::format(
          "times leap by more than a day at {} frames, from frame {} on: taken for a clock that "
          "was set, and played without the leap",
          leaps_, first_leap_));
    }
  }

 private:
  bool started_ = false;
  sw::Micros offset_, last_;
  uint64_t back_ = 0, first_back_ = 0, leaps_ = 0, first_leap_ = 0;
};

}  // namespace

Capture ReadCapture(const std::string& path) {
  const File file(path);
  const int type = pcap_datalink(file.get());
  const auto* link = std::find_if(std::begin(kLinkTypes), std::end(kLinkTypes),
                                  [type](const LinkType& each) { return each.type == type; });
  const bool other = link != std::end(kLinkTypes);
  if (!other && type != DLT_EN10MB) {
    throw std::runtime_error(
        fmt::format("{}: link type {} (expected 1, Ethernet; 101, bare IP; 113 or 276, Linux's "
                    "cooked form)",
                    path, type));
  }
  Capture capture;
  if (other) {
    capture.notes.push_back(
        fmt::format("the capture holds {}: Ethernet headers were made up", link->name));
  }
  Clock clock;
  pcap_pkthdr* header = nullptr;
  const u_char* data = nullptr;
  int result = 0;
  uint64_t number = 0;
  while ((result = pcap_next_ex(file.get(), &header, &data)) == 1) {
    const std::string where = fmt::format("{}: frame {}", path, ++number);
    if (header->caplen != header->len) {
      throw std::runtime_error(fmt::format(
          "{} has {} of {} bytes (expected whole frames: capture with full snap length)", where,
          header->caplen, header->len));
    }
    const sw::Micros time =
        clock.Next(sw::Seconds(header->ts.tv_sec) + sw::Micros(header->ts.tv_usec), number);
    if (time > kLongest) {
      throw std::runtime_error(where + " comes more than 30 days after the first");
    }
    tcp::Bytes bytes(data, data + header->caplen);
    if (other) bytes = AsEthernet(*link, bytes);
    capture.frames.push_back({time, std::move(bytes), number});
  }
  if (result == PCAP_ERROR) {
    throw std::runtime_error(
        fmt::format("{}: after frame {}: {}", path, number, pcap_geterr(file.get())));
  }
  if (capture.frames.empty()) throw std::runtime_error(path + ": no frames in it");
  clock.Note(&capture.notes);
  return capture;
}

}  // namespace handoff::pcap
