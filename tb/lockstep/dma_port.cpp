// SPDX-License-Identifier: Apache-2.0
#include "tb/lockstep/dma_port.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <utility>

namespace handoff {
namespace {

constexpr uint64_t kFsPerPs = 1000;

std::string At(uint64_t cycle, const char* what, uint64_t addr, uint64_t beats) {
  char text[160];
  std::snprintf(text, sizeof text, "cycle %" PRIu64 ": %s, address 0x%" PRIx64 ", %" PRIu64 " beats",
                cycle, what, addr, beats);
  return text;
}

}  // namespace

void DmaPort::TakeAddress(const AxiAddr& aw, uint64_t cycle) {
  const uint32_t beats = aw.len + 1U;
  if (aw.addr % kDataBytes != 0) errors.push_back(At(cycle, "write burst not aligned", aw.addr, beats));
  if (aw.addr / kPageBytes != (aw.addr + beats * kDataBytes - 1) / kPageBytes) {
    errors.push_back(At(cycle, "write burst crosses a page (AXI4 A3.4.1)", aw.addr, beats));
  }
  first_write_cycle = std::min(first_write_cycle, cycle);
  addresses_.push_back({aw.addr, beats});
  FinishBursts();
}

void DmaPort::TakeBeat(const AxiW& w, uint64_t cycle) {
  first_write_cycle = std::min(first_write_cycle, cycle);
  write_beats++;
  queued_bytes_ += kDataBytes;
  beats_.push_back(w);
  if (!addresses_.empty()) {
    const size_t want = addresses_.front().beats;
    if (beats_.size() <= want && w.last != (beats_.size() == want)) {
      errors.push_back(At(cycle, "wlast in the wrong beat", addresses_.front().addr, want));
    }
  }
  FinishBursts();
}

void DmaPort::TakeRead(const AxiAddr& ar, uint64_t cycle) {
  const uint32_t beats = ar.len + 1U;
  const uint64_t begin = ar.addr / kDataBytes * kDataBytes;
  if (begin / kMaxReadBytes != (begin + beats * kDataBytes - 1) / kMaxReadBytes) {
    errors.push_back(At(cycle, "read crosses a 512-byte block", ar.addr, beats));
  }
  reads_++;
  queue_.push_back({.kind = Upstream::Kind::kRead,
                    .addr = begin,
                    .tag = ar.id,
                    .bytes = beats * kDataBytes});
}

// Complete bursts enter the upstream queue, cut into runs of strobed bytes.
void DmaPort::FinishBursts() {
  while (!addresses_.empty() && beats_.size() >= addresses_.front().beats) {
    const Burst burst = addresses_.front();
    addresses_.pop_front();
    Bytes run;
    uint64_t run_addr = 0;
    for (uint32_t i = 0; i < burst.beats; i++) {
      const AxiW& w = beats_.front();
      for (uint32_t lane = 0; lane < kDataBytes; lane++) {
        const bool on = (w.strb >> lane) & 1;
        if (on && run.empty()) run_addr = burst.addr + i * kDataBytes + lane;
        if (on) run.push_back(w.data.bytes()[lane]);
        if (!on && !run.empty()) PushRun(run_addr, std::exchange(run, {}));
      }
      beats_.pop_front();
    }
    if (!run.empty()) PushRun(run_addr, run);
    queued_bytes_ -= burst.beats * kDataBytes;
    answers_++;
  }
}

void DmaPort::PushRun(uint64_t addr, const Bytes& data) {
  queued_bytes_ += data.size();
  queue_.push_back({.kind = Upstream::Kind::kWrite, .addr = addr, .data = data});
}

void DmaPort::TickCompletions(bool r_ready, EnginePins& pins, uint64_t cycle) {
  if (pins.r_valid && r_ready) pins.r_valid = false;
  if (pins.r_valid || completions_.empty() || completions_.front().cycle > cycle + 1) return;
  const Completion& c = completions_.front();
  const size_t offset = beat_ * kDataBytes;
  pins.r_valid = true;
  pins.r.id = c.tag;
  pins.r.resp = c.error ? 2 : 0;  // SLVERR (AXI4, A3.4.4)
  pins.r.data = {};
  if (offset < c.data.size()) {
    std::memcpy(pins.r.data.bytes(), c.data.data() + offset,
                std::min<size_t>(kDataBytes, c.data.size() - offset));
  }
  pins.r.last = offset + kDataBytes >= c.data.size();
  beat_++;
  if (pins.r.last) {
    beat_ = 0;
    reads_--;
    completions_.pop_front();
  }
}

void DmaPort::Drain(uint64_t cycle) {
  while (!returns_.empty() && returns_.front().cycle <= cycle) {
    credits_ += returns_.front().bytes;
    returns_.pop_front();
  }
  const uint64_t now_fs = CycleToPs(cycle) * kFsPerPs;
  while (!queue_.empty() && link_free_fs_ <= now_fs) {
    Upstream& u = queue_.front();
    const uint64_t bytes = u.data.size();
    if (bytes > credits_) return;
    credits_ -= bytes;
    queued_bytes_ -= bytes;
    const uint64_t tlps = std::max<uint64_t>(1, (bytes + p_.max_payload - 1) / p_.max_payload);
    link_free_fs_ = std::max(link_free_fs_, now_fs) + (bytes + tlps * p_.tlp_overhead) * p_.byte_fs;
    u.sent_ps = link_free_fs_ / kFsPerPs;
    upstream.push_back(std::move(u));
    queue_.pop_front();
  }
}

}  // namespace handoff
