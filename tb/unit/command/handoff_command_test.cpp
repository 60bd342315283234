// SPDX-License-Identifier: Apache-2.0
//
// command against docs/units/command.md: twins in lockstep, and beside them a host, what lookup and
// rx_tcp answer, and what must become of each slot.

#include <gtest/gtest.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "gen/handoff_command_rtl.h"
#include "gen/handoff_command_small_rtl.h"
#include "model/handoff_command.h"
#include "tb/twin/channel_hits.h"
#include "tb/twin/twin_bench.h"
#include "tb/unit/command/reference.h"
#include "tb/unit/command/slots.h"

namespace handoff {
namespace {

constexpr uint32_t kAhead = 4, kSlotBytes = 64,
                   kLastCmd = static_cast<uint32_t>(CmdKind::CmdUndelegate);
constexpr uint16_t kMaxFrame = kSlotsMaxFrame;

// The unit with a host that posts slots, a memory, and lookup and rx_tcp, which answer.
template <class RtlClass = handoff_command_small_rtl>
class Command {
 public:
  using Bench = TwinBench<handoff_command, RtlClass>;
  Bench bench;
  Producer<Rd> cmd_rd{bench, bench.to.cmd_rd};
  Producer<CmdRsp> rsp{bench, bench.to.cmd_rsp};
  Consumer<RdReq> cmd_rd_req{bench, bench.from.cmd_rd_req};
  Consumer<CmdKey> cmd{bench, bench.from.cmd};
  Consumer<Tmpl> tmpl{bench, bench.from.tmpl};
  const uint32_t entries = RtlClass::template ModelParams<handoff_command::Params>().DctEntries;
  double read_chance = 1, rsp_chance = 1, refuse_chance = 0, error_chance = 0, nonsense_chance = 0;
  // Seen.
  std::vector<CmdKey> cmds;
  std::vector<Tmpl> tmpls;
  std::vector<uint64_t> cmd_cycles, req_cycles, cmd_rd_cycles, rsp_cycles;
  uint64_t refused_behind = 0;

  Command() { Start(); }
  void Start() {
    rng_ = bench.MakeRng("host");
    reference_ = CommandReference(entries);
    read_chance = rsp_chance = 1;
    refuse_chance = error_chance = nonsense_chance = 0;
    cmds.clear(), tmpls.clear();
    cmd_cycles.clear(), req_cycles.clear(), cmd_rd_cycles.clear(), rsp_cycles.clear();
    pending_tmpl_.reset(), waits_rsp_ = false, fault_ = false;
    reads_.clear(), beats_.clear(), words_.clear(), todo_.clear();
    posted_ = fetched_ = arrived_ = issued_ = dead_ = 0;
    Cfg& cfg = bench.in.cfg;
    cfg.max_frame = kMaxFrame;
    cfg.delay0_us = 1000, cfg.delay1_us = 0, cfg.delay2_us = 499999, cfg.delay3_us = 500000;
  }
  void Enable(uint32_t log_size = 5, uint64_t base = 0x10000) {
    ring_.assign(size_t{1} << log_size, Data{});
    posted_ = fetched_ = arrived_ = 0;
    bench.in.cmd_ring = {.enable = true, .base = base, .log_size = static_cast<uint8_t>(log_size)};
  }
  void Disable() {
    bench.in.cmd_ring.enable = false;
    bench.in.cmd_ring.index = 0;
    dead_ = issued_ + bench.out().cmd_rd_req_valid;
    for (Beat& beat : beats_) beat.dead = true;
    todo_.clear();
  }
  // Posted as the ring has room.
  void Push(const Data& slot) { todo_.push_back(slot); }
  template <class Desc>
  void Push(const Desc& desc) {
    Push(Slot(desc));
  }
  void Push(const GoodSetup& setup) { Push(setup.d0), Push(setup.d1); }

