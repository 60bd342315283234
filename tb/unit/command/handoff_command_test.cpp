// SPDX-License-Identifier: Apache-2.0
//
// command against docs/units/command.md, the ring and its order: twins in lockstep, and beside
// them what must become of each slot.

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "gen/handoff_command_rtl.h"
#include "tb/unit/command/rig.h"
#include "tb/unit/command/slots.h"

namespace handoff {
namespace {

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

}  // namespace
}  // namespace handoff
