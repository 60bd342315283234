// SPDX-License-Identifier: Apache-2.0
#include "model/handoff_legacy.h"

#include <algorithm>

#include "model/flip.h"

namespace handoff {

handoff_legacy::handoff_legacy(const Params& params)
    : beats_(params.LegacyDepth / kBeatDescs), u_reads_(kReads), u_beats_(beats_) {}

void handoff_legacy::Reset() {
  r_ = Regs{};
  u_reads_.Reset();
  u_beats_.Reset();
  d_ = q_ = Out{};
  changed_ = false;
  idle_ = false;
}

void handoff_legacy::Edge() {
  const Ring& ring = *in.legacy_ring;
  const bool legacy_rd_valid = *in.legacy_rd_valid;
  const bool stands = q_.lbuf_valid && !*in.lbuf_ready;  // at a full skid
  if (seen_ring_ != ring) seen_ring_ = ring;
  changed_ = true;

  // -----------------------------------------------------------------------------------------------
  // Issue: as many entries as one read can bring.

  const auto mask = static_cast<uint16_t>((uint32_t{1} << ring.log_size) - 1);
  const auto avail = static_cast<uint16_t>((ring.index - r_.fetch) & mask);
  const bool run = r_.active && ring.enable;
  const uint64_t addr =
      (ring.base & ~uint64_t{kDataBytes - 1}) + uint64_t{kLegacyDescBytes} * r_.fetch;
  const uint32_t block_pos = addr / kLegacyDescBytes % kBlockDescs;
  const uint32_t addr_lane = addr / kLegacyDescBytes % kBeatDescs;
  const uint32_t n = std::min({uint32_t{avail}, kBlockDescs - block_pos,
                               static_cast<uint32_t>(mask - r_.fetch + 1) & 0x1ffff});
  const uint32_t beats = (addr_lane + n + kBeatDescs - 1) / kBeatDescs;
  const bool want = run && !r_.fault && avail != 0 && u_reads_.ready() && r_.used + beats <= beats_;
  const bool issue = want && (!q_.legacy_rd_req_valid || *in.legacy_rd_req_ready);
  if (issue)
    d_.legacy_rd_req = RdReq{.addr = addr, .bytes = static_cast<U16>(kLegacyDescBytes * n)};
  d_.legacy_rd_req_valid = issue || (q_.legacy_rd_req_valid && !*in.legacy_rd_req_ready);

  // -----------------------------------------------------------------------------------------------
  // Arrival: a beat's descriptors enter u_beats together and are granted.

  const bool arrive = legacy_rd_valid && u_reads_.valid();
  bool store = false, pop_read = false;
  uint32_t cnt = 0, lane = 0;
  const bool reads_valid = u_reads_.valid();
  if (arrive) {
    const Read& head = u_reads_.data();
    lane = r_.a_done == 0 ? head.lane : 0;
    const uint32_t left = head.n - r_.a_done;
    cnt = std::min(kBeatDescs - lane, left);
    pop_read = cnt == left;
    r_.a_done = pop_read ? 0 : static_cast<uint8_t>(r_.a_done + cnt);
    store = run && !r_.fault && !in.legacy_rd->err;
  }
  const bool drop = arrive && !store;
  const bool fault_d = r_.fault || (arrive && in.legacy_rd->err);
  d_.grant_valid = store;
  if (store) d_.grant.n = static_cast<U8>(cnt);

  // -----------------------------------------------------------------------------------------------
  // Out: the oldest beat's descriptors, one by one.

  const bool give = u_beats_.valid() && (!q_.lbuf_valid || *in.lbuf_ready);
  bool done = false;
  if (give) {
    const Beat& head = u_beats_.data();
    const uint32_t from = (head.lane + r_.o_done) % kBeatDescs;
    d_.lbuf = LegacyDesc::Unpack(&head.data.w[2 * from]);
    done = r_.o_done + 1 == head.cnt;
    r_.o_done = done ? 0 : r_.o_done + 1;
  }
  d_.lbuf_valid = give || (q_.lbuf_valid && !*in.lbuf_ready);

  // -----------------------------------------------------------------------------------------------
  // Registers.

  const bool waits_active = ring.enable && !r_.active;
  r_.active = ring.enable && (r_.active || !reads_valid);
  r_.fetch = !run ? 0 : static_cast<uint16_t>(issue ? (r_.fetch + n) & mask : r_.fetch);
  r_.cons = !run ? 0 : static_cast<uint16_t>(store ? (r_.cons + cnt) & mask : r_.cons);
  r_.used = r_.used + (issue ? beats : 0) - drop - done;
  r_.fault = fault_d;

  if (issue || pop_read) {
    u_reads_.Tick(issue, Read{static_cast<uint8_t>(addr_lane), static_cast<uint8_t>(n)}, pop_read);
  }
  if (store) {
    u_beats_.Tick(true,
                  Beat{static_cast<uint8_t>(cnt), static_cast<uint8_t>(lane), in.legacy_rd->data},
                  done);
  } else if (done || !u_beats_.settled()) {
    u_beats_.Tick(false, Beat{}, done);
  }

  d_.legacy_more = !fault_d && ((ring.enable && ((ring.index - r_.fetch) & mask) != 0) ||
                                !u_reads_.empty() || d_.grant_valid);
  d_.legacy_cons = r_.cons;
  d_.legacy_fault = fault_d;
  d_.quiet = u_reads_.empty() && !d_.legacy_rd_req_valid && !d_.grant_valid && !want &&
             !waits_active && (stands || (!d_.lbuf_valid && u_beats_.empty()));
  idle_ = !issue && !want && !arrive && !give && !d_.legacy_rd_req_valid && !d_.grant_valid &&
          u_beats_.settled() && (!u_beats_.valid() || d_.lbuf_valid) && r_.active == ring.enable &&
          run == r_.active && d_.legacy_more == q_.legacy_more && d_.quiet == q_.quiet;
}

bool handoff_legacy::Flip(std::string_view reg, uint32_t bit) {
  const bool done = FlipRegister(*this, reg, bit);
  d_.legacy_cons = r_.cons;
  d_.legacy_fault = r_.fault;
  q_ = d_;
  idle_ = false;
  return done;
}

}  // namespace handoff
