// SPDX-License-Identifier: Apache-2.0
//
// The pin face: whatever stands behind the pins, and however much is wired by sc_signals, the pins
// of the engine have the digest of the engine that calls functions.

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <type_traits>
#include <utility>

#include "gen/handoff_engine_rtl.h"
#include "gen/handoff_engine_units.h"
#include "model/rng.h"
#include "model/sc/pin_engine.h"
#include "model/sc/pin_shell.h"
#include "sim/core/core_loop.h"
#include "sim/core/engine_core.h"
#include "tb/rig/engine_rig.h"
#include "tb/rig/flat_host.h"
#include "tb/rig/in_child.h"

namespace handoff::engine_rig {
namespace {

using sc_core::SC_NS;

// ------------------------------------------------------------------------------------------------
// What has the engine's pins.

struct WholeModel : PinShell<handoff_engine> {
  WholeModel() : PinShell("engine") {}
};
struct WholeRtl : PinShell<handoff_engine_rtl> {
  WholeRtl() : PinShell("engine") {}
};
struct UnitModels : PinEngine {
  UnitModels() : PinEngine("engine") {}
};

// Every second unit is Verilated, so that the neighbours of most are of the other kind.
struct Mixed {
  template <class Unit>
  std::unique_ptr<PinModule<typename Unit::In>> Make(const char* name) {
    if (made++ % 2 == 0) return ModelShells{}.Make<Unit>(name);
    return std::make_unique<PinShell<typename EngineRtlOf<Unit>::type>>(name);
  }
  int made = 0;
};
struct MixedUnits : PinEngine {
  explicit MixedUnits(Mixed mixed = {}) : PinEngine("engine", mixed) {}
};

// Somebody's own module in the place of ack: it takes every event and never wants an ACK sent.
struct NoAcks : PinModule<handoff_ack_in> {
  explicit NoAcks(const sc_core::sc_module_name& name) : PinModule(name) {
    SC_METHOD(Edge);
    sensitive << clk_i.pos();
    dont_initialize();
  }
  SC_HAS_PROCESS(NoAcks);
  void Edge() {
    ackev_ready_o.write(rst_ni.read());
    quiet_o.write(rst_ni.read());
  }
};
struct OneIsOther {
  template <class Unit>
  std::unique_ptr<PinModule<typename Unit::In>> Make(const char* name) const {
    if constexpr (std::is_same_v<Unit, handoff_ack>) {
      return std::make_unique<NoAcks>(name);
    } else {
      return ModelShells{}.Make<Unit>(name);
    }
  }
};
struct WithAnother : PinEngine {
  WithAnother() : PinEngine("engine", OneIsOther{}) {}
};

// ------------------------------------------------------------------------------------------------
// An engine for Core<>: its edges are those of a clock of SystemC.

template <class Top>
class ByPins {
 public:
  explicit ByPins(const CoreConfig&) {
    top_.clk_i(clk_);
    top_.rst_ni(rst_n_);
    top_.BindTo(wires_);
  }
  void Bind(const EnginePins& pins) { pins_ = &pins; }
  void Reset() {
    rst_n_.write(false);
    Tick();
    Commit();
    rst_n_.write(true);
  }
  void Tick() {
    wires_.ForEachInput(*pins_, [](auto& wire, const auto& value) { wire.write(value); });
    clk_.write(true);
    sc_core::sc_start(1, SC_NS);
    clk_.write(false);
    sc_core::sc_start(1, SC_NS);
  }
  void Commit() {
    wires_.ForEachOutput(out_, [](auto& wire, auto& value) { value = wire.read(); });
  }
  const handoff_engine_out& out() const { return out_; }
  bool Check(uint64_t, std::optional<CoreMismatch>*) const { return true; }
  bool Flip(const std::string&, uint32_t) { return false; }

