// SPDX-License-Identifier: Apache-2.0
//
// Waves of short runs, read back: what they show of RTL and model, in which cycles, and what the
// save file names.

#include <gtest/gtest.h>
#include <unistd.h>
#include <verilated.h>
#include <verilated_fst_c.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "model/clock.h"
#include "sim/core/make_core.h"
#include "sim/waves/fst_file.h"
#include "sim/waves/save_file.h"
#include "tb/rig/flat_host.h"

namespace handoff {
namespace {

constexpr uint64_t kFrom = 9000, kTo = 9400;

// A folder of the test's own.
class WavesTest : public testing::Test {
 protected:
  WavesTest() { std::filesystem::create_directories(folder_); }
  ~WavesTest() override { std::filesystem::remove_all(folder_); }
  std::string Path() const { return (folder_ / "waves.fst").string(); }
  CoreConfig Config(EngineForm form) const {
    CoreConfig config{.form = form};
    config.waves = WaveRequest{.path = Path(), .from = kFrom, .to = kTo};
    return config;
  }

 private:
  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("handoff_waves_" + std::to_string(getpid()));
};

// Goes up whole, through all units of the receive side: no IP, or TCP with bad checksums.
Bytes Frame(size_t bytes, bool tcp = false) {
  Bytes frame(bytes);
  for (size_t i = 0; i < bytes; ++i) frame[i] = static_cast<uint8_t>(i * 7 + 1);
  if (tcp) {
    const size_t ip_bytes = bytes - 14;
    const Bytes ip4 = {8, 0, 0x45, 0, uint8_t(ip_bytes >> 8), uint8_t(ip_bytes), 0, 0, 0, 0, 64, 6};
    std::copy(ip4.begin(), ip4.end(), frame.begin() + 12);
  }
  return frame;
}

// Frames in the window and around it.
void RunFrames(EngineCore& core, uint64_t cycles = 3000) {
  FlatHost host(core);
  host.Start(64);
  for (uint64_t cycle = 8500; cycle < 9600; cycle += 60) {
    core.rx.Push({.cycle = cycle, .bytes = Frame(60 + cycle % 977, cycle % 120 != 0)});
  }
  host.Run(cycles);
}

const FstFile::Signal& Named(const FstFile& waves, const std::string& path) {
  const FstFile::Signal* signal = waves.Find(path);
  if (signal == nullptr) throw std::runtime_error("no signal '" + path + "' in the waves");
  return *signal;
}

// Of the RTL's signals the one that ends so.
const FstFile::Signal& Rtl(const FstFile& waves, const std::string& end) {
  for (const FstFile::Signal& signal : waves.signals()) {
    if (signal.path.starts_with("rtl.") && signal.path.ends_with(end)) return signal;
  }
  throw std::runtime_error("no signal of the RTL ends in '" + end + "'");
}

FstFile::Changes Of(const FstFile& waves, const std::string& path) {
  return waves.ChangesOf(Named(waves, path));
}

// The RTL's register of a unit that has the name of this one of the model, in whatever part of the
// unit it stands; null: there is none, or `signal` is no register of the model.
const FstFile::Signal* TwinOf(const FstFile& waves, const FstFile::Signal& signal) {
  const size_t unit = signal.path.find(".u_");
  if (!signal.path.starts_with("model.u_") || unit != std::string("model").size()) return nullptr;
  const size_t reg = signal.path.find('.', unit + 1);
  const std::string in_unit = ".handoff_engine" + signal.path.substr(unit, reg + 1 - unit);
  const std::string end = signal.path.substr(reg) + "_q";
  for (const FstFile::Signal& each : waves.signals()) {
    if (each.path.starts_with("rtl.") && each.path.ends_with(end) &&
        each.path.find(in_unit) != std::string::npos) {
      return &each;
    }
  }
  return nullptr;
}

// Every output and input of every unit, by one name on both sides, is the same.
void ExpectPortsEqual(const FstFile& waves) {
  size_t ports = 0, moving = 0;
  for (const FstFile::Signal& signal : waves.signals()) {
    const size_t unit = signal.path.find(".u_");
    if (!signal.path.starts_with("model.u_") || unit == std::string::npos) continue;
    const std::string name = signal.path.substr(unit);
    if (std::count(name.begin(), name.end(), '.') != 2) continue;
    if (!name.ends_with("_o") && !name.ends_with("_i")) continue;
    const FstFile::Changes model = waves.ChangesOf(signal);
    ASSERT_EQ(model, waves.ChangesOf(Rtl(waves, ".handoff_engine" + name))) << name;
    ++ports;
    moving += model.size() > 1 ? 1 : 0;
  }
  EXPECT_GT(ports, 300u);
  EXPECT_GT(moving, 80u);
}

TEST_F(WavesTest, ShowsRtlAndModelEqualInEveryCycle) {
  auto core = MakeCore(Config(EngineForm::kLockstep));
  RunFrames(*core);
  EXPECT_TRUE(core->CloseWaves());
  const FstFile waves(Path());
  EXPECT_EQ(waves.timescale(), -12);
  EXPECT_NO_FATAL_FAILURE(ExpectPortsEqual(waves));
  // Registers that both sides have under one name.
  std::set<std::string> compared, differ;
  size_t changing = 0;
  for (const FstFile::Signal& signal : waves.signals()) {
    const FstFile::Signal* twin = TwinOf(waves, signal);
    if (twin == nullptr) continue;
    const std::string name = signal.path.substr(signal.path.find(".u_") + 1);
    const FstFile::Changes model = waves.ChangesOf(signal);
    compared.insert(name);
    if (model != waves.ChangesOf(*twin)) differ.insert(name);
    changing += model.size() > 1 ? 1 : 0;
  }
  for (const char* reg :
       {"u_rx_parser.s1_data", "u_rx_parser.sum", "u_rx_parser.beat_wr", "u_rx_tcp.wr",
        "u_tx.s_left", "u_notify.u_arb.next", "u_dma.u_r_skid.count", "u_upload.d1_valid"}) {
    EXPECT_EQ(compared.count(reg), 1u) << reg;
  }
  EXPECT_GT(compared.size(), 500u);
  EXPECT_GT(changing, 100u);
  // These hold in the model what nobody will look at any more.
  const std::set<std::string> known = {"u_rx_tcp.op", "u_tx.acc", "u_tx.u_frame.rdata"};
  for (const std::string& name : differ) EXPECT_EQ(known.count(name), 1u) << name;
}

// Of so many changes that the file has them in several blocks.
TEST_F(WavesTest, ShowsALongRunWhole) {
  constexpr uint64_t kCycles = 60000, kSpacing = 26;  // the line is busy nearly all the time
  CoreConfig config = Config(EngineForm::kLockstep);
  config.idle_skip = false;
  config.waves->from = 0;
  config.waves->to = UINT64_MAX;
  auto core = MakeCore(config);
  FlatHost host(*core);
  host.Start(64);
  const uint64_t first = core->cycle();
  for (uint64_t cycle = first; cycle < first + kCycles; cycle += kSpacing) {
    core->rx.Push({.cycle = cycle, .bytes = Frame(1400 + cycle % 101)});
  }
  host.Run(kCycles);
  ASSERT_TRUE(core->CloseWaves());
  const FstFile waves(Path());
  EXPECT_GE(waves.num_change_blocks(), 2u);
  EXPECT_TRUE(std::filesystem::exists(SaveFilePath(Path())));
  const FstFile::Changes cycles = Of(waves, "run.cycle");
  ASSERT_EQ(cycles.size(), core->cycle());
  for (uint64_t i = 0; i < cycles.size(); ++i) {
    ASSERT_EQ(cycles[i].first, CycleToPs(i));
    ASSERT_EQ(std::stoull(cycles[i].second, nullptr, 2), i);
  }
  EXPECT_NO_FATAL_FAILURE(ExpectPortsEqual(waves));
}

// Signals that change alone in a block, each a given number of others, which do not, behind the
// one before: one bit, or a word of more than 64.
class Scattered {
 public:
  explicit Scattered(const std::vector<uint32_t>& runs) {
    for (const uint32_t run : runs) {
      moving_.insert(moving_.end(), run, false);
      moving_.push_back(true);
    }
    steps_.resize(moving_.size());
  }
  void Register(VerilatedFst& fst) {
    fst.addInitCb(&Declare, this, "scattered", false,
                  static_cast<uint32_t>(kCodes * moving_.size()));
    fst.addFullCb(&Dump, 0, this);
    fst.addChgCb(&Dump, 0, this);
  }
  size_t size() const { return moving_.size(); }
  bool moves(size_t i) const { return moving_[i]; }
  static uint32_t Width(size_t i) { return i % 3 == 0 ? kWidth : 1; }
  void Step(uint32_t step) {
    for (size_t i = 0; i < size(); ++i) {
      if (moving_[i]) steps_[i] = step;
    }
  }
  static std::string Bits(size_t i, uint32_t step) {
    std::string bits;
    for (uint32_t bit = Width(i); bit-- > 0;) {
      bits += (Value(i, step)[bit / 32] >> (bit % 32) & 1) != 0 ? '1' : '0';
    }
    return bits;
  }

