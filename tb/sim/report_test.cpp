// SPDX-License-Identifier: Apache-2.0
//
// What a mismatch says: seeded faults in engines composed of units, each with the place, the
// values, the transfers and the connection that its report has to name.

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "gen/handoff_pkg.h"
#include "model/clock.h"
#include "sim/core/history.h"
#include "sim/core/make_core.h"
#include "tb/rig/addresses.h"
#include "tb/rig/flat_host.h"

namespace handoff {
namespace {

CoreConfig AllBoth() {
  CoreConfig config{.form = EngineForm::kComposed};
  for (const std::string& unit : EngineUnits()) config.units[unit] = UnitForm::kBoth;
  return config;
}

// An engine with its host; two entries, and legacy frames.
struct Rig {
  std::unique_ptr<EngineCore> core;
  std::unique_ptr<FlatHost> host;

  explicit Rig(const CoreConfig& config) : core(MakeCore(config)) {
    host = std::make_unique<FlatHost>(*core);
    host->Start(64);
    Setup(kConn, 1000);
    Setup(kConn + 1, 2000);
  }
  void Setup(Conn conn, uint16_t port) {
    Setup0Desc a{};
    a.op = static_cast<U8>(CmdKind::CmdSetup);
    a.tag = conn;
    a.conn = conn;
    a.gen = kGen;
    a.local_port = 5000;
    a.peer_port = port;
    a.ttl = 64;
    Setup1Desc b{};
    b.snd_wnd = b.max_wnd = 5000;
    b.mss = 1460;
    b.ack_frames = 2;
    host->Command(a);
    host->Command(b);
    host->CommandsReady();
    host->Run(3000);
  }
  void Query(Conn conn, uint16_t tag) {
    PlainDesc d{};
    d.op = static_cast<U8>(CmdKind::CmdQuery);
    d.tag = tag;
    d.conn = conn;
    d.gen = kGen;
    d.addr = FlatHost::kBlock;
    host->Command(d);
    host->CommandsReady();
  }
  // Not TCP: to a legacy buffer.
  void Receive(size_t bytes) { core->rx.Push({.cycle = core->cycle(), .bytes = Bytes(bytes, 1)}); }