 private:
  const EnginePins* pins_ = nullptr;
  PinWire<bool> clk_{"clk"}, rst_n_{"rst_n"};
  handoff_engine_pins<PinWire, PinWire> wires_;
  Top top_;
  handoff_engine_out out_;
};

// ------------------------------------------------------------------------------------------------
// A connection with frames in, data by DMA, notifications, a segment and ACKs out.
std::string Run(std::unique_ptr<EngineCore> core) {
  Rig rig(std::move(core));
  Rng rng(5, "traffic");
  EXPECT_EQ(rig.Setup().code, 0);
  EXPECT_EQ(rig.Resume(0, kIrs + 1).code, 0);
  uint32_t next = kIrs + 1;
  for (uint16_t i = 0; i < 12; ++i) {
    if (i % 4 == 1) rig.Post(i, FlatHost::kUser + rng.Below(100000), 3000);
    Seg seg{.seq = next, .payload = Pattern(next, 1 + rng.Below(1400))};
    seg.flags.psh = rng.Chance(0.3);
    if (i % 5 == 4) {
      seg.port = 1;  // nobody's
    } else {
      next += static_cast<uint32_t>(seg.payload.size());
    }
    rig.Receive(seg);
    if (i % 3 == 0) rig.host->Run(300);
  }
  rig.host->Store(FlatHost::kTxData, Pattern(0, 500));
  TxDesc send{};
  send.op = static_cast<U8>(Tx::TxSend);
  send.conn = kConn;
  send.gen = kGen;
  send.n_pieces = 1;
  send.seq = kIss + 1;
  send.piece0 = Piece{.size = 500, .addr = FlatHost::kTxData};
  rig.host->Transmit(send);
  rig.host->Run(3000);
  std::ostringstream text;
  text << std::hex << "digest " << rig.core->digest() << std::dec << " cycles "
       << rig.core->evaluated() << " frames out " << rig.host->sent.size() << " interrupts "
       << rig.host->interrupts << " notifications " << rig.host->notifications.size();
  return text.str();
}

template <class Top>
std::string RunByPins() {
  return InChild(
      [] { return Run(std::make_unique<Core<ByPins<Top>>>(CoreConfig{.idle_skip = false})); });
}
std::string Fast() {
  return Run(EngineCore::Make({.form = EngineForm::kModel, .idle_skip = false}));
}

TEST(PinShell, GivesTheFastEnginesDigestAroundTheWholeEngine) {
  EXPECT_EQ(RunByPins<WholeModel>(), Fast());
}

TEST(PinShell, GivesTheFastEnginesDigestAroundTheVerilatedEngine) {
  EXPECT_EQ(RunByPins<WholeRtl>(), Fast());
}

TEST(PinEngine, GivesTheFastEnginesDigestFromModels) { EXPECT_EQ(RunByPins<UnitModels>(), Fast()); }

TEST(PinEngine, GivesTheFastEnginesDigestFromAMixOfModelsAndVerilatedUnits) {
  EXPECT_EQ(RunByPins<MixedUnits>(), Fast());
}

TEST(PinEngine, TakesAnotherModuleInAUnitsPlace) {
  EXPECT_NE(Fast().find("frames out 10 "), std::string::npos) << Fast();
  const std::string without = RunByPins<WithAnother>();
  EXPECT_NE(without.find("frames out 1 "), std::string::npos) << without;
}

// ------------------------------------------------------------------------------------------------
// One unit.

struct FifoBench {
  FifoBench() {
    fifo.clk_i(clk);
    fifo.rst_ni(rst_n);
    fifo.BindTo(wires);
  }
  void Cycle() {
    clk.write(true);
    sc_core::sc_start(1, SC_NS);
    clk.write(false);
    sc_core::sc_start(1, SC_NS);
  }
  PinShell<handoff_rx_fifo> fifo{"fifo"};
  PinWire<bool> clk{"clk"}, rst_n{"rst_n"};
  handoff_rx_fifo_pins<PinWire, PinWire> wires;
};

TEST(PinShell, RefusesAnEdgeBeforeReset) {
  const std::string said = InChild([] {
    FifoBench bench;
    bench.rst_n.write(true);
    try {
      bench.Cycle();
    } catch (const sc_core::sc_report& report) {
      return std::string(report.get_msg());
    }
    return std::string("accepted");
  });
  EXPECT_EQ(said, "fifo: an edge with rst_ni high before one with rst_ni low");
}

TEST(PinShell, PrintsAndTracesValuesOfThePackage) {
  std::ostringstream text;
  text << Beat{.last = true} << ' ' << Reason::ReasonGap << ' ' << Bits<128>{{0x1f, 0}};
  EXPECT_EQ(text.str(), Beat{.last = true}.ToString() + " ReasonGap 0x1f");
}

// The variables of a VCD file by name, each with all that it was.
std::string Changes(const std::string& path, const std::string& variable) {
  std::ifstream file(path);
  std::string id, changes, scope;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string word, type, width, code, name;
    words >> word;
    if (word == "$scope") {
      words >> type >> name;
      scope += name + ".";
    } else if (word == "$upscope") {
      scope.erase(scope.rfind('.', scope.size() - 2) + 1);
    } else if (word == "$var") {
      words >> type >> width >> code >> name;
      if ("SystemC." + variable == scope + name) id = code;
    } else if (!id.empty() && line.ends_with(id) && line.find(id) == line.size() - id.size()) {
      changes += line.substr(0, line.size() - id.size()) + "|";
    }
  }
  return id.empty() ? "no such variable" : changes;
}

TEST(PinShell, WritesItsPinsAsWaves) {
  const std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("handoff_pins_" + std::to_string(getpid()));
  InChild([&] {
    FifoBench bench;
    sc_core::sc_trace_file* file = sc_core::sc_create_vcd_trace_file(path.c_str());
    bench.fifo.Trace(file);
    for (int i = 0; i < 3; ++i) bench.Cycle();
    bench.rst_n.write(true);
    bench.Cycle();
    bench.wires.frame_valid_i.write(true);
    bench.wires.frame_i.write(Beat{.last = true});
    bench.wires.hdr_valid_i.write(true);
    Hdr hdr{};
    hdr.seg.seq = 5;
    hdr.seg.reason = Reason::ReasonGap;
    bench.wires.hdr_i.write(hdr);
    bench.Cycle();
    bench.wires.frame_valid_i.write(false);
    bench.wires.hdr_valid_i.write(false);
    for (int i = 0; i < 5; ++i) bench.Cycle();
    sc_core::sc_close_vcd_trace_file(file);
    return std::string();
  });
  const std::string vcd = path.string() + ".vcd";
  EXPECT_EQ(Changes(vcd, "fifo.rst_ni"), "0|1|");
  EXPECT_EQ(Changes(vcd, "fifo.frame_valid_i"), "0|1|0|");
  EXPECT_EQ(Changes(vcd, "fifo.hdr_valid_o"), "0|1|");
  EXPECT_EQ(Changes(vcd, "fifo.hdr_o.seg.seq"), "b0 |b101 |");
  EXPECT_NE(Changes(vcd, "fifo.hdr_o.seg.reason"), "no such variable");
  EXPECT_NE(Changes(vcd, "fifo.frame_i.data_w7"), "no such variable");
  std::filesystem::remove(vcd);
}

}  // namespace
}  // namespace handoff::engine_rig
