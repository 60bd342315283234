// SPDX-License-Identifier: Apache-2.0
#include "sim/waves/fst_file.h"

#include <lz4.h>
#include <zlib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <span>
#include <stdexcept>

namespace handoff {
namespace {

using ByteSpan = std::span<const uint8_t>;

enum BlockType : uint8_t { kHeader = 0, kGeometry = 3, kHierarchyLz4 = 6, kChanges = 8 };
constexpr uint8_t kScope = 254, kUpscope = 255, kAttribute = 252, kAttributeEnd = 253;
constexpr uint8_t kLz4Chains = '4';

std::vector<uint8_t> Inflate(ByteSpan from, size_t bytes) {
  std::vector<uint8_t> to(bytes);
  uLongf size = bytes;
  if (from.size() == bytes) {  // was not worth it
    std::copy(from.begin(), from.end(), to.begin());
  } else if (uncompress(to.data(), &size, from.data(), from.size()) != Z_OK || size != bytes) {
    throw std::runtime_error("FST: zlib data is damaged");
  }
  return to;
}

std::vector<uint8_t> UnpackLz4(ByteSpan from, size_t bytes) {
  std::vector<uint8_t> to(bytes);
  const int size = LZ4_decompress_safe(reinterpret_cast<const char*>(from.data()),
                                       reinterpret_cast<char*>(to.data()),
                                       static_cast<int>(from.size()), static_cast<int>(bytes));
  if (size < 0 || static_cast<size_t>(size) != bytes)
    throw std::runtime_error("FST: LZ4 data is damaged");
  return to;
}

}  // namespace

class FstFile::Reader {
 public:
  explicit Reader(ByteSpan bytes) : bytes_(bytes) {}
  bool done() const { return at_ == bytes_.size(); }
  size_t at() const { return at_; }
  size_t left() const { return bytes_.size() - at_; }

  ByteSpan Take(size_t n) {
    if (n > left()) throw std::runtime_error("FST: a block ends too early");
    at_ += n;
    return bytes_.subspan(at_ - n, n);
  }
  uint8_t Byte() { return Take(1)[0]; }
  uint8_t Peek() const { return Reader(*this).Byte(); }
  uint64_t Big64() {
    uint64_t value = 0;
    for (const uint8_t byte : Take(8)) value = value << 8 | byte;
    return value;
  }
  uint64_t Varint() {
    uint64_t value = 0;
    for (uint32_t shift = 0; shift < 64; shift += 7) {
      const uint8_t byte = Byte();
      value |= uint64_t{byte & 0x7fu} << shift;
      if (byte < 0x80) break;
    }
    return value;
  }
  int64_t SignedVarint() {
    uint64_t value = 0;
    for (uint32_t shift = 0; shift < 64;) {
      const uint8_t byte = Byte();
      value |= uint64_t{byte & 0x7fu} << shift;
      shift += 7;
      if (byte >= 0x80) continue;
      if ((byte & 0x40) != 0 && shift < 64) value |= ~uint64_t{0} << shift;
      break;
    }
    return static_cast<int64_t>(value);
  }
  std::string Text() {
    std::string text;
    while (const uint8_t byte = Byte()) text += static_cast<char>(byte);
    return text;
  }

 private:
  ByteSpan bytes_;
  size_t at_ = 0;
};

FstFile::FstFile(const std::string& path) : path_(path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read '" + path + "'");
  const uint64_t end = std::filesystem::file_size(path);
  constexpr uint64_t kTypeBytes = 1, kLengthBytes = 8;  // the length counts its own bytes
  bool has_header = false, has_hierarchy = false;
  for (uint64_t at = 0; at < end;) {
    const std::vector<uint8_t> begin = Load({at, kTypeBytes + kLengthBytes});
    Reader in{ByteSpan(begin)};
    const uint8_t type = in.Byte();
    const uint64_t length = in.Big64();
    at += kTypeBytes;
    if (length < kLengthBytes || length > end - at) {
      throw std::runtime_error("FST: a block that is not whole");
    }
    const Place place{at + kLengthBytes, length - kLengthBytes};
    if (type == kHeader) {
      ReadHeader(Reader{ByteSpan(Load(place))});
      has_header = true;
    } else if (type == kHierarchyLz4) {
      ReadHierarchy(Reader{ByteSpan(Load(place))});
      has_hierarchy = true;
    } else if (type == kGeometry) {
      geometry_ = place;
    } else if (type == kChanges) {
      change_blocks_.push_back(place);
    }
    at += length;
  }
  if (!has_header || !has_hierarchy) throw std::runtime_error("FST: no header or no hierarchy");
}

std::vector<uint8_t> FstFile::Load(const Place& place) const {
  std::ifstream file(path_, std::ios::binary);
  std::vector<uint8_t> bytes(place.bytes);
  file.seekg(static_cast<std::streamoff>(place.at));
  file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(place.bytes));
  if (!file) throw std::runtime_error("FST: '" + path_ + "' ends too early");
  return bytes;
}

