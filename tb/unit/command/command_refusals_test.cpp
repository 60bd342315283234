// SPDX-License-Identifier: Apache-2.0
//
// command against docs/units/command.md, the checks: which commands it refuses, and with which
// status.

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>

#include "tb/unit/command/rig.h"
#include "tb/unit/command/slots.h"

namespace handoff {
namespace {

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

}  // namespace
}  // namespace handoff
