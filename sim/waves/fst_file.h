// SPDX-License-Identifier: Apache-2.0
//
// Reads an FST file as Verilator's runtime writes it: header and hierarchy at once, everything
// about values when the first are asked for. So names cost little, however long the file, and
// depend on nothing else in it. The format is GTKWave's; of its blocks those are read that the
// runtime uses (header, geometry, hierarchy with LZ4, value changes with dynamic aliases), others
// are passed over.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace handoff {

class FstFile {
 public:
  struct Signal {
    std::string path;   // scopes and name, with dots; without the range
    std::string name;   // as declared, without the range
    std::string range;  // "[7:0]", or nothing
    uint32_t width = 0;
    uint32_t handle = 0;  // two names of one signal have one
  };
  using Changes = std::vector<std::pair<uint64_t, std::string>>;

  // Throws std::runtime_error for a file that it cannot read.
  explicit FstFile(const std::string& path);

  int timescale() const { return timescale_; }  // power of ten, seconds
  uint64_t start() const { return start_; }
  uint64_t end() const { return end_; }
  const std::vector<Signal>& signals() const { return signals_; }
  const Signal* Find(const std::string& path) const;  // null: there is none

  size_t num_change_blocks() const { return change_blocks_.size(); }

  // Each value with the time from which it holds, most significant bit first.
  Changes ChangesOf(const Signal& signal) const;

 private:
  // Little by little through bytes; throws at their end.
  class Reader;
  struct Place {  // in the file
    uint64_t at = 0, bytes = 0;
  };
  struct Block {  // of value changes
    std::vector<uint8_t> bytes;
    std::string initial;
    std::vector<uint64_t> times;
    std::vector<size_t> chains;  // by handle - 1: where its changes lie in `bytes`; 0: it has none
    std::vector<size_t> begins;  // of all chains, in order, and where the last one ends
  };
  struct Values {
    std::vector<size_t> initials;  // by handle - 1: where its bits begin in each block's `initial`
    std::vector<Block> blocks;
  };

  std::vector<uint8_t> Load(const Place& place) const;
  void ReadHeader(Reader in);
  void ReadHierarchy(Reader in);
  Values ReadValues() const;
  static std::vector<size_t> ReadGeometry(Reader in);
  static Block ReadChanges(std::vector<uint8_t> bytes, size_t handles);
  static void ReadPositions(Reader in, size_t handles, size_t waves, size_t waves_end,
                            Block* block);
  static void AppendChain(const Block& block, const Signal& signal, Changes* changes);

  const std::string path_;
  int timescale_ = 0;
  uint64_t start_ = 0, end_ = 0;
  std::vector<Signal> signals_;
  std::optional<Place> geometry_;
  std::vector<Place> change_blocks_;
  mutable std::optional<Values> values_;  // once some were asked for
};

}  // namespace handoff
