// SPDX-License-Identifier: Apache-2.0
//
// The receive decision: the one point where a connection's receive side changes
// (docs/units/rx_tcp.md).
//
// One operation every two cycles, three cycles from its port to its outputs. Never reorders within
// a port, never changes state for a frame whose needs are not secured, never takes anything before
// its RAMs are cleared.
#pragma once

#include <cstdint>
#include <string_view>

#include "gen/handoff_params_pkg.h"
#include "gen/handoff_pkg.h"
#include "gen/handoff_rx_tcp_ports.h"
#include "model/flip.h"
#include "model/prim/ram.h"
#include "model/prim/skid.h"
#include "model/rx_tcp/tests.h"

namespace handoff {

namespace rx_tcp {
struct Decision;
}

class handoff_rx_tcp {
 public:
  struct Params {
    uint32_t DctEntries = kDefaultDctEntries;
  };
  using In = handoff_rx_tcp_in;
  using Out = handoff_rx_tcp_out;

  explicit handoff_rx_tcp(const Params& params);
  handoff_rx_tcp() : handoff_rx_tcp(Params()) {}

  In in;
  void Reset();
  void Tick() {
    if (!idle_ || *in.op_valid || *in.uerr_valid || *in.expiry_valid || *in.start_valid) {
      Edge();
    } else if (*in.room_valid || *in.grant_valid || *in.legacy_return_valid) {
      TickPulsesIn();
    }
  }
  void Commit() {
    if (changed_) CommitChanged();
  }
  const Out& out() const { return q_; }

  template <class F>
  void ForEachReg(F&& f) {
    const uint32_t addr_bits = IndexBits(entries_);
    f("phase", r_.phase, 2);
    f("clr_addr", r_.clr_addr, addr_bits);
    f("kind", r_.kind, 2);
    f("op", r_.op);
    f("uerr", r_.uerr);
    f("expiry", r_.expiry);
    f("start", r_.start);
    f("conn", r_.conn);
    f("same", r_.same);
    f("s", r_.s);
    f("t", r_.t);
    f("now", r_.now);
    f("credit", r_.credit);
    f("wr", r_.wr);
    f("wr_addr", r_.wr_addr, addr_bits);
    f("wait", r_.wait, IndexBits(kMaxWait + 1));
    f("u_op_skid", u_op_skid_);
    f("u_uerr_skid", u_uerr_skid_);
    f("u_expiry_skid", u_expiry_skid_);
    f("u_start_skid", u_start_skid_);
    f("u_state", u_state_);
    f("u_room", u_room_);
    f("place_valid", d_.place_valid);
    f("place", d_.place);
    f("blk_valid", d_.blk_valid);
    f("blk", d_.blk);
    f("ackev_valid", d_.ackev_valid);
    f("ackev", d_.ackev);
    f("progress_valid", d_.progress_valid);
    f("progress", d_.progress);
    f("snap_valid", d_.snap_valid);
    f("snap", d_.snap);
    f("cmd_rsp_valid", d_.cmd_rsp_valid);
    f("cmd_rsp", d_.cmd_rsp);
    f("tcp_cnt_valid", d_.tcp_cnt_valid);
    f("tcp_cnt", d_.tcp_cnt);
    f("quiet", d_.quiet);
  }
  bool Flip(std::string_view reg, uint32_t bit);

 private:
  enum class Phase : uint8_t { PhClear, PhIdle, PhTest, PhDecide };
  enum class Kind : uint8_t { KindUerr, KindExp, KindOp, KindStart };
  struct Regs {
    Phase phase = Phase::PhClear;
    uint32_t clr_addr = 0;
    Kind kind = Kind::KindUerr;
    Op op{};
    Uerr uerr{};
    Expiry expiry{};
    Start start{};
    Conn conn = 0;
    bool same = false;
    State s{};
    rx_tcp::Tests t{};
    uint64_t now = 0;
    uint16_t credit = 0;
    bool wr = false;  // s is to be written at wr_addr
    uint32_t wr_addr = 0;
    uint8_t wait = 0;
  };

  void Edge();
  void CommitChanged();
  void TickPulsesIn();
  void TickCredits();
  void TakeOp(const Op& op);
  void Clear();
  void WriteState();
  void Test();
  // PhDecide; true at fire.
  bool Decide();
  void Load(const rx_tcp::Decision& d);
  // Pick and take; `may` is take_ok.
  void Take(bool may, bool fire);

  static constexpr uint32_t kMaxWait = 15;

  const uint32_t entries_;
  Regs r_;
  prim::Skid<Op> u_op_skid_;
  prim::Skid<Uerr> u_uerr_skid_;
  prim::Skid<Expiry> u_expiry_skid_;
  prim::Skid<Start> u_start_skid_;
  prim::Ram<State> u_state_;
  prim::Ram<rx_tcp::RoomWord> u_room_;
  Out d_, q_;
  // Which payloads Commit() has to copy.
  bool load_place_ = false, load_blk_ = false, load_small_ = false;
  bool changed_ = false;
  bool idle_ = false;  // the last edge left nothing to do
};

}  // namespace handoff
