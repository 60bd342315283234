// SPDX-License-Identifier: Apache-2.0
//
// What lookup must answer (docs/units/lookup.md, rows 1 to 9), found by trying one candidate after
// another.
#pragma once

#include <cstdint>
#include <vector>

#include "gen/handoff_pkg.h"

namespace handoff {
namespace lookup {

// Toeplitz, bit by bit: each 1 of the input adds the 32 bits of the key that begin where it stands.
inline uint32_t Hash(const Key& key, const HashKey& hash_key) {
  Bits<288> x;
  x.w = {uint64_t{key.dst_port} | uint64_t{key.src_port} << 16 | key.dst_ip.w[0] << 32,
         key.dst_ip.w[0] >> 32 | key.dst_ip.w[1] << 32,
         key.dst_ip.w[1] >> 32 | key.src_ip.w[0] << 32,
         key.src_ip.w[0] >> 32 | key.src_ip.w[1] << 32, key.src_ip.w[1] >> 32};
  uint32_t hash = 0;
  for (uint32_t i = 0; i < 288; ++i) {
    if (!x.bit(287 - i)) continue;
    uint32_t window = 0;
    for (uint32_t j = 0; j < 32; ++j) window = window << 1 | hash_key.bit(319 - i - j);
    hash ^= window;
  }
  return hash;
}

// The page's rows, on a table that searches one candidate after another.
class Table {
 public:
  Table(uint32_t entries, uint32_t ways, uint32_t stash)
      : ways_(ways), sets_(2 * entries / ways), slots_(sets_ * ways), stash_(stash) {}

  uint32_t used = 0;
  const char* row = "";    // the row that fitted last
  const char* place = "";  // where the candidate of it lies

  void Clear() {
    used = 0;
    for (Slot& slot : slots_) slot = Slot{};
    for (Slot& slot : stash_) slot = Slot{};
  }

  Op Look(const Hdr& hdr, const HashKey& hash_key) {
    Op op;
    op.seg = hdr.seg;
    place = "";
    if (hdr.seg.reason != Reason::ReasonNone) {
      row = "row 1: no search";
      return op;
    }
    row = "row 3: miss";
    for (Slot* slot : Candidates(hdr.key, hash_key)) {
      if (!slot->valid || !(slot->key == hdr.key)) continue;
      row = "row 2: hit";
      NotePlace(slot, "hit in the first way", "hit in another way", "hit in the stash");
      op.hit = true;
      op.conn = slot->conn;
      break;
    }
    return op;
  }

  Op Do(const CmdKey& cmd, const HashKey& hash_key) {
    Op op;
    op.is_cmd = true;
    op.cmd = cmd.cmd;
    place = "";
    if (cmd.cmd.status != Status::StatusOk) {
      row = "row 4: refused before";
    } else if (cmd.cmd.op == CmdKind::CmdSetup) {
      op.cmd.status = Insert(cmd, hash_key);
    } else if (cmd.cmd.op == CmdKind::CmdUndelegate) {
      row = "row 9: nothing to remove";
      for (Slot* slot : Candidates(cmd.key, hash_key)) {
        if (!slot->valid || !(slot->key == cmd.key)) continue;
        row = "row 8: removed";
        NotePlace(slot, "removed from the first way", "removed from another way",
                  "removed from the stash");
        *slot = Slot{};
        --used;
        break;
      }
    } else {
      row = "row 9: passes";
    }
    return op;
  }

 private:
  struct Slot {
    bool valid = false;
    uint16_t conn = 0;
    Key key{};
  };

  std::vector<Slot*> Candidates(const Key& key, const HashKey& hash_key) {
    std::vector<Slot*> all;
    const uint32_t set = Hash(key, hash_key) % sets_;
    for (uint32_t way = 0; way < ways_; ++way) all.push_back(&slots_[set * ways_ + way]);
    for (Slot& slot : stash_) all.push_back(&slot);
    return all;
  }

  Status Insert(const CmdKey& cmd, const HashKey& hash_key) {
    for (Slot* slot : Candidates(cmd.key, hash_key)) {
      Key other = slot->key;
      const bool same_mac = other.dst_mac == cmd.key.dst_mac;
      other.dst_mac = cmd.key.dst_mac;
      if (!slot->valid || !(other == cmd.key)) continue;
      row = "row 5: tuple in use";
      place = same_mac ? "the same key" : "the same but for the MAC";
      return Status::StatusTupleInUse;
    }
    for (Slot* slot : Candidates(cmd.key, hash_key)) {
      if (slot->valid) continue;
      row = "row 7: inserted";
      NotePlace(slot, "into the first way", "into another way", "into the stash");
      *slot = {true, cmd.cmd.conn, cmd.key};
      ++used;
      return Status::StatusOk;
    }
    row = "row 6: no room";
    return Status::StatusNoRoom;
  }

  void NotePlace(const Slot* slot, const char* first, const char* other, const char* in_stash) {
    if (slot >= stash_.data() && slot < stash_.data() + stash_.size()) {
      place = in_stash;
    } else {
      place = (slot - slots_.data()) % ways_ == 0 ? first : other;
    }
  }

  const uint32_t ways_, sets_;
  std::vector<Slot> slots_, stash_;
};

}  // namespace lookup
}  // namespace handoff
