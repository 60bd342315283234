// SPDX-License-Identifier: Apache-2.0
//
// Which entry a frame belongs to (docs/units/lookup.md).
//
// One item every two cycles, three cycles from its port to op. Never evicts or moves an entry,
// never drops or reorders what passes, takes nothing before its ways are cleared.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "gen/handoff_lookup_ports.h"
#include "gen/handoff_params_pkg.h"
#include "gen/handoff_pkg.h"
#include "model/flip.h"
#include "model/prim/ram.h"
#include "model/prim/skid.h"

namespace handoff {

class handoff_lookup {
 public:
  struct Params {
    uint32_t DctEntries = kDefaultDctEntries;
    uint32_t Ways = kDefaultWays;
    uint32_t StashEntries = kDefaultStashEntries;
  };
  using In = handoff_lookup_in;
  using Out = handoff_lookup_out;

  explicit handoff_lookup(const Params& params);
  handoff_lookup() : handoff_lookup(Params()) {}

  In in;
  void Reset();
  void Tick() {
    if (!idle_ || *in.hdr_valid || *in.cmd_valid) Edge();
  }
  void Commit() {
    if (changed_) Show();
  }
  const Out& out() const { return q_; }

  template <class F>
  void ForEachReg(F&& f) {
    f("phase", r_.phase, 2);
    f("clr_addr", r_.clr_addr, IndexBits(sets_));
    f("is_cmd", r_.is_cmd);
    f("key", r_.key);
    f("seg", r_.seg);
    f("cmd", r_.cmd);
    f("set", r_.set, IndexBits(sets_));
    f("stash", stash_);
    f("u_way", u_way_);
    f("u_hdr_skid", u_hdr_skid_);
    f("u_cmd_skid", u_cmd_skid_);
    f("op_valid", d_.op_valid);
    f("op", d_.op);
    f("used", d_.lookup_used);
    f("quiet", d_.quiet);
  }
  bool Flip(std::string_view reg, uint32_t bit);

 private:
  enum class Phase : uint8_t { PhClear, PhIdle, PhHash, PhMatch };
  struct Slot {
    bool valid = false;
    Conn conn = 0;
    Key key{};

    template <class F>
    void ForEachField(F&& f) {
      f("valid", valid);
      f("conn", conn);
      f("key", key);
    }
  };
  struct Regs {
    Phase phase = Phase::PhClear;
    uint32_t clr_addr = 0;
    bool is_cmd = false;
    Key key{};
    Seg seg{};
    Cmd cmd{};
    uint32_t set = 0;
  };

  static constexpr uint32_t kTupleBytes = 36;  // source and destination, addresses and ports

  void Edge();
  void Show();
  void Take(bool take_ok);
  void TickClear();
  uint32_t HashOf(const Key& key);
  void LoadHashTable(const HashKey& hash_key);
  void MatchFrame();
  void MatchCommand();
  void Setup();
  void Undelegate();
  const Slot& Way(uint32_t i) const { return u_way_[i].rdata(); }
  void Write(uint32_t candidate, const Slot& slot);
  void CountStash();

  const uint32_t ways_;
  const uint32_t sets_;
  Regs r_;
  std::vector<prim::Ram<Slot>> u_way_;
  std::vector<Slot> stash_;
  prim::Skid<Hdr> u_hdr_skid_;
  prim::Skid<CmdKey> u_cmd_skid_;
  Out d_, q_;

  uint32_t stash_cnt_ = 0;  // valid ones in stash_: with none the stash is not looked at
  bool changed_ = false;
  bool op_loads_ = false;
  bool cmd_loads_ = false;   // op.cmd changes
  bool op_has_cmd_ = false;  // op.cmd may be other than 0
  bool idle_ = false;        // without an input the next edge changes nothing

  // The hash's contribution of each value of each byte of the tuple, for one hash key.
  bool table_loaded_ = false;
  HashKey table_key_{};
  uint32_t table_[kTupleBytes][256];
};

}  // namespace handoff
