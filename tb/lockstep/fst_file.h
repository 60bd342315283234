// SPDX-License-Identifier: Apache-2.0
//
// Reads an FST file as Verilator's runtime writes it: the hierarchy at once, values when they are
// asked for. The format is GTKWave's; of its blocks those are known that the runtime uses (header,
// geometry, hierarchy with LZ4, value changes with dynamic aliases).
#ifndef HANDOFF_TB_LOCKSTEP_FST_FILE_H_
#define HANDOFF_TB_LOCKSTEP_FST_FILE_H_

#include <cstdint>
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

  // Each value with the time from which it holds, most significant bit first.
  Changes ChangesOf(const Signal& signal) const;

 private:
  // Little by little through bytes; throws at their end.
  class Reader;
  struct Block {  // of value changes
    std::string initial;
    std::vector<uint64_t> times;
    std::vector<size_t> chains;  // by handle - 1: where its changes lie in the file; 0: it has none
    std::vector<size_t> begins;  // of all chains, in order, and where the last one ends
  };

  void ReadHeader(Reader in);
  void ReadGeometry(Reader in);
  void ReadHierarchy(Reader in);
  Block ReadChanges(Reader in) const;
  void ReadPositions(Reader in, size_t waves, size_t waves_end, Block* block) const;
  void AppendChain(const Block& block, const Signal& signal, Changes* changes) const;

  std::vector<uint8_t> bytes_;
  int timescale_ = 0;
  uint64_t start_ = 0, end_ = 0;
  std::vector<Signal> signals_;
  std::vector<uint32_t> widths_;  // by handle - 1
  std::vector<Block> blocks_;
};

}  // namespace handoff

#endif  // HANDOFF_TB_LOCKSTEP_FST_FILE_H_
