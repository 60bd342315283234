// SPDX-License-Identifier: Apache-2.0
//
// Waves of a run: one FST file for a window of cycles, with the scopes
//   rtl    the Verilated engine's hierarchy
//   model  the model's: ports and registers under the RTL's instance names, a packed struct as one
//          vector with the bits of Pack(), and beside it its fields
//   run    the cycle number, and a clock that stands still where the run jumped over idle cycles
// and a GTKWave save file beside it that shows both sides of each unit. Time is in ps; cycle n
// begins at CycleToPs(n) and shows what the registers hold, and the inputs are, during that cycle.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

class VerilatedTraceBaseC;

namespace handoff {

class handoff_engine;

struct WaveRequest {
  std::string path;  // of the .fst; the save file has the extension .gtkw in its place
  uint64_t from = 0;
  uint64_t to = UINT64_MAX;      // the first cycle that is not shown
  std::optional<uint64_t> mark;  // a cycle at which the save file puts the marker
  std::string unit;              // the one whose signals the save file opens, if any
};

class Waves {
 public:
  // Throws std::runtime_error if the file cannot be written.
  explicit Waves(const WaveRequest& request);
  ~Waves();
  Waves(const Waves&) = delete;
  Waves& operator=(const Waves&) = delete;

  // What is shown, said before the first cycle.
  template <class Verilated>
  void AddRtl(Verilated& top) {
    top.trace(BeginRtl(), kAllLevels);
    EndRtl();
  }
  void AddModel(handoff_engine& model);

  // True: this cycle is to be shown, by Rise() and Fall(). Closes the file after the window.
  bool Wants(uint64_t cycle) {
    if (cycle < from_) return false;
    if (cycle < to_) return true;
    Close();
    return false;
  }
  void Rise(uint64_t cycle);
  void Fall(uint64_t cycle);

  // Finishes the file and writes the save file, without which it stays, with a note on stderr;
  // again it does nothing. False: no cycle of the window came, and there are no files.
  bool Close();

 private:
  static constexpr int kAllLevels = 99;
  class Impl;

  VerilatedTraceBaseC* BeginRtl();
  void EndRtl();

  const uint64_t from_;
  uint64_t to_;
  std::unique_ptr<Impl> impl_;
  std::optional<bool> written_;  // once it is closed
};

}  // namespace handoff
