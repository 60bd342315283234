// SPDX-License-Identifier: Apache-2.0
//
// Places as a test writes them, and jobs as it reads them.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "gen/handoff_pkg.h"

namespace handoff {

inline constexpr uint32_t kSeq = 0xfffff000;  // so that most tests cross 2^32
inline constexpr Conn kConn = 5;
inline constexpr uint64_t kPieceBase = 0x100000;

// Places, with the values that a test does not care about.
inline Place Make(PlaceKind kind) {
  Place p;
  p.kind = kind;
  p.conn = kConn;
  p.gen = 9;
  p.room_epoch = 1;
  p.ntf.conn = kConn;
  p.ntf.gen = 9;
  return p;
}
inline Place Answered(PlaceKind kind, uint16_t tag = 77) {
  Place p = Make(kind);
  p.ntf.kind = NtfKind::NtfDone;
  p.ntf.tag = tag;
  return p;
}
inline Place SetupAt(uint32_t nxt = kSeq) {
  Place p = Answered(PlaceKind::PlaceSetup);
  p.seq = nxt;
  return p;
}
inline Place Resume(uint32_t nxt) {
  Place p = Answered(PlaceKind::PlaceResume);
  p.seq = nxt;
  return p;
}
// The pieces of id n lie at kPieceBase + 0x10000 * n + 0x4000 * their number.
inline Place Post(uint16_t id, std::vector<uint32_t> sizes, bool last = true,
                  bool no_push = false) {
  Place p = Answered(PlaceKind::PlacePost);
  p.post_id = id;
  p.post_cnt = static_cast<uint8_t>(sizes.size());
  p.post_last = last;
  p.post_no_push = no_push;
  sizes.resize(3);
  const uint64_t addr = kPieceBase + 0x10000 * uint64_t{id};
  p.piece0 = {.size = sizes[0], .addr = addr};
  p.piece1 = {.size = sizes[1], .addr = addr + 0x4000};
  p.piece2 = {.size = sizes[2], .addr = addr + 0x8000};
  return p;
}
inline Place Payload(uint32_t seq, uint16_t len, bool psh = false) {
  Place p = Make(PlaceKind::PlacePayload);
  p.seq = seq;
  p.off = 66;
  p.len = len;
  p.psh = psh;
  return p;
}
inline Place Whole(uint16_t len) {
  Place p = Make(PlaceKind::PlaceWhole);
  p.len = len;
  p.reserved = 1;
  p.ntf.kind = NtfKind::NtfLegacyFrame;
  p.ntf.code = static_cast<uint8_t>(Reason::ReasonGap);
  p.ntf.count = 4;
  return p;
}
inline Place Expire(uint8_t epoch) {
  Place p = Make(PlaceKind::PlaceExpire);
  p.tmr_epoch = epoch;
  return p;
}

// A job in a line: "write 66+100 100000 user end; NtfHandBack BackFull psh full 4294963200+100 #3".
inline std::string Text(const Job& job) {
  char text[96] = "";
  std::string line;
  if (job.kind == JobKind::JobNone) line = "none";
  if (job.kind == JobKind::JobBlock) {
    std::snprintf(text, sizeof text, "block %llx", static_cast<unsigned long long>(job.addr));
    line = text;
  }
  if (job.kind == JobKind::JobWrite) {
    std::snprintf(text, sizeof text, "write %u+%u %llx", job.off, job.len,
                  static_cast<unsigned long long>(job.addr));
    line = text;
  }
  if (job.user) line += " user";
  if (job.frame_end) line += " end";
  if (!job.has_ntf) return line;
  const Ntf& ntf = job.ntf;
  line += std::string("; ") + NtfKindName(static_cast<uint64_t>(ntf.kind));
  if (ntf.kind == NtfKind::NtfHandBack) line += std::string(" ") + BackName(ntf.code);
  if (ntf.psh) line += " psh";
  if (ntf.full) line += " full";
  const uint32_t bytes = ntf.kind == NtfKind::NtfLegacyPayload ? ntf.len : ntf.count;
  line += " " + std::to_string(ntf.seq) + "+" + std::to_string(bytes);
  return line + " #" + std::to_string(ntf.tag);
}

}  // namespace handoff