 private:
  static constexpr uint32_t kWidth = 70, kCodes = 3;  // of 32 bits
  using Words = std::array<uint32_t, kCodes>;

  // No two wide ones are alike; steps differ in the lowest bit.
  static Words Value(size_t i, uint32_t step) {
    if (Width(i) == 1) return {step & 1};
    return {step, static_cast<uint32_t>(i), step & 0x3f};
  }
  static void Declare(void* data, VerilatedFst* fst, uint32_t code) {
    auto* self = static_cast<Scattered*>(data);
    self->base_ = code;
    fst->pushPrefix("scattered", VerilatedTracePrefixType::SCOPE_MODULE);
    for (uint32_t i = 0; i < self->size(); ++i) {
      const std::string name = "s" + std::to_string(i);
      if (Width(i) == 1) {
        fst->declBit(code + kCodes * i, name.c_str(), 0, VerilatedTraceSigDirection::NONE,
                     VerilatedTraceSigKind::VAR, VerilatedTraceSigType::LOGIC);
      } else {
        fst->declBus(code + kCodes * i, name.c_str(), 0, VerilatedTraceSigDirection::NONE,
                     VerilatedTraceSigKind::VAR, VerilatedTraceSigType::LOGIC, kWidth - 1, 0);
      }
    }
    fst->popPrefix();
  }
  static void Dump(void* data, VerilatedFst::Buffer* to) {
    const auto* self = static_cast<Scattered*>(data);
    for (uint32_t i = 0; i < self->size(); ++i) {
      if (self->dumped_ && !self->moving_[i]) continue;
      const Words value = Value(i, self->steps_[i]);
      uint32_t* old = to->oldp(self->base_ + kCodes * i);
      if (Width(i) == 1) {
        to->fullBit(old, static_cast<CData>(value[0]));
      } else {
        to->fullWData(old, value.data(), kWidth);
      }
    }
    self->dumped_ = true;
  }