  // Posts one command and runs until it was answered.
  template <class Desc>
  Status Run(const Desc& desc) {
    const size_t n = cmds.size();
    Push(desc);
    StepUntil([&] { return cmds.size() > n && Done(); }, "the command");
    return cmds.back().cmd.status;
  }
  Status RunSetup(const std::function<void(GoodSetup&)>& change) {
    GoodSetup setup;
    change(setup);
    return Run(setup);
  }
  Status RunPost(uint8_t pieces, const std::function<void(PostDesc&)>& change) {
    PostDesc post = GoodPost(pieces);
    change(post);
    return Run(post);
  }

  void Step(uint64_t cycles = 1) {
    for (uint64_t i = 0; i < cycles; ++i) OneStep();
  }
  template <class F>
  void StepUntil(F&& condition, const char* what, uint64_t limit = 20000) {
    for (uint64_t i = 0; !condition(); ++i) {
      if (i == limit) bench.Fail(std::string("did not happen: ") + what + "\n");
      Step();
    }
  }
  bool Done() const {
    return !waits_rsp_ && words_.empty() && reads_.empty() && beats_.empty() && todo_.empty() &&
           (fault_ || arrived_ == posted_) && rsp.done();
  }
  bool fault() const { return fault_; }
  size_t reads() const { return reads_.size(); }
  size_t words() const { return words_.size(); }

 private:
  struct Read {
    uint64_t serial;
    Data data;
  };
  struct Beat {
    bool dead, err, asked;
    Data data;
  };

