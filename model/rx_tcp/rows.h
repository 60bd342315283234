// SPDX-License-Identifier: Apache-2.0
//
// Rules by case (docs/units/rx_tcp.md): what an operation does to a connection's state and to the
// outputs. Pure functions of the state before, the operation and the tests.
#pragma once

#include <cstdint>

#include "gen/handoff_pkg.h"
#include "model/rx_tcp/tests.h"

namespace handoff::rx_tcp {

// What the rows look at beside the operation itself.
struct Case {
  const State& s;  // before
  Conn conn;
  uint64_t now_us;
  uint32_t limit_us;
};

// What a row names; the rest stays 0 and untold.
struct Decision {
  explicit Decision(const State& before) : n(before) {}

  State n;  // after
  bool place_valid = false;
  bool blk_valid = false;
  bool ackev_valid = false;
  bool progress_valid = false;
  bool snap_valid = false;
  bool cmd_rsp_valid = false;
  bool tcp_cnt_valid = false;
  uint32_t needs = 0;  // legacy buffers
  Place place{};
  Ackev ackev{};
  Progress progress{};
  Snap snap{};
  CmdRsp cmd_rsp{};
  Reason reason = Reason::ReasonNone;  // of tcp_cnt
};

void Frame(const Case& c, const Op& op, const Tests& t, bool halt, Decision& d);
// Instead of everything a frame's row named, when legacy buffers are too few.
void FrameWithoutBuffer(const Case& c, Decision& d);
void Command(const Case& c, const Cmd& cmd, Decision& d);
void DecideExpiry(const Case& c, const Expiry& expiry, Decision& d);
void UploadError(const Case& c, const Uerr& uerr, Decision& d);
void StartOfSegment(const Case& c, const Start& v, Decision& d);

// Building blocks of more than one kind of operation.
inline void Epoch(const Case& c, Decision& d) {
  d.n.room_epoch = static_cast<U8>(c.s.room_epoch + 1);
}
inline void PlaceOf(PlaceKind kind, Decision& d) {
  d.place_valid = true;
  d.place.kind = kind;
}
inline void AckOf(Ack kind, Decision& d) {
  d.ackev_valid = true;
  d.ackev.kind = kind;
}
inline void Cancel(Decision& d) {
  d.progress_valid = true;
  d.progress.cancel = true;
}
void Resync(const Case& c, Decision& d);
// edge_in: the granted edge never moves back (corner 60).
void EdgeIn(const Case& c, Seq edge, Decision& d);
// Fields that every place, ackev and progress has, from the state after.
void Finish(const Case& c, Decision& d);

}  // namespace handoff::rx_tcp