  std::vector<bool> moving_;
  std::vector<uint32_t> steps_;
  uint32_t base_ = 0;
  mutable bool dumped_ = false;
};

// Runs of every length up to one of two bytes, and some at which the number grows by a byte or
// fills its highest bits.
TEST_F(WavesTest, ReadsRunsOfSignalsThatDoNotChange) {
  std::vector<uint32_t> runs = {4095, 4096, 8191, 8192};
  for (uint32_t run = 0; run <= 130; ++run) runs.push_back(run);
  Scattered signals(runs);
  constexpr uint32_t kBlocks = 4, kStepsPerBlock = 3;
  {
    VerilatedFstC fst;
    signals.Register(*fst.spTrace());
    fst.open(Path().c_str());
    for (uint32_t step = 0; step < kBlocks * kStepsPerBlock; ++step) {
      signals.Step(step);
      fst.dump(step);
      if (step % kStepsPerBlock == kStepsPerBlock - 1) fst.flush();
    }
    fst.close();
  }
  const FstFile waves(Path());
  EXPECT_EQ(waves.num_change_blocks(), kBlocks);
  ASSERT_EQ(waves.signals().size(), signals.size());
  for (size_t i = 0; i < signals.size(); ++i) {
    FstFile::Changes want;
    for (uint32_t step = 0; step < (signals.moves(i) ? kBlocks * kStepsPerBlock : 1); ++step) {
      want.emplace_back(step, signals.Bits(i, step));
    }
    ASSERT_EQ(waves.ChangesOf(waves.signals()[i]), want) << "signal " << i;
  }
}

// The run goes on, and its waves stay.
TEST_F(WavesTest, StayWithoutASaveFile) {
  std::filesystem::create_directories(SaveFilePath(Path()));  // it cannot be written
  auto core = MakeCore(Config(EngineForm::kModel));
  testing::internal::CaptureStderr();
  RunFrames(*core);
  EXPECT_TRUE(core->CloseWaves());
  EXPECT_NE(testing::internal::GetCapturedStderr().find("note: no save file"), std::string::npos);
  EXPECT_GT(FstFile(Path()).signals().size(), 1000u);
}

TEST_F(WavesTest, HoldsTheWindowAndNothingElse) {
  CoreConfig config = Config(EngineForm::kLockstep);
  config.idle_skip = false;
  auto core = MakeCore(config);
  RunFrames(*core);
  EXPECT_TRUE(core->CloseWaves());
  const FstFile waves(Path());
  EXPECT_EQ(waves.start(), CycleToPs(kFrom));
  EXPECT_LT(waves.end(), CycleToPs(kTo));
  EXPECT_GT(waves.end(), CycleToPs(kTo - 1));
  const FstFile::Changes cycles = Of(waves, "run.cycle");
  ASSERT_EQ(cycles.size(), kTo - kFrom);
  for (uint64_t i = 0; i < cycles.size(); ++i) {
    EXPECT_EQ(cycles[i].first, CycleToPs(kFrom + i));
    EXPECT_EQ(std::stoull(cycles[i].second, nullptr, 2), kFrom + i);
    EXPECT_EQ(PsToCycle(cycles[i].first), kFrom + i);
  }
  EXPECT_EQ(Of(waves, "run.clk").size(), 2 * (kTo - kFrom));
  EXPECT_EQ(waves.ChangesOf(Rtl(waves, ".clk_i")), Of(waves, "run.clk"));
}

// Cycles that the run jumped over are not shown; those that it did not are at their times.
TEST_F(WavesTest, ItsClockStandsStillWhereTheRunJumped) {
  auto core = MakeCore(Config(EngineForm::kModel));
  RunFrames(*core);
  ASSERT_TRUE(core->CloseWaves());
  const FstFile waves(Path());
  const FstFile::Changes cycles = Of(waves, "run.cycle");
  EXPECT_LT(cycles.size(), kTo - kFrom);
  EXPECT_EQ(Of(waves, "run.clk").size(), 2 * cycles.size());
  for (const auto& [time, bits] : cycles) {
    EXPECT_EQ(time, CycleToPs(std::stoull(bits, nullptr, 2)));
  }
}

// A pin's value in a cycle is the one that counts at the edge which ends it.
TEST_F(WavesTest, ShowsInputsInTheirCycle) {
  CoreConfig config = Config(EngineForm::kLockstep);
  auto core = MakeCore(config);
  FlatHost host(*core);
  host.Start(64);
  core->rx.Push({.cycle = kFrom + 20, .bytes = Frame(60)});
  host.Run(3000);
  ASSERT_TRUE(core->CloseWaves());
  const FstFile waves(Path());
  const std::vector<std::string> pins = {"model.rx_valid_i", "model.u_rx_parser.rx_valid_i",
                                         Rtl(waves, ".rx_valid_i").path};
  for (const std::string& path : pins) {
    const FstFile::Changes valid = Of(waves, path);
    ASSERT_EQ(valid.size(), 3u) << path;
    EXPECT_EQ(PsToCycle(valid[1].first), kFrom + 20) << path;
    EXPECT_EQ(valid[1].second, "1");
    EXPECT_EQ(PsToCycle(valid[2].first), kFrom + 21) << path;
  }
  // s0 holds the beat from the next cycle on.
  const FstFile::Changes s0 = Of(waves, "model.u_rx_parser.s0_valid");
  ASSERT_EQ(s0.size(), 3u);
  EXPECT_EQ(PsToCycle(s0[1].first), kFrom + 21);
}

TEST_F(WavesTest, ShowsTheFieldsOfTheModelsStructs) {
  auto core = MakeCore(Config(EngineForm::kModel));
  RunFrames(*core);
  ASSERT_TRUE(core->CloseWaves());
  const FstFile waves(Path());
  const FstFile::Signal& hdr = Named(waves, "model.u_rx_parser.hdr_o");
  ASSERT_EQ(hdr.width, Hdr::kWidth);
  const FstFile::Changes whole = waves.ChangesOf(hdr);
  EXPECT_GT(whole.size(), 2u);
  for (const FieldInfo& field : Hdr::kFields) {
    FstFile::Changes want;  // the same bits of the whole
    for (const auto& [time, bits] : whole) {
      const std::string value = bits.substr(Hdr::kWidth - field.lsb - field.width, field.width);
      if (want.empty() || want.back().second != value) want.emplace_back(time, value);
    }
    EXPECT_EQ(Of(waves, std::string("model.u_rx_parser.hdr_o.") + field.name), want) << field.name;
  }
  // The output's register is the output.
  EXPECT_EQ(Named(waves, "model.u_rx_parser.hdr").handle, hdr.handle);
}

TEST_F(WavesTest, HasTheScopesOfItsForm) {
  for (const EngineForm form : {EngineForm::kRtl, EngineForm::kModel}) {
    auto core = MakeCore(Config(form));
    RunFrames(*core);
    ASSERT_TRUE(core->CloseWaves());
    std::set<std::string> roots;
    const FstFile waves(Path());
    for (const FstFile::Signal& signal : waves.signals()) {
      roots.insert(signal.path.substr(0, signal.path.find('.')));
    }
    const std::string side = form == EngineForm::kRtl ? "rtl" : "model";
    EXPECT_EQ(roots, (std::set<std::string>{"run", side}));
  }
  CoreConfig composed = Config(EngineForm::kComposed);
  EXPECT_THROW(MakeCore(composed), std::invalid_argument);
}

TEST_F(WavesTest, ShowsAFlippedBitAsADifference) {
  CoreConfig config = Config(EngineForm::kLockstep);
  config.waves->mark = kFrom + 50;
  auto core = MakeCore(config);
  // The parser's register idles at 0: it differs for the one cycle until the stage loads again.
  ASSERT_TRUE(core->Flip("rx_parser.s2_bytes", 3, kFrom + 49));
  try {
    RunFrames(*core);
  } catch (const std::runtime_error&) {  // the mismatch, if it comes to a pin
  }
  core->CloseWaves();
  const FstFile waves(Path());
  const FstFile::Changes model = Of(waves, "model.u_rx_parser.s2_bytes");
  const FstFile::Changes rtl = waves.ChangesOf(Rtl(waves, ".u_rx_parser.s2_bytes_q"));
  const auto at = [](const FstFile::Changes& changes, uint64_t cycle) {
    uint64_t value = 0;
    for (const auto& [time, bits] : changes) {
      if (time <= CycleToPs(cycle)) value = std::stoull(bits, nullptr, 2);
    }
    return value;
  };
  for (uint64_t cycle = kFrom; cycle < kFrom + 50; ++cycle) {
    ASSERT_EQ(at(model, cycle), at(rtl, cycle)) << cycle;
  }
  EXPECT_EQ(at(model, kFrom + 50) ^ at(rtl, kFrom + 50), 1u << 3);
}

// The window's end does not come: the mismatch's cycle is the last.
TEST_F(WavesTest, EndsWithTheMismatch) {
  auto core = MakeCore(Config(EngineForm::kLockstep));
  ASSERT_TRUE(core->Flip("dma.aw_valid", 0, kFrom + 69));
  EXPECT_THROW(RunFrames(*core), std::runtime_error);
  ASSERT_TRUE(core->mismatch());
  EXPECT_EQ(core->mismatch()->cycle, kFrom + 70);
  const FstFile waves(Path());
  const FstFile::Changes cycles = Of(waves, "run.cycle");
  EXPECT_EQ(PsToCycle(cycles.back().first), kFrom + 70);
  const FstFile::Changes model = Of(waves, "model.aw_valid_o");
  const FstFile::Changes rtl = waves.ChangesOf(Rtl(waves, ".aw_valid_o"));
  EXPECT_NE(model.back().second, rtl.back().second);
}

TEST_F(WavesTest, AddsNothingToARun) {
  const auto digest = [](CoreConfig config) {
    auto core = MakeCore(config);
    RunFrames(*core);
    return std::pair(core->digest(), core->evaluated());
  };
  const auto plain = digest({.form = EngineForm::kLockstep});
  EXPECT_EQ(digest(Config(EngineForm::kLockstep)), plain);
  EXPECT_EQ(digest(Config(EngineForm::kRtl)), plain);
  EXPECT_EQ(digest(Config(EngineForm::kModel)), plain);
}

TEST_F(WavesTest, LeavesNoFilesOfAWindowThatDidNotCome) {
  CoreConfig config = Config(EngineForm::kModel);
  config.waves->from = 1000000;
  config.waves->to = 1000100;
  auto core = MakeCore(config);
  RunFrames(*core);
  EXPECT_FALSE(core->CloseWaves());
  EXPECT_FALSE(std::filesystem::exists(Path()));
  EXPECT_FALSE(std::filesystem::exists(SaveFilePath(Path())));
  config.waves->path = Path() + "/is/no/folder.fst";
  EXPECT_THROW(MakeCore(config), std::runtime_error);
}

struct SaveLines {
  std::vector<std::string> signals;
  std::vector<std::string> groups;
  std::string marker_line, start_line;
};

SaveLines ReadSave(const std::string& path) {
  SaveLines lines;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("-")) lines.groups.push_back(line.substr(1));
    if (line.starts_with("*")) lines.marker_line = line;
    if (line.starts_with("[timestart]")) lines.start_line = line;
    if (line.empty() || std::string("[@-*").find(line[0]) != std::string::npos) continue;
    // "+{shown name} signal"
    lines.signals.push_back(line.substr(line[0] == '+' ? line.find("} ") + 2 : 0));
  }
  return lines;
}

