// SPDX-License-Identifier: Apache-2.0
#include "model/handoff_rx_tcp.h"

#include "model/flip.h"
#include "model/rx_tcp/rows.h"

namespace handoff {

handoff_rx_tcp::handoff_rx_tcp(const Params& params)
    : entries_(params.DctEntries), u_state_(params.DctEntries), u_room_(params.DctEntries) {}

void handoff_rx_tcp::Reset() {
  r_ = Regs{};
  u_op_skid_.Reset();
  u_uerr_skid_.Reset();
  u_expiry_skid_.Reset();
  u_start_skid_.Reset();
  u_state_.Reset();
  u_room_.Reset();
  d_ = q_ = Out{};
  load_place_ = load_blk_ = load_small_ = changed_ = idle_ = false;
}

void handoff_rx_tcp::Edge() {
  changed_ = true;
  d_.place_valid = q_.place_valid && !*in.place_ready;
  d_.blk_valid = q_.blk_valid && !*in.blk_ready;
  d_.ackev_valid = q_.ackev_valid && !*in.ackev_ready;
  d_.progress_valid = q_.progress_valid && !*in.progress_ready;
  d_.snap_valid = d_.cmd_rsp_valid = d_.tcp_cnt_valid = false;

  switch (r_.phase) {
    case Phase::PhClear:
      Clear();
      Take(false, false);
      break;
    case Phase::PhIdle:
      Take(true, false);
      WriteState();
      TickPulsesIn();
      break;
    case Phase::PhTest:
      WriteState();
      Test();
      Take(false, false);
      TickPulsesIn();
      break;
    case Phase::PhDecide: {
      const bool fire = Decide();
      Take(fire, fire);
      TickPulsesIn();
      break;
    }
  }

  d_.op_ready = u_op_skid_.ready();
  d_.uerr_ready = u_uerr_skid_.ready();
  d_.expiry_ready = u_expiry_skid_.ready();
  d_.start_ready = u_start_skid_.ready();
  d_.quiet = r_.phase == Phase::PhIdle && u_op_skid_.empty() && u_uerr_skid_.empty() &&
             u_expiry_skid_.empty() && u_start_skid_.empty() && !d_.place_valid && !d_.blk_valid &&
             !d_.ackev_valid && !d_.progress_valid && !d_.snap_valid && !d_.cmd_rsp_valid &&
             !d_.tcp_cnt_valid;
  idle_ = d_.quiet && !r_.wr;
}

// -------------------------------------------------------------------------------------------------
// Take: one operation of four channels.

// Of a frame's op the command part means nothing, and stays behind.
inline void handoff_rx_tcp::TakeOp(const Op& op) {
  r_.op.is_cmd = op.is_cmd;
  r_.op.hit = op.hit;
  r_.op.conn = op.conn;
  if (op.is_cmd) {
    r_.op.cmd = op.cmd;
  } else {
    r_.op.seg = op.seg;
  }
}

void handoff_rx_tcp::Take(bool may, bool fire) {
  const bool uerr_v = u_uerr_skid_.valid(*in.uerr_valid);
  const bool expiry_v = u_expiry_skid_.valid(*in.expiry_valid);
  const bool op_v = u_op_skid_.valid(*in.op_valid);
  const bool start_v = u_start_skid_.valid(*in.start_valid);
  const bool take = may && (uerr_v || expiry_v || op_v || start_v);
  if (take) {
    const Conn fired = r_.conn;
    if (uerr_v) {
      r_.kind = Kind::KindUerr;
      r_.uerr = u_uerr_skid_.data(*in.uerr);
      r_.conn = r_.uerr.conn;
    } else if (expiry_v) {
      r_.kind = Kind::KindExp;
      r_.expiry = u_expiry_skid_.data(*in.expiry);
      r_.conn = r_.expiry.conn;
    } else if (start_v && (r_.wait == kMaxWait || !op_v)) {
      r_.kind = Kind::KindStart;
      r_.start = u_start_skid_.data(*in.start);
      r_.conn = r_.start.conn;
    } else {
      r_.kind = Kind::KindOp;
      TakeOp(u_op_skid_.data(*in.op));
      r_.conn = r_.op.is_cmd ? r_.op.cmd.conn : r_.op.conn;
    }
    const uint32_t addr = r_.conn & (entries_ - 1);
    r_.same = (fire && addr == (fired & (entries_ - 1))) || (r_.wr && addr == r_.wr_addr);
    // With same_q the state is in s_q already.
    if (!r_.same) u_state_.TickRead(addr);
    u_room_.TickRead(addr);
    if (r_.kind == Kind::KindStart) {
      r_.wait = 0;
    } else if (start_v && r_.wait != kMaxWait) {
      ++r_.wait;
    }
    r_.phase = Phase::PhTest;
  } else if (fire) {
    r_.phase = Phase::PhIdle;
  }
  u_uerr_skid_.Tick(*in.uerr_valid, *in.uerr, take && r_.kind == Kind::KindUerr);
  u_expiry_skid_.Tick(*in.expiry_valid, *in.expiry, take && r_.kind == Kind::KindExp);
  u_op_skid_.Tick(*in.op_valid, *in.op, take && r_.kind == Kind::KindOp);
  u_start_skid_.Tick(*in.start_valid, *in.start, take && r_.kind == Kind::KindStart);
}

// -------------------------------------------------------------------------------------------------
// The state RAM and the room RAM, read at the take.
void handoff_rx_tcp::Clear() {
  u_state_.TickWrite(r_.clr_addr, State{});
  u_room_.TickWrite(r_.clr_addr, rx_tcp::RoomWord{});
  if (r_.clr_addr == entries_ - 1) r_.phase = Phase::PhIdle;
  r_.clr_addr = (r_.clr_addr + 1) & (entries_ - 1);
  TickCredits();
}

// The edge after fire. After the RAM's read, and before PhTest loads the next operation's state.
inline void handoff_rx_tcp::WriteState() {
  if (r_.wr) u_state_.TickWrite(r_.wr_addr, r_.s);
  r_.wr = false;
}

// Room and credits. After the RAM's read: a word written at the same edge is not seen yet.
void handoff_rx_tcp::TickPulsesIn() {
  if (*in.room_valid) {
    u_room_.TickWrite(in.room->conn & (entries_ - 1),
                      rx_tcp::RoomWord{in.room->room_epoch, in.room->room_end});
  }
  TickCredits();
}

inline void handoff_rx_tcp::TickCredits() {
  if (*in.grant_valid) r_.credit = static_cast<uint16_t>(r_.credit + in.grant->n);
  if (*in.legacy_return_valid) r_.credit = static_cast<uint16_t>(r_.credit + in.legacy_return->n);
}

// -------------------------------------------------------------------------------------------------
// PhTest.
void handoff_rx_tcp::Test() {
  if (!r_.same) r_.s = u_state_.rdata();
  r_.now = *in.time_us;
  if (r_.kind == Kind::KindOp && !r_.op.is_cmd) {
    r_.t = rx_tcp::MakeTests(r_.s, r_.op.seg, u_room_.rdata(), r_.now, in.cfg->limit_us);
  }
  r_.phase = Phase::PhDecide;
}

// -------------------------------------------------------------------------------------------------
// PhDecide: the row, whether it may fire, and what it loads.
bool handoff_rx_tcp::Decide() {
  const bool place_free = !q_.place_valid || *in.place_ready;
  if (r_.kind == Kind::KindOp && !place_free) return false;  // frame or command: one place always
  const rx_tcp::Case c{r_.s, r_.conn, r_.now, in.cfg->limit_us};
  rx_tcp::Decision d(r_.s);
  switch (r_.kind) {
    case Kind::KindUerr:
      rx_tcp::UploadError(c, r_.uerr, d);
      break;
    case Kind::KindExp:
      rx_tcp::DecideExpiry(c, r_.expiry, d);
      break;
    case Kind::KindStart:
      rx_tcp::StartOfSegment(c, r_.start, d);
      break;
    case Kind::KindOp:
      if (r_.op.is_cmd) {
        rx_tcp::Command(c, r_.op.cmd, d);
      } else {
        rx_tcp::Frame(c, r_.op, r_.t, *in.halt, d);
        if (d.needs > r_.credit) {
          if (*in.legacy_more || *in.grant_valid) return false;
          rx_tcp::FrameWithoutBuffer(c, d);
        }
      }
      break;
  }
  const bool fire = (!d.place_valid || place_free) &&
                    (!d.blk_valid || !q_.blk_valid || *in.blk_ready) &&
                    (!d.ackev_valid || !q_.ackev_valid || *in.ackev_ready) &&
                    (!d.progress_valid || !q_.progress_valid || *in.progress_ready);
  if (!fire) return false;
  rx_tcp::Finish(c, d);
  Load(d);
  r_.credit = static_cast<uint16_t>(r_.credit - d.place.reserved);
  r_.s = d.n;
  r_.wr = true;
  r_.wr_addr = r_.conn & (entries_ - 1);
  return true;
}

void handoff_rx_tcp::Load(const rx_tcp::Decision& d) {
  if (d.place_valid) {
    d_.place_valid = load_place_ = true;
    d_.place = d.place;
  }
  if (d.blk_valid) {
    d_.blk_valid = load_blk_ = true;
    d_.blk = r_.s;
  }
  load_small_ = true;
  if (d.ackev_valid) {
    d_.ackev_valid = true;
    d_.ackev = d.ackev;
  }
  if (d.progress_valid) {
    d_.progress_valid = true;
    d_.progress = d.progress;
  }
  if (d.snap_valid) {
    d_.snap_valid = true;
    d_.snap = d.snap;
  }
  if (d.cmd_rsp_valid) {
    d_.cmd_rsp_valid = true;
    d_.cmd_rsp = d.cmd_rsp;
  }
  if (d.tcp_cnt_valid) {
    d_.tcp_cnt_valid = true;
    d_.tcp_cnt.index = static_cast<uint8_t>(d.reason);
  }
}

// -------------------------------------------------------------------------------------------------
// Registers.
void handoff_rx_tcp::CommitChanged() {
  changed_ = false;
  q_.op_ready = d_.op_ready;
  q_.place_valid = d_.place_valid;
  q_.blk_valid = d_.blk_valid;
  q_.ackev_valid = d_.ackev_valid;
  q_.progress_valid = d_.progress_valid;
  q_.snap_valid = d_.snap_valid;
  q_.cmd_rsp_valid = d_.cmd_rsp_valid;
  q_.tcp_cnt_valid = d_.tcp_cnt_valid;
  q_.uerr_ready = d_.uerr_ready;
  q_.expiry_ready = d_.expiry_ready;
  q_.start_ready = d_.start_ready;
  q_.quiet = d_.quiet;
  if (load_place_) q_.place = d_.place;
  if (load_blk_) q_.blk = d_.blk;
  if (load_small_) {
    q_.ackev = d_.ackev;
    q_.progress = d_.progress;
    q_.snap = d_.snap;
    q_.cmd_rsp = d_.cmd_rsp;
    q_.tcp_cnt = d_.tcp_cnt;
  }
  load_place_ = load_blk_ = load_small_ = false;
}

bool handoff_rx_tcp::Flip(std::string_view reg, uint32_t bit) {
  const bool done = FlipRegister(*this, reg, bit);
  d_.op_ready = u_op_skid_.ready();
  d_.uerr_ready = u_uerr_skid_.ready();
  d_.expiry_ready = u_expiry_skid_.ready();
  d_.start_ready = u_start_skid_.ready();
  q_ = d_;
  idle_ = false;
  return done;
}

}  // namespace handoff