  const CoreMismatch& Fails(uint64_t cycles = 4000) {
    EXPECT_THROW(host->Run(cycles), std::runtime_error);
    if (!core->mismatch()) throw std::logic_error("no mismatch");
    return *core->mismatch();
  }
};

// The part of a text between a heading and the next line that is not indented.
std::string Section(const std::string& text, const std::string& heading) {
  const size_t at = text.find(heading + "\n");
  if (at == std::string::npos) {
    ADD_FAILURE() << "no '" << heading << "' in\n" << text;
    return {};
  }
  size_t end = at + heading.size() + 1;
  while (text.compare(end, 2, "  ") == 0) end = text.find('\n', end) + 1;
  return text.substr(at, end - at);
}
size_t LinesOf(const std::string& text) { return std::count(text.begin(), text.end(), '\n'); }
bool Has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(Report, NamesUnitPortFieldTimeAndBothValues) {
  Rig rig(AllBoth());
  for (int i = 0; i < 4; ++i) rig.Receive(300);
  rig.host->Run(1000);
  const uint64_t cycle = rig.core->cycle() + 90;
  ASSERT_TRUE(rig.core->Flip("upload.done", 0, cycle));  // the tag's lowest bit
  const CoreMismatch& m = rig.Fails();
  EXPECT_EQ(m.cycle, cycle + 1);
  EXPECT_EQ(m.time_ps, CycleToPs(cycle + 1));
  EXPECT_EQ(m.unit, "upload");
  EXPECT_EQ(m.port, "done");
  ASSERT_EQ(m.units.size(), 1u);
  EXPECT_FALSE(m.at_pins);
  EXPECT_TRUE(Has(m.text, "  time " + PsToUsText(m.time_ps) + " us\n")) << m.text;
  EXPECT_TRUE(Has(m.text, "  port done, field tag: rtl ")) << m.text;
  EXPECT_TRUE(Has(m.text, ", xor 0x1\n")) << m.text;
  EXPECT_TRUE(Has(m.text, "no pin of the engine differs in this cycle")) << m.text;
}

TEST(Report, ShowsTheLastTransfersOfTheUnit) {
  Rig rig(AllBoth());
  for (int i = 0; i < 3; ++i) rig.Receive(60 + 64 * i);
  rig.host->Run(2000);
  ASSERT_TRUE(rig.core->Flip("upload.done", 0, rig.core->cycle() + 50));
  const std::string text = rig.Fails().text;
  const std::string last = Section(text, "last transfers of upload:");
  EXPECT_EQ(LinesOf(last), 17u) << last;  // the heading and 16
  EXPECT_TRUE(Has(last, " -> job {kind=JobWrite ")) << last;
  EXPECT_TRUE(Has(last, " -> fdata {")) << last;
  EXPECT_TRUE(Has(last, " <- upload_wr {")) << last;
  EXPECT_TRUE(Has(last, " <- done {")) << last;
  EXPECT_TRUE(Has(last, "kind=NtfLegacyFrame ")) << last;
  // In the order in which they happened.
  std::vector<uint64_t> cycles;
  for (size_t at = 0; (at = last.find("  cycle ", at)) != std::string::npos; ++at)
    cycles.push_back(std::stoull(last.substr(at + 8)));
  EXPECT_TRUE(std::is_sorted(cycles.begin(), cycles.end()));
  EXPECT_TRUE(Has(text, "last transfers at the engine's pins:\n")) << text;
}

TEST(Report, SaysThatAUnitHadNoTransfer) {
  auto core = MakeCore(AllBoth());
  FlatHost host(*core);
  ASSERT_TRUE(core->Flip("upload.quiet", 0, 100));
  EXPECT_THROW(host.Run(200), std::runtime_error);
  ASSERT_TRUE(core->mismatch());
  EXPECT_TRUE(Has(core->mismatch()->text, "last transfers of upload:\n  none\n"));
  EXPECT_FALSE(Has(core->mismatch()->text, "name connection"));
}

TEST(Report, ShowsTheConnectionThatTheDifferingValueNames) {
  Rig rig(AllBoth());
  rig.Query(kConn, 100);
  rig.host->Run(2000);
  rig.Query(kConn + 1, 101);
  rig.host->Run(2000);
  // While the answer to a third query waits to be written, its notification differs.
  rig.Query(kConn, 102);
  uint64_t cycle = rig.core->cycle();
  ASSERT_TRUE(rig.core->Flip("rx_tcp.place", 0, cycle + 2000));
  const CoreMismatch& m = rig.Fails();
  EXPECT_EQ(m.unit, "rx_tcp");
  EXPECT_EQ(m.port, "place");
  const std::string name = "last transfers that name connection " + std::to_string(kConn) + ":";
  const std::string last = Section(m.text, name);
  // Each channel once, by its producer: the way of all three commands, SETUP's and two queries'.
  for (const char* step : {" command <- cmd {", " lookup <- op {", " rx_tcp <- place {",
                           " buffers <- job {", " upload <- done {"}) {
    EXPECT_TRUE(Has(last, step)) << step << " in\n" << last;
  }
  EXPECT_FALSE(Has(last, " -> ")) << last;
  EXPECT_TRUE(Has(last, "tag=0x64 ")) << last;
  EXPECT_TRUE(Has(last, "tag=0x66 ")) << last;
  EXPECT_FALSE(Has(last, "tag=0x65 ")) << last;  // the other connection's
  EXPECT_LE(LinesOf(last), 17u);
}

// The payload that differs is an older one than the unit's latest transfer; of its connection's
// number one bit is wrong, so that the two sides name two.
TEST(Report, ShowsTheConnectionsThatBothSidesName) {
  Rig rig(AllBoth());
  rig.Query(kConn, 100);
  rig.host->Run(2000);
  for (const FieldInfo& field : Ackev::kFields) {
    if (std::string(field.name) != "conn") continue;
    ASSERT_TRUE(rig.core->Flip("rx_tcp.ackev", field.lsb, rig.core->cycle() + 10));
  }
  const CoreMismatch& m = rig.Fails();
  EXPECT_EQ(m.port, "ackev");
  EXPECT_TRUE(Has(m.text, "  port ackev, field conn: rtl 8, model 9, xor 0x1\n")) << m.text;
  EXPECT_TRUE(Has(Section(m.text, "last transfers that name connection 8:"), " <- ackev {"));
  EXPECT_TRUE(Has(Section(m.text, "last transfers that name connection 9:"), "  none\n"));
  EXPECT_FALSE(Has(m.text, "last transfers that name connection 7:"));
}

TEST(Report, FallsBackToTheUnitsLatestConnection) {
  Rig rig(AllBoth());
  rig.Query(kConn, 100);
  rig.host->Run(2000);
  rig.Query(kConn + 1, 101);
  rig.host->Run(2000);
  ASSERT_TRUE(rig.core->Flip("rx_tcp.quiet", 0, rig.core->cycle() + 10));
  const CoreMismatch& m = rig.Fails();
  EXPECT_EQ(m.port, "quiet");
  const std::string last =
      Section(m.text, "last transfers that name connection " + std::to_string(kConn + 1) + ":");
  EXPECT_TRUE(Has(last, "tag=0x65 ")) << last;
}

TEST(Report, NamesEveryUnitThatDiffersInTheCycle) {
  Rig rig(AllBoth());
  const uint64_t cycle = rig.core->cycle() + 20;
  ASSERT_TRUE(rig.core->Flip("dma.aw_valid", 0, cycle));
  ASSERT_TRUE(rig.core->Flip("buffers.quiet", 0, cycle));
  ASSERT_TRUE(rig.core->Flip("tx.quiet", 0, cycle + 1));  // later: not in the report
  const CoreMismatch& m = rig.Fails();
  EXPECT_EQ(m.cycle, cycle + 1);
  EXPECT_EQ(m.unit, "buffers");
  EXPECT_EQ(m.port, "quiet");
  ASSERT_EQ(m.units.size(), 2u);
  EXPECT_EQ(m.units[1].unit, "dma");
  EXPECT_EQ(m.units[1].port, "aw_valid");
  EXPECT_TRUE(Has(m.text, "unit dma differs in the same cycle:\n  port aw_valid: rtl 0, model 1"))
      << m.text;
  EXPECT_TRUE(Has(m.text, "last transfers of buffers:\n"));
  EXPECT_TRUE(Has(m.text, "last transfers of dma:\n"));
  // aw_valid is a pin of the engine.
  EXPECT_TRUE(m.at_pins);
  EXPECT_TRUE(Has(m.text, "the engine's pins differ in this cycle too")) << m.text;
}

TEST(Report, NamesEveryPortThatDiffers) {
  for (const EngineForm form : {EngineForm::kLockstep, EngineForm::kComposed}) {
    CoreConfig config = AllBoth();
    config.form = form;
    Rig rig(config);
    const uint64_t cycle = rig.core->cycle() + 20;
    ASSERT_TRUE(rig.core->Flip("dma.aw_valid", 0, cycle));
    ASSERT_TRUE(rig.core->Flip("dma.ar", 3, cycle));
    ASSERT_TRUE(rig.core->Flip("dma.ar_valid", 0, cycle));
    const CoreMismatch& m = rig.Fails();
    EXPECT_EQ(m.unit, form == EngineForm::kLockstep ? "engine" : "dma");
    EXPECT_EQ(m.port, "aw_valid");
    EXPECT_EQ(m.time_ps, CycleToPs(m.cycle));
    for (const char* line :
         {"  time ", "  port aw_valid: rtl 0, model 1, xor 0x1\n",
          "  port ar_valid: rtl 0, model 1, xor 0x1\n", "  port ar, field addr: rtl "}) {
      EXPECT_TRUE(Has(m.text, line)) << line << " in\n" << m.text;
    }
  }
}

// A unit that is not both has nothing to differ from, and takes part in the histories.
TEST(Report, ShowsConnectionsAcrossUnitsOfEveryForm) {
  CoreConfig config{.form = EngineForm::kComposed};
  config.units["rx_tcp"] = UnitForm::kBoth;
  config.units["lookup"] = UnitForm::kRtl;
  Rig rig(config);
  rig.Query(kConn, 100);
  rig.host->Run(2000);
  ASSERT_TRUE(rig.core->Flip("rx_tcp.quiet", 0, rig.core->cycle() + 10));
  const CoreMismatch& m = rig.Fails();
  const std::string last =
      Section(m.text, "last transfers that name connection " + std::to_string(kConn) + ":");
  for (const char* step : {" command <- cmd {", " lookup <- op {", " rx_tcp <- place {"}) {
    EXPECT_TRUE(Has(last, step)) << step << " in\n" << last;
  }
}

TEST(Report, NamesNoConnectionForAFrameThatHitNone) {
  Op op{.hit = false, .conn = 5};
  EXPECT_EQ(ConnectionOf(op), std::nullopt);
  op.hit = true;
  EXPECT_EQ(ConnectionOf(op), Conn{5});
  op.is_cmd = true;
  op.cmd.conn = 6;
  EXPECT_EQ(ConnectionOf(op), Conn{6});
  EXPECT_EQ(ConnectionOf(Place{.kind = PlaceKind::PlaceDrop, .conn = 5}), std::nullopt);
  const Ntf missed{.kind = NtfKind::NtfLegacyFrame, .conn = 5};
  EXPECT_EQ(ConnectionOf(Place{.kind = PlaceKind::PlaceWhole, .conn = 5, .ntf = missed}),
            std::nullopt);
  EXPECT_EQ(ConnectionOf(Place{.kind = PlaceKind::PlacePayload, .conn = 5}), Conn{5});
  EXPECT_EQ(ConnectionOf(missed), std::nullopt);
  EXPECT_EQ(ConnectionOf(Ntf{.kind = NtfKind::NtfLegacyFrame, .hit = true, .conn = 5}), Conn{5});
  EXPECT_EQ(ConnectionOf(Job{.ntf = Ntf{.conn = 5}}), std::nullopt);
  EXPECT_EQ(ConnectionOf(true), std::nullopt);
}

// Every register that is listed can be flipped by its name, from its first bit to its last.
TEST(Flips, TakeEachRegisterThatIsListed) {
  const auto core = MakeCore({.form = EngineForm::kModel});
  for (const std::string& unit : EngineUnits()) {
    const auto registers = RegisterNames(unit);
    EXPECT_FALSE(registers.empty()) << unit;
    std::set<std::string> names;
    for (const auto& [name, width] : registers) {
      const std::string reg = fmt::format("{}.{}", unit, name);
      EXPECT_TRUE(names.insert(name).second) << reg << " is listed twice";
      EXPECT_TRUE(core->Flip(reg, 0, 1)) << reg;
      EXPECT_FALSE(core->Flip(reg, width, 1)) << reg;
    }
  }
}

TEST(Flips, SayWhatIsWrongWithTheirName) {
  const auto says = [](const std::string& reg, uint32_t bit, const std::string& text) {
    const std::string why = WhyNoFlip(reg, bit);
    EXPECT_NE(why.find(text), std::string::npos) << why;
  };
  says("uplaod.upload_wr_valid", 0, "no unit 'uplaod'; units are: rx_parser ");
  says("uplaod", 0, "no unit 'uplaod'");
  says("", 0, "no unit ''");
  says("upload", 0, "no register '' of upload; its registers and their bits are: clr[1]");
  says("upload.upload_wr_vald", 0, "no register 'upload_wr_vald' of upload");
  says("upload.upload_wr_vald", 0, " upload_wr_valid[1] ");
  says("upload.beat", 512, "no bit 512 of register 'beat' of upload: it has 512");
  says("upload.beat", 511, "the model of this unit does not run here");
}

}  // namespace
}  // namespace handoff