// A path model.u_<unit>.<register> without what makes it a part of a struct or of an array.
std::string WholeOf(const std::string& path) {
  const size_t reg = path.find('.', path.find(".u_") + 1) + 1;
  const std::string whole = path.substr(0, path.find('.', reg));
  return whole.substr(0, whole.find_last_not_of("0123456789") + 1);
}

TEST_F(WavesTest, SaveFileNamesSignalsOfTheFileSideBySide) {
  CoreConfig config = Config(EngineForm::kLockstep);
  config.waves->mark = kFrom + 100;
  config.waves->unit = "upload";
  auto core = MakeCore(config);
  RunFrames(*core);
  ASSERT_TRUE(core->CloseWaves());
  const FstFile waves(Path());
  std::set<std::string> known;
  for (const FstFile::Signal& signal : waves.signals()) {
    known.insert(signal.path + (signal.range == "[0:0]" ? "[0]" : signal.range));
  }
  const SaveLines save = ReadSave(SaveFilePath(Path()));
  for (const std::string& line : save.signals) EXPECT_EQ(known.count(line), 1u) << line;
  // The RTL's twin stands right before each port and register of the model, except where it keeps
  // that otherwise.
  size_t pairs = 0, parts = 0;
  std::set<std::string> alone;
  std::set<std::string> rtl_names;  // of registers, also of what is shown by parts; without _q
  for (const FstFile::Signal& signal : waves.signals()) {
    if (!signal.path.starts_with("rtl.")) continue;
    std::istringstream path(signal.path);
    for (std::string part; std::getline(path, part, '.');) {
      if (part.find("_q") != std::string::npos) rtl_names.insert(part.substr(0, part.rfind("_q")));
    }
  }
  for (size_t i = 1; i < save.signals.size(); ++i) {
    if (!save.signals[i].starts_with("model.")) continue;
    const std::string path = save.signals[i].substr(0, save.signals[i].find('['));
    const std::string name = path.substr(path.rfind('.') + 1);
    const std::string before = save.signals[i - 1].substr(0, save.signals[i - 1].find('['));
    const bool is_port = name.ends_with("_i") || name.ends_with("_o");
    if (before.starts_with("rtl.") && before.ends_with("." + name + (is_port ? "" : "_q"))) {
      ++pairs;
    } else {
      EXPECT_FALSE(is_port) << path << " after " << before;
      const std::string twin = "rtl.handoff_engine.handoff_engine" + path.substr(path.find('.'));
      EXPECT_EQ(waves.Find(twin + "_q"), nullptr) << path << " after " << before;
      const std::string whole = WholeOf(path);
      const bool is_part =
          whole != path && rtl_names.count(whole.substr(whole.rfind('.') + 1)) != 0;
      if (is_part) {
        ++parts;
      } else {
        alone.insert(whole);
      }
    }
  }
  EXPECT_GT(pairs, 500u);
  EXPECT_GT(parts, 200u);
  // It stands in the generated block.
  EXPECT_EQ(alone, (std::set<std::string>{"model.u_csr.ctrl_reset"}));
  for (const char* unit : {"engine", "rx_parser", "upload", "csr", "dma", "timers"}) {
    EXPECT_EQ(std::count(save.groups.begin(), save.groups.end(), unit), 2) << unit;
  }
  EXPECT_NE(save.marker_line.find(" " + std::to_string(CycleToPs(kFrom + 100)) + " "),
            std::string::npos);
  EXPECT_EQ(save.start_line, "[timestart] " + std::to_string(CycleToPs(kFrom + 90)));
}

}  // namespace
}  // namespace handoff