const FstFile::Signal* FstFile::Find(const std::string& path) const {
  const auto at = std::find_if(signals_.begin(), signals_.end(),
                               [&](const Signal& signal) { return signal.path == path; });
  return at == signals_.end() ? nullptr : &*at;
}

void FstFile::ReadHeader(Reader in) {
  start_ = in.Big64();
  end_ = in.Big64();
  in.Take(8 + 8 + 4 * 8);       // endianness of reals, memory, four counts
  const int scale = in.Byte();  // of 8 bits, signed
  timescale_ = scale < 128 ? scale : scale - 256;
}

void FstFile::ReadHierarchy(Reader in) {
  const uint64_t bytes = in.Big64();
  const std::vector<uint8_t> data = UnpackLz4(in.Take(in.left()), bytes);
  Reader items{ByteSpan(data)};
  std::vector<std::string> scopes = {""};
  uint32_t handles = 0;
  while (!items.done()) {
    const uint8_t tag = items.Byte();
    if (tag == kScope) {
      items.Byte();  // its kind
      scopes.push_back(scopes.back() + items.Text() + ".");
      items.Text();  // its component
    } else if (tag == kUpscope) {
      if (scopes.size() == 1) throw std::runtime_error("FST: more scopes end than begin");
      scopes.pop_back();
    } else if (tag == kAttribute) {
      items.Take(2);
      items.Text();
      items.Varint();
    } else if (tag != kAttributeEnd) {
      items.Byte();  // direction; the tag was the variable's kind
      const std::string text = items.Text();
      Signal signal{.name = text.substr(0, text.find(' '))};
      signal.path = scopes.back() + signal.name;
      if (const size_t at = text.find(' '); at != std::string::npos)
        signal.range = text.substr(at + 1);
      signal.width = static_cast<uint32_t>(items.Varint());
      const auto alias = static_cast<uint32_t>(items.Varint());
      signal.handle = alias != 0 ? alias : ++handles;
      signals_.push_back(std::move(signal));
    }
  }
}

FstFile::Values FstFile::ReadValues() const {
  if (!geometry_) throw std::runtime_error("FST: no geometry");
  Values values;
  values.initials = ReadGeometry(Reader{ByteSpan(Load(*geometry_))});
  for (const Place& place : change_blocks_) {
    values.blocks.push_back(ReadChanges(Load(place), values.initials.size()));
  }
  return values;
}

std::vector<size_t> FstFile::ReadGeometry(Reader in) {
  const uint64_t bytes = in.Big64();
  const uint64_t handles = in.Big64();
  const std::vector<uint8_t> data = Inflate(in.Take(in.left()), bytes);
  Reader widths{ByteSpan(data)};
  std::vector<size_t> initials;
  size_t at = 0;
  for (uint64_t i = 0; i < handles; ++i) {
    const auto width = static_cast<uint32_t>(widths.Varint());
    if (width == 0 || width == ~0u) throw std::runtime_error("FST: a signal that is not of bits");
    initials.push_back(at);
    at += width;
  }
  return initials;
}

FstFile::Block FstFile::ReadChanges(std::vector<uint8_t> bytes_of_block, size_t handles) {
  Block block;
  block.bytes = std::move(bytes_of_block);
  const ByteSpan whole(block.bytes);
  const auto from_end = [&whole](size_t before_end) {
    if (before_end > whole.size()) throw std::runtime_error("FST: a block is too short");
    return Reader{whole.subspan(whole.size() - before_end)};
  };
  // Sizes stand behind what they measure: of the times, then of the positions.
  Reader sizes = from_end(24);
  const uint64_t bytes = sizes.Big64(), packed = sizes.Big64(), count = sizes.Big64();
  const std::vector<uint8_t> times = Inflate(from_end(24 + packed).Take(packed), bytes);
  Reader deltas{ByteSpan(times)};
  uint64_t time = 0;
  for (uint64_t i = 0; i < count; ++i) block.times.push_back(time += deltas.Varint());
  const size_t behind = 24 + packed + 8;  // the positions
  const uint64_t positions = from_end(behind).Big64();

  Reader head{whole};
  head.Take(3 * 8);  // first and last time, memory
  const uint64_t initial_bytes = head.Varint(), initial_packed = head.Varint();
  head.Varint();  // signals
  const std::vector<uint8_t> initial = Inflate(head.Take(initial_packed), initial_bytes);
  block.initial.assign(initial.begin(), initial.end());
  head.Varint();  // signals
  const size_t waves = head.at();
  if (head.Byte() != kLz4Chains) throw std::runtime_error("FST: chains are not packed by LZ4");
  ReadPositions(from_end(behind + positions), handles, waves, whole.size() - behind - positions,
                &block);
  return block;
}

