// SPDX-License-Identifier: Apache-2.0
#include "model/handoff_lookup.h"

#include "model/flip.h"

namespace handoff {

namespace {

// All members equal but dst_mac.
bool SameTuple(const Key& a, const Key& b) {
  return a.src_port == b.src_port && a.dst_port == b.dst_port && a.src_ip == b.src_ip &&
         a.dst_ip == b.dst_ip && a.is_ip6 == b.is_ip6 && a.n_tags == b.n_tags && a.vid0 == b.vid0 &&
         a.vid1 == b.vid1;
}

bool Same(const Key& a, const Key& b) { return SameTuple(a, b) && a.dst_mac == b.dst_mac; }

}  // namespace

handoff_lookup::handoff_lookup(const Params& params)
    : ways_(params.Ways),
      sets_(2 * params.DctEntries / params.Ways),
      u_way_(params.Ways, prim::Ram<Slot>(2 * params.DctEntries / params.Ways)),
      stash_(params.StashEntries) {}

void handoff_lookup::Reset() {
  r_ = Regs{};
  for (prim::Ram<Slot>& way : u_way_) way.Reset();
  for (Slot& slot : stash_) slot = Slot{};
  u_hdr_skid_.Reset();
  u_cmd_skid_.Reset();
  d_ = q_ = Out{};
  stash_cnt_ = 0;
  changed_ = op_loads_ = cmd_loads_ = op_has_cmd_ = idle_ = false;
}

// What leaves PhMatch first: the next item is taken with it.
void handoff_lookup::Edge() {
  changed_ = true;

  const bool fire = r_.phase == Phase::PhMatch && (!q_.op_valid || *in.op_ready);
  const bool take_ok = r_.phase == Phase::PhIdle || fire;

  switch (r_.phase) {
    case Phase::PhClear:
      TickClear();
      break;
    case Phase::PhHash:
      r_.set = HashOf(r_.key) & (sets_ - 1);
      for (prim::Ram<Slot>& way : u_way_) way.TickRead(r_.set);
      r_.phase = Phase::PhMatch;
      break;
    default:
      break;
  }
  if (fire) {
    if (r_.is_cmd) {
      MatchCommand();
    } else {
      MatchFrame();
    }
    op_loads_ = true;
  }
  d_.op_valid = fire || (q_.op_valid && !*in.op_ready);
  Take(take_ok);

  d_.hdr_ready = u_hdr_skid_.ready();
  d_.cmd_ready = u_cmd_skid_.ready();
  d_.quiet =
      r_.phase == Phase::PhIdle && u_hdr_skid_.empty() && u_cmd_skid_.empty() && !d_.op_valid;
  idle_ = d_.quiet;
}

// -------------------------------------------------------------------------------------------------
// Take: cmd before hdr.
void handoff_lookup::Take(bool take_ok) {
  const bool hdr_in = *in.hdr_valid;
  const bool cmd_in = *in.cmd_valid;
  const bool cmd_there = u_cmd_skid_.valid(cmd_in);
  const bool hdr_there = u_hdr_skid_.valid(hdr_in);
  const bool take = take_ok && (cmd_there || hdr_there);
  if (take_ok) r_.phase = take ? Phase::PhHash : Phase::PhIdle;
  if (take) {
    r_.is_cmd = cmd_there;
    if (cmd_there) {
      const CmdKey& cmd = u_cmd_skid_.data(*in.cmd);
      r_.key = cmd.key;
      r_.cmd = cmd.cmd;
    } else {
      const Hdr& hdr = u_hdr_skid_.data(*in.hdr);
      r_.key = hdr.key;
      r_.seg = hdr.seg;
    }
  }
  if (hdr_in || !u_hdr_skid_.settled()) u_hdr_skid_.Tick(hdr_in, *in.hdr, take && !cmd_there);
  if (cmd_in || !u_cmd_skid_.settled()) u_cmd_skid_.Tick(cmd_in, *in.cmd, take && cmd_there);
}

// -------------------------------------------------------------------------------------------------
// PhHash: the low bits of the Toeplitz hash choose the set.
uint32_t handoff_lookup::HashOf(const Key& key) {
  const HashKey& hash_key = in.cfg->hash_key;
  if (!table_loaded_ || hash_key != table_key_) LoadHashTable(hash_key);

  // Byte i of the table is byte i of the tuple, the least significant first.
  uint32_t hash = 0;
  uint32_t first = 0;
  const auto add = [&](uint64_t value, uint32_t bytes) {
    for (uint32_t i = 0; value != 0; ++i, value >>= 8) hash ^= table_[first + i][value & 0xff];
    first += bytes;
  };
  add(key.dst_port, 2);
  add(key.src_port, 2);
  add(key.dst_ip.w[0], 8);
  add(key.dst_ip.w[1], 8);
  add(key.src_ip.w[0], 8);
  add(key.src_ip.w[1], 8);
  return hash;
}

void handoff_lookup::LoadHashTable(const HashKey& hash_key) {
  for (uint32_t byte = 0; byte < kTupleBytes; ++byte) {
    table_[byte][0] = 0;
    for (uint32_t i = 0; i < 8; ++i) {
      // Bit b of the tuple contributes bits b + 1 to b + 32 of the hash key.
      const uint32_t low = 8 * byte + i + 1;
      uint64_t bits = hash_key.w[low / 64] >> (low % 64);
      if (low % 64 > 32) bits |= hash_key.w[low / 64 + 1] << (64 - low % 64);
      const uint32_t value = uint32_t{1} << i;
      for (uint32_t j = 0; j < value; ++j) {
        table_[byte][value + j] = table_[byte][j] ^ static_cast<uint32_t>(bits);
      }
    }
  }
  table_key_ = hash_key;
  table_loaded_ = true;
}

// -------------------------------------------------------------------------------------------------
// The table: Ways ways of Sets slots, and the stash.
void handoff_lookup::TickClear() {
  for (prim::Ram<Slot>& way : u_way_) way.TickWrite(r_.clr_addr, Slot{});
  r_.clr_addr = (r_.clr_addr + 1) & (sets_ - 1);
  if (r_.clr_addr == 0) r_.phase = Phase::PhIdle;
}

void handoff_lookup::Write(uint32_t candidate, const Slot& slot) {
  if (candidate < ways_) {
    u_way_[candidate].TickWrite(r_.set, slot);
  } else {
    stash_[candidate - ways_] = slot;
    CountStash();
  }
}

void handoff_lookup::CountStash() {
  stash_cnt_ = 0;
  for (const Slot& slot : stash_) stash_cnt_ += slot.valid;
}

// -------------------------------------------------------------------------------------------------
// PhMatch: compare with all ways and the stash; the first of them wins.
void handoff_lookup::MatchFrame() {
  d_.op.hit = false;
  d_.op.conn = 0;
  d_.op.seg = r_.seg;
  d_.op.is_cmd = false;
  if (op_has_cmd_) {
    d_.op.cmd = Cmd{};
    op_has_cmd_ = false;
    cmd_loads_ = true;
  }
  if (r_.seg.reason != Reason::ReasonNone) return;
  for (uint32_t i = 0; i < ways_; ++i) {
    if (Way(i).valid && Same(Way(i).key, r_.key)) {
      d_.op.hit = true;
      d_.op.conn = Way(i).conn;
      return;
    }
  }
  if (stash_cnt_ == 0) return;
  for (const Slot& slot : stash_) {
    if (slot.valid && Same(slot.key, r_.key)) {
      d_.op.hit = true;
      d_.op.conn = slot.conn;
      return;
    }
  }
}

void handoff_lookup::MatchCommand() {
  d_.op.is_cmd = true;
  d_.op.hit = false;
  d_.op.conn = 0;
  d_.op.seg = Seg{};
  d_.op.cmd = r_.cmd;
  op_has_cmd_ = true;
  cmd_loads_ = true;
  if (r_.cmd.status != Status::StatusOk) return;
  if (r_.cmd.op == CmdKind::CmdSetup) Setup();
  if (r_.cmd.op == CmdKind::CmdUndelegate) Undelegate();
}

void handoff_lookup::Setup() {
  const uint32_t candidates = ways_ + static_cast<uint32_t>(stash_.size());
  uint32_t free = candidates;
  for (uint32_t i = 0; i < candidates; ++i) {
    const Slot& slot = i < ways_ ? Way(i) : stash_[i - ways_];
    if (slot.valid && SameTuple(slot.key, r_.key)) {
      d_.op.cmd.status = Status::StatusTupleInUse;
      return;
    }
    if (!slot.valid && free == candidates) free = i;
  }
  if (free == candidates) {
    d_.op.cmd.status = Status::StatusNoRoom;
    return;
  }
  Write(free, Slot{true, r_.cmd.conn, r_.key});
  ++d_.lookup_used;
}

void handoff_lookup::Undelegate() {
  const uint32_t candidates = ways_ + static_cast<uint32_t>(stash_.size());
  for (uint32_t i = 0; i < candidates; ++i) {
    const Slot& slot = i < ways_ ? Way(i) : stash_[i - ways_];
    if (!slot.valid || !Same(slot.key, r_.key)) continue;
    Write(i, Slot{});
    --d_.lookup_used;
    return;
  }
}

// -------------------------------------------------------------------------------------------------
// Registers.
void handoff_lookup::Show() {
  changed_ = false;
  if (op_loads_) {
    q_.op.is_cmd = d_.op.is_cmd;
    q_.op.hit = d_.op.hit;
    q_.op.conn = d_.op.conn;
    q_.op.seg = d_.op.seg;
    if (cmd_loads_) q_.op.cmd = d_.op.cmd;
    op_loads_ = cmd_loads_ = false;
  }
  q_.hdr_ready = d_.hdr_ready;
  q_.cmd_ready = d_.cmd_ready;
  q_.op_valid = d_.op_valid;
  q_.lookup_used = d_.lookup_used;
  q_.quiet = d_.quiet;
}

bool handoff_lookup::Flip(std::string_view reg, uint32_t bit) {
  const bool done = FlipRegister(*this, reg, bit);
  d_.hdr_ready = u_hdr_skid_.ready();
  d_.cmd_ready = u_cmd_skid_.ready();
  q_ = d_;
  idle_ = false;
  op_has_cmd_ = true;
  CountStash();
  return done;
}

}  // namespace handoff
