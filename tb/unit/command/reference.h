// SPDX-License-Identifier: Apache-2.0
//
// What docs/units/command.md makes of a slot, without time: written from the page, for the unit's
// test.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "gen/handoff_pkg.h"
#include "tb/unit/command/slots.h"

namespace handoff {

// What the page makes of slots, with what it knows of each index.
class CommandReference {
 public:
  static constexpr uint32_t kSlots = 8;
  struct Entry {
    bool in_use = false;
    Gen gen = 0;
    uint8_t n_tags = 0;
    Key key;
  };
  struct Result {
    CmdKey cmd;
    std::optional<Tmpl> tmpl;
  };
  explicit CommandReference(uint32_t entries) : table_(entries) {}

  Result Decode(const Data& w0, const Data& w1, const Cfg& cfg) const {
    const auto plain = As<PlainDesc>(w0);
    Result result;
    Cmd& c = result.cmd.cmd;
    c.status = Check(w0, w1, cfg);
    c.tag = plain.tag;
    c.gen = plain.gen;
    if (c.status == Status::StatusBadOp) return result;
    c.op = static_cast<CmdKind>(plain.op);
    if (c.status == Status::StatusBadIndex) return result;
    c.conn = plain.conn;
    if (c.status != Status::StatusOk) return result;
    const Entry& e = table_[c.conn];
    if (c.op == CmdKind::CmdSetup) {
      const auto d = As<Setup0Desc>(w0);
      const auto s = As<Setup1Desc>(w1);
      c.rcv_nxt = s.rcv_nxt, c.rcv_edge = s.rcv_edge, c.last_ack = s.last_ack;
      c.snd_una = s.snd_una, c.snd_nxt = s.snd_nxt, c.snd_wnd = s.snd_wnd, c.max_wnd = s.max_wnd;
      c.wl1 = s.wl1, c.wl2 = s.wl2, c.ts_recent = s.ts_recent, c.ts_offset = s.ts_offset;
      c.snd_scale = s.snd_scale, c.rcv_scale = s.rcv_scale;
      c.ts_on = d.flags >> 1 & 1, c.sack_on = d.flags >> 2 & 1, c.coalesce_on = d.flags >> 3 & 1;
      c.ack_frames = s.ack_frames, c.ack_class = s.ack_class & 3, c.quick = s.quick, c.mss = s.mss;
      result.cmd.key = KeyOf(d);
      result.tmpl = TmplOf(KeyOf(d), d.n_tags, d);
    } else if (c.op == CmdKind::CmdResume) {
      const auto d = As<ResumeDesc>(w0);
      c.rcv_nxt = d.rcv_nxt, c.rcv_edge = d.rcv_edge, c.last_ack = d.last_ack;
      c.snd_una = d.snd_una, c.snd_wnd = d.snd_wnd, c.max_wnd = d.max_wnd;
      c.wl1 = d.wl1, c.wl2 = d.wl2, c.ts_recent = d.ts_recent, c.count = d.count;
    } else if (c.op == CmdKind::CmdPost) {
      const auto d = As<PostDesc>(w0);
      c.post_id = d.id, c.post_cnt = d.n_pieces, c.post_seq = d.seq;
      c.post_last = d.flags & 1, c.post_no_push = d.flags >> 1 & 1;
      c.piece0 = d.piece0, c.piece1 = d.piece1, c.piece2 = d.piece2;
    } else if (c.op == CmdKind::CmdSet) {
      const auto d = As<SetDesc>(w0);
      c.set_edge = d.mask & 1, c.set_mss = d.mask >> 1 & 1;
      c.set_coalesce = d.mask >> 2 & 1, c.set_header = d.mask >> 3 & 1;
      c.rcv_edge = d.rcv_edge, c.mss = d.mss, c.coalesce_on = d.flags & 1;
      c.ack_frames = d.ack_frames, c.ack_class = d.ack_class & 3;
      if (c.set_header) result.tmpl = TmplOf(e.key, e.n_tags, d);
    } else if (c.op == CmdKind::CmdQuery || c.op == CmdKind::CmdUndelegate) {
      c.addr = plain.addr & ~uint64_t{63};
      if (c.op == CmdKind::CmdUndelegate) result.cmd.key = e.key;
    }
    return result;
  }
  // It has taken effect.
  void Done(const Data& w0) {
    const auto d = As<Setup0Desc>(w0);
    if (d.op == static_cast<U8>(CmdKind::CmdSetup)) {
      table_[d.conn] = {true, d.gen, d.n_tags, KeyOf(d)};
    } else if (d.op == static_cast<U8>(CmdKind::CmdUndelegate)) {
      table_[d.conn] = {};
    }
  }