  void OneStep() {
    const bool enable = bench.in.cmd_ring.enable;
    // Nothing is posted while a beat comes that must meet no read.
    const bool posts = enable && (beats_.empty() || beats_.back().asked);
    for (; posts && !todo_.empty() && posted_ - arrived_ < ring_.size() - 1; ++posted_) {
      ring_[posted_ % ring_.size()] = todo_.front();
      todo_.pop_front();
    }
    if (enable) bench.in.cmd_ring.index = static_cast<U16>(posted_ % ring_.size());
    if (bench.in.cmd_rd_valid) {
      cmd_rd_cycles.push_back(bench.cycle());
      const Beat& beat = beats_.front();
      if (beat.asked && !beat.dead && enable && !fault_ && !beat.err) {
        words_.push_back(beat.data);
        ++arrived_;
      }
      fault_ |= beat.asked && beat.err;
      beats_.pop_front();
    }
    if (bench.in.cmd_rsp_valid) rsp_cycles.push_back(bench.cycle());
    bench.Cycle();
    EXPECT_EQ(bench.out().cmd_fault, fault_);
    if (enable) {
      EXPECT_EQ(bench.out().cmd_cons, arrived_ % ring_.size());
    }
    if (bench.out().quiet) {
      EXPECT_TRUE(words_.empty() && reads_.empty() && !waits_rsp_) << "quiet at work";
    }
    SeeRequest();
    SeeCommand();
    Answer();
  }
  void SeeRequest() {
    while (!cmd_rd_req.empty()) {
      req_cycles.push_back(cmd_rd_req.items().front().cycle);
      const RdReq request = cmd_rd_req.Take();
      const uint64_t base = bench.in.cmd_ring.base & ~uint64_t{63};
      Read read{.serial = issued_++, .data = {}};
      EXPECT_EQ(request.bytes, kSlotBytes);
      if (read.serial >= dead_) {
        EXPECT_EQ(request.addr, base + kSlotBytes * (fetched_ % ring_.size()));
        EXPECT_LT(fetched_, posted_) << "past the host's index";
        read.data = ring_[fetched_++ % ring_.size()];
      }
      reads_.push_back(read);
      EXPECT_LE(reads_.size() + beats_.size(), kAhead);
    }
  }
  void SeeCommand() {
    while (!tmpl.empty()) {
      ASSERT_FALSE(pending_tmpl_.has_value());
      pending_tmpl_ = tmpl.Take();
      tmpls.push_back(*pending_tmpl_);
    }
    if (cmd.empty()) return;
    ASSERT_FALSE(waits_rsp_) << "one at a time";
    ASSERT_FALSE(words_.empty()) << "a command from nowhere";
    cmd_cycles.push_back(cmd.items().front().cycle);
    w0_ = words_.front();
    words_.pop_front();
    Data w1;
    if (As<PlainDesc>(w0_).op == static_cast<U8>(CmdKind::CmdSetup)) {
      ASSERT_FALSE(words_.empty()) << "half a SETUP";
      w1 = words_.front();
      words_.pop_front();
    }
    const CommandReference::Result want = reference_.Decode(w0_, w1, bench.in.cfg);
    cmds.push_back(cmd.Take());
    EXPECT_EQ(cmds.back(), want.cmd) << cmds.back().ToString() << "\n" << want.cmd.ToString();
    ASSERT_EQ(pending_tmpl_.has_value(), want.tmpl.has_value()) << "template before its command";
    if (want.tmpl) {
      EXPECT_EQ(*pending_tmpl_, *want.tmpl) << want.tmpl->ToString();
    }
    pending_tmpl_.reset();
    waits_rsp_ = true;
  }
  void Answer() {
    if (waits_rsp_ && rsp.queued() == 0 && rng_.Chance(rsp_chance)) {
      Status status = cmds.back().cmd.status;
      if (status == Status::StatusOk && rng_.Chance(refuse_chance)) {
        status = Status::StatusTupleInUse;
        ++refused_behind;
      }
      if (status == Status::StatusOk) reference_.Done(w0_);
      rsp.Push({.status = status, .op = static_cast<CmdKind>(rng_.Below(16))});
      waits_rsp_ = false;
    } else if (!waits_rsp_ && words_.empty() && beats_.empty() && cmd_rd.done() &&
               rng_.Chance(nonsense_chance)) {
      rsp.Push({.status = Status::StatusOk, .op = CmdKind::CmdSetup});  // nobody waits for it
      if (reads_.empty() && !bench.out().cmd_rd_req_valid && fetched_ == posted_ && todo_.empty()) {
        beats_.push_back({.dead = false, .err = rng_.Chance(0.5), .asked = false, .data = {}});
        cmd_rd.Push({.err = beats_.back().err, .data = {}});
        return;
      }
    }
    if (cmd_rd.queued() != 0 || reads_.empty() || !rng_.Chance(read_chance)) return;
    const Read& read = reads_.front();
    const bool err = rng_.Chance(error_chance);
    beats_.push_back({.dead = read.serial < dead_, .err = err, .asked = true, .data = read.data});
    cmd_rd.Push({.last = rng_.Chance(0.5), .err = err, .data = read.data});
    reads_.pop_front();
  }

