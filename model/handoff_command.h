// SPDX-License-Identifier: Apache-2.0
//
// The command ring: reads commands, checks what is static, sends one at a time
// (docs/units/command.md).
//
// One command at a time; a word at cmd_rd becomes a command at cmd four cycles later (SETUP: six),
// a refused one too. Never reads the ring before u_entries is cleared nor past an error, never
// passes on a command before the one before it has taken effect, never writes memory.
#pragma once

#include <cstdint>
#include <string_view>

#include "gen/handoff_command_ports.h"
#include "gen/handoff_params_pkg.h"
#include "gen/handoff_pkg.h"
#include "model/flip.h"
#include "model/prim/fifo.h"
#include "model/prim/ram.h"

namespace handoff {

class handoff_command {
 public:
  struct Params {
    uint32_t DctEntries = kDefaultDctEntries;
    uint32_t Slots = kDefaultSlots;
  };
  using In = handoff_command_in;
  using Out = handoff_command_out;

  explicit handoff_command(const Params& params);
  handoff_command() : handoff_command(Params()) {}

  In in;
  void Reset();
  void Tick() {
    // Without a read under way nothing else is looked at.
    if (!idle_ || *in.cmd_ring != seen_ring_) Edge();
  }
  void Commit() {
    if (changed_) Show();
  }
  const Out& out() const { return q_; }

  template <class F>
  void ForEachReg(F&& f) {
    f("state", r_.state, 3);
    f("clear", r_.clear, IndexBits(dct_entries_));
    f("active", r_.active);
    f("fetch", r_.fetch);
    f("cons", d_.cmd_cons);
    f("infl", r_.infl, 3);
    f("fault", d_.cmd_fault);
    f("w0", r_.w0);
    f("w1", r_.w1);
    f("status", r_.status, 6);
    f("u_words", u_words_);
    f("u_entries", u_entries_);
    f("cmd_rd_req_valid", d_.cmd_rd_req_valid);
    f("cmd_rd_req", d_.cmd_rd_req);
    f("tmpl_valid", d_.tmpl_valid);
    f("tmpl", d_.tmpl);
    f("cmd_valid", d_.cmd_valid);
    f("cmd", d_.cmd);
    f("quiet", d_.quiet);
  }
  bool Flip(std::string_view reg, uint32_t bit);

 private:
  void Edge();
  void Show();
  enum class St : uint8_t { kClear, kTake, kSecond, kCheck, kTmpl, kSend, kRsp };
  struct Entry {
    bool in_use = false;
    Gen gen = 0;
    uint8_t n_tags = 0;
    Key key{};

    template <class F>
    void ForEachField(F&& f) {
      f("in_use", in_use);
      f("gen", gen);
      f("n_tags", n_tags, 2);
      f("key", key);
    }
  };
  struct Regs {
    St state = St::kClear;
    uint16_t clear = 0;
    bool active = false;
    uint16_t fetch = 0;
    uint8_t infl = 0;
    Data w0{};
    Data w1{};
    Status status = Status::StatusOk;
  };

  void TickFetch(bool pop_word);
  bool TickStates();
  Status Check() const;
  Status CheckSetup(const Setup0Desc& d) const;
  Status CheckSet(const SetDesc& d) const;
  Status CheckPost(const PostDesc& d) const;
  bool MssFits(uint32_t mss, bool is_ip6, uint32_t n_tags) const;
  Status CheckCoalescing(uint8_t ack_frames, uint8_t ack_class) const;
  static Key BuiltKey(const Setup0Desc& d);
  void LoadCmd();
  void LoadTmpl();

  // The command in w0, by members that lie alike in all descriptors.
  uint8_t op() const { return static_cast<uint8_t>(r_.w0.w[0]); }
  bool is(CmdKind kind) const { return op() == static_cast<uint8_t>(kind); }
  Conn conn() const { return static_cast<Conn>(r_.w0.w[0] >> 24); }
  Gen gen() const { return static_cast<Gen>(r_.w0.w[0] >> 40); }
  template <class Desc>
  Desc First() const {
    return Desc::Unpack(r_.w0.w.data());
  }

  static constexpr uint32_t kAhead = 4;

  const uint32_t dct_entries_;
  const uint32_t slots_;
  Regs r_;
  prim::Fifo<Data> u_words_;
  prim::Ram<Entry> u_entries_;
  Out d_, q_;
  bool want_ = false;      // of this edge
  bool clearing_ = false;  // of this edge: state_q was StClear
  bool idle_ = false;      // the last edge left nothing to do
  Ring seen_ring_{};       // as at the last edge that was looked at
  bool load_cmd_ = false;  // which wide payloads Commit() has to copy
  bool load_tmpl_ = false;
  bool changed_ = false;
};

}  // namespace handoff