 private:
  Status Check(const Data& w0, const Data& w1, const Cfg& cfg) const {
    const auto plain = As<PlainDesc>(w0);
    const auto d = As<Setup0Desc>(w0);
    const auto s = As<Setup1Desc>(w1);
    const auto set = As<SetDesc>(w0);
    const auto post = As<PostDesc>(w0);
    if (plain.op == static_cast<U8>(CmdKind::CmdNone) || plain.op >= kCmdKindCount) {
      return Status::StatusBadOp;
    }
    if (plain.conn >= table_.size()) return Status::StatusBadIndex;
    const Entry& e = table_[plain.conn];
    const auto op = static_cast<CmdKind>(plain.op);
    const bool setup = op == CmdKind::CmdSetup;
    if (setup && e.in_use) return Status::StatusInUse;
    if (!setup && (!e.in_use || e.gen != plain.gen)) return Status::StatusStale;
    if (setup && d.n_tags > 2) return Status::StatusUnsupported;
    if (setup && std::max(s.snd_scale, s.rcv_scale) > 14) return Status::StatusBadScale;
    if (setup || (op == CmdKind::CmdSet && (set.mask & 2))) {
      const uint32_t mss = setup ? s.mss : set.mss;
      const bool ip6 = setup ? d.flags & 1 : e.key.is_ip6;
      const uint32_t header = (ip6 ? 74 : 54) + 4u * (setup ? d.n_tags : e.n_tags);
      if (mss < 64 || mss + header > cfg.max_frame) return Status::StatusBadMss;
    }
    if ((setup && (d.flags & 8)) || (op == CmdKind::CmdSet && (set.mask & 4) && (set.flags & 1))) {
      const uint32_t delays[] = {cfg.delay0_us, cfg.delay1_us, cfg.delay2_us, cfg.delay3_us};
      const uint8_t cls = setup ? s.ack_class : set.ack_class;
      if ((setup ? s.ack_frames : set.ack_frames) == 0) return Status::StatusBadAckFrames;
      if (cls > 3 || delays[cls] == 0 || delays[cls] >= 500000) return Status::StatusBadAckDelay;
    }
    if (op != CmdKind::CmdPost) return Status::StatusOk;
    if (post.n_pieces < 1 || post.n_pieces > 3) return Status::StatusBadPiece;
    const Piece pieces[] = {post.piece0, post.piece1, post.piece2};
    for (int i = 0; i < post.n_pieces; ++i) {
      const auto past = static_cast<unsigned __int128>(pieces[i].addr) + pieces[i].size;
      if (pieces[i].size == 0 || past >> 64 > 1 || (past >> 64 == 1 && uint64_t(past) != 0)) {
        return Status::StatusBadSize;
      }
    }
    if (post.startup > kSlots) return Status::StatusBadStartup;
    return post.startup != 0 || (post.flags & 4) ? Status::StatusUnsupported : Status::StatusOk;
  }
  static Key KeyOf(const Setup0Desc& d) {
    Key key{.is_ip6 = (d.flags & 1) != 0, .dst_mac = d.local_mac};
    std::vector<uint16_t> vids;
    if (d.n_tags > 0 && d.tci0 % 4096 != 0) vids.push_back(d.tci0 % 4096);
    if (d.n_tags > 1 && d.tci1 % 4096 != 0) vids.push_back(d.tci1 % 4096);
    key.n_tags = static_cast<uint8_t>(vids.size());
    vids.resize(2);
    key.vid0 = vids[0], key.vid1 = vids[1];
    key.src_port = d.peer_port, key.dst_port = d.local_port;
    key.src_ip = d.peer_ip, key.dst_ip = d.local_ip;
    if (!key.is_ip6) {
      key.src_ip.w = {key.src_ip.w[0] & 0xffffffff, 0};
      key.dst_ip.w = {key.dst_ip.w[0] & 0xffffffff, 0};
    }
    return key;
  }
  template <class Desc>
  static Tmpl TmplOf(const Key& key, uint8_t n_tags, const Desc& d) {
    Tmpl t{.conn = d.conn, .is_ip6 = key.is_ip6, .n_tags = n_tags, .tci0 = d.tci0, .tci1 = d.tci1};
    t.ttl = d.ttl, t.tos = d.tos, t.local_mac = key.dst_mac, t.peer_mac = d.peer_mac;
    t.local_port = key.dst_port, t.peer_port = key.src_port;
    t.local_ip = key.dst_ip, t.peer_ip = key.src_ip;
    return t;
  }
  std::vector<Entry> table_;
};

}  // namespace handoff