// Where each signal's chain lies: distances from the one before, runs of signals without one, and
// signals whose chain is another's. The lowest bit of an entry's first byte says how the entry is
// to be read: a run, which is never negative, is a varint without sign. Read with one, runs of 32
// to 63 signals would be negative, for their highest bit lies where a varint of a byte has its
// sign.
void FstFile::ReadPositions(Reader in, size_t handles, size_t waves, size_t waves_end,
                            Block* block) {
  std::vector<size_t>& chains = block->chains;
  size_t at = waves;
  int64_t other = 0;
  while (chains.size() < handles) {
    if ((in.Peek() & 1) == 0) {
      const uint64_t run = in.Varint() >> 1;
      if (run == 0 || run > handles - chains.size()) {
        throw std::runtime_error("FST: a run of no signals, or of more than there are");
      }
      chains.resize(chains.size() + run);
      continue;
    }
    const int64_t number = in.SignedVarint() >> 1;
    if (number > 0) {
      at += static_cast<size_t>(number);
      if (at >= waves_end) throw std::runtime_error("FST: a chain outside its block");
      chains.push_back(at);
      block->begins.push_back(at);
    } else {
      if (number < 0) other = number;
      const auto of = static_cast<size_t>(-other - 1);
      if (other == 0 || of >= chains.size()) throw std::runtime_error("FST: an alias of nothing");
      chains.push_back(chains[of]);
    }
  }
  block->begins.push_back(waves_end);
}

FstFile::Changes FstFile::ChangesOf(const Signal& signal) const {
  if (!values_) values_ = ReadValues();
  const size_t at = values_->initials.at(signal.handle - 1);
  Changes changes;
  for (const Block& block : values_->blocks) {
    // A later block's initial values are the last ones of the block before.
    if (changes.empty() && !block.times.empty())
      changes.emplace_back(block.times[0], block.initial.substr(at, signal.width));
    AppendChain(block, signal, &changes);
  }
  return changes;
}

void FstFile::AppendChain(const Block& block, const Signal& signal, Changes* changes) {
  const size_t begin = block.chains.at(signal.handle - 1);
  if (begin == 0) return;
  const size_t end = *std::upper_bound(block.begins.begin(), block.begins.end(), begin);
  Reader head{ByteSpan(block.bytes).subspan(begin, end - begin)};
  const uint64_t unpacked = head.Varint();
  const ByteSpan stored = head.Take(head.left());
  const std::vector<uint8_t> data = unpacked == 0
                                        ? std::vector<uint8_t>(stored.begin(), stored.end())
                                        : UnpackLz4(stored, unpacked);
  Reader in{ByteSpan(data)};
  uint64_t index = 0;
  while (!in.done()) {
    const uint64_t word = in.Varint();
    std::string value;
    if (signal.width == 1) {
      const bool binary = (word & 1) == 0;
      index += word >> (binary ? 2 : 4);
      value = binary ? std::string(1, (word & 2) != 0 ? '1' : '0')
                     : std::string(1, "xzhuwl-?"[word >> 1 & 7]);
    } else if ((word & 1) != 0) {
      index += word >> 1;
      for (const uint8_t byte : in.Take(signal.width)) value += static_cast<char>(byte);
    } else {
      index += word >> 1;
      const ByteSpan bits = in.Take((signal.width + 7) / 8);
      for (uint32_t i = 0; i < signal.width; ++i)
        value += (bits[i / 8] >> (7 - i % 8) & 1) != 0 ? '1' : '0';
    }
    const uint64_t time = block.times.at(index);
    if (changes->back().first == time) {
      changes->back().second = value;
    } else if (changes->back().second != value) {
      changes->emplace_back(time, std::move(value));
    }
  }
}

}  // namespace handoff