  Rng rng_ = bench.MakeRng("host");
  CommandReference reference_{entries};
  std::vector<Data> ring_{2};
  std::deque<Data> todo_;
  uint64_t posted_ = 0, fetched_ = 0, arrived_ = 0;  // slots since enabled
  uint64_t issued_ = 0, dead_ = 0;  // requests; those below dead_ were there when disabled
  std::deque<Read> reads_;
  std::deque<Beat> beats_;
  std::deque<Data> words_;  // read, not seen as commands yet
  Data w0_;
  std::optional<Tmpl> pending_tmpl_;
  bool waits_rsp_ = false;
  bool fault_ = false;
};

TEST(Command, ClearsBeforeTheFirstFetch) {
  Command<handoff_command_rtl> command;
  command.Enable();
  command.Push(With<PlainDesc>(CmdKind::CmdResync, 1, 7));
  command.Step(1024);
  EXPECT_FALSE(command.bench.out().cmd_rd_req_valid);
  EXPECT_FALSE(command.bench.out().quiet);
  command.StepUntil([&] { return command.Done(); }, "the command", 20);
  EXPECT_EQ(command.cmds.at(0).cmd.status, Status::StatusStale);
  command.Step(5);
  EXPECT_TRUE(command.bench.out().quiet);
}

TEST(Command, KeepsItsLatencies) {
  Command command;
  command.Enable();
  command.Step(100);
  command.Push(With<PlainDesc>(CmdKind::CmdResync, 1, 7));
  command.Push(With<PlainDesc>(CmdKind::CmdResync, 1, 7));
  const uint64_t n = command.bench.cycle();  // in which the doorbell changes
  command.StepUntil([&] { return command.Done(); }, "both");
  EXPECT_EQ(command.req_cycles.at(0), n + 1);
  EXPECT_EQ(command.cmd_cycles.at(0), command.cmd_rd_cycles.at(0) + 4);
  EXPECT_EQ(command.cmd_cycles.at(1), command.rsp_cycles.at(0) + 4);  // StTake in n+1
  command.Run(GoodSetup());
  EXPECT_EQ(command.cmd_rd_cycles.at(3), command.cmd_rd_cycles.at(2) + 1);
  EXPECT_EQ(command.cmd_cycles.at(2), command.cmd_rd_cycles.at(2) + 6);
}

TEST(Command, ReadsFourSlotsAhead) {
  Command command;
  command.Enable();
  command.rsp_chance = 0;
  for (int i = 0; i < 20; ++i) command.Push(With<PlainDesc>(CmdKind::CmdFlush, 1, 7));
  command.Step(200);
  EXPECT_EQ(command.req_cycles.size(), 1 + kAhead);
  EXPECT_EQ(command.words(), kAhead);
  command.rsp_chance = 1;
  command.StepUntil([&] { return command.Done(); }, "all");
}

TEST(Command, RefusesUnknownCommandsAndIndices) {
  Command command;
  command.Enable();
  for (uint32_t op = 0; op < 256; op = op == 0 ? kLastCmd + 1 : op + 1) {
    auto d = With<PlainDesc>(static_cast<CmdKind>(op), 1, 7);
    EXPECT_EQ(command.Run(d), Status::StatusBadOp);
    EXPECT_EQ(command.cmds.back().cmd.op, CmdKind::CmdNone);
    EXPECT_EQ(command.cmds.back().cmd.conn, 0);
  }
  for (const Conn conn : {64, 1024, 65535}) {
    EXPECT_EQ(command.Run(With<PlainDesc>(CmdKind::CmdQuery, conn, 7)), Status::StatusBadIndex);
    EXPECT_EQ(command.cmds.back().cmd.conn, 0);
    EXPECT_EQ(command.RunSetup([&](GoodSetup& s) { s.d0.conn = conn; }), Status::StatusBadIndex);
  }
}

TEST(Command, RefusesBadSetups) {
  Command command;
  command.Enable();
  EXPECT_EQ(command.RunSetup([](GoodSetup& s) { s.d0.n_tags = 3; }), Status::StatusUnsupported);
  EXPECT_EQ(command.RunSetup([](GoodSetup& s) { s.d1.snd_scale = 15; }), Status::StatusBadScale);
  EXPECT_EQ(command.RunSetup([](GoodSetup& s) { s.d1.rcv_scale = 15; }), Status::StatusBadScale);
  EXPECT_EQ(command.RunSetup([](GoodSetup& s) { s.d1.mss = 63; }), Status::StatusBadMss);
  EXPECT_TRUE(command.tmpls.empty());
  EXPECT_EQ(command.RunSetup([](GoodSetup& s) { s.d1.mss = 64; }), Status::StatusOk);
  EXPECT_EQ(command.Run(GoodSetup()), Status::StatusInUse);
}

TEST(Command, BoundsTheMssByMaxFrame) {
  Command command;
  command.Enable();
  Conn conn = 0;
  for (const bool ip6 : {false, true}) {
    for (const uint8_t tags : {0, 1, 2}) {
      const auto most = static_cast<uint16_t>(kMaxFrame - (ip6 ? 74 : 54) - 4 * tags);
      auto setup = [&](uint16_t mss) {
        return command.RunSetup([&](GoodSetup& s) {
          s.d0.conn = conn, s.d0.flags = ip6, s.d0.n_tags = tags, s.d1.mss = mss;
        });
      };
      auto set = [&](uint16_t mss) {
        auto d = With<SetDesc>(CmdKind::CmdSet, conn, 7);
        d.mask = 2, d.mss = mss;
        return command.Run(d);
      };
      EXPECT_EQ(setup(most + 1), Status::StatusBadMss);
      EXPECT_EQ(setup(65535), Status::StatusBadMss) << "the sum has 17 bits";
      EXPECT_EQ(setup(most), Status::StatusOk);
      EXPECT_EQ(set(most + 1), Status::StatusBadMss);
      EXPECT_EQ(set(most), Status::StatusOk);
      EXPECT_EQ(set(63), Status::StatusBadMss);
      ++conn;
    }
  }
}

TEST(Command, RefusesBadCoalescing) {
  Command command;
  command.Enable();
  auto setup = [&](uint8_t frames, uint8_t cls) {
    return command.RunSetup(
        [&](GoodSetup& s) { s.d0.flags = 8, s.d1.ack_frames = frames, s.d1.ack_class = cls; });
  };
  EXPECT_EQ(setup(0, 0), Status::StatusBadAckFrames);
  EXPECT_EQ(setup(2, 1), Status::StatusBadAckDelay) << "a delay of 0";
  EXPECT_EQ(setup(2, 3), Status::StatusBadAckDelay) << "500 ms";
  EXPECT_EQ(setup(2, 4), Status::StatusBadAckDelay) << "no such class";
  EXPECT_EQ(setup(2, 2), Status::StatusOk) << "1 us under 500 ms";
  auto set = [&](uint8_t mask, uint8_t flags, uint8_t frames, uint8_t cls) {
    auto d = With<SetDesc>(CmdKind::CmdSet, 1, 7);
    d.mask = mask, d.flags = flags, d.ack_frames = frames, d.ack_class = cls;
    return command.Run(d);
  };
  EXPECT_EQ(set(4, 1, 0, 0), Status::StatusBadAckFrames);
  EXPECT_EQ(set(4, 1, 1, 3), Status::StatusBadAckDelay);
  EXPECT_EQ(set(4, 0, 0, 3), Status::StatusOk) << "off: the rest does not matter";
  EXPECT_EQ(set(3 & 1, 1, 0, 3), Status::StatusOk) << "not set at all";
}

TEST(Command, RefusesBadPosts) {
  Command command;
  command.Enable();
  EXPECT_EQ(command.Run(GoodPost(1)), Status::StatusStale);
  command.Run(GoodSetup());
  auto run = [&](uint8_t pieces, const std::function<void(PostDesc&)>& change) {
    return command.RunPost(pieces, change);
  };
  EXPECT_EQ(run(0, [](PostDesc&) {}), Status::StatusBadPiece);
  EXPECT_EQ(run(4, [](PostDesc&) {}), Status::StatusBadPiece);
  EXPECT_EQ(run(1, [](PostDesc& d) { d.piece0.size = 0; }), Status::StatusBadSize);
  EXPECT_EQ(run(2, [](PostDesc& d) { d.piece1.size = 0; }), Status::StatusBadSize);
  EXPECT_EQ(run(3, [](PostDesc& d) { d.piece2.size = 0; }), Status::StatusBadSize);
  EXPECT_EQ(run(2, [](PostDesc& d) { d.piece2.size = 0; }), Status::StatusOk) << "not given";
  const uint64_t top = ~uint64_t{0} - 4095;  // 2^64 - 4096
  EXPECT_EQ(run(1, [&](PostDesc& d) { d.piece0.addr = top; }), Status::StatusOk);
  EXPECT_EQ(run(1, [&](PostDesc& d) { d.piece0.addr = top + 1; }), Status::StatusBadSize);
  EXPECT_EQ(run(1, [](PostDesc& d) { d.startup = 9; }), Status::StatusBadStartup);
  EXPECT_EQ(run(1, [](PostDesc& d) { d.startup = 8; }), Status::StatusUnsupported);
  EXPECT_EQ(run(1, [](PostDesc& d) { d.flags = 4; }), Status::StatusUnsupported);
  EXPECT_EQ(run(3, [](PostDesc& d) { d.flags = 3; }), Status::StatusOk);
}

TEST(Command, RefusesStaleGenerations) {
  Command command;
  command.Enable();
  EXPECT_EQ(command.Run(GoodSetup()), Status::StatusOk);
  for (int op = 2; op <= 8; ++op) {
    EXPECT_EQ(command.Run(With<PlainDesc>(static_cast<CmdKind>(op), 1, 8)), Status::StatusStale);
  }
  EXPECT_EQ(command.Run(With<PlainDesc>(CmdKind::CmdUndelegate, 1, 7)), Status::StatusOk);
  EXPECT_EQ(command.RunSetup([](GoodSetup& s) { s.d0.gen = 8; }), Status::StatusOk);
  EXPECT_EQ(command.Run(With<PlainDesc>(CmdKind::CmdQuery, 1, 7)), Status::StatusStale);
  EXPECT_EQ(command.Run(With<PlainDesc>(CmdKind::CmdQuery, 1, 8)), Status::StatusOk);
}

TEST(Command, KeyLeavesOutPriorityTags) {
  Command command;
  command.Enable();
  auto key = [&](Conn conn, uint8_t tags, uint16_t tci0, uint16_t tci1) {
    command.RunSetup([&](GoodSetup& s) {
      s.d0.conn = conn, s.d0.n_tags = tags, s.d0.tci0 = tci0, s.d0.tci1 = tci1;
    });
    EXPECT_EQ(command.tmpls.back().n_tags, tags) << "what is sent keeps its tags";
    const Key k = command.cmds.back().key;
    EXPECT_EQ(k.src_ip.w[0], 0x0a000002u) << "the peer's; IPv4 has 32 bits";
    EXPECT_EQ(k.dst_ip.w[1], 0u);
    return std::vector<uint32_t>{k.n_tags, k.vid0, k.vid1};
  };
  using V = std::vector<uint32_t>;
  EXPECT_EQ(key(0, 0, 5, 6), (V{0, 0, 0}));
  EXPECT_EQ(key(1, 1, 0xe005, 6), (V{1, 5, 0}));
  EXPECT_EQ(key(2, 1, 0xe000, 6), (V{0, 0, 0}));
  EXPECT_EQ(key(3, 2, 0xe005, 0x2006), (V{2, 5, 6}));
  EXPECT_EQ(key(4, 2, 0xe000, 0x2006), (V{1, 6, 0}));
  EXPECT_EQ(key(5, 2, 0x0005, 0x2000), (V{1, 5, 0}));
  EXPECT_EQ(key(6, 2, 0, 0), (V{0, 0, 0}));
}

TEST(Command, SendsTheTemplateBeforeTheCommand) {
  Command command;
  command.Enable();
  command.Step(100);
  command.tmpl.SetPace(0);
  command.Push(GoodSetup());
  command.Push(With<SetDesc>(CmdKind::CmdSet, 1, 7));
  command.Step(100);
  EXPECT_EQ(command.cmds.size(), 2u) << "tx's skid takes a template";
  for (Conn conn = 2; conn < 5; ++conn) {
    GoodSetup setup;
    setup.d0.conn = conn;
    command.Push(setup);
  }
  command.Step(100);
  EXPECT_TRUE(command.bench.out().tmpl_valid);
  EXPECT_FALSE(command.bench.out().cmd_valid) << "not before tx has its template";
  command.tmpl.SetPace(1);
  command.StepUntil([&] { return command.Done(); }, "all");
  EXPECT_EQ(command.tmpls.size(), 4u);
  auto set = With<SetDesc>(CmdKind::CmdSet, 1, 7);
  set.mask = 8, set.ttl = 3, set.peer_mac = 0x020000000099;
  EXPECT_EQ(command.Run(set), Status::StatusOk);
  EXPECT_EQ(command.tmpls.back().ttl, 3);
  EXPECT_EQ(command.tmpls.back().local_mac, 0x020000000001u) << "as SETUP gave it";
}

TEST(Command, KeepsTheEntryWhenLookupRefuses) {
  Command command;
  command.Enable();
  command.refuse_chance = 1;
  EXPECT_EQ(command.Run(GoodSetup()), Status::StatusOk);  // refused behind
  command.refuse_chance = 0;
  EXPECT_EQ(command.Run(With<PlainDesc>(CmdKind::CmdQuery, 1, 7)), Status::StatusStale);
  EXPECT_EQ(command.Run(GoodSetup()), Status::StatusOk);
  command.refuse_chance = 1;
  command.Run(With<PlainDesc>(CmdKind::CmdUndelegate, 1, 7));
  command.refuse_chance = 0;
  EXPECT_EQ(command.Run(With<PlainDesc>(CmdKind::CmdQuery, 1, 7)), Status::StatusOk);
}

TEST(Command, WaitsForTheSecondSlot) {
  Command command;
  command.Enable();
  command.Push(GoodSetup().d0);
  command.Step(200);
  EXPECT_TRUE(command.cmds.empty());
  EXPECT_FALSE(command.bench.out().quiet) << "half a SETUP is work";
  command.Push(GoodSetup().d1);
  command.StepUntil([&] { return command.Done(); }, "the SETUP");
  EXPECT_EQ(command.cmds.back().cmd.status, Status::StatusOk);
}

TEST(Command, ReadsEachEntryOnce) {
  Command command;
  command.Enable(3);
  command.read_chance = 0.2;
  for (int i = 0; i < 100; ++i) command.Push(With<PlainDesc>(CmdKind::CmdFlush, 1, 7));
  command.StepUntil([&] { return command.Done(); }, "all");  // the doorbell is written every cycle
  EXPECT_EQ(command.cmds.size(), 100u);
}

TEST(Command, SetupWrapsAtTheRingsEnd) {
  for (const uint32_t log_size : {1, 2, 3}) {
    Command command;
    command.Enable(log_size);
    command.Push(With<PlainDesc>(CmdKind::CmdFlush, 1, 7));
    for (Conn conn = 0; conn < 20; ++conn) {
      EXPECT_EQ(command.RunSetup([&](GoodSetup& s) { s.d0.conn = conn; }), Status::StatusOk);
    }
  }
}

TEST(Command, StopsAtAReadError) {
  Command command;
  command.Enable();
  command.rsp_chance = 0;
  for (int i = 0; i < 3; ++i) command.Push(With<PlainDesc>(CmdKind::CmdFlush, 1, 7));
  command.StepUntil([&] { return command.words() == 2; }, "two wait");
  command.error_chance = 1;
  for (int i = 0; i < 10; ++i) command.Push(With<PlainDesc>(CmdKind::CmdFlush, 1, 7));
  command.StepUntil([&] { return command.fault(); }, "an error");
  command.error_chance = 0, command.rsp_chance = 1;
  command.Step(200);
  EXPECT_EQ(command.cmds.size(), 3u) << "what was read is executed, nothing more is read";
  EXPECT_TRUE(command.bench.out().cmd_fault);
}

TEST(Command, StartsOverWhenTheRingIsEnabledAgain) {
  Command command;
  command.Enable();
  command.rsp_chance = command.read_chance = 0;
  for (int i = 0; i < 10; ++i) command.Push(With<PlainDesc>(CmdKind::CmdFlush, 1, 7));
  command.StepUntil([&] { return command.reads() == kAhead; }, "four reads");
  command.Disable();
  command.Step(3);
  EXPECT_EQ(command.bench.out().cmd_cons, 0);
  command.Enable(4, 0x20000);
  command.Push(With<PlainDesc>(CmdKind::CmdResync, 1, 7));
  const size_t requests = command.req_cycles.size();
  command.Step(50);
  EXPECT_EQ(command.req_cycles.size(), requests) << "waits for what is under way";
  command.rsp_chance = command.read_chance = 1;
  command.StepUntil([&] { return command.Done(); }, "the new one");
  ASSERT_EQ(command.cmds.size(), 1u);
  EXPECT_EQ(command.cmds[0].cmd.op, CmdKind::CmdResync);
}

TEST(Command, RandomRunsKeepEveryPromise) {
  Command command;
  auto& bench = command.bench;
  bench.Declare({"rule 15: refused behind", "rule 16: second slot late", "rule 18: read error",
                 "rule 19: disabled with reads under way", "quiet at the end"});
  for (uint32_t i = 0; i <= static_cast<uint32_t>(Status::StatusUnsupported); ++i) {
    const auto status = static_cast<Status>(i);
    if (status >= Status::StatusLive && status <= Status::StatusRange) continue;         // rx_tcp's
    if (status == Status::StatusTupleInUse || status == Status::StatusNoRoom) continue;  // lookup's
    if (status == Status::StatusNoSlot) continue;                                        // buffers'
    bench.Declare({StatusName(i)});
  }
  for (uint32_t i = 1; i < kCmdKindCount; ++i) bench.Declare({CmdKindName(i)});
  ChannelHits channels(bench);
  bench.Runs(1000, [&] {
    command.Start();
    Rng rng = bench.MakeRng("stimulus");
    auto pace = [&] { return rng.Chance(0.6) ? 1 : rng.Chance(0.3) ? 0.05 : 0.4; };
    command.cmd_rd.SetGarbage(true), command.rsp.SetGarbage(true);
    command.cmd.SetPace(pace()), command.tmpl.SetPace(pace()), command.cmd_rd_req.SetPace(pace());
    command.read_chance = pace(), command.rsp_chance = pace();
    command.refuse_chance = rng.Chance(0.3) ? 0.2 : 0;
    command.nonsense_chance = rng.Chance(0.3) ? 0.2 : 0;
    command.error_chance = rng.Chance(0.1) ? 0.05 : 0;
    auto enable = [&] {
      command.Enable(static_cast<uint32_t>(rng.Between(1, 8)), rng.Next() >> 8);
    };
    enable();
    const bool slow = rng.Chance(0.3), disables = rng.Chance(0.2);
    const uint64_t refused = command.refused_behind;
    for (int i = 0; i < 80; ++i) {
      for (const Data& slot : AnySlots(rng)) command.Push(slot);
      command.Step(slow ? rng.Below(60) : rng.Below(6));
      if (command.words() == 1 && command.reads() == 0 && !bench.out().quiet && slow) {
        bench.Hit("rule 16: second slot late");
      }
      if (!disables || !rng.Chance(0.1)) continue;
      if (command.reads() != 0) bench.Hit("rule 19: disabled with reads under way");
      command.Disable();
      command.Step(rng.Between(1, 5));
      enable();
    }
    command.Push(Data{});  // ends a SETUP that lost its second slot
    command.error_chance = 0;
    command.nonsense_chance = 0;
    command.StepUntil([&] { return command.Done() || command.fault(); }, "all done");
    if (command.fault()) {
      bench.Hit("rule 18: read error");
      command.Step(500);
    } else {
      command.StepUntil([&] { return bench.out().quiet; }, "quiet", 20);
      bench.Hit("quiet at the end");
    }
    if (command.refused_behind > refused) bench.Hit("rule 15: refused behind");
    for (const CmdKey& cmd : command.cmds) {
      bench.Hit(StatusName(static_cast<uint32_t>(cmd.cmd.status)));
      if (cmd.cmd.status == Status::StatusOk) {
        bench.Hit(CmdKindName(static_cast<uint32_t>(cmd.cmd.op)));
      }
    }
  });
}

}  // namespace
}  // namespace handoff
